"""The shell itself: variables, settings, scripts, text, the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.command import command
from dicomsh.language.kinds import (
    COUNT,
    FILE,
    FORMAT,
    MODEL,
    SECONDS,
    SETTING,
    TEXT,
    VALUE,
    Scope,
    suggestion,
)
from dicomsh.language.scan import Word, is_name
from dicomsh.model.levels import Model
from dicomsh.model.listing import FieldColumn, Record, Records, Text, at_once


class LeaveShell(Exception):  # noqa: N818 - not an error: the user wants to leave
    """The user asked to leave the shell."""


_SETTINGS = {
    "output": (FORMAT, "format of results"),
    "limit": (COUNT, "largest number of rows of one query"),
    "timeout": (SECONDS, "seconds to wait for a peer"),
    "model": (MODEL, "information model to ask in"),
}

_NO_VALUE = "none"


@command("set", family="shell", examples=("set", "set limit 500", "set limit none"))
async def set_(
    context: Context,
    name: Annotated[Word | None, SETTING] = None,
    value: Annotated[Word | None, VALUE] = None,
) -> Records:
    """Show the settings, or one, or change it.

    The value none goes back to the default.
    """
    if name is not None and name.text not in _SETTINGS:
        hint = suggestion(name.text, _SETTINGS) or "'set' lists them"
        raise UsageError(f"no setting '{name.text}'", hint=hint, span=name.span)
    if name is not None and value is not None:
        context.session.set(name.text, _read(context, name.text, value))
    columns = (
        FieldColumn("name", "Setting"),
        FieldColumn("value", "Value"),
        FieldColumn("help", "Meaning"),
    )
    names = [name.text] if name is not None else list(_SETTINGS)
    return Records(columns, at_once([_setting(context, key) for key in names]))


def _read(context: Context, name: str, value: Word) -> object:
    if value.text == _NO_VALUE:
        return None
    kind, _ = _SETTINGS[name]
    return kind.parse(value, Scope(context.session, None))


def _setting(context: Context, name: str) -> Record:
    value = getattr(context.session.settings, name)
    if isinstance(value, Model):
        value = "patient" if value is Model.PATIENT_ROOT else "study"
    return {"name": name, "value": value, "help": _SETTINGS[name][1]}


@command("let", family="shell", examples=("let DAY = 2009-04-12; find study date=$DAY",))
async def let(context: Context, *words: Annotated[Word, VALUE]) -> Records | None:
    """Set a variable: let NAME = VALUE. Without words, list the variables.

    $NAME and ${NAME} stand for the value, except in single quotes.
    """
    if not words:
        columns = (FieldColumn("name", "Variable"), FieldColumn("value", "Value"))
        held = context.session.variables.items()
        return Records(columns, at_once([{"name": name, "value": value} for name, value in held]))
    name, value = assignment(words)
    context.session.variables[name] = value
    return None


def assignment(words: tuple[Word, ...]) -> tuple[str, str]:
    """Name and value of `NAME = VALUE` or `NAME=VALUE`.

    Raises:
        UsageError: the words have another form.
    """
    name, equals, rest = words[0].text.partition("=")
    values = [rest] if equals and rest else []
    others = list(words[1:])
    if not equals and others and others[0].text.startswith("="):
        equals, first = "=", others.pop(0).text[1:]
        values = [first] if first else []
    values += [word.text for word in others]
    if not equals or len(values) > 1:
        raise UsageError(
            "expected NAME = VALUE", hint="quote a value with spaces", span=words[-1].span
        )
    if not is_name(name):
        raise UsageError(
            f"'{name}' is no name for a variable", hint="letters, digits and _", span=words[0].span
        )
    return name, "".join(values)


@command("print", family="shell", examples=("print hello",))
async def print_(context: Context, *words: Annotated[str, TEXT]) -> Text:
    """Print TEXT: the words with one space between them."""
    del context
    return Text(" ".join(words))


@command("source", family="shell")
async def source(
    context: Context,
    file: Annotated[Word, FILE],
    *arguments: Annotated[str, TEXT],
) -> None:
    """Run the commands of a script FILE here; $1 to $9 are the words after it."""
    await context.run_file(_script(file), arguments)


def _script(file: Word) -> Path:
    path = Path(file.text).expanduser()
    if not path.is_file():
        raise UsageError(f"no file '{file.text}'", span=file.span)
    return path


@command("exit", family="shell", examples=("exit",))
async def exit_(context: Context) -> None:
    """Leave the shell; in a script, end it."""
    del context
    raise LeaveShell

"""Commands of the shell itself: variables, settings, history, scripts, text, exit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from dicomsh.commands.context import Context, LeaveShell
from dicomsh.errors import UsageError
from dicomsh.folders import path_of
from dicomsh.language.command import command
from dicomsh.language.kinds import (
    COUNT,
    FILE,
    SETTING,
    SETTING_VALUE,
    TEXT,
    VALUE,
)
from dicomsh.language.knowledge import Scope
from dicomsh.language.scan import Word, is_name
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.results import Records, Talk, Text, at_once, listing_of
from dicomsh.model.text_about import text_about
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.settings import SETTINGS, Setting


@command(
    "set",
    family="shell",
    examples=("set", "set limit 500", "set limit none", "set limit default"),
)
async def set_(
    context: Context,
    name: Annotated[Word | None, SETTING] = None,
    value: Annotated[Word | None, SETTING_VALUE] = None,
    *,
    save: Annotated[bool, "save changed settings and aliases for the next start"] = False,
) -> Records | Talk:
    """Show all settings or one, or change one.

    A change is reported on standard error and never appears in a script's output.

    The value default restores the default. Saved settings are read when a prompt starts; scripts
    ignore them, so that a script does the same for everyone.
    """
    session = context.session
    if name is not None and value is not None:
        session.set(name.text, _read(session, name.text, value))
    if save:
        return _saved(session)
    if name is not None and value is not None:
        return Talk(_now(session, name.text))
    return _shown(session, list(SETTINGS) if name is None else [name.text])


def _read(session: Session, name: str, value: Word) -> Any:
    knowledge = SessionKnowledge(session)
    kind = knowledge.setting_kind(name)
    assert kind is not None
    return kind.parse(value, Scope(knowledge, None))


def _now(session: Session, name: str) -> str:
    return f"{name} is {SETTINGS[name].write(getattr(session.settings, name))}"


def _saved(session: Session) -> Talk:
    from dicomsh.settings.file import save_choices

    path = session.settings_file
    if path is None:
        hint = "scripts neither read nor write settings; the prompt needs a home folder for them"
        raise UsageError("there is nowhere to save settings", hint=hint)
    scope = Scope(SessionKnowledge(session), None)
    names = save_choices(path, session.saved, session.choices, session.defaults, scope)
    session.saved = session.choices
    return Talk(f"saved in {path}: {', '.join(names) or 'only defaults'}")


def _shown(session: Session, names: list[str]) -> Records:
    columns = (
        FieldColumn("name", "Setting"),
        FieldColumn("value", "Value"),
        FieldColumn("default", "Default"),
        FieldColumn("help", "Meaning"),
    )
    return listing_of(columns, at_once([_record(session, SETTINGS[name]) for name in names]))


def _record(session: Session, setting: Setting) -> Record:
    return {
        "name": setting.name,
        "value": setting.write(getattr(session.settings, setting.name)),
        "default": setting.write(getattr(session.defaults, setting.name)),
        "help": setting.help,
    }


@command("history", family="shell")
async def history(
    context: Context,
    number: Annotated[int | None, COUNT] = None,
    *,
    clear: Annotated[bool, "forget all lines, in the file as well"] = False,
) -> Records | Talk:
    """List the lines typed at the prompt, or the last N.

    They are kept in a file that only its owner can read. Lines that begin with a space are not
    kept; 'set history off' keeps none. While masking is on, lines typed before it are left out.
    """
    kept = context.history
    if kept is None:
        raise UsageError("scripts have no history", hint="history exists only at the prompt")
    if clear:
        kept.clear()
        return Talk("the history is empty")
    columns = (FieldColumn("number", "No.", number=True), FieldColumn("line", "Line"))
    typed = kept.recalled(masked=context.session.settings.mask)
    lines = list(enumerate(typed, 1))[-(number or 0) :]
    records: list[Record] = [{"number": n, "line": line} for n, line in lines]
    return listing_of(
        columns, at_once(records), lambda line: f"{line['number']:>5}  {line['line']}"
    )


@command("let", family="shell", examples=("let DAY = 2009-04-12; find study date=$DAY",))
def let(context: Context, *words: Annotated[Word, VALUE]) -> Records | None:
    """Set a variable: let NAME = VALUE. Without words, list the variables.

    $NAME and ${NAME} are replaced by the value, except in single quotes.
    """
    if not words:
        columns = (FieldColumn("name", "Variable"), FieldColumn("value", "Value"))
        held = context.session.variables.items()
        records: list[Record] = [
            {"name": name, "value": text_about(value, str)} for name, value in held
        ]
        return listing_of(columns, at_once(records))
    name, value = assignment(words)
    context.session.variables[name] = value
    return None


def assignment(words: tuple[Word, ...]) -> tuple[str, str]:
    """Name and value of `NAME = VALUE` or `NAME=VALUE`.

    Raises:
        UsageError: the words do not have this form.
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
            f"'{name}' is not a valid variable name",
            hint="letters, digits and _",
            span=words[0].span,
        )
    return name, "".join(values)


@command("print", family="shell", examples=("print hello",))
def print_(context: Context, *words: Annotated[str, TEXT]) -> Text:
    """Print TEXT: its words, separated by single spaces."""
    del context
    return Text(text_about(" ".join(words), str))


@command("source", family="shell")
async def source(
    context: Context,
    file: Annotated[Word, FILE],
    *arguments: Annotated[str, TEXT],
) -> None:
    """Run the commands of a script FILE here; $1 to $9 are the words after it."""
    await context.run_file(_script(file), arguments)


def _script(file: Word) -> Path:
    path = path_of(file.text)
    if not path.is_file():
        raise UsageError(f"no file '{file.text}'", span=file.span)
    return path


@command("exit", family="shell", examples=("exit",))
def exit_(context: Context) -> None:
    """Leave the shell; in a script, end it."""
    del context
    raise LeaveShell

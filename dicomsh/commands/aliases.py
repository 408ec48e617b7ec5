"""alias: other names for commands."""

from __future__ import annotations

from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.binding import Call
from dicomsh.language.command import Registry, command
from dicomsh.language.kinds import ALIAS, DEFINITION, EQUALS, QUOTED
from dicomsh.language.scan import SystemCommand, scan
from dicomsh.language.words import Word
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.results import Records, at_once, listing_of
from dicomsh.model.text_about import text_about
from dicomsh.regex import regex

_NAME = regex(r"[^\W\d][\w-]*\Z")


@command(
    "alias",
    family="shell",
    examples=(
        "alias chest = find study desc=*CHEST*; chest mod=CT",
        "alias newest = 'find study mod=$1 | sort date -r | head'; newest CT 3",
        "alias",
    ),
)
async def alias(
    context: Context,
    name: Annotated[Word | None, ALIAS] = None,
    equals: Annotated[str | None, EQUALS] = None,
    text: Annotated[Word | None, QUOTED] = None,
    definition: Annotated[Call | None, DEFINITION] = None,
) -> Records | None:
    """Give a command another name: alias NAME = COMMAND. Without words, list the aliases.

    Words typed after the alias are appended, except those that $1 to $9 take. Put a command with
    stages in single quotes. NAME = with nothing after it removes the alias. An alias cannot replace
    a command, and lasts for the session unless you keep it with 'set --save'.
    """
    known = context.session.aliases
    if name is None:
        return _list(known)
    if equals is None and not text and not definition:
        return _list({name.text: _known(known, name)})
    define(known, context.registry, (name, equals, text, definition))
    return None


Definition = tuple[Word | None, str | None, Word | None, Call | None]
"""The words after `alias`: name, `=`, and the definition, as text or as a command."""


def define(aliases: dict[str, str], registry: Registry, given: Definition) -> None:
    """Change the aliases as the command does; without a name, do nothing.

    Raises:
        UsageError: the alias cannot be defined or removed.
    """
    name, equals, text, definition = given
    if name is None:
        return
    if equals is None:
        hint = f"alias {name.text} = COMMAND"
        raise UsageError("expected = after the name", hint=hint, span=name.span)
    _check_name(name, registry)
    if text is None and definition is None:
        _known(aliases, name)
        del aliases[name.text]
    else:
        aliases[name.text] = _statement(text) if text else _typed(definition)


def _list(aliases: dict[str, str]) -> Records:
    columns = (FieldColumn("name", "Alias"), FieldColumn("text", "Definition"))
    pairs = sorted(aliases.items())
    records: list[Record] = [{"name": name, "text": text_about(text, str)} for name, text in pairs]
    return listing_of(columns, at_once(records))


def _known(aliases: dict[str, str], name: Word) -> str:
    if name.text not in aliases:
        hint = f"to define it: alias {name.text} = COMMAND"
        raise UsageError(f"no alias '{name.text}'", hint=hint, span=name.span)
    return aliases[name.text]


def _check_name(name: Word, registry: Registry) -> None:
    if name.text in {word for command in registry.names for word in command.split()[:1]}:
        hint = "an alias cannot hide a command"
        raise UsageError(f"'{name.text}' is a command", hint=hint, span=name.span)
    if not _NAME.match(name.text):
        hint = "letters, digits, - and _, beginning with a letter"
        raise UsageError(f"'{name.text}' is not a valid alias name", hint=hint, span=name.span)


def _typed(definition: Call | None) -> str:
    assert definition is not None
    return " ".join(word.typed for word in definition.words)


def _statement(text: Word) -> str:
    """The text of one statement.

    Raises:
        UsageError: it is not a statement, or more than one.
    """
    found = list(scan(text.text, {}))
    problem = next((statement.problem for statement in found if statement.problem), None)
    if problem is not None:
        raise text.error(problem)
    if len(found) != 1 or isinstance(found[0].first, SystemCommand):
        hint = "one command, optionally with stages"
        raise UsageError("an alias must be a single command", hint=hint, span=text.span)
    return text.text.strip()

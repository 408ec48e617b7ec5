"""alias: other names for commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.language.alias import Aliases, expansions
from dicomsh.language.binding import Commands
from dicomsh.language.command import Registry, command
from dicomsh.language.kinds import ALIAS, DEFINITION, EQUALS, QUOTED
from dicomsh.language.scan import Statement, SystemCommand, scan
from dicomsh.language.words import Word, whole_word
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
        "alias both = { find study mod=$1; find series mod=$1 }; both XA",
        "alias",
    ),
)
async def alias(
    context: Context,
    name: Annotated[Word | None, ALIAS] = None,
    equals: Annotated[str | None, EQUALS] = None,
    text: Annotated[Word | None, QUOTED] = None,
    definition: Annotated[Commands | None, DEFINITION] = None,
) -> Records | None:
    """Give a command another name: alias NAME = COMMAND. Without words, list the aliases.

    Words typed after the alias are appended, except those that $1 to $9 take. Put a command with
    stages in single quotes, and several commands in braces: { COMMAND; COMMAND }. After an alias of
    several commands only the words that $1 to $9 take may come. NAME = with nothing after it
    removes the alias. An alias cannot replace a command or use itself, and lasts for the session
    unless you keep it with 'set --save'.
    """
    known = context.session.aliases
    if name is None:
        return _list(known)
    if equals is None and not text and not definition:
        return _list({name.text: _known(known, name)})
    define(known, context.registry, (name, equals, text, definition))
    return None


Definition = tuple[Word | None, str | None, Word | None, Commands | None]
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
    if text is None and definition is None:
        _check_name(name, registry)
        _known(aliases, name)
        del aliases[name.text]
    else:
        defined = _checked(text) if text else _typed(definition)
        check(replace(name, quoted=False), defined, text or name, aliases, registry)
        aliases[name.text] = defined


def check(
    name: Word, defined: str, typed: Word, aliases: Mapping[str, str], registry: Registry
) -> None:
    """Refuse a definition that cannot be used.

    Args:
        name: of the alias.
        defined: its text.
        typed: where the text comes from, for the message.
        aliases: the others.
        registry: all commands.

    Raises:
        UsageError: it runs programs, uses itself, or its name is not one for an alias.
    """
    _check_name(name, registry)
    _check_programs(defined, typed)
    _check_use(name, Aliases(registry, {**aliases, name.text: defined}, {}))


def usable(name: str, text: str, aliases: Mapping[str, str], registry: Registry) -> None:
    """Refuse an alias from a file that cannot be used, as `check` does.

    Raises:
        UsageError: it cannot; without a span.
    """
    word, typed = whole_word(name), whole_word(text)
    try:
        check(replace(word, quoted=False), _checked(typed), typed, aliases, registry)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint) from None


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


def _typed(definition: Commands | None) -> str:
    """The text of a definition without its braces."""
    assert definition is not None
    first, *others = definition.words
    if first.block is None:
        return " ".join(word.typed for word in definition.words)
    if others:
        raise UsageError("nothing can follow the closing brace here", span=others[0].span)
    return first.text[1:-1].strip()


def _checked(text: Word) -> str:
    """The text of a definition in quotes.

    Raises:
        UsageError: it cannot be read, or is nothing.
    """
    found = list(scan(text.text, {}))
    problem = next((statement.problem for statement in found if statement.problem), None)
    if problem is not None:
        raise text.error(problem)
    if not found:
        raise UsageError("a command is missing", hint=_HINT, span=text.span)
    return text.text.strip()


_HINT = "alias NAME = find study mod=$1"


def _check_programs(definition: str, typed: Word) -> None:
    """Raise UsageError if an alias would run a program by itself."""
    if any(isinstance(statement.first, SystemCommand) for statement in scan(definition, {})):
        hint = "it can run one for each row: 'find study | each !LINE'"
        raise UsageError("an alias cannot run a system command", hint=hint, span=typed.span)


def _check_use(name: Word, aliases: Aliases) -> None:
    """Raise UsageError if an alias would use itself, or cannot be used."""
    used = Statement((name,), (), None, name.span)
    for statement in expansions(used, aliases):
        if statement.problem is not None:
            raise statement.problem

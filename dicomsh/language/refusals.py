"""Errors about words that no command or parameter takes."""

from __future__ import annotations

from dicomsh.errors import ShellHint, UsageError
from dicomsh.language.command import Command, Parameter, Registry
from dicomsh.language.foreign import foreign_command
from dicomsh.language.kinds import TERM, suggestion
from dicomsh.language.terms import is_term
from dicomsh.language.words import Variable, Word, quote
from dicomsh.model.keys import is_named


def no_variable(variable: Variable, *, of_rows: bool = False) -> UsageError:
    """The error about a variable without a value."""
    hint: str = ShellHint(f"set it with: let {variable.name} = VALUE")
    if variable.name.isdigit():
        hint = ShellHint("$1 to $9 are the words after a script or an alias")
    elif of_rows:
        hint = "$PatientID and every other keyword hold the attributes of the row"
    return UsageError(f"no variable '{variable.name}'", hint=hint, span=variable.span)


def no_command(words: tuple[Word, ...], registry: Registry) -> UsageError:
    """The error about words that are not a command."""
    first = words[0].text
    further = registry.further(first)
    if further:
        near = suggestion(words[1].text.lower(), further) if len(words) > 1 else None
        others = [name for name in registry.names if not name.startswith(f"{first} ")]
        near = near or suggestion(first, others)
        message = f"'{first}' needs one of: {', '.join(further)}"
        return UsageError(message, hint=near, span=words[0].span)
    hint = foreign_command(first) or suggestion(first, registry.names)
    hint = hint or ShellHint("'help' lists the commands")
    if first.startswith("{"):
        hint = ShellHint(
            "braces come after each and alias: ls | each { ls; show }, alias NAME = { ls; show }"
        )
    if first in registry.stages.names:
        hint = f"'{first}' needs rows from a command: ls | {first} …"
    return UsageError(f"no command '{first}'", hint=hint, span=words[0].span)


def no_stage(words: tuple[Word, ...], registry: Registry) -> UsageError:
    """The error about words that are not a stage."""
    first = words[0].text
    near = suggestion(first, registry.stages.names)
    hint = near or ShellHint(f"for a system command write | !{first}; 'help' lists the stages")
    return UsageError(f"no stage '{first}'", hint=hint, span=words[0].span)


def is_torn(before: Word, word: Word) -> bool:
    """Whether a bare word directly follows a typed Key=Value, whose value it may belong to."""
    typed = len(set(before.places)) > 2  # the replacement of an alias has a single position
    bare = not word.quoted and not set("*?") & set(word.text)
    return typed and bare and is_term(before) and not before.text.startswith("+")


def torn(before: Word, word: Word) -> UsageError:
    """The error about a word that belongs to the value before it."""
    key, _, value = before.text.partition("=")
    at, text = ("@", value[1:]) if value.startswith("@") else ("", value)
    meant = f"quote a value with spaces: {key}={at}{quote(f'{text} {word.text}')}"
    meant = meant if value else f"did you mean {key}={quote(word.text)}?"
    hint = f"{meant}; put a PATTERN before keys"
    if is_named(word.text):
        hint = f"did you mean '+{word.text}', which requests it, or '{word.text}=…'?"
    return UsageError(f"unexpected '{word.text}' after {before.text}", hint=hint, span=word.span)


def misspelt(option: Parameter, word: Word, near: str) -> UsageError:
    """The error about a word after an option that is almost one of its values."""
    message = f"unexpected '{word.text}' after {option.flag}"
    hint = f"{near} put a PATTERN before {option.flag}"
    return UsageError(message, hint=hint, span=word.span)


def unexpected(
    command: Command,
    word: Word,
    further: list[str],
    before: Word | None,
    after: Word | None = None,
) -> UsageError:
    """The error about a word that no parameter takes.

    Args:
        command: the command.
        word: the word.
        further: the words that would have been allowed.
        before: the word before it, if any.
        after: the word after it, if any.
    """
    message, hint = f"unexpected word '{word.text}'", f"usage: {command.usage}"
    value = word.text.removeprefix("=") or (after.text if after else "")
    meant = before and _meant(command, before.text, quote(value) if value else "VALUE")
    hint = f"did you mean {meant}?" if meant else hint
    if further:
        message = f"{message}: {command.name} takes one of {', '.join(further)}"
        near = suggestion(word.text.lower(), further)
        hint = near or ShellHint(f"see 'help {command.name}'")
        if "start" in further and word.text.isdigit():
            hint = f"did you mean '{command.name} start {word.text}'?"
    return UsageError(message, hint=hint, span=word.span)


def _meant(command: Command, name: str, value: str) -> str:
    """An option or a key as it should be written, if its name and value are apart; else empty."""
    option = command.option(f"--{name.lower()}")
    if option is not None and option.kind is not None:
        return f"{option.flag} {value}"
    takes_keys = any(parameter.kind is TERM for parameter in command.positionals)
    return f"{name}={value}" if takes_keys and is_named(name) else ""

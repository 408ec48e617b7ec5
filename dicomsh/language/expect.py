"""What may stand at the cursor: from what the session knows, never from the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dicomsh.errors import Span
from dicomsh.language.analyse import Binding, bind, find_command
from dicomsh.language.command import Command, Parameter, Registry
from dicomsh.language.kinds import Candidate, Kind, Knowledge, Scope
from dicomsh.language.scan import Statement, SystemCommand, Word, scan


@dataclass(frozen=True, slots=True)
class Expected:
    """What may stand at the cursor: kinds of word, and options.

    `start` is where the word under the cursor begins, `prefix` its text up to the cursor.
    """

    start: int
    prefix: str
    kinds: tuple[Kind, ...]
    options: tuple[Parameter, ...]
    commands: bool
    scope: Scope
    file: bool = False


def expect(text: str, cursor: int, registry: Registry, knowledge: Knowledge) -> Expected | None:
    """What may stand at the cursor; None inside a comment or a system command."""
    comments: list[Span] = []
    before = text[:cursor]
    statements = list(scan(before, knowledge.variables, comments))
    if any(span.end >= cursor and span.start < cursor for span in comments):
        return None
    last = statements[-1] if statements else None
    if last is None or last.span.end < len(before.rstrip(" \t")):
        return Expected(len(before), "", (), (), True, Scope(knowledge, knowledge.next_level))
    return _expected_in(last, before, registry, knowledge)


def _expected_in(
    statement: Statement, before: str, registry: Registry, knowledge: Knowledge
) -> Expected | None:
    if isinstance(statement.first, SystemCommand) or statement.stages:
        return None
    words = list(statement.words)
    scope = Scope(knowledge, knowledge.next_level)
    target = statement.redirect.target if statement.redirect else None
    if statement.redirect is not None and (target is None or target.span.end == len(before)):
        start = target.span.start if target else len(before)
        return Expected(start, target.text if target else "", (), (), False, scope, file=True)
    word = words.pop() if words and words[-1].span.end == len(before) else None
    start, prefix = (word.span.start, word.text) if word else (len(before), "")
    bare = Statement(tuple(words), (), None, statement.span)
    binding = Binding(scope)
    command, used = find_command(bare, registry, binding)
    if command is None or (used == len(words) and _continues(words, registry)):
        at = words[0].span.start if words else start
        typed = before[at:] if words else prefix
        return Expected(at, typed, (), (), True, scope)
    return _expected_of(command, tuple(words[used:]), binding, start, prefix)


def _continues(words: list[Word], registry: Registry) -> bool:
    """Whether the words typed so far may still become a longer command name."""
    name = " ".join(word.text for word in words) + " "
    return any(other.startswith(name) for other in registry.names)


def _expected_of(
    command: Command, words: tuple[Word, ...], binding: Binding, start: int, prefix: str
) -> Expected:
    waiting = bind(command, words, binding)
    last_option = command.option(words[-1].text) if words else None
    if last_option is not None and last_option.kind is not None:
        return Expected(start, prefix, (last_option.kind,), (), False, binding.scope)
    kinds: list[Kind] = []
    for parameter in waiting:
        if parameter.kind is not None:
            kinds.append(parameter.kind)
        if parameter.required:
            break
    options = tuple(p for p in command.parameters if p.option)
    return Expected(start, prefix, tuple(kinds), options, False, binding.scope)


def candidates(expected: Expected, registry: Registry) -> Iterable[Candidate]:
    """Completions for what is expected, unfiltered."""
    if expected.commands:
        yield from (Candidate(made.name, made.summary) for made in registry)
    for kind in expected.kinds:
        yield from kind.complete(expected.scope)
    yield from (Candidate(option.flag, option.help) for option in expected.options)

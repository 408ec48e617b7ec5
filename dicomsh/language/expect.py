"""What may stand at the cursor: from what the session knows, never from the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dicomsh.errors import Span
from dicomsh.language.binding import Binding, bind, bound, find_command, first_binding
from dicomsh.language.command import Command, Names, Parameter, Registry
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
    stages: bool = False


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The text before the cursor, and the word under it: its start and its text."""

    before: str
    start: int
    prefix: str


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
    *earlier, last = (statement.first, *statement.stages)
    if isinstance(last, SystemCommand):
        return None
    binding = first_binding(registry, knowledge)
    target = statement.redirect.target if statement.redirect else None
    if statement.redirect is not None and (target is None or target.span.end == len(before)):
        start = target.span.start if target else len(before)
        text = target.text if target else ""
        return Expected(start, text, (), (), False, binding.scope, file=True)
    for stage in earlier:
        bound(() if isinstance(stage, SystemCommand) else stage, binding)
        binding = binding.behind()
    words = list(last)
    word = words.pop() if words and words[-1].span.end == len(before) else None
    cursor = _Cursor(before, *((word.span.start, word.text) if word else (len(before), "")))
    return _expected_word(tuple(words), binding, cursor)


def _expected_word(words: tuple[Word, ...], binding: Binding, cursor: _Cursor) -> Expected:
    """What may stand behind the words of a command, itself perhaps inside another."""
    command, used = find_command(words, binding)
    if command is None or (used == len(words) and _continues(words, binding.names)):
        at = words[0].span.start if words else cursor.start
        typed = cursor.before[at:] if words else cursor.prefix
        stages = binding.names is binding.registry.stages
        return Expected(at, typed, (), (), not stages, binding.scope, stages=stages)
    left = bind(command, words[used:], binding)
    if left.inner is not None:
        parameter, inner = left.inner
        assert parameter.kind is not None
        return _expected_word(inner, binding.inside(parameter.kind), cursor)
    last = words[-1] if used < len(words) else None
    option = command.option(last.text) if last else None
    if option is not None and option.kind is not None:
        return Expected(cursor.start, cursor.prefix, (option.kind,), (), False, binding.scope)
    return _expected_of(command, left.waiting, binding.scope, cursor)


def _continues(words: tuple[Word, ...], names: Names) -> bool:
    """Whether the words typed so far may still become a longer command name."""
    name = " ".join(word.text for word in words) + " "
    return any(other.startswith(name) for other in names.names)


def _expected_of(
    command: Command, waiting: list[Parameter], scope: Scope, cursor: _Cursor
) -> Expected:
    kinds: list[Kind] = []
    for parameter in waiting:
        if parameter.kind is not None:
            kinds.append(parameter.kind)
        if parameter.required:
            break
    options = tuple(p for p in command.parameters if p.option)
    inner = any(kind.inner is not None for kind in kinds)
    return Expected(cursor.start, cursor.prefix, tuple(kinds), options, inner, scope)


def candidates(expected: Expected, registry: Registry) -> Iterable[Candidate]:
    """Completions for what is expected, unfiltered."""
    if expected.commands:
        yield from (Candidate(made.name, made.summary) for made in registry)
    if expected.stages:
        yield from (Candidate(made.name, made.summary) for made in registry.stages)
    for kind in expected.kinds:
        yield from kind.complete(expected.scope)
    yield from (Candidate(option.flag, option.help) for option in expected.options)

"""What is allowed at the cursor: from what the session knows, never from the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import starmap

from dicomsh.errors import Span
from dicomsh.frozen import frozen, replace
from dicomsh.language.binding import Binding, bind, find_command, first_binding
from dicomsh.language.calls import bound, meanings, without_alias
from dicomsh.language.candidate import Candidate
from dicomsh.language.command import Command, Names, Parameter, Registry
from dicomsh.language.kinds import FILE, TOPIC, VARIABLE
from dicomsh.language.knowledge import Kind, Knowledge, Scope
from dicomsh.language.scan import Stage, Statement, SystemCommand, Word, scan
from dicomsh.regex import regex


@frozen
class Expected:
    """What is allowed at the cursor: kinds of word, and options.

    `start` is the start of the word under the cursor, `prefix` its text up to the cursor;
    `commands` says whether a command name is allowed there; `command` is the command whose argument
    it is.
    """

    start: int
    prefix: str
    kinds: tuple[Kind, ...]
    options: tuple[Parameter, ...]
    commands: bool
    scope: Scope
    stages: bool = False
    command: Command | None = None

    @property
    def file(self) -> bool:
        """Whether a file name is allowed there."""
        return any(kind.files for kind in self.kinds)

    def completed_by(self, name: str) -> bool:
        """Whether the name of a file, or of a folder with its slash, is one that is looked for."""
        return any(kind.files and kind.files(self.prefix, name) for kind in self.kinds)


@frozen
class _Cursor:
    """The text before the cursor, and the word ending there, if any."""

    before: str
    word: Word | None

    @property
    def start(self) -> int:
        return self.word.span.start if self.word else len(self.before)

    @property
    def prefix(self) -> str:
        return self.word.text if self.word else ""


_OPEN_VARIABLE = regex(r"\$\{?\w*\Z")


def expect(text: str, cursor: int, registry: Registry, knowledge: Knowledge) -> Expected | None:
    """What is allowed at the cursor.

    None inside a comment, a system command, or a command that is nested too deep.
    """
    comments: list[Span] = []
    before = text[:cursor]
    scanner = scan(before, knowledge.variables, comments)
    statements = list(scanner)
    if any(span.end >= cursor and span.start < cursor for span in comments):
        return None
    expected = _expected_at_end(statements, before, first_binding(registry, knowledge))
    if expected is not None and _OPEN_VARIABLE.match(before, max(scanner.dollar, 0)):
        at = scanner.dollar
        return Expected(at, before[at:], (VARIABLE,), (), False, expected.scope)
    return expected


def _expected_at_end(
    statements: Sequence[Statement], before: str, binding: Binding
) -> Expected | None:
    """What is allowed after statements: in the last of them, or as a new one."""
    last = statements[-1] if statements else None
    if last is None or last.span.end < len(before.rstrip(" \t")):
        return Expected(len(before), "", (), (), True, binding.scope)
    return _expected_in(last, before, binding)


def _expected_in(statement: Statement, before: str, binding: Binding) -> Expected | None:
    *earlier, last = statement.parts
    if isinstance(last, SystemCommand):
        return None
    target = statement.redirect.target if statement.redirect else None
    if statement.redirect is not None and (target is None or target.span.end == len(before)):
        start = target.span.start if target else len(before)
        text = target.text if target else ""
        return Expected(start, text, (FILE,), (), False, binding.scope)
    words = list(last)
    typed = words and words[-1].block is None and words[-1].span.end == len(before)
    word = words.pop() if typed else None
    whole = _meant([*earlier, tuple(words)], statement, binding)
    if whole is None:
        return None
    *earlier, last = whole.parts
    if isinstance(last, SystemCommand):
        return None
    for stage in earlier:
        bound(() if isinstance(stage, SystemCommand) else stage, binding)
        binding = binding.behind()
    return _expected_word(last, binding, _Cursor(before, word))


def _meant(parts: Sequence[Stage], statement: Statement, binding: Binding) -> Statement | None:
    """The statement of these parts with its alias replaced; None if that is several commands."""
    first, *stages = parts
    typed = replace(statement, first=first, stages=tuple(stages))
    found = list(meanings(typed, binding.registry, binding.scope.knowledge))
    return found[0] if len(found) == 1 else None


def _expected_word(words: tuple[Word, ...], binding: Binding, cursor: _Cursor) -> Expected | None:
    """What is allowed after the words of a command, which may be inside another.

    None if it is inside too many.
    """
    command, used = find_command(words, binding)
    if command is None or (used == len(words) and _continues(words, binding.names)):
        at = words[0].span.start if words else cursor.start
        typed = cursor.before[at:] if words else cursor.prefix
        stages = binding.names is binding.registry.stages
        return Expected(at, typed, (), (), not stages, binding.scope, stages=stages)
    left = bind(command, words[used:], binding)
    if left.inner is not None:
        return _expected_inside(command, *left.inner, binding, cursor)
    last = words[-1] if used < len(words) else None
    option = command.option(last.text) if last else None
    if option is not None and option.kind is not None and option.alone is None:
        found = Expected(cursor.start, cursor.prefix, (option.kind,), (), False, binding.scope)
        return replace(found, command=command)
    inline = _inline_value(command, binding.scope, cursor.word) if cursor.word else None
    expected = inline or _expected_of(command, left.waiting, binding, cursor)
    if option is not None and option.kind is not None:
        expected = replace(expected, kinds=(option.kind, *expected.kinds))
    return replace(expected, command=command)


def _expected_inside(
    command: Command,
    parameter: Parameter,
    words: tuple[Word, ...],
    binding: Binding,
    cursor: _Cursor,
) -> Expected | None:
    """What is allowed after the words of a command inside another, or those in braces."""
    assert parameter.kind is not None
    if binding.deepest:
        return None
    block, before = words[0].block, cursor.before
    if block is None:
        words = without_alias(words, binding)
        return _expected_word(words, binding.inside(parameter.kind), cursor)
    if words[0].span.end == len(before):
        return _expected_at_end(block, before, binding.inside(parameter.kind))
    return _expected_of(command, [], binding, cursor)


def _inline_value(command: Command, scope: Scope, word: Word) -> Expected | None:
    """What is allowed after the `=` of `--option=`; None for any other word."""
    flag, equals, typed = word.text.partition("=")
    option = command.option(flag)
    if word.quoted or not equals or option is None or option.kind is None:
        return None
    start = word.places[len(flag)] + 1
    return Expected(start, typed, (option.kind,), (), False, scope)


def _continues(words: tuple[Word, ...], names: Names) -> bool:
    """Whether the words typed so far can become a longer command name."""
    name = " ".join(word.text for word in words) + " "
    return any(other.startswith(name) for other in names.names)


def _expected_of(
    command: Command, waiting: list[Parameter], binding: Binding, cursor: _Cursor
) -> Expected:
    kinds: list[Kind] = []
    for parameter in waiting:
        if parameter.kind is not None:
            kinds.append(parameter.kind)
        if parameter.required or (parameter.kind is not None and parameter.kind.takes_any):
            break
    options = tuple(p for p in command.parameters if p.option and p.name not in binding.options)
    topic = TOPIC in kinds
    named = topic or any(kind.inner is not None for kind in kinds)
    found = Expected(cursor.start, cursor.prefix, tuple(kinds), options, named, binding.scope)
    return replace(found, stages=topic)


def candidates(expected: Expected, registry: Registry) -> Iterable[Candidate]:
    """Completions for what is expected; not all begin as typed."""
    if expected.commands:
        yield from starmap(Candidate, expected.scope.knowledge.aliases.items())
        yield from (Candidate(made.name, made.summary, verbatim=True) for made in registry)
    if expected.stages:
        yield from (Candidate(made.name, made.summary) for made in registry.stages)
    scope = replace(expected.scope, typed=expected.prefix)
    for kind in expected.kinds:
        yield from kind.complete(scope)
    yield from (Candidate(option.flag, option.help) for option in expected.options)

"""One analysis of a statement: what runs it, colours it, completes it and explains its faults."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from dicomsh.errors import Span, UsageError
from dicomsh.language.command import Command, Parameter, Registry
from dicomsh.language.kinds import Kind, Knowledge, Scope, Token, suggestion
from dicomsh.language.scan import Statement, SystemCommand, Word, scan


@dataclass(frozen=True, slots=True)
class Call:
    """A command bound to its arguments, ready to run."""

    command: Command
    arguments: tuple[Any, ...]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that is known of one statement.

    `call` is None when there is a problem or the statement is a system command.
    """

    statement: Statement
    tokens: tuple[Token, ...]
    command: Command | None
    call: Call | None
    problem: UsageError | None
    scope: Scope


@dataclass(slots=True)
class Binding:
    """Words being given to the parameters of a command; `problem` is the first that arose."""

    registry: Registry
    scope: Scope
    tokens: list[Token] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    problem: UsageError | None = None

    def fail(self, error: UsageError) -> None:
        """Keep an error, unless an earlier one is kept."""
        if self.problem is None:
            self.problem = error

    def inside(self, kind: Kind) -> Binding:
        """The binding of a command that is an argument; colours go to the same list."""
        assert kind.inner is not None
        return Binding(self.registry, kind.inner(self.scope), self.tokens)


@dataclass(frozen=True, slots=True)
class Left:
    """What remains when words have been given to parameters.

    Args:
        waiting: parameters that may still take a word.
        inner: the parameter that takes a command of its own, and the words of that.
    """

    waiting: list[Parameter]
    inner: tuple[Parameter, tuple[Word, ...]] | None = None


def analyse(statement: Statement, registry: Registry, knowledge: Knowledge) -> Analysis:
    """Bind a statement to its command. Never raises: the first problem is part of the result."""
    binding = Binding(registry, Scope(knowledge, knowledge.next_level))
    command, call = _bound(statement.words, binding)
    _tail_tokens(statement, binding)
    problem = statement.problem or binding.problem
    return Analysis(
        statement,
        _apart(binding.tokens),
        command,
        None if problem else call,
        problem,
        binding.scope,
    )


def _apart(tokens: list[Token]) -> tuple[Token, ...]:
    """The tokens in order; parts that came from one variable stand in one place, which is kept."""
    kept: list[Token] = []
    for span, role in sorted(tokens):
        if not kept or span.start >= kept[-1][0].end:
            kept.append((span, role))
    return tuple(kept)


def _bound(words: tuple[Word, ...], binding: Binding) -> tuple[Command | None, Call | None]:
    """The command that words name, and the call they make; None where there is a problem."""
    command, used = find_command(words, binding)
    if command is None:
        return None, None
    left = bind(command, words[used:], binding)
    if left.inner is not None:
        _bind_inner(*left.inner, binding)
    _check_missing(command, left.waiting, words[-1], binding)
    return command, None if binding.problem else _call(command, binding)


def _bind_inner(parameter: Parameter, words: tuple[Word, ...], binding: Binding) -> None:
    """Bind a command that is an argument of another; its call is the value."""
    assert parameter.kind is not None
    inner = binding.inside(parameter.kind)
    _, call = _bound(words, inner)
    binding.values[parameter.name] = [call]
    if inner.problem is not None:
        binding.fail(inner.problem)


def find_command(words: tuple[Word, ...], binding: Binding) -> tuple[Command | None, int]:
    """The command and how many words name it."""
    registry = binding.registry
    for count in (2, 1):
        name = " ".join(word.text for word in words[:count])
        found = registry.get(name) if len(words) >= count else None
        if found is not None:
            binding.tokens += [(word.span, "command") for word in words[:count]]
            return found, count
    if words:
        binding.tokens.append((words[0].span, "error"))
        binding.fail(_no_command(words, registry))
    return None, 0


def _no_command(words: tuple[Word, ...], registry: Registry) -> UsageError:
    first = words[0].text
    longer = [name for name in registry.names if name.startswith(first + " ")]
    if longer:
        wanted = ", ".join(name.split()[1] for name in longer)
        return UsageError(f"'{first}' needs one of: {wanted}", span=words[0].span)
    hint = suggestion(first, registry.names) or "'help' lists the commands"
    return UsageError(f"no command '{first}'", hint=hint, span=words[0].span)


def bind(command: Command, words: tuple[Word, ...], binding: Binding) -> Left:
    """Give words to the parameters of a command, up to those of a command inside it."""
    waiting = list(command.positionals)
    queue = list(words)
    literal = False
    while queue:
        word = queue.pop(0)
        if not literal and word.text == "--" and not word.quoted:
            literal = True
            binding.tokens.append((word.span, "option"))
        elif not literal and _is_option(word):
            _bind_option(command, word, queue, binding)
        elif (parameter := _taker(word, waiting)) is None:
            _refuse(command, word, binding)
        elif parameter.kind is not None and parameter.kind.inner is not None:
            waiting.remove(parameter)
            return Left(waiting, (parameter, (word, *queue)))
        else:
            _bind_word(parameter, word, waiting, binding)
    return Left(waiting)


def _check_missing(
    command: Command, waiting: list[Parameter], last: Word, binding: Binding
) -> None:
    missing = next((p for p in waiting if p.required), None)
    if missing is not None and missing.kind is not None:
        hint = f"usage: {command.usage}"
        span = Span(last.span.end - 1, last.span.end)
        binding.fail(UsageError(f"{missing.kind.name} is missing", hint=hint, span=span))


_OPTION = re.compile(r"--?[A-Za-z]")


def _is_option(word: Word) -> bool:
    return not word.quoted and _OPTION.match(word.text) is not None


def _bind_option(command: Command, word: Word, queue: list[Word], binding: Binding) -> None:
    flag, equals, _ = word.text.partition("=")
    option = command.option(flag)
    if option is None:
        binding.tokens.append((word.span, "error"))
        known = [p.flag for p in command.parameters if p.option]
        hint = suggestion(flag, known) or (
            f"options of {command.name}: {', '.join(known)}" if known else f"usage: {command.usage}"
        )
        binding.fail(
            UsageError(f"{command.name} has no option '{flag}'", hint=hint, span=word.span)
        )
        return
    binding.tokens.append((word.part(0, len(flag)), "option"))
    if option.kind is None:
        if equals:
            binding.fail(UsageError(f"{flag} takes no value", span=word.span))
        binding.options[option.name] = True
        return
    argument = _inline(word, len(flag) + 1) if equals else (queue.pop(0) if queue else None)
    if argument is None:
        binding.fail(UsageError(f"{flag} needs {option.kind.name}", span=word.span))
        return
    binding.options[option.name] = _read(option.kind, argument, binding)


def _inline(word: Word, start: int) -> Word:
    """The part of `--option=value` after the equals sign, as a word."""
    span = Span(word.places[start - 1] + 1, word.span.end)
    return Word(word.text[start:], span, word.places[start:], word.quoted)


def _taker(word: Word, waiting: list[Parameter]) -> Parameter | None:
    """The first waiting parameter that a word fits."""
    for parameter in waiting:
        if parameter.kind is not None and (parameter.required or parameter.kind.fits(word)):
            return parameter
    return None


def _bind_word(
    parameter: Parameter, word: Word, waiting: list[Parameter], binding: Binding
) -> None:
    assert parameter.kind is not None
    value = _read(parameter.kind, word, binding)
    binding.values.setdefault(parameter.name, []).append(value)
    if not parameter.many:
        waiting.remove(parameter)


def _refuse(command: Command, word: Word, binding: Binding) -> None:
    binding.tokens.append((word.span, "error"))
    hint = f"usage: {command.usage}"
    binding.fail(UsageError(f"unexpected word '{word.text}'", hint=hint, span=word.span))


def _read(kind: Kind, word: Word, binding: Binding) -> Any:
    try:
        value = kind.parse(word, binding.scope)
    except UsageError as error:
        binding.fail(error)
        binding.tokens.append((word.span, "error"))
        return None
    binding.scope = kind.narrow(binding.scope, value)
    binding.tokens += kind.tokens(word) if kind.tokens else [(word.span, kind.role)]
    return value


def _call(command: Command, binding: Binding) -> Call:
    arguments: list[Any] = []
    for parameter in command.positionals:
        values = binding.values.get(parameter.name, [])
        if parameter.many:
            arguments += values
        else:
            arguments.append(values[0] if values else None)
    return Call(command, tuple(arguments), binding.options)


def _tail_tokens(statement: Statement, binding: Binding) -> None:
    for stage in (statement.first, *statement.stages):
        if isinstance(stage, SystemCommand):
            binding.tokens.append((stage.span, "system"))
        elif stage is not statement.first:
            _refuse_stage(stage, binding)
    if statement.redirect is not None:
        binding.tokens.append((statement.redirect.span, "operator"))
        if statement.redirect.target is not None:
            binding.tokens.append((statement.redirect.target.span, "file"))


def _refuse_stage(stage: tuple[Word, ...], binding: Binding) -> None:
    if stage:
        binding.tokens += [(word.span, "error") for word in stage]
        binding.fail(
            UsageError(
                f"no stage '{stage[0].text}'",
                hint=f"a system command is written | !{stage[0].text}",
                span=stage[0].span,
            )
        )


def analyse_text(
    text: str, registry: Registry, knowledge: Knowledge
) -> tuple[list[Analysis], list[Span]]:
    """Every statement of a text, and the spans of its comments."""
    comments: list[Span] = []
    statements = scan(text, knowledge.variables, comments)
    return [analyse(statement, registry, knowledge) for statement in statements], comments

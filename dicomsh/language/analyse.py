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

    scope: Scope
    tokens: list[Token] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    problem: UsageError | None = None

    def fail(self, error: UsageError) -> None:
        """Keep an error, unless an earlier one is kept."""
        if self.problem is None:
            self.problem = error


def analyse(statement: Statement, registry: Registry, knowledge: Knowledge) -> Analysis:
    """Bind a statement to its command. Never raises: the first problem is part of the result."""
    binding = Binding(Scope(knowledge, knowledge.next_level))
    command, used = find_command(statement, registry, binding)
    call = None
    if command is not None:
        waiting = bind(command, statement.words[used:], binding)
        _check_missing(command, waiting, statement.words[-1], binding)
        if binding.problem is None and statement.problem is None:
            call = _call(command, binding)
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


def find_command(
    statement: Statement, registry: Registry, binding: Binding
) -> tuple[Command | None, int]:
    """The command and how many words name it."""
    words = statement.words
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


def bind(command: Command, words: tuple[Word, ...], binding: Binding) -> list[Parameter]:
    """Give words to the parameters of a command; those left may still take one."""
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
        else:
            _bind_word(command, word, waiting, binding)
    return waiting


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


def _bind_word(command: Command, word: Word, waiting: list[Parameter], binding: Binding) -> None:
    """Give a word to the first waiting parameter that it fits."""
    for index, parameter in enumerate(waiting):
        kind = parameter.kind
        if kind is None or not (kind.fits(word) or parameter.required):
            continue
        binding.values.setdefault(parameter.name, []).append(_read(kind, word, binding))
        if not parameter.many:
            del waiting[index]
        return
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

"""Binds the words of a command to the parameters of its function."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import field, frozen, replace, slotted
from dicomsh.language.command import Command, Names, Parameter, Registry
from dicomsh.language.kinds import PATTERN, suggestion
from dicomsh.language.knowledge import (
    Kind,
    Knowledge,
    Scope,
    Token,
    same,
)
from dicomsh.language.words import Statement, Word
from dicomsh.late import LateModule
from dicomsh.model.levels import Level
from dicomsh.model.results import Listing
from dicomsh.regex import regex

if TYPE_CHECKING:
    from dicomsh.language import foreign, refusals
else:
    foreign = LateModule("dicomsh.language.foreign")
    refusals = LateModule("dicomsh.language.refusals")

DEEPEST = 16
"""Maximum nesting of commands."""


@frozen
class Call:
    """A command bound to its arguments, ready to run.

    `words` are all of its words: if some variables have no values yet, neither have their
    arguments, and the words are bound again later.
    """

    command: Command
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    words: tuple[Word, ...] = ()


@frozen
class Commands:
    """Several commands in braces, or one, as an argument of another command.

    Args:
        statements: as typed; they are analysed again when they run.
        calls: the commands that they begin with, to look at.
        words: all words of the argument.
    """

    statements: tuple[Statement, ...]
    calls: tuple[Call, ...]
    words: tuple[Word, ...]


@slotted
class Binding:
    """A binding of words to the parameters of a command, in progress.

    Args:
        registry: all commands and stages.
        names: the commands that the first word may name.
        scope: the scope of the next word.
        command: the command, once its name is found.
        inner: the bindings of the commands that are an argument.
        problem: the first problem.
        depth: the number of enclosing commands.
        within: the names of the aliases that the words come out of.
    """

    registry: Registry
    names: Names
    scope: Scope
    tokens: list[Token] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    command: Command | None = None
    inner: list[Binding] = field(default_factory=list)
    problem: UsageError | None = None
    depth: int = 0
    within: tuple[str, ...] = ()

    def fail(self, error: UsageError) -> None:
        """Record an error, unless there is an earlier one."""
        if self.problem is None:
            self.problem = error

    @property
    def deepest(self) -> bool:
        """Whether no further command may be inside this one."""
        return self.depth >= DEEPEST

    def inside(self, kind: Kind) -> Binding:
        """The binding of a command that is an argument; colours go to the same list."""
        assert kind.inner is not None
        return self._beside(self.registry, kind.inner(self.scope), self.depth + 1)

    def behind(self) -> Binding:
        """The binding of a stage after the command; colours go to the same list."""
        scope = replace(self.scope, level=self._level_of_rows())
        return self._beside(self.registry.stages, scope, self.depth)

    def _beside(self, names: Names, scope: Scope, depth: int) -> Binding:
        made = Binding(self.registry, names, scope, self.tokens)
        made.depth, made.within = depth, self.within
        return made

    def _level_of_rows(self) -> Level | None:
        """The level of the command's rows, if known before it runs."""
        if self.command is None or Listing not in self.command.gives:
            return None
        if self.names is self.registry.stages:
            levels = {inner._level_of_rows() for inner in self.inner}
            return levels.pop() if len(levels) == 1 else None if levels else self.scope.level
        narrows = any(p.kind and p.kind.narrow is not same for p in self.command.positionals)
        entities = self.command.gives_with(self.options) == (Listing,)
        return self.scope.level if narrows and entities else None


@frozen
class RemainingParameters:
    """What remains after binding words to parameters.

    Args:
        waiting: parameters that may still take a word.
        inner: the parameter that takes an inner command, and its words.
    """

    waiting: list[Parameter]
    inner: tuple[Parameter, tuple[Word, ...]] | None = None


def first_binding(registry: Registry, knowledge: Knowledge, scope: Scope | None = None) -> Binding:
    """The binding of the first command of a statement."""
    scope = scope or Scope(knowledge, knowledge.next_level)
    return Binding(registry, registry, scope)


def find_command(words: tuple[Word, ...], binding: Binding) -> tuple[Command | None, int]:
    """The command and the number of words in its name."""
    for count in (2, 1):
        name = " ".join(word.text for word in words[:count])
        found = binding.names.get(name) if len(words) >= count else None
        if found is not None:
            binding.tokens += [(word.span, "command") for word in words[:count]]
            binding.command = found
            return found, count
    if words and not _lacks_value(words[0], binding):
        binding.tokens.append((words[0].span, "error"))
        binding.fail(_nothing_named(words, binding))
    return None, 0


def _lacks_value(word: Word, binding: Binding) -> bool:
    """Whether a word has a variable without a value, and records that as the problem."""
    later = binding.scope.variables
    for variable in word.unknown:
        if later is None or not later(variable.name):
            binding.tokens.append((word.span, "error"))
            binding.fail(refusals.no_variable(variable, of_rows=later is not None))
            return True
    return False


def _nothing_named(words: tuple[Word, ...], binding: Binding) -> UsageError:
    if binding.names is binding.registry.stages:
        return refusals.no_stage(words, binding.registry)
    if words[0].text in binding.scope.knowledge.aliases:
        name = words[0].text
        message = f"the alias '{name}' has stages, has several commands, or refers to itself"
        hint = "use such an alias only at the beginning of a statement"
        return UsageError(message, hint=hint, span=words[0].span)
    return refusals.no_command(words, binding.registry)


def bind(command: Command, words: tuple[Word, ...], binding: Binding) -> RemainingParameters:
    """Bind words to the parameters of a command, up to those of an inner command."""
    waiting = list(command.positionals)
    queue = deque(words)
    literal = False
    while queue:
        before = words[-len(queue) - 1] if len(queue) < len(words) else None
        word = queue.popleft()
        if _lacks_value(word, binding):
            continue
        if not literal and word.text == "--" and not word.quoted:
            literal = True
            binding.tokens.append((word.span, "option"))
        elif not literal and is_option(word):
            bind_option(command, word, queue, binding)
        elif (parameter := _taker(word, waiting)) is None:
            binding.tokens.append((word.span, "error"))
            if binding.problem is None:
                further = binding.names.further(command.name) if word is words[0] else []
                after = queue[0] if queue else None
                binding.fail(refusals.unexpected(command, word, further, before, after))
        elif parameter.kind is not None and parameter.kind.inner is not None:
            waiting.remove(parameter)
            return RemainingParameters(waiting, (parameter, (word, *queue)))
        else:
            if parameter.kind is PATTERN and before and refusals.is_torn(before, word):
                binding.fail(refusals.torn(before, word))
            _bind_word(parameter, word, waiting, binding)
    return RemainingParameters(waiting)


def check_missing(command: Command, waiting: list[Parameter], last: Word, binding: Binding) -> None:
    """Report a required parameter that is still waiting after the last word."""
    missing = next((p for p in waiting if p.required), None)
    if missing is not None and missing.kind is not None:
        hint = f"usage: {command.usage}"
        span = Span(last.span.end - 1, last.span.end)
        binding.fail(UsageError(f"{missing.kind.name} is missing", hint=hint, span=span))


_OPTION = regex(r"--?[A-Za-z]")


def is_option(word: Word) -> bool:
    """Whether a word is written as an option."""
    return not word.quoted and _OPTION.match(word.text) is not None


def bind_option(command: Command, word: Word, queue: deque[Word], binding: Binding) -> None:
    """Bind an option of a command, with its value from the queue of the words after it."""
    flag, equals, _ = word.text.partition("=")
    option = command.option(flag)
    if option is None:
        binding.tokens.append((word.span, "error"))
        known = [p.flag for p in command.parameters if p.option]
        hint = foreign.foreign_option(command.name, flag) or suggestion(flag, known)
        hint = hint or (
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
    argument = _inline(word, len(flag) + 1) if equals else _following(option, queue)
    if argument is None and option.alone is not None:
        _check_spelling(option, queue, binding)
        binding.options[option.name] = option.alone.value
        return
    if argument is None:
        binding.fail(UsageError(f"{flag} needs {option.kind.name}", span=word.span))
        return
    binding.options[option.name] = _read(option.kind, argument, binding)


def _check_spelling(option: Parameter, queue: deque[Word], binding: Binding) -> None:
    """Refuse a word after an option that is almost one of its values."""
    if not queue or queue[0].quoted or is_option(queue[0]) or option.kind is None:
        return
    values = (candidate.text for candidate in option.kind.complete(binding.scope))
    near = suggestion(queue[0].text.lower(), values)
    if near:
        binding.fail(refusals.misspelt(option, queue[0], near))


def _following(option: Parameter, queue: deque[Word]) -> Word | None:
    """The word after an option that is its value."""
    if not queue or option.kind is None:
        return None
    if option.alone is not None and (queue[0].quoted or not option.kind.fits(queue[0])):
        return None
    return queue.popleft()


def _inline(word: Word, start: int) -> Word:
    """The part of `--option=value` after the equals sign, as a word."""
    span = word.rest(start)
    variables = tuple(replace(v, start=v.start - start, end=v.end - start) for v in word.variables)
    return Word(word.text[start:], span, word.places[start:], word.quoted, variables)


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


def _read(kind: Kind, word: Word, binding: Binding) -> Any:
    if _lacks_value(word, binding):
        return None
    if word.unknown:
        binding.tokens.append((word.span, kind.role))
        return None
    try:
        value = kind.parse(word, binding.scope)
    except UsageError as error:
        binding.fail(error)
        binding.tokens.append((word.span, "error"))
        return None
    binding.scope = kind.narrow(binding.scope, value)
    binding.tokens += kind.tokens(word) if kind.tokens else [(word.span, kind.role)]
    return value

"""Commands bound to their arguments: those with stages behind them, and those inside others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import replace, slotted
from dicomsh.language.binding import (
    DEEPEST,
    Binding,
    Call,
    Commands,
    bind,
    bind_option,
    check_missing,
    find_command,
    is_option,
)
from dicomsh.language.command import Command, Names, Parameter, Registry
from dicomsh.language.kinds import ROW_COMMAND
from dicomsh.language.knowledge import Kind, Knowledge, Scope, Token
from dicomsh.language.words import Redirect, Stage, Statement, SystemCommand, Word
from dicomsh.late import LateModule
from dicomsh.model.results import Listing, Records

if TYPE_CHECKING:
    from dicomsh.language import alias
else:
    alias = LateModule("dicomsh.language.alias")


def meanings(statement: Statement, registry: Registry, knowledge: Knowledge) -> Iterator[Statement]:
    """What a statement means: itself, or if it begins with an alias, the statements of that.

    They are looked up one after another, so one may set a variable that the next uses.
    """
    if knowledge.aliases:
        return alias.expansions(statement, aliases(registry, knowledge))
    return iter((statement,))


def bound(words: tuple[Word, ...], binding: Binding) -> Call | None:
    """The call for words; None if there is a problem, which the binding holds."""
    command, used = find_command(words, binding)
    if command is None:
        return None
    remaining = bind(command, words[used:], binding)
    if remaining.inner is not None:
        _bind_inner(*remaining.inner, binding)
    check_missing(command, remaining.waiting, words[-1], binding)
    return None if binding.problem else _call(command, words, binding)


@slotted
class Pipe:
    """The bound command and stages of a statement, the last binding, and the first problem."""

    calls: list[Call | None]
    binding: Binding
    problem: UsageError | None = None

    def fail(self, error: UsageError | None) -> None:
        """Record an error, unless there is an earlier one."""
        self.problem = self.problem or error


def bound_pipe(statement: Statement, binding: Binding) -> Pipe:
    """The calls of a statement and of its stages.

    Args:
        statement: with its alias replaced.
        binding: of its first command.
    """
    binding.within = statement.within
    pipe = Pipe([bound(statement.words, binding)], binding)
    pipe.fail(binding.problem)
    for stage in statement.stages:
        _bind_stage(stage, statement, pipe)
    if isinstance(statement.first, SystemCommand):
        binding.tokens.append((statement.first.span, "system"))
    _bind_redirect(statement.redirect, pipe)
    pipe.problem = statement.problem or pipe.problem
    if statement.alias:
        recolour(binding.tokens, statement.alias, binding)
        pipe.problem = pipe.problem and _named(pipe.problem, statement.alias[0])
    return pipe


def _named(problem: UsageError, name: Word) -> UsageError:
    """A problem in an alias, not in the typed text, names the alias."""
    at = problem.span
    if at is None or not name.span.start <= at.start < name.span.end:
        return problem
    if f"alias '{name.text}'" in problem.message:
        return problem
    message = f"{problem.message}, in the alias '{name.text}'"
    return UsageError(message, hint=problem.hint, span=name.span)


def _bind_inner(parameter: Parameter, words: tuple[Word, ...], binding: Binding) -> None:
    """Bind what runs in another command; its call, or calls, are the value."""
    assert parameter.kind is not None
    if binding.deepest:
        message = f"commands nested more than {DEEPEST} deep"
        binding.fail(
            UsageError(message, hint="run the inner command by itself", span=words[0].span)
        )
        return
    bind_it = _bind_several if parameter.kind.several else _bind_one
    binding.values[parameter.name] = [bind_it(parameter.kind, words, binding)]
    for inner in binding.inner:
        if inner.problem is not None:
            binding.fail(inner.problem)


def _bind_one(kind: Kind, words: tuple[Word, ...], binding: Binding) -> Call | None:
    """Bind a single command."""
    words = _without_outer_options(words, binding)
    inner = binding.inside(kind)
    binding.inner = [inner]
    call = bound(without_alias(words, binding), inner)
    recolour(inner.tokens, words, binding)
    return call and replace(call, words=words)


def _bind_several(kind: Kind, words: tuple[Word, ...], binding: Binding) -> Commands:
    """Bind the commands in braces, or a single one, which may be an alias of several."""
    block = words[0].block
    if block is None:
        words = _without_outer_options(words, binding)
        block = (Statement(words, (), None, Span(words[0].span.start, words[-1].span.end)),)
    else:
        _bind_after_brace(words, binding)
    calls, scope = list[Call](), None
    for statement in _expanded(block, binding):
        inner = binding.inside(kind)
        inner.scope = scope or inner.scope
        scope = inner.scope
        pipe = bound_pipe(statement, inner)
        pipe.fail(_unfit(statement) if kind is ROW_COMMAND else None)
        pipe.binding.problem = pipe.problem
        binding.inner.append(pipe.binding)
        call = pipe.calls[0]
        if call is not None:
            calls.append(call)
            scope = _scope_after(call, scope)
    return Commands(block, tuple(calls), words)


def _expanded(block: Iterable[Statement], binding: Binding) -> Iterator[Statement]:
    for typed in block:
        again = replace(typed, within=binding.within)
        yield from meanings(again, binding.registry, binding.scope.knowledge)


def _bind_after_brace(words: tuple[Word, ...], binding: Binding) -> None:
    """The options of the outer command behind the closing brace."""
    brace, *others = words
    ends = (brace.part(0, 1), brace.part(len(brace.text) - 1, len(brace.text)))
    binding.tokens += [(span, "operator") for span in ends]
    queue = deque(others)
    while queue:
        word = queue.popleft()
        if is_option(word) and binding.command:
            bind_option(binding.command, word, queue, binding)
        else:
            message = f"unexpected '{word.text}' after the closing brace"
            binding.fail(UsageError(message, hint="put ; or | before it", span=word.span))


def _unfit(statement: Statement) -> UsageError | None:
    """Why a statement cannot run for each row, if so: its rows become part of one answer."""
    for stage in statement.stages:
        if isinstance(stage, SystemCommand):
            hint = "put it after the closing brace, or before '|': { !command; ls }"
            return UsageError("no '| !' for each row", hint=hint, span=stage.span)
    if statement.redirect is not None:
        hint = "write the file after the closing brace: each { ls; show } > file"
        return UsageError(
            "no file of its own for each row", hint=hint, span=statement.redirect.span
        )
    return None


def _scope_after(call: Call, scope: Scope) -> Scope:
    """The scope of the commands after one: `let` gives a variable, `cd` goes to another level."""
    if call.command.name == "cd":
        return replace(scope, level=None)
    if call.command.name != "let" or not call.words[1:]:
        return scope
    given, before = call.words[1].text.partition("=")[0], scope.variables
    return replace(
        scope, variables=lambda name: name == given or (before is not None and before(name))
    )


def _without_outer_options(words: tuple[Word, ...], binding: Binding) -> tuple[Word, ...]:
    """The words of an inner command, without options that the outer one alone has.

    So an option of `each` may stand wherever it is typed: `each get --keep-going`.
    """
    inner = _command_of(without_alias(words, binding), binding.registry)
    outer = binding.command
    if outer is None:
        return words
    kept, queue = [], deque(words)
    while queue:
        word = queue.popleft()
        flag = word.text.partition("=")[0]
        if word.text == "--" and not word.quoted:
            kept += [word, *queue]
            break
        if is_option(word) and outer.option(flag) and not (inner and inner.option(flag)):
            bind_option(outer, word, queue, binding)
        else:
            kept.append(word)
    return tuple(kept)


def _command_of(words: tuple[Word, ...], names: Names) -> Command | None:
    """The command that words begin with; None if there is none."""
    found = (names.get(" ".join(word.text for word in words[:count])) for count in (2, 1))
    return next((command for command in found if command is not None), None)


def without_alias(words: tuple[Word, ...], binding: Binding) -> tuple[Word, ...]:
    """The words of an inner command, with its alias replaced."""
    knowledge = binding.scope.knowledge
    if not knowledge.aliases:
        return words
    return alias.expanded_words(words, aliases(binding.registry, knowledge), binding.within)


def aliases(registry: Registry, knowledge: Knowledge) -> alias.Aliases:
    """What aliases are looked up in."""
    return alias.Aliases(registry, knowledge.aliases, knowledge.variables)


def recolour(tokens: list[Token], words: tuple[Word, ...], binding: Binding) -> None:
    """The replacement of an alias has one colour, at its name, and each argument has its own."""
    name, *arguments = words
    knowledge = binding.scope.knowledge
    if not knowledge.aliases or aliases(binding.registry, knowledge).text(name) is None:
        return
    inside = [t for t in tokens if name.span.start <= t[0].start < name.span.end]
    role = "error" if (name.span, "error") in inside else "alias"
    tokens[:] = [token for token in tokens if token not in inside] + [(name.span, role)]
    starts = [span.start for span, _ in tokens]
    bare = [w.span for w in arguments if not any(w.span.start <= at < w.span.end for at in starts)]
    tokens += [(span, "value") for span in bare]


def _call(command: Command, words: tuple[Word, ...], binding: Binding) -> Call:
    arguments: list[Any] = []
    for parameter in command.positionals:
        values = binding.values.get(parameter.name, [])
        if parameter.many:
            arguments += values
        else:
            arguments.append(values[0] if values else None)
    return Call(command, tuple(arguments), binding.options, words)


def _bind_stage(stage: Stage, statement: Statement, pipe: Pipe) -> None:
    if isinstance(stage, SystemCommand):
        pipe.binding.tokens.append((stage.span, "system"))
        if stage is not statement.stages[-1]:
            hint = "put stages before it: ls | where Modality=CT | !less"
            pipe.fail(UsageError("a system command must come last", hint=hint, span=stage.span))
        return
    before, pipe.binding = pipe.binding, pipe.binding.behind()
    if not stage:
        return
    pipe.calls.append(bound(stage, pipe.binding))
    pipe.fail(pipe.binding.problem)
    made = before.command
    if isinstance(statement.first, SystemCommand) or (made and not _gives_rows(made)):
        name = made.name if made else "a system command"
        hint = f"'{stage[0].text}' needs rows, as from find, ls or last"
        pipe.fail(UsageError(f"{name} returns no rows", hint=hint, span=stage[0].span))


def _gives_rows(made: Command) -> bool:
    return Listing in made.gives or Records in made.gives


def _bind_redirect(redirect: Redirect | None, pipe: Pipe) -> None:
    if redirect is None:
        return
    pipe.binding.tokens.append((redirect.span, "operator"))
    if redirect.target is not None:
        pipe.binding.tokens.append((redirect.target.span, "file"))
        for variable in redirect.target.unknown:
            if pipe.binding.scope.variables is None:
                from dicomsh.language.refusals import no_variable

                pipe.fail(no_variable(variable))

"""One analysis of a statement, for running, colours, completion and error messages."""

from __future__ import annotations

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen, slotted
from dicomsh.language.alias import expanded
from dicomsh.language.binding import (
    Binding,
    Call,
    aliases,
    bound,
    first_binding,
    recolour,
)
from dicomsh.language.command import Command, Registry
from dicomsh.language.knowledge import Knowledge, Scope, Token
from dicomsh.language.scan import Redirect, Stage, Statement, SystemCommand, Word, scan
from dicomsh.model.results import Listing, Records

__all__ = ["Analysis", "Call", "analyse", "analyse_text"]


@frozen
class Analysis:
    """Everything known about one statement.

    `call` is None if there is a problem or the statement is a system command. `stages` are the
    stages its rows go through, in order.
    """

    statement: Statement
    tokens: tuple[Token, ...]
    command: Command | None
    call: Call | None
    problem: UsageError | None
    scope: Scope
    stages: tuple[Call, ...] = ()


@slotted
class _Pipe:
    """The bound command and stages of a statement, and the first problem."""

    calls: list[Call | None]
    binding: Binding
    problem: UsageError | None = None

    def fail(self, error: UsageError | None) -> None:
        self.problem = self.problem or error


def analyse(
    statement: Statement, registry: Registry, knowledge: Knowledge, scope: Scope | None = None
) -> Analysis:
    """Bind a statement to its command. Never raises: the first problem is part of the result.

    Args:
        statement: as scanned.
        registry: all commands.
        knowledge: what the session knows.
        scope: the scope of the statement; by default the current place.
    """
    typed, statement = statement, expanded(statement, aliases(registry, knowledge))
    binding = first_binding(registry, knowledge, scope)
    pipe = _Pipe([bound(statement.words, binding)], binding)
    pipe.fail(binding.problem)
    for stage in statement.stages:
        _bind_stage(stage, statement, pipe)
    if isinstance(statement.first, SystemCommand):
        binding.tokens.append((statement.first.span, "system"))
    _bind_redirect(statement.redirect, binding.tokens, pipe)
    problem = statement.problem or pipe.problem
    if statement is not typed:
        recolour(binding.tokens, typed.words, binding)
        problem = problem and _named(problem, typed.words[0])
    call, *stages = [None] if problem else pipe.calls
    tokens, used = _apart(binding.tokens), tuple(made for made in stages if made)
    return Analysis(statement, tokens, binding.command, call, problem, binding.scope, used)


def _named(problem: UsageError, alias: Word) -> UsageError:
    """A problem in an alias, not in the typed text, names the alias."""
    if problem.span is None or not alias.span.start <= problem.span.start < alias.span.end:
        return problem
    message = f"{problem.message}, in the alias '{alias.text}'"
    return UsageError(message, hint=problem.hint, span=alias.span)


def _apart(tokens: list[Token]) -> tuple[Token, ...]:
    """The tokens in order; parts from one variable share one position, which is kept."""
    kept: list[Token] = []
    for span, role in sorted(tokens):
        if not kept or span.start >= kept[-1][0].end:
            kept.append((span, role))
    return tuple(kept)


def _bind_stage(stage: Stage, statement: Statement, pipe: _Pipe) -> None:
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


def _bind_redirect(redirect: Redirect | None, tokens: list[Token], pipe: _Pipe) -> None:
    if redirect is None:
        return
    tokens.append((redirect.span, "operator"))
    if redirect.target is not None:
        tokens.append((redirect.target.span, "file"))
        for variable in redirect.target.unknown:
            if pipe.binding.scope.variables is None:
                from dicomsh.language.refusals import no_variable

                pipe.fail(no_variable(variable))


def analyse_text(
    text: str, registry: Registry, knowledge: Knowledge
) -> tuple[list[Analysis], list[Span]]:
    """Every statement of a text, and the spans of its comments."""
    comments: list[Span] = []
    statements = scan(text, knowledge.variables, comments)
    return [analyse(statement, registry, knowledge) for statement in statements], comments

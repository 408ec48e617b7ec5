"""One analysis of a statement, for running, colours, completion and error messages."""

from __future__ import annotations

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen
from dicomsh.language.binding import Call, first_binding
from dicomsh.language.calls import bound_pipe, meanings
from dicomsh.language.command import Command, Registry
from dicomsh.language.knowledge import Knowledge, Scope, Token
from dicomsh.language.scan import Statement, scan

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


def analyse(
    statement: Statement, registry: Registry, knowledge: Knowledge, scope: Scope | None = None
) -> Analysis:
    """Bind a statement to its command. Never raises: the first problem is part of the result.

    Args:
        statement: with its alias replaced.
        registry: all commands.
        knowledge: what the session knows.
        scope: the scope of the statement; by default the current place.
    """
    binding = first_binding(registry, knowledge, scope)
    pipe = bound_pipe(statement, binding)
    call, *stages = [None] if pipe.problem else pipe.calls
    tokens, used = _apart(binding.tokens), tuple(made for made in stages if made)
    return Analysis(statement, tokens, binding.command, call, pipe.problem, binding.scope, used)


def _apart(tokens: list[Token]) -> tuple[Token, ...]:
    """The tokens in order; parts from one variable share one position, which is kept."""
    kept: list[Token] = []
    for span, role in sorted(tokens):
        if not kept or span.start >= kept[-1][0].end:
            kept.append((span, role))
    return tuple(kept)


def analyse_text(
    text: str, registry: Registry, knowledge: Knowledge
) -> tuple[list[Analysis], list[Span]]:
    """Every statement of a text, and the spans of its comments."""
    comments: list[Span] = []
    statements = scan(text, knowledge.variables, comments)
    return [_analysed(statement, registry, knowledge) for statement in statements], comments


def _analysed(statement: Statement, registry: Registry, knowledge: Knowledge) -> Analysis:
    """The analysis of a statement; of several in an alias, the first that has a problem."""
    found = [
        analyse(meant, registry, knowledge) for meant in meanings(statement, registry, knowledge)
    ]
    return next((one for one in found if one.problem), found[0])

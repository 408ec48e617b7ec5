"""Commands of the shell in a request: `find`, and stages that work on its rows.

The language is that of the shell, read by the same analysis; `dicomsh.commands.asking` says what of
it needs no session. Nothing that a request says can run a program, read a file or write one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache

from dicomsh.commands import asking
from dicomsh.commands.run import result_of
from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen
from dicomsh.language.analyse import Analysis, analyse
from dicomsh.language.candidate import Candidate
from dicomsh.language.command import Registry
from dicomsh.language.knowledge import Kind
from dicomsh.language.scan import Statement, SystemCommand, scan
from dicomsh.model.keys import Attribute
from dicomsh.model.levels import Level
from dicomsh.model.modality import Device
from dicomsh.model.results import Listing
from dicomsh.query.context import QueryContext

_ONE = "one command of the shell, such as: find study mod=CT date=-7d"


class Nothing:
    """What is known when there is no session; satisfies `dicomsh.language.knowledge.Knowledge`.

    Args:
        today: the day that relative dates count from.
    """

    def __init__(self, today: date) -> None:
        self.today = today
        self.variables: Mapping[str, str] = {}
        self.aliases: Mapping[str, str] = {}
        self.next_level = Level.PATIENT
        self.fuzzy = False

    def modality_names(self) -> Iterable[Candidate]:
        """None."""
        return ()

    def group_names(self) -> Iterable[Candidate]:
        """None."""
        return ()

    def device_names(self) -> Iterable[Candidate]:
        """None."""
        return ()

    def device(self, text: str, span: Span) -> Device:
        """None: whoever may ask the gateway may not choose its AE title."""
        message = f"--as {text} is not possible here: the gateway has an AE title of its own"
        raise UsageError(message, span=span)

    def targets(self, typed: str) -> Iterable[Candidate]:
        """None."""
        del typed
        return ()

    def values(self, attribute: Attribute) -> Iterable[str]:
        """None."""
        del attribute
        return ()

    def setting_names(self) -> Iterable[Candidate]:
        """None."""
        return ()

    def setting_kind(self, name: str) -> Kind | None:
        """None."""
        del name
        return None

    def topics(self) -> Iterable[Candidate]:
        """None."""
        return ()

    def lesson_names(self) -> Iterable[Candidate]:
        """None."""
        return ()


@frozen
class _Asker:
    """Where a command runs."""

    query: QueryContext


@cache
def _registry() -> Registry:
    return asking()


def analysed(text: str, today: date) -> Analysis:
    """The analysis of a command.

    Args:
        text: what was typed.
        today: the day that relative dates count from.

    Raises:
        UsageError: it is not one command that only asks; the span is into the text.
    """
    statements = list(scan(text, {}))
    if len(statements) != 1:
        raise UsageError(f"expected {_ONE}")
    (statement,) = statements
    _check_asks(statement)
    found = analyse(statement, _registry(), Nothing(today))
    if found.problem is not None:
        raise found.problem
    return found


def _check_asks(statement: Statement) -> None:
    """Refuse what would run a program or write a file."""
    for stage in (statement.first, *statement.stages):
        if isinstance(stage, SystemCommand):
            raise UsageError("a request runs no programs", span=stage.span)
    if statement.redirect is not None:
        raise UsageError("a request writes no files", span=statement.redirect.span)


async def listing_of(analysis: Analysis, context: QueryContext) -> Listing:
    """The rows of a command.

    Args:
        analysis: of the command.
        context: where it is asked from, with the modality in use.

    Raises:
        DicomshError: it cannot be run.
    """
    assert analysis.call is not None
    result = await result_of(_Asker(context), analysis.call, analysis.stages)
    if not isinstance(result, Listing):
        raise UsageError(f"{analysis.call.command.name} returns no rows")
    return result

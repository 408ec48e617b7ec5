"""The query of the last answer, or the queries of the archives that it is from."""

from __future__ import annotations

from dicomsh.errors import UsageError
from dicomsh.model.answer import Outcome
from dicomsh.model.asked_query import AskedQuery
from dicomsh.session.state import Session


def answers_of(session: Session, command: str) -> list[tuple[AskedQuery, Outcome]]:
    """What was asked for the last answer, and how each was answered.

    Args:
        session: that of the shell.
        command: the one that wants to know, as typed.

    Raises:
        UsageError: nothing has been listed, or the answer is not that of a query.
    """
    kept = session.last
    if kept is None or kept.outcome is None:
        raise UsageError("nothing has been listed yet", hint=f"find LEVEL, or ls; then {command}")
    if kept.asked_query is not None:
        return [(kept.asked_query, kept.outcome)]
    of_archives = [(one.asked, one.outcome) for one in kept.outcome.archives]
    found = [(asked, outcome) for asked, outcome in of_archives if asked is not None]
    if not found or len(found) < len(of_archives):
        hint = f"find LEVEL, or ls; then {command}"
        raise UsageError("the last answer is not from a single query", hint=hint)
    return found

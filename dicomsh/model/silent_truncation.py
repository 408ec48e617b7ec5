"""Whether the number of rows of a complete answer looks like an unreported limit. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request

Asked = tuple[Request, Outcome]
"""A request to a peer, and how it ended."""

_ENDED_BY_THE_PEER = (Ending.COMPLETE, Ending.CUT_OFF)


def suspicion(
    request: Request, outcome: Outcome, earlier: Iterable[Asked], cap: int | None
) -> Note | None:
    """The note about a number of rows; None if it is not suspicious.

    Some peers cut answers off and report them as complete (pynetdicom #467: "stops at 500"). Then
    different queries have the same, round number of rows.

    Args:
        request: the request.
        outcome: how it ended.
        earlier: earlier requests to the same peer.
        cap: rows after which the peer is known to cut answers off, or None.
    """
    rows = outcome.rows
    if outcome.ending is not Ending.COMPLETE:
        return None
    if cap and rows < cap and (late := _matched_late(request)):
        codes = late.replace("\\", ",")
        return note(NoteKind.CAP_BEFORE_MATCHING, _LATE, codes, count=cap)
    if not rows:
        return None
    if rows == cap:
        return note(NoteKind.AT_THE_CAP, count=rows)
    if is_round(rows) and any(_same_number(request, rows, asked) for asked in earlier):
        return note(NoteKind.SAME_ROUND_NUMBER, count=rows)
    return None


_LATE = "ModalitiesInStudy"
"""A key that some peers match only among the first rows: its value is not stored, but computed.

Orthanc with LimitFindResults reports the remaining rows as a success.
"""


def _matched_late(request: Request) -> str:
    return next((key.value for key in request.keys if key.keyword == _LATE), "")


def _same_number(request: Request, rows: int, asked: Asked) -> bool:
    other, outcome = asked
    whole = outcome.ending in _ENDED_BY_THE_PEER and outcome.received is None
    return whole and outcome.rows == rows and _sought(other) != _sought(request)


def _sought(request: Request) -> object:
    """What two queries have in common if they look for the same: return keys do not matter."""
    matched = frozenset((key.keyword, key.value) for key in request.keys if key.value)
    return request.level, tuple((step.key, step.issuer) for step in request.place.steps), matched


def cut_off(outcome: Outcome, cap: int | None) -> bool:
    """Whether an answer is only a part: by its status, or by the number of its rows.

    Args:
        outcome: how it ended.
        cap: rows after which the peer is known to cut answers off, or None.
    """
    silent = outcome.ending is Ending.COMPLETE and outcome.rows == cap
    return outcome.ending is Ending.CUT_OFF or silent


def is_round(number: int) -> bool:
    """Whether somebody could have chosen a number as a limit: 50, 100, 250, 500, 64, 1024, …."""
    return number >= 50 and (number % 50 == 0 or number & (number - 1) == 0)

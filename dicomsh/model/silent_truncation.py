"""Whether the number of rows of a complete answer looks like a limit that nobody told. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request

Asked = tuple[Request, Outcome]
"""What was asked of a peer, and how that ended."""

_ENDED_BY_THE_PEER = (Ending.COMPLETE, Ending.CUT_OFF)


def suspicion(
    request: Request, outcome: Outcome, earlier: Iterable[Asked], cap: int | None
) -> Note | None:
    """What to say of a number of rows; None when there is nothing odd about it.

    Some peers cut answers off and call them complete. Then different queries have the same, round
    number of rows.

    Args:
        request: what was asked.
        outcome: how it ended.
        earlier: what was asked of the same peer before.
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
"""What some peers match among the first rows alone: it is no attribute of a study, but computed.

Orthanc with LimitFindResults calls what then is left a success.
"""


def _matched_late(request: Request) -> str:
    return next((key.value for key in request.keys if key.keyword == _LATE), "")


def _same_number(request: Request, rows: int, asked: Asked) -> bool:
    other, outcome = asked
    whole = outcome.ending in _ENDED_BY_THE_PEER and outcome.received is None
    return whole and outcome.rows == rows and _sought(other) != _sought(request)


def _sought(request: Request) -> object:
    """What tells whether two queries look for the same: not what they want to know of it."""
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

"""Whether an answer that the server calls complete was cut off all the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.capability import Capabilities, Support
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request
from dicomsh.model.query import QueryKey

Asked = tuple[Request, Outcome]
"""A request to a peer, and how it ended."""


def suspicion(request: Request, outcome: Outcome, earlier: Iterable[Asked]) -> Note | None:
    """The note about a number of rows; None if it is not suspicious.

    Some peers cut answers off and report them as complete (pynetdicom #467: "stops at 500"). Then
    different queries have the same, round number of rows.

    Args:
        request: the request.
        outcome: how it ended.
        earlier: earlier requests to the same peer.
    """
    rows = outcome.rows
    if outcome.ending is not Ending.COMPLETE or not is_round(rows):
        return None
    if any(_same_number(request, rows, asked) for asked in earlier):
        return note(NoteKind.SAME_ROUND_NUMBER, count=rows)
    return None


def _same_number(request: Request, rows: int, asked: Asked) -> bool:
    other, outcome = asked
    whole = outcome.ending.by_the_peer and outcome.received is None
    return whole and outcome.rows == rows and _sought(other) != _sought(request)


def _sought(request: Request) -> object:
    """What two queries have in common if they look for the same: return keys do not matter."""
    matched = frozenset((key.keyword, key.value) for key in request.keys if key.value)
    return request.level, tuple((step.key, step.issuer) for step in request.place.steps), matched


def against_cap(
    request: Request, outcome: Outcome, known: Capabilities, rows: int, series: int
) -> Outcome:
    """The outcome of one query, in view of the number of rows after which the peer cuts off.

    An answer with exactly that many rows may be a part. One with fewer may be, too, if the peer
    cuts off before it matches a key. Orthanc with LimitFindResults counts the series with a
    modality, not their studies, and then reports a success (measured: 1.10.1): 2 of 9 studies.

    Args:
        request: the request as sent.
        outcome: how it ended.
        known: what is known about the peer.
        rows: number of rows received from the peer.
        series: number of series that they have.
    """
    if known.cap is None or outcome.ending is not Ending.COMPLETE:
        return outcome
    if rows == known.cap:
        return _incomplete(outcome, Ending.CAPPED, note(NoteKind.AT_THE_CAP, f"{rows:,}"))
    computed = [key for key in request.keys if key.value and key.keyword == _COMPUTED]
    if computed and series >= known.cap:
        return _incomplete(outcome, Ending.CAPPED, _before_matching(computed[0], known.cap))
    late = next(_maybe_late(request, known), None)
    if late is None:
        return outcome
    return _incomplete(outcome, Ending.PARTIAL, _before_matching(late, known.cap))


def _before_matching(key: QueryKey, cap: int) -> Note:
    about = key.keyword, key.value.replace("\\", ","), f"{cap:,}"
    return note(NoteKind.CAP_BEFORE_MATCHING, *about)


def _incomplete(outcome: Outcome, ending: Ending, why: Note) -> Outcome:
    return replace(outcome, ending=ending, notes=(*outcome.notes, why))


_COMPUTED = "ModalitiesInStudy"
"""A key whose value is not stored, but computed, and which some peers therefore match last."""


def _maybe_late(request: Request, known: Capabilities) -> Iterator[QueryKey]:
    """Keys of which we do not know that the peer matches them before it cuts off."""
    for key in request.keys:
        support = known.support(key.keyword)
        if key.value and (
            support is Support.LATE or (key.keyword == _COMPUTED and support is Support.UNKNOWN)
        ):
            yield key


def cut_off(outcome: Outcome) -> bool:
    """Whether an answer may hold only the first rows, and smaller parts may hold all of them.

    A peer that was too slow may manage less at a time.
    """
    return outcome.ending in (Ending.CUT_OFF, Ending.CAPPED, Ending.TIMED_OUT)


def is_round(number: int) -> bool:
    """Whether somebody could have chosen a number as a limit: 50, 100, 250, 500, 64, 1024, …."""
    return number >= 50 and (number % 50 == 0 or number.bit_count() == 1)

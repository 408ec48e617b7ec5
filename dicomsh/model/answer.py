"""An answer: rows as they arrive, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from dicomsh.errors import DicomshError
from dicomsh.frozen import frozen, replace
from dicomsh.model.notes import Note, summed
from dicomsh.model.row import Row, weight


class Ending(Enum):
    """How an answer ended; only the first means that nothing is missing."""

    COMPLETE = "complete"
    LIMIT = "stopped at our own limit"
    CUT_OFF = "the server ended early, unasked"
    CANCELLED = "cancelled by the user"
    LOST = "the association was lost"
    TIMED_OUT = "no further answer in time"
    PARTIAL = "some of it cannot be asked for"


@frozen
class Outcome:
    """What is known of an answer once it has ended.

    Args:
        ending: how it ended.
        rows: how many rows were handed out.
        seconds: from sending the query to its end.
        status: the final DIMSE status, or None when none was received.
        comment: Error Comment (0000,0902) of the peer, or None.
        detail: how an early end went, in words (`C-CANCEL, 12 more rows received`), or empty.
        notes: further statements about the answer.
        limit: the limit of each query, where several together ended at it.
        received: how many rows came to the stages that passed on `rows` of them; None without any.
        stopped_by: the stage, as typed, that left the query early with all it was asked for.
        remedy: what to do about an answer that was cut off, or empty for the general advice.
        unasked: keywords of columns that the peer was not asked for, because it could not be.
        doubtful: whether some rows are others than those asked for, or nothing shows that they are
            not; a note says why.
    """

    ending: Ending
    rows: int
    seconds: float
    status: int | None = None
    comment: str | None = None
    detail: str = ""
    notes: tuple[Note, ...] = ()
    limit: int | None = None
    received: int | None = None
    stopped_by: str = ""
    remedy: str = ""
    unasked: frozenset[str] = frozenset()
    doubtful: bool = False

    @property
    def sound(self) -> bool:
        """Whether the rows are those that were asked for, and all of them."""
        return self.complete and not self.doubtful

    @property
    def complete(self) -> bool:
        """Whether every match of the peer is there, or the user's own limit ended the answer."""
        return self.ending in (Ending.COMPLETE, Ending.LIMIT)


def combined(parts: Sequence[Outcome]) -> Outcome:
    """The outcome of several queries together.

    The first ending that lost something counts, else the first at our own limit. Queries that
    were cancelled together may have ended differently: all that is told.
    """
    rows, seconds = sum(part.rows for part in parts), sum(part.seconds for part in parts)
    early = [part for part in parts if part.ending is not Ending.COMPLETE]
    early.sort(key=lambda part: part.complete)
    worst = next(iter(early), Outcome(Ending.COMPLETE, rows, seconds))
    notes = summed(note for part in parts for note in part.notes)
    whole = replace(worst, rows=rows, seconds=seconds, notes=notes)
    return replace(
        whole,
        limit=worst.limit or worst.rows,
        detail=_detail(worst, early),
        doubtful=any(part.doubtful for part in parts),
    )


def as_cancelled(whole: Outcome) -> Outcome:
    """The outcome of several queries together that were left before all of them were asked.

    There is no final status of such an answer, whatever that of the query that was under way.
    """
    return replace(whole, ending=Ending.CANCELLED, status=None)


def _detail(worst: Outcome, early: Sequence[Outcome]) -> str:
    if worst.ending is not Ending.CANCELLED:
        return worst.detail
    cancelled = [part.detail for part in early if part.ending is worst.ending]
    return "; ".join(dict.fromkeys(filter(None, cancelled)))


@runtime_checkable
class Advancing(Protocol):
    """An answer made from several, which can tell how far it is."""

    @property
    def headway(self) -> str:
        """How far it is, for people; empty when there is nothing to tell."""
        ...


class Answer(Protocol):
    """An answer that is still arriving: batches of rows, then an outcome."""

    def __aiter__(self) -> AsyncIterator[list[Row]]:
        """Batches, each at least one row, in the order received."""
        ...

    @property
    def outcome(self) -> Outcome:
        """How it ended; only after the iteration has."""
        ...

    async def aclose(self) -> None:
        """Leave early: cancel the operation if it still runs; the outcome is then known."""
        ...


MOST_GATHERED = 500_000
"""Rows of one query that are gathered before any is shown."""

_MOST_BYTES = 1 << 28
_NARROW = "they are gathered in memory before they are shown: 'find' shows them as they come"


async def all_rows(answer: Answer) -> list[Row]:
    """Every row of an answer; one that is given up on the way is left, so that the peer stops.

    Raises:
        DicomshError: there are more than memory should hold.
    """
    rows: list[Row] = []
    size = 0
    try:
        async for batch in answer:
            rows += batch
            size += weight(batch)
            if len(rows) > MOST_GATHERED or size > _MOST_BYTES:
                raise DicomshError(f"more than {len(rows) - 1:,} rows for one query", hint=_NARROW)
        return rows
    finally:
        await answer.aclose()

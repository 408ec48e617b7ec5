"""An answer: rows as they arrive, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import Enum
from typing import Any, Protocol, runtime_checkable

from dicomsh.errors import DicomshError, ExitStatus
from dicomsh.frozen import frozen, replace
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.levels import Level
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
    CAPPED = "the server's known limit was reached, though it reports success"
    FAILED = "no answer"

    @property
    def by_the_peer(self) -> bool:
        """Whether the peer ended the answer itself, so that it can take the next query."""
        return self in (Ending.COMPLETE, Ending.CUT_OFF, Ending.CAPPED)


@frozen
class Outcome:
    """What is known of an answer once it has ended.

    Args:
        ending: how it ended.
        rows: how many rows were returned.
        seconds: from sending the query to its end.
        status: the final DIMSE status, or None when none was received.
        comment: Error Comment (0000,0902) from the peer, or None.
        detail: how an early end went, in words (`C-CANCEL, 12 more rows received`), or empty.
        notes: further statements about the answer.
        limit: the limit of each query, if several together ended at it.
        received: rows that reached the stages, which passed on `rows` of them; None without stages.
        stopped_by: what stopped the query early: the stage, as typed, that had all it needed; or
            the limit of one answer. Empty for --limit.
        remedy: what to do about an answer that was cut off; empty for the general advice.
        unasked: keywords of columns that could not be requested from the peer.
        doubtful: whether some rows do not match the query, or we cannot tell whether they do; a
            note says why.
        different: whether a comparison found differences.
        unsupported: whether the peer said that it does not support some of the optional keys
            (status 0xFF01, PS3.4 C.4.1.1.4).
        expected: how many objects a retrieval had to bring, of which `rows` are there; None for
            anything but a retrieval.
        size: their size in bytes.
        failure: the exit status of the failure for an answer that FAILED, or that of several of
            which one did; else DONE.
        archives: how the answer of each archive ended, if several were asked.
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
    different: bool = False
    unsupported: bool = False
    expected: int | None = None
    size: int = 0
    failure: ExitStatus = ExitStatus.DONE
    archives: tuple[ArchiveOutcome, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the rows are exactly those that match the query."""
        return self.complete and not self.doubtful

    @property
    def complete(self) -> bool:
        """Whether all of the peer's matches are there, or the user's own limit ended the answer."""
        return self.ending in (Ending.COMPLETE, Ending.LIMIT)


@frozen
class ArchiveOutcome:
    """How the answer of one of several archives ended.

    Args:
        name: the modality name.
        outcome: how it ended.
        level: the level of the rows that it counts; None for records.
        asked: what it was asked, or None if that was not a single query.
        unit: singular and plural of its rows if there is no level.
    """

    name: str
    outcome: Outcome
    level: Level | None
    asked: AskedQuery | None = None
    unit: tuple[str, str] = ("row", "rows")


def failure_of(error: DicomshError, rows: int, seconds: float) -> Outcome:
    """The outcome of an archive that failed, after so many rows."""
    detail, remedy = error.message, error.hint or ""
    return Outcome(Ending.FAILED, rows, seconds, detail=detail, remedy=remedy, failure=error.status)


def of_archives(archives: Sequence[ArchiveOutcome]) -> Outcome:
    """The outcome of several archives that were asked the same; what is to be said is in each."""
    parts = [archive.outcome for archive in archives]
    whole = combined(parts)
    lost = [part for part in parts if not part.complete]
    cancelled = [part for part in lost if part.ending is Ending.CANCELLED]
    ending = Ending.PARTIAL if lost else whole.ending
    statuses = [part.status for part in cancelled]
    limits = [part.limit or part.rows for part in parts if part.ending is Ending.LIMIT]
    return Outcome(
        Ending.CANCELLED if cancelled else ending,
        whole.rows,
        whole.seconds,
        status=None if None in statuses else next(iter(statuses), None),
        limit=limits[0] if limits else None,
        doubtful=whole.doubtful,
        unsupported=whole.unsupported,
        failure=whole.failure,
        archives=tuple(archives),
    )


def _by_archive(parts: Sequence[Outcome]) -> tuple[ArchiveOutcome, ...]:
    """The outcomes of each archive over several queries together."""
    found: dict[tuple[str, Level | None], list[ArchiveOutcome]] = {}
    for archive in (archive for part in parts for archive in part.archives):
        found.setdefault((archive.name, archive.level), []).append(archive)
    return tuple(_together(several) for several in found.values())


def _together(several: Sequence[ArchiveOutcome]) -> ArchiveOutcome:
    first, *others = several
    whole = combined([one.outcome for one in several])
    return replace(first, outcome=whole, asked=None if others else first.asked)


def combined(parts: Sequence[Outcome]) -> Outcome:
    """The outcome of several queries together.

    The first ending that lost something counts, else the first at our own limit. Queries that
    were cancelled together may have ended differently: the details of all of them are kept.
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
        different=any(part.different for part in parts),
        unsupported=any(part.unsupported for part in parts),
        failure=next((part.failure for part in parts if part.failure), ExitStatus.DONE),
        archives=_by_archive(parts),
    )


def as_cancelled(whole: Outcome) -> Outcome:
    """The outcome of several queries together, stopped before all of them were sent.

    Such an answer has no final status, whatever that of the query under way.
    """
    return replace(whole, ending=Ending.CANCELLED, status=None)


def _detail(worst: Outcome, early: Sequence[Outcome]) -> str:
    if worst.ending is not Ending.CANCELLED:
        return worst.detail
    cancelled = [part.detail for part in early if part.ending is worst.ending]
    return "; ".join(dict.fromkeys(filter(None, cancelled)))


@runtime_checkable
class Advancing(Protocol):
    """An answer made from several, which can report its progress."""

    @property
    def headway(self) -> str:
        """Progress, for display; empty if there is nothing to report."""
        ...


class Answer(Protocol):
    """An answer that is still arriving: batches of rows, then an outcome."""

    def __aiter__(self) -> AsyncIterator[list[Row]]:
        """Batches of at least one row each, in the order received."""
        ...

    @property
    def outcome(self) -> Outcome:
        """How it ended; only known after the iteration."""
        ...

    async def aclose(self) -> None:
        """Leave early: cancel the operation if it is still running; the outcome is then known."""
        ...


MOST_GATHERED = 500_000
"""Rows of one query that are collected before any is shown."""

_MOST_BYTES = 72 << 20
_ROW_BYTES = 160
"""Bytes that a row takes beside its identifier: objects, and its place in lists."""
_FEW_BYTES = 1 << 22
"""Bytes up to which rows keep their indexes, roughly."""
_NARROW = "they are collected in memory before they are shown: 'find' shows rows as they arrive"


class Gathered:
    """Rows that are collected before any is shown, up to what memory should hold.

    The first keep their indexes; of what comes after many, only the bytes are kept.

    Attributes:
        rows: the rows, or records.
        beside: bytes that are kept for them elsewhere; who keeps them counts them here.
    """

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.beside = 0
        self._bytes = 0
        self._weight = 0

    def add(self, batch: list[Any]) -> None:
        """Keep the rows of a batch.

        Raises:
            DicomshError: there are more rows than memory should hold.
        """
        answers = _answers(batch)
        if self._weight > _FEW_BYTES and answers:
            batch = answers = [row.compact() for row in answers]
        self.rows += batch
        self._weight += weight(answers)
        self._bytes += _size(answers)
        if len(self.rows) > MOST_GATHERED or self._bytes + self.beside > _MOST_BYTES:
            raise DicomshError(f"more than {len(self.rows) - 1:,} rows for one query", hint=_NARROW)

    def keep_last(self, number: int) -> None:
        """Drop all rows but the last ones."""
        dropped = _answers(self.rows[:-number])
        self._weight -= weight(dropped)
        self._bytes -= _size(dropped)
        del self.rows[:-number]


def _size(rows: Sequence[Row]) -> int:
    return sum([len(row.data) for row in rows]) + _ROW_BYTES * len(rows)


def _answers(rows: list[Any]) -> list[Row]:
    return [row for row in rows if isinstance(row, Row)]


async def all_rows(answer: Answer) -> list[Row]:
    """Every row of an answer; if it is abandoned on the way, the peer is told to stop.

    Raises:
        DicomshError: there are more rows than memory should hold.
    """
    gathered = Gathered()
    try:
        async for batch in answer:
            gathered.add(batch)
        return gathered.rows
    finally:
        await answer.aclose()

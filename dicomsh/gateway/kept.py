"""Queries that were asked, with their answers, for as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from uuid import uuid4

from dicomsh.errors import DicomshError
from dicomsh.frozen import frozen, replace
from dicomsh.gateway.keys import Tags
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind
from dicomsh.model.plan import Request
from dicomsh.model.row import Row, weight

MOST_QUERIES = 100
"""As Orthanc's `QueryRetrieveSize`."""

MOST_BYTES = 32 << 20
"""Bytes of rows that are kept, of all queries together, and that one answer may have."""

MOST_ROWS = 100_000
"""Rows that one answer may have."""


@frozen
class KeptQuery:
    """A query and its whole answer.

    Args:
        modality: the archive, as it was asked.
        request: what was asked.
        tags: the keys as given.
        rows: the answer.
        outcome: how it ended.
        size: bytes in memory, roughly.
    """

    modality: Modality
    request: Request
    tags: Tags
    rows: Sequence[Row]
    outcome: Outcome
    size: int


_OF_ROW = 200
"""Bytes of a row besides its data."""

_FEW = 4 << 20
"""Bytes of rows that keep their indexes, which take as much again several times."""


class KeptQueries:
    """The last queries; the one that was not used for the longest time is forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, KeptQuery] = OrderedDict()
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._kept))

    def add(self, query: KeptQuery) -> str:
        """Keep a query; gives its ID."""
        name = str(uuid4())
        self._kept[name] = query
        self._size += query.size
        while len(self._kept) > MOST_QUERIES or (self._size > MOST_BYTES and len(self._kept) > 1):
            _, old = self._kept.popitem(last=False)
            self._size -= old.size
        return name

    def get(self, name: str) -> KeptQuery | None:
        """The query of an ID."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)

    def remove(self, name: str) -> None:
        """Forget a query, if it is there."""
        old = self._kept.pop(name, None)
        self._size -= old.size if old else 0

    def earlier(self, modality: str) -> Iterable[tuple[Request, Outcome]]:
        """Earlier requests to a modality, and how their answers ended."""
        found = [one for one in self._kept.values() if one.modality.name == modality]
        return ((one.request, one.outcome) for one in found)


@frozen
class Answered:
    """The whole answer to a request: its rows, how it ended, and its size in bytes, roughly."""

    rows: list[Row]
    outcome: Outcome
    size: int


async def gathered(answer: Answer) -> Answered:
    """The rows of an answer, up to what memory should hold; of many, without their indexes.

    Raises:
        DicomshError: the query failed before the first row.
    """
    rows: list[Row] = []
    size = 0
    try:
        async for batch in answer:
            kept = batch if size < _FEW else [row.compact() for row in batch]
            size += _OF_ROW * len(kept) + weight(kept)
            rows += kept
            if size > MOST_BYTES or len(rows) > MOST_ROWS:
                await answer.aclose()
                return Answered(rows, _without_commands(stopped(answer.outcome, len(rows))), size)
    except DicomshError:
        raise
    except BaseException:
        await answer.aclose()
        raise
    return Answered(rows, _without_commands(answer.outcome), size)


def stopped(outcome: Outcome, rows: int) -> Outcome:
    """How an answer ended that was stopped as it became too large."""
    return replace(outcome, ending=Ending.LIMIT, rows=rows, stopped_by="the limit of one answer")


_TOO_BROAD = (Ending.CUT_OFF, Ending.CAPPED, Ending.TIMED_OUT)


def _without_commands(outcome: Outcome) -> Outcome:
    """The same without advice to type a command, which no request can."""
    notes = tuple(one for one in outcome.notes if one.kind is not NoteKind.LIMIT_CAN_BE_LIFTED)
    remedy = "narrow the query" if outcome.ending in _TOO_BROAD else outcome.remedy
    return replace(outcome, notes=notes, remedy=remedy)

"""Why an answer has so few rows: its keys are left out in turn, in bounded queries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from enum import Enum

from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.asked_query import AskedQuery, QueryOptions
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.row_matching import noticing, testable
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext

POOL = 500
"""Rows of one query that are looked at."""


class Kind(Enum):
    """What was found out."""

    KEY_IGNORED = "rows of the answer do not match this key"
    WITHOUT_KEY = "without this key, more rows match"
    WITHOUT_PLACE = "outside the current place, more rows match"
    KEY_MATCHES_NONE = "no row has this value, whatever the other keys"
    ALL_TOGETHER = "each key matches rows, all of them together none"
    NOTHING_THERE = "there are no rows at all"


@frozen
class Finding:
    """What leaving something out has shown.

    Args:
        kind: what it is about.
        rows: the rows that came without it, up to `POOL`.
        more: whether there may be more of them.
        key: the key, if it is about one.
        request: the request without it.
        unfound: how many of the rows match the key, as far as we can tell: the server should have
            found them.
    """

    kind: Kind
    rows: tuple[Row, ...]
    more: bool
    request: Request
    key: QueryKey | None = None
    unfound: int = 0


class Search:
    """Leaves out the keys of a query one by one; queries are sent on iteration.

    Args:
        context: where to ask from.
        asked: the query.
        had: how many rows its answer had.
        rows: those rows, or the first of them.

    Attributes:
        outcomes: how each query ended.
    """

    def __init__(
        self, context: QueryContext, asked: AskedQuery, had: int, rows: Sequence[Row]
    ) -> None:
        self.outcomes: list[Outcome] = []
        self._context = context
        self._asked = asked
        self._had = had
        self._rows = rows

    async def findings(self) -> AsyncIterator[Finding]:
        """What was found out, one by one.

        Raises:
            DicomshError: a query failed.
        """
        found = False
        for ignored in self._ignored():
            yield ignored
        for left_out in self._left_out():
            rows, more = await self._pool(left_out.request)
            if len(rows) > self._had:
                found = True
                unfound = _matching(rows, left_out.key) if not self._had else 0
                yield replace(left_out, rows=rows, more=more, unfound=unfound)
        if not found and not self._had:
            async for finding in self._whole():
                yield finding

    def _ignored(self) -> Iterator[Finding]:
        """The keys that rows of the answer contradict."""
        request = self._asked.request
        for key in request.keys:
            if is_matched(key) and testable(key):
                fits = noticing(key)
                wrong = tuple(row for row in self._rows if fits(row) is False)
                if wrong:
                    yield Finding(Kind.KEY_IGNORED, wrong, False, request, key)

    def _left_out(self) -> list[Finding]:
        request = self._asked.request
        keys = [key for key in request.keys if is_matched(key)]
        made = [
            Finding(Kind.WITHOUT_KEY, (), False, without(request, (key,)), key)
            for key in sorted(keys, key=_order)
        ]
        if request.place.steps:
            outside = replace(request, place=Place())
            made.append(Finding(Kind.WITHOUT_PLACE, (), False, outside))
        # without its only key, an empty answer is asked for as a whole anyway
        return made if len(made) > 1 or self._had else []

    async def _whole(self) -> AsyncIterator[Finding]:
        """What is there without any key, and which of them match something."""
        request = self._asked.request
        keys = [key for key in request.keys if is_matched(key)]
        bare = replace(without(request, keys), place=Place())
        rows, more = await self._pool(bare)
        if not rows:
            yield Finding(Kind.NOTHING_THERE, (), more, bare)
            return
        barren = [key for key in keys if testable(key) and not _matching(rows, key)]
        for key in barren:
            others = without(request, (key,))
            yield Finding(Kind.KEY_MATCHES_NONE, rows, more, others, key)
        if not barren:
            unfound = sum(all(_fits(row, key) for key in keys) for row in rows)
            yield Finding(Kind.ALL_TOGETHER, rows, more, bare, unfound=unfound)

    async def _pool(self, request: Request) -> tuple[tuple[Row, ...], bool]:
        model = self._asked.options.model
        options = QueryOptions(limit=POOL, model=model, extended=self._asked.options.extended)
        listing = await ask(self._context, self._asked.modality, request, options)
        rows = await all_rows(listing.answer)
        self.outcomes.append(listing.answer.outcome)
        return tuple(rows), listing.answer.outcome.ending is not Ending.COMPLETE


def is_matched(key: QueryKey) -> bool:
    """Whether a key narrows the answer."""
    return bool(key.value) and key.origin is not KeyOrigin.WINDOW


def without(request: Request, left_out: Sequence[QueryKey]) -> Request:
    """The request that only asks for the attributes of some keys, and does not match on them."""
    keys = tuple(_unmatched(key) if key in left_out else key for key in request.keys)
    return replace(request, keys=keys)


def _unmatched(key: QueryKey) -> QueryKey:
    return QueryKey(key.path, "", Matching.UNIVERSAL, KeyOrigin.RETURN)


_FIRST = (
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "Modality",
)
"""The keys that empty a worklist most often; the others follow as typed."""


def _order(key: QueryKey) -> int:
    word = key.attribute.keyword
    return _FIRST.index(word) if word in _FIRST else len(_FIRST)


def _matching(rows: Sequence[Row], key: QueryKey | None) -> int:
    return 0 if key is None else sum(_fits(row, key) for row in rows)


def _fits(row: Row, key: QueryKey) -> bool:
    return testable(key) and bool(noticing(key)(row))

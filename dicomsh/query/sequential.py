"""Several queries as one answer, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from dicomsh.model.answer import Answer, Outcome, as_cancelled, combined
from dicomsh.model.dedup import Fresh
from dicomsh.model.derived_answer import DerivedAnswer
from dicomsh.model.levels import Level
from dicomsh.model.row import Row

Send = Callable[[int | None], Awaitable[Answer]]
"""Sends a query with a maximum number of rows, or None."""


class Sequential(DerivedAnswer):
    """The rows of several queries, each entity once.

    Args:
        level: the level of the queries.
        queries: sends each of them.
        limit: maximum number of rows in all, or None.
    """

    def __init__(self, level: Level, queries: Sequence[Send], limit: int | None) -> None:
        super().__init__(limit)
        self._queries = queries
        self._fresh = Fresh(level)
        self._current: Answer | None = None
        self._endings: list[Outcome] = []

    async def _batches(self) -> AsyncIterator[list[Row]]:
        for send in self._queries:
            self._fresh.next_query()
            self._current = await send(self.limit)  # rows that an earlier query had do not count
            async for batch in self._current:
                yield self._fresh.of(batch)
            self._endings.append(self._current.outcome)
            if not self._endings[-1].ending.by_the_peer:
                break

    def _ended(self) -> Outcome:
        """The ending of the first query that is not complete."""
        whole = combined(self._endings)
        return whole if self.finished else as_cancelled(whole)

    async def aclose(self) -> None:
        """Leave early."""
        if self._current is not None:
            await self._current.aclose()

"""Several queries as one answer, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from dicomsh.model.answer import Answer, Ending, Outcome, as_cancelled, combined
from dicomsh.model.row import Row

Send = Callable[[int | None], Awaitable[Answer]]
"""Sends a query with a limit of rows, or None."""


class Sequential:
    """The rows of several queries that have none in common.

    Args:
        queries: sends each of them.
        limit: largest number of rows of all together, or None.
        note: what the result line says of it.
    """

    def __init__(self, queries: Sequence[Send], limit: int | None, note: str) -> None:
        self._queries = queries
        self._limit = limit
        self._note = note
        self._rows = 0
        self._current: Answer | None = None
        self._endings: list[Outcome] = []
        self._finished = False

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        for send in self._queries:
            self._current = await send(None if self._limit is None else self._limit - self._rows)
            async for batch in self._current:
                self._rows += len(batch)
                yield batch
            self._endings.append(self._current.outcome)
            if self._endings[-1].ending not in (Ending.COMPLETE, Ending.CUT_OFF):
                break
        self._finished = True

    @property
    def outcome(self) -> Outcome:
        """The ending of the first query that is not complete, for all rows."""
        whole = combined(self._endings)
        whole = whole if self._finished else as_cancelled(whole)
        return replace(whole, rows=self._rows, notes=(*whole.notes, self._note))

    async def aclose(self) -> None:
        """Leave early."""
        if self._current is not None:
            await self._current.aclose()

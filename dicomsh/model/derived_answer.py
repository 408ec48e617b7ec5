"""Answers made from other answers: through steps, or from several together.

Rows are counted, and limits applied, here and nowhere else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any

from dicomsh.errors import DicomshError
from dicomsh.frozen import replace
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.batches import in_turns
from dicomsh.model.notes import Note
from dicomsh.model.row import Row


class DerivedAnswer(ABC):
    """An answer whose rows come from elsewhere.

    Args:
        limit: maximum number of rows to return, or None. One row more ends the answer: one with
            exactly that many is complete.

    Attributes:
        rows: rows returned so far.
        finished: whether all rows have been returned.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.rows = 0
        self.finished = False
        self._stopped = False

    @abstractmethod
    def _batches(self) -> AsyncIterator[list[Any]]:
        """The rows; empty batches, and rows beyond the limit, are dropped later."""

    @abstractmethod
    def _ended(self) -> Outcome:
        """How the answers it is made from ended; its rows are ignored."""

    @abstractmethod
    async def aclose(self) -> None:
        """Leave early."""

    async def __aiter__(self) -> AsyncIterator[list[Any]]:
        async for batch in self._batches():
            taken = self._within_limit(batch)
            self.rows += len(taken)
            if taken:
                yield taken
            if self._stopped:
                await self.aclose()
                return
        self.finished = True

    def _within_limit(self, batch: list[Any]) -> list[Any]:
        room = len(batch) if self.limit is None else self.limit - self.rows
        self._stopped = len(batch) > room
        return batch[:room]

    @property
    def room(self) -> int | None:
        """How many more rows may come; None for any number."""
        return None if self.limit is None else self.limit - self.rows

    @property
    def outcome(self) -> Outcome:
        """How it ended, counting the rows that were returned."""
        outcome = self._ended()
        ending = Ending.LIMIT if self._stopped else outcome.ending
        limit = (ending is Ending.LIMIT and self.limit) or outcome.limit
        # an account says how many objects are there, whichever of its rows are shown
        rows = self.rows if outcome.expected is None else outcome.rows
        return replace(outcome, ending=ending, rows=rows, limit=limit)


class AnswerStep:
    """What is done with the rows of an answer as they pass, and what is then said about it.

    The base class does nothing; a subclass changes one or both.
    """

    def passed(self, batch: list[Row]) -> list[Row]:
        """The rows of a batch that are passed on."""
        return batch

    def failed(self, error: DicomshError) -> None:
        """Add to the error of an answer that failed before its first row."""

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, which counts the rows that came out of all steps, with this step's notes."""
        return outcome


class Processed(DerivedAnswer):
    """An answer whose rows go through steps, in order.

    Args:
        source: the answer.
        steps: what is done with its rows and its outcome.
        limit: maximum number of rows that come out, or None.
    """

    def __init__(
        self, source: Answer, steps: Sequence[AnswerStep], limit: int | None = None
    ) -> None:
        super().__init__(limit)
        self._source = source
        self._steps = steps

    async def _batches(self) -> AsyncIterator[list[Row]]:
        try:
            async for batch in self._source:
                for step in self._steps:
                    batch = step.passed(batch)  # noqa: PLW2901
                yield batch
        except DicomshError as error:
            for step in self._steps:
                step.failed(error)
            raise

    def _ended(self) -> Outcome:
        outcome = replace(self._source.outcome, rows=self.rows)
        for step in self._steps:
            outcome = step.concluded(outcome)
        return outcome

    async def aclose(self) -> None:
        """Leave the source."""
        await self._source.aclose()


class KnownAnswer:
    """Rows that are already here, as an answer.

    Args:
        rows: all of them.
        outcome: how they ended.
    """

    def __init__(self, rows: list[Any], outcome: Outcome) -> None:
        self._rows = rows
        self.outcome = outcome

    async def __aiter__(self) -> AsyncIterator[list[Any]]:
        if self._rows:
            yield self._rows

    async def aclose(self) -> None:
        """Nothing is running."""


class KeptRows(KnownAnswer):
    """Rows that stay in memory: what becomes known of one is forgotten once it has been shown."""

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        async for batch in in_turns(self._rows):
            if batch:
                yield [row.compact() for row in batch]


def noted(outcome: Outcome, *notes: Note) -> Outcome:
    """The outcome with further notes, after those it has."""
    return replace(outcome, notes=(*outcome.notes, *notes))

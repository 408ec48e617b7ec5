"""Answers made of other answers: what goes through steps, and what several give together.

Rows are counted, and limits applied, here and nowhere else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any

from dicomsh.frozen import replace
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.notes import Note
from dicomsh.model.row import Row


class DerivedAnswer(ABC):
    """An answer whose rows come from elsewhere.

    Args:
        limit: the largest number of rows to hand out, or None. A further row ends the answer: one
            that has just as many is complete.

    Attributes:
        rows: rows handed out so far.
        finished: whether all there was has been handed out.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.rows = 0
        self.finished = False
        self._stopped = False

    @abstractmethod
    def _batches(self) -> AsyncIterator[list[Any]]:
        """The rows; empty batches are left out, and what is beyond the limit."""

    @abstractmethod
    def _ended(self) -> Outcome:
        """How that which it is made of ended; rows and limit are not looked at."""

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
        return batch[:room] if self._stopped else batch

    @property
    def room(self) -> int | None:
        """How many rows may still come; None for any number."""
        return None if self.limit is None else self.limit - self.rows

    @property
    def outcome(self) -> Outcome:
        """How it ended, counted in the rows that were handed out."""
        outcome = self._ended()
        ending = Ending.LIMIT if self._stopped else outcome.ending
        return replace(outcome, ending=ending, rows=self.rows)


class AnswerStep:
    """What is done with the rows of an answer on their way, and what is then said of it.

    By itself it does nothing; a subclass changes one or both.
    """

    def passed(self, batch: list[Row]) -> list[Row]:
        """The rows of a batch that go on."""
        return batch

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with what this step has to say."""
        return outcome


class Processed(DerivedAnswer):
    """An answer whose rows go through steps, in order.

    Args:
        source: the answer.
        steps: what is done with its rows and its outcome.
        limit: the largest number of rows that come out, or None.
    """

    def __init__(
        self, source: Answer, steps: Sequence[AnswerStep], limit: int | None = None
    ) -> None:
        super().__init__(limit)
        self._source = source
        self._steps = steps

    async def _batches(self) -> AsyncIterator[list[Row]]:
        async for batch in self._source:
            for step in self._steps:
                batch = step.passed(batch)  # noqa: PLW2901
            yield batch

    def _ended(self) -> Outcome:
        outcome = self._source.outcome
        for step in self._steps:
            outcome = step.concluded(outcome)
        return outcome

    async def aclose(self) -> None:
        """Leave the source."""
        await self._source.aclose()


class KnownAnswer:
    """Rows that are here already, as an answer.

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
        """Nothing runs."""


def noted(outcome: Outcome, *notes: Note) -> Outcome:
    """The outcome with further notes, behind those that it has."""
    return replace(outcome, notes=(*outcome.notes, *notes))

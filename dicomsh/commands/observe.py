"""Answers that are looked at on their way: filters of our own, and what contradicts the query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from dicomsh.commands.context import Scu
from dicomsh.model.adapt import Adapted, Filter, adapt
from dicomsh.model.answer import Row
from dicomsh.model.conform import test_of
from dicomsh.model.legible import Legibility
from dicomsh.model.levels import Model
from dicomsh.model.listing import Answer, Ending, Outcome
from dicomsh.model.peer import Modality
from dicomsh.model.plan import Request, build


async def send(
    client: Scu, modality: Modality, request: Request, model: Model, limit: int | None
) -> Answer:
    """Send a request in an information model, as this peer can take it.

    Args:
        client: connected.
        modality: the peer, with what is known of it.
        request: what is asked.
        model: an information model that the peer accepted.
        limit: largest number of rows, or None.

    Raises:
        DicomshError: no association, or a key that cannot be sent.
    """
    adapted = adapt(request, modality, client.extended(model))
    query = build(adapted.request, model, modality.charset, modality.universal)
    answer: Answer = await client.find(query, limit=None if adapted.filters else limit)
    if adapted.filters:
        answer = Reapplied(answer, adapted.filters, limit)
    return Observed(answer, adapted, modality)


class Reapplied:
    """The rows that pass filters which the peer does not apply; says how many were kept.

    A row that lacks the attribute passes, and is counted.
    """

    def __init__(self, answer: Answer, filters: Sequence[Filter], limit: int | None) -> None:
        self._answer = answer
        self._filters = filters
        self._limit = limit
        self._seen = 0
        self._kept = 0
        self._untold = 0
        self._stopped = False

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        async for batch in self._answer:
            self._seen += len(batch)
            kept = self._within_limit([row for row in batch if self._passes(row)])
            self._kept += len(kept)
            if kept:
                yield kept
            if self._stopped:
                await self._answer.aclose()
                return

    def _passes(self, row: Row) -> bool:
        results = [filter_.test(row) for filter_ in self._filters]
        passes = False not in results
        self._untold += passes and None in results
        return passes

    def _within_limit(self, rows: list[Row]) -> list[Row]:
        room = len(rows) if self._limit is None else self._limit - self._kept
        self._stopped = len(rows) > room
        return rows[:room]

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, counted in rows that were kept."""
        outcome = self._answer.outcome
        notes = [filter_.words for filter_ in self._filters]
        notes[-1] += f"; {self._kept:,} of {self._seen:,} kept"
        if self._untold:
            notes.append(f"{self._untold:,} of them do not have the attribute")
        ending = Ending.LIMIT if self._stopped else outcome.ending
        return replace(outcome, ending=ending, rows=self._kept, notes=(*outcome.notes, *notes))

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()


class Observed:
    """An answer as it is; its outcome tells what in the rows contradicts the query.

    Args:
        answer: the answer.
        adapted: what was asked.
        modality: whom.
    """

    def __init__(self, answer: Answer, adapted: Adapted, modality: Modality) -> None:
        self._answer = answer
        self._notes = adapted.notes
        self._modality = modality
        self._watched = [(key, test_of(key)) for key in adapted.watched]
        self._wrong = [0] * len(self._watched)
        self._legibility = Legibility(modality.fallback_charset)
        self._rows = 0

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        async for batch in self._answer:
            self._rows += len(batch)
            self._legibility.look(batch)
            for number, (_, test) in enumerate(self._watched):
                self._wrong[number] += sum(test(row) is False for row in batch)
            yield batch

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with what was noticed."""
        outcome = self._answer.outcome
        noticed = (*self._contradictions(), *self._notes, *self._legibility.notes)
        return replace(outcome, notes=(*outcome.notes, *noticed))

    def _contradictions(self) -> list[str]:
        counted = zip(self._watched, self._wrong, strict=True)
        return [
            f"{wrong:,} of {self._rows:,} rows do not match {key.keyword}={key.value}: the server"
            f" seems to ignore it; 'probe {self._modality.name}' finds out"
            for (key, _), wrong in counted
            if wrong
        ]

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()

"""Answers that are looked at on their way: filters of our own, and what contradicts the query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from dicomsh.archives.archive import Archive
from dicomsh.model.adapt import Adapted, Filter, adapt
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.capability import Support
from dicomsh.model.charset_check import CharsetCheck
from dicomsh.model.levels import Model
from dicomsh.model.lists import in_parts
from dicomsh.model.modality import Modality
from dicomsh.model.plan import Request, build
from dicomsh.model.query import Query, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.row_checks import RowChecks
from dicomsh.model.row_matching import test_of
from dicomsh.query.sequential import Send, Sequential


async def send(
    archive: Archive, modality: Modality, request: Request, model: Model, limit: int | None
) -> Answer:
    """Send a request in an information model, as this peer can take it.

    Args:
        archive: connected.
        modality: the peer, with what is known of it.
        request: what is asked.
        model: an information model that the peer accepted.
        limit: largest number of rows, or None.

    Raises:
        DicomshError: no association, or a key that cannot be sent.
    """
    adapted = adapt(request, modality, archive.abilities.agreed(model))
    sends = [
        _sender(archive, build(part, model, modality.charset, modality.universal))
        for part in in_parts(adapted.request)
    ]
    bound = None if adapted.filters else limit
    if len(sends) == 1:
        answer = await sends[0](bound)
    else:
        answer = Sequential(
            sends, bound, f"asked in {len(sends)} queries: one cannot hold all UIDs"
        )
    if adapted.filters:
        answer = LocallyFiltered(answer, adapted.filters, limit)
    return Checked(answer, adapted, modality)


def _sender(archive: Archive, query: Query) -> Send:
    async def find(limit: int | None) -> Answer:
        return await archive.find(query, limit=limit)

    return find


class LocallyFiltered:
    """The rows that pass filters which the peer does not apply; says how many were kept.

    A row that lacks the attribute passes, and is counted: the answer is doubtful then.
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
        notes = [*outcome.notes, *notes]
        doubtful = self._untold > 0
        return replace(
            outcome, ending=ending, rows=self._kept, notes=tuple(notes), doubtful=doubtful
        )

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()


class Checked:
    """An answer as it is; its outcome tells what in the rows contradicts the query.

    Where something does, or nothing shows that a key was matched, the answer is doubtful.

    Args:
        answer: the answer.
        adapted: what was asked.
        modality: whom.
    """

    def __init__(self, answer: Answer, adapted: Adapted, modality: Modality) -> None:
        self._answer = answer
        self._notes = adapted.notes
        self._empty = adapted.empty
        self._modality = modality
        self._watches = [_Watch(key) for key in adapted.watched]
        asked = "".join(key.value for key in adapted.request.keys)
        self._legibility = CharsetCheck(modality.fallback_charset, asked)
        self._oddities = RowChecks(adapted.request.level)

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        async for batch in self._answer:
            self._legibility.look(batch)
            self._oddities.look(batch)
            for watch in self._watches:
                watch.look(batch)
            yield batch

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with what was noticed."""
        outcome = self._answer.outcome
        empty = () if outcome.rows else self._empty
        garbled = bool(self._legibility.lossy)
        watches = (watch for watch in self._watches if watch.ascii or not garbled)
        seen = [said for watch in watches for said in watch.said(self._modality)]
        doubtful = outcome.doubtful or bool(seen)
        noticed = (*empty, *seen, *self._oddities.notes, *self._notes, *self._legibility.notes)
        return replace(outcome, notes=(*outcome.notes, *noticed), doubtful=doubtful)

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()


_REMEMBERED = 4096
"""Values that were found to match and need not be looked into again: many rows share theirs."""


class _Watch:
    """Compares rows with one key that they should match."""

    def __init__(self, key: QueryKey) -> None:
        self.ascii = key.value.isascii()
        self._key = key
        self._test = test_of(key)
        self._right: set[bytes] = set()
        self._rows = 0
        self._wrong = 0
        self._empty = 0
        self._untold = 0

    def look(self, batch: Sequence[Row]) -> None:
        """Count the rows that do not match."""
        self._rows += len(batch)
        tag, right = self._key.attribute.tag, self._right
        for row in batch:
            if row.elements.get(tag) not in right:
                self._look_into(row)

    def _look_into(self, row: Row) -> None:
        result, tag = self._test(row), self._key.attribute.tag
        if result is None:
            self._untold += 1
        elif not result:
            empty = len(self._key.path) == 1 and not row.text(tag)
            self._empty += empty
            self._wrong += not empty
        elif len(self._key.path) == 1 and len(self._right) < _REMEMBERED:
            raw = row.elements[tag]
            self._right |= {raw} if raw.isascii() else set()

    def said(self, modality: Modality) -> Iterator[str]:
        """What contradicts the key, if anything does."""
        keyword, rows = self._key.keyword, self._rows
        asked = self._key.asked
        advice = f"'probe {modality.name}' finds out"
        known = modality.capabilities.support(keyword) is not Support.UNKNOWN
        without = self._empty + (self._untold if self._untold < rows else 0)
        if self._wrong:
            yield (
                f"{self._wrong:,} of {rows:,} rows do not match {asked}: the server seems to"
                f" ignore it; {advice}"
            )
        elif rows and self._untold == rows and not known:
            yield (
                f"{keyword} does not come back, so that nothing shows whether the server matched"
                f" {asked}; {advice}"
            )
        elif without:
            both = "; a range with both ends may leave them out" * self._key.value.startswith("-")
            told = f"{without:,} of {rows:,} rows have no {keyword}"
            yield f"{told}, although {asked} was asked{both}"

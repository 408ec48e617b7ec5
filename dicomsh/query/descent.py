"""Series and instances of servers that answer no relational query: asked study by study.

A query is hierarchical unless relational queries were agreed: it needs one value for the unique key
of each level above its own (PS3.4 C.4.1.2.1). Some servers refuse any other with 0xA900 (dcm4che,
PixelMed). What was asked is then listed level by level, each entity with a query of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from dicomsh.archives.archive import Archive
from dicomsh.errors import QueryFailedError
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Answer, Ending, Outcome, as_cancelled, combined
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.dedup import Dedup
from dicomsh.model.derived_answer import DerivedAnswer
from dicomsh.model.level_keys import level_of
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, place_of
from dicomsh.model.plan import Request
from dicomsh.model.query import Matching, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.status import IDENTIFIER_MISMATCH, MISSING_ATTRIBUTE, MISSING_ATTRIBUTE_VALUE
from dicomsh.query.context import QueryContext
from dicomsh.query.parallel import Parallel

_REFUSALS = (IDENTIFIER_MISMATCH, MISSING_ATTRIBUTE, MISSING_ATTRIBUTE_VALUE)


AnswerFrom = Callable[[Archive, Modality, Request, QueryOptions], Awaitable[Answer]]
"""Asks one archive."""


class OrDescended(DerivedAnswer):
    """The answer to a relational query; if the server refuses it, the answer level by level.

    Args:
        answer: the answer to the query.
        descent: what takes its place.
    """

    def __init__(self, answer: Answer, descent: Descent) -> None:
        super().__init__()
        self._answer = answer
        self._descent = descent

    async def _batches(self) -> AsyncIterator[list[Row]]:
        try:
            async for batch in self._answer:
                yield batch
            return
        except QueryFailedError as refused:
            if self.rows or refused.code not in _REFUSALS:
                raise
            if not self._descent.is_narrow:
                refused.hint = self._descent.advice
                raise
        self._answer = self._descent
        async for batch in self._descent:
            yield batch

    def _ended(self) -> Outcome:
        return self._answer.outcome

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()


class Descent(DerivedAnswer):
    """What is at a level, listed from the levels above it.

    Args:
        context: has the archives.
        modality: the peer.
        request: the request, with levels above it open.
        options: its options, settled.
        answer_from: asks one archive.
    """

    def __init__(
        self,
        context: QueryContext,
        modality: Modality,
        request: Request,
        options: QueryOptions,
        answer_from: AnswerFrom,
    ) -> None:
        super().__init__()
        self._context = context
        self._modality = modality
        self._request = request
        self._options = options
        self._answer_from = answer_from
        self._open = request.open_levels
        self._answers: list[Parallel] = []
        self._asked = 0
        self._nameless = 0

    @property
    def is_narrow(self) -> bool:
        """Whether the levels above are narrowed down, so that not the whole archive is listed."""
        above = (key for key in self._request.keys if key.value and self._is_above(key))
        return bool(self._request.place.steps) or any(above)

    @property
    def advice(self) -> str:
        """What to do if they are not."""
        plural, word = self._request.level.plural, self._open[0].word
        return (
            f"this server lists {plural} only {word} by {word}: cd to a patient, or add a key of"
            " studies, such as StudyDate=2024-03-05"
        )

    def _is_above(self, key: QueryKey) -> bool:
        level = level_of(key.keyword)
        return level is not None and level.value < self._request.level.value

    async def _batches(self) -> AsyncIterator[list[Row]]:
        places = [self._request.place]
        for level in self._open:
            answer = self._listing(level, places, None)
            rows = [row async for batch in answer for row in batch]
            found = [place_of(row, level, self._request.place) for row in rows]
            places = [place for place in found if place is not None]
            self._nameless += len(found) - len(places)
            if answer.outcome.ending not in (Ending.COMPLETE, Ending.CUT_OFF):
                return
        async for batch in self._listing(self._request.level, places, self._options.limit):
            yield batch

    def _listing(self, level: Level, places: Sequence[Place], limit: int | None) -> Parallel:
        keys = tuple(key for key in self._request.keys if self._belongs(key, level))
        parts = [_Part(replace(self._request, level=level, place=p, keys=keys)) for p in places]
        pool = self._context.archives.pool(self._modality)
        answer = Parallel(pool, self._ask, parts, Dedup(level, limit), limit=limit)
        self._answers.append(answer)
        return answer

    def _belongs(self, key: QueryKey, level: Level) -> bool:
        """Whether a key is asked at a level: at its own, or the first above it that is listed."""
        own = level_of(key.keyword) or self._request.level
        if key.keyword == own.unique_keyword and key.matching is Matching.SINGLE_VALUE:
            return own.value <= level.value
        lowest = self._request.level
        return level is next((one for one in self._open if own.value <= one.value), lowest)

    async def _ask(self, archive: Archive, request: Request, limit: int | None) -> Answer:
        self._asked += 1
        options = replace(self._options, limit=limit)
        return await self._answer_from(archive, self._modality, request, options)

    def _ended(self) -> Outcome:
        """The first ending that is not complete, and how it was asked."""
        whole = combined([answer.outcome for answer in self._answers])
        if not self.finished:
            whole = as_cancelled(whole)
        how = " and ".join(f"{level.word} by {level.word}" for level in self._open)
        notes = [note(NoteKind.DESCENDED, how, count=self._asked)]
        if self._nameless:
            notes.append(note(NoteKind.UNNAMED_ENTITIES, count=self._nameless))
            ending = Ending.PARTIAL if whole.ending is Ending.COMPLETE else whole.ending
            whole = replace(whole, ending=ending)
        unasked = (key.keyword for key in self._request.keys if self._is_above(key))
        whole = replace(whole, notes=(*notes, *whole.notes))
        return replace(whole, unasked=whole.unasked | frozenset(unasked))

    async def aclose(self) -> None:
        """Leave early."""
        for answer in self._answers[-1:]:
            await answer.aclose()


@frozen
class _Part:
    """What is below one entity."""

    request: Request
    optional: bool = False
    lone: bool = False

    @property
    def title(self) -> str:
        """The entity."""
        return self.request.place.path

    def divided(self, rows: list[Row]) -> list[_Part]:
        """It cannot be divided."""
        del rows
        return []

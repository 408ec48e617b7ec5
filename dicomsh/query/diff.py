"""What two archives hold, compared by unique key: level by level, and with counts.

Both are asked at the same time. Of an entity that both have, only the key is kept; what is below
the entities is asked and compared a few of them at a time.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from itertools import chain, islice

from dicomsh.errors import NoAssociationError, QueryFailedError, TimedOutError, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.frozen import replace
from dicomsh.model.answer import ArchiveOutcome, Ending, Outcome, as_cancelled, of_archives
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.batches import BATCH_ROWS
from dicomsh.model.comparison import Pair, Where, differing
from dicomsh.model.diff import (
    SIDES,
    Counts,
    Finding,
    Returned,
    Tally,
    Wanted,
    are_known,
    counts_in,
    is_whole,
    number_in,
    reason_unsure,
)
from dicomsh.model.level_keys import counters
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.pairing import Common, Pairing
from dicomsh.model.parts import with_time
from dicomsh.model.place import Place, place_of
from dicomsh.model.plan import Request
from dicomsh.model.results import Listing
from dicomsh.model.row import Row
from dicomsh.model.silent_truncation import cut_off
from dicomsh.model.windows import Period
from dicomsh.query.ahead import ahead
from dicomsh.query.context import Limits, QueryContext
from dicomsh.query.diff_archive import DiffArchive, UnsureError, both
from dicomsh.query.several import ask_several

_SILENCES = 8
"""Consecutive entities without an answer in time after which nothing more is asked."""


class Diff:
    """Two archives, compared.

    Args:
        context: where the command runs; its row limits do not apply.
        modalities: the two archives.
        wanted: what is compared.
        only: 0 or 1 to find only what that archive has alone; None for all differences.
    """

    def __init__(
        self,
        context: QueryContext,
        modalities: tuple[Modality, Modality],
        wanted: Wanted,
        only: int | None = None,
    ) -> None:
        # two answers that are cut at a limit of ours may hold different entities, in any order
        limits = Limits(seconds=context.limits.seconds, model=context.limits.model)
        self._context = replace(context, limits=limits)
        self._modalities = [replace(one, limit=None) for one in modalities]
        self._names = [one.name for one in modalities]
        self._wanted = wanted
        self._only = only
        self._archives = [DiffArchive(self._context, one) for one in self._modalities]
        self._compared = {level: wanted.compared(level) for level in wanted.levels}
        self._returned = Returned(self._compared)
        self._tallies = {level: Tally() for level in wanted.levels}
        self._pairing = Pairing(wanted.top, self._is_kept)
        self._outcomes: dict[str, Outcome] = {}
        self._started = time.monotonic()
        self._finished = False
        self._broken: NoAssociationError | None = None
        self._parts: Callable[[], str] = str
        self._failed: dict[Level, list[str]] = {}
        self._silences = 0
        self._looked = 0
        self._to_look = 0
        self._found = 0

    async def findings(self) -> AsyncGenerator[list[Finding], None]:
        """The differences, as far as they are certain.

        Raises:
            DicomshError: an archive cannot be reached, or a key cannot be sent.
        """
        await both(*(archive.connect() for archive in self._archives))
        whole = await self._gather()
        self._to_look = self._number_to_look_into()
        top, place = self._wanted.top, self._wanted.request.place
        outcomes = [self._outcomes[name] for name in self._names]
        found = self._chosen(self._concluded(top, self._pairing, outcomes, (place, place)))
        while some := [*islice(found, BATCH_ROWS)]:
            yield some
        if whole:
            async with aclosing(self._looked_into()) as below:
                async for some in below:
                    yield [*self._chosen(some)]
        late = self._returned.late()
        for finding in late:
            self._tallies[finding.level].values += 1
        yield [*self._chosen(late)]
        self._finished = whole

    def _chosen(self, found: Iterable[Finding]) -> Iterator[Finding]:
        """The findings that are wanted, counted."""
        for finding in found:
            if self._only is None or finding.is_only_in(self._only):
                self._found += 1
                yield finding

    # The level where it begins

    async def _gather(self) -> bool:
        """Ask both, and pair what comes; whether it has come to an end before Ctrl-C."""
        request = self._wanted.at(self._wanted.top, self._wanted.request.place)
        try:
            await self._take(ask_several(self._context, self._modalities, request))
            again = [one for one in self._modalities if self._is_cut_off(one)]
            if again and self._wanted.top is Level.STUDY:
                await self._take_in_parts(again, request)
        except asyncio.CancelledError:  # what has come is compared all the same
            return False
        finally:
            self._pairing.conclude()
        return True

    def _is_cut_off(self, modality: Modality) -> bool:
        outcome = self._outcomes[modality.name]
        return cut_off(outcome) or outcome.failure is TimedOutError.status

    async def _take_in_parts(self, modalities: Sequence[Modality], request: Request) -> None:
        """Ask those again that cut their answers off, in windows of dates."""
        from dicomsh.query.split import split_answer

        for modality in modalities:
            self._pairing.ask_again(self._names.index(modality.name))
        options = QueryOptions(split=Period.AUTO)
        request = with_time(request)
        before = dict(self._outcomes)
        listing = ask_several(self._context, modalities, request, options, split_answer)
        self._parts = listing.headway
        try:
            await self._take(listing)
        except UsageError:  # it cannot be divided: what has come is all there is
            self._outcomes = before

    async def _take(self, listing: Listing) -> None:
        answer = listing.answer
        try:
            async for batch in answer:
                side = self._names.index(batch[0].archive)
                self._returned.notice(self._wanted.top, side, batch)
                self._pairing.add(side, batch)
        finally:
            await answer.aclose()
            outcomes = {one.name: one.outcome for one in answer.outcome.archives}
            self._outcomes.update(outcomes)

    def _is_kept(self, first: Row, second: Row) -> bool:
        """Whether an entity that both have differs, or has to be looked into."""
        level, rows = self._wanted.top, (first, second)
        below = level is not self._wanted.depth
        if below or differing(self._compared[level], first, second):
            return True
        return any(one != other or one is None for _, one, other in self._counts(level, rows))

    def _counts(self, level: Level, rows: tuple[Row, Row]) -> list[Counts]:
        """The numbers to compare."""
        return counts_in(level, rows) if self._wanted.counts else []

    # What was found at a level

    def _concluded(
        self,
        level: Level,
        pairing: Pairing,
        outcomes: Sequence[Outcome],
        places: tuple[Place, Place],
    ) -> Iterator[Finding]:
        """The differences between two answers; they are counted at once."""
        tally = self._tallies[level]
        tally.both += pairing.both
        certain = []
        for side in SIDES:
            tally.nameless[side] += pairing.nameless[side]
            because = reason_unsure(side, outcomes)
            if because is None:
                certain.append(side)
                tally.only[side] += pairing.only(side)
                tally.repeated[side] += pairing.repeated(side)
            elif number := pairing.only(side) + pairing.repeated(side):
                tally.unsure[(side, *because)] += number
        return self._differences(level, pairing, certain, places)

    def _differences(
        self,
        level: Level,
        pairing: Pairing,
        certain: Sequence[int],
        places: tuple[Place, Place],
    ) -> Iterator[Finding]:
        for side in certain:
            for pair in chain(pairing.only_in(side), pairing.repeated_in(side)):
                yield Finding(level, pair, place_of(pair.row, level, places[side]))
        for pair in pairing.pairs():
            yield from self._unequal(pairing.common(pair, places), pair)

    def _unequal(self, common: Common, pair: Pair) -> Iterator[Finding]:
        """What differs in the two rows of an entity."""
        columns = tuple(differing(self._compared[common.level], *common.rows))
        finding = Finding(common.level, pair, common.places[0], columns)
        certain = self._returned.certain(finding)
        if certain.columns:
            self._tallies[common.level].values += 1
            yield certain
        counts = self._counts(common.level, common.rows)
        if are_known(counts):
            yield from self._other_counts(common, counts)

    def _other_counts(self, common: Common, counts: Iterable[Counts]) -> Iterator[Finding]:
        """What differs in the numbers of an entity."""
        other = tuple(counted for counted in counts if counted[1] != counted[2])
        if other:
            self._tallies[common.level].counts += 1
            pair = Pair(*common.rows, Where.BOTH)
            yield Finding(common.level, pair, common.places[0], counts=other)

    # What is below the entities that both have

    async def _looked_into(self) -> AsyncGenerator[list[Finding], None]:
        place = self._wanted.request.place
        entities = self._to_look_into(self._wanted.top, self._pairing, (place, place))
        first, second = (archive.pool for archive in self._archives)
        try:
            async with first, second, aclosing(ahead(entities, self._look_into)) as results:
                async for found in results:
                    self._looked += 1
                    yield found
        except NoAssociationError as error:
            self._broken = error

    def _to_look_into(
        self, level: Level, pairing: Pairing, places: tuple[Place, Place]
    ) -> Iterator[Common]:
        """The entities that both have and of which something more has to be asked."""
        entities = (pairing.common(pair, places) for pair in pairing.pairs())
        if level is not self._wanted.depth:
            return entities
        return (one for one in entities if not are_known(self._counts(level, one.rows)))

    def _number_to_look_into(self) -> int:
        if self._wanted.top is not self._wanted.depth:
            return self._pairing.kept
        place = self._wanted.request.place
        entities = self._to_look_into(self._wanted.top, self._pairing, (place, place))
        return sum(1 for _ in entities)

    async def _look_into(self, common: Common) -> list[Finding]:
        """The differences below an entity; if they cannot be found out, that is noted."""
        found: list[Finding] = []
        try:
            if not are_known(self._counts(common.level, common.rows)):
                found += self._other_counts(common, await self._counted(common))
            if common.level is not self._wanted.depth:
                found += await self._below(common)
            self._silences = 0
        except (QueryFailedError, TimedOutError, UnsureError) as error:
            self._failed.setdefault(common.level, []).append(error.message)
            self._silences += isinstance(error, TimedOutError)
            if self._silences > _SILENCES:
                raise NoAssociationError(error.message) from None
        return found

    async def _counted(self, common: Common) -> list[Counts]:
        """The numbers of entities below; those that an archive does not give are counted."""
        words = counters(common.level)
        given = [{one: number_in(row, word) for one, word in words.items()} for row in common.rows]
        lacking = [side for side in SIDES if None in given[side].values()]
        asked = [self._archives[side].counts(common.places[side]) for side in lacking]
        for side, counted in zip(lacking, await both(*asked), strict=True):
            given[side] = {**counted}
        return [(word, given[0][level], given[1][level]) for level, word in words.items()]

    async def _below(self, common: Common) -> list[Finding]:
        """The differences one level below an entity, and further down."""
        level = common.level.below
        assert level is not None
        pairing = Pairing(level, lambda *_: True)
        requests = [self._wanted.at(level, place) for place in common.places]
        answers = await both(*map(DiffArchive.below, self._archives, requests))
        for side, (rows, _) in enumerate(answers):
            self._returned.notice(level, side, rows)
            pairing.add(side, rows)
        outcomes = [outcome for _, outcome in answers]
        pairing.conclude()
        found = [*self._concluded(level, pairing, outcomes, common.places)]
        entities = self._to_look_into(level, pairing, common.places)
        async with aclosing(ahead(entities, self._look_into)) as results:
            async for some in results:
                found += some
        return found

    # How it ended

    @property
    def headway(self) -> str:
        """Progress, for display."""
        if self._to_look:
            return f"{self._wanted.top.noun} {self._looked:,} of {self._to_look:,}"
        read = zip(self._names, self._pairing.read, strict=True)
        told = [f"{name}: {self._wanted.top.counted(number)}" for name, number in read]
        return ", ".join(filter(None, (*told, self._parts())))

    @property
    def outcome(self) -> Outcome:
        """How both answers ended, and what was found."""
        told = [(name, self._outcomes[name]) for name in self._names if name in self._outcomes]
        whole = of_archives([ArchiveOutcome(*one, self._wanted.top) for one in told])
        not_compared = [*self._not_compared()]
        if whole.ending is Ending.COMPLETE and not_compared:
            whole = replace(whole, ending=Ending.PARTIAL)
        if self._broken is not None:
            whole = replace(whole, ending=Ending.LOST, detail=self._broken.message)
        elif not self._finished:
            whole = as_cancelled(whole)
        return replace(
            whole,
            rows=self._found,
            seconds=time.monotonic() - self._started,
            different=self._found > 0,
            notes=(*self._told(), *not_compared),
        )

    def _told(self) -> Iterator[Note]:
        """What was found at each level."""
        top = self._wanted.top
        whole = self._finished and all(map(is_whole, self._outcomes.values()))
        if whole and self._tallies[top].is_empty:
            yield note(NoteKind.NEITHER_HAS, *self._names, top.noun)
            return
        for level, tally in self._tallies.items():
            yield tally.found(self._names, self._wanted, level, whole=self._finished)

    def _not_compared(self) -> Iterator[Note]:
        """What was not compared, because it is not certain."""
        for level, tally in self._tallies.items():
            yield from tally.not_compared(self._names, level)
        yield from self._returned.not_compared(self._names)
        left = self._to_look - self._looked
        if left > 0:
            yield note(NoteKind.NOT_REACHED, self._wanted.top.counted(left), count=left)
        for level, messages in self._failed.items():
            number = len(messages)
            yield note(NoteKind.NOT_LOOKED_INTO, level.counted(number), messages[0], count=number)

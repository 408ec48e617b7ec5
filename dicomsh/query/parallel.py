"""Several queries as one answer: in parallel over a small pool, in order, each entity once."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from dicomsh.archives.archive import Archive, ArchivePool
from dicomsh.archives.open_archives import POOL_SIZE
from dicomsh.errors import DicomshError, NoAssociationError, QueryFailedError, TimedOutError
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Answer, Ending, Outcome, all_rows, combined
from dicomsh.model.dedup import Dedup
from dicomsh.model.derived_answer import DerivedAnswer
from dicomsh.model.notes import Note, NoteKind, note, summed
from dicomsh.model.parts import QueryPart
from dicomsh.model.plan import Request
from dicomsh.model.row import Row
from dicomsh.model.silent_truncation import cut_off

_AHEAD = 2 * POOL_SIZE
_NAMED = 3
_PATIENCE = 64
"""Consecutive answers, all cut off and without a new row, after which dividing stops: more than it
takes from all dates down to a second."""

_SILENCES = 8
"""Consecutive parts without an answer in time after which they are not divided any more; after
twice as many, nothing more is asked."""

BUDGET = 2_000
"""Queries that dividing may add if the user sets no number: enough for some ten thousand studies
behind a small limit."""

Ask = Callable[[Archive, Request, int | None], Awaitable[Answer]]
"""Sends a request to an archive, with a maximum number of rows or None."""


@frozen
class Found:
    """The answer to a part."""

    rows: list[Row]
    outcome: Outcome
    error: DicomshError | None = None


class AnsweredPart(NamedTuple):
    """A part with all that was found, and those of its rows that no earlier part returned."""

    part: QueryPart
    found: Found
    rows: list[Row]


class Parallel(DerivedAnswer):
    """The rows of all parts, those of a part together, the parts in their order.

    A part whose answer was cut off is queried again in smaller parts. Rows that a peer returned for
    the larger part but for none of the smaller ones are set aside in `once`.

    Args:
        pool: the connections; closed at the end.
        ask: sends a request.
        parts: the parts, taken as needed.
        once: lets each entity through once, up to a limit.
        limit: rows after which one query may stop, or None.
        budget: largest number of queries that dividing adds to the given parts.
    """

    def __init__(
        self,
        pool: ArchivePool,
        ask: Ask,
        parts: Iterable[QueryPart],
        once: Dedup,
        *,
        limit: int | None = None,
        budget: int = BUDGET,
    ) -> None:
        super().__init__()
        self._pool = pool
        self._ask = ask
        self._parts = iter(parts)
        self._once = once
        self._most = None if limit is None else limit + 1  # one more shows that there are more
        self._budget = budget
        self._added = 0
        self._spent = False
        self._barren = 0
        self._given_up = False
        self._silences = 0
        self._under_way: deque[tuple[QueryPart, asyncio.Task[Found]]] = deque()
        self._endings: list[tuple[QueryPart, Outcome]] = []
        self._broken: DicomshError | None = None
        self._all_asked = False
        self._started = time.monotonic()
        self._asked = 0
        self._now = ""

    async def _batches(self) -> AsyncIterator[list[Row]]:
        async for part in self.found():
            yield part.rows

    async def found(self) -> AsyncGenerator[AnsweredPart, None]:
        """Each part that was not divided, with the rows that no earlier part returned."""
        try:
            async for part, found in self._answered():
                self._conclude(part, found.outcome)
                yield AnsweredPart(part, found, self._once.admit(found.rows))
                if self._once.stopped or found.outcome.ending is Ending.LIMIT:
                    break
            self._all_asked = True
        except DicomshError as error:
            if not self._once.any:
                raise
            self._broken = error
        finally:
            await self.aclose()

    def _conclude(self, part: QueryPart, outcome: Outcome) -> None:
        """Keep how a part ended; there may be a million that have nothing to say."""
        silent = outcome.ending is Ending.COMPLETE and not (outcome.doubtful or outcome.notes)
        if silent and self._endings:
            return
        self._endings.append((part, outcome))

    async def _answered(self) -> AsyncIterator[tuple[QueryPart, Found]]:
        while self._fill():
            part, task = self._under_way[0]
            self._now = part.title
            found = await task
            self._under_way.popleft()
            self._listen(found)
            smaller = part.divided(found.rows) if self._to_be_divided(found) else ()
            if smaller and self._spend(len(smaller)):
                self._once.set_aside(found.rows)
                # in the place of the part that they replace, so that dates stay in order
                self._under_way.extendleft(reversed([self._start(piece) for piece in smaller]))
            else:
                yield part, found

    def _listen(self, found: Found) -> None:
        """Raise the error of a part if several in succession had no answer: the peer is gone."""
        self._silences = self._silences + 1 if found.error is not None else 0
        if found.error is not None and self._silences >= 2 * _SILENCES:
            raise found.error

    def _spend(self, queries: int) -> bool:
        """Take queries from the budget; whether it held so many."""
        self._spent = self._spent or self._added + queries > self._budget
        self._added += queries
        return not self._spent

    def _to_be_divided(self, found: Found) -> bool:
        """Whether smaller parts are worth a try: not if the peer returns no new rows for any."""
        if not cut_off(found.outcome):
            self._barren = 0
            return False
        self._barren = 0 if self._once.has_new(found.rows) else self._barren + 1
        barren = self._barren > _PATIENCE
        self._given_up = self._given_up or barren
        return not barren and self._silences <= _SILENCES

    def _fill(self) -> bool:
        """Start the next parts; returns whether any are under way."""
        room = max(0, _AHEAD - len(self._under_way))
        self._under_way.extend(self._start(part) for part in islice(self._parts, room))
        return bool(self._under_way)

    def _start(self, part: QueryPart) -> tuple[QueryPart, asyncio.Task[Found]]:
        return part, asyncio.create_task(self._fetch(part))

    async def _fetch(self, part: QueryPart) -> Found:
        async with self._pool.archive() as archive:
            self._asked += 1
            try:
                answer = await self._ask(archive, part.request, self._most)
                rows = await all_rows(answer)
            except QueryFailedError as error:
                # studies without a date or time are asked for by empty value matching, which a
                # peer may refuse: it is negotiated (PS3.4 C.2.2.2.7)
                if part.optional:
                    return Found([], Outcome(Ending.COMPLETE, 0, 0))
                if part.lone:
                    return Found([], Outcome(Ending.PARTIAL, 0, 0), error)
                raise
            except TimedOutError as error:
                return Found([], Outcome(Ending.TIMED_OUT, 0, 0), error)
        return Found(rows, answer.outcome)

    async def aclose(self) -> None:
        """Leave early."""
        under_way = [task for _, task in self._under_way]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._pool.close()

    @property
    def headway(self) -> str:
        """How far it is, for people."""
        return f"{self._asked:,} queries, now {self._now}"

    @property
    def outcome(self) -> Outcome:
        """As for every derived answer, but counting the rows that `once` let through."""
        return replace(self._ended(), rows=self._once.rows)

    def _ended(self) -> Outcome:
        """The first ending that lost something, and the parts that are incomplete."""
        repeated = note(NoteKind.DUPLICATES, count=self._once.repeated)
        spent = note(NoteKind.BUDGET_SPENT, count=self._budget)
        nothing_new = note(NoteKind.NOTHING_NEW, count=_PATIENCE)
        return replace(
            self._ending(),
            seconds=time.monotonic() - self._started,
            limit=None,
            notes=(
                *([spent] if self._spent else []),
                *([nothing_new] if self._given_up else []),
                *([repeated] if repeated.count else []),
                *_notes(outcome for _, outcome in self._endings),
            ),
        )

    def _ending(self) -> Outcome:
        rest = f"not queried: {self._now} and everything after it"
        if self._broken is not None:
            return Outcome(_ending_of(self._broken), 0, 0, detail=f"{self._broken.message}; {rest}")
        if not self._all_asked:
            return Outcome(Ending.CANCELLED, 0, 0, detail=rest)
        whole = combined([outcome for _, outcome in self._endings])
        if self._once.stopped and whole.complete:
            return replace(whole, ending=Ending.LIMIT, detail="")
        slow = whole.ending is Ending.TIMED_OUT  # a part of it: the next ones were answered
        ending = Ending.PARTIAL if slow else whole.ending
        return replace(whole, ending=ending, detail=_not_whole(self._endings))


def _not_whole(endings: Sequence[tuple[QueryPart, Outcome]]) -> str:
    titles = [part.title for part, outcome in endings if not outcome.complete]
    if not titles:
        return ""
    more = f" and {len(titles) - _NAMED:,} more" if len(titles) > _NAMED else ""
    return f"incomplete: {', '.join(titles[:_NAMED])}{more}"


def _notes(outcomes: Iterable[Outcome]) -> list[Note]:
    """What was noticed in the answers, each note once."""
    notes = summed(one for outcome in outcomes for one in outcome.notes)
    more = len(notes) - _NAMED
    return [*notes[:_NAMED], *([note(NoteKind.MORE, count=more)] if more > 0 else [])]


def _ending_of(error: DicomshError) -> Ending:
    if isinstance(error, TimedOutError):
        return Ending.TIMED_OUT
    return Ending.LOST if isinstance(error, NoAssociationError) else Ending.CUT_OFF

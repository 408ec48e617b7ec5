"""Walking down a hierarchy in order, with several queries under way at once."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from itertools import starmap
from types import MappingProxyType

from dicomsh.archives.archive import ArchivePool
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Answer, Ending, Outcome, all_rows, as_cancelled, combined
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.columns import Record
from dicomsh.model.level_keys import LEVEL_KEYS
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, each_once, place_among_siblings, places_of
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import QueryKey
from dicomsh.model.row import Row
from dicomsh.query.ahead import ahead
from dicomsh.query.ask import answer_from
from dicomsh.query.context import QueryContext


@frozen
class Branch:
    """An entity met on the way down.

    Args:
        place: the entity.
        row: what the peer returned for it.
        last: for each level from the top, whether it is the last of its siblings.
    """

    place: Place
    row: Row
    last: tuple[bool, ...]

    @property
    def level(self) -> Level:
        """The level of the entity."""
        return self.place.steps[-1].level


Received = Callable[[list[Row], Level, Place], None]
"""Is called with the rows of each query, their level, and the place that they are in."""


def _nobody(rows: list[Row], level: Level, place: Place) -> None:
    del rows, level, place


_NO_MORE: Mapping[Level, tuple[str, ...]] = MappingProxyType({})


class Hierarchy:
    """Everything below a place, depth first.

    Args:
        context: where the command runs.
        modality: the peer.
        top: the place to start below.
        depth: how many levels to go down, at least 1.
        received: is called with the rows of each query as they come.
        more: keywords to request at a level besides the usual ones.
    """

    def __init__(
        self,
        context: QueryContext,
        modality: Modality,
        top: Place,
        depth: int,
        received: Received = _nobody,
        *,
        more: Mapping[Level, tuple[str, ...]] = _NO_MORE,
    ) -> None:
        self._modality = context.known(modality)
        self._options = context.settled(modality, QueryOptions())
        self._pool = context.archives.pool(self._modality)
        self._received = received
        self._more = more
        self._top = top
        self._depth = depth
        self._rows = 0
        self._nameless = 0
        self._finished = False
        self._answers: list[Answer] = []
        self._start = time.monotonic()

    @property
    def outcome(self) -> Outcome:
        """The first ending that is not complete, for all entities met."""
        seconds = time.monotonic() - self._start
        whole = combined([answer.outcome for answer in self._answers])
        whole = whole if self._finished else as_cancelled(whole)
        if self._nameless:
            unnamed = note(NoteKind.UNNAMED_ENTITIES, count=self._nameless)
            ending = Ending.PARTIAL if whole.ending is Ending.COMPLETE else whole.ending
            whole = replace(whole, ending=ending, notes=(unnamed, *whole.notes))
        return replace(whole, rows=self._rows, seconds=seconds)

    async def records(self, make: Callable[[Branch], Record]) -> AsyncGenerator[list[Record], None]:
        """One record for each entity met, as made by `make`."""
        async with aclosing(self.branches()) as branches:
            async for branch in branches:
                yield [make(branch)]

    async def branches(self) -> AsyncGenerator[Branch, None]:
        """Every entity, parents before children, siblings in the order of date or number."""
        async with self._pool as pool:
            children = await self._children(pool, self._top)
            async with aclosing(self._below(pool, children, self._depth, ())) as below:
                async for branch in below:
                    yield branch
        self._finished = True

    async def _below(
        self, pool: ArchivePool, children: list[_Child], depth: int, lasts: tuple[bool, ...]
    ) -> AsyncGenerator[Branch, None]:
        deeper = depth > 1 and bool(children) and children[0].place.level is not Level.INSTANCE
        work = ahead(children, lambda child: self._children(pool, child.place))
        async with aclosing(work) as families:
            for number, child in enumerate(children, 1):
                own = (*lasts, number == len(children))
                self._rows += 1
                yield child.branch(own)
                if deeper:
                    below = self._below(pool, await anext(families), depth - 1, own)
                    async with aclosing(below):
                        async for branch in below:
                            yield branch

    def _keys(self, level: Level) -> tuple[QueryKey, ...]:
        words = dict.fromkeys((*LEVEL_KEYS[level].order, *self._more.get(level, ())))
        return tuple(return_key(word) for word in words)

    async def _children(self, pool: ArchivePool, place: Place) -> list[_Child]:
        level = place.next_level
        request = Request(level, place, self._keys(level))
        async with pool.archive() as archive:
            answer = await answer_from(archive, self._modality, request, self._options)
            self._answers.append(answer)
            rows = await all_rows(answer)
        self._received([row.compact() for row in rows], level, place)
        placed = zip(await places_of(rows, level, place), rows, strict=True)
        named = [(child, row) for child, row in placed if child is not None]
        self._nameless += len(rows) - len(named)
        return sorted(starmap(_Child, each_once(named)), key=_Child.order)


@frozen
class _Child:
    place: Place
    row: Row

    def branch(self, last: tuple[bool, ...]) -> Branch:
        return Branch(self.place, self.row, last)

    def order(self) -> tuple[int, str]:
        """Where it stands among its siblings."""
        return place_among_siblings(self.row, self.place.steps[-1].level)

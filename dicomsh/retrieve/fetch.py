"""A retrieval by C-GET or C-MOVE: asked for series by series, and for what is missing once more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence, Set
from datetime import datetime
from typing import Any

from dicomsh.archives.transfer import Delivery, Retriever, Transfers
from dicomsh.errors import (
    DicomshError,
    NoAssociationError,
    NoPresentationContextError,
    TimedOutError,
)
from dicomsh.frozen import frozen
from dicomsh.model.claim import Claim, said
from dicomsh.model.daily_window import DailyWindow
from dicomsh.model.levels import Level, Model, SopClass
from dicomsh.model.query import Query
from dicomsh.model.standard import uid_name
from dicomsh.model.status import Category, status
from dicomsh.model.storage import Pair
from dicomsh.model.transfer_syntaxes import UNCOMPRESSED
from dicomsh.retrieve.account import Instance, Line, State
from dicomsh.retrieve.collector import Collector
from dicomsh.retrieve.units import Group, SeriesPart, groups_of, requests, series_of

_NEVER_AGAIN = frozenset({0x0122, 0x0124, 0x0211, 0xA801, 0xA900})
"""Statuses that another attempt cannot change: not supported, not authorised, unknown destination,
identifier refused (PS3.4 C.4.2.1.5, C.4.3.1.4)."""


_LONGEST_SLEEP = 60.0
"""Seconds after which the time is looked at again: clocks change, and computers sleep."""

_MOST_BARREN = 10
"""Requests in a row that may bring nothing before the rest of a series is left for later."""


@frozen
class FetchOptions:
    """How to retrieve.

    Args:
        retries: how many times to ask again for what is missing.
        jobs: associations at a time.
        sop_class: the information model's C-GET or C-MOVE.
        port: the port to listen on for a C-MOVE, 0 for the archive's usual one; None for a C-GET.
        between: the time of day to retrieve at, or None for any; what has begun is not stopped.
        now: tells the time.
    """

    retries: int = 2
    jobs: int = 1
    sop_class: SopClass = Model.STUDY_ROOT.get
    port: int | None = None
    between: DailyWindow | None = None
    now: Callable[[], datetime] = datetime.now


class Fetch:
    """Retrieves instances until all are there or nothing more can be done.

    Args:
        instances: all that the archive listed.
        collector: where they go; its account is of these instances.
        transfers: the ways to get objects from the archive.
        options: how to retrieve.

    Attributes:
        finished: whether nothing more can be done.
        waits: whether it waits for the time of day that was set.
        claim: the last counters that the server sent, or None.
    """

    def __init__(
        self,
        instances: Sequence[Instance],
        collector: Collector,
        transfers: Transfers,
        options: FetchOptions,
    ) -> None:
        self._instances = instances
        self._account = collector.account
        self._collector = collector
        self._transfers = transfers
        self._options = options
        self._lost: set[str] = set()
        self._lists_work = True
        self._granted_pairs: frozenset[Pair] = frozenset()
        self._first_error: DicomshError | None = None
        self.finished = False
        self.waits = False
        self.claim: Claim | None = None

    async def lines(self) -> AsyncGenerator[list[Line], None]:
        """The account of each object, as it comes to rest.

        Raises:
            DicomshError: nothing could be retrieved at all.
        """
        work = asyncio.ensure_future(self._rounds())
        try:
            while not work.done():
                waiting = asyncio.ensure_future(self._collector.changed.wait())
                await asyncio.wait([work, waiting], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                self._collector.changed.clear()
                if news := self._account.news():
                    yield news
            work.result()
            await self._collector.settled()
            self._conclude()
            self.finished = True
            yield [*self._account.news(), *self._account.unsettled()]
        finally:
            work.cancel()
            await asyncio.wait([work])
            await self._collector.settled()

    def _conclude(self) -> None:
        """Objects that no answer was about: the association was lost before."""
        for line in list(self._account.unsettled()):
            if line.state is State.LISTED:
                why = line.reason or ("the disk is full" if self._full else "not requested")
                self._account.settle(line.uid, State.MISSING, why)

    async def _rounds(self) -> None:
        for attempt in range(self._options.retries + 1):
            wanted = [one.uid for one in self._account.missing() if one.uid not in self._lost]
            if not wanted or self._full:
                break
            for group in groups_of(series_of(self._instances, wanted), self._transfers.room):
                await self._group(group, again=attempt > 0)
        if self._first_error is not None and not self._account.whole:
            raise self._first_error

    async def _group(self, group: Group, *, again: bool) -> None:
        waiting = deque(group.parts)
        jobs = min(self._options.jobs, len(waiting))
        await _all([self._work(group, waiting, again=again) for _ in range(jobs)])

    async def _work(self, group: Group, waiting: deque[SeriesPart], *, again: bool) -> None:
        """Retrieve parts, on one association, as long as there are any."""
        delivery = Delivery(group.sop_classes, group.syntaxes, self._options.port)
        retriever = self._transfers.retriever(delivery)
        try:
            self._granted_pairs = granted = await retriever.connect()
            while waiting and not self._full:
                part = self._granted(waiting.popleft(), {sop_class for sop_class, _ in granted})
                if part is not None:
                    await self._opened()
                    await self._part(retriever, part, again=again)
        except NoPresentationContextError as error:
            self._give_up(error)
            self._lost.update(one.uid for part in group.parts for one in part.instances)
        except (NoAssociationError, TimedOutError) as error:
            self._give_up(error)
        finally:
            await retriever.close()

    async def _opened(self) -> None:
        """Wait for the time of day that was set."""
        window = self._options.between
        while window is not None and (left := window.seconds_until_open(self._options.now())):
            self.waits = True
            await asyncio.sleep(min(left, _LONGEST_SLEEP))
        self.waits = False

    def _give_up(self, error: DicomshError) -> None:
        self._first_error = self._first_error or error
        for line in self._account.unsettled():
            line.reason = line.reason or error.message

    def _granted(self, part: SeriesPart, granted: Set[str]) -> SeriesPart | None:
        """The part without what the peer cannot send to us; None if nothing is left."""
        can = {"", *granted}  # one whose class is not known is tried
        left = tuple(one for one in part.instances if one.sop_class in can)
        refused = [one for one in part.instances if one.sop_class not in can]
        if not refused:
            return part
        for one in refused:
            name = uid_name(one.sop_class) or one.sop_class
            reason = f"the server does not send {name} by C-GET: try --via move"
            self._account.settle(one.uid, State.FAILED, reason)
            self._lost.add(one.uid)
        return SeriesPart(left, whole=False) if left else None

    async def _part(self, retriever: Retriever, part: SeriesPart, *, again: bool) -> None:
        singly = again and not self._lists_work
        part = SeriesPart(part.instances, part.whole and not again)
        barren = 0
        for query in requests(part, self._options.sop_class, singly=singly):
            if self._full or barren == _MOST_BARREN:
                return
            before = self._account.whole
            claim = await self._get(retriever, query)
            if claim is None:
                return
            barren = barren + 1 if self._account.whole == before else 0
            if query.level is Level.INSTANCE and barren and not singly:
                self._lists_work = False
            self._judge(query, part, claim)

    async def _get(self, retriever: Retriever, query: Query) -> Claim | None:
        """Send a request; None if it is cancelled, because there is no room for more objects."""
        getting = asyncio.ensure_future(retriever.get(query, self._collector, self._claimed))
        filled = asyncio.ensure_future(self._collector.filled.wait())
        try:
            await asyncio.wait([getting, filled], return_when=asyncio.FIRST_COMPLETED)
            return getting.result() if getting.done() else None
        finally:
            filled.cancel()
            getting.cancel()
            await asyncio.wait([getting])

    @property
    def _full(self) -> bool:
        """Whether there is no room for more objects."""
        return self._collector.filled.is_set()

    def _claimed(self, claim: Claim) -> None:
        self.claim = claim

    def _judge(self, query: Query, part: SeriesPart, claim: Claim) -> None:
        """Note why what was asked for is not there."""
        asked = {key.keyword: key.value for key in query.keys}.get("SOPInstanceUID")
        uids = asked.split("\\") if asked else [one.uid for one in part.instances]
        for uid in uids:
            line = self._account.line(uid)
            if line is None or line.state.whole:
                continue
            state, reason = _verdict(uid, claim)
            if state is State.FAILED and self._only_uncompressed(line.instance):
                reason += "; it sends objects of this type uncompressed only"
            if not (line.state is State.FAILED and line.reason):
                self._account.settle(uid, state, reason)
            if claim.status in _NEVER_AGAIN:
                self._lost.add(uid)

    def _only_uncompressed(self, instance: Instance | None) -> bool:
        """Whether the archive refused all compressed transfer syntaxes for an object's class."""
        sop_class = instance.sop_class if instance else ""
        agreed = {syntax for one, syntax in self._granted_pairs if one == sop_class}
        return bool(agreed) and agreed <= set(UNCOMPRESSED)


def _verdict(uid: str, claim: Claim) -> tuple[State, str]:
    if uid in claim.failed_uids:
        return State.FAILED, f"the server reports that it failed ({said(claim)})"
    if status(claim.status).category is Category.FAILURE:
        return State.FAILED, f"the server answered {said(claim)}"
    return State.MISSING, f"the server said {said(claim)}"


async def _all(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

"""The service class user of one modality: an association kept between operations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dicomsh.dimse.association import Association
from dicomsh.dimse.connect import open_association
from dicomsh.dimse.echo import echo
from dicomsh.dimse.find import Find
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.errors import AssociationAbortedError, NoPresentationContextError
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Answer, Outcome
from dicomsh.model.levels import ROOT_MODELS, SOP_CLASSES, SopClass
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.model.tap import Tap


class Client:
    """Asks one modality, one operation at a time.

    The association is opened on demand, kept, released after `idle_release` seconds without use,
    and silently reopened. An operation that finds a kept association dead before any response
    arrived is retried once on a new one, which cannot duplicate any rows.

    Args:
        modality: the peer.
        tap: listens to the conversation.
    """

    def __init__(self, modality: Modality, tap: Tap | None = None) -> None:
        self._modality = modality
        self._tap = tap or Tap()
        self._association: Association | None = None
        self._answer: _Retried | None = None
        self._opening = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._releasing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is an association now."""
        return self._association is not None and self._association.is_open

    @property
    def _is_kept(self) -> bool:
        """Whether an association is open that has served an operation before."""
        # a new one is never retried: Orthanc aborts it at the first C-FIND of a caller that it does
        # not know (pynetdicom #567), and the user has to see that
        association = self._association
        return association is not None and association.is_open and association.proven

    @property
    def is_opening(self) -> bool:
        """Whether an association is being opened now."""
        return self._opening.locked()

    @property
    def abilities(self) -> Abilities:
        """What the peer offered last; of the extended negotiation, only what we want of it."""
        if self._association is None:
            return Abilities()
        agreed = self._association.extended
        wanted = self._modality.extended
        extended = {sop_class: agreed[sop_class] & wanted for sop_class in agreed}
        return Abilities(frozenset(self._association.contexts), extended)

    async def connect(self) -> Abilities:
        """What the peer offers; opens the association if need be.

        Raises:
            NoAssociationError: unreachable, rejected, aborted.
            TimedOutError: the limit for connecting or for the association passed.
        """
        await self._opened()
        return self.abilities

    async def echo(self) -> float:
        """Seconds that a C-ECHO takes, without the time for opening the association.

        Raises:
            NoAssociationError: as `connect`, or the association was lost.
            TimedOutError: no response in time.
            QueryFailedError: the peer answered with a failure.
        """
        await self._finish_answer()
        kept = self._is_kept
        try:
            return await echo(await self._opened(), self._modality)
        except AssociationAbortedError:
            if not kept:
                raise
        return await echo(await self._opened(), self._modality)

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        """Send a query; an earlier answer that has not ended is cancelled first.

        Args:
            query: the query.
            limit: the largest number of rows to return, or None.

        Raises:
            NoPresentationContextError: the peer did not accept the information model.
            NoAssociationError: as `connect`.
            TimedOutError: as `connect`.
            UsageError: a value cannot be written.
        """
        await self._finish_answer()
        kept = self._is_kept
        answer = await self._find(query, limit)
        self._answer = _Retried(answer, (lambda: self._find(query, limit)) if kept else None)
        return self._answer

    async def close(self) -> None:
        """Leave an unfinished answer and release the association, within the grace time."""
        await self._finish_answer()
        if self._timer is not None:
            self._timer.cancel()
        if self._releasing is not None:
            await self._releasing
        if self._association is not None:
            await self._association.release(self._modality.timeouts.cancel_grace)

    async def _find(self, query: Query, limit: int | None) -> Find:
        association = await self._opened()
        context = self._context(association, query.sop_class)
        return Find(association, context, query, self._modality, limit)

    def _context(self, association: Association, sop_class: SopClass) -> PresentationContext:
        context = association.contexts.get(sop_class.uid)
        if context is not None:
            return context
        accepted = ", ".join(SOP_CLASSES[uid].title for uid in association.contexts) or "nothing"
        raise NoPresentationContextError(
            f"{self._modality.address} does not accept {sop_class.title}; it accepts {accepted}",
            hint=_OTHER_MODEL if sop_class.uid in _MODELS else None,
        )

    async def _opened(self) -> Association:
        async with self._opening:
            if self._association is None or not self._association.is_open:
                self._association = await open_association(self._modality, self._tap)
                self._watch(self._association)
            return self._association

    async def _finish_answer(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            await answer.aclose()

    def _watch(self, association: Association) -> None:
        """Check again when the association may have been idle for long enough."""
        if self._timer is not None:
            self._timer.cancel()
        due = association.last_used + self._modality.timeouts.idle_release
        self._timer = asyncio.get_running_loop().call_at(due, self._idle, association)

    def _idle(self, association: Association) -> None:
        loop = asyncio.get_running_loop()
        limit = self._modality.timeouts.idle_release
        if not association.is_open:
            return
        if association.busy:
            self._timer = loop.call_later(limit, self._idle, association)
        elif loop.time() < association.last_used + limit:
            self._watch(association)
        else:  # servers accept only so many (PS3.8 table 9-21: local limit exceeded)
            release = association.release(self._modality.timeouts.cancel_grace)
            self._releasing = loop.create_task(release)


_MODELS = frozenset(model.value for model in ROOT_MODELS)
_OTHER_MODEL = "choose the other information model: --model, or model: in modalities.yaml"


class _Retried:
    """An answer that is requested again, once, if the kept association proves dead.

    Only an answer without any rows raises that error; after the first row, it is an outcome.
    """

    def __init__(self, answer: Find, again: Callable[[], Awaitable[Find]] | None) -> None:
        self._answer = answer
        self._again = again

    def __aiter__(self) -> _Retried:
        return self

    async def __anext__(self) -> list[Row]:
        try:
            return await self._answer.__anext__()
        except AssociationAbortedError:
            again, self._again = self._again, None
            if again is None:
                raise
        self._answer = await again()
        return await self._answer.__anext__()

    @property
    def outcome(self) -> Outcome:
        return self._answer.outcome

    async def aclose(self) -> None:
        await self._answer.aclose()

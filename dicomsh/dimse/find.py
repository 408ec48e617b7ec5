"""C-FIND: one query, its rows as they arrive, and how it ended (PS3.7 9.1.2, PS3.4 C.4.1)."""

from __future__ import annotations

import asyncio

from dicomsh.dimse import command
from dicomsh.dimse.association import Association
from dicomsh.dimse.command import FIND_RESPONSE, Response
from dicomsh.dimse.connect import timed_out
from dicomsh.dimse.identifier import encode_identifier
from dicomsh.dimse.negotiation import Context
from dicomsh.dimse.pdu import Message
from dicomsh.dimse.status import CANCEL, Meaning, failure, meaning
from dicomsh.errors import AssociationAbortedError, DicomshError, ProtocolViolationError
from dicomsh.model.answer import Row, Source
from dicomsh.model.listing import Ending, Outcome
from dicomsh.model.peer import Modality
from dicomsh.model.query import Query

_MANY_ROWS = 4096
"""Rows waiting for the consumer beyond which reading pauses."""


class Find:
    """A C-FIND in progress; implements `dicomsh.model.listing.Answer`.

    Args:
        association: open, and without another operation.
        context: the presentation context of the query's information model.
        query: what is asked.
        modality: the peer, for time limits and messages.
        limit: largest number of rows to hand out, or None.

    Raises:
        UsageError: the query cannot be written.
        AssociationAbortedError: the association is gone.
    """

    def __init__(
        self,
        association: Association,
        context: Context,
        query: Query,
        modality: Modality,
        limit: int | None = None,
    ) -> None:
        self._association = association
        self._context = context
        self._modality = modality
        self._limit = limit
        self._source = Source(context.encoding, modality.fallback_charset)
        self._message_id = association.next_message_id()
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._rows: list[Row] = []
        self._arrived = 0
        self._over_limit = False
        self._cancelled = False
        self._final: Response | None = None
        self._lost: DicomshError | None = None
        self._outcome: Outcome | None = None
        request = command.find_request(self._message_id, context.abstract_syntax)
        identifier = encode_identifier(query, context.encoding)
        self._started = self._loop.time()
        association.begin(self, context, request, identifier)

    # The consumer's side

    @property
    def answered(self) -> bool:
        """Whether anything was received in answer."""
        return self._arrived > 0 or self._final is not None

    @property
    def outcome(self) -> Outcome:
        """How it ended; raises RuntimeError before the end."""
        if self._outcome is None:
            raise RuntimeError("the answer is not at its end")
        return self._outcome

    def __aiter__(self) -> Find:
        return self

    async def __anext__(self) -> list[Row]:
        """The next batch.

        Raises:
            QueryFailedError: the peer answered with a failure status.
            AssociationAbortedError: the association was lost before any row.
            TimedOutError: no answer at all in time.
        """
        while self._outcome is None:
            if self._rows:
                return self._take()
            if self._over_limit or self._final is not None or self._lost is not None:
                await self._conclude()
            else:
                await self._wait_for_answer()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Leave: C-CANCEL while the peer is still answering, and A-ABORT if it does not stop."""
        if self._outcome is not None:
            return
        if self._rows or (self._final is None and not self._over_limit):
            detail = await self._leave()
            self._end(Ending.LIMIT if self._limit_reached() else Ending.CANCELLED, detail)
            return
        try:
            await self._conclude()
        except DicomshError:
            return  # the outcome says it; who leaves has no use for the error

    def _take(self) -> list[Row]:
        batch, self._rows = self._rows, []
        if self._final is None and self._lost is None:
            self._association.resume()
        return batch

    async def _wait_for_answer(self) -> None:
        limit = self._modality.timeouts.response
        try:
            await self._wait(limit)
        except TimeoutError:
            self._association.abort()
            error = timed_out(f"{self._modality.address}: no further answer", "response", limit)
            self._end(Ending.TIMED_OUT, error.message)
            if self._arrived == 0:
                raise error from None

    async def _wait(self, seconds: float) -> None:
        self._waiter = self._loop.create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._waiter
        finally:
            self._waiter = None

    async def _conclude(self) -> None:
        """Set the outcome of an answer whose rows have all been handed out."""
        if self._over_limit:
            self._end(Ending.LIMIT, await self._leave())
        elif self._final is not None:
            self._finish(self._final)
        elif self._lost is not None:
            self._end(Ending.LOST, self._lost.message)
            if self._arrived == 0:
                raise self._explained(self._lost)

    def _finish(self, final: Response) -> None:
        means = meaning(final.status)
        self._end(Ending.COMPLETE if means is Meaning.SUCCESS else Ending.CUT_OFF)
        if means is Meaning.FAILURE:
            raise failure(final, self._modality.address)

    def _explained(self, error: DicomshError) -> DicomshError:
        if type(error) is not AssociationAbortedError:
            return error
        aet = self._modality.local_aet
        return AssociationAbortedError(
            error.message,
            hint=f"it accepted the association but aborted the query: is our AE title {aet} "
            "known to it?",
        )

    async def _leave(self) -> str:
        """Stop the peer, within the grace time, and say how that went."""
        waiting = len(self._rows)
        if self._final is None and self._lost is None:
            self._cancel()
            self._association.resume()
            await self._drain()
        further = self._arrived - self._handed_out(waiting)
        return self._how_left(further)

"""C-FIND: one query, its rows as they arrive, and how it ends (PS3.4 C.4.1)."""

from __future__ import annotations

import asyncio

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import CommandSet
from dicomsh.dimse.connect import timed_out
from dicomsh.dimse.exchange import FindExchange
from dicomsh.dimse.identifier import encode_identifier
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.dimse.status import Meaning, failure, meaning, offending
from dicomsh.errors import AssociationAbortedError, DicomshError
from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.query import Query
from dicomsh.model.row import Row, Source
from dicomsh.model.status import words


class Find:
    """A C-FIND in progress; implements `dicomsh.model.answer.Answer`.

    Args:
        association: open, and with no operation in progress.
        context: the presentation context of the query's information model.
        query: the query.
        modality: the peer, for time limits and messages.
        limit: the largest number of rows to return, or None.

    Raises:
        UsageError: the query cannot be written.
        AssociationAbortedError: the association is gone.
    """

    def __init__(
        self,
        association: Association,
        context: PresentationContext,
        query: Query,
        modality: Modality,
        limit: int | None = None,
    ) -> None:
        self._modality = modality
        self._handed_out = 0
        self._outcome: Outcome | None = None
        self._loop = asyncio.get_running_loop()
        identifier = encode_identifier(query, context.encoding)
        source = Source(context.encoding, modality.fallback_charset)
        self._exchange = FindExchange(association, context, source, limit)
        self._started = self._loop.time()
        self._exchange.begin(identifier)

    @property
    def outcome(self) -> Outcome:
        """How it ended; raises RuntimeError before the end."""
        if self._outcome is None:
            raise RuntimeError("the answer has not ended yet")
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
        exchange = self._exchange
        if self._handed_out and exchange.waiting:
            await asyncio.sleep(0)  # rows that are here must not keep the event loop from the rest
        while self._outcome is None:
            if exchange.waiting:
                batch = exchange.take()
                self._handed_out += len(batch)
                return batch
            if exchange.ended or exchange.over_limit:
                await self._conclude()
            else:
                await self._wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End early: C-CANCEL while the peer is still answering, A-ABORT if it does not stop."""
        exchange = self._exchange
        if self._outcome is not None:
            return
        if exchange.waiting or not (exchange.answered or exchange.over_limit):
            await self._cancelled()
            return
        try:
            await self._conclude()
        except DicomshError:
            return  # the outcome records it; a caller that leaves has no use for the error

    async def _wait(self) -> None:
        limit = self._modality.timeouts.response
        try:
            await self._exchange.wait(limit)
        except TimeoutError:
            error = timed_out(f"{self._modality.address}: no answer", "response", limit)
            self._end(Ending.TIMED_OUT, error.message)
            if self._handed_out == 0:
                raise error from None

    async def _cancelled(self) -> None:
        how = "association aborted at once"
        try:
            how = await self._leave()
        finally:  # even if leaving is cancelled in turn
            self._end(Ending.CANCELLED, how)

    async def _leave(self) -> str:
        return await self._exchange.leave(self._modality.timeouts.cancel_grace)

    async def _conclude(self) -> None:
        """Set the outcome, once all rows have been returned."""
        exchange = self._exchange
        if exchange.over_limit:
            self._end(Ending.LIMIT, await self._leave())
        elif exchange.error is not None:
            self._end(Ending.LOST, exchange.error.message)
            if self._handed_out == 0:
                raise self._explained(exchange.error)
        elif exchange.final is not None:
            self._finish()

    def _finish(self) -> None:
        final = self._exchange.final
        assert final is not None
        means = meaning(final.status)
        whole = means in (Meaning.SUCCESS, Meaning.WARNING)
        self._end(Ending.COMPLETE if whole else Ending.CUT_OFF)
        if means is Meaning.FAILURE:
            raise failure(final, str(self._modality.address))

    def _explained(self, error: DicomshError) -> DicomshError:
        if type(error) is not AssociationAbortedError:
            return error
        # Orthanc accepts any caller and aborts at its first C-FIND (pynetdicom #567, #751)
        return AssociationAbortedError(
            error.message,
            hint="the server accepted the association but aborted the query: does it know our AE "
            f"title {self._modality.local_aet}? (Orthanc: DicomModalities, AllowFind)",
        )

    def _end(self, ending: Ending, detail: str = "") -> None:
        final = self._exchange.final
        seconds = self._loop.time() - self._started
        unsupported = self._exchange.unsupported
        outcome = Outcome(ending, self._handed_out, seconds, detail=detail, unsupported=unsupported)
        self._outcome = outcome if final is None else _with_final(outcome, final)


def _with_final(outcome: Outcome, final: CommandSet) -> Outcome:
    """The outcome with what the final response says; a warning puts the answer in doubt."""
    warned, objects = meaning(final.status) is Meaning.WARNING, offending(final)
    notes = [note(NoteKind.WARNED, words(final.status))] if warned else []
    notes += [note(NoteKind.OFFENDING, objects)] if objects else []
    return replace(
        outcome,
        status=final.status,
        comment=final.comment,
        notes=tuple(notes),
        doubtful=warned,
    )

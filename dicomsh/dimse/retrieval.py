"""C-GET and C-MOVE: a request, sub-operations, a final response (PS3.7 9.1.3, 9.1.4)."""

from __future__ import annotations

import asyncio

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import CommandSet, cancel_request, get_request, move_request
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.dimse.pdu import Message, Sink
from dicomsh.dimse.storage import StoreService
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError, ProtocolViolationError
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.status import PENDING_STATUSES
from dicomsh.model.storage import Storage
from dicomsh.timeout import timeout

_FAILED_UIDS = 0x00080058


class Retrieval(ServiceUser):
    """A retrieval in progress.

    Args:
        association: open, and with no operation in progress.
        context: the presentation context of the information model's C-GET or C-MOVE.
        progress: is called with the peer's counters as they come.
    """

    def __init__(
        self, association: Association, context: PresentationContext, progress: OnClaim
    ) -> None:
        self._association = association
        self._context = context
        self._progress = progress
        self._message_id = association.next_message_id()
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[Claim] = self._loop.create_future()

    def _start(self, command: bytes, identifier: bytes) -> None:
        self._association.begin(self, self._context, command, identifier)

    async def finished(self, silence: float) -> Claim:
        """The final response.

        Silence is what times out, not duration: an archive may need hours for a large study.

        Args:
            silence: seconds without a byte from the peer after which it is given up.

        Raises:
            TimeoutError: it was silent for so long; the association was aborted.
            AssociationAbortedError: the association was lost.
        """
        while not self._end.done():
            due = self._silent_since() + silence
            await asyncio.wait([self._end], timeout=due - self._loop.time())
            if not self._end.done() and self._silent_since() + silence <= due:
                self._association.abort()
                raise TimeoutError
        return self._end.result()

    def _silent_since(self) -> float:
        return self._loop.time() if self._working else self._association.last_heard

    async def leave(self, seconds: float) -> None:
        """Make the peer stop: C-CANCEL, `seconds` for the final response, else A-ABORT.

        What arrives in that time is kept: it is whole.
        """
        if self._end.done():
            return
        self._association.send(self._context, cancel_request(self._message_id))
        self._association.resume()
        try:
            async with timeout(seconds):
                await asyncio.wait([self._end])
        except TimeoutError:
            self._association.abort()
        except asyncio.CancelledError:
            self._association.abort()
            raise

    @property
    def _working(self) -> bool:
        """Whether it is us who keep the peer waiting."""
        return False

    def received(self, messages: list[Message]) -> None:
        """Take the messages of one read.

        Raises:
            ProtocolViolationError: one does not belong to this operation.
        """
        for context_id, command, identifier in messages:
            if command.is_response:
                self._answered(context_id, command, identifier)
            else:
                self._stored(context_id, command)

    def _stored(self, context_id: int, request: CommandSet) -> None:
        del context_id
        raise ProtocolViolationError(f"received an unexpected {request.title}")

    def lost(self, error: DicomshError) -> None:
        """The association is gone."""
        if not self._end.done():
            self._end.set_exception(error)
            self._end.exception()  # or asyncio logs it, if nobody is waiting any more

    def _answered(self, context_id: int, response: CommandSet, identifier: bytes) -> None:
        if (context_id, response.message_id) != (self._context.id, self._message_id):
            raise ProtocolViolationError(
                f"received a message that does not answer our {self.title}"
            )
        if self._end.done():
            raise ProtocolViolationError("a response after the final one")
        claim = self._claim(response, identifier)
        if response.status in PENDING_STATUSES:
            self._progress(claim)
            return
        self._association.end(self)
        self._end.set_result(claim)

    def _claim(self, response: CommandSet, identifier: bytes) -> Claim:
        elements = self._context.encoding.split(identifier)
        uids = elements.get(_FAILED_UIDS, b"").decode("ascii", "replace").split("\\")
        return Claim(
            response.status,
            response.comment,
            response.completed,
            response.failed,
            response.warning,
            response.remaining,
            tuple(filter(None, (uid.strip(" \0") for uid in uids))),
            response.offending,
        )


class Get(Retrieval):
    """A C-GET: the peer stores the objects on the same association.

    Args:
        association: open, and with no operation in progress.
        context: the presentation context of the information model's C-GET.
        storage: where the objects go.
        progress: is called with the peer's counters as they come.
    """

    title = "C-GET"

    def __init__(
        self,
        association: Association,
        context: PresentationContext,
        storage: Storage,
        progress: OnClaim,
    ) -> None:
        super().__init__(association, context, progress)
        self._service = StoreService(association, storage)

    def begin(self, identifier: bytes) -> None:
        """Send the request; raises AssociationAbortedError if the association is gone."""
        self._start(get_request(self._message_id, self._context.abstract_syntax), identifier)

    async def finished(self, silence: float) -> Claim:
        """The final response; every object before it is kept by then."""
        try:
            return await super().finished(silence)
        finally:
            await self._service.kept()

    @property
    def _working(self) -> bool:
        return self._service.keeping

    def requested(self, context_id: int, request: CommandSet) -> Sink | None:
        """A sink for the data set of a C-STORE sub-operation."""
        return self._service.requested(context_id, request)

    def _stored(self, context_id: int, request: CommandSet) -> None:
        self._service.received(context_id, request)

    def lost(self, error: DicomshError) -> None:
        """The association is gone."""
        self._service.lost()
        super().lost(error)


class Move(Retrieval):
    """A C-MOVE: the peer stores the objects at a destination, on associations of its own."""

    title = "C-MOVE"

    def begin(self, identifier: bytes, destination: str) -> None:
        """Send the request; raises AssociationAbortedError if the association is gone.

        Args:
            identifier: the unique keys.
            destination: AE title that the objects are to be sent to; the peer knows its address.
        """
        uid = self._context.abstract_syntax
        self._start(move_request(self._message_id, uid, destination), identifier)

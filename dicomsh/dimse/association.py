"""One association: negotiation, messages both ways, release and abort (PS3.8)."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol

from dicomsh.dimse import negotiation
from dicomsh.dimse.negotiation import Agreement, Context
from dicomsh.dimse.pdu import (
    ABORT,
    ASSOCIATE_AC,
    ASSOCIATE_RJ,
    P_DATA,
    RELEASE_RP,
    RELEASE_RQ,
    Message,
    MessageReader,
    PduReader,
    write_message,
)
from dicomsh.errors import (
    AssociationAbortedError,
    DicomshError,
    ProtocolViolationError,
)
from dicomsh.model.peer import Modality

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class Receiver(Protocol):
    """The operation in progress; it is told of everything that arrives."""

    def received(self, messages: list[Message]) -> None:
        """Take the messages of one read.

        Raises:
            ProtocolViolationError: they do not belong to this operation.
        """
        ...

    def lost(self, error: DicomshError) -> None:
        """Take note that the association is gone."""
        ...


class Association(asyncio.Protocol):
    """An association as its requestor; made by `dicomsh.dimse.connect.open_association`.

    At most one operation runs at a time. The answer to bytes that break the protocol is A-ABORT.

    Attributes:
        negotiated: done once the peer has accepted; holds the error when it did not.
        agreement: what was negotiated.
        last_used: loop time of the last sign of life of an operation.
    """

    agreement: Agreement

    def __init__(self, modality: Modality) -> None:
        self._modality = modality
        self._loop = asyncio.get_running_loop()
        self.negotiated: asyncio.Future[None] = self._loop.create_future()
        self.last_used = self._loop.time()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._pdus = PduReader()
        self._messages = MessageReader(())
        self._receiver: Receiver | None = None
        self._error: DicomshError | None = None
        self._releasing = False
        self._message_id = 0
        self._transport: asyncio.Transport
        self._socket: socket.socket | None = None

    # What the client does

    @property
    def is_open(self) -> bool:
        """Whether operations can be started."""
        done = self.negotiated.done() and self.negotiated.exception() is None
        return done and self._error is None and not self._releasing

    @property
    def busy(self) -> bool:
        """Whether an operation is in progress."""
        return self._receiver is not None

    def next_message_id(self) -> int:
        """A Message ID, 1 to 65535, that was not used lately."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def begin(
        self, receiver: Receiver, context: Context, command: bytes, identifier: bytes = b""
    ) -> None:
        """Send a request, in one write; its responses go to the receiver.

        Raises:
            AssociationAbortedError: the association is gone.
        """
        if self._error is not None:
            raise self._error
        self._receiver = receiver
        self.send(context, command, identifier)

    def send(self, context: Context, command: bytes, identifier: bytes = b"") -> None:
        """Send a message of the operation in progress."""
        self.last_used = self._loop.time()
        message = write_message(context.id, command, identifier, self.agreement.max_pdu)
        self._transport.write(message)

    def end(self, receiver: Receiver) -> None:
        """The operation is over: any further message is a violation."""
        if self._receiver is receiver:
            self._receiver = None
            self.last_used = self._loop.time()
            self.resume()

    def pause(self) -> None:
        """Stop reading; the peer is held back by TCP."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    async def release(self, seconds: float) -> None:
        """Release in good order; abort when the peer does not answer within `seconds`."""
        if not self.is_open:
            return
        self._releasing = True
        self.resume()
        self._transport.write(negotiation.release_request())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._closed)
        except TimeoutError:
            self.abort()
        except asyncio.CancelledError:
            self.abort()
            raise

    def abort(self) -> None:
        """Send A-ABORT and close; the operation in progress is told."""
        self._break_off(AssociationAbortedError("we aborted the association"), by_provider=False)

    # What the event loop tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send A-ASSOCIATE-RQ."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.write(negotiation.associate_request(self._modality))
        self._acknowledge()

    def data_received(self, data: bytes) -> None:
        """Take what arrived; whole messages of one read are delivered together."""
        messages: list[Message] = []
        try:
            try:
                for kind, body in self._pdus.feed(data):
                    if kind == P_DATA:
                        messages += self._messages.feed(body)
                    else:
                        self._deliver(messages)
                        messages = []
                        self._control(kind, body)
            finally:
                self._deliver(messages)
        except ProtocolViolationError as violation:
            self._break_off(violation, by_provider=True)
        self._acknowledge()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        how = "the connection was reset" if exc else "the connection was closed"
        self._lose(AssociationAbortedError(f"{self._modality.address}: {how} without a release"))
        if not self._closed.done():
            self._closed.set_result(None)

    def _acknowledge(self) -> None:
        """Have the kernel acknowledge at once.

        Orthanc and DCMTK send a command and its identifier as two small segments; the second waits
        for our acknowledgement, which Linux delays by 40 ms unless told otherwise after each read.
        """
        if _QUICKACK is not None and self._socket is not None and self._error is None:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def _deliver(self, messages: list[Message]) -> None:
        if not messages or self._releasing or self._error is not None:
            return
        if self._receiver is None:
            raise ProtocolViolationError("received a message when nothing was asked")
        self._receiver.received(messages)

    def _control(self, kind: int, body: bytes) -> None:
        if self._error is not None:
            return
        if kind == ABORT:
            self._lose(negotiation.abortion(body, self._modality))
            self._transport.abort()
        elif not self.negotiated.done():
            self._answered(kind, body)
        elif kind == RELEASE_RQ:
            self._released_by_peer()
        elif kind == RELEASE_RP and self._releasing:
            self._lose(AssociationAbortedError("the association was released"))
            self._transport.abort()
        else:
            raise ProtocolViolationError(f"received a PDU of type 0x{kind:02X} out of turn")

    def _answered(self, kind: int, body: bytes) -> None:
        """The answer to A-ASSOCIATE-RQ."""
        if kind == ASSOCIATE_AC:
            self.agreement = negotiation.read_accept(body)
            ids = frozenset(context.id for context in self.agreement.contexts.values())
            self._messages = MessageReader(ids)
            self.negotiated.set_result(None)
        elif kind == ASSOCIATE_RJ:
            self._lose(negotiation.rejection(body, self._modality))
            self._transport.abort()
        else:
            raise ProtocolViolationError(f"a PDU of type 0x{kind:02X} answers our A-ASSOCIATE-RQ")

    def _released_by_peer(self) -> None:
        self._transport.write(negotiation.release_reply())
        if not self._releasing:
            peer = self._modality.address
            self._lose(AssociationAbortedError(f"{peer} released the association"))
            self._transport.close()

    def _break_off(self, error: DicomshError, *, by_provider: bool) -> None:
        if self._error is None:
            self._transport.write(negotiation.abort(by_provider))
            self._lose(error)
        self._transport.abort()

    def _lose(self, error: DicomshError) -> None:
        if self._error is not None:
            return
        self._error = error
        if not self.negotiated.done():
            self.negotiated.set_exception(error)
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.lost(error)

"""The upper layer protocol on asyncio (PS3.8 9.2): what both roles of an association share."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from abc import ABC, abstractmethod
from typing import ClassVar, cast

from dicomsh.dimse.associate import (
    Abort,
    read_abort,
    write_abort,
    write_release_reply,
    write_release_request,
)
from dicomsh.dimse.command import CommandSet
from dicomsh.dimse.negotiation import Agreement, abortion
from dicomsh.dimse.pdu import (
    ABORT,
    RELEASE_RP,
    RELEASE_RQ,
    Message,
    Pdu,
    PduReader,
    Sink,
)
from dicomsh.errors import (
    AssociationAbortedError,
    DicomshError,
    NoAssociationError,
    ProtocolViolationError,
)
from dicomsh.model.tap import Tap, Wire
from dicomsh.timeout import timeout

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


_LONG_READ = 256 * 1024
"""Bytes of the longest read of asyncio: more has arrived already, and nobody waits for us."""

_BY_USER, _BY_PROVIDER = Abort(source=0), Abort(source=2)


class ServiceUser(ABC):
    """An operation in progress: it receives everything that arrives.

    Attributes:
        title: the name of the service in messages.
    """

    title: ClassVar[str]

    @property
    def working(self) -> bool:
        """Whether it is us who keep the peer waiting."""
        return False

    def requested(self, context_id: int, request: CommandSet) -> Sink | None:  # noqa: ARG002
        """A request from the peer has arrived, but not yet its data set; most operations take none.

        `received` gets its message once that is complete.

        Returns:
            The sink for the data set, or None to have it with the message.

        Raises:
            ProtocolViolationError: it does not belong to this operation.
        """
        raise ProtocolViolationError(f"received a {request.title} during a {self.title}")

    @abstractmethod
    def received(self, messages: list[Message]) -> None:
        """Take the messages of one read.

        Raises:
            ProtocolViolationError: they do not belong to this operation.
        """

    @abstractmethod
    def lost(self, error: DicomshError) -> None:
        """The association is gone."""


class UpperLayer(asyncio.Protocol, ABC):
    """The connection that carries one association; protocol violations are answered with A-ABORT.

    Args:
        peer: the peer, for messages.
        pdus: splits what arrives; it knows which PDUs may come.
        tap: listens to the conversation.

    Attributes:
        peer: the peer, for messages.
        negotiated: becomes what was agreed, or the error if nothing was.
        transport: the connection.
        user: the operation in progress, or None.
        error: why the association is gone, or None.
        last_heard: loop time at which bytes last arrived.
    """

    transport: asyncio.Transport

    def __init__(self, peer: str, pdus: PduReader, tap: Tap) -> None:
        loop = asyncio.get_running_loop()
        self.peer = peer
        self.negotiated: asyncio.Future[Agreement] = loop.create_future()
        self.user: ServiceUser | None = None
        self.error: DicomshError | None = None
        self._tap = tap
        self._wire = Wire(peer)
        self._closed: asyncio.Future[None] = loop.create_future()
        self._pdus = pdus
        pdus.messages.on_request = self._requested
        self._releasing = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._socket: socket.socket | None = None
        self._loop = loop
        self.last_heard = loop.time()

    @property
    def is_open(self) -> bool:
        """Whether operations can be started."""
        return self.negotiated.done() and self.error is None and not self._releasing

    async def release(self, seconds: float) -> None:
        """Release gracefully; abort if the peer does not answer within `seconds`."""
        if not self.is_open:
            return
        self._releasing = True
        self.transport.resume_reading()  # it may be paused, and then A-RELEASE-RP never arrives
        self.write(write_release_request())
        try:
            async with timeout(seconds):
                await asyncio.shield(self._closed)
        except TimeoutError:
            self.abort()
        except asyncio.CancelledError:
            self.abort()
            raise

    def abort(self) -> None:
        """Send A-ABORT and close; the operation in progress is told."""
        self._break_off(
            AssociationAbortedError(f"{self.peer}: association aborted by us"),
            by_provider=False,
        )

    def write(self, data: bytes) -> None:
        """Write bytes to the peer."""
        if self._tap.tracer is not None:
            self._tap.tracer.sent(self._wire, data)
        if not self.transport.is_closing():  # asyncio would complain on standard error
            self.transport.write(data)

    async def drained(self) -> None:
        """Wait until what was written has been sent, but for a little; raises `error`."""
        await self._writable.wait()
        if self.error is not None:
            raise self.error

    def pause_reading(self) -> None:
        """Stop reading; TCP flow control then stops the peer."""
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Continue reading."""
        self.transport.resume_reading()

    def pause_writing(self) -> None:
        """The peer does not read as fast as we write."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """What was written has been sent."""
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open.

        asyncio sets TCP_NODELAY itself; measured: it halves the latency of a C-FIND.
        """
        self.transport = cast(asyncio.Transport, transport)
        self._socket = transport.get_extra_info("socket")
        if self._tap.tracer is not None:
            self._tap.tracer.opened(self._wire)
        self._begin()
        self._acknowledge()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; the messages of one read are delivered together."""
        self.last_heard = self._loop.time()
        if self._tap.tracer is not None:
            self._tap.tracer.received(self._wire, data)
        try:
            for part in self._pdus.feed(data):
                if isinstance(part, Pdu):
                    self._control(*part)
                else:
                    self._deliver(part)
        except ProtocolViolationError as violation:
            violation.message = f"{self.peer}: {violation.message}"
            self._break_off(violation, by_provider=True)
        if len(data) < _LONG_READ:
            self._acknowledge()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever is waiting."""
        how = "the connection was reset" if exc else "the connection was closed"
        opened = self._socket is not None  # not after a TLS handshake that failed
        if self._tap.tracer is not None and opened:
            self._tap.tracer.closed(self._wire, how)
        self._lose(self._closed_by_peer(how, exc))
        if not self._closed.done():
            self._closed.set_result(None)

    @abstractmethod
    def _begin(self) -> None:
        """The connection has just been opened."""

    @abstractmethod
    def _negotiate(self, kind: int, body: bytes) -> None:
        """Take a PDU that arrives before there is an association.

        Raises:
            ProtocolViolationError: it is not the one that should arrive now.
        """

    def _closed_by_peer(self, how: str, exc: Exception | None) -> NoAssociationError:
        """The error for a connection that ended without a release."""
        del exc
        return AssociationAbortedError(f"{self.peer}: {how} unexpectedly")

    def _acknowledge(self) -> None:
        """Make the kernel acknowledge at once.

        Orthanc and DCMTK send a command and its identifier as two small segments; the second waits
        for our acknowledgement, which Linux delays by 40 ms unless this is set after each read.
        """
        if _QUICKACK is not None and self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def _deliver(self, messages: list[Message]) -> None:
        if self._releasing or self.error is not None:
            return
        if self.user is None:
            raise ProtocolViolationError("received a message although no operation is in progress")
        self.user.received(messages)

    def _requested(self, context_id: int, request: CommandSet) -> Sink | None:
        if self.user is None:
            raise ProtocolViolationError(
                f"received a {request.title} although no operation is in progress"
            )
        return self.user.requested(context_id, request)

    def _control(self, kind: int, body: bytes) -> None:
        if self.error is not None:
            return
        if kind == ABORT:
            self._lose(abortion(read_abort(body), self.peer))
            self.transport.abort()
        elif not self.negotiated.done():
            self._negotiate(kind, body)
        elif kind == RELEASE_RQ:
            self._released_by_peer()
        elif kind == RELEASE_RP and self._releasing:
            self._lose(AssociationAbortedError("the association was released"))
            self.transport.close()
        else:
            raise ProtocolViolationError(f"received an unexpected PDU of type 0x{kind:02X}")

    def _agreed(self, agreement: Agreement) -> None:
        """There is an association now."""
        self._pdus.messages.contexts = frozenset(agreement.by_id)
        self._wire.agreed = agreement.syntaxes
        self.negotiated.set_result(agreement)

    def _released_by_peer(self) -> None:
        self.write(write_release_reply())
        # in a release collision, the reply to ours is still to come (PS3.8 table 9-8, AR-8)
        if not self._releasing:
            self._lose(AssociationAbortedError(f"{self.peer} released the association"))
            self.transport.close()

    def _break_off(self, error: DicomshError, *, by_provider: bool) -> None:
        if self.error is None:
            self.write(write_abort(_BY_PROVIDER if by_provider else _BY_USER))
            self._lose(error)
        self.transport.abort()

    def _lose(self, error: DicomshError) -> None:
        if self.error is not None:
            return
        self.error = error
        self._writable.set()
        if not self.negotiated.done():
            self.negotiated.set_exception(error)
            self.negotiated.exception()  # or asyncio logs it, if nobody is waiting any more
        user, self.user = self.user, None
        if user is not None:
            user.lost(error)

"""Messages of the archive as bytes, and the socket they are sent on.

pynetdicom passes every response through a queue, and reads nothing from the peer while that queue
is not empty: it would see a C-CANCEL only after the last row. It also sends its own success status
after a warning, although 0xB001 is final (PS3.4 C.4.1.1.4), corrects the numbers of sub-operations,
and holds an object whole before it sends it. So the archive writes its C-FIND, C-GET, C-MOVE and
N-ACTION responses and its C-STORE and N-EVENT-REPORT requests itself, and pynetdicom does the rest.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable
from io import BytesIO
from itertools import chain
from struct import pack
from threading import Event
from typing import Any

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE, N_ACTION

from dicomsh.practice.codec import element

_RESPONSES = {C_FIND: 0x8020, C_GET: 0x8010, C_MOVE: 0x8021}
_NO_DATA_SET = 0x0101
_DATA_SET = 0x0001
_ENOUGH = 64 * 1024
_USUAL_PDU = 16 * 1024
"""For a peer that takes PDUs of any size."""

_LONGEST_MESSAGE = 1 << 20
"""Bytes of a request that are kept; that of a long list of UIDs has a tenth."""
_PART = 64
"""Bytes that a fragment costs beside its own."""
_MOST_DROPPED = 1 << 30
"""Bytes of objects that are read from one client without being kept."""
_MOST_WAITING = 16
"""Requests that may wait: without asynchronous operations, there is one (PS3.7 D.3.3.3)."""


class Provider(DIMSEServiceProvider):
    """pynetdicom's DIMSE provider, without what was sent already, and with an event.

    It closes the connection of a client that sends more than it has to. Objects may be larger;
    one for which there is no room is not kept while it arrives.

    Args:
        association: pynetdicom's.
        room: bytes of objects that can still be taken.

    Attributes:
        wake: is set when a C-CANCEL arrives.
        answering: whether a request is being answered.
    """

    def __init__(self, association: Any, room: Callable[[], int] = lambda: 0) -> None:
        super().__init__(association)
        self.wake = Event()
        self.answering = False
        self._held = self._dropped = 0
        self._room = room
        self._arrived = self._handled = 0

    @property
    def arriving(self) -> int:
        """Bytes of objects that have arrived and were not handled yet."""
        return self._arrived - self._handled

    def handled(self, size: int) -> None:
        """Take note that an object of so many bytes was stored or refused."""
        self._handled += size

    def send_msg(self, primitive: Any, context_id: int) -> None:
        """Send a message, unless it is a response that has been sent already."""
        if not isinstance(primitive, (*_RESPONSES, N_ACTION)):
            super().send_msg(primitive, context_id)

    def receive_primitive(self, primitive: Any) -> None:
        """Receive a P-DATA primitive; sets `wake` if it completes a C-CANCEL."""
        parts = [len(part) for _, part in primitive.presentation_data_value_list]
        if isinstance(self.message, C_STORE_RQ):
            self._make_room(self.message, sum(parts) - len(parts))
        else:
            self._held += sum(parts) + len(parts) * _PART
        if self._is_too_much():
            close_at_once(self.assoc)
            return
        super().receive_primitive(primitive)
        if self.message is None:
            self._held = 0
        if self.cancel_req:
            self.wake.set()

    def _is_too_much(self) -> bool:
        long = self._held > _LONGEST_MESSAGE or self._dropped > _MOST_DROPPED
        return long or self.msg_queue.qsize() > _MOST_WAITING

    def _make_room(self, message: Any, size: int) -> None:
        """Stop keeping an object if the next part of it is too much."""
        if isinstance(message.data_set, Dropped):
            self._dropped += size
        elif size <= self._room():
            self._arrived += size
        else:
            self._arrived -= message.data_set.tell()
            message.data_set = Dropped()

    def take(self) -> Any:
        """Wait for the next message; None if the association ended or the peer stays silent."""
        _, message = DIMSEServiceProvider.get_msg(self, block=True)
        return message


class Dropped(BytesIO):
    """Takes the place of a data set for which there is no room."""

    def write(self, data: Any) -> int:
        """Forget it."""
        return len(data)


class SenderProvider(Provider):
    """For an association that we opened; every message answers one of ours."""

    def get_msg(self, block: bool = False) -> tuple[Any, Any]:
        """Leave messages to `take`: pynetdicom's reactor would take them for requests."""
        return super().get_msg(block) if block else (None, None)


class PeerGoneError(Exception):
    """The connection ended while we were answering."""


class Outlet:
    """Writes messages on an association, several at a time.

    Args:
        association: pynetdicom's.
        largest: bytes of a PDU that the peer accepts, 0 for any number (PS3.8 D.1).

    Raises:
        PeerGoneError: from every method that writes, if the connection is gone.
    """

    def __init__(self, association: Any, largest: int) -> None:
        self._association = association
        self._largest = largest
        self._waiting = bytearray()

    def add(self, data: bytes) -> None:
        """Add PDUs; they are sent with the next `flush` at the latest."""
        self._waiting += data
        if len(self._waiting) >= _ENOUGH:
            self.flush()

    def message(self, context: int, command: bytes, data_set: Iterable[bytes] = ()) -> None:
        """Send what was added and one message, whose data set comes in pieces."""
        self.add(self.pdus(context, command, _COMMAND))
        held: bytes | None = None
        for piece in filter(None, data_set):
            if held is not None:
                self.add(self.pdus(context, held, _DATA, last=False))
            held = piece
        if held is not None:
            self.add(self.pdus(context, held, _DATA))
        self.flush()

    def flush(self) -> None:
        """Send the buffer."""
        connection = socket_of(self._association)
        if connection is None:
            raise PeerGoneError
        try:
            connection.sendall(self._waiting)
        except OSError as error:
            raise PeerGoneError from error
        self._waiting.clear()

    def abort(self) -> None:
        """Send the buffer, then A-ABORT."""
        self.flush()
        self._association.abort()

    def close(self) -> None:
        """Send the buffer and close the TCP connection, without A-ABORT."""
        self.flush()
        hang_up(self._association)

    def pdus(self, context: int, data: bytes, control: int, *, last: bool = True) -> bytes:
        """P-DATA-TF PDUs with one PDV each, as large as the peer accepts (PS3.8 9.3.5, E.2)."""
        step = max(self._largest - 6, 1) if self._largest else _USUAL_PDU
        pdus = b""
        for at in range(0, len(data), step):
            part = data[at : at + step]
            header = control | (_LAST if last and at + step >= len(data) else 0x00)
            sizes = len(part) + 6, len(part) + 2
            pdus += pack(">BBIIBB", 4, 0, *sizes, context, header) + part
        return pdus


_DATA, _COMMAND, _LAST = 0x00, 0x01, 0x02


def command_set(*elements: bytes) -> bytes:
    """A command set, with its group length (PS3.7 6.3.1)."""
    body = b"".join(elements)
    return uint(0x00000000, len(body), "UL") + body


def uint(tag: int, value: int, vr: str = "US") -> bytes:
    """A number in a command set."""
    return element(tag, vr, pack("<H" if vr == "US" else "<I", value), explicit=False)


def text(tag: int, vr: str, value: str) -> bytes:
    """A text in a command set."""
    return element(tag, vr, value.encode("ascii", "replace"), explicit=False)


class Responses:
    """Writes the responses to one request, several at a time.

    Args:
        event: the `EVT_C_FIND`, `EVT_C_GET` or `EVT_C_MOVE` being handled.

    Attributes:
        outlet: what they are written with.

    Raises:
        PeerGoneError: from every method that writes, if the connection is gone.
    """

    def __init__(self, event: Any) -> None:
        self.outlet = Outlet(event.assoc, event.assoc.requestor.maximum_length)
        self._context = event.context.context_id
        self._request = event.request
        self._field = _RESPONSES[type(event.request)]
        self._heads: dict[int, bytes] = {}

    def pending(self, identifier: bytes, status: int) -> None:
        """Add a row; it is sent with the next `flush` at the latest."""
        if status not in self._heads:
            self._heads[status] = self._command(status, _DATA_SET)
        self.outlet.add(self._heads[status] + self.outlet.pdus(self._context, identifier, _DATA))

    def progress(self, status: int, counted: Iterable[bytes]) -> None:
        """Send a response with numbers of sub-operations and no identifier."""
        self.outlet.add(self._command(status, _NO_DATA_SET, counted))
        self.outlet.flush()

    def final(
        self,
        status: int,
        comment: str = "",
        counted: Iterable[bytes] = (),
        identifier: bytes = b"",
    ) -> None:
        """Send the buffer and the response that ends the operation.

        Args:
            status: the DIMSE status.
            comment: Error Comment (0000,0902), or empty.
            counted: numbers of sub-operations, as elements.
            identifier: data set of the response, or empty.
        """
        said = [text(0x00000902, "LO", comment[:64])] if comment else []
        data_set = _DATA_SET if identifier else _NO_DATA_SET
        self.outlet.add(self._command(status, data_set, chain(said, counted)))
        self.outlet.add(self.outlet.pdus(self._context, identifier, _DATA))
        self.outlet.flush()

    def _command(self, status: int, data_set: int, more: Iterable[bytes] = ()) -> bytes:
        """The command set of a response (PS3.7 9.3.2.2, 9.3.3.2, 9.3.4.2)."""
        command = command_set(
            text(0x00000002, "UI", self._request.AffectedSOPClassUID),
            uint(0x00000100, self._field),
            uint(0x00000120, self._request.MessageID),
            uint(0x00000800, data_set),
            uint(0x00000900, status),
            *more,
        )
        return self.outlet.pdus(self._context, command, _COMMAND)


def socket_of(association: Any) -> socket.socket | None:
    """The socket of an association of pynetdicom; None once it is gone."""
    connection: socket.socket | None = association.dul.socket and association.dul.socket.socket
    return connection


def send_at_once(association: Any) -> None:
    """Switch Nagle's algorithm off: a response must not wait for the peer's delayed ACK."""
    connection = socket_of(association)
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def close_surely(association: Any) -> None:
    """Close the connection after a reset as well; pynetdicom 3.0 leaves it open.

    Its shutdown fails then, and the close that follows in the same `try` is not reached.
    """
    connection = socket_of(association)
    if connection is not None:
        association.dul.socket._shutdown_socket = lambda: _close(connection)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def wake(association: Any) -> None:
    """End the wait before the next row, if there is one."""
    association.dimse.wake.set()


def close_at_once(association: Any) -> None:
    """Close the connection, and read nothing more; only in the thread that reads."""
    if association.dul.socket is not None:
        association.dul.socket.close()


def hang_up(association: Any) -> None:
    """Shut the connection down; to pynetdicom it looks as if the peer had done it."""
    connection = socket_of(association)
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

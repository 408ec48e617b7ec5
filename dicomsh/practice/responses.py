"""C-FIND responses as bytes, and the socket they are sent on.

pynetdicom passes every response through a queue, and reads nothing from the peer while that queue
is not empty: it would see a C-CANCEL only after the last row. It also sends its own success status
after a warning, although 0xB001 is final (PS3.4 C.4.1.1.4). So the archive writes its C-FIND
responses itself, and pynetdicom does the rest.
"""

from __future__ import annotations

import contextlib
import socket
from struct import pack
from threading import Event
from typing import Any

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_primitives import C_FIND

from dicomsh.practice.codec import element

_C_FIND_RSP = 0x8020
_NO_DATA_SET = 0x0101
_DATA_SET = 0x0001
_ENOUGH = 64 * 1024

_LONGEST_MESSAGE = 1 << 20
"""Bytes of a request that are kept; that of a long list of UIDs has a tenth."""
_PART = 64
"""Bytes that a fragment costs beside its own."""
_MOST_WAITING = 16
"""Requests that may wait: without asynchronous operations, there is one (PS3.7 D.3.3.3)."""


class Provider(DIMSEServiceProvider):
    """pynetdicom's DIMSE provider, without C-FIND responses and with an event for C-CANCEL.

    It closes the connection of a client that sends more than it has to.

    Attributes:
        wake: is set when a C-CANCEL arrives.
        answering: whether a query is being answered.
    """

    def __init__(self, association: Any) -> None:
        super().__init__(association)
        self.wake = Event()
        self.answering = False
        self._held = 0

    def send_msg(self, primitive: Any, context_id: int) -> None:
        """Send a message, unless it is a C-FIND response: those have been sent already."""
        if not isinstance(primitive, C_FIND):
            super().send_msg(primitive, context_id)

    def receive_primitive(self, primitive: Any) -> None:
        """Receive a P-DATA primitive; sets `wake` if it completes a C-CANCEL."""
        self._held += sum(len(part) + _PART for _, part in primitive.presentation_data_value_list)
        if self._held > _LONGEST_MESSAGE or self.msg_queue.qsize() > _MOST_WAITING:
            close_at_once(self.assoc)
            return
        super().receive_primitive(primitive)
        if self.message is None:
            self._held = 0
        if self.cancel_req:
            self.wake.set()


class PeerGoneError(Exception):
    """The connection ended while we were answering."""


class Responses:
    """Writes the responses to one request, several rows at a time.

    Args:
        event: the `EVT_C_FIND` being handled.

    Raises:
        PeerGoneError: from every method that writes, if the connection is gone.
    """

    def __init__(self, event: Any) -> None:
        self._association = event.assoc
        self._context = event.context.context_id
        self._largest = event.assoc.requestor.maximum_length
        self._request = event.request
        self._heads: dict[int, bytes] = {}
        self._waiting = bytearray()

    def pending(self, identifier: bytes, status: int) -> None:
        """Add a row; it is sent with the next `flush` at the latest."""
        if status not in self._heads:
            self._heads[status] = self._pdus(self._command(status, _DATA_SET), 0x01)
        self._waiting += self._heads[status] + self._pdus(identifier, 0x00)
        if len(self._waiting) >= _ENOUGH:
            self.flush()

    def final(self, status: int, comment: str = "") -> None:
        """Send the buffer and the response that ends the operation."""
        self._waiting += self._pdus(self._command(status, _NO_DATA_SET, comment), 0x01)
        self.flush()

    def flush(self) -> None:
        """Send the buffer."""
        connection = _socket(self._association)
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

    def _command(self, status: int, data_set: int, comment: str = "") -> bytes:
        """The command set of a C-FIND-RSP (PS3.7 9.3.2.2)."""
        fields = (
            element(0x00000002, "UI", self._request.AffectedSOPClassUID.encode(), explicit=False)
            + element(0x00000100, "US", pack("<H", _C_FIND_RSP), explicit=False)
            + element(0x00000120, "US", pack("<H", self._request.MessageID), explicit=False)
            + element(0x00000800, "US", pack("<H", data_set), explicit=False)
            + element(0x00000900, "US", pack("<H", status), explicit=False)
        )
        if comment:
            fields += element(0x00000902, "LO", comment.encode("ascii", "replace")[:64], False)
        return element(0x00000000, "UL", pack("<I", len(fields)), explicit=False) + fields

    def _pdus(self, data: bytes, control: int) -> bytes:
        """P-DATA-TF PDUs with one PDV each, as large as the peer accepts (PS3.8 9.3.5, E.2)."""
        step = max(self._largest - 6, 1) if self._largest else len(data)
        pdus = b""
        for at in range(0, len(data), step):
            part = data[at : at + step]
            header = control | (0x02 if at + step >= len(data) else 0x00)
            sizes = len(part) + 6, len(part) + 2
            pdus += pack(">BBIIBB", 4, 0, *sizes, self._context, header) + part
        return pdus


def _socket(association: Any) -> socket.socket | None:
    connection: socket.socket | None = association.dul.socket and association.dul.socket.socket
    return connection


def send_at_once(association: Any) -> None:
    """Switch Nagle's algorithm off: a response must not wait for the peer's delayed ACK."""
    connection = _socket(association)
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def close_surely(association: Any) -> None:
    """Close the connection after a reset as well; pynetdicom 3.0 leaves it open.

    Its shutdown fails then, and the close that follows in the same `try` is not reached.
    """
    connection = _socket(association)
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
    connection = _socket(association)
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

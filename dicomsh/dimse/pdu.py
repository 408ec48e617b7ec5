"""The byte stream as PDUs, and P-DATA-TF as DIMSE messages (PS3.8 9.3, annex E). No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from dicomsh.dimse.command import Response, read_response
from dicomsh.errors import ProtocolViolationError

ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(0x02, 0x08)

MAX_PDU = 65_536
"""The longest P-DATA-TF that we announce to take (PS3.8 D.1)."""

_MAX_ASSOCIATE = 65_536
_MAX_COMMAND = 65_536
_MAX_IDENTIFIER = 16 * 1024 * 1024
_FIXED = 4
_TLS_RECORDS = (0x15, 0x16)

_PDU_HEADER = Struct(">BxI")
_PDV_HEADER = Struct(">IBB")
_COMMAND, _LAST = 0x01, 0x02

SHORTEST_PDU = _PDV_HEADER.size + 2
"""The shortest P-DATA-TF that carries data."""


class PduReader:
    """Cuts a stream of bytes into PDUs, whatever pieces it arrives in.

    Pieces are joined only once a PDU is whole, so that a slow peer costs no more than a fast one.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held = 0
        self._wanted = _PDU_HEADER.size

    def feed(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """Type and body of each PDU that is now whole.

        Raises:
            ProtocolViolationError: no PDU begins like this, or it is longer than negotiated.
        """
        self._pieces.append(piece)
        self._held += len(piece)
        while self._held >= self._wanted:
            data = b"".join(self._pieces)
            offset, self._wanted = 0, _PDU_HEADER.size
            while offset + self._wanted <= len(data):
                kind, length = _PDU_HEADER.unpack_from(data, offset)
                end = offset + _PDU_HEADER.size + length
                if end > len(data) or length > _LIMITS.get(kind, -1):
                    _check(kind, length)
                    self._wanted = end - offset
                    break
                yield kind, data[offset + _PDU_HEADER.size : end]
                offset = end
            self._pieces = [data[offset:]]
            self._held = len(data) - offset


_LIMITS = {
    ASSOCIATE_AC: _MAX_ASSOCIATE,
    ASSOCIATE_RJ: _FIXED,
    P_DATA: MAX_PDU,
    RELEASE_RQ: _FIXED,
    RELEASE_RP: _FIXED,
    ABORT: _FIXED,
}


def _check(kind: int, length: int) -> None:
    limit = _LIMITS.get(kind)
    if limit is None:
        tls = "; it looks like TLS: 'tls: true' of the modality speaks it"
        raise ProtocolViolationError(
            f"received bytes that are not DICOM (a PDU of type 0x{kind:02X})",
            hint="is this the DICOM port?" + (tls if kind in _TLS_RECORDS else ""),
        )
    if length > limit:
        raise ProtocolViolationError(
            f"received a PDU of type 0x{kind:02X} of {length} bytes; at most {limit} are allowed"
        )


class Message(NamedTuple):
    """A whole DIMSE message: its presentation context, command set, and identifier or empty."""

    context_id: int
    response: Response
    identifier: bytes


class MessageReader:
    """Assembles presentation data values into messages.

    Args:
        contexts: IDs of the accepted presentation contexts.
    """

    def __init__(self, contexts: Collection[int]) -> None:
        self._contexts = contexts
        self._context: int | None = None
        self._response: Response | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._last_command = b""
        self._last_response: Response | None = None

    def feed(self, body: bytes) -> list[Message]:
        """The messages that a P-DATA-TF completes; usually none or one.

        Raises:
            ProtocolViolationError: values that do not fit their PDU or each other.
        """
        messages: list[Message] = []
        offset, end = 0, len(body)
        while offset < end:
            if offset + _PDV_HEADER.size > end:
                raise ProtocolViolationError("a presentation data value without its header")
            length, context, flags = _PDV_HEADER.unpack_from(body, offset)
            stop = offset + 4 + length
            if stop > end or length < 2:
                raise ProtocolViolationError(
                    f"a presentation data value of {length} bytes does not fit its PDU"
                )
            self._take(context, flags, body[offset + _PDV_HEADER.size : stop], messages)
            offset = stop
        return messages

    def _take(self, context: int, flags: int, data: bytes, messages: list[Message]) -> None:
        response = self._response
        if context != self._context:
            self._begin(context)
        if (flags & _COMMAND == 0) != (response is not None):
            raise ProtocolViolationError("command and identifier are out of order")
        if self._parts or not flags & _LAST:
            data = self._collect(data, flags)
        if not flags & _LAST:
            return
        if response is None:
            response = self._read(data)
            if response.has_identifier:
                self._response = response
                return
            data = b""
        messages.append(Message(context, response, data))
        self._response = None

    def _begin(self, context: int) -> None:
        if context not in self._contexts:
            raise ProtocolViolationError(
                f"data on the presentation context {context}, not accepted"
            )
        if self._parts or self._response is not None:
            raise ProtocolViolationError("a message changes its presentation context")
        self._context = context

    def _collect(self, data: bytes, flags: int) -> bytes:
        self._parts.append(data)
        self._size += len(data)
        limit = _MAX_COMMAND if flags & _COMMAND else _MAX_IDENTIFIER
        if self._size > limit:
            raise ProtocolViolationError(f"a message part longer than {limit} bytes")
        if not flags & _LAST:
            return b""
        whole = b"".join(self._parts)
        self._parts, self._size = [], 0
        return whole

    def _read(self, command: bytes) -> Response:
        """The response; those of one query are the same bytes row after row."""
        if self._last_response is None or command != self._last_command:
            self._last_response = read_response(command)
            self._last_command = command
        return self._last_response


def write_message(context_id: int, command: bytes, identifier: bytes, max_pdu: int) -> bytes:
    """A message as P-DATA-TF PDUs.

    Args:
        context_id: the presentation context.
        command: the command set.
        identifier: the data set, or empty for a command without one.
        max_pdu: the longest PDU that the peer takes (PS3.8 D.1), at least `SHORTEST_PDU`; 0 for
            any.
    """
    room = (max_pdu - _PDV_HEADER.size) & ~1 if max_pdu else _MAX_IDENTIFIER
    pdus = [*_fragments(context_id, command, _COMMAND, room)]
    if identifier:
        pdus += _fragments(context_id, identifier, 0, room)
    return b"".join(pdus)


def _fragments(context_id: int, data: bytes, flags: int, room: int) -> Iterable[bytes]:
    for offset in range(0, len(data), room):
        part = data[offset : offset + room]
        last = _LAST if offset + room >= len(data) else 0
        yield _PDU_HEADER.pack(P_DATA, len(part) + _PDV_HEADER.size)
        yield _PDV_HEADER.pack(len(part) + 2, context_id, flags | last)
        yield part

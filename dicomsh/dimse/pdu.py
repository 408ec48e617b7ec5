"""From bytes to PDUs, and from P-DATA-TF to DIMSE messages (PS3.8 9.3, annex E). No I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from struct import Struct
from typing import NamedTuple, Protocol

from dicomsh.dimse.command import ECHO_RESPONSE, FIND_RESPONSE, CommandSet, read_command
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.status import CANCEL, PENDING_STATUSES
from dicomsh.model.storage import Fragment

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(0x01, 0x08)

MAX_PDU = 65_536
"""The longest P-DATA-TF that we announce (PS3.8 D.1)."""

_MAX_ASSOCIATE = 65_536
_MAX_REQUEST = 1024 * 1024
"""Ample room for 128 presentation contexts with a hundred transfer syntaxes each."""
_MAX_COMMAND = 65_536
_MAX_ROW = 1 << 20
"""The longest identifier of a C-FIND response: rows of well-meaning peers have some kilobytes."""
_MAX_DATA_SET = 1 << 24
"""The longest of other data sets: a report of storage commitment names thousands of instances."""
_PART = 64
"""Bytes that a fragment costs beside its own: a peer may send empty ones without end."""
_FIXED = 4
_TLS_RECORDS = (0x15, 0x16)  # alert and handshake (RFC 8446 5.1): no PDU has these types

_PDU_HEADER = Struct(">BxI")
_PDV_HEADER = Struct(">IBB")
_WHOLE_IDENTIFIER = Struct(">BxIIBB")
_COMMAND, _LAST = 0x01, 0x02

SHORTEST_PDU = _PDV_HEADER.size + 2
"""The shortest P-DATA-TF that carries data."""


class Pdu(NamedTuple):
    """A PDU other than P-DATA-TF: its type and its body."""

    kind: int
    body: bytes


Message = tuple[int, CommandSet, bytes]
"""A complete DIMSE message: presentation context ID, command set, and data set.

The data set is empty if there is none, or if it went into a sink.
"""


class Sink(Protocol):
    """Takes a data set as it arrives, so that memory does not depend on its size.

    Its message is delivered once the data set is complete. If the association is lost before, the
    operation that provided the sink is told, and discards what the sink holds.
    """

    def write(self, fragment: Fragment) -> None:
        """Take the next bytes: zero or more, at most a PDU; a view is valid during the call only.

        Raises:
            ProtocolViolationError: it accepts no more from this peer.
        """
        ...

    def close(self) -> None:
        """The data set is complete."""
        ...


OnRequest = Callable[[int, CommandSet], Sink | None]
"""Is called for a request before its data set arrives.

Returns the sink for the data set, or None to collect it in memory.
"""


def refuse(_: int, request: CommandSet) -> Sink | None:
    """Reject a request at a time when the peer may not send any."""
    raise ProtocolViolationError(f"received an unexpected {request.title}")


class PduReader:
    """Splits a stream of bytes into PDUs, however it is fragmented.

    Fragments are joined only once a PDU is complete: joining at each read would take quadratic
    time if a peer sends few bytes at a time.

    Args:
        on_request: is called for requests; without it, they violate the protocol.
        accepts: whether the peer is the one that requests the association.

    Attributes:
        messages: assembles messages from P-DATA-TF.
    """

    def __init__(self, on_request: OnRequest = refuse, *, accepts: bool = False) -> None:
        self.messages = MessageReader(on_request=on_request)
        self._limits = _ACCEPTOR_LIMITS if accepts else _LIMITS
        self._pieces: list[Fragment] = []
        self._held = 0
        self._wanted = _PDU_HEADER.size

    def feed(self, piece: bytes) -> Iterator[Pdu | list[Message]]:
        """What is now complete: PDUs, and between them the messages of all P-DATA-TF in one list.

        Raises:
            ProtocolViolationError: only after everything before the faulty bytes was yielded.
        """
        messages: list[Message] = []
        try:
            for run in self._runs(piece):
                for pdu in self._cut(run, messages):
                    if messages:
                        yield messages.copy()
                        messages.clear()
                    yield pdu
        except ProtocolViolationError:
            if messages:
                yield messages
            raise
        if messages:
            yield messages

    def _runs(self, piece: bytes) -> Iterator[Fragment]:
        """What has arrived as runs of whole PDUs, in order; the beginning of a PDU is kept.

        It is one run, unless a long piece of an object arrives: then only the PDU that began
        earlier is joined, and all others are left where they are.
        """
        left: Fragment = piece
        if self.messages.streams and len(piece) > MAX_PDU:
            left = memoryview(piece)
            while self._held and self._held + len(left) >= self._wanted:
                missing = self._wanted - self._held
                yield b"".join((*self._pieces, left[:missing]))
                left = left[missing:]
            if not left:
                return
        self._pieces.append(left)
        self._held += len(left)
        if self._held >= self._wanted:
            yield left if len(self._pieces) == 1 else b"".join(self._pieces)

    def _cut(self, data: Fragment, messages: list[Message]) -> Iterator[Pdu]:
        """The PDUs of `data`; P-DATA-TF go into `messages` instead."""
        offset, self._wanted = 0, _PDU_HEADER.size
        while offset + self._wanted <= len(data):
            kind, length = _PDU_HEADER.unpack_from(data, offset)
            _check(kind, length, self._limits, bytes(data[offset : offset + _PDU_HEADER.size]))
            start = offset + _PDU_HEADER.size
            if start + length > len(data):
                self._wanted = start + length - offset
                break
            offset = start + length
            if kind == P_DATA:
                self.messages.feed(data[start:offset], messages)
                offset = self.messages.feed_rows(data, offset, messages)
            else:
                yield Pdu(kind, bytes(data[start:offset]))
        self._pieces = [data[offset:]] if offset < len(data) else []
        self._held = len(data) - offset


_LIMITS = {
    ASSOCIATE_AC: _MAX_ASSOCIATE,
    ASSOCIATE_RJ: _FIXED,
    P_DATA: MAX_PDU,
    RELEASE_RQ: _FIXED,
    RELEASE_RP: _FIXED,
    ABORT: _FIXED,
}
_ACCEPTOR_LIMITS = {**_LIMITS, ASSOCIATE_RQ: _MAX_REQUEST}


def _check(kind: int, length: int, limits: Mapping[int, int], header: bytes) -> None:
    limit = limits.get(kind)
    if limit is None:
        raise _not_dicom(header)
    if length > limit:  # checked before the body arrives, which a hostile peer may make 4 GiB long
        raise ProtocolViolationError(
            f"received a PDU of type 0x{kind:02X} of {length} bytes; at most {limit} are allowed"
        )


def _not_dicom(header: bytes) -> ProtocolViolationError:
    """The error for what cannot be a PDU, named if it is a known protocol."""
    kind = header[0]
    if kind in _TLS_RECORDS:
        return ProtocolViolationError(
            "the server answered in TLS, not in plain DICOM",
            hint="it expects TLS: set tls: true for this modality in modalities.yaml",
        )
    other = next((name for start, name in _OTHERS if header.upper().startswith(start)), "")
    answered = f"the server answered in {other}, not in DICOM"
    unknown = f"received bytes that are not DICOM (a PDU of type 0x{kind:02X})"
    hint = "is this the DICOM port? It is often 104, 11112 or 4242"
    return ProtocolViolationError(answered if other else unknown, hint=hint)


_OTHERS = (
    (b"HTTP/", "HTTP (a web server)"),
    (b"<HTML", "HTTP (a web server)"),
    (b"<!DOC", "HTTP (a web server)"),
    (b"SSH-", "SSH"),
    (b"220 ", "FTP or SMTP"),
    (b"220-", "FTP or SMTP"),
)
"""How other protocols begin an answer, in capitals: no PDU has a letter or digit for its type."""


class _Usual(NamedTuple):
    """The command of the last row: its PDU, presentation context and decoded form."""

    command: bytes
    context: int
    response: CommandSet


class MessageReader:
    """Assembles presentation data values into messages.

    Args:
        on_request: is called for requests; without it, they violate the protocol.

    Attributes:
        contexts: IDs of the accepted presentation contexts.
        on_request: is called for requests.
    """

    def __init__(self, contexts: Collection[int] = (), on_request: OnRequest = refuse) -> None:
        self.contexts = contexts
        self.on_request = on_request
        self._context: int | None = None
        self._command: CommandSet | None = None
        self._sink: Sink | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._usual: _Usual | None = None
        self._leftover: int | None = None
        """The presentation context of a response that needs no data set, but may still get one."""
        self._tolerated = 0
        """How many bytes of it are ignored: more would be an answer that was taken for the end."""

    @property
    def streams(self) -> bool:
        """Whether a data set is on its way into a sink."""
        return self._sink is not None

    def feed(self, body: Fragment, messages: list[Message]) -> None:
        """Append the messages that a P-DATA-TF completes.

        Nothing of one whose values do not fit it is taken: the first may be a part of a longer one.

        Raises:
            ProtocolViolationError: values that do not fit their PDU or each other.
        """
        between = self._command is None and not self._parts
        for context, flags, start, stop in _values(body):
            self._take(context, flags, body[start:stop], messages)
        if between:
            self._remember(bytes(body))

    def feed_rows(self, data: Fragment, offset: int, messages: list[Message]) -> int:
        """Read ahead from `offset` over PDUs of the form that most rows have.

        That is the previous command again, byte for byte, then the identifier in a PDU of its own.
        The result is the same as from `feed`, but several times faster.

        Returns:
            Where that form ends; the PDU there is for `feed`.
        """
        if self._usual is None or self._command is not None or isinstance(data, memoryview):
            return offset
        command, usual_context, response = self._usual
        unpack, end = _WHOLE_IDENTIFIER.unpack_from, len(data)
        expected = (P_DATA, usual_context, _LAST)
        head = len(command) + _WHOLE_IDENTIFIER.size
        while data.startswith(command, offset) and offset + head <= end:
            start = offset + head
            kind, length, value, context, flags = unpack(data, start - _WHOLE_IDENTIFIER.size)
            stop = start + value - 2
            fits = 2 <= value == length - 4 and length <= MAX_PDU and stop <= end
            if not fits or (kind, context, flags) != expected:
                break
            messages.append((context, response, data[start:stop]))
            offset = stop
        return offset

    def _take(self, context: int, flags: int, data: Fragment, messages: list[Message]) -> None:
        if flags & _COMMAND:
            self._without_data(messages)
        elif context == self._leftover and self._command is None:
            self._tolerated -= len(data)
            if self._tolerated < 0:
                raise ProtocolViolationError("received a data set after the final response")
            self._leftover = None if flags & _LAST else context
            return
        if context != self._context:
            self._begin(context)
        if (flags & _COMMAND == 0) != (self._command is not None):
            raise ProtocolViolationError("command and data set are out of order")
        if self._sink is not None:
            self._sink.write(data)
            whole = b""
        elif self._parts or not flags & _LAST:
            whole = self._collect(bytes(data), flags)
        else:
            whole = bytes(data)
        if flags & _LAST:
            self._whole(context, whole, messages)

    def _whole(self, context: int, data: bytes, messages: list[Message]) -> None:
        """A complete command set, or the complete data set that belongs to one."""
        command, self._command = self._command, None
        if command is None:
            self._commanded(context, read_command(data), messages)
            return
        if self._sink is not None:
            self._sink.close()
            self._sink = None
        messages.append((context, command, data))

    def _commanded(self, context: int, command: CommandSet, messages: list[Message]) -> None:
        sink = None if command.is_response else self.on_request(context, command)
        self._leftover = None
        if awaits_data_set(command):
            self._command, self._sink = command, sink
            return
        messages.append((context, command, b""))
        if command.is_response:
            self._leftover = context
            # Orthanc 1.10.1 ends a C-FIND at a C-CANCEL with the row that it was about to send
            cancelled = command.field == FIND_RESPONSE and command.status == CANCEL
            self._tolerated = _MAX_ROW if cancelled else 0

    def _without_data(self, messages: list[Message]) -> None:
        """Deliver a response whose data set does not come: the next command is here already."""
        waiting = self._command
        if waiting and waiting.is_response and not self._parts and self._context is not None:
            messages.append((self._context, waiting, b""))
            self._command = None

    def _remember(self, body: bytes) -> None:
        """Keep a PDU that was exactly the command set of a response with an identifier."""
        length, context, flags = _PDV_HEADER.unpack_from(body)
        response = self._command
        if response is None or not response.is_response:
            return
        if flags == _COMMAND | _LAST and length + 4 == len(body):
            command = _PDU_HEADER.pack(P_DATA, len(body)) + body
            self._usual = _Usual(command, context, response)

    def _begin(self, context: int) -> None:
        if context not in self.contexts:
            raise ProtocolViolationError(
                f"data on presentation context {context}, which was not accepted"
            )
        if self._parts or self._command is not None:
            raise ProtocolViolationError("a message changes its presentation context")
        self._context = context

    def _collect(self, data: bytes, flags: int) -> bytes:
        self._parts.append(data)
        self._size += len(data) + _PART
        part, limit = ("a command set", _MAX_COMMAND) if flags & _COMMAND else self._awaited
        if self._size > limit:
            raise ProtocolViolationError(f"received {part} longer than {limit:,} bytes")
        if not flags & _LAST:
            return b""
        whole = b"".join(self._parts)
        self._parts, self._size = [], 0
        return whole

    @property
    def _awaited(self) -> tuple[str, int]:
        """The data set that is arriving, in words, and how long it may be."""
        if self._command is not None and self._command.field == FIND_RESPONSE:
            return "an identifier", _MAX_ROW
        return "a data set", _MAX_DATA_SET


def _values(body: Fragment) -> list[tuple[int, int, int, int]]:
    """Context, flags, start and end of each value of a P-DATA-TF.

    Raises:
        ProtocolViolationError: they do not fit it.
    """
    found: list[tuple[int, int, int, int]] = []
    offset, end = 0, len(body)
    while offset < end or end == 0:  # an empty one is invalid, too (PS3.8 table 9-22)
        if offset + _PDV_HEADER.size > end:
            raise ProtocolViolationError("a P-DATA-TF without a complete value")
        length, context, flags = _PDV_HEADER.unpack_from(body, offset)
        stop = offset + 4 + length
        if stop > end or length < 2:
            raise ProtocolViolationError(
                f"a presentation data value of {length} bytes does not fit its PDU"
            )
        found.append((context, flags, offset + _PDV_HEADER.size, stop))
        offset = stop
    return found


def awaits_data_set(command: CommandSet) -> bool:
    """Whether a data set follows; of a C-FIND response, its status decides (PS3.7 9.1.2.1).

    Some servers announce one after the final response that never comes, or announce none with a
    match. Waiting for it would last until the time limit.
    """
    if command.field == FIND_RESPONSE:
        return command.status in PENDING_STATUSES
    return command.has_data_set and command.field != ECHO_RESPONSE


def write_pdu(kind: int, body: bytes) -> bytes:
    """A PDU of any kind."""
    return _PDU_HEADER.pack(kind, len(body)) + body


def write_message(context_id: int, command: bytes, identifier: bytes, max_pdu: int) -> bytes:
    """A message as P-DATA-TF PDUs.

    Args:
        context_id: the presentation context.
        command: the command set.
        identifier: the data set, or empty for a command without one.
        max_pdu: the longest PDU that the peer accepts (PS3.8 D.1), at least `SHORTEST_PDU`; 0 for
            any.
    """
    room = _room(max_pdu)
    pdus = [*_fragments(context_id, command, _COMMAND, room)]
    if identifier:
        pdus += _fragments(context_id, identifier, 0, room)
    return b"".join(pdus)


def write_part(context_id: int, part: bytes, max_pdu: int, *, last: bool) -> bytes:
    """Part of a data set as P-DATA-TF PDUs.

    Args:
        context_id: the presentation context.
        part: an even number of bytes, unless it is the last part.
        max_pdu: as in `write_message`.
        last: whether the data set ends with it.
    """
    return b"".join(_fragments(context_id, part, 0, _room(max_pdu), ends=last))


def _room(max_pdu: int) -> int:
    return (max_pdu - _PDV_HEADER.size) & ~1 if max_pdu else _MAX_DATA_SET


def _fragments(
    context_id: int, data: bytes, flags: int, room: int, *, ends: bool = True
) -> Iterable[Fragment]:
    view = memoryview(data)  # a large object is not copied once more
    for offset in range(0, max(len(data), int(ends)), room):
        part = view[offset : offset + room]
        last = _LAST if ends and offset + room >= len(data) else 0
        yield _PDU_HEADER.pack(P_DATA, len(part) + _PDV_HEADER.size)
        yield _PDV_HEADER.pack(len(part) + 2, context_id, flags | last)
        yield part

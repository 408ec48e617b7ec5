"""The bytes of one connection as PDUs and DIMSE messages, in both directions (PS3.7, PS3.8)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomsh.dimse.command import STORE_REQUEST, read_command
from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.pdu import awaits_data_set
from dicomsh.errors import ProtocolViolationError
from dicomsh.frozen import frozen, replace
from dicomsh.trace.fields import (
    ASSOCIATE_AC,
    ASSOCIATE_RQ,
    COMMAND,
    LAST,
    P_DATA,
    PDU_NAMES,
    PduField,
    Syntaxes,
    fields_of,
)

_HEADER = 6
_LONGEST = 1024 * 1024
"""A PDU longer than this is not reassembled."""

_COMMAND_FIELD = 0x00000100
_STORE_REQUEST = STORE_REQUEST.to_bytes(2, "little")
_DATA_SET_TYPE = 0x00000800
_NO_DATA_SET = b"\x01\x01"


@frozen
class TracedPdu:
    """A complete PDU.

    Args:
        sent: whether we sent it.
        raw: its bytes, header included.
        agreed: how data sets on each presentation context are encoded.
    """

    sent: bool
    raw: bytes
    agreed: Syntaxes

    @property
    def kind(self) -> int:
        """Its type (PS3.8 9.3)."""
        return self.raw[0]

    @property
    def fields(self) -> Iterator[PduField]:
        """All its bytes, named."""
        return fields_of(self.raw, self.agreed)


@frozen
class TracedMessage:
    """A complete DIMSE message.

    Args:
        sent: whether we sent it.
        context: the presentation context ID.
        syntaxes: abstract and transfer syntax of the context; empty if unknown.
        command: the command set, encoded.
        identifier: the data set, encoded, or empty; not kept of an object, whatever its size.
        size: bytes of the data set.
    """

    sent: bool
    context: int
    syntaxes: tuple[str, str]
    command: bytes
    identifier: bytes
    size: int


@frozen
class Noise:
    """Bytes that are not PDUs; neither is anything that follows in that direction."""

    sent: bool
    raw: bytes


Event = TracedPdu | TracedMessage | Noise


@frozen
class Proposal:
    """A presentation context as proposed or answered.

    `result` is None in a proposal; `transfer` is one UID in an answer.
    """

    id: int
    result: str | None
    abstract: str
    transfer: tuple[str, ...]


class Conversation:
    """Follows one connection.

    Args:
        agreed: what is known of its presentation contexts, if it is older than the trace.
    """

    def __init__(self, agreed: Syntaxes | None = None) -> None:
        self._agreed = dict(agreed or {})
        self._proposed: dict[int, str] = {}
        self._ours = _Direction()
        self._theirs = _Direction()

    def sent(self, data: bytes) -> Iterator[Event]:
        """The events completed by the bytes that we wrote."""
        return self._events(self._ours, True, data)

    def received(self, data: bytes) -> Iterator[Event]:
        """The events completed by the bytes received."""
        return self._events(self._theirs, False, data)

    def _events(self, direction: _Direction, sent: bool, data: bytes) -> Iterator[Event]:
        for raw in direction.cut(data):
            self._learn(raw)
            yield TracedPdu(sent, raw, self._agreed)
            if raw[0] == P_DATA:
                for context, command, identifier, size in direction.messages(raw):
                    syntaxes = self._agreed.get(context, ("", ""))
                    yield TracedMessage(sent, context, syntaxes, command, identifier, size)
        if direction.noise:
            yield Noise(sent, direction.noise)
            direction.noise = b""

    def _learn(self, raw: bytes) -> None:
        """Record what is proposed and agreed."""
        if raw[0] == ASSOCIATE_RQ:
            self._proposed = {p.id: p.abstract for p in proposals(fields_of(raw, {}))}
        elif raw[0] == ASSOCIATE_AC:
            for answer in proposals(fields_of(raw, {})):
                if answer.result is not None and answer.result.startswith("0 "):
                    abstract = self._proposed.get(answer.id, "")
                    self._agreed[answer.id] = (abstract, "".join(answer.transfer[:1]))


def proposals(fields: Iterator[PduField]) -> list[Proposal]:
    """The presentation contexts of an A-ASSOCIATE-RQ or -AC."""
    found: list[Proposal] = []
    for field in fields:
        last = found[-1] if found else None
        if field.name == "Presentation-context-ID" and field.text.isdecimal():
            found.append(Proposal(int(field.text), None, "", ()))
        elif last and field.name == "Result/Reason":
            found[-1] = replace(last, result=field.text)
        elif last and field.name == "Abstract-syntax-name":
            found[-1] = replace(last, abstract=field.text)
        elif last and field.name == "Transfer-syntax-name":
            found[-1] = replace(last, transfer=(*last.transfer, field.text))
    return found


class _Direction:
    """One direction of a connection: bytes kept until a PDU or a message is complete.

    Attributes:
        noise: bytes that are not PDUs; nothing after them is parsed.
    """

    def __init__(self) -> None:
        self.noise = b""
        self._held = b""
        self._lost = False
        self._command = b""
        self._data: list[bytes] = []
        self._size = 0
        self._awaits_data = False
        self._object = False

    def cut(self, data: bytes) -> Iterator[bytes]:
        """The PDUs that are now complete."""
        if self._lost:
            return
        held, offset = self._held + data, 0
        while offset + _HEADER <= len(held):
            length = int.from_bytes(held[offset + 2 : offset + _HEADER], "big")
            if held[offset] not in PDU_NAMES or length > _LONGEST:
                self._lost, self.noise = True, held[offset:]
                return
            end = offset + _HEADER + length
            if end > len(held):
                break
            yield held[offset:end]
            offset = end
        self._held = held[offset:]

    def messages(self, pdu: bytes) -> Iterator[tuple[int, bytes, bytes, int]]:
        """The messages that a P-DATA-TF completes: context, command set, data set, its length."""
        offset = _HEADER
        while offset + 6 <= len(pdu):
            length = int.from_bytes(pdu[offset : offset + 4], "big")
            context, control = pdu[offset + 4], pdu[offset + 5]
            if control & COMMAND and self._awaits_data and not self._size:  # it never came
                yield context, self._command, b"", 0
                self._command, self._awaits_data = b"", False
            self._add(control, pdu[offset + 6 : offset + 4 + length])
            if control & LAST and not (control & COMMAND and self._awaits_data):
                yield context, self._command, b"".join(self._data), self._size
                self._command, self._data, self._size = b"", [], 0
                self._awaits_data = False
            offset += 4 + length

    def _add(self, control: int, part: bytes) -> None:
        if not control & COMMAND:
            self._size += len(part)
            if not self._object:
                self._data.append(part)
            return
        self._command += part
        if control & LAST:
            self._awaits_data = _awaits_data(self._command)
            self._object = is_store(self._command)


def _awaits_data(command: bytes) -> bool:
    """Whether a data set follows, by the rule that the engine applies; a guess if malformed."""
    try:
        return awaits_data_set(read_command(command))
    except ProtocolViolationError:
        return command_elements(command).get(_DATA_SET_TYPE, _NO_DATA_SET) != _NO_DATA_SET


def is_store(command: bytes) -> bool:
    """Whether a command set is of a C-STORE request, whose data set is an object of any size."""
    return command_elements(command).get(_COMMAND_FIELD) == _STORE_REQUEST


def command_elements(command: bytes) -> dict[int, bytes]:
    """The elements of a command set; none if it is malformed (PS3.7 6.3)."""
    try:
        return ENCODINGS[IMPLICIT_LITTLE_ENDIAN].split(command)
    except ProtocolViolationError:
        return {}

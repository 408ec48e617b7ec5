"""Command sets of requests and responses (PS3.7 6.3, 9.3, 10.3, annex E). Always implicit VR."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack
from typing import Any, NamedTuple

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.charset import decoder
from dicomsh.model.safe import visible

STORE_REQUEST, GET_REQUEST, FIND_REQUEST = 0x0001, 0x0010, 0x0020
MOVE_REQUEST, ECHO_REQUEST = 0x0021, 0x0030
EVENT_REPORT_REQUEST, ACTION_REQUEST = 0x0100, 0x0130
CANCEL_REQUEST = 0x0FFF
STORE_RESPONSE, GET_RESPONSE, FIND_RESPONSE = 0x8001, 0x8010, 0x8020
MOVE_RESPONSE, ECHO_RESPONSE = 0x8021, 0x8030
EVENT_REPORT_RESPONSE, ACTION_RESPONSE = 0x8100, 0x8130

_RESPONSE = 0x8000
_SERVICES = {
    0x0001: "C-STORE",
    0x0010: "C-GET",
    0x0020: "C-FIND",
    0x0021: "C-MOVE",
    0x0030: "C-ECHO",
    0x0100: "N-EVENT-REPORT",
    0x0110: "N-GET",
    0x0120: "N-SET",
    0x0130: "N-ACTION",
    0x0140: "N-CREATE",
    0x0150: "N-DELETE",
    CANCEL_REQUEST: "C-CANCEL",
}
_REQUESTED = frozenset({0x0110, 0x0120, 0x0130, 0x0150})
"""Requests that name an existing instance: Requested, not Affected, SOP Class UID (PS3.7 10.3)."""

# PS3.7 E.1: 0101H means no data set, and every other value means that one follows
_NO_DATA_SET = 0x0101
_WITH_DATA_SET = 0x0001
MEDIUM_PRIORITY = 0x0000

_GROUP_LENGTH = 0x00000000
_AFFECTED_CLASS, _REQUESTED_CLASS = 0x00000002, 0x00000003
_COMMAND_FIELD = 0x00000100
_MESSAGE_ID = 0x00000110
_MESSAGE_ID_RESPONDED_TO = 0x00000120
_MOVE_DESTINATION = 0x00000600
_PRIORITY = 0x00000700
_DATA_SET_TYPE = 0x00000800
_STATUS = 0x00000900
_OFFENDING_ELEMENT = 0x00000901
_ERROR_COMMENT = 0x00000902
_ERROR_ID = 0x00000903
_AFFECTED_INSTANCE, _REQUESTED_INSTANCE = 0x00001000, 0x00001001
_EVENT_TYPE = 0x00001002
_ATTRIBUTE_LIST = 0x00001005
_ACTION_TYPE = 0x00001008
_REMAINING, _COMPLETED, _FAILED, _WARNING = 0x00001020, 0x00001021, 0x00001022, 0x00001023
_MOVE_ORIGINATOR, _MOVE_ORIGINATOR_ID = 0x00001030, 0x00001031

_codec = ENCODINGS[IMPLICIT_LITTLE_ENDIAN]


class CommandSet(NamedTuple):
    """A command set; elements that its message does not have are None or empty.

    Args:
        field: Command Field (0000,0100).
        message_id: Message ID (0000,0110) of a request; of a response and of C-CANCEL, Message ID
            Being Responded To (0000,0120).
        has_data_set: whether a data set follows.
        status: Status (0000,0900) of a response; 0 in a request.
        comment: Error Comment (0000,0902).
        offending: Offending Element (0000,0901), tags.
        sop_class: Affected SOP Class UID (0000,0002), or Requested (0000,0003).
        sop_instance: Affected SOP Instance UID (0000,1000), or Requested (0000,1001).
        priority: Priority (0000,0700).
        move_destination: Move Destination (0000,0600).
        move_originator: Move Originator Application Entity Title (0000,1030).
        move_originator_id: Move Originator Message ID (0000,1031).
        remaining: Number of Remaining Sub-operations (0000,1020).
        completed: Number of Completed Sub-operations (0000,1021).
        failed: Number of Failed Sub-operations (0000,1022).
        warning: Number of Warning Sub-operations (0000,1023).
        event_type: Event Type ID (0000,1002).
        action_type: Action Type ID (0000,1008).
        error_id: Error ID (0000,0903).
        attributes: Attribute Identifier List (0000,1005), tags.
    """

    field: int
    message_id: int
    has_data_set: bool = False
    status: int = 0
    comment: str | None = None
    offending: tuple[int, ...] = ()
    sop_class: str = ""
    sop_instance: str = ""
    priority: int | None = None
    move_destination: str = ""
    move_originator: str = ""
    move_originator_id: int | None = None
    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None
    event_type: int | None = None
    action_type: int | None = None
    error_id: int | None = None
    attributes: tuple[int, ...] = ()

    @property
    def is_response(self) -> bool:
        """Whether it answers a request (PS3.7 E.1)."""
        return self.field & _RESPONSE != 0

    @property
    def title(self) -> str:
        """Its name in messages: `C-STORE request`, `response 0x8999`."""
        kind = "response" if self.is_response else "request"
        service = _SERVICES.get(self.field & ~_RESPONSE)
        return f"{service} {kind}" if service else f"{kind} 0x{self.field:04X}"

    def answered(self, status: int, **more: Any) -> CommandSet:
        """The response to this request, for the same SOP class and instance."""
        return CommandSet(
            self.field | _RESPONSE,
            self.message_id,
            status=status,
            sop_class=self.sop_class,
            sop_instance=self.sop_instance,
        )._replace(**more)


def echo_request(message_id: int, sop_class: str) -> bytes:
    """C-ECHO-RQ (PS3.7 9.3.5.1)."""
    return write_command(CommandSet(ECHO_REQUEST, message_id, sop_class=sop_class))


def find_request(message_id: int, sop_class: str) -> bytes:
    """C-FIND-RQ, to be followed by an identifier (PS3.7 9.3.2.1)."""
    return write_command(
        CommandSet(FIND_REQUEST, message_id, True, sop_class=sop_class, priority=MEDIUM_PRIORITY)
    )


def get_request(message_id: int, sop_class: str) -> bytes:
    """C-GET-RQ, to be followed by an identifier (PS3.7 9.3.3.1)."""
    return write_command(
        CommandSet(GET_REQUEST, message_id, True, sop_class=sop_class, priority=MEDIUM_PRIORITY)
    )


def move_request(message_id: int, sop_class: str, destination: str) -> bytes:
    """C-MOVE-RQ to an AE title, to be followed by an identifier (PS3.7 9.3.4.1)."""
    return write_command(
        CommandSet(
            MOVE_REQUEST,
            message_id,
            True,
            sop_class=sop_class,
            priority=MEDIUM_PRIORITY,
            move_destination=destination,
        )
    )


def store_request(message_id: int, sop_class: str, sop_instance: str) -> bytes:
    """C-STORE-RQ, to be followed by the data set of an object (PS3.7 9.3.1.1)."""
    return write_command(
        CommandSet(
            STORE_REQUEST,
            message_id,
            True,
            sop_class=sop_class,
            sop_instance=sop_instance,
            priority=MEDIUM_PRIORITY,
        )
    )


def cancel_request(message_id: int) -> bytes:
    """C-CANCEL-RQ for an operation (PS3.7 9.3.2.3)."""
    return write_command(CommandSet(CANCEL_REQUEST, message_id))


def write_command(command: CommandSet) -> bytes:
    """A command set: elements sorted by tag, group length first (PS3.7 6.3.1)."""
    written = {tag: raw for tag, raw in _always(command).items() if raw}
    for tag, (name, _, write) in _OPTIONAL.items():
        value = getattr(command, name)
        if value not in (None, "", ()):
            written[tag] = write(value)
    body = b"".join(_codec.element(tag, "", raw) for tag, raw in sorted(written.items()))
    return _codec.element(_GROUP_LENGTH, "", pack("<I", len(body))) + body


def _always(command: CommandSet) -> dict[int, bytes]:
    """The elements whose tag or presence depends on the kind of message; empty where absent."""
    requested = command.field in _REQUESTED
    answers = command.is_response or command.field == CANCEL_REQUEST
    return {
        _REQUESTED_CLASS if requested else _AFFECTED_CLASS: _padded(command.sop_class, b"\0"),
        _REQUESTED_INSTANCE if requested else _AFFECTED_INSTANCE: _padded(
            command.sop_instance, b"\0"
        ),
        _COMMAND_FIELD: _us(command.field),
        _MESSAGE_ID_RESPONDED_TO if answers else _MESSAGE_ID: _us(command.message_id),
        _DATA_SET_TYPE: _us(_WITH_DATA_SET if command.has_data_set else _NO_DATA_SET),
        _STATUS: _us(command.status) if command.is_response else b"",
    }


def read_command(data: bytes) -> CommandSet:
    """The request or response in a command set.

    Raises:
        ProtocolViolationError: it is malformed, or lacks a required element.
    """
    elements = _codec.split(data)
    field = _number(elements, _COMMAND_FIELD, "a command set without Command Field")
    command = CommandSet(
        field,
        _message_id(elements, field),
        _data_set_type(elements, field) != _NO_DATA_SET,
        _number(elements, _STATUS, "a response without Status") if field & _RESPONSE else 0,
        sop_class=_string(elements.get(_AFFECTED_CLASS) or elements.get(_REQUESTED_CLASS, b"")),
        sop_instance=_string(
            elements.get(_AFFECTED_INSTANCE) or elements.get(_REQUESTED_INSTANCE, b"")
        ),
    )
    found = ((_OPTIONAL[tag], raw) for tag, raw in elements.items() if tag in _OPTIONAL)
    more = {name: read(raw) for (name, read, _), raw in found}
    return command._replace(**more) if more else command


def _message_id(elements: dict[int, bytes], field: int) -> int:
    if field & _RESPONSE or field == CANCEL_REQUEST:
        lacking = "a response without Message ID Being Responded To"
        return _number(elements, _MESSAGE_ID_RESPONDED_TO, lacking)
    return _number(elements, _MESSAGE_ID, f"a {CommandSet(field, 0).title} without Message ID")


def _data_set_type(elements: dict[int, bytes], field: int) -> int:
    """Command Data Set Type; a response without it has no data set, as far as it says."""
    if field & _RESPONSE and _DATA_SET_TYPE not in elements:
        return _NO_DATA_SET
    return _number(elements, _DATA_SET_TYPE, "a command set without Command Data Set Type")


def _number(elements: dict[int, bytes], tag: int, lacking: str) -> int:
    raw = elements.get(tag, b"")
    if len(raw) != 2:
        raise ProtocolViolationError(f"{lacking} (0000,{tag:04x})")
    return int.from_bytes(raw, "little")


def _us(value: int) -> bytes:
    return pack("<H", value)


def _read_us(raw: bytes) -> int | None:
    return int.from_bytes(raw, "little") if len(raw) == 2 else None


def _padded(text: str, padding: bytes) -> bytes:
    raw = text.encode("ascii", "replace")
    return raw + padding * (len(raw) % 2)


def _text(text: str) -> bytes:
    return _padded(text, b" ")


def _string(raw: bytes) -> str:
    return raw.decode("ascii", "replace").strip(" \0")


_LONGEST_COMMENT = 256
"""Bytes of an Error Comment that are read; its VR allows 64 characters."""


def _read_comment(raw: bytes) -> str | None:
    return visible(decoder(b"")(raw[:_LONGEST_COMMENT]).strip(" \0")) or None


def _tags(tags: tuple[int, ...]) -> bytes:
    return b"".join(pack("<HH", tag >> 16, tag & 0xFFFF) for tag in tags)


def _read_tags(raw: bytes) -> tuple[int, ...]:
    pairs = [raw[i : i + 4] for i in range(0, len(raw) - 3, 4)]
    return tuple(
        int.from_bytes(p[:2], "little") << 16 | int.from_bytes(p[2:], "little") for p in pairs
    )


_OPTIONAL: dict[int, tuple[str, Callable[[bytes], Any], Callable[[Any], bytes]]] = {
    _MOVE_DESTINATION: ("move_destination", _string, _text),
    _PRIORITY: ("priority", _read_us, _us),
    _OFFENDING_ELEMENT: ("offending", _read_tags, _tags),
    _ERROR_COMMENT: ("comment", _read_comment, _text),
    _ERROR_ID: ("error_id", _read_us, _us),
    _EVENT_TYPE: ("event_type", _read_us, _us),
    _ATTRIBUTE_LIST: ("attributes", _read_tags, _tags),
    _ACTION_TYPE: ("action_type", _read_us, _us),
    _REMAINING: ("remaining", _read_us, _us),
    _COMPLETED: ("completed", _read_us, _us),
    _FAILED: ("failed", _read_us, _us),
    _WARNING: ("warning", _read_us, _us),
    _MOVE_ORIGINATOR: ("move_originator", _string, _text),
    _MOVE_ORIGINATOR_ID: ("move_originator_id", _read_us, _us),
}
"""Optional elements: attribute of `CommandSet`, how to read it, how to write it."""

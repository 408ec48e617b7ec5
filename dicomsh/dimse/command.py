"""Command sets: requests written, responses read (PS3.7 6.3, annex E). Always implicit VR."""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.charset import decoder

ECHO_RESPONSE = 0x8030
FIND_RESPONSE = 0x8020

_ECHO_REQUEST = 0x0030
_FIND_REQUEST = 0x0020
_CANCEL_REQUEST = 0x0FFF
_NO_DATA_SET = 0x0101
_WITH_DATA_SET = 0x0001
_MEDIUM_PRIORITY = 0x0000

_GROUP_LENGTH = 0x00000000
_SOP_CLASS = 0x00000002
_COMMAND_FIELD = 0x00000100
_MESSAGE_ID = 0x00000110
_MESSAGE_ID_RESPONDED_TO = 0x00000120
_PRIORITY = 0x00000700
_DATA_SET_TYPE = 0x00000800
_STATUS = 0x00000900
_OFFENDING_ELEMENT = 0x00000901
_ERROR_COMMENT = 0x00000902

_codec = ENCODINGS[IMPLICIT_LITTLE_ENDIAN]


class Response(NamedTuple):
    """The command set of a response.

    Args:
        field: Command Field (0000,0100).
        message_id: Message ID Being Responded To (0000,0120).
        status: Status (0000,0900).
        has_identifier: whether a data set follows.
        comment: Error Comment (0000,0902), or None.
        offending: Offending Element (0000,0901), tags.
    """

    field: int
    message_id: int
    status: int
    has_identifier: bool
    comment: str | None = None
    offending: tuple[int, ...] = ()


def echo_request(message_id: int, sop_class: str) -> bytes:
    """C-ECHO-RQ (PS3.7 9.3.5.1)."""
    return _command_set(
        (_SOP_CLASS, _uid(sop_class)),
        (_COMMAND_FIELD, _us(_ECHO_REQUEST)),
        (_MESSAGE_ID, _us(message_id)),
        (_DATA_SET_TYPE, _us(_NO_DATA_SET)),
    )


def find_request(message_id: int, sop_class: str) -> bytes:
    """C-FIND-RQ, to be followed by an identifier (PS3.7 9.3.2.1)."""
    return _command_set(
        (_SOP_CLASS, _uid(sop_class)),
        (_COMMAND_FIELD, _us(_FIND_REQUEST)),
        (_MESSAGE_ID, _us(message_id)),
        (_PRIORITY, _us(_MEDIUM_PRIORITY)),
        (_DATA_SET_TYPE, _us(_WITH_DATA_SET)),
    )


def cancel_request(message_id: int) -> bytes:
    """C-CANCEL-RQ of an operation (PS3.7 9.3.2.3)."""
    return _command_set(
        (_COMMAND_FIELD, _us(_CANCEL_REQUEST)),
        (_MESSAGE_ID_RESPONDED_TO, _us(message_id)),
        (_DATA_SET_TYPE, _us(_NO_DATA_SET)),
    )


def read_response(data: bytes) -> Response:
    """The response in a command set.

    Raises:
        ProtocolViolationError: it is malformed, or the command set of no response.
    """
    elements = _codec.split(data)
    return Response(
        _number(elements, _COMMAND_FIELD, "Command Field"),
        _number(elements, _MESSAGE_ID_RESPONDED_TO, "Message ID Being Responded To"),
        _number(elements, _STATUS, "Status"),
        _number(elements, _DATA_SET_TYPE, "Command Data Set Type") != _NO_DATA_SET,
        _text(elements.get(_ERROR_COMMENT, b"")),
        _tags(elements.get(_OFFENDING_ELEMENT, b"")),
    )


def _command_set(*elements: tuple[int, bytes]) -> bytes:
    body = b"".join(_codec.element(tag, "", value) for tag, value in elements)
    return _codec.element(_GROUP_LENGTH, "", pack("<I", len(body))) + body


def _uid(value: str) -> bytes:
    raw = value.encode("ascii")
    return raw + b"\0" * (len(raw) % 2)


def _us(value: int) -> bytes:
    return pack("<H", value)


def _number(elements: dict[int, bytes], tag: int, name: str) -> int:
    raw = elements.get(tag, b"")
    if len(raw) != 2:
        raise ProtocolViolationError(f"a response without {name} (0000,{tag:04x})")
    return int.from_bytes(raw, "little")


def _text(raw: bytes) -> str | None:
    return decoder(b"", "")(raw).strip(" \0") or None


def _tags(raw: bytes) -> tuple[int, ...]:
    pairs = [raw[i : i + 4] for i in range(0, len(raw) - 3, 4)]
    return tuple(
        int.from_bytes(p[:2], "little") << 16 | int.from_bytes(p[2:], "little") for p in pairs
    )

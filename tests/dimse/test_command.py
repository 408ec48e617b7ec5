"""The requests that we send, as another implementation reads them, and what command sets lack."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pynetdicom.dsutils import decode

from dicomsh.dimse import command
from dicomsh.dimse.command import FIND_RESPONSE, CommandSet, read_command, write_command
from dicomsh.errors import ProtocolViolationError
from tests.dimse.peers import element

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
NO_DATA_SET = 0x0101


def as_read(data: bytes) -> dict[str, Any]:
    """Keyword → value; the group length must be right, and no value of an odd length."""
    held = decode(BytesIO(data), True, True)
    assert held.CommandGroupLength == len(data) - 12
    assert len(data) % 2 == 0
    return {one.keyword: one.value for one in held if one.keyword != "CommandGroupLength"}


@pytest.mark.parametrize(
    ("sent", "field", "more"),
    [
        (lambda: command.find_request(7, FIND), 0x0020, {"Priority": 0}),
        (lambda: command.get_request(7, FIND), 0x0010, {"Priority": 0}),
        (
            lambda: command.move_request(7, FIND, "STORE"),
            0x0021,
            {"Priority": 0, "MoveDestination": "STORE"},
        ),
        (
            lambda: command.store_request(7, FIND, "1.2.3"),
            0x0001,
            {"Priority": 0, "AffectedSOPInstanceUID": "1.2.3"},
        ),
        (lambda: command.echo_request(7, FIND), 0x0030, {"CommandDataSetType": NO_DATA_SET}),
    ],
)
def test_requests(sent: Callable[[], bytes], field: int, more: dict[str, Any]) -> None:
    """PS3.7 9.3."""
    held = as_read(sent())
    assert held.pop("CommandDataSetType") == more.get("CommandDataSetType", 0x0001)
    wanted = {"AffectedSOPClassUID": FIND, "CommandField": field, "MessageID": 7, **more}
    wanted.pop("CommandDataSetType", None)
    assert held == wanted


def test_a_cancel_request_names_the_operation() -> None:
    """PS3.7 9.3.2.3."""
    assert as_read(command.cancel_request(7)) == {
        "CommandField": 0x0FFF,
        "MessageIDBeingRespondedTo": 7,
        "CommandDataSetType": NO_DATA_SET,
    }


def test_a_response_is_for_what_was_requested() -> None:
    request = CommandSet(0x0001, 9, True, sop_class=FIND, sop_instance="1.2.3")
    answer = request.answered(0xA700, comment="full")
    assert as_read(write_command(answer)) == {
        "AffectedSOPClassUID": FIND,
        "CommandField": 0x8001,
        "MessageIDBeingRespondedTo": 9,
        "CommandDataSetType": NO_DATA_SET,
        "Status": 0xA700,
        "ErrorComment": "full",
        "AffectedSOPInstanceUID": "1.2.3",
    }
    assert read_command(write_command(answer)) == answer


@pytest.mark.parametrize(
    ("field", "title"),
    [
        (0x0020, "C-FIND request"),
        (FIND_RESPONSE, "C-FIND response"),
        (0x8999, "response 0x8999"),
        (0x0999, "request 0x0999"),
    ],
)
def test_what_a_message_is_called(field: int, title: str) -> None:
    assert CommandSet(field, 1).title == title


def us(tag: int, number: int) -> bytes:
    return element(tag, struct.pack("<H", number))


RESPONSE = {0x0100: FIND_RESPONSE, 0x0120: 7, 0x0800: NO_DATA_SET, 0x0900: 0}
REQUEST = {0x0100: 0x0020, 0x0110: 7, 0x0800: 1}


@pytest.mark.parametrize(
    ("numbers", "lacking", "message"),
    [
        (RESPONSE, 0x0100, r"without Command Field \(0000,0100\)"),
        (RESPONSE, 0x0120, r"without Message ID Being Responded To \(0000,0120\)"),
        (RESPONSE, 0x0900, r"without Status \(0000,0900\)"),
        (REQUEST, 0x0110, r"a C-FIND request without Message ID \(0000,0110\)"),
        (REQUEST, 0x0800, r"without Command Data Set Type \(0000,0800\)"),
    ],
)
def test_what_a_command_set_must_have(numbers: dict[int, int], lacking: int, message: str) -> None:
    data = b"".join(us(tag, number) for tag, number in numbers.items() if tag != lacking)
    with pytest.raises(ProtocolViolationError, match=message):
        read_command(data)
    short = b"".join(
        us(tag, n) if tag != lacking else element(tag, b"1") for tag, n in numbers.items()
    )
    with pytest.raises(ProtocolViolationError, match=message):
        read_command(short)


def test_a_response_without_data_set_type_has_no_data_set() -> None:
    data = b"".join(us(tag, number) for tag, number in RESPONSE.items() if tag != 0x0800)
    assert read_command(data) == CommandSet(FIND_RESPONSE, 7)


def test_a_number_of_the_wrong_length_is_not_one() -> None:
    data = b"".join(us(tag, number) for tag, number in RESPONSE.items())
    assert read_command(data + element(0x1020, b"\1\0\0\0")).remaining is None
    assert read_command(data + us(0x1020, 3)).remaining == 3


@pytest.mark.parametrize(
    ("raw", "comment"),
    [
        (b"X-ray of PIX\0", "X-ray of PIX"),
        (b" \0", None),
        (b"x" * 300, "x" * 256),
        (b"M\xfcller ", "Müller"),
        (b"a\x1b[31m\\b", "a\u241b[31m\\b"),
    ],
)
def test_a_comment_is_read_as_text_and_not_endlessly(raw: bytes, comment: str | None) -> None:
    data = b"".join(us(tag, number) for tag, number in RESPONSE.items())
    assert read_command(data + element(0x0902, raw)).comment == comment


def test_text_beyond_ascii_in_a_command_set_is_replaced() -> None:
    data = b"".join(us(tag, number) for tag, number in RESPONSE.items())
    assert read_command(element(0x0002, b"1.2.\xe4") + data).sop_class == "1.2.\ufffd"
    assert b"PACS?" in command.move_request(1, FIND, "PACSä")

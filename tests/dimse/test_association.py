"""What an association writes for an operation, and how it numbers messages."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import CommandSet, find_request, read_command
from dicomsh.dimse.elements import IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.negotiation import Agreement, PresentationContext
from dicomsh.dimse.pdu import Message, Pdu, PduReader
from dicomsh.dimse.upper_layer import UpperLayer

CONTEXT = PresentationContext(5, "1.2.840.10008.5.1.4.1.2.2.1", IMPLICIT_LITTLE_ENDIAN)
COMMAND = find_request(7, CONTEXT.abstract_syntax)


class Written:
    """The upper layer of an association; it keeps what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)


def association() -> tuple[Association, list[bytes]]:
    """An association, and what it writes."""

    async def made() -> tuple[Association, list[bytes]]:
        layer = Written()
        return Association(cast(UpperLayer, layer), Agreement((CONTEXT,), 64)), layer.writes

    return asyncio.run(made())


def messages_in(data: bytes) -> list[Message]:
    """The messages that a peer reads."""

    def taken(context_id: int, request: CommandSet) -> None:
        """Its data set is collected."""

    pdus = PduReader(taken)
    pdus.messages.contexts = {CONTEXT.id}
    found: list[Message] = []
    for part in pdus.feed(data):
        assert not isinstance(part, Pdu)
        found += part
    return found


@pytest.mark.parametrize("identifier", [b"", b"ab", bytes(200)])
def test_a_request_is_one_write_and_its_identifier_is_sent_however_short(identifier: bytes) -> None:
    """PS3.8 annex E: what was announced is waited for."""
    made, writes = association()

    async def send() -> None:
        made.send(CONTEXT, COMMAND, identifier)

    asyncio.run(send())
    [data] = writes
    assert messages_in(data) == [(CONTEXT.id, read_command(COMMAND), identifier)]


def test_an_identifier_can_follow_in_parts() -> None:
    made, writes = association()

    async def send() -> None:
        made.send(CONTEXT, COMMAND)
        made.send_part(CONTEXT, bytes(200), last=False)
        assert messages_in(b"".join(writes)) == []
        made.send_part(CONTEXT, b"ab", last=True)

    asyncio.run(send())
    expected = [(CONTEXT.id, read_command(COMMAND), bytes(200) + b"ab")]
    assert messages_in(b"".join(writes)) == expected


def test_message_ids_are_used_again_when_there_are_no_more() -> None:
    """Two bytes, and 0 is left out (PS3.7 9.3.2.1, E.1)."""
    made, _ = association()
    used = [made.next_message_id() for _ in range(0x10000)]
    assert sorted(used[:-1]) == list(range(1, 0x10000))
    assert used[-1] == used[0]

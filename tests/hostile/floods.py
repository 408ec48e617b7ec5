"""Peers that send far more than anybody asked for, in each way there is."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from dicomsh.model.keys import by_tag
from dicomsh.model.standard import keyword_tags
from tests.dimse.peers import Request, element, encoded, pdu, pdv, response, study
from tests.hostile.peer import Attack, Conversation

Block = Callable[[Request], bytes]

_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def once(block: Block) -> Attack:
    """An answer of this block and the final response."""

    def attack(conversation: Conversation) -> None:
        request = conversation.accepted()
        conversation.send(block(request) + request.final())
        conversation.silence()

    return attack


def endless(block: Block, start: Block = lambda _: b"") -> Attack:
    """An answer that never ends."""

    def attack(conversation: Conversation) -> None:
        request = conversation.accepted()
        conversation.send(start(request))
        data = block(request)
        data *= max((1 << 20) // max(len(data), 1), 1)
        while True:
            conversation.send(data)

    return attack


def pending(request: Request) -> bytes:
    """A response that announces an identifier."""
    return pdu(4, pdv(request.context, 3, response(request.message_id, 0xFF00, data_set=True)))


def elements(number: int, first: int = 0) -> bytes:
    """So many empty elements, all different."""
    tags = range(0x00110100 + first, 0x00110100 + first + number)
    return b"".join(struct.pack("<HHI", tag >> 16, tag & 0xFFFF, 0) for tag in tags)


def sequence(content: bytes) -> bytes:
    return element(0x00400100, content)


def deep(levels: int, inside: bytes) -> bytes:
    """Sequences of undefined length in each other."""
    start = b"\x40\0\0\x01\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    return start * levels + inside + (b"\xfe\xff\x0d\xe0\0\0\0\0" + _END) * levels


def row(*parts: bytes) -> Block:
    """A row that begins like a study."""
    data = encoded(study(1, PatientID="A")) + b"".join(parts)
    return lambda request: request.raw_row(data)


def rows(number: int) -> Block:
    """So many equal rows."""
    one = row()
    return lambda request: one(request) * number


def _many_new_tags(request: Request) -> bytes:
    rows = (encoded(study(n)) + elements(400, 400 * n) for n in range(50))
    return b"".join(request.raw_row(data) for data in rows)


def _fifteen(vr: str, value: bytes) -> bytes:
    """Fifteen attributes of a VR with this value, which is as long as one can be."""
    tags = [tag for tag in sorted(keyword_tags().values()) if by_tag(tag).vr == vr]
    chosen = [tag for tag in tags if tag >> 16 >= 0x0010][:15]
    return b"".join(element(tag, value) for tag in chosen)


def _identifiers() -> Iterator[bytes]:
    """Thousands of values in each of some identifiers, all different."""
    for tag in (0x00100020, 0x00101000, 0x00080050, 0x00200010, 0x00101090):
        values = [f"{tag & 0xFF:02x}{number:04x}" for number in range(9_000)]
        yield element(tag, "\\".join(values).encode() + b" ")


_EMPTY_ITEM = b"\xfe\xff\0\xe0\0\0\0\0"

ONCE: dict[str, Block] = {
    "1.8 million empty items": row(sequence(_EMPTY_ITEM * 1_800_000)),
    "130,000 empty elements": row(elements(130_000)),
    "130,000 elements in a sequence": row(sequence(element(0xFFFEE000, elements(130_000)))),
    "130,000 empty items": row(sequence(_EMPTY_ITEM * 130_000)),
    "130,000 empty items, no end": row(b"\x40\0\0\x01\xff\xff\xff\xff" + _EMPTY_ITEM * 130_000),
    "items of items": row(sequence(element(0xFFFEE000, sequence(_EMPTY_ITEM * 9)) * 11_000)),
    "elements 15 sequences down": row(deep(15, elements(130_000))),
    "4 rows of 3,000 elements 15 sequences down": lambda r: row(deep(15, elements(3000)))(r) * 4,
    "12 rows of 4,000 elements": lambda r: row(elements(4000))(r) * 12,
    "50 rows of new tags": _many_new_tags,
    "a value of 15 MB": row(element(0x00104000, b"x" * 15_000_000)),
    "a value of a million bytes": row(element(0x00104000, b"x" * 1_000_000)),
    "15 values of 64,000 bytes": row(_fifteen("LT", b"\x1bA" * 32_000)),
    "500,000 numbers": row(_fifteen("DS", b"1\\" * 32_000)),
    "45,000 identifiers": row(*_identifiers()),
    "a megabyte of bytes": row(element(0x00111010, b"\0a" * 500_000)),
    "a name of 60,000 components": row(element(0x00324000, b"A^B=" * 15_000)),
    "40,000 words": row(element(0x00104000, b"a " * 40_000)),
    "300,000 values": row(element(0x00080061, b"CT\\" * 300_000)),
    "12,000 rows": rows(12_000),  # a table holds back 10,000
}

ENDLESS: dict[str, Attack] = {
    "empty fragments": endless(lambda r: pdu(4, pdv(r.context, 0, b"")), pending),
    "empty command fragments": endless(lambda r: pdu(4, pdv(r.context, 1, b""))),
    "fragments of two bytes": endless(lambda r: pdu(4, pdv(r.context, 0, b"xx")), pending),
    "an endless identifier": endless(lambda r: pdu(4, pdv(r.context, 0, bytes(16_000))), pending),
}


def heavy(conversation: Conversation) -> None:
    """Ninety megabytes of rows."""
    request = conversation.accepted()
    block = row(element(0x00104000, b"x" * 1_000_000))(request)
    for _ in range(90):
        conversation.send(block)
    conversation.send(request.final())
    conversation.silence()


def different(conversation: Conversation, rows: int = 1_500) -> None:
    """Ninety megabytes of rows, each with a long value of its own that can be read."""
    request = conversation.accepted()
    for number in range(rows):
        data = encoded(study(number)) + element(0x00104000, b"%06d" % number + b"x" * 60_000)
        conversation.send(request.raw_row(data))
    conversation.send(request.final())
    conversation.silence()


def all_attacks() -> Iterator[tuple[str, Attack]]:
    """Every flood with its name."""
    for name, block in ONCE.items():
        yield name, once(block)
    yield from ENDLESS.items()

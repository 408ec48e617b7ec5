"""A recorded conversation, cut at a byte, trickled, or with one byte changed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tests.dimse.peers import Request, acceptance, encoded, study
from tests.harness import Done
from tests.hostile.peer import Attack, Conversation

STUDIES = ["1.2.3.1", "1.2.3.2", "1.2.3.3"]


def answer(request: Request) -> bytes:
    """Three studies and the final response."""
    rows = [encoded(study(number, PatientID="A", StudyDate="20240305")) for number in (1, 2, 3)]
    return b"".join(map(request.raw_row, rows)) + request.final()


Made = Callable[[bytes, int], Iterator[bytes]]
"""Divides bytes of the peer, which begin at a place in all that it sends, into pieces."""


def play(conversation: Conversation, made: Made) -> None:
    """Play the conversation; what is sent is what `made` makes of it."""
    accept = acceptance(conversation.proposal())
    for piece in made(accept, 0):
        conversation.send(piece)
    for piece in made(answer(conversation.request()), len(accept)):
        conversation.send(piece)
    conversation.silence()


ENDS: dict[str, Attack] = {
    "close": lambda conversation: conversation.connection.close(),
    "reset": Conversation.reset,
    "silence": Conversation.silence,
}


@dataclass(frozen=True)
class Cut:
    """The conversation up to a byte, and how it ends there."""

    place: int
    end: str

    def __call__(self, conversation: Conversation) -> None:
        play(conversation, partial(self.made, conversation))

    def made(self, conversation: Conversation, data: bytes, start: int) -> Iterator[bytes]:
        """What is sent of some bytes."""
        yield data[: max(self.place - start, 0)]
        if self.place < start + len(data):
            ENDS[self.end](conversation)
            raise EOFError


@dataclass(frozen=True)
class Flip:
    """The conversation with one byte changed."""

    place: int
    change: int

    def __call__(self, conversation: Conversation) -> None:
        play(conversation, partial(self.made, conversation))

    def made(self, _: Conversation, data: bytes, start: int) -> Iterator[bytes]:
        """What is sent of some bytes."""
        at = self.place - start
        if 0 <= at < len(data):
            data = data[:at] + bytes((data[at] ^ self.change,)) + data[at + 1 :]
        yield data


def trickled(conversation: Conversation) -> None:
    """The whole conversation, one byte at a time."""
    play(conversation, lambda data, _: (data[at : at + 1] for at in range(len(data))))


def recorded(seen: Callable[[bytes, int], None] | None = None) -> tuple[list[int], int]:
    """Places of all bytes of headers, command sets and tags, and the length of the conversation.

    The values in identifiers are left out: whatever they are, they may be what the peer holds.
    """
    from tests.hostile.session import session

    places: list[int] = []
    lengths: list[int] = []

    def record(conversation: Conversation) -> None:
        def made(data: bytes, start: int) -> Iterator[bytes]:
            places.extend(start + at for at in _structure(data))
            lengths.append(start + len(data))
            if seen is not None:
                seen(data, start)
            yield data

        play(conversation, made)

    done = session(record)
    assert done.status == 0, done.err
    return places, lengths[-1]


def _structure(data: bytes) -> Iterator[int]:
    """Offsets of everything but the values in identifiers."""
    offset = 0
    while offset < len(data):
        kind, length = struct.unpack_from(">BxI", data, offset)
        end = offset + 6 + length
        identifier = kind == 4 and not data[offset + 11] & 1
        yield from range(offset, offset + 12 if identifier else end)
        at = offset + 12
        while identifier and at < end:
            yield from range(at, at + 8)
            at += 8 + int(struct.unpack_from("<I", data, at + 4)[0])
        offset = end


def fault(done: Done, attack: Attack) -> str:
    """What is wrong with how a session ended; empty if nothing is.

    If it says that all is well, the studies must be the ones that the peer has.
    """
    if "Traceback" in done.err:
        return f"{attack}: a traceback: {done.err}"
    if done.status not in (0, 1, 3, 4, 5):
        return f"{attack}: status {done.status}: {done.err}"
    uids = [row.get("StudyInstanceUID") for row in done.json] if done.out.strip() else []
    if done.status == 0 and uids != STUDIES:
        return f"{attack}: {uids} said to be all: {done.err}"
    if isinstance(attack, Cut) and uids != STUDIES[: len(uids)]:
        return f"{attack}: rows that were not sent: {uids}"
    return ""

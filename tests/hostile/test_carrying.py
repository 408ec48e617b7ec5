"""get, get --via move and store among hostile archives: nothing torn is taken for whole."""

from __future__ import annotations

import random
import struct
from functools import cache
from itertools import count, product

import pytest

from tests.dimse.peers import pdu, pdv
from tests.hostile.archive import (
    HELD,
    WAYS,
    Line,
    Message,
    Play,
    carried,
    fault,
    give,
    recorded,
    value_lengths,
)
from tests.hostile.conversation import Cut, Flip
from tests.hostile.measure import held

_SEED, _CUTS, _FLIPS = 20240305, 3, 8
_MUCH = 1 << 18

_recorded = cache(recorded)


@pytest.mark.parametrize(
    ("way", "end"), [*product(WAYS, ("close", "reset")), ("get", "silence"), ("store", "silence")]
)
def test_what_is_cut_is_not_taken_for_whole(way: str, end: str) -> None:
    _, length = _recorded(way)
    for place in random.Random(_SEED).sample(range(length), _CUTS):
        attack = Cut(place, end)
        found = carried(way, made=attack.made)
        assert fault(way, found, attack) == ""
        assert way == "store" or found.done.status != 0 or len(found.kept) == len(HELD)


@pytest.mark.parametrize("way", WAYS)
def test_a_changed_byte_makes_no_other_object(way: str) -> None:
    chosen = random.Random(_SEED)
    places, _ = _recorded(way)
    for place in chosen.sample(places, _FLIPS):
        attack = Flip(place, chosen.randrange(1, 256))
        assert fault(way, carried(way, made=attack.made), attack) == ""


@pytest.mark.parametrize("change", [0x80, 0xFF])
@pytest.mark.parametrize("way", ["get", "move"])
def test_a_part_of_an_object_is_not_taken_for_the_whole(way: str, change: int) -> None:
    """One byte makes the value with the object shorter than the PDU that it fills."""
    for place in value_lengths(way):
        attack = Flip(place, change)
        assert fault(way, carried(way, made=attack.made), attack) == ""


def _flood(block: bytes, first: bytes = b"") -> Play:
    """The same bytes again and again instead of objects, then the end of the connection."""

    def play(line: Line, request: Message) -> None:
        del request
        line.send(first)
        data = block * max((1 << 16) // len(block), 1)
        for _ in range(_MUCH // len(data)):
            line.send(data)
        raise EOFError

    return play


def _lies(line: Line, request: Message) -> None:
    """Says that all were sent, and sends none."""
    line.reply(request, 0xFF00, remaining=0xFFFF, completed=0xFFFF, failed=0xFFFF, warning=0)
    line.reply(request, 0, completed=3, failed=0, warning=0)


def _of_another_context(line: Line, request: Message) -> None:
    """An object on the presentation context of the C-GET."""
    line.contexts = dict.fromkeys(line.contexts, request.context)
    give(line, request)


def _never_stops(line: Line, request: Message) -> None:
    """Pending responses without an object, and the end of the connection."""
    for _ in range(500):
        line.reply(request, 0xFF00, remaining=3, completed=0, failed=0, warning=0)
    raise EOFError


def _does_not_wait(line: Line, request: Message) -> None:
    """Small objects that nobody asked for, without waiting for an answer."""
    for number in range(200):
        line.store(f"1.9.{number}", next(iter(HELD.values())), message_id=number + 1)
    line.reply(request, 0, completed=200, failed=0, warning=0)


def _odd_uids(line: Line, request: Message) -> None:
    """Objects whose names would be those of other files."""
    for number, uid in enumerate(("", "../../x", "1.2/3", "\0\x1b[2J", "con")):
        line.store(uid, next(iter(HELD.values())), message_id=number + 1)
        line.hear()
    line.reply(request, 0, completed=5, failed=0, warning=0)


def _goes_on_after_the_end(line: Line, request: Message) -> None:
    line.reply(request, 0, completed=3, failed=0, warning=0)
    give(line, request)


def _does_not_release(line: Line, request: Message) -> None:
    """All is given, and then nothing is read any more."""
    give(line, request)
    for _ in count():
        if not line.conversation.connection.recv(1 << 16):
            return


def _a_fragment(flags: int, data: bytes) -> Play:
    """A C-STORE-RQ whose data set comes in such fragments and never ends."""

    def play(line: Line, request: Message) -> None:
        context = next(iter(line.contexts.values()))
        line.contexts.setdefault(("", ""), context)
        uid = next(iter(HELD))
        (context,) = {line.contexts[key] for key in line.contexts if key[0].endswith(".1.1.2")}
        line.store(uid, b"")
        _flood(pdu(4, pdv(context, flags, data)))(line, request)

    return play


ATTACKS: dict[str, Play] = {
    "a PDU of 4 GiB": _flood(bytes(1 << 10), struct.pack(">BxI", 4, 0xFFFFFFFF)),
    "a PDV of 1 GiB": _flood(pdu(4, struct.pack(">IBB", 1 << 30, 1, 0) + bytes(100))),
    "not DICOM": _flood(b"GET / HTTP/1.1\r\n\r\n"),
    "empty fragments": _a_fragment(0, b""),
    "fragments of two bytes": _a_fragment(0, b"xx"),
    "an endless object": _a_fragment(0, bytes(16_000)),
    "another presentation context": _of_another_context,
    "numbers that lie": _lies,
    "pending responses": _never_stops,
    "objects that do not wait": _does_not_wait,
    "odd UIDs": _odd_uids,
    "objects after the end": _goes_on_after_the_end,
    "no release": _does_not_release,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_archive_is_told_of_and_costs_a_bounded_amount(name: str) -> None:
    _recorded("get")  # imports what it needs
    found, cost = held(lambda: carried("get", ATTACKS[name]))
    assert fault("get", found, name) == "" or name in _MORE
    assert cost.held < 4 << 20
    if name != "no release":
        assert found.done.status != 0
        assert not set(found.kept).issuperset(HELD.values())


_MORE = ("objects that do not wait",)
"""They are put aside, as objects that nobody asked for."""

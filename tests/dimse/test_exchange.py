"""One C-FIND as its responses come in: what is counted, held back, cancelled, and when it is over.

The association only writes down what it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar, cast

import pytest

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import FIND_RESPONSE, CommandSet
from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.exchange import FindExchange
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.dimse.pdu import Message
from dicomsh.errors import AssociationAbortedError, ProtocolViolationError
from dicomsh.model.row import Source
from tests.dimse.peers import encoded, study

Result = TypeVar("Result")

CONTEXT = PresentationContext(1, "1.2.840.10008.5.1.4.1.2.2.1", IMPLICIT_LITTLE_ENDIAN)
STUDY = encoded(study(1))


class Wire:
    def __init__(self) -> None:
        self.told: list[str] = []

    def next_message_id(self) -> int:
        return 7

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: self.told.append(name)


def exchange(
    work: Callable[[FindExchange, Wire], Result], limit: int | None = None
) -> tuple[Result, FindExchange, list[str]]:
    """What some work with an exchange gives, the exchange, and what the association was told."""

    async def run() -> tuple[Result, FindExchange, list[str]]:
        wire = Wire()
        made = FindExchange(
            cast(Association, wire), CONTEXT, Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN]), limit
        )
        result = work(made, wire)
        await asyncio.sleep(0)
        return result, made, wire.told

    return asyncio.run(run())


def pending(
    number: int, status: int = 0xFF00, data: bytes = STUDY, **changed: Any
) -> list[Message]:
    command = CommandSet(FIND_RESPONSE, 7, True, status)._replace(**changed)
    return [(1, command, data)] * number


def final(status: int = 0, *, data: bool = False) -> list[Message]:
    return [(1, CommandSet(FIND_RESPONSE, 7, data, status), b"")]


@pytest.mark.parametrize(
    ("reads", "limit", "arrived", "dropped", "over"),
    [
        ([2, 3], None, 5, 0, False),
        ([2, 3], 5, 5, 0, False),
        ([2, 3], 4, 4, 1, True),
        ([5], 2, 2, 3, True),
        ([2, 3, 2], 4, 4, 3, True),  # what comes after C-CANCEL is dropped
        ([1, 1, 1, 1], 2, 2, 2, True),
    ],
)
def test_rows_are_counted_up_to_the_limit(
    reads: list[int], limit: int | None, arrived: int, dropped: int, over: bool
) -> None:
    def work(find: FindExchange, _: Wire) -> int:
        for number in reads:
            find.received(pending(number))
        return find.waiting

    waiting, find, told = exchange(work, limit)
    assert (waiting, find.arrived, find.dropped, find.over_limit) == (
        arrived,
        arrived,
        dropped,
        over,
    )
    assert told.count("send") == over, "C-CANCEL is sent once"


@pytest.mark.parametrize(
    ("statuses", "unsupported"),
    [([0xFF00], False), ([0xFF01], True), ([0xFF01, 0xFF00], True), ([0xFF00, 0xFF01], True)],
)
def test_one_row_without_support_is_enough(statuses: list[int], unsupported: bool) -> None:
    def work(find: FindExchange, _: Wire) -> None:
        for status in statuses:
            find.received(pending(1, status))
        find.received(final())

    _, find, _ = exchange(work)
    assert find.unsupported is unsupported


def test_reading_pauses_while_many_rows_wait_and_goes_on_when_they_are_taken() -> None:
    def work(find: FindExchange, wire: Wire) -> list[int]:
        find.received(pending(4096))
        assert "pause" not in wire.told
        find.received(pending(1))
        assert wire.told == ["pause"]
        taken = []
        while find.waiting:
            taken.append(len(find.take()))
        return taken

    taken, _, told = exchange(work)
    assert taken == [512] * 8 + [1]
    assert told == ["pause", *["resume"] * 9]


def test_reading_pauses_while_many_bytes_wait() -> None:
    large = (
        encoded(study(1, StudyDescription="x" * 64))
        + b"\x10\x00\x00\x40"
        + (1 << 21).to_bytes(4, "little")
        + b"x" * (1 << 21)
    )

    def work(find: FindExchange, wire: Wire) -> list[int]:
        paused = []
        for _ in range(9):
            find.received(pending(1, data=large))
            paused.append(len(wire.told))
        while find.waiting:
            assert len(find.take()) == 1, "a batch is small, but at least a row"
        for _ in range(3):
            find.received(pending(1, data=large))
        return paused

    paused, _, told = exchange(work)
    first = next(at for at, number in enumerate(paused) if number)
    assert first in (3, 4), "eight megabytes"
    assert told[-1] == "resume", "what was taken does not count any more"


def test_after_the_end_nothing_is_resumed() -> None:
    def work(find: FindExchange, wire: Wire) -> None:
        find.received(pending(2))
        find.lost(AssociationAbortedError("gone"))
        wire.told.clear()
        find.take()

    _, find, told = exchange(work)
    assert (find.ended, find.answered, told) == (True, True, [])


@pytest.mark.parametrize("data", [False, True])
def test_it_is_over_once_the_rest_of_the_read_has_been_seen(data: bool) -> None:
    def work(find: FindExchange, _: Wire) -> tuple[bool, bool]:
        find.received([*pending(1), *final(data=data)])
        return find.answered, find.ended

    at_once, find, told = exchange(work)
    assert at_once == (True, False)
    assert find.ended is not data, "a data set that was announced may still come"
    assert ("end" in told) is not data


@pytest.mark.parametrize(
    ("messages", "what"),
    [
        (pending(1, message_id=8), "to message 8 while C-FIND 7"),
        (pending(1, field=0x8030), "0x8030"),
        ([(3, *one[1:]) for one in pending(1)], "another presentation context"),
        ([*final(), *pending(1)], "after the final one"),
        ([*final(), *final()], "after the final one"),
    ],
)
def test_what_is_no_response_to_this_query(messages: list[Message], what: str) -> None:
    def work(find: FindExchange, _: Wire) -> int:
        find.received(pending(2))
        with pytest.raises(ProtocolViolationError, match=what):
            find.received(messages)
        return find.waiting

    waiting, *_ = exchange(work)
    assert waiting == 2, "rows that came before are kept"


@pytest.mark.parametrize(
    ("done", "error", "kept"),
    [
        (False, AssociationAbortedError("gone"), True),
        (True, AssociationAbortedError("gone"), False),
        (True, ProtocolViolationError("odd"), True),
    ],
)
def test_a_lost_association_matters_before_the_end(
    done: bool, error: AssociationAbortedError | ProtocolViolationError, kept: bool
) -> None:
    def work(find: FindExchange, _: Wire) -> None:
        find.received(final() if done else pending(1))
        find.lost(error)

    _, find, _ = exchange(work)
    assert (find.error is error) is kept
    assert find.ended


@pytest.mark.parametrize(
    ("waiting", "dropped", "said"),
    [
        (0, 0, "no more rows had already arrived"),
        (1, 0, "1 more row had already arrived"),
        (2, 3, "5 more rows had already arrived"),
        (1000, 1, "1,001 more rows had already arrived"),
    ],
)
def test_how_leaving_went_is_said(waiting: int, dropped: int, said: str) -> None:
    async def run() -> str:
        wire = cast(Association, Wire())
        source = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN])
        find = FindExchange(wire, CONTEXT, source, waiting if dropped else None)
        find.received([*pending(waiting + dropped), *final()])
        return await find.leave(1)

    assert asyncio.run(run()) == said


@pytest.mark.parametrize(
    ("waiting", "happens", "said"),
    [
        (0, lambda find: find.received(final(0xFE00)), "C-CANCEL, no more rows received"),
        (
            1,
            lambda find: find.received([*pending(2), *final()]),
            "C-CANCEL, 3 more rows received",
        ),
        (
            0,
            lambda find: find.lost(AssociationAbortedError("gone")),
            "C-CANCEL, then the association was lost, no more rows received",
        ),
    ],
)
def test_how_cancelling_went_is_said(
    waiting: int, happens: Callable[[FindExchange], None], said: str
) -> None:
    async def run() -> str:
        wire = Wire()
        source = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN])
        find = FindExchange(cast(Association, wire), CONTEXT, source, None)
        find.received(pending(waiting))
        leaving = asyncio.create_task(find.leave(5))
        await asyncio.sleep(0)
        assert wire.told == ["send", "resume"]
        happens(find)
        return await leaving

    assert asyncio.run(run()) == said

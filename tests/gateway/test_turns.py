"""One operation at a time for each archive, in turns."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from dicomsh.gateway import turns
from dicomsh.gateway.turns import TooManyError, Turns


class Board:
    """What happened, in order, and how many were in at once."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.order: list[str] = []
        self.inside = 0

    async def work(self, name: str, caller: str, archive: str = "pacs") -> None:
        async with self.turns.of(archive, caller):
            self.inside += 1
            assert self.inside == 1 or archive != "pacs"
            self.order.append(name)
            await asyncio.sleep(0)
            self.inside -= 1


def test_callers_take_turns() -> None:
    async def run() -> list[str]:
        board = Board()
        works = [board.work(f"a{number}", "a") for number in range(4)]
        await asyncio.gather(*works, board.work("b0", "b"), board.work("c0", "c"))
        return board.order

    assert asyncio.run(run()) == ["a0", "a1", "b0", "c0", "a2", "a3"]


def test_a_slow_archive_does_not_keep_others_waiting() -> None:
    async def run() -> list[str]:
        board = Board()
        async with board.turns.of("slow", "a"):
            waiting = asyncio.ensure_future(board.work("later", "a", "slow"))
            await board.work("now", "a", "fast")
        await waiting
        return board.order

    assert asyncio.run(run()) == ["now", "later"]


@pytest.mark.parametrize("number", [0, 1])
def test_who_leaves_the_line_passes_the_turn_on(number: int) -> None:
    """Before the turn has come, and in the moment in which it comes."""

    async def run() -> list[str]:
        board = Board()
        async with board.turns.of("pacs", "x"):
            left = asyncio.ensure_future(board.work("left", "a"))
            stays = asyncio.ensure_future(board.work("stays", "b"))
            await asyncio.sleep(0)
            if number == 0:
                left.cancel()
        if number == 1:
            left.cancel()
        with suppress(asyncio.CancelledError):
            await left
        await asyncio.wait_for(stays, 5)
        return board.order

    assert asyncio.run(run()) == ["stays"]


def test_too_many_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 1)

    async def run() -> None:
        board = Board()
        async with board.turns.of("pacs", "x"):
            waiting = asyncio.ensure_future(board.work("waits", "a"))
            await asyncio.sleep(0)
            with pytest.raises(TooManyError):
                await board.work("refused", "b")
        await waiting
        assert board.order == ["waits"]

    asyncio.run(run())

"""Rows are worked on in batches, and between two of them the event loop does what waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.batches import BATCH_ROWS, batch_length, in_batches, in_turns, is_long, worked
from dicomsh.model.row import Row, Source

SOURCE = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN])
MOST = 64 * 1024


def rows(*sizes: int) -> list[Row]:
    return [Row(bytes(size), SOURCE) for size in sizes]


@pytest.mark.parametrize(
    ("row", "long"),
    [(*rows(MOST), False), (*rows(MOST + 1), True), ({"text": "x" * (MOST + 1)}, False)],
)
def test_a_row_is_long_when_it_is_more_than_a_batch(row: object, long: bool) -> None:
    assert is_long(row) is long


@pytest.mark.parametrize(
    ("batch", "length"),
    [
        (rows(*[1] * 3), 3),
        (rows(*[1] * 600), BATCH_ROWS),
        (rows(MOST // 2, MOST // 2), 2),
        (rows(MOST // 2, MOST // 2, 1), 2),
        (rows(MOST // 2, MOST // 2 + 1, 1), 1),
        (rows(MOST + 1, 1), 1),
        (rows(MOST, 0, 0, 1), 3),
        ([{"text": "x" * MOST}] * 600, BATCH_ROWS),
        ([], 0),
    ],
)
def test_a_batch_is_bounded_in_rows_and_in_bytes(batch: list[Any], length: int) -> None:
    assert batch_length(batch) == length


@pytest.mark.parametrize(
    ("given", "lengths"),
    [
        ([], [0]),
        ([{}], [1]),
        ([{}] * 512, [512]),
        ([{}] * 1100, [512, 512, 76]),
        (rows(MOST + 1, MOST + 1, 1, 1, MOST), [1, 1, 2, 1]),
    ],
)
def test_all_rows_come_in_order_in_batches(given: list[Any], lengths: list[int]) -> None:
    batches = list(in_batches(given))
    assert [len(batch) for batch in batches] == lengths
    assert [row for batch in batches for row in batch] == given


def test_the_loop_has_a_turn_before_each_further_batch() -> None:
    async def go() -> list[str]:
        said: list[str] = []
        loop = asyncio.get_running_loop()

        def turn() -> None:
            said.append("turn")
            loop.call_soon(said.append, "next")

        async for batch in in_turns([{}] * 1100):
            said.append(str(len(batch)))
            loop.call_soon(turn)
        return [*said]

    assert asyncio.run(go()) == ["512", "turn", "512", "next", "turn", "76"]


def test_the_first_batch_does_not_wait() -> None:
    async def go() -> list[str]:
        said: list[str] = []
        asyncio.get_running_loop().call_soon(said.append, "turn")
        _ = [batch async for batch in in_turns([{}] * 3)]
        return [*said]

    assert asyncio.run(go()) == []


def test_work_is_done_on_every_row_in_order() -> None:
    assert asyncio.run(worked(str, [*range(1100)])) == [*map(str, range(1100))]
    assert asyncio.run(worked(str, [])) == []

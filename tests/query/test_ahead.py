"""Work for many things: in order, begun ahead of time, and ended when nobody wants the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

from dicomsh.archives.open_archives import POOL_SIZE
from dicomsh.query.ahead import ahead

MOST = 2 * POOL_SIZE


class Work:
    """Doubles numbers, and keeps which it began, and which it was made to leave."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.left: list[int] = []

    async def __call__(self, number: int) -> int:
        self.begun.append(number)
        try:
            await asyncio.sleep(0)
            if number >= MOST:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.left.append(number)
            raise
        return 2 * number


def endless() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def test_only_so_many_are_under_way_and_all_of_them_end() -> None:
    async def run() -> None:
        work, results = Work(), []
        async with aclosing(ahead(endless(), work)) as doubled:
            async for result in doubled:
                results.append(result)
                await asyncio.sleep(0)
                assert len(work.begun) == MOST + len(results)
                if len(results) == 3:
                    break
        assert results == [0, 2, 4]
        # those that had not ended were left, and have put away what they held
        assert sorted(work.left) == [MOST, MOST + 1, MOST + 2]

    asyncio.run(run())


def test_each_result_comes_once_in_order() -> None:
    async def run() -> list[int]:
        return [result async for result in ahead(range(MOST), Work())]

    assert asyncio.run(run()) == [2 * number for number in range(MOST)]

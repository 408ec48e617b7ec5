"""A time limit ends what takes longer, in a task that was cancelled as in any other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

import dicomsh
from dicomsh.timeout import Timeout, timeout

Limit = Callable[[float], AbstractAsyncContextManager[Any]]

either = pytest.mark.parametrize("limit", [timeout, Timeout], ids=["used here", "old Python"])


@either
def test_what_takes_longer_is_told_as_that(limit: Limit) -> None:
    async def work() -> int:
        with pytest.raises(TimeoutError):
            async with limit(0.001):
                await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert asyncio.run(work()) == 0


@either
def test_what_is_done_in_time_goes_on(limit: Limit) -> None:
    async def work() -> str:
        async with limit(60):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "done"

    assert asyncio.run(work()) == "done"


@either
def test_an_error_of_the_block_is_that_error(limit: Limit) -> None:
    async def work() -> None:
        async with limit(60):
            raise ValueError("of the block")

    with pytest.raises(ValueError, match="of the block"):
        asyncio.run(work())


@either
def test_cancelled_work_can_limit_how_long_it_takes_to_end(limit: Limit) -> None:
    told: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            try:
                async with limit(0.001):
                    await asyncio.Event().wait()
            except TimeoutError:
                told.append("too long")

    assert asyncio.run(cancelled(work())) == "cancelled"
    assert told == ["too long"]


@either
def test_who_is_cancelled_inside_is_cancelled(limit: Limit) -> None:
    async def work() -> None:
        async with limit(60):
            await asyncio.Event().wait()

    assert asyncio.run(cancelled(work())) == "cancelled"


async def cancelled(work: Any) -> str:
    """How a task ends that is cancelled once it waits."""
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return "cancelled" if task.cancelled() else "ended by itself"


def test_nobody_uses_that_of_asyncio() -> None:
    package = Path(dicomsh.__file__).parent
    found = [
        path for path in package.rglob("*.py") if "asyncio.timeout(" in path.read_text("utf-8")
    ]
    assert found == []

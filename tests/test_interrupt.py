"""A signal that comes when nothing waits any more is heard nevertheless."""

from __future__ import annotations

import asyncio
import signal

import pytest

from dicomsh.interrupt import interruptible, wait


def test_ctrl_c_as_the_work_ends() -> None:
    async def work() -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interruptible(work()))


def test_ctrl_c_while_the_work_waits() -> None:
    async def work() -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(600)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interruptible(work()))


@pytest.mark.parametrize("reads", [True, False])
def test_a_reader_has_a_moment_after_ctrl_c(reads: bool) -> None:
    waited: list[float | None] = []
    passed: list[bool] = []

    def ready(seconds: float | None) -> bool:
        waited.append(seconds)
        if seconds is None:
            signal.raise_signal(signal.SIGINT)
        return reads

    async def work() -> None:
        wait(ready)
        passed.append(True)
        await asyncio.sleep(600)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interruptible(work()))
    assert waited[0] is None
    assert waited[1] is not None
    assert passed == [True] * reads

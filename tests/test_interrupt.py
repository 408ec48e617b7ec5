"""A signal that comes when nothing waits any more is heard nevertheless."""

from __future__ import annotations

import asyncio
import signal

import pytest

from dicomsh.interrupt import interruptible


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

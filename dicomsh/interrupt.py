"""Ctrl-C as cancellation of what runs, on every system."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from types import FrameType
from typing import TypeVar

_Result = TypeVar("_Result")


async def interruptible(work: Coroutine[None, None, _Result]) -> _Result:
    """Await a coroutine; Ctrl-C meanwhile cancels it once for each press.

    Uses `signal.signal`, because Windows has no `loop.add_signal_handler`.
    """
    if threading.current_thread() is not threading.main_thread():
        return await work
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)

    def cancel(number: int, frame: FrameType | None) -> None:
        del number, frame
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, cancel)
    try:
        return await task
    finally:
        signal.signal(signal.SIGINT, before)

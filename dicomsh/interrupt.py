"""Ctrl-C as cancellation of what runs, on every system.

Each press cancels the task once. Whoever ends a command for it calls `go_on`, so that the shell
itself is not ended.
"""

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


def go_on() -> int:
    """The task was cancelled by Ctrl-C, which ends the command and not the shell.

    Returns:
        How often it was pressed since the last time.
    """
    task = asyncio.current_task()
    presses = task.cancelling() if task else 0
    while task is not None and task.uncancel():
        pass
    return presses


def cancel_soon() -> None:
    """Cancel the running task at its next wait, as one more press would."""
    task = asyncio.current_task()
    if task is not None:
        task.cancel()

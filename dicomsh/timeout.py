"""A time limit for work that waits, which holds for the end of cancelled work, too."""

from __future__ import annotations

import asyncio
import sys
from types import TracebackType

__all__ = ["Timeout", "timeout"]


class Timeout:
    """`asyncio.timeout` for Python before 3.11.4.

    There, asyncio's own raises no TimeoutError in a task that was cancelled and ends its work, but
    cancels it once more (python/cpython#102780). Debian 12 has Python 3.11.2.

    Args:
        seconds: how long the block may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_over = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "outside of a task nothing can be cancelled"
        self._task = task
        self._cancelled_before = task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._end)

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if not self._is_over or self._task.uncancel() > self._cancelled_before:
            return  # in time, or the task is also cancelled for another reason
        if kind is asyncio.CancelledError:
            raise TimeoutError from error


timeout = asyncio.timeout if sys.version_info >= (3, 11, 4) else Timeout
"""`async with timeout(seconds)`: raises TimeoutError if the block takes longer."""

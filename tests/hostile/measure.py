"""What a session costs, counted: bytes that Python holds, and calls in one turn of the event loop.

Neither depends on how busy the machine is.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")

MOST_BYTES = 100 << 20
"""Bytes that Python may hold at once; the interpreter and its modules take some 40 MiB more."""

MOST_CALLS = 400_000
"""Calls in one turn of the event loop: 30 ms where a call takes 75 ns, as on a usual computer."""

_TURN = asyncio.Handle._run.__code__


@dataclass
class Cost:
    """The most that was held at once, in bytes, and the most calls in one turn of the loop."""

    held: int = 0
    calls: int = 0

    def __or__(self, other: Cost) -> Cost:
        return Cost(max(self.held, other.held), max(self.calls, other.calls))


def held(work: Callable[[], Result]) -> tuple[Result, Cost]:
    """The result of some work, and what Python held for it."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = work()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return result, Cost(held=peak - before)


def called(work: Callable[[], object]) -> int:
    """The calls that some work makes."""
    return turned(work)[1].calls


def turned(work: Callable[[], Result]) -> tuple[Result, Cost]:
    """The result of some work, and the calls of its longest turn of the event loop."""
    longest = turn = 0

    def count(frame: FrameType, event: str, arg: Any) -> None:  # runs for each call and return
        nonlocal longest, turn
        if event == "c_call":
            turn += 1
        elif event == "call":
            if frame.f_code is _TURN:
                longest, turn = max(longest, turn), 0
            else:
                turn += 1

    sys.setprofile(count)
    try:
        result = work()
    finally:
        sys.setprofile(None)
    return result, Cost(calls=max(longest, turn))

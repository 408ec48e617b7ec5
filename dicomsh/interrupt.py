"""Ctrl-C cancels the running command, on every system; SIGTERM and SIGHUP also end the program.

Each press cancels the task once. Code that ends a command for it calls `absorb_interrupts`, so
that the shell itself continues. A signal that ends the program does so after the command has been
left; a second one, at once.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from dicomsh.event_loop import asyncio

_Result = TypeVar("_Result")


class ToldToEndError(SystemExit):
    """SIGTERM or SIGHUP: release everything and end.

    A SystemExit, because the event loop swallows any other error raised between two callbacks.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.name = signal.Signals(number).name
        self.status = 128 + number


async def interruptible(work: Coroutine[None, None, _Result]) -> _Result:
    """Await a coroutine; each Ctrl-C cancels it once.

    Uses `signal.signal`, because Windows has no `loop.add_signal_handler`.

    Raises:
        ToldToEndError: a signal told the program to end; the coroutine was cancelled and has ended.
    """
    if _is_aside():
        return await work
    task = asyncio.get_running_loop().create_task(work)
    with _cancelling(task, [signal.SIGINT, *ending()]):
        return await task


async def endable(work: Coroutine[None, None, _Result]) -> _Result:
    """Await a coroutine that handles Ctrl-C itself; raises as `interruptible` does."""
    task = asyncio.current_task()
    if task is None or _is_aside():
        return await work
    with _cancelling(task, ending()):
        return await work


def _is_aside() -> bool:
    """Whether this is not the main thread; only the main thread can catch signals."""
    import threading

    return threading.current_thread() is not threading.main_thread()


@contextmanager
def _cancelling(task: asyncio.Task[Any], signals: list[signal.Signals]) -> Iterator[None]:
    """Inside the `with`, signals cancel a task; one that ends the program raises on leaving it."""
    loop = asyncio.get_running_loop()
    told: list[int] = []

    def cancel(number: int, frame: FrameType | None) -> None:
        del frame
        if number != signal.SIGINT:
            told.append(number)
            signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(task.cancel)  # wakes the loop, which may be waiting for I/O

    before = {number: signal.signal(number, cancel) for number in signals}
    try:
        yield
    finally:
        for number in before.keys() - told:
            signal.signal(number, before[number])
        if told:
            raise ToldToEndError(told[0])


@contextmanager
def suspendable(aside: Callable[[], object]) -> Iterator[None]:
    """Inside the `with`, Ctrl-Z suspends the program, after `aside` has tidied the screen.

    Without job control, as on Windows, nothing changes.
    """
    number = getattr(signal, "SIGTSTP", None)
    if number is None or signal.getsignal(number) is not signal.SIG_DFL:
        yield
        return
    loop = asyncio.get_running_loop()

    def suspend() -> None:
        aside()
        handler = signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)  # returns when the program is continued
        signal.signal(number, handler)

    signal.signal(number, lambda *_: loop.call_soon_threadsafe(suspend))
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL)


def end_when_told() -> None:
    """Make SIGTERM and SIGHUP raise ToldToEndError while nothing is awaited, once."""
    for number in ending():
        signal.signal(number, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_DFL)
    raise ToldToEndError(number)


def ending() -> list[signal.Signals]:
    """The signals that end the program, except those ignored from the start, as under nohup."""
    named = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))
    return [one for one in named if one and signal.getsignal(one) is not signal.SIG_IGN]


def absorb_interrupts() -> int:
    """Undo the task's cancellation by Ctrl-C, which ends the command but not the shell.

    Returns:
        How often it was pressed since the last call.
    """
    # asyncio counts the cancellations of a task, and its timeouts and task groups rely on the
    # count: every press has to be taken back
    task = asyncio.current_task()
    presses = task.cancelling() if task else 0
    while task is not None and task.uncancel():
        pass
    return presses


def cancel_soon() -> None:
    """Cancel the running task at its next wait, as another press would."""
    task = asyncio.current_task()
    if task is not None:
        task.cancel()


@contextmanager
def unsuspended() -> Iterator[None]:
    """Inside the `with`, Ctrl-Z does nothing, here and in programs started from here."""
    number = getattr(signal, "SIGTSTP", None)
    if number is None:
        yield
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)

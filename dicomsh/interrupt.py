"""Ctrl-C cancels the running command, on every system; SIGTERM and SIGHUP also end the program.

Each press cancels the task once. Code that ends a command for it calls `absorb_interrupts`, so
that the shell itself continues. A signal that ends the program does so after the command has been
left; a second one, at once.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase, TextIOWrapper
from types import FrameType
from typing import Any, TextIO, TypeVar

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
        KeyboardInterrupt: Ctrl-C was pressed when the coroutine had just ended, or has ended it.
    """
    if _is_aside():
        return await work
    task = asyncio.get_running_loop().create_task(work)
    with _cancelling(task, [signal.SIGINT, *ending()]):
        try:
            return await task
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            # asyncio takes a task for cancelled that was to hear of it at a next wait and had none
            raise KeyboardInterrupt from None


async def endable(work: Coroutine[None, None, _Result]) -> _Result:
    """Await a coroutine that handles Ctrl-C itself; raises as `interruptible` does."""
    task = asyncio.current_task()
    if task is None or _is_aside():
        return await work
    with _cancelling(task, ending()):
        return await work


def _is_cancelled() -> bool:
    """Whether the running task is cancelled itself, not only one that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _is_aside() -> bool:
    """Whether this is not the main thread; only the main thread can catch signals."""
    import threading

    return threading.current_thread() is not threading.main_thread()


@contextmanager
def _cancelling(task: asyncio.Task[Any], signals: list[signal.Signals]) -> Iterator[None]:
    """Inside the `with`, signals cancel a task; one that ends the program raises on leaving it."""
    canceller = _Canceller(task)
    before = {number: signal.signal(number, canceller.handle) for number in signals}
    try:
        with _waking(task.get_loop()):
            yield
    finally:
        canceller.end()
        for number in before.keys() - canceller.told:
            signal.signal(number, before[number])
        if canceller.told:
            raise ToldToEndError(canceller.told[0])
        if canceller.pending:
            raise KeyboardInterrupt


@contextmanager
def _waking(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Inside the `with`, a signal wakes an event loop that was just about to wait; see `NOTICED`.

    On Windows, asyncio does so itself.
    """
    if sys.platform == "win32":
        yield
        return
    import socket

    heard, told = socket.socketpair()
    with heard, told:
        heard.setblocking(False)
        told.setblocking(False)
        loop.add_reader(heard, heard.recv, 64)
        before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(heard)


class _Canceller:
    """Cancels a task when a signal comes; again and again, if the signal ends the program.

    Each part of a command may absorb one cancellation.

    Attributes:
        told: the signals that end the program.
        come: whether any signal has come.
        pending: whether a signal has come of which the task has not heard yet.
    """

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        self._timer: asyncio.TimerHandle | None = None
        self.told: list[int] = []
        self.come = False
        self.pending = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal, wherever the program is."""
        del frame
        if number != signal.SIGINT:
            self.told.append(number)
            signal.signal(number, signal.SIG_DFL)
        self.come = self.pending = True
        # wakes the loop, which may be waiting for I/O
        self._task.get_loop().call_soon_threadsafe(self._cancel, number)

    def _cancel(self, number: int) -> None:
        heard = self._task.cancel(number)
        self.pending = self.pending and not heard
        if self.told:
            self._timer = self._task.get_loop().call_later(_INSIST, self._cancel, number)

    def end(self) -> None:
        """Leave the task alone."""
        if self._timer is not None:
            self._timer.cancel()


def _has_come(handler: Any) -> bool:
    """Whether a signal came before we began to wait."""
    canceller = getattr(handler, "__self__", None)
    return isinstance(canceller, _Canceller) and canceller.come


NOTICED = 0.1
"""Seconds between two looks of whoever waits outside the event loop.

A signal that comes just before a system call that waits interrupts nothing: Python calls its
handler once the call has returned. Where other threads run, as those of a practice archive, that
was seen once in a hundred sessions.
"""

_INSIST = 0.5
"""Seconds between cancellations of a program that was told to end."""

_AFTERWARDS = 0.3
"""Seconds to wait outside the event loop once a signal has come."""


def signal_of(cancelled: asyncio.CancelledError) -> int:
    """The signal that cancelled a task; SIGINT if unknown."""
    number = cancelled.args[0] if cancelled.args else None
    return number if isinstance(number, int) else signal.SIGINT


@contextmanager
def breaking_off() -> Iterator[None]:
    """Inside the `with`, which waits outside the event loop, a signal also breaks off the wait.

    Raises:
        CancelledError: a signal has come that cancels the command.
    """
    if _is_aside():
        yield
        return
    numbers = [one for one in (signal.SIGINT, *ending()) if callable(signal.getsignal(one))]
    before: dict[int, Any] = {one: signal.getsignal(one) for one in numbers}

    def break_off(number: int, frame: FrameType | None) -> None:
        before[number](number, frame)
        raise asyncio.CancelledError(number)

    try:
        for number in numbers:
            signal.signal(number, break_off)
        if any(map(_has_come, before.values())):
            raise asyncio.CancelledError
        yield
    finally:
        for number in numbers:
            if signal.getsignal(number) is break_off:  # not if it ends the program next time
                signal.signal(number, before[number])


def wait(ready: Callable[[float], bool]) -> None:
    """Wait outside the event loop; once a signal has come, only for a moment.

    A reader that reads still gets what is on its way, and one that does not keeps nobody waiting.

    Args:
        ready: waits so many seconds; returns whether to wait no longer.

    Raises:
        CancelledError: a signal has come that cancels the command.
    """
    try:
        with breaking_off():
            while not ready(NOTICED):
                pass
    except asyncio.CancelledError:
        if not ready(_AFTERWARDS):
            _heard()
            raise


def attentive(stream: TextIO) -> TextIO:
    """A stream to read from, of which reading hears signals: a pipe or a terminal, on POSIX."""
    if sys.platform == "win32" or not isinstance(stream, TextIOWrapper):
        return stream
    raw = BufferedReader(_Attentive(stream.fileno()))
    return TextIOWrapper(raw, stream.encoding, stream.errors, newline=None)


class _Attentive(RawIOBase):
    """The bytes of a descriptor, as they come."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        """The descriptor; it stays open."""
        return self._number

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there, once something is."""
        poll = select.poll()
        poll.register(self._number, select.POLLIN)
        while not poll.poll(NOTICED * 1000):
            pass
        return os.readv(self._number, [buffer])


def _heard() -> None:
    """The task learns of Ctrl-C by an error that is raised in it."""
    canceller = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    if isinstance(canceller, _Canceller):
        canceller.pending = False


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
    """Make SIGTERM and SIGHUP raise ToldToEndError while nothing is awaited, once.

    Ctrl-C raises KeyboardInterrupt, unless it is ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
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

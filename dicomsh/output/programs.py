"""Programs that read our data: a command after `|`, and the pager."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Self

from dicomsh.errors import DicomshError, InterruptedByUserError
from dicomsh.event_loop import asyncio
from dicomsh.interrupt import absorb_interrupts, cancel_soon, signal_of
from dicomsh.output.streams import WHILE, CommandGoneError, for_terminal

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_ROOM = 256 * 1024
"""Bytes to buffer for a command before we wait for it."""


async def started(starting: Awaitable[Process]) -> Process:
    """Wait until a program has started; a Ctrl-C in between takes effect at the next wait.

    The event loop would kill a program whose start is cancelled, though it may already be running:
    the program decides what to do about Ctrl-C.
    """
    start = asyncio.ensure_future(starting)
    pressed = False
    while not start.done():
        try:
            await asyncio.wait({start})
        except asyncio.CancelledError:
            pressed = True
            absorb_interrupts()
    if pressed:
        cancel_soon()
    return start.result()


async def finished(process: Process) -> bool:
    """Wait for a program; returns whether Ctrl-C was pressed or ended it.

    A terminal also sends Ctrl-C to the program, which decides what to do about it. Without a
    terminal we pass it on, and in any case a signal that ends us.
    """
    pressed = False
    while True:
        try:
            await process.wait()
        except asyncio.CancelledError as cancelled:
            pressed = True
            absorb_interrupts()
            pass_on(process, signal_of(cancelled))
        else:
            return pressed or process.returncode == -signal.SIGINT


_UNREAD = (-13, 128 + 13)
"""Exit statuses of a command ended by SIGPIPE (13 in POSIX), also as a shell reports it."""


def pass_on(process: Process, number: int) -> None:
    """Send a signal to a program and those it has started, unless the terminal has sent it."""
    if number == signal.SIGINT and sys.stdin and sys.stdin.isatty():
        return
    with contextlib.suppress(ProcessLookupError, ValueError):
        if sys.platform == "win32":
            process.send_signal(signal.SIGTERM)
        elif os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def apart() -> dict[str, Any]:
    """How to start a program in a process group of its own, if no terminal controls us.

    One that a terminal controls stays in our group: another could not read from the terminal.
    """
    if sys.platform == "win32":
        return {}
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return {"process_group": 0}
    return {}


class CommandWriter:
    """A command of the system's shell that reads our data on its standard input.

    Args:
        process: the command, with a pipe to its standard input.
        room: bytes that may wait for it.
        safe: whether it shows its input on a terminal unchanged.

    Attributes:
        interrupted: whether Ctrl-C was pressed while we waited for its end.
    """

    is_terminal = False
    patience = WHILE
    holds_screen = True

    def __init__(self, process: Process, room: int = _ROOM, *, safe: bool = False) -> None:
        assert process.stdin
        self._process = process
        self._pipe = process.stdin
        self._pipe.transport.set_write_buffer_limits(high=room)
        self._safe = safe
        self.interrupted = False

    @classmethod
    async def start(
        cls,
        text: str,
        stdout: int | None,
        room: int = _ROOM,
        environ: Mapping[str, str] | None = None,
        *,
        safe: bool = False,
        umask: int = -1,
    ) -> Self:
        """Start a command.

        Args:
            text: the command line.
            stdout: file descriptor for its output; None for our own standard output.
            room: bytes that may wait for it.
            environ: its environment variables; None for ours.
            safe: whether it shows what it reads on a terminal as it is.
            umask: modes that its files do not get, where the platform has any; -1 for ours.
        """
        starting = asyncio.create_subprocess_shell(
            text,
            stdin=asyncio.subprocess.PIPE,
            stdout=stdout,
            env=environ or os.environ,
            umask=umask,
        )
        return cls(await started(starting), room, safe=safe)

    @property
    def status(self) -> int | None:
        """Its exit status, once it has ended."""
        return self._process.returncode

    def judge(self) -> None:
        """Check how the command ended; a reader that stops early is not a failure.

        Raises:
            InterruptedByUserError: Ctrl-C ended it.
            DicomshError: it failed.
        """
        if self.interrupted and self.status:
            raise InterruptedByUserError("the command was interrupted")
        if self.status and self.status not in _UNREAD:
            raise DicomshError(f"the command exited with status {self.status}")

    def write(self, text: str) -> None:
        """Pass on text; `drain` waits if it is not read."""
        shown = for_terminal(text) if self._safe else text
        self.write_bytes(shown.encode(errors="backslashreplace"))

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Pass on bytes as they are."""
        if self._pipe.is_closing() or self.status is not None:
            raise CommandGoneError
        self._pipe.write(data)

    async def drain(self) -> None:
        """Wait while too much text is waiting to be read."""
        try:
            await self._pipe.drain()
        except ConnectionError:
            raise CommandGoneError from None

    def interrupt(self, number: int) -> None:
        """Pass on a signal."""
        pass_on(self._process, number)

    async def gone(self) -> CommandGoneError:
        """Return when the command has ended."""
        await self._process.wait()
        return CommandGoneError()

    async def close(self) -> None:
        """Close its input and wait for it."""
        with contextlib.suppress(ConnectionError):
            self._pipe.close()
        self.interrupted = await finished(self._process)

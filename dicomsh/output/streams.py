"""Where data can go: a stream of the program, a file; programs are in `programs`."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, TextIO, runtime_checkable

from dicomsh.errors import DicomshError, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.folders import path_of
from dicomsh.model.safe import visible
from dicomsh.output.theme import SEQUENCE
from dicomsh.regex import regex

_KEPT = regex(rf"(\n|\t|{SEQUENCE.pattern})")
_OWNER_ONLY = 0o600


class ReaderGoneError(Exception):
    """Nobody reads any more: stop producing rows. Not a failure, and nothing to report."""


class CommandGoneError(ReaderGoneError):
    """The command that data was piped to has ended, like `head -1`."""


class PagerLeftError(ReaderGoneError):
    """The user has quit the pager."""


class StdoutGoneError(ReaderGoneError):
    """The reader of standard output has ended, as in `dicomsh … | head`: end quietly."""


class Writer(Protocol):
    """Where data goes."""

    @property
    def is_terminal(self) -> bool:
        """Whether it is shown on the terminal, with its width and colours."""
        ...

    @property
    def patience(self) -> float | None:
        """Seconds that readers may wait for rows; None if they read only at the end."""
        ...

    @property
    def holds_screen(self) -> bool:
        """Whether another program may be writing on the terminal now."""
        ...

    def write(self, text: str) -> None:
        """Writes text, or accepts it for writing.

        Raises:
            ReaderGoneError: nobody reads any more.
            DicomshError: it cannot be written.
        """
        ...

    async def drain(self) -> None:
        """Waits while too much is unwritten; raises like `write`."""
        ...

    async def gone(self) -> ReaderGoneError:
        """Returns when nobody reads any more, with the error to raise; never if unknown."""
        ...

    def interrupt(self, number: int) -> None:
        """Passes a signal on to the program that reads, unless the terminal did."""
        ...


@runtime_checkable
class BytesWriter(Protocol):
    """Where data can go that is not text."""

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Writes bytes; raises as `Writer.write` does."""
        ...


async def never() -> ReaderGoneError:
    """Does not return."""
    gone: asyncio.Future[ReaderGoneError] = asyncio.get_running_loop().create_future()
    return await gone


SOON = 0.005
"""Seconds that a person at a terminal waits."""

WHILE = 0.5
"""Seconds that a program waits."""


def patience_with(number: int | None) -> float | None:
    """Seconds that readers of a file descriptor wait; None is a text in memory."""
    stored = number is None or stat.S_ISREG(os.fstat(number).st_mode)
    return None if stored else WHILE


class Stream:
    """Standard output. On a terminal only line ends, tabs and our own colours have an effect.

    Args:
        stream: the text stream; its encoding and line ends are used as they are.
    """

    holds_screen = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty()
        self.patience = SOON if self.is_terminal else patience_with(self.fileno())

    def write(self, text: str) -> None:
        """Writes text at once."""
        self.control(for_terminal(text) if self.is_terminal else text)

    def control(self, text: str) -> None:
        """Writes our own text at once, including terminal control sequences."""
        with self._telling():
            put(self._stream, text)

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Writes bytes at once, unless it is a terminal or a text in memory."""
        with self._telling():
            put_bytes(self._stream, data)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            if not self.is_terminal:
                _silence_all(self._stream)
            raise
        except OSError as error:
            silence(self._stream)
            if not is_broken_pipe(error):
                raise DicomshError(f"cannot write the output: {error.strerror}") from None
            raise StdoutGoneError from None

    async def drain(self) -> None:
        """Nothing waits."""

    async def gone(self) -> ReaderGoneError:
        """Does not return: writing will notice."""
        return await never()

    def interrupt(self, number: int) -> None:
        """Reads nothing that we know of."""

    def fileno(self) -> int | None:
        """The file descriptor, or None for a stream in memory."""
        try:
            return self._stream.fileno()
        except OSError:
            return None


_ROOM = 512
"""Bytes that a pipe with room for any takes without blocking: PIPE_BUF, at least (POSIX)."""


def put(stream: TextIO, text: str) -> None:
    """Writes text at once; a signal breaks off waiting for a reader that does not read.

    Raises:
        OSError: it cannot be written.
        CancelledError: a signal came while nothing could be written; the rest is lost.
    """
    number = _waiting_descriptor(stream)
    if number is None:
        stream.write(text)
        stream.flush()
        return
    put_bytes(stream, text.encode(stream.encoding, stream.errors or "strict"))


def put_bytes(stream: TextIO, data: bytes | memoryview) -> None:
    """Writes bytes at once, as `put` writes text."""
    stream.flush()
    left = memoryview(data)
    number = _waiting_descriptor(stream)
    if number is None:
        stream.buffer.write(left)
        stream.buffer.flush()
        return
    room = max(_ROOM, getattr(select, "PIPE_BUF", _ROOM))
    while left:
        _wait_for_room(number)
        left = left[os.write(number, left[:room]) :]


def put_last(stream: TextIO, text: str) -> None:
    """Writes the last line of a program that was told to end, unless nobody reads."""
    number = _waiting_descriptor(stream)
    if number is None or _has_room(number, _PARTING):
        with contextlib.suppress(OSError):
            stream.write(text)
            stream.flush()


_PARTING = 0.3
"""Seconds for a reader to make room for a last line."""


def _waiting_descriptor(stream: TextIO) -> int | None:
    """The descriptor of a stream that can wait for a reader; None for files, and on Windows."""
    if sys.platform == "win32":
        return None
    try:
        number = stream.fileno()
    except OSError:
        return None
    return None if stat.S_ISREG(os.fstat(number).st_mode) else number


def _wait_for_room(number: int) -> None:
    if not _has_room(number, 0):
        from dicomsh.interrupt import wait

        wait(partial(_has_room, number))


def _has_room(number: int, seconds: float) -> bool:
    """Whether a descriptor takes text within that time."""
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return bool(poll.poll(seconds * 1000))


def _silence_all(stream: TextIO) -> None:
    """Discards what is written to a stream from now on, and to a standard stream that is the same.

    Otherwise the last words of the program would wait for the same reader.
    """
    number = stream.fileno()
    same = [other for other in (sys.stdout, sys.stderr) if _is_same(other, number)]
    for one in (*same, stream):
        silence(one)


def _is_same(stream: TextIO, number: int) -> bool:
    try:
        return os.path.sameopenfile(stream.fileno(), number)
    except (OSError, ValueError):
        return False


def for_terminal(text: str) -> str:
    """The text without terminal control characters, except line ends, tabs and our colours."""
    parts = _KEPT.split(text)
    parts[::2] = map(visible, parts[::2])
    return "".join(parts)


def silence(stream: TextIO) -> None:
    """Discards buffered text, so that the interpreter can exit without complaint."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def is_broken_pipe(error: OSError) -> bool:
    """Whether the reader of a pipe has ended."""
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == 22)


class FileWriter:
    """A file: UTF-8, LF. Readable only by its owner, because it contains patient data.

    A replaced file becomes so too, if it is ours; a file appended to keeps its mode.

    The file is opened at once, so that a wrong path is reported before a query is sent; its old
    content goes with the first text, so that a failed query leaves it alone.

    Args:
        path: where; `~` is the user's folder.
        append: whether to keep its content.
        whole: whether a regular file is written beside the old one, which it replaces when it is
            closed: it is never seen in part, even if the program is killed.

    Raises:
        UsageError: it cannot be written.
    """

    is_terminal = False
    holds_screen = False

    def __init__(self, path: str | Path, *, append: bool = False, whole: bool = False) -> None:
        self._path = Path(path)
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            self._path = path_of(str(self._path))
            self._part = _part_of(self._path) if whole and not append else None
            more = os.O_EXCL if self._part else os.O_APPEND if append else 0
            handle = _opened(self._part or self._path, flags | more)
        except (OSError, ValueError, RuntimeError) as error:
            raise _cannot_open(self._path, error) from None
        self._file = os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="")
        info = os.fstat(handle)
        self.patience = patience_with(handle)
        self._truncate = stat.S_ISREG(info.st_mode) and not append
        self._failed = False
        self.fresh = not append or not info.st_size
        """Whether the text begins the file, so that a header belongs in it."""

    def write(self, text: str) -> None:
        """Writes text at once; the first text replaces the file's content."""
        with self._noting_failure():
            self.settle()
            put(self._file, text)

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Writes bytes at once, as `write` does."""
        with self._noting_failure():
            self.settle()
            put_bytes(self._file, data)

    @contextlib.contextmanager
    def _noting_failure(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._failed = True
            raise DicomshError(f"cannot write '{self._path}': {error.strerror}") from None

    async def drain(self) -> None:
        """Nothing waits."""

    async def gone(self) -> ReaderGoneError:
        """Does not return: a file stays."""
        return await never()

    def interrupt(self, number: int) -> None:
        """No program reads."""

    def settle(self) -> None:
        """Discards the file's content, if nothing was written yet."""
        if self._truncate:
            _keep_to_owner(self._file.fileno())
            os.ftruncate(self._file.fileno(), 0)
            self._truncate = False

    def close(self) -> None:
        """Closes the file; one that is written beside the old one replaces it, if it is whole.

        Raises:
            DicomshError: it cannot be replaced.
        """
        with contextlib.suppress(OSError):
            self._file.close()
        part, self._part = self._part, None
        if part is not None:
            self._replace(part)

    def _replace(self, part: Path) -> None:
        try:
            if self._truncate or self._failed:
                part.unlink(missing_ok=True)
            else:
                part.replace(self._path.resolve())
        except OSError as error:
            part.unlink(missing_ok=True)
            raise DicomshError(f"cannot write '{self._path}': {error.strerror}") from None


def _part_of(path: Path) -> Path | None:
    """Where to write what will replace a file; None if the file must be written itself.

    That is so for what is not a regular file of ours alone, and for the names of open files.
    """
    try:
        target = path.resolve()
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        if target.exists() and not _is_ours(target):
            return None
        if not os.access(target.parent, os.W_OK) or path.parts[:2] in (("/", "dev"), ("/", "proc")):
            return None
        part.unlink(missing_ok=True)
    except (OSError, ValueError, RuntimeError):
        return None
    return part if target.parent.is_dir() else None


def _is_ours(target: Path) -> bool:
    info = target.stat()
    alone = stat.S_ISREG(info.st_mode) and info.st_nlink == 1 and os.access(target, os.W_OK)
    return alone and (sys.platform == "win32" or info.st_uid == os.geteuid())


def _opened(path: Path, flags: int) -> int:
    """Opens a file; a signal breaks off waiting for somebody who reads a named pipe."""
    if not path.is_fifo():
        return os.open(path, flags, _OWNER_ONLY)
    from dicomsh.interrupt import breaking_off

    with breaking_off():
        while (handle := _end_of(path)) is None:
            time.sleep(_BETWEEN)
    if handle < 0:
        return os.open(path, flags)
    os.set_blocking(handle, True)
    return handle


@contextlib.asynccontextmanager
async def reader_awaited(name: str) -> AsyncIterator[None]:
    """Inside the `async with`, somebody reads a named pipe; other files need nobody."""
    path = Path(name)
    while (held := _end_of(path)) is None:
        await asyncio.sleep(_BETWEEN)
    try:
        yield
    finally:
        if held >= 0:
            os.close(held)


_BETWEEN = 0.02
"""Seconds between two looks for a reader."""


def _end_of(path: Path) -> int | None:
    """Our end of a named pipe; None if nobody reads it, -1 if it is something else."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK) if path.is_fifo() else -1
    except OSError as error:
        return None if error.errno == errno.ENXIO else -1


def _keep_to_owner(handle: int) -> None:
    """Makes an open file readable only by its owner, if that is us and there are modes."""
    if sys.platform == "win32" or os.fstat(handle).st_uid != os.geteuid():
        return
    with contextlib.suppress(OSError):  # a file system without modes
        os.fchmod(handle, _OWNER_ONLY)


def _cannot_open(path: Path, error: Exception) -> UsageError:
    if path.is_dir():
        return UsageError(f"'{path}' is a folder", hint="name a file in it")
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return UsageError(
            f"cannot write '{path}': there is no folder '{path.parent}'", hint="create it first"
        )
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return UsageError(f"cannot write '{path}': {reason}", hint="choose another location")


def open_closed() -> None:
    """Let every standard stream be one, also where it was closed before the start, as by `>&-`.

    Reading from one that was closed, and writing data to it, fails as if it still were. No file
    that is opened later takes its descriptor, into which programs that we start would write.
    """
    if sys.stdin is None:
        sys.stdin = _nowhere("r", os.O_WRONLY)
    if sys.stdout is None:
        sys.stdout = _nowhere("w", os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = _nowhere("w", os.O_WRONLY)


def _nowhere(mode: Literal["r", "w"], flags: int) -> TextIO:
    """A stream on the null device; with flags for the other direction, each use fails."""
    descriptor = os.open(os.devnull, flags)
    os.set_inheritable(descriptor, True)
    return os.fdopen(descriptor, mode, encoding="utf-8")

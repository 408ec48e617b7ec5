"""The only writer: data to standard output or its redirection, messages to standard error."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dicomsh.errors import DicomshError
from dicomsh.event_loop import asyncio
from dicomsh.interrupt import signal_of
from dicomsh.late import LateModule
from dicomsh.output.progress import Headway, PassingLine, ProgressLine
from dicomsh.output.streams import (
    BytesWriter,
    CommandGoneError,
    FileWriter,
    ReaderGoneError,
    Stream,
    Writer,
    for_terminal,
    is_broken_pipe,
    put,
    silence,
)

if TYPE_CHECKING:
    from dicomsh.output import folder as folders
    from dicomsh.output import pager as pagers
    from dicomsh.output import programs, prose
    from dicomsh.output.folder import FolderWriter
else:  # of use on a terminal alone, and for data that goes to a command
    folders = LateModule("dicomsh.output.folder")
    pagers = LateModule("dicomsh.output.pager")
    programs = LateModule("dicomsh.output.programs")
    prose = LateModule("dicomsh.output.prose")

_DEFAULT_SIZE = os.terminal_size((80, 24))


class Sink:
    """Writes everything that the program writes.

    Args:
        stdout: standard output; data only, unless it is a terminal.
        stderr: standard error.

    Attributes:
        shown: transforms every text for display; masking sets it.
        lost: whether a line could not be written to a full standard error.
        passing: the progress line on standard error.
    """

    def __init__(self, stdout: TextIO, stderr: TextIO) -> None:
        self._stdout = Stream(stdout)
        self._stderr = stderr
        self._target: Writer = self._stdout
        self._inside_line = False
        self._later: list[str] = []
        self.lost = False
        self.shown: Callable[[str], str] = str
        self.passing: PassingLine = ProgressLine(stderr)

    @classmethod
    def standard(cls) -> Sink:
        """The sink of this process: UTF-8 and LF, whatever the locale and system."""
        return cls(_prepared(sys.stdout), _prepared(sys.stderr))

    @property
    def is_terminal(self) -> bool:
        """Whether standard output is a terminal."""
        return self._stdout.is_terminal

    @property
    def redirected(self) -> bool:
        """Whether data goes to a file or a command now."""
        return self._target is not self._stdout

    def columns(self) -> int:
        """Width of the terminal in cells; 80 if unknown."""
        told = os.environ.get("COLUMNS", "")
        return int(told) if told.isdecimal() and int(told) else _size(self._stdout).columns

    @property
    def width(self) -> int | None:
        """Cells that a line of data may take; None if nothing need be shortened."""
        return self.columns() if self._target.is_terminal else None

    @property
    def patience(self) -> float | None:
        """Seconds for which rows may be held back; None if nobody waits for them."""
        return self._target.patience

    @property
    def error_width(self) -> int | None:
        """Cells that a line of an error may take; None if unknown."""
        return self.columns() if self.is_terminal and self._stderr.isatty() else None

    def data(self, text: str) -> None:
        """Writes a text that is data.

        Raises:
            ReaderGoneError: nobody reads any more; stop and end quietly.
            DicomshError: it cannot be written.
        """
        self.rendered(self.shown(text))

    def rendered(self, text: str) -> None:
        """Writes the text of rows, which are masked as rows; raises as `data` does."""
        if text and self._target.is_terminal:
            with self._above_progress():
                self._inside_line = not text.endswith("\n")
                self._target.write(text)
        elif text:
            self._target.write(text)

    def drawing(self, text: str) -> None:
        """Writes a drawing of ours on the terminal, with its control sequences."""
        with self._above_progress():
            self._inside_line = not text.endswith("\n")
            self._stdout.control(text)

    def binary(self, data: bytes | memoryview) -> None:
        """Writes data that is not text to a file or a command; raises as `data` does.

        Raises:
            DicomshError: data goes to a terminal, or to a folder.
        """
        if not isinstance(self._target, BytesWriter) or self._target.is_terminal:
            raise DicomshError("this is not text", hint="write it to a file: … > FILE")
        self._target.write_bytes(data)

    @property
    def screen(self) -> tuple[int | None, int, int]:
        """Descriptor of the terminal, its columns, and its lines."""
        return self._stdout.fileno(), self.columns(), _size(self._stdout).lines

    def prose(self, text: str) -> None:
        """Writes lines for people as data, wrapped between words on a terminal."""
        self.data((text if self.width is None else prose.filled(text, self.width)) + "\n")

    async def drain(self) -> None:
        """Waits while too much data is unwritten; raises like `data`."""
        await self._target.drain()

    async def gone(self) -> ReaderGoneError:
        """Returns when nobody reads the data any more, with the error to raise."""
        return await self._target.gone()

    def talk(self, line: str) -> None:
        """Writes a message line: to the terminal, or to standard error in a script.

        If a program is writing to the terminal, the line waits until it ends.
        """
        if self._target.holds_screen:
            self._later.append(line)
        elif self.is_terminal:
            with self._above_progress():
                self._inside_line = False
                self._stdout.write(f"{prose.wrapped(self.shown(line), self.columns())}\n")
        else:
            self.error(line)

    def error(self, line: str) -> None:
        """Writes a line to standard error; one that cannot be written is `lost`."""
        self.passing.clear()
        line = self.shown(line)
        safe = for_terminal(line) if self._stderr.isatty() else line
        if self.error_width is not None:
            safe = prose.wrapped(safe, self.error_width)
        self.lost = _is_lost(self._stderr, f"{safe}\n") or self.lost

    def progress(self, headway: Headway) -> None:
        """Shows the progress of a command on a terminal, below all other output."""
        if self._has_line:
            self.passing.show(headway.shown(self.shown), self.columns())

    def interrupt(self, number: int) -> None:
        """Passes a signal on to the command that reads the data, if one does."""
        self._target.interrupt(number)

    def wipe_line(self) -> None:
        """Removes text that the keyboard left in the line, such as `^C`."""
        if self._has_line:
            self.passing.wipe(self.columns())

    @property
    def _has_line(self) -> bool:
        """Whether the cursor's line has no data and belongs to no program."""
        return not (self._inside_line or self._target.holds_screen)

    @contextlib.contextmanager
    def _above_progress(self) -> Iterator[None]:
        """Hides the progress line inside the `with`."""
        was_shown = self.passing.clear()
        yield
        if was_shown and self._has_line:
            self.passing.again()

    @contextlib.contextmanager
    def to_file(self, path: str | Path, *, append: bool = False) -> Iterator[FileWriter]:
        """Data goes to a file inside the `with`.

        Raises:
            UsageError: the file cannot be opened.
        """
        file = FileWriter(path, append=append, whole=True)
        with contextlib.closing(file), self._redirected(file):
            yield file
            file.settle()

    @property
    def folder(self) -> FolderWriter | None:
        """The folder that data goes to now; None if it goes elsewhere."""
        target = self._target
        is_folder = not isinstance(target, BytesWriter | Stream)
        return target if is_folder and isinstance(target, folders.FolderWriter) else None

    @contextlib.contextmanager
    def to_folder(self, path: str, *, append: bool = False) -> Iterator[FolderWriter]:
        """Data goes to the files of a folder inside the `with`, which puts it in its place.

        Raises:
            UsageError: the folder cannot be created.
            DicomshError: it cannot be put there.
        """
        folder = folders.FolderWriter(path, append=append)
        try:
            with self._redirected(folder):
                yield folder
        except BaseException:
            folder.discard()
            raise
        told = folder.put()
        if told:
            self.talk(told)

    @contextlib.asynccontextmanager
    async def to_command(
        self, text: str, variables: Mapping[str, str] | None = None
    ) -> AsyncIterator[programs.CommandWriter]:
        """Data goes to a command inside the `with`, which waits for the command at its end.

        The variables are its environment variables.

        A command that ends early makes `data` or `drain` raise CommandGoneError, which leaves the
        `with` quietly.

        Raises:
            InterruptedByUserError: Ctrl-C ended the command.
            DicomshError: it ended with a status other than 0, except for lack of a reader.
        """
        from dicomsh.output.system_shell import reader

        command = await reader(text, variables or {}, self._stdout.fileno())
        with self._redirected(command):
            try:
                with contextlib.suppress(CommandGoneError):
                    yield command
            except asyncio.CancelledError as cancelled:
                command.interrupt(signal_of(cancelled))
                raise
            finally:
                await command.close()
        command.judge()

    @contextlib.asynccontextmanager
    async def to_screen(
        self, environ: Mapping[str, str], *, wide: bool = False
    ) -> AsyncIterator[None]:
        """Inside the `with`, long data goes to a pager.

        Quitting the pager makes `data` or `drain` raise PagerLeftError.

        Args:
            environ: environment variables; they name the pager.
            wide: whether data wider than the terminal goes there as well.
        """
        pager = pagers.pager_command(environ) if self.is_terminal else None
        if pager is None:
            yield
            return
        paged = _paged(self._stdout, self.columns(), pager, environ, wide=wide)
        with self._redirected(paged):
            try:
                yield
            finally:
                await paged.close()

    @contextlib.contextmanager
    def _redirected(self, target: Writer) -> Iterator[None]:
        before, self._target = self._target, target
        try:
            yield
        finally:
            self._target = before
            later, self._later = self._later, []
            for line in later:
                self.talk(line)


class LinesFile:
    """A file for lines that are not data, such as a trace; they are masked as on screen.

    Args:
        path: where it is.
        shown: what a text is shown as.

    Raises:
        UsageError: it cannot be opened.
    """

    def __init__(self, path: str, shown: Callable[[str], str]) -> None:
        self._file = FileWriter(path)
        self._shown = shown
        self.close = self._file.close

    def write(self, text: str) -> None:
        """Writes lines at once; raises DicomshError."""
        self._file.write(self._shown(text))


def _paged(
    screen: Stream, columns: int, pager: str, environ: Mapping[str, str], *, wide: bool
) -> pagers.Paged:
    environ = pagers.pager_environ(environ, wide=wide)
    start = partial(pagers.start_pager, pager, environ, screen.fileno())
    return pagers.Paged(screen, columns, _size(screen).lines, start, wide=wide)


def _size(terminal: Stream) -> os.terminal_size:
    """The size of a terminal; a usual one if unknown."""
    with contextlib.suppress(OSError, ValueError):
        size = os.get_terminal_size(terminal.fileno() or 1)
        if size.columns and size.lines:
            return size
    return _DEFAULT_SIZE


def _is_lost(stream: TextIO, text: str) -> bool:
    """Writes text; returns whether that failed for another reason than lack of a reader."""
    try:
        put(stream, text)
    except asyncio.CancelledError:  # whoever waits in the event loop is cancelled, too
        if not stream.isatty():
            silence(stream)
    except OSError as error:
        silence(stream)
        return not is_broken_pipe(error)
    return False


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:  # the descriptor was closed before we began
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return stream

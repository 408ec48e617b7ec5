"""The only writer: data to standard output or where it was redirected, talk beside it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from dicomsh.output.targets import (
    CommandGoneError,
    CommandTarget,
    FileTarget,
    Stream,
    Target,
    for_terminal,
    silence,
)

_DEFAULT_COLUMNS = 80


class Sink:
    """Writes everything that the program writes.

    Args:
        stdout: standard output; data only, unless it is a terminal.
        stderr: standard error.
    """

    def __init__(self, stdout: TextIO, stderr: TextIO) -> None:
        self._stdout = Stream(stdout)
        self._stderr = stderr
        self._target: Target = self._stdout

    @classmethod
    def standard(cls) -> Sink:
        """The sink of this process: UTF-8 and LF whatever the locale and the system."""
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
        """Width of the terminal in cells; 80 where it is not known."""
        told = os.environ.get("COLUMNS", "")
        if told.isdecimal() and int(told):
            return int(told)
        with contextlib.suppress(OSError, ValueError):
            return os.get_terminal_size(self._stdout.fileno() or 1).columns or _DEFAULT_COLUMNS
        return _DEFAULT_COLUMNS

    @property
    def width(self) -> int | None:
        """Cells that a line of data may take; None where nothing need be shortened."""
        return self.columns() if self.is_terminal and not self.redirected else None

    def data(self, text: str) -> None:
        """Writes data as it is.

        Raises:
            ReaderGoneError: nobody reads any more; stop and end quietly.
            DicomshError: it cannot be written.
        """
        if text:
            self._target.write(text)

    def talk(self, line: str) -> None:
        """Writes a line beside the data: to the terminal, or to standard error in a script."""
        if self.is_terminal:
            self._stdout.write(f"{line}\n")
        else:
            self.error(line)

    def error(self, line: str) -> None:
        """Writes a line to standard error; one that cannot be written is lost."""
        safe = for_terminal(line) if self._stderr.isatty() else line
        try:
            self._stderr.write(f"{safe}\n")
            self._stderr.flush()
        except OSError:
            silence(self._stderr)

    @contextlib.contextmanager
    def to_file(self, path: str | Path, *, append: bool = False) -> Iterator[FileTarget]:
        """Data goes to a file inside the `with`.

        Raises:
            UsageError: the file cannot be opened.
        """
        file = FileTarget(path, append=append)
        with contextlib.closing(file), self._redirected(file):
            yield file
            file.settle()

    @contextlib.contextmanager
    def to_command(self, text: str) -> Iterator[CommandTarget]:
        """Data goes to a command inside the `with`, which then waits for the command.

        A command that ends early makes `data` raise CommandGoneError, which leaves the `with`
        quietly.
        """
        command = CommandTarget(text, self._stdout.fileno())
        quiet = contextlib.suppress(CommandGoneError)
        with contextlib.closing(command), self._redirected(command), quiet:
            yield command

    @contextlib.contextmanager
    def _redirected(self, target: Target) -> Iterator[None]:
        before, self._target = self._target, target
        try:
            yield
        finally:
            self._target = before


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:  # the descriptor was closed before we began
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return stream

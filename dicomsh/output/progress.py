"""A line that comes and goes: how far the running command is."""

from __future__ import annotations

import contextlib
import os
from typing import TextIO

from dicomsh.output.safe import fit, visible, width


class ProgressLine:
    """The last line of a terminal, for the time being; nothing at all where there is no terminal.

    Args:
        stream: standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._able = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._cells = 0

    def show(self, text: str, columns: int) -> None:
        """Write a text in place of the one before; not the last column, which could wrap."""
        short = fit(visible(text), columns - 1)
        left, self._cells = self._cells, width(short)
        self._write(f"\r{short}{' ' * max(0, left - self._cells)}")

    def clear(self) -> None:
        """Take the line away; the cursor is at its beginning."""
        if self._cells:
            self._write(f"\r{' ' * self._cells}\r")
            self._cells = 0

    def wipe(self, columns: int) -> None:
        """Take away whatever stands in the line, as the `^C` of a terminal."""
        self._cells = columns - 1
        self.clear()

    def _write(self, text: str) -> None:
        if self._able:
            with contextlib.suppress(OSError):
                self._stream.write(text)
                self._stream.flush()

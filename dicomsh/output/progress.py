"""A temporary line that shows the progress of the running command."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Protocol, TextIO

from dicomsh.frozen import frozen, replace
from dicomsh.model.safe import fit, visible, width


@frozen
class Headway:
    """The progress of a command in words; empty if there is nothing to report.

    Args:
        state: the rows so far, or what we are waiting for.
        rate: how fast they arrive.
        doing: the current activity.
        elapsed: the time since the start.
        leaving: whether the user has cancelled.
    """

    state: str
    rate: str = ""
    doing: str = ""
    elapsed: str = ""
    leaving: bool = False

    @property
    def text(self) -> str:
        """In short: rows with their rate, or what we are waiting for with the time."""
        if not self.rate:
            return f"{self.state} … {self.elapsed}" if self.elapsed else self.state
        return " · ".join(filter(None, (self.state, self.rate, self.doing)))

    def shown(self, shown: Callable[[str], str]) -> Headway:
        """The same with each text as it may be shown."""
        return replace(self, state=shown(self.state), doing=shown(self.doing))


class PassingLine(Protocol):
    """A temporary last line on a terminal."""

    def show(self, headway: Headway, columns: int) -> None:
        """Writes it in place of the previous one."""
        ...

    def clear(self) -> bool:
        """Removes it; the cursor is at its beginning. Returns whether it was there."""
        ...

    def again(self) -> None:
        """Writes it again, below the text written in between."""
        ...

    def wipe(self, columns: int) -> None:
        """Removes any text in the line, such as a terminal's `^C`."""
        ...


class ProgressLine:
    """A temporary line of plain text; nothing without a terminal.

    Args:
        stream: standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._able = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = ""
        self._text = ""

    def show(self, headway: Headway, columns: int) -> None:
        """Writes the short text; not in the last column, which could wrap."""
        self._text = fit(visible(headway.text), columns - 1)
        self.again()

    def clear(self) -> bool:
        """Writes blanks over it."""
        shown, self._shown = self._shown, ""
        if shown:
            self._write(f"\r{' ' * width(shown)}\r")
        return bool(shown)

    def again(self) -> None:
        """Writes the text over the previous one."""
        left, self._shown = width(self._shown) - width(self._text), self._text
        self._write(f"\r{self._text}{' ' * left}")

    def wipe(self, columns: int) -> None:
        """Writes blanks over the whole line."""
        self._shown = " " * (columns - 1)
        self.clear()

    def _write(self, text: str) -> None:
        if self._able:
            with contextlib.suppress(OSError):
                self._stream.write(text)
                self._stream.flush()

"""A terminal in a test: the program runs in a pseudo-terminal, its screen is read as a person does.

    with Terminal() as terminal:
        terminal.wait_for("dicomsh> ")
        terminal.type("use pacs\\r")
        terminal.wait_for("pacs:/> ")

Waiting is for what is on the screen, never for time.
"""

from __future__ import annotations

import os
import select
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests import warm

PATIENCE = 30.0
"""Seconds after which what is waited for is not coming; a loaded machine is slow."""

_CONTROLLED_BY = ("/bin/sh", "-c", 'exec "$@" <>"$0"')
"""A terminal controls the session whose first process opens it."""

_PROMPT_BEGINS = b"\x1b[?2004h"

TAB, SHIFT_TAB, ENTER, ESCAPE, UP, DOWN = "\t", "\x1b[Z", "\r", "\x1b", "\x1b[A", "\x1b[B"


def ctrl(letter: str) -> str:
    """What the terminal sends for a letter with the Control key."""
    return chr(ord(letter.upper()) - ord("@"))


class Terminal:
    """A program in a terminal of a size; by default dicomsh with these arguments, forked warm.

    `environ` sets further variables. `home` holds the files of the user, so that no test reads or
    writes those of the person who runs it. A `command` is started as it is.
    """

    def __init__(
        self,
        *arguments: str,
        home: Path,
        rows: int = 24,
        columns: int = 80,
        environ: Mapping[str, str] | None = None,
        command: tuple[str, ...] = (),
    ) -> None:
        import pyte

        self._screen: Any = pyte.Screen(columns, rows)
        self._stream: Any = pyte.ByteStream(self._screen)
        self._end, of_program = os.openpty()
        termios.tcsetwinsize(self._end, (rows, columns))
        _keep_output(of_program)
        own = _environment(home, environ or {})
        with os.fdopen(of_program, "r+b", buffering=0):
            self._program = (
                _started([*command, *arguments], of_program, home, own)
                if command
                else warm.in_terminal(arguments, of_program, home, own)
            )
        setattr(self._screen, "write_process_input", self.type)  # noqa: B010 - cursor reports
        self._shown: list[str] = []
        self.raw = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the terminal away; the program need not say goodbye, and others in it hang up."""
        self._program.kill()
        os.close(self._end)
        self._program.wait()

    @property
    def lines(self) -> list[str]:
        """The rows of the screen without the blanks at their ends."""
        return [row.rstrip() for row in self._rows()]

    @property
    def screen(self) -> str:
        """The screen as one text, without the empty rows at its end."""
        return "\n".join(self.lines).rstrip("\n")

    @property
    def line(self) -> str:
        """The row that the cursor is in, up to the cursor."""
        row, column = self.cursor
        return "".join(self.cells(row))[:column]  # alone: it is asked for after each read

    def _rows(self) -> list[str]:
        """What pyte calls `display`, but only rows that have changed are put together again.

        Waiting looks at the screen after each read, and all of it would be half of a test's time.
        """
        if len(self._shown) != self._screen.lines:
            self._shown = [""] * self._screen.lines
            self._screen.dirty.update(range(self._screen.lines))
        for row in self._screen.dirty.intersection(range(self._screen.lines)):
            self._shown[row] = "".join(self.cells(row))
        self._screen.dirty.clear()
        return self._shown

    def cells(self, row: int) -> list[str]:
        """What is in each cell of a row, from 0; the second cell of a wide character is empty."""
        return [character.data for character in self.characters(row)]

    def characters(self, row: int) -> list[Any]:
        """Each cell of a row with its colours, as pyte has them (`pyte.screens.Char`)."""
        cells = self._screen.buffer[row]
        return [cells[column] for column in range(self._screen.columns)]

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    @property
    def pid(self) -> int:
        """Process ID of the program."""
        return self._program.pid

    def type(self, *keys: str) -> None:
        """Send keys, as they come from a keyboard."""
        for text in keys:
            rest = text.encode()
            while rest:
                rest = rest[os.write(self._end, rest) :]

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the terminal."""
        self._screen.resize(rows, columns)
        termios.tcsetwinsize(self._end, (rows, columns))

    def wait_for(self, text: str, times: int = 1) -> str:
        """Read until a text is on the screen so many times; gives the screen."""
        return self.wait_until(lambda: self.screen.count(text) >= times, f"{text!r}")

    def wait_for_words(self, text: str) -> str:
        """Read until a text is on the screen, wherever its rows break; gives the screen.

        What stands before it, such as a path, may be of any length. Spaces do not count, as a row
        that is full may end with one or between two letters.
        """
        wanted = "".join(text.split())
        return self.wait_until(lambda: wanted in "".join(self.screen.split()), f"{text!r}")

    def wait_for_line(self, text: str) -> str:
        """Read until the row of the cursor, up to the cursor, ends with a text."""
        return self.wait_until(lambda: self.line.endswith(text), f"a line that ends with {text!r}")

    def run(self, line: str, prompt: str, key: str = ENTER) -> str:
        """Type a line and Enter, or another key; read until the next prompt ends with a text.

        Each prompt switches bracketed paste on, which tells it from the one before.
        """
        before = self.raw.count(_PROMPT_BEGINS)
        self.type(line, key)
        return self.wait_until(
            lambda: self.raw.count(_PROMPT_BEGINS) > before and self.line.endswith(prompt),
            f"a further prompt that ends with {prompt!r}",
        )

    def wait_until(self, reached: Callable[[], bool], what: str) -> str:
        """Read until a condition holds; gives the screen.

        Raises:
            AssertionError: it did not within `PATIENCE`, or the program ended before.
        """
        deadline = time.monotonic() + PATIENCE
        while not reached():
            left = deadline - time.monotonic()
            assert left > 0, f"{what} did not come; the screen:\n{self.screen}"
            assert self._read(left) or reached(), f"ended before {what}; the screen:\n{self.screen}"
        return self.screen

    def wait_for_end(self) -> int:
        """Read until the program has ended; gives its exit status."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline - time.monotonic()):
            assert time.monotonic() < deadline, f"it did not end; the screen:\n{self.screen}"
        return self._program.wait()

    def _read(self, seconds: float) -> bool:
        """Take what the program wrote, waiting for it at most so long; False at its end."""
        ready, _, _ = select.select([self._end], [], [], max(seconds, 0))
        if not ready:
            return True
        try:
            data = os.read(self._end, 65536)
        except OSError:  # Linux: the program has closed the terminal
            data = b""
        if not data:
            return False
        self.raw += data
        self._stream.feed(data)
        return True


def _environment(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": str(home), **environ}


def _keep_output(terminal: int) -> None:
    """Let Ctrl-C not discard what we have not read yet: how much that is depends on the load."""
    modes = termios.tcgetattr(terminal)
    modes[3] |= termios.NOFLSH
    termios.tcsetattr(terminal, termios.TCSANOW, modes)


def _started(
    command: list[str], terminal: int, home: Path, environ: dict[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_CONTROLLED_BY, os.ttyname(terminal), *command],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environ,
        cwd=home,
        start_new_session=True,
    )

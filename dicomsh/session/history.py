"""Lines typed at the prompt, in a file that only its owner can read: they hold patient names."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from dicomsh.errors import ConfigError

_READ = 1 << 20
"""Bytes read from the end of the file: about ten thousand lines."""


class History:
    """The lines of this session and of earlier ones, the oldest first.

    Several sessions may add to one file; each sees its own lines and those that were there when it
    started. A file that cannot be read or written is ignored.

    Args:
        path: the file, or None to keep the lines of this session only.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lines: list[str] | None = None
        self._masked: list[str] = []

    @property
    def lines(self) -> list[str]:
        """The lines, the oldest first; read from the file on first use."""
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def recalled(self, *, masked: bool) -> list[str]:
        """The lines to show, the oldest first: while masking is on, those typed since."""
        return self._masked if masked else self.lines

    def add(self, line: str, *, masked: bool = False) -> None:
        """Remember a line; `masked` if masking is on."""
        self.lines.append(line)
        if masked:
            self._masked.append(line)
        # the format of prompt_toolkit's FileHistory, so that other tools can read the file
        marked = "".join(f"+{part}\n" for part in line.split("\n"))
        with suppress(OSError):
            self._write(f"\n# {datetime.now()}\n{marked}", os.O_APPEND)

    def clear(self) -> None:
        """Forget every line, those in the file too.

        Raises:
            ConfigError: those in the file are still there.
        """
        try:
            self._write("", os.O_TRUNC)
        except OSError as error:
            message = f"{self.path}: cannot clear the history: {error.strerror}"
            raise ConfigError(message, hint="its lines are still there") from None
        self.lines.clear()
        self._masked.clear()

    def _read(self) -> list[str]:
        try:
            return _entries(self._tail())
        except OSError:
            return []

    def _tail(self) -> str:
        if self.path is None:
            return ""
        with self.path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _READ))
            return stream.read().decode("utf-8", "replace")

    def _write(self, text: str, how: int) -> None:
        """Write in one piece, so that lines of concurrent sessions do not mix; raises OSError."""
        if self.path is None:
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.path, os.O_CREAT | os.O_WRONLY | how, 0o600)
        try:
            self.path.chmod(0o600)  # os.open sets the mode of new files only
            os.write(file, text.encode("utf-8", "replace"))
        finally:
            os.close(file)


def _entries(text: str) -> list[str]:
    """The entries of a file: lines marked with `+`; any other line ends an entry."""
    entries: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.startswith("+"):
            entries[-1].append(line[1:])
        elif entries[-1]:
            entries.append([])
    return ["\n".join(entry) for entry in entries if entry]

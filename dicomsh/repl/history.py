"""The history file: for its owner only, because lines hold patient names."""

from __future__ import annotations

import os
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from dicomsh.config import state_folder


class PrivateHistory(FileHistory):
    """A history file with mode 0600 that keeps no line that begins with a space."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        path.chmod(0o600)
        super().__init__(str(path))

    def append_string(self, string: str) -> None:
        """Remember a line, unless it begins with a space."""
        if not string.startswith(" "):
            super().append_string(string)


def open_history() -> History:
    """The user's history; one in memory where the file cannot be used."""
    folder = state_folder(os.environ)
    if folder is None:
        return InMemoryHistory()
    try:
        return PrivateHistory(folder / "history")
    except OSError:
        return InMemoryHistory()

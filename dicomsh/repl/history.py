"""The history file: for its owner only, because lines hold patient names."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where this user's state is kept: XDG_STATE_HOME, or the custom of the system."""
    if environ.get("XDG_STATE_HOME"):
        return Path(environ["XDG_STATE_HOME"]) / "dicomsh"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "dicomsh"
    return Path.home() / ".local" / "state" / "dicomsh"


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
    try:
        return PrivateHistory(state_folder(os.environ) / "history")
    except (OSError, RuntimeError):
        return InMemoryHistory()

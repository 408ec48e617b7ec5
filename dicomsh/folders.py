"""The user's folders, found without access to the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_NAME = "dicomsh"


def config_folder(environ: Mapping[str, str]) -> Path | None:
    """The user's configuration folder for dicomsh, or None if there is no home folder.

    `$XDG_CONFIG_HOME/dicomsh` when that is an absolute path (XDG Base Directory Specification),
    else `%APPDATA%\\dicomsh` on Windows, else `~/.config/dicomsh`.
    """
    return _folder(environ, "XDG_CONFIG_HOME", "APPDATA", ".config")


def system_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The folders with the configuration for all users of this computer, the first one first.

    `dicomsh` in each folder of `$XDG_CONFIG_DIRS`, by default `/etc/xdg` (XDG Base Directory
    Specification); on Windows, `%PROGRAMDATA%\\dicomsh`.
    """
    if os.name == "nt":
        shared = environ.get("PROGRAMDATA")
        return (Path(shared, _NAME),) if shared else ()
    named = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    return tuple(Path(name, _NAME) for name in named if os.path.isabs(name))  # noqa: PTH117


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder for data kept between sessions, or None if there is no home folder.

    `$XDG_STATE_HOME/dicomsh` when that is an absolute path, else `%LOCALAPPDATA%\\dicomsh` on
    Windows, else `~/.local/state/dicomsh`.
    """
    return _folder(environ, "XDG_STATE_HOME", "LOCALAPPDATA", ".local/state")


def _folder(environ: Mapping[str, str], xdg: str, windows: str, below_home: str) -> Path | None:
    named = Path(environ.get(xdg, ""))
    if named.is_absolute():  # relative paths must be ignored, says the specification
        return named / _NAME
    if os.name == "nt" and environ.get(windows):
        return Path(environ[windows], _NAME)
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home, below_home, _NAME) if home else None


def path_of(text: str) -> Path:
    """A path as typed: `~` and `~user` are home folders; one of an unknown user stays as it is."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  Path.expanduser raises for such a user

"""File names for completion; the only thing that Tab looks up outside the session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from dicomsh.folders import path_of
from dicomsh.language.candidate import Candidate

_MOST = 2000
"""Maximum entries of a folder to look at."""


def complete_file(typed: str) -> Iterator[Candidate]:
    """Files and folders that begin as typed, sorted; `~` is the home; folders end with a slash.

    Hidden ones are left out unless the name typed begins with a full stop.
    """
    at = max(typed.rfind(mark) for mark in _separators()) + 1
    begun = typed[at:]
    try:
        folder = path_of(typed[:at] or ".")
        with os.scandir(folder) as entries:
            found = sorted(islice(entries, _MOST), key=lambda entry: entry.name.lower())
    except (OSError, RuntimeError, ValueError):
        return
    for entry in found:
        if entry.name.startswith(begun) and (begun or not entry.name.startswith(".")):
            yield _candidate(entry, at)


def _separators() -> str:
    return "/\\" if os.sep == "\\" else "/"


def _candidate(entry: os.DirEntry[str], at: int) -> Candidate:
    try:
        folder = entry.is_dir()
    except OSError:
        folder = False
    return Candidate(entry.name + "/" if folder else entry.name, "folder" if folder else "", at)

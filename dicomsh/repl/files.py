"""File names for completion; the only thing that Tab looks up outside the session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from dicomsh.folders import path_of
from dicomsh.language.candidate import Candidate

_MOST = 50_000
"""Maximum entries of a folder to look at, which takes some 30 ms."""


def complete_file(typed: str) -> Iterator[Candidate]:
    """Files and folders that begin as typed, sorted; `~` is the home; folders end with a slash.

    Hidden ones are left out unless the name typed begins with a full stop. Nothing is opened.
    """
    at = max(typed.rfind(mark) for mark in _separators()) + 1
    begun = typed[at:]
    try:
        folder = path_of(typed[:at] or ".")
        with os.scandir(folder) as entries:
            found = [one for one in islice(entries, _MOST) if _begins(one.name, begun)]
    except (OSError, RuntimeError, ValueError):
        return
    if begun == "..":
        yield Candidate("../", "folder", at)
    for entry in sorted(found, key=lambda entry: entry.name.lower()):
        yield _candidate(entry, at)


def _begins(name: str, begun: str) -> bool:
    return name.startswith(begun) and (bool(begun) or not name.startswith("."))


def _separators() -> str:
    return "/\\" if os.sep == "\\" else "/"


def _candidate(entry: os.DirEntry[str], at: int) -> Candidate:
    try:
        folder = entry.is_dir()
    except OSError:
        folder = False
    return Candidate(entry.name + "/" if folder else entry.name, "folder" if folder else "", at)

"""The ledger of a folder: one line for each object that is whole, written before it is named so.

A file gets its final name only after its line was written, so whatever moment the program dies at,
an object is whole exactly if its line is there and either of its files has the bytes of the line.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from dicomsh.errors import DicomshError
from dicomsh.file_lock import lock
from dicomsh.frozen import frozen

NAME = "dicomsh-ledger.ndjson"
PART = ".part"
"""Added to the name of a file that is not whole yet."""

_BLOCK = 1 << 20


@frozen
class LedgerEntry:
    """An object in the folder.

    Args:
        uid: its SOP Instance UID.
        sop_class: its SOP Class UID.
        file: its path below the folder.
        bytes: the length of the file.
        sha256: the digest of the file, in hexadecimal.
        transfer_syntax: UID of the transfer syntax of its data set.
    """

    uid: str
    sop_class: str
    file: str
    bytes: int
    sha256: str
    transfer_syntax: str


class Ledger:
    """The ledger of a folder, open for appending; only one process at a time can have it.

    Args:
        folder: where the files are; it is created if need be, for the user alone.

    Raises:
        DicomshError: the folder cannot be used, or another process is using it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            make_folder(folder)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._file = os.open(folder / NAME, flags, 0o600)
        except OSError as error:
            raise DicomshError(f"{folder}: {error.strerror}") from None
        if not lock(self._file):
            os.close(self._file)
            raise DicomshError(
                f"{folder}: another dicomsh is retrieving into this folder",
                hint="wait for it to end, or use another folder: --to DIR",
            )
        self._entries = {entry.uid: entry for entry in read_ledger(folder)}
        self._end_line()

    def entry(self, uid: str) -> LedgerEntry | None:
        """The line about an object, or None."""
        return self._entries.get(uid)

    def whole(self, uid: str, *, read: bool = False) -> LedgerEntry | None:
        """The line about an object if its file is there and whole, else None.

        A file that was complete but did not yet have its name is given it.

        Args:
            uid: the SOP Instance UID.
            read: whether to read the file and compare its digest, or only its length.
        """
        entry = self._entries.get(uid)
        if entry is None:
            return None
        path = self.folder / entry.file
        if not path.exists():
            part = path.with_name(path.name + PART)
            if not _has_bytes(part, entry, read=True):
                return None
            part.replace(path)
        return entry if _has_bytes(path, entry, read=read) else None

    def add(self, entry: LedgerEntry) -> None:
        """Append a line, the whole of it or nothing.

        Raises:
            OSError: it cannot be written.
        """
        line = json.dumps(_written(entry), ensure_ascii=False).encode() + b"\n"
        before = os.fstat(self._file).st_size
        if os.write(self._file, line) < len(line):  # the disk has room for a part of it
            os.ftruncate(self._file, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._entries[entry.uid] = entry

    def close(self) -> None:
        """Let others have it."""
        os.close(self._file)

    def _end_line(self) -> None:
        """End a line that was torn when a process was killed."""
        size = os.fstat(self._file).st_size
        if size and os.lseek(self._file, size - 1, os.SEEK_SET) and os.read(self._file, 1) != b"\n":
            os.write(self._file, b"\n")


def make_folder(folder: Path) -> None:
    """Make a folder and those it is in, as far as they are missing, for the user alone.

    Raises:
        OSError: it cannot be made.
    """
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)  # `parents` would make those for everybody


def read_ledger(folder: Path) -> Iterator[LedgerEntry]:
    """The lines of a folder's ledger; those that are torn or not ours are left out."""
    try:
        with (folder / NAME).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                entry = _read(line)
                if entry is not None:
                    yield entry
    except FileNotFoundError:
        return


def _written(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "uid": entry.uid,
        "sop_class": entry.sop_class,
        "file": entry.file,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "transfer_syntax": entry.transfer_syntax,
    }


def _read(line: str) -> LedgerEntry | None:
    try:
        found = json.loads(line)
        entry = LedgerEntry(
            str(found["uid"]),
            str(found["sop_class"]),
            str(found["file"]),
            int(found["bytes"]),
            str(found["sha256"]),
            str(found["transfer_syntax"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
    path = PurePosixPath(entry.file)
    # a ledger may come from elsewhere: its paths stay in the folder
    return None if path.is_absolute() or ".." in path.parts else entry


def _has_bytes(path: Path, entry: LedgerEntry, *, read: bool) -> bool:
    try:
        if path.stat().st_size != entry.bytes:
            return False
        return not read or file_digest(path) == entry.sha256
    except OSError:
        return False


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; raises OSError."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()

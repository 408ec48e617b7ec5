"""Objects in zip files, read without unpacking: nothing is written, and nothing inflated ahead."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from dicomsh.model.storage import Readable

_MOST_MEMBERS = 200_000
_MOST_EXPANSION = 200
"""How many times its own size a zip file may expand to: images reach 10, a bomb a million."""
_SMALL = 1 << 30
"""Bytes that any zip file may expand to."""


def is_zip(path: Path) -> bool:
    """Whether a file is a zip file; raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\3\4"


class ZippedFiles:
    """A zip file, open for reading.

    Args:
        path: the file.

    Raises:
        ValueError: it is broken, or looks like a bomb; says what is wrong.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise ValueError(f"a zip file that cannot be read: {error}") from None
        members, held = self._archive.infolist(), path.stat().st_size
        expanded = sum(one.file_size for one in members)
        if len(members) > _MOST_MEMBERS:
            raise ValueError(f"a zip file with {len(members):,} files: at most {_MOST_MEMBERS:,}")
        if expanded > max(_SMALL, held * _MOST_EXPANSION):
            raise ValueError(f"a zip file of {held:,} bytes that expands to {expanded:,}: not read")
        if sum(one.compress_size for one in members) > held:
            raise ValueError("a zip file whose files overlap: not read")

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Name of each file, and its size as the zip file says."""
        return ((m.filename, m.file_size) for m in self._archive.infolist() if not m.is_dir())

    def open(self, member: str) -> Readable:
        """One of the files, from its beginning.

        Raises:
            OSError: it is encrypted, or cannot be read.
        """
        try:
            return _Member(self._archive.open(member))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError) as error:
            raise OSError(f"cannot be read: {error}") from None


class _Member:
    """A file in a zip file whose errors are those of any file."""

    def __init__(self, file: Readable) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise OSError(f"cannot be read: {error}") from None

    def close(self) -> None:
        self._file.close()

"""Files to send: in folders, in zip files, or listed by a DICOMDIR or a ledger."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.model.storage import Announced, Pair, Readable
from dicomsh.retrieve.damage import damage
from dicomsh.retrieve.ledger import NAME, PART, read_ledger
from dicomsh.retrieve.part10 import FileHead, NotDicomError, read_head
from dicomsh.retrieve.zipped import ZippedFiles, is_zip

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage: a DICOMDIR, which only refers to files (PS3.3 F)."""


@frozen
class Source:
    """An object to send.

    Args:
        path: the file, or the zip file that it is in.
        member: its name in the zip file; empty for a file.
        head: what it is.
        size: bytes of its data set.
        zipped: the zip file, open; None for a file.
    """

    path: Path
    member: str
    head: FileHead
    size: int
    zipped: ZippedFiles | None = None

    @property
    def name(self) -> str:
        """The file, for people."""
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    @property
    def announced(self) -> Announced:
        """What it is, as a C-STORE announces it."""
        head = self.head
        return Announced(head.sop_class, head.sop_instance, head.transfer_syntax)

    @property
    def pair(self) -> Pair:
        """The presentation context that it needs."""
        return self.head.sop_class, self.head.transfer_syntax

    def open(self) -> Readable:
        """The file, at the beginning of the data set; raises OSError."""
        file = self.zipped.open(self.member) if self.zipped else self.path.open("rb")
        left = self.head.offset
        while left and (skipped := len(file.read(min(left, 1 << 16)))):
            left -= skipped
        return file


@frozen
class Unusable:
    """A file that cannot be sent.

    Args:
        name: the file.
        reason: why, in words.
        stray: whether it was only found in a folder, where other files may be, too.
    """

    name: str
    reason: str
    stray: bool = False


Found = Source | Unusable


def sources_of(path: Path) -> Iterator[Found]:
    """The objects in a file or a folder, or those that a DICOMDIR or a zip file lists.

    Raises:
        UsageError: there is no such file.
    """
    if path.is_dir():
        yield from _in_folder(path)
    elif not path.exists():
        raise UsageError(f"no such file: {path}")
    elif is_zip(path):
        yield from _in_zip(path)
    else:
        found = _source(path)
        listed = isinstance(found, Source) and found.head.sop_class == _DIRECTORY_CLASS
        yield from _in_dicomdir(path) if listed else (found,)


def sources_of_ledger(folder: Path) -> Iterator[Found]:
    """The objects that a ledger lists; those whose files are not whole are unusable.

    Raises:
        UsageError: there is no ledger.
    """
    if not (folder / NAME).is_file():
        raise UsageError(f"no {NAME} in {folder}", hint="'get' and 'receive' write one")
    for entry in {entry.uid: entry for entry in read_ledger(folder)}.values():
        path = folder / entry.file
        if path.is_file() and path.stat().st_size == entry.bytes:
            yield _source(path)
        else:
            yield Unusable(str(path), "its file is gone or was changed")


def _source(path: Path, *, stray: bool = False) -> Found:
    try:
        with path.open("rb") as file:
            head = read_head(file)
            size = os.fstat(file.fileno()).st_size - head.offset
            fault = damage(file, head.offset, head.transfer_syntax) if size > 0 else ""
    except NotDicomError as error:
        return Unusable(str(path), error.message, stray)
    except OSError as error:
        return Unusable(str(path), error.strerror or str(error))
    if size <= 0:
        return Unusable(str(path), "no data set")
    if fault:
        return Unusable(str(path), f"not sent, {fault}")
    return Source(path, "", head, size)


def _in_folder(folder: Path) -> Iterator[Found]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if name == NAME or name.endswith(PART):
                continue
            if not path.is_file():
                continue
            if name.lower().endswith(".zip"):
                yield from _in_zip(path)
            else:
                found = _source(path, stray=True)
                if not (isinstance(found, Source) and found.head.sop_class == _DIRECTORY_CLASS):
                    yield found


def _in_zip(path: Path) -> Iterator[Found]:
    try:
        zipped = ZippedFiles(path)
    except (ValueError, OSError) as error:
        yield Unusable(str(path), str(error))
        return
    for member, size in zipped.sizes():
        found = _zipped(zipped, path, member, size)
        if not (isinstance(found, Source) and found.head.sop_class == _DIRECTORY_CLASS):
            yield found


def _zipped(zipped: ZippedFiles, path: Path, member: str, size: int) -> Found:
    name = f"{path}!{member}"
    try:
        with closing(zipped.open(member)) as file:
            head = read_head(file)
    except NotDicomError as error:
        return Unusable(name, error.message, stray=True)
    except OSError as error:
        return Unusable(name, str(error))
    return Source(path, member, head, size - head.offset, zipped)


def _in_dicomdir(path: Path) -> Iterator[Found]:
    for parts in _referenced(path):
        there = _found_below(path.parent, parts)
        if there is None:
            yield Unusable("/".join(parts), f"{path} lists it, but it is not there")
        else:
            yield _source(there)


def _referenced(path: Path) -> Iterator[tuple[str, ...]]:
    """The Referenced File IDs (0004,1500) of a DICOMDIR.

    Raises:
        UsageError: it cannot be read.
    """
    from pydicom import dcmread

    try:
        records = dcmread(path)["DirectoryRecordSequence"].value
        files = [one.get("ReferencedFileID") for one in records]
    except Exception as error:  # pydicom raises errors of many kinds for a file that is damaged
        raise UsageError(f"{path}: this DICOMDIR cannot be read: {error}") from None
    for file in files:
        if file:
            yield (str(file),) if isinstance(file, str) else tuple(map(str, file))


def _found_below(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """A file by its components (PS3.10 8.2), whatever the case of its name; never outside."""
    for part in parts:
        if part in ("", ".", "..") or "/" in part or "\\" in part or not folder.is_dir():
            return None
        names = {entry.name for entry in folder.iterdir()}
        same = [name for name in names if name.casefold() == part.casefold()]
        if not same:
            return None
        folder /= part if part in names else same[0]
    return folder if folder.is_file() else None

"""A folder of files as the place of data: all of it appears at once, when it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from os import getpid
from pathlib import Path

from dicomsh.errors import DicomshError, UsageError
from dicomsh.folders import path_of
from dicomsh.output.streams import FileWriter, ReaderGoneError, never
from dicomsh.regex import regex

_PARTITION = regex(r"month=[^/\\]+\Z")
_INCOMPLETE = ".incomplete"


class FolderWriter:
    """A folder that is filled beside its place, and put there at the end.

    Programs that read folders, such as Spark, pass over names that begin with a full stop. An
    older folder of the same kind is replaced; with `append`, it gets further files.

    Args:
        path: where; `~` is the user's folder.
        append: whether to keep the files that are there.

    Attributes:
        whole: whether nothing is missing; if not, the folder gets another name.

    Raises:
        UsageError: it cannot be created, or holds something else.
    """

    is_terminal = False
    holds_screen = False
    patience = None

    def __init__(self, path: str, *, append: bool = False) -> None:
        self.whole = False
        self._append = append
        try:
            self._path = path_of(path.rstrip("/\\"))
            if not _is_replaceable(self._path):
                hint = "choose another name, or remove what is there"
                raise UsageError(f"'{self._path}' holds other files", hint=hint)
            self._work = self._path.with_name(f".{self._path.name}.{getpid()}.part")
            shutil.rmtree(self._work, ignore_errors=True)
            self._work.mkdir(mode=0o700)
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            hint = "create the folder around it first, or choose another location"
            raise UsageError(f"cannot write '{path}': {reason}", hint=hint) from None

    def part(self, folder: str, name: str) -> FileWriter:
        """A new file.

        Args:
            folder: the folder that it is in.
            name: its name, without suffix; one that is unlike any that was there.
        """
        inner = self._work / folder
        inner.mkdir(mode=0o700, exist_ok=True)
        return FileWriter(inner / f"{name}.parquet")

    def write(self, text: str) -> None:
        """Raises UsageError: a folder has no place for text."""
        if text:
            raise UsageError("a folder takes parquet only", hint="… > FOLDER/, without 'to FORMAT'")

    async def drain(self) -> None:
        """Nothing waits."""

    async def gone(self) -> ReaderGoneError:
        """Does not return: a folder stays."""
        return await never()

    def interrupt(self, number: int) -> None:
        """No program reads."""

    def discard(self) -> None:
        """Leaves no trace."""
        shutil.rmtree(self._work, ignore_errors=True)

    def put(self) -> str:
        """Puts the folder in its place; returns what to say about it, empty if all is well.

        Raises:
            DicomshError: it cannot be put there.
        """
        try:
            return self._put()
        except OSError as error:
            raise DicomshError(f"cannot write '{self._path}': {error.strerror}") from None
        finally:
            self.discard()

    def _put(self) -> str:
        if not self.whole:
            other = self._path.with_name(self._path.name + _INCOMPLETE)
            if not _is_replaceable(other):
                raise UsageError(f"'{other}' holds other files", hint="remove what is there")
            _replace(self._work, other)
            return f"the rows are in '{other.name}', and '{self._path.name}' is as it was"
        if self._append and self._path.is_dir():
            _merge(self._work, self._path)
        else:
            _replace(self._work, self._path)
        return ""


def _is_replaceable(path: Path) -> bool:
    """Whether nothing is lost if a folder is replaced: it holds our partitions, or nothing."""
    if not path.exists():
        return True
    return path.is_dir() and all(map(_is_partition, path.iterdir()))


def _is_partition(path: Path) -> bool:
    named = bool(_PARTITION.match(path.name)) and path.is_dir()
    return named and all(file.suffix == ".parquet" for file in path.iterdir())


def _replace(new: Path, old: Path) -> None:
    away = new.with_name(f"{new.name}.old")
    if old.exists():
        old.rename(away)
    try:
        new.rename(old)
    except OSError:
        if away.exists():
            away.rename(old)
        raise
    shutil.rmtree(away, ignore_errors=True)


def _merge(new: Path, old: Path) -> None:
    for folder in new.iterdir():
        into = old / folder.name
        into.mkdir(mode=0o700, exist_ok=True)
        for file in folder.iterdir():
            file.rename(into / file.name)


NewPart = Callable[[str, str], FileWriter]
"""Makes a file of a folder, by folder and name."""

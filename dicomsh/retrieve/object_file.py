"""An object on its way into a file (PS3.10): written beside, made permanent, then named."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from dicomsh.frozen import frozen
from dicomsh.model.storage import Announced, Fragment, StoreReply
from dicomsh.retrieve.ledger import PART, Ledger, LedgerEntry, make_folder
from dicomsh.retrieve.part10 import HEAD, file_header, sop_instance_uid

OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000
"""Failure statuses of C-STORE (PS3.4 table B.2-1)."""

_NO_SPACE = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


@frozen
class ObjectName:
    """What an object is, and where it goes.

    Args:
        announced: its UIDs and its transfer syntax.
        source: AE title that sends it.
        part: the path, below the ledger's folder, until it is whole.
        place: the path that it gets then, for the path to the whole object.
    """

    announced: Announced
    source: str
    part: PurePosixPath
    place: Callable[[Path], PurePosixPath]


def known_place(file: PurePosixPath) -> tuple[PurePosixPath, Callable[[Path], PurePosixPath]]:
    """`part` and `place` of an object whose path is known beforehand."""
    return file.with_name(file.name + PART), lambda _: file


@frozen
class Kept:
    """An object that is whole and has its name.

    Args:
        entry: its line in the ledger.
        reply: the response that the peer gets.
    """

    entry: LedgerEntry | None
    reply: StoreReply
    full: bool = False


OnKept = Callable[[Kept], StoreReply]
"""Is called when an object is whole, or is not to be; returns what to answer."""


class ObjectFile:
    """Implements `dicomsh.dimse.storage.Incoming` with a file.

    The data set is written as it is received: nothing is decoded, and memory does not depend on its
    size. An error of the file system ends neither the program nor the association: the rest of the
    data set is read and dropped, and the peer is told that it was not stored.

    Args:
        ledger: of the folder.
        name: what it is.
        done: is called when it is whole, or cannot be.
    """

    def __init__(self, ledger: Ledger, name: ObjectName, done: OnKept) -> None:
        self._ledger = ledger
        self._name = name
        self._done = done
        self._part = ledger.folder / name.part
        self._file_name = PurePosixPath()
        self._digest = hashlib.sha256()
        self._size = 0
        self._head = b""
        self._file: int | None = None
        self._error: OSError | None = None
        self._open()
        self._put(file_header(name.announced, name.source))

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def write(self, fragment: Fragment) -> None:
        """Take the next bytes of the data set."""
        if len(self._head) < HEAD:
            self._head += bytes(fragment[: HEAD - len(self._head)])
        self._put(fragment)

    def close(self) -> None:
        """The data set is complete."""

    async def keep(self) -> StoreReply:
        """Make it permanent and give it its name."""
        announced = self._name.announced
        named = sop_instance_uid(self._head, announced.transfer_syntax)
        if self._error is None and named not in (None, announced.sop_instance):
            self._remove()
            reply = StoreReply(DOES_NOT_MATCH, "the data set has another SOP Instance UID")
            return self._done(Kept(None, reply))
        if self._error is None:
            # in a thread: a disk may take long, and the other associations go on
            await asyncio.get_running_loop().run_in_executor(None, self._finish)
        if self._error is not None:
            return self._done(self._failed(self._error))
        return self._done(Kept(self._entry(), StoreReply(0)))

    def discard(self) -> None:
        """It will not be whole."""
        self._remove()
        self._done(Kept(None, StoreReply(OUT_OF_RESOURCES, "the connection was lost")))

    def _remove(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        with suppress(OSError):  # there may be nothing, not even the folder
            self._part.unlink()

    def _open(self) -> None:
        try:
            make_folder(self._part.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NOT_THROUGH_LINKS
            self._file = os.open(self._part, flags, 0o600)
        except OSError as error:
            self._error = error

    def _put(self, data: Fragment) -> None:
        if self._file is None or self._error is not None:
            return
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self._error = error
            return
        self._digest.update(data)
        self._size += len(data)

    def _finish(self) -> None:
        assert self._file is not None
        try:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None
            self._file_name = self._name.place(self._part)
            path = self._ledger.folder / self._file_name
            make_folder(path.parent)
            self._rename(path.with_name(path.name + PART))  # where the ledger looks for it
            self._ledger.add(self._entry())
            self._rename(path)
        except OSError as error:
            self._error = error

    def _rename(self, path: Path) -> None:
        self._part.replace(path)
        self._part = path

    def _failed(self, error: OSError) -> Kept:
        self._remove()
        reply = StoreReply(OUT_OF_RESOURCES, f"cannot write: {error.strerror}")
        return Kept(None, reply, full=error.errno in _NO_SPACE)

    def _entry(self) -> LedgerEntry:
        announced = self._name.announced
        return LedgerEntry(
            announced.sop_instance,
            announced.sop_class,
            self._file_name.as_posix(),
            self._size,
            self._digest.hexdigest(),
            announced.transfer_syntax,
        )


_NOT_THROUGH_LINKS: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Dropped:
    """An object that is not stored: its data set is read and forgotten.

    Args:
        reply: what the peer is told.
    """

    def __init__(self, reply: StoreReply) -> None:
        self._reply = reply

    def write(self, fragment: Fragment) -> None:
        """Forget the bytes."""

    def close(self) -> None:
        """The data set is complete."""

    async def keep(self) -> StoreReply:
        """The reply given."""
        return self._reply

    def discard(self) -> None:
        """Nothing to do."""

"""Locks that several of our processes respect; one ends with its process, however that ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_WHILE = 10.0
"""Seconds to wait for another process, which has a lock for milliseconds unless it is stopped."""

_BETWEEN = 0.005
"""Seconds between two attempts."""


class LockedError(OSError):
    """Another process keeps a lock."""

    def __init__(self) -> None:
        super().__init__(0, "another dicomsh is writing it")


def lock(file: int) -> bool:
    """Take the lock of an open file until it is closed; False if another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            os.lseek(file, 1 << 40, os.SEEK_SET)  # beyond the lines, which stay readable
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Inside the `with`, no other process is inside one for the same path.

    The lock is a file beside it, because the file itself is replaced, and with it its lock.

    Raises:
        LockedError: another process keeps the lock.
        OSError: the folder cannot be written to.
    """
    beside = path.with_name(f".{path.name}.lock")
    file = _locked(beside)
    try:
        yield
    finally:
        if os.name != "nt":  # where it must be closed first
            beside.unlink(missing_ok=True)
        os.close(file)
        if os.name == "nt":
            with suppress(OSError):  # the next process has opened it
                beside.unlink()


def _locked(path: Path) -> int:
    deadline = time.monotonic() + _WHILE
    while time.monotonic() < deadline:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if lock(file) and _is_at(path, file):
            return file
        os.close(file)
        time.sleep(_BETWEEN)
    raise LockedError


def _is_at(path: Path, file: int) -> bool:
    """Whether an open file still has its name; the process before us may have removed it."""
    with suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(file))
    return False

"""Standard streams that were closed before the program began, as `>&-` does."""

from __future__ import annotations

import os
import sys
from typing import Literal, TextIO


def open_closed() -> None:
    """Let every standard stream be one.

    Reading from one that was closed, and writing data to it, fails as if it still were. No file
    that is opened later takes its descriptor, into which programs that we start would write.
    """
    if sys.stdin is None:
        sys.stdin = _nowhere("r", os.O_WRONLY)
    if sys.stdout is None:
        sys.stdout = _nowhere("w", os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = _nowhere("w", os.O_WRONLY)


def _nowhere(mode: Literal["r", "w"], flags: int) -> TextIO:
    """A stream on the null device; with flags for the other direction, each use fails."""
    descriptor = os.open(os.devnull, flags)
    os.set_inheritable(descriptor, True)
    return os.fdopen(descriptor, mode, encoding="utf-8")

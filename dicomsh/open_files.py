"""Too many open files: this process or this system is at its limit, whatever the peer does."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_NUMBERS = (errno.EMFILE, errno.ENFILE)

TOO_MANY = "too many open files here"
REMEDY = "close files or connections of other programs here, or raise the limit: ulimit -n"


def is_too_many(error: BaseException) -> bool:
    """Whether an error says that no file or connection can be opened here."""
    return isinstance(error, OSError) and error.errno in _NUMBERS


def hardly_any_can_be_opened() -> bool:
    """Whether hardly any file or connection can be opened here now."""
    try:
        with contextlib.ExitStack() as opened:
            for _ in range(_FEW):
                opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return is_too_many(error)
    return False


_FEW = 4
"""Files that one more connection takes, at most, with both of its ends in this process."""


def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handles exceptions of callbacks of an event loop.

    That no file can be opened is left to whoever waits for one: they can say it in words.
    """
    error = context.get("exception")
    if error is None or not is_too_many(error):
        loop.default_exception_handler(context)

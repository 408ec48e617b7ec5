"""`asyncio`, imported on first use: importing it takes as long as everything else `pwd` needs.

A coroutine that never waits is run without an event loop. One that is going to wait says `await
event_loop()` first, and from there continues inside an event loop.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING

from dicomsh.late import LateModule

__all__ = ["asyncio", "event_loop"]


if TYPE_CHECKING:
    import asyncio
else:
    asyncio = LateModule("asyncio")


@types.coroutine
def event_loop() -> Generator[None, None, None]:
    """Continue inside an event loop, starting one if necessary."""
    if "asyncio" in sys.modules:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            return
    yield  # to whoever runs the coroutine, which passes the rest of it to a loop

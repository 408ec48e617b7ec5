"""`asyncio` for those that wait: it takes as long to import as all that a command like `pwd` needs.

A coroutine that waits for nothing is run without an event loop. One that is going to wait says
`await event_loop()` before, and goes on from there inside of one.
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
    """Go on inside of an event loop, where that is not so already."""
    if "asyncio" in sys.modules:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            return
    yield  # to whoever runs the coroutine, who hands the rest of it to a loop

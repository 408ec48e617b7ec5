"""Work for many things in order, a few of them under way at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

from dicomsh.archives.open_archives import POOL_SIZE

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AHEAD = 2 * POOL_SIZE


async def ahead(
    items: Iterable[_Item], work: Callable[[_Item], Coroutine[Any, Any, _Result]]
) -> AsyncGenerator[_Result, None]:
    """The result for each thing in turn; the work for the next ones has begun by then."""
    waiting = iter(items)
    under_way = deque(asyncio.create_task(work(item)) for item in islice(waiting, _AHEAD))
    try:
        while under_way:
            result = await under_way[0]
            under_way.popleft()
            for item in islice(waiting, 1):
                under_way.append(asyncio.create_task(work(item)))
            yield result
    finally:
        for task in under_way:
            task.cancel()
        # only then is every connection back in the pool, which closes those not in use
        await asyncio.gather(*under_way, return_exceptions=True)

"""Several connections to one archive, for queries that may run in parallel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dicomsh.archives.archive import Archive
from dicomsh.event_loop import asyncio


class Pool:
    """Up to `size` connections to an archive.

        async with Pool(lambda: Client(modality), 4) as pool:
            async with pool.archive() as archive:
                answer = await archive.find(query)

    Args:
        make: makes one more; nothing is sent yet.
        size: the largest number of connections.
    """

    def __init__(self, make: Callable[[], Archive], size: int) -> None:
        self._make = make
        self._room = asyncio.Semaphore(size)
        self._free: list[Archive] = []
        self._lent: list[Archive] = []

    @property
    def is_opening(self) -> bool:
        """Whether a connection is being opened now."""
        return any(archive.is_opening for archive in self._lent)

    @asynccontextmanager
    async def archive(self) -> AsyncIterator[Archive]:
        """A connection for exclusive use; waits while all are in use."""
        async with self._room:
            archive = self._free.pop() if self._free else self._make()
            self._lent.append(archive)
            try:
                yield archive
            finally:
                self._lent.remove(archive)
                self._free.append(archive)

    async def close(self) -> None:
        """Close every connection that is not in use."""
        free, self._free = self._free, []
        await asyncio.gather(*(archive.close() for archive in free))

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

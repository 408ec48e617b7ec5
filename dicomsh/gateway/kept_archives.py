"""Archives that are asked on one connection each, whatever asks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

from dicomsh.archives.archive import Archive, ArchivePool
from dicomsh.archives.open_archives import POOL_SIZE, OpenArchives
from dicomsh.model.modality import Modality


class KeptArchives(OpenArchives):
    """Archives with one connection each: many clients share it, in turns, and pools lend it."""

    async def open(self, modality: Modality) -> Archive:
        """The archive of a modality, instead of one where another AE title of ours was used."""
        await self.close_others(modality)
        return await super().open(modality)

    def pool(self, modality: Modality, size: int = POOL_SIZE) -> ArchivePool:
        """A pool of the one connection."""
        del size
        return _KeptPool(lambda: self.open(modality))


class _KeptPool:
    """Lends one connection to one borrower at a time.

    Args:
        find: gives the connection.
    """

    def __init__(self, find: Callable[[], Awaitable[Archive]]) -> None:
        self._find = find
        self._lent = asyncio.Lock()

    @asynccontextmanager
    async def archive(self) -> AsyncIterator[Archive]:
        """The connection; waits while it is in use."""
        async with self._lent:
            yield await self._find()

    async def close(self) -> None:
        """Nothing: the connection stays open for the next request."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing."""

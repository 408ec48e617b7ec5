"""Several clients of one modality, for queries that may run side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dicomsh.dimse.client import Client
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap


class Pool:
    """Up to `size` clients of a modality, each with an association of its own.

        async with Pool(modality, 4) as pool:
            async with pool.client() as client:
                answer = await client.find(query)

    Args:
        modality: the peer.
        size: the largest number of associations.
        tap: who listens to what is said.
    """

    def __init__(self, modality: Modality, size: int, tap: Tap | None = None) -> None:
        self._modality = modality
        self._tap = tap
        self._room = asyncio.Semaphore(size)
        self._free: list[Client] = []
        self._lent: list[Client] = []

    @property
    def is_opening(self) -> bool:
        """Whether an association is being opened now."""
        return any(client.is_opening for client in self._lent)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """A client for one's own use; waits while all are in use."""
        async with self._room:
            client = self._free.pop() if self._free else Client(self._modality, self._tap)
            self._lent.append(client)
            try:
                yield client
            finally:
                self._lent.remove(client)
                self._free.append(client)

    async def close(self) -> None:
        """Release every association that is not in use."""
        free, self._free = self._free, []
        await asyncio.gather(*(client.close() for client in free))

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

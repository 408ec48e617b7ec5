"""The archives in use: one connection kept for each, and pools."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from dicomsh.archives.archive import Archive, ArchiveKind, ArchivePool
from dicomsh.archives.kinds import KINDS, ArchiveKinds
from dicomsh.config import KnownPeers
from dicomsh.event_loop import asyncio
from dicomsh.frozen import replace
from dicomsh.model.capability import NOTHING_KNOWN
from dicomsh.model.extended_negotiation import Extensions
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap

if TYPE_CHECKING:
    from dicomsh.archives.pool import Pool
    from dicomsh.archives.transfer import Transfers

POOL_SIZE = 3
"""Connections used at once: enough to hide its delays, few enough to leave it to others too."""


_Key = tuple[str, Extensions, str]
"""What associations to a modality are kept apart by."""


def _key(modality: Modality) -> _Key:
    return modality.name, modality.extended, modality.local_aet


class OpenArchives:
    """The archives in use; satisfies `dicomsh.archives.archive.Archives`.

    Args:
        tap: the listeners to the conversation with them.
        memory: what was found out about them.
        kinds: what opens each kind of address.
    """

    sends = True

    def __init__(self, tap: Tap, memory: KnownPeers, kinds: ArchiveKinds = KINDS) -> None:
        self.memory = memory
        self.tap = tap
        self._makers = kinds
        self._kinds: dict[type[object], ArchiveKind] = {}
        self._reached: dict[str, tuple[Modality, Modality]] = {}
        self._archives: dict[_Key, tuple[Modality, Archive]] = {}
        self._pools: dict[str, tuple[Modality, Pool]] = {}

    def beside(self) -> OpenArchives:
        """Further connections to the same archives; `release(())` closes them, and only them."""
        made = OpenArchives(self.tap, self.memory, self._makers)
        made._kinds = self._kinds
        return made

    def reach(self, modality: Modality) -> Modality:
        """The modality with the address it can be reached at; starts an archive of our own."""
        reached = self._kind(modality).reach(modality)
        self._reached[modality.name] = modality, reached
        return reached

    def _kind(self, modality: Modality) -> ArchiveKind:
        sort = type(modality.address)
        if sort not in self._kinds:
            self._kinds[sort] = self._makers[sort]()
        return self._kinds[sort]

    def _make(self, modality: Modality, reached: Modality) -> Archive:
        from dicomsh.archives.watched import WatchedArchive
        from dicomsh.config.experience import Experience

        connection = self._kind(modality).open(reached, self.tap)
        return WatchedArchive(connection, self.tap, Experience(self.memory, modality))

    async def open(self, modality: Modality) -> Archive:
        """The archive of a modality, which keeps its connection.

        What is agreed by extended negotiation changes what a query means (PS3.4 C.5.1.1), and a
        server may answer each calling AE title differently, so associations that differ in these
        are kept apart.
        """
        # what a probe learns does not change the connection: an open association stays in use
        reached = replace(self.reach(modality), capabilities=NOTHING_KNOWN)
        key = _key(modality)
        held = self._archives.get(key)
        if held is not None and held[0] == reached:
            return held[1]
        if held is not None:
            await held[1].close()
        archive = self._make(modality, reached)
        self._archives[key] = (reached, archive)
        return archive

    async def close_others(self, modality: Modality) -> None:
        """Close the connections to a modality on which something else is agreed."""
        others = [key for key in self._archives if key[0] == modality.name]
        others = [key for key in others if key != _key(modality)]
        await _closed([self._archives.pop(key)[1] for key in others])

    def known(self, modality: Modality) -> Archive | None:
        """The archive of a modality, or None if it has not been connected to yet."""
        held = self._archives.get(_key(modality))
        return held[1] if held is not None and held[1].abilities.sop_classes else None

    def state(self, modality: Modality) -> str:
        """Whether a connection to a modality is open: `open`, `closed`, or `not used yet`."""
        held = [made for (name, *_), (_, made) in self._archives.items() if name == modality.name]
        if not held:
            return "not used yet"
        return "open" if any(archive.is_open for archive in held) else "closed"

    def address(self, modality: Modality) -> str:
        """The address of a modality for display: as it was reached, else as it is configured."""
        asked, reached = self._reached.get(modality.name, (None, modality))
        same = asked is not None and asked.address == modality.address
        return str((reached if same else modality).address)

    @property
    def connecting(self) -> str:
        """The address that a connection is being opened to; empty if there is none."""
        single = [modality for modality, user in self._archives.values() if user.is_opening]
        pooled = [modality for modality, pool in self._pools.values() if pool.is_opening]
        return next((str(modality.address) for modality in (*single, *pooled)), "")

    def pool(self, modality: Modality, size: int = POOL_SIZE) -> ArchivePool:
        """A new pool of connections to the archive of a modality."""
        from dicomsh.archives.pool import Pool

        reached = self.reach(modality)
        pool = Pool(lambda: self._make(modality, reached), size)
        self._pools[reached.name] = reached, pool
        return pool

    async def release(self, kept: Collection[str]) -> None:
        """Close the connections to all modalities but those with these names."""
        held = self._archives.items()
        await _closed([made for (name, *_), (_, made) in held if name not in kept])

    def transfers(self, modality: Modality) -> Transfers:
        """The ways to move objects from and to the archive of a modality."""
        reached = self.reach(modality)
        return self._kind(modality).transfers(reached, self.tap)

    async def close(self) -> None:
        """Close every connection, and stop every archive of our own."""
        archives = [archive for _, archive in self._archives.values()]
        self._archives.clear()
        try:
            await _closed(archives)
        finally:  # even if another Ctrl-C ends the wait
            for kind in self._kinds.values():
                kind.close()


async def _closed(archives: Sequence[Archive]) -> None:
    """Close all of them at once: one that does not answer keeps none of the others open."""
    if archives:
        await asyncio.gather(*(archive.close() for archive in archives))

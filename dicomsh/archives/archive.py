"""What all archives have in common: the one seam between a query and what answers it.

A kind of archive is a module next to this one, with a class that satisfies `Connection`, one that
satisfies `ArchiveKind`, and an entry in `kinds.KINDS`. No other code knows about it.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol, Self

from dicomsh.config import KnownPeers
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Answer
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.tap import Tap

if TYPE_CHECKING:
    from dicomsh.archives.transfer import Transfers
    from dicomsh.config.experience import Experience


class Connection(Protocol):
    """What each kind of archive does: it can be queried, one operation at a time."""

    @property
    def abilities(self) -> Abilities:
        """What it offered at the last connection; nothing before the first."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""
        ...

    @property
    def is_opening(self) -> bool:
        """Whether a connection is being opened now."""
        ...

    async def connect(self) -> Abilities:
        """What it offers; connects first if necessary.

        Raises:
            NoAssociationError: it cannot be reached, or it refuses.
            TimedOutError: no answer in time.
        """
        ...

    async def echo(self) -> float:
        """Seconds until it confirms that it is there; connecting is not counted."""
        ...

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        """Send a query; an earlier answer that has not ended is abandoned first.

        Args:
            query: the query.
            limit: maximum number of rows to return, or None.

        Raises:
            DicomshError: it cannot be queried; once rows have arrived, the outcome says so instead.
        """
        ...

    async def close(self) -> None:
        """Abandon an unfinished answer and disconnect; the next query connects again."""
        ...


class Archive(Connection, Protocol):
    """An archive that can be queried, and what its answers have shown."""

    @property
    def experience(self) -> Experience:
        """What its answers have shown, on this connection or any other."""
        ...


class ArchivePool(Protocol):
    """Several connections to one archive, for queries that run in parallel."""

    def archive(self) -> AbstractAsyncContextManager[Archive]:
        """A connection for exclusive use; waits while all are in use."""
        ...

    async def close(self) -> None:
        """Close the connections that are not in use."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Archives(Protocol):
    """All archives that queries may go to."""

    @property
    def memory(self) -> KnownPeers:
        """What was found out about them."""
        ...

    @property
    def tap(self) -> Tap:
        """The listeners to the conversation with them."""
        ...

    @property
    def sends(self) -> bool:
        """Whether what they are asked is sent to them; in a dry run, nothing is."""
        ...

    def reach(self, modality: Modality) -> Modality:
        """The modality with the address it can be reached at."""
        ...

    async def open(self, modality: Modality) -> Archive:
        """The archive of a modality, kept between queries; nothing is sent yet."""
        ...

    def known(self, modality: Modality) -> Archive | None:
        """The archive of a modality if it was connected to before, else None."""
        ...

    def state(self, modality: Modality) -> str:
        """Whether a connection is open, in words."""
        ...

    def pool(self, modality: Modality, size: int = ...) -> ArchivePool:
        """A new pool of connections to the archive of a modality."""
        ...

    async def release(self, kept: Collection[str]) -> None:
        """Close the connections to all modalities but those with these names."""
        ...

    def transfers(self, modality: Modality) -> Transfers:
        """The ways to move objects from and to the archive of a modality; nothing is sent yet.

        Raises:
            UsageError: archives of this kind hold no objects.
        """
        ...


class ArchiveKind(Protocol):
    """How the archives with one kind of address are opened."""

    def reach(self, modality: Modality) -> Modality:
        """The modality with the address it can be reached at; an archive of our own is started.

        Raises:
            UnreachableError: it cannot be started.
        """
        ...

    def open(self, modality: Modality, tap: Tap) -> Connection:
        """A connection to query; nothing is sent yet.

        Args:
            modality: with an address that `reach` returned.
            tap: the listeners to the connection.
        """
        ...

    def transfers(self, modality: Modality, tap: Tap) -> Transfers:
        """The ways to move objects from and to the archive; nothing is sent yet.

        Args:
            modality: with an address that `reach` returned.
            tap: the listeners to the connections.

        Raises:
            UsageError: archives of this kind hold no objects.
        """
        ...

    def close(self) -> None:
        """Stop what `reach` started."""
        ...

"""What all archives have in common: the one seam between a query and what answers it.

A kind of archive is a module next to this one, with a class that satisfies `Connection`, one that
satisfies `ArchiveKind`, and an entry in `kinds.KINDS`. No other code knows about it.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol, Self

from dicomsh.config import KnownPeers
from dicomsh.frozen import frozen
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Answer
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.storage import Storage
from dicomsh.model.tap import Tap

if TYPE_CHECKING:
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

    def retriever(self, modality: Modality, delivery: Delivery) -> Retriever:
        """What fetches objects from the archive of a modality; see `ArchiveKind.retriever`."""
        ...

    def sender(self, modality: Modality) -> Sender:
        """What makes the archive of a modality send objects; see `ArchiveKind.sender`."""
        ...


@frozen
class Delivery:
    """How objects are to come.

    Args:
        sop_classes: UIDs of the storage SOP classes that may arrive.
        syntaxes: UIDs of the transfer syntaxes that they may arrive in.
        port: the port on which we listen for them (C-MOVE); None if they come on the connection
            that they are requested on (C-GET).
    """

    sop_classes: tuple[str, ...]
    syntaxes: tuple[str, ...]
    port: int | None = None


class Retriever(Protocol):
    """What fetches objects from one archive, one operation at a time."""

    async def connect(self) -> frozenset[str]:
        """UIDs of the SOP classes whose objects the archive will give; connects if need be.

        Raises:
            NoAssociationError: no connection.
            TimedOutError: a time limit passed.
        """
        ...

    async def get(self, query: Query, storage: Storage, progress: OnClaim) -> Claim:
        """Fetch the instances that unique keys name.

        Args:
            query: the unique keys.
            storage: where the objects go.
            progress: is called with the archive's counters as they come.

        Returns:
            What the archive says became of it; `storage` knows.

        Raises:
            NoAssociationError: no connection, or it was lost on the way.
            TimedOutError: the archive was silent for too long.
        """
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class Sender(Protocol):
    """What makes one archive send objects to another, one operation at a time."""

    async def move(self, query: Query, destination: str, progress: OnClaim) -> Claim:
        """Send the instances that unique keys name; connects if need be.

        Args:
            query: the unique keys.
            destination: AE title to send to, which the archive must know an address for.
            progress: is called with the archive's counters as they come.

        Returns:
            What the archive says became of it.

        Raises:
            NoAssociationError: no connection, or it was lost on the way.
            TimedOutError: the archive was silent for too long.
        """
        ...

    async def close(self) -> None:
        """Disconnect."""
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

    def retriever(self, modality: Modality, tap: Tap, delivery: Delivery) -> Retriever:
        """What fetches objects from the archive; nothing is sent yet.

        Args:
            modality: with an address that `reach` returned.
            tap: the listeners to the connection.
            delivery: how the objects are to come.

        Raises:
            UsageError: archives of this kind give no objects.
        """
        ...

    def sender(self, modality: Modality, tap: Tap) -> Sender:
        """What makes the archive send objects to another; nothing is sent yet.

        Args:
            modality: with an address that `reach` returned.
            tap: the listeners to the connection.

        Raises:
            UsageError: archives of this kind send no objects.
        """
        ...

    def close(self) -> None:
        """Stop what `reach` started."""
        ...

"""What all archives have in common: the one seam between a query and whoever answers it.

A kind of archive is a module beside this one, with a class that satisfies `Archive` and one that
satisfies `Kind`, and an entry in `kinds.KINDS`. Nothing else knows of it.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol, Self

from dicomsh.config import KnownPeers
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Answer
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.tap import Tap


class Archive(Protocol):
    """An archive that can be asked, one operation at a time."""

    @property
    def abilities(self) -> Abilities:
        """What it offered when it was connected to last; nothing before."""
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
        """What it offers; connects if need be.

        Raises:
            NoAssociationError: it cannot be reached, or refuses.
            TimedOutError: no answer in time.
        """
        ...

    async def echo(self) -> float:
        """Seconds that it takes to answer that it is there; connecting is not counted."""
        ...

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        """Send a query; an earlier answer that is not at its end is left for it.

        Args:
            query: what is asked.
            limit: largest number of rows to hand out, or None.

        Raises:
            DicomshError: it cannot be asked; once rows have come, the outcome says so instead.
        """
        ...

    async def close(self) -> None:
        """Leave an unfinished answer and disconnect. It connects again when it is asked again."""
        ...


class ArchivePool(Protocol):
    """Several connections to one archive, for queries that run side by side."""

    def archive(self) -> AbstractAsyncContextManager[Archive]:
        """One for one's own use; waits while all are in use."""
        ...

    async def close(self) -> None:
        """Close those that are not in use."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Archives(Protocol):
    """All archives that queries may go to."""

    @property
    def memory(self) -> KnownPeers:
        """What was found out about them."""
        ...

    def reach(self, modality: Modality) -> Modality:
        """The modality with the address it can be reached at."""
        ...

    async def open(self, modality: Modality) -> Archive:
        """The archive of a modality, kept between queries; nothing is sent yet."""
        ...

    def known(self, modality: Modality) -> Archive | None:
        """The same where it was connected to before, else None."""
        ...

    def state(self, modality: Modality) -> str:
        """Whether a connection is open, in words."""
        ...

    def pool(self, modality: Modality, size: int = ...) -> ArchivePool:
        """A new pool of connections to the archive of a modality."""
        ...


class ArchiveKind(Protocol):
    """How the archives with one kind of address are opened."""

    def reach(self, modality: Modality) -> Modality:
        """The modality with the address it can be reached at; one of our own is started.

        Raises:
            UnreachableError: it cannot be started.
        """
        ...

    def open(self, modality: Modality, tap: Tap) -> Archive:
        """An archive to ask; nothing is sent yet.

        Args:
            modality: with an address that `reach` gave.
            tap: who listens to the connection.
        """
        ...

    def close(self) -> None:
        """Stop what `reach` started."""
        ...

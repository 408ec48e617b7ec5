"""Moving objects from and to one archive: what each kind of archive that holds objects offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dicomsh.frozen import frozen
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.commitment import CommitmentReport, CommitmentRequest
from dicomsh.model.query import Query
from dicomsh.model.storage import Announced, Pair, Readable, Storage, StoreReply


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

    async def connect(self) -> frozenset[Pair]:
        """What the archive agrees to give: SOP classes in transfer syntaxes; connects if need be.

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


class Storer(Protocol):
    """What stores objects in one archive, one operation at a time."""

    async def connect(self) -> frozenset[Pair]:
        """What the archive takes; connects if need be.

        Raises:
            NoAssociationError: no connection.
            TimedOutError: a time limit passed.
        """
        ...

    async def send(self, announced: Announced, data: Readable, size: int) -> StoreReply:
        """Send one object, and wait for the answer.

        Args:
            announced: what it is, in a pair that `connect` returned.
            data: a file, at the beginning of the data set.
            size: bytes of the data set.

        Raises:
            ShortFileError: `data` ends early.
            NoAssociationError: no connection, or it was lost on the way.
            TimedOutError: the archive was silent for too long.
            OSError: `data` cannot be read.
        """
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class Committing(Protocol):
    """What asks one archive to promise that it keeps objects (storage commitment)."""

    async def listen(self, port: int) -> None:
        """Listen for its reports; raises DicomshError if the port cannot be used."""
        ...

    async def commit(self, request: CommitmentRequest) -> CommitmentReport:
        """Request the promise, and wait for the report.

        Raises:
            NoAssociationError: no connection.
            QueryFailedError: the archive refused the request.
            TimedOutError: no report in time.
        """
        ...

    async def close(self) -> None:
        """Stop listening, and disconnect."""
        ...


class Transfers(Protocol):
    """The ways to move objects from and to one archive; nothing is sent until one is used.

    Each way has a connection of its own. The methods raise UsageError if the archive does not offer
    the way.
    """

    @property
    def usual_port(self) -> int:
        """The port to listen on for what it sends to us, if the user names none."""
        ...

    @property
    def room(self) -> int:
        """How many pairs of a SOP class and a transfer syntax one connection can carry."""
        ...

    def retriever(self, delivery: Delivery) -> Retriever:
        """What fetches objects from it.

        Args:
            delivery: how they are to come; at most `room` pairs.
        """
        ...

    def sender(self) -> Sender:
        """What makes it send objects to another archive."""
        ...

    def storer(self, pairs: Sequence[Pair]) -> Storer:
        """What stores objects in it.

        Args:
            pairs: what is to be stored; at most `room` of them.
        """
        ...

    def committing(self) -> Committing:
        """What asks it for storage commitment."""
        ...

    def listening(self, port: int) -> None:
        """Tell it that we take objects on a port now, if it can be told and sends them unasked."""
        ...

    async def report(self, report: CommitmentReport) -> None:
        """Tell it for which of its objects we vouch: the answer to a request of its own.

        Raises:
            NoAssociationError: no connection.
            TimedOutError: no answer in time.
        """
        ...

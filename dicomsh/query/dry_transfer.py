"""Moving objects in a dry run: what would be requested or sent is recorded, and nothing moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from dicomsh.archives.transfer import Committing, Delivery, Retriever, Sender, Storer
from dicomsh.explain.transfer import SentRetrieve, SentStore
from dicomsh.frozen import field, slotted
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.commitment import CommitmentReport, CommitmentRequest
from dicomsh.model.modality import USUAL_PORT, Modality
from dicomsh.model.query import Query
from dicomsh.model.storage import Announced, Pair, Readable, Storage, StoreReply


@slotted
class Moved:
    """What would be moved.

    Args:
        retrieves: C-GET and C-MOVE requests, each once, in order.
        stores: the C-STOREs, by peer.
    """

    retrieves: list[SentRetrieve] = field(default_factory=list)
    stores: list[SentStore] = field(default_factory=list)

    def add(self, sent: SentRetrieve) -> None:
        """Record a request, unless it is recorded already."""
        if sent not in self.retrieves:
            self.retrieves.append(sent)


class DryTransfers:
    """Satisfies `dicomsh.archives.transfer.Transfers`.

    Args:
        peer: the archive, at the address where it can be reached.
        moved: records what would be moved.
    """

    usual_port = USUAL_PORT

    def __init__(self, peer: Modality, moved: Moved) -> None:
        self._peer = peer
        self._moved = moved

    @property
    def room(self) -> int:
        """As much as an association has."""
        from dicomsh.archives.dimse_transfer import DimseTransfers

        return DimseTransfers.room

    def retriever(self, delivery: Delivery) -> Retriever:
        """Records C-GET, or C-MOVE to ourselves."""
        return _DryRetriever(self._peer, delivery, self._moved)

    def sender(self) -> Sender:
        """Records C-MOVE."""
        return _DrySender(self._peer, self._moved)

    def storer(self, pairs: Sequence[Pair]) -> Storer:
        """Records C-STORE."""
        return _DryStorer(pairs, self._stored())

    def committing(self) -> Committing:
        """Records storage commitment."""
        return _DryCommitting(self._stored())

    def listening(self, port: int) -> None:
        """Nobody is told."""

    async def report(self, report: CommitmentReport) -> None:
        """Nothing asked for a report."""

    def _stored(self) -> SentStore:
        known = (one for one in self._moved.stores if one.peer == self._peer)
        found = next(known, None)
        if found is None:
            found = SentStore(self._peer)
            self._moved.stores.append(found)
        return found


class _DryRetriever:
    def __init__(self, peer: Modality, delivery: Delivery, moved: Moved) -> None:
        self._peer = peer
        self._delivery = delivery
        self._moved = moved

    async def connect(self) -> frozenset[Pair]:
        return frozenset(product(self._delivery.sop_classes, self._delivery.syntaxes))

    async def get(self, query: Query, storage: Storage, progress: OnClaim) -> Claim:
        del storage, progress
        port = self._delivery.port
        sent = SentRetrieve(
            query,
            self._peer,
            "" if port is None else self._peer.local_aet,
            port,
            self._delivery.sop_classes,
            self._delivery.syntaxes,
        )
        self._moved.add(sent)
        return Claim(0)

    async def close(self) -> None:
        """Nothing is open."""


class _DrySender:
    usual_port = USUAL_PORT

    def __init__(self, peer: Modality, moved: Moved) -> None:
        self._peer = peer
        self._moved = moved

    async def move(self, query: Query, destination: str, progress: OnClaim) -> Claim:
        del progress
        self._moved.add(SentRetrieve(query, self._peer, destination))
        return Claim(0)

    async def close(self) -> None:
        """Nothing is open."""


class _DryStorer:
    def __init__(self, pairs: Sequence[Pair], sent: SentStore) -> None:
        self._pairs = pairs
        self._sent = sent

    async def connect(self) -> frozenset[Pair]:
        return frozenset(self._pairs)

    async def send(self, announced: Announced, data: Readable, size: int) -> StoreReply:
        del data, size
        pair = announced.sop_class, announced.transfer_syntax
        self._sent.counts[pair] = self._sent.counts.get(pair, 0) + 1
        return StoreReply(0)

    async def close(self) -> None:
        """Nothing is open."""


class _DryCommitting:
    def __init__(self, sent: SentStore) -> None:
        self._sent = sent

    async def listen(self, port: int) -> None:
        self._sent.port = port

    async def commit(self, request: CommitmentRequest) -> CommitmentReport:
        self._sent.commits = True
        return CommitmentReport(request.transaction, request.references, ())

    async def close(self) -> None:
        """Nothing is open."""

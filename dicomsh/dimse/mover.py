"""Retrieving by C-MOVE to ourselves: the peer sends to a storage SCP of ours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.sender import Sender
from dicomsh.dimse.storage_server import StorageServer
from dicomsh.errors import NoAssociationError, TimedOutError
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.storage import Pair, Storage
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import STORED
from dicomsh.timeout import timeout

_LATE = 5.0
"""Seconds to wait for objects that are still on their way when the peer says that it is done."""


class Mover:
    """C-MOVE from one modality to our own storage SCP, one operation at a time.

    Args:
        modality: the peer; it has to know our AE title with this computer and the port.
        tap: listens to the conversation.
        sop_classes: UIDs of the storage SOP classes that may arrive: all of them are taken.
        port: the port to listen on.
    """

    def __init__(self, modality: Modality, tap: Tap, sop_classes: Sequence[str], port: int) -> None:
        self._modality = modality
        self._tap = tap
        self._pairs = frozenset(product(sop_classes, STORED))
        self._port = port
        self._sender = Sender(modality, tap)
        self._reception = _Reception(modality)
        self._server: StorageServer | None = None

    async def connect(self) -> frozenset[Pair]:
        """All that we take: what of it the peer can send, only the sub-operations show.

        Raises:
            NoAssociationError: unreachable, rejected, aborted.
            TimedOutError: the limit for connecting or for the association passed.
            DicomshError: the port cannot be listened on.
        """
        if self._server is None:
            server = StorageServer({self._modality.local_aet}, self._reception, self._tap)
            await server.start(self._port)
            self._server = server
        await self._sender.connect()
        return self._pairs

    async def get(self, query: Query, storage: Storage, progress: OnClaim) -> Claim:
        """C-MOVE the instances that unique keys name, and wait for those under way.

        Args:
            query: the unique keys; its SOP class is that of a C-MOVE.
            storage: where the objects go.
            progress: is called with the peer's counters as they come.

        Returns:
            What the peer says became of it; `storage` knows.

        Raises:
            NoPresentationContextError: the peer did not accept C-MOVE.
            NoAssociationError: as `connect`, or the association was lost on the way.
            TimedOutError: the peer was silent for too long.
        """
        self._reception.current = storage
        try:
            claim = await self._sender.move(query, self._modality.local_aet, progress)
        except (NoAssociationError, TimedOutError):
            # a firewall ends a silent connection, while objects still come on the other one
            await self._arrived()
            raise
        await self._arrived()
        return claim

    async def close(self) -> None:
        """Release the association, and stop listening."""
        await self._sender.close()
        if self._server is not None:
            await self._server.stop()

    async def _arrived(self) -> None:
        """Wait for what is still on its way, but not for ever: an association may be kept open."""
        if self._server is None:
            return
        try:
            async with timeout(_LATE):
                await self._server.quiet()
        except TimeoutError:
            return


class _Reception:
    """Admits the peer; some send under another AE title, then from the same host."""

    def __init__(self, modality: Modality) -> None:
        self._modality = modality
        self.current: Storage | None = None

    def admits(self, caller: Caller) -> bool:
        entity = self._modality.entity
        return self.current is not None and (
            caller.calling == entity.aet or caller.host == entity.host
        )

    def refused(self, caller: Caller, reason: str) -> None:
        """Others may try; what matters is whether the objects come."""

    def storage(self, caller: Caller) -> Storage:
        del caller
        assert self.current is not None
        return self.current

"""Retrieving by C-MOVE to ourselves: the peer sends to a storage SCP of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.association import Association
from dicomsh.dimse.connect import open_association, timed_out
from dicomsh.dimse.identifier import encode_identifier
from dicomsh.dimse.negotiation import Proposal
from dicomsh.dimse.retrieval import Move
from dicomsh.dimse.storage_server import StorageServer
from dicomsh.errors import NoPresentationContextError
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.storage import Storage
from dicomsh.model.tap import Tap

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
        self._sop_classes = frozenset(sop_classes)
        self._port = port
        self._association: Association | None = None
        self._reception = _Reception(modality)
        self._server: StorageServer | None = None

    async def connect(self) -> frozenset[str]:
        """All SOP classes: which of them the peer can send, only the sub-operations show.

        Raises:
            NoAssociationError: unreachable, rejected, aborted.
            TimedOutError: the limit for connecting or for the association passed.
            DicomshError: the port cannot be listened on.
        """
        if self._server is None:
            server = StorageServer(self._modality.local_aet, self._reception, self._tap)
            await server.start(self._port)
            self._server = server
        await self._opened()
        return self._sop_classes

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
        association = await self._opened()
        context = association.contexts.get(query.sop_class.uid)
        if context is None:
            raise NoPresentationContextError(
                f"{self._modality.address} does not accept {query.sop_class.title}"
            )
        self._reception.current = storage
        operation = Move(association, context, progress)
        operation.begin(encode_identifier(query, context.encoding), self._modality.local_aet)
        limits = self._modality.timeouts
        try:
            claim = await operation.finished(limits.response)
        except TimeoutError:
            what = f"{self._modality.address}: no further answer to C-MOVE"
            raise timed_out(what, "response", limits.response) from None
        finally:
            await operation.leave(limits.cancel_grace)
        await self._arrived()
        return claim

    async def close(self) -> None:
        """Release the association, and stop listening."""
        if self._association is not None:
            await self._association.release(self._modality.timeouts.cancel_grace)
        if self._server is not None:
            await self._server.stop()

    async def _arrived(self) -> None:
        """Wait for what is still on its way, but not for ever: an association may be kept open."""
        if self._server is None:
            return
        try:
            async with asyncio.timeout(_LATE):
                await self._server.quiet()
        except TimeoutError:
            return

    async def _opened(self) -> Association:
        if self._association is None or not self._association.is_open:
            proposals = tuple(Proposal(model.move.uid) for model in Model)
            self._association = await open_association(self._modality, self._tap, proposals)
        return self._association


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

    def storage(self, caller: Caller) -> Storage:
        del caller
        assert self.current is not None
        return self.current

"""C-MOVE: making one modality send objects to another (PS3.4 C.4.2)."""

from __future__ import annotations

from dicomsh.dimse.identifier import encode_identifier
from dicomsh.dimse.negotiation import Proposal
from dicomsh.dimse.own_association import OwnAssociation
from dicomsh.dimse.retrieval import Move
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.levels import ROOT_MODELS
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.tap import Tap


class Sender:
    """C-MOVE at one modality, one operation at a time, on an association of its own.

    Args:
        modality: the peer that is to send.
        tap: listens to the conversation.
    """

    def __init__(self, modality: Modality, tap: Tap) -> None:
        proposals = tuple(Proposal(model.move.uid) for model in ROOT_MODELS)
        self._own = OwnAssociation(modality, tap, proposals)

    async def connect(self) -> None:
        """Open the association if need be.

        Raises:
            NoAssociationError: unreachable, rejected, aborted.
            TimedOutError: the limit for connecting or for the association passed.
        """
        await self._own.opened()

    async def move(self, query: Query, destination: str, progress: OnClaim) -> Claim:
        """C-MOVE the instances that unique keys name.

        Args:
            query: the unique keys; its SOP class is that of a C-MOVE.
            destination: AE title to send to, which the peer must know an address for.
            progress: is called with the peer's counters as they come.

        Returns:
            What the peer says became of it.

        Raises:
            NoPresentationContextError: the peer did not accept C-MOVE.
            NoAssociationError: as `connect`, or the association was lost on the way.
            TimedOutError: the peer was silent for too long.
        """
        association = await self._own.opened()
        context = self._own.context(association, query.sop_class)
        operation = Move(association, context, progress)
        operation.begin(encode_identifier(query, context.encoding), destination)
        return await self._own.finished(operation, "no further answer to C-MOVE")

    async def close(self) -> None:
        """Release the association."""
        await self._own.close()

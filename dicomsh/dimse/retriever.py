"""Retrieving from one modality: an association that also lets the peer store objects with us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dicomsh.dimse.identifier import encode_identifier
from dicomsh.dimse.negotiation import Proposal
from dicomsh.dimse.own_association import OwnAssociation
from dicomsh.dimse.retrieval import Get
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.levels import ROOT_MODELS
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.storage import Pair, Storage
from dicomsh.model.tap import Tap

_OTHER_WAY = "--via move, if the server can send to this computer"


class Retriever:
    """C-GET from one modality, one operation at a time, on an association of its own.

    A presentation context has one transfer syntax: of several, an acceptor chooses one, and an
    object that is held in another is then converted or fails (measured: Orthanc 1.10.1 and dcm4che
    5.35 fail for JPEG 2000). With a context for each, it is sent as it is.

    Args:
        modality: the peer.
        tap: listens to the conversation.
        sop_classes: UIDs of the storage SOP classes that may arrive.
        syntaxes: UIDs of the transfer syntaxes that they may arrive in; each SOP class takes a
            presentation context for each of them.
    """

    def __init__(
        self, modality: Modality, tap: Tap, sop_classes: Sequence[str], syntaxes: Sequence[str]
    ) -> None:
        self._own = OwnAssociation(modality, tap, tuple(_proposals(sop_classes, syntaxes)))

    async def connect(self) -> frozenset[Pair]:
        """What the peer agreed to store with us; opens the association if need be.

        The SCP role has to be granted for each (PS3.7 D.3.3.4): without it, some peers accept the
        context, and then every sub-operation fails.

        Raises:
            NoAssociationError: unreachable, rejected, aborted.
            TimedOutError: the limit for connecting or for the association passed.
        """
        accepted = (await self._own.opened()).agreement.accepted
        return frozenset((one.abstract_syntax, one.transfer_syntax) for one in accepted if one.scp)

    async def get(self, query: Query, storage: Storage, progress: OnClaim) -> Claim:
        """C-GET the instances that unique keys name.

        Args:
            query: the unique keys; its SOP class is that of a C-GET.
            storage: where the objects go.
            progress: is called with the peer's counters as they come.

        Returns:
            What the peer says became of it; `storage` knows.

        Raises:
            NoPresentationContextError: the peer did not accept C-GET.
            NoAssociationError: as `connect`, or the association was lost on the way.
            TimedOutError: the peer was silent for too long.
        """
        association = await self._own.opened()
        context = self._own.context(association, query.sop_class, _OTHER_WAY)
        operation = Get(association, context, storage, progress)
        operation.begin(encode_identifier(query, context.encoding))
        return await self._own.finished(operation, "no further object")

    async def close(self) -> None:
        """Release the association."""
        await self._own.close()


def _proposals(sop_classes: Sequence[str], syntaxes: Sequence[str]) -> Iterator[Proposal]:
    for model in ROOT_MODELS:
        yield Proposal(model.get.uid)
    for uid in sop_classes:
        for syntax in syntaxes:
            yield Proposal(uid, (syntax,), scu=False, scp=True)

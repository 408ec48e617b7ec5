"""Moving objects from and to an archive over DIMSE: C-GET, C-MOVE, C-STORE, commitment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dicomsh.archives.transfer import Committing, Delivery, Retriever, Sender, Storer
from dicomsh.dimse.negotiation import MOST_CONTEXTS
from dicomsh.model.commitment import CommitmentReport
from dicomsh.model.levels import ROOT_MODELS
from dicomsh.model.modality import USUAL_PORT, Modality
from dicomsh.model.storage import Pair
from dicomsh.model.tap import Tap

Announce = Callable[[int], None]
"""Is called with a port on which we are going to listen for the archive."""


def is_known(port: int) -> None:
    """The archive has been told our address by its administrator."""
    del port


class DimseTransfers:
    """Each way on an association of its own; satisfies `dicomsh.archives.transfer.Transfers`.

    Args:
        modality: the peer.
        tap: listens to the conversation.
        announce: tells the archive our port, where it can be told.
        usual_port: the port to listen on if the user names none.
        listening: tells the archive that we listen now, where it can be told.
    """

    room = MOST_CONTEXTS - len(ROOT_MODELS)
    """The rest of the presentation contexts of an association is for the retrieval itself."""

    def __init__(
        self,
        modality: Modality,
        tap: Tap,
        announce: Announce = is_known,
        usual_port: int = USUAL_PORT,
        listening: Announce = is_known,
    ) -> None:
        self.usual_port = usual_port
        self._modality = modality
        self._tap = tap
        self._announce = announce
        self._listening = listening

    def retriever(self, delivery: Delivery) -> Retriever:
        """C-GET, or C-MOVE to ourselves."""
        from dicomsh.dimse import mover, retriever

        sop_classes, syntaxes = delivery.sop_classes, delivery.syntaxes
        if delivery.port is None:
            return retriever.Retriever(self._modality, self._tap, sop_classes, syntaxes)
        self._announce(delivery.port)
        return mover.Mover(self._modality, self._tap, sop_classes, delivery.port)

    def sender(self) -> Sender:
        """C-MOVE."""
        from dicomsh.dimse import sender

        return sender.Sender(self._modality, self._tap)

    def storer(self, pairs: Sequence[Pair]) -> Storer:
        """C-STORE."""
        from dicomsh.dimse import storer

        return storer.Storer(self._modality, self._tap, pairs)

    def committing(self) -> Committing:
        """N-ACTION and N-EVENT-REPORT of storage commitment."""
        from dicomsh.dimse import committing

        return committing.CommitmentClient(self._modality, self._tap, self._announce)

    def listening(self, port: int) -> None:
        """A practice archive can be told; a real one sends when it has something to send."""
        self._listening(port)

    async def report(self, report: CommitmentReport) -> None:
        """N-EVENT-REPORT of storage commitment."""
        from dicomsh.dimse import reporting

        await reporting.send_report(self._modality, self._tap, report)

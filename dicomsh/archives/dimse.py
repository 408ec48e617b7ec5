"""Archives that are queried over DIMSE: remote application entities."""

from __future__ import annotations

from dicomsh.archives.archive import Connection, Delivery, Retriever, Sender
from dicomsh.dimse.client import Client
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap


class DimseKind:
    """Opens the archive at a `DicomAddress`."""

    def reach(self, modality: Modality) -> Modality:
        """The modality as it is."""
        return modality

    def open(self, modality: Modality, tap: Tap) -> Connection:
        """A service class user, which opens its association when needed."""
        return Client(modality, tap)

    def retriever(self, modality: Modality, tap: Tap, delivery: Delivery) -> Retriever:
        """C-GET, or C-MOVE to ourselves, on an association of its own."""
        from dicomsh.dimse import mover, retriever

        if delivery.port is not None:
            return mover.Mover(modality, tap, delivery.sop_classes, delivery.port)
        return retriever.Retriever(modality, tap, delivery.sop_classes, delivery.syntaxes)

    def sender(self, modality: Modality, tap: Tap) -> Sender:
        """C-MOVE on an association of its own."""
        from dicomsh.dimse import sender

        return sender.Sender(modality, tap)

    def close(self) -> None:
        """Nothing was started."""

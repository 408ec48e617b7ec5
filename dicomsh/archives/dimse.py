"""Archives that are queried over DIMSE: remote application entities."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.archives.archive import Archive, Retriever
from dicomsh.dimse.client import Client
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap


class DimseKind:
    """Opens the archive at a `DicomAddress`."""

    def reach(self, modality: Modality) -> Modality:
        """The modality as it is."""
        return modality

    def open(self, modality: Modality, tap: Tap) -> Archive:
        """A service class user, which opens its association when needed."""
        return Client(modality, tap)

    def retriever(
        self, modality: Modality, tap: Tap, sop_classes: Sequence[str], syntaxes: Sequence[str]
    ) -> Retriever:
        """C-GET on an association of its own."""
        from dicomsh.dimse.retriever import Retriever as ByCGet

        return ByCGet(modality, tap, sop_classes, syntaxes)

    def close(self) -> None:
        """Nothing was started."""

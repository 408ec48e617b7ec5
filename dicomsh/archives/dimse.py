"""Archives that are queried over DIMSE: remote application entities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomsh.archives.archive import Connection
from dicomsh.dimse.client import Client
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap

if TYPE_CHECKING:
    from dicomsh.archives.transfer import Transfers


class DimseKind:
    """Opens the archive at a `DicomAddress`."""

    def reach(self, modality: Modality) -> Modality:
        """The modality as it is."""
        return modality

    def open(self, modality: Modality, tap: Tap) -> Connection:
        """A service class user, which opens its association when needed."""
        return Client(modality, tap)

    def transfers(self, modality: Modality, tap: Tap) -> Transfers:
        """By DIMSE services."""
        from dicomsh.archives.dimse_transfer import DimseTransfers

        return DimseTransfers(modality, tap)

    def close(self) -> None:
        """Nothing was started."""

"""The practice archive: started on loopback when needed, and queried over DIMSE."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from dicomsh.archives.archive import Connection
from dicomsh.dimse.client import Client
from dicomsh.errors import UnreachableError
from dicomsh.frozen import replace
from dicomsh.model.modality import DicomAddress, Modality, PracticeAddress
from dicomsh.model.tap import Tap

if TYPE_CHECKING:
    from dicomsh.archives.transfer import Transfers
    from dicomsh.practice.server import PracticeServer

LOOPBACK = "127.0.0.1"
"""Not `localhost`, which can mean `::1` first: the practice archive listens on IPv4 only."""


class PracticeKind:
    """Opens the archive at a `PracticeAddress`, which it runs in this process."""

    def __init__(self) -> None:
        self._servers: dict[str, tuple[PracticeAddress, PracticeServer]] = {}

    def reach(self, modality: Modality) -> Modality:
        """The modality with the port that its practice archive listens on; starts it if necessary.

        If it already runs with different faults, it is stopped and a new one started. The archives
        that run know each other as destinations of a C-MOVE.
        """
        wanted = modality.address
        assert isinstance(wanted, PracticeAddress)
        held = self._servers.get(modality.name)
        if held is not None and held[0] != wanted:
            held[1].stop()
            held = None
        if held is None:
            held = self._servers[modality.name] = wanted, _started(wanted)
            self._introduce()
        return replace(modality, address=DicomAddress(wanted.aet, LOOPBACK, held[1].port))

    def _introduce(self) -> None:
        known = {address.aet: (LOOPBACK, server.port) for address, server in self._servers.values()}
        for _, server in self._servers.values():
            server.destinations.update(known)

    def open(self, modality: Modality, tap: Tap) -> Connection:
        """A service class user of the running archive."""
        return Client(modality, tap)

    def transfers(self, modality: Modality, tap: Tap) -> Transfers:
        """By DIMSE services; the archive is told the port, so that any free one will do."""
        from dicomsh.archives.dimse_transfer import DimseTransfers

        _, server = self._servers[modality.name]

        def announce(port: int) -> None:
            server.destinations[modality.local_aet] = LOOPBACK, port

        def listening(port: int) -> None:
            server.send_images(modality.local_aet, port)

        return DimseTransfers(modality, tap, announce, _free_port(), listening)

    def close(self) -> None:
        """Stop every practice archive."""
        for _, server in self._servers.values():
            server.stop()
        self._servers.clear()


def _free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as free:
        free.bind(("", 0))
        port: int = free.getsockname()[1]
    return port


def _started(address: PracticeAddress) -> PracticeServer:
    from dicomsh.practice.server import start

    try:
        return start(address)
    except OSError as error:
        raise UnreachableError(f"the practice archive cannot start: {error.strerror}") from None

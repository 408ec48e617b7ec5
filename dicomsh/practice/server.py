"""The practice archive on the network: C-ECHO, C-FIND, C-GET and C-MOVE on a loopback port."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from socketserver import BaseServer
from typing import Any, Self

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.transport import ThreadedAssociationServer

from dicomsh.model.extended_negotiation import agreed, application_information
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, VERIFICATION, Model
from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.practice.archive import PracticeArchive, practice_archive
from dicomsh.practice.limits import MOST_CONNECTIONS, Connections, bound_pdus, end_quietly
from dicomsh.practice.protocols import COMPRESSED, DEVICES, JPEG_BASELINE
from dicomsh.practice.responses import Provider, close_surely, hang_up, send_at_once, wake
from dicomsh.practice.service import FindService

HOST = "127.0.0.1"

_POLL = 0.1
_ENDED = 1.0
_NEGOTIATION = 10
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


class PracticeServer:
    """A running practice archive; a context manager that stops it.

    Attributes:
        aet: its AE title.
        port: the port that it listens on.
        destinations: host and port of application entities that a C-MOVE can send to, by AE title,
            besides the one that asks, which is taken to listen on port 11112.
    """

    def __init__(
        self,
        aet: str,
        server: ThreadedAssociationServer,
        stopped: threading.Event,
        destinations: dict[str, tuple[str, int]],
    ):
        self.aet = aet
        self.destinations = destinations
        self.port: int = server.server_address[1]
        self._server = server
        self._stopped = stopped
        self._thread = threading.Thread(
            target=server.serve_forever, args=(_POLL,), name="practice", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close all connections; running answers end. Idempotent."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._server.shutdown()
        associations = self._server.active_associations
        for association in associations:
            wake(association)
            hang_up(association)
        deadline = time.monotonic() + _ENDED
        for association in associations:
            association.join(max(deadline - time.monotonic(), 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Listener(ThreadedAssociationServer):
    request_queue_size = 32

    def service_actions(self) -> None:
        """Skip the full garbage collection that pynetdicom runs here every minute or so."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that is gone again is not news."""

    def shutdown(self) -> None:
        """Stop serving and close the listening socket."""
        BaseServer.shutdown(self)
        self.server_close()


def start(
    address: PracticeAddress,
    host: str = HOST,
    port: int = 0,
    archive: PracticeArchive | None = None,
) -> PracticeServer:
    """Start a practice archive.

    It answers to any called AE title, as Orthanc does. Turns off pynetdicom's log for the process,
    and the formatting of messages for it, which takes longer than the answer.

    Args:
        address: its AE title and its faults.
        host: the address to listen on.
        port: the port, 0 for any free one.
        archive: content other than the made-up patients.

    Raises:
        OSError: cannot listen on the port.
    """
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    stopped = threading.Event()
    held, destinations = archive or practice_archive(), dict[str, tuple[str, int]]()
    service = FindService(held, address.aet, address.faults, stopped)

    def retrieve(event: Any) -> Iterator[tuple[int, None]]:
        from dicomsh.practice.retrieve_service import RetrieveService  # not for every query

        giver = RetrieveService(held, address.faults, destinations, stopped)
        return giver.get(event) if event.event is evt.EVT_C_GET else giver.move(event)

    refuses = address.faults.refuse_extended
    server = _entity(address.aet, address.faults).make_server(
        (host, port),
        server_class=_Listener,
        evt_handlers=[
            (evt.EVT_CONN_OPEN, _opened, [Connections()]),
            (evt.EVT_C_FIND, service.handle),
            (evt.EVT_C_GET, retrieve),
            (evt.EVT_C_MOVE, retrieve),
            (evt.EVT_SOP_EXTENDED, _not_extended if refuses else _extended),
        ],
    )
    return PracticeServer(address.aet, server, stopped, destinations)


def _entity(aet: str, faults: Faults) -> AE:
    entity = AE(aet)
    entity.maximum_associations = 2 * MOST_CONNECTIONS  # closed ones take a moment to end
    entity.acse_timeout = _NEGOTIATION
    entity.network_timeout = None  # a kept association may be idle for as long as its client wants
    entity.connection_timeout = _NEGOTIATION
    classes = [VERIFICATION, MODALITY_WORKLIST_FIND]
    for model in Model:
        if model is not Model.PATIENT_ROOT or not faults.refuse_patient_root:
            classes += (model.value, model.move.uid, *(() if faults.no_get else (model.get.uid,)))
    for sop_class in classes:
        entity.add_supported_context(sop_class, _SYNTAXES)
    role = None if faults.no_scp_role else True
    for modality, device in DEVICES.items():
        syntaxes = _storage_syntaxes(modality, faults)
        entity.add_supported_context(device.sop_class, syntaxes, scu_role=role, scp_role=role)
    return entity


def _storage_syntaxes(modality: str, faults: Faults) -> list[str]:
    """The transfer syntaxes that objects of a modality can be sent in."""
    if faults.storage_syntax is not None:
        return [faults.storage_syntax]
    return [*([JPEG_BASELINE] if modality in COMPRESSED else []), *_SYNTAXES]


def _opened(event: Any, connections: Connections) -> None:
    """Prepare an association before its threads run."""
    event.assoc.dul.daemon = True  # an archive that was not stopped must not keep the shell alive
    event.assoc.dimse = Provider(event.assoc)
    send_at_once(event.assoc)
    close_surely(event.assoc)
    bound_pdus(event.assoc)
    end_quietly(event.assoc)
    connections.add(event.assoc)


def _extended(event: Any) -> dict[str, bytes]:
    """Agree to the offered options that exist, and to nothing after them."""
    finds = {model.value for model in Model}
    return {
        sop_class: application_information(agreed(offered))[: len(offered)].ljust(
            len(offered), b"\0"
        )
        for sop_class, offered in event.app_info.items()
        if sop_class in finds
    }


def _not_extended(event: Any) -> dict[str, bytes]:
    """Answer no proposal, like most servers."""
    del event
    return {}

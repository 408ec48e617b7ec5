"""The practice archive on the network: C-ECHO and C-FIND on a loopback port."""

from __future__ import annotations

import logging
import threading
import time
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
    """

    def __init__(self, aet: str, server: ThreadedAssociationServer, stopped: threading.Event):
        self.aet = aet
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
    service = FindService(archive or practice_archive(), address.aet, address.faults, stopped)
    refuses = address.faults.refuse_extended
    server = _entity(address.aet, address.faults).make_server(
        (host, port),
        server_class=_Listener,
        evt_handlers=[
            (evt.EVT_CONN_OPEN, _opened, [Connections()]),
            (evt.EVT_C_FIND, service.handle),
            (evt.EVT_SOP_EXTENDED, _not_extended if refuses else _extended),
        ],
    )
    return PracticeServer(address.aet, server, stopped)


def _entity(aet: str, faults: Faults) -> AE:
    entity = AE(aet)
    entity.maximum_associations = 2 * MOST_CONNECTIONS  # closed ones take a moment to end
    entity.acse_timeout = _NEGOTIATION
    entity.network_timeout = None  # a kept association may be idle for as long as its client wants
    classes = [VERIFICATION, Model.STUDY_ROOT.value, MODALITY_WORKLIST_FIND]
    if not faults.refuse_patient_root:
        classes.append(Model.PATIENT_ROOT.value)
    for sop_class in classes:
        entity.add_supported_context(sop_class, _SYNTAXES)
    return entity


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

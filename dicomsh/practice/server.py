"""The practice archive on the network, on a loopback port.

It offers C-ECHO, C-FIND, C-GET, C-MOVE, C-STORE and storage commitment.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, build_context, evt
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class
from pynetdicom.transport import ThreadedAssociationServer

from dicomsh.model.commitment import PUSH_MODEL
from dicomsh.model.extended_negotiation import agreed, application_information
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, ROOT_MODELS, VERIFICATION, Model
from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.model.transfer_syntaxes import BIG_ENDIAN, DEFLATED, STORED
from dicomsh.open_files import is_too_many
from dicomsh.practice.archive import PracticeArchive
from dicomsh.practice.holdings import Capacity, Holdings
from dicomsh.practice.limits import MOST_CONNECTIONS, Connections, bound_pdus, end_quietly
from dicomsh.practice.protocols import COMPRESSED, DEVICES, JPEG_BASELINE
from dicomsh.practice.responses import Provider, close_surely, hang_up, send_at_once, wake
from dicomsh.practice.service import FindService
from dicomsh.practice.waiting import wait_for_work

if TYPE_CHECKING:
    from dicomsh.practice.retrieve_service import RetrieveService

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
        services: _Services,
    ):
        self.aet = aet
        self.destinations = services.destinations
        self._services = services
        self.port: int = server.server_address[1]
        self._server = server
        self._stopped = stopped
        self._thread = threading.Thread(target=server.serve_forever, name="practice", daemon=True)
        self._thread.start()

    def send_images(self, called: str, port: int) -> None:
        """Send images to a port of this computer, if it is an archive that does; does not wait."""
        work = partial(self._services.send_images, self._server.ae, called, (HOST, port))
        threading.Thread(target=work, name="practice scanner", daemon=True).start()

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

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self._spare = _spare_file()
        self._stopping, self._served = threading.Event(), threading.Event()
        super().__init__(*arguments, **more)
        self.timeout = _POLL

    def serve_forever(self, poll_interval: float = _POLL) -> None:
        """Serve one connection after the other; does without pynetdicom's garbage collections."""
        del poll_interval
        try:
            while not self._stopping.is_set():
                self.handle_request()
        finally:
            self._served.set()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse the connection that `shutdown` makes."""
        del request, client_address
        return not self._stopping.is_set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that is gone again is not news."""

    def get_request(self) -> Any:
        """The next connection; one for which no file can be opened is closed, not left waiting."""
        try:
            return super().get_request()
        except OSError as error:
            if is_too_many(error):
                self._turn_away()
            raise

    def _turn_away(self) -> None:
        os.close(self._spare)
        try:
            if self.socket is not None:
                self.socket.accept()[0].close()
        finally:
            self._spare = _spare_file()

    def shutdown(self) -> None:
        """Stop serving, at once and not when it is looked for next; close the listening socket."""
        self._stopping.set()
        with suppress(OSError):
            socket.create_connection(self.server_address[:2], 1).close()
        self._served.wait()
        self.server_close()
        os.close(self._spare)


def _spare_file() -> int:
    return os.open(os.devnull, os.O_RDONLY)


def start(
    address: PracticeAddress,
    host: str = HOST,
    port: int = 0,
    archive: PracticeArchive | None = None,
    capacity: Capacity | None = None,
) -> PracticeServer:
    """Start a practice archive.

    It answers to any called AE title, as Orthanc does. Turns off pynetdicom's log for the process,
    and the formatting of messages for it, which takes longer than the answer.

    Args:
        address: its AE title and its faults.
        host: the address to listen on.
        port: the port, 0 for any free one.
        archive: content other than the made-up patients.
        capacity: how much clients can store, if not the usual.

    Raises:
        OSError: cannot listen on the port.
    """
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    stopped = threading.Event()
    if archive is None and address.faults.empty:
        archive = PracticeArchive(())
    services = _Services(address, Holdings(archive, capacity), stopped)
    server = _entity(address.aet, address.faults).make_server(
        (host, port), server_class=_Listener, evt_handlers=services.handlers
    )
    return PracticeServer(address.aet, server, stopped, services)


class _Services:
    """Who handles what; the modules of most services are not imported for every query."""

    def __init__(
        self, address: PracticeAddress, holdings: Holdings, stopped: threading.Event
    ) -> None:
        self.destinations: dict[str, tuple[str, int]] = {}
        self._faults = address.faults
        self._holdings = holdings
        self._stopped = stopped
        self._find = FindService(holdings, address.aet, address.faults, stopped)

    @property
    def handlers(self) -> list[Any]:
        """For pynetdicom."""
        refuses = self._faults.refuse_extended
        return [
            (evt.EVT_CONN_OPEN, _opened, [Connections(), self._holdings]),
            (evt.EVT_REQUESTED, _requested, [self._faults]),
            (evt.EVT_C_FIND, self._find.handle),
            (evt.EVT_C_GET, self._get),
            (evt.EVT_C_MOVE, self._move),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_N_ACTION, self._commit),
            (evt.EVT_SOP_EXTENDED, _not_extended if refuses else _extended),
        ]

    def _get(self, event: Any) -> Iterator[tuple[int, None]]:
        return self._retrieval().get(event)

    def _move(self, event: Any) -> Iterator[tuple[int, None]]:
        return self._retrieval().move(event)

    def send_images(self, ours: AE, called: str, entity: tuple[str, int]) -> None:
        """Send as many new images as the archive sends unasked, to an application entity."""
        from dicomsh.practice.scanner import send_images

        if self._faults.sends:
            send_images(ours, self._holdings.archive, self._faults.sends, called, entity)

    def _retrieval(self) -> RetrieveService:
        from dicomsh.practice.retrieve_service import RetrieveService

        return RetrieveService(self._holdings, self._faults, self.destinations, self._stopped)

    def _store(self, event: Any) -> Dataset:
        from dicomsh.practice.store_service import StoreService

        return StoreService(self._holdings, self._faults).handle(event)

    def _commit(self, event: Any) -> tuple[int, None]:
        from dicomsh.practice.commitment_service import CommitmentService

        service = CommitmentService(self._holdings, self._faults, self.destinations)
        return service.handle(event)


def _entity(aet: str, faults: Faults) -> AE:
    entity = AE(aet)
    entity.maximum_associations = 2 * MOST_CONNECTIONS  # closed ones take a moment to end
    entity.acse_timeout = _NEGOTIATION
    entity.network_timeout = None  # a kept association may be idle for as long as its client wants
    entity.connection_timeout = _NEGOTIATION
    classes = [VERIFICATION, MODALITY_WORKLIST_FIND, PUSH_MODEL]
    for model in ROOT_MODELS:
        if model is not Model.PATIENT_ROOT or not faults.refuse_patient_root:
            classes += (model.value, model.move.uid, *(() if faults.no_get else (model.get.uid,)))
    for sop_class in classes:
        entity.add_supported_context(sop_class, _SYNTAXES)
    return entity


_COMPRESSED = frozenset(DEVICES[modality].sop_class for modality in COMPRESSED)
_UNREADABLE = frozenset((DEFLATED, BIG_ENDIAN))
"""Transfer syntaxes in which an object cannot be read, and so not be found."""


def _requested(event: Any, faults: Faults) -> None:
    """Support what is proposed of all storage SOP classes and transfer syntaxes.

    Where several transfer syntaxes are proposed together, the first of ours is agreed: one that the
    made-up objects can be sent in.
    """
    proposed: dict[str, set[str]] = {}
    for context in event.assoc.requestor.primitive.presentation_context_definition_list:
        if uid_to_service_class(context.abstract_syntax) is StorageServiceClass:
            proposed.setdefault(context.abstract_syntax, set()).update(context.transfer_syntax)
    acceptor = event.assoc.acceptor
    acceptor.supported_contexts = [
        *acceptor.supported_contexts,
        *(_storage_context(*pair, faults) for pair in proposed.items()),
    ]


def _storage_context(
    sop_class: str, proposed: Collection[str], faults: Faults
) -> PresentationContext:
    ours = [*([JPEG_BASELINE] if sop_class in _COMPRESSED else []), *STORED]
    if faults.storage_syntax is not None:
        ours = [faults.storage_syntax]
    taken = [one for one in dict.fromkeys(ours) if one in proposed and one not in _UNREADABLE]
    made = build_context(sop_class, taken or [ours[0]])
    made.scu_role = made.scp_role = None if faults.no_scp_role else True
    return made


def _opened(event: Any, connections: Connections, holdings: Holdings) -> None:
    """Prepare an association before its threads run."""
    event.assoc.dul.daemon = True  # an archive that was not stopped must not keep the shell alive
    event.assoc.dimse = Provider(event.assoc, lambda: holdings.room - connections.arriving)
    send_at_once(event.assoc)
    close_surely(event.assoc)
    bound_pdus(event.assoc)
    end_quietly(event.assoc)
    wait_for_work(event.assoc)
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

"""A storage SCP: takes objects from those who connect (PS3.4 annex B)."""

from __future__ import annotations

import asyncio
from typing import Protocol

from dicomsh.dimse.acceptor import Acceptor, Caller
from dicomsh.dimse.associate import AssociateReject, ProposedContext, RoleSelection
from dicomsh.dimse.association import Association
from dicomsh.dimse.command import ECHO_REQUEST, CommandSet, write_command
from dicomsh.dimse.pdu import Message, Sink
from dicomsh.dimse.storage import StoreService
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError, ProtocolViolationError
from dicomsh.model.levels import VERIFICATION
from dicomsh.model.standard import uid_name
from dicomsh.model.storage import Storage
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import STORED, UNCOMPRESSED

_ARTIM = 10.0
_IDLE = 120.0
"""Seconds without a byte after which an association is given up."""
_MOST_ASSOCIATIONS = 32

_REGISTERED = "1.2.840.10008."
_PERMANENT, _TRANSIENT = 1, 2
_SERVICE_USER, _PRESENTATION = 1, 3
_UNKNOWN_CALLER, _UNKNOWN_CALLED, _LOCAL_LIMIT = 3, 7, 2


def is_storage_class(uid: str) -> bool:
    """Whether a SOP class is one of objects to store: so named, or private (PS3.4 B.5)."""
    return not uid.startswith(_REGISTERED) or "Storage" in uid_name(uid).replace(
        "Storage Commitment", ""
    )


class Reception(Protocol):
    """Who may store objects, and where they go."""

    def admits(self, caller: Caller) -> bool:
        """Whether a caller may store objects; one that may not is remembered, to be told."""
        ...

    def storage(self, caller: Caller) -> Storage:
        """Where the objects of a caller go."""
        ...


class StorageServer:
    """Listens for associations; several at once.

    Args:
        aet: our AE title: others are rejected.
        reception: who may store objects, and where they go.
        tap: listens to the conversation.
    """

    def __init__(self, aet: str, reception: Reception, tap: Tap) -> None:
        self._aet = aet
        self._reception = reception
        self._tap = tap
        self._open: set[Acceptor] = set()
        self._server: asyncio.Server | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def port(self) -> int:
        """The port that it listens on; raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the server was not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def associations(self) -> int:
        """How many associations are open."""
        return len(self._open)

    async def start(self, port: int, host: str | None = None) -> None:
        """Listen.

        Args:
            port: the port; 0 for any free one.
            host: the address to listen on; None for all of them.

        Raises:
            DicomshError: the port cannot be used.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._accepted, host, port)
        except (OSError, OverflowError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise DicomshError(
                f"cannot listen on port {port}: {said}", hint="choose another one: --port N"
            ) from None

    async def quiet(self) -> None:
        """Wait until no association is open."""
        await self._quiet.wait()

    async def stop(self) -> None:
        """Stop listening and abort what is open."""
        if self._server is not None:
            self._server.close()
        for acceptor in list(self._open):
            acceptor.abort()
        await self.quiet()

    def _accepted(self) -> Acceptor:
        acceptor = Acceptor(self, self._tap, _ARTIM, self._ended)
        self._open.add(acceptor)
        self._quiet.clear()
        return acceptor

    def _ended(self, acceptor: Acceptor) -> None:
        self._open.discard(acceptor)
        if not self._open:
            self._quiet.set()

    def refusal(self, caller: Caller) -> AssociateReject | None:
        """Why a caller gets no association (PS3.8 table 9-21)."""
        if len(self._open) > _MOST_ASSOCIATIONS:
            return AssociateReject(_TRANSIENT, _PRESENTATION, _LOCAL_LIMIT)
        if caller.called != self._aet:
            return AssociateReject(_PERMANENT, _SERVICE_USER, _UNKNOWN_CALLED)
        if not self._reception.admits(caller):
            return AssociateReject(_PERMANENT, _SERVICE_USER, _UNKNOWN_CALLER)
        return None

    def transfer_syntax(self, proposed: ProposedContext) -> str | None:
        """The first one proposed that a file can be in: the peer's preference."""
        known: tuple[str, ...]
        if proposed.abstract_syntax == VERIFICATION:
            known = UNCOMPRESSED
        elif is_storage_class(proposed.abstract_syntax):
            known = STORED
        else:
            return None
        return next((uid for uid in proposed.transfer_syntaxes if uid in known), "")

    def roles(self, proposed: RoleSelection) -> RoleSelection | None:
        """The requestor is the SCU and nothing else."""
        return RoleSelection(proposed.sop_class, proposed.scu, False)

    def serve(self, association: Association, caller: Caller) -> ServiceUser:
        """What takes the requests of a new association."""
        return StorageProvider(association, self._reception.storage(caller))


class StorageProvider(ServiceUser):
    """Answers C-STORE and C-ECHO on one association.

    Args:
        association: where they arrive.
        storage: where the objects go.
    """

    title = "C-STORE"

    def __init__(self, association: Association, storage: Storage) -> None:
        self._association = association
        self._service = StoreService(association, storage)
        self._watch = asyncio.get_running_loop().call_later(_IDLE, self._is_idle)

    def requested(self, context_id: int, request: CommandSet) -> Sink | None:
        """A sink for the data set of a C-STORE; a C-ECHO has none."""
        if request.field == ECHO_REQUEST:
            return None
        return self._service.requested(context_id, request)

    def received(self, messages: list[Message]) -> None:
        """Take the messages of one read.

        Raises:
            ProtocolViolationError: one is not a request.
        """
        for context_id, request, _ in messages:
            if request.is_response:
                raise ProtocolViolationError(f"received an unexpected {request.title}")
            if request.field == ECHO_REQUEST:
                context = self._association.agreement.by_id[context_id]
                self._association.send(context, write_command(request.answered(0)))
            else:
                self._service.received(context_id, request)

    def lost(self, error: DicomshError) -> None:
        """The association is gone."""
        del error
        self._watch.cancel()
        self._service.lost()

    def _is_idle(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._association.last_heard + _IDLE
        if loop.time() >= due and not self._service.keeping:
            self._association.abort()
        else:
            self._watch = loop.call_at(max(due, loop.time() + 1), self._is_idle)

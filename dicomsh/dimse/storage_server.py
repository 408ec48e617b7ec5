"""A storage SCP: takes objects from those who connect (PS3.4 annex B), and vouches for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.association import Association
from dicomsh.dimse.command import (
    ACTION_REQUEST,
    EVENT_REPORT_RESPONSE,
    CommandSet,
    write_command,
)
from dicomsh.dimse.commitment import read_request, send_report
from dicomsh.dimse.listener import Listener, Provider, unexpected
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.dimse.pdu import Sink
from dicomsh.dimse.storage import StoreService
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError
from dicomsh.model.commitment import PUSH_MODEL, CommitmentReport, CommitmentRequest
from dicomsh.model.standard import uid_name
from dicomsh.model.status import RESOURCE_LIMITATION
from dicomsh.model.storage import Storage
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import STORED, UNCOMPRESSED
from dicomsh.timeout import timeout

_REGISTERED = "1.2.840.10008."
_LEAVING = 1.0
"""Seconds that a peer gets to leave after N-ACTION: most do so, and want the report elsewhere."""
_MOST_REPORTS = 100
"""Requests for storage commitment that wait for their report at a time."""
_ANSWER = 30.0
"""Seconds for the response to a report."""


def is_storage_class(uid: str) -> bool:
    """Whether a SOP class is one of objects to store: so named, or private (PS3.4 B.5)."""
    return not uid.startswith(_REGISTERED) or "Storage" in uid_name(uid).replace(
        "Storage Commitment", ""
    )


class Reception(Protocol):
    """Who may store objects, and where they go."""

    def admits(self, caller: Caller) -> bool:
        """Whether a caller may store objects."""
        ...

    def refused(self, caller: Caller, reason: str) -> None:
        """A caller gets no association, or not all that it proposed; with the reason."""
        ...

    def storage(self, caller: Caller) -> Storage:
        """Where the objects of a caller go."""
        ...


class Committer(Protocol):
    """Who vouches for objects that were stored."""

    async def judge(self, request: CommitmentRequest) -> CommitmentReport:
        """For which objects it vouches."""
        ...

    async def reported(self, caller: Caller, report: CommitmentReport) -> None:
        """The caller has got the report."""
        ...

    async def deliver(self, caller: Caller, report: CommitmentReport) -> None:
        """Send a report on a new association: the caller has left the one of its request."""
        ...


class StorageServer(Listener):
    """Takes objects on several associations at once.

    Args:
        titles: our AE titles: callers of others are rejected.
        reception: who may store objects, and where they go.
        tap: listens to the conversation.
        committer: who answers requests for storage commitment; None to take none.
    """

    def __init__(
        self,
        titles: Collection[str],
        reception: Reception,
        tap: Tap,
        committer: Committer | None = None,
    ) -> None:
        super().__init__(titles, tap)
        self._reception = reception
        self._committer = committer
        self._reporting: set[asyncio.Task[None]] = set()

    def admits(self, caller: Caller) -> bool:
        """Whether a caller may have an association."""
        return self._reception.admits(caller)

    def refused(self, caller: Caller, reason: str) -> None:
        """Tell whoever receives."""
        self._reception.refused(caller, reason)

    def syntaxes(self, sop_class: str) -> Collection[str] | None:
        """The transfer syntaxes that we take for a SOP class; None if we do not take it."""
        if sop_class == PUSH_MODEL:
            return UNCOMPRESSED if self._committer is not None else None
        return STORED if is_storage_class(sop_class) else None

    def serve(self, association: Association, caller: Caller) -> ServiceUser:
        """What takes the requests of a new association."""
        return StorageProvider(association, self._reception.storage(caller), caller, self._vouch)

    async def stop(self, grace: float = 0) -> None:
        """Stop listening; what is open, and reports under way, have `grace` seconds to end."""
        await super().stop(grace)
        if self._reporting:
            await asyncio.wait(set(self._reporting), timeout=grace)
        for task in self._reporting:
            task.cancel()
        if self._reporting:
            await asyncio.wait(set(self._reporting))

    def _vouch(
        self, provider: StorageProvider, context: PresentationContext, request: CommitmentRequest
    ) -> bool:
        if len(self._reporting) == _MOST_REPORTS:
            return False
        work = self._report(provider, context, request)
        task = asyncio.get_running_loop().create_task(work)
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)
        return True

    async def _report(
        self, provider: StorageProvider, context: PresentationContext, request: CommitmentRequest
    ) -> None:
        assert self._committer is not None
        report = await self._committer.judge(request)
        if await provider.report(context, report):
            await self._committer.reported(provider.caller, report)
        else:
            await self._committer.deliver(provider.caller, report)


class StorageProvider(Provider):
    """Answers C-STORE, C-ECHO and the N-ACTION of storage commitment on one association.

    Args:
        association: where they arrive.
        storage: where the objects go.
        caller: who requested the association.
        vouch: is called for each request for storage commitment, with its presentation context;
            returns whether it will be answered.
    """

    title = "C-STORE"

    def __init__(
        self,
        association: Association,
        storage: Storage,
        caller: Caller,
        vouch: Callable[[StorageProvider, PresentationContext, CommitmentRequest], bool],
    ) -> None:
        super().__init__(association)
        self.caller = caller
        self._service = StoreService(association, storage)
        self._vouch = vouch
        self._gone = asyncio.Event()
        self._reports: dict[int, asyncio.Event] = {}

    @property
    def working(self) -> bool:
        """Whether an object is being made permanent now."""
        return self._service.keeping

    def serves(self, context_id: int, request: CommandSet) -> Sink | None:
        """A sink for the data set of a C-STORE."""
        if request.field == ACTION_REQUEST and self._syntax(context_id) == PUSH_MODEL:
            return None
        return self._service.requested(context_id, request)

    def take(self, context_id: int, command: CommandSet, data: bytes) -> None:
        """Take a message other than C-ECHO.

        Raises:
            ProtocolViolationError: it is not for this provider.
        """
        if command.field == ACTION_REQUEST:
            self._asked(context_id, command, data)
        elif command.field == EVENT_REPORT_RESPONSE and command.message_id in self._reports:
            self._reports.pop(command.message_id).set()
        elif command.is_response:
            raise unexpected(command)
        else:
            self._service.received(context_id, command)

    def lost(self, error: DicomshError) -> None:
        """The association is gone."""
        super().lost(error)
        self._gone.set()
        self._service.lost()

    async def report(self, context: PresentationContext, report: CommitmentReport) -> bool:
        """Send a report on this association; whether the caller has answered it."""
        if await _is_set(self._gone, within=_LEAVING):
            return False
        answered = asyncio.Event()
        self._reports[send_report(self._association, context, report)] = answered
        waiting = [asyncio.ensure_future(event.wait()) for event in (answered, self._gone)]
        try:
            await asyncio.wait(waiting, timeout=_ANSWER, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        return answered.is_set()

    def _asked(self, context_id: int, command: CommandSet, data: bytes) -> None:
        context = self._association.agreement.by_id[context_id]
        request = read_request(data, context.encoding)
        status = 0 if self._vouch(self, context, request) else RESOURCE_LIMITATION
        response = command.answered(status, action_type=command.action_type)
        self._association.send(context, write_command(response))

    def _syntax(self, context_id: int) -> str:
        return self._association.agreement.by_id[context_id].abstract_syntax


async def _is_set(event: asyncio.Event, *, within: float) -> bool:
    try:
        async with timeout(within):
            return await event.wait()
    except TimeoutError:
        return False

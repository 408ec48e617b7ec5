"""Asking one modality for storage commitment, and taking the report wherever it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.associate import RoleSelection
from dicomsh.dimse.association import Association
from dicomsh.dimse.command import EVENT_REPORT_REQUEST, CommandSet
from dicomsh.dimse.commitment import Requesting, accept_report
from dicomsh.dimse.connect import open_association, timed_out
from dicomsh.dimse.listener import Listener, Provider, unexpected
from dicomsh.dimse.negotiation import PresentationContext, Proposal
from dicomsh.dimse.status import failure
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import NoPresentationContextError
from dicomsh.model.commitment import PUSH_MODEL, CommitmentReport, CommitmentRequest
from dicomsh.model.modality import Modality
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import UNCOMPRESSED
from dicomsh.timeout import timeout

Learn = Callable[[CommitmentReport], None]
Announce = Callable[[int], None]
"""Is called with the port on which we listen."""


class CommitmentClient:
    """Requests storage commitment; some servers report on an association that they open.

    Args:
        modality: the peer; it has to know our AE title with this computer and the port.
        tap: listens to the conversation.
        announce: tells the peer our port, where it can be told.
    """

    def __init__(self, modality: Modality, tap: Tap, announce: Announce) -> None:
        self._modality = modality
        self._tap = tap
        self._announce = announce
        self._server = _ReportServer(modality, tap, self._learn)
        self._reports: dict[str, asyncio.Future[CommitmentReport]] = {}
        self._association: Association | None = None

    async def listen(self, port: int) -> None:
        """Listen for reports; raises DicomshError if the port cannot be used."""
        await self._server.start(port)
        self._announce(port)

    async def commit(self, request: CommitmentRequest) -> CommitmentReport:
        """Request commitment, and wait for the report.

        Raises:
            NoPresentationContextError: the peer does not offer storage commitment.
            NoAssociationError: no association.
            QueryFailedError: the peer refused the request.
            TimedOutError: no report in time.
        """
        loop, limit = asyncio.get_running_loop(), self._modality.timeouts.response
        report: asyncio.Future[CommitmentReport] = loop.create_future()
        self._reports[request.transaction] = report
        association, context = await self._opened()
        operation = Requesting(association, context, self._learn)
        operation.begin(request)
        try:
            async with timeout(limit):
                response = await operation.answered
                if response.status != 0:
                    raise failure(response, str(self._modality.address))
                return await report
        except TimeoutError:
            what = f"{self._modality.address}: no storage commitment report"
            cause = (
                f"it may send it to another port or AE title than {self._modality.local_aet}"
                f" on port {self._server.port} of this computer"
            )
            raise timed_out(what, "response", limit, cause) from None
        finally:
            association.end(operation)

    async def close(self) -> None:
        """Stop listening, and release the association."""
        if self._association is not None:
            await self._association.release(self._modality.timeouts.cancel_grace)
        await self._server.stop(self._modality.timeouts.cancel_grace)

    def _learn(self, report: CommitmentReport) -> None:
        waiting = self._reports.get(report.transaction)
        if waiting is not None and not waiting.done():
            waiting.set_result(report)

    async def _opened(self) -> tuple[Association, PresentationContext]:
        if self._association is None or not self._association.is_open:
            self._association = await open_association(
                self._modality, self._tap, (Proposal(PUSH_MODEL),)
            )
        context = self._association.contexts.get(PUSH_MODEL)
        if context is None:
            raise NoPresentationContextError(
                f"{self._modality.address} does not offer storage commitment"
            )
        return self._association, context


class _ReportServer(Listener):
    """Takes reports from the peer, by its AE title or from its host."""

    def __init__(self, modality: Modality, tap: Tap, learn: Learn) -> None:
        super().__init__({modality.local_aet}, tap)
        self._modality = modality
        self._learn = learn

    def admits(self, caller: Caller) -> bool:
        entity = self._modality.entity
        return caller.calling == entity.aet or caller.host == entity.host

    def syntaxes(self, sop_class: str) -> Collection[str] | None:
        return UNCOMPRESSED if sop_class == PUSH_MODEL else None

    def roles(self, proposed: RoleSelection) -> RoleSelection | None:
        """The requestor is the SCP of storage commitment (PS3.4 J.3.3)."""
        return proposed

    def serve(self, association: Association, caller: Caller) -> ServiceUser:
        del caller
        return _ReportProvider(association, self._learn)


class _ReportProvider(Provider):
    """Takes reports on one association."""

    title = "N-EVENT-REPORT"

    def __init__(self, association: Association, learn: Learn) -> None:
        super().__init__(association)
        self._learn = learn

    def serves(self, context_id: int, request: CommandSet) -> None:
        del context_id
        if request.field != EVENT_REPORT_REQUEST:
            raise unexpected(request)

    def take(self, context_id: int, command: CommandSet, data: bytes) -> None:
        if command.field != EVENT_REPORT_REQUEST:
            raise unexpected(command)
        context = self._association.agreement.by_id[context_id]
        self._learn(accept_report(self._association, context, command, data))

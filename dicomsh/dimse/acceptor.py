"""The role of acceptor: a peer opens the connection and sends A-ASSOCIATE-RQ (PS3.8 9.2.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from dicomsh.dimse.associate import (
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ProposedContext,
    RoleSelection,
    UserInformation,
    read_request,
    write_accept,
    write_reject,
)
from dicomsh.dimse.association import Association
from dicomsh.dimse.negotiation import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION,
    Agreement,
    PresentationContext,
    peer_max_pdu,
)
from dicomsh.dimse.pdu import ASSOCIATE_RQ, MAX_PDU, PduReader
from dicomsh.dimse.upper_layer import ServiceUser, UpperLayer
from dicomsh.errors import AssociationAbortedError, ProtocolViolationError
from dicomsh.frozen import frozen
from dicomsh.model.tap import Tap

_ACCEPTED, _NO_ABSTRACT_SYNTAX, _NO_TRANSFER_SYNTAX = 0, 3, 4
"""Results for a presentation context (PS3.8 9.3.3.2)."""


@frozen
class Caller:
    """Who requests an association.

    Args:
        calling: its AE title.
        called: the AE title that it wants to reach.
        host: the address that it connects from.
    """

    calling: str
    called: str
    host: str

    def __str__(self) -> str:
        return f"{self.calling} from {self.host}"


class Services(Protocol):
    """What an acceptor offers."""

    def refusal(self, caller: Caller) -> AssociateReject | None:
        """Why a caller gets no association; None if it does."""
        ...

    def transfer_syntax(self, proposed: ProposedContext) -> str | None:
        """The transfer syntax to accept; empty if none of them fits, None for an unknown class."""
        ...

    def roles(self, proposed: RoleSelection) -> RoleSelection | None:
        """The roles that the requestor may play; None for the default ones."""
        ...

    def declined(self, caller: Caller, sop_classes: Sequence[str]) -> None:
        """A caller gets an association, but no context for these SOP classes."""
        ...

    def serve(self, association: Association, caller: Caller) -> ServiceUser:
        """What takes the requests of a new association."""
        ...


class Acceptor(UpperLayer):
    """The connection of an association that a peer requests.

    Args:
        services: what is offered.
        tap: listens to the conversation.
        seconds: how long the peer may take to send A-ASSOCIATE-RQ (the ARTIM timer, PS3.8 9.1.5).
        ended: is called when the connection is closed.
    """

    def __init__(
        self, services: Services, tap: Tap, seconds: float, ended: Callable[[Acceptor], None]
    ) -> None:
        super().__init__("a caller", PduReader(accepts=True), tap)
        self._services = services
        self._seconds = seconds
        self._ended = ended
        self._timer: asyncio.TimerHandle | None = None
        self._has_paused = False

    @property
    def is_busy(self) -> bool:
        """Whether it is us who keep the peer waiting."""
        return self.user is not None and self.user.working

    def pause_reading(self) -> None:
        """Stop reading."""
        self._has_paused = True
        super().pause_reading()

    def resume_reading(self) -> None:
        """Continue reading, as soon as the peer reads: who does not is not answered any more."""
        self._has_paused = False
        if self._writable.is_set():
            super().resume_reading()

    def pause_writing(self) -> None:
        """The peer does not read our responses: neither do we read its requests."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer has read them."""
        super().resume_writing()
        if not self._has_paused:
            self.transport.resume_reading()

    def _begin(self) -> None:
        host, port = self.transport.get_extra_info("peername")[:2]
        self._host = str(host)
        self.peer = f"{host}:{port}"
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._too_late)

    def _too_late(self) -> None:
        if not self.negotiated.done():
            self._break_off(
                AssociationAbortedError(f"{self.peer} sent no A-ASSOCIATE-RQ"), by_provider=True
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever is waiting."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)
        self._ended(self)

    def _negotiate(self, kind: int, body: bytes) -> None:
        """A-ASSOCIATE-RQ."""
        if kind != ASSOCIATE_RQ:
            raise ProtocolViolationError(
                f"received a PDU of type 0x{kind:02X} before A-ASSOCIATE-RQ"
            )
        request = read_request(body)
        caller = Caller(request.calling.strip(), request.called.strip(), self._host)
        self.peer = f"{caller.calling}@{self.peer}"
        refusal = self._services.refusal(caller)
        if refusal is not None:
            self.write(write_reject(refusal))
            self._lose(AssociationAbortedError(f"{self.peer} was rejected"))
            self.transport.close()
            return
        accept = acceptance(request, self._services)
        self.write(write_accept(accept))
        agreement = Agreement(tuple(_agreed(request, accept)), peer_max_pdu(request.user))
        self._agreed(agreement)
        if declined := _declined(request, agreement):
            self._services.declined(caller, declined)
        self.user = self._services.serve(Association(self, agreement), caller)


def _declined(request: AssociateRequest, agreement: Agreement) -> list[str]:
    taken = {context.abstract_syntax for context in agreement.accepted}
    proposed = dict.fromkeys(context.abstract_syntax for context in request.contexts)
    return [uid for uid in proposed if uid not in taken]


def acceptance(request: AssociateRequest, services: Services) -> AssociateAccept:
    """The A-ASSOCIATE-AC for a request: each context is answered, also those not accepted."""
    contexts = tuple(_answer(proposed, services) for proposed in request.contexts)
    granted = (services.roles(role) for role in request.user.roles)
    user = UserInformation(
        MAX_PDU,
        IMPLEMENTATION_CLASS_UID,
        IMPLEMENTATION_VERSION,
        roles=tuple(role for role in granted if role is not None),
    )
    return AssociateAccept(request.called, request.calling, contexts, user)


def _answer(proposed: ProposedContext, services: Services) -> AnsweredContext:
    syntax = services.transfer_syntax(proposed)
    if syntax is None:
        return AnsweredContext(proposed.id, _NO_ABSTRACT_SYNTAX, "")
    return AnsweredContext(proposed.id, _ACCEPTED if syntax else _NO_TRANSFER_SYNTAX, syntax)


def _agreed(request: AssociateRequest, accept: AssociateAccept) -> Iterator[PresentationContext]:
    """The accepted contexts, with our roles: the opposite of the requestor's (PS3.7 D.3.3.4)."""
    roles = {role.sop_class: role for role in accept.user.roles}
    for proposed, answer in zip(request.contexts, accept.contexts, strict=True):
        if answer.result == _ACCEPTED:
            uid = proposed.abstract_syntax
            role = roles.get(uid, RoleSelection(uid, True, False))
            yield PresentationContext(answer.id, uid, answer.transfer_syntax, role.scp, role.scu)

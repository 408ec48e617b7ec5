"""Association negotiation: presentation contexts, roles, extensions (PS3.7 D.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dicomsh import __version__
from dicomsh.dimse.associate import (
    Abort,
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ExtendedNegotiation,
    ProposedContext,
    RoleSelection,
    UserInformation,
    is_title,
)
from dicomsh.dimse.elements import ENCODINGS, LittleEndian
from dicomsh.dimse.pdu import MAX_PDU, SHORTEST_PDU
from dicomsh.errors import (
    AssociationAbortedError,
    AssociationRejectedError,
    ProtocolViolationError,
    UsageError,
)
from dicomsh.frozen import field, frozen
from dicomsh.model.extended_negotiation import Extensions, agreed, application_information
from dicomsh.model.levels import VERIFICATION, Model
from dicomsh.model.modality import Modality

IMPLEMENTATION_CLASS_UID = "2.25.85903601587723424137920537291301200142"
IMPLEMENTATION_VERSION = f"DICOMSH_{__version__}"[:16]

MOST_CONTEXTS = 128
"""Presentation context IDs are the odd numbers up to 255 (PS3.8 9.3.2.2)."""

_ACCEPTED = 0
_USUAL_MAX_PDU = 16_384
"""Assumed if a peer announces no maximum length, although it must (PS3.8 D.1)."""


@frozen
class Proposal:
    """A presentation context to propose, with the roles that we want.

    An abstract syntax may be proposed several times with different transfer syntaxes. Roles and
    information belong to the abstract syntax: they are requested if any of its proposals does.

    Args:
        abstract_syntax: its UID.
        transfer_syntaxes: their UIDs, the preferred one first.
        scu: whether we want to be the SCU.
        scp: whether we want to be the SCP, as we are for C-STORE during a C-GET.
        information: Service Class Application Information to propose, or empty.
    """

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...] = tuple(ENCODINGS)
    scu: bool = True
    scp: bool = False
    information: bytes = b""


@frozen
class PresentationContext:
    """An accepted presentation context (PS3.8 7.1.1.13), and the roles that we may play on it."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    scu: bool = True
    scp: bool = False

    @property
    def encoding(self) -> LittleEndian:
        """How data sets are encoded; raises KeyError for a transfer syntax of stored objects."""
        return ENCODINGS[self.transfer_syntax]


@frozen
class Agreement:
    """The result of a negotiation.

    Args:
        accepted: the accepted presentation contexts, as proposed.
        max_pdu: the longest PDU that the peer accepts; 0 for any.
        information: the peer's Service Class Application Information, by abstract syntax.
    """

    accepted: tuple[PresentationContext, ...]
    max_pdu: int
    information: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def contexts(self) -> dict[str, PresentationContext]:
        """The accepted presentation contexts by abstract syntax, the first of each."""
        first: dict[str, PresentationContext] = {}
        for context in self.accepted:
            first.setdefault(context.abstract_syntax, context)
        return first

    @property
    def by_id(self) -> dict[int, PresentationContext]:
        """The accepted presentation contexts by ID."""
        return {context.id: context for context in self.accepted}

    def on(self, abstract_syntax: str) -> tuple[PresentationContext, ...]:
        """All accepted presentation contexts of an abstract syntax."""
        return tuple(c for c in self.accepted if c.abstract_syntax == abstract_syntax)

    @property
    def extended(self) -> dict[str, Extensions]:
        """What the peer agreed to by extended negotiation, by abstract syntax."""
        return {uid: agreed(information) for uid, information in self.information.items()}

    @property
    def syntaxes(self) -> dict[int, tuple[str, str]]:
        """Abstract and transfer syntax by presentation context ID."""
        return {c.id: (c.abstract_syntax, c.transfer_syntax) for c in self.accepted}


def query_proposals(wanted: Extensions) -> tuple[Proposal, ...]:
    """The proposals of an association for queries: C-ECHO and C-FIND, with these extensions.

    The extensions belong to the information models (PS3.4 C.5.1.1, K.5.1.1); no information is sent
    if none are wanted.
    """
    # both of Query/Retrieve, because either may be useless: OsiriX offers no Patient Root
    # (pynetdicom #898), and Agfa returned nothing in it (dicomtrolley #38)
    information = application_information(wanted) if wanted else b""
    return (
        Proposal(VERIFICATION),
        *(Proposal(model.value, information=information) for model in Model),
    )


def associate_request(
    modality: Modality, proposals: Sequence[Proposal] | None = None
) -> AssociateRequest:
    """A-ASSOCIATE-RQ with these proposals, or by default with those for queries.

    Raises:
        UsageError: an AE title is not valid.
        ValueError: more than `MOST_CONTEXTS` proposals.
    """
    if proposals is None:
        proposals = query_proposals(modality.extended)
    if len(proposals) > MOST_CONTEXTS:
        raise ValueError(f"{len(proposals)} presentation contexts; at most {MOST_CONTEXTS}")
    for title in (modality.local_aet, modality.entity.aet):
        if not is_title(title):
            raise UsageError(
                f"{title!r} is not a valid AE title",
                hint="1 to 16 ASCII characters, no backslash",
            )
    contexts = tuple(
        ProposedContext(2 * number + 1, proposal.abstract_syntax, proposal.transfer_syntaxes)
        for number, proposal in enumerate(proposals)
    )
    return AssociateRequest(modality.entity.aet, modality.local_aet, contexts, _user(proposals))


def _user(proposals: Sequence[Proposal]) -> UserInformation:
    return UserInformation(
        MAX_PDU,
        IMPLEMENTATION_CLASS_UID,
        IMPLEMENTATION_VERSION,
        roles=tuple(_roles(proposals)),
        extended=tuple(_extended(proposals)),
    )


def _roles(proposals: Sequence[Proposal]) -> Iterator[RoleSelection]:
    """One item for each SOP class for which we want more than the SCU role (PS3.7 D.3.3.4)."""
    for uid in dict.fromkeys(proposal.abstract_syntax for proposal in proposals if proposal.scp):
        scu = any(proposal.scu for proposal in proposals if proposal.abstract_syntax == uid)
        yield RoleSelection(uid, scu, True)


def _extended(proposals: Sequence[Proposal]) -> Iterator[ExtendedNegotiation]:
    """One item for each SOP class proposed with information (PS3.7 D.3.3.5)."""
    wanted = {p.abstract_syntax: p.information for p in proposals if p.information}
    return (ExtendedNegotiation(uid, information) for uid, information in wanted.items())


def agreement(request: AssociateRequest, accept: AssociateAccept) -> Agreement:
    """What an A-ASSOCIATE-AC accepts of its request (PS3.8 9.3.3).

    A context that was not proposed, or was accepted with a transfer syntax that was not proposed,
    counts as not accepted; the others can be used.

    Raises:
        ProtocolViolationError: the peer accepts only PDUs too short for data.
    """
    information = {item.sop_class: item.information for item in accept.user.extended}
    return Agreement(tuple(_accepted(request, accept)), peer_max_pdu(accept.user), information)


def peer_max_pdu(user: UserInformation) -> int:
    """The longest PDU that a peer accepts; 0 for any.

    Raises:
        ProtocolViolationError: it accepts only PDUs too short for data.
    """
    max_pdu = _USUAL_MAX_PDU if user.max_pdu is None else user.max_pdu
    if 0 < max_pdu < SHORTEST_PDU:
        raise ProtocolViolationError(
            f"the peer accepts PDUs of at most {max_pdu} bytes, too short for data"
        )
    return max_pdu


def _accepted(request: AssociateRequest, accept: AssociateAccept) -> Iterator[PresentationContext]:
    answers: dict[int, AnsweredContext] = {}
    for answer in accept.contexts:
        answers.setdefault(answer.id, answer)
    for context in request.contexts:
        found = answers.get(context.id)
        if found is None or found.result != _ACCEPTED:
            continue
        if found.transfer_syntax in context.transfer_syntaxes:
            uid = context.abstract_syntax
            scu, scp = _granted(_role(request.user.roles, uid), _role(accept.user.roles, uid))
            yield PresentationContext(context.id, uid, found.transfer_syntax, scu, scp)


def _role(roles: Iterable[RoleSelection], sop_class: str) -> RoleSelection | None:
    return next((role for role in roles if role.sop_class == sop_class), None)


def _granted(wanted: RoleSelection | None, given: RoleSelection | None) -> tuple[bool, bool]:
    """The roles that we have, SCU and SCP; the default ones unless both sides sent role items.

    An acceptor can only reduce what was proposed (PS3.7 D.3.3.4.2).
    """
    if wanted is None or given is None:
        return True, False
    return wanted.scu and given.scu, wanted.scp and given.scp


_RESULTS = {1: "Rejected (Permanent)", 2: "Rejected (Transient)"}
_SOURCES = {
    1: "DUL service-user",
    2: "DUL service-provider (ACSE related)",
    3: "DUL service-provider (presentation related)",
}
_REASONS = {
    (1, 1): "No reason given",
    (1, 2): "Application context name not supported",
    (1, 3): "Calling AE title not recognised",
    (1, 7): "Called AE title not recognised",
    (2, 1): "No reason given",
    (2, 2): "Protocol version not supported",
    (3, 1): "Temporary congestion",
    (3, 2): "Local limit exceeded",
}
"""(source, reason) → text (PS3.8 table 9-21)."""


def rejection(reject: AssociateReject, modality: Modality) -> AssociationRejectedError:
    """The error for an A-ASSOCIATE-RJ, with a hint (PS3.8 9.3.4)."""
    result = _RESULTS.get(reject.result, f"result {reject.result}")
    source = _SOURCES.get(reject.source, f"source {reject.source}")
    reason = _REASONS.get((reject.source, reject.reason), f"reason {reject.reason}")
    return AssociationRejectedError(
        f"{modality.address} rejected the association: {reason} ({result}; {source})",
        hint=_rejection_hint(reject, modality),
    )


def _rejection_hint(reject: AssociateReject, modality: Modality) -> str | None:
    cause = (reject.source, reject.reason)
    if cause == (1, 3):
        return f"our AE title {modality.local_aet} must be added to the server's configuration"
    if cause == (1, 7):
        return (
            f"is the server's AE title {modality.entity.aet}? Some servers also answer this to"
            f" callers that they do not know: is our AE title {modality.local_aet} in their"
            " configuration?"
        )
    if cause == (1, 1):
        return f"does the server know our AE title {modality.local_aet} and our address?"
    if reject.result == 2:
        return "the server may be busy: try again later"
    return None


def closing_hint(modality: Modality) -> str:
    """What to ask about a server that closes the connection instead of answering A-ASSOCIATE-RQ."""
    tls, caller = modality.entity.tls, f"does the server know our AE title {modality.local_aet}?"
    if tls is None:
        port = modality.entity.port
        return f"is {port} its DICOM port, does it expect TLS (tls: true), and {caller}"
    if tls.cert is None:
        return f"does it require a client certificate (cert: and key: under tls:)? Else: {caller}"
    return f"does the server accept our certificate {tls.cert}, and {caller}"


_ABORT_SOURCES = {0: "service user", 2: "service provider"}
_ABORT_REASONS = {
    0: "reason not specified",
    1: "unrecognized PDU",
    2: "unexpected PDU",
    4: "unrecognized PDU parameter",
    5: "unexpected PDU parameter",
    6: "invalid PDU parameter value",
}


def abortion(abort: Abort, peer: str) -> AssociationAbortedError:
    """The error for an A-ABORT of a peer (PS3.8 9.3.8)."""
    who = _ABORT_SOURCES.get(abort.source, str(abort.source))
    why = _ABORT_REASONS.get(abort.reason, f"reason {abort.reason}")
    why = f", {why}" if abort.source == 2 else ""  # a service user gives no reason (PS3.8 9.3.8)
    return AssociationAbortedError(f"{peer} aborted the association (source: {who}{why})")

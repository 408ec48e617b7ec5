"""A-ASSOCIATE, A-RELEASE and A-ABORT on pynetdicom's PDU classes (PS3.8 9.3.2 to 9.3.8)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pynetdicom.pdu import (
    A_ABORT_RQ,
    A_ASSOCIATE_AC,
    A_ASSOCIATE_RJ,
    A_ASSOCIATE_RQ,
    A_RELEASE_RP,
    A_RELEASE_RQ,
)
from pynetdicom.pdu_primitives import (
    A_ABORT,
    A_ASSOCIATE,
    A_P_ABORT,
    A_RELEASE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SOPClassExtendedNegotiation,
)
from pynetdicom.presentation import PresentationContext, build_context, negotiate_as_requestor

from dicomsh import __version__
from dicomsh.dimse.elements import ENCODINGS, LittleEndian
from dicomsh.dimse.pdu import ASSOCIATE_AC, ASSOCIATE_RJ, MAX_PDU, SHORTEST_PDU
from dicomsh.errors import (
    AssociationAbortedError,
    AssociationRejectedError,
    ProtocolViolationError,
    UsageError,
)
from dicomsh.model.extended_negotiation import Extensions, agreed, application_information
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, VERIFICATION, Model
from dicomsh.model.modality import Modality

IMPLEMENTATION_CLASS_UID = "2.25.85903601587723424137920537291301200142"
IMPLEMENTATION_VERSION = f"DICOMSH_{__version__}"[:16]

_APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_ABSTRACT_SYNTAXES = (
    VERIFICATION,
    *(model.value for model in Model),
    MODALITY_WORKLIST_FIND,
)
_USUAL_MAX_PDU = 16_384
"""What is assumed of a peer that announces no maximum length."""


@dataclass(frozen=True, slots=True)
class Context:
    """An accepted presentation context (PS3.8 7.1.1.13)."""

    id: int
    abstract_syntax: str
    encoding: LittleEndian


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was negotiated.

    Args:
        contexts: the accepted presentation contexts by abstract syntax.
        max_pdu: the longest PDU that the peer takes; 0 for any.
        extended: what the peer agreed to by extended negotiation, by abstract syntax.
    """

    contexts: Mapping[str, Context]
    max_pdu: int
    extended: Mapping[str, Extensions] = field(default_factory=dict)

    @property
    def syntaxes(self) -> dict[int, tuple[str, str]]:
        """Abstract and transfer syntax by presentation context ID."""
        uids = {encoding: uid for uid, encoding in ENCODINGS.items()}
        contexts = self.contexts.values()
        return {c.id: (c.abstract_syntax, uids[c.encoding]) for c in contexts}


def associate_request(modality: Modality) -> bytes:
    """A-ASSOCIATE-RQ with one context for each service that we may use.

    Raises:
        UsageError: an AE title is not valid.
    """
    request = A_ASSOCIATE()
    request.application_context_name = _APPLICATION_CONTEXT
    try:
        request.calling_ae_title = modality.local_aet
        request.called_ae_title = modality.entity.aet
    except ValueError as problem:
        raise UsageError(
            f"an AE title is not valid: {problem}",
            hint="it has 1 to 16 characters of ASCII, without a backslash",
        ) from None
    request.presentation_context_definition_list = _proposed()
    request.user_information = [*_user_information(), *_extended(modality.extended)]
    return bytes(A_ASSOCIATE_RQ(request).encode())


def _proposed() -> list[PresentationContext]:
    contexts = [build_context(uid, list(ENCODINGS)) for uid in _ABSTRACT_SYNTAXES]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    return contexts


def _user_information() -> list[Any]:
    length = MaximumLengthNotification()
    length.maximum_length_received = MAX_PDU
    uid = ImplementationClassUIDNotification()
    uid.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION
    return [length, uid, version]


def _extended(wanted: Extensions) -> list[SOPClassExtendedNegotiation]:
    """One proposal for each FIND SOP Class (PS3.7 D.3.3.5); none when nothing is wanted."""
    return [_proposal(model.value, wanted) for model in Model] if wanted else []


def _proposal(sop_class: str, wanted: Extensions) -> SOPClassExtendedNegotiation:
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = sop_class
    item.service_class_application_information = application_information(wanted)
    return item


def read_accept(body: bytes) -> Agreement:
    """What an A-ASSOCIATE-AC agrees to (PS3.8 9.3.3).

    Raises:
        ProtocolViolationError: it is malformed, or agrees to what was not proposed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            accept = A_ASSOCIATE_AC()
            accept.decode(_whole(ASSOCIATE_AC, body))
            primitive = accept.to_primitive()
            results = primitive.presentation_context_definition_results_list
            contexts = negotiate_as_requestor(_proposed(), results)
            items = primitive.user_information
            lengths = [
                item.maximum_length_received
                for item in items
                if isinstance(item, MaximumLengthNotification)
            ]
            extended = dict(_agreed(items))
    except Exception as problem:  # whatever hostile bytes make the decoder raise
        raise ProtocolViolationError("received a malformed A-ASSOCIATE-AC") from problem
    accepted = [_accepted(context) for context in contexts if context.result == 0]
    max_pdu = lengths[0] if lengths else _USUAL_MAX_PDU
    if 0 < max_pdu < SHORTEST_PDU:
        raise ProtocolViolationError(f"the peer takes PDUs of {max_pdu} bytes, too short for data")
    return Agreement({context.abstract_syntax: context for context in accepted}, max_pdu, extended)


def _agreed(items: Iterable[Any]) -> Iterator[tuple[str, Extensions]]:
    for item in items:
        if isinstance(item, SOPClassExtendedNegotiation):
            information = item.service_class_application_information or b""
            yield str(item.sop_class_uid), agreed(information)


def _accepted(context: PresentationContext) -> Context:
    syntax = str(context.transfer_syntax[0]) if context.transfer_syntax else "none"
    if syntax not in ENCODINGS or context.context_id is None:
        raise ProtocolViolationError(f"the peer accepted a transfer syntax not proposed: {syntax}")
    return Context(context.context_id, str(context.abstract_syntax), ENCODINGS[syntax])


def _whole(kind: int, body: bytes) -> bytes:
    """The PDU with its header, as the decoders want it."""
    return bytes((kind, 0)) + len(body).to_bytes(4, "big") + body


def rejection(body: bytes, modality: Modality) -> AssociationRejectedError:
    """The error for an A-ASSOCIATE-RJ, in words and with what to do (PS3.8 9.3.4)."""
    reject = A_ASSOCIATE_RJ()
    reject.decode(_whole(ASSOCIATE_RJ, body.ljust(4, b"\0")))
    result = _words(reject, "result_str", f"result {reject.result}")
    source = _words(reject, "source_str", f"source {reject.source}")
    reason = _words(reject, "reason_str", f"reason {reject.reason_diagnostic}")
    return AssociationRejectedError(
        f"{modality.address} rejected the association: {reason} ({result}; {source})",
        hint=_rejection_hint(reject, modality),
    )


def _words(reject: A_ASSOCIATE_RJ, name: str, fallback: str) -> str:
    try:
        return str(getattr(reject, name))
    except ValueError:
        return fallback


def _rejection_hint(reject: A_ASSOCIATE_RJ, modality: Modality) -> str | None:
    cause = (reject.source, reject.reason_diagnostic)
    if cause == (1, 3):
        return f"our AE title {modality.local_aet} must be made known to the peer"
    if cause == (1, 7):
        return f"the peer does not go by the AE title {modality.entity.aet}: check 'aet'"
    if cause == (1, 1):
        return f"does it know our AE title {modality.local_aet}, and our address?"
    if reject.result == 2:
        return "it may be busy: try again in a while"
    return None


_ABORT_SOURCES = {0: "the service user", 2: "the service provider"}
_ABORT_REASONS = {
    0: "reason not specified",
    1: "unrecognized PDU",
    2: "unexpected PDU",
    4: "unrecognized PDU parameter",
    5: "unexpected PDU parameter",
    6: "invalid PDU parameter value",
}


def abortion(body: bytes, modality: Modality) -> AssociationAbortedError:
    """The error for an A-ABORT (PS3.8 9.3.8)."""
    source, reason = body.ljust(4, b"\0")[2:4]
    who = _ABORT_SOURCES.get(source, f"source {source}")
    why = f", {_ABORT_REASONS.get(reason, f'reason {reason}')}" if source == 2 else ""
    return AssociationAbortedError(f"{modality.address} aborted the association ({who}{why})")


def abort(by_provider: bool) -> bytes:
    """A-ABORT: of the service user, or of the provider for what the peer did wrong."""
    if by_provider:
        fault = A_P_ABORT()
        fault.provider_reason = 0
        return bytes(A_ABORT_RQ(fault).encode())
    abort = A_ABORT()
    abort.abort_source = 0
    return bytes(A_ABORT_RQ(abort).encode())


def release_request() -> bytes:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""
    return bytes(A_RELEASE_RQ(A_RELEASE()).encode())


def release_reply() -> bytes:
    """A-RELEASE-RP (PS3.8 9.3.7)."""
    return bytes(A_RELEASE_RP(A_RELEASE()).encode())

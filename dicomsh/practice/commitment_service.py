"""Storage commitment of the practice archive (PS3.4 annex J, Push Model), with faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from struct import pack
from typing import Any

from pynetdicom import build_context, build_role

from dicomsh.frozen import frozen
from dicomsh.model.commitment import (
    CLASS_CONFLICT,
    NO_SUCH_OBJECT,
    PROCESSING_FAILURE,
    PUSH_MODEL,
    PUSH_MODEL_INSTANCE,
    CommitmentReport,
    CommitmentRequest,
    Reference,
)
from dicomsh.model.modality import Faults
from dicomsh.model.status import SUCCESS
from dicomsh.model.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN
from dicomsh.practice.codec import Elements, element, item, read
from dicomsh.practice.destinations import Entity, associated, caller
from dicomsh.practice.holdings import Holdings
from dicomsh.practice.responses import Outlet, PeerGoneError, command_set, text, uint

_N_ACTION_RSP, _N_EVENT_REPORT_RQ = 0x8130, 0x0100
_REQUEST = 1
"""Action Type ID (PS3.4 J.3.2)."""
_NO_SUCH_ACTION = 0x0123
_INVALID_ARGUMENT = 0x0115
_ALL_COMMITTED, _SOME_FAILED = 1, 2
"""Event Type IDs (PS3.4 J.3.3)."""

_TRANSACTION, _FAILED, _REFERENCED = 0x00081195, 0x00081198, 0x00081199
_CLASS, _INSTANCE, _REASON = 0x00081150, 0x00081155, 0x00081197


@frozen
class CommitmentService:
    """Answers `EVT_N_ACTION`, and reports at once what it commits to.

    Args:
        holdings: what can be committed to.
        faults: the faults to show.
        known: host and port of application entities, by AE title.
    """

    holdings: Holdings
    faults: Faults
    known: Mapping[str, Entity]

    def handle(self, event: Any) -> tuple[int, None]:
        """Answer a request completely; pynetdicom has nothing left to do."""
        outlet = Outlet(event.assoc, event.assoc.requestor.maximum_length)
        try:
            self._answer(event, outlet)
        except PeerGoneError:
            pass
        except Exception:  # pynetdicom would swallow it and leave the peer waiting
            _respond(event, outlet, PROCESSING_FAILURE)
            raise
        return SUCCESS, None

    def _answer(self, event: Any, outlet: Outlet) -> None:
        request = _read(event)
        if isinstance(request, int):
            _respond(event, outlet, request)
            return
        _respond(event, outlet, SUCCESS)
        if self.faults.no_commitment_report:
            return
        report = self._report(request)
        if self.faults.separate_report:
            self._call_back(event, report)
        else:
            context = event.context
            explicit = context.transfer_syntax == EXPLICIT_LITTLE_ENDIAN
            _send(outlet, context.context_id, report, explicit)

    def _report(self, request: CommitmentRequest) -> CommitmentReport:
        reasons = [(one, self._reason(one)) for one in request.references]
        return CommitmentReport(
            request.transaction,
            tuple(one for one, reason in reasons if not reason),
            tuple((one, reason) for one, reason in reasons if reason),
        )

    def _reason(self, one: Reference) -> int:
        """Why an object is not committed to; 0 if it is."""
        held = self.holdings.sop_class(one.sop_instance)
        if held is None:
            return NO_SUCH_OBJECT
        return 0 if held == one.sop_class else CLASS_CONFLICT

    def _call_back(self, event: Any, report: CommitmentReport) -> None:
        """Report on an association that we open, as SCP (PS3.4 J.3.3)."""
        entity = caller(event, self.known)
        called = event.assoc.requestor.ae_title
        contexts = [build_context(PUSH_MODEL, EXPLICIT_LITTLE_ENDIAN)]
        roles = [build_role(PUSH_MODEL, scp_role=True)]
        with associated(event.assoc.ae, entity, called, contexts, roles) as association:
            if association is None or not association.accepted_contexts:
                return
            context = association.accepted_contexts[0].context_id
            outlet = Outlet(association, association.acceptor.maximum_length)
            _send(outlet, context, report, explicit=True)
            association.dimse.take()


def _read(event: Any) -> CommitmentRequest | int:
    """The request; the status to answer with if it is none."""
    if event.request.ActionTypeID != _REQUEST:
        return _NO_SUCH_ACTION
    explicit = event.context.transfer_syntax == EXPLICIT_LITTLE_ENDIAN
    information = event.request.ActionInformation
    try:
        elements = read(information.getvalue() if information else b"", explicit)
    except ValueError:
        return _INVALID_ARGUMENT
    references = elements.get(_REFERENCED, ("", ()))[1]
    transaction = _uid(elements, _TRANSACTION)
    if not transaction or not references or isinstance(references, bytes):
        return _INVALID_ARGUMENT
    found = (Reference(_uid(one, _CLASS), _uid(one, _INSTANCE)) for one in references)
    return CommitmentRequest(transaction, tuple(found))


def _uid(elements: Elements, tag: int) -> str:
    value = elements.get(tag, ("", b""))[1]
    return value.decode("ascii", "replace").strip(" \0") if isinstance(value, bytes) else ""


def _respond(event: Any, outlet: Outlet, status: int) -> None:
    """Send N-ACTION-RSP (PS3.7 10.3.5.2)."""
    command = command_set(
        text(0x00000002, "UI", PUSH_MODEL),
        uint(0x00000100, _N_ACTION_RSP),
        uint(0x00000120, event.request.MessageID),
        uint(0x00000800, 0x0101),
        uint(0x00000900, status),
        text(0x00001000, "UI", PUSH_MODEL_INSTANCE),
    )
    outlet.message(event.context.context_id, command)


def _send(outlet: Outlet, context: int, report: CommitmentReport, explicit: bool) -> None:
    """Send N-EVENT-REPORT-RQ (PS3.7 10.3.1.1)."""
    command = command_set(
        text(0x00000002, "UI", PUSH_MODEL),
        uint(0x00000100, _N_EVENT_REPORT_RQ),
        uint(0x00000110, 1),
        uint(0x00000800, 0x0001),
        text(0x00001000, "UI", PUSH_MODEL_INSTANCE),
        uint(0x00001002, _SOME_FAILED if report.failed else _ALL_COMMITTED),
    )
    outlet.message(context, command, [_written(report, explicit)])


def _written(report: CommitmentReport, explicit: bool) -> bytes:
    """Event Information (PS3.4 tables J.3-2 and J.3-3)."""
    committed = [_reference(one, explicit) for one in report.committed]
    failed = [
        _reference(one, explicit) + element(_REASON, "US", pack("<H", reason), explicit)
        for one, reason in report.failed
    ]
    return (
        element(_TRANSACTION, "UI", report.transaction.encode("ascii", "replace"), explicit)
        + _sequence(_FAILED, failed, explicit)
        + _sequence(_REFERENCED, committed, explicit)
    )


def _sequence(tag: int, items: Sequence[bytes], explicit: bool) -> bytes:
    return element(tag, "SQ", b"".join(map(item, items)), explicit) if items else b""


def _reference(one: Reference, explicit: bool) -> bytes:
    pairs: Iterable[tuple[int, str]] = ((_CLASS, one.sop_class), (_INSTANCE, one.sop_instance))
    return b"".join(
        element(tag, "UI", uid.encode("ascii", "replace"), explicit) for tag, uid in pairs
    )

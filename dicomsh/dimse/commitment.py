"""Storage commitment on an association: N-ACTION and N-EVENT-REPORT (PS3.4 annex J, PS3.7 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from struct import pack

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import (
    ACTION_REQUEST,
    ACTION_RESPONSE,
    EVENT_REPORT_REQUEST,
    EVENT_REPORT_RESPONSE,
    CommandSet,
    write_command,
)
from dicomsh.dimse.elements import LittleEndian, item
from dicomsh.dimse.negotiation import PresentationContext
from dicomsh.dimse.pdu import Message, Sink
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError, ProtocolViolationError
from dicomsh.model.commitment import (
    PROCESSING_FAILURE,
    PUSH_MODEL,
    PUSH_MODEL_INSTANCE,
    CommitmentReport,
    CommitmentRequest,
    Reference,
)

REQUEST_COMMITMENT = 1
"""Action Type ID (PS3.4 J.3.2)."""
_ALL_COMMITTED, _SOME_FAILED = 1, 2
"""Event Type IDs (PS3.4 J.3.3)."""

_REFERENCED_CLASS, _REFERENCED_INSTANCE = 0x00081150, 0x00081155
_TRANSACTION = 0x00081195
_FAILURE_REASON = 0x00081197
_FAILED_SEQUENCE, _REFERENCED_SEQUENCE = 0x00081198, 0x00081199


def write_request(request: CommitmentRequest, encoding: LittleEndian) -> bytes:
    """Action Information (PS3.4 table J.3-1)."""
    return _transaction(request.transaction, encoding) + _sequence(
        _REFERENCED_SEQUENCE, (_reference(one, encoding) for one in request.references), encoding
    )


def write_report(report: CommitmentReport, encoding: LittleEndian) -> bytes:
    """Event Information (PS3.4 tables J.3-2 and J.3-3); a sequence without items is left out."""
    committed = [_reference(one, encoding) for one in report.committed]
    failed = [
        _reference(one, encoding) + encoding.element(_FAILURE_REASON, "US", pack("<H", reason))
        for one, reason in report.failed
    ]
    return (
        _transaction(report.transaction, encoding)
        + (_sequence(_FAILED_SEQUENCE, failed, encoding) if failed else b"")
        + (_sequence(_REFERENCED_SEQUENCE, committed, encoding) if committed else b"")
    )


def _transaction(uid: str, encoding: LittleEndian) -> bytes:
    return encoding.element(_TRANSACTION, "UI", _uid(uid))


def _reference(one: Reference, encoding: LittleEndian) -> bytes:
    return encoding.element(_REFERENCED_CLASS, "UI", _uid(one.sop_class)) + encoding.element(
        _REFERENCED_INSTANCE, "UI", _uid(one.sop_instance)
    )


def _sequence(tag: int, items: Sequence[bytes] | Iterator[bytes], encoding: LittleEndian) -> bytes:
    return encoding.element(tag, "SQ", b"".join(item(one) for one in items))


def _uid(text: str) -> bytes:
    raw = text.encode("ascii", "replace")
    return raw + b"\0" * (len(raw) % 2)


def read_request(data: bytes, encoding: LittleEndian) -> CommitmentRequest:
    """The request in Action Information; raises ProtocolViolationError if it is malformed."""
    elements = encoding.split(data)
    found = _references(elements.get(_REFERENCED_SEQUENCE, b""), encoding)
    return CommitmentRequest(_text(elements.get(_TRANSACTION)), tuple(one for one, _ in found))


def read_report(data: bytes, encoding: LittleEndian) -> CommitmentReport:
    """The report in Event Information; raises ProtocolViolationError if it is malformed."""
    elements = encoding.split(data)
    committed = _references(elements.get(_REFERENCED_SEQUENCE, b""), encoding)
    failed = _references(elements.get(_FAILED_SEQUENCE, b""), encoding)
    transaction = _text(elements.get(_TRANSACTION))
    return CommitmentReport(transaction, tuple(one for one, _ in committed), tuple(failed))


def _references(value: bytes, encoding: LittleEndian) -> Iterator[tuple[Reference, int]]:
    for data in encoding.items(value)[0]:
        inside = encoding.split(data)
        reason = inside.get(_FAILURE_REASON, b"")[:2]
        yield (
            Reference(
                _text(inside.get(_REFERENCED_CLASS)), _text(inside.get(_REFERENCED_INSTANCE))
            ),
            int.from_bytes(reason, "little") if reason else PROCESSING_FAILURE,
        )


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("ascii", "replace").strip(" \0")


def send_report(
    association: Association, context: PresentationContext, report: CommitmentReport
) -> int:
    """Send N-EVENT-REPORT-RQ; the Message ID that its response will name."""
    message_id = association.next_message_id()
    request = CommandSet(
        EVENT_REPORT_REQUEST,
        message_id,
        True,
        sop_class=PUSH_MODEL,
        sop_instance=PUSH_MODEL_INSTANCE,
        event_type=_SOME_FAILED if report.failed else _ALL_COMMITTED,
    )
    data = write_report(report, context.encoding)
    association.send(context, write_command(request), data)
    return message_id


def accept_report(
    association: Association, context: PresentationContext, request: CommandSet, data: bytes
) -> CommitmentReport:
    """Read an N-EVENT-REPORT-RQ and answer it; raises ProtocolViolationError if malformed."""
    report = read_report(data, context.encoding)
    association.send(context, write_command(request.answered(0, event_type=request.event_type)))
    return report


class Operation(ServiceUser):
    """A request of ours about storage commitment, and what may follow on its association.

    Args:
        association: open, and with no operation in progress.
        context: that of the Push Model.
    """

    def __init__(self, association: Association, context: PresentationContext) -> None:
        self._association = association
        self._context = context
        loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[CommandSet] = loop.create_future()

    def received(self, messages: list[Message]) -> None:
        """Take the messages of one read.

        Raises:
            ProtocolViolationError: one does not belong to this operation.
        """
        for _, command, data in messages:
            self._take(command, data)

    def _take(self, command: CommandSet, data: bytes) -> None:
        del data
        if command.field not in (ACTION_RESPONSE, EVENT_REPORT_RESPONSE):
            raise ProtocolViolationError(f"received an unexpected {command.title}")
        if not self.answered.done():
            self.answered.set_result(command)

    def lost(self, error: DicomshError) -> None:
        """The association is gone."""
        if not self.answered.done():
            self.answered.set_exception(error)
            self.answered.exception()  # or asyncio logs it, if nobody is waiting any more


class Reporting(Operation):
    """An N-EVENT-REPORT on an association that we opened for it."""

    title = "N-EVENT-REPORT"

    def begin(self, report: CommitmentReport) -> None:
        """Send the report; raises AssociationAbortedError if the association is gone."""
        self._association.take(self)
        send_report(self._association, self._context, report)


class Requesting(Operation):
    """An N-ACTION; the report may come on the same association.

    Args:
        association: open, and with no operation in progress.
        context: that of the Push Model.
        learn: is called with a report.
    """

    title = "N-ACTION"

    def __init__(
        self,
        association: Association,
        context: PresentationContext,
        learn: Callable[[CommitmentReport], None],
    ) -> None:
        super().__init__(association, context)
        self._learn = learn

    def begin(self, request: CommitmentRequest) -> None:
        """Send the request; raises AssociationAbortedError if the association is gone."""
        command = CommandSet(
            ACTION_REQUEST,
            self._association.next_message_id(),
            True,
            sop_class=PUSH_MODEL,
            sop_instance=PUSH_MODEL_INSTANCE,
            action_type=REQUEST_COMMITMENT,
        )
        data = write_request(request, self._context.encoding)
        self._association.begin(self, self._context, write_command(command), data)

    def requested(self, context_id: int, request: CommandSet) -> Sink | None:
        """Only a report may come."""
        del context_id
        if request.field != EVENT_REPORT_REQUEST:
            raise ProtocolViolationError(f"received an unexpected {request.title}")
        return None

    def _take(self, command: CommandSet, data: bytes) -> None:
        if command.field == EVENT_REPORT_REQUEST:
            self._learn(accept_report(self._association, self._context, command, data))
        else:
            super()._take(command, data)

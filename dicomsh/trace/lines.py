"""A conversation for people: a title for each PDU or message, with lines below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from struct import error

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import DicomshError
from dicomsh.model.keys import by_tag
from dicomsh.model.row import Row, Source
from dicomsh.model.safe import visible
from dicomsh.model.standard import uid_name
from dicomsh.model.status import PENDING, words
from dicomsh.trace.conversation import Event, Noise, Proposal, TracedMessage, TracedPdu, proposals
from dicomsh.trace.fields import ABORT, ASSOCIATE_AC, ASSOCIATE_RQ, P_DATA, PDU_NAMES, PduField

Shown = Callable[[int, str], str]
"""Turns the text of a tag's value into what may be shown; masking replaces it."""

TitledLines = tuple[str, list[str]]
"""A title and the lines below it."""

_COMMANDS = {
    0x0001: "C-STORE-RQ",
    0x8001: "C-STORE-RSP",
    0x0010: "C-GET-RQ",
    0x8010: "C-GET-RSP",
    0x0020: "C-FIND-RQ",
    0x8020: "C-FIND-RSP",
    0x0021: "C-MOVE-RQ",
    0x8021: "C-MOVE-RSP",
    0x0030: "C-ECHO-RQ",
    0x8030: "C-ECHO-RSP",
    0x0FFF: "C-CANCEL-RQ",
    0x0100: "N-EVENT-REPORT-RQ",
    0x8100: "N-EVENT-REPORT-RSP",
    0x0110: "N-GET-RQ",
    0x8110: "N-GET-RSP",
    0x0120: "N-SET-RQ",
    0x8120: "N-SET-RSP",
    0x0130: "N-ACTION-RQ",
    0x8130: "N-ACTION-RSP",
    0x0140: "N-CREATE-RQ",
    0x8140: "N-CREATE-RSP",
    0x0150: "N-DELETE-RQ",
    0x8150: "N-DELETE-RSP",
}
"""Command Field → the name of the message (PS3.7 E.1)."""

_COMMAND_FIELD = 0x00000100
_MESSAGE_ID = 0x00000110
_RESPONDED_TO = 0x00000120
_STATUS = 0x00000900
_COUNTERS = {
    0x00001021: "completed",
    0x00001022: "failed",
    0x00001023: "with warning",
    0x00001020: "remaining",
}
"""Numbers of sub-operations of a C-GET or C-MOVE (PS3.7 9.1.3.1)."""
_RETRIEVALS = (0x8010, 0x8021)
_LONGEST = 200
"""Characters shown of one value; a longer one is cut, with a note."""
_NOISE = 64
_MOST_HEXADECIMAL = 1024
"""Bytes of one field; of a longer one, pixels mostly, the beginning is shown."""
_HOLDS_VALUES = frozenset({"Value", "Fragment", "Data", "Not expected here"})
_WIDTH = 8
"""Bytes per line: most fit in 80 columns with the name of their field."""


def as_typed(tag: int, text: str) -> str:
    """Every value unchanged."""
    del tag
    return text


def lines_of(event: Event, *, hexadecimal: bool, shown: Shown = as_typed) -> TitledLines | None:
    """A title and lines for an event; None if there is nothing to show.

    Args:
        event: the event.
        hexadecimal: whether to show every byte of a PDU with its field name.
        shown: how values may be shown.
    """
    if isinstance(event, Noise):
        title = f"{len(event.raw)} bytes that are not DICOM"
        if shown is not as_typed:
            return f"{title}, masked", []
        rest = f", the first {_NOISE}:" if len(event.raw) > _NOISE else ":"
        return title + rest, list(_hexadecimal([PduField(event.raw[:_NOISE], "")], masked=False))
    if isinstance(event, TracedMessage):
        return _title(event), _message(event, shown)
    if event.kind == P_DATA and not hexadecimal:
        return None
    lines = _summary(event)
    if hexadecimal:
        lines += _hexadecimal(event.fields, masked=shown is not as_typed)
    return f"{PDU_NAMES[event.kind]}  {len(event.raw)} bytes{_who(event)}", lines


def _who(pdu: TracedPdu) -> str:
    """The two AE titles of an association request."""
    if pdu.kind != ASSOCIATE_RQ:
        return ""
    named = {field.name: visible(field.text) for field in pdu.fields}
    return f"  {named.get('Calling-AE-title', '')} to {named.get('Called-AE-title', '')}"


def _summary(pdu: TracedPdu) -> list[str]:
    """The lines of an association, release or abort PDU."""
    if pdu.kind in (ASSOCIATE_RQ, ASSOCIATE_AC):
        return [*_user_information(pdu.fields), *_contexts(pdu)]
    wanted = {"Result", "Source", "Reason/Diag."}
    said = [f"{f.name.lower()}: {f.text}" for f in pdu.fields if f.name in wanted]
    by_user = pdu.kind == ABORT and "source: 0 DICOM UL service-user" in said
    return said[:1] if by_user else said  # a user's abort has no reason (PS3.8 9.3.8)


_USER_INFORMATION = {
    "Application-context-name": "application context",
    "Maximum-length-received": "maximum PDU length",
    "Implementation-class-uid": "implementation class",
    "Implementation-version-name": "implementation version",
    "SOP-class-uid": "negotiated for",
}


def _user_information(fields: Iterator[PduField]) -> Iterator[str]:
    for field in fields:
        label = _USER_INFORMATION.get(field.name)
        if label == "maximum PDU length":
            any_length = " (any)" if field.text == "0" else " bytes"
            yield f"{label:<23} {field.text}{any_length}"
        elif label:
            yield f"{label:<23} {_uid(field.text)}"


def _contexts(pdu: TracedPdu) -> Iterator[str]:
    for proposal in proposals(pdu.fields):
        head = f"context {proposal.id}"
        if proposal.result is None:
            transfer = ", ".join(_name(uid) for uid in proposal.transfer)
            yield f"{head:<11} {_uid(proposal.abstract)}"
            yield f"{'':<11} in {transfer}"
        else:
            yield f"{head:<11} {_answered(proposal, pdu)}"


def _answered(answer: Proposal, pdu: TracedPdu) -> str:
    if answer.result is None or not answer.result.startswith("0 "):
        return f"refused: {answer.result}"
    abstract, _ = pdu.agreed.get(answer.id, ("", ""))
    return f"accepted: {_name(abstract)}, {_name(''.join(answer.transfer))}"


def _name(uid: str) -> str:
    """The name of a UID in the standard; the UID itself for any other."""
    return visible(uid_name(uid).replace("Query/Retrieve Information Model", "Q/R"))


def _uid(uid: str) -> str:
    name = _name(uid)
    return name if name == uid else f"{name}  {visible(uid)}"


def _title(message: TracedMessage) -> str:
    row = _row(message.command, IMPLICIT_LITTLE_ENDIAN)
    number = _number(row, _COMMAND_FIELD)
    unknown = f"message with Command Field 0x{number:04X}"
    name = _COMMANDS.get(number, unknown if message.command else "data set without a command")
    parts = [name]
    for tag, label in ((_MESSAGE_ID, "message"), (_RESPONDED_TO, "to message")):
        if tag in row.elements:
            parts.append(f"{label} {_number(row, tag)}")
    if _STATUS in row.elements:
        parts.append(_status(number, _number(row, _STATUS)))
    parts.append(f"context {message.context} {_name(message.syntaxes[0])}".strip())
    data = f" + {message.size}" if message.size else ""
    return "  ".join([*parts, f"{len(message.command)}{data} bytes"])


def _status(message: int, code: int) -> str:
    if message in _RETRIEVALS and code == PENDING:  # not as for a C-FIND (PS3.4 table C.4-2)
        return f"0x{code:04X} Pending: Sub-operations are continuing"
    return words(code)


def _number(row: Row, tag: int) -> int:
    return int.from_bytes(row.elements.get(tag, b"")[:2], "little")


def _row(data: bytes, transfer: str) -> Row:
    """A data set; of a malformed one, what can be read."""
    return Row(data, Source(ENCODINGS.get(transfer, ENCODINGS[IMPLICIT_LITTLE_ENDIAN])))


_SAID_IN_TITLE = (0x00000000, 0x00000002, _COMMAND_FIELD, _MESSAGE_ID, _RESPONDED_TO, _STATUS)


def _message(message: TracedMessage, shown: Shown) -> list[str]:
    command = _row(message.command, IMPLICIT_LITTLE_ENDIAN)
    silent = (*_SAID_IN_TITLE, *_COUNTERS, 0x700, 0x800)
    said = [tag for tag in command.elements if tag not in silent]
    lines = [line for tag in said for line in _element(command, tag, "", shown)]
    counted = [tag for tag in _COUNTERS if tag in command.elements]
    if counted:
        numbers = ", ".join(f"{_number(command, tag):,} {_COUNTERS[tag]}" for tag in counted)
        lines.append(f"sub-operations: {numbers}")
    if message.size and not message.identifier:
        where = "received" if not message.sent else "sent"
        syntax = _name(message.syntaxes[1]) or "an unknown transfer syntax"
        return [*lines, f"the object, in {syntax}: {message.size:,} bytes {where}, not shown"]
    if not message.identifier:
        return lines
    data = _row(message.identifier, message.syntaxes[1])
    if data.irregular and data.irregular.fault:
        size = len(message.identifier)
        lines.append(f"a malformed data set of {size} bytes: {data.irregular.fault}")
    return lines + [line for tag in data.elements for line in _element(data, tag, "", shown)]


def _element(row: Row, tag: int, indent: str, shown: Shown) -> Iterator[str]:
    """`(0010,0010) PN   8  PatientName              JOD*`, and the items of a sequence below it."""
    attribute = by_tag(tag)
    vr, length = row.vr(tag), len(row.elements[tag])
    keyword = attribute.keyword if attribute.name != "Unknown" else "private or unknown"
    head = f"{indent}{attribute.tag_text} {vr} {length:>4}  {keyword}"
    value = "" if vr == "SQ" or not length else _value(row, tag, shown)
    yield f"{head:<44}  {value}".rstrip()
    if vr == "SQ":
        yield from _items(row, tag, indent, shown)


def _value(row: Row, tag: int, shown: Shown) -> str:
    try:
        text = shown(tag, row.text(tag) or "")
    except (DicomshError, ValueError, error):
        return "(cannot be read)"
    cut = f"… ({len(text)} characters)" if len(text) > _LONGEST else ""
    return visible(text[:_LONGEST]) + cut


def _items(row: Row, tag: int, indent: str, shown: Shown) -> Iterator[str]:
    items, fault = row.items(tag)
    if fault:
        yield f"{indent}> malformed: {fault}"
    for number, item in enumerate(items, 1):
        yield f"{indent}> item {number}"
        for inner in item.elements:
            yield from _element(item, inner, f"{indent}> ", shown)


def _hexadecimal(fields: Iterable[PduField], masked: bool) -> Iterator[str]:
    """`0006  00 01     Protocol-version  1`: offset, bytes, name and meaning of each field."""
    offset = 0
    for field in fields:
        indent = "  " * field.depth
        label = f"{indent}{field.name}  {visible(field.text)}".rstrip()
        if masked and field.name in _HOLDS_VALUES:
            yield f"{offset:04x}  {f'{len(field.raw)} bytes, masked':<{3 * _WIDTH}}{label}"
        else:
            shown = field.raw if len(field.raw) <= _MOST_HEXADECIMAL else field.raw[:_NOISE]
            for start in range(0, len(shown), _WIDTH):
                raw = shown[start : start + _WIDTH].hex(" ")
                yield f"{offset + start:04x}  {raw:<{3 * _WIDTH}}{label}".rstrip()
                label = f"{indent}…"
            if left := len(field.raw) - len(shown):
                yield f"{offset + len(shown):04x}  {f'{left:,} bytes more':<{3 * _WIDTH}}{label}"
        offset += len(field.raw)

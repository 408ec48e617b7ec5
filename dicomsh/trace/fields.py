"""Every byte of a PDU with its name in the standard (PS3.8 9.3 and annex D, PS3.5 7.1).

Whatever the bytes, the fields cover each once and in order, and nothing is raised: bytes that do
not fit become a field that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from struct import error, unpack
from typing import NamedTuple

from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.extents import Extent, extents
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.keys import by_tag, tag_pair

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)

PDU_NAMES = {
    ASSOCIATE_RQ: "A-ASSOCIATE-RQ",
    ASSOCIATE_AC: "A-ASSOCIATE-AC",
    ASSOCIATE_RJ: "A-ASSOCIATE-RJ",
    P_DATA: "P-DATA-TF",
    RELEASE_RQ: "A-RELEASE-RQ",
    RELEASE_RP: "A-RELEASE-RP",
    ABORT: "A-ABORT",
}

CONTEXT_RESULTS = {
    0: "acceptance",
    1: "user-rejection",
    2: "no-reason (provider rejection)",
    3: "abstract-syntax-not-supported",
    4: "transfer-syntaxes-not-supported",
}
"""Result/reason of a presentation context (PS3.8 table 9-18)."""

REJECT_RESULTS = {1: "rejected-permanent", 2: "rejected-transient"}
REJECT_SOURCES = {
    1: "DICOM UL service-user",
    2: "DICOM UL service-provider (ACSE)",
    3: "DICOM UL service-provider (Presentation)",
}
REJECT_REASONS = {
    (1, 1): "no-reason-given",
    (1, 2): "application-context-name-not-supported",
    (1, 3): "calling-AE-title-not-recognized",
    (1, 7): "called-AE-title-not-recognized",
    (2, 1): "no-reason-given",
    (2, 2): "protocol-version-not-supported",
    (3, 1): "temporary-congestion",
    (3, 2): "local-limit-exceeded",
}
"""Source and reason → words (PS3.8 table 9-21)."""

ABORT_SOURCES = {0: "DICOM UL service-user", 2: "DICOM UL service-provider"}
ABORT_REASONS = {
    0: "reason-not-specified",
    1: "unrecognized-PDU",
    2: "unexpected-PDU",
    4: "unrecognized-PDU-parameter",
    5: "unexpected-PDU-parameter",
    6: "invalid-PDU-parameter-value",
}

COMMAND, LAST = 0x01, 0x02

_LONGEST = 200
"""Bytes of a text shown; names and UIDs have at most 64."""

Syntaxes = Mapping[int, tuple[str, str]]
"""Presentation context ID → abstract and transfer syntax."""


class PduField(NamedTuple):
    """A stretch of a PDU.

    Args:
        raw: its bytes.
        name: its name in the standard.
        text: its meaning, or empty.
        depth: the number of enclosing items.
    """

    raw: bytes
    name: str
    text: str = ""
    depth: int = 0


def fields_of(pdu: bytes, agreed: Syntaxes) -> Iterator[PduField]:
    """The fields of a PDU.

    Args:
        pdu: the complete PDU, header included.
        agreed: how the data sets on each presentation context are encoded.
    """
    cursor = _PduCursor(pdu)
    kind = cursor.peek()
    yield cursor.take(1, "PDU-type", lambda raw: PDU_NAMES.get(raw[0], "unknown"))
    yield cursor.take(1, "Reserved")
    yield cursor.take(4, "PDU-length", _number)
    if kind in (ASSOCIATE_RQ, ASSOCIATE_AC):
        yield from _associate(cursor)
    elif kind == P_DATA:
        yield from _values(cursor, agreed)
    elif kind == ASSOCIATE_RJ:
        yield from _reject(cursor)
    elif kind == ABORT:
        yield from _abort(cursor)
    elif kind in (RELEASE_RQ, RELEASE_RP):
        yield cursor.take(4, "Reserved")
    yield from cursor.rest("Not expected here")


class _PduCursor:
    """Takes fields off the front of some bytes; fields missing at the end are left out."""

    def __init__(self, data: bytes, depth: int = 0) -> None:
        self._data = data
        self._offset = 0
        self._depth = depth

    @property
    def left(self) -> int:
        """Bytes not taken yet."""
        return len(self._data) - self._offset

    def peek(self, offset: int = 0) -> int:
        """The next byte, or -1 at the end."""
        place = self._offset + offset
        return self._data[place] if place < len(self._data) else -1

    def take(self, size: int, name: str, show: Callable[[bytes], str] | None = None) -> PduField:
        """The next `size` bytes as a field."""
        raw = self._data[self._offset : self._offset + size]
        self._offset += len(raw)
        if len(raw) < size:
            return PduField(raw, name, f"cut short: {len(raw)} of {size} bytes", self._depth)
        return PduField(raw, name, show(raw) if show and raw else "", self._depth)

    def rest(self, name: str) -> Iterator[PduField]:
        """The remaining bytes, if any, as a field."""
        if self.left:
            yield self.take(self.left, name)

    def inside(self, size: int) -> _PduCursor:
        """The next `size` bytes, to be parsed one level deeper."""
        raw = self.take(size, "").raw
        return _PduCursor(raw, self._depth + 1)


def _number(raw: bytes) -> str:
    return str(int.from_bytes(raw, "big"))


def _text(raw: bytes) -> str:
    return raw[:_LONGEST].decode("ascii", "backslashreplace").strip(" \0")


def _named(names: Mapping[int, str]) -> Callable[[bytes], str]:
    def show(raw: bytes) -> str:
        return f"{raw[0]} {names.get(raw[0], 'unknown')}"

    return show


def _associate(cursor: _PduCursor) -> Iterator[PduField]:
    """A-ASSOCIATE-RQ and -AC (PS3.8 9.3.2, 9.3.3)."""
    yield cursor.take(2, "Protocol-version", _number)
    yield cursor.take(2, "Reserved")
    yield cursor.take(16, "Called-AE-title", _text)
    yield cursor.take(16, "Calling-AE-title", _text)
    yield cursor.take(32, "Reserved")
    yield from _items(cursor)


def _items(cursor: _PduCursor) -> Iterator[PduField]:
    while cursor.left:
        kind = cursor.peek()
        yield cursor.take(1, "Item-type", lambda raw: f"{raw[0]:02X}H {_item_name(raw[0])}")
        yield cursor.take(1, "Reserved")
        length = cursor.take(2, "Item-length", _number)
        yield length
        inside = cursor.inside(int.from_bytes(length.raw, "big"))
        yield from _ITEMS.get(kind, (_other, ""))[0](inside)
        yield from inside.rest("Not expected here")


def _item_name(kind: int) -> str:
    return _ITEMS.get(kind, (_other, "unknown item"))[1]


def _other(cursor: _PduCursor) -> Iterator[PduField]:
    return cursor.rest("Data")


def _whole(name: str, show: Callable[[bytes], str]) -> Callable[[_PduCursor], Iterator[PduField]]:
    def walk(cursor: _PduCursor) -> Iterator[PduField]:
        yield cursor.take(cursor.left, name, show)

    return walk


def _proposed(cursor: _PduCursor) -> Iterator[PduField]:
    yield cursor.take(1, "Presentation-context-ID", _number)
    yield cursor.take(3, "Reserved")
    yield from _items(cursor)


def _answered(cursor: _PduCursor) -> Iterator[PduField]:
    yield cursor.take(1, "Presentation-context-ID", _number)
    yield cursor.take(1, "Reserved")
    yield cursor.take(1, "Result/Reason", _named(CONTEXT_RESULTS))
    yield cursor.take(1, "Reserved")
    yield from _items(cursor)


def _maximum(cursor: _PduCursor) -> Iterator[PduField]:
    yield cursor.take(4, "Maximum-length-received", _number)


def _operations(cursor: _PduCursor) -> Iterator[PduField]:
    yield cursor.take(2, "Maximum-number-operations-invoked", _number)
    yield cursor.take(2, "Maximum-number-operations-performed", _number)


def _sop_class(cursor: _PduCursor) -> Iterator[PduField]:
    length = cursor.take(2, "UID-length", _number)
    yield length
    yield cursor.take(int.from_bytes(length.raw, "big"), "SOP-class-uid", _text)


def _roles(cursor: _PduCursor) -> Iterator[PduField]:
    yield from _sop_class(cursor)
    yield cursor.take(1, "SCU-role", _number)
    yield cursor.take(1, "SCP-role", _number)


def _extended(cursor: _PduCursor) -> Iterator[PduField]:
    yield from _sop_class(cursor)
    yield from cursor.rest("Service-class-application-information")


_ITEMS: Mapping[int, tuple[Callable[[_PduCursor], Iterator[PduField]], str]] = {
    0x10: (_whole("Application-context-name", _text), "Application Context"),
    0x20: (_proposed, "Presentation Context"),
    0x21: (_answered, "Presentation Context"),
    0x30: (_whole("Abstract-syntax-name", _text), "Abstract Syntax"),
    0x40: (_whole("Transfer-syntax-name", _text), "Transfer Syntax"),
    0x50: (_items, "User Information"),
    0x51: (_maximum, "Maximum Length"),
    0x52: (_whole("Implementation-class-uid", _text), "Implementation Class UID"),
    0x53: (_operations, "Asynchronous Operations Window"),
    0x54: (_roles, "SCP/SCU Role Selection"),
    0x55: (_whole("Implementation-version-name", _text), "Implementation Version Name"),
    0x56: (_extended, "SOP Class Extended Negotiation"),
    0x57: (_other, "SOP Class Common Extended Negotiation"),
    0x58: (_other, "User Identity Negotiation (request)"),
    0x59: (_other, "User Identity Negotiation (response)"),
}


def _reject(cursor: _PduCursor) -> Iterator[PduField]:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    yield cursor.take(1, "Reserved")
    yield cursor.take(1, "Result", _named(REJECT_RESULTS))
    source = cursor.peek()
    yield cursor.take(1, "Source", _named(REJECT_SOURCES))
    reasons = {reason: words for (of, reason), words in REJECT_REASONS.items() if of == source}
    yield cursor.take(1, "Reason/Diag.", _named(reasons))


def _abort(cursor: _PduCursor) -> Iterator[PduField]:
    """A-ABORT (PS3.8 9.3.8)."""
    yield cursor.take(2, "Reserved")
    yield cursor.take(1, "Source", _named(ABORT_SOURCES))
    yield cursor.take(1, "Reason/Diag.", _named(ABORT_REASONS))


def _values(cursor: _PduCursor, agreed: Syntaxes) -> Iterator[PduField]:
    """P-DATA-TF (PS3.8 9.3.5, E.2)."""
    while cursor.left:
        length = cursor.take(4, "Item-length", _number)
        yield length
        inside = cursor.inside(int.from_bytes(length.raw, "big"))
        context, control = inside.peek(), inside.peek(1)
        yield inside.take(1, "Presentation-context-ID", _number)
        yield inside.take(1, "Message control header", _control)
        data = inside.take(inside.left, "Fragment")
        explicit = not control & COMMAND and agreed.get(context, ("", ""))[1]
        yield from _elements(data, explicit == EXPLICIT_LITTLE_ENDIAN)


def _control(raw: bytes) -> str:
    part = "command" if raw[0] & COMMAND else "data set"
    return f"{part}, {'last fragment' if raw[0] & LAST else 'more to come'}"


def _elements(fragment: PduField, explicit: bool) -> Iterator[PduField]:
    """The complete elements of a fragment; it may begin inside an element."""
    data, done = fragment.raw, 0
    try:
        for place in extents(data, explicit=explicit):
            yield from _element(data, done, place, fragment.depth)
            done = place.after
    except (ProtocolViolationError, error):
        yield PduField(data[done:], fragment.name, f"{len(data) - done} bytes", fragment.depth)


def _element(data: bytes, begin: int, place: Extent, depth: int) -> Iterator[PduField]:
    tag, vr, start, stop, after = place
    attribute = by_tag(tag)
    yield PduField(data[begin : begin + 4], "Tag", f"({tag_pair(tag)}) {attribute.keyword}", depth)
    size = 2 if vr and start - begin == 8 else 4  # of the length
    head = begin + 4
    if vr:
        yield PduField(data[head : head + 2], "VR", vr, depth)
        if size == 4:
            yield PduField(data[head + 2 : head + 4], "Reserved", "", depth)
    (length,) = unpack("<I" if size == 4 else "<H", data[start - size : start])
    said = "undefined" if length == 0xFFFFFFFF else str(length)
    yield PduField(data[start - size : start], "Value-length", said, depth)
    if stop > start:
        yield PduField(data[start:stop], "Value", "", depth + 1)
    if after > stop:
        yield PduField(data[stop:after], "Sequence Delimitation Item", "", depth)

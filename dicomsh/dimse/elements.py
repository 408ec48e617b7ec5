"""Data sets in the two little endian transfer syntaxes: splitting into elements, and writing.

This module only finds boundaries (PS3.5 7.1, 7.5); values are interpreted in `model`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import NamedTuple, NoReturn

from dicomsh.errors import ProtocolViolationError
from dicomsh.model.keys import by_tag, tag_pair
from dicomsh.model.row import DEEPEST
from dicomsh.model.vr import SHORT_LENGTH_VRS

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

_HEADER = Struct("<HHI")
_EXPLICIT_HEADER = Struct("<HH2sH")
_LONG_LENGTH = Struct("<I")
_LONG_HEADER = Struct("<HH2sHI")
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_SHORT_VRS = frozenset(vr.encode() for vr in SHORT_LENGTH_VRS)
"""VRs with a 16-bit length in explicit VR (PS3.5 7.1.2); all others have a 32-bit length."""
_LONGEST_SHORT = 0xFFFE  # not 0xFFFF: lengths are even (PS3.5 7.1.1)
_HEAD = Struct("<6sH")
_MOST_HEADS = 4096
"""How many elements to remember: far more than any well-meaning peer sends."""


class Extent(NamedTuple):
    """The position of an element: its value from `start` to `stop`, the next element at `after`.

    `vr` is empty in implicit VR; a delimiter, after an undefined length, lies between `stop` and
    `after`.
    """

    tag: int
    vr: str
    start: int
    stop: int
    after: int


def extents(data: bytes, *, explicit: bool) -> Iterator[Extent]:
    """The elements of a data set, one after the other.

    Raises:
        ProtocolViolationError: as `split`, at the element that is malformed.
    """
    offset = 0
    while offset < len(data):
        tag, vr, length, start = _header(data, offset, explicit)
        stop, offset = _extent(data, start, tag, length, explicit and vr != b"UN")
        yield Extent(tag, vr.decode("ascii"), start, stop, offset)


class ImplicitLittleEndian:
    """Implicit VR Little Endian (PS3.5 A.1)."""

    def split(self, data: bytes) -> dict[int, bytes]:
        """Value field of every element by tag, in the order received.

        A sequence of undefined length is given without its delimitation item.

        Raises:
            ProtocolViolationError: an element does not fit, or sequences are nested too deeply.
        """
        elements: dict[int, bytes] = {}
        unpack = _HEADER.unpack_from
        end = len(data)
        start = 8  # of the value; its header has 8 bytes
        while start <= end:
            group, element, length = unpack(data, start - 8)
            stop = start + length
            if stop <= end:
                elements[group << 16 | element] = data[start:stop]
                start = stop + 8
            else:
                stop, after = _extent(data, start, group << 16 | element, length, False)
                elements[group << 16 | element] = data[start:stop]
                start = after + 8
        if start != end + 8:
            raise _truncated(start - 8, end)
        return elements

    def vrs(self, data: bytes) -> Mapping[int, str]:  # noqa: ARG002 - the protocol's signature
        """Empty: this transfer syntax carries no VRs."""
        return {}

    def items(self, value: bytes) -> list[bytes]:
        """The data sets in the value field of a sequence.

        Raises:
            ProtocolViolationError: the value is not a list of items.
        """
        return _items(value, False)

    def element(self, tag: int, vr: str, value: bytes) -> bytes:  # noqa: ARG002
        """One element; its value already has an even length."""
        return _HEADER.pack(tag >> 16, tag & 0xFFFF, len(value)) + value


class ExplicitLittleEndian:
    """Explicit VR Little Endian (PS3.5 A.2)."""

    def __init__(self) -> None:
        self._heads: dict[bytes, int] = {}
        """A cache: tag and VR as sent → tag, for elements with a short length."""

    def split(self, data: bytes) -> dict[int, bytes]:
        """Value field of every element by tag, in the order received.

        A sequence of undefined length is given without its delimitation item, and one sent as UN
        in the form that `items` reads.

        Raises:
            ProtocolViolationError: an element does not fit, a VR is not valid, or sequences are
                nested too deeply.
        """
        elements: dict[int, bytes] = {}
        unpack, tags = _HEAD.unpack_from, self._heads
        offset, last = 0, len(data) - 8  # where a header of 8 bytes still fits
        while offset <= last:
            head, length = unpack(data, offset)
            try:
                tag = tags[head]
            except KeyError:
                tag, value, offset = self._uncached(data, offset, head)
                elements[tag] = value
                continue
            start = offset + 8
            offset = start + length
            elements[tag] = data[start:offset]
        if offset != len(data):
            _find_fault(data)
        return elements

    def _uncached(self, data: bytes, offset: int, head: bytes) -> tuple[int, bytes, int]:
        """Tag, value and end of an element; its head is remembered if its length is short."""
        tag, value, after = _long_element(data, offset)
        if head[4:] in _SHORT_VRS and len(self._heads) < _MOST_HEADS:
            self._heads[head] = tag
        return tag, value, after

    def vrs(self, data: bytes) -> Mapping[int, str]:
        """The VR of every element as sent.

        Raises:
            ProtocolViolationError: as `split`.
        """
        found: dict[int, str] = {}
        offset = 0
        while offset < len(data):
            tag, vr, length, start = _header(data, offset, True)
            found[tag] = vr.decode("ascii")
            _, offset = _extent(data, start, tag, length, vr != b"UN")
        return found

    def items(self, value: bytes) -> list[bytes]:
        """The data sets in the value field of a sequence.

        Raises:
            ProtocolViolationError: the value is not a list of items.
        """
        return _items(value, True)

    def element(self, tag: int, vr: str, value: bytes) -> bytes:
        """One element; its value already has an even length.

        A value too long for its VR's length field is sent as UN (PS3.5 6.2.2).
        """
        code = vr.encode("ascii")
        if code in _SHORT_VRS and len(value) <= _LONGEST_SHORT:
            return _EXPLICIT_HEADER.pack(tag >> 16, tag & 0xFFFF, code, len(value)) + value
        code = b"UN" if code in _SHORT_VRS else code
        return _LONG_HEADER.pack(tag >> 16, tag & 0xFFFF, code, 0, len(value)) + value


LittleEndian = ImplicitLittleEndian | ExplicitLittleEndian

ENCODINGS: Mapping[str, LittleEndian] = {
    EXPLICIT_LITTLE_ENDIAN: ExplicitLittleEndian(),
    IMPLICIT_LITTLE_ENDIAN: ImplicitLittleEndian(),
}
"""Transfer syntax UID → encoding, the preferred one first."""


def item(data: bytes) -> bytes:
    """One item of a sequence, of defined length; the same in both encodings."""
    return _HEADER.pack(_ITEM >> 16, _ITEM & 0xFFFF, len(data)) + data


def _truncated(offset: int, end: int) -> ProtocolViolationError:
    return ProtocolViolationError(f"the data set ends inside the element at byte {offset} of {end}")


def _header(data: bytes, offset: int, explicit: bool) -> tuple[int, bytes, int, int]:
    """Tag, VR (or empty), length, and where the value begins."""
    if offset + 8 > len(data):
        raise _truncated(offset, len(data))
    group, element, vr, length = _EXPLICIT_HEADER.unpack_from(data, offset)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:  # items and delimiters never have a VR (PS3.5 7.5)
        return tag, b"", _LONG_LENGTH.unpack_from(data, offset + 4)[0], offset + 8
    if vr in _SHORT_VRS:
        return tag, vr, length, offset + 8
    if not (vr.isalpha() and vr.isupper()):
        raise ProtocolViolationError(f"element ({tag_pair(tag)}) has no valid VR")
    if offset + 12 > len(data):
        raise _truncated(offset, len(data))
    return tag, vr, _LONG_LENGTH.unpack_from(data, offset + 8)[0], offset + 12


def _long_element(data: bytes, offset: int) -> tuple[int, bytes, int]:
    """Tag, value and end of an explicit element with a long length, or of one that does not fit."""
    tag, vr, length, start = _header(data, offset, True)
    stop, after = _extent(data, start, tag, length, vr != b"UN")
    value = data[start:stop]
    if vr == b"UN" and length == _UNDEFINED:
        value = _explicit_items(value, 1)
    return tag, value, after


def _find_fault(data: bytes) -> NoReturn:
    """Raise the error for a data set whose elements do not end where it ends.

    The fast loop in `split` does not check each element; here a second pass finds the faulty one.
    """
    offset = 0
    while offset < len(data):
        _, _, offset = _long_element(data, offset)
    raise _truncated(offset, len(data))


def _extent(data: bytes, start: int, tag: int, length: int, explicit: bool) -> tuple[int, int]:
    """Where a value ends, and where the next element begins."""
    if length == _UNDEFINED:
        return _delimited(data, start, True, explicit)
    stop = start + length
    if stop > len(data):
        raise ProtocolViolationError(
            f"element ({tag_pair(tag)}) of {length} bytes is longer than the rest of its data set"
        )
    return stop, stop


def _delimited(data: bytes, offset: int, in_sequence: bool, explicit: bool) -> tuple[int, int]:
    """Where the delimiter of an open sequence or item begins and ends.

    No recursion, because a hostile peer chooses the depth. `open_` lists the open sequences and
    items around `offset`: whether each is a sequence, and whether elements in it are explicit
    (not inside a UN of undefined length, PS3.5 6.2.2).
    """
    open_ = [(in_sequence, explicit)]
    while True:
        in_sequence, explicit = open_[-1]
        tag, vr, length, start = _header(data, offset, explicit and not in_sequence)
        if tag == (_SEQUENCE_END if in_sequence else _ITEM_END):
            open_.pop()
            if not open_:
                return offset, start
            offset = start
            continue
        if (tag == _ITEM) != in_sequence or tag == _SEQUENCE_END:
            raise ProtocolViolationError(f"({tag_pair(tag)}) is out of place in a sequence")
        if length != _UNDEFINED:
            offset, _ = _extent(data, start, tag, length, explicit)
            continue
        if len(open_) >= 2 * DEEPEST:
            raise ProtocolViolationError(f"sequences are nested deeper than {DEEPEST}")
        open_.append((not in_sequence, explicit and vr != b"UN"))
        offset = start


def _items(value: bytes, explicit: bool) -> list[bytes]:
    items: list[bytes] = []
    offset = 0
    while offset < len(value):
        tag, _, length, start = _header(value, offset, False)
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM:
            raise ProtocolViolationError(f"found ({tag_pair(tag)}) where an item was expected")
        if length == _UNDEFINED:
            stop, offset = _delimited(value, start, False, explicit)
        else:
            stop, offset = _extent(value, start, tag, length, explicit)
        items.append(value[start:stop])
    return items


def _explicit_items(value: bytes, depth: int) -> bytes:
    """The items of an implicit sequence in explicit VR, with VRs from the dictionary."""
    if depth > DEEPEST:
        raise ProtocolViolationError(f"sequences are nested deeper than {DEEPEST}")
    return b"".join(item(_explicit_elements(data, depth)) for data in _items(value, False))


def _explicit_elements(data: bytes, depth: int) -> bytes:
    written = []
    for tag, value in ENCODINGS[IMPLICIT_LITTLE_ENDIAN].split(data).items():
        vr = by_tag(tag).vr
        inside = _explicit_items(value, depth + 1) if vr == "SQ" else value
        written.append(ENCODINGS[EXPLICIT_LITTLE_ENDIAN].element(tag, vr, inside))
    return b"".join(written)

"""Where the elements of a data set begin and end (PS3.5 7.1, 7.5); what does not fit is refused."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from dicomsh.errors import ProtocolViolationError
from dicomsh.model.keys import named, tag_pair
from dicomsh.model.row import DEEPEST
from dicomsh.model.vr import SHORT_LENGTH_VRS

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SHORT_VRS = frozenset(vr.encode() for vr in SHORT_LENGTH_VRS)
"""VRs with a 16-bit length in explicit VR (PS3.5 7.1.2); all others have a 32-bit length."""

_EXPLICIT_HEADER = Struct("<HH2sH")
_LONG_LENGTH = Struct("<I")


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
        ProtocolViolationError: as `extent_at`, at the element that is malformed.
    """
    offset = 0
    while offset < len(data):
        extent = extent_at(data, offset, explicit)
        offset = extent.after
        yield extent


def extent_at(data: bytes, offset: int, explicit: bool) -> Extent:
    """The element whose header is at `offset`.

    Raises:
        ProtocolViolationError: it does not fit, has no valid VR, or sequences in it are nested too
            deeply.
    """
    tag, vr, length, start = header(data, offset, explicit)
    stop, after = _value(data, start, tag, length, explicit and vr != b"UN")
    return Extent(tag, vr.decode("ascii"), start, stop, after)


def item_at(value: bytes, offset: int, explicit: bool) -> Extent:
    """The item whose header is at `offset` in the value of a sequence, or the sequence's delimiter.

    Raises:
        ProtocolViolationError: neither is there, or the item does not fit.
    """
    tag, _, length, start = header(value, offset, False)
    if tag == SEQUENCE_END:
        return Extent(tag, "", start, start, start)
    if tag != ITEM:
        raise ProtocolViolationError(f"found ({tag_pair(tag)}) where an item was expected")
    if length == UNDEFINED:
        return Extent(tag, "", start, *_delimited(value, start, False, explicit))
    return Extent(tag, "", start, *_value(value, start, tag, length, explicit))


def header(data: bytes, offset: int, explicit: bool) -> tuple[int, bytes, int, int]:
    """Tag, VR (or empty), length, and where the value begins.

    Raises:
        ProtocolViolationError: the data set ends inside it, or it has no valid VR.
    """
    if offset + 8 > len(data):
        raise truncated(offset, len(data))
    group, element, vr, length = _EXPLICIT_HEADER.unpack_from(data, offset)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:  # items and delimiters never have a VR (PS3.5 7.5)
        return tag, b"", _LONG_LENGTH.unpack_from(data, offset + 4)[0], offset + 8
    if vr in SHORT_VRS:
        return tag, vr, length, offset + 8
    if not (vr.isalpha() and vr.isupper()):
        raise ProtocolViolationError(f"{named(tag)} has no valid VR")
    if offset + 12 > len(data):
        raise truncated(offset, len(data))
    return tag, vr, _LONG_LENGTH.unpack_from(data, offset + 8)[0], offset + 12


def truncated(offset: int, end: int) -> ProtocolViolationError:
    """The error for a data set that ends inside the header of an element."""
    return ProtocolViolationError(f"the data set ends inside the element at byte {offset} of {end}")


def _value(data: bytes, start: int, tag: int, length: int, explicit: bool) -> tuple[int, int]:
    """Where a value ends, and where the next element begins."""
    if length == UNDEFINED:
        return _delimited(data, start, True, explicit)
    stop = start + length
    if stop > len(data):
        raise ProtocolViolationError(
            f"{named(tag)} of {length} bytes is longer than the rest of its data set"
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
        tag, vr, length, start = header(data, offset, explicit and not in_sequence)
        if tag == (SEQUENCE_END if in_sequence else ITEM_END):
            open_.pop()
            if not open_:
                return offset, start
            offset = start
            continue
        if (tag == ITEM) != in_sequence or tag == SEQUENCE_END:
            raise ProtocolViolationError(f"({tag_pair(tag)}) is out of place in a sequence")
        if length != UNDEFINED:
            offset, _ = _value(data, start, tag, length, explicit)
            continue
        if len(open_) >= 2 * DEEPEST:
            raise ProtocolViolationError(f"sequences are nested deeper than {DEEPEST}")
        open_.append((not in_sequence, explicit and vr != b"UN"))
        offset = start

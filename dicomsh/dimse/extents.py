"""Where the elements of a data set begin and end (PS3.5 7.1, 7.5); what does not fit is refused."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from dicomsh.errors import ProtocolViolationError
from dicomsh.model.keys import dictionary_vrs, named, tag_pair
from dicomsh.model.row import DEEPEST
from dicomsh.model.vr import SHORT_LENGTH_VRS

MOST_HEADERS = 4096
"""Headers of one data set that are read, of elements, items and delimiters, at all depths.

A peer decides how many there are; in the rows of well-meaning ones there are some hundred.
"""

LONG = 8 * MOST_HEADERS
"""A data set longer than this may have more of them: each takes eight bytes."""

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SHORT_VRS = frozenset(vr.encode() for vr in SHORT_LENGTH_VRS)
"""VRs with a 16-bit length in explicit VR (PS3.5 7.1.2); all others have a 32-bit length."""

_EXPLICIT_HEADER = Struct("<HH2sH")
_LONG_LENGTH = Struct("<I")


Data = bytes | memoryview
"""An encoded data set; of a file, also one that is read as far as it is looked at."""


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


class TooManyError(ProtocolViolationError):
    """A data set has more headers than are read of one."""


class TruncatedError(ProtocolViolationError):
    """A data set ends before its last element does."""


class Budget:
    """How many headers of a data set may still be read.

    Raises:
        TooManyError: from `spend`, when there are too many.
    """

    def __init__(self, most: int = MOST_HEADERS) -> None:
        self._most = most
        self.spent = 0

    def spend(self) -> None:
        """One more is read."""
        if self.spent >= self._most:
            raise TooManyError(f"more than {self._most:,} elements")
        self.spent += 1


def extents(data: Data, *, explicit: bool) -> Iterator[Extent]:
    """The elements of a data set, one after the other.

    Raises:
        ProtocolViolationError: as `extent_at`, at the element that is malformed.
    """
    offset, budget = 0, Budget()
    while offset < len(data):
        extent = extent_at(data, offset, explicit, budget)
        offset = extent.after
        yield extent


def extent_at(data: Data, offset: int, explicit: bool, budget: Budget) -> Extent:
    """The element whose header is at `offset`.

    Raises:
        ProtocolViolationError: it does not fit, has no valid VR, or sequences in it are nested too
            deeply, or have too many elements.
    """
    budget.spend()
    found = header(data, offset, explicit)
    stop, after = _value(data, found, explicit and found.vr != b"UN", budget)
    return Extent(found.tag, found.vr.decode("ascii"), found.start, stop, after)


def is_open_wrongly(extent: Extent) -> bool:
    """Whether an element has an undefined length but is not a sequence (PS3.5 7.1.2, 7.1.3)."""
    vrs = (extent.vr,) if extent.vr else dictionary_vrs(extent.tag)
    return extent.after > extent.stop and not {"SQ", "UN"}.intersection(vrs)


def item_at(value: Data, offset: int, explicit: bool, budget: Budget) -> Extent:
    """The item whose header is at `offset` in the value of a sequence, or the sequence's delimiter.

    Raises:
        ProtocolViolationError: neither is there, or the item does not fit.
    """
    budget.spend()
    found = header(value, offset, False)
    tag, _, length, start = found
    if tag == SEQUENCE_END:
        return Extent(tag, "", start, start, start)
    if tag != ITEM:
        raise ProtocolViolationError(f"found ({tag_pair(tag)}) where an item was expected")
    if length == UNDEFINED:
        return Extent(tag, "", start, *_delimited(value, start, False, explicit, budget))
    return Extent(tag, "", start, *_value(value, found, explicit, budget))


class Header(NamedTuple):
    """Tag, VR (or empty), length, and where the value begins."""

    tag: int
    vr: bytes
    length: int
    start: int


def header(data: Data, offset: int, explicit: bool) -> Header:
    """The header at `offset`.

    Raises:
        ProtocolViolationError: the data set ends inside it, or it has no valid VR.
    """
    if offset + 8 > len(data):
        raise truncated(offset, len(data))
    group, element, vr, length = _EXPLICIT_HEADER.unpack_from(data, offset)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:  # items and delimiters never have a VR (PS3.5 7.5)
        return Header(tag, b"", _LONG_LENGTH.unpack_from(data, offset + 4)[0], offset + 8)
    if vr in SHORT_VRS:
        return Header(tag, vr, length, offset + 8)
    if not (vr.isalpha() and vr.isupper()):
        raise ProtocolViolationError(f"{named(tag)} has no valid VR")
    if offset + 12 > len(data):
        raise truncated(offset, len(data))
    return Header(tag, vr, _LONG_LENGTH.unpack_from(data, offset + 8)[0], offset + 12)


def truncated(offset: int, end: int) -> TruncatedError:
    """The error for a data set that ends inside the header of an element."""
    return TruncatedError(f"the data set ends inside the element at byte {offset} of {end}")


def _value(data: Data, found: Header, explicit: bool, budget: Budget) -> tuple[int, int]:
    """Where a value ends, and where the next element begins."""
    tag, _, length, start = found
    if length == UNDEFINED:
        return _delimited(data, start, True, explicit, budget)
    stop = start + length
    if stop > len(data):
        raise TruncatedError(
            f"{named(tag)} of {length} bytes is longer than the rest of its data set"
        )
    return stop, stop


def _delimited(
    data: Data, offset: int, in_sequence: bool, explicit: bool, budget: Budget
) -> tuple[int, int]:
    """Where the delimiter of an open sequence or item begins and ends.

    No recursion, because a hostile peer chooses the depth. `open_` lists the open sequences and
    items around `offset`: whether each is a sequence, and whether elements in it are explicit
    (not inside a UN of undefined length, PS3.5 6.2.2).
    """
    open_ = [(in_sequence, explicit)]
    while True:
        budget.spend()
        in_sequence, explicit = open_[-1]
        found = header(data, offset, explicit and not in_sequence)
        tag, vr, length, start = found
        if tag == (SEQUENCE_END if in_sequence else ITEM_END):
            open_.pop()
            if not open_:
                return offset, start
            offset = start
            continue
        if (tag == ITEM) != in_sequence or tag == SEQUENCE_END:
            raise ProtocolViolationError(f"({tag_pair(tag)}) is out of place in a sequence")
        if length != UNDEFINED:
            offset, _ = _value(data, found, explicit, budget)
            continue
        if len(open_) >= 2 * DEEPEST:
            raise ProtocolViolationError(f"sequences are nested deeper than {DEEPEST}")
        open_.append((not in_sequence, explicit and vr != b"UN"))
        offset = start

"""What can be read of a malformed data set: one bad element does not cost the others.

Old gateways send VRs that do not exist, NUL bytes after the data set, and sequences
that never end. Whatever is guessed here is reported as a fault, and its work is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from dicomsh.dimse.extents import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    Budget,
    Extent,
    TooManyError,
    extent_at,
    extents,
    header,
    is_open_wrongly,
    item_at,
)
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.keys import named
from dicomsh.model.vr import BULK_VRS, SHORT_LENGTH_VRS, TEXT_VRS

_MOST_SEARCHES = 4
"""Sequences without an end whose end is searched for: each costs a pass over the rest."""

_KNOWN_VRS = frozenset(vr.encode() for vr in (SHORT_LENGTH_VRS | TEXT_VRS | BULK_VRS))
_OTHER_LONG = frozenset((b"SQ", b"SV", b"UV"))
_TAG = Struct("<HH")
_SHORT, _LONG = Struct("<H"), Struct("<I")
_ITEM_END_BYTES = Struct("<HHI").pack(ITEM_END >> 16, ITEM_END & 0xFFFF, 0)
_SEQUENCE_END_BYTES = Struct("<HHI").pack(SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
_OUT_OF_PLACE = (0, ITEM, ITEM_END, SEQUENCE_END)


class Salvaged(NamedTuple):
    """What was read of a data set or a sequence.

    Args:
        found: its elements or items; `vr` is empty if no valid one was sent.
        fault: the first thing that was wrong, in words; empty if nothing was.
        explicit: whether it turned out to be in explicit VR.
        stopped: whether there was more of it than is read.
    """

    found: list[Extent]
    fault: str
    explicit: bool
    stopped: bool = False


def salvage(data: bytes, *, explicit: bool) -> Salvaged:
    """The elements of a data set, as many as can be read."""
    read = _elements(data, explicit)
    if read.fault and not read.stopped and _is_whole(data, not explicit):
        kinds = ("implicit", "explicit")
        fault = f"{kinds[not explicit]} VR in a presentation context for {kinds[explicit]} VR"
        return Salvaged(list(extents(data, explicit=not explicit)), fault, not explicit)
    return read


def salvage_items(value: bytes, *, explicit: bool) -> Salvaged:
    """The items in the value of a sequence, as many as can be read."""
    found: list[Extent] = []
    offset, fault, searches, budget = 0, "", 0, Budget()
    while offset < len(value):
        try:
            item = item_at(value, offset, explicit, budget)
        except ProtocolViolationError as violation:
            fault, searches = fault or violation.message, searches + 1
            too_many = searches > _MOST_SEARCHES or isinstance(violation, TooManyError)
            if too_many or not _is_open_item(value, offset):
                break
            item = _closed_at(value, Extent(ITEM, "", offset + 8, 0, 0), _ITEM_END_BYTES)
        if item.tag == SEQUENCE_END:
            break
        found.append(item)
        offset = item.after
    return Salvaged(found, fault, explicit)


def _elements(data: bytes, explicit: bool) -> Salvaged:
    found: list[Extent] = []
    offset, fault, searches, filled, budget = 0, "", 0, _filled(data), Budget()
    while offset < len(data):
        try:
            extent = _in_place(extent_at(data, offset, explicit, budget))
        except TooManyError as violation:
            return Salvaged(found, fault or violation.message, explicit, stopped=True)
        except ProtocolViolationError as violation:
            if offset >= filled:
                count = len(data) - offset
                fault = fault or f"{count} NUL byte{'s' * (count != 1)} after the data set"
                break
            guessed = _with_other_header(data, offset, filled)
            if guessed is None and searches < _MOST_SEARCHES:
                searches += 1
                guessed = _without_end(data, offset, explicit)
            fault = fault or _words(violation, guessed, len(data))
            if guessed is None:
                break
            extent = guessed
        if is_open_wrongly(extent):
            fault = fault or f"{named(extent.tag)} has an undefined length"
        found.append(extent)
        offset = extent.after
    return Salvaged(found, fault, explicit)


def _in_place(extent: Extent) -> Extent:
    if extent.tag in _OUT_OF_PLACE:
        raise ProtocolViolationError(f"{named(extent.tag)} is out of place")
    return extent


def _words(violation: ProtocolViolationError, extent: Extent | None, end: int) -> str:
    if extent is not None and extent.stop == end and "ends inside" in violation.message:
        return f"{named(extent.tag)} has no end"
    return violation.message


def _is_whole(data: bytes, explicit: bool) -> bool:
    """Whether a data set is well formed, its tags ascending as they should (PS3.5 7.1)."""
    last = 0
    try:
        for extent in extents(data, explicit=explicit):
            if _in_place(extent).tag <= last:
                return False
            last = extent.tag
    except ProtocolViolationError:
        return False
    return True


def _filled(data: bytes) -> int:
    """Where the NUL bytes at the end of a data set begin, or at its end."""
    return len(data.rstrip(b"\0"))


def _with_other_header(data: bytes, offset: int, filled: int) -> Extent | None:
    """An element whose header is laid out differently, if what follows then makes sense."""
    tag = _tag(data, offset)
    for vr, length, start in _headers(data, offset):
        stop = start + length
        if stop <= len(data) and _may_follow(data, stop, tag, filled):
            return Extent(tag, vr, start, stop, stop)
    return None


def _headers(data: bytes, offset: int) -> Iterator[tuple[str, int, int]]:
    """VR, length and start of the value in each layout of a header (PS3.5 7.1.2, 7.1.3).

    A valid VR leaves one of them. Without, 32 bits come first: the two characters of a VR make
    that length too large for any identifier, so a wrong one does not fit.
    """
    if offset + 8 > len(data):
        return
    sent = data[offset + 4 : offset + 6]
    short = sent in SHORT_VRS
    if sent in _KNOWN_VRS or sent in _OTHER_LONG:
        if short or offset + 12 <= len(data):
            length, start = (_SHORT, offset + 6) if short else (_LONG, offset + 8)
            yield sent.decode(), length.unpack_from(data, start)[0], start + length.size
        return
    yield "", _LONG.unpack_from(data, offset + 4)[0], offset + 8
    yield "", _SHORT.unpack_from(data, offset + 6)[0], offset + 8
    if offset + 12 <= len(data):
        yield "", _LONG.unpack_from(data, offset + 8)[0], offset + 12


def _tag(data: bytes, offset: int) -> int:
    if offset + 4 > len(data):
        return 0
    group, element = _TAG.unpack_from(data, offset)
    return int(group << 16 | element)


def _may_follow(data: bytes, offset: int, tag: int, filled: int) -> bool:
    """Whether a data set may end here, or go on with an element after `tag`."""
    if offset >= filled:
        return True
    following = _tag(data, offset)
    fits = (
        length == UNDEFINED or start + length <= len(data)
        for _, length, start in _headers(data, offset)
    )
    return following > tag and following & 0xFFFF > 0 and any(fits)


def _without_end(data: bytes, offset: int, explicit: bool) -> Extent | None:
    """A sequence of undefined length in which no end was found, up to a delimiter or to the end."""
    try:
        tag, vr, length, start = header(data, offset, explicit)
    except ProtocolViolationError:
        return None
    if length != UNDEFINED:
        return None
    return _closed_at(data, Extent(tag, vr.decode("ascii"), start, 0, 0), _SEQUENCE_END_BYTES)


def _closed_at(data: bytes, opened: Extent, delimiter: bytes) -> Extent:
    """Up to the first delimiter behind which something sensible follows; else up to the end."""
    stop, filled = data.find(delimiter, opened.start), _filled(data)
    for _ in range(_MOST_SEARCHES):
        after = stop + len(delimiter)
        if stop < 0:
            break
        if opened.tag == ITEM or _may_follow(data, after, opened.tag, filled):
            return opened._replace(stop=stop, after=after)
        stop = data.find(delimiter, after)
    return opened._replace(stop=len(data), after=len(data))


def _is_open_item(value: bytes, offset: int) -> bool:
    try:
        tag, _, length, _ = header(value, offset, False)
    except ProtocolViolationError:
        return False
    return tag == ITEM and length == UNDEFINED

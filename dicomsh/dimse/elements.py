"""Data sets in the two little endian transfer syntaxes: splitting into elements, and writing.

This module only finds boundaries (PS3.5 7.1, 7.5); values are interpreted in `model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

from dicomsh.dimse.extents import (
    ITEM,
    ITEM_END,
    LONG,
    SEQUENCE_END,
    SHORT_VRS,
    Budget,
    Extent,
    extent_at,
    extents,
    is_open_wrongly,
)
from dicomsh.dimse.salvage import salvage, salvage_items
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.keys import dictionary_vrs, named
from dicomsh.model.row import Irregular
from dicomsh.model.vr import BULK_VRS

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

_HEADER = Struct("<HHI")
_EXPLICIT_HEADER = Struct("<HH2sH")
_LONG_HEADER = Struct("<HH2sHI")
_LONGEST_SHORT = 0xFFFE  # not 0xFFFF: lengths are even (PS3.5 7.1.1)
_HEAD = Struct("<6sH")
_MOST_HEADS = 4096
"""How many elements to remember: far more than any well-meaning peer sends."""
_LONGEST_VALUE = 0xFFFF
"""Bytes of a value that are read; a longer one is passed on as bytes.

It is the longest that explicit VR can express of most VRs (PS3.5 7.1.2). No attribute that one
queries for has a tenth of it, and how many values there are in it is up to the peer.
"""
_OUT_OF_PLACE = frozenset((0, ITEM, ITEM_END, SEQUENCE_END))
"""Tags that no element has; NUL bytes read as the first of them."""


class ImplicitLittleEndian:
    """Implicit VR Little Endian (PS3.5 A.1)."""

    def read(self, data: bytes) -> dict[int, bytes]:
        """Value field of every element by tag, in the order received, as many as can be read.

        A sequence of undefined length is given without its delimitation item. The result is an
        `Irregular` if anything is malformed.
        """
        if len(data) > LONG:
            return _read_slowly(data, False)
        elements: dict[int, bytes] = {}
        unpack = _HEADER.unpack_from
        end, count = len(data), 0
        start = 8  # of the value; its header has 8 bytes
        while start <= end:
            group, element, length = unpack(data, start - 8)
            stop = start + length
            if stop <= end:
                elements[group << 16 | element] = data[start:stop]
                start = stop + 8
            else:
                extent = _well_formed(data, start - 8, False)
                if extent is None:
                    return _read_slowly(data, False)
                elements[extent.tag] = data[extent.start : extent.stop]
                start = extent.after + 8
            count += 1
        if start != end + 8 or count != len(elements) or not _OUT_OF_PLACE.isdisjoint(elements):
            return _read_slowly(data, False)
        return elements

    def find(self, data: bytes, tag: int) -> bytes | None:
        """Value field of one element of a data set that `read` found regular; None if absent."""
        wanted, unpack = (tag >> 16, tag & 0xFFFF), _HEADER.unpack_from
        start, end = 8, len(data)
        while start <= end:
            group, element, length = unpack(data, start - 8)
            stop = start + length
            if stop > end:  # its length is undefined
                return self.read(data).get(tag)
            if (group, element) == wanted:
                return data[start:stop]
            start = stop + 8
        return None

    def split(self, data: bytes) -> dict[int, bytes]:
        """As `read`, of a data set that must be well formed.

        Raises:
            ProtocolViolationError: an element does not fit, or sequences are nested too deeply.
        """
        return _split(data, False)

    def items(self, value: bytes) -> tuple[list[bytes], str]:
        """The data sets in the value field of a sequence, and what is wrong with it in words."""
        return _items(value, False)

    def element(self, tag: int, vr: str, value: bytes) -> bytes:  # noqa: ARG002
        """One element; its value already has an even length."""
        return _HEADER.pack(tag >> 16, tag & 0xFFFF, len(value)) + value


class ExplicitLittleEndian:
    """Explicit VR Little Endian (PS3.5 A.2)."""

    def __init__(self) -> None:
        self._heads: dict[bytes, int] = {}
        """A cache: tag and VR as sent → tag, for a short length and the VR of the dictionary."""

    def read(self, data: bytes) -> dict[int, bytes]:
        """Value field of every element by tag, in the order received, as many as can be read.

        A sequence of undefined length is given without its delimitation item. The result is an
        `Irregular` if anything is malformed, or has another VR than in the dictionary.
        """
        if len(data) > LONG:
            return _read_slowly(data, True)
        elements: dict[int, bytes] = {}
        unpack, tags = _HEAD.unpack_from, self._heads
        offset, last, count = 0, len(data) - 8, 0  # where a header of 8 bytes still fits
        while offset <= last:
            head, length = unpack(data, offset)
            count += 1
            try:
                tag = tags[head]
            except KeyError:
                extent = self._uncached(data, offset, head)
                if extent is None:
                    return _read_slowly(data, True)
                elements[extent.tag] = data[extent.start : extent.stop]
                offset = extent.after
                continue
            start = offset + 8
            offset = start + length
            elements[tag] = data[start:offset]
        if offset != len(data) or count != len(elements):
            return _read_slowly(data, True)
        return elements

    def find(self, data: bytes, tag: int) -> bytes | None:
        """Value field of one element of a data set that `read` found regular; None if absent."""
        unpack, tags = _HEAD.unpack_from, self._heads
        offset, last = 0, len(data) - 8
        while offset <= last:
            head, length = unpack(data, offset)
            found = tags.get(head)
            if found is None:
                return self.read(data).get(tag)
            start = offset + 8
            offset = start + length
            if found == tag:
                return data[start:offset]
        return None

    def _uncached(self, data: bytes, offset: int, head: bytes) -> Extent | None:
        """An element that is regular; its head is remembered if its length is short."""
        extent = _well_formed(data, offset, True)
        if extent is None or extent.vr == "UN" or (extent.vr,) != dictionary_vrs(extent.tag):
            return None
        if head[4:] in SHORT_VRS and len(self._heads) < _MOST_HEADS:
            self._heads[head] = extent.tag
        return extent

    def split(self, data: bytes) -> dict[int, bytes]:
        """As `read`, of a data set that must be well formed.

        Raises:
            ProtocolViolationError: an element does not fit, a VR is not valid, or sequences are
                nested too deeply.
        """
        return _split(data, True)

    def items(self, value: bytes) -> tuple[list[bytes], str]:
        """The data sets in the value field of a sequence, and what is wrong with it in words."""
        return _items(value, True)

    def element(self, tag: int, vr: str, value: bytes) -> bytes:
        """One element; its value already has an even length.

        A value too long for its VR's length field is sent as UN (PS3.5 6.2.2).
        """
        code = vr.encode("ascii")
        if code in SHORT_VRS and len(value) <= _LONGEST_SHORT:
            return _EXPLICIT_HEADER.pack(tag >> 16, tag & 0xFFFF, code, len(value)) + value
        code = b"UN" if code in SHORT_VRS else code
        return _LONG_HEADER.pack(tag >> 16, tag & 0xFFFF, code, 0, len(value)) + value


LittleEndian = ImplicitLittleEndian | ExplicitLittleEndian

ENCODINGS: Mapping[str, LittleEndian] = {
    EXPLICIT_LITTLE_ENDIAN: ExplicitLittleEndian(),
    IMPLICIT_LITTLE_ENDIAN: ImplicitLittleEndian(),
}
"""Transfer syntax UID → encoding, the preferred one first."""

_BY_EXPLICIT = {
    True: ENCODINGS[EXPLICIT_LITTLE_ENDIAN],
    False: ENCODINGS[IMPLICIT_LITTLE_ENDIAN],
}


def item(data: bytes) -> bytes:
    """One item of a sequence, of defined length; the same in both encodings."""
    return _HEADER.pack(ITEM >> 16, ITEM & 0xFFFF, len(data)) + data


def _split(data: bytes, explicit: bool) -> dict[int, bytes]:
    return {e.tag: data[e.start : e.stop] for e in extents(data, explicit=explicit)}


def _well_formed(data: bytes, offset: int, explicit: bool) -> Extent | None:
    """The element at `offset`, None if it is not as it should be."""
    try:
        extent = extent_at(data, offset, explicit, Budget())
    except ProtocolViolationError:
        return None
    return None if is_open_wrongly(extent) else extent


def _items(value: bytes, explicit: bool) -> tuple[list[bytes], str]:
    read = salvage_items(value, explicit=explicit)
    return [value[item.start : item.stop] for item in read.found], read.fault


def _read_slowly(data: bytes, explicit: bool) -> dict[int, bytes]:
    """A data set with all that is irregular about it; of a tag sent twice, the first counts.

    That is also what DCMTK does: 'found twice in one data set, ignoring second entry'.
    """
    read = salvage(data, explicit=explicit)
    made = Irregular(fault=read.fault)
    for extent in read.found:
        value = data[extent.start : extent.stop]
        if extent.tag not in made:
            made[extent.tag] = value
            _describe(made, extent, read.explicit, explicit)
        elif made[extent.tag] != value:
            made.fault = made.fault or f"{named(extent.tag)} is sent twice, with different values"
        else:
            made.repeated = made.repeated or extent.tag
    return made if made.is_irregular else dict(made)


def _describe(made: Irregular, extent: Extent, explicit: bool, agreed: bool) -> None:
    """Note the VR of an element, and how its items are encoded, where that is not the usual."""
    tag, vr = extent.tag, extent.vr
    unknown = vr == "UN"  # whose content is in implicit VR (PS3.5 6.2.2)
    if (unknown or is_open_wrongly(extent)) and extent.after > extent.stop:
        vr = "SQ"  # only a sequence has an undefined length
    if vr and (vr,) != dictionary_vrs(tag):
        made.vrs[tag] = vr
    length = extent.stop - extent.start
    if length > _LONGEST_VALUE and "SQ" not in _vrs(tag, vr):
        made.vrs[tag] = "OB"
        if not BULK_VRS.issuperset(_vrs(tag, vr)):
            made.fault = made.fault or f"{named(tag)} of {length:,} bytes is too long to read"
    inside = explicit and not unknown
    if inside != agreed:
        made.encodings[tag] = _BY_EXPLICIT[inside]


def _vrs(tag: int, sent: str) -> tuple[str, ...]:
    """The VRs that an element may have: the one that was sent, if it says anything."""
    return dictionary_vrs(tag) if sent in ("", "UN") else (sent,)

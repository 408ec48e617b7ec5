"""Data sets in the two little endian transfer syntaxes (PS3.5 7, annex A), read and written.

The archive has its own reader and writer: a mistake in our client must not be repeated on both
sides, and rows must be written much faster than pydicom does.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import error, pack, unpack_from

from dicomsh.model.keys import by_tag

Elements = Mapping[int, "tuple[str, bytes | tuple[Elements, ...]]"]
"""VR and value field of each element by tag; a sequence's value is its items."""

# The practice archive encodes by a table of its own, so that the client is not tested by itself.
_LONG = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DEEPEST = 16
_MOST = 1000
"""Elements of a data set, and items of a sequence, that are read; queries have ten."""
_LAST = 0xFFFFFFFF


def read(data: bytes, explicit: bool) -> Elements:
    """The elements of a data set.

    Raises:
        ValueError: the bytes are not a data set in that transfer syntax.
    """
    elements, end = _outermost(data, explicit, _LAST)
    if end != len(data):
        raise ValueError("delimiter outside a sequence")
    return elements


def read_beginning(data: bytes, explicit: bool, last: int) -> Elements:
    """The elements of a data set whose tags are not greater than `last`.

    Raises:
        ValueError: the bytes are not a data set in that transfer syntax.
    """
    return _outermost(data, explicit, last)[0]


def _outermost(data: bytes, explicit: bool, last: int) -> tuple[Elements, int]:
    try:
        return _elements(data, 0, len(data), explicit, last=last)
    except (error, UnicodeDecodeError) as problem:
        raise ValueError("truncated or malformed data set") from problem


def _elements(
    data: bytes, at: int, end: int, explicit: bool, *, depth: int = 0, last: int = _LAST
) -> tuple[dict[int, tuple[str, bytes | tuple[Elements, ...]]], int]:
    """The elements from `at` to `end`, to an item delimiter, or to a tag; and their end."""
    if depth > _DEEPEST:
        raise ValueError("sequences are nested too deeply")
    elements: dict[int, tuple[str, bytes | tuple[Elements, ...]]] = {}
    while at < end:
        if len(elements) >= _MOST:
            raise ValueError(f"more than {_MOST:,} keys")
        tag, vr, length, at = _header(data, at, explicit)
        if tag > last:
            break
        if tag == _ITEM_END:
            break
        if tag in (_ITEM, _SEQUENCE_END):
            raise ValueError("an item or end of sequence instead of an element")
        if vr == "SQ" or length == _UNDEFINED:
            within = explicit and vr != "UN"  # UN of undefined length is implicit (PS3.5 6.2.2)
            items, at = _items(data, at, _limit(at, length, end), within, depth + 1)
            elements[tag] = ("SQ", items)
        else:
            stop = _limit(at, length, end)
            elements[tag] = (vr, data[at:stop])
            at = stop
    return elements, at


def _items(
    data: bytes, at: int, end: int, explicit: bool, depth: int
) -> tuple[tuple[Elements, ...], int]:
    items: list[Elements] = []
    while at < end:
        if len(items) >= _MOST:
            raise ValueError(f"more than {_MOST:,} items")
        tag, _, length, at = _header(data, at, explicit=False)
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM:
            raise ValueError("not an item in a sequence")
        elements, at = _elements(data, at, _limit(at, length, end), explicit, depth=depth)
        items.append(elements)
    return tuple(items), at


def _header(data: bytes, at: int, explicit: bool) -> tuple[int, str, int, int]:
    """Tag, VR and length of the element at `at`, and the start of its value."""
    group, element = unpack_from("<HH", data, at)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:
        return tag, by_tag(tag).vr, unpack_from("<I", data, at + 4)[0], at + 8
    vr = data[at + 4 : at + 6].decode("ascii")
    if vr in _LONG:
        return tag, vr, unpack_from("<I", data, at + 8)[0], at + 12
    return tag, vr, unpack_from("<H", data, at + 6)[0], at + 8


def _limit(at: int, length: int, end: int) -> int:
    if length == _UNDEFINED:
        return end
    if at + length > end:
        raise ValueError("an element is longer than its container")
    return at + length


def element(tag: int, vr: str, value: bytes, explicit: bool) -> bytes:
    """One element; a value of odd length is padded (PS3.5 6.2)."""
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    start = pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return start + pack("<I", len(value)) + value
    if vr in _LONG:
        return start + vr.encode() + pack("<HI", 0, len(value)) + value
    return start + vr.encode() + pack("<H", len(value)) + value


def item(data: bytes) -> bytes:
    """One item of a sequence, of defined length."""
    return pack("<HHI", _ITEM >> 16, _ITEM & 0xFFFF, len(data)) + data


def sequence_end() -> bytes:
    """The delimiter of a sequence, or of encapsulated pixel data, of undefined length."""
    return pack("<HHI", _SEQUENCE_END >> 16, _SEQUENCE_END & 0xFFFF, 0)

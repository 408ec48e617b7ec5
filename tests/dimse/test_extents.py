"""Where elements and items begin and end, to the byte; what does not fit is refused."""

from __future__ import annotations

import struct

import pytest

from dicomsh.dimse.elements import (
    ENCODINGS,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    LittleEndian,
)
from dicomsh.dimse.extents import (
    ITEM,
    ITEM_END,
    MOST_HEADERS,
    SEQUENCE_END,
    Budget,
    Extent,
    Header,
    TooManyError,
    TruncatedError,
    extent_at,
    extents,
    header,
    is_open_wrongly,
    item_at,
)
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.row import DEEPEST

IMPLICIT = ENCODINGS[IMPLICIT_LITTLE_ENDIAN]
EXPLICIT = ENCODINGS[EXPLICIT_LITTLE_ENDIAN]
both = pytest.mark.parametrize("encoding", [IMPLICIT, EXPLICIT], ids=["implicit", "explicit"])

MODALITY, SEQUENCE, ITEMS = 0x00080060, 0x00400100, 0x00400275
UNDEFINED = 0xFFFFFFFF


def raw(tag: int, length: int = 0) -> bytes:
    """A header without VR: of an item, a delimiter, or an element in implicit VR."""
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, length)


def opened(encoding: LittleEndian, tag: int = SEQUENCE, vr: bytes = b"SQ") -> bytes:
    """The header of a sequence of undefined length."""
    if encoding is IMPLICIT:
        return raw(tag, UNDEFINED)
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, UNDEFINED)


def is_explicit(encoding: LittleEndian) -> bool:
    return encoding is EXPLICIT


@both
def test_elements_are_found_to_the_byte(encoding: LittleEndian) -> None:
    element = encoding.element(MODALITY, "CS", b"CT")
    inside = raw(ITEM, UNDEFINED) + element + raw(ITEM_END) + raw(ITEM, len(element)) + element
    data = element + opened(encoding) + inside + raw(SEQUENCE_END)
    cs, sq = ("CS", "SQ") if is_explicit(encoding) else ("", "")
    start = len(element) + len(opened(encoding))
    stop = start + len(inside)
    assert list(extents(data, explicit=is_explicit(encoding))) == [
        Extent(MODALITY, cs, 8, 10, 10),
        Extent(SEQUENCE, sq, start, stop, stop + 8),
    ]
    for part in (data, memoryview(data)):
        budget = Budget()
        assert extent_at(part, 10, is_explicit(encoding), budget).after == stop + 8
        assert budget.spent == 6, "its own, two items, what is in the open one, the end"


@both
def test_items_are_found_to_the_byte(encoding: LittleEndian) -> None:
    element = encoding.element(MODALITY, "CS", b"CT")
    value = raw(ITEM, UNDEFINED) + element + raw(ITEM_END) + raw(ITEM, 10) + element
    value += raw(SEQUENCE_END)
    budget = Budget()
    first = item_at(value, 0, is_explicit(encoding), budget)
    second = item_at(value, first.after, is_explicit(encoding), budget)
    end = item_at(value, second.after, is_explicit(encoding), budget)
    assert [first, second, end] == [
        Extent(ITEM, "", 8, 18, 26),
        Extent(ITEM, "", 34, 44, 44),
        Extent(SEQUENCE_END, "", 52, 52, 52),
    ]


@pytest.mark.parametrize(
    ("data", "explicit", "found"),
    [
        (IMPLICIT.element(MODALITY, "", b"CT"), False, Header(MODALITY, b"", 2, 8)),
        (EXPLICIT.element(MODALITY, "CS", b"CT"), True, Header(MODALITY, b"CS", 2, 8)),
        (EXPLICIT.element(MODALITY, "UT", b"CT"), True, Header(MODALITY, b"UT", 2, 12)),
        (raw(ITEM, 0x5343), True, Header(ITEM, b"", 0x5343, 8)),
    ],
)
def test_headers(data: bytes, explicit: bool, found: Header) -> None:
    """PS3.5 7.1.2, 7.1.3, 7.5; nothing may be missing of one."""
    assert header(data, 0, explicit) == found
    assert header(bytes(3) + data, 3, explicit) == found._replace(start=found.start + 3)
    assert header(data[: found.start], 0, explicit) == found
    with pytest.raises(TruncatedError, match=f"at byte 3 of {found.start + 2}"):
        header(bytes(3) + data[: found.start - 1], 3, explicit)


@pytest.mark.parametrize("vr", [b"cs", b"Cs", b"C1", b"11", b"  ", b"\0\0"])
def test_two_capitals_are_a_vr(vr: bytes) -> None:
    with pytest.raises(ProtocolViolationError, match="has no valid VR"):
        header(EXPLICIT.element(MODALITY, "CS", b"CT").replace(b"CS", vr), 0, True)


@both
@pytest.mark.parametrize(
    "inside",
    [
        lambda e: e.element(MODALITY, "CS", b"CT"),
        lambda _: raw(ITEM_END),
        lambda _: raw(ITEM, UNDEFINED) + raw(ITEM),
        lambda _: raw(ITEM, UNDEFINED) + raw(SEQUENCE_END),
    ],
    ids=["element", "end of an item", "item in an item", "end in an item"],
)
def test_what_is_out_of_place_is_refused(encoding: LittleEndian, inside: object) -> None:
    assert callable(inside)
    closing = raw(ITEM_END) + raw(SEQUENCE_END)
    with pytest.raises(ProtocolViolationError, match="is out of place in a sequence"):
        encoding.split(opened(encoding) + inside(encoding) + closing)


@both
def test_an_empty_sequence_counts_for_its_depth(encoding: LittleEndian) -> None:
    around, behind = opened(encoding) + raw(ITEM, UNDEFINED), raw(ITEM_END) + raw(SEQUENCE_END)
    empty = opened(encoding) + raw(SEQUENCE_END)

    def inside(depth: int) -> bytes:
        return around * depth + empty + behind * depth

    assert list(encoding.split(inside(DEEPEST - 1))) == [SEQUENCE]
    with pytest.raises(ProtocolViolationError, match="nested deeper"):
        encoding.split(inside(DEEPEST))


def test_a_sequence_as_un_inside_a_sequence_is_in_implicit_vr() -> None:
    """PS3.5 6.2.2, and only what is inside it."""
    unknown = opened(EXPLICIT, ITEMS, b"UN") + raw(ITEM, UNDEFINED)
    unknown += IMPLICIT.element(MODALITY, "CS", b"CT") + raw(ITEM_END) + raw(SEQUENCE_END)
    item = raw(ITEM, UNDEFINED) + unknown + EXPLICIT.element(0x00400400, "LT", b"x ")
    value = item + raw(ITEM_END) + raw(SEQUENCE_END)
    assert EXPLICIT.split(opened(EXPLICIT) + value) == {SEQUENCE: value[:-8]}


@pytest.mark.parametrize(
    ("tag", "vr", "wrongly"),
    [
        (SEQUENCE, "SQ", False),
        (SEQUENCE, "UN", False),
        (SEQUENCE, "", False),
        (MODALITY, "", True),
        (MODALITY, "CS", True),
        (SEQUENCE, "CS", True),
        (MODALITY, "SQ", False),
    ],
)
def test_which_elements_may_have_an_undefined_length(tag: int, vr: str, wrongly: bool) -> None:
    """PS3.5 7.1.2, 7.1.3: sequences, and UN."""
    assert is_open_wrongly(Extent(tag, vr, 8, 8, 16)) is wrongly
    assert not is_open_wrongly(Extent(tag, vr, 8, 8, 8))


def test_headers_are_read_up_to_a_number() -> None:
    budget = Budget(2)
    budget.spend()
    budget.spend()
    with pytest.raises(TooManyError, match="more than 2 elements"):
        budget.spend()
    assert budget.spent == 2
    element = IMPLICIT.element(MODALITY, "CS", b"")
    assert len(list(extents(element * MOST_HEADERS, explicit=False))) == MOST_HEADERS
    with pytest.raises(TooManyError):
        list(extents(element * (MOST_HEADERS + 1), explicit=False))

"""What is read of a malformed data set: all that is sound, and the first thing that is not."""

from __future__ import annotations

import struct

import pytest

from dicomsh.dimse.extents import MOST_HEADERS, SHORT_VRS, Extent
from dicomsh.dimse.salvage import Salvaged, salvage, salvage_items

NAME, ID, SEX = 0x00100010, 0x00100020, 0x00100040
STATION, REQUESTED, LAST, PIXELS = 0x00400001, 0x00400275, 0x00401001, 0x7FE00010
OPEN = 0xFFFFFFFF


def tag_of(tag: int) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF)


def implicit(tag: int, value: bytes = b"", length: int | None = None) -> bytes:
    return tag_of(tag) + struct.pack("<I", len(value) if length is None else length) + value


def explicit(tag: int, vr: bytes, value: bytes = b"", length: int | None = None) -> bytes:
    size = len(value) if length is None else length
    if vr in SHORT_VRS:
        return tag_of(tag) + vr + struct.pack("<H", size) + value
    return tag_of(tag) + vr + b"\0\0" + struct.pack("<I", size) + value


def either(tag: int, vr: bytes, value: bytes, is_explicit: bool) -> bytes:
    return explicit(tag, vr, value) if is_explicit else implicit(tag, value)


ITEM_END, SEQUENCE_END = implicit(0xFFFEE00D), implicit(0xFFFEE0DD)
SEX_IMPLICIT, SEX_EXPLICIT = implicit(SEX, b"F "), explicit(SEX, b"CS", b"F ")


def item(content: bytes, *, ended: bool | None = None) -> bytes:
    """An item of defined length; or of an undefined one, with its end or without."""
    if ended is None:
        return implicit(0xFFFEE000, content)
    return implicit(0xFFFEE000, content, OPEN) + (ITEM_END if ended else b"")


def shown(data: bytes, found: list[Extent]) -> list[tuple[int, str, bytes]]:
    return [(one.tag, one.vr, data[one.start : one.stop]) for one in found]


both = pytest.mark.parametrize("is_explicit", [False, True], ids=["implicit", "explicit"])


@both
def test_a_sound_data_set_is_read_as_it_is(is_explicit: bool) -> None:
    data = either(ID, b"LO", b"1234", is_explicit) + either(SEX, b"CS", b"F ", is_explicit)
    read = salvage(data, explicit=is_explicit)
    vrs = ("LO", "CS") if is_explicit else ("", "")
    assert shown(data, read.found) == [(ID, vrs[0], b"1234"), (SEX, vrs[1], b"F ")]
    assert read[1:] == ("", is_explicit, False)
    assert salvage(b"", explicit=is_explicit) == Salvaged([], "", is_explicit)


@both
def test_a_data_set_that_is_whole_in_the_other_encoding_is_read_in_that(is_explicit: bool) -> None:
    data = either(ID, b"LO", b"1234", not is_explicit) + either(SEX, b"CS", b"", not is_explicit)
    read = salvage(data, explicit=is_explicit)
    assert [one[::2] for one in shown(data, read.found)] == [(ID, b"1234"), (SEX, b"")]
    words = ("explicit", "implicit") if is_explicit else ("implicit", "explicit")
    fault = f"{words[1]} VR in a presentation context for {words[0]} VR"
    assert read[1:] == (fault, not is_explicit, False)


@pytest.mark.parametrize("second", [ID, NAME])
def test_tags_that_do_not_ascend_are_no_data_set_in_the_other_encoding(second: int) -> None:
    data = explicit(ID, b"LO", b"1234") + explicit(second, b"LO", b"5678")
    read = salvage(data, explicit=False)
    assert read.found == []
    assert "PatientID (0010,0020)" in read.fault
    assert not read.explicit


@both
@pytest.mark.parametrize("value", [b"1234", b"1.2\0"])
@pytest.mark.parametrize(("nuls", "words"), [(1, "1 NUL byte"), (2, "2 NUL bytes"), (14, "14 NUL")])
def test_nuls_after_a_data_set_are_counted(
    is_explicit: bool, value: bytes, nuls: int, words: str
) -> None:
    data = either(ID, b"LO", value, is_explicit) + bytes(nuls)
    read = salvage(data, explicit=is_explicit)
    assert shown(data, read.found) == [(ID, "LO" if is_explicit else "", value)]
    assert read.fault.startswith(words)
    assert read.fault.endswith(" after the data set")


LONG = b"x" * 300


@pytest.mark.parametrize(
    ("is_explicit", "odd", "vr", "value"),
    [
        # the value has an implicit VR header among explicit ones, or the other way round
        (True, implicit(ID, b"1234"), "", b"1234"),
        (True, implicit(ID, LONG), "", LONG),
        (False, explicit(ID, b"LO", b"1234"), "LO", b"1234"),
        (False, explicit(ID, b"LO", LONG), "LO", LONG),
        (False, explicit(ID, b"OB", b"1234"), "OB", b"1234"),
        (False, explicit(ID, b"OB", LONG), "OB", LONG),
        (False, explicit(ID, b"SV", b"12345678"), "SV", b"12345678"),
        (False, explicit(ID, b"SQ", item(b"")), "SQ", item(b"")),
        # no VR has these letters
        (True, tag_of(ID) + b"??" + struct.pack("<H", 4) + b"1234", "", b"1234"),
        (True, tag_of(ID) + b"??" + struct.pack("<H", 300) + LONG, "", LONG),
        (True, tag_of(ID) + b"??" + struct.pack("<HI", 0, 4) + b"1234", "", b"1234"),
        (True, tag_of(ID) + b"??" + struct.pack("<HI", 0, 300) + LONG, "", LONG),
        (True, tag_of(ID) + b"ZZ" + struct.pack("<H", 4) + b"1234", "", b"1234"),
    ],
)
@pytest.mark.parametrize("following", ["an element", "element 0001", "a sequence", "nothing"])
def test_one_header_that_is_laid_out_differently_costs_nothing(
    is_explicit: bool, odd: bytes, vr: str, value: bytes, following: str
) -> None:
    first = either(NAME, b"PN", b"Doe^", is_explicit)
    sequence = item(b"") + SEQUENCE_END
    more = {
        "an element": SEX_EXPLICIT if is_explicit else SEX_IMPLICIT,
        "a sequence": explicit(REQUESTED, b"SQ", sequence, OPEN)
        if is_explicit
        else implicit(REQUESTED, sequence, OPEN),
        "element 0001": either(STATION, b"AE", b"CT1 ", is_explicit),
        "nothing": b"",
    }[following]
    data = first + odd + more
    read = salvage(data, explicit=is_explicit)
    found = shown(data, read.found)
    assert found[:2] == [(NAME, "PN" if is_explicit else "", b"Doe^"), (ID, vr, value)]
    tags = {"an element": [SEX], "element 0001": [STATION], "a sequence": [REQUESTED]}
    assert [tag for tag, _, _ in found[2:]] == tags.get(following, [])
    assert "PatientID (0010,0020)" in read.fault
    assert (read.explicit, read.stopped) == (is_explicit, False)


@pytest.mark.parametrize(
    ("is_explicit", "end"),
    [
        (True, implicit(SEX)),
        (False, explicit(SEX, b"CS")),
        (False, explicit(PIXELS, b"OB")),
        (True, tag_of(ID) + b"??\xff\xff" + bytes(4)),
    ],
)
def test_the_last_header_may_be_all_there_is(is_explicit: bool, end: bytes) -> None:
    first = either(NAME, b"PN", b"Doe^", is_explicit)
    data = first + end
    read = salvage(data, explicit=is_explicit)
    (before, last) = read.found
    assert before.tag == NAME
    assert last.after == len(data)


@pytest.mark.parametrize(
    "behind",
    [
        b"abc",
        implicit(NAME, b"Doe^"),
        implicit(ID, b"5678"),
        implicit(0x00200000, b"1234"),
        implicit(SEX, b"F", 0x00020002),  # nor as 16 bits
    ],
    ids=["letters", "a smaller tag", "the same tag", "a group length", "a length that is too long"],
)
def test_a_guess_is_made_only_where_what_follows_makes_sense(behind: bytes) -> None:
    data = implicit(0x00080005, b"") + explicit(ID, b"LO", b"1234") + behind
    read = salvage(data, explicit=False)
    assert [one.tag for one in read.found] == [0x00080005]
    assert "PatientID (0010,0020)" in read.fault


@both
def test_a_value_longer_than_the_rest_ends_the_data_set(is_explicit: bool) -> None:
    odd = explicit(SEX, b"CS", b"F", 40) if is_explicit else implicit(SEX, b"F", 40)
    data = either(ID, b"LO", b"1234", is_explicit) + odd
    read = salvage(data, explicit=is_explicit)
    assert [one.tag for one in read.found] == [ID]
    assert "PatientSex (0010,0040) of 40 bytes is longer than the rest" in read.fault


@both
@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("vr", [b"OB", b"\x01\x7f"])
def test_a_header_that_is_cut_off_ends_the_data_set(
    is_explicit: bool, size: int, vr: bytes
) -> None:
    data = either(ID, b"LO", b"1234", is_explicit)
    read = salvage(data + (tag_of(PIXELS) + vr + b"\xff" * 6)[:size], explicit=is_explicit)
    assert [one.tag for one in read.found] == [ID]
    assert read.fault


def opened(tag: int, content: bytes, is_explicit: bool) -> bytes:
    """A sequence of undefined length, up to its end."""
    return explicit(tag, b"SQ", content, OPEN) if is_explicit else implicit(tag, content, OPEN)


@both
def test_a_sequence_without_an_end_goes_to_the_end(is_explicit: bool) -> None:
    data = either(ID, b"LO", b"1", is_explicit) + opened(REQUESTED, item(b""), is_explicit)
    read = salvage(data, explicit=is_explicit)
    assert [one.tag for one in read.found] == [ID, REQUESTED]
    assert data[read.found[1].start :] == item(b"")
    assert read.found[1].after == read.found[1].stop == len(data)
    assert read.fault == "RequestAttributesSequence (0040,0275) has no end"


JUNK = b"junkjunk"


@both
@pytest.mark.parametrize("false_ends", [0, 1, 3, 4])
def test_a_damaged_sequence_ends_where_something_sensible_follows(
    is_explicit: bool, false_ends: int
) -> None:
    """Of the delimiters in it, so many are looked at as it may cost."""
    content = JUNK + (SEQUENCE_END + JUNK) * false_ends
    after = either(LAST, b"SH", b"last", is_explicit)
    data = opened(REQUESTED, content, is_explicit) + SEQUENCE_END + after
    read = salvage(data, explicit=is_explicit)
    assert read.found[0].tag == REQUESTED
    assert "out of place in a sequence" in read.fault
    if false_ends < 4:
        assert [one.tag for one in read.found] == [REQUESTED, LAST]
        assert data[read.found[0].start : read.found[0].stop] == content
    else:
        assert read.found[0].stop == read.found[0].after == len(data)


@both
def test_so_many_damaged_sequences_are_searched_as_it_may_cost(is_explicit: bool) -> None:
    tags = [REQUESTED + number for number in range(6)]
    data = b"".join(opened(tag, JUNK, is_explicit) + SEQUENCE_END for tag in tags)
    read = salvage(data, explicit=is_explicit)
    assert [one.tag for one in read.found] == tags[:4]


@both
@pytest.mark.parametrize("damaged", [False, True])
def test_a_data_set_of_too_many_elements_is_read_in_part(is_explicit: bool, damaged: bool) -> None:
    first = implicit(NAME, b"1234") if is_explicit else explicit(NAME, b"PN", b"1234")
    data = first if damaged else b""
    for number in range(MOST_HEADERS + 1):
        data += either(ID + number, b"LO", b"", is_explicit)
    read = salvage(data, explicit=is_explicit)
    assert len(read.found) == MOST_HEADERS
    assert read.stopped
    assert read.explicit is is_explicit
    assert ("PatientName" if damaged else "more than 4,096 elements") in read.fault


@both
def test_a_value_of_undefined_length_that_is_no_sequence_is_a_fault(is_explicit: bool) -> None:
    content = item(b"1234") + SEQUENCE_END
    data = explicit(PIXELS, b"OB", content, OPEN) if is_explicit else implicit(ID, content, OPEN)
    read = salvage(data, explicit=is_explicit)
    assert len(read.found) == 1
    assert read.found[0].after == len(data)
    name = "PixelData (7fe0,0010)" if is_explicit else "PatientID (0010,0020)"
    assert read.fault == f"{name} has an undefined length"


def test_the_first_fault_is_told() -> None:
    data = explicit(NAME, b"PN", b"1234") + implicit(ID, item(b"1234") + SEQUENCE_END, OPEN)
    data += explicit(SEX, b"CS", b"F ") + bytes(3)
    read = salvage(data, explicit=False)
    assert [one.tag for one in read.found] == [NAME, ID, SEX]
    assert "PatientName" in read.fault


@pytest.mark.parametrize("stray", [ITEM_END, SEQUENCE_END, item(b"")])
def test_a_delimiter_outside_a_sequence_is_out_of_place(stray: bytes) -> None:
    data = SEX_IMPLICIT + stray + implicit(LAST, b"last")
    read = salvage(data, explicit=False)
    assert [one.tag for one in read.found] == [SEX]
    assert read.fault.endswith(" is out of place")


# items


def items(value: bytes, is_explicit: bool = False) -> tuple[list[bytes], str]:
    read = salvage_items(value, explicit=is_explicit)
    assert (read.explicit, read.stopped) == (is_explicit, False)
    assert all(one.tag == 0xFFFEE000 and not one.vr for one in read.found)
    return [value[one.start : one.stop] for one in read.found], read.fault


@both
@pytest.mark.parametrize("ended", [None, True])
def test_sound_items_are_read_up_to_the_end_of_their_sequence(
    is_explicit: bool, ended: bool | None
) -> None:
    content = SEX_EXPLICIT if is_explicit else SEX_IMPLICIT
    value = item(content, ended=ended) + item(b"", ended=ended)
    assert items(value, is_explicit) == ([content, b""], "")
    assert items(value + SEQUENCE_END + JUNK, is_explicit) == ([content, b""], "")
    assert items(b"", is_explicit) == ([], "")


def test_an_item_without_an_end_goes_to_the_end() -> None:
    found, fault = items(item(b"") + item(SEX_IMPLICIT, ended=False))
    assert found == [b"", SEX_IMPLICIT]
    assert "the data set ends inside" in fault


def test_a_damaged_item_goes_to_the_first_end_of_an_item() -> None:
    value = item(JUNK, ended=True) + item(b"", ended=True) + item(SEX_IMPLICIT)
    found, fault = items(value)
    assert found == [JUNK, b"", SEX_IMPLICIT]
    assert fault


@pytest.mark.parametrize("odd", [JUNK, implicit(0xFFFEE000, b"1", 9), b"\xfe\xff\x00\xe0\xff"])
def test_what_is_no_item_ends_the_sequence(odd: bytes) -> None:
    found, fault = items(item(SEX_IMPLICIT) + odd)
    assert found == [SEX_IMPLICIT]
    assert fault


def test_so_many_damaged_items_are_searched_as_it_may_cost() -> None:
    found, _ = items(item(JUNK, ended=True) * 6)
    assert found == [JUNK] * 4


@pytest.mark.parametrize(("ended", "headers"), [(None, 1), (True, 2)])
def test_too_many_items_are_read_in_part(ended: bool | None, headers: int) -> None:
    found, fault = items(item(b"", ended=ended) * (MOST_HEADERS + 1))
    assert len(found) == MOST_HEADERS // headers
    assert fault == "more than 4,096 elements"

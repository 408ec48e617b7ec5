"""Malformed rows: counted, the first is named, and nothing else is in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack

import pytest

from dicomsh.dimse.elements import ENCODINGS, EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.row import DEEPEST, Row, Source
from dicomsh.model.row_faults import RowFaults, fault_of

EXPLICIT, IMPLICIT = ENCODINGS[EXPLICIT_LITTLE_ENDIAN], ENCODINGS[IMPLICIT_LITTLE_ENDIAN]
UID, NAME, ROWS, PADDING, REPRESENTATION = (
    0x0020000D,
    0x00100010,
    0x00280010,
    0x00280120,
    0x00280103,
)


def explicit(*elements: tuple[int, str, bytes]) -> Row:
    return Row(b"".join(EXPLICIT.element(*element) for element in elements), Source(EXPLICIT))


def implicit(elements: Mapping[int, bytes]) -> Row:
    data = b"".join(IMPLICIT.element(tag, "", raw) for tag, raw in elements.items())
    return Row(data, Source(IMPLICIT))


GOOD = explicit((UID, "UI", b"1.2.3\0"))
BAD = explicit((NAME, "--", b"Doe^Jane"), (UID, "UI", b"1.2.3\0"))


def test_all_malformed_rows_are_counted_and_the_first_is_named() -> None:
    faults = RowFaults("PACS@10.0.0.1:104")
    faults.look([GOOD, GOOD])
    assert (faults.doubtful, faults.notes) == (False, [])
    faults.look([GOOD])
    faults.look([GOOD, BAD])
    about = "PACS@10.0.0.1:104", "5", "PatientName (0010,0010) has no valid VR"
    assert (faults.doubtful, faults.notes) == (True, [note(NoteKind.MALFORMED, *about, count=1)])
    faults.look([Row(b"", Source(EXPLICIT)), BAD])
    assert (faults.doubtful, faults.notes) == (True, [note(NoteKind.MALFORMED, *about, count=3)])


def test_an_empty_identifier_is_malformed() -> None:
    faults = RowFaults("PACS")
    faults.look([Row(b"", Source(IMPLICIT))])
    assert faults.notes == [note(NoteKind.MALFORMED, "PACS", "1", "empty identifier", count=1)]


def test_a_tag_that_comes_twice_is_told_of_the_two_that_do_so_most() -> None:
    once, twice, thrice = ((tag, "LO", b"X ") for tag in (0x00081030, 0x0008103E, 0x00080080))
    faults = RowFaults("PACS")
    for elements in (once, *[twice] * 2, *[thrice] * 3):
        faults.look([explicit(elements, elements)])
    assert faults.notes == [
        note(NoteKind.TAG_REPEATED, "InstitutionName (0008,0080)", count=3),
        note(NoteKind.TAG_REPEATED, "SeriesDescription (0008,103e)", count=2),
    ]
    assert not faults.doubtful


def test_another_vr_than_the_dictionarys_is_no_fault() -> None:
    row = explicit((UID, "UI", b"1.2.3\0"), (ROWS, "IS", b"512 "))
    faults = RowFaults("PACS")
    faults.look([row])
    assert (faults.doubtful, faults.notes) == (False, [])
    assert (row.vr(ROWS), row.values(ROWS), row.text(ROWS)) == ("IS", [512], "512")


def test_a_row_reduced_to_some_attributes_keeps_the_vrs_that_were_sent() -> None:
    row = explicit((UID, "UI", b"1.2.3\0"), (ROWS, "IS", b"512 ")).only({ROWS})
    assert (list(row.elements), row.vr(ROWS), row.values(ROWS)) == ([ROWS], "IS", [512])


def test_the_sign_is_unknown_only_where_it_matters() -> None:
    faults = RowFaults("PACS")
    faults.look(
        [
            implicit({PADDING: b"\x05\0"}),
            implicit({PADDING: b"\x30\xf8", REPRESENTATION: b"\1\0"}),
            explicit((PADDING, "SS", b"\x30\xf8")),
        ]
    )
    assert faults.notes == []
    faults.look([implicit({PADDING: b"\x30\xf8"})])
    assert faults.notes == [note(NoteKind.SIGN_UNKNOWN, "PixelPaddingValue", count=1)]
    assert not faults.doubtful


SEQUENCE, INNER, PRIVATE = 0x00400275, 0x00400008, 0x00091001
NO_ITEMS = "RequestAttributesSequence (0040,0275) is not a sequence of items"


@pytest.mark.parametrize(
    ("tag", "vr", "raw", "fault"),
    [
        (SEQUENCE, "SQ", b"TEXT", NO_ITEMS),
        (SEQUENCE, "UN", b"TEXT", NO_ITEMS),
        # another VR that was sent is one to read it by
        (SEQUENCE, "LO", b"TEXT", ""),
        (SEQUENCE, "SQ", b"", ""),
        (PRIVATE, "SQ", b"TEXT", "element (0009,1001) is not a sequence of items"),
        (PRIVATE, "SQ", b"", ""),
        (PRIVATE, "UN", b"TEXT", ""),
        (PRIVATE, "LO", b"TEXT", ""),
        (NAME, "SQ", b"TEXT", "PatientName (0010,0010) is not a sequence of items"),
        (NAME, "PN", b"TEXT", ""),
    ],
)
def test_a_sequence_holds_items(tag: int, vr: str, raw: bytes, fault: str) -> None:
    assert fault_of(explicit((UID, "UI", b"1.2\0"), (tag, vr, raw))) == fault
    if vr == "SQ" and tag == SEQUENCE:
        assert fault_of(implicit({tag: raw})) == fault


def item(*elements: bytes) -> bytes:
    data = b"".join(elements)
    return pack("<HHI", 0xFFFE, 0xE000, len(data)) + data


def sequence(*items: bytes, tag: int = SEQUENCE) -> bytes:
    return IMPLICIT.element(tag, "SQ", b"".join(items))


def text(length: int) -> bytes:
    return IMPLICIT.element(0x00104000, "LT", bytes(length - 8))


def found(*elements: bytes) -> str:
    return fault_of(Row(b"".join(elements), Source(IMPLICIT)))


def test_the_first_fault_is_found_in_whatever_item_it_is() -> None:
    good, bad = item(text(20)), item(sequence(b"TEXT", tag=INNER))
    inner = "ScheduledProtocolCodeSequence (0040,0008) is not a sequence of items"
    assert found(sequence(good, good)) == ""
    assert found(sequence(good, bad, good)) == inner
    assert found(sequence(good), sequence(bad, tag=0x00400340)) == inner
    assert found(sequence(b"TEXT"), sequence(bad, tag=0x00400340)) == NO_ITEMS
    assert "longer than the rest" in found(sequence(bad, good[:-2]))


@pytest.mark.parametrize(
    ("nested", "fault"),
    [
        (DEEPEST - 1, ""),
        (DEEPEST, ""),
        (DEEPEST + 1, f"sequences are nested deeper than {DEEPEST}"),
    ],
)
def test_sequences_are_checked_down_to_a_depth(nested: int, fault: str) -> None:
    data = text(8)
    for _ in range(nested):
        data = sequence(item(data))
    assert found(data) == fault


TOO_LONG = "RequestAttributesSequence (0040,0275) is too long to check"


@pytest.mark.parametrize(("length", "fault"), [(32768, ""), (32769, TOO_LONG)])
def test_the_sequences_of_a_long_row_are_not_checked(length: int, fault: str) -> None:
    short = sequence(item(text(20)))
    assert found(short, text(length - len(short))) == fault


@pytest.mark.parametrize(("halvings", "fault"), [(1, ""), (2, ""), (3, TOO_LONG)])
def test_each_depth_takes_of_what_is_checked_of_a_row(halvings: int, fault: str) -> None:
    """All of a row may be read once again at each depth."""
    data = text(32000 >> halvings)
    for _ in range(halvings):
        data = sequence(item(data), item(data))
    assert found(data) == fault


@pytest.mark.parametrize(
    "row",
    [
        implicit({0x54000100: b"TEXT"}),
        explicit((0x52009230, "SQ", item(text(20))[:-2])),
        explicit((0x000B1001, "SQ", sequence(b"TEXT"))),
        implicit({0x00710010: b"AGFA-AG_HPState ", 0x00711018: item(text(20))[:-2]}),
    ],
)
def test_whatever_may_be_a_sequence_is_looked_into(row: Row) -> None:
    faults = RowFaults("PACS")
    faults.look([row])
    assert faults.doubtful

"""Malformed rows: counted, the first is named, and nothing else is in doubt."""

from __future__ import annotations

from collections.abc import Mapping

from dicomsh.dimse.elements import ENCODINGS, EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.row import Row, Source
from dicomsh.model.row_faults import RowFaults

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
    faults.look([GOOD, BAD, BAD])
    assert faults.doubtful
    about = "PACS@10.0.0.1:104", "4", "PatientName (0010,0010) has no valid VR"
    assert faults.notes == [note(NoteKind.MALFORMED, *about, count=2)]


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

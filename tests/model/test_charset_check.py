"""What an answer says about the character sets of its text (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

import pytest

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.charset_check import CharsetCheck, declared_set, is_unlabelled
from dicomsh.model.keys import by_keyword
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.row import Row, Source

LATIN, UTF8, KANJI = "ISO_IR 100", "ISO_IR 192", "\\ISO 2022 IR 87"


def row(charset: str | None, fallback: str = "", **values: bytes) -> Row:
    elements = {by_keyword(keyword).tag: value for keyword, value in values.items()}
    if charset is not None:
        elements = {by_keyword("SpecificCharacterSet").tag: charset.encode(), **elements}
    source = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN], fallback)
    return Row(b"".join(elements.values()), source, elements)


def kinds(check: CharsetCheck) -> list[NoteKind]:
    return [one.kind for one in check.notes]


def fault(*about: str) -> Note:
    return note(NoteKind.CHARSET_FAULT, *about)


def checked(*rows: Row, asked: str = "", fallback: str = "") -> CharsetCheck:
    check = CharsetCheck(fallback, asked)
    for one in rows:
        check.look([one])
    together = CharsetCheck(fallback, asked)
    together.look(rows)
    assert set(together.notes) == set(check.notes), "rows are judged alike however they are batched"
    return check


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        (None, b"DOE^JANE"),
        ("", b"DOE^JANE"),
        (LATIN, b"M\xfcller"),
        (UTF8, b"M\xc3\xbcller"),
        (KANJI, b"Yamada=\x1b$B;3ED\x1b(B"),
    ],
)
def test_nothing_is_said_about_text_in_its_set(charset: str | None, raw: bytes) -> None:
    assert kinds(checked(row(charset, PatientName=raw))) == []


@pytest.mark.parametrize(
    ("charset", "raw", "kind"),
    [
        (None, b"M\xfcller", NoteKind.UNLABELLED),
        ("ISO_IR 6", b"M\xfcller", NoteKind.UNLABELLED),
        ("XYZ", b"M\xfcller", NoteKind.UNKNOWN_CHARSET),
        (UTF8, b"M\xfcller", NoteKind.UNDECODABLE),
        (LATIN, b"Yamada=\x1b$B;3ED\x1b(B", NoteKind.CHARSET_FAULT),
        (None, b"Yamada=\x1b$B;3ED\x1b(B", NoteKind.CHARSET_FAULT),
        (LATIN, "Müller".encode(), NoteKind.CHARSET_FAULT),
    ],
)
def test_text_in_another_set_than_declared(charset: str | None, raw: bytes, kind: NoteKind) -> None:
    assert kind in kinds(checked(row(charset, PatientName=raw)))


def test_one_bad_row_among_good_ones_is_found() -> None:
    good, bad = row(UTF8, PatientName="Müller".encode()), row(UTF8, PatientName=b"M\xfcller")
    assert NoteKind.UNDECODABLE in kinds(checked(good, bad, good))
    assert NoteKind.UNDECODABLE in kinds(checked(row(LATIN, PatientName=b"M\xfcller"), good, bad))


def test_bytes_that_are_no_text_are_not_judged() -> None:
    binary = row(UTF8, PixelData=b"\xff\xfe\x1b", StudyDescription=b"CT")
    assert kinds(checked(binary)) == []


def test_rows_without_a_label_may_have_a_declared_fallback() -> None:
    raw = b"M\xfcller"
    assert kinds(checked(row(None, LATIN, PatientName=raw), fallback=LATIN)) == []
    assert NoteKind.UNLABELLED in kinds(
        checked(row(None, PatientName=raw), row(None, PatientName=b"x\x1b"), asked="")
    )


def test_a_wrong_label_gives_way_to_the_fallback_or_is_said() -> None:
    raw = "Müller".encode()
    (helped,) = checked(row(LATIN, UTF8, PatientName=raw), fallback=UTF8).notes
    (other,) = checked(row(LATIN, PatientName=raw)).notes
    assert helped.about[0] != other.about[0]
    assert (helped.about[1:], other.about[1:]) == ((LATIN, UTF8), (LATIN, UTF8))


@pytest.mark.parametrize(
    ("name", "letterless"),
    [
        (b"Yamada^Tarou=^=^", 1),
        (b"^", 1),
        (b"??^?", 1),
        (b"", 0),
        (b"=", 0),
        (b"Doe^^", 0),
        (b"Doe=Doe=Doe", 0),
    ],
)
def test_names_that_lost_their_letters_are_counted(name: bytes, letterless: int) -> None:
    check = CharsetCheck("")
    for _ in range(2):
        check.look([row(None, PatientName=one) for one in (name, b"Doe", b"Roe")])
    counts = [one.count for one in check.notes if one.kind is NoteKind.LETTERLESS_NAMES]
    assert counts == ([2] if letterless else [])


@pytest.mark.parametrize(
    "names",
    [
        {"PatientName": b"^", "ReferringPhysicianName": b"Doe"},
        {"PatientName": b"Doe", "ReferringPhysicianName": b"^"},
        {"NameOfPhysiciansReadingStudy": b"?^"},
        {"PatientName": b"Doe", "NameOfPhysiciansReadingStudy": b"?^"},
    ],
)
def test_any_name_may_have_lost_its_letters(names: dict[str, bytes]) -> None:
    whole = {"PatientName": b"Doe", "OperatorsName": b"Roe"}
    (only,) = checked(row(None, "", **names), row(None, "", **whole), row(None)).notes
    assert (only.kind, only.count) == (NoteKind.LETTERLESS_NAMES, 1)


def test_a_name_beside_another_that_is_empty_has_its_letters() -> None:
    rows = [
        row(None, PatientName=b"Doe", ReferringPhysicianName=b""),
        row(None, PatientName=b"", ReferringPhysicianName=b"Roe"),
        row(None, PatientName=b"Doe", StudyDescription=b"^"),
    ]
    assert kinds(checked(*rows)) == []


KOREAN, TWO = "\\ISO 2022 IR 149", "ISO_IR 100\\ISO_IR 144"


@pytest.mark.parametrize(
    ("charset", "fallback", "raw", "told"),
    [
        (None, "", b"M\xfcller", [note(NoteKind.UNLABELLED)]),
        (None, "", b"A\x1b$B;3", [fault("undeclared-escape", "ISO_IR 6")]),
        ("ISO_IR 6", "", b"A\x1b$B;3", [fault("undeclared-escape", "ISO_IR 6")]),
        (LATIN, "", b"A\x1b$B;3", [fault("undeclared-escape", LATIN)]),
        (KOREAN, "", b"\xfb\xf3", [fault("no-escape", KOREAN)]),
        ("ISO 2022 IR 149", "", b"\xfb\xf3", [fault("no-escape", "ISO 2022 IR 149")]),
        (LATIN, "", b"M\xc3\xbcller", [fault("looks-like", LATIN, UTF8)]),
        (LATIN, UTF8, b"M\xc3\xbcller", [fault("read-as-fallback", LATIN, UTF8)]),
        (LATIN, "windows-1252", b"M\xc3\xbcller", [fault("looks-like", LATIN, UTF8)]),
        (UTF8, LATIN, b"M\xfcller", [fault("read-as-fallback", UTF8, LATIN)]),
        (UTF8, "", b"M\xfcller", [note(NoteKind.UNDECODABLE, UTF8)]),
        (None, UTF8, b"M\xfcller", [note(NoteKind.UNDECODABLE, UTF8)]),
        ("XYZ", "", b"M\xfcller", [note(NoteKind.UNKNOWN_CHARSET, "XYZ", "Latin-1")]),
        ("XYZ", LATIN, b"M\xfcller", [note(NoteKind.UNKNOWN_CHARSET, "XYZ", LATIN)]),
        (
            TWO,
            "",
            b"M\xfcller",
            [fault("not-combinable", TWO, r"ISO 2022 IR 100\ISO 2022 IR 144")],
        ),
        (
            "ISO IR 192",
            LATIN,
            b"M\xfcller",
            [
                fault("misspelt", "ISO IR 192", UTF8),
                fault("read-as-fallback", "ISO IR 192", LATIN),
            ],
        ),
    ],
)
def test_what_is_told(charset: str | None, fallback: str, raw: bytes, told: list[Note]) -> None:
    assert checked(row(charset, fallback, PatientName=raw), fallback=fallback).notes == told


def test_rows_are_judged_by_the_set_of_each() -> None:
    raw = "Müller".encode()
    rows = [row(UTF8, PatientName=raw), row(LATIN, PatientName=raw)]
    for ordered in (rows, rows[::-1]):
        assert checked(*ordered).notes == [fault("looks-like", LATIN, UTF8)]


def test_what_was_found_hides_nothing_else() -> None:
    broken = row(UTF8, PatientName=b"M\xfcller")
    unlabelled = row(None, PatientName=b"M\xfcller")
    other = row(LATIN, PatientName="Müller".encode())
    assert kinds(checked(broken, unlabelled, other)) == [
        NoteKind.UNLABELLED, NoteKind.CHARSET_FAULT, NoteKind.UNDECODABLE,
    ]  # fmt: skip


def test_sets_that_cannot_hold_what_was_asked_for() -> None:
    rows = [row(LATIN, PatientName=b"A"), row("ISO_IR 144", PatientName=b"B"), row(None)]
    check = checked(*rows, asked="山田")
    assert check.lossy == ["ISO_IR 100", "ISO_IR 144"]
    assert check.notes == [note(NoteKind.LOSSY_CHARSETS, "ISO_IR 100, ISO_IR 144")]
    assert checked(*rows, asked="Müller").lossy == ["ISO_IR 144"]
    assert checked(*rows, asked="Muller").lossy == []
    assert checked(row(UTF8), asked="山田").lossy == []


def test_sets_are_remembered_where_they_matter() -> None:
    assert checked(row(UTF8), asked="M?ller").holding("ü")
    assert not checked(row(UTF8), asked="Muller").holding("ü")
    assert not checked(row(LATIN), asked="M?ller").holding("山")


@pytest.mark.parametrize(
    ("charset", "values", "unlabelled"),
    [
        (None, {"PatientName": b"M\xfcller"}, True),
        (None, {"PatientName": b"Muller", "PixelData": b"\xff"}, False),
        (None, {"PatientName": b"Muller"}, False),
        (LATIN, {"PatientName": b"M\xfcller"}, False),
        ("", {"PatientName": b"M\xfcller"}, True),
    ],
)
def test_which_rows_lack_a_label(
    charset: str | None, values: dict[str, bytes], unlabelled: bool
) -> None:
    one = row(charset, "", **values)
    assert is_unlabelled(one) is unlabelled
    assert declared_set(one) == (charset or "")

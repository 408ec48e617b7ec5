"""Keys that some servers find too little by: how they are asked, and what rows prove."""

from __future__ import annotations

import pytest

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.frozen import replace
from dicomsh.model.keys import PATIENT_NAME, SPECIFIC_CHARACTER_SET
from dicomsh.model.levels import Level
from dicomsh.model.query import Matching
from dicomsh.model.row import Row, Source
from dicomsh.model.widened import (
    as_letter,
    as_part,
    in_set,
    is_proof,
    one_of_several,
    open_letters,
    widened,
)
from tests.model.test_plan import request, typed

LATIN, CYRILLIC, UTF8, KANJI = "ISO_IR 100", "ISO_IR 144", "ISO_IR 192", "\\ISO 2022 IR 87"


def named(raw: bytes | None, charset: str = "", fallback: str = "") -> Row:
    """A row with these bytes as the name, in a set that it declares or not."""
    sets = {SPECIFIC_CHARACTER_SET: charset.encode()} if charset else {}
    values = {} if raw is None else {PATIENT_NAME: raw}
    return Row(raw or b"", Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN], fallback), sets | values)


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("name=M?ller*", True),
        ("name=M*ller", False),
        ("name=Miller", False),
        ("desc=T?orax", True),
        (r"desc=T?orax\Head", True),
        ("PatientComments=se?r", True),
        ("id=1?34", False),  # the unique key of a patient: people write no letters there
        ("acc=A?34", False),
        ("mod=C?34", False),
        # of two letters at least, so that it does not match everything
        ("name=A?", False),
        ("name=?A*^=", False),
        ("name=?A*^=B", True),
        ("name=AB?", True),
        ("name=XY?", True),
        ("name=?", False),
        ("+PatientName", False),
    ],
)
def test_where_a_question_mark_may_be_meant_for_a_letter(text: str, is_open: bool) -> None:
    key = typed(text)
    assert open_letters([key]) == ([key] if is_open else [])
    asked = request(Level.STUDY, request(Level.STUDY).place, text, "acc=A?99")
    value = key.value.replace("?", "*") if is_open else key.value
    assert [one.value for one in widened(asked).keys] == [value, "A?99"]


def test_a_question_mark_of_an_answer_is_no_wildcard() -> None:
    key = typed("name=M?ller")
    for literal in (key, replace(key, matching=Matching.SINGLE_VALUE)):
        assert open_letters([replace(literal, literal=True)]) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("station=CT1", "*CT1*"),
        ("station=CT*", None),
        (r"station=CT1\CT2", None),
        ("+station", None),
        ("step=CT1", None),  # of which a step has one
        ("name=CT1", None),
        ("RetrieveAETitle=CT1", None),  # outside the sequence of the step
    ],
)
def test_one_title_of_several_is_asked_for_as_a_part(text: str, part: str | None) -> None:
    key = typed(text, Level.WORKLIST)
    if part is None:
        assert (one_of_several([key]), as_part(key)) == ([], key)
        return
    assert one_of_several([key]) == [key]
    wide = as_part(replace(key, literal=True))
    assert (wide.value, wide.matching, wide.literal) == (part, Matching.WILDCARD, False)
    assert wide.path == key.path


@pytest.mark.parametrize(
    ("row", "fits"),
    [
        (named(b"M\xfcller", LATIN), True),
        (named("Müller".encode(), UTF8), True),
        (named(b"Miller", LATIN), True),
        (named(b"Smith", LATIN), False),
        (named(b"Mller", UTF8), False),
        (named(b"Mller", LATIN), None),  # which lacks letters that `?` may be meant for
        (named(b"Mller"), False),
        (named(b"M\xc3\xbcler"), None),
        (named(None, LATIN), None),
    ],
)
def test_a_row_that_may_have_lost_its_letter_is_not_judged(row: Row, fits: bool | None) -> None:
    assert as_letter(typed("name=M?ller"))(row) is fits


@pytest.mark.parametrize(
    ("row", "fits"),
    [
        (named("Чайка".encode("iso8859-5")), True),
        (named("Чайка".encode("iso8859-5"), CYRILLIC), True),
        (named("Чайка".encode("iso8859-5"), LATIN), False),
        (named("Чайка".encode("iso8859-5"), fallback=LATIN), False),
        (named("Чайка".encode(), UTF8), True),
        (named("Чайка".encode()), False),
        (named(b"Seagull"), False),
        (named(None), None),
    ],
)
def test_a_row_without_a_set_is_read_in_that_of_the_query(row: Row, fits: bool | None) -> None:
    assert in_set(typed("name=Чайка"), CYRILLIC)(row) is fits


@pytest.mark.parametrize(
    ("pattern", "rows", "proof"),
    [
        ("M?ller", [named("Müller".encode(), UTF8)], True),
        ("M?ller", [named(b"Miller", UTF8), named("Müller".encode(), UTF8)], True),
        ("M?ller", [named(b"Miller", UTF8), named(None, UTF8)], False),
        ("M?ller", [], False),
        # one byte in its set, however the value is padded
        ("M?ller", [named(b"M\xfcller", LATIN)], False),
        ("M?ller", [named(b"M\xfcller ", LATIN), named(b"M\xfcller\0", LATIN)], False),
        ("M?ller", [named(b" M\xfcller", LATIN)], False),
        ("?amada", [named(b"Yamada  ", UTF8)], False),
        ("?田", [named(b"\x1b$B;3ED\x1b(B", KANJI)], True),
        # the letter is in the pattern itself, or another one stands for `?`
        ("Mü?ler", [named("Müller".encode(), UTF8)], False),
        ("M*?ller", [named("Müiller".encode(), UTF8)], False),
        ("M*?ller", [named("Müller".encode(), UTF8)], True),
        ("M?llerX", [named("MüllerX".encode(), UTF8)], True),
        ("王小?东", [named("王小A东".encode("gb18030"), "GB18030")], False),
        # a row that does not match says nothing
        ("Schm?dt", [named("Müller".encode(), UTF8)], False),
    ],
)
def test_whether_rows_prove_that_letters_are_compared(
    pattern: str, rows: list[Row], proof: bool
) -> None:
    assert is_proof(rows, typed(f"name={pattern}")) is proof

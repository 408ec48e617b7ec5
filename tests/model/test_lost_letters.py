"""Rows that may have lost letters on their way are not held against the server."""

from __future__ import annotations

import pytest

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.keys import PATIENT_NAME, SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.lost_letters import letters_of, may_have_lost_letters
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.row import Row, Source


def lost(charset: str, name: bytes | None, asked: str, *, literal: bool = False) -> bool:
    elements = {SPECIFIC_CHARACTER_SET: charset.encode()}
    if name is not None:
        elements[PATIENT_NAME] = name
    row = Row(b"", Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN]), elements)
    path = (by_keyword("PatientName"),)
    kind = Matching.SINGLE_VALUE if literal else Matching.WILDCARD
    key = QueryKey(path, asked, kind, KeyOrigin.TYPED, literal=literal)
    return may_have_lost_letters(row, key)


@pytest.mark.parametrize(
    ("charset", "name", "asked", "expected"),
    [
        # Latin-1 has no kanji: with any letters in their place, the row would match
        ("ISO_IR 100", b"Yamada^Tarou=^=^", "Yamada*=山田*", True),
        ("ISO_IR 100", b"Suzuki^Tarou=^=^", "Yamada*=山田*", False),
        ("ISO_IR 100", b"^", "山田^太郎", True),
        ("ISO_IR 100", b"anything", "山田", True),
        # a set that has the letters has lost none
        ("ISO_IR 192", b"Yamada", "山田", False),
        ("ISO_IR 100", b"Muller", "Müller", False),
        ("ISO_IR 100", b"Muller", "Muller^*", False),
        # X is a letter like any other
        ("ISO_IR 100", b"Y", "X山", False),
        ("ISO_IR 100", b"X", "X山", True),
        ("ISO_IR 100", b"Xe", "X?山", True),
        # without a set, text beyond ASCII is a guess
        ("", b"M\xfcller", "Meier", True),
        ("", b"Muller", "Meier", False),
        ("", None, "Meier", False),
    ],
)
def test_a_row_may_have_lost_letters(
    charset: str, name: bytes | None, asked: str, expected: bool
) -> None:
    assert lost(charset, name, asked) is expected


def test_in_a_value_from_an_answer_only_what_is_lost_is_any_letter() -> None:
    assert lost("ISO_IR 100", b"Yamada=", "Yamada=山田", literal=True)


@pytest.mark.parametrize(("identifier", "expected"), [(r"?\B", True), (r"?\C", False)])
def test_a_backslash_in_a_value_from_an_answer_separates_nothing(
    identifier: str, expected: bool
) -> None:
    path = (by_keyword("PatientID"),)
    key = QueryKey(path, r"山\B", Matching.SINGLE_VALUE, KeyOrigin.CONTEXT, literal=True)
    elements = {SPECIFIC_CHARACTER_SET: b"ISO_IR 100", path[0].tag: identifier.encode()}
    row = Row(b"", Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN]), elements)
    assert may_have_lost_letters(row, key) is expected


def test_a_question_mark_may_be_any_letter() -> None:
    assert letters_of("M?ller") == "M\U0001f600ller"

"""Rows and keys in Orthanc's three forms."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.archives.rows import row_of
from dicomsh.gateway.forms import Form, row_object, row_text, rows_text
from dicomsh.gateway.styled import styled
from dicomsh.model.keys import by_keyword
from dicomsh.model.row import Row

WORDS = {
    "PatientName": "PN",
    "PatientID": "LO",
    "ModalitiesInStudy": "CS",
    "StudyInstanceUID": "UI",
    "StudyDescription": "LO",
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x1b"), max_size=8)
VALUES = st.sampled_from(["", "CT\\MR", 'a"b', "100 %s", "山田^太郎", " x ", "\0", "a"]) | TEXTS


def row(**values: str) -> Row:
    return row_of({by_keyword(word).tag: (WORDS[word], [text]) for word, text in values.items()})


ROWS = st.lists(st.dictionaries(st.sampled_from(list(WORDS)), VALUES).map(lambda d: row(**d)))
ALIKE = st.lists(st.fixed_dictionaries(dict.fromkeys(WORDS, VALUES)).map(lambda d: row(**d)))


@given(ROWS | ALIKE, st.sampled_from(Form))
def test_many_rows_at_once_are_as_one_by_one(rows: list[Row], form: Form) -> None:
    text = rows_text(rows, form)
    assert text == styled([row_object(one, form) for one in rows])
    assert json.loads(text) == [json.loads(row_text(one, form)) for one in rows]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Form.FULL, {"0020,000d": {"Name": "StudyInstanceUID", "Type": "String", "Value": "1.2"}}),
        (Form.SHORT, {"0020,000d": "1.2"}),
        (Form.SIMPLIFIED, {"StudyInstanceUID": "1.2"}),
    ],
)
def test_the_forms(form: Form, expected: object) -> None:
    made = row(StudyInstanceUID="1.2").only([by_keyword("StudyInstanceUID").tag])
    assert json.loads(row_text(made, form)) == expected


def test_sequences_numbers_and_private_elements() -> None:
    modality = by_keyword("Modality").tag
    made = row_of(
        {
            by_keyword("RequestAttributesSequence").tag: ("SQ", [{modality: ("CS", ["CT"])}]),
            by_keyword("Rows").tag: ("US", [512]),
            by_keyword("Columns").tag: ("US", []),
            0x00090010: ("LO", ["ACME"]),
            0x00091001: ("UN", []),
        }
    )
    full = row_object(made, Form.FULL)
    assert full["0028,0010"] == {"Name": "Rows", "Type": "String", "Value": "512"}
    assert full["0028,0011"] == {"Name": "Columns", "Type": "Null", "Value": None}
    assert full["0009,0010"]["Name"] == "PrivateCreator"
    assert full["0009,1001"] == {"Name": "Unknown Tag & Data", "Type": "Null", "Value": None}
    assert full["0040,0275"]["Type"] == "Sequence"
    simple = row_object(made, Form.SIMPLIFIED)
    (item,) = simple["RequestAttributesSequence"]
    assert item["Modality"] == "CT"
    assert simple["0009,1001"] is None
    assert json.loads(rows_text([made], Form.FULL)) == [full]

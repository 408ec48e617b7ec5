"""What is written for many rows at once is what would be written for one after the other."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.row import Row
from dicomsh.output.bulk import block_columns, block_lines
from dicomsh.output.bulk_objects import objects_of
from dicomsh.output.json_format import needs_no_escape
from dicomsh.output.json_rows import object_lines, one_by_one
from dicomsh.output.plain import element, members, root_tags
from tests.output.rows import answer, columns, rendered

TEXT = ("PatientName", "StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedSeries")
SHOWN = columns(*TEXT, "StudyInstanceUID")

VALUES = st.one_of(
    st.sampled_from(
        [
            *(b"", b"CT", b"MR\\SR", b"CT\\\\MR", b" padded ", b"x\0", b"12", b"007", b"+3", b"-0"),
            *(b"1e3", b'"', b"a\\b", b"line\nend", b"\x1b[31m", b"\x1f", b"\x1d", b"\x1e", b"\xff"),
            *("Müller^Jürgen".encode(), "山田^太郎".encode(), "\u202e".encode(), "\ud7a3".encode()),
        ]
    ),
    st.binary(max_size=6),
    st.text(max_size=6).map(str.encode),
)
PLAIN = st.sampled_from([b"", b"CT", b"MR\\SR", b"12", b"007", b"+3", b"-0", b"0", b"-5", b"a\\b"])
KEYS = [*TEXT, "StudyInstanceUID", "AccessionNumber", "PatientComments", 0x00091001]
ELEMENTS = st.one_of(
    st.dictionaries(st.sampled_from([*TEXT, "AccessionNumber", "StudyTime"]), PLAIN),
    st.dictionaries(st.sampled_from(KEYS), VALUES),
)
ROWS = st.lists(ELEMENTS, max_size=5).map(lambda made: [answer(one) for one in made])


@given(ROWS)
def test_json_objects(rows: list[Row]) -> None:
    assert object_lines(SHOWN)(rows) == one_by_one(members(SHOWN))(rows)


@given(ROWS)
def test_objects(rows: list[Row]) -> None:
    one_after_the_other = members(SHOWN)
    made = [[*one.items()] for one in objects_of(SHOWN, dict)(rows)]
    assert made == [[*one_after_the_other(row)] for row in rows]


@given(ROWS)
def test_csv_lines(rows: list[Row]) -> None:
    text, _ = rendered("csv", SHOWN, rows)
    read = list(csv.reader(io.StringIO(text, newline="")))[1:]
    tags = root_tags(SHOWN)
    assert read == [[_text(row, tag) for tag in tags] for row in rows]


def _text(row: Row, tag: int) -> str:
    return row.decode(row.elements.get(tag, b"")).strip(" \0")


USUAL: list[dict[Any, Any]] = [
    {
        "PatientName": "Müller^Jürgen",
        "ModalitiesInStudy": "MR\\SR",
        "NumberOfStudyRelatedSeries": "5 ",
        "StudyDescription": "",
        "StudyInstanceUID": b"1.2.3\0",
    },
    {"PatientName": "Doe^Jane", "NumberOfStudyRelatedSeries": ""},
]


def test_usual_rows_need_no_second_look() -> None:
    rows = [answer(one) for one in USUAL]
    tags = root_tags(SHOWN)
    assert block_lines(rows, tags, b",", b'"') is not None
    assert block_columns(rows, tags, needs_no_escape) == [
        ["Müller^Jürgen", "Doe^Jane"],
        ["", "\x1d"],
        ["MR\\SR", "\x1d"],
        ["5", ""],
        ["1.2.3", "\x1d"],
    ]
    assert [json.loads(line) for line in object_lines(SHOWN)(rows)] == [
        {
            "PatientName": "Müller^Jürgen",
            "StudyDescription": None,
            "ModalitiesInStudy": ["MR", "SR"],
            "NumberOfStudyRelatedSeries": 5,
            "StudyInstanceUID": "1.2.3",
        },
        {"PatientName": "Doe^Jane", "NumberOfStudyRelatedSeries": None},
    ]
    assert objects_of(SHOWN, dict)(rows) == [json.loads(line) for line in object_lines(SHOWN)(rows)]


@pytest.mark.parametrize("raw", [b"\x1d", b"\x1f", b"\x1e\x1f", b"\x1b(B"])
def test_bytes_that_mark_blocks_are_looked_at(raw: bytes) -> None:
    rows = [answer({"PatientName": raw})]
    assert block_columns(rows, root_tags(SHOWN), needs_no_escape) is None
    (line,) = object_lines(SHOWN)(rows)
    assert json.loads(line) == {"PatientName": element(rows[0], 0x00100010)}

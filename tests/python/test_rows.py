"""Rows as tables of pandas and Arrow, and as notebooks show them."""

from __future__ import annotations

import sys
from typing import Any

import pandas
import pyarrow
import pytest
from IPython.core.formatters import DisplayFormatter

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import UsageError
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import AttributeColumn
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.row import Row, Source
from dicomsh.python.rows import Rows

SOURCE = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN], "ISO_IR 192")
KEYWORDS = (
    "PatientID StudyDate StudyTime ModalitiesInStudy NumberOfStudyRelatedSeries PatientWeight"
)


def rows(*values: dict[str, str]) -> Rows:
    columns = [AttributeColumn(by_keyword(word), word) for word in KEYWORDS.split()]
    made = [
        Row(b"", SOURCE, {by_keyword(word).tag: text.encode() for word, text in one.items()})
        for one in values
    ]
    return Rows(columns, made, Level.STUDY, Outcome(Ending.COMPLETE, len(made), 0.01))


FULL = {
    "PatientID": "007",
    "StudyDate": "20240305",
    "StudyTime": "101530.5",
    "ModalitiesInStudy": r"CT\SR",
    "NumberOfStudyRelatedSeries": "3",
    "PatientWeight": "72.5",
}
EMPTY = dict.fromkeys(FULL, "")


def test_a_data_frame_has_types() -> None:
    frame = rows(FULL, EMPTY, {"PatientID": "1", "StudyDate": "00010101"}).to_pandas()
    assert list(frame.columns) == KEYWORDS.split()
    assert frame["PatientID"].tolist() == ["007", None, "1"]
    assert frame["StudyDate"].dtype == "datetime64[s]"
    assert frame["StudyDate"][0] == pandas.Timestamp("2024-03-05")
    assert pandas.isna(frame["StudyDate"][1])
    assert str(frame["StudyDate"].dt.year[2]) == "1.0"
    assert frame["StudyTime"][0].isoformat() == "10:15:30.500000"
    assert frame["ModalitiesInStudy"].tolist() == [["CT", "SR"], None, None]
    assert frame["NumberOfStudyRelatedSeries"].sum() == 3
    assert frame["PatientWeight"][0] == 72.5


def test_a_value_that_is_no_date_is_kept() -> None:
    frame = rows(FULL, {**FULL, "StudyDate": "5 March"}).to_pandas()
    assert frame["StudyDate"].dtype == "object"
    assert frame["StudyDate"][1] == "5 March"


def test_a_data_frame_without_rows_has_columns() -> None:
    frame = rows().to_pandas()
    assert list(frame.columns) == KEYWORDS.split()
    assert len(frame) == 0


def test_an_arrow_table_has_types() -> None:
    table = rows(FULL, EMPTY).to_arrow()
    assert table.schema.field("StudyDate").type == pyarrow.date32()
    assert table.schema.field("ModalitiesInStudy").type == pyarrow.list_(pyarrow.string())
    assert table.to_pylist()[0]["PatientID"] == "007"
    assert table.to_pylist()[1]["NumberOfStudyRelatedSeries"] is None
    assert rows().to_arrow().num_rows == 0


@pytest.mark.parametrize(("method", "library"), [("to_pandas", "pandas"), ("to_arrow", "pyarrow")])
def test_a_library_that_is_not_installed_is_named(
    method: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=f"needs {library}, which is not installed") as caught:
        getattr(rows(FULL), method)()
    assert caught.value.hint == "pip install 'dicomsh[parquet]' pandas"


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", 'a"b&c', "\x1b[31mred"])
def test_a_notebook_shows_a_table_and_nothing_else(hostile: str) -> None:
    shown = rows({**FULL, "PatientID": hostile})._repr_html_()
    assert "<table>" in shown
    assert "<script>" not in shown
    assert "\x1b" not in shown
    assert "1 study, complete" in shown


def test_ipython_shows_the_table() -> None:
    """In a terminal as text, in a notebook as HTML."""
    formatter: Any = DisplayFormatter()
    found, _ = formatter.format(rows(*[{**FULL, "PatientID": "\x1b[31m7"}] * 60))
    shown = found["text/plain"].splitlines()
    assert shown[0].split()[:2] == ["#", "PatientID"]
    assert "2024-03-05" in shown[50]
    assert shown[51:] == ["10 more rows", "60 studies, complete · 10 ms"]
    assert "\x1b" not in found["text/plain"]
    assert "10 more rows" in found["text/html"]
    found, _ = formatter.format(rows(FULL))
    assert found["text/plain"] == str(rows(FULL))


def test_a_notebook_shows_the_first_rows_of_many() -> None:
    shown = rows(*[FULL] * 1_200)._repr_html_()
    assert shown.count("<tr>") == 51
    assert "1,150 more rows" in shown

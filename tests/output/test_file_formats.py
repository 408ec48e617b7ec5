"""Excel and Parquet, read back by other libraries: the types, the bounds, and what does not fit."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomsh.errors import DicomshError, UsageError
from dicomsh.model.columns import Column, FieldColumn, Record
from dicomsh.model.levels import Level
from dicomsh.output import excel, monthly, parquet
from dicomsh.output.formats import file_renderer, folder_renderer
from dicomsh.output.plain import AnyRow
from dicomsh.output.streams import FileWriter
from tests.output.rows import answer, columns, fields

KEYS = (
    "PatientID",
    "StudyDate",
    "StudyTime",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "PatientWeight",
    "AcquisitionDateTime",
    "ProcedureCodeSequence",
    "ScheduledProcedureStepSequence.Modality",
)
STUDY = answer(
    {
        "PatientID": "0042",
        "StudyDate": "20090412",
        "StudyTime": "101530.5",
        "ModalitiesInStudy": "CT\\SR",
        "NumberOfStudyRelatedSeries": "3",
        "PatientWeight": "72.5",
        "AcquisitionDateTime": "20090412101530+0200",
        "ProcedureCodeSequence": [{"CodeValue": "X1"}],
        "ScheduledProcedureStepSequence": [{"Modality": "CT"}, {"Modality": "MR"}],
    }
)
ODD = answer({"PatientID": "=1+1", "StudyDate": "12 April", "NumberOfStudyRelatedSeries": "many"})


def written(
    name: str, shown: tuple[Column, ...], *batches: list[AnyRow], level: Level | None = Level.STUDY
) -> tuple[bytes, list[str]]:
    data = io.BytesIO()

    def take(part: Any) -> None:
        data.write(part)

    rows = file_renderer(name, shown, level, take)
    texts = [rows.begin(), *map(rows.rows, batches), rows.flush(), rows.end()]
    assert texts == [""] * len(texts)
    return data.getvalue(), rows.hidden


def sheets(data: bytes) -> list[list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [list(sheet.iter_rows(values_only=True)) for sheet in book]


def table(data: bytes) -> Any:
    return pyarrow.parquet.read_table(io.BytesIO(data))


def test_excel_has_types() -> None:
    data, _ = written("excel", columns(*KEYS), [STUDY, ODD])
    (rows,) = sheets(data)
    assert rows[0] == KEYS
    assert rows[1][:7] == (
        "0042",
        datetime(2009, 4, 12),
        time(10, 15, 30, 500000),
        "CT\\SR",
        3,
        72.5,
        "20090412101530+0200",
    )
    assert rows[1][8] == "CT\\MR"
    assert rows[2][:5] == ("=1+1", "12 April", None, None, "many")
    cell = openpyxl.load_workbook(io.BytesIO(data)).active["A3"]
    assert cell.data_type == "s"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("19000301", datetime(1900, 3, 1)),
        ("19000228", "1900-02-28"),
        ("18641231", "1864-12-31"),
        ("99991231", datetime(9999, 12, 31)),
    ],
)
def test_days_that_excel_has_and_those_it_has_not(value: str, found: Any) -> None:
    data, _ = written("excel", columns("PatientBirthDate"), [answer({"PatientBirthDate": value})])
    assert sheets(data)[0][1] == (found,)


def test_excel_of_records() -> None:
    records: list[Record] = [{"name": "a", "n": 2}, {"name": None, "n": 10**16}, {"n": True}]
    shown = (FieldColumn("name", "Name"), FieldColumn("n", "N", True))
    data, _ = written("excel", shown, list(records), level=None)
    assert sheets(data) == [[("name", "n"), ("a", 2), (None, str(10**16)), (None, True)]]


def test_a_long_text_is_cut_and_told() -> None:
    data, told = written("excel", fields("text"), [{"text": "x" * 40_000}], level=None)
    assert len(sheets(data)[0][1][0]) == 32_767
    assert told == ["1 text was cut: a cell of Excel holds 32,767 characters"]


def test_more_rows_than_a_sheet_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "_MOST_ROWS", 4)
    data, _ = written("excel", fields("n"), [{"n": n} for n in range(7)], level=None)
    assert sheets(data) == [
        [("n",), (0,), (1,), (2,)],
        [("n",), (3,), (4,), (5,)],
        [("n",), (6,)],
    ]


def test_parquet_has_types_and_lists() -> None:
    data, told = written("parquet", columns(*KEYS), [STUDY, ODD])
    found = table(data)
    assert [str(field.type) for field in found.schema] == [
        "string",
        "date32[day]",
        "time64[us]",
        "list<element: string>",
        "int64",
        "double",
        "string",
        "string",
        "list<element: string>",
    ]
    first, second = found.to_pylist()
    assert first == {
        "PatientID": "0042",
        "StudyDate": date(2009, 4, 12),
        "StudyTime": time(10, 15, 30, 500000),
        "ModalitiesInStudy": ["CT", "SR"],
        "NumberOfStudyRelatedSeries": 3,
        "PatientWeight": 72.5,
        "AcquisitionDateTime": "20090412101530+0200",
        "ProcedureCodeSequence": '[{"CodeValue":"X1"}]',
        "ScheduledProcedureStepSequence.Modality": ["CT", "MR"],
    }
    assert set(second.values()) == {"=1+1", None}
    assert told == [
        "1 StudyDate not valid for its type, and empty in the file",
        "1 NumberOfStudyRelatedSeries not valid for its type, and empty in the file",
    ]
    assert found.schema.field("StudyDate").metadata == {b"tag": b"(0008,0020)", b"vr": b"DA"}


def test_parquet_without_rows_has_its_columns() -> None:
    found = table(written("parquet", columns("StudyDate"))[0])
    assert found.num_rows == 0
    assert found.schema.names == ["StudyDate"]


def test_parquet_of_records_has_the_types_of_their_values() -> None:
    records: list[Record] = [
        {"text": "a", "n": 1, "ms": 2, "yes": True, "all": ["x", "y"], "in": {"a": 1}},
        {"text": None, "n": 3, "ms": 0.5, "yes": False, "all": []},
    ]
    names = ("text", "n", "ms", "yes", "all", "in", "never")
    found = table(written("parquet", fields(*names), list(records), level=None)[0])
    types = [str(field.type) for field in found.schema]
    assert types == [
        *("string", "int64", "double", "bool", "list<element: string>", "string", "string")
    ]
    assert found.to_pylist()[0] == {
        **{"text": "a", "n": 1, "ms": 2.0, "yes": True, "all": ["x", "y"]},
        **{"in": '{"a":1}', "never": None},
    }


def test_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 10)
    monkeypatch.setattr(parquet, "_CHUNK", 4)
    data, _ = written("parquet", fields("n"), [{"n": n} for n in range(25)], level=None)
    file = pyarrow.parquet.ParquetFile(io.BytesIO(data))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [
        *(10, 2, 10, 2, 1)
    ] or file.num_row_groups >= 3
    assert file.read().column("n").to_pylist() == list(range(25))


VALUES = st.one_of(
    st.sampled_from(["", "20090412", "1015", "235960", "3", "-2.5", "1e999", "CT\\MR", "\\", "=x"]),
    st.text(max_size=8),
    st.binary(max_size=9),
)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from([*KEYS[:7], "Rows"]), VALUES), max_size=4))
def test_whatever_an_archive_sends_can_be_written(values: list[dict[str, Any]]) -> None:
    rows: list[AnyRow] = [answer(elements) for elements in values]
    shown = columns(*KEYS[:7], "Rows")
    assert table(written("parquet", shown, rows)[0]).num_rows == len(rows)
    assert len(sheets(written("excel", shown, rows)[0])[0]) <= len(rows) + 1


def months(folder: Path, shown: tuple[Column, ...], *batches: list[AnyRow]) -> dict[str, int]:
    def new(inner: str, name: str) -> FileWriter:
        (folder / inner).mkdir(exist_ok=True)
        return FileWriter(folder / inner / f"{name}.parquet")

    rows = folder_renderer("parquet", shown, Level.STUDY, new)
    rows.begin()
    for batch in batches:
        rows.rows(batch)
    rows.end()
    return {
        f"{file.parent.name}/{file.name.split('-')[1]}": pyarrow.parquet.read_table(
            file, partitioning=None
        ).num_rows
        for file in sorted(folder.glob("*/*"))
    }


def test_a_folder_by_months(tmp_path: Path) -> None:
    days = ("20090412", "20090430", "20090501", "", "12 April")
    rows: list[AnyRow] = [answer({"StudyDate": day}) for day in days]
    assert months(tmp_path, columns("StudyDate", "PatientID"), rows[:2], rows[2:]) == {
        "month=2009-04/0": 2,
        "month=2009-05/0": 1,
        "month=__HIVE_DEFAULT_PARTITION__/0": 2,
    }


def test_months_go_on_in_further_files_when_many_are_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monthly, "_MOST_OPEN", 1)
    monkeypatch.setattr(monthly, "_MOST_WAITING", 3)
    monkeypatch.setattr(monthly, "GROUP_ROWS", 4)
    days = ["20090412", "20090501", "20090601"] * 8
    rows: list[AnyRow] = [answer({"StudyDate": day}) for day in days]
    found = months(tmp_path, columns("StudyDate"), *[[row] for row in rows])
    assert sum(found.values()) == len(rows)
    assert len(found) > 3
    by_month = {name.split("/")[0] for name in found}
    assert by_month == {"month=2009-04", "month=2009-05", "month=2009-06"}


def test_rows_without_a_date_have_no_month() -> None:
    with pytest.raises(UsageError, match="no date"):
        folder_renderer("parquet", columns("PatientID", "PatientBirthDate"), Level.PATIENT, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "library"), [("excel", "XlsxWriter"), ("parquet", "pyarrow")])
def test_one_line_says_how_to_get_a_library(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomsh.output.extras.find_spec", lambda _: None)
    with pytest.raises(DicomshError, match=library) as caught:
        file_renderer(name, columns("PatientID"), Level.STUDY, print)
    assert caught.value.hint == f"pip install 'dicomsh[{name}]'"

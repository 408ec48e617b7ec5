"""Lists of values in files of any kind, with or without a heading; bad ones say where."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest

from dicomsh.errors import UsageError
from dicomsh.input.value_list import ValueList, read_list
from dicomsh.model.keys import find_path
from dicomsh.model.levels import Level


def read(path: Path, column: str = "", key: str = "AccessionNumber") -> ValueList:
    text = f"{path}:{column}" if column else str(path)
    return asyncio.run(read_list(text, find_path(key, Level.STUDY), Level.STUDY))


def texts(found: ValueList) -> list[str]:
    return [value.text for value in found.values]


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        ("l.txt", "A1\nA2\nA3\n", ""),
        ("l.txt", "A1\r\n\r\n  A2 \r\nA3", ""),
        ("list", "\ufeffA1\nA2\nA3", ""),
        ("l.txt", "AccessionNumber\nA1\nA2\nA3\n", ""),
        ("l.txt", "Accession no.\nA1\nA2\nA3\n", ""),
        ("l.csv", "A1\nA2\nA3\n", ""),
        ("l.csv", "acc\nA1\nA2\nA3\n", ""),
        ("l.csv", "Name,Accession\nX,A1\nY,A2\nZ,A3\n", ""),
        ("l.csv", "Name;Accession\nX;A1\nY;A2\nZ;A3\n", ""),
        ("l.csv", "Name,Order\nX,A1\nY,A2\nZ,A3\n", "order"),
        ("l.csv", 'Name,Order\n"X, Y",A1\nY,A2\nZ,A3\n', "Order"),
        ("l.csv", "X,A1\nY,A2\nZ,A3\n", "2"),
        ("l.tsv", "Name\tAccessionNumber\nX, Y\tA1\nY\tA2\nZ\tA3\n", ""),
        ("l.dat", "Name,Order\nX,A1\nY,A2\nZ,A3\n", "Order"),
        ("l.ndjson", '{"AccessionNumber": "A1"}\n{"AccessionNumber": "A2", "x": 1}\n'
         '{"AccessionNumber": "A3"}\n', ""),
        ("l.json", '[{"n": ["A1", "A2"]}, {"n": "A3"}, {}]', "n"),
    ],
)  # fmt: skip
def test_the_values_in_their_order(tmp_path: Path, name: str, text: str, column: str) -> None:
    assert texts(read(written(tmp_path, name, text), column)) == ["A1", "A2", "A3"]


def test_utf_16_of_a_spreadsheet(tmp_path: Path) -> None:
    path = written(tmp_path, "l.txt", "Ä1\nA2\n".encode("utf-16"))
    assert texts(read(path)) == ["Ä1", "A2"]


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "l.parquet"
    parquet.write_table(pyarrow.table({"id": [1, 2], "acc": ["A1", "A2"]}), path)
    assert texts(read(path)) == ["A1", "A2"]


def test_each_value_once_and_what_was_left_out_is_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "l.csv", "Acc no,Name\nA2,X\nA1,\n,Y\nA2,Z\n")
    found = read(path)
    assert [(value.text, value.line) for value in found.values] == [("A2", 2), ("A1", 3)]
    assert (found.repeated, found.empty) == (1, 1)


def test_leading_zeros_stay(tmp_path: Path) -> None:
    assert texts(read(written(tmp_path, "l.csv", "007\n0070\n"))) == ["007", "0070"]


@pytest.mark.parametrize(
    ("name", "text", "column", "message"),
    [
        ("l.txt", "", "", "has no values"),
        ("l.txt", " \n\n", "", "has no values"),
        ("l.csv", "", "", "has no values"),
        ("l.csv", "AccessionNumber\n", "", "has no values"),
        ("l.csv", "a,b\n1,2\n", "", "has several columns; which one has the AccessionNumber"),
        ("l.csv", "a,b\n1,2\n", "c", "has no column 'c'"),
        ("l.csv", "a,b\n1,2\n1,2,3\n", "a", "line 3: 3 cells, and there are 2 columns"),
        ("l.csv", 'a\n"x\n', "a", "line 2: unexpected end of data"),
        ("l.csv", 'a,b\n1,"x"y\n', "a", "line 2: ',' expected after '\"'"),
        ("l.txt", b"A1\n\xc4\n", "", "line 2: not valid UTF-8"),
        ("l.json", "{}", "a", "not a list of JSON objects"),
        ("l.json", "[1]", "a", "object 1: not a JSON object"),
        ("l.json", "[\n{]", "a", "line 2: not valid JSON"),
        ("l.json", "[" * 100_000, "a", "not valid JSON"),
        ("l.ndjson", '{"a": 1}\n{"a": }\n', "a", "line 2: not valid JSON"),
        ("l.ndjson", '{"a": {"b": 1}}\n', "a", "line 1: a is an object, not a value"),
        ("l.xlsx", b"PK", "", "is a workbook"),
        ("l.parquet", b"PAR1", "a", "'"),
        ("l.txt", "x" * (1 << 20), "", "line 1: longer than"),
    ],
)
def test_a_bad_file_says_where(
    tmp_path: Path, name: str, text: str | bytes, column: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(written(tmp_path, name, text), column)
    assert message in caught.value.message
    assert name in caught.value.message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "nix.txt", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(UsageError, match="cannot read"):
            read(path)


def test_a_colon_may_be_of_the_name(tmp_path: Path) -> None:
    path = written(tmp_path, "a:b", "A1\n")
    assert texts(read(path)) == ["A1"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps([{"acc": "A1"}])))
    found = asyncio.run(read_list("-:acc", find_path("acc", Level.STUDY), Level.STUDY))
    assert (texts(found), found.name) == (["A1"], "standard input")

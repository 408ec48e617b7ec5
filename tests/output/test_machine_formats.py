import csv
import io
import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model.columns import Record
from dicomsh.model.keys import by_keyword
from dicomsh.model.results import FILE_FORMATS, FORMATS
from dicomsh.model.safe import is_unsafe
from dicomsh.output.formats import SUFFIXES, format_of, renderer
from dicomsh.output.renderer import InParts
from dicomsh.output.theme import Theme
from tests.output.rows import answer, columns, fields, rendered

KEYS = (
    "PatientName",
    "StudyDescription",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "PatientWeight",
    "PatientComments",
    "Rows",
    "RecommendedDisplayFrameRateInFloat",
    "FrameIncrementPointer",
)
VALUES = st.one_of(
    st.binary(max_size=12),
    st.text(max_size=8).map(str.encode),
    st.sampled_from(
        [b"", b"CT\\MR", b"12", b"1e999", b"NaN", b"null", b"yes", b"1:30", b"2009-04-12"]
    ),
)
ELEMENTS = st.dictionaries(st.sampled_from([*KEYS, 0x00091001, 0x60003000]), VALUES, max_size=6)
RECORDS = st.lists(
    st.dictionaries(
        st.sampled_from(["name", "size"]),
        st.one_of(st.text(st.characters()), st.integers(), st.floats(), st.none(), st.booleans()),
    )
)


def objects(elements: dict[str | int, Any], *keys: str, vrs: dict[int, str] | None = None) -> Any:
    text, _ = rendered("json", columns(*keys), [answer(elements, vrs)])
    return json.loads(text)[0]


def test_json_golden() -> None:
    study = {
        "StudyDate": "20090412",
        "ModalitiesInStudy": "CT",
        "NumberOfStudyRelatedSeries": "3",
        "AccessionNumber": "",
        "PatientName": "Yamada^Tarou=山田^太郎",
    }
    keys = ("PatientName", "StudyDate", "ModalitiesInStudy", "AccessionNumber", "StudyID")
    text, _ = rendered("json", columns(*keys), [answer(study)], [], [answer({})])
    assert text == (
        '[\n{"PatientName": "Yamada^Tarou=山田^太郎", "StudyDate": "20090412", '
        '"ModalitiesInStudy": ["CT"], "AccessionNumber": null, '
        '"NumberOfStudyRelatedSeries": 3},\n{}\n]\n'
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("json", "[]\n"),
        ("dicom-json", "[]\n"),
        ("ndjson", ""),
        ("yaml", "[]\n"),
        ("csv", "PatientID,StudyDate\n"),
        ("tsv", "PatientID\tStudyDate\n"),
        ("table", ""),
        ("vertical", ""),
    ],
)
def test_no_rows(name: str, text: str) -> None:
    assert rendered(name, columns("PatientID", "StudyDate"))[0] == text
    assert rendered(name, columns("PatientID", "StudyDate"), [])[0] == text


@pytest.mark.parametrize(
    ("keyword", "raw", "value"),
    [
        ("NumberOfStudyRelatedSeries", "x", "x"),
        ("NumberOfStudyRelatedSeries", "0", 0),
        ("PatientWeight", "70.5", 70.5),
        ("PatientWeight", "1e999", "1e999"),
        ("PatientWeight", "", None),
        ("PatientWeight", "70\\80", "70\\80"),
        ("ImagePositionPatient", "1\\nan\\\\-2.5", [1, "nan", None, -2.5]),
        ("ImagePositionPatient", "  ", None),
        ("Rows", b"\x00\x02", 512),
        ("RecommendedDisplayFrameRateInFloat", b"\x00\x00\x80\x7f", "inf"),
        ("RecommendedDisplayFrameRateInFloat", b"\x00\x00\xc0\x7f", "NaN"),
        ("FrameIncrementPointer", b"\x18\x00\x63\x10", ["0018,1063"]),
        ("ModalitiesInStudy", "CT\\\\MR", ["CT", None, "MR"]),
        ("ModalitiesInStudy", "", None),
        ("StudyDescription", "A\\B", "A\\B"),
        ("PatientComments", "line\r\nback\\slash", "line\r\nback\\slash"),
        ("PixelData", b"\x00\x01\x02\x03", "AAECAw=="),
        ("PixelData", b"", None),
        ("OtherPatientIDsSequence", [], None),
        ("OtherPatientIDsSequence", [{}, {"PatientID": ""}], [{}, {"PatientID": None}]),
    ],
)
def test_json_values(keyword: str, raw: Any, value: object) -> None:
    assert objects({keyword: raw}, keyword) == {keyword: value}


def test_a_path_gives_the_whole_sequence_once() -> None:
    items = [{"PatientID": "X", "IssuerOfPatientID": "I"}, {}]
    paths = ("OtherPatientIDsSequence.PatientID", "OtherPatientIDsSequence.IssuerOfPatientID")
    found = objects({"OtherPatientIDsSequence": items, "PatientID": "P"}, *paths, "PatientID")
    assert found == {"OtherPatientIDsSequence": items, "PatientID": "P"}
    assert list(found) == ["OtherPatientIDsSequence", "PatientID"]


def test_nothing_that_was_answered_is_dropped() -> None:
    elements: dict[str | int, Any] = {
        0x00091001: "private",
        0x00100000: b"\x08\0\0\0",
        "QueryRetrieveLevel": "STUDY",
        "RetrieveAETitle": "PACS",
        "PatientID": "X",
        0x60000010: b"\1\0",
        0x60020010: b"\2\0",
    }
    found = objects(elements, "PatientID", vrs={0x00091001: "LO"})
    assert found == {
        "PatientID": "X",
        "0009,1001": ["private"],
        "OverlayRows": 1,
        "6002,0010": 2,
    }


def test_bookkeeping_is_shown_when_it_is_a_column() -> None:
    elements: dict[str | int, Any] = {"QueryRetrieveLevel": "STUDY", "RetrieveAETitle": "PACS"}
    assert objects(elements, "RetrieveAETitle") == {"RetrieveAETitle": ["PACS"]}


def test_json_holds_nothing_that_acts_on_a_terminal() -> None:
    record = {"name": "\x1b\x7f\x9b\u202e\u2028\ud800\U000e0041山"}
    text, _ = rendered("ndjson", fields("name"), [record])
    assert text == '{"name": "\\u001b\\u007f\\u009b\\u202e\\u2028\ufffd\\udb40\\udc41山"}\n'
    assert json.loads(text)["name"] == record["name"].replace("\ud800", "\ufffd")


@given(st.lists(st.lists(ELEMENTS, max_size=3), max_size=3))
def test_json_and_yaml_say_the_same(batches: list[list[dict[str | int, bytes]]]) -> None:
    rows = [[answer(elements) for elements in batch] for batch in batches]
    array, _ = rendered("json", columns(*KEYS), *rows)
    lines, _ = rendered("ndjson", columns(*KEYS), *rows)
    listed, _ = rendered("yaml", columns(*KEYS), *rows)
    found = json.loads(array)
    assert len(found) == sum(map(len, batches))
    assert [json.loads(line) for line in lines.split("\n")[:-1]] == found
    assert yaml.safe_load(listed) == found


@given(RECORDS)
def test_records_in_json_and_yaml(records: list[dict[str, object]]) -> None:
    found = json.loads(rendered("json", fields("name", "size"), records)[0])
    assert yaml.safe_load(rendered("yaml", fields("name", "size"), records)[0]) == found
    for record, read in zip(records, found, strict=True):
        assert set(read) == set(record)
        same = [
            value
            for value in record.values()
            if not isinstance(value, str)
            and not (isinstance(value, float) and not math.isfinite(value))
        ]
        assert all(value in read.values() for value in same)


@given(
    st.recursive(
        st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
        max_leaves=8,
    )
)
def test_yaml_holds_any_nesting(value: object) -> None:
    text, _ = rendered("yaml", fields("name"), [{"name": value}])
    assert yaml.safe_load(text) == [{"name": value}]


def test_yaml_golden() -> None:
    elements: dict[str | int, Any] = {
        "StudyDate": "20090412",
        "PatientName": "JODOGNE^SEBASTIEN",
        "PatientSex": "N",
        "ModalitiesInStudy": "MR\\SR",
        "StudyDescription": "",
        "OtherPatientIDsSequence": [{"PatientID": "X", "IssuerOfPatientID": "null"}, {}],
    }
    keys = ("PatientName", "PatientSex", "StudyDate", "ModalitiesInStudy", "StudyDescription")
    assert rendered("yaml", columns(*keys), [answer(elements)])[0] == (
        "- PatientName: JODOGNE^SEBASTIEN\n"
        '  PatientSex: "N"\n'
        '  StudyDate: "20090412"\n'
        "  ModalitiesInStudy: [MR, SR]\n"
        "  StudyDescription: null\n"
        "  OtherPatientIDsSequence:\n"
        "  - PatientID: X\n"
        '    IssuerOfPatientID: "null"\n'
        "  - {}\n"
    )


@pytest.mark.parametrize("number", [1e-07, 1e22, -2.5e-300, 0.1, 3.0])
def test_a_yaml_reader_takes_a_float_for_one(number: float) -> None:
    text, _ = rendered("yaml", fields("name"), [{"name": number}])
    assert yaml.safe_load(text) == [{"name": number}]


def test_csv_of_text_with_code_extensions() -> None:
    elements: dict[Any, Any] = {
        "SpecificCharacterSet": "\\ISO 2022 IR 87",
        "PatientName": b"Yamada=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B ",
    }
    text, _ = rendered("csv", columns("PatientName"), [answer(elements)])
    assert text == "PatientName\nYamada=山田^太郎\n"


def test_csv_golden() -> None:
    elements: dict[str | int, Any] = {
        "StudyDate": "20090412",
        "ModalitiesInStudy": "MR\\SR",
        "StudyDescription": 'say "a, b"\r\nc',
        "AccessionNumber": "",
        "NumberOfStudyRelatedSeries": "03",
        "OtherPatientIDsSequence": [{"PatientID": "X"}, {"PatientID": "Y"}],
        "Rows": b"\x00\x02",
        "PatientName": "Müller",
    }
    keys = ("StudyDate", "ModalitiesInStudy", "StudyDescription", "AccessionNumber", "StudyID")
    more = ("NumberOfStudyRelatedSeries", "OtherPatientIDsSequence", "Rows", "PatientName")
    path = ("OtherPatientIDsSequence.PatientID",)
    text, done = rendered("csv", columns(*keys, *more, *path), [answer(elements)])
    header, row = text.split("\n", 1)
    assert header == ",".join((*keys, *more, *path))
    assert row == (
        '20090412,MR\\SR,"say ""a, b""\r\nc",,,03,'
        '"[{""PatientID"":""X""},{""PatientID"":""Y""}]",512,Müller,X\\Y\n'
    )
    assert done.hidden == []


def test_a_lone_carriage_return_is_quoted() -> None:
    text, _ = rendered("csv", columns("PatientComments"), [answer({"PatientComments": "a\rb"})])
    assert text == 'PatientComments\n"a\rb"\n'


@pytest.mark.parametrize("name", ["csv", "tsv"])
@given(cells=st.lists(st.text(st.sampled_from('ab,\t"\r\n\x1b ')), min_size=1, max_size=3))
def test_cells_are_quoted_where_they_must_be(name: str, cells: list[str]) -> None:
    names = [f"field{number}" for number, _ in enumerate(cells)]
    text, _ = rendered(name, fields(*names), [dict(zip(names, cells, strict=True))])
    assert read(name, text) == [names, cells]


@pytest.mark.parametrize("name", ["csv", "tsv"])
@given(batch=st.lists(ELEMENTS, max_size=4))
def test_the_csv_module_reads_the_values(name: str, batch: list[dict[str | int, bytes]]) -> None:
    keys = ("PatientName", "StudyDescription", "ModalitiesInStudy", "PatientWeight", "Rows")
    rows = [answer(elements) for elements in batch]
    text, _ = rendered(name, columns(*keys), rows)
    lines = read(name, text)
    assert lines[0] == list(keys)
    assert lines[1:] == [[row.text(by_keyword(key).tag) or "" for key in keys] for row in rows]


def read(name: str, text: str) -> list[list[str]]:
    """The lines as Python's csv module reads them."""
    dialect = "excel" if name == "csv" else "excel-tab"
    return list(csv.reader(io.StringIO(text, newline=""), dialect, strict=True))


@pytest.mark.parametrize(("name", "delimiter"), [("csv", ","), ("tsv", "\t")])
@given(batch=st.lists(ELEMENTS, min_size=1, max_size=4))
def test_on_a_terminal_nothing_in_a_value_acts(
    name: str, delimiter: str, batch: list[dict[str | int, bytes]]
) -> None:
    rows = [answer(elements) for elements in batch]
    text, _ = rendered(name, columns(*KEYS), rows, width=80)
    lines = text.split("\n")
    assert lines.pop() == ""
    assert len(lines) == 1 + len(rows)
    assert not any(is_unsafe(char) for line in lines for char in line.replace(delimiter, ""))
    assert [len(cells) for cells in read(name, text)] == [len(KEYS)] * len(lines)


def test_tsv_golden() -> None:
    row = answer({"PatientComments": 'a\tb\r\nc\\d, "e"\x1b[31m', "PatientID": "x, y"})
    keys = columns("PatientComments", "PatientID")
    head = "PatientComments\tPatientID\n"
    assert rendered("tsv", keys, [row])[0] == f'{head}"a\tb\r\nc\\d, ""e""\x1b[31m"\tx, y\n'
    seen = rendered("tsv", keys, [row], width=80)[0]
    assert seen == f'{head}"a␉b␍␊c\\d, ""e""␛[31m"\tx, y\n'


def test_csv_says_what_no_column_shows() -> None:
    rows = [answer({}), answer({"PatientID": "X", "StudyID": "1"}), answer({"PatientAge": "3"})]
    _, done = rendered("csv", columns("PatientID"), rows[:1], rows[1:])
    assert done.hidden == ["also returned: StudyID, PatientAge (show 2)"]


def test_csv_of_records() -> None:
    records: list[Record] = [
        {"name": "a,b", "size": 3},
        {"name": None, "size": [1, "x"]},
        {"size": True},
        {},
    ]
    text, _ = rendered("csv", fields("name", "size"), records)
    assert text == 'name,size\n"a,b",3\n,1\\x\n,true\n,\n'


def test_formats_and_suffixes() -> None:
    assert set(SUFFIXES.values()) <= {*FORMATS, *FILE_FORMATS}
    assert format_of("out/crawl/") == "parquet"
    assert format_of("out/studies.JSONL") == "ndjson"
    assert format_of("studies") is None
    for name in FORMATS:
        renderer(name, columns("PatientID"), level=None, width=None, theme=Theme.plain())


def test_a_format_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="no format 'xml'") as caught:
        renderer("xml", (), level=None, width=None, theme=Theme.plain())
    assert "ndjson" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["json", "ndjson", "yaml", "dicom-json", "vertical"])
@given(elements=ELEMENTS)
def test_a_row_in_parts_is_the_row(name: str, elements: dict[str | int, Any]) -> None:
    row, shown = answer(elements), columns(*KEYS)
    whole, made = (
        renderer(name, shown, level=None, width=None, theme=Theme.plain()) for _ in range(2)
    )
    assert isinstance(made, InParts)
    for _ in range(2):
        assert "".join(made.parts(row)) == whole.rows([row])
    assert made.end() == whole.end()

"""What a column reads from a row."""

from __future__ import annotations

import pytest

from dicomsh.archives.rows import row_of
from dicomsh.frozen import replace
from dicomsh.model.columns import (
    ARCHIVE_COLUMN,
    ERROR_COLUMN,
    AttributeColumn,
    DerivedColumn,
    FieldColumn,
)
from dicomsh.model.keys import by_keyword
from tests.model.rows import answer


@pytest.mark.parametrize(
    ("keyword", "text", "values"),
    [
        ("ModalitiesInStudy", r"CT\ MR \\", ["CT", "MR"]),
        ("PatientComments", r"a\b", [r"a\b"]),
        ("OtherPatientIDs", r"AXB\XX", ["AXB", "XX"]),
        ("PatientID", "", []),
        ("PatientComments", "\ta\t", ["a"]),
        ("PatientComments", "\t", []),
        ("PatientID", "\tA\t", ["A"]),
        ("ModalitiesInStudy", "\tCT\\\t", ["CT"]),
    ],
)
def test_the_values_of_an_attribute(keyword: str, text: str, values: list[str]) -> None:
    column = AttributeColumn(by_keyword(keyword), keyword)
    assert column.texts(answer(**{keyword: text})) == values
    assert column.texts(answer(StudyDate="20240305")) == []


def test_the_values_of_all_items_of_a_sequence() -> None:
    step, station = map(by_keyword, ("ScheduledProcedureStepSequence", "ScheduledStationAETitle"))
    column = AttributeColumn(station, "Station", path=(step,))
    items = [{station.tag: ("AE", ["CT1", "CT2"])}, {}, {station.tag: ("AE", ["MR1"])}]
    assert column.texts(row_of({step.tag: ("SQ", items)})) == ["CT1", "CT2", "MR1"]
    assert column.keyword == "ScheduledProcedureStepSequence.ScheduledStationAETitle"


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("a", ["a"]),
        (0, ["0"]),
        (False, ["False"]),
        (["a", None, "", 2], ["a", "2"]),
        (("a", "b"), ["a", "b"]),
        ("", []),
        (None, []),
        ([], []),
    ],
)
def test_the_values_of_a_field(value: object, values: list[str]) -> None:
    assert FieldColumn("name", "Name").texts({"name": value, "other": "x"}) == values
    assert FieldColumn("none", "Name").texts({"name": value}) == []


def test_a_derived_column_is_given_the_values_of_each_base() -> None:
    bases = FieldColumn("a", "A"), FieldColumn("b", "B")
    column = DerivedColumn("ab", "AB", "LO", bases, lambda a, b: [*a, "then", *b])
    assert column.texts({"a": 1, "b": [2, 3]}) == ["1", "then", "2", "3"]


def test_a_row_tells_its_archive_and_its_error_where_it_has_them() -> None:
    plain = answer(PatientID="A")
    told = plain.of(replace(plain.source, archive="PACS", error="no route"))
    assert (ARCHIVE_COLUMN.texts(told), ERROR_COLUMN.texts(told)) == (["PACS"], ["no route"])
    assert (ARCHIVE_COLUMN.texts(plain), ERROR_COLUMN.texts(plain)) == ([], [])

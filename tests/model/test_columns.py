"""What a column reads from a row."""

from __future__ import annotations

import pytest

from dicomsh.archives.rows import row_of
from dicomsh.model.columns import AttributeColumn
from dicomsh.model.keys import by_keyword
from tests.model.rows import answer


@pytest.mark.parametrize(
    ("keyword", "text", "values"),
    [
        ("ModalitiesInStudy", r"CT\ MR \\", ["CT", "MR"]),
        ("PatientComments", r"a\b", [r"a\b"]),
        ("OtherPatientIDs", r"AXB\XX", ["AXB", "XX"]),
        ("PatientID", "", []),
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

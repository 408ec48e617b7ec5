"""Which rows of two answers belong together, and which values are equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.columns import AttributeColumn
from dicomsh.model.comparison import Where, differing, key_of, paired, text_of, value_of
from dicomsh.model.keys import by_keyword, path_of
from dicomsh.model.levels import Level
from dicomsh.model.row import Row
from tests.model.rows import answer
from tests.model.test_worklist_lint import item


def same(keyword: str, one: str | None, other: str | None) -> bool:
    attribute = by_keyword(keyword)
    return value_of(attribute, one) == value_of(attribute, other)


@pytest.mark.parametrize(
    ("keyword", "one", "other"),
    [
        ("SeriesNumber", "04", "4"),
        ("StudyTime", "101500", "101500.000000"),
        ("StudyTime", "101500.12", "101500.120000"),
        ("StudyTime", "10:15:00", "101500"),
        ("StudyDate", "1997.04.24", "19970424"),
        ("AcquisitionDateTime", "20240305101500.50+0100", "20240305101500.5+0100"),
        ("ModalitiesInStudy", r"CT\PT", r"PT\CT"),
        ("ModalitiesInStudy", r"CT\PT\CT", r"PT\CT"),
        ("PatientName", "Doe^Jane", "Doe^Jane^^"),
        ("PatientName", "Doe^Jane==", "Doe^Jane"),
        ("PatientName", "Doe^=Roe^ ^", "Doe=Roe"),
        ("PatientName", "M\u00fcller", "Mu\u0308ller"),
        ("PatientWeight", "70", "70.0"),
        ("PatientWeight", "7e1", "70.00"),
        ("PatientWeight", "heavy", "heavy"),
        ("PatientWeight", "NaN", "NaN"),
        ("PatientAge", "45Y", "045Y"),
        ("PatientAge", "45y", "45Y"),
        ("StudyDescription", "CT ", "CT"),
        ("StudyDescription", "", None),
        ("ModalitiesInStudy", "", None),
        ("PatientName", "^", None),
        ("SOPClassUID", "1.2\0", "1.2"),
        ("PatientName", r"Doe\Roe^", r"Doe\Roe"),
        ("ImageType", "\\", None),
        ("PatientComments", "", None),
    ],
)
def test_equal_values(keyword: str, one: str, other: str | None) -> None:
    assert same(keyword, one, other)


@pytest.mark.parametrize(
    ("keyword", "one", "other"),
    [
        ("SeriesNumber", "4", "40"),
        ("StudyTime", "101500", "101500.1"),
        ("StudyTime", "101500", "1015"),  # it is as precise as it says (PS3.5 6.2)
        ("StudyTime", "101500", "101000"),
        ("StudyTime", "100000", "1"),
        ("AcquisitionDateTime", "20240305101500+0100", "20240305101500+0200"),
        ("ModalitiesInStudy", r"CT\PT", "CT"),
        ("ImageType", r"ORIGINAL\PRIMARY", r"PRIMARY\ORIGINAL"),
        ("PatientName", "Doe^^Jane", "Doe^Jane"),
        ("PatientName", "Doe^Jane", "DOE^JANE"),
        ("PatientName", "=Doe", "Doe"),
        ("PatientWeight", "heavy", "70"),
        ("PatientID", "007", "7"),
        ("StudyDescription", "CT", None),
        ("SeriesNumber", "0", None),
        ("StudyDescription", "CTX", "CT"),
        ("StudyDescription", "XXXX", None),
        ("PatientAge", "X45Y", "45Y"),
        ("PatientName", "DoeX", "Doe"),
        ("PatientComments", "CT", None),
        ("PatientComments", "XXXX", None),
        ("PatientComments", "CT", "MR"),
        ("PatientComments", "a \\ b", r"a\b"),
        ("AcquisitionDateTime", "2024:03", "202403"),
    ],
)
def test_other_values(keyword: str, one: str, other: str | None) -> None:
    assert not same(keyword, one, other)


KEYS = st.lists(st.tuples(st.sampled_from(("", "1", "2")), st.sampled_from("ab")), max_size=6)


@given(KEYS, KEYS)
def test_each_row_is_in_one_pair(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    ones, others = (
        [answer(StudyInstanceUID=key, StudyID=text) for key, text in rows]
        for rows in (first, second)
    )
    column = AttributeColumn(by_keyword("StudyID"), "StudyID")
    pairs = paired(ones, others, Level.STUDY, [column])
    for rows, side in ((ones, "first"), (others, "second")):
        told = [id(row) for pair in pairs if (row := getattr(pair, side)) is not None]
        assert sorted(told) == sorted(map(id, rows))
    for pair in pairs:
        uids = {row.text(0x0020000D) for row in (pair.first, pair.second) if row is not None}
        assert len(uids) == 1
        if pair.first is None or pair.second is None:
            key = uids.pop() or ""
            counts = [[uid for uid, _ in rows].count(key) for rows in (first, second)]
            more = bool(key) and all(counts)
            assert pair.where is (Where.MORE if more else Where.ONE)


@given(KEYS)
def test_the_same_rows_in_another_order_are_no_difference(rows: list[tuple[str, str]]) -> None:
    ones = [answer(StudyInstanceUID=key, StudyID=text) for key, text in rows]
    column = AttributeColumn(by_keyword("StudyID"), "StudyID")
    for pair in paired(ones, ones[::-1], Level.STUDY, [column]):
        assert pair.first is not None
        assert pair.second is not None
        assert pair.first.text(0x00200010) == pair.second.text(0x00200010)


STUDY_ID, COMMENTS, IMAGE_TYPE = (
    AttributeColumn(by_keyword(word), word) for word in ("StudyID", "StudyComments", "ImageType")
)
PLAN, CODE = (
    AttributeColumn(path[-1], "", path=path[:-1])
    for path in (
        path_of("ScheduledProcedureStepSequence.ScheduledStationAETitle"),
        path_of("RequestedProcedureCodeSequence.CodeValue"),
    )
)


def study(key: str, text: str, comments: str = "") -> Row:
    return answer(StudyInstanceUID=key, StudyID=text, StudyComments=comments)


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        (["1a"], ["1a"], [("1a", "1a", Where.BOTH)]),
        (["1a"], ["1b"], [("1a", "1b", Where.BOTH)]),
        (["1a"], ["2a"], [("1a", None, Where.ONE), (None, "2a", Where.ONE)]),
        # equal ones first, then in their order, then what one answer has more of
        (["1a", "1b"], ["1b", "1c"], [("1b", "1b", Where.BOTH), ("1a", "1c", Where.BOTH)]),
        (["1a", "1b"], ["1a"], [("1a", "1a", Where.BOTH), ("1b", None, Where.MORE)]),
        (["1a"], ["1a", "1a"], [("1a", "1a", Where.BOTH), (None, "1a", Where.MORE)]),
        (
            ["1a", "1b", "1c"],
            ["1x", "1y"],
            [("1a", "1x", Where.BOTH), ("1b", "1y", Where.BOTH), ("1c", None, Where.MORE)],
        ),
        # without a key only equal ones
        ([" a"], [" b"], [(" a", None, Where.ONE), (None, " b", Where.ONE)]),
        ([" a", " b"], [" a"], [(" a", " a", Where.BOTH), (" b", None, Where.ONE)]),
    ],
)
def test_which_rows_belong_together(
    first: list[str], second: list[str], pairs: list[tuple[str | None, str | None, Where]]
) -> None:
    """A study is its key and a letter, its value."""
    ours, theirs = ([study(*map(str.strip, one)) for one in rows] for rows in (first, second))
    named = dict(zip([*map(id, ours), *map(id, theirs)], [*first, *second], strict=True))
    found = paired(ours, theirs, Level.STUDY, [STUDY_ID])
    assert [(named.get(id(one.first)), named.get(id(one.second)), one.where) for one in found] == (
        pairs
    )
    for one in found:
        assert one.row in (one.first, one.second)


def test_the_columns_that_differ() -> None:
    one, other = study("1", "a", "x"), study("1", "a", "y")
    assert differing([STUDY_ID, COMMENTS], one, other) == [COMMENTS]
    assert differing([STUDY_ID], one, other) == []


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        ({"ScheduledStationAETitle": "CT2"}, [PLAN]),
        ({"ScheduledStationAETitle": r"CT1\CT2"}, [PLAN]),
        ({"ScheduledStationAETitle": "CT1 "}, []),
        ({"RequestedProcedureCodeSequence": "C1"}, [CODE]),
    ],
)
def test_values_inside_sequences_are_compared(
    values: dict[str, str], columns: list[AttributeColumn]
) -> None:
    assert differing([PLAN, CODE], item(), item(**values)) == columns


@pytest.mark.parametrize(
    ("row", "column", "text"),
    [
        (item(), PLAN, "CT1"),
        (item(ScheduledStationAETitle=r"CT1\CT2"), PLAN, r"CT1\CT2"),
        (item(), CODE, ""),
        (study("1", "a"), STUDY_ID, "a"),
        (answer(ImageType=r"\PRIMARY"), IMAGE_TYPE, r"\PRIMARY"),
        (answer(), IMAGE_TYPE, None),
    ],
)
def test_what_a_row_has_in_a_column(row: Row, column: AttributeColumn, text: str | None) -> None:
    """An empty value keeps its place."""
    assert text_of(row, column) == text


@pytest.mark.parametrize(
    ("row", "level", "key"),
    [
        (answer(PatientID="A"), Level.PATIENT, "A"),
        (answer(PatientID="A", IssuerOfPatientID="X"), Level.PATIENT, "A (issuer X)"),
        (answer(PatientID="A", IssuerOfPatientID=""), Level.PATIENT, "A"),
        (
            answer(StudyInstanceUID="1.2", PatientID="A", IssuerOfPatientID="X"),
            Level.STUDY,
            "1.2",
        ),
        (answer(PatientID="A"), Level.STUDY, ""),
        (item(), Level.WORKLIST, "W001 S01 1.2.3"),
        (item(AccessionNumber=""), Level.WORKLIST, "S01 1.2.3"),
        (item(ScheduledProcedureStepID=None), Level.WORKLIST, "W001 1.2.3"),
        (answer(PatientID="A"), Level.WORKLIST, ""),
    ],
)
def test_what_an_entity_is_called(row: Row, level: Level, key: str) -> None:
    assert key_of(row, level) == key

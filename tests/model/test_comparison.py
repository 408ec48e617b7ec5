"""Which rows of two answers belong together, and which values are equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.columns import AttributeColumn
from dicomsh.model.comparison import Where, paired, value_of
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from tests.model.rows import answer


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
        ("PatientName", "M\u00fcller", "Mu\u0308ller"),
        ("PatientWeight", "70", "70.0"),
        ("PatientWeight", "7e1", "70.00"),
        ("PatientWeight", "heavy", "heavy"),
        ("PatientWeight", "NaN", "NaN"),
        ("PatientAge", "45Y", "045Y"),
        ("StudyDescription", "CT ", "CT"),
        ("StudyDescription", "", None),
        ("ModalitiesInStudy", "", None),
        ("PatientName", "^", None),
        ("SOPClassUID", "1.2\0", "1.2"),
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

"""Matching on our side: filtering as the standard says, noticing more generously, never less."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model import row_matching as conform
from dicomsh.model.keys import by_keyword
from dicomsh.model.matching import matcher
from dicomsh.model.query import KeyOrigin, QueryKey
from dicomsh.practice.archive import StoredEntity, practice_archive
from dicomsh.practice.matching import RequestedKey, condition
from tests.model.rows import answer as row_of


def key_of(keyword: str, typed: str) -> QueryKey:
    attribute = by_keyword(keyword)
    found = matcher(attribute, typed, date(2026, 11, 25))
    return QueryKey((attribute,), found.value, found.kind, KeyOrigin.TYPED)


def matches(keyword: str, typed: str, stored: str) -> bool | None:
    return conform.test_of(key_of(keyword, typed))(row_of(**{keyword: stored}))


@pytest.mark.parametrize(
    ("keyword", "typed", "stored", "expected"),
    [
        ("Modality", "CT", "CT", True),
        ("Modality", "ct", "MR", False),
        ("Modality", "CT,MR", "MR", True),
        ("Modality", "C?", "CR ", True),
        ("ModalitiesInStudy", "SR", r"MR\SR", True),
        ("ModalitiesInStudy", "CT", r"MR\SR", False),
        ("PatientSex", "F", "", False),
        ("StudyDate", "2024-03", "20240331", True),
        ("StudyDate", "2024-03", "20240401", False),
        ("StudyDate", ">=2024", "20240101", True),
        ("StudyDate", "..2020", "20201231", True),
        ("StudyDate", "..2020", "2021.01.01", False),
        ("StudyDate", "2009-04-12", "2009.04.12", True),
        ("StudyDate", "2024", "", False),
        ("StudyTime", "10:15", "101559.999", True),
        ("StudyTime", "10:15", "1016", False),
        ("StudyTime", ">=10:00", "10", True),
        ("StudyTime", "10:15", "10:15:30", True),
        ("SeriesNumber", "4", "+4", True),
        ("SeriesNumber", "4", "40", False),
        ("PatientWeight", "70.5", "70.50", True),
        ("PatientID", "OZP*", "OZP00SJ", True),
        ("PatientID", "OZP*", "ozp00sj", False),
        ("StudyDescription", "Fu? links", "Fuß links", True),
        ("StudyDescription", "Fuss links", "Fuß links", False),
        ("AcquisitionDateTime", "2024-03-05", "20240305101530", True),
        ("AcquisitionDateTime", "2024-03-05", "20240306", False),
        ("AcquisitionDateTime", "2024-03-05T10:00+01:00", "20240305090030+0000", True),
        ("AcquisitionDateTime", "2024-03-05T10:00+01:00", "20240305100030+0000", False),
        ("AcquisitionDateTime", "2024-03-05T10:00+01:00", "20240305100030", True),
        ("AcquisitionDateTime", "20240305101530.5-0500", "20240305101530.5-0500", True),
        ("AcquisitionDateTime", "20240305101530.5-0500", "20240305151530.5+0000", True),
        ("AcquisitionDateTime", "20240305101530.5-0500", "20240305101531-0500", False),
        ("PatientID", "?ZP", "ozp00sj", False),
        ("StudyInstanceUID", "1.2,1.3", "1.3", True),
        ("PatientName", "doe^j*", "Doe^Jane", True),
        ("PatientName", r"roe*\doe*", "Doe^Jane", True),
        ("PatientName", r"roe*\=*花*", "Doe^Jane", False),
        ("PatientName", "doe^j*", "DOE^JANE", True),
        ("PatientName", "Doe J*", "DOE^JANE", False),
        ("PatientName", "Nobody^No^*^Dr.", "Nobody^No^^Dr.", True),
        ("PatientName", "Nobody^Dr.", "Nobody^^^Dr.", False),
        ("PatientName", "Doe^Jane", "Doe^Jane^^", True),
        ("PatientName", "Gro?^Änne", "Groß^Änne", True),
        ("PatientName", "Gross^Anne", "Groß^Änne", False),
        ("PatientName", "*山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("PatientName", "*山田*", "Rei^Tarou=例^太郎=れい^たろう", False),
        ("PatientName", "Yamada*=山田*", "Yamada^Tarou=山田^太郎", True),
        ("PatientName", "=山田*", "Yamada^Tarou=山田^太郎", True),
        ("PatientName", "Rei*=山田*", "Yamada^Tarou=山田^太郎", False),
        ("PatientName", "Müller*", "Mu\u0308ller^Übung", True),
        ("PatientName", "Doe", "", False),
    ],
)
def test_a_row_matches_or_not(keyword: str, typed: str, stored: str, expected: bool) -> None:
    assert matches(keyword, typed, stored) is expected


def test_a_row_without_the_attribute_tells_nothing() -> None:
    assert conform.test_of(key_of("Modality", "CT"))(row_of(PatientID="1")) is None


@pytest.mark.parametrize(
    ("keyword", "typed", "stored", "expected"),
    [
        ("PatientName", "Doe J*", "DOE^JANE", True),
        ("PatientName", "Gross^Anne", "Groß^Änne", True),
        ("PatientName", "Muller*", "Müller^Übung", True),
        ("PatientName", "Γιωργος", "ΓΙΩΡΓΟΣ", True),
        ("PatientName", "*ﾔﾏﾀﾞ*", "ヤマダ^タロウ", True),
        ("PatientName", "Doe", "Roe^Jane", False),
        ("PatientID", "ozp00sj", "OZP00SJ", True),
        ("PatientID", "ozp00sj", "OZP00SK", False),
        ("StudyDate", "2024", "20230101", False),
    ],
)
def test_what_a_server_may_match_is_no_doubt(
    keyword: str, typed: str, stored: str, expected: bool
) -> None:
    assert conform.noticing(key_of(keyword, typed))(row_of(**{keyword: stored})) is expected


@given(st.text("Aaßéñ^ =*?山", max_size=6), st.text("Aaßéñ^ =山", min_size=1, max_size=6))
def test_noticing_is_never_stricter_than_filtering(typed: str, stored: str) -> None:
    for keyword in ("PatientName", "PatientID"):
        try:
            key = key_of(keyword, typed)
        except UsageError:
            continue
        row = row_of(**{keyword: stored})
        if key.value and conform.test_of(key)(row):
            assert conform.noticing(key)(row)


def test_what_cannot_be_tested() -> None:
    assert not conform.testable(key_of("Modality", ""))
    assert conform.testable(key_of("Modality", "CT"))


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("20240305", "080000", True),
        ("20240305", "075959", False),
        ("20240305", "2359", True),
        ("20240306", "000000", True),
        ("20240306", "100000", True),
        ("20240306", "120000.1", False),
        ("20240307", "090000", False),
        ("", "090000", False),
    ],
)
def test_a_date_and_a_time_together(day: str, time: str, expected: bool) -> None:
    test = conform.combined_test(
        key_of("StudyDate", "2024-03-05..2024-03-06"), key_of("StudyTime", "08:00..11:59")
    )
    assert test(row_of(StudyDate=day, StudyTime=time)) is expected


def test_open_ends_together() -> None:
    since = conform.combined_test(
        key_of("StudyDate", ">=2024-03-05"), key_of("StudyTime", ">=08:00")
    )
    assert since(row_of(StudyDate="20300101", StudyTime="000000"))
    assert not since(row_of(StudyDate="20240305", StudyTime="0759"))


def entities() -> Iterator[StoredEntity]:
    for patient in practice_archive().patients:
        yield patient
        for study in patient.children:
            yield study
            yield from study.children


STORED = [
    (tag, value)
    for entity in entities()
    for tag, value in entity.attributes.items()
    if isinstance(value, str)
]
WORDS = (
    "PatientName PatientID PatientSex StudyDate StudyTime ModalitiesInStudy StudyDescription"
    " SeriesNumber StudyInstanceUID PatientBirthDate Modality PatientWeight"
).split()


def begun(text: str, length: int) -> str:
    return text[:length] + "*"


TYPED = st.one_of(
    st.sampled_from([value for _, value in STORED]),
    st.builds(begun, st.sampled_from([value for _, value in STORED]), st.integers(0, 8)),
    st.sampled_from(["2009", "2005..2010", ">=10:00", "CT,MR", "?", "*a*", "=山田*", "4"]),
    st.text("*?aM^=1 山é", max_size=6),
)


@given(st.sampled_from(WORDS), TYPED)
@example("PatientName", "MG\\*")
def test_whatever_the_archive_finds_is_kept(keyword: str, typed: str) -> None:
    try:
        key = key_of(keyword, typed)
    except UsageError:
        return
    if not conform.testable(key):
        return
    theirs = condition(RequestedKey(key.attribute.tag, key.attribute.vr, key.value))
    ours = conform.test_of(key)
    for tag, value in STORED:
        if tag == key.attribute.tag and theirs(value):
            assert ours(row_of(**{keyword: value})), (key.value, value)


def test_many_asterisks_cost_no_more_than_their_number() -> None:
    test = conform.test_of(key_of("PatientID", "*a" * 30 + "b"))
    assert not test(row_of(PatientID="a" * 60_000))

"""Matching on our side: filtering as the standard says, noticing more generously, never less."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomsh.archives.rows import row_of as made_row
from dicomsh.errors import UsageError
from dicomsh.model import row_matching as conform
from dicomsh.model.keys import by_keyword, find_path
from dicomsh.model.levels import Level
from dicomsh.model.matching import matcher
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
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
        ("StudyTime", "..10:15:30.5", "101530.7", False),
        ("StudyTime", "..10:15:30.5", "101530.5", True),
        # what is no date or time is in no range
        ("StudyDate", "2024", "X20240305X", False),
        ("StudyDate", "2009", "2009.04", False),
        ("AcquisitionDateTime", "2024-03-05", "X20240305X", False),
        ("AcquisitionDateTime", "2024-03-05", "", False),
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


@pytest.mark.parametrize(
    ("keyword", "typed", "testable"),
    [
        ("Modality", "CT", True),
        ("SeriesNumber", "4", True),
        ("StudyDate", "2024", True),
        ("Modality", "", False),
    ],
)
def test_what_can_be_tested(keyword: str, typed: str, testable: bool) -> None:
    assert conform.testable(key_of(keyword, typed)) is testable


@pytest.mark.parametrize(
    ("kind", "testable"), [(Matching.EMPTY_VALUE, True), (Matching.SINGLE_VALUE, False)]
)
def test_of_bytes_we_can_tell_only_that_there_are_none(kind: Matching, testable: bool) -> None:
    key = QueryKey((by_keyword("PixelData"),), '""', kind, KeyOrigin.TYPED)
    assert conform.testable(key) is testable


def test_a_binary_number_is_not_compared_as_text() -> None:
    key, row = key_of("Rows", "512"), row_of()
    row.elements[key.attribute.tag] = b"\0\x02"
    assert conform.test_of(key)(row)


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("20240305", "080000", True),
        ("20240305", "075959", False),
        ("20240305", "2359", True),
        ("20240306", "000000", True),
        ("20240306", "100000", True),
        ("20240306", "120000.1", False),
        ("20240306", "115959.999999", True),
        ("20240307", "090000", False),
        ("", "090000", False),
    ],
)
def test_a_date_and_a_time_together(day: str, time: str, expected: bool) -> None:
    test = conform.combined_test(
        key_of("StudyDate", "2024-03-05..2024-03-06"), key_of("StudyTime", "08:00..11:59")
    )
    assert test(row_of(StudyDate=day, StudyTime=time)) is expected


def test_a_date_without_a_time_tells_nothing() -> None:
    test = conform.combined_test(key_of("StudyDate", "2024"), key_of("StudyTime", "8:00..9:00"))
    assert test(row_of(StudyDate="20240305")) is None
    assert test(row_of(StudyTime="083000")) is None


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


@pytest.mark.parametrize(
    ("keyword", "typed", "stored", "strict", "lenient"),
    [
        # names: a group without `=` may be any group, but not an empty name
        ("PatientName", "Doe", "DOE=X=Y", True, True),
        ("PatientName", "X", "DOE=X=Y", True, True),
        ("PatientName", "*", "", False, False),
        ("PatientName", "Doe=", "DOE", True, True),
        ("PatientName", "Doe=X", "DOE", False, False),
        ("PatientName", "Doe=*", "DOE", True, True),
        ("PatientName", "Doe=????", "DOE", False, False),
        ("PatientName", "Doe", "DOE ^", True, True),
        ("PatientName", "Doe=É", "DOE=E", False, True),
        ("PatientName", "=X", "DOE=X", True, True),
        ("PatientName", "=X", "X", False, False),
        ("PatientName", "Doe=X", "DOE=X=Y", True, True),
        ("PatientName", "Doe", " doe^^ ", True, True),
        ("PatientName", "X^", "X", True, True),
        ("PatientName", "X", "XX", False, False),
        ("PatientName", "Doe^Jane", "DOE, JANE", False, True),
        ("PatientName", "Doe^Jane", "DoeXJane", False, False),
        ("PatientName", "Döe", "Doe^^", False, True),
        ("PatientName", "Ozp", "OZP\0", True, True),
        ("PatientName", "Doe", "DoeX", False, False),
        # text in another case is noticed, and other text is no match at all
        ("PatientID", "A1", "a1", False, True),
        ("PatientID", "A1", "A1 ", True, True),
        ("PatientID", "A1", "XA1X", False, False),
        ("PatientID", "A*B*C*D", "AxBxCxD", True, True),
        ("PatientID", "A*B*C*D", "AxCxBxD", False, False),
        # UIDs have no wildcards, and no case
        ("StudyInstanceUID", "1.2", "1.2\0", True, True),
        ("StudyInstanceUID", "1.2", "1.2 ", True, True),
        ("StudyInstanceUID", "1.2", "X1.2X", False, False),
        ("StudyInstanceUID", "A.2", "a.2", False, False),
        ("StudyInstanceUID", "X1.2", "1.2", False, False),
        # numbers
        ("SeriesNumber", "4", " 4\0", True, True),
        ("SeriesNumber", "4", "X4X", False, False),
        ("SeriesNumber", "4", r"3\4", True, True),
        # without a value: all of them, not one of several
        ("ModalitiesInStudy", '""', "", True, True),
        ("ModalitiesInStudy", '""', " \0", True, True),
        ("ModalitiesInStudy", '""', "MR\\", False, False),
        ("ModalitiesInStudy", '""', "X", False, False),
        ("PatientComments", r"a\b", r"a\b", True, True),
        ("PatientComments", r"a\b", "a", False, False),
    ],
)
def test_to_filter_and_to_notice(
    keyword: str, typed: str, stored: str, strict: bool, lenient: bool
) -> None:
    key, row = key_of(keyword, typed), row_of(**{keyword: stored})
    assert conform.test_of(key)(row) is strict
    assert conform.noticing(key)(row) is lenient


@pytest.mark.parametrize(
    ("keyword", "value", "stored", "expected"),
    [
        ("PatientID", r"A\B", r"A\B", True),
        ("PatientID", r"A\B", "A", False),
        ("PatientID", "A*", "A*", True),
        ("PatientID", "A*", "AB", False),
        ("PatientName", "Doe*", "doe*", True),
        ("PatientName", "Doe*", "Doe^Jane", False),
        ("ModalitiesInStudy", "MR", r"CT\MR", True),
        ("ModalitiesInStudy", r"CT\MR", "MR", True),
    ],
)
def test_a_value_from_an_answer_is_no_pattern(
    keyword: str, value: str, stored: str, expected: bool
) -> None:
    attribute = by_keyword(keyword)
    found = matcher(attribute, value, date(2026, 11, 25), literal=True)
    key = QueryKey((attribute,), found.value, found.kind, KeyOrigin.TYPED, literal=True)
    assert conform.test_of(key)(row_of(**{keyword: stored})) is expected


def test_an_asterisk_in_a_uid_is_no_wildcard() -> None:
    key = QueryKey((by_keyword("StudyInstanceUID"),), "1.*", Matching.UID_LIST, KeyOrigin.TYPED)
    assert not conform.test_of(key)(row_of(StudyInstanceUID="1.2"))
    assert not conform.noticing(key)(row_of(StudyInstanceUID="1.2"))


@pytest.mark.parametrize(
    ("raw", "expected"), [(b"ABC ", True), (b"ABC\0", True), (b"XABCX ", False), (b"", False)]
)
def test_the_bytes_of_what_nobody_knows_are_compared_as_text(raw: bytes, expected: bool) -> None:
    path = find_path("0009,1001", Level.STUDY)
    key = QueryKey(path, "ABC", Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    row = row_of()
    row.elements[path[-1].tag] = raw
    assert conform.test_of(key)(row) is expected


def test_they_are_text_in_the_character_set_of_the_row() -> None:
    path = find_path("0009,1001", Level.STUDY)
    key = QueryKey(path, "Müller", Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    row = row_of()
    row.elements[path[-1].tag] = "Müller".encode()
    assert conform.test_of(key)(row)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["CT"], True),
        (["MR", "CT"], True),
        (["MR", None], False),
        (["MR"], False),
        ([None], None),
        ([], None),
    ],
)
def test_one_item_that_matches_is_enough(codes: list[str | None], expected: bool | None) -> None:
    """PS3.4 C.2.2.2.6."""
    path = find_path("ScheduledProcedureStepSequence.Modality", Level.STUDY)
    key = QueryKey(path, "CT", Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    items = [{} if code is None else {path[-1].tag: ("CS", [code])} for code in codes]
    row = made_row({path[0].tag: ("SQ", list(items))})
    assert conform.test_of(key)(row) is expected

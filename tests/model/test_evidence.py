"""What the rows of a probe's queries prove about a peer, and that they prove no more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.capability import Support
from dicomsh.model.evidence import (
    Reply,
    asterisk,
    beyond,
    can_be_asked,
    charsets,
    foreign_names,
    holds,
    impossible_value,
    matching,
    one_letter_open,
    ranges_of_days,
    repeated,
    returned,
    swapped,
    telling_value,
    usual_values,
    values_of,
    widened,
)
from dicomsh.model.keys import by_keyword
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.row import Row
from tests.model.rows import answer


def rows(keyword: str, *values: str | None) -> list[Row]:
    """A row for each value; None for one without the attribute."""
    return [answer(**({} if value is None else {keyword: value})) for value in values]


def reply(found: Sequence[Row], ending: Ending = Ending.COMPLETE) -> Reply:
    return Reply(found, Outcome(ending, len(found), 0.1))


def studies(*numbers: int | None) -> list[Row]:
    """Rows with these StudyInstanceUIDs, or without any."""
    return rows(
        "StudyInstanceUID", *(None if number is None else f"1.2.{number}" for number in numbers)
    )


def study_uids(found: Sequence[Row]) -> list[str]:
    return values_of(found, "StudyInstanceUID")


def test_an_answer_is_whole_if_it_ended_by_itself() -> None:
    assert [one for one in Ending if reply([], one).whole] == [Ending.COMPLETE]
    assert not Reply(error="refused").whole


def test_values_are_those_that_are_there() -> None:
    found = rows("ModalitiesInStudy", "CT\\MR", "", None, "\\US")
    assert values_of(found, "ModalitiesInStudy") == ["CT", "MR", "US"]


@pytest.mark.parametrize(
    ("values", "expected"), [((None, ""), True), ((None, "1"), True), ((None,), False), ((), False)]
)
def test_an_empty_attribute_is_returned_and_a_missing_one_is_not(
    values: Sequence[str | None], expected: bool
) -> None:
    assert returned(rows("PatientID", *values), "PatientID") is expected


@pytest.mark.parametrize(
    ("values", "telling", "usual"),
    [
        (["CT", "CT", "CT", "MR", "MR", ""], "MR", ["CT", "MR"]),
        (["US", "CT", "MR"], "CT", ["US", "CT", "MR"]),
        (["CT", "CT"], None, ["CT"]),
        (["CT", "CT\\MR"], "MR", ["CT", "MR"]),
        (["CT", None], "CT", ["CT"]),
        (["CT", "CT", "mr"], "CT", ["CT"]),
        ([], None, []),
    ],
)
def test_the_rarest_value_that_some_lack_tells_most(
    values: list[str | None], telling: str | None, usual: list[str]
) -> None:
    found = rows("ModalitiesInStudy", *values)
    assert telling_value(found, "ModalitiesInStudy") == telling
    assert usual_values(found, "ModalitiesInStudy") == usual


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        *((vr, "A" * 16, True) for vr in ("AE", "CS", "SH")),
        *((vr, "A" * 17, False) for vr in ("AE", "CS", "SH")),
        ("LO", "A" * 17, True),
        ("LO", "A" * 64, True),
        ("LO", "A" * 65, False),
        ("LO", " " + "A" * 64, True),
        *(("LO", f"A{letter}", False) for letter in "*?\\ö\t"),
        ("LO", "A", True),
        ("LO", " ", False),
        ("LO", "", False),
        ("CS", "MR_1 X", True),
        ("CS", "Mr", False),
        ("DA", "20240229", True),
        ("DA", "20230229", False),
        ("DA", "2024.02.29", False),
        ("DA", "202402291", False),
        ("DA", "2024 229", False),
        ("UI", "1.2.3", True),
        ("UI", "1.2.x", False),
        ("LO", "1.2.x", True),
    ],
)
def test_only_valid_values_are_asked_for(vr: str, value: str, expected: bool) -> None:
    assert can_be_asked(vr, value) is expected


def one_key(keyword: str, value: str) -> QueryKey:
    kind = Matching.RANGE if "-" in value else Matching.SINGLE_VALUE
    return QueryKey((by_keyword(keyword),), value, kind, KeyOrigin.TYPED)


SEX, DAY = one_key("PatientSex", "F"), one_key("StudyDate", "-20240101")
SIX = reply(rows("PatientSex", *"FFMMOO"))
CUT_OFF = Ending.CUT_OFF


@pytest.mark.parametrize(
    ("key", "given", "sample", "expected"),
    [
        (SEX, Reply(error="no"), SIX, Support.REFUSED),
        (SEX, reply([]), SIX, Support.FINDS_NOTHING),
        (SEX, reply(rows("PatientSex", "F", "F")), SIX, Support.WORKS),
        (SEX, reply(rows("PatientSex", "F", "F"), CUT_OFF), SIX, Support.WORKS),
        (SEX, reply(rows("PatientSex", "F", "M")), SIX, Support.IGNORED),
        (SEX, reply(rows("PatientSex", "F", "M", None), CUT_OFF), SIX, Support.IGNORED),
        # rows that do not show their value: their number tells
        (SEX, reply(rows("PatientSex", None, None)), SIX, Support.WORKS),
        (SEX, reply(rows("PatientSex", "F", None)), SIX, Support.WORKS),
        (SEX, reply(rows("PatientSex", *[None] * 5)), SIX, Support.WORKS),
        (SEX, reply(rows("PatientSex", *[None] * 6)), SIX, Support.IGNORED),
        (SEX, reply(rows("PatientSex", None), CUT_OFF), SIX, Support.UNKNOWN),
        (SEX, reply(rows("PatientSex", None)), reply(SIX.rows, CUT_OFF), Support.UNKNOWN),
        (SEX, reply(rows("PatientSex", "", "")), SIX, Support.WORKS),
        (SEX, reply(rows("PatientSex", ""), CUT_OFF), SIX, Support.UNKNOWN),
        (DAY, reply(rows("StudyDate", "20240101", "")), SIX, Support.WORKS),
        (DAY, reply(rows("StudyDate", "20240101", "2024.06.01")), SIX, Support.WORKS),
        (DAY, reply(rows("StudyDate", "20240101", "20240601")), SIX, Support.IGNORED),
        (DAY, reply(rows("StudyDate", "20240101", None), CUT_OFF), SIX, Support.UNKNOWN),
    ],
)
def test_what_comes_back_shows_whether_a_key_was_matched(
    key: QueryKey, given: Reply, sample: Reply, expected: Support
) -> None:
    assert matching(key, given, sample) is expected


@pytest.mark.parametrize(
    ("numbers", "expected"), [((1, 2, 3), 0), ((1, 2, 1, 1), 2), ((None, None, 1), 0), ((), 0)]
)
def test_studies_that_come_again_are_counted(
    numbers: tuple[int | None, ...], expected: int
) -> None:
    assert repeated(studies(*numbers)) == expected


@pytest.mark.parametrize(
    ("days", "ranges"),
    [
        ([], []),
        (["20240101", "20240101", "", "2024.05.05"], []),
        (["20241231", "20240101"], ["-20240101", "20240102-"]),
        (["20240228", "20240229", "20240301"], ["-20240228", "20240229-20240229", "20240301-"]),
        (
            [f"202401{day:02}" for day in range(1, 10)],
            ["-20240103", "20240104-20240105", "20240106-20240107", "20240108-"],
        ),
    ],
)
def test_ranges_cover_all_days_and_each_has_rows(days: list[str], ranges: list[str]) -> None:
    assert ranges_of_days(rows("StudyDate", *days)) == ranges


ALL = reply(studies(1, 2, 3))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([reply(studies(1)), reply(studies(2, 3, 4))], True),
        ([reply(studies(1), CUT_OFF), reply(studies(4), CUT_OFF)], True),
        ([reply(studies(1)), reply(studies(2, 3))], False),
        ([reply(studies(1)), reply(studies(2), CUT_OFF)], None),
        ([reply(studies(1, 2, 3)), reply(studies(1))], None),  # it ignores ranges
        ([reply(studies(1, 2)), reply([])], None),
        ([], None),
    ],
)
def test_what_parts_have_shows_whether_a_whole_was_cut_off(
    parts: list[Reply], expected: bool | None
) -> None:
    assert beyond(ALL, parts) is expected


def test_a_sample_gets_each_further_study_once() -> None:
    made = widened(
        reply(studies(1, 2, 2), CUT_OFF), [reply(studies(2, 3)), reply(studies(3, None, 4))]
    )
    assert study_uids(made.rows) == ["1.2.1", "1.2.2", "1.2.2", "1.2.3", "1.2.4"]
    assert len(made.rows) == 5
    assert made.outcome is not None
    assert made.outcome.ending is CUT_OFF


@pytest.mark.parametrize("keyword", ["StudyDate", "Modality", "PatientID", "StudyInstanceUID"])
def test_an_impossible_value_can_be_sent(keyword: str) -> None:
    """What is not valid could be refused, which would prove nothing."""
    vr = by_keyword(keyword).vr
    assert can_be_asked("LO" if vr == "UI" else vr, impossible_value(keyword))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Reply(error="no"), (Support.REFUSED, "refused")),
        (reply([]), (Support.FINDS_NOTHING, "finds nothing")),
        (reply(rows("PatientName", "A", "B")), (Support.WORKS, "works")),
        (reply(rows("PatientName", "A", "")), (Support.WORKS, "works, even without a value")),
        (reply(rows("PatientName", "A", None)), (Support.WORKS, "works, even without a value")),
    ],
)
def test_what_an_asterisk_finds(given: Reply, expected: tuple[Support, str]) -> None:
    assert asterisk(given, "PatientName") == expected


def named(charset: str | None, name: str) -> Row:
    return answer(
        PatientName=name, **({} if charset is None else {"SpecificCharacterSet": charset})
    )


def test_character_sets_are_those_named_and_none_for_more_than_ascii_without() -> None:
    assert charsets([named(None, "A"), named("", "B")]) == ()
    assert charsets([named(None, "Ä")]) == ("",)
    found = [named("ISO_IR 192", "A"), named("GB18030", "A"), named("GB18030", "B")]
    assert charsets([*found, named("", "Ä")]) == ("", "GB18030", "ISO_IR 192")
    bulk = answer(PatientName="A", PixelData="Ä")
    assert charsets([bulk]) == ()


def test_the_shortest_name_beyond_ascii_stands_for_its_character_set() -> None:
    utf = "ISO_IR 192"
    found = [
        answer(SpecificCharacterSet=utf),
        named(utf, "Anna"),
        named(utf, "Ärzte^Ö"),
        named(utf, "Öl"),
        named(utf, "Ää^X"),
        named(None, "Ü"),
        named(utf, "\ufffd"),
    ]
    assert foreign_names(found) == {utf: "Öl"}
    assert foreign_names([]) == {}


def test_a_name_is_held_if_it_is_just_this_one() -> None:
    found = reply([answer(), named("ISO_IR 192", "Öl")])
    assert holds(found, "Öl")
    assert not holds(found, "Ö")


@pytest.mark.parametrize(
    ("name", "opened"), [("Özil^Ö", "?zil^Ö"), ("Müller", "M?ller"), ("Naé", "Na?")]
)
def test_the_first_letter_beyond_ascii_is_left_open(name: str, opened: str) -> None:
    assert one_letter_open(name) == opened


@pytest.mark.parametrize(
    ("name", "other"),
    [("Doe^JANE", "dOE^jane"), ("123", None), ("Müller", None), ("A*", None), ("A?", None)],
)
def test_a_name_in_the_other_case(name: str, other: str | None) -> None:
    assert swapped(name) == other

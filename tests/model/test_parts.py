"""The parts of a split query, and what is said about studies that none of them reaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.notes import NoteKind
from dicomsh.model.parts import (
    STUDY_DATE,
    STUDY_TIME,
    Doubt,
    Listed,
    Plan,
    Studies,
    Without,
    by_moment,
    day_of,
    judged,
    with_time,
)
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.windows import Period, Window
from tests.model.rows import answer

BASE = Request(Level.STUDY, Place())
DAY, TOMORROW = date(2024, 3, 5), date(2024, 3, 6)


def key(keyword: str, value: str, kind: Matching = Matching.SINGLE_VALUE) -> QueryKey:
    return QueryKey((by_keyword(keyword),), value, kind, KeyOrigin.TYPED)


def keys(request: Request) -> dict[str, tuple[str, Matching]]:
    return {one.keyword: (one.value, one.matching) for one in request.keys}


def studies(first: date = date.min, last: date = date.max, *clock: str) -> Studies:
    return Studies(BASE, Window(first, last, *clock), TOMORROW)


@pytest.mark.parametrize(
    ("uids", "value", "kind", "title"),
    [
        (("1.2",), "1.2", Matching.SINGLE_VALUE, "1.2"),
        (("1.2", "1.3"), r"1.2\1.3", Matching.UID_LIST, "1.2 and 1 more"),
        (("1.2", "1.3", "1.4"), r"1.2\1.3\1.4", Matching.UID_LIST, "1.2 and 2 more"),
    ],
)
def test_a_list_is_one_query(uids: tuple[str, ...], value: str, kind: Matching, title: str) -> None:
    """PS3.4 C.2.2.2.2; a single UID is no list."""
    part = Listed(BASE, uids)
    assert keys(part.request) == {"StudyInstanceUID": (value, kind)}
    assert part.title == title


@pytest.mark.parametrize(
    ("count", "answered", "halves"),
    [
        (5, ["1", "", None], [2, 3]),
        (2, ["0", "1", "", None], [1, 1]),
        (1, ["0"], []),
        # a peer that ignores the list answers with others
        (4, ["9"], []),
    ],
)
def test_a_list_is_divided_in_halves(
    count: int, answered: Sequence[str | None], halves: list[int]
) -> None:
    part = Listed(BASE, tuple(map(str, range(count))))
    rows = [answer() if uid is None else answer(StudyInstanceUID=uid) for uid in answered]
    found = part.divided(rows)
    assert [len(half.uids) for half in found] == halves
    assert sum((half.uids for half in found), ()) == (part.uids if halves else ())


def test_a_list_of_studies_is_divided_and_other_queries_by_date() -> None:
    listed = key("StudyInstanceUID", r"1.2\1.3\1.2", Matching.UID_LIST)
    modality = key("ModalitiesInStudy", "CT")
    plan = Plan(Request(Level.STUDY, Place(), (modality, listed)), Period.MONTH, TOMORROW)
    lead = plan.lead
    assert isinstance(lead, Listed)
    assert lead.uids == ("1.2", "1.3")
    assert keys(lead.base) == {"ModalitiesInStudy": ("CT", Matching.SINGLE_VALUE)}
    one = Request(Level.STUDY, Place(), (key("StudyInstanceUID", "1.2"), modality))
    assert isinstance(Plan(one, Period.MONTH, TOMORROW).lead, Studies)
    other = Request(Level.STUDY, Place(), (key("SOPClassesInStudy", "1.2", Matching.UID_LIST),))
    assert isinstance(Plan(other, Period.MONTH, TOMORROW).lead, Studies)


def test_what_windows_leave_out_is_asked_for_by_itself() -> None:
    """Studies without a date are in no window of dates, those without a time in none of times."""
    assert [part.title for part in studies().without()] == ["any date without StudyDate"]
    assert [part.keyword for part in studies(DAY, DAY).without()] == [STUDY_TIME]
    assert list(studies(DAY, DAY, "10", "12").without()) == []
    assert list(studies(DAY).without()) == []


def test_the_query_for_what_has_no_value() -> None:
    request = Without(studies(DAY, DAY, "10", "12"), STUDY_TIME).request
    assert keys(request)[STUDY_TIME] == ('""', Matching.EMPTY_VALUE)
    assert keys(request)[STUDY_DATE] == ("20240305", Matching.SINGLE_VALUE)


def test_a_window_that_the_peer_ignored_is_not_divided() -> None:
    whole = studies(date(2024, 1, 1), date(2024, 1, 31))
    inside, outside = answer(StudyDate="20240110"), answer(StudyDate="20240201")
    assert whole.divided([inside, outside]) == []
    assert whole.divided([inside])
    assert not any(isinstance(part, Without) for part in whole.divided([inside]))


@pytest.mark.parametrize(
    ("part", "row"),
    [
        (studies(DAY, DAY, "101500", "101500.999999"), answer(StudyDate="20240305")),
        # without a date there is no day to ask for those without a time
        (studies(date.min, date.min), answer(StudyDate="")),
    ],
)
def test_a_second_and_studies_without_a_date_cannot_be_divided(part: Studies, row: Row) -> None:
    assert part.divided([row]) == []


@pytest.mark.parametrize(
    ("text", "day"),
    [("20240305", DAY), ("", None), (None, None), ("2024-03-05", None), ("20240230", None)],
)
def test_the_day_of_a_study(text: str | None, day: date | None) -> None:
    assert day_of(answer() if text is None else answer(StudyDate=text)) == day


def test_studies_without_a_moment_come_last() -> None:
    moments = [("", ""), ("20240305", ""), ("20240305", "101500"), ("20240304", "")]
    rows = [answer(StudyDate=day, StudyTime=time) for day, time in moments]
    ordered = sorted(rows, key=by_moment)
    assert [rows.index(row) for row in ordered] == [3, 2, 1, 0]


def test_the_time_is_requested_once() -> None:
    assert keys(with_time(BASE)) == {STUDY_TIME: ("", Matching.UNIVERSAL)}
    typed = Request(Level.STUDY, Place(), (key(STUDY_TIME, "10-12", Matching.RANGE),))
    assert with_time(typed) == typed


WITHOUT_DATE = Without(studies(), STUDY_DATE)
WITHOUT_TIME = Without(studies(DAY, DAY), STUDY_TIME)
COMPLETE = Outcome(Ending.COMPLETE, 3, 0.1)


def notes(outcome: Outcome) -> list[tuple[NoteKind, tuple[str, ...], int]]:
    return [(one.kind, one.about, one.count) for one in outcome.notes]


def test_studies_that_no_window_reaches_are_missing_or_unknown() -> None:
    doubt = Doubt()
    doubt.look(WITHOUT_DATE, [])
    doubt.look(WITHOUT_TIME, [])
    assert doubt.about == [STUDY_DATE, STUDY_TIME]
    missing = judged(COMPLETE, doubt, 2)
    either = ("StudyDate or StudyTime",)
    assert notes(missing) == [(NoteKind.UNDATED_MISSING, either, 2)]
    assert missing.ending is Ending.PARTIAL
    unknown = judged(COMPLETE, doubt, None)
    assert notes(unknown) == [(NoteKind.UNDATED_UNKNOWN, either, 0)]
    assert unknown.ending is Ending.PARTIAL
    none = judged(COMPLETE, doubt, 0)
    assert notes(none) == [(NoteKind.NONE_MISSING, (), 0)]
    assert none.ending is Ending.COMPLETE


def test_one_study_without_a_date_shows_that_the_peer_finds_them() -> None:
    doubt = Doubt()
    doubt.look(WITHOUT_DATE, [answer(StudyDate="")])
    assert doubt.about == []
    assert judged(COMPLETE, doubt, None) == COMPLETE


def test_one_that_comes_back_from_a_window_shows_it_too() -> None:
    doubt = Doubt()
    doubt.look(studies(DAY, DAY), [answer(StudyDate="", StudyTime="")])
    doubt.look(WITHOUT_DATE, [])
    doubt.look(WITHOUT_TIME, [])
    assert doubt.about == [STUDY_TIME], "the window did not match on the time"


def test_rows_outside_of_their_windows_are_counted() -> None:
    doubt, stray = Doubt(), answer(StudyDate="20240201")
    for _ in range(2):
        doubt.look(studies(DAY, DAY), [stray, answer(StudyDate="20240305")])
    assert doubt.strays == 2
    assert notes(judged(COMPLETE, doubt, None)) == [(NoteKind.OUTSIDE_THE_DATES, (), 2)]
    assert judged(COMPLETE, Doubt(), None) == COMPLETE

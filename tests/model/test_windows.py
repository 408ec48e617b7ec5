"""Windows of a split query: together they are the window they came from, and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.keys import by_keyword
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.windows import Period, Window, divided, periods, window_of

TOMORROW = date(2024, 3, 6)
DAY = timedelta(days=1)
CALENDAR = [period for period in Period if period is not Period.AUTO]

days = st.dates()
seconds = st.integers(0, 86_399)


def clock(second: int) -> str:
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"


@st.composite
def windows(draw: st.DrawFn) -> Window:
    first, last = sorted((draw(days), draw(days)))
    return Window(draw(st.sampled_from((first, date.min))), draw(st.sampled_from((last, date.max))))


@st.composite
def times_of_a_day(draw: st.DrawFn) -> Window:
    day = draw(days)
    begin, end = sorted((draw(seconds), draw(seconds)))
    return Window(
        day,
        day,
        draw(st.sampled_from((clock(begin), ""))),
        draw(st.sampled_from((clock(end) + ".999999", ""))),
    )


def text_range(value: str) -> tuple[str, str]:
    """Both ends of a range as a server compares them that compares text."""
    first, dash, last = value.partition("-")
    return (first, last or "~") if dash else (value, value or "~")


def matches(window: Window, time: str) -> bool:
    first, last = text_range(window.time_value)
    return first <= time <= last


@given(windows(), st.lists(days, max_size=5))
def test_parts_cover_the_days_exactly(window: Window, sample: list[date]) -> None:
    parts = divided(window, [day for day in sample if window.first <= day <= window.last], TOMORROW)
    if window.one_day:
        assert {part.first for part in parts} <= {window.first}
        return
    assert len(parts) > 1
    assert parts[0].first == window.first
    assert parts[-1].last == window.last
    assert all(before.last + DAY == after.first for before, after in pairwise(parts))
    assert all(part.first <= part.last and not part.time_value for part in parts)


@given(times_of_a_day(), seconds, st.sampled_from(("{}", "{}.5", "{}.999999", "short")))
def test_every_time_of_a_day_is_in_exactly_one_part(window: Window, second: int, form: str) -> None:
    """Servers compare as text: 1200 is not between 115959.999999 and 120000 (as in Orthanc)."""
    time = clock(second).rstrip("0") if form == "short" else form.format(clock(second))
    time = time if len(time) % 2 == 0 or "." in time else time + "0"
    parts = divided(window, [], TOMORROW)
    if parts and matches(window, time or "00"):
        assert sum(matches(part, time or "00") for part in parts) == 1
        assert all(part.first == part.last == window.first for part in parts)


@given(windows(), days)
def test_dividing_again_and_again_comes_down_to_a_second(window: Window, day: date) -> None:
    """A server that cuts off everything is asked a bounded number of times for each moment."""
    day = min(max(day, window.first), window.last)
    for _ in range(120):
        parts = divided(window, [], TOMORROW)
        if not parts:
            break
        (window,) = [part for part in parts if part.first <= day <= part.last][:1]
    assert window.one_day
    assert window.begin[:6].ljust(6, "0") == window.end[:6] or not window.begin


@pytest.mark.parametrize("period", CALENDAR)
@given(
    first=st.dates(date(1890, 1, 1), TOMORROW), open_first=st.booleans(), open_last=st.booleans()
)
def test_periods_cover_the_window_exactly(
    period: Period, first: date, open_first: bool, open_last: bool
) -> None:
    window = Window(
        date.min if open_first else first, date.max if open_last else first + timedelta(days=100)
    )
    oldest = date(2023, 11, 11)
    parts = list(periods(window, period, oldest, TOMORROW))
    assert parts[0].first == window.first
    assert parts[-1].last == window.last
    assert all(before.last + DAY == after.first for before, after in pairwise(parts))
    longest = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31}[period]
    inner = [part for part in parts if part.first != date.min and part.last != date.max]
    assert all((part.last - part.first).days < longest for part in inner)


@pytest.mark.parametrize("period", CALENDAR)
def test_periods_at_the_end_of_the_calendar(period: Period) -> None:
    parts = list(periods(Window(date(9999, 12, 30), date.max), period, TOMORROW, TOMORROW))
    assert parts[0].first == date(9999, 12, 30)
    assert parts[-1].last == date.max


@pytest.mark.parametrize(
    ("period", "starts"),
    [
        (Period.DAY, [1, 2, 3]),
        (Period.WEEK, [1, 4]),  # Monday 4 March 2024
        (Period.MONTH, [1]),
    ],
)
def test_periods_follow_the_calendar(period: Period, starts: list[int]) -> None:
    window = Window(date(2024, 3, 1), date(2024, 3, 10))
    firsts = [part.first.day for part in periods(window, period, date.min, TOMORROW)]
    assert firsts[: len(starts)] == starts


def test_beyond_the_expected_days_is_asked_for_by_itself() -> None:
    parts = divided(Window(), [date(2005, 5, 5)], TOMORROW)
    assert [part.title for part in parts] == [
        "..2005-05-04",
        "2005-05-05..2014-10-05",
        "2014-10-06..2024-03-06",
        "2024-03-07..",
    ]


@pytest.mark.parametrize(
    ("date_value", "time_value", "window"),
    [
        ("", "", Window()),
        ("20240305", "", Window(date(2024, 3, 5), date(2024, 3, 5))),
        ("20240301-", "", Window(date(2024, 3, 1), date.max)),
        ("-20240331", "", Window(date.min, date(2024, 3, 31))),
        ("20240301-20240331", "1015-", Window(date(2024, 3, 1), date(2024, 3, 31), "1015")),
        ("", "101500.5", Window(begin="101500.5", end="101500.5")),
    ],
)
def test_what_was_typed_is_the_window_to_split(
    date_value: str, time_value: str, window: Window
) -> None:
    pairs = (("StudyDate", date_value), ("StudyTime", time_value))
    keys = [
        QueryKey((by_keyword(word),), value, Matching.RANGE, KeyOrigin.TYPED)
        for word, value in pairs
        if value
    ]
    assert window_of(keys) == window
    assert (window.date_value, window.time_value) == (date_value, time_value)


@pytest.mark.parametrize(
    ("window", "title"),
    [
        (Window(), "any date"),
        (Window(date(2024, 3, 5), date(2024, 3, 5)), "2024-03-05"),
        (Window(date(2024, 3, 5), date(2024, 3, 5), "10", "101500.999999"),
         "2024-03-05 10..10:15:00"),
        (Window(date(2024, 3, 5), date(2024, 3, 5), "101500", "101500.999999"),
         "2024-03-05 10:15:00"),
    ],
)  # fmt: skip
def test_windows_have_names_for_people(window: Window, title: str) -> None:
    assert window.title == title


def test_a_window_begins_at_a_full_minute_only_where_it_must() -> None:
    """Servers that compare text sort 12 and 1200 before 120000; not all take 12 for a time."""
    day = Window(TOMORROW, TOMORROW)
    parts = [part.time_value for part in divided(day, [], TOMORROW)]
    assert parts == ["-120000.999999", "120001-"]
    seconds = Window(TOMORROW, TOMORROW, "115959", "120000.999999")
    parts = [part.time_value for part in divided(seconds, [], TOMORROW)]
    assert parts == ["115959-115959.999999", "12-120000.999999"]


def test_where_studies_without_a_date_count_as_older_than_any_they_are_split_off() -> None:
    window = Window(date.min, date(2005, 5, 4))
    parts = divided(window, [None, date(1999, 1, 1)], TOMORROW)
    assert [part.title for part in parts] == ["studies without a date", "0001-01-02..2005-05-04"]
    assert divided(parts[0], [None], TOMORROW) == ()
    assert parts[0].date_value == "-00010101"


def test_a_study_without_a_date_in_a_window_that_begins_somewhere_changes_nothing() -> None:
    window = Window(date(2020, 1, 1), date(2020, 1, 4))
    assert divided(window, [None], TOMORROW) == divided(window, [], TOMORROW)
    assert [part.last.day for part in divided(window, [None], TOMORROW)] == [2, 4]


def test_an_open_end_is_split_off_even_where_one_day_is_expected() -> None:
    day = date(2020, 1, 4)
    below, the_day = divided(Window(date.min, day), [day], TOMORROW)
    assert (below.last, the_day.first) == (day - DAY, day)
    the_day, beyond = divided(Window(TOMORROW, date.max), [], TOMORROW)
    assert (the_day.last, beyond.first) == (TOMORROW, TOMORROW + DAY)


@pytest.mark.parametrize(
    ("begin", "end", "parts"),
    [
        ("101500", "101500.999999", []),
        ("101500", "101501", ["101500-101500.999999", "101501"]),
        ("000058", "000101", ["000058-000100.999999", "000101"]),
        ("000057", "000102", ["000057-000100.999999", "000101-000102"]),
        ("10", "", ["10-170000.999999", "170001-"]),
    ],
    ids=["one second", "two", "a full minute before the end", "a full minute", "an hour"],
)
def test_the_times_of_a_day_are_divided_in_the_middle(
    begin: str, end: str, parts: list[str]
) -> None:
    window = Window(date(2020, 1, 1), date(2020, 1, 1), begin, end)
    assert [part.time_value for part in divided(window, [], TOMORROW)] == parts


def test_periods_of_a_window_with_two_ends_end_with_it() -> None:
    window = Window(date(2020, 1, 31), date(2020, 2, 29))
    found = [part.date_value for part in periods(window, Period.MONTH, date.min, TOMORROW)]
    assert found == ["20200131", "20200201-20200229"]


@pytest.mark.parametrize(
    ("window", "oldest", "titles"),
    [
        (
            Window(),
            date(2024, 2, 10),
            ["..2024-02-09", "2024-02-10..2024-02-29", "2024-03-01..2024-03-06", "2024-03-07.."],
        ),
        (Window(date.min, date(2024, 2, 3)), date(2024, 2, 3), ["..2024-02-02", "2024-02-03"]),
        # what is older or later than expected, if it was asked for
        (Window(date(1850, 1, 1), date(1850, 1, 2)), TOMORROW, ["1850-01-01..1850-01-02"]),
        (Window(date(2031, 1, 1)), TOMORROW, ["2031-01-01", "2031-01-02.."]),
        (Window(), date(2031, 1, 1), ["..2030-12-31", "2031-01-01", "2031-01-02.."]),
    ],
)
def test_periods_begin_and_end_where_studies_are_expected(
    window: Window, oldest: date, titles: list[str]
) -> None:
    found = islice(periods(window, Period.MONTH, oldest, TOMORROW), 5)
    assert [part.title for part in found] == titles


@pytest.mark.parametrize(
    ("window", "sent"),
    [
        (Window(date.min, date.max), [("", Matching.UNIVERSAL), ("", Matching.UNIVERSAL)]),
        (
            Window(date(2024, 3, 5), date(2024, 3, 5), "10", "11"),
            [("20240305", Matching.SINGLE_VALUE), ("10-11", Matching.RANGE)],
        ),
        (
            Window(date(2024, 3, 5), date.max, "", "11"),
            [("20240305-", Matching.RANGE), ("-11", Matching.RANGE)],
        ),
    ],
)
def test_the_keys_of_a_window(window: Window, sent: list[tuple[str, Matching]]) -> None:
    keys = window.keys()
    assert [key.keyword for key in keys] == ["StudyDate", "StudyTime"]
    assert [(key.value, key.matching) for key in keys] == sent
    assert {key.origin for key in keys} == {KeyOrigin.WINDOW}


@pytest.mark.parametrize(
    ("window", "cut"),
    [
        (Window(date.min, date(2024, 1, 1)), True),
        # all days include studies without a date: nothing to split off
        (Window(date.min, date.max), False),
        (Window(date(2020, 1, 1), date(2024, 1, 1)), False),
    ],
)
def test_studies_without_a_date_are_split_off_where_they_count_as_old(
    window: Window, cut: bool
) -> None:
    parts = divided(window, [None, date(2023, 1, 1)], TOMORROW)
    assert parts[0].dateless is cut

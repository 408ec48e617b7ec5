"""Dates, times and date-times as people write them, as the range that goes out."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model.moments import (
    DATE,
    DATETIME,
    TIME,
    BackwardsError,
    Instant,
    Scale,
    earliest,
    ends,
    last_end,
    latest,
    read_range,
)
from tests.model.spans import assert_inside

TODAY = date(2024, 3, 5)


def dicom(text: str, scale: Scale, today: date = TODAY) -> str | None:
    found = read_range(text, scale, today)
    return found.dicom if found else None


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("2024-03-05", "20240305"),
        ("2024-3-5", "20240305"),
        ("20240305", "20240305"),
        ("2024-02", "20240201-20240229"),
        ("2023-02", "20230201-20230228"),
        ("2024", "20240101-20241231"),
        ("today", "20240305"),
        ("Yesterday", "20240304"),
        ("tomorrow", "20240306"),
        # how long ago: alone it means since then, in a range it is that day
        ("-7d", "20240227-"),
        ("-2w", "20240220-"),
        ("-1m", "20240205-"),
        ("-1y", "20230305-"),
        ("-0d", "20240305-"),
        ("-7d..-1d", "20240227-20240304"),
        ("..-7d", "-20240227"),
        ("<-7d", "-20240226"),
        (">=-7d", "20240227-"),
        # ranges
        ("2024-01..2024-03", "20240101-20240331"),
        ("..2020", "-20201231"),
        ("2020..", "20200101-"),
        ("2024-03-05..2024-03-05", "20240305"),
        (">=2024", "20240101-"),
        (">2024", "20250101-"),
        ("<=2024-02", "-20240229"),
        ("<2024", "-20231231"),
        (">2024-02-28", "20240229-"),
        ("<2024-03-01", "-20240229"),
        (">=today", "20240305-"),
        ("-7d..today", "20240227-20240305"),
        # ranges as DICOM writes them
        ("20240101-20240331", "20240101-20240331"),
        ("20240101-", "20240101-"),
        ("-20240331", "-20240331"),
        ("2024-2025", "20240101-20251231"),
        ("2024-01-2024-03", "20240101-20240331"),
        ("2024-03-05-2024-03-06", "20240305-20240306"),
        # no date at all
        ("5.3.2024", None),
        ("March", None),
        ("-", None),
        ("-7", None),
        ("24", None),
        ("202", None),
        ("٢٠٢٤", None),
        ("2024-03-05T10:15", None),
    ],
)
def test_dates(typed: str, sent: str | None) -> None:
    assert dicom(typed, DATE) == sent


@pytest.mark.parametrize(
    ("ago", "first"),
    [("-1m", "20240229"), ("-1y", "20230331"), ("-13m", "20230228"), ("-49m", "20200229")],
)
def test_a_month_ago_stays_in_a_shorter_month(ago: str, first: str) -> None:
    assert dicom(ago, DATE, date(2024, 3, 31)) == f"{first}-"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("10", "10-105959.999999"),
        ("10:15", "1015-101559.999999"),
        ("9:15", "0915-091559.999999"),
        ("00:00", "00-000059.999999"),
        ("10:00:00", "10-100000.999999"),
        ("1015", "1015-101559.999999"),
        ("10:15:30", "101530-101530.999999"),
        ("101530", "101530-101530.999999"),
        ("10:15:30.25", "101530.25-101530.250000"),
        ("10:15:30.250", "101530.25-101530.250000"),
        ("10:15:00.0", "1015-101500.000000"),
        ("10:15:10", "101510-101510.999999"),
        ("10:15:30.123456", "101530.123456"),
        ("10:00..12:30", "10-123059.999999"),
        ("1000-1230", "10-123059.999999"),
        ("10-12", "10-125959.999999"),
        (">=10:00", "10-"),
        (">10:00", "1001-"),
        (">10", "11-"),
        (">10:00:00.999999", "100001-"),
        ("<10:00:00.000001", "-100000.000000"),
        ("<10:00", "-095959.999999"),
        ("<10:00:00.5", "-100000.499999"),
        (">10:00:00.5", "100000.500001-"),
        (">10:00:00.499999", "100000.5-"),
        (">10:00:09.999999", "100010-"),
        ("<=10", "-105959.999999"),
        ("..23:59", "-235959.999999"),
        ("23:59:60", "235960-235960.999999"),
        ("9", None),
        ("10:1", None),
        ("today", None),
        ("-7d", None),
    ],
)
def test_times(typed: str, sent: str | None) -> None:
    assert dicom(typed, TIME) == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("2024-03-05", "20240305-20240305235959.999999"),
        ("2024-03", "20240301-20240331235959.999999"),
        ("-7d", "20240227-"),
        ("2024-03-05T10:15", "202403051015-20240305101559.999999"),
        ("2024-03-05T00:00", "20240305-20240305000059.999999"),
        ("2024-03-05T00:00-05:00", "2024030500-0500-20240305000059.999999-0500"),
        ("2024-03-05 10:15", "202403051015-20240305101559.999999"),
        ("today 10:15", "202403051015-20240305101559.999999"),
        ("TODAY 10:15", "202403051015-20240305101559.999999"),
        ("2024-03-05T10:15:30.5", "20240305101530.5-20240305101530.500000"),
        (
            "2024-03-05T10:15:30.5+01:00",
            "20240305101530.5+0100-20240305101530.500000+0100",
        ),
        (
            "2024-03-05T10:15:30.5Z",
            "20240305101530.5+0000-20240305101530.500000+0000",
        ),
        ("20240305101530.123456-0500", "20240305101530.123456-0500"),
        (
            "20240305101530.5-0500",
            "20240305101530.5-0500-20240305101530.500000-0500",
        ),
        ("202403051015", "202403051015-20240305101559.999999"),
        (
            "2024-03-05T10..2024-03-06T12",
            "2024030510-20240306125959.999999",
        ),
        ("2024-01..2024-03", "20240101-20240331235959.999999"),
        (
            "2024-03-05T10:15:30.123456+01:00..2024-03-06T10:15:30.123456+01:00",
            "20240305101530.123456+0100-20240306101530.123456+0100",
        ),
        (">2024-03-05T23:59", "20240306-"),
        (">2024-03-05T23:59:59.5", "20240305235959.500001-"),
        (">2024-03-05T10:00:00.499999", "20240305100000.5-"),
        (">2024-03-05T10:15", "202403051016-"),
        ("<2024-03-05", "-20240304235959.999999"),
        ("<2024-03-05T00:00", "-20240304235959.999999"),
        ("<2024-03-05T10:00+01:00", "-20240305095959.999999+0100"),
        ("<2024", "-20231231235959.999999"),
        ("2024-03T10:15", None),
        ("10:15", None),
        ("T10:15", None),
        ("2024-03-05Tnoon", None),
    ],
)
def test_date_times(typed: str, sent: str | None) -> None:
    assert dicom(typed, DATETIME) == sent


@pytest.mark.parametrize(
    ("typed", "scale", "marked", "told"),
    [
        ("2023-02-29", DATE, "2023-02-29", "there is no day 29 in 2023-02"),
        ("20240230", DATE, "20240230", "there is no day 30 in 2024-02"),
        ("2024-00", DATE, "2024-00", "there is no month 00 in 2024"),
        ("2024-13", DATE, "2024-13", "there is no month 13 in 2024"),
        ("202413", DATE, "202413", "202413 may be a month or a day: write 2024-03"),
        ("240305", DATE, "240305", "may be a month or a day"),
        ("202403..202404", DATE, "202403", "may be a month or a day"),
        ("0000", DATE, "0000", "there is no year 0000"),
        ("..0000", DATE, "0000", "there is no year 0000"),
        ("2024-01..2024-02-30", DATE, "2024-02-30", "there is no day 30"),
        ("2024-03-05..2024-03-04", DATE, "2024-03-05..2024-03-04", "the range is backwards"),
        ("20240305-20240304", DATE, "20240305-20240304", "the range is backwards"),
        ("today..yesterday", DATE, "today..yesterday", "the range is backwards"),
        ("..", DATE, "..", "a range needs at least one end"),
        ("2024..2025..2026", DATE, "2025..2026", "is not a valid end of a range"),
        ("then..2025", DATE, "then", "'then' is not a valid end of a range"),
        (">=soon", DATE, "soon", "'soon' is not a valid end of a range"),
        (">9999", DATE, ">9999", "there is nothing > 9999"),
        ("<0001-01-01", DATE, "<0001-01-01", "there is nothing < 0001-01-01"),
        ("-9999y", DATE, "-9999y", "before the calendar starts"),
        ("-99999m", DATE, "-99999m", "before the calendar starts"),
        ("24:00", TIME, "24:00", "there is no time 24:00"),
        ("10:60", TIME, "10:60", "there is no time"),
        ("10:00..10:99", TIME, "10:99", "there is no time"),
        ("22:00..02:00", TIME, "22:00..02:00", "the range is backwards"),
        (">23", TIME, ">23", "there is nothing > 23"),
        ("<00:00", TIME, "<00:00", "there is nothing < 00:00"),
        ("2024-02-30T10:00", DATETIME, "2024-02-30T10:00", "there is no day 30"),
        ("2024-03-05T25", DATETIME, "2024-03-05T25", "there is no time 25"),
        ("2024-03-05T10:00+15:00", DATETIME, "2024-03-05T10:00+15:00", "time zone +15:00"),
        (">9999-12-31", DATETIME, ">9999-12-31", "there is nothing >"),
    ],
)
def test_what_cannot_be_is_refused_in_its_place(
    typed: str, scale: Scale, marked: str, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_range(typed, scale, TODAY)
    assert told in caught.value.message
    assert caught.value.span is not None
    assert typed[slice(*caught.value.span)] == marked


days = st.dates()
pieces = st.one_of(
    days.map(date.isoformat),
    days.map(lambda day: f"{day:%Y%m%d}".rjust(8, "0")),
    st.integers(0, 9999).map(lambda year: f"{year:04}"),
    st.from_regex(r"\d{4}-\d{1,2}(-\d{1,2})?", fullmatch=True),
    st.sampled_from(["today", "yesterday", ""]),
    st.from_regex(r"-\d{1,5}[dwmy]", fullmatch=True),
)
shapes = st.sampled_from(["{0}", "{0}..{1}", "{0}-{1}", ">={0}", "<={0}", ">{0}", "<{0}"])


@given(shapes, pieces, pieces, days)
def test_a_date_range_has_real_days_in_order(
    shape: str, left: str, right: str, today: date
) -> None:
    text = shape.format(left, right)
    try:
        found = read_range(text, DATE, today)
    except UsageError as error:
        assert_inside(error, text)
        return
    if found is not None:
        ends = [end for end in (found.first, found.last) if end]
        assert ends
        assert all(re.fullmatch(r"\d{8}", end) for end in ends)
        assert [datetime.strptime(end, "%Y%m%d") for end in ends] == sorted(
            datetime.strptime(end, "%Y%m%d") for end in ends
        )


@given(days, days)
def test_a_range_holds_exactly_what_is_between(one: date, other: date) -> None:
    first, last = sorted((one, other))
    found = read_range(f"{first.isoformat()}..{last.isoformat()}", DATE, TODAY)
    assert found is not None
    assert (found.first, found.last) == tuple(
        day.isoformat().replace("-", "") for day in (first, last)
    )


@given(days)
def test_after_and_before_leave_no_gap(day: date) -> None:
    text = day.isoformat()
    until = read_range(f"<={text}", DATE, TODAY)
    assert until is not None
    if day < date.max:
        after = read_range(f">{text}", DATE, TODAY)
        assert after is not None
        following = datetime.strptime(after.first, "%Y%m%d").date()
        assert following.toordinal() == day.toordinal() + 1
    assert until.last == text.replace("-", "")


@given(st.times())
def test_a_time_with_a_fraction_is_that_time(time: object) -> None:
    text = f"{time:%H:%M:%S.%f}"
    first, _, last = (dicom(text, TIME) or "").partition("-")
    assert (last or first) == text.replace(":", "")
    assert whole(first) == text.replace(":", "")


def whole(time: str) -> str:
    """A DICOM time with every digit."""
    return time + "000000.000000"[len(time) :]


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """A time with every digit, and one of the ways to store it (PS3.5 6.2)."""
    time = draw(st.times())
    full = f"{time:%H%M%S.%f}"
    shorter = [full[:length] for length in (2, 4, 6, 8, 10) if whole(full[:length]) == full]
    return full, draw(st.sampled_from([full, *shorter]))


@given(spellings(), st.sampled_from(["%H", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f"]), st.times())
def test_a_server_that_compares_text_finds_every_spelling(
    stored: tuple[str, str], form: str, asked: object
) -> None:
    full, spelt = stored
    for typed in (format(asked, form), f">={format(asked, form)}", f"<={format(asked, form)}"):
        found = read_range(typed, TIME, TODAY)
        assert found is not None
        last = found.last or "~"
        if whole(found.first) <= full <= last:
            assert found.first <= spelt <= last


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2024", "2024"),
        ("2023..2024", "2024"),
        ("..2024", "2024"),
        ("2023..", ""),
        ("2022..2023..2024", "2024"),
        (">=2024", "2024"),
        ("<2024", "2024"),
        ("", ""),
    ],
)
def test_where_the_last_end_of_a_range_begins(text: str, last: str) -> None:
    assert text[last_end(text) :] == last


def test_what_helps_where_a_range_is_backwards() -> None:
    with pytest.raises(BackwardsError) as caught:
        read_range("2024..2023", DATE, TODAY)
    assert caught.value.hint == "the earlier end comes first"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2024-03-05T10:00+14:00", True),
        ("2024-03-05T10:00+14:59", True),
        ("2024-03-05T10:00+15:00", False),
        ("2024-03-05T10:00+05:59", True),
        ("2024-03-05T10:00+05:60", False),
        ("2024-03-05T10:00-05:45", True),
    ],
)
def test_which_time_zones_there_are(text: str, valid: bool) -> None:
    if valid:
        assert dicom(text, DATETIME) is not None
    else:
        with pytest.raises(UsageError, match="there is no time zone"):
            read_range(text, DATETIME, TODAY)


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        # half-hours count, and against the hours west of Greenwich
        ("20240305103000+0530", "20240305050000+0000", False),
        ("20240305103001+0530", "20240305050000+0000", True),
        ("20240305013000-0330", "20240305050000+0000", False),
        ("20240305013001-0330", "20240305050000+0000", True),
        # without a zone on both sides, as written
        ("20240305100000", "20240305093000-0500", True),
        ("20240305100000-0500", "20240305103000", False),
        ("20240305100000", "20240305100000", False),
        ("20240305100000+0100", "20240305100000+0100", False),
        # the same zone: a leap second is before the next one
        ("20240306000000+0100", "20240305235960+0100", True),
        # beyond the calendar as written, too
        ("00010101000000+0100", "00010101000000+0000", False),
        ("00010101000001+0100", "00010101000000+0000", True),
        ("2024-0500", "2024-0500", False),
    ],
)
def test_which_moment_is_later(one: str, other: str, after: bool) -> None:
    assert earliest(one).after(earliest(other)) is after


@pytest.mark.parametrize("text", ["00:00", "23:59:59.999999", "23:59:60"])
def test_the_ends_of_a_day(text: str) -> None:
    assert dicom(text, TIME) is not None
    with pytest.raises(UsageError):
        read_range("23:59:61", TIME, TODAY)


def test_before_midnight_there_is_nothing_on_the_same_day() -> None:
    assert dicom("<00:00:00.000001", TIME) == "-000000.000000"
    with pytest.raises(UsageError, match="there is nothing < 00:00"):
        read_range("<00:00", TIME, TODAY)


@pytest.mark.parametrize(
    ("value", "first", "last", "zone"),
    [
        ("", "00000101000000.000000", "99991231235959.999999", ""),
        ("2024", "20240101000000.000000", "20241231235959.999999", ""),
        ("2024-0500", "20240101000000.000000", "20241231235959.999999", "-0500"),
        ("20240305", "20240305000000.000000", "20240305235959.999999", ""),
        ("202403051015+0530", "20240305101500.000000", "20240305101559.999999", "+0530"),
        ("20240305101530.5", "20240305101530.500000", "20240305101530.599999", ""),
    ],
)
def test_missing_digits_are_those_of_the_first_or_the_last_instant(
    value: str, first: str, last: str, zone: str
) -> None:
    assert earliest(value) == Instant(first, zone)
    assert latest(value) == Instant(last, zone)


@pytest.mark.parametrize(
    ("vr", "value", "first", "last"),
    [
        ("DA", "20240305", "20240305", "20240305"),
        ("DA", "20240305-", "20240305", ""),
        ("DA", "-20240305", "", "20240305"),
        ("TM", "10-1115", "10", "1115"),
        ("DT", "2024", "2024", "2024"),
        ("DT", "2024-2025", "2024", "2025"),
        ("DT", "2024-", "2024", ""),
        ("DT", "-2024", "", "2024"),
        # four digits are a zone, where there is such a zone
        ("DT", "2024-0500", "2024-0500", "2024-0500"),
        ("DT", "2024-0560", "2024", "0560"),
        ("DT", "2024-0500-2025-0500", "2024-0500", "2025-0500"),
        ("DT", "2024+0100-", "2024+0100", ""),
    ],
)
def test_the_ends_of_a_range(vr: str, value: str, first: str, last: str) -> None:
    assert ends(vr, value) == (first, last)

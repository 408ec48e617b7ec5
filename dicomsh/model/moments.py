"""Dates, times and date-times as people write them, turned into DICOM ranges (PS3.5 6.2).

Every form means a stretch of time with both ends included: `2024-03` a month, `10:15` a minute. A
stretch of one day is sent as a single date, a longer one as a range.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen
from dicomsh.regex import regex


@frozen
class Stretch:
    """First and last DICOM value of a stretch, both included; an empty value is an open end."""

    first: str
    last: str

    @property
    def dicom(self) -> str:
        """`20240301-20240331`, `20240301-`, `-20240331`, or one value when both ends agree."""
        return self.first if self.first == self.last else f"{self.first}-{self.last}"


@frozen
class Scale:
    """A VR of dates or times.

    Args:
        read: reads one date or time, given today; None if the text has another form. Raises
            ValueError if it cannot exist.
        after: the first DICOM value after one; raises ValueError if there is none.
        before: the last DICOM value before one; raises ValueError if there is none.
        backwards: whether the first of two DICOM values is later than the second.
    """

    read: Callable[[str, date], Stretch | None]
    after: Callable[[str], str]
    before: Callable[[str], str]
    backwards: Callable[[str, str], bool] = operator.gt


_AGO = regex(r"-(\d{1,5})([dwmy])\Z", re.ASCII)
_BOUND = regex(r"(>=|<=|>|<)(.+)\Z", re.ASCII)
_LONGEST_RANGE = 80
"""A text with more characters is not a range: two date-times with their zones are 66."""


def read_range(text: str, scale: Scale, today: date) -> Stretch | None:
    """A value or a range (`a..b`, `..b`, `a..`, `>=a`, `<=a`, `>a`, `<a`, DICOM's `a-b`).

    `-7d` alone means since then; as the end of a range it is that day.

    Raises:
        UsageError: an end does not exist, or the range is backwards; the span is into `text`.
    """
    if len(text) > _LONGEST_RANGE:
        return None
    bound = _BOUND.match(text)
    if bound:
        return _bounded(bound, scale, today)
    if ".." in text:
        return _between(text, text.index(".."), 2, scale, today)
    whole = _one(text, 0, scale, today)
    if whole is not None:
        return Stretch(whole.first, "") if _AGO.match(text) else whole
    for dash in re.finditer("-", text):
        try:
            return _between(text, dash.start(), 1, scale, today)
        except NoMomentError:
            continue
    return None


def last_end(text: str) -> int:
    """Where the last end of a range begins in its text, or a value that is not a range."""
    bound = re.match("[<>]=?", text)
    return bound.end() if bound else text.rfind("..") + 2 if ".." in text else 0


class BackwardsError(UsageError):
    """A range whose first end is after its last one, for example of times over midnight.

    Args:
        stretch: the range as written.
        span: where.
    """

    def __init__(self, stretch: Stretch, span: Span) -> None:
        super().__init__("the range is backwards", hint="the earlier end comes first", span=span)
        self.stretch = stretch


class NoMomentError(UsageError):
    """An end of a range is not a date or time at all."""


def _one(text: str, offset: int, scale: Scale, today: date) -> Stretch | None:
    try:
        return scale.read(text, today)
    except (ValueError, OverflowError) as error:
        raise UsageError(str(error), span=Span(offset, offset + len(text))) from None


def _between(text: str, at: int, width: int, scale: Scale, today: date) -> Stretch:
    left, right = text[:at], text[at + width :]
    if not left and not right:
        raise NoMomentError("a range needs at least one end", span=Span(0, len(text)))
    first = _end(left, 0, scale, today).first if left else ""
    last = _end(right, at + width, scale, today).last if right else ""
    if first and last and scale.backwards(first, last):
        raise BackwardsError(Stretch(first, last), Span(0, len(text)))
    return Stretch(first, last)


def _end(text: str, offset: int, scale: Scale, today: date) -> Stretch:
    found = _one(text, offset, scale, today)
    if found is None:
        span = Span(offset, offset + len(text))
        raise NoMomentError(f"'{text}' is not a valid end of a range", span=span)
    return found


def _bounded(bound: re.Match[str], scale: Scale, today: date) -> Stretch:
    end = _end(bound[2], bound.start(2), scale, today)
    try:
        match bound[1]:
            case ">=":
                return Stretch(end.first, "")
            case "<=":
                return Stretch("", end.last)
            case ">":
                return Stretch(scale.after(end.last), "")
            case _:
                return Stretch("", scale.before(end.first))
    except (ValueError, OverflowError):
        nothing = f"there is nothing {bound[1]} {bound[2]}"
        raise UsageError(nothing, span=Span(*bound.span())) from None


_ISO_DATE = regex(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?\Z", re.ASCII)
_DICOM_DATE = regex(r"(\d{4})(\d{2})(\d{2})\Z", re.ASCII)
_SIX_DIGITS = regex(r"\d{6}\Z", re.ASCII)
WORDS = {"today": 0, "yesterday": -1, "tomorrow": 1}
"""Words for days, and how many days they are from today."""


def _read_date(text: str, today: date) -> Stretch | None:
    """One date: `2024-03-05`, `20240305`, `2024-03`, `2024`, `today`, `yesterday`, `-7d`."""
    if text.lower() in WORDS:
        day = _day(today + timedelta(days=WORDS[text.lower()]))
        return Stretch(day, day)
    ago = _AGO.match(text)
    if ago:
        day = _day(_ago(int(ago[1]), ago[2], today))
        return Stretch(day, day)
    if _SIX_DIGITS.match(text):
        raise ValueError(f"{text} may be a month or a day: write 2024-03 or 2024-03-05")
    parts = _ISO_DATE.match(text) or _DICOM_DATE.match(text)
    return _calendar(*parts.groups()) if parts else None


def _calendar(year: str, month: str | None, day: str | None) -> Stretch:
    if int(year) == 0:
        raise ValueError("there is no year 0000")
    if month is None:
        return Stretch(f"{year}0101", f"{year}1231")
    if not 1 <= int(month) <= 12:
        raise ValueError(f"there is no month {month} in {year}")
    last = _last_day(int(year), int(month))
    if day is None:
        return Stretch(f"{year}{int(month):02}01", f"{year}{int(month):02}{last}")
    if not 1 <= int(day) <= last:
        raise ValueError(f"there is no day {day} in {year}-{int(month):02}")
    return Stretch(*[f"{year}{int(month):02}{int(day):02}"] * 2)


def _last_day(year: int, month: int) -> int:
    from calendar import monthrange

    return monthrange(year, month)[1]


def _ago(number: int, unit: str, today: date) -> date:
    try:
        if unit in ("d", "w"):
            return today - timedelta(days=number * (7 if unit == "w" else 1))
        months = today.year * 12 + today.month - 1 - number * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(today.day, _last_day(year, month + 1)))
    except (OverflowError, ValueError, IndexError):
        raise ValueError("that is before the calendar starts") from None


def _after_date(last: str) -> str:
    return _day(_as_date(last) + timedelta(days=1))


def _before_date(first: str) -> str:
    return _day(_as_date(first) - timedelta(days=1))


def _day(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def is_day(digits: str) -> bool:
    """Whether eight digits, whatever follows them, are a day of the calendar."""
    try:
        _as_date(digits)
    except ValueError:
        return False
    return True


def _as_date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


_CLOCK = regex(r"(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)\Z", re.ASCII)
_DICOM_TIME = regex(r"(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,6}))?)?)?\Z", re.ASCII)


def _read_time(text: str, today: date) -> Stretch | None:
    """One time: `10:15`, `10:15:30`, `10:15:30.5`, `1015`, `10`; less precision means a stretch."""
    del today
    parts = _CLOCK.match(text) or _DICOM_TIME.match(text)
    if parts is None:
        return None
    hour, minute, second, fraction = parts.groups()
    # 60 is a leap second (PS3.5 6.2)
    if int(hour) > 23 or (minute or "00") > "59" or (second or "00") > "60":
        raise ValueError(f"there is no time {text}")
    first = f"{int(hour):02}{minute or '00'}{second or '00'}"
    if fraction:
        return Stretch(shortest_time(f"{first}.{fraction}"), f"{first}.{fraction:0<6}")
    return Stretch(shortest_time(first), f"{int(hour):02}{minute or '59'}{second or '59'}.999999")


def shortest_time(time: str) -> str:
    """A DICOM time without trailing zeros, as the start of a range: `10` for `100000`.

    Servers that compare times as text miss values stored shorter than the start of a range: `10`
    and `1015` sort before `101500` (PS3.5 6.2 allows all three). The shortest text reaches all of
    them, and means the same moment to a server that compares times.
    """
    clock, _, fraction = time.partition(".")
    fraction = fraction.rstrip("0")
    return f"{clock}.{fraction}" if fraction else re.sub(r"(?<=..)(00)+\Z", "", clock)


def _after_time(last: str) -> str:
    return shortest_time(_clock(_microseconds(last) + 1))


def _before_time(first: str) -> str:
    return _clock(_microseconds(first) - 1)


def seconds_of(time: str) -> int:
    """The whole seconds of a DICOM time since midnight; missing digits are zeros."""
    clock = time[:6].ljust(6, "0")
    return int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + int(clock[4:])


def _microseconds(time: str) -> int:
    return seconds_of(time) * 1_000_000 + int(time[7:].ljust(6, "0"))


def _clock(microseconds: int) -> str:
    seconds, fraction = divmod(microseconds, 1_000_000)
    if not 0 <= seconds < 24 * 3600:
        raise ValueError("not on the same day")
    return f"{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}.{fraction:06}"


_DATETIME = regex(r"(.{1,10}?)[T ]([\d:.]+)(Z|[+-]\d{2}:?\d{2})?\Z", re.ASCII)
_DICOM_DATETIME = regex(r"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)([+-]\d{4})?\Z", re.ASCII)


def _read_datetime(text: str, today: date) -> Stretch | None:
    """One date-time: a date, or `2024-03-05T10:15[+01:00]`, or DICOM's `20240305101500+0100`."""
    day = _read_date(text, today)
    if day is not None:
        return Stretch(day.first, day.last and f"{day.last}235959.999999")
    parts = _DICOM_DATETIME.match(text) or _DATETIME.match(text)
    if parts is None:
        return None
    day = _read_date(parts[1], today)
    time = _read_time(parts[2], today)
    if day is None or time is None or day.first != day.last:
        return None
    zone = (parts[3] or "").replace(":", "").replace("Z", "+0000")
    if zone and (int(zone[1:3]) > 14 or int(zone[3:]) > 59):  # PS3.5 6.2: -1200 to +1400
        raise ValueError(f"there is no time zone {parts[3]}")
    start = "" if time.first == "00" and not zone else time.first
    return Stretch(f"{day.first}{start}{zone}", f"{day.last}{time.last}{zone}")


def _after_datetime(last: str) -> str:
    day, time, zone = _split(last)
    if time == "235959.999999":
        return _after_date(day) + zone
    return day + _after_time(time) + zone


def _before_datetime(first: str) -> str:
    day, time, zone = _split(first)
    if not _microseconds(time):
        return _before_date(day) + "235959.999999" + zone
    return day + _before_time(time) + zone


def _split(moment: str) -> tuple[str, str, str]:
    time, sign, zone = re.split("([+-]|$)", moment[8:], maxsplit=1)
    return moment[:8], time, sign + zone


@frozen
class Instant:
    """A date-time with every digit, `YYYYMMDDHHMMSS.FFFFFF`, and its zone as `+0100`, or empty."""

    local: str
    zone: str

    @property
    def _utc(self) -> str:
        day, clock = _as_date(self.local), self.local[8:]
        minutes = int(self.zone[:3]) * 60 + int(self.zone[0] + self.zone[3:])
        there = datetime(day.year, day.month, day.day) - timedelta(minutes=minutes)
        return f"{there + timedelta(microseconds=_microseconds(clock)):%Y%m%d%H%M%S.%f}"

    def after(self, other: Instant) -> bool:
        """Whether it is later; without a zone on both sides, the local times are compared."""
        if self.zone == other.zone:
            return self.local > other.local
        try:
            return self._utc > other._utc
        except (ValueError, OverflowError):  # one has no zone, or is beyond the calendar
            return self.local > other.local


_EARLIEST_INSTANT = "00000101000000.000000"
_LATEST_INSTANT = "99991231235959.999999"


def earliest(value: str) -> Instant:
    """The first instant of a DICOM date-time; missing digits are completed."""
    return _filled(value, _EARLIEST_INSTANT)


def latest(value: str) -> Instant:
    """The last instant of a DICOM date-time; missing digits are completed."""
    return _filled(value, _LATEST_INSTANT)


_ZONE = regex(r"[+-]\d{4}\Z", re.ASCII)


def _filled(value: str, limit: str) -> Instant:
    zone = _ZONE.search(value)
    local = value[: zone.start()] if zone else value
    return Instant(local + limit[len(local) :], zone[0] if zone else "")


def ends(vr: str, value: str) -> tuple[str, str]:
    """Both ends of a DICOM range of a VR; an open end is empty, those of a single value are equal.

    In a date-time, `-` and four digits are a zone if such a zone exists (PS3.5 6.2).
    """
    if vr == "DT":
        parts = None if _ONE_DATETIME.match(value) else _DATETIME_RANGE.match(value)
        return (parts[1], parts[2]) if parts else (value, value)
    first, dash, last = value.partition("-")
    return (first, last) if dash else (value, value)


_END = r"[\d.]*(?:[+-](?:0\d|1[0-4])[0-5]\d)?"
_ONE_DATETIME = regex(rf"\d{_END}\Z", re.ASCII)
_DATETIME_RANGE = regex(rf"({_END})-({_END})\Z", re.ASCII)


DATE = Scale(_read_date, _after_date, _before_date)
TIME = Scale(_read_time, _after_time, _before_time)
DATETIME = Scale(
    _read_datetime,
    _after_datetime,
    _before_datetime,
    lambda first, last: earliest(first).after(latest(last)),
)

"""Windows of StudyDate and StudyTime that a study query can be split into (PS3.4 C.2.2.2.5).

Nothing is sent here. Windows that come from one window cover it exactly and do not overlap; only
the windows of a single day have times, so that none crosses midnight: a peer matches the ranges of
date and time independently of each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import Enum

from dicomsh.frozen import frozen, replace
from dicomsh.model.keys import by_keyword
from dicomsh.model.moments import ends, seconds_of, shortest_time
from dicomsh.model.query import KeyOrigin, Matching, QueryKey

_DAY = timedelta(days=1)
_LAST_SECOND = 86_399
FIRST_DAY = date(1900, 1, 1)
"""No study is expected to be older: where the search for the oldest begins."""


class Period(Enum):
    """How `--split` splits: into calendar periods, or only where an answer was cut off."""

    AUTO = "auto"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def last_day(self, day: date) -> date:
        """The last day of the period that a day is in; weeks begin on Monday."""
        if self is Period.WEEK:
            return date.fromordinal(min(day.toordinal() + 6 - day.weekday(), date.max.toordinal()))
        if self is Period.MONTH:
            from calendar import monthrange

            return day.replace(day=monthrange(day.year, day.month)[1])
        return day


@frozen
class Window:
    """Studies of some days, or of some time of one day; both ends are included.

    Args:
        first: the first day; `date.min` for an open end.
        last: the last day; `date.max` for an open end.
        begin: the first time as a DICOM value; empty for an open end.
        end: the last time as a DICOM value; empty for an open end.
    """

    first: date = date.min
    last: date = date.max
    begin: str = ""
    end: str = ""

    @property
    def all_days(self) -> bool:
        """Whether the date does not matter, so that it includes studies without a date."""
        return self.first == date.min and self.last == date.max

    @property
    def one_day(self) -> bool:
        """Whether it lies within a single day."""
        return self.first == self.last

    @property
    def dateless(self) -> bool:
        """Whether it is open below and has no day that a study could have."""
        return self.last == date.min

    @property
    def _days(self) -> tuple[str, str]:
        first = "" if self.first == date.min else self.first.isoformat()
        return first, "" if self.last == date.max else self.last.isoformat()

    @property
    def date_value(self) -> str:
        """The matching value of StudyDate; empty for all days."""
        return _range(*(day.replace("-", "") for day in self._days))

    @property
    def time_value(self) -> str:
        """The matching value of StudyTime; empty for any time."""
        return _range(self.begin, self.end)

    @property
    def title(self) -> str:
        """The window for display: `2024-03-05..2024-03-31`, `2024-03-05 10:15:00..10:15:29`."""
        if self.dateless:
            return "studies without a date"
        first, last = self._days
        days = first if first == last else f"{first}..{last}"
        if not self.time_value:
            return days or "any date"
        begin, end = _clock_text(self.begin), _clock_text(self.end)
        return f"{days} {begin if begin == end else f'{begin}..{end}'}".strip()

    def keys(self) -> tuple[QueryKey, ...]:
        """The keys of the identifier; zero length if the window is open on both sides."""
        return (
            _moment_key("StudyDate", self.date_value),
            _moment_key("StudyTime", self.time_value),
        )


def _range(first: str, last: str) -> str:
    if first == last:
        return first
    return f"{first}-{last}"


def _moment_key(keyword: str, value: str) -> QueryKey:
    kind = Matching.RANGE if "-" in value else Matching.SINGLE_VALUE
    return QueryKey(
        (by_keyword(keyword),), value, kind if value else Matching.UNIVERSAL, KeyOrigin.WINDOW
    )


def _clock_text(value: str) -> str:
    digits = value[:6]
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def window_of(keys: Iterable[QueryKey]) -> Window:
    """The window that a query already has; open where it does not match."""
    typed = {key.keyword: key.value for key in keys}
    first, last = ends("DA", typed.get("StudyDate", ""))
    begin, end = ends("TM", typed.get("StudyTime", ""))
    return Window(
        date.fromisoformat(first) if first else date.min,
        date.fromisoformat(last) if last else date.max,
        begin,
        end,
    )


def divided(window: Window, sample: Sequence[date | None], tomorrow: date) -> tuple[Window, ...]:
    """The window in smaller ones, in order; nothing for one that cannot be divided.

    Days are divided in the middle, one day by its times, down to a second. At an open end, the part
    beyond the days that are expected to hold studies is split off. Some peers treat a study without
    a date as older than any day: if they do, the part that is open below is split off first.

    Args:
        window: what to divide.
        sample: days of studies that are known to be in the window; None for one without.
        tomorrow: no study is expected to be later.
    """
    if window.one_day:
        return () if window.dateless else _by_time(window)
    if None in sample and window.first == date.min and not window.all_days:
        return tuple(_cut(window, [date.min]))
    known = [day for day in sample if day is not None]
    first, last = _expected(window, known, tomorrow)
    middle = first + (last - first) // 2
    cuts = {first - _DAY} if first > date.min else set()
    cuts |= {middle, last}
    return tuple(_cut(window, sorted(cut for cut in cuts if window.first <= cut < window.last)))


def _expected(window: Window, sample: Sequence[date], tomorrow: date) -> tuple[date, date]:
    """The first and last day on which studies are expected."""
    first, last = window.first, window.last
    if first == date.min:
        oldest = min((day for day in sample if day <= last), default=FIRST_DAY)
        first = oldest if oldest <= last else first
    if last == date.max:
        last = tomorrow if first <= tomorrow else last
    return first, last


def _cut(window: Window, last_days: Sequence[date]) -> Iterator[Window]:
    """The window cut after each of these days."""
    first = window.first
    for day in last_days:
        yield replace(window, first=first, last=day)
        first = day + _DAY
    yield replace(window, first=first)


def _by_time(window: Window) -> tuple[Window, ...]:
    first = seconds_of(window.begin)
    last = seconds_of(window.end) if window.end else _LAST_SECOND
    if first >= last:
        return ()
    middle = (first + last) // 2
    if (middle + 1) % 60 == 0 and middle + 1 < last:
        middle += 1  # 12 and 1200 sort before 120000: avoid starting a window there
    return (
        replace(window, end=f"{_clock(middle)}.999999"),
        replace(window, begin=shortest_time(_clock(middle + 1))),
    )


def _clock(second: int) -> str:
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"


def periods(window: Window, period: Period, oldest: date, tomorrow: date) -> Iterator[Window]:
    """The window in calendar periods, in order, with the rest beyond them at open ends.

    Args:
        window: what to divide.
        period: not `AUTO`.
        oldest: at an open end, the periods start with that of this day.
        tomorrow: at an open end, they end with this day.
    """
    first = oldest if window.first == date.min else window.first
    last = max(tomorrow, first) if window.last == date.max else window.last
    if window.first < first:
        yield replace(window, last=first - _DAY)
    for until in _period_ends(first, last, period):
        yield replace(window, first=first, last=until)
        first = min(until, date.max - _DAY) + _DAY
    if last < window.last:
        yield replace(window, first=last + _DAY)


def _period_ends(first: date, last: date, period: Period) -> Iterator[date]:
    """The last day of each period between two days."""
    until = min(period.last_day(first), last)
    while until < last:
        yield until
        until = min(period.last_day(until + _DAY), last)
    yield until

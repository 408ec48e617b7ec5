"""The parts that a study query is split into, and the studies that none of them reaches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Protocol

from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.keys import by_keyword
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import EMPTY, KeyOrigin, Matching, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.windows import Period, Window, divided, periods, window_of

STUDY_DATE = "StudyDate"
STUDY_TIME = "StudyTime"
STUDY_UID = "StudyInstanceUID"
_DATE = 0x00080020
_TIME = 0x00080030


class QueryPart(Protocol):
    """One of the parts."""

    @property
    def request(self) -> Request:
        """The query for it."""
        ...

    @property
    def title(self) -> str:
        """What it covers, for display."""
        ...

    @property
    def optional(self) -> bool:
        """Whether a peer may refuse it."""
        ...

    @property
    def lone(self) -> bool:
        """Whether the others are asked for although a peer refuses this one."""
        ...

    def divided(self, rows: list[Row]) -> Sequence[QueryPart]:
        """Smaller parts, if its answer was cut off; none if it cannot be divided."""
        ...


@frozen
class Listed:
    """The studies of a list of UIDs, as a part.

    Args:
        base: the request without the list.
        uids: the list.
    """

    base: Request
    uids: tuple[str, ...]
    optional: bool = False
    lone: bool = False

    @property
    def request(self) -> Request:
        """The query for it."""
        kind = Matching.UID_LIST if len(self.uids) > 1 else Matching.SINGLE_VALUE
        path = (by_keyword(STUDY_UID),)
        key = QueryKey(path, "\\".join(self.uids), kind, KeyOrigin.TYPED)
        return replace(self.base, keys=(*self.base.keys, key))

    @property
    def title(self) -> str:
        """The start of the list."""
        more = f" and {len(self.uids) - 1:,} more" if len(self.uids) > 1 else ""
        return f"{self.uids[0]}{more}"

    def divided(self, rows: list[Row]) -> list[Listed]:
        """The list in halves; nothing if the peer ignored it."""
        tag = by_keyword(STUDY_UID).tag
        if not {row.text(tag) for row in rows} <= {*self.uids, "", None}:
            return []
        half = len(self.uids) // 2
        halves = (self.uids[:half], self.uids[half:])
        return [replace(self, uids=uids) for uids in halves] if half else []


@frozen
class Plan:
    """What is to be split, and how.

    Args:
        request: the query as the user meant it.
        period: the kind of windows.
        tomorrow: no study is expected to be later.
    """

    request: Request
    period: Period
    tomorrow: date

    def parts(self, oldest: date) -> Iterator[Studies | Without]:
        """The periods in order, then what is in none of them."""
        whole = self.whole
        windows = periods(whole.window, self.period, oldest, self.tomorrow)
        yield from (replace(whole, window=window) for window in windows)
        if whole.window.all_days:
            yield from whole.without()

    @property
    def lead(self) -> Studies | Listed:
        """The query as one part; a list of UIDs is divided rather than the dates of its studies."""
        keys = self.request.keys
        listed = (key for key in keys if key.keyword == STUDY_UID)
        uids = next((key for key in listed if key.matching is Matching.UID_LIST), None)
        if uids is None:
            return self.whole
        base = replace(self.request, keys=tuple(key for key in keys if key is not uids))
        return Listed(base, tuple(dict.fromkeys(uids.value.split("\\"))))

    @property
    def whole(self) -> Studies:
        """The query as one window."""
        moments = (STUDY_DATE, STUDY_TIME)
        keys = tuple(key for key in self.request.keys if key.keyword not in moments)
        window = window_of(self.request.keys)
        return Studies(replace(self.request, keys=keys), window, self.tomorrow)


@frozen
class Studies:
    """The studies of a window, as a part.

    Args:
        base: the request without date and time.
        window: the date and time.
        tomorrow: no study is expected to be later.
    """

    base: Request
    window: Window
    tomorrow: date
    optional: bool = False
    lone: bool = False

    @property
    def request(self) -> Request:
        """The query for it."""
        return replace(self.base, keys=(*self.base.keys, *self.window.keys()))

    @property
    def title(self) -> str:
        """The window."""
        return self.window.title

    def divided(self, rows: list[Row]) -> list[Studies | Without]:
        """The window in smaller ones, and what none of them can match.

        Nothing if the peer ignored the window: smaller ones would not help.
        """
        if self.strays(rows):
            return []
        windows = divided(self.window, [day_of(row) for row in rows], self.tomorrow)
        parts: list[Studies | Without] = [replace(self, window=window) for window in windows]
        return [*parts, *self.without()] if parts else []

    def without(self) -> Iterator[Without]:
        """Studies that are in this window but in no part of it: those without a date or time."""
        if self.window.all_days:
            yield Without(self, STUDY_DATE)
        elif self.window.one_day and not self.window.time_value:
            yield Without(self, STUDY_TIME)

    @property
    def restricted(self) -> list[str]:
        """The keywords that the window matches on."""
        values = {STUDY_DATE: self.window.date_value, STUDY_TIME: self.window.time_value}
        return [keyword for keyword, value in values.items() if value]

    def strays(self, rows: Iterable[Row]) -> int:
        """How many rows lie outside of the window."""
        days = (day for row in rows if (day := day_of(row)) is not None)
        return sum(not self.window.first <= day <= self.window.last for day in days)


@frozen
class Without:
    """The studies of a window without a date or time, queried by empty value matching.

    Few peers support that: it is optional and negotiated (PS3.4 C.2.2.2.7).
    """

    around: Studies
    keyword: str
    optional: bool = True
    lone: bool = False

    @property
    def request(self) -> Request:
        """The query for it."""
        around = self.around.request
        empty = QueryKey((by_keyword(self.keyword),), EMPTY, Matching.EMPTY_VALUE, KeyOrigin.WINDOW)
        keys = [key for key in around.keys if key.keyword != self.keyword]
        return replace(around, keys=(*keys, empty))

    @property
    def title(self) -> str:
        """What it covers."""
        return f"{self.around.title} without {self.keyword}"

    def divided(self, rows: list[Row]) -> list[Studies | Without]:
        """It cannot be divided."""
        del rows
        return []


def day_of(row: Row) -> date | None:
    """StudyDate of a row; None if it has none, or an invalid one."""
    text = row.text(_DATE) or ""
    try:
        return date.fromisoformat(text) if len(text) == 8 else None
    except ValueError:
        return None


def by_moment(row: Row) -> tuple[str, str]:
    """The sort key of rows by date and time; those without come last."""
    return row.text(_DATE) or "~", row.text(_TIME) or "~"


def with_time(request: Request) -> Request:
    """A study query that also requests StudyTime: windows may come down to it."""
    if any(key.keyword == STUDY_TIME for key in request.keys):
        return request
    return replace(request, keys=(*request.keys, return_key(STUDY_TIME)))


class Doubt:
    """What windows cannot reach: studies without a date or time, unless the peer matches them.

    It does if one comes back from a window, or by empty value matching.
    """

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._reached: set[str] = set()
        self.strays = 0

    def look(self, part: QueryPart, rows: list[Row]) -> None:
        """Take into account what a part returned."""
        if isinstance(part, Without):
            self._asked.add(part.keyword)
            self._reach(part.keyword, rows)
        elif isinstance(part, Studies):
            self.strays += part.strays(rows)
            for keyword in part.restricted:
                self._reach(keyword, rows)

    def _reach(self, keyword: str, rows: list[Row]) -> None:
        tag = by_keyword(keyword).tag
        if keyword not in self._reached and not all(row.text(tag) for row in rows):
            self._reached.add(keyword)

    @property
    def about(self) -> list[str]:
        """Keywords of StudyDate or StudyTime if studies without it were not reached."""
        return sorted(self._asked - self._reached)


def judged(outcome: Outcome, doubt: Doubt, missing: int | None) -> Outcome:
    """An outcome with what is known about studies that no window reaches."""
    notes = list(outcome.notes)
    if doubt.strays:
        notes.append(note(NoteKind.OUTSIDE_THE_DATES, count=doubt.strays))
    if not doubt.about or missing == 0:
        if missing == 0:
            notes.append(note(NoteKind.NONE_MISSING))
        return replace(outcome, notes=tuple(notes))
    without = " or ".join(doubt.about)
    if missing:
        notes.append(note(NoteKind.UNDATED_MISSING, without, count=missing))
    else:
        notes.append(note(NoteKind.UNDATED_UNKNOWN, without))
    return replace(outcome, ending=Ending.PARTIAL, notes=tuple(notes))

"""Keys that follow from those that rows have: `date.year`, `time.hour`, `age`.

Queries cannot use them: an archive matches attributes alone. The values of a derived key are
values of a VR like any other (PS3.5 6.2), so that they are matched, sorted and written as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen
from dicomsh.model.keys import Attribute, find_path
from dicomsh.model.levels import Level
from dicomsh.model.query import EMPTY
from dicomsh.model.spelling import Spelling
from dicomsh.model.where_matching import disordered, is_moment, moment_of, sorting
from dicomsh.regex import regex


@frozen
class Part:
    """Something that follows from a date or a time.

    Args:
        name: as typed after the key and a full stop.
        vrs: the VRs of the keys that have it.
        vr: the VR of what follows.
        read: what follows from `YYYYMMDDHHMMSS`, cut anywhere; None if that is too short.
        meaning: in a few words.
        terms: its possible values in their order; empty if they are ordered as those of the VR.
    """

    name: str
    vrs: frozenset[str]
    vr: str
    read: Callable[[str], str | None]
    meaning: str
    terms: tuple[str, ...] = ()

    def texts(self, vr: str, values: Sequence[str]) -> list[str]:
        """What follows from values of a VR; one that is not valid stays as it is."""
        return [_followed(self.name, vr, value) for value in values]

    def order(self, text: str) -> tuple[int, float, tuple[int, ...], str]:
        """The sort key of a value, as `where_matching.sorting`."""
        if text in self.terms:
            return 0, float(self.terms.index(text)), (), text
        return disordered(text) if self.terms else sorting(self.vr, text)

    def wanted(self, text: str) -> str:
        """A condition's value with the terms as they are spelt here.

        Raises:
            UsageError: one of its parts is none of the terms; the span is into `text`.
        """
        return _LISTED.sub(self._term, text) if self.terms and text != "*" else text

    def _term(self, part: re.Match[str]) -> str:
        typed = part[0]
        if typed == EMPTY:
            return typed
        for term in self.terms:
            if len(typed) >= len(term) and _WHOLE[term].startswith(typed.lower()):
                return term
        message = f"'{typed}' is not a valid {self.name}"
        raise UsageError(message, hint=", ".join(self.terms), span=Span(*part.span()))


_LISTED = regex(r"[^,\\ ](?:[^,\\]*[^,\\ ])?")
"""One value of a list, without the spaces around it."""


@lru_cache(maxsize=1 << 14)
def _followed(name: str, vr: str, value: str) -> str:
    moment = moment_of(vr, value)
    if not is_moment(vr, moment):
        return value
    found = PARTS[name].read(f"00000101{moment}" if vr == "TM" else moment)
    return value if found is None else found


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""As ISO 8601 orders them."""

_WHOLE = dict(
    zip(
        WEEKDAYS,
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        strict=True,
    )
)


def _weekday(moment: str) -> str | None:
    from datetime import date

    try:
        day = date(int(moment[:4]), int(moment[4:6]), int(moment[6:8]))
    except ValueError:
        return None
    return WEEKDAYS[day.weekday()]


def _hour(moment: str) -> str | None:
    hour = moment[8:10]
    return str(int(hour)) if hour else None


_OF_DATES = frozenset(("DA", "DT"))
_OF_TIMES = frozenset(("TM", "DT"))

PARTS: Mapping[str, Part] = {
    part.name: part
    for part in (
        Part("year", _OF_DATES, "IS", lambda moment: str(int(moment[:4])), "the year: 2024"),
        Part("month", _OF_DATES, "DT", lambda m: m[:6] if m[4:6] else None, "the month: 2024-03"),
        Part("weekday", _OF_DATES, "CS", _weekday, "the day of the week: Mon to Sun", WEEKDAYS),
        Part("hour", _OF_TIMES, "IS", _hour, "the hour: 0 to 23"),
    )
}
"""What follows from a date or a time, by name."""


def part_of(keyword: str) -> Part | None:
    """What a column derives, by its keyword; None for one that is not derived from a moment."""
    _, stop, name = keyword.rpartition(".")
    return PARTS.get(name) if stop else None


@frozen
class RowKey:
    """A key of rows: an attribute, after the sequences that hold it, or a part of its value."""

    path: tuple[Attribute, ...]
    part: Part | None = None

    @property
    def vr(self) -> str:
        """The VR by which its values are compared."""
        return self.path[-1].vr if self.part is None else self.part.vr

    @property
    def base(self) -> str:
        """Keywords of its attribute and the sequences around it, joined by full stops."""
        return ".".join(attribute.keyword for attribute in self.path)

    @property
    def keyword(self) -> str:
        """The key in machine output."""
        return self.base if self.part is None else derived_keyword(self.base, self.part)


def derived_keyword(base: str, part: Part) -> str:
    """The key of a part in machine output: `StudyDate.year`."""
    return f"{base}.{part.name}"


def split_part(text: str) -> tuple[str, Part | None]:
    """A key as typed, without the part at its end, and that part."""
    head, stop, name = text.rpartition(".")
    part = PARTS.get(name.lower()) if stop else None
    return (head, part) if part else (text, None)


def find_row_key(text: str, level: Level) -> RowKey:
    """The key of rows that a text names: as in a query, or with a part: `date.year`.

    Raises:
        UsageError: there is no such key; the span is into `text`.
    """
    head, part = split_part(text)
    if part is None:
        return RowKey(_path(text, level))
    path = find_path(head, level)
    if path[-1].vr not in part.vrs:
        raise _no_part(text, path[-1], part.name)
    return RowKey(path, part)


def _path(text: str, level: Level) -> tuple[Attribute, ...]:
    head, _, name = text.rpartition(".")
    try:
        return find_path(text, level)
    except UsageError:
        path = _known(head, level)
        if not path or not parts_of(path[-1].vr):
            raise
    raise _no_part(text, path[-1], name) from None


def _known(text: str, level: Level) -> tuple[Attribute, ...]:
    try:
        return find_path(text, level)
    except UsageError:
        return ()


def _no_part(text: str, attribute: Attribute, name: str) -> UsageError:
    names = parts_of(attribute.vr)
    near = Spelling(names).near(name.lower(), 1)
    hint = f"did you mean '.{near[0]}'?" if near else f"it has {', '.join(names)}"
    start = len(text) - len(name)
    return UsageError(
        f"{attribute.keyword} has no '{name}' (VR {attribute.vr})",
        hint=hint if names else "dates have a year, month and weekday, times an hour",
        span=Span(start, len(text)),
    )


def parts_of(vr: str) -> dict[str, Part]:
    """What follows from values of a VR, by name."""
    return {name: part for name, part in PARTS.items() if vr in part.vrs}


AGE = "age"
"""The key of the age at a study, where PatientAge itself was not requested."""

_BORN_LATER = "before birth"


def age_at(born: Sequence[str], day: Sequence[str]) -> list[str]:
    """The age of somebody on a day, as a value of VR AS; none if either date is missing.

    Full years from two on, else full months, or days below one month. What is not a date is
    returned as it is.

    Args:
        born: the date of birth (VR DA), if there is one.
        day: the day (VR DA), if there is one.
    """
    if not born or not day:
        return []
    invalid = [text for text in (born[0], day[0]) if not is_moment("DA", moment_of("DA", text))]
    return invalid[:1] or [_age(moment_of("DA", born[0]), moment_of("DA", day[0]))]


@lru_cache(maxsize=1 << 14)
def _age(born: str, day: str) -> str:
    from datetime import date

    if day < born:
        return _BORN_LATER
    first, last = (date(int(d[:4]), int(d[4:6]), int(d[6:])) for d in (born, day))
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    if months >= 24:
        return f"{months // 12:03}Y"
    return f"{months:03}M" if months else f"{(last - first).days:03}D"

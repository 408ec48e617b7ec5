"""Dates in text, in whatever notation people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import partial

from dicomsh.regex import regex

YEAR = "(?:1[89]|2[01])[0-9]{2}"

DATE = regex(
    rf"(?<![0-9.])(?:({YEAR})[0-9]{{4}}|({YEAR})-[0-9]{{2}}(-[0-9]{{2}})?)(?![0-9.-]?[0-9])"
)
"""A date, or month, as DICOM and ISO 8601 write it."""

_MONTHS = {
    prefix: number
    for number, prefixes in enumerate(
        (
            "jan jän jaen gen ene",
            "feb fév fev feb",
            "mar mär maer mrt",
            "apr avr abr",
            "may mai mei mag",
            "jun juin giu",
            "jul juil lug",
            "aug aoû aou ago",
            "sep set",
            "oct okt ott",
            "nov",
            "dec déc dez dic",
        ),
        1,
    )
    for prefix in prefixes.split()
}
"""How the months begin, in English, German, French, Spanish, Italian and Dutch."""

_PLAIN_DAY = r"(?P<day>[0-9]{1,2})"
_DAY = rf"{_PLAIN_DAY}(?:st|nd|rd|th|er|\.)?"
_MONTH = rf"(?P<month>(?:{'|'.join(_MONTHS)})[^\W\d_]{{0,7}})\.?"
_ANY_YEAR = rf"(?P<year>{YEAR}|[0-9]{{2}})(?!\w|[.-][0-9])"
_BETWEEN = r"[\s./-]{0,2}"

_NAMED = tuple(
    regex(pattern, re.IGNORECASE)
    for pattern in (
        # 4 July 1991, 4. Juli 1991, 04-JUL-91, 4 de julio de 1991
        rf"(?<![\w.]){_DAY}{_BETWEEN}(?:(?:of|de) )?{_MONTH},?(?: de)?{_BETWEEN}{_ANY_YEAR}",
        # July 4, 1991
        rf"(?<!\w){_MONTH}{_BETWEEN}{_DAY}(?:,\s?|[\s./-]){_ANY_YEAR}",
        # 1991 Jul 4
        rf"(?<![\w.])(?P<year>{YEAR}){_BETWEEN}{_MONTH}{_BETWEEN}{_DAY}(?!\w)",
        # July 1991
        rf"(?<!\w){_MONTH},?{_BETWEEN}(?P<year>{YEAR})(?!\w)",
    )
)
"""The notations with the name of a month."""

_NUMBERS = tuple(
    map(
        regex,
        (
            # 4.7.1991, 7/4/1991, 04-07-91
            rf"(?<![\w.]){_PLAIN_DAY}(?P<mark>[./-])(?P<other>[0-9]{{1,2}})(?P=mark){_ANY_YEAR}",
            # 1991/7/4
            rf"(?<![\w.])(?P<year>{YEAR})(?P<mark>[./-])(?P<other>[0-9]{{1,2}})(?P=mark)"
            rf"{_PLAIN_DAY}(?!\w)",
        ),
    )
)
"""The notations without."""

_HAS_NAME = regex(rf"(?:{'|'.join(_MONTHS)})[^\d\s.,/-]{{0,14}}\.?,?(?: de)?{_BETWEEN}[0-9]")
_HAS_NUMBERS = regex(r"[0-9][./-][0-9]{1,2}[./-][0-9]")


def first(date: re.Match[str]) -> str:
    """The first day, or month, of the year of a `DATE`, written in the same way."""
    if date[1]:
        return f"{date[1]}0101"
    return f"{date[2]}-01-01" if date[3] else f"{date[2]}-01"


def days_in(text: str) -> Iterator[str]:
    """The days, `YYYYMMDD`, and months, `YYYYMM`, that a text may name."""
    for notation in _notations(text):
        for found in notation.finditer(text):
            yield from _days(found)


def without(text: str, days: Set[str]) -> str:
    """A text in which each of these days, `YYYYMMDD`, and months is the first of its year."""
    for notation in _notations(text):
        text = notation.sub(partial(_hidden, days), text)
    return text


def _notations(text: str) -> Iterator[re.Pattern[str]]:
    """Those that a text may have.

    Few have any, and capitals and small letters are slow to search for: with a trace, this takes an
    eighth of the time.
    """
    if _HAS_NAME.search(text.lower()):
        yield from _NAMED
    if _HAS_NUMBERS.search(text):
        yield from _NUMBERS


def _hidden(days: Set[str], found: re.Match[str]) -> str:
    if days.isdisjoint(_days(found)):
        return found[0]
    parts = {found.span(name): _first_of(name, text) for name, text in _parts(found)}
    text, shift = found[0], found.start()
    for (start, end), new in sorted(parts.items(), reverse=True):
        text = text[: start - shift] + new + text[end - shift :]
    return text


def _parts(found: re.Match[str]) -> Iterator[tuple[str, str]]:
    """The day and the month in a date, by the name of their group."""
    for name, text in found.groupdict().items():
        if name in ("day", "month", "other") and text:
            yield name, text


def _first_of(name: str, text: str) -> str:
    """The first day, or month, instead of another one."""
    if name == "month":
        return "JAN" if text.isupper() else "Jan"
    return "01"


def _days(found: re.Match[str]) -> list[str]:
    """The days, or the months, that a date may mean: of any century, the day before the month."""
    parts = found.groupdict(default="")
    year, day = parts["year"], parts.get("day", "")
    years = [year] if len(year) > 2 else [f"{century}{year}" for century in (18, 19, 20, 21)]
    if "month" in parts:
        ends = [f"{_number(parts['month']):02}{day and day.zfill(2)}"]
    else:
        ends = [f"{a:>02}{b:>02}" for a, b in ((day, parts["other"]), (parts["other"], day))]
    return [f"{year}{end}" for year in years for end in ends]


def _number(month: str) -> int:
    """The number of a month; 0 for one that only looks like it, as with a long s (U+017F)."""
    found = ((len(p), n) for p, n in _MONTHS.items() if month.lower().startswith(p))
    return max(found, default=(0, 0))[1]

"""Matching rows that are already here, with the same values as in a query (PS3.4 C.2.2.2).

It is more lenient than an archive has to be: text matches in any case, every VR takes wildcards
and lists, numbers take ranges. `*` keeps rows with a value, an empty value those without.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from dicomsh.errors import Span, UsageError
from dicomsh.model import moments
from dicomsh.model.query import EMPTY
from dicomsh.model.vr import NUMBER_VRS, separators
from dicomsh.regex import regex

ValuesTest = Callable[[Sequence[str]], bool | None]
"""Whether the values of a row, if any, match; None if none can be compared."""

ValueTest = Callable[[str], bool | None]
"""Whether one value matches; None if it cannot be compared."""

_MOMENTS = {"DA": moments.DATE, "TM": moments.TIME, "DT": moments.DATETIME}
_FORMS = {
    "DA": ("date", "2024-03-05, 2024-03, 2024, today, -7d, a range 2024-01..2024-03 or >=2024"),
    "TM": ("time", "10:15, 10:15:30, a range 10:00..12:30 or >=10:00"),
    "DT": ("date-time", "2024-03-05T10:15, a date, or a range with '..' between two of them"),
    "AS": ("age", "045Y, 18M, >=60Y, 2Y..10Y"),
    "IS": ("number", "4, >=4, <10, 2..5, or a list 1,3,5"),
}


def value_test(vr: str, text: str, today: date, keyword: str = "") -> ValuesTest:
    r"""The test of values of a VR that `Key=text` means.

    Args:
        vr: a VR of PS3.5 6.2.
        text: as typed after `=`: a value, a list separated as in a query, a range, wildcards; `*`
            for any value, empty or `""` for none.
        today: the day that relative dates count from.
        keyword: of the attribute; empty if the values are not of one.

    Raises:
        UsageError: it is not a valid value of that VR; the span is into `text`.
    """
    if text in ("", EMPTY):
        return lambda values: not any(values)
    if text == "*":
        return any
    if vr == "SQ":
        hint = "match inside it: RequestAttributesSequence.ScheduledProcedureStepID=…"
        message = "a sequence has no value of its own"
        raise UsageError(message, hint=hint, span=Span(0, len(text)))
    parts = list(_parts(separators(vr, keyword), text))
    tests = [_one(vr, part, start, today) for part, start in parts if part != EMPTY]
    empty = len(tests) < len(parts)

    def test(values: Sequence[str]) -> bool | None:
        if not any(values):
            return empty
        return _any(test(value) for value in values if value for test in tests)

    return test


def _any(results: Iterator[bool | None]) -> bool | None:
    """True if any is, else None if any is."""
    found: bool | None = False
    for result in results:
        if result:
            return True
        found = None if result is None else found
    return found


def measure_of(vr: str) -> str:
    """How the values of a VR are compared, in words: date, time, date-time, age, number."""
    return _FORMS["IS" if vr in NUMBER_VRS else vr][0]


def _parts(delimiters: str, text: str) -> Iterator[tuple[str, int]]:
    """The values of a list with their offsets, without the spaces around them."""
    if not delimiters:
        yield text, 0
        return
    found = False
    for part in re.finditer(f"[^{re.escape(delimiters)}]+", text):
        found = True
        value = part[0].strip(" ") if "," in delimiters else part[0]
        yield value, part.start() + part[0].index(value)
    if not found:
        raise UsageError(f"no value in '{text}'", span=Span(0, len(text)))


def _one(vr: str, text: str, start: int, today: date) -> ValueTest:
    try:
        if vr in _MOMENTS and "*" not in text and "?" not in text:
            return _moment(vr, text, today)
        if vr in NUMBER_VRS or vr == "AS":
            return _measure(vr, text)
    except UsageError as error:
        first, last = error.span or (0, len(text))
        span = Span(start + first, start + last)
        raise UsageError(error.message, hint=error.hint, span=span) from None
    return _name(text) if vr == "PN" else _in_any_case(text)


def _moment(vr: str, text: str, today: date) -> ValueTest:
    stretch = moments.read_range(text, _MOMENTS[vr], today)
    if stretch is None:
        what, forms = _FORMS[vr]
        raise UsageError(f"'{text}' is not a valid {what}", hint=forms)
    if vr == "DT":
        return _date_time(stretch)
    first, last = stretch.first, stretch.last

    def test(value: str) -> bool | None:
        moment = moment_of(vr, value)
        if not is_moment(vr, moment):
            return None
        # a time may lack digits: `first` is the shortest text of its moment, `last` the longest
        return first <= moment and (not last or moment <= last)

    return test


def _date_time(stretch: moments.Stretch) -> ValueTest:
    """A date-time with a zone is compared as an instant, if the values have one, too."""
    low, high = moments.earliest(stretch.first), moments.latest(stretch.last)

    def test(value: str) -> bool | None:
        if not is_moment("DT", moment_of("DT", value)):
            return None
        moment = moments.earliest(value.replace(":", ""))
        return not low.after(moment) and not moment.after(high)

    return test


def moment_of(vr: str, value: str) -> str:
    """A date or time in a form that sorts chronologically; any time zone is dropped.

    `2009.04.12` and `10:15`, as before DICOM 3.0, are read too (PS3.5 6.2).
    """
    if vr == "DA":
        return value.replace(".", "").replace("-", "")
    return _local(value.replace(":", ""))


_DAY = r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_HOUR = r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?"
_WHOLE_MOMENT = {
    "DA": regex(rf"{_DAY}\Z", re.ASCII),
    "TM": regex(rf"{_HOUR}\Z", re.ASCII),
    "DT": regex(rf"({_DAY}({_HOUR})?|\d{{4}}(0[1-9]|1[0-2])?)\Z", re.ASCII),
}


def is_moment(vr: str, moment: str) -> bool:
    """Whether a text is a valid value of a VR of dates or times (PS3.5 6.2), and the day exists."""
    if not _WHOLE_MOMENT[vr].match(moment):
        return False
    return vr == "TM" or len(moment) < 8 or moments.is_day(moment)


def _local(moment: str) -> str:
    return re.sub(r"[+-]\d{4}\Z", "", moment)


_BOUND = regex(r"(>=|<=|>|<)(.+)\Z", re.DOTALL)


def _measure(vr: str, text: str) -> ValueTest:
    """Numbers and ages: single values and ranges, compared by value."""
    low, high, inclusive = _limits(vr, text)

    def test(value: str) -> bool | None:
        number = number_of(vr, value)
        if number is None:
            return None
        return low < number < high or (inclusive and number in (low, high))

    return test


def _limits(vr: str, text: str) -> tuple[float, float, bool]:
    """Lowest and highest number, and whether these are included."""
    bound = _BOUND.match(text)
    if bound:
        end = _number(vr, bound[2], bound.start(2))
        upwards = bound[1][0] == ">"
        limits = (end, float("inf")) if upwards else (float("-inf"), end)
        return *limits, "=" in bound[1]
    if ".." in text:
        left, right = text.split("..", 1)
        low = _number(vr, left, 0) if left else float("-inf")
        high = _number(vr, right, len(left) + 2) if right else float("inf")
        return low, high, True
    number = _number(vr, text, 0)
    return number, number, True


def _number(vr: str, text: str, start: int) -> float:
    number = number_of(vr, text)
    if number is None:
        what, forms = _FORMS["AS" if vr == "AS" else "IS"]
        span = Span(start, start + len(text))
        raise UsageError(f"'{text}' is not a valid {what}", hint=forms, span=span)
    return number


_NUMBER = regex(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
_AGE = regex(r"(\d{1,3})([DWMY])\Z", re.ASCII | re.IGNORECASE)
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}


def number_of(vr: str, value: str) -> float | None:
    """The number that a value means, an age (VR AS) in days; None if it is not a number."""
    if vr == "AS":
        age = _AGE.match(value)
        return int(age[1]) * _DAYS[age[2].upper()] if age else None
    return float(value) if _NUMBER.match(value) else None


def typed_value(vr: str, text: str) -> str | int | float | None:
    """The value of a VR that a text means: numbers as numbers; None if it is empty."""
    number = number_of(vr, text) if vr in NUMBER_VRS else None
    if number is None:
        return text or None
    try:
        return int(text)  # exactly: a float has 15 digits
    except ValueError:
        return int(number) if number.is_integer() else number


Sorting = tuple[int, float, tuple[int, ...], str]
"""The sort key of a value; comparable for values of one VR."""


def sorting(vr: str, value: str) -> Sorting:
    """The sort key of a value of a VR: numbers as numbers, UIDs by their parts, else as text.

    Values that are not a number, or not a date, although they should be, come last.
    """
    if vr in NUMBER_VRS or vr == "AS":
        number = number_of(vr, value)
        return disordered(value) if number is None else (0, number, (), value)
    if vr == "UI":
        parts = value.split(".")
        whole = all(part.isascii() and part.isdigit() and len(part) <= 64 for part in parts)
        return (0, 0.0, tuple(map(int, parts)), value) if whole else disordered(value)
    if vr in _MOMENTS:
        moment = moment_of(vr, value)
        return (0, 0.0, (), moment) if is_moment(vr, moment) else disordered(value)
    return 0, 0.0, (), _plain(value)


def disordered(value: str) -> Sorting:
    """The sort key of a value that has no place among the others: after them."""
    return 1, 0.0, (), value


def _name(pattern: str) -> ValueTest:
    """A person name matches when one of its component groups does (PS3.5 6.2.1)."""
    if "=" in pattern:
        return _in_any_case(pattern)
    wanted = _in_any_case(pattern.rstrip("^"))  # trailing carets mean nothing (PS3.5 6.2.1)
    return lambda value: any(
        wanted(group.strip().rstrip("^")) for group in value.split("=") if group
    )


def _in_any_case(pattern: str) -> Callable[[str], bool]:
    """Text in any case; `?` is one letter as it is written, not one of those it folds to."""
    written = _wildcard(_composed(pattern), re.IGNORECASE)
    folded = _wildcard(_plain(pattern))
    return lambda value: bool(written.match(_composed(value)) or folded.match(_plain(value)))


def _wildcard(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern as fnmatch translates it, except that brackets are literal."""
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")), flags)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _plain(text: str) -> str:
    return _composed(text).casefold()

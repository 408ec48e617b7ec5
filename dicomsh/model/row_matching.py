"""Whether a row matches a key: matching (PS3.4 C.2.2.2) done by us.

Case is ignored, and so is how the parts of a name are separated: a row too many can be seen, a row
too few cannot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from dicomsh.errors import ProtocolViolationError
from dicomsh.model.query import QueryKey
from dicomsh.model.row import Row, items_at
from dicomsh.model.vr import NUMBER_VRS
from dicomsh.regex import regex

if TYPE_CHECKING:
    from decimal import Decimal

RowTest = Callable[[Row], bool | None]
"""Whether a row matches; None if the row does not have the attribute."""

_TEXTS = frozenset("AE AS CS LO PN SH UC UI UR".split())


def testable(key: QueryKey) -> bool:
    """Whether we can tell if a row matches: the key has a value of a VR that we compare."""
    vr = key.attribute.vr
    return bool(key.value) and (vr in _TEXTS | NUMBER_VRS or vr in _LATEST)


def test_of(key: QueryKey) -> RowTest:
    """The test of rows for a testable key; an empty attribute does not match, as on a peer.

    In a sequence, one matching item is enough (PS3.4 C.2.2.2.6).
    """
    tag, sequences = key.attribute.tag, key.path[:-1]
    fits = _any_of(key)

    def test(row: Row) -> bool | None:
        text = row.text(tag)
        return None if text is None else any(map(fits, text.split("\\")))

    def test_items(row: Row) -> bool | None:
        try:
            results = [test(item) for item in items_at(row, sequences)]
        except ProtocolViolationError:
            return None
        return True if True in results else (False if False in results else None)

    return test_items if sequences else test


def _any_of(key: QueryKey) -> Callable[[str], bool]:
    vr = key.attribute.vr
    if vr in _LATEST:
        return _within(key.value, vr)
    wanted = key.value.split("\\")
    if vr in NUMBER_VRS:
        numbers = {_number(text) for text in wanted}
        return lambda text: _number(text) in numbers
    if vr == "PN":
        names = [_named(text) for text in wanted]
        return lambda text: any(fits(text) for fits in names)
    if vr == "UI":  # no wildcards, and a list may have thousands
        uids = set(map(_folded, wanted))
        return lambda text: _folded(text) in uids
    patterns = [_pattern(_folded(text)) for text in wanted]
    return lambda text: any(pattern.fullmatch(_folded(text)) for pattern in patterns)


def _number(text: str) -> Decimal | None:
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def _folded(text: str) -> str:
    # NFC: an accented letter may be one code point, or a letter and a combining accent
    return unicodedata.normalize("NFC", text).casefold().strip(" \0")


def _pattern(text: str) -> re.Pattern[str]:
    """A value with wildcards; each literal run is matched at its first fit (no backtracking)."""
    # with backtracking, many `*` against a long value would take exponential time
    first, *rest = (_run(part) for part in re.split(r"\*+", text))
    middle = "".join(f"(?>.*?{run})" for run in rest[:-1])
    return re.compile(first + middle + (f".*{rest[-1]}" if rest else ""), re.DOTALL)


def _run(text: str) -> str:
    return "".join("." if char == "?" else re.escape(char) for char in text)


_SEPARATORS = regex(r"[\^, ]+")


def _spaced(group: str) -> str:
    return _SEPARATORS.sub(" ", _folded(group)).strip()


def _named(value: str) -> Callable[[str], bool]:
    """PN: a pattern without `=` may match any component group, else each group its own."""
    patterns = [_pattern(_spaced(group)) for group in value.split("=")]

    def fits(text: str) -> bool:
        groups = [_spaced(group) for group in text.split("=")]
        if len(patterns) == 1:
            return bool(text.strip()) and any(patterns[0].fullmatch(group) for group in groups)
        groups += [""] * (len(patterns) - len(groups))
        pairs = zip(patterns, groups, strict=False)
        return all(not pattern.pattern or pattern.fullmatch(group) for pattern, group in pairs)

    return fits


_EARLIEST = {"DA": "00000101", "TM": "000000.000000"}
_LATEST = {"DA": "99991231", "TM": "235959.999999"}
"""VRs of ranges with their first and last value, whose digits complete a shorter value."""


def _within(value: str, vr: str) -> Callable[[str], bool]:
    earliest, latest = _EARLIEST[vr], _LATEST[vr]
    first, last = ends(value)
    low, high = _filled(first, earliest), _filled(last, latest)

    def fits(text: str) -> bool:
        moment = _digits(text)
        return bool(moment) and low <= _filled(moment, earliest) <= high

    return fits


def ends(value: str) -> tuple[str, str]:
    """Both ends of a DICOM range of dates or times; an open end is empty."""
    first, dash, last = value.partition("-")
    return (first, last) if dash else (first, first)


def _digits(text: str) -> str:
    """A date or time without the punctuation of older versions of the standard."""
    head, _, fraction = text.strip(" \0").replace(":", "").partition(".")
    if len(head) == 4 and "." in fraction:  # ACR-NEMA 2.0 wrote 2009.04.12
        return head + fraction.replace(".", "")
    return f"{head}.{fraction}" if fraction else head


def _filled(moment: str, limit: str) -> str:
    return moment + limit[len(moment) :]


def combined_test(date: QueryKey, time: QueryKey) -> RowTest:
    """The test for a date and a time taken together, as one range from first to last moment.

    This is combined date-time matching (PS3.4 C.2.2.2.5.4); without it, the two keys match
    separately.
    """
    (first_day, last_day), (first_time, last_time) = ends(date.value), ends(time.value)
    first = first_day and first_day + _filled(first_time, _EARLIEST["TM"])
    last = last_day and last_day + _filled(last_time, _LATEST["TM"])

    def test(row: Row) -> bool | None:
        day, clock = row.text(date.attribute.tag), row.text(time.attribute.tag)
        if day is None or clock is None:
            return None
        moment = _digits(day) + _filled(_digits(clock), _EARLIEST["TM"])
        return bool(_digits(day)) and moment >= first and (not last or moment <= last)

    return test

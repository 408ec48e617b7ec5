"""Whether a row matches a key: matching (PS3.4 C.2.2.2) done by us.

There are two tests. To filter, a row must match as the standard says. To notice that a server may
have ignored a key, whatever the standard allows a server is enough, and in doubt a little more: a
row that should not be there can be seen, but a doubt without a reason misleads.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from dicomsh.model import moments
from dicomsh.model.query import Matching, QueryKey
from dicomsh.model.row import Row, items_at
from dicomsh.model.vr import MOMENT_VRS, NUMBER_VRS, UNDELIMITED_VRS
from dicomsh.regex import regex

if TYPE_CHECKING:
    from decimal import Decimal

RowTest = Callable[[Row], bool | None]
"""Whether a row matches; None if the row does not have the attribute."""

TextTest = Callable[[str], bool]
"""Whether one value of an attribute matches."""

_TEXTS = frozenset("AE AS CS LO LT PN SH ST UC UI UN UR UT".split())


def testable(key: QueryKey) -> bool:
    """Whether we can tell if a row matches: the key has a value of a VR that we compare."""
    vr = key.attribute.vr
    return bool(key.value) and (
        key.matching is Matching.EMPTY_VALUE or vr in _TEXTS | NUMBER_VRS | MOMENT_VRS
    )


def test_of(key: QueryKey) -> RowTest:
    """The test of rows for a testable key, as strict as the standard.

    Text matches with its case, except in names (PS3.4 C.2.2.2.1). An empty attribute does not
    match, as on most peers; C.2.2.1.2 allows both. In a sequence, one matching item is enough
    (C.2.2.2.6).
    """
    return _row_test(key, _strictly(key))


def noticing(key: QueryKey) -> RowTest:
    """The lenient test of rows for a testable key.

    A server may match names regardless of case, accents, position of letters, and encoding variants
    (PS3.4 C.2.2.2.1); other text in another case is told apart by `test_of`.
    """
    strictly, roughly = _strictly(key), _roughly(key)
    return _row_test(key, lambda text: strictly(text) or roughly(text))


def _row_test(key: QueryKey, fits: TextTest) -> RowTest:
    tag, sequences = key.attribute.tag, key.path[:-1]
    whole = (
        key.matching is Matching.EMPTY_VALUE
        or key.attribute.vr in UNDELIMITED_VRS
        or (key.literal and not key.attribute.multiple)
    )

    def test(row: Row) -> bool | None:
        text = _text(row, tag)
        return None if text is None else any(map(fits, [text] if whole else text.split("\\")))

    def test_items(row: Row) -> bool | None:
        results = [test(item) for item in items_at(row, sequences)]
        return True if True in results else (False if False in results else None)

    return test_items if sequences else test


def _text(row: Row, tag: int) -> str | None:
    """The text of an attribute; where nobody knows its VR, its bytes are taken for text."""
    raw = row.elements.get(tag)
    if raw is not None and row.vr(tag) == "UN":
        return row.decode(raw).strip(" \0")
    return row.text(tag)


def _strictly(key: QueryKey) -> TextTest:
    vr = key.attribute.vr
    if key.matching is Matching.EMPTY_VALUE:
        return lambda text: not text.strip(" \0")
    if vr == "UI":  # no wildcards, and a list may have thousands
        uids = {value.strip(" \0") for value in key.values}
        return lambda text: text.strip(" \0") in uids
    return _any([_one(value, vr, literal=key.literal) for value in key.values])


def _any(tests: list[TextTest]) -> TextTest:
    return tests[0] if len(tests) == 1 else lambda text: any(test(text) for test in tests)


def _one(value: str, vr: str, *, literal: bool) -> TextTest:
    if vr in MOMENT_VRS:
        return _within(value, vr)
    if vr in NUMBER_VRS:
        wanted = _number(value)
        return lambda text: _number(text) == wanted
    pattern = _literal if literal else _pattern
    if vr == "PN":
        return _named(value, pattern)
    exact = pattern(_plain(value))
    return lambda text: exact.fullmatch(_plain(text)) is not None


def _roughly(key: QueryKey) -> TextTest:
    """Text in any case, and names however a server may compare them."""
    vr = key.attribute.vr
    if vr not in _TEXTS or vr == "UI" or key.matching is Matching.EMPTY_VALUE:
        return lambda _: False
    if vr == "PN":
        return _any([_named_alike(value) for value in key.values])
    patterns = [_pattern(_folded(value)) for value in key.values]
    return lambda text: any(pattern.fullmatch(_folded(text)) for pattern in patterns)


def _number(text: str) -> Decimal | str:
    """The number that a text means; the text itself if it is none."""
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(text.strip(" \0"))
    except InvalidOperation:
        return text


def _plain(text: str) -> str:
    # NFC: an accented letter may be one code point, or a letter and a combining accent
    return unicodedata.normalize("NFC", text).strip(" \0")


def _folded(text: str) -> str:
    return _plain(text).casefold()


def _bare(text: str) -> str:
    """Text without accents, case, and variants of encoding such as full width."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _literal(text: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile(re.escape(text), flags)


def _pattern(text: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A value with wildcards; each literal run is matched at its first fit (no backtracking)."""
    # with backtracking, many `*` against a long value would take exponential time
    first, *rest = (_run(part) for part in re.split(r"\*+", text))
    middle = "".join(f"(?>.*?{run})" for run in rest[:-1])
    return re.compile(first + middle + (f".*{rest[-1]}" if rest else ""), re.DOTALL | flags)


def _run(text: str) -> str:
    return "".join("." if char == "?" else re.escape(char) for char in text)


def _named(value: str, pattern: Callable[[str, re.RegexFlag], re.Pattern[str]]) -> TextTest:
    """PN: a pattern without `=` may match any component group, else each group its own."""
    patterns = [pattern(_group(group), re.IGNORECASE) for group in value.split("=")]
    return _grouped(patterns, _group)


def _group(group: str) -> str:
    """A component group without its trailing empty components (PS3.5 6.2.1)."""
    return _plain(group).rstrip("^").rstrip(" ")


_SEPARATORS = regex(r"[\^, ]+")


def _spaced(group: str) -> str:
    return _SEPARATORS.sub(" ", _bare(group)).strip(" \0")


def _named_alike(value: str) -> TextTest:
    return _grouped([_pattern(_spaced(group)) for group in value.split("=")], _spaced)


def _grouped(patterns: list[re.Pattern[str]], form: Callable[[str], str]) -> TextTest:
    def fits(text: str) -> bool:
        groups = [form(group) for group in text.split("=")]
        if len(patterns) == 1:
            return any(groups) and any(patterns[0].fullmatch(group) for group in groups)
        groups += [""] * (len(patterns) - len(groups))
        pairs = zip(patterns, groups, strict=False)
        return all(not pattern.pattern or pattern.fullmatch(group) for pattern, group in pairs)

    return fits


_EARLIEST = {"DA": "00000101", "TM": "000000.000000"}
_LATEST = {"DA": "99991231", "TM": "235959.999999"}
"""VRs of ranges with their first and last value, whose digits complete a shorter value."""


def _within(value: str, vr: str) -> TextTest:
    first, last = moments.ends(vr, value)
    if vr == "DT":
        return _between(first, last)
    earliest, latest = _EARLIEST[vr], _LATEST[vr]
    low, high = _filled(first, earliest), _filled(last, latest)

    def fits(text: str) -> bool:
        moment = _digits(text)
        return bool(moment) and low <= _filled(moment, earliest) <= high

    return fits


def _between(first: str, last: str) -> TextTest:
    low, high = moments.earliest(first), moments.latest(last)

    def fits(text: str) -> bool:
        value = text.strip(" \0")
        moment = moments.earliest(value)
        return bool(value) and not low.after(moment) and not moment.after(high)

    return fits


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
    (first_day, last_day) = moments.ends("DA", date.value)
    (first_time, last_time) = moments.ends("TM", time.value)
    first = first_day and first_day + _filled(first_time, _EARLIEST["TM"])
    last = last_day and last_day + _filled(last_time, _LATEST["TM"])

    def test(row: Row) -> bool | None:
        day, clock = row.text(date.attribute.tag), row.text(time.attribute.tag)
        if day is None or clock is None:
            return None
        moment = _digits(day) + _filled(_digits(clock), _EARLIEST["TM"])
        return bool(_digits(day)) and moment >= first and (not last or moment <= last)

    return test

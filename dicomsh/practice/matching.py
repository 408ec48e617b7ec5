"""Attribute matching (PS3.4 C.2.2.2): a key of an identifier becomes a test of stored values.

Deliberately independent of `dicomsh.model.matching`, which makes such keys: the practice archive is
the other side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal

from dicomsh.frozen import frozen
from dicomsh.model.vr import NUMBER_VRS, UNDELIMITED_VRS
from dicomsh.practice.archive import Attributes, Value
from dicomsh.regex import regex

StoredTest = Callable[[str], bool]
"""Whether one stored value matches."""


class UnmatchableError(Exception):
    """A key's value is not a valid matching value for its VR; the message says why."""


@frozen
class RequestedKey:
    """One attribute of a request identifier.

    `value` is the text of the value field, empty for universal matching. `items` holds the keys of
    a sequence's item, and is None for other attributes.
    """

    tag: int
    vr: str
    value: str
    items: tuple[RequestedKey, ...] | None = None

    @property
    def universal(self) -> bool:
        """Whether anything matches (PS3.4 C.2.2.2.3); for a sequence, all keys of its item."""
        return not self.value and all(key.universal for key in self.items or ())


AttributeTest = Callable[[Value | None], bool]
"""Whether a stored attribute matches; None is an absent one."""


def condition(key: RequestedKey) -> AttributeTest:
    """The test for a key.

    Universal matching accepts everything, an absent attribute included. Any other type needs the
    attribute: `*` does not find entities without it. An entity with several values matches if one
    of them does.

    Raises:
        UnmatchableError: the value cannot be matched with that VR.
    """
    if key.universal:
        return lambda _: True
    if key.items is not None:
        return _sequence(key.items)
    test = _any_of(key.vr, key.value)
    return lambda stored: isinstance(stored, str) and any(map(test, values(stored, key.vr)))


def _sequence(keys: tuple[RequestedKey, ...]) -> AttributeTest:
    """Sequence matching: some item matches every key of the requested item (C.2.2.2.6)."""
    matches = item_condition(keys)
    return lambda stored: isinstance(stored, tuple) and any(map(matches, stored))


def item_condition(keys: tuple[RequestedKey, ...]) -> Callable[[Attributes], bool]:
    """The test of all keys together, for one item of a sequence or one entity."""
    tests = [(key.tag, condition(key)) for key in keys if not key.universal]
    return lambda attributes: all(test(attributes.get(tag)) for tag, test in tests)


def values(text: str, vr: str) -> list[str]:
    r"""The single values of a value field; `\` separates them except in the long text VRs."""
    if vr in UNDELIMITED_VRS:
        return [text.rstrip()]
    return [part.strip() for part in text.split("\\")]


def _any_of(vr: str, text: str) -> StoredTest:
    """List of UID matching and multiple value matching (C.2.2.2.2, C.2.2.2.8): any of the list."""
    maker = _MAKERS.get(vr)
    if maker is None:
        raise UnmatchableError(f"no matching on attributes of VR {vr}")
    tests = [maker(part) for part in values(text, vr)]
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _text(pattern: str) -> StoredTest:
    """Single value or wildcard matching, case-sensitive (C.2.2.2.1, C.2.2.2.4)."""
    wanted = wildcard(pattern)
    return lambda value: wanted.fullmatch(_composed(value)) is not None


def wildcard(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern with `*` (any characters, or none) and `?` (one character).

    Each literal run is matched at its first occurrence without backtracking, so that a pattern with
    many asterisks costs no more than its length times the value's.
    """
    first, *rest = (_literal(run) for run in re.split(r"\*+", _composed(pattern)))
    middle = "".join(f"(?>.*?{run})" for run in rest[:-1])
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(first + middle + last, flags | re.DOTALL)


def _literal(run: str) -> str:
    return "".join("." if character == "?" else re.escape(character) for character in run)


def _composed(text: str) -> str:
    """One code point for a letter with its accent, so that `?` matches both together."""
    return unicodedata.normalize("NFC", text)


def _person_name(pattern: str) -> StoredTest:
    """PN matching: case-insensitive, accents significant, by component group (PS3.5 6.2.1).

    A pattern without `=` may match any group; with it, groups are compared in their places and an
    empty one matches everything.
    """
    groups = [wildcard(_shortened(group), re.IGNORECASE) for group in pattern.split("=")]
    anywhere = len(groups) == 1
    wanted = [None if group.pattern == "" else group for group in groups]

    def test(value: str) -> bool:
        stored = [_composed(_shortened(group)) for group in value.split("=")]
        if anywhere:
            return any(groups[0].fullmatch(group) for group in stored)
        stored += [""] * (len(wanted) - len(stored))
        pairs = zip(wanted, stored, strict=False)
        return all(group is None or group.fullmatch(text) for group, text in pairs)

    return test


def _shortened(group: str) -> str:
    """A component group without trailing null components, which have no meaning."""
    return group.strip().rstrip("^")


_UID = regex(r"[^*?]+")
_AGE = regex(r"\d{3}[DWMY]")


def _uid(text: str) -> StoredTest:
    _check(_UID, text, "a UID is matched without wildcards")
    return text.__eq__


def _age(text: str) -> StoredTest:
    _check(_AGE, text, "an age is three digits and D, W, M or Y, without wildcards or range")
    return text.__eq__


def _check(form: re.Pattern[str], text: str, rule: str) -> None:
    if not form.fullmatch(text):
        raise UnmatchableError(rule)


_NUMBER = regex(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def _number(text: str) -> StoredTest:
    """Numbers match by value: `4`, `+4` and `04` are the same integer."""
    _check(_NUMBER, text, "a number matches as a single value, without wildcards or range")
    wanted = Decimal(text)
    return lambda value: bool(_NUMBER.fullmatch(value)) and Decimal(value) == wanted


_CLOCK = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_OFFSET = r"(?:[+-](?:0\d|1[0-4])[0-5]\d)?"


@frozen
class _MomentForm:
    """The format of a VR's moments.

    `earliest` and `latest` have every digit; they complete less precise values, so that text order
    is time order.
    """

    form: str
    earliest: str
    latest: str
    rule: str


_DATE = _MomentForm(rf"\d{{4}}{_MONTH}{_DAY}", "00000101", "99991231", "a date is YYYYMMDD")
_TIME = _MomentForm(_CLOCK, "000000.000000", "235960.999999", "a time is HH[MM[SS[.FFFFFF]]]")
_DATE_TIME = _MomentForm(
    rf"\d{{4}}(?:{_MONTH}(?:{_DAY}(?:{_CLOCK})?)?)?{_OFFSET}",
    _DATE.earliest + _TIME.earliest,
    _DATE.latest + _TIME.latest,
    "a date-time is YYYY[MM[DD[HH[MM[SS[.FFFFFF]]]]]][&ZZXX]",
)


def _moment(scale: _MomentForm) -> Callable[[str], StoredTest]:
    """Range matching (C.2.2.2.5), including a single moment.

    The range includes both ends; an open end has no bound. A value of less than full precision
    covers everything that begins with it. A time zone offset is read and ignored: the archive holds
    local times, and no offset was negotiated.
    """

    def make(text: str) -> StoredTest:
        first, last = _ends(text, scale)
        low, high = _filled(first, scale.earliest), _filled(last, scale.latest)
        return lambda value: bool(value) and low <= _filled(value, scale.earliest) <= high

    return make


def _ends(text: str, scale: _MomentForm) -> tuple[str, str]:
    """Both ends of a range, empty for an open one; those of a single value are the same."""
    if re.fullmatch(scale.form, text, re.ASCII):
        return text, text
    pair = re.fullmatch(f"({scale.form})?-({scale.form})?", text, re.ASCII)
    if pair is None or text == "-":
        raise UnmatchableError(f"{scale.rule}; a range is FROM-TO; no wildcards")
    return pair[1] or "", pair[2] or ""


def combined(date: str, time: str) -> Callable[[str, str], bool]:
    """The test of a stored date and time, for a range of each taken as one (C.2.2.2.5.4).

    Raises:
        UnmatchableError: one of them is not a range.
    """
    (first_day, last_day), (first_time, last_time) = _ends(date, _DATE), _ends(time, _TIME)
    low = _filled(first_day, _DATE.earliest) + _filled(first_time, _TIME.earliest)
    high = _filled(last_day, _DATE.latest) + _filled(last_time, _TIME.latest)

    def matches(day: str, clock: str) -> bool:
        return bool(day and clock) and low <= day + _filled(clock, _TIME.earliest) <= high

    return matches


def _filled(text: str, limit: str) -> str:
    local = re.sub(r"[+-]\d{4}\Z", "", text)
    return local + limit[len(local) :]


_MAKERS: Mapping[str, Callable[[str], StoredTest]] = {
    **dict.fromkeys("AE CS LO LT SH ST UC UR UT".split(), _text),
    **dict.fromkeys(NUMBER_VRS, _number),
    "PN": _person_name,
    "UI": _uid,
    "AS": _age,
    "DA": _moment(_DATE),
    "TM": _moment(_TIME),
    "DT": _moment(_DATE_TIME),
}

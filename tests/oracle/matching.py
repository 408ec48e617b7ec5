"""Attribute matching as PS3.4 C.2.2.2 has it, written from its text and from nothing else.

A stored value that a query is compared with can be one that has to match, one that must not, or
one that the standard leaves to the server.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import cache


class Match(IntEnum):
    """Whether an entity belongs in an answer; of several keys the least counts."""

    NO = 0
    UNLIKELY = 1
    """The standard lets it match, hardly any server does: right, and right to be doubted."""
    MAY = 2
    MUST = 3


Rule = Callable[[str], Match]
"""Judges one stored value, in DICOM text form with `\\` between several; empty for none."""

_UNDIVIDED = frozenset("ST LT UT UR".split())


def universal(stored: str) -> Match:
    """C.2.2.2.3: every entity, those without a value, too."""
    del stored
    return Match.MUST


def empty(stored: str) -> Match:
    """C.2.2.2.7: entities without a value."""
    return Match.NO if stored.strip() else Match.MUST


def _without_value(rule: Rule) -> Rule:
    """C.2.2.1.2: a zero length value is unknown, and matching against it is successful."""
    return lambda stored: rule(stored) if stored.strip(" \0") else Match.UNLIKELY


def text(vr: str, pattern: str) -> Rule:
    """Single value (C.2.2.2.1) and wild card matching (C.2.2.2.4) of one value."""
    if vr == "PN":
        return _without_value(lambda stored: _name(pattern, stored))

    def rule(stored: str) -> Match:
        values = [stored] if vr in _UNDIVIDED else stored.split("\\")
        return max(_literal(pattern, value.strip(" ")) for value in values)

    return _without_value(rule)


def text_in_any_case(pattern: str) -> Rule:
    """As `text`, but what differs only in case may match in every VR, as with `where`."""
    return _without_value(
        lambda stored: max(_name(pattern, value) for value in (stored, *stored.split("\\")))
    )


def _literal(pattern: str, value: str) -> Match:
    """Case-sensitive; letters with two encodings are left to the server (C.2.2.2.1)."""
    if _expression(pattern).fullmatch(value):
        return Match.MUST
    composed = unicodedata.normalize("NFC", value)
    same = _expression(unicodedata.normalize("NFC", pattern)).fullmatch(composed)
    return Match.MAY if same else Match.NO


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """`*` is any characters or none, `?` is one (C.2.2.2.4)."""
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


def _name(pattern: str, stored: str) -> Match:
    """PN: case, accent and position are the server's choice, as is how it sees groups."""
    groups = stored.split("=")
    wanted = pattern.split("=")
    whole = _expression(pattern).fullmatch(stored) is not None
    if len(wanted) == 1:
        by_group = any(_expression(pattern).fullmatch(group) for group in groups)
        loosely = any(_loosely(pattern, group) for group in groups)
    else:
        padded = [*groups, *[""] * (len(wanted) - len(groups))]
        pairs = list(zip(wanted, padded, strict=False))
        by_group = all(not want or _expression(want).fullmatch(has) for want, has in pairs)
        loosely = all(not want or _loosely(want, has) for want, has in pairs)
    if whole and by_group:
        return Match.MUST
    if by_group or loosely:
        return Match.MAY
    return Match.UNLIKELY if whole or _loosely(pattern, stored) else Match.NO  # across groups


def _loosely(pattern: str, value: str) -> bool:
    return _expression(_plain(pattern)).fullmatch(_plain(value)) is not None or (
        _expression(_folded(pattern)).fullmatch(_folded(value)) is not None
    )


@cache
def _folded(value: str) -> str:
    """Without case; null components at the end mean nothing (PS3.5 6.2.1)."""
    return unicodedata.normalize("NFC", value).casefold().rstrip("^ ")


@cache
def _plain(value: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFD", _folded(value))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def uids(wanted: Sequence[str]) -> Rule:
    """List of UID matching (C.2.2.2.2)."""
    return lambda stored: Match.MUST if stored in wanted else Match.NO


def number(wanted: str) -> Rule:
    """Single value matching; that 04 is 4 is not said (C.2.2.2.1)."""

    def rule(stored: str) -> Match:
        if stored.strip() == wanted:
            return Match.MUST
        return Match.MAY if _as_number(stored) == _as_number(wanted) else Match.NO

    return _without_value(rule)


def _as_number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


_FIRST = {"DA": "00010101", "TM": "000000.000000"}
_LAST = {"DA": "99991231", "TM": "235959.999999"}


def between(vr: str, first: str, last: str) -> Rule:
    """Range matching (C.2.2.2.5), both ends included, each open if it is empty.

    A time that leaves out seconds or minutes covers all of them (PS3.5 6.2): it must match where
    the range covers it, and may where the range covers a part of it. A zero length value is
    unknown and matches (C.2.2.1.2); servers differ, and both are right.
    """
    low, high = _filled(first, _FIRST[vr]), _filled(last, _LAST[vr])

    def rule(stored: str) -> Match:
        if not stored.strip():
            return Match.MAY
        begins, ends = _filled(stored, _FIRST[vr]), _filled(stored, _LAST[vr])
        if low <= begins and ends <= high:
            return Match.MUST
        return Match.MAY if begins <= high and low <= ends else Match.NO

    return rule


def _filled(value: str, by: str) -> str:
    return value + by[len(value) :]


def any_of(rules: Sequence[Rule]) -> Rule:
    """Several values of which one is enough (C.2.2.2.8, and as dicomsh promises for any list)."""
    return lambda stored: max(rule(stored) for rule in rules)


@cache
def judged(rule: Rule, possible: tuple[str, ...]) -> Match:
    """The match of an attribute of which a server holds one of several values."""
    found = {rule(stored) for stored in possible}
    if len(found) == 1:
        return found.pop()
    return Match.MAY if max(found) >= Match.MAY else max(found)

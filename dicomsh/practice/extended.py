"""Matching agreed by extended negotiation (PS3.4 C.5.1.1.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from dicomsh.model.extended_negotiation import Extension, Extensions
from dicomsh.model.keys import by_tag
from dicomsh.model.query import EMPTY
from dicomsh.practice.archive import Attributes
from dicomsh.practice.matching import RequestedKey, combined, item_condition, wildcard

EntityTest = Callable[[Attributes], bool]


def extended_condition(keys: tuple[RequestedKey, ...], agreed: Extensions) -> EntityTest:
    """The test of all keys of a level together, as agreed.

    Raises:
        UnmatchableError: a key's value is not valid for its VR.
    """
    pairs = _pairs(keys) if Extension.DATETIME in agreed else []
    names = [key for key in keys if key.vr == "PN" and key.value not in ("", EMPTY)]
    fuzzy = names if Extension.FUZZY in agreed else []
    empty = [key for key in keys if key.value == EMPTY] if Extension.EMPTY in agreed else []
    apart = {key.tag for key in (*fuzzy, *empty)} | {key.tag for pair in pairs for key in pair}
    plain = item_condition(tuple(key for key in keys if key.tag not in apart))
    tests = [plain, *(_together(*pair) for pair in pairs), *map(_alike, fuzzy), *map(_none, empty)]
    return lambda attributes: all(test(attributes) for test in tests)


def _pairs(keys: Sequence[RequestedKey]) -> list[tuple[RequestedKey, RequestedKey]]:
    """A date and its corresponding time: StudyDate and StudyTime."""
    by_name = {by_tag(key.tag).keyword: key for key in keys if key.value}
    dates = [(name, key) for name, key in by_name.items() if key.vr == "DA"]
    pairs = [(key, by_name.get(name.removesuffix("Date") + "Time")) for name, key in dates]
    return [(date, time) for date, time in pairs if time is not None and "-" in time.value]


def _together(date: RequestedKey, time: RequestedKey) -> EntityTest:
    """Combined date-time matching (C.2.2.2.5.4): one range from first to last moment."""
    matches = combined(date.value, time.value)
    return lambda held: matches(str(held.get(date.tag, "")), str(held.get(time.tag, "")))


def _none(key: RequestedKey) -> EntityTest:
    """Empty value matching (C.2.2.2.7): the attribute is absent, or has no value."""
    return lambda held: not held.get(key.tag)


def _alike(key: RequestedKey) -> EntityTest:
    """Fuzzy semantic matching of names, for which the standard has no rules.

    Here: every word of the key begins some word of the name, in any order and component, ignoring
    case and accents.
    """
    wanted = [wildcard(word + "*") for word in _words(key.value)]

    def matches(held: Attributes) -> bool:
        words = _words(str(held.get(key.tag, "")))
        return bool(words) and all(any(map(part.fullmatch, words)) for part in wanted)

    return matches


def _words(name: str) -> list[str]:
    letters = unicodedata.normalize("NFD", name.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.findall(r"[^\s^=,]+", unicodedata.normalize("NFC", bare))

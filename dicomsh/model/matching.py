"""What was typed after `Key=`, turned into a matching value by VR (PS3.4 C.2.2.2, PS3.5 6.2).

Nothing is changed silently: a value is sent as it was meant, or refused with the rule.
"""

from __future__ import annotations

import math
import re
from datetime import date

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import frozen
from dicomsh.model import moments
from dicomsh.model.charset import composed
from dicomsh.model.keys import (
    INSTANCE_AVAILABILITY,
    QUERY_RETRIEVE_LEVEL,
    SPECIFIC_CHARACTER_SET,
    TIMEZONE_OFFSET,
    Attribute,
)
from dicomsh.model.query import EMPTY, Matching
from dicomsh.model.vr import COMMA_VRS, WILDCARD_VRS, separators
from dicomsh.regex import regex

_LONGEST = 0xFFFE
"""Bytes in an element of a VR with a short length (PS3.5 7.1.2). The maximum lengths of PS3.5 6.2
are not for keys, which may hold more than a value: wildcards, a range, a list (PS3.4 C.2.2.2)."""

_MOMENTS = {
    "DA": moments.DATE,
    "TM": moments.TIME,
    "DT": moments.DATETIME,
}

_FORMS = {
    "DA": "a date is 2024-03-05, 2024-03, 2024, today, -7d; a range 2024-01..2024-03 or >=2024",
    "TM": "a time is 10:15 or 10:15:30; a range 10:00..12:30 or >=10:00",
    "DT": "a date-time is 2024-03-05T10:15, or a date; a range has '..' between two of them",
}


@frozen
class Matcher:
    """A matching value in DICOM form and the kind of matching it requests."""

    value: str
    kind: Matching


UNIVERSAL = Matcher("", Matching.UNIVERSAL)


def matcher(attribute: Attribute, text: str, today: date, *, literal: bool = False) -> Matcher:
    r"""The matching value for what was typed.

    Empty is universal matching, and so is `*` if wildcards are allowed; both are sent as zero
    length. `\*` sends a literal `*`. `""` requests entities without a value (PS3.4 C.2.2.2.7).

    Args:
        attribute: the attribute matched.
        text: what was typed after `=`, without shell quotes.
        today: the day that relative dates count from.
        literal: whether the text is a value from an answer. Then `*`, `?` and `,` in it mean
            themselves, `\` too if the attribute has one value, and an empty one means no value.

    Raises:
        UsageError: the value is against the rules of its VR; the span is into `text`.
    """
    vr = attribute.vr
    if text == EMPTY or (literal and not text.strip(" ")):
        return _empty(attribute, text)
    # not sent as `*`, which need not match entities without a value (PS3.4 C.2.2.2.4)
    if not text or (text == "*" and not literal and (vr in WILDCARD_VRS or vr == "UN")):
        return UNIVERSAL
    _check_free(attribute, text)
    parts = _parts(text, _separators(attribute, text, literal=literal))
    found = [_of_part(attribute, part, offset, today, literal) for part, offset in parts]
    if len(found) == 1:
        return found[0]
    kind = Matching.UID_LIST if vr == "UI" else Matching.MULTIPLE_VALUES
    return Matcher("\\".join(one.value for one in found), kind)


def _empty(attribute: Attribute, text: str) -> Matcher:
    _check_free(attribute, text)
    if attribute.vr == "SQ":
        raise _refused(attribute, text, "a sequence has no value of its own")
    return Matcher(EMPTY, Matching.EMPTY_VALUE)


def _separators(attribute: Attribute, text: str, *, literal: bool) -> str:
    if literal:
        return "\\" if attribute.multiple else ""
    return "" if text == r"\*" else delimiters(attribute)


def _of_part(attribute: Attribute, part: str, offset: int, today: date, literal: bool) -> Matcher:
    """The matching value for one value of a list, or for the only one."""
    if attribute.vr in COMMA_VRS:  # there, spaces around a value are insignificant (PS3.5 6.2)
        offset += len(part) - len(part.lstrip(" "))
        part = part.strip(" ")
    try:
        return _one(attribute, part, today, literal=literal)
    except UsageError as error:
        start, end = error.span or (0, len(part))  # or all of it is wrong
        error.span = Span(offset + start, offset + end)
        raise


def _one(attribute: Attribute, text: str, today: date, *, literal: bool) -> Matcher:
    vr = attribute.vr
    if text == EMPTY and not literal:
        return Matcher(EMPTY, Matching.EMPTY_VALUE)
    if vr in _MOMENTS:
        return _moment(attribute, text, today)
    if vr == "SQ":
        raise _refused(
            attribute, text, f"match inside it: {attribute.keyword}.{_inside(attribute)}"
        )
    if vr not in WILDCARD_VRS and vr != "UN" and not literal and ("*" in text or "?" in text):
        raise _no_wildcard(attribute, text, f"{attribute.keyword}= alone matches any value")
    if vr == "UI":
        return _uid(attribute, text)
    if vr in _NUMBERS:
        return _number(attribute, text)
    if vr == "AS":
        return _age(attribute, text)
    if vr in WILDCARD_VRS or vr == "UN":
        return _text(attribute, text, literal=literal)
    raise _refused(attribute, text, f"only {attribute.keyword}= (universal matching) is possible")


def kind_of(vr: str, value: str) -> Matching:
    """The kind of matching that one matching value of a list requests by itself."""
    if value == EMPTY:
        return Matching.EMPTY_VALUE
    if vr in _MOMENTS:
        first, last = moments.ends(vr, value)
        return Matching.SINGLE_VALUE if first == last else Matching.RANGE
    wild = vr in WILDCARD_VRS and ("*" in value or "?" in value)
    return Matching.WILDCARD if wild else Matching.SINGLE_VALUE


def _inside(attribute: Attribute) -> str:
    """An example of a key inside a sequence."""
    coded = attribute.keyword.endswith("CodeSequence")
    return "CodeValue=T-D1100" if coded else "Modality=CT"


_FOLLOWS = {
    SPECIFIC_CHARACTER_SET: "SpecificCharacterSet is chosen to suit the text of the query",
    QUERY_RETRIEVE_LEVEL: "QueryRetrieveLevel is set by the level of the query",
    TIMEZONE_OFFSET: "TimezoneOffsetFromUTC says which zone times are in, and cannot be matched",
    INSTANCE_AVAILABILITY: "InstanceAvailability is never part of a query: servers add it",
}
"""Attributes of a query that the user cannot set, by tag, with the reason (PS3.4 C.4.1.1.3.1)."""


def _check_free(attribute: Attribute, text: str) -> None:
    """Refuse a value for an attribute that the user cannot set."""
    follows = _FOLLOWS.get(attribute.tag)
    if attribute.tag & 0xFFFF == 0:
        follows = f"{attribute.tag_text} is a group length and cannot be matched (PS3.5 7.2)"
    if follows:
        raise UsageError(follows, span=Span(0, len(text)))


def _refused(attribute: Attribute, text: str, hint: str, offset: int = 0) -> UsageError:
    return UsageError(
        f"'{text}' is not a valid {attribute.keyword} (VR {attribute.vr})",
        hint=hint,
        span=Span(offset, offset + len(text)),
    )


def _no_wildcard(attribute: Attribute, text: str, hint: str) -> UsageError:
    at = min(spot for spot in (text.find("*"), text.find("?")) if spot >= 0)
    return UsageError(
        f"no wildcard in {attribute.keyword}: its VR is {attribute.vr} (PS3.4 C.2.2.2.4)",
        hint=hint,
        span=Span(at, at + 1),
    )


def _moment(attribute: Attribute, text: str, today: date) -> Matcher:
    # Orthanc answers 0xC000 to a wildcard in a date (measured: 1.10.1)
    if "*" in text or "?" in text:
        alone = f"{attribute.keyword}= alone matches any value"
        raise _no_wildcard(attribute, text, alone if text == "*" else _FORMS[attribute.vr])
    try:
        stretch = moments.read_range(text, _MOMENTS[attribute.vr], today)
    except moments.NoMomentError as error:
        error.hint = _FORMS[attribute.vr]
        raise
    if stretch is None:
        raise _refused(attribute, text, _FORMS[attribute.vr])
    return Matcher(stretch.dicom, kind_of(attribute.vr, stretch.dicom))


_UID = regex(r"[0-9]+(?:\.[0-9]+)*\Z")


def is_uid(text: str) -> bool:
    """Whether a text is a UID: up to 64 digits and single full stops (PS3.5 9.1)."""
    return len(text) <= 64 and _UID.match(text) is not None


def _uid(attribute: Attribute, text: str) -> Matcher:
    """One UID; archives hold some that are against the rules, and find them only as they are."""
    _check_characters(attribute, text)
    if not text:
        raise _refused(attribute, text, f"{attribute.keyword} takes UIDs, separated by commas")
    return Matcher(text, Matching.SINGLE_VALUE)


def delimiters(attribute: Attribute) -> str:
    """The characters that separate several values of an attribute as typed."""
    return separators(attribute.vr, attribute.keyword)


def _parts(text: str, delimiters: str) -> list[tuple[str, int]]:
    """Parts between delimiters with their offsets."""
    if not delimiters:
        return [(text, 0)]
    found = re.finditer(f"[^{re.escape(delimiters)}]*", text)
    starts = [0, *(spot + 1 for spot, char in enumerate(text) if char in delimiters)]
    wanted = set(starts)
    return [(part[0], part.start()) for part in found if part.start() in wanted]


_NUMBERS = {
    "IS": (-(2**31), 2**31 - 1),
    "US": (0, 2**16 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "UL": (0, 2**32 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "UV": (0, 2**64 - 1),
    "SV": (-(2**63), 2**63 - 1),
    "DS": None,
    "FL": None,
    "FD": None,
}

_LONGEST_NUMBER = {"IS": 12, "DS": 16}
"""Maximum number of characters in a number that is written as text (PS3.5 6.2)."""


def _number(attribute: Attribute, text: str) -> Matcher:
    bounds = _NUMBERS[attribute.vr]
    whole = bounds is not None
    form = r"[+-]?\d+\Z" if whole else r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z"
    longest = _LONGEST_NUMBER.get(attribute.vr, len(text))
    if len(text) > longest or not re.match(form, text, re.ASCII) or math.isinf(float(text)):
        kind = "a whole number" if whole else "a decimal number"
        raise _refused(attribute, text, f"{kind}; the standard has no ranges here")
    if bounds is not None and not bounds[0] <= int(text) <= bounds[1]:
        raise _refused(attribute, text, f"a whole number from {bounds[0]} to {bounds[1]}")
    return Matcher(text, Matching.SINGLE_VALUE)


_AGE = regex(r"(\d{1,3})([dwmyDWMY])\Z", re.ASCII)


def _age(attribute: Attribute, text: str) -> Matcher:
    parts = _AGE.match(text)
    if parts is None:
        raise _refused(attribute, text, "an age is 045Y, 006M, 002W or 010D")
    return Matcher(f"{int(parts[1]):03}{parts[2].upper()}", Matching.SINGLE_VALUE)


def _text(attribute: Attribute, text: str, *, literal: bool) -> Matcher:
    _check_characters(attribute, text)
    if literal:
        return Matcher(text, Matching.SINGLE_VALUE)
    if text == r"\*":
        return Matcher("*", Matching.WILDCARD)
    _check_value(attribute, text)
    return Matcher(composed(text), kind_of(attribute.vr, text))


_CODE = regex(r"[A-Za-z0-9 _*?]*\Z")


def _check_value(attribute: Attribute, value: str) -> None:
    if not value.strip(" ") and attribute.vr != "UN":
        raise UsageError(
            f"an empty value for {attribute.keyword}",
            hint=f"{attribute.keyword}= alone matches any value, {attribute.keyword}='\"\"' none",
        )
    if attribute.vr == "CS" and not _CODE.match(value):
        raise _refused(attribute, value, "a code has only capitals, digits, spaces and underscores")
    if attribute.vr == "PN":
        _check_groups(attribute, value)
    if len(value.encode("utf-8", "surrogatepass")) > _LONGEST:
        raise UsageError(f"too long for {attribute.keyword}: over {_LONGEST:,} bytes")


_CONTROL = regex("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


_MOST_GROUPS = 3
_MOST_COMPONENTS = 5


def _check_groups(attribute: Attribute, part: str) -> None:
    """Refuse more component groups, or components, than a name has (PS3.5 6.2.1)."""
    groups = part.split("=")
    if len(groups) > _MOST_GROUPS:
        what = f"{attribute.keyword} has at most {_MOST_GROUPS} component groups, separated by ="
        raise UsageError(what, hint="alphabetic=ideographic=phonetic (PS3.5 6.2.1)")
    if any(group.count("^") >= _MOST_COMPONENTS for group in groups):
        what = f"{attribute.keyword} has at most {_MOST_COMPONENTS} components, separated by ^"
        raise UsageError(what, hint="family^given^middle^prefix^suffix (PS3.5 6.2.1)")


def _check_characters(attribute: Attribute, text: str) -> None:
    control = _CONTROL.search(text)
    if control is not None:
        what = "line break" if control[0] in ("\r", "\n") else "control character"
        raise UsageError(
            f"a {what} in the value of {attribute.keyword}", span=Span(*control.span())
        )
    if attribute.vr in ("AE", "CS", "UI", "UR") and not text.isascii():
        raise _refused(attribute, text, "ASCII characters only (PS3.5 6.2)")

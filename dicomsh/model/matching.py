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
from dicomsh.model.keys import QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET, Attribute
from dicomsh.model.query import Matching
from dicomsh.model.vr import UNDELIMITED_VRS, WILDCARD_VRS
from dicomsh.regex import regex

_LONGEST = {"AE": 16, "CS": 16, "LO": 64, "PN": 64, "SH": 16, "ST": 1024, "LT": 10240}
"""Maximum number of characters in a value; for PN in each component group (PS3.5 6.2)."""

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


def matcher(attribute: Attribute, text: str, today: date) -> Matcher:
    r"""The matching value for what was typed.

    Empty is universal matching, and so is `*` if wildcards are allowed; both are sent as zero
    length. `\*` sends a literal `*`.

    Args:
        attribute: the attribute matched.
        text: what was typed after `=`, without shell quotes.
        today: the day that relative dates count from.

    Raises:
        UsageError: the value is against the rules of its VR; the span is into `text`.
    """
    vr = attribute.vr
    # not sent as `*`, which need not match entities without a value (PS3.4 C.2.2.2.4)
    if not text or (text == "*" and (vr in WILDCARD_VRS or vr == "UN")):
        return UNIVERSAL
    _check_free(attribute, text)
    if vr in _MOMENTS:
        return _moment(attribute, text, today)
    if vr == "SQ":
        raise _refused(
            attribute, text, f"match inside it: {attribute.keyword}.{_inside(attribute)}"
        )
    if vr not in WILDCARD_VRS and vr != "UN" and ("*" in text or "?" in text):
        raise _no_wildcard(attribute, text, f"{attribute.keyword}= alone matches any value")
    if vr == "UI":
        return _uids(attribute, text)
    if vr in _NUMBERS:
        return _number(attribute, text)
    if vr == "AS":
        return _age(attribute, text)
    if vr in _LONGEST or vr in WILDCARD_VRS or vr == "UN":
        return _text(attribute, text)
    raise _refused(attribute, text, f"only {attribute.keyword}= (universal matching) is possible")


def _inside(attribute: Attribute) -> str:
    """An example of a key inside a sequence."""
    coded = attribute.keyword.endswith("CodeSequence")
    return "CodeValue=T-D1100" if coded else "Modality=CT"


_FOLLOWS = {
    SPECIFIC_CHARACTER_SET: "SpecificCharacterSet is chosen to suit the text of the query",
    QUERY_RETRIEVE_LEVEL: "QueryRetrieveLevel is set by the level of the query",
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
    single = stretch.first == stretch.last
    return Matcher(stretch.dicom, Matching.SINGLE_VALUE if single else Matching.RANGE)


_UID = regex(r"[0-9]+(?:\.[0-9]+)*\Z")


def _uids(attribute: Attribute, text: str) -> Matcher:
    uids = []
    for part, offset in _parts(text, delimiters(attribute)):
        if len(part) > 64 or not _UID.match(part):
            raise UsageError(
                f"'{part}' is not a valid UID: up to 64 digits and single full stops (PS3.5 9.1)",
                hint=f"{attribute.keyword} takes full UIDs, separated by commas",
                span=Span(offset, offset + len(part)),
            )
        uids.append(part)
    kind = Matching.SINGLE_VALUE if len(uids) == 1 else Matching.UID_LIST
    return Matcher("\\".join(uids), kind)


def delimiters(attribute: Attribute) -> str:
    """The characters that separate several values of an attribute as typed."""
    if attribute.vr in ("CS", "UI"):
        return ",\\"
    return "" if attribute.vr in UNDELIMITED_VRS else "\\"


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
        raise _refused(attribute, text, f"{kind}; the standard has no ranges or lists here")
    if bounds is not None and not bounds[0] <= int(text) <= bounds[1]:
        raise _refused(attribute, text, f"a whole number from {bounds[0]} to {bounds[1]}")
    return Matcher(text, Matching.SINGLE_VALUE)


_AGE = regex(r"(\d{1,3})([dwmyDWMY])\Z", re.ASCII)


def _age(attribute: Attribute, text: str) -> Matcher:
    parts = _AGE.match(text)
    if parts is None:
        raise _refused(attribute, text, "an age is 045Y, 006M, 002W or 010D")
    return Matcher(f"{int(parts[1]):03}{parts[2].upper()}", Matching.SINGLE_VALUE)


def _text(attribute: Attribute, text: str) -> Matcher:
    _check_characters(attribute, text)
    if text == r"\*":
        return Matcher("*", Matching.WILDCARD)
    parts = _parts(text, delimiters(attribute))
    if attribute.vr == "CS":
        parts = [_code(part, offset) for part, offset in parts]
    for part, offset in parts:
        _check_value(attribute, part, offset)
    value = composed("\\".join(part for part, _ in parts))
    value = value.upper() if attribute.vr == "CS" else value  # codes are capitals (PS3.5 6.2)
    if len(parts) > 1:
        return Matcher(value, Matching.MULTIPLE_VALUES)
    wild = attribute.vr in WILDCARD_VRS and ("*" in value or "?" in value)
    return Matcher(value, Matching.WILDCARD if wild else Matching.SINGLE_VALUE)


def _code(part: str, offset: int) -> tuple[str, int]:
    """A code without the spaces around it, which are insignificant (PS3.5 6.2), and its offset."""
    return part.strip(" "), offset + len(part) - len(part.lstrip(" "))


_CODE = regex(r"[A-Za-z0-9 _*?]*\Z")


def _check_value(attribute: Attribute, part: str, offset: int) -> None:
    span = Span(offset, offset + len(part))
    if not part.strip(" ") and attribute.vr != "UN":
        raise UsageError(
            f"an empty value for {attribute.keyword}",
            hint=f"{attribute.keyword}= alone matches any value",
            span=span,
        )
    if attribute.vr == "CS" and not _CODE.match(part):
        hint = "a code has only capitals, digits, spaces and underscores"
        raise _refused(attribute, part, hint, offset)
    longest = _LONGEST.get(attribute.vr)
    groups = _groups(attribute, part, span) if attribute.vr == "PN" else [part]
    if longest and max(map(len, groups)) > longest:
        raise UsageError(
            f"too long for {attribute.keyword}: at most {longest} characters (PS3.5 6.2)", span=span
        )


_CONTROL = regex("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


_MOST_GROUPS = 3
_MOST_COMPONENTS = 5


def _groups(attribute: Attribute, part: str, span: Span) -> list[str]:
    """The component groups of a name (PS3.5 6.2.1)."""
    groups = part.split("=")
    if len(groups) > _MOST_GROUPS:
        what = f"{attribute.keyword} has at most {_MOST_GROUPS} component groups, separated by ="
        raise UsageError(what, hint="alphabetic=ideographic=phonetic (PS3.5 6.2.1)", span=span)
    if any(group.count("^") >= _MOST_COMPONENTS for group in groups):
        what = f"{attribute.keyword} has at most {_MOST_COMPONENTS} components, separated by ^"
        raise UsageError(what, hint="family^given^middle^prefix^suffix (PS3.5 6.2.1)", span=span)
    return groups


def _check_characters(attribute: Attribute, text: str) -> None:
    control = _CONTROL.search(text)
    if control is not None:
        what = "line break" if control[0] in "\r\n" else "control character"
        raise UsageError(
            f"a {what} in the value of {attribute.keyword}", span=Span(*control.span())
        )
    if attribute.vr in ("AE", "CS", "UR") and not text.isascii():
        raise _refused(attribute, text, "ASCII characters only (PS3.5 6.2)")

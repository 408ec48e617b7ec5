r"""Completions of a value after `Key=`: defined terms, words for days, and values seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.language.candidate import Candidate
from dicomsh.model import moments
from dicomsh.model.keys import Attribute
from dicomsh.model.matching import delimiters, matcher
from dicomsh.model.vocabulary import defined_terms
from dicomsh.model.vr import MOMENT_VRS, WILDCARD_VRS
from dicomsh.regex import regex

_MOST = 90
"""Values tried, and offered if accepted."""


@frozen
class Known:
    """Sources for value completion: the day, and values seen, latest first."""

    today: date
    seen: Iterable[str]


def complete_value(attribute: Attribute, typed: str, known: Known) -> Iterator[Candidate]:
    """Values that can be matched; each is accepted as offered.

    In a list or a range the last part is completed. `at` counts from the beginning of `typed`.
    """
    at = _last_part(attribute, typed)
    done = set(re.split(f"[{re.escape(delimiters(attribute))}]", typed[:at])) if at else set()
    begun = typed[at:].lower()
    texts = _texts(attribute, typed[at:], known)
    begins = (made for made in texts if made[0].lower().startswith(begun) and made[0] not in done)
    for text, meta in islice(begins, _MOST):
        sent = _sent(attribute, typed[:at] + text, known)
        if sent:
            yield Candidate(text, sent if meta is None else meta, at)


def _last_part(attribute: Attribute, typed: str) -> int:
    """The start of the last value of a list, or of the last end of a range."""
    if attribute.vr in MOMENT_VRS:
        return moments.last_end(typed)
    return max((typed.rfind(char) + 1 for char in delimiters(attribute)), default=0)


def _sent(attribute: Attribute, text: str, known: Known) -> str | None:
    """The matching value of a text; None if refused."""
    try:
        return matcher(attribute, text, known.today).value
    except UsageError:
        return None


_ValueText = tuple[str, str | None]
"""A value with its description; None means the value sent."""


def _texts(attribute: Attribute, begun: str, known: Known) -> Iterator[_ValueText]:
    terms = defined_terms(attribute.keyword)
    offered: set[str] = {""}
    if attribute.vr in ("DA", "DT"):
        yield from _days(begun, known.today)
    for value in known.seen:
        text = _as_typed(attribute, value)
        if text not in offered and not (
            attribute.vr in WILDCARD_VRS and ("*" in text or "?" in text)
        ):
            offered.add(text)
            yield text, terms.get(text, "")
    yield from ((term, meaning) for term, meaning in terms.items() if term not in offered)


_DICOM_DATE = regex(r"(\d{4})(\d{2})(\d{2})\Z", re.ASCII)
_DICOM_TIME = regex(r"(\d{2})(\d{2})(\d{2})(?:\.\d*)?\Z", re.ASCII)


def _as_typed(attribute: Attribute, value: str) -> str:
    """A DICOM value as people type it."""
    if attribute.vr == "DA" and (day := _DICOM_DATE.match(value)):
        return "-".join(day.groups())
    if attribute.vr == "TM" and (time := _DICOM_TIME.match(value)):
        return ":".join(time.groups())
    return value


_BEFORE = ("-7d", "-2w", "-1m", "-6m", "-1y")
_YEAR = regex(r"(\d{4})-\d?\Z", re.ASCII)
_MONTH = regex(r"(\d{4}-\d\d)-\d?\Z", re.ASCII)
_NUMBER = regex(r"-\d{1,4}\Z", re.ASCII)
_YEARS = 30


def _days(begun: str, today: date) -> Iterator[_ValueText]:
    """Words for days, and the calendar as far as typed."""
    if year := _YEAR.match(begun):
        yield from ((f"{year[1]}-{month:02}", None) for month in range(1, 13))
    elif month := _MONTH.match(begun):
        yield from ((f"{month[1]}-{day:02}", None) for day in range(1, 32))
    elif _NUMBER.match(begun):
        yield from ((f"{begun}{unit}", None) for unit in "dwmy")
    else:
        words = (*moments.WORDS, *_BEFORE, f"{today:%Y-%m}")
        yield from ((word, None) for word in words)
        years = range(today.year, today.year - (_YEARS if begun else 3), -1)
        yield from ((str(year), None) for year in years)

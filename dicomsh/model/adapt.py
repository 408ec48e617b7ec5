"""A request made into one that this peer can answer, with what remains for our side to do.

Pure: it reads what is known of the peer and what was agreed with it. What differs from the request
is done here, and said, or refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dicomsh.errors import UsageError
from dicomsh.model.capability import Capabilities, Feature, Support
from dicomsh.model.extended_negotiation import Extension, Extensions
from dicomsh.model.levels import UNIQUE_KEYWORDS
from dicomsh.model.modality import Modality
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import Matching, Origin, QueryKey
from dicomsh.model.row_matching import Test, combined_test, ends, test_of, testable


@dataclass(frozen=True, slots=True)
class Filter:
    """A test that our side applies, and why; the words begin its statement in the result line."""

    words: str
    test: Test


@dataclass(frozen=True, slots=True)
class Adapted:
    """A request as this peer gets it.

    Args:
        request: what is sent.
        filters: what is applied to the rows that come back.
        watched: keys to compare rows with, because a peer may ignore them.
        notes: what to say in any case.
        empty: what to say when nothing was found.
    """

    request: Request
    filters: tuple[Filter, ...] = ()
    watched: tuple[QueryKey, ...] = ()
    notes: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def adapt(request: Request, modality: Modality, agreed: Extensions) -> Adapted:
    """The request for a peer, by its capabilities and by what was agreed with it.

    Raises:
        UsageError: a key has a value that the peer cannot match, and neither can we, because the
            attribute does not come back.
    """
    known = modality.capabilities
    keys = request.keys
    filters: list[Filter] = []
    if Extension.DATETIME in modality.extended - agreed:
        keys, filters = _combined_here(keys)
    typed = [key for key in keys if key.origin is not Origin.WINDOW]
    filters += [_filter(key, known) for key in keys if _trouble(key, known)]
    sent = replace(
        request,
        keys=tuple(_as_sent(key, known) for key in keys),
        omitted=known.rejected - _UNIQUE,
    )
    notes = (
        *_left_out(request, known),
        *_about_relational(request, known, modality.extended, agreed),
        *_about_fuzzy(modality.extended, agreed),
        *_about_charsets(keys, known),
        *_about_date_times(tuple(typed), modality.extended, agreed),
    )
    watched = tuple(_watched(typed, known, agreed))
    empty = tuple(_about_case(keys, known, agreed))
    return Adapted(sent, tuple(filters), watched, notes, empty)


def _watched(keys: list[QueryKey], known: Capabilities, agreed: Extensions) -> Iterable[QueryKey]:
    """The keys that each row should match by itself, as far as we can tell.

    A name asked for with `?` may have lost a letter on its way back, and then looks wrong.
    """
    pairs = date_times(tuple(keys)) if Extension.DATETIME in agreed else []
    together = {key.keyword for pair in pairs for key in pair}
    for key in keys:
        name = key.attribute.vr == "PN"
        vague = name and ("?" in key.value or Extension.FUZZY in agreed)
        if testable(key) and not vague and key.keyword not in together and not _trouble(key, known):
            yield key


_UNIQUE = frozenset(UNIQUE_KEYWORDS)

_TROUBLES = {
    Support.IGNORED: "ignores it",
    Support.FINDS_NOTHING: "finds nothing by it",
    Support.REFUSED: "refuses to match it",
}


def _trouble(key: QueryKey, known: Capabilities) -> str:
    """What the peer does wrong with a matching key; empty for nothing that we know of."""
    if not key.value:
        return ""
    if key.keyword in known.rejected - _UNIQUE:
        return "rejects queries that hold it"
    return _TROUBLES.get(known.support(key.keyword), "")


def _filter(key: QueryKey, known: Capabilities) -> Filter:
    trouble = _trouble(key, known)
    rejected = key.keyword in known.rejected
    if rejected or not testable(key) or known.returned.get(key.keyword) is False:
        raise UsageError(
            f"{key.keyword} cannot be matched: the server {trouble} ({known.source})",
            hint="nor can it be matched here, as it does not come back; match on something else",
        )
    return Filter(f"{key.keyword} re-applied here: the server {trouble}", test_of(key))


def _as_sent(key: QueryKey, known: Capabilities) -> QueryKey:
    """A key that the peer ignores does no harm; one that it stumbles over only asks back."""
    if _trouble(key, known) and known.support(key.keyword) is not Support.IGNORED:
        return replace(key, value="", matching=Matching.UNIVERSAL)
    return key


def _left_out(request: Request, known: Capabilities) -> Iterable[str]:
    asked = (*request.default_keywords(), *(key.keyword for key in request.keys if not key.value))
    left = [word for word in dict.fromkeys(asked) if word in known.rejected - _UNIQUE]
    if left:
        yield f"left out {', '.join(left)}, which the server rejects ({known.source})"


def _about_relational(
    request: Request, known: Capabilities, wanted: Extensions, agreed: Extensions
) -> Iterable[str]:
    if Extension.RELATIONAL in agreed:
        yield "relational queries agreed"
    elif Extension.RELATIONAL in wanted:
        yield "relational queries NOT agreed to by the server: it may ignore keys of upper levels"
    elif request.relational and request.keys:
        yield from _RELATIONAL.get(known.feature(Feature.RELATIONAL), ())


_RELATIONAL = {
    Support.UNKNOWN: (
        "relational: a server that does not support it ignores keys of upper levels",
    ),
    Support.IGNORED: ("relational: this server ignores keys of upper levels",),
}


def _about_fuzzy(wanted: Extensions, agreed: Extensions) -> Iterable[str]:
    if Extension.FUZZY in agreed:
        yield "fuzzy matching of names agreed: the server decides what is alike"
    elif Extension.FUZZY in wanted:
        yield "fuzzy matching of names NOT agreed to by the server: names matched as typed"


def _about_case(
    keys: tuple[QueryKey, ...], known: Capabilities, agreed: Extensions
) -> Iterable[str]:
    names = [key for key in keys if key.value and key.attribute.vr == "PN"]
    if not names or Extension.FUZZY in agreed:
        return
    if known.feature(Feature.ANY_CASE) is Support.FINDS_NOTHING:
        yield f"this server tells capitals from small letters in names ({known.source})"
    wild = any("?" in key.value for key in names)
    if wild and known.feature(Feature.ONE_LETTER) is Support.FINDS_NOTHING:
        yield f"? stands for no letter beyond ASCII at this server ({known.source})"


def _about_charsets(keys: tuple[QueryKey, ...], known: Capabilities) -> Iterable[str]:
    if known.unmatched and not all(key.value.isascii() for key in keys):
        sets = ", ".join(known.unmatched)
        yield f"this server does not find what it holds in {sets} ({known.source})"


def _about_date_times(
    keys: tuple[QueryKey, ...], wanted: Extensions, agreed: Extensions
) -> Iterable[str]:
    for date, time in date_times(keys):
        if Extension.DATETIME in agreed:
            yield f"{date.keyword} and {time.keyword} matched as one range (agreed)"
        elif Extension.DATETIME not in wanted and ends(date.value)[0] != ends(date.value)[1]:
            yield f"{time.keyword} matched on each day; --datetime makes it one range"


def date_times(keys: tuple[QueryKey, ...]) -> list[tuple[QueryKey, QueryKey]]:
    """A date and a range of times of the same thing, both asked for (PS3.4 C.2.2.2.5.4)."""
    typed = {key.keyword: key for key in keys if key.value}
    dates = [key for key in typed.values() if key.attribute.vr == "DA" and len(key.path) == 1]
    times = [typed.get(date.keyword.removesuffix("Date") + "Time") for date in dates]
    pairs = zip(dates, times, strict=True)
    return [(d, t) for d, t in pairs if t and t.matching is Matching.RANGE]


def _combined_here(keys: tuple[QueryKey, ...]) -> tuple[tuple[QueryKey, ...], list[Filter]]:
    """The keys with times that only ask back, and the filters that take their place."""
    pairs = date_times(keys)
    times = {time.keyword for _, time in pairs}
    filters = [
        Filter(
            f"{date.keyword} and {time.keyword} combined here: the server did not agree to do it",
            combined_test(date, time),
        )
        for date, time in pairs
    ]
    return tuple(return_key(k.keyword) if k.keyword in times else k for k in keys), filters

"""A request turned into one that this peer can answer, with what remains for us to do.

Pure: it depends on what is known about the peer and what was agreed with it. Whatever the peer does
not do is done by us, with a note, or refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.model.capability import Capabilities, Feature, Support
from dicomsh.model.extended_negotiation import Extension, Extensions
from dicomsh.model.level_keys import STEP
from dicomsh.model.levels import UNIQUE_KEYWORDS, Level
from dicomsh.model.matching import is_uid
from dicomsh.model.modality import Modality
from dicomsh.model.moments import ends
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request, context_keys, return_key, typed_universal
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.row_matching import RowTest, combined_test, test_of, testable


@frozen
class Filter:
    """A test that we apply to rows, and why."""

    why: Note
    test: RowTest


@frozen
class Adapted:
    """A request as it is sent to this peer.

    Args:
        request: what is sent.
        filters: what is applied to the rows that come back.
        watched: keys to compare rows with, because a peer may ignore them (PS3.4 C.2.2.1).
        unchecked: keywords of matching keys that rows cannot be compared with.
        notes: notes in any case.
        empty: notes if nothing was found.
    """

    request: Request
    filters: tuple[Filter, ...] = ()
    watched: tuple[QueryKey, ...] = ()
    unchecked: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    empty: tuple[Note, ...] = ()


def adapt(request: Request, modality: Modality, agreed: Extensions) -> Adapted:
    """The request for a peer, given its capabilities and what was agreed with it.

    Raises:
        UsageError: a key has a value that the peer cannot match, and neither can we, because the
            attribute is not returned.
    """
    known = _about_level(modality.capabilities, request.level)
    _check_place(request, known)
    keys = request.keys
    filters: list[Filter] = []
    if Extension.DATETIME in modality.extended:
        _check_same_ends(keys)
    if Extension.DATETIME in modality.extended - agreed:
        keys, filters = _combined_here(keys)
    typed = [key for key in keys if key.origin is not KeyOrigin.WINDOW]
    filters += [_filter(key, known) for key in keys if _is_filtered(key, known, agreed)]
    sent = replace(
        request,
        keys=tuple(_as_sent(key, known, agreed) for key in keys),
        omitted=known.rejected | (known.hiding - _matched(keys)),
    )
    notes = (
        *_left_out(request, known),
        *_about_universal(keys, modality),
        *_about_relational(request, known, modality.extended, agreed),
        *_about_fuzzy(modality.extended, agreed),
        *_about_empty(keys, agreed),
        *_about_charsets(keys, known),
        *_about_date_times(tuple(typed), modality.extended, agreed),
        *_about_uids([*context_keys(request.place), *keys]),
        *_about_codes(typed),
    )
    watched = tuple(_watched([*typed, *_of_place(request)], known, agreed))
    empty = (*_about_case(keys, known, agreed), *_about_patterns(request))
    return Adapted(sent, tuple(filters), watched, _unchecked(typed, watched, known), notes, empty)


def _unchecked(
    typed: list[QueryKey], watched: tuple[QueryKey, ...], known: Capabilities
) -> tuple[str, ...]:
    """The keywords of matching keys that are neither compared with the rows nor filtered on."""
    return tuple(
        key.keyword
        for key in typed
        if key.value and key not in watched and not _trouble(key, known)
    )


def _matched(keys: Iterable[QueryKey]) -> frozenset[str]:
    return frozenset(key.keyword for key in keys if key.value)


def _about_level(known: Capabilities, level: Level) -> Capabilities:
    """What is known, for queries at a level: its unique key is sent even if that may be rejected.

    Without it, rows could not be told apart.
    """
    rejected = known.rejected - {level.unique_keyword}
    return replace(known, rejected=rejected, hiding=known.hiding - set(UNIQUE_KEYWORDS))


def _check_place(request: Request, known: Capabilities) -> None:
    """Refuse to query below an entity without its unique key: the answer would be all entities."""
    steps = request.place.steps
    if steps and steps[-1].level.unique_keyword in known.rejected:
        raise UsageError(
            f"{steps[-1].level.unique_keyword} cannot be matched: rejected by the server"
            f" ({known.source})",
            hint="nothing can be listed below this place without it",
        )


def _of_place(request: Request) -> Iterable[QueryKey]:
    """The unique keys of the place, which rows can be compared with."""
    keys = context_keys(request.place)
    return (key for key in keys if key.keyword in UNIQUE_KEYWORDS)


def _watched(keys: list[QueryKey], known: Capabilities, agreed: Extensions) -> Iterable[QueryKey]:
    """The keys that each row should match by itself, as far as we can tell."""
    # agreed, date and time match together: a row may be outside the time alone (C.2.2.2.5.4); in a
    # worklist they do without, on some servers
    pairs = date_times(tuple(keys)) if Extension.DATETIME in agreed else []
    times = [time for date, time in date_times(tuple(keys)) if is_of_step(date) and _is_long(date)]
    together = {key.keyword for pair in (*pairs, times) for key in pair}
    for key in keys:
        vague = key.attribute.vr == "PN" and Extension.FUZZY in agreed
        ours = key.keyword in together or _is_filtered(key, known, agreed)
        if testable(key) and not vague and not ours:
            yield key


_TROUBLES = {
    Support.IGNORED: "ignored by the server",
    Support.FINDS_NOTHING: "not found by the server",
    Support.REFUSED: "refused by the server",
    Support.LATE: "matched by the server among its first rows alone",
}


def _trouble(key: QueryKey, known: Capabilities) -> str:
    """What the peer does wrong with a matching key; empty if we know of nothing."""
    if not key.value:
        return ""
    if key.keyword in known.rejected:
        return "rejected by the server"
    if known.support(key.keyword) is Support.LATE and not _can_filter(key, known):
        return ""  # a part of the rows is better than none; it is called incomplete
    return _TROUBLES.get(known.support(key.keyword), "")


def _is_filtered(key: QueryKey, known: Capabilities, agreed: Extensions) -> bool:
    """Whether we match a key, because the peer does not.

    Few peers match empty values, and only if that was negotiated (PS3.4 C.2.2.2.7). The windows of
    a query that is split try it, and do not rely on it.
    """
    tried = key.origin is KeyOrigin.WINDOW or Extension.EMPTY in agreed
    empty = key.matching is Matching.EMPTY_VALUE and not tried
    return empty or bool(_trouble(key, known))


def _filter(key: QueryKey, known: Capabilities) -> Filter:
    trouble = _trouble(key, known) or "few servers match empty values"
    if not _can_filter(key, known):
        raise UsageError(
            f"{key.keyword} cannot be matched: {trouble} ({known.source})",
            hint="and it is not returned, so dicomsh cannot filter on it either; use another key",
        )
    if key.matching is Matching.EMPTY_VALUE:
        return Filter(note(NoteKind.EMPTY_LOCALLY, key.keyword), test_of(key))
    return Filter(note(NoteKind.FILTERED_LOCALLY, key.keyword, trouble), test_of(key))


def _can_filter(key: QueryKey, known: Capabilities) -> bool:
    """Whether rows can be compared with the key here."""
    returned = known.returned.get(key.keyword) is not False
    return testable(key) and returned and key.keyword not in known.rejected


def _as_sent(key: QueryKey, known: Capabilities, agreed: Extensions) -> QueryKey:
    """A key that the peer ignores does no harm; one it stumbles over becomes a return key.

    So does a list that it ignores, which would be asked for value by value.
    """
    ignored = known.support(key.keyword) is Support.IGNORED
    harmless = ignored and key.matching not in (Matching.EMPTY_VALUE, Matching.MULTIPLE_VALUES)
    if _is_filtered(key, known, agreed) and not harmless:
        return replace(key, value="", matching=Matching.UNIVERSAL)
    return key


def _left_out(request: Request, known: Capabilities) -> Iterable[Note]:
    asked = (*request.default_keywords(), *(key.keyword for key in request.keys if not key.value))
    left = [word for word in dict.fromkeys(asked) if word in known.rejected]
    if left:
        yield note(NoteKind.OMITTED_KEYS, ", ".join(left), known.source)
    hiding = [word for word in dict.fromkeys(asked) if word in known.hiding]
    if hiding:
        yield note(NoteKind.HIDING_KEYS, ", ".join(hiding), known.source)


def _about_universal(keys: Iterable[QueryKey], modality: Modality) -> Iterable[Note]:
    sent = [key.keyword for key in keys if modality.universal and typed_universal(key)]
    if sent:
        yield note(NoteKind.UNIVERSAL_AS_ASTERISK, ", ".join(sent), modality.universal)


def _about_relational(
    request: Request, known: Capabilities, wanted: Extensions, agreed: Extensions
) -> Iterable[Note]:
    if Extension.RELATIONAL in agreed:
        yield note(NoteKind.RELATIONAL_AGREED)
    elif Extension.RELATIONAL in wanted:
        yield note(NoteKind.RELATIONAL_REFUSED)
    elif request.relational and request.keys:
        yield from _RELATIONAL.get(known.feature(Feature.RELATIONAL), ())


_RELATIONAL = {
    Support.UNKNOWN: (note(NoteKind.RELATIONAL_UNKNOWN),),
    Support.IGNORED: (note(NoteKind.RELATIONAL_IGNORED),),
}


def _about_fuzzy(wanted: Extensions, agreed: Extensions) -> Iterable[Note]:
    if Extension.FUZZY in agreed:
        yield note(NoteKind.FUZZY_AGREED)
    elif Extension.FUZZY in wanted:
        yield note(NoteKind.FUZZY_REFUSED)


def _about_empty(keys: Iterable[QueryKey], agreed: Extensions) -> Iterable[Note]:
    empty = [key.keyword for key in keys if key.matching is Matching.EMPTY_VALUE]
    if empty and Extension.EMPTY in agreed:
        yield note(NoteKind.EMPTY_AGREED, ", ".join(empty))


def _about_case(
    keys: tuple[QueryKey, ...], known: Capabilities, agreed: Extensions
) -> Iterable[Note]:
    names = [key for key in keys if key.value and key.attribute.vr == "PN"]
    if not names or Extension.FUZZY in agreed:
        return
    if known.feature(Feature.ANY_CASE) is Support.FINDS_NOTHING:
        yield note(NoteKind.CASE_SENSITIVE_NAMES, known.source)
    wild = any("?" in key.value for key in names)
    if wild and known.feature(Feature.ONE_LETTER) is Support.FINDS_NOTHING:
        yield note(NoteKind.QUESTION_MARK_ASCII, known.source)


def _about_patterns(request: Request) -> Iterable[Note]:
    """In a worklist, only names have wildcards; wlmscpfs finds nothing by any other (3.6.7)."""
    if request.level is Level.WORKLIST:
        wild = (key for key in request.keys if key.matching is Matching.WILDCARD)
        yield from (
            note(NoteKind.WILDCARD_IN_WORKLIST, key.asked)
            for key in wild
            if key.attribute.vr != "PN"
        )


def _about_charsets(keys: tuple[QueryKey, ...], known: Capabilities) -> Iterable[Note]:
    if known.unmatched and not all(key.value.isascii() for key in keys):
        sets = ", ".join(known.unmatched)
        yield note(NoteKind.UNSEARCHABLE_CHARSETS, sets, known.source)


def _about_uids(keys: Iterable[QueryKey]) -> Iterable[Note]:
    for key in keys:
        if key.attribute.vr == "UI" and key.matching is not Matching.EMPTY_VALUE:
            odd = [uid for uid in key.values if uid and not is_uid(uid)]
            yield from (note(NoteKind.ODD_UID, uid) for uid in odd[:1])


def _about_codes(keys: Iterable[QueryKey]) -> Iterable[Note]:
    """Codes that differ from a defined term only in case: they are matched with it (C.2.2.2.1)."""
    from dicomsh.model.vocabulary import defined_terms

    for key in keys:
        terms = defined_terms(key.attribute.keyword)
        for code in key.values:
            if code not in terms and code.upper() in terms:
                yield note(NoteKind.DEFINED_TERM, f"{key.keyword}={code}", code.upper())


def _about_date_times(
    keys: tuple[QueryKey, ...], wanted: Extensions, agreed: Extensions
) -> Iterable[Note]:
    for date, time in date_times(keys):
        if is_of_step(date):
            yield from [note(NoteKind.PERIOD_OR_EACH_DAY)] if _is_long(date) else []
        elif Extension.DATETIME in agreed:
            yield note(NoteKind.ONE_RANGE, date.keyword, time.keyword)
        elif Extension.DATETIME not in wanted and _is_long(date):
            yield note(NoteKind.EACH_DAY, time.keyword)


def _check_same_ends(keys: tuple[QueryKey, ...]) -> None:
    """Refuse an end of the times that has no day: as one period, it would be dropped."""
    for date, time in date_times(keys):
        days, times = ends("DA", date.value), ends("TM", time.value)
        if any(clock and not day for day, clock in zip(days, times, strict=True)):
            raise UsageError(
                f"as one period, {time.keyword}={time.value} has an end without a day:"
                f" {date.keyword}={date.value} is open there",
                hint=f"give {date.keyword} that end, or leave it open in {time.keyword}, too",
            )


def _is_long(date: QueryKey) -> bool:
    first, last = ends("DA", date.value)
    return first != last


def is_of_step(key: QueryKey) -> bool:
    """Whether a key belongs to the step of a worklist."""
    return len(key.path) == 2 and key.path[0].keyword == STEP


def date_times(keys: tuple[QueryKey, ...]) -> list[tuple[QueryKey, QueryKey]]:
    """Each date with the range of times that belongs to it (PS3.4 C.2.2.2.5.4)."""
    typed = {key.keyword: key for key in keys if key.value}
    dates = [
        key
        for key in typed.values()
        if key.attribute.vr == "DA" and (len(key.path) == 1 or is_of_step(key))
    ]
    pairs = [(date, typed.get(date.keyword.removesuffix("Date") + "Time")) for date in dates]
    return [(date, time) for date, time in pairs if time and time.matching is Matching.RANGE]


def _combined_here(keys: tuple[QueryKey, ...]) -> tuple[tuple[QueryKey, ...], list[Filter]]:
    """The keys with times turned into return keys, and the filters that replace them."""
    pairs = date_times(keys)
    times = {time.keyword for _, time in pairs}
    filters = [
        Filter(
            note(NoteKind.COMBINED_LOCALLY, date.keyword, time.keyword),
            combined_test(date, time),
        )
        for date, time in pairs
    ]
    return tuple(return_key(k.keyword) if k.keyword in times else k for k in keys), filters

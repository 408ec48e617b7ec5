"""TARGET: a row number, a unique key, a unique beginning of one, or a path, resolved to a place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from dicomsh.errors import NotThereError, UsageError
from dicomsh.frozen import frozen
from dicomsh.language.words import quote
from dicomsh.model.answer import Ending, all_rows
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID as ISSUER
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.matching import matcher
from dicomsh.model.modality import Modality
from dicomsh.model.place import PathStart, Place, ambiguous, place_of, read_segment, with_issuer
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, QueryKey
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext
from dicomsh.regex import regex

_LOOKS_LIKE_UID = regex(r"[0-9]+(\.[0-9]+){2,}\Z", re.ASCII)


@frozen
class ResolvedTarget:
    """A modality and a place in it."""

    modality: Modality
    place: Place


class KnownTargets(Protocol):
    """Where targets lead, as far as is known without a query."""

    def start_of(self, text: str) -> PathStart:
        """Where a path begins, and its segments.

        Raises:
            UsageError: no modality is in use.
        """
        ...

    def whole_key(self, text: str) -> Place | None:
        """The entity here whose whole unique key is the text, slashes included, or None."""
        ...

    def known_step(
        self, modality: Modality, place: Place, segment: str, *, first: bool
    ) -> Place | None:
        """Where one segment of a path leads; None if listed answers do not show it.

        Raises:
            NotThereError: it is a row that was not listed.
            UsageError: it may mean several entities.
        """
        ...

    def no_row(self, place: Place, segment: str, *, first: bool) -> str:
        """Why a segment that looks like a row number leads to no row; empty for any other."""
        ...


async def resolve(context: QueryContext, known: KnownTargets, text: str) -> ResolvedTarget:
    """Where a TARGET leads: listed answers are trusted, anything else is looked up in the archive.

    Raises:
        NotThereError: nothing is there, or we cannot tell.
        UsageError: it may mean several things.
        DicomshError: the archive could not be asked.
    """
    modality, place, segments, numbered = known.start_of(text)
    whole = known.whole_key(text)
    if whole is not None:
        return ResolvedTarget(modality, whole)
    for index, segment in enumerate(segments):
        first = index == 0 and numbered
        step = known.known_step(modality, place, segment, first=first)
        if step is None:
            unlisted = known.no_row(place, segment, first=first)
            step = await _asked(context, modality, place, read_segment(segment), unlisted)
        place = step
    return ResolvedTarget(modality, place)


async def _asked(
    context: QueryContext, modality: Modality, place: Place, key: str, unlisted: str
) -> Place:
    """An entity that was not listed, if the archive has it.

    `unlisted` says why it is not a row either; empty if it cannot be one.
    """
    if place.level is Level.INSTANCE:
        raise NotThereError("there is nothing below an instance")
    if place.level is Level.WORKLIST:
        raise NotThereError(f"no row '{key}' was listed here", hint="ls lists the worklist; show 1")
    found = await _existing(context, modality, place, place.next_level, key)
    # a UID is unique at any level: `cd UID` may lead to a series of an unlisted study
    if not found and _LOOKS_LIKE_UID.match(key):
        for level in _uid_levels(place):
            found = found or await _existing(context, modality, place, level, key)
    if found:
        if len(found) > 1:
            raise ambiguous(found, f"'{key}' is the unique key of several entities")
        return found[0]
    level = place.next_level
    nothing = f"no {level.word} '{key}' here"
    message = f"{nothing}, and {unlisted}" if unlisted else nothing
    raise NotThereError(message, hint=_advice(place, key))


def _uid_levels(place: Place) -> Iterable[Level]:
    below = (level for level in HIERARCHY if level.value > place.next_level.value)
    return (level for level in below if level is not Level.PATIENT)


def _advice(place: Place, key: str) -> str:
    level = place.next_level
    if any(step.key == key for step in place.steps):
        return "that is where you are: leave it out, or begin with / for a whole path"
    if level is Level.PATIENT:
        pattern = f"{key.rstrip('*')}*"
        if not any(map(str.isdigit, key)):
            return f"patients are addressed by ID; {_find('name', pattern)} searches by name"
        return f"{_find('id', pattern)} finds IDs that begin like this"
    return f"'ls' lists {level.plural} by number; type a UID in full, or its beginning once listed"


def _find(key: str, pattern: str) -> str:
    return f"find patient {key}={quote(pattern)}"


async def _existing(
    context: QueryContext, modality: Modality, place: Place, level: Level, key: str
) -> list[Place]:
    """Entities of a level with that unique key, below a place."""
    try:
        wanted = _exact_key(context, level, key)
    except UsageError:
        return []  # not a valid key of this level, so nothing can have it
    request = Request(level, place, (wanted,))
    listing = await ask(context, modality, request)
    rows = await all_rows(listing.answer)
    outcome = listing.answer.outcome
    if not rows and outcome.ending is not Ending.COMPLETE:
        raise NotThereError(f"cannot tell whether '{key}' exists: {outcome.ending.value}")
    tag = by_keyword(level.unique_keyword).tag
    # a peer may ignore the key, or match a PatientID in any case: only this very key will do
    named = [row for row in rows if row.text(tag) == key]
    places = [(place_of(row, level, place), row.text(ISSUER) or "") for row in named]
    return _each_once([(found, issuer) for found, issuer in places if found is not None], level)


def _each_once(places: list[tuple[Place, str]], level: Level) -> list[Place]:
    """The entities of rows with their issuers: rows with the same unique keys are one entity.

    pynetdicom's qrscp answers a patient once per instance. The issuer belongs to the place only
    where it tells patients apart.
    """
    once: dict[object, tuple[Place, str]] = {}
    for found, issuer in places:
        keys = tuple(step.key for step in found.steps)
        once.setdefault((keys, issuer if level is Level.PATIENT else ""), (found, issuer))
    if len(once) > 1 and level is Level.PATIENT:
        return [with_issuer(found, issuer) for found, issuer in once.values()]
    return [found for found, _ in once.values()]


def _exact_key(context: QueryContext, level: Level, key: str) -> QueryKey:
    attribute = by_keyword(level.unique_keyword)
    found = matcher(attribute, key, context.today)
    return QueryKey((attribute,), found.value, found.kind, KeyOrigin.TYPED)

"""TARGET: a row number, a unique key, a unique beginning of one, or a path, made into a place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dicomsh.commands.ask import ask
from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.scan import Word
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID as ISSUER
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.listing import Ending
from dicomsh.model.location import Place, place_of, read_segment, with_issuer
from dicomsh.model.matching import matcher
from dicomsh.model.peer import Modality
from dicomsh.model.plan import Request
from dicomsh.model.query import Origin, QueryKey

_ROW = re.compile(r"%?(\d{1,9})\Z", re.ASCII)
_PLAIN_ROW = re.compile(r"%(\d{1,9})\Z", re.ASCII)
_LOOKS_LIKE_UID = re.compile(r"[0-9]+(\.[0-9]+){2,}\Z", re.ASCII)
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Destination:
    """A modality and a place in it."""

    modality: Modality
    place: Place


async def resolve(context: Context, target: Word | None) -> Destination:
    """Where a TARGET leads; no target is the current place.

    What was listed is believed; anything else is asked of the peer.

    Raises:
        UsageError: nothing there, or several things; the span is the target's.
        DicomshError: the peer could not be asked.
    """
    here = Destination(context.session.current(), context.session.place)
    if target is None:
        return here
    try:
        return await _resolve(context, target.text, here)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=target.span) from None


async def _resolve(context: Context, text: str, here: Destination) -> Destination:
    known = _exact(context, here.place, text)
    if known is not None:
        return replace(here, place=known)
    start, segments = _start(context, text, here)
    place = start.place
    for index, segment in enumerate(segments):
        first = index == 0 and not text.startswith("/")
        place = await _step(context, start.modality, place, segment, first=first)
    return replace(start, place=place)


def _exact(context: Context, place: Place, text: str) -> Place | None:
    """An entity seen here whose whole unique key is the text, slashes included."""
    found = [p for (key, _), p in context.session.children(place).items() if key == text]
    return found[0] if len(found) == 1 and "/" in text else None


def _start(context: Context, text: str, here: Destination) -> tuple[Destination, list[str]]:
    """Where a path begins, and its segments."""
    segments = [segment for segment in text.split("/") if segment not in ("", ".")]
    if not text.startswith("/"):
        return here, segments
    if segments and segments[0] in (*context.session.config.modalities, here.modality.name):
        name = segments.pop(0)
        same = name == here.modality.name
        modality = here.modality if same else context.session.config.find(name)
        return Destination(modality, Place()), segments
    return Destination(here.modality, Place()), segments


async def _step(
    context: Context, modality: Modality, place: Place, segment: str, *, first: bool
) -> Place:
    if segment == "..":
        return place.parent
    seen = _seen(context, modality, place)
    row = None if _PLAIN_ROW.match(segment) is None else _row(context, place, segment, first=first)
    if row is not None:
        return row
    key = read_segment(segment)
    exact = [p for p in seen if p.steps[-1].key == key]
    if exact:
        return _only(exact, f"'{key}' is the unique key of several")
    row = _row(context, place, segment, first=first) if _ROW.match(segment) else None
    if row is not None:
        return row
    begun = [p for p in seen if p.steps[-1].key.startswith(key)]
    if begun:
        return _only(begun, f"several unique keys begin with '{key}'")
    if _PLAIN_ROW.match(segment):
        raise UsageError(f"no row {segment[1:]} was listed", hint="'ls' lists what is here")
    return await _asked(context, modality, place, key)


def _seen(context: Context, modality: Modality, place: Place) -> list[Place]:
    """Entities seen below a place, and those of the last listing."""
    session = context.session
    if session.modality is None or modality.name != session.modality.name:
        return []
    found = list(session.children(place).values())
    last = session.last
    if last is not None and last.modality == modality.name and last.place.same_entity(place):
        found += [p for p, _ in last.entities() if not any(p.same_entity(f) for f in found)]
    return found


def _row(context: Context, place: Place, segment: str, *, first: bool) -> Place | None:
    """The entity in a row of the last listing; deeper in a path, of the last one made there."""
    number = int(segment.lstrip("%"))
    if first:
        last = context.session.last
        current = context.session.modality
        if last is None or current is None or last.modality != current.name:
            return None
        return last.entity(number)
    for kept in context.session.seen():
        if kept.place.same_entity(place) and kept.level is place.next_level:
            return kept.entity(number)
    return None


def _only(places: list[Place], trouble: str) -> Place:
    if len(places) == 1:
        return places[0]
    shown = ", ".join(_candidate(place) for place in places[:_SHOWN])
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    raise UsageError(f"{trouble}: {shown}{more}", hint="type more of it, or its row number as %1")


def _candidate(place: Place) -> str:
    step = place.steps[-1]
    if step.issuer:
        return f"{step.key} (issuer {step.issuer})"
    return step.key if step.label in ("", step.key) else f"{step.key} ({step.label})"


async def _asked(context: Context, modality: Modality, place: Place, key: str) -> Place:
    """An entity that was not listed: ask whether it exists."""
    if place.level is Level.INSTANCE:
        raise UsageError("nothing is below an instance")
    found = await _existing(context, modality, place, place.next_level, key)
    if not found and _LOOKS_LIKE_UID.match(key):
        for level in _uid_levels(place):
            found = found or await _existing(context, modality, place, level, key)
    if found:
        return _only(found, f"'{key}' is the unique key of several")
    level = place.next_level
    raise UsageError(f"no {level.word} '{key}' here", hint=_advice(level, key))


def _uid_levels(place: Place) -> Iterable[Level]:
    below = (level for level in Level if level.value > place.next_level.value)
    return (level for level in below if level is not Level.PATIENT)


def _advice(level: Level, key: str) -> str:
    if level is Level.PATIENT:
        return f"find patient id={key}* finds those that begin so"
    return (
        f"'ls' lists {level.plural} by number; a UID is typed whole, or its beginning once listed"
    )


async def _existing(
    context: Context, modality: Modality, place: Place, level: Level, key: str
) -> list[Place]:
    """Entities of a level with that unique key, below a place."""
    try:
        wanted = _exact_key(context, level, key)
    except UsageError:
        return []
    request = Request(level, place, (wanted,))
    listing = await ask(context, modality, request)
    rows = [row async for batch in listing.answer for row in batch]
    outcome = listing.answer.outcome
    if not rows and outcome.ending is not Ending.COMPLETE:
        raise UsageError(f"whether '{key}' exists is not known: {outcome.ending.value}")
    tag = by_keyword(level.unique_keyword).tag
    rows = [row for row in rows if row.text(tag) == key]
    places = [place_of(row, level, place) for row in rows]
    found = [p for p in places if p is not None]
    if len(found) > 1 and level is Level.PATIENT:
        issuers = [row.text(ISSUER) or "" for row in rows]
        return [with_issuer(p, issuer) for p, issuer in zip(found, issuers, strict=False)]
    return found


def _exact_key(context: Context, level: Level, key: str) -> QueryKey:
    attribute = by_keyword(level.unique_keyword)
    found = matcher(attribute, key, context.session.today)
    return QueryKey((attribute,), found.value, found.kind, Origin.TYPED)

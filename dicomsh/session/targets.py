"""TARGETs as far as a session knows them: where they lead, and what completes them. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice

from dicomsh.errors import NotThereError, UsageError
from dicomsh.language.candidate import Candidate
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import (
    MOST_COUNTED,
    NAMED,
    WORKLIST,
    PathStart,
    Place,
    about,
    ambiguous,
    quote_segment,
    read_segment,
    title_of,
)
from dicomsh.model.row import Row
from dicomsh.model.text_about import text_about
from dicomsh.regex import regex
from dicomsh.session.entity_index import EntityIndex, SeenEntity
from dicomsh.session.kept_answer import KeptAnswer
from dicomsh.session.state import Session

_ROW = regex(r"%?(\d{1,9})\Z", re.ASCII)
_RANGE = regex(r"(\d{1,9})-(\d{1,9})\Z", re.ASCII)
_PLAIN_ROW = regex(r"%(\d{1,9})\Z", re.ASCII)


def row_number(text: str) -> int | None:
    """The number if a TARGET may be a row, as `3` or `%3`; else None."""
    found = _ROW.match(text)
    return int(found[1]) if found else None


def rows_in(session: Session, text: str) -> list[str]:
    """The rows that a TARGET names, each as a TARGET: `3-5` is 3, 4 and 5 of the last listing.

    Any other TARGET is only itself. Of a range that goes beyond the listing, the first row that is
    not there is the last one.

    Raises:
        UsageError: it is also the unique key of an entity there.
    """
    found, last = _RANGE.match(text), session.last
    if found is None or last is None:
        return [text]
    first, end = int(found[1]), int(found[2])
    if not 1 <= first <= min(end, len(last.rows)):
        return [text]
    if session.seen.below(last.place, text):
        path = f"{last.place.path.rstrip('/')}/{text}"
        hint = f"name the rows one by one; {path} is the {last.level.word}"
        raise UsageError(f"'{text}' is a range of rows and a unique key", hint=hint)
    return [str(number) for number in range(first, min(end, len(last.rows) + 1) + 1)]


def start_of(session: Session, text: str) -> PathStart:
    """Where a path begins, and its segments.

    A row of an answer from several archives leads to its own archive, whichever is in use.

    Raises:
        UsageError: no modality is in use, or several are.
    """
    segments = [segment for segment in text.split("/") if segment not in ("", ".")]
    if not text.startswith("/"):
        row = _row_of_several(session, segments[0]) if segments else None
        if row is not None:
            return PathStart(*row, segments[1:], numbered=False)
        return PathStart(session.current(), session.place, segments, numbered=True)
    named = session.known(segments[0]) if segments else None
    if named is not None:
        return PathStart(named, Place(), segments[1:], numbered=False)
    return PathStart(session.current(), Place(), segments, numbered=False)


def _row_of_several(session: Session, segment: str) -> tuple[Modality, Place] | None:
    """The entity in a row of the last answer, if the row names its archive; else None.

    Raises:
        UsageError: it is also the unique key of an entity there, or the archive is not configured.
    """
    number, last = row_number(segment), session.last
    name = last.archive(number) if last is not None and number is not None else ""
    if last is None or number is None or not name:
        return None
    place, modality = _entity(last, number), session.known(name)
    if modality is None:
        raise UsageError(f"row {number} came from {name}, which is no longer a modality")
    if place is None:
        return None
    if not _on_the_way(last, session.place):
        raise _elsewhere_made(last, place, number)
    if _PLAIN_ROW.match(segment):
        return modality, place
    for held in last.by_modality():
        if session.seen_of(held).below(last.place, segment):
            hint = (
                f"%{number} is the row; /{quote_segment(held)}/{segment} is the {last.level.word}"
            )
            raise UsageError(f"'{segment}' is a row and a unique key", hint=hint)
    return modality, place


def whole_key(session: Session, text: str) -> Place | None:
    """An entity seen here whose whole unique key is the text, slashes included.

    None for text that begins with a slash: a peer must not choose where `cd /` leads.
    """
    slashed = "/" in text and not text.startswith("/")
    found = session.seen.below(session.place, text) if slashed else []
    return found[0].place if len(found) == 1 else None


def known_step(
    session: Session, modality: Modality, place: Place, segment: str, *, first: bool
) -> Place | None:
    """Where one segment of a path leads, as far as listed answers show; else None.

    Args:
        session: what is known.
        modality: the peer that the path is in.
        place: where the segment begins.
        segment: `..`, a row number, a unique key or its beginning.
        first: whether it is the first of the path, which may be a row of the last listing.

    Raises:
        NotThereError: it is a row that was not listed.
        UsageError: it may mean several entities, or a row of a list made elsewhere.
    """
    if segment == "..":
        return place.parent
    if _is_worklist(session, modality, place, segment):
        return WORKLIST
    if _PLAIN_ROW.match(segment):
        row = _row(session, place, segment, first=first)
        encoded = quote_segment(read_segment(segment)) == segment  # as %25 for the key %
        key = _step_by_key(session, modality, place, segment) if row is None and encoded else None
        if row or key:
            return row or key
        reason = no_row(session, place, segment, first=first)
        raise NotThereError(reason, hint="'ls' lists what is here")
    return _step_by_key(session, modality, place, segment, first=first)


def _is_worklist(session: Session, modality: Modality, place: Place, segment: str) -> bool:
    """Whether a segment means the worklist: at the root, unless a patient has that ID."""
    worklist = not place.steps and segment == WORKLIST.steps[0].key
    return worklist and not session.seen_of(modality.name).below(place, segment)


def no_row(session: Session, place: Place, segment: str, *, first: bool) -> str:
    """Why a segment that looks like a row number leads to no row; empty for any other.

    Args:
        session: what is known.
        place: where the segment begins.
        segment: as typed, out of the range of the list.
        first: whether it is the first of the path.
    """
    if not _ROW.match(segment):
        return ""
    kept = _list_for(session, place, first=first)
    none = f"no row {segment.lstrip('%')} was listed"
    return f"{none}: {'nothing has been listed yet' if kept is None else _length(kept)}"


def _length(kept: KeptAnswer) -> str:
    rows = f"{len(kept.rows):,} row{'' if len(kept.rows) == 1 else 's'}"
    has = "has" if kept.total == len(kept.rows) else "is kept up to"
    return f"the last list {has} {rows} ({kept.level.plural} in {kept.place.path})"


def _step_by_key(
    session: Session, modality: Modality, place: Place, segment: str, *, first: bool | None = None
) -> Place | None:
    """By exact key, else by row unless `first` is None, else by the beginning of a key."""
    seen, key = session.seen_of(modality.name), read_segment(segment)
    elsewhere = seen.deeper if _last_was_at(session, modality, place) else None
    exact = seen.below(place, key) + (elsewhere.exactly("", key) if elsewhere else [])
    if exact:
        return _only(exact, f"'{key}' is the unique key of several entities")
    if first is not None and _ROW.match(segment):
        row = _row(session, place, segment, first=first)
        if row is not None:
            return row
    begun = chain(seen.beginning(place, key), elsewhere.beginning("", key) if elsewhere else ())
    found = [entity for _, entity in islice(begun, MOST_COUNTED + 1)]
    return _only(found, f"several unique keys begin with '{key}'") if found else None


def _last_was_at(session: Session, modality: Modality, place: Place) -> bool:
    last = session.last
    return last is not None and last.modality == modality.name and last.place.same_entity(place)


def _row(session: Session, place: Place, segment: str, *, first: bool) -> Place | None:
    """The entity in a row of the last listing; deeper in a path, of the last one made there."""
    number = int(segment.lstrip("%"))
    kept = _list_for(session, place, first=first)
    entity = None if kept is None else _entity(kept, number)
    if kept is not None and entity is not None and not _on_the_way(kept, place):
        raise _elsewhere_made(kept, entity, number)
    return entity


def _elsewhere_made(kept: KeptAnswer, entity: Place, number: int) -> UsageError:
    return UsageError(
        f"row {number} belongs to a list made in {kept.place.path}",
        hint=f"'ls' lists what is here; the row is at {entity.path}",
    )


def _list_for(session: Session, place: Place, *, first: bool) -> KeptAnswer | None:
    """The list that row numbers refer to: the last; deeper in a path, the last one made there."""
    if first:
        return _last_listing(session)
    made = (kept for kept in session.answers() if kept.place.same_entity(place))
    return next((kept for kept in made if kept.level is place.next_level), None)


def listed_row(session: Session, text: str) -> tuple[KeptAnswer, Row] | None:
    """The row of the last listing that a TARGET names by number, with the listing; else None."""
    number, kept = row_number(text), _last_listing(session)
    if kept is None or number is None or not 1 <= number <= len(kept.rows):
        return None
    return kept, kept.rows[number - 1].compact()


def _on_the_way(kept: KeptAnswer, place: Place) -> bool:
    """Whether a list was made here, above or below: otherwise its rows belong to someone else."""
    pairs = zip(kept.place.steps, place.steps, strict=False)
    return all((one.key, one.issuer) == (other.key, other.issuer) for one, other in pairs)


def _entity(kept: KeptAnswer, number: int) -> Place | None:
    """The entity in a row; None when there is no such row."""
    place = kept.entity(number)
    if kept.level is Level.WORKLIST and 1 <= number <= len(kept.rows):
        raise UsageError(
            f"row {number} is a worklist item: nothing is below it",
            hint=f"show {number} shows all of it",
        )
    if place is None and 1 <= number <= len(kept.rows):
        raise UsageError(
            f"row {number} has no {kept.level.unique_keyword}:"
            " the server returned it empty, or not at all",
            hint="last --output vertical shows all it has",
        )
    return place


def _last_listing(session: Session) -> KeptAnswer | None:
    """The last listing, if it belongs to the current modality, or its rows name their archives."""
    last, current = session.last, session.modality
    if last is None or last.archive(1):
        return last
    return last if current and last.modality == current.name else None


def _only(entities: list[SeenEntity], trouble: str) -> Place:
    if len(entities) == 1:
        return entities[0].place
    raise ambiguous([entity.place for entity in entities[:NAMED]], trouble, len(entities))


_MOST = 60
"""Unique keys that are offered at once."""

_MOST_ROWS = 50
"""Row numbers that are offered at once."""

_RECENT = 500
"""Recently seen entities that are ranked before older ones."""


def completions(session: Session, typed: str) -> Iterator[Candidate]:
    """Completions of a TARGET from listed answers: rows, unique keys, segments of a path."""
    if "/" in typed:
        yield from _in_path(session, typed)
        return
    yield from _rows(session, typed)
    if session.modality is None:
        return
    last = session.last
    if last is not None and _last_was_at(session, session.modality, session.place):
        deeper = islice(session.seen.deeper.beginning("", typed), _MOST)
        yield from (_offer(_as_segment(key), entity, 0) for key, entity in deeper)
    yield from _keys(session, session.seen, session.place, typed, 0)
    if session.place.steps:
        yield Candidate("..", "one level up")
    elif typed:  # Tab would fill it in by itself as long as nothing has been listed
        yield Candidate(WORKLIST.steps[0].key, "scheduled procedure steps")


def modality_names(session: Session) -> Iterator[Candidate]:
    """Configured modalities with AE title and address."""
    for name, modality in session.config.modalities.items():
        yield Candidate(name, str(modality.address))


def _in_path(session: Session, typed: str) -> Iterator[Candidate]:
    at = typed.rindex("/") + 1
    if at == 1:
        for made in modality_names(session):
            yield Candidate(f"{made.text}/", made.meta, at)
    there = known_place(session, typed[:at])
    if there is not None:
        modality, place = there
        yield from _keys(session, session.seen_of(modality.name), place, typed[at:], at)


def known_place(session: Session, path: str) -> tuple[Modality, Place] | None:
    """Where a path leads, without a query; None if listed answers do not show it."""
    try:
        modality, place, segments, numbered = start_of(session, path)
    except UsageError:
        return None
    for index, segment in enumerate(segments):
        first = index == 0 and numbered
        try:
            step = known_step(session, modality, place, segment, first=first)
        except (NotThereError, UsageError):
            return None
        if step is None:
            return None
        place = step
    return modality, place


def _keys(
    session: Session, seen: EntityIndex, place: Place, typed: str, at: int
) -> Iterator[Candidate]:
    """Unique keys below a place, recent ones before older ones."""
    start = read_segment(typed)
    found: dict[str, SeenEntity] = {}
    for key, entity in seen.recent(place, "" if session.settings.fuzzy else start, _RECENT):
        if start.lower() in key.lower():
            found.setdefault(key, entity)
    # the index is case-sensitive: besides the text as typed, the two usual spellings are tried
    for spelt in dict.fromkeys((start, start.upper(), start.lower())):
        for key, entity in islice(seen.beginning(place, spelt), _MOST):
            found.setdefault(key, entity)
    for key, entity in islice(found.items(), _MOST):
        yield _offer(_as_segment(key), entity, at)


_MEANS_SOMETHING = regex("^[-+]|=")


def _as_segment(key: str) -> str:
    """A unique key as a segment that is read neither as an option nor as a key of a query."""
    return _MEANS_SOMETHING.sub(lambda found: f"%{ord(found[0]):02X}", quote_segment(key))


def _offer(text: str, entity: SeenEntity, at: int) -> Candidate:
    return Candidate(text, partial(_told, entity), at)


def _told(entity: SeenEntity) -> str:
    return text_about(entity.row.compact(), partial(about, level=entity.level))


def _rows(session: Session, typed: str) -> Iterator[Candidate]:
    """Row numbers of the last listing; `%1` is offered where 1 is a unique key."""
    last, plain = _last_listing(session), typed.removeprefix("%")
    if last is None or (typed and not _ROW.match(f"%{plain or 1}")):
        return
    for number in islice(_numbers(plain, len(last.rows)), _MOST_ROWS):
        sign = (
            "%" if typed.startswith("%") or session.seen.below(session.place, str(number)) else ""
        )
        yield Candidate(f"{sign}{number}", partial(_row_told, last, number))


def _numbers(begin: str, most: int) -> Iterable[int]:
    """Numbers from 1 to `most` whose digits begin like this."""
    if not begin:
        yield from range(1, most + 1)
        return
    low, width = int(begin), 1
    while begin[0] != "0" and low * width <= most:
        yield from range(low * width, min((low + 1) * width, most + 1))
        width *= 10


def _row_told(kept: KeptAnswer, number: int) -> str:
    return text_about(kept.rows[number - 1].compact(), partial(title_of, level=kept.level))

"""A place in the Patient → Study → Series → Instance hierarchy, and paths to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.late import LateModule
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, PATIENT_NAME, by_keyword, path_of
from dicomsh.model.level_keys import LEVEL_KEYS
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.row import Row, text_at
from dicomsh.regex import regex

if TYPE_CHECKING:
    from dicomsh.model import batches
else:
    batches = LateModule("dicomsh.model.batches")


@frozen
class PlaceStep:
    """One entity on the way to a place.

    Args:
        level: its level.
        key: value of its unique key.
        label: its name for people.
        issuer: Issuer of Patient ID, only if the PatientID alone is not unique.
    """

    level: Level
    key: str
    label: str = ""
    issuer: str = ""


@frozen
class Place:
    """Where in the hierarchy; the root has no steps.

    The top step may be missing: a server need not return the PatientID of a study.
    """

    steps: tuple[PlaceStep, ...] = ()

    @property
    def level(self) -> Level | None:
        """Level of the entity that this is, or None at the root."""
        return self.steps[-1].level if self.steps else None

    @property
    def next_level(self) -> Level:
        """The level one below; for instances and the worklist, which have none, their own."""
        return (self.level.below or self.level) if self.level else Level.PATIENT

    @property
    def parent(self) -> Place:
        """One step up; the root is its own parent."""
        return Place(self.steps[:-1])

    def step(self, level: Level) -> PlaceStep | None:
        """The step at a level, or None."""
        return next((step for step in self.steps if step.level is level), None)

    def above(self, level: Level) -> Place:
        """The part of the place above a level; above a worklist, just the patient.

        What is scheduled belongs to a patient, and has no study or series yet.
        """
        top = Level.STUDY if level is Level.WORKLIST else level
        return Place(tuple(step for step in self.steps if step.level.value < top.value))

    def down(self, step: PlaceStep) -> Place:
        """The place one entity further down; steps at or below its level are dropped."""
        return Place((*self.above(step.level).steps, step))

    @property
    def path(self) -> str:
        """Unique keys joined by `/`, starting with `/`; just `/` at the root."""
        return "/" + "/".join(quote_segment(step.key) for step in self.steps)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names for people of the entities on the way."""
        return tuple(step.label or step.key for step in self.steps)

    def same_entity(self, other: Place) -> bool:
        """Whether both are the same entities, whatever their labels."""
        return [(s.key, s.issuer) for s in self.steps] == [(s.key, s.issuer) for s in other.steps]


class PathStart(NamedTuple):
    """Where a path begins.

    Attributes:
        modality: the modality that it leads into.
        place: where its first segment begins.
        segments: what is still to go.
        numbered: whether the first of them may be a row of the last listing.
    """

    modality: Modality
    place: Place
    segments: list[str]
    numbered: bool


def quote_segment(key: str) -> str:
    """A unique key as one segment of a path: `%`, `/` and a lone `.` or `..` percent-encoded."""
    if key in (".", ".."):
        return key.replace(".", "%2E")
    return key.replace("%", "%25").replace("/", "%2F")


def read_segment(segment: str) -> str:
    """The unique key that a segment of a path means."""
    return unquote(segment)


WORKLIST = Place((PlaceStep(Level.WORKLIST, "worklist"),))
"""The place of the worklist, `/worklist`."""


def place_of(row: Row, level: Level, around: Place) -> Place | None:
    """The place of an entity in an answer; None if its unique key is missing or empty.

    The items of a worklist have no place.

    Args:
        row: the answer.
        level: the level of the query.
        around: the place of the query; its steps are kept, others are taken from the row.
    """
    key = row.text(by_keyword(level.unique_keyword).tag)
    if not key or level is Level.WORKLIST:
        return None
    return parent_of(row, level, around).down(PlaceStep(level, key, label_of(row, level)))


async def places_of(rows: list[Row], level: Level, around: Place) -> list[Place | None]:
    """The place of each entity in an answer, as `place_of`; made in turns.

    Patients that share a PatientID are told apart by its issuer: PatientID alone is not unique
    (PS3.3 C.7.1.1), and below one of them a server would return the studies of all.
    """
    places = await batches.worked(lambda row: place_of(row, level, around), rows)
    if level is not Level.PATIENT:
        return places
    found = [(place, row) for place, row in zip(places, rows, strict=True) if place is not None]
    ids = Counter((row.archive, place.steps[-1].key) for place, row in found)
    return [
        with_issuer(place, row.text(ISSUER_OF_PATIENT_ID) or "")
        if place is not None and ids[row.archive, place.steps[-1].key] > 1
        else place
        for place, row in zip(places, rows, strict=True)
    ]


def each_once(placed: Iterable[tuple[Place, Row]]) -> list[tuple[Place, Row]]:
    """Each entity once: rows with the same unique keys are one, whatever else differs.

    Some servers answer an entity once for each of its instances (pynetdicom's qrscp). Patients who
    share an ID but not their name stay apart: they may be two people.
    """
    found: dict[object, tuple[Place, Row]] = {}
    for place, row in placed:
        keys = (row.archive, *((step.level, step.key, step.issuer) for step in place.steps))
        name = row.text(PATIENT_NAME) if place.level is Level.PATIENT else None
        found.setdefault((keys, name), (place, row))
    return list(found.values())


def parent_of(row: Row, level: Level, around: Place) -> Place:
    """The place that an entity in an answer is in; the arguments are those of `place_of`."""
    steps = []
    for ancestor in level.ancestors:
        step = around.step(ancestor)
        if step is None:
            value = row.text(by_keyword(ancestor.unique_keyword).tag)
            step = PlaceStep(ancestor, value) if value else None
        if step is not None:
            steps.append(step)
    return Place(tuple(steps))


def with_issuer(patient: Place, issuer: str) -> Place:
    """A patient whose PatientID is not unique, identified by its issuer."""
    return Place((*patient.steps[:-1], replace(patient.steps[-1], issuer=issuer)))


def about(row: Row, level: Level) -> str:
    """What distinguishes an entity for a reader who also sees its unique key."""
    texts = (text_at(row, path_of(name)) for name in LEVEL_KEYS[level].title)
    unique = row.text(by_keyword(level.unique_keyword).tag)
    return "  ".join(_readable(text) for text in texts if text and text != unique)


_COUNT = regex(r"[0-9]{1,12}\Z")


def title_of(row: Row, level: Level) -> str:
    """One line about an entity; its unique key if the answer has nothing else."""
    texts = [text_at(row, path_of(name)) for name in LEVEL_KEYS[level].title]
    title = "  ".join(_readable(text) for text in texts if text)
    return title or row.text(by_keyword(level.unique_keyword).tag) or ""


def count_below(row: Row, level: Level) -> str | None:
    """How many entities are one level below, in words; None if the answer does not say."""
    keyword, below = LEVEL_KEYS[level].counter, level.below
    if keyword is None or below is None:
        return None
    text = row.text(by_keyword(keyword).tag)
    return below.counted(int(text)) if text and _COUNT.match(text) else None


def label_of(row: Row, level: Level) -> str:
    """An entity's name for people: patient ID; date and description; number and modality; number.

    Empty if the answer has none of that.
    """
    texts = (text_at(row, path_of(name)) for name in LEVEL_KEYS[level].label)
    return " ".join(_readable(text) for text in texts if text)


def place_among_siblings(row: Row, level: Level) -> tuple[int, str]:
    """The sort key of an entity: studies by date and time, series and instances by number."""
    texts = [row.text(by_keyword(word).tag) or "" for word in LEVEL_KEYS[level].order]
    # as text, '10' comes before '9', and an IS may be written '+4' (PS3.5 6.2)
    number = int(texts[0]) if level.value >= Level.SERIES.value and _is_int(texts[0]) else 0
    return number, "\0".join(texts)


def _is_int(text: str) -> bool:
    return len(text) <= _LONGEST_NUMBER and _NUMBER.match(text) is not None


_LONGEST_NUMBER = 64
_NUMBER = regex(r"[+-]?[0-9]+\Z")


def _readable(text: str) -> str:
    if len(text) == 8 and text.isdigit() and text[:2] in ("19", "20"):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text


NAMED = 8
"""Places named in the message about an ambiguous word."""

MOST_COUNTED = 1000
"""Places that are counted if a word is ambiguous."""


def ambiguous(places: list[Place], trouble: str, number: int | None = None) -> UsageError:
    """The error for a word that may mean several places; `number` of them in all."""
    shown = ", ".join(_candidate(place) for place in places[:NAMED])
    left = (number or len(places)) - NAMED
    over = "more than " if left > MOST_COUNTED - NAMED else ""
    more = f" and {over}{min(left, MOST_COUNTED - NAMED)} more" if left > 0 else ""
    return UsageError(f"{trouble}: {shown}{more}", hint="type more of it, or the row number, as %1")


def _candidate(place: Place) -> str:
    step = place.steps[-1]
    if step.issuer:
        return f"{step.key} (issuer {step.issuer})"
    return step.key if step.label in ("", step.key) else f"{step.key} ({step.label})"

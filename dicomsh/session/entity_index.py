"""What was seen in the answers of one modality: entities by place, values by attribute. No I/O.

Answers are handed in when they have ended and indexed later, some rows at a time: a long answer is
written to its file at full speed, and Tab need not search all of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from dicomsh.frozen import frozen
from dicomsh.model.charset import Decode
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, PATIENT_ID, by_keyword, by_tag
from dicomsh.model.levels import Level
from dicomsh.model.ordered import OrderedStrings
from dicomsh.model.place import Place, PlaceStep, parent_of, place_of, with_issuer
from dicomsh.model.row import Row
from dicomsh.model.vr import TEXT_VRS

MOST_ENTITIES = 200_000
"""Entities of one level that are remembered; the one seen longest ago is dropped first."""

MOST_VALUES = 300
"""Values of one attribute that are remembered."""

_LONGEST_VALUE = 128
"""Longer values, in bytes, are useless for completion."""


@frozen
class SeenEntity:
    """An entity in an answer.

    Args:
        row: the answer's row.
        level: the level of the query.
        around: the place of the query.
        issuer: Issuer of Patient ID, if other patients in the answer have the same ID.
    """

    row: Row
    level: Level
    around: Place
    issuer: str = ""

    @property
    def place(self) -> Place:
        """Its place."""
        place = place_of(self.row.compact(), self.level, self.around)
        assert place is not None
        return with_issuer(place, self.issuer) if self.issuer else place


class Entities:
    """Entities of one level by place and unique key, the most recently seen last."""

    def __init__(self) -> None:
        self._entities: dict[str, SeenEntity] = {}
        self._order = OrderedStrings()

    def put(self, path: str, key: str, entity: SeenEntity) -> None:
        """Remember an entity below the place of a path, replacing what was known about it."""
        name = f"{path}{_BELOW}{key}{_ISSUER}{entity.issuer}"
        # a dict keeps the order of insertion: an entity inserted again counts as seen last
        if self._entities.pop(name, None) is None:
            self._order.add(name)
        self._entities[name] = entity
        if len(self._entities) > MOST_ENTITIES:
            oldest = next(iter(self._entities))
            del self._entities[oldest]
            self._order.remove(oldest)

    def exactly(self, path: str, key: str) -> list[SeenEntity]:
        """Those below a place with that unique key: one, or one for each issuer."""
        names = self._order.beginning(f"{path}{_BELOW}{key}{_ISSUER}")
        return [self._entities[name] for name in names]

    def beginning(self, path: str, start: str) -> Iterator[tuple[str, SeenEntity]]:
        """Those below a place whose unique key begins with `start`, with that key, in order."""
        if start.isprintable():  # else it could hold the separators and reach other places
            for name in self._order.beginning(f"{path}{_BELOW}{start}"):
                yield _key_of(name), self._entities[name]

    def recent(self, path: str, start: str, among: int) -> Iterator[tuple[str, SeenEntity]]:
        """As `beginning`, the latest first, but only `among` the last ones seen anywhere."""
        prefix = f"{path}{_BELOW}{start}"
        for name in islice(reversed(self._entities), among):
            if name.startswith(prefix) and start.isprintable():
                yield _key_of(name), self._entities[name]


_BELOW, _ISSUER = "\x00", "\x01"
"""Separators before a unique key and before its issuer in the name of an entity; a key that is
looked up never contains them."""


def path_of(steps: Sequence[PlaceStep]) -> str:
    """The unique keys of a place as one string; the names of all entities below begin with it."""
    return "".join(f"{_BELOW}{step.key}{_ISSUER}{step.issuer}" for step in steps)


def _key_of(name: str) -> str:
    return name[name.rindex(_BELOW) + 1 : name.rindex(_ISSUER)]


@frozen
class _ListedRows:
    """Rows to be indexed; `deeper` takes the entities of a listing that are further down."""

    rows: Sequence[Row]
    level: Level
    around: Place
    deeper: Entities | None


class EntityIndex:
    """What was seen in the answers of one modality."""

    def __init__(self) -> None:
        self._coming: deque[Iterator[None]] = deque()
        self._entities = {level: Entities() for level in Level}
        self._deeper = Entities()
        self._values: defaultdict[int, dict[bytes, Decode]] = defaultdict(dict)

    def feed(self, rows: Sequence[Row], level: Level, around: Place) -> None:
        """Hand in the rows of an answer that was listed, to be indexed by `learn`."""
        self._coming.append(self._looking(_ListedRows(rows, level, around, Entities())))

    def note(self, rows: Sequence[Row], level: Level, around: Place) -> None:
        """Hand in rows that were not listed: they add entities that are not known yet."""
        self._coming.append(self._looking(_ListedRows(rows, level, around, None)))

    def learn(self, rows: int | None = None) -> bool:
        """Index that many rows, or all of them; returns whether any are left."""
        while self._coming and rows != 0:
            if next(self._coming[0], True):
                self._coming.popleft()
            elif rows is not None:
                rows -= 1
        return bool(self._coming)

    def below(self, place: Place, key: str) -> list[SeenEntity]:
        """Entities one level below a place with exactly that unique key."""
        return self._entities[place.next_level].exactly(path_of(place.steps), key)

    def beginning(self, place: Place, start: str) -> Iterator[tuple[str, SeenEntity]]:
        """Entities one level below a place whose unique key begins with `start`."""
        return self._entities[place.next_level].beginning(path_of(place.steps), start)

    def recent(self, place: Place, start: str, among: int) -> Iterator[tuple[str, SeenEntity]]:
        """As `beginning`, the latest first, but only `among` the last ones seen anywhere."""
        return self._entities[place.next_level].recent(path_of(place.steps), start, among)

    @property
    def deeper(self) -> Entities:
        """Entities of the last answer that are more than one level below the place of the query.

        They are stored under the empty path.
        """
        return self._deeper

    def values(self, tag: int) -> Iterator[str]:
        """Text values, the latest first; multiple values of one entity are returned separately."""
        if by_tag(tag).vr not in TEXT_VRS:
            return
        for raw, decode in reversed(self._values.get(tag, {}).items()):
            yield from (value.strip(" \0") for value in decode(raw).split("\\"))

    def _looking(self, answer: _ListedRows) -> Iterator[None]:
        """Index rows one by one, in reverse order, so that the first row counts as the latest."""
        shared: Counter[str | None] = Counter()
        if answer.level is Level.PATIENT:
            for row in answer.rows:
                shared[row.compact().text(PATIENT_ID)] += 1
                yield
        self._deeper = answer.deeper or self._deeper
        for row in reversed(answer.rows):
            self._look(row, answer, shared)
            yield

    def _look(self, row: Row, answer: _ListedRows, shared: Counter[str | None]) -> None:
        opened, level, around = row.compact(), answer.level, answer.around
        self._keep(opened.elements, opened.decode)
        key = opened.text(by_keyword(level.unique_keyword).tag)
        # a PatientID is unique only for its issuer (PS3.3 C.7.1.1)
        issuer = opened.text(ISSUER_OF_PATIENT_ID) or "" if shared[key] > 1 else ""
        if not key or not (key + issuer).isprintable():
            return
        parent = parent_of(opened, level, around)
        path, entity = path_of(parent.steps), SeenEntity(row, level, around, issuer)
        if answer.deeper is not None or not self._entities[level].exactly(path, key):
            self._entities[level].put(path, key, entity)
        if answer.deeper is not None and not parent.same_entity(around):
            answer.deeper.put("", key, entity)

    def _keep(self, elements: Mapping[int, bytes], decode: Decode) -> None:
        for tag, raw in elements.items():
            if 0 < len(raw) <= _LONGEST_VALUE:
                held = self._values[tag]
                held.pop(raw, None)
                held[raw] = decode
                if len(held) > MOST_VALUES:
                    del held[next(iter(held))]

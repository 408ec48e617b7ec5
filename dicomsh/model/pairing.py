"""The entities of two archives paired by unique key, as their rows arrive. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from dicomsh.errors import DicomshError
from dicomsh.frozen import frozen
from dicomsh.model.comparison import Pair, Where, key_of
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, PATIENT_ID, by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.place import Place, place_among_siblings, place_of, with_issuer
from dicomsh.model.row import Row


@frozen
class Common:
    """An entity that both archives have.

    Args:
        level: its level.
        rows: its row in each.
        places: where it is in each.
    """

    level: Level
    rows: tuple[Row, Row]
    places: tuple[Place, Place]


def both_rows(pair: Pair) -> tuple[Row, Row]:
    """The rows of an entity that both have."""
    assert pair.first is not None
    assert pair.second is not None
    return pair.first, pair.second


Keeps = Callable[[Row, Row], bool]
"""Whether the two rows of an entity that both have are needed later."""

_MOST_KEYS, _MOST_BYTES = 2_000_000, 1 << 27
"""Entities that are paired, and bytes of rows that wait for a counterpart: peers decide on both."""


class Pairing:
    """Pairs the rows of two archives by their unique key.

    Of an entity that both have, only the key is kept; a row only until its counterpart comes. So
    memory holds the keys of all entities, and the rows of those that differ.

    Args:
        level: the level of the rows.
        keeps: chooses the pairs that are kept.

    Attributes:
        nameless: for each archive, how many rows had no unique key and were left out.
    """

    def __init__(self, level: Level, keeps: Keeps) -> None:
        self._level = level
        self._unique = by_keyword(level.unique_keyword).tag
        self._issuers: dict[str, set[str]] = {}
        self._bytes = 0
        self._keeps = keeps
        self._alone: tuple[dict[str, Row], dict[str, Row]] = ({}, {})
        self._both: set[str] = set()
        self._kept: list[tuple[Row, Row]] = []
        self._again: tuple[dict[str, Row], dict[str, Row]] = ({}, {})
        self._repeats: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._excused: tuple[set[str], set[str]] = (set(), set())
        self.nameless = [0, 0]

    def add(self, side: int, rows: Sequence[Row]) -> None:
        """Take rows of the first archive (0) or the second (1).

        Raises:
            DicomshError: there are more of them than memory should hold.
        """
        for row in rows:
            self._add(side, row)
        held = self.both + sum(map(len, self._alone))
        if held > _MOST_KEYS or self._bytes > _MOST_BYTES:
            plural = self._level.plural
            hint = "compare them in parts: diff A B date=2024"
            raise DicomshError(f"more than {held - len(rows):,} {plural} to compare", hint=hint)

    def _add(self, side: int, row: Row) -> None:
        if not row.text(self._unique):
            self.nameless[side] += 1
            return
        key = key_of(row, self._level)
        if self._level is Level.PATIENT:
            self._issuers.setdefault(row.text(PATIENT_ID) or "", set()).add(key)
        if key in self._both or key in self._alone[side]:
            self._repeat(side, key, row)
        elif key in self._alone[1 - side]:
            self._match(side, key, row)
        else:
            self._bytes += len(row.data)
            self._alone[side][key] = row.compact()

    def common(self, pair: Pair, around: tuple[Place, Place]) -> Common:
        """The entity of a pair of rows, found inside of a place in each archive."""
        rows = both_rows(pair)
        first, second = (self._place(row, place) for row, place in zip(rows, around, strict=True))
        return Common(self._level, rows, (first, second))

    def _place(self, row: Row, around: Place) -> Place:
        """Where an entity is; patients who share a PatientID are told apart by its issuer."""
        place = place_of(row, self._level, around)
        assert place is not None  # only rows with a unique key are paired
        shared = len(self._issuers.get(row.text(PATIENT_ID) or "", ())) > 1
        return with_issuer(place, row.text(ISSUER_OF_PATIENT_ID) or "") if shared else place

    def _match(self, side: int, key: str, row: Row) -> None:
        """A row meets its counterpart."""
        other = self._alone[1 - side].pop(key)
        self._bytes -= len(other.data)
        self._both.add(key)
        first, second = (row, other) if side == 0 else (other, row)
        if self._keeps(first, second):
            self._bytes += len(first.data) + len(second.data)
            self._kept.append((first.compact(), second.compact()))

    def _repeat(self, side: int, key: str, row: Row) -> None:
        if key in self._excused[side]:
            self._excused[side].discard(key)
            return
        self._repeats[side][key] += 1
        self._again[side].setdefault(key, row.compact())

    def ask_again(self, side: int) -> None:
        """An archive is asked again: what it has given will come once more."""
        self._excused[side].update(self._alone[side], self._both)

    def conclude(self) -> None:
        """All rows are there: pair patients of which one archive does not say the issuer."""
        if self._level is Level.PATIENT:
            for side in (0, 1):
                self._pair_without_issuer(side)
        self._kept.sort(key=lambda rows: self._order(rows[0]))

    def _pair_without_issuer(self, side: int) -> None:
        """Pair the patients without an issuer with those of the other archive that have one."""
        bare, named = self._alone[side], self._alone[1 - side]
        by_id: dict[str, list[str]] = {}
        for key, row in named.items():
            by_id.setdefault(row.text(PATIENT_ID) or "", []).append(key)
        for key in [key for key in bare if len(by_id.get(key, ())) == 1]:
            (same,) = by_id[key]
            named[key] = named.pop(same)
            self._match(side, key, bare.pop(key))

    @property
    def both(self) -> int:
        """How many entities both have."""
        return len(self._both)

    @property
    def read(self) -> tuple[int, int]:
        """How many entities of each have been read."""
        first, second = (len(alone) + self.both for alone in self._alone)
        return first, second

    @property
    def kept(self) -> int:
        """How many pairs are kept."""
        return len(self._kept)

    def pairs(self) -> Iterator[Pair]:
        """The pairs that are kept, in the order of siblings."""
        for first, second in self._kept:
            yield Pair(first.compact(), second.compact(), Where.BOTH)

    def only(self, side: int) -> int:
        """How many entities only one has."""
        return len(self._alone[side])

    def only_in(self, side: int) -> Iterator[Pair]:
        """Those that only one has, in the order of siblings."""
        return self._lone(side, self._alone[side].values(), Where.ONE)

    def repeated_in(self, side: int) -> Iterator[Pair]:
        """Those that one repeats more often than the other."""
        more = self._repeats[side] - self._repeats[1 - side]
        return self._lone(side, [self._again[side][key] for key in more], Where.MORE)

    def repeated(self, side: int) -> int:
        """How many entities one repeats more often than the other."""
        return len(self._repeats[side] - self._repeats[1 - side])

    def _lone(self, side: int, rows: Iterable[Row], where: Where) -> Iterator[Pair]:
        for held in sorted(rows, key=self._order):
            row = held.compact()
            yield Pair(row, None, where) if side == 0 else Pair(None, row, where)

    def _order(self, row: Row) -> tuple[int, str]:
        # a row that is read keeps the index of its elements, which takes five times its memory
        return place_among_siblings(row.compact(), self._level)

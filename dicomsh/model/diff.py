"""What a comparison of two archives is about, and what it finds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dicomsh.frozen import field, frozen, replace, slotted
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import AttributeColumn
from dicomsh.model.comparison import Pair, Where, text_of
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, by_keyword, by_tag
from dicomsh.model.level_keys import LEVEL_KEYS, counters, level_of
from dicomsh.model.levels import Level
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import QueryKey
from dicomsh.model.row import Row

SIDES = (0, 1)
"""The two archives."""


@frozen
class Wanted:
    """What is compared.

    Args:
        request: the level where it begins, the place, and the keys that were typed.
        depth: the lowest level that is compared.
        counts: whether the numbers of entities below are compared, too.
    """

    request: Request
    depth: Level
    counts: bool = False

    @property
    def top(self) -> Level:
        """The level where it begins."""
        return self.request.level

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that are compared, from the top down."""
        return tuple(map(Level, range(self.top.value, self.depth.value + 1)))

    def at(self, level: Level, place: Place) -> Request:
        """The request for what is at a level in a place."""
        matched = [key for key in self.request.keys if key.value and level is self.top]
        counted = map(return_key, counters(level).values() if self.counts else ())
        keys = (*matched, *self._attributes(level), *counted)
        return Request(level, place, keys, returned=_shown(level, place))

    def _attributes(self, level: Level) -> list[QueryKey]:
        """The attributes to compare at a level: those that belong there."""
        return [key for key in self.request.keys if not key.value and self._level(key) is level]

    def _level(self, key: QueryKey) -> Level:
        own = level_of(key.keyword)
        return own if own in self.levels and own is not None else self.top

    def compared(self, level: Level) -> tuple[AttributeColumn, ...]:
        """The columns of the attributes to compare at a level."""
        words = {key.keyword for key in self._attributes(level)}
        columns = self.at(level, Place()).columns()
        return tuple(column for column in columns if column.keyword in words)


def _shown(level: Level, place: Place) -> tuple[str, ...]:
    """What is requested to show an entity: its keys, and a title; nothing that costs time."""
    above = [one.unique_keyword for one in level.ancestors if place.step(one) is None]
    title = [word for word in LEVEL_KEYS[level].title if word != "ModalitiesInStudy"]
    issuer = [by_tag(ISSUER_OF_PATIENT_ID).keyword] if level is Level.PATIENT else []
    return tuple(dict.fromkeys((*above, *title, *issuer, level.unique_keyword)))


Counts = tuple[str, int | None, int | None]
"""Keyword of a number of entities below, and what it is in each archive; None if not known."""


def counts_in(level: Level, rows: tuple[Row, Row]) -> list[Counts]:
    """The numbers of entities below, as far as the rows of an entity have them."""
    first, second = rows
    words = counters(level).values()
    return [(word, number_in(first, word), number_in(second, word)) for word in words]


def number_in(row: Row, keyword: str) -> int | None:
    """A number that a row has; None if it has none that can be read."""
    text = row.text(by_keyword(keyword).tag) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def are_known(counts: Sequence[Counts]) -> bool:
    """Whether both archives have given all numbers."""
    return all(first is not None and second is not None for _, first, second in counts)


@frozen
class Finding:
    """A difference between the archives.

    Args:
        level: the level of the entity.
        pair: its rows.
        place: the entity.
        columns: the attributes that differ.
        counts: the numbers that differ.
    """

    level: Level
    pair: Pair
    place: Place | None
    columns: tuple[AttributeColumn, ...] = ()
    counts: tuple[Counts, ...] = ()

    def is_only_in(self, side: int) -> bool:
        """Whether only that archive has the entity."""
        other = self.pair.second if side == 0 else self.pair.first
        return other is None and self.pair.where is Where.ONE


@slotted
class Tally:
    """What was found at a level; of two numbers, one is for each archive.

    Args:
        both: entities in both.
        only: entities in one alone.
        repeated: entities that one repeats more often.
        counts: entities of which a number differs.
        values: entities of which an attribute differs.
        nameless: rows without a unique key.
        unsure: rows of an archive that were not compared: its number, that of the archive whose
            answer is the reason, and whether that is in doubt rather than incomplete.
    """

    both: int = 0
    only: list[int] = field(default_factory=lambda: [0, 0])
    repeated: list[int] = field(default_factory=lambda: [0, 0])
    counts: int = 0
    values: int = 0
    nameless: list[int] = field(default_factory=lambda: [0, 0])
    unsure: Counter[tuple[int, int, bool]] = field(default_factory=Counter)

    def found(self, names: Sequence[str], wanted: Wanted, level: Level, *, whole: bool) -> Note:
        """The note that counts what was found.

        Args:
            names: those of the archives.
            wanted: what is compared.
            level: the level.
            whole: whether all has been compared.
        """
        title = level.plural if len(wanted.levels) > 1 else ""
        numbers = (f"{number:,}" for number in (*self.only, *self.repeated))
        counts = f"{self.counts:,}" if wanted.counts and counters(level) else ""
        values = f"{self.values:,}" if wanted.compared(level) else ""
        # of the first level, the keys have all been compared when anything is found
        keys_alone = level is wanted.top and not counts and not values
        open_ = () if whole or keys_alone else ("open",)
        about = (title, *names, *numbers, counts, values, *open_)
        return note(NoteKind.DIFFERENCES, *about, count=self.both)

    @property
    def is_empty(self) -> bool:
        """Whether neither archive has returned anything."""
        return not (self.both or any(self.only) or any(self.nameless) or self.unsure)

    def not_compared(self, names: Sequence[str], level: Level) -> Iterator[Note]:
        """Notes on what was not compared."""
        for (side, other, doubt), number in self.unsure.items():
            kind = NoteKind.NOT_CERTAIN if doubt else NoteKind.NOT_COMPARED
            yield note(kind, level.counted(number), names[side], names[other], count=number)
        for side in SIDES:
            if self.nameless[side]:
                about = names[side], level.unique_keyword
                yield note(NoteKind.KEYLESS, *about, count=self.nameless[side])


def is_whole(outcome: Outcome) -> bool:
    """Whether what an answer lacks is not there, and what it has was asked for."""
    return outcome.ending is Ending.COMPLETE and not outcome.doubtful


def reason_unsure(side: int, outcomes: Sequence[Outcome]) -> tuple[int, bool] | None:
    """Why what one archive has, and the other has not, may be in both.

    Returns:
        The archive whose answer is the reason, and whether that is in doubt rather than
        incomplete; None if it is certain that only one has it.
    """
    other = 1 - side
    if not is_whole(outcomes[other]):
        return other, outcomes[other].ending is Ending.COMPLETE
    return (side, True) if outcomes[side].doubtful else None


_MOST_PUT_OFF = 1_000
"""Findings that wait until it is known whether both archives return an attribute."""


class Returned:
    """Which attributes each archive returns at all: a server need not (PS3.4 C.2.2.1).

    If one has returned an attribute for no row so far, entities may be equal in it: a finding waits
    until a row has a value. If that takes long, the attribute is given up.

    Args:
        compared: the attributes of each level.
    """

    def __init__(self, compared: dict[Level, tuple[AttributeColumn, ...]]) -> None:
        self._compared = compared
        self._seen: set[tuple[Level, str, int]] = set()
        self._doubted: set[tuple[Level, str]] = set()
        self._given_up: set[tuple[Level, str]] = set()
        self._put_off: list[Finding] = []

    def notice(self, level: Level, side: int, rows: Sequence[Row]) -> None:
        """Look at rows of one archive."""
        for column in self._compared[level]:
            key = level, column.keyword
            settled = (*key, side) in self._seen or key in self._given_up
            if not settled and any(text_of(row, column) for row in rows):
                self._seen.add((*key, side))

    def certain(self, finding: Finding) -> Finding:
        """The finding with the attributes alone that both return; the others are put off."""
        columns = [c for c in finding.columns if not self._missing(finding.level, c.keyword)]
        others = [column for column in finding.columns if column not in columns]
        self._doubted.update((finding.level, column.keyword) for column in others)
        waiting = [c for c in others if (finding.level, c.keyword) not in self._given_up]
        if waiting:
            self._put_off.append(replace(finding, columns=tuple(waiting)))
        if len(self._put_off) > _MOST_PUT_OFF:
            self._give_up()
        return replace(finding, columns=tuple(columns))

    def _give_up(self) -> None:
        """Wait no longer for what is still missing; what both have returned by now is kept."""
        self._given_up = {key for key in self._doubted if self._missing(*key)}
        self._put_off = self.late()

    def late(self) -> list[Finding]:
        """The findings that were put off, of attributes that both have returned since then."""
        waiting, self._put_off = self._put_off, []
        return [finding for finding in map(self.certain, waiting) if finding.columns]

    def _missing(self, level: Level, keyword: str) -> list[int]:
        """The archives that have returned an attribute for no row."""
        return [side for side in SIDES if (level, keyword, side) not in self._seen]

    def not_compared(self, names: Sequence[str]) -> Iterator[Note]:
        """Notes on the attributes that were not compared."""
        for level, keyword in sorted(self._doubted, key=lambda one: (one[0].value, one[1])):
            for side in self._missing(level, keyword):
                yield note(NoteKind.VALUES_NOT_COMPARED, keyword, names[side])

"""Rows of several answers combined: each entity once, up to a limit. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, PATIENT_ID, Attribute, by_keyword, path_of
from dicomsh.model.level_keys import inside
from dicomsh.model.levels import Level
from dicomsh.model.row import Row, items_at


class Dedup:
    """Lets each entity through once.

    Rows without a unique key cannot be told apart and are all let through; rows of two patients
    are never the same entity, even with the same UID (Orthanc issue 131).

    Args:
        level: the level of the rows.
        limit: maximum number of rows to let through, or None.

    Attributes:
        rows: how many were let through.
        repeated: how many were omitted because an earlier answer had them.
        stopped: whether there was a row beyond the limit.
    """

    def __init__(self, level: Level, limit: int | None) -> None:
        self.rows = 0
        self.repeated = 0
        self.stopped = False
        self._limit = limit
        self._key = row_keys(level)
        self._seen: set[bytes] = set()
        self._aside: dict[bytes, Row] = {}

    def admit(self, rows: list[Row]) -> list[Row]:
        """Those rows of one whole answer that no earlier answer had."""
        keyed = [] if self.stopped else list(self._keyed(rows))
        fresh = [row for key, row in keyed if not key or key not in self._seen]
        for key, _ in keyed:
            self._aside.pop(key, None)
            self._seen.add(key)
        self.repeated += len(keyed) - len(fresh)
        if self._limit is not None and self.rows + len(fresh) > self._limit:
            self.stopped = True
            del fresh[self._limit - self.rows :]
        self.rows += len(fresh)
        return fresh

    def set_aside(self, rows: Iterable[Row]) -> None:
        """Keep rows of an answer that was cut off, in case they never come again.

        Those without a unique key could not be recognised again, and are not kept.
        """
        keyed = ((key, row) for key, row in self._keyed(rows) if key and key not in self._seen)
        self._aside.update(keyed)

    def has_new(self, rows: Iterable[Row]) -> bool:
        """Whether one of them was in no earlier answer; without a unique key, none is new."""
        keys = filter(None, map(self._key, rows))
        return any(key not in self._seen and key not in self._aside for key in keys)

    @property
    def any(self) -> bool:
        """Whether there was a row at all."""
        return bool(self.rows or self._aside)

    def left_over(self) -> list[Row]:
        """The rows set aside that did not come again; this lets them through."""
        rows, self._aside = list(self._aside.values()), {}
        return self.admit(rows)

    def _keyed(self, rows: Iterable[Row]) -> Iterator[tuple[bytes, Row]]:
        return ((self._key(row), row) for row in rows)


_OTHERS = (PATIENT_ID, ISSUER_OF_PATIENT_ID)


def row_keys(level: Level) -> Callable[[Row], bytes]:
    """The function that tells the entities of a level apart, or the items of a worklist."""
    if level is Level.WORKLIST:
        return item_key
    return partial(row_key, tag=by_keyword(level.unique_keyword).tag)


def item_key(row: Row) -> bytes:
    """What tells an item of a worklist apart: its step, with its study, patient, place and time.

    The standard has no unique key for items (PS3.4 K.6.1.2.2), and servers leave out some of these.
    """
    values = _values(row, _OF_ITEM)
    return b"\\".join(values) if any(values) else b""


def step_key(row: Row) -> bytes:
    """What tells a scheduled step apart, wherever and whenever it is to be done.

    That is its number, with its study and patient; everything about it if it has no number. An item
    should have one step, but some servers send several.
    """
    numbers = _values(row, [_STEP_ID])
    return b"\\".join((*numbers, *_values(row, _OF_STEP))) if any(numbers) else item_key(row)


def _values(row: Row, paths: Sequence[Sequence[Attribute]]) -> list[bytes]:
    return [
        holder.elements.get(attribute.tag, b"").strip(b"\0 ")
        for *around, attribute in paths
        for holder in items_at(row, around)
    ]


_STEP_ID = path_of(inside("ScheduledProcedureStepID"))
_OF_STEP = [path_of(name) for name in ("StudyInstanceUID", "PatientID")]
_OF_ITEM = [
    *_OF_STEP,
    path_of("AccessionNumber"),
    _STEP_ID,
    path_of(inside("ScheduledStationAETitle")),
    path_of(inside("ScheduledProcedureStepStartDate")),
    path_of(inside("ScheduledProcedureStepStartTime")),
]


def row_key(row: Row, tag: int) -> bytes:
    """What tells the entity of a row apart: its unique key, with its patient; empty without one."""
    key = row.elements.get(tag, b"").strip(b"\0 ")
    others = (row.elements.get(other, b"").strip(b" ") for other in _OTHERS)
    return b"\\".join((key, *others)) if key else b""


class Fresh:
    """Lets the rows of several queries through that no earlier query had.

    Rows that one query repeats are not its concern: they are let through however they are batched.

    Args:
        level: the level of the rows.

    Attributes:
        rows: how many were let through.
    """

    def __init__(self, level: Level) -> None:
        self.rows = 0
        self._key = row_keys(level)
        self._earlier: set[bytes] = set()
        self._now: set[bytes] = set()

    def next_query(self) -> None:
        """The rows that follow are those of another query."""
        self._earlier |= self._now
        self._now = set()

    def of(self, rows: list[Row]) -> list[Row]:
        """Those rows that no earlier query had; one without a unique key, byte for byte."""
        keyed = [(self._key(row) or row.data, row) for row in rows]
        self._now.update(key for key, _ in keyed)
        fresh = [row for key, row in keyed if key not in self._earlier]
        self.rows += len(fresh)
        return fresh

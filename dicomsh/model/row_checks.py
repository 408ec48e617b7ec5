"""Rows that should not be in an answer: shown as they are, and reported. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from dicomsh.model.dedup import item_key
from dicomsh.model.keys import (
    ISSUER_OF_PATIENT_ID,
    PATIENT_ID,
    PATIENT_NAME,
    QUERY_RETRIEVE_LEVEL,
    by_keyword,
    by_tag,
)
from dicomsh.model.level_keys import STEP
from dicomsh.model.levels import Level
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.row import Row

_STEPS = by_keyword(STEP).tag

_MOST = 200_000
"""Rows that are compared with each other; later ones are not."""

_LONGEST = 16
"""Characters of a level that are shown: the maximum of its VR."""

_WITNESSES = {
    Level.PATIENT: PATIENT_NAME,
    Level.STUDY: PATIENT_ID,
    Level.SERIES: 0x0020000D,
    Level.INSTANCE: 0x0020000E,
    Level.WORKLIST: PATIENT_ID,
}
"""Attributes that rows of one entity must agree in."""


class RowChecks:
    """Checks rows for what the user should know: no unique key, wrong level, repeated entities.

    Args:
        level: the level of the query.
    """

    def __init__(self, level: Level) -> None:
        self._level = level
        self._tag = by_keyword(level.unique_keyword).tag
        self._witness = _WITNESSES[level]
        self._known: dict[int, int] = {}  # hashes: bytes would keep every answer in memory
        self._items: set[int] = set()
        self._first: Mapping[int, bytes] = {}
        self._differing = False
        self._rows = 0
        self._keyless = 0
        self._unidentified = False
        self._private = False
        self._repeated = 0
        self._torn = 0
        self._stepless = 0
        self._several = 0
        self._levels: Counter[bytes] = Counter()
        own = self._level.dicom.encode()
        self._own = {b"", own, own + b" "}  # an odd length is padded with a space (PS3.5 6.2)

    def look(self, rows: Sequence[Row]) -> None:
        """Check rows: together, as long as nothing about them is odd."""
        elements = [row.elements for row in rows]
        levels = [held.get(QUERY_RETRIEVE_LEVEL, b"") for held in elements]
        if not self._own.issuperset(levels):
            self._levels.update(level for level in levels if level not in self._own)
        self._rows += len(rows)
        if self._rows > _MOST:
            return
        if self._level is Level.WORKLIST:
            self._look_at_items(rows)
            return
        self._first = self._first or next(iter(elements), {})
        keys = [held.get(self._tag) for held in elements]
        if self._level is Level.PATIENT:
            issuers = (held.get(ISSUER_OF_PATIENT_ID, b"") for held in elements)
            keys = [key and key + b"\\" + issuer for key, issuer in zip(keys, issuers, strict=True)]
        witnesses = [held.get(self._witness, b"") for held in elements]
        fresh = dict(zip(map(hash, keys), map(hash, witnesses), strict=True))
        if len(fresh) == len(keys) and all(keys) and self._known.keys().isdisjoint(fresh):
            self._known.update(fresh)
            return
        for key, witness, held in zip(keys, witnesses, elements, strict=True):
            self._look_at(key, witness, held)

    def _look_at_items(self, rows: Sequence[Row]) -> None:
        """Items of a worklist have no unique key; the same step may still come twice."""
        for row in rows:
            key = item_key(row)
            if key:
                self._repeated += hash(key) in self._items
                self._items.add(hash(key))
            steps = len(row.values(_STEPS) or ())
            self._stepless += not steps
            self._several += steps > 1

    def _look_at(self, key: bytes | None, witness: bytes, held: Mapping[int, bytes]) -> None:
        if not key:
            # some servers put the real answer into a private sequence (pynetdicom #689)
            self._keyless += 1
            # a patient may have no ID (PS3.3 C.7.1.1, type 2); its attribute is there all the same
            self._unidentified |= self._level is not Level.PATIENT or self._tag not in held
            self._private |= any(tag >> 16 & 1 for tag in held)
        elif hash(key) not in self._known:
            self._known[hash(key)] = hash(witness)
        else:
            self._differing |= held != self._first
            alike = self._known[hash(key)] in (hash(witness), hash(b""))
            self._repeated += alike or not witness
            self._torn += bool(witness) and not alike

    @property
    def one_entity(self) -> bool:
        """Whether several rows are all of one entity, as from a server that ignores the level.

        Rows that are the same in every value are one row that came again: they hide no other.
        """
        return self._differing and len(self._known) == 1 and not self._keyless

    @property
    def doubtful(self) -> bool:
        """Whether some rows are not of the entities that were asked for."""
        return self.one_entity or self._unidentified or bool(self._levels)

    @property
    def notes(self) -> list[Note]:
        """Notes for the result line."""
        told = [*self._without_key(), *self._of_other_level()]
        if self._stepless:
            told.append(note(NoteKind.NO_STEP, count=self._stepless, of=self._rows))
        if self._several:
            told.append(note(NoteKind.SEVERAL_STEPS, count=self._several, of=self._rows))
        if self._repeated:
            names = self._level.noun, self._level.plural
            told.append(note(NoteKind.REPEATED, *names, count=self._repeated))
        if self._torn:
            told.append(self._contradicting())
        return told

    def _without_key(self) -> list[Note]:
        if not self._keyless:
            return []
        about = (self._level.unique_keyword, *(["private"] if self._private else []))
        return [note(NoteKind.NO_UNIQUE_KEY, *about, count=self._keyless)]

    def _of_other_level(self) -> list[Note]:
        return [
            note(NoteKind.OTHER_LEVEL, _told(level), count=number)
            for level, number in self._levels.most_common(2)
        ]

    def _contradicting(self) -> Note:
        patient = self._level is Level.PATIENT
        same = "PatientID and issuer" if patient else self._level.unique_keyword
        other = by_tag(self._witness).keyword
        return note(NoteKind.CONTRADICTING, same, other, count=self._torn)


def _told(level: bytes) -> str:
    return level.decode("ascii", "replace").strip()[:_LONGEST]

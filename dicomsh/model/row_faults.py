"""Rows that are malformed: shown as far as they can be read, and reported. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from dicomsh.model.keys import MOST_TAGS, by_tag, dictionary_vrs, named
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.row import DEEPEST, Irregular, Row

_MOST_BYTES = 1 << 16
"""Bytes of the sequences of a row, at all depths together, that are checked."""

_MOST_REPEATED = 2
"""Tags sent twice that are named."""


class RowFaults:
    """Looks for rows that could not be read as they should be.

    Args:
        peer: who sent them, for messages.
    """

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._rows = 0
        self._malformed = 0
        self._first = 0
        self._fault = ""
        self._repeated: Counter[int] = Counter()
        self._unsigned: Counter[int] = Counter()

    def look(self, rows: Sequence[Row]) -> None:
        """Check rows; those that hold nothing special cost next to nothing."""
        elements = [row.elements for row in rows]
        special = [tag for tag in set().union(*elements) if _is_special(tag)]
        if special or not all(elements) or Irregular in set(map(type, elements)):
            choices = [tag for tag in special if "SS" in dictionary_vrs(tag)[1:]]
            for number, row in enumerate(rows, self._rows + 1):
                self._look_at(number, row, choices)
        self._rows += len(rows)

    def _look_at(self, number: int, row: Row, choices: Iterable[int]) -> None:
        fault = fault_of(row)
        if fault:
            self._malformed += 1
            self._first, self._fault = self._first or number, self._fault or fault
        if row.irregular and row.irregular.repeated:
            self._repeated[row.irregular.repeated] += 1
        self._unsigned.update(tag for tag in choices if row.sign_is_unknown(tag))

    @property
    def doubtful(self) -> bool:
        """Whether any row may have more, or other values, than could be read."""
        return self._malformed > 0

    @property
    def notes(self) -> list[Note]:
        """Notes for the result line."""
        said = []
        if self._malformed:
            about = self._peer, str(self._first), self._fault
            said.append(note(NoteKind.MALFORMED, *about, count=self._malformed))
        for tag, count in self._repeated.most_common(_MOST_REPEATED):
            said.append(note(NoteKind.TAG_REPEATED, named(tag), count=count))
        for tag, count in self._unsigned.most_common(_MOST_REPEATED):
            said.append(note(NoteKind.SIGN_UNKNOWN, by_tag(tag).keyword, count=count))
        return said


def fault_of(row: Row) -> str:
    """The first thing that is malformed in a row or in its sequences; empty if nothing is."""
    if not row.elements:
        return "empty identifier"
    return _Search().in_row(row)


class _Search:
    """Looks for the first fault in a row and in its sequences, as far as they are read."""

    def __init__(self) -> None:
        self._left = _MOST_BYTES

    def in_row(self, row: Row) -> str:
        """The first fault in a row or an item; empty if there is none."""
        found = row.irregular.fault if row.irregular else ""
        for tag, raw in row.elements.items():
            if found:
                break
            if raw and _is_sequence(row, tag):
                found = self._in_sequence(row, tag)
        return found

    def _in_sequence(self, row: Row, tag: int) -> str:
        if row.depth >= DEEPEST:
            return f"sequences are nested deeper than {DEEPEST}"
        self._left -= len(row.elements[tag])
        if self._left < 0 or row.is_long:
            return f"{named(tag)} is too long to check"
        if row.vr(tag) != "SQ":
            return f"{named(tag)} is not a sequence of items"
        items, fault = row.items(tag)
        return fault or next(filter(None, map(self.in_row, items)), "")


def _is_sequence(row: Row, tag: int) -> bool:
    """Whether an element should hold items, whatever it holds."""
    sent = row.sent_vr(tag)
    return sent == "SQ" or (sent == "UN" and "SQ" in (row.vr(tag), *dictionary_vrs(tag)))


@lru_cache(maxsize=MOST_TAGS)
def _is_special(tag: int) -> bool:
    """Whether an element must be looked into: a sequence, a private one, a choice of VRs."""
    return bool(tag & 0x10000) or dictionary_vrs(tag)[0] == "SQ" or "SS" in dictionary_vrs(tag)[1:]

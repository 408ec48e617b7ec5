"""Whether the text of an answer can be decoded reliably (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from dicomsh.model.charset import REPLACEMENT, carries, declared_term, decoder, known, readable
from dicomsh.model.charset_reading import (
    Fault,
    lacks_escape,
    looks_like,
    meant,
    suspicious,
    undeclared_escape,
)
from dicomsh.model.keys import MOST_TAGS, SPECIFIC_CHARACTER_SET, by_tag
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.row import Row, is_text
from dicomsh.regex import regex

_ASCII = "ISO_IR 6"
_ESC = b"\x1b"


def _by_set(rows: Sequence[Row]) -> dict[bytes, list[Row]]:
    """Rows with text beyond ASCII by the set they declare; may include rows without such text."""
    raw = b"".join([row.data for row in rows])
    if raw.isascii() and _ESC not in raw:
        return {}
    sets = _declared(rows)
    if len(set(sets)) == 1:
        return {sets[0]: list(rows)}
    found: dict[bytes, list[Row]] = {}
    for declared, row in zip(sets, rows, strict=True):
        found.setdefault(declared, []).append(row)
    return found


def _declared(rows: Sequence[Row]) -> list[bytes]:
    return [row.elements.get(SPECIFIC_CHARACTER_SET, b"") for row in rows]


def _sound(declared: bytes, rows: Sequence[Row]) -> bool:
    """Whether all bytes of these rows are text in a known set: checked together, to be fast.

    First the rows as they are: if even lengths and tags decode as text, so do all values.
    """
    own = declared_term(declared)
    if own in ("", _ASCII) or not known(own) or "\\" in own or "2022" in own:
        return False
    return _readable(own, [row.data for row in rows]) or _readable(
        own, [value for row in rows for value in row.elements.values()]
    )


def _readable(own: str, parts: list[bytes]) -> bool:
    raw = b"\n".join(parts)
    if _ESC in raw or suspicious(raw, own):
        return False
    return REPLACEMENT not in decoder(own.encode())(raw)


def _text_values(row: Row) -> list[bytes]:
    """Text that is not plain ASCII."""
    return [
        value
        for tag, value in row.elements.items()
        if not (value.isascii() and _ESC not in value) and is_text(tag)
    ]


@lru_cache(maxsize=MOST_TAGS)
def _is_name(tag: int) -> bool:
    return by_tag(tag).vr == "PN"


_LETTERLESS = regex(rb"=[ \0^?]*[\^?][ \0^?]*=")
"""A component group of a name, with `=` around it, of which only the separators are left."""


def _letterless(rows: Sequence[Row]) -> int:
    """How many rows have a name, or a component group of one, without letters."""
    elements = [row.elements for row in rows]
    names = [tag for tag in set().union(*elements) if _is_name(tag)]
    if not _any_letterless([held.get(tag, b"") for tag in names for held in elements]):
        return 0  # the usual case, in one search
    return sum(_any_letterless([held.get(tag, b"") for tag in names]) for held in elements)


def _any_letterless(names: list[bytes]) -> bool:
    return _LETTERLESS.search(b"=%b=" % b"==".join(names)) is not None


def declared_set(row: Row) -> str:
    """Defined terms of the Specific Character Set of a row; empty for none."""
    return declared_term(row.elements.get(SPECIFIC_CHARACTER_SET, b""))


def is_unlabelled(row: Row) -> bool:
    """Whether a row has text beyond ASCII without a character set."""
    if row.data.isascii() or declared_set(row):
        return False
    return any(is_text(tag) and not value.isascii() for tag, value in row.elements.items())


class CharsetCheck:
    """Checks rows until something is found that the user should know; each finding is noted once.

    Args:
        fallback: the character set assumed for answers that name none, or empty.
        asked: the text of the query, which the character set of its answers should be able to hold.
    """

    def __init__(self, fallback: str, asked: str = "") -> None:
        self._fallback = fallback
        self._asked = "" if asked.isascii() else asked
        self._watching = bool(self._asked) or "?" in asked
        self._sets: set[bytes] = set()
        self._unlabelled = False
        self._unknown = ""
        self._broken = ""
        self._faults: dict[tuple[str, ...], None] = {}
        self._letterless = 0

    def look(self, rows: Sequence[Row]) -> None:
        """Check rows."""
        if self._watching:
            self._sets.update(_declared(rows))
        self._letterless += _letterless(rows)
        for declared, alike in _by_set(rows).items():
            if not _sound(declared, alike):
                for row in alike:
                    self._look_into(row)

    def _look_into(self, row: Row) -> None:
        values = _text_values(row)
        if not values:
            return
        own = declared_set(row)
        terms, fault = meant(own)
        if own in ("", _ASCII):
            self._unlabelled |= not self._fallback and not all(map(bytes.isascii, values))
        elif not readable(terms):
            self._unknown = own
        if fault:
            self._faults[fault.value, own, terms] = None
        for value in values:
            self._faults.update(dict.fromkeys(self._faults_of(value, own, terms)))
        if any(REPLACEMENT in row.decode(value) for value in values):
            self._broken = own or self._fallback

    def _faults_of(self, value: bytes, own: str, terms: str) -> Iterator[tuple[str, ...]]:
        """What is wrong with a value: the fault, the set declared, the one it seems to be in."""
        if undeclared_escape(value, terms):
            yield Fault.UNDECLARED_ESCAPE.value, own or _ASCII
        elif lacks_escape(value, terms):
            yield Fault.NO_ESCAPE.value, own
        elif like := looks_like(value, terms):
            helped = like == self._fallback
            fault = Fault.READ_AS_FALLBACK if helped else Fault.LOOKS_LIKE
            yield fault.value, own, like
        elif self._fallback and REPLACEMENT in decoder(terms.encode())(value):
            yield Fault.READ_AS_FALLBACK.value, own, self._fallback

    @property
    def lossy(self) -> list[str]:
        """Character sets of the answers that lack a character of the query."""
        declared = map(declared_term, self._sets)
        return sorted(term for term in declared if term and not carries(self._asked, term))

    def holding(self, text: str) -> bool:
        """Whether a row came in a character set that can hold a text of the query."""
        return any(carries(text, declared_term(raw)) for raw in self._sets)

    @property
    def notes(self) -> list[Note]:
        """Notes for the result line."""
        notes = []
        read_as = self._fallback or "Latin-1"
        if self._unknown:
            notes.append(note(NoteKind.UNKNOWN_CHARSET, self._unknown, read_as))
        if self._unlabelled:
            notes.append(note(NoteKind.UNLABELLED))
        if self.lossy:
            notes.append(note(NoteKind.LOSSY_CHARSETS, ", ".join(self.lossy)))
        notes += [note(NoteKind.CHARSET_FAULT, *fault) for fault in self._faults]
        if self._letterless:
            notes.append(note(NoteKind.LETTERLESS_NAMES, count=self._letterless))
        if self._broken:
            notes.append(note(NoteKind.UNDECODABLE, self._broken))
        return notes

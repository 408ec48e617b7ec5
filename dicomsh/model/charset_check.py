"""Whether the text of an answer can be decoded reliably (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.model.charset import carries, declared_term, known
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.row import Row, is_text

_ASCII = "ISO_IR 6"
_REPLACEMENT = "\ufffd"
_ESC = b"\x1b"


def _by_set(rows: Sequence[Row]) -> dict[bytes, list[Row]]:
    """Rows with text beyond ASCII by the set they declare; may include rows without such text."""
    if b"".join([row.data for row in rows]).isascii():
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
    if own in ("", _ASCII) or not known(own):
        return False
    return _readable(rows, [row.data for row in rows]) or _readable(
        rows, [value for row in rows for value in row.elements.values()]
    )


def _readable(rows: Sequence[Row], parts: list[bytes]) -> bool:
    raw = b"\n".join(parts)
    return _ESC not in raw and _REPLACEMENT not in rows[0].decode(raw)


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

    def look(self, rows: Sequence[Row]) -> None:
        """Check rows."""
        if self._watching:
            self._sets.update(_declared(rows))
        for declared, alike in _by_set(rows).items():
            if not _sound(declared, alike) and not (self._broken and self._unlabelled):
                for row in alike:
                    self._look_into(row)

    def _look_into(self, row: Row) -> None:
        values = [v for tag, v in row.elements.items() if not v.isascii() and is_text(tag)]
        if not values:
            return
        own = declared_term(row.elements.get(SPECIFIC_CHARACTER_SET, b""))
        if own in ("", _ASCII):
            self._unlabelled = not self._fallback
        elif not known(own):
            self._unknown = own
        if any(_REPLACEMENT in row.decode(value) for value in values):
            self._broken = own or self._fallback

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
        if self._broken:
            notes.append(note(NoteKind.UNDECODABLE, self._broken))
        return notes

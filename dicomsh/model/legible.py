"""Whether the text of an answer can be read for certain (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.model.answer import Row, is_text
from dicomsh.model.charset import known
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET

_REPLACEMENT = "\ufffd"
_ESC = b"\x1b"


def _by_set(rows: Iterable[Row]) -> dict[bytes, list[Row]]:
    """Rows with text beyond ASCII by what they declare."""
    found: dict[bytes, list[Row]] = {}
    for row in rows:
        if not row.data.isascii():
            found.setdefault(row.elements.get(SPECIFIC_CHARACTER_SET, b""), []).append(row)
    return found


def _sound(declared: bytes, rows: list[Row]) -> bool:
    """Whether all bytes of these rows are text in a known set: looked at together, to be fast."""
    own = declared.decode("ascii", "replace").strip(" \0")
    raw = b"\n".join([value for row in rows for value in row.elements.values()])
    return bool(own) and known(own) and _ESC not in raw and _REPLACEMENT not in rows[0].decode(raw)


class Legibility:
    """Looks at rows until something is found that the user should know; each is told once.

    Args:
        fallback: the character set assumed for answers that name none, or empty.
    """

    def __init__(self, fallback: str) -> None:
        self._fallback = fallback
        self._unlabelled = False
        self._unknown = ""
        self._broken = ""

    def look(self, rows: Iterable[Row]) -> None:
        """Take note of rows."""
        for declared, alike in _by_set(rows).items():
            if not _sound(declared, alike) and not (self._broken and self._unlabelled):
                for row in alike:
                    self._look_into(row)

    def _look_into(self, row: Row) -> None:
        values = [v for tag, v in row.elements.items() if not v.isascii() and is_text(tag)]
        if not values:
            return
        declared = row.elements.get(SPECIFIC_CHARACTER_SET, b"").decode("ascii", "replace")
        own = declared.strip(" \0")
        if not own:
            self._unlabelled = not self._fallback
        elif not known(own):
            self._unknown = own
        if any(_REPLACEMENT in row.decode(value) for value in values):
            self._broken = own or self._fallback

    @property
    def notes(self) -> list[str]:
        """What to say in the result line."""
        notes = []
        read_as = self._fallback or "Latin-1"
        if self._unknown:
            notes.append(f"character set '{self._unknown}' is not known: read as {read_as}")
        if self._unlabelled:
            notes.append(
                "text beyond ASCII came without a character set and is read as Latin-1, which may"
                " be wrong: 'charset: {fallback: …}' of the modality names the right one"
            )
        if self._broken:
            notes.append(f"bytes that are no text in {self._broken} are shown as {_REPLACEMENT}")
        return notes

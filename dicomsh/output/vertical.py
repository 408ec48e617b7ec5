"""One block per row, one line per attribute: for people, if a table is too narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from dicomsh.model.columns import AttributeColumn, Column
from dicomsh.model.keys import by_tag
from dicomsh.model.levels import Level
from dicomsh.model.row import Row
from dicomsh.model.safe import width
from dicomsh.output.cells import shown, view
from dicomsh.output.plain import AnyRow, is_bookkeeping, needed_tags
from dicomsh.output.prose import between_words
from dicomsh.output.theme import Theme, paint

Line = tuple[str, Callable[[], str]]
"""What stands before the text, and the text, which is made when its turn has come."""

_LEAST = 16
"""Minimum terminal cells for a wrapped text to be readable."""


class Vertical:
    """Renders rows as numbered blocks of `keyword: value` lines, nothing shortened.

    An absent attribute has no line, an empty one has an empty line. Attributes that nobody asked
    for follow the columns; the items of a sequence are indented. Long texts wrap between words; a
    UID stays in one piece, for copying.

    Args:
        columns: the columns.
        level: the level of the rows; None if they are not entities.
        available: terminal cells of a line; None for no limit.
        theme: the colours.
    """

    def __init__(
        self, columns: Sequence[Column], level: Level | None, available: int | None, theme: Theme
    ) -> None:
        self._columns = [(column, view(column)) for column in columns]
        self._tags = frozenset(needed_tags(columns))
        self._noun = level.noun if level else "row"
        self._available = available
        self._theme = theme
        self._count = 0
        self.hidden: list[str] = []

    def begin(self) -> str:
        """Nothing: every block carries its own heading."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """A block for each row; an empty line between blocks."""
        return "".join([part for row in batch for part in self.parts(row)])

    def parts(self, row: AnyRow) -> Iterator[str]:
        """The lines of a row's block, one at a time."""
        return (line + "\n" for line in self._block(row))

    def flush(self) -> str:
        """Nothing: no row is held back."""
        return ""

    def end(self) -> str:
        """Nothing: the format has no frame."""
        return ""

    def _block(self, row: AnyRow) -> Iterator[str]:
        if self._count:
            yield ""
        self._count += 1
        yield paint(self._theme.number, f"{self._noun} {self._count}")
        lines = [*self._asked(row), *self._others(row)]
        indent = max((width(label) for label, _ in lines), default=0) + 3
        for label, text in lines:
            name = paint(self._theme.label, f"{label}:")
            pad = " " * (indent - width(label) - 1)
            first, *more = self._broken(text(), indent + 2)
            yield f"  {name}{pad}{first}".rstrip(" ")
            yield from (" " * (indent + 2) + line for line in more)

    def _broken(self, text: str, indent: int) -> list[str]:
        room = 0 if self._available is None else self._available - indent
        return between_words(text, room) if room >= _LEAST else [text]

    def _asked(self, row: AnyRow) -> Iterator[Line]:
        for column, seen in self._columns:
            text = seen.read(row)
            if text is None:
                continue
            yield seen.label, partial(str, text)
            if isinstance(row, Row) and isinstance(column, AttributeColumn) and not column.path:
                yield from _items(row, column.attribute.tag, "")

    def _others(self, row: AnyRow) -> Iterator[Line]:
        if not isinstance(row, Row):
            return
        for tag in row.elements:
            if tag not in self._tags and not is_bookkeeping(tag):
                yield from _lines(row, tag, "")


def _lines(row: Row, tag: int, indent: str) -> Iterator[Line]:
    """The lines of one element: its value, or for a sequence its items."""
    yield indent + by_tag(tag).keyword, lambda: shown(row, tag) or ""
    yield from _items(row, tag, indent)


def _items(row: Row, tag: int, indent: str) -> Iterator[Line]:
    if row.vr(tag) != "SQ":
        return
    for number, item in enumerate(row.values(tag) or (), 1):
        yield f"{indent}  item {number}", str
        if isinstance(item, Row):
            for inner in item.elements:
                yield from _lines(item, inner, indent + "    ")

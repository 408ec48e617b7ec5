"""Attributes that a server returned but no column shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dicomsh.model.columns import Column
from dicomsh.model.keys import BOOKKEEPING, by_tag
from dicomsh.model.row import Row
from dicomsh.output.plain import AnyRow, is_bookkeeping, root_tags

_NAMED = 5


class ExtraAttributes:
    """Watches rows and remembers which elements no column shows."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._known = BOOKKEEPING.union(root_tags(columns))
        self._first: dict[int, int] = {}

    def look(self, rows: Sequence[AnyRow], number: int) -> None:
        """Takes note of rows; `number` is that of the first."""
        answers = [row for row in rows if isinstance(row, Row)]
        if self._known.issuperset(set().union(*[row.elements for row in answers])):
            return
        for index, row in enumerate(answers, number):
            self._add(row, index)
            self._known = self._known.union(row.elements)

    def _add(self, row: Row, number: int) -> None:
        for tag in row.elements:
            if tag not in self._known and not is_bookkeeping(tag):
                self._first.setdefault(tag, number)

    def statements(self) -> list[str]:
        """What to tell the user: nothing, or one note."""
        if not self._first:
            return []
        names = [by_tag(tag).keyword for tag in self._first]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        row = min(self._first.values())
        return [f"also returned: {', '.join(names[:_NAMED])}{more} (show {row})"]

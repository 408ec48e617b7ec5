"""Attributes that a server returned but no column shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from dicomsh.model.columns import Column
from dicomsh.model.keys import BOOKKEEPING, MOST_TAGS, by_tag
from dicomsh.model.row import Row
from dicomsh.output.plain import AnyRow, is_bookkeeping, needed_tags

_NAMED = 5


class ExtraAttributes:
    """Watches rows and remembers which elements no column shows."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._known = {*BOOKKEEPING, *needed_tags(columns)}
        self._first: dict[int, int] = {}

    def look(self, rows: Sequence[AnyRow], number: int) -> None:
        """Takes note of rows; `number` is that of the first."""
        answers = [row for row in rows if isinstance(row, Row)]
        new = set().union(*[row.elements for row in answers]) - self._known
        if not new or len(self._known) > MOST_TAGS:
            return
        self._known |= new
        for index, row in enumerate(answers, number):
            self._add(row, index, new)

    def _add(self, row: Row, number: int, new: set[int]) -> None:
        for tag in row.elements:
            if tag in new and not is_bookkeeping(tag):
                self._first.setdefault(tag, number)

    def statements(self) -> list[str]:
        """What to tell the user: nothing, or one note."""
        if not self._first:
            return []
        names = [by_tag(tag).keyword for tag in islice(self._first, _NAMED)]
        rest = len(self._first) - len(names)
        more = f" and {rest:,} more" if rest else ""
        row = min(self._first.values())
        return [f"also returned: {', '.join(names)}{more} (show {row})"]

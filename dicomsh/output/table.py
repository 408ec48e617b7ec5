"""A table for people: it streams, and says what it does not show."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.frozen import replace
from dicomsh.model.columns import Column
from dicomsh.model.levels import Level
from dicomsh.model.row import Row, weight
from dicomsh.output.cells import View, view
from dicomsh.output.extra_attributes import ExtraAttributes
from dicomsh.output.plain import AnyRow, is_context
from dicomsh.output.renderer import FIRST_PAGE
from dicomsh.output.table_lines import FOLDED, ONE_LINE, TablePage
from dicomsh.output.theme import Theme
from dicomsh.output.vertical import Vertical

HELD = 10_000
"""Rows held back for widths that fit them all, if nobody watches them arrive."""

_HEAVY = 1 << 24
"""Bytes of rows after which they are no longer held back, however few they are."""


class Table:
    """Renders rows as aligned lines under a heading; nothing if there are no rows.

    On a terminal the first rows are held back until `FIRST_PAGE` rows, `flush` or `end`; they
    determine which columns are shown, the widths, and whether the columns fit side by side at all:
    if not, rows become vertical blocks. Later batches can only widen columns. Elsewhere the first
    `HELD` rows decide.

    An entity takes one line, in which texts may be cut; in a record they wrap.

    Args:
        columns: the columns.
        level: the level of the rows; None if they are not entities.
        available: terminal cells of a line; None for no limit.
        theme: the colours.
    """

    def __init__(
        self, columns: Sequence[Column], level: Level | None, available: int | None, theme: Theme
    ) -> None:
        self._views = [view(column) for column in columns if not is_context(column)]
        self._vertical = Vertical(columns, level, available, theme)
        self._unasked = ExtraAttributes(columns)
        self._available = available
        self._theme = theme
        self._form = ONE_LINE if level else FOLDED
        self._waiting: list[AnyRow] = []
        self._weight = 0
        self._page: TablePage | None = None
        self._upright = False
        self._count = 0

    def begin(self) -> str:
        """Nothing: the heading waits for the first rows."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """Lines for a batch, or nothing while the first page fills."""
        self._waiting.extend(batch)
        full = self._has_started or self._fills_with(batch)
        return self._lines(early=False) if full else ""

    def _fills_with(self, batch: Sequence[AnyRow]) -> bool:
        """Whether enough is held back, including this batch."""
        self._weight += weight([row for row in batch if isinstance(row, Row)])
        enough = HELD if self._available is None else FIRST_PAGE
        return len(self._waiting) >= enough or self._weight > _HEAVY

    @property
    def _has_started(self) -> bool:
        return self._page is not None or self._upright

    def flush(self) -> str:
        """All rows held back; call it when readers have waited long enough.

        If few rows determine the columns, these get room for longer texts.
        """
        return self._lines(early=self._available is not None)

    def _lines(self, *, early: bool) -> str:
        batch, self._waiting = self._waiting, []
        if not batch:
            return ""
        heading = "" if self._has_started else self._start(batch, early)
        self._unasked.look(batch, self._count + 1)
        first, self._count = self._count + 1, self._count + len(batch)
        if self._page is None:
            return self._vertical.rows(batch)
        return heading + self._page.lines(batch, first)

    def end(self) -> str:
        """All rows held back."""
        return self._lines(early=False)

    @property
    def hidden(self) -> list[str]:
        """What the lines do not show, each a note for the user."""
        if self._upright:
            return [f"too wide for {self._available} cells as a table: shown vertically"]
        page = self._page.statements() if self._page else []
        return [*page, *self._unasked.statements()]

    def _start(self, batch: Sequence[AnyRow], early: bool) -> str:
        """Fixes the layout of the table; returns its heading."""
        empty = [
            column
            for column in self._views
            if column.optional and not any(column.read(row) for row in batch)
        ]
        shown = [column for column in self._views if column not in empty]
        if self._available is not None and not _can_be_told_apart(shown, batch):
            shown = [replace(column, spare=False) for column in shown]
        page = TablePage(shown, empty, self._available, self._theme, self._form)
        self._upright = not page.fits(batch, early=early)
        self._page = None if self._upright else page
        return "" if self._upright else page.heading()


def _can_be_told_apart(views: Sequence[View], batch: Sequence[AnyRow]) -> bool:
    """Whether every row identifies its entity without UIDs."""
    telling = [column for column in views if column.telling]
    return all(any(column.read(row) for column in telling) for row in batch)

"""A table for people: it streams, and says what it does not show."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.model.columns import Column
from dicomsh.model.levels import Level
from dicomsh.model.row import Row, weight
from dicomsh.output.cells import view
from dicomsh.output.extra_attributes import ExtraAttributes
from dicomsh.output.plain import AnyRow, is_context
from dicomsh.output.renderer import FIRST_PAGE, PART
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
    `HELD` rows decide, and are then drawn in parts.

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
        views = [view(column) for column in columns if not is_context(column)]
        self._page = TablePage(views, available, theme, ONE_LINE if level else FOLDED)
        self._vertical = Vertical(columns, level, available, theme)
        self._unasked = ExtraAttributes(columns)
        self._available = available
        self._waiting: list[tuple[AnyRow, list[str]]] = []
        self._weight = 0
        self._has_started = False
        self._upright = False
        self._count = 0

    def begin(self) -> str:
        """Nothing: the heading waits for the first rows."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """Lines for a batch and some rows before it, or nothing while the first page fills."""
        self._hold(batch)
        ready = self._has_started or self._is_full
        return self._lines(len(batch) + PART, early=False) if ready else ""

    def _hold(self, batch: Sequence[AnyRow]) -> None:
        first = self._count + 1
        self._unasked.look(batch, first)
        self._waiting += zip(batch, self._page.read(batch, first), strict=True)
        self._weight += weight([row for row in batch if isinstance(row, Row)])
        self._count += len(batch)

    @property
    def _is_full(self) -> bool:
        """Whether enough is held back."""
        enough = HELD if self._available is None else FIRST_PAGE
        return len(self._waiting) >= enough or self._weight > _HEAVY

    def flush(self) -> str:
        """Rows held back; call it when readers have waited long enough.

        If few rows determine the columns, these get room for longer texts.
        """
        return self._lines(PART, early=self._available is not None)

    def _lines(self, number: int, *, early: bool) -> str:
        """The lines of at most so many rows."""
        part, self._waiting = self._waiting[:number], self._waiting[number:]
        if not part:
            return ""
        heading = "" if self._has_started else self._start([texts for _, texts in part], early)
        if self._upright:
            return self._vertical.rows([row for row, _ in part])
        return heading + self._page.lines([texts for _, texts in part])

    def end(self) -> str:
        """All rows held back."""
        return self._lines(len(self._waiting), early=False)

    @property
    def hidden(self) -> list[str]:
        """What the lines do not show, each a note for the user."""
        if self._upright:
            return [f"too wide for {self._available} cells as a table: shown vertically"]
        return [*self._page.statements(), *self._unasked.statements()]

    def _start(self, texts: Sequence[Sequence[str]], early: bool) -> str:
        """Fixes the layout of the table; returns its heading."""
        self._has_started = True
        self._upright = not self._page.fits(texts, early=early)
        return "" if self._upright else self._page.heading()

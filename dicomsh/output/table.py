"""A table for people: it streams, and says what it does not show."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.model.levels import Level
from dicomsh.model.listing import Column
from dicomsh.output.cells import Kind, View, view
from dicomsh.output.layout import GAP, Extent, lay_out, squeeze, view_extents, with_room
from dicomsh.output.plain import AnyRow, is_context
from dicomsh.output.safe import fit, shorten_middle, width
from dicomsh.output.theme import Theme, paint
from dicomsh.output.unasked import Unasked
from dicomsh.output.vertical import Vertical

FIRST_PAGE = 50
"""Rows from which the first widths are taken."""

_NUMBER = View(" #", "#", Kind.EXACT, True, False, lambda _: None)


class Table:
    """Renders rows as aligned lines under a heading; nothing at all for no rows.

    The first rows are kept back until there are `FIRST_PAGE`, `flush` or `end`; they decide which
    optional columns are shown, the widths, and whether the columns fit side by side at all: if
    not, rows become vertical blocks. Later batches can only widen columns.

    Args:
        columns: the columns.
        level: what the rows are; None when they are no entities.
        available: terminal cells of a line; None for no limit.
        theme: the colours.
    """

    def __init__(
        self, columns: Sequence[Column], level: Level | None, available: int | None, theme: Theme
    ) -> None:
        self._views = [view(column) for column in columns if not is_context(column)]
        self._vertical = Vertical(columns, level, theme)
        self._unasked = Unasked(columns)
        self._available = available
        self._theme = theme
        self._remedy = "last --wide" if level else "'| to vertical'"
        self._waiting: list[AnyRow] = []
        self._page: _Page | None = None
        self._upright = False
        self._count = 0

    def begin(self) -> str:
        """Nothing: the heading waits for the first rows."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """Lines for a batch, or nothing while the first page fills."""
        self._waiting.extend(batch)
        started = self._page is not None or self._upright
        full = started or len(self._waiting) >= FIRST_PAGE
        return self._lines(early=False) if full else ""

    def flush(self) -> str:
        """Everything kept back; call it when the server pauses.

        Where so few rows settle the columns, these get room for longer texts.
        """
        return self._lines(early=True)

    def _lines(self, *, early: bool) -> str:
        batch, self._waiting = self._waiting, []
        if not batch:
            return ""
        heading = "" if self._page or self._upright else self._start(batch, early)
        self._unasked.look(batch, self._count + 1)
        first, self._count = self._count + 1, self._count + len(batch)
        if self._page is None:
            return self._vertical.rows(batch)
        return heading + self._page.lines(batch, first)

    def end(self) -> str:
        """Everything kept back."""
        return self._lines(early=False)

    @property
    def hidden(self) -> list[str]:
        """What the lines do not show, each a statement for the user."""
        if self._upright:
            return [f"too wide for {self._available} cells as a table: shown vertically"]
        page = self._page.statements() if self._page else []
        return [*page, *self._unasked.statements()]

    def _start(self, batch: Sequence[AnyRow], early: bool) -> str:
        """Settles the look of the table; its heading."""
        empty = [
            column
            for column in self._views
            if column.optional and not any(column.read(row) for row in batch)
        ]
        shown = [column for column in self._views if column not in empty]
        page = _Page(shown, empty, self._available, self._theme, self._remedy)
        self._upright = not page.fits(batch, early=early)
        self._page = None if self._upright else page
        return "" if self._upright else page.heading()


class _Page:
    """The lines of a table once its columns are settled."""

    def __init__(
        self,
        views: list[View],
        empty: list[View],
        available: int | None,
        theme: Theme,
        remedy: str,
    ) -> None:
        self._views = [_NUMBER, *views]
        self._empty = empty
        self._available = available
        self._theme = theme
        self._remedy = remedy
        self._extents: list[Extent] = []
        self._widths: list[int] = []
        self._shortened: set[str] = set()
        self._late: dict[str, int] = {}

    def fits(self, batch: Sequence[AnyRow], *, early: bool) -> bool:
        """Settles the widths for these first rows; False when the columns need more space."""
        extents = view_extents(self._views, self._texts(batch, 1))
        self._extents = with_room(extents, self._available) if early else extents
        widths = lay_out(self._extents, self._available)
        self._widths = widths or []
        return widths is not None

    def heading(self) -> str:
        """The line of headings."""
        cells = zip(self._views, self._widths, strict=True)
        bold = self._theme.heading
        return _line([_cell(view, view.heading, size, bold) for view, size in cells])

    def lines(self, batch: Sequence[AnyRow], first: int) -> str:
        """A line for each row; `first` is the number of the first."""
        texts = self._texts(batch, first)
        self._widen(texts)
        self._watch(batch, first)
        roles = [self._role(column) for column in self._views]
        return "".join([self._row(cells, roles) for cells in texts])

    def statements(self) -> list[str]:
        """What these lines did not show."""
        late = [
            f"{name} is not shown, but row {row} has it: {self._remedy} shows it"
            for name, row in self._late.items()
        ]
        if not self._shortened:
            return late
        count = len(self._shortened)
        what = f"1 column shortened: {self._remedy} shows it whole"
        many = f"{count} columns shortened: {self._remedy} shows them whole"
        return [what if count == 1 else many, *late]

    def _texts(self, batch: Sequence[AnyRow], first: int) -> list[list[str]]:
        views = self._views[1:]
        return [
            [str(number), *(view.read(row) or "" for view in views)]
            for number, row in enumerate(batch, first)
        ]

    def _widen(self, texts: Sequence[Sequence[str]]) -> None:
        columns = zip(*texts, strict=True)
        grown = [old.grown(column) for old, column in zip(self._extents, columns, strict=True)]
        if grown != self._extents:
            self._extents = grown
            self._widths = lay_out(grown, self._available) or squeeze(grown, self._available or 0)

    def _watch(self, batch: Sequence[AnyRow], first: int) -> None:
        """Notices values of optional columns that were left out."""
        for column in self._empty:
            for number, row in enumerate(batch, first):
                if column.label not in self._late and column.read(row):
                    self._late[column.label] = number

    def _role(self, column: View) -> str:
        if column is _NUMBER:
            return self._theme.number
        return self._theme.uid if column.kind is Kind.UID else ""

    def _row(self, texts: Sequence[str], roles: Sequence[str]) -> str:
        cells = []
        for column, text, size, role in zip(self._views, texts, self._widths, roles, strict=True):
            room = size - width(text)
            if room < 0:
                cells.append(self._short(column, text, size, role))
            else:
                cells.append(_padded(column, text, room, role))
        return _line(cells)

    def _short(self, column: View, text: str, size: int, role: str) -> str:
        if column.kind is not Kind.UID:
            self._shortened.add(column.label)
        return _cell(column, text, size, role)


def _cell(column: View, text: str, size: int, role: str) -> str:
    """The text in exactly `size` terminal cells."""
    short = shorten_middle(text, size) if column.kind is Kind.UID else fit(text, size)
    return _padded(column, short, size - width(short), role)


def _padded(column: View, text: str, room: int, role: str) -> str:
    painted = paint(role, text)
    return " " * room + painted if column.right else painted + " " * room


def _line(cells: Sequence[str]) -> str:
    return (" " * GAP).join(cells).rstrip() + "\n"

"""The lines of a table whose columns are fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, zip_longest

from dicomsh.frozen import frozen, replace
from dicomsh.model.safe import fit, shorten_middle, width
from dicomsh.output.cells import CellKind, View
from dicomsh.output.layout import (
    GAP,
    ColumnExtent,
    LayOut,
    lay_out,
    lay_out_folded,
    squeeze,
    view_extents,
    with_room,
)
from dicomsh.output.plain import AnyRow
from dicomsh.output.prose import folded
from dicomsh.output.theme import Theme, paint

_NUMBER = View(" #", "#", CellKind.EXACT, True, False, lambda _: None)


@frozen
class Form:
    """How rows fill the lines of a table.

    Args:
        lay_out: the widths of columns for a number of cells, or None if they do not fit.
        lines: the texts of each line of a row, of its columns, its texts and their widths.
        remedy: the command that shows everything.
    """

    lay_out: LayOut
    lines: Callable[[Sequence[View], Sequence[str], Sequence[int]], Iterable[Sequence[str]]]
    remedy: str


def _unfolded(
    views: Sequence[View], texts: Sequence[str], widths: Sequence[int]
) -> Iterable[Sequence[str]]:
    del views, widths
    return (texts,)


def _folded(
    views: Sequence[View], texts: Sequence[str], widths: Sequence[int]
) -> Iterator[Sequence[str]]:
    cells = (
        folded(text, size) if column.kind is CellKind.TEXT else [text]
        for column, text, size in zip(views, texts, widths, strict=True)
    )
    return zip_longest(*cells, fillvalue="")


ONE_LINE = Form(lay_out, _unfolded, "last --wide")
"""A line for each row; texts that are too wide are cut."""

FOLDED = Form(lay_out_folded, _folded, "'| to vertical'")
"""As many lines for a row as its texts need."""


class TablePage:
    """The heading and the rows of a table.

    Args:
        views: the columns; spare ones are left out if space is short.
        empty: columns that are not shown because no row has a value so far.
        available: terminal cells of a line; None for no limit.
        theme: the colours.
        form: how rows take up lines.
    """

    def __init__(
        self,
        views: Sequence[View],
        empty: Sequence[View],
        available: int | None,
        theme: Theme,
        form: Form,
    ) -> None:
        self._views = [_NUMBER, *views]
        self._empty = empty
        self._available = available
        self._theme = theme
        self._form = form
        self._extents: list[ColumnExtent] = []
        self._widths: list[int] = []
        self._measured: list[list[str]] = []
        self._left_out: list[str] = []
        self._shortened: set[str] = set()
        self._late: dict[str, int] = {}

    def fits(self, batch: Sequence[AnyRow], *, early: bool) -> bool:
        """Fixes the columns for these first rows; False if they need more space."""
        texts = self._texts(batch, 1)
        extents = view_extents(self._views, texts)
        extents = with_room(extents, self._available, self._form.lay_out) if early else extents
        widths = self._form.lay_out(extents, self._available)
        if widths is None:
            return False
        self._left_out = [
            column.label for column, size in zip(self._views, widths, strict=True) if not size
        ]
        self._views = list(compress(self._views, widths))
        self._extents = [replace(column, spare=False) for column in compress(extents, widths)]
        self._widths = list(filter(None, widths))
        self._measured = [list(compress(cells, widths)) for cells in texts]
        return True

    def heading(self) -> str:
        """The headings; they are cut like texts, whatever is below them."""
        views = [replace(column, kind=CellKind.TEXT) for column in self._views]
        roles = [self._theme.heading] * len(views)
        return self._row(views, [column.heading for column in views], roles)

    def lines(self, batch: Sequence[AnyRow], first: int) -> str:
        """The lines of rows, starting with those that fixed the columns.

        Args:
            batch: the rows.
            first: the number of the first.
        """
        texts, self._measured = self._measured, []
        if not texts:
            texts = self._texts(batch, first)
            self._widen(texts)
        self._watch(batch, first)
        roles = [self._role(column) for column in self._views]
        return "".join([self._row(self._views, cells, roles) for cells in texts])

    def statements(self) -> list[str]:
        """What these lines did not show."""
        late = [
            f"{name} is not shown, but row {row} has it: {self._form.remedy} shows it"
            for name, row in self._late.items()
        ]
        return [*self._incomplete(), *late]

    def _incomplete(self) -> Iterator[str]:
        left_out, shortened = len(self._left_out), len(self._shortened)
        parts = [f"{_listed(self._left_out)} not shown"] if left_out else []
        if shortened:
            parts.append(f"{shortened} column{'s' * (shortened != 1)} shortened")
        if parts:
            them = "it" if left_out + shortened == 1 else "them"
            yield f"{', '.join(parts)}: {self._form.remedy} shows {them} whole"

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
            widths = self._form.lay_out(grown, self._available)
            self._widths = widths or squeeze(grown, self._available or 0)

    def _watch(self, batch: Sequence[AnyRow], first: int) -> None:
        """Notices values of optional columns that were left out."""
        for column in self._empty:
            for number, row in enumerate(batch, first):
                if column.label not in self._late and column.read(row):
                    self._late[column.label] = number

    def _role(self, column: View) -> str:
        if column is _NUMBER:
            return self._theme.number
        return self._theme.uid if column.kind is CellKind.UID else ""

    def _row(self, views: Sequence[View], texts: Sequence[str], roles: Sequence[str]) -> str:
        lines = self._form.lines(views, texts, self._widths)
        return "".join([self._line(views, line, roles) for line in lines])

    def _line(self, views: Sequence[View], texts: Sequence[str], roles: Sequence[str]) -> str:
        cells = []
        for column, text, size, role in zip(views, texts, self._widths, roles, strict=True):
            room = size - width(text)
            if room < 0:
                short = self._short(column, text, size)
                cells.append(_padded(column, short, size - width(short), role))
            else:
                cells.append(_padded(column, text, room, role))
        return (" " * GAP).join(cells).rstrip(" ") + "\n"

    def _short(self, column: View, text: str, size: int) -> str:
        if column.kind is CellKind.UID:
            return shorten_middle(text, size)
        self._shortened.add(column.label)
        return fit(text, size)


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _padded(column: View, text: str, room: int, role: str) -> str:
    painted = paint(role, text)
    return " " * room + painted if column.right else painted + " " * room

"""The lines of a table whose columns are fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress, zip_longest

from dicomsh.frozen import frozen, replace
from dicomsh.model.safe import fit, shorten_middle, width
from dicomsh.output.bars import bar, bar_room
from dicomsh.output.cells import CellKind, View
from dicomsh.output.layout import (
    GAP,
    ColumnExtent,
    LayOut,
    extent,
    lay_out,
    lay_out_folded,
    squeeze,
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
        views: the columns; optional ones without a value in the first rows are not shown, and
            spare ones are left out if space is short.
        available: terminal cells of a line; None for no limit.
        theme: the colours.
        form: how rows take up lines.
    """

    def __init__(
        self, views: Sequence[View], available: int | None, theme: Theme, form: Form
    ) -> None:
        self._all = [_NUMBER, *views]
        self._available = available
        self._theme = theme
        self._form = form
        self._extents = [extent(column) for column in self._all]
        self._filled = [False] * len(self._all)
        self._is_shown = [True] * len(self._all)
        self._fixed = False
        self._views: list[View] = []
        self._widths: list[int] = []
        self._left_out: list[str] = []
        self._cut: dict[tuple[str, str], int] = {}
        self._shortened: set[str] = set()
        self._late: dict[str, int] = {}

    def read(self, batch: Sequence[AnyRow], first: int) -> list[list[str]]:
        """The texts of rows, each with its number, to be given to `lines`; columns make room.

        Args:
            batch: the rows.
            first: the number of the first.
        """
        texts = [
            [str(number), *(view.read(row) or "" for view in self._all[1:])]
            for number, row in enumerate(batch, first)
        ]
        if texts:
            columns = list(zip(*texts, strict=True))
            self._note(columns, first)
            self._grow(columns)
        return texts

    def _note(self, columns: Sequence[Sequence[str]], first: int) -> None:
        """Which columns have values; of those that are not shown for lack of them, the row."""
        for index, (column, texts) in enumerate(zip(self._all, columns, strict=True)):
            if not self._filled[index] and any(texts):
                self._filled[index] = True
                if self._fixed and not self._is_shown[index]:
                    self._late[column.label] = first + [*map(bool, texts)].index(True)

    def _grow(self, columns: Sequence[Sequence[str]]) -> None:
        grown = [old.grown(column) for old, column in zip(self._extents, columns, strict=True)]
        if grown != self._extents:
            self._extents = grown
            if self._fixed:
                extents = self._shown(grown)
                widths = self._form.lay_out(extents, self._available)
                self._widths = widths or squeeze(extents, self._available or 0)

    def _shown(self, extents: Sequence[ColumnExtent]) -> list[ColumnExtent]:
        """Those of the columns that are shown, which can no longer be left out."""
        return [replace(column, spare=False) for column in compress(extents, self._is_shown)]

    def fits(self, texts: Sequence[Sequence[str]], *, early: bool) -> bool:
        """Fixes the columns for the rows that were read; False if they need more space.

        Args:
            texts: what was read of them.
            early: whether few rows determine the columns.
        """
        self._is_shown = [
            filled or not column.optional
            for column, filled in zip(self._all, self._filled, strict=True)
        ]
        extents = list(compress(self._extents, self._is_shown))
        if self._available is not None and not self._can_be_told_apart(texts):
            extents = self._shown(self._extents)
        extents = with_room(extents, self._available, self._form.lay_out) if early else extents
        widths = self._form.lay_out(extents, self._available)
        if widths is None:
            return False
        self._fix(widths, extents)
        return True

    def _can_be_told_apart(self, texts: Sequence[Sequence[str]]) -> bool:
        """Whether every row identifies its entity without UIDs."""
        telling = [
            index
            for index, column in enumerate(self._all)
            if column.telling and self._is_shown[index]
        ]
        return all(any(cells[index] for index in telling) for cells in texts)

    def _fix(self, widths: Sequence[int], extents: Sequence[ColumnExtent]) -> None:
        """Show the columns that have a width, with the room that they have been given."""
        given = iter(zip(widths, extents, strict=True))
        for index, is_shown in enumerate(self._is_shown):
            if is_shown:
                size, self._extents[index] = next(given)
                self._is_shown[index] = bool(size)
                if not size:
                    self._left_out.append(self._all[index].label)
                    self._filled[index] = True
        self._views = list(compress(self._all, self._is_shown))
        self._widths = list(filter(None, widths))
        self._fixed = True

    def heading(self) -> str:
        """The headings, brief or cut where values are narrower, whatever is below them."""
        views = [replace(column, kind=CellKind.TEXT, label="") for column in self._views]
        roles = [self._theme.heading] * len(views)
        if self._form is FOLDED:
            return self._row(views, [column.heading for column in views], roles)
        pairs = zip(views, self._widths, strict=True)
        return self._row(views, [_heading(column, size) for column, size in pairs], roles)

    def lines(self, texts: Sequence[Sequence[str]]) -> str:
        """The lines of rows, of which `read` has returned the texts."""
        roles = [self._role(column) for column in self._views]
        shown = [list(compress(cells, self._is_shown)) for cells in texts]
        return "".join([self._row(self._views, cells, roles, self._bar(cells)) for cells in shown])

    def _bar(self, texts: Sequence[str]) -> str:
        """The bar for a row: in proportion to its number, in the cells that the columns leave."""
        column, text = next(
            (pair for pair in zip(self._views, texts, strict=True) if pair[0].most), (None, "")
        )
        if column is None or column.most is None or self._available is None:
            return ""
        room = bar_room(self._available - sum(self._widths) - GAP * len(self._widths))
        return paint(self._theme.bar, bar(text, column.most(), room))

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

    def _role(self, column: View) -> str:
        if column is _NUMBER:
            return self._theme.number
        return self._theme.uid if column.kind is CellKind.UID else ""

    def _row(
        self, views: Sequence[View], texts: Sequence[str], roles: Sequence[str], bar: str = ""
    ) -> str:
        first, *more = self._form.lines(views, texts, self._widths)
        lines = [self._line(views, line, roles) for line in more]
        return "".join([self._line(views, first, roles, bar), *lines])

    def _line(
        self, views: Sequence[View], texts: Sequence[str], roles: Sequence[str], bar: str = ""
    ) -> str:
        cells = []
        for column, text, size, role in zip(views, texts, self._widths, roles, strict=True):
            room = size - width(text)
            if room < 0:
                short = self._short(column, text, size)
                cells.append(_padded(column, short, size - width(short), role))
            else:
                cells.append(_padded(column, text, room, role))
        return (" " * GAP).join([*cells, bar]).rstrip(" ") + "\n"

    def _short(self, column: View, text: str, size: int) -> str:
        short = _SHORTENED.get(column.kind, fit)(text, size)
        if column.label:
            self._note_cut(column, text, short)
        return short

    def _note_cut(self, column: View, text: str, short: str) -> None:
        """Whether a column has lost what tells its values apart, by a value that was cut.

        Half a number is another number.
        """
        whole = self._cut.setdefault((column.label, short), hash(text))
        if column.kind is CellKind.EXACT or whole != hash(text) or len(self._cut) > _MOST_CUT:
            self._shortened.add(column.label)


_MOST_CUT = 10_000
"""Different texts that are remembered as cut; of more, nobody knows whether they look alike."""


def _heading(column: View, size: int) -> str:
    """The heading for a number of cells."""
    if width(column.heading) <= size or not column.brief:
        return fit(column.heading, size)
    return fit(column.brief, size)


def _id_in(text: str, size: int) -> str:
    return shorten_middle(text, size, (size - 1) // 2)


_SHORTENED: Mapping[CellKind, Callable[[str, int], str]] = {
    CellKind.UID: shorten_middle,
    CellKind.ID: _id_in,
}
"""How a text is shortened, if not at its end."""


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _padded(column: View, text: str, room: int, role: str) -> str:
    painted = paint(role, text)
    return " " * room + painted if column.right else painted + " " * room

"""Widths of the columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dicomsh.frozen import frozen, replace
from dicomsh.model.safe import width
from dicomsh.output.cells import CellKind, View

GAP = 2
"""Cells between two columns."""

_COMPACT_UID = 20
_SLIM_UID = 16
_EASY = {CellKind.TEXT: 20, CellKind.ID: 16}
_LEAST = {CellKind.TEXT: 8, CellKind.UID: 10, CellKind.ID: 8}
_LEAST_FOLDED = 16
_LEAST_HEADING = 4


@frozen
class ColumnExtent:
    """How many terminal cells a column needs for its data and for its heading.

    A `spare` one may be left out if space is short. `brief` is for its heading then: what is more
    is of no use to anybody while a value is cut.
    """

    kind: CellKind
    heading: int
    data: int = 0
    usual: int = 0
    spare: bool = False
    brief: int = _LEAST_HEADING

    def grown(self, texts: Iterable[str]) -> ColumnExtent:
        """The extent extended to hold these texts."""
        return replace(self, data=max(self.data, *map(width, texts), 0))

    @property
    def wanted(self) -> int:
        """Cells that show everything."""
        return max(self.heading, self.data)

    @property
    def compact(self) -> int:
        """Cells to start from if space is short: the two ends of a UID say enough."""
        return min(self.wanted, _COMPACT_UID) if self.kind is CellKind.UID else self.wanted

    @property
    def tight(self) -> int:
        """Cells that show every value, and a brief heading."""
        return max(self.data, min(self.heading, self.brief))

    @property
    def snug(self) -> int:
        """Cells to start from once headings are brief."""
        return min(self.tight, _COMPACT_UID) if self.kind is CellKind.UID else self.tight

    @property
    def slim(self) -> int:
        """Cells that show every text, and enough of a UID to tell it from others."""
        return min(self.tight, _SLIM_UID) if self.kind is CellKind.UID else self.tight

    @property
    def easy(self) -> int:
        """Cells that are enough for most texts."""
        return min(self.slim, _EASY.get(self.kind, self.slim))

    @property
    def bare(self) -> int:
        """Cells for the data alone, with the beginning of the heading."""
        if self.kind is CellKind.UID:
            return self.slim
        return max(self.data, min(self.heading, _LEAST_HEADING))

    @property
    def least(self) -> int:
        """Minimum cells for the column to be worth showing."""
        return self.bare if self.kind is CellKind.EXACT else min(self.bare, _LEAST[self.kind])

    @property
    def folded(self) -> int:
        """Minimum cells for a wrapped text to be readable."""
        least = {CellKind.TEXT: _LEAST_FOLDED, CellKind.UID: _SLIM_UID}
        return min(self.wanted, least.get(self.kind, self.wanted))


def extent(view: View) -> ColumnExtent:
    """The extent of a column before any row."""
    brief = width(view.brief) or _LEAST_HEADING
    return ColumnExtent(
        view.kind, width(view.heading), usual=view.usual, spare=view.spare, brief=brief
    )


def lay_out(extents: Sequence[ColumnExtent], available: int | None) -> list[int] | None:
    """A width for each column, or None if they do not fit side by side.

    If space is short, headings wider than their data become brief, then the middle of UIDs goes,
    and the widest texts shrink. If that is not enough, spare columns are left out one by one: their
    width is 0. Finally headings are cut, then all texts, and UIDs to their ends.

    Args:
        extents: what the columns need.
        available: terminal cells for the whole line; None for no limit.
    """
    wanted = [column.wanted for column in extents]
    if available is None or _line(wanted) <= available:
        return wanted
    spare = [index for index, column in enumerate(extents) if column.spare]
    for count in range(len(spare) + 1):
        widths = _readable(extents, spare[:count], available)
        if widths is not None:
            return widths
    return _reduced(extents, spare, available)


def _line(widths: Sequence[int]) -> int:
    """Cells of a line with columns of these widths."""
    shown = [size for size in widths if size]
    return sum(shown) + GAP * (len(shown) - 1)


def _readable(extents: Sequence[ColumnExtent], left_out: Sequence[int], available: int) -> _Widths:
    """Widths that cut nothing but headings, the middle of UIDs, and long texts."""
    shown = _without(extents, left_out)
    compact = [column.compact for column in shown]
    snug = [column.snug for column in shown]
    slim = [column.slim for column in shown]
    easy = [column.easy for column in shown]
    return _fitted(((compact, snug), (snug, slim), (snug, easy)), left_out, available)


def _reduced(extents: Sequence[ColumnExtent], left_out: Sequence[int], available: int) -> _Widths:
    """Widths that cut headings, and then everything that may be cut."""
    shown = _without(extents, left_out)
    slim = [column.slim for column in shown]
    easy = [column.easy for column in shown]
    bare = [column.bare for column in shown]
    both = [min(pair) for pair in zip(easy, bare, strict=True)]
    least = [column.least for column in shown]
    return _fitted(((slim, bare), (easy, both), (both, least)), left_out, available)


_Widths = list[int] | None


def _without(extents: Sequence[ColumnExtent], left_out: Sequence[int]) -> list[ColumnExtent]:
    return [column for index, column in enumerate(extents) if index not in left_out]


def _fitted(
    steps: Iterable[tuple[list[int], list[int]]], left_out: Sequence[int], available: int
) -> _Widths:
    """Widths of the first step where all fit, each from most to least; 0 for columns left out."""
    fitting = (_level(most, fewest, available) for most, fewest in steps)
    widths = next((widths for widths in fitting if widths is not None), None)
    if widths is None:
        return None
    for index in left_out:
        widths.insert(index, 0)
    return widths


def lay_out_folded(extents: Sequence[ColumnExtent], available: int | None) -> list[int] | None:
    """A width for each column if texts wrap; None if they cannot.

    The widest texts shrink first, then the middle of UIDs goes.
    """
    wanted = [column.wanted for column in extents]
    if available is None or _line(wanted) <= available:
        return wanted
    compact = [column.compact for column in extents]
    return _level(compact, [column.folded for column in extents], available)


def _level(wanted: list[int], least: list[int], available: int) -> list[int] | None:
    """Cuts every width to the highest level at which all fit; none below its least."""
    room = available - GAP * (len(wanted) - 1)
    for level in range(min(room, max(wanted)), 0, -1):
        widths = [min(want, max(level, low)) for want, low in zip(wanted, least, strict=True)]
        if sum(widths) <= room:
            return _filled(widths, wanted, room)
    return None


def _filled(widths: list[int], wanted: list[int], room: int) -> list[int]:
    """Gives the remaining space to columns that were cut, one cell each."""
    left = room - sum(widths)
    for index, (size, want) in enumerate(zip(widths, wanted, strict=True)):
        if size < want and left:
            widths[index] += 1
            left -= 1
    return widths


LayOut = Callable[[Sequence[ColumnExtent], int | None], list[int] | None]
"""A function that gives each column a width."""


def with_room(
    extents: Sequence[ColumnExtent], available: int | None, by: LayOut = lay_out
) -> list[ColumnExtent]:
    """The extents with room for usual texts to come, unless that takes a column away."""
    roomy = [replace(column, data=max(column.data, column.usual)) for column in extents]
    fits = available is not None and _shown(roomy, available, by) == _shown(extents, available, by)
    return roomy if fits else list(extents)


def _shown(extents: Sequence[ColumnExtent], available: int, by: LayOut) -> int:
    """How many columns are shown; 0 if they do not fit side by side."""
    return sum(map(bool, by(extents, available) or ()))


def squeeze(extents: Sequence[ColumnExtent], available: int) -> list[int]:
    """Widths for a table that has begun and can no longer become vertical."""
    wanted = [column.compact for column in extents]
    return _level(wanted, [1] * len(wanted), available) or [1] * len(wanted)

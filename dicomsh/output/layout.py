"""Widths of the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dicomsh.output.cells import Kind, View
from dicomsh.output.safe import width

GAP = 2
"""Cells between two columns."""

_COMPACT_UID = 20
_EASY = 20
_LEAST = {Kind.TEXT: 8, Kind.UID: 10}
_LEAST_HEADING = 4


@dataclass(frozen=True, slots=True)
class Extent:
    """How many terminal cells a column wants: for its data, and for its heading."""

    kind: Kind
    heading: int
    data: int = 0
    usual: int = 0

    def grown(self, texts: Iterable[str]) -> Extent:
        """The extent that holds these texts, too."""
        return replace(self, data=max(self.data, *map(width, texts), 0))

    @property
    def wanted(self) -> int:
        """Cells that show everything."""
        return max(self.heading, self.data)

    @property
    def compact(self) -> int:
        """Cells to start from when space is short: a UID says enough at its two ends."""
        return min(self.wanted, _COMPACT_UID) if self.kind is Kind.UID else self.wanted

    @property
    def easy(self) -> int:
        """Cells that are enough for most texts."""
        return min(self.wanted, _EASY) if self.kind is Kind.TEXT else self.compact

    @property
    def bare(self) -> int:
        """Cells for the data alone, with the beginning of the heading."""
        if self.kind is Kind.UID:
            return self.least
        return max(self.data, min(self.heading, _LEAST_HEADING))

    @property
    def least(self) -> int:
        """Cells below which the column would not be worth showing."""
        if self.kind is Kind.UID:
            return min(self.wanted, _LEAST[self.kind])
        return self.bare if self.kind is Kind.EXACT else min(self.bare, _LEAST[self.kind])


def extent(view: View) -> Extent:
    """The extent of a column before any row."""
    return Extent(view.kind, width(view.heading), usual=view.usual)


def lay_out(extents: Sequence[Extent], available: int | None) -> list[int] | None:
    """A width for each column, or None when they cannot be shown side by side.

    Where space is short, the middle of UIDs goes first, then the widest texts shrink, then UIDs to
    their ends and headings that are wider than their data, then all texts.

    Args:
        extents: what the columns want.
        available: terminal cells for the whole line; None for no limit.
    """
    wanted = [column.wanted for column in extents]
    if available is None:
        return wanted
    room = available - GAP * (len(extents) - 1)
    if sum(wanted) <= room:
        return wanted
    compact = [column.compact for column in extents]
    slim = [column.least if column.kind is Kind.UID else column.wanted for column in extents]
    easy = [column.easy for column in extents]
    bare = [column.bare for column in extents]
    least = [column.least for column in extents]
    steps = ((compact, slim), (compact, easy), (slim, bare), (bare, least))
    fitting = (_level(most, fewest, room) for most, fewest in steps)
    return next((widths for widths in fitting if widths is not None), None)


def _level(wanted: list[int], least: list[int], room: int) -> list[int] | None:
    """Cuts every width to the highest level at which all fit; none below its least."""
    for level in range(min(room, max(wanted)), 0, -1):
        widths = [min(want, max(level, low)) for want, low in zip(wanted, least, strict=True)]
        if sum(widths) <= room:
            return _filled(widths, wanted, room)
    return None


def _filled(widths: list[int], wanted: list[int], room: int) -> list[int]:
    """Gives what is left of the room to columns that were cut, one cell each."""
    left = room - sum(widths)
    for index, (size, want) in enumerate(zip(widths, wanted, strict=True)):
        if size < want and left:
            widths[index] += 1
            left -= 1
    return widths


def with_room(extents: Sequence[Extent], available: int | None) -> list[Extent]:
    """The extents with room for usual texts to come, unless they cannot be shown with it."""
    roomy = [replace(column, data=max(column.data, column.usual)) for column in extents]
    fits = available is not None and lay_out(roomy, available) is not None
    return roomy if fits else list(extents)


def squeeze(extents: Sequence[Extent], available: int) -> list[int]:
    """Widths for a table that has begun and cannot become anything else any more."""
    room = available - GAP * (len(extents) - 1)
    wanted = [column.compact for column in extents]
    return _level(wanted, [1] * len(wanted), room) or [1] * len(wanted)


def view_extents(views: Sequence[View], texts: Sequence[Sequence[str]]) -> list[Extent]:
    """Extents of columns that hold these rows of texts."""
    columns = zip(*texts, strict=True) if texts else [()] * len(views)
    return [extent(view).grown(column) for view, column in zip(views, columns, strict=True)]

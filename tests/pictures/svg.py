"""A screen of a terminal as an SVG picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Protocol

WIDTH, HEIGHT, BASELINE = 8.43, 19.0, 14.0
"""Cell of a monospaced font of 14 pixels."""

PADDING = 16.0
_HALF = "\N{UPPER HALF BLOCK}"
_FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK JP', monospace"
_FOREGROUND, _BACKGROUND, _CURSOR = "#d5d9e0", "#1d2129", "#8b93a1"
_PALETTE = {
    "black": "#2b303b",
    "red": "#e5686f",
    "green": "#8fc27a",
    "brown": "#e2b86b",
    "blue": "#6ca8f0",
    "magenta": "#c58fe0",
    "cyan": "#5cbfc6",
    "white": "#d5d9e0",
    "brightblack": "#7f8896",
    "brightred": "#f0868c",
    "brightgreen": "#a9d896",
    "brightbrown": "#f0cd85",
    "brightblue": "#8bbdf7",
    "brightmagenta": "#d6abec",
    "brightcyan": "#7fd6dc",
    "brightwhite": "#ffffff",
}
"""The names that pyte gives the sixteen colours; others come as six hexadecimal digits."""


class Character(Protocol):
    """What pyte knows of a cell; `data` is empty for the second cell of a wide character."""

    @property
    def data(self) -> str: ...

    @property
    def fg(self) -> str: ...

    @property
    def bg(self) -> str: ...

    @property
    def bold(self) -> bool: ...

    @property
    def italics(self) -> bool: ...

    @property
    def underscore(self) -> bool: ...

    @property
    def reverse(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell looks; colours as SVG has them, `background` empty for that of the picture."""

    colour: str
    background: str
    bold: bool
    italic: bool
    underlined: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Cells of one style: where they begin, how many there are, what they show."""

    start: int
    cells: int
    text: str
    style: Style


def picture(rows: Sequence[Sequence[Character]], cursor: tuple[int, int] | None = None) -> str:
    """The rows as a picture.

    Args:
        rows: what to show, each row of the same length.
        cursor: row and column of a cursor to show, or None.
    """
    width = 2 * PADDING + WIDTH * max(map(len, rows), default=0)
    height = 2 * PADDING + HEIGHT * len(rows)
    return "\n".join([*_frame(width, height), *_cursor(cursor), *_rows(rows), "</g>", "</svg>", ""])


def _frame(width: float, height: float) -> Iterator[str]:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    yield f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>'
    yield f'<g font-family="{_FONTS}" font-size="14" fill="{_FOREGROUND}" xml:space="preserve">'


def _cursor(cursor: tuple[int, int] | None) -> Iterator[str]:
    if cursor is not None:
        yield _box(cursor[0], cursor[1], 1, _CURSOR)


def _rows(rows: Sequence[Sequence[Character]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield from _shades(number, row)
        yield from _halves(number, row)
        yield from (_text(number, run) for run in runs_of(row) if run.text.strip(f" {_HALF}"))


def runs_of(row: Sequence[Character]) -> Iterator[Run]:
    """The row in pieces that can be drawn at once.

    Only ASCII is sure to be as wide as its cells in any font: everything else stands by itself.
    """
    for (style, plain), group in groupby(enumerate(row), key=lambda item: _look(item[1])):
        cells = list(group)
        if plain:
            text = "".join(character.data for _, character in cells)
            yield Run(cells[0][0], len(cells), text, style)
        else:
            for index, character in cells:
                yield Run(index, 1, character.data, style)


def _look(character: Character) -> tuple[Style, bool]:
    front, back = _colour(character.fg, ""), _colour(character.bg, "")
    if character.reverse:
        front, back = back or _BACKGROUND, front or _FOREGROUND
    style = Style(front, back, character.bold, character.italics, character.underscore)
    return style, character.data.isascii() and bool(character.data)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return _PALETTE.get(name, f"#{name}")


def _shades(number: int, row: Sequence[Character]) -> Iterator[str]:
    """The backgrounds of a row, each in one piece: seams would show."""
    start = 0
    for colour, group in groupby(_look(character)[0].background for character in row):
        cells = len(list(group))
        if colour:
            yield _box(number, start, cells, colour)
        start += cells


def _halves(number: int, row: Sequence[Character]) -> Iterator[str]:
    """The upper halves of cells with a half block: as letters, they would not fit together."""
    start = 0
    for (half, colour), group in groupby((one.data == _HALF, _look(one)[0].colour) for one in row):
        cells = len(list(group))
        if half:
            yield _box(number, start, cells, colour or _FOREGROUND, HEIGHT / 2)
        start += cells


def _box(row: int, column: int, cells: int, colour: str, height: float = HEIGHT) -> str:
    x, y = PADDING + column * WIDTH, PADDING + row * HEIGHT
    size = f'width="{cells * WIDTH:.2f}" height="{height:.2f}"'
    return f'<rect x="{x:.2f}" y="{y:.2f}" {size} fill="{colour}" shape-rendering="crispEdges"/>'


def _text(row: int, run: Run) -> str:
    x, y = PADDING + run.start * WIDTH, PADDING + row * HEIGHT + BASELINE
    style = run.style
    looks = [f'fill="{style.colour}"'] if style.colour else []
    looks += ['font-weight="bold"'] if style.bold else []
    looks += ['font-style="italic"'] if style.italic else []
    looks += ['text-decoration="underline"'] if style.underlined else []
    if len(run.text) > 1:
        looks.append(f'textLength="{run.cells * WIDTH:.2f}" lengthAdjust="spacingAndGlyphs"')
    attributes = " ".join([f'x="{x:.2f}" y="{y:.2f}"', *looks])
    return f"<text {attributes}>{escape(run.text, quote=False)}</text>"

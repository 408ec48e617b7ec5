"""Pictures on a terminal: in the best way that its environment says it knows.

A terminal is never asked: the answer of one that does not know the question would never come, or
would turn up as typed text.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dicomsh.frozen import frozen
from dicomsh.model.drawing import DrawingStyle
from dicomsh.model.picture import Picture
from dicomsh.output import blocks, graphics
from dicomsh.output.theme import wants_colour

if TYPE_CHECKING:
    from PIL.Image import Image

_USUAL_CELL = (10, 20)
"""Width and height of a cell in pixels, where the terminal does not say."""

_LARGEST_CELL = 100

_KITTY = frozenset({"xterm-kitty", "xterm-ghostty"})
_KITTY_PROGRAMS = frozenset({"ghostty", "WezTerm"})
_SIXEL_PROGRAMS = frozenset({"iTerm.app", "mintty"})
_SIXEL_TERMS = ("foot", "mlterm", "yaft", "contour")


def style_for(environ: Mapping[str, str], color: str) -> DrawingStyle:
    """The way to draw in the terminal that an environment describes.

    Terminals with graphics are known by the variables that they set; tmux and screen, which set
    variables of their own, pass no graphics on.

    Args:
        environ: environment variables.
        color: the setting `color`: auto, on or off.
    """
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if not wants_colour(True, environ, color):
        return DrawingStyle.LETTERS
    if not _multiplexed(environ):
        if term in _KITTY or program in _KITTY_PROGRAMS or environ.get("KITTY_WINDOW_ID"):
            return DrawingStyle.KITTY
        if program in _SIXEL_PROGRAMS or term.startswith(_SIXEL_TERMS) or "sixel" in term:
            return DrawingStyle.SIXEL
    if _true_colour(environ):
        return DrawingStyle.BLOCKS
    return DrawingStyle.BLOCKS256 if "256" in term else DrawingStyle.LETTERS


def _multiplexed(environ: Mapping[str, str]) -> bool:
    term = environ.get("TERM", "")
    return bool(environ.get("TMUX") or environ.get("STY")) or term.startswith(("tmux", "screen"))


def _true_colour(environ: Mapping[str, str]) -> bool:
    told = environ.get("COLORTERM", "") in ("truecolor", "24bit")
    return told or "direct" in environ.get("TERM", "") or bool(environ.get("WT_SESSION"))


@frozen
class Screen:
    """The terminal that a picture has to fit in.

    Args:
        columns: cells from left to right.
        lines: cells from top to bottom that the picture may take.
        cell: width and height of a cell in pixels.
    """

    columns: int
    lines: int
    cell: tuple[int, int] = _USUAL_CELL


def screen_of(descriptor: int | None, columns: int, lines: int) -> Screen:
    """A terminal with the size of its cells, as its driver knows it; the usual one otherwise."""
    return Screen(columns, lines, _cell(descriptor) or _USUAL_CELL)


def _cell(descriptor: int | None) -> tuple[int, int] | None:
    if sys.platform == "win32" or descriptor is None:
        return None
    from fcntl import ioctl
    from struct import unpack
    from termios import TIOCGWINSZ

    try:
        rows, columns, width, height = unpack("HHHH", ioctl(descriptor, TIOCGWINSZ, bytes(8)))
    except OSError:
        return None
    if not (rows and columns and width and height):
        return None
    cell = round(width / columns), round(height / rows)
    return cell if all(2 <= side <= _LARGEST_CELL for side in cell) else None


def drawn(picture: Picture, style: DrawingStyle, screen: Screen) -> str:
    """The text that draws a picture, with a line end after it.

    Args:
        picture: the picture.
        style: the way to draw it.
        screen: what it has to fit in.
    """
    columns, lines = _cells(picture, screen)
    width, height = screen.cell
    if style is DrawingStyle.KITTY:
        most = _resized(picture, columns * width, lines * height)
        return graphics.kitty(_png(most), columns, lines)
    if style is DrawingStyle.SIXEL:
        return graphics.sixel(_resized(picture, columns * width, lines * height))
    if style is DrawingStyle.LETTERS:
        return blocks.letters(_resized(picture, columns, lines).tobytes(), columns)
    draw = blocks.true_colour if style is DrawingStyle.BLOCKS else blocks.colours256
    return draw(_resized(picture, columns, 2 * lines).tobytes(), columns)


def _cells(picture: Picture, screen: Screen) -> tuple[int, int]:
    """Columns and lines of the largest rectangle with the shape of a picture that fits."""
    width, height = screen.cell
    shape = picture.rows * picture.stretch / picture.columns  # height for a width of 1
    columns = min(screen.columns, screen.lines * height / shape / width)
    lines = columns * width * shape / height
    return max(int(columns), 1), min(max(round(lines), 1), screen.lines)


def _resized(picture: Picture, columns: int, rows: int) -> Image:
    from PIL.Image import Resampling

    smaller = columns * rows < picture.columns * picture.rows
    how = Resampling.BOX if smaller else Resampling.BICUBIC
    return _image(picture).resize((columns, rows), how)


def _image(picture: Picture) -> Image:
    from PIL.Image import frombytes

    return frombytes("RGB", (picture.columns, picture.rows), picture.rgb)


def png(picture: Picture) -> bytes:
    """A PNG file (ISO/IEC 15948); square pixels, and grey if there are no colours."""
    height = max(round(picture.rows * picture.stretch), 1)
    if height == picture.rows:
        return _png(_image(picture))
    return _png(_resized(picture, picture.columns, height))


def _png(image: Image) -> bytes:
    from io import BytesIO

    red, green, blue = image.split()
    grey = red.tobytes() == green.tobytes() == blue.tobytes()
    written = BytesIO()
    (red if grey else image).save(written, "PNG")
    return written.getvalue()


def style_here(color: str) -> DrawingStyle:
    """The way to draw in the terminal of this process."""
    return style_for(os.environ, color)

"""Pictures made of characters: half blocks in colours, or letters that are light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

_RESET = "\x1b[0m"
_HALF = "\N{UPPER HALF BLOCK}"

_LETTERS = " .:-=+*#%@"
"""From dark to light, for a dark background."""


def true_colour(rgb: bytes, columns: int) -> str:
    """Two rows of pixels a line, in 24-bit colour (ITU-T T.416 13.1.8, SGR 38 and 48).

    Args:
        rgb: red, green and blue of each pixel.
        columns: pixels of a row; the number of rows is even.
    """
    return _in_halves(rgb, columns, lambda pixel: f"2;{pixel[0]};{pixel[1]};{pixel[2]}")


def colours256(rgb: bytes, columns: int) -> str:
    """Two rows of pixels a line, in the 256 colours of xterm; arguments as for `true_colour`."""
    return _in_halves(rgb, columns, lambda pixel: f"5;{_nearest(pixel)}")


def letters(rgb: bytes, columns: int) -> str:
    """A row of pixels a line, as letters; arguments as for `true_colour`."""
    lines = []
    for row in _rows(rgb, columns):
        shades = (_luminance(row[at : at + 3]) for at in range(0, len(row), 3))
        line = "".join(_LETTERS[shade * len(_LETTERS) // 256] for shade in shades)
        lines.append(line.rstrip() + "\n")
    return "".join(lines)


def _rows(rgb: bytes, columns: int) -> Iterator[bytes]:
    return (rgb[at : at + 3 * columns] for at in range(0, len(rgb), 3 * columns))


def _in_halves(rgb: bytes, columns: int, colour: Callable[[bytes], str]) -> str:
    rows = list(_rows(rgb, columns))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "".join(f"{_line(upper, lower, colour)}{_RESET}\n" for upper, lower in pairs)


def _line(upper: bytes, lower: bytes, colour: Callable[[bytes], str]) -> str:
    """A line of cells; a colour is written where it changes."""
    before = ("", "")
    cells = []
    for at in range(0, len(upper), 3):
        now = colour(upper[at : at + 3]), colour(lower[at : at + 3])
        changed = [f"{ground};{new}" for ground, new, old in _pairs(now, before) if new != old]
        cells.append(f"\x1b[{';'.join(changed)}m{_HALF}" if changed else _HALF)
        before = now
    return "".join(cells)


def _pairs(now: tuple[str, str], before: tuple[str, str]) -> Iterator[tuple[str, str, str]]:
    return zip(("38", "48"), now, before, strict=True)


def _luminance(pixel: bytes) -> int:
    """The luma of a pixel (ITU-R BT.601), 0 to 255."""
    return (299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2]) // 1000


_STEPS = (0, 95, 135, 175, 215, 255)
"""Intensities of the colour cube of xterm, which begins at 16; 24 shades of grey begin at 232."""


@lru_cache(1 << 14)
def _nearest(pixel: bytes) -> int:
    red, green, blue = pixel
    if max(pixel) - min(pixel) <= 8:
        grey = (red + green + blue) // 3
        if grey < 4:
            return 16
        return 231 if grey > 246 else 232 + min(max(round((grey - 8) / 10), 0), 23)
    places = [min(range(6), key=lambda step: abs(_STEPS[step] - value)) for value in pixel]
    return 16 + 36 * places[0] + 6 * places[1] + places[2]

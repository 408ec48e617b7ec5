"""Pictures of nobody: ellipses in shades of grey, painted row by row.

A row is painted in runs, so that an image of five million pixels takes milliseconds and no array
library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

from dicomsh.frozen import frozen


@frozen
class Ellipse:
    """An area of one shade.

    Args:
        row: its centre, as a part of the height of the image.
        column: its centre, as a part of the width.
        height: half its height, as a part of that of the image.
        width: half its width.
        shade: 0 (black) to 255.
    """

    row: float
    column: float
    height: float
    width: float
    shade: int

    def scaled(self, factor: float) -> Ellipse:
        """The same ellipse in an image that was shrunk to its centre."""
        return Ellipse(
            0.5 + (self.row - 0.5) * factor,
            0.5 + (self.column - 0.5) * factor,
            self.height * factor,
            self.width * factor,
            self.shade,
        )


Picture = Sequence[Ellipse]
"""Ellipses, each on top of those before."""


def _picture(text: str) -> Picture:
    """The ellipses of a text with one `row column height width shade` a line."""
    lines = ([float(word) for word in line.split()] for line in text.strip().splitlines())
    return tuple(
        Ellipse(row, column, height, width, int(shade))
        for row, column, height, width, shade in lines
    )


_TRUNK = _picture("""
    .50 .50 .32 .44  66
    .47 .29 .19 .14  14
    .47 .71 .19 .14  14
    .50 .56 .11 .09  72
    .70 .50 .07 .06 110
    .70 .50 .03 .03  68""")
_HEAD = _picture("""
    .50 .50 .44 .36 190
    .50 .50 .41 .33  40
    .50 .50 .39 .31 120
    .45 .44 .14 .04 230
    .45 .56 .14 .04 230""")
_VESSELS = _picture("""
    .50 .50 .49 .49 170
    .45 .40 .30 .04  60
    .60 .60 .28 .03  70
    .40 .55 .05 .22  80""")
_BREAST = _picture("""
    .50 .00 .45 .60 110
    .50 .05 .30 .35 150
    .45 .25 .03 .04 230""")
_SECTOR = _picture("""
    .10 .50 .85 .45  60
    .50 .42 .15 .12   8
    .62 .62 .06 .05 200""")
_SEGMENT = _picture(".50 .40 .20 .18 1")

PICTURES: Mapping[str, Picture] = {
    "CT": _TRUNK,
    "MR": _HEAD,
    "PT": _TRUNK,
    "NM": _TRUNK,
    "US": _SECTOR,
    "CR": _TRUNK,
    "DX": _TRUNK,
    "MG": _BREAST,
    "XA": _VESSELS,
    "RF": _VESSELS,
    "SEG": _SEGMENT,
}
"""What an image of each modality shows."""

PHASES = 8
"""How many different images there are of a picture; then they begin again."""


def phase(picture: Picture, number: int) -> Picture:
    """A picture as the image with this number shows it: a little smaller each time."""
    return tuple(one.scaled(1 - 0.05 * (number % PHASES)) for one in picture)


def painted(picture: Picture, rows: int, columns: int) -> Iterator[bytes]:
    """The rows of an image, one byte a pixel."""
    for row in range(rows):
        line = bytearray(columns)
        for one in picture:
            start, stop = _run(one, (row + 0.5) / rows, columns)
            line[start:stop] = bytes((one.shade,)) * (stop - start)
        yield bytes(line)


def _run(one: Ellipse, row: float, columns: int) -> tuple[int, int]:
    """The first column that an ellipse covers in a row, and the one after the last."""
    distance = (row - one.row) / one.height
    half = one.width * sqrt(max(1 - distance * distance, 0.0))
    start = min(max(round((one.column - half) * columns), 0), columns)
    return start, max(min(round((one.column + half) * columns), columns), start)


_LOW, _HIGH = (bytes((shade << 4 >> shift) & 0xFF for shade in range(256)) for shift in (0, 8))


def as_words(row: bytes) -> bytes:
    """A row with 16 bits a pixel, little endian: shades from 0 to 4080."""
    words = bytearray(2 * len(row))
    words[0::2] = row.translate(_LOW)
    words[1::2] = row.translate(_HIGH)
    return bytes(words)


_DIGITS = b"0" + b"1" * 255


def as_bits(row: bytes) -> bytes:
    """A row with one bit a pixel, the first in the lowest bit (PS3.5 8.1.1, annex D)."""
    return int(row[::-1].translate(_DIGITS), 2).to_bytes(len(row) // 8, "little")


def as_blocks(row: bytes, size: int) -> bytes:
    """A row in which each pixel has become several, side by side."""
    wide = bytearray(size * len(row))
    for offset in range(size):
        wide[offset::size] = row
    return bytes(wide)

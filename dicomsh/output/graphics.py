"""Pictures made of pixels, for terminals that can show them."""

from __future__ import annotations

from base64 import b64encode
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_PART = 4096
"""Characters of a part of a picture, as the protocol of kitty requires."""

_COLOURS = 256
_BAND = 6
"""Rows of pixels in a row of sixels."""


def kitty(png: bytes, columns: int, lines: int) -> str:
    """The graphics protocol of kitty (sw.kovidgoyal.net/kitty/graphics-protocol).

    Args:
        png: the picture as a PNG file.
        columns: cells that it fills.
        lines: lines that it fills.
    """
    data = b64encode(png).decode()
    parts = [data[at : at + _PART] for at in range(0, len(data), _PART)]
    # a: transmit and show; f: PNG; q: answer nothing; the cursor ends in the last line of it
    head = f"a=T,f=100,q=2,c={columns},r={lines},"
    said = [
        f"\x1b_G{head if not number else ''}m={int(number < len(parts) - 1)};{part}\x1b\\"
        for number, part in enumerate(parts)
    ]
    return "".join(said) + "\n"


def sixel(image: Image) -> str:
    """DEC sixel graphics (VT330/VT340 Programmer Reference Manual, volume 2, chapter 14)."""
    table = image.quantize(_COLOURS)
    width, height = table.size
    colours = (table.getpalette() or [])[: 3 * _COLOURS]
    data = table.tobytes()
    defined = "".join(
        f"#{number};2;{_percent(colours, number)}" for number in range(len(colours) // 3)
    )
    rows = [data[at : at + width] for at in range(0, len(data), width)]
    bands = "-".join(_band(rows[at : at + _BAND]) for at in range(0, height, _BAND))
    return f'\x1bP0;1q"1;1;{width};{height}{defined}{bands}\x1b\\\n'


def _percent(colours: list[int], number: int) -> str:
    return ";".join(str(round(part * 100 / 255)) for part in colours[3 * number : 3 * number + 3])


def _band(rows: list[bytes]) -> str:
    """Six rows: for each colour in them, the sixels in which it stands."""
    used = sorted(set(b"".join(rows)))
    return "$".join(f"#{colour}{_runs(_sixels(rows, colour))}" for colour in used)


def _sixels(rows: list[bytes], colour: int) -> bytes:
    """A sixel a column: one bit for each row, the topmost in the lowest bit."""
    total = 0
    for place, row in enumerate(rows):
        marks = row.translate(_is_colour(colour, 1 << place))
        total |= int.from_bytes(marks, "big")
    return total.to_bytes(len(rows[0]), "big").translate(_AS_TEXT)


def _is_colour(colour: int, bit: int) -> bytes:
    """A translation of one colour to a bit, and of all others to nothing."""
    table = bytearray(256)
    table[colour] = bit
    return bytes(table)


_AS_TEXT = bytes((value + 63) & 0xFF for value in range(256))


def _runs(sixels: bytes) -> str:
    return "".join(_run(chr(sixel), sum(1 for _ in run)) for sixel, run in groupby(sixels))


def _run(character: str, count: int) -> str:
    return f"!{count}{character}" if count > 3 else character * count

"""Bars beside numbers, for people at a terminal."""

from __future__ import annotations

_LONGEST = 40
_SHORTEST = 8
"""Cells: a shorter bar shows too little."""

_EIGHTHS = " ▏▎▍▌▋▊▉"
"""Block Elements of Unicode, U+258F to U+2589: a cell in eighths, from the left."""


def bar_room(cells: int) -> int:
    """The cells that the longest bar takes, of those that are free; 0 for no bars."""
    return min(cells, _LONGEST) if cells >= _SHORTEST else 0


def bar(text: str, most: int, room: int) -> str:
    """The bar for a number as text: `most` fills the room, anything above 0 is seen.

    Empty if the text is not a whole number from 1.
    """
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not (number and most and room):
        return ""
    eighths = max(round(8 * room * min(number / most, 1)), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()

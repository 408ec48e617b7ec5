"""Ways to draw a picture on a terminal."""

from __future__ import annotations

from enum import Enum


class DrawingStyle(Enum):
    """How a picture is drawn; the value is what a user types."""

    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"
    BLOCKS256 = "blocks256"
    LETTERS = "letters"

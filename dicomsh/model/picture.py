"""An image as people see it: shades and colours of eight bits, with the shape of its pixels."""

from __future__ import annotations

from dicomsh.frozen import frozen


@frozen
class Picture:
    """An image to show.

    Args:
        rows: its height in pixels.
        columns: its width in pixels.
        rgb: red, green and blue of each pixel, a byte each, row by row.
        stretch: the height of a pixel divided by its width; 1 for square ones.
    """

    rows: int
    columns: int
    rgb: bytes
    stretch: float = 1.0

    def __repr__(self) -> str:
        return f"Picture({self.rows} × {self.columns})"

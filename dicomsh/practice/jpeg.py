"""JPEG Baseline images (ISO/IEC 10918-1) of squares of one shade.

A square of 8 × 8 equal pixels is one coefficient, its mean, and a decoder gives back exactly the
shades that went in. So the archive can hold compressed images, and send them uncompressed to those
who do not take them, without a codec.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from struct import pack

BLOCK = 8
"""Rows and columns of a square."""

# Huffman table K.3 of the standard for the difference of two means: how many codes have each
# length from 1 to 16 bits, and the categories (numbers of bits that follow) in their order.
_MEAN_LENGTHS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_MEAN_CATEGORIES = tuple(range(12))
# A table for all other coefficients needs one code: no more of them in this square.
_REST_LENGTHS = (1, *(0,) * 15)
_REST_CATEGORIES = (0,)
_NO_MORE = "0"


def _codes() -> dict[int, str]:
    """The code of each category (ISO/IEC 10918-1 annex C)."""
    codes: dict[int, str] = {}
    code, categories = 0, iter(_MEAN_CATEGORIES)
    for length, count in enumerate(_MEAN_LENGTHS, 1):
        for _ in range(count):
            codes[next(categories)] = f"{code:0{length}b}"
            code += 1
        code <<= 1
    return codes


_CODES = _codes()
_SAME = _CODES[0] + _NO_MORE


def jpeg(blocks: Iterable[bytes], rows: int, columns: int) -> bytes:
    """An image.

    Args:
        blocks: the shades of the squares, a byte each, row by row.
        rows: pixels from top to bottom, a multiple of 8.
        columns: pixels from left to right, a multiple of 8.
    """
    bits = "".join(_scan(blocks))
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    return _headers(rows, columns) + data + b"\xff\xd9"


def _scan(blocks: Iterable[bytes]) -> Iterable[str]:
    """The entropy-coded data, as digits: only the first square of a run differs from the last."""
    mean = 128
    for row in blocks:
        for shade, run in groupby(row):
            yield _difference(shade - mean) + _SAME * (sum(1 for _ in run) - 1)
            mean = shade


def _difference(value: int) -> str:
    """One square: the difference of its mean from that before (ISO/IEC 10918-1 F.1.2.1)."""
    category = abs(value).bit_length()
    below = value if value >= 0 else value + (1 << category) - 1
    digits = f"{below:0{category}b}" if category else ""
    return _CODES[category] + digits + _NO_MORE


def _headers(rows: int, columns: int) -> bytes:
    frame = pack(">BHHB3B", 8, rows, columns, 1, 1, 0x11, 0)
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xDB, b"\0" + b"\x08" * 64),
            _segment(0xC0, frame),
            _segment(0xC4, b"\x00" + bytes((*_MEAN_LENGTHS, *_MEAN_CATEGORIES))),
            _segment(0xC4, b"\x10" + bytes((*_REST_LENGTHS, *_REST_CATEGORIES))),
            _segment(0xDA, pack("6B", 1, 1, 0x00, 0, 63, 0)),
        )
    )


def _segment(marker: int, data: bytes) -> bytes:
    return pack(">BBH", 0xFF, marker, len(data) + 2) + data

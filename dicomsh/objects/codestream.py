"""The size that a compressed image declares itself, before a decoder makes room for it.

A decoder believes the compressed data, not Rows and Columns: a kilobyte can declare gigabytes.
"""

from __future__ import annotations

from struct import error, unpack_from

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}) | {0xF7}
"""JPEG markers (ISO/IEC 10918-1 B.1.1.3), and that of JPEG-LS (ISO/IEC 14495-1 C.1.1)."""

_J2K_SIZE = b"\xff\x4f\xff\x51"
"""SOC and SIZ, with which a JPEG 2000 codestream begins (ISO/IEC 15444-1 A.4.1, A.5.1)."""

_BOXES = 1 << 16
"""Bytes in which the codestream of a JP2 file begins."""


def declared_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 image declares; None if it is neither."""
    try:
        if (place := data[:_BOXES].find(_J2K_SIZE)) >= 0:
            width, height, left, top = unpack_from(">IIII", data, place + 8)
            return height - top, width - left
        return _jpeg(data) if data[:2] == b"\xff\xd8" else None
    except error:
        return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _START_OF_FRAME:
            rows, columns = unpack_from(">HH", data, at + 5)
            return rows, columns
        elif 0xD0 <= marker <= 0xD7 or marker == 0x01:
            at += 2
        else:
            at += 2 + int(unpack_from(">H", data, at + 2)[0])
    return None

"""Whether a file ends where its data set does: one that was cut off would be sent, and believed."""

from __future__ import annotations

import mmap
import zlib
from typing import BinaryIO

from dicomsh.dimse.extents import Budget, TruncatedError, extent_at
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.transfer_syntaxes import BIG_ENDIAN, DEFLATED, IMPLICIT_LITTLE_ENDIAN

_MOST_HEADERS = 1_000_000
"""Elements, items and fragments that are looked at: a file of more is taken for whole."""
_BLOCK = 1 << 20


def damage(file: BinaryIO, offset: int, transfer_syntax: str) -> str:
    """What is missing at the end of a file, in words; empty if nothing is, or if it is not known.

    Only the headers of the elements are read, not their values; a deflated data set is inflated.

    Args:
        file: a file that has a descriptor.
        offset: where its data set begins; there is at least one byte.
        transfer_syntax: how it is encoded.

    Raises:
        OSError: the file cannot be read.
    """
    if transfer_syntax == BIG_ENDIAN:  # retired (PS3.5 2006); its lengths are not read here
        return ""
    if transfer_syntax == DEFLATED:
        file.seek(offset)
        return "" if _is_inflated_whole(file) else "truncated: the deflated data set has no end"
    with (
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
        memoryview(whole) as every,
        every[offset:] as data,
    ):
        return _fault(data, explicit=transfer_syntax != IMPLICIT_LITTLE_ENDIAN)


def _fault(data: memoryview, *, explicit: bool) -> str:
    at, budget = 0, Budget(_MOST_HEADERS)
    try:
        while at < len(data):
            at = extent_at(data, at, explicit, budget).after
    except TruncatedError as error:
        cut = any(data[at:])  # zeros only fill up a block
        return f"truncated: {error.message}" if cut else ""
    except ProtocolViolationError:  # odd, but not cut off as far as can be seen
        return ""
    return ""


def _is_inflated_whole(file: BinaryIO) -> bool:
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while not inflating.eof:
            block = inflating.unconsumed_tail or file.read(_BLOCK)
            if not block:
                return False
            inflating.decompress(block, _BLOCK)
    except zlib.error:
        return True  # not cut off, but something else
    return True

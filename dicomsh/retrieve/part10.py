"""The DICOM file format (PS3.10 7): what precedes the data set, and its first elements."""

from __future__ import annotations

import zlib
from struct import Struct, pack

from dicomsh.dimse.negotiation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from dicomsh.model.storage import Announced
from dicomsh.model.transfer_syntaxes import DEFLATED, IMPLICIT_LITTLE_ENDIAN

_PREAMBLE = bytes(128) + b"DICM"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_SOP_INSTANCE_UID = (0x0008, 0x0018)
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

HEAD = 4096
"""Bytes of a data set in which SOP Instance UID is looked for: it is among the first elements."""


def file_header(announced: Announced, source: str) -> bytes:
    """Preamble and file meta information (PS3.10 7.1).

    Args:
        announced: the object.
        source: AE title that sent the object.
    """
    body = (
        _element(0x0001, b"OB", b"\x00\x01")
        + _element(0x0002, b"UI", _uid(announced.sop_class))
        + _element(0x0003, b"UI", _uid(announced.sop_instance))
        + _element(0x0010, b"UI", _uid(announced.transfer_syntax))
        + _element(0x0012, b"UI", _uid(IMPLEMENTATION_CLASS_UID))
        + _element(0x0013, b"SH", _padded(IMPLEMENTATION_VERSION, b" "))
        + _element(0x0016, b"AE", _padded(source, b" "))
    )
    return _PREAMBLE + _element(0x0000, b"UL", pack("<I", len(body))) + body


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    head = pack("<HH", 0x0002, element) + vr
    if vr == b"OB":
        return head + pack("<HI", 0, len(value)) + value
    return head + pack("<H", len(value)) + value


def _uid(text: str) -> bytes:
    return _padded(text, b"\0")


def _padded(text: str, padding: bytes) -> bytes:
    raw = text.encode("ascii", "replace")
    return raw + padding * (len(raw) % 2)


def sop_instance_uid(head: bytes, transfer_syntax: str) -> str | None:
    """SOP Instance UID (0008,0018) in the first bytes of a data set; None if it is not there.

    Args:
        head: the first `HEAD` bytes, or all of them.
        transfer_syntax: how the data set is encoded.
    """
    if transfer_syntax == DEFLATED:
        head = _inflated(head)
    order = ">" if transfer_syntax == _BIG_ENDIAN else "<"
    tag, short, long = Struct(f"{order}HH"), Struct(f"{order}H"), Struct(f"{order}I")
    offset = 0
    while offset + 12 <= len(head):
        found = tag.unpack_from(head, offset)
        vr = head[offset + 4 : offset + 6]
        if transfer_syntax == IMPLICIT_LITTLE_ENDIAN:
            (length,), start = long.unpack_from(head, offset + 4), offset + 8
        elif vr in _LONG_VRS:
            (length,), start = long.unpack_from(head, offset + 8), offset + 12
        else:
            (length,), start = short.unpack_from(head, offset + 6), offset + 8
        if found == _SOP_INSTANCE_UID:
            return head[start : start + length].decode("ascii", "replace").strip(" \0")
        if found > _SOP_INSTANCE_UID or length > len(head):
            return None
        offset = start + length
    return None


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(head, HEAD)
    except zlib.error:
        return b""

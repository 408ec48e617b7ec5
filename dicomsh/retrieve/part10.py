"""The DICOM file format (PS3.10 7): what precedes the data set, and its first elements."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct, pack

from dicomsh.dimse.negotiation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from dicomsh.errors import DicomshError
from dicomsh.frozen import frozen
from dicomsh.model.storage import Announced, Readable
from dicomsh.model.transfer_syntaxes import BIG_ENDIAN, DEFLATED, IMPLICIT_LITTLE_ENDIAN

_PREAMBLE = bytes(128) + b"DICM"
_SOP_CLASS_UID, _SOP_INSTANCE_UID = (0x0008, 0x0016), (0x0008, 0x0018)
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
    return _identity(head, transfer_syntax).get(_SOP_INSTANCE_UID)


def _identity(head: bytes, transfer_syntax: str) -> dict[tuple[int, int], str]:
    """SOP Class UID and SOP Instance UID in the first bytes of a data set, if they are there."""
    return {
        tag: value.decode("ascii", "replace").strip(" \0")
        for tag, value in _elements(head, transfer_syntax)
        if tag in (_SOP_CLASS_UID, _SOP_INSTANCE_UID)
    }


def _elements(head: bytes, transfer_syntax: str) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Tag and value of the elements up to SOP Instance UID, as far as they are in `head`."""
    if transfer_syntax == DEFLATED:
        head = _inflated(head)
    order = ">" if transfer_syntax == BIG_ENDIAN else "<"
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
        if found > _SOP_INSTANCE_UID or length > len(head):
            return
        yield found, head[start : start + length]
        offset = start + length


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(head, HEAD)
    except zlib.error:
        return b""


@frozen
class FileHead:
    """What a DICOM file is, and where its data set begins.

    Args:
        sop_class: its SOP Class UID.
        sop_instance: its SOP Instance UID.
        transfer_syntax: UID of the transfer syntax of its data set.
        offset: of the data set, in bytes.
    """

    sop_class: str
    sop_instance: str
    transfer_syntax: str
    offset: int


class NotDicomError(DicomshError):
    """A file is not in the DICOM file format, or does not say what it is."""


_MOST_META = 1 << 20
"""Bytes of file meta information that are read: it is usually less than a kilobyte."""


def read_head(file: Readable) -> FileHead:
    """The head of a DICOM file (PS3.10 7.1), read from its beginning.

    What the data set says of itself counts for more than the file meta information, because
    receivers compare with the data set.

    Raises:
        NotDicomError: it is not a DICOM file, or lacks what it must have.
        OSError: it cannot be read.
    """
    if not file.read(len(_PREAMBLE)).endswith(b"DICM"):
        raise NotDicomError("not a DICOM file")
    meta = _Meta(file)
    syntax = meta.text(0x0010)
    if not syntax:
        raise NotDicomError("no transfer syntax in its file meta information")
    identity = _identity(meta.rest + file.read(HEAD), syntax)
    head = FileHead(
        identity.get(_SOP_CLASS_UID) or meta.text(0x0002),
        identity.get(_SOP_INSTANCE_UID) or meta.text(0x0003),
        syntax,
        len(_PREAMBLE) + meta.length,
    )
    if not (head.sop_class and head.sop_instance):
        raise NotDicomError("no SOP Class UID or no SOP Instance UID")
    return head


class _Meta:
    """The elements of group 2; its end is where another group begins (group length may be wrong).

    Attributes:
        length: of the file meta information, in bytes.
        rest: what was read of the data set.
    """

    def __init__(self, file: Readable) -> None:
        self._values: dict[int, bytes] = {}
        self.length = 0
        data = file.read(HEAD)
        while not self._read(data):
            more = file.read(HEAD)
            data += more
            if not more or len(data) > _MOST_META:
                raise NotDicomError("its file meta information does not end")
        self.rest = data[self.length :]

    def _read(self, data: bytes) -> bool:
        """Read elements as far as they are there; whether the last one has been read."""
        while len(data) >= self.length + 12:
            group, element, vr = _META_HEAD.unpack_from(data, self.length)
            if group != 0x0002:
                return True
            if vr in _LONG_VRS:
                (size,), start = _LONG.unpack_from(data, self.length + 8), self.length + 12
            else:
                (size,), start = _SHORT.unpack_from(data, self.length + 6), self.length + 8
            if len(data) < start + size:
                return False
            self._values[element] = data[start : start + size]
            self.length = start + size
        return False

    def text(self, element: int) -> str:
        """The value of an element; empty if it is not there."""
        return self._values.get(element, b"").decode("ascii", "replace").strip(" \0")


_META_HEAD, _SHORT, _LONG = Struct("<HH2s"), Struct("<H"), Struct("<I")

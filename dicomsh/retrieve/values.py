"""The values in an object's own data set that say where its file goes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from dicomsh.model.charset import decoder
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.transfer_syntaxes import BIG_ENDIAN, DEFLATED, IMPLICIT_LITTLE_ENDIAN
from dicomsh.retrieve.part10 import FileHead, NotDicomError, read_head

_MOST = 4 << 20
"""Bytes of a data set to look into: a hostile one may be endless, or inflate without end."""


def values_of(path: Path, keywords: Iterable[str]) -> Mapping[str, str]:
    """The first value of each attribute in a file, as text; those that are not there are left out.

    Args:
        path: a DICOM file.
        keywords: attributes of the top level.

    Raises:
        OSError: the file cannot be read.
    """
    wanted = {by_keyword(keyword).tag: keyword for keyword in keywords}
    with path.open("rb") as file:
        try:
            head = read_head(file)
        except NotDicomError:  # the sender can make it so
            return {}
        file.seek(head.offset)
        raw = _raw(_beginning(file, head), head, [*wanted, SPECIFIC_CHARACTER_SET])
    decode = decoder(raw.pop(SPECIFIC_CHARACTER_SET, b""))
    texts = {wanted[tag]: decode(value).split("\\")[0].strip(" \0") for tag, value in raw.items()}
    return {keyword: text for keyword, text in texts.items() if text}


def _beginning(file: BinaryIO, head: FileHead) -> bytes:
    if head.transfer_syntax != DEFLATED:
        return file.read(_MOST)
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(file.read(_MOST), _MOST)
    except zlib.error:
        return b""


def _raw(data: bytes, head: FileHead, tags: list[int]) -> dict[int, bytes]:
    """The value fields of elements, as many as can be read."""
    # pydicom knows every way to write a sequence; it takes longer to import than most runs
    from pydicom.filereader import data_element_generator

    last, found = max(tags), dict[int, bytes]()
    try:
        for element in data_element_generator(
            BytesIO(data),
            head.transfer_syntax == IMPLICIT_LITTLE_ENDIAN,
            head.transfer_syntax != BIG_ENDIAN,
            stop_when=lambda tag, *_: tag > last,
            specific_tags=list(tags),
        ):
            value = element.value
            if int(element.tag) in tags and isinstance(value, bytes):
                found[int(element.tag)] = value
    except Exception:
        return found
    return found

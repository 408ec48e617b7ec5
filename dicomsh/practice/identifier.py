"""The identifier of a C-FIND request: its level and keys, read from the bytes received."""

from __future__ import annotations

from dicomsh.frozen import frozen
from dicomsh.model.charset import Decode, decoder
from dicomsh.model.keys import QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET
from dicomsh.model.levels import HIERARCHY, Level, Model
from dicomsh.model.status import IDENTIFIER_MISMATCH, UNABLE_TO_PROCESS
from dicomsh.practice.archive import vr_of
from dicomsh.practice.codec import Elements, read
from dicomsh.practice.encoding import decoded
from dicomsh.practice.matching import RequestedKey


class RefusedError(Exception):
    """A query answered with a failure status; the message is the Error Comment."""

    def __init__(self, status: int, comment: str) -> None:
        super().__init__(comment)
        self.status = status


@frozen
class Identifier:
    """The request: entities of a level, matched on keys and returned with these attributes."""

    level: Level
    keys: tuple[RequestedKey, ...]


def read_identifier(data: bytes, explicit: bool, model: Model) -> Identifier:
    """The identifier of a request in an information model.

    Group lengths and command or file meta elements among the keys are ignored, as in Orthanc and
    DCMTK.

    Raises:
        RefusedError: not a data set, no level, a level that the model lacks, or a sequence with
            more than one item.
    """
    elements = _elements(data, explicit)
    level = _level(_raw(elements, QUERY_RETRIEVE_LEVEL).decode("ascii", "replace"), model)
    return Identifier(level, _decoded(elements))


def read_keys(data: bytes, explicit: bool) -> tuple[RequestedKey, ...]:
    """The keys of a request in a model without levels.

    Raises:
        RefusedError: not a data set, or a sequence with more than one item.
    """
    return _decoded(_elements(data, explicit))


def _elements(data: bytes, explicit: bool) -> Elements:
    try:
        return read(data, explicit)
    except ValueError as error:
        raise RefusedError(UNABLE_TO_PROCESS, f"Identifier: {error}") from None


def _decoded(elements: Elements) -> tuple[RequestedKey, ...]:
    declared = _raw(elements, SPECIFIC_CHARACTER_SET)
    return _keys(elements, decoder(declared))


def _raw(elements: Elements, tag: int) -> bytes:
    _, value = elements.get(tag, ("", b""))
    return value if isinstance(value, bytes) else b""


def _level(text: str, model: Model) -> Level:
    word = text.strip(" \0")
    levels = {level.dicom: level for level in HIERARCHY if level.value >= model.top.value}
    if word not in levels:
        known = ", ".join(levels)
        raise RefusedError(IDENTIFIER_MISMATCH, f"Level {word[:16]!r} is not one of {known}")
    return levels[word]


def _keys(elements: Elements, decode: Decode) -> tuple[RequestedKey, ...]:
    return tuple(
        _key(tag, value, decode)
        for tag, (_, value) in sorted(elements.items())
        if tag & 0xFFFF and tag >> 16 >= 0x0008
    )


def _key(tag: int, value: bytes | tuple[Elements, ...], decode: Decode) -> RequestedKey:
    vr = vr_of(tag)
    if isinstance(value, tuple):
        return RequestedKey(tag, "SQ", "", _item_keys(tag, value, decode))
    return RequestedKey(tag, vr, decoded(value, vr, decode), () if vr == "SQ" else None)


def _item_keys(tag: int, items: tuple[Elements, ...], decode: Decode) -> tuple[RequestedKey, ...]:
    """Keys of the one item that a sequence in an identifier may have (PS3.4 C.2.2.2.6)."""
    if len(items) > 1:
        comment = f"({tag >> 16:04x},{tag & 0xFFFF:04x}) has more than one item"
        raise RefusedError(IDENTIFIER_MISMATCH, comment)
    return _keys(items[0], decode) if items else ()

"""Rows of an answer, decoded on demand."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from struct import Struct
from typing import Protocol

from dicomsh.errors import ProtocolViolationError
from dicomsh.frozen import frozen
from dicomsh.model.charset import Decode, decoder
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, Attribute, by_tag
from dicomsh.model.vr import BINARY_NUMBERS, TEXT_VRS, UNDELIMITED_VRS
from dicomsh.regex import regex

DEEPEST = 64
"""Sequences nested deeper than this are refused: a peer chooses the depth."""


class Encoding(Protocol):
    """How an identifier is laid out in bytes: a transfer syntax (PS3.5 annex A)."""

    def split(self, data: bytes) -> dict[int, bytes]:
        """Value field of every element of a data set, by tag, in the order received."""
        ...

    def vrs(self, data: bytes) -> Mapping[int, str]:
        """VR of every element if the encoding carries it; empty if it does not."""
        ...

    def items(self, value: bytes) -> list[bytes]:
        """The data sets inside the value field of a sequence."""
        ...


@frozen
class Source:
    """Properties that the rows of one answer share.

    `fallback` is the character set to assume if a row declares none (a defined term, or empty).
    """

    encoding: Encoding
    fallback: str = ""


class Row:
    """One matching entity: the raw identifier and, once it was read, its elements.

    Args:
        data: the encoded identifier.
        source: how to read it.
        elements: value fields by tag if already split.
        decode: the decoder for text, for an item that inherits its character set.
        depth: how many sequences are around it.
    """

    __slots__ = ("_decode", "_depth", "_elements", "data", "source")

    def __init__(
        self,
        data: bytes,
        source: Source,
        elements: dict[int, bytes] | None = None,
        decode: Decode | None = None,
        depth: int = 0,
    ) -> None:
        self.data = data
        self.source = source
        self._elements = elements
        self._decode = decode
        self._depth = depth

    @property
    def elements(self) -> dict[int, bytes]:
        """Raw value field of each element by tag, in the order received."""
        if self._elements is None:
            self._elements = self.source.encoding.split(self.data)
        return self._elements

    def compact(self) -> Row:
        """The same row without its index: a fifth of the memory, split again on demand."""
        return Row(self.data, self.source)

    def only(self, tags: Collection[int]) -> Row:
        """The same row without the elements of other tags."""
        kept = {tag: raw for tag, raw in self.elements.items() if tag in tags}
        return Row(self.data, self.source, kept, self.decode, self._depth)

    @property
    def decode(self) -> Decode:
        """The decoder for text in the character set of this row."""
        if self._decode is None:
            declared = self.elements.get(SPECIFIC_CHARACTER_SET, b"")
            self._decode = decoder(declared, self.source.fallback)
        return self._decode

    def vr(self, tag: int) -> str:
        """VR of an element: the dictionary's; for what it lacks, the VR that was sent."""
        vr = by_tag(tag).vr
        if vr == "UN":
            return self.source.encoding.vrs(self.data).get(tag, vr)
        return vr

    def text(self, tag: int) -> str | None:
        """The element as one DICOM string, `\\` between values; None if absent.

        Binary numbers are written in decimal; sequences and bulk data give their length.
        """
        raw = (self._elements or self.elements).get(tag)
        if raw is None:
            return None
        if not is_text(tag):
            return self._text_of_other(tag)
        if raw.isascii() and _ESCAPE not in raw:
            return raw.decode().strip(" \0")
        return self.decode(raw).strip(" \0")

    def _text_of_other(self, tag: int) -> str:
        if self.vr(tag) in TEXT_VRS:
            return self.decode(self.elements[tag]).strip(" \0")
        return "\\".join(_written(value) for value in self.values(tag) or ())

    def values(self, tag: int) -> list[str | int | float | bytes | Row] | None:
        """The values of an element; None if absent, an empty list if zero length.

        IS, US, UL, SS, SL, SV and UV give int, DS, FL and FD give float; a number that cannot be
        read stays text. SQ gives rows, AT gives `gggg,eeee`, bulk VRs give their bytes.

        Raises:
            ProtocolViolationError: the value of a sequence is malformed, or nested too deeply.
        """
        raw = self.elements.get(tag)
        if raw is None:
            return None
        return self._read(raw, self.vr(tag))

    def _read(self, raw: bytes, vr: str) -> list[str | int | float | bytes | Row]:
        if not raw:
            return []
        if vr in TEXT_VRS:
            return _text_values(self.decode(raw), vr)
        if vr == "SQ":
            return [self._item(item) for item in self.source.encoding.items(raw)]
        if vr in BINARY_NUMBERS:
            return _binary_values(raw, BINARY_NUMBERS[vr])
        if vr == "AT":
            return [_tag_text(raw[i : i + 4]) for i in range(0, len(raw) - 3, 4)]
        return [raw]

    def _item(self, data: bytes) -> Row:
        """An item keeps the character set around it unless it has its own (PS3.3 C.12.1.1.2)."""
        if self._depth >= DEEPEST:
            raise ProtocolViolationError(f"sequences are nested deeper than {DEEPEST}")
        elements = self.source.encoding.split(data)
        decode = None if elements.get(SPECIFIC_CHARACTER_SET) else self.decode
        return Row(data, self.source, elements, decode, self._depth + 1)


def weight(rows: Sequence[Row]) -> int:
    """Bytes of the identifiers of rows: a peer decides how many."""
    return sum([len(row.data) for row in rows])


def items_at(row: Row, path: Sequence[Attribute]) -> list[Row]:
    """The items at the end of a path of sequences, in order; the row itself for no path.

    Raises:
        ProtocolViolationError: the value of a sequence is malformed, or nested too deeply.
    """
    rows = [row]
    for part in path:
        values = [value for outer in rows for value in outer.values(part.tag) or ()]
        rows = [value for value in values if isinstance(value, Row)]
    return rows


_ESCAPE = 0x1B


@cache
def is_text(tag: int) -> bool:
    """Whether an attribute's VR in the dictionary is a text VR."""
    return by_tag(tag).vr in TEXT_VRS


def _text_values(text: str, vr: str) -> list[str | int | float | bytes | Row]:
    if vr in UNDELIMITED_VRS:
        return [text.rstrip(" \0")]
    parts = [part.strip(" \0") for part in text.split("\\")]
    if parts == [""]:
        return []
    if vr == "IS":
        return [_integer(part) for part in parts]
    if vr == "DS":
        return [_decimal(part) for part in parts]
    return list(parts)


_LONGEST_INTEGER = 64
"""A longer integer string is taken for text: the standard allows 12 characters (PS3.5 6.2)."""

_INTEGER = regex(r"[+-]?[0-9]+\Z")
_DECIMAL = regex(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")


def _integer(text: str) -> str | int:
    return int(text) if len(text) <= _LONGEST_INTEGER and _INTEGER.match(text) else text


def _decimal(text: str) -> str | float:
    value = float(text) if _DECIMAL.match(text) else math.inf
    return value if math.isfinite(value) else text


def _binary_values(raw: bytes, form: Struct) -> list[str | int | float | bytes | Row]:
    whole = len(raw) - len(raw) % form.size
    return [value for (value,) in form.iter_unpack(raw[:whole])]


def _tag_text(raw: bytes) -> str:
    return f"{raw[1]:02x}{raw[0]:02x},{raw[3]:02x}{raw[2]:02x}"


def _written(value: str | int | float | bytes | Row) -> str:
    if isinstance(value, Row):
        return f"<item of {len(value.elements)} elements>"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return str(value)

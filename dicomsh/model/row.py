"""Rows of an answer, decoded on demand."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, Protocol

from dicomsh.frozen import frozen, replace
from dicomsh.model.charset import Decode
from dicomsh.model.charset_reading import answer_decoder
from dicomsh.model.keys import (
    MOST_TAGS,
    SPECIFIC_CHARACTER_SET,
    Attribute,
    by_tag,
    creator_of,
    dictionary_vrs,
)
from dicomsh.model.standard import private_vr
from dicomsh.model.vr import BINARY_NUMBERS, TEXT_VRS, UNDELIMITED_VRS
from dicomsh.regex import regex

DEEPEST = 16
"""Sequences nested deeper than this are not read: a peer chooses the depth."""

_LONGEST_AROUND, _LONG_ANYWHERE = 1 << 15, 1 << 10
"""Bytes of a data set whose sequences are read: half at each depth, as each is read again."""

_ITEM = b"\xfe\xff\x00\xe0"
_TAG = Struct("<HH")
_PIXEL_REPRESENTATION = 0x00280103


class Encoding(Protocol):
    """How an identifier is laid out in bytes: a transfer syntax (PS3.5 annex A)."""

    def read(self, data: bytes) -> dict[int, bytes]:
        """Value field of every element of a data set, by tag, in the order received.

        An `Irregular` if anything is malformed, or has another VR than in the dictionary.
        """
        ...

    def find(self, data: bytes, tag: int) -> bytes | None:
        """Value field of one element of a data set that is not irregular; None if absent."""
        ...

    def items(self, value: bytes) -> tuple[list[bytes], str]:
        """The data sets in the value field of a sequence, and what is wrong with it in words."""
        ...


class Irregular(dict[int, bytes]):
    """Value fields by tag, of a data set that is not just what the dictionary says.

    Attributes:
        vrs: the VRs that were sent, of elements that have another one, or a choice, there.
        encodings: how the items of an element are laid out, if unlike the data set around it.
        fault: the first thing that is malformed, in words; empty if nothing is.
        repeated: a tag that was sent twice with the same value; 0 for none.
    """

    def __init__(self, values: Mapping[int, bytes] | None = None, *, fault: str = "") -> None:
        super().__init__(values or {})
        self.vrs: dict[int, str] = {}
        self.encodings: dict[int, Encoding] = {}
        self.fault = fault
        self.repeated = 0

    @property
    def is_irregular(self) -> bool:
        """Whether there is anything to say about it."""
        return bool(self.vrs or self.encodings or self.fault or self.repeated)

    def with_values(self, values: Mapping[int, bytes]) -> Irregular:
        """The same, with other values or only some of them."""
        made = Irregular(values, fault=self.fault)
        made.vrs, made.encodings, made.repeated = self.vrs, self.encodings, self.repeated
        return made


@frozen
class Source:
    """Properties that the rows of one answer share.

    `fallback` is the character set to assume if a row declares none (a defined term, or empty).
    `archive` names the archive that answered, if several were asked; else it is empty. `error` says
    why a row is all there is of an entity: a command for it failed; else it is empty.
    """

    encoding: Encoding
    fallback: str = ""
    archive: str = ""
    error: str = ""


class Row:
    """One matching entity: the raw identifier and, once it was read, its elements.

    Args:
        data: the encoded identifier.
        source: how to read it.
        elements: value fields by tag if already split.
        decode: the decoder for text, for an item that inherits its character set.
        depth: how many sequences are around it.
    """

    __slots__ = ("_decode", "_elements", "_known_regular", "data", "depth", "source")

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
        self._known_regular = False
        self.depth = depth

    @property
    def elements(self) -> dict[int, bytes]:
        """Raw value field of each element by tag, in the order received."""
        if self._elements is None:
            self._elements = self.source.encoding.read(self.data)
        return self._elements

    @property
    def irregular(self) -> Irregular | None:
        """What is not as the dictionary says, None if all is: the usual case, which is fast."""
        elements = self.elements
        return elements if isinstance(elements, Irregular) else None

    @property
    def is_split(self) -> bool:
        """Whether its index of elements is there."""
        return self._elements is not None

    def compact(self) -> Row:
        """The same row without its index: a fifth of the memory, split again on demand."""
        made = Row(self.data, self.source)
        made._known_regular = self._known_regular or type(self._elements) is dict
        return made

    def plain(self, tag: int) -> bytes | None:
        """Raw value field of an element whose VR is that of the dictionary; None if absent.

        Also None if anything about the row is irregular. A row that was split before is not split
        again.
        """
        elements = self._elements
        if elements is None:
            if self._known_regular:
                return self.source.encoding.find(self.data, tag)
            elements = self.elements
        return elements.get(tag) if type(elements) is dict else None

    def of(self, source: Source) -> Row:
        """The same row with other properties."""
        return Row(self.data, source, self._elements, self._decode, self.depth)

    @property
    def archive(self) -> str:
        """The archive that it came from, by modality name, if several were asked; else empty."""
        return self.source.archive

    @property
    def error(self) -> str:
        """Why it is all there is of an entity; empty for any row of an archive."""
        return self.source.error

    def only(self, tags: Collection[int]) -> Row:
        """The same row without the elements of other tags."""
        kept = self.with_values({tag: raw for tag, raw in self.elements.items() if tag in tags})
        return Row(self.data, self.source, kept, self.decode, self.depth)

    def with_values(self, values: dict[int, bytes]) -> dict[int, bytes]:
        """Other values for its elements, with the VRs of this row."""
        irregular = self.irregular
        return irregular.with_values(values) if irregular else values

    @property
    def decode(self) -> Decode:
        """The decoder for text in the character set of this row."""
        if self._decode is None:
            declared = self.elements.get(SPECIFIC_CHARACTER_SET, b"")
            self._decode = answer_decoder(declared, self.source.fallback)
        return self._decode

    def vr(self, tag: int) -> str:
        """VR of an element: the one that was sent (PS3.5 7.1.2), else the dictionary's.

        UN says nothing. Where the dictionary leaves a choice, it follows from the row; what it
        lacks is looked up in the private dictionary. A sequence that holds no items is UN.
        """
        sent = self.sent_vr(tag)
        vr = self._usual_vr(tag) if sent == "UN" else sent
        return "UN" if vr == "SQ" and not self._holds_items(tag) else vr

    def sent_vr(self, tag: int) -> str:
        """VR that was sent, if it is not that of the dictionary; else UN."""
        irregular = self.irregular
        return irregular.vrs.get(tag, "UN") if irregular else "UN"

    def _usual_vr(self, tag: int) -> str:
        vr = by_tag(tag).vr
        if vr == "UN":
            return self._private_vr(tag)
        if vr == "US" and self._is_signed(tag):
            return "SS"
        if vr in BINARY_NUMBERS and not by_tag(tag).multiple and self._is_digits(tag, vr):
            return "IS"
        return vr

    def _private_vr(self, tag: int) -> str:
        creator = creator_of(tag)
        name = self.text(creator) if creator is not None else None
        return private_vr(name, tag) if name else "UN"

    def _is_signed(self, tag: int) -> bool:
        signed = self.elements.get(_PIXEL_REPRESENTATION, b"")[:2] == b"\x01\0"
        return signed and "SS" in dictionary_vrs(tag)

    def sign_is_unknown(self, tag: int) -> bool:
        """Whether a value may be negative or not: PixelRepresentation would tell, but is absent."""
        irregular = self.irregular
        if (irregular and tag in irregular.vrs) or self.elements.get(_PIXEL_REPRESENTATION):
            return False
        raw = self.elements.get(tag, b"")
        return "SS" in dictionary_vrs(tag)[1:] and any(byte & 0x80 for byte in raw[1::2])

    def _is_digits(self, tag: int, vr: str) -> bool:
        """Whether a number came as text: it is too long for its VR, and all digits."""
        raw = self.elements.get(tag, b"")
        return len(raw) > BINARY_NUMBERS[vr].size and bool(_DIGITS.fullmatch(raw))

    def _holds_items(self, tag: int) -> bool:
        raw = self.elements.get(tag)
        readable = self.depth < DEEPEST and not self.is_long
        return (not raw or raw.startswith(_ITEM)) and readable

    @property
    def is_long(self) -> bool:
        """Whether it is too long for its sequences to be read; they are UN then."""
        return len(self.data) > max(_LONGEST_AROUND >> self.depth, _LONG_ANYWHERE)

    def text(self, tag: int) -> str | None:
        """The element as one DICOM string, `\\` between values; None if absent.

        Binary numbers are written in decimal; sequences and bulk data give their length.
        """
        elements = self._elements or self.elements
        raw = elements.get(tag)
        if raw is None:
            return None
        if isinstance(elements, Irregular) or not is_text(tag):
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
        read stays text. SQ gives rows, AT gives `gggg,eeee`, bulk VRs give their bytes. Of a
        malformed sequence, the items that can be read.
        """
        raw = self.elements.get(tag)
        if raw is None:
            return None
        return self._read(raw, tag, self.vr(tag))

    def _read(self, raw: bytes, tag: int, vr: str) -> list[str | int | float | bytes | Row]:
        if not raw:
            return []
        if vr in TEXT_VRS:
            return _text_values(self.decode(raw), vr)
        if vr == "SQ":
            return [*self.items(tag)[0]]
        if vr in BINARY_NUMBERS:
            return [value for (value,) in _unpacked(raw, BINARY_NUMBERS[vr])]
        if vr == "AT":
            return [f"{group:04x},{number:04x}" for group, number in _unpacked(raw, _TAG)]
        return [raw]

    def items(self, tag: int) -> tuple[list[Row], str]:
        """The items of a sequence that is present, and what is wrong with it in words."""
        irregular, source = self.irregular, self.source
        if irregular and tag in irregular.encodings:
            source = replace(source, encoding=irregular.encodings[tag])
        found, fault = source.encoding.items(self.elements[tag])
        return [self._item(data, source) for data in found], fault

    def _item(self, data: bytes, source: Source) -> Row:
        """An item keeps the character set around it unless it has its own (PS3.3 C.12.1.1.2)."""
        elements = source.encoding.read(data)
        decode = None if elements.get(SPECIFIC_CHARACTER_SET) else self.decode
        return Row(data, source, elements, decode, self.depth + 1)


class NamedRows:
    """Gives rows the name of the archive that they came from.

    Args:
        archive: the modality name.
    """

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._plain: Source | None = None
        self._named: Source | None = None

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The rows, named."""
        return [row.of(self._source(row.source)) for row in rows]

    def _source(self, plain: Source) -> Source:
        if self._named is None or plain is not self._plain:
            self._plain, self._named = plain, replace(plain, archive=self._archive)
        return self._named


_ELEMENT = 64
"""Bytes that an element takes in the index of a row, roughly."""


def weight(rows: Sequence[Row]) -> int:
    """Bytes that rows take in memory, roughly: a peer decides how many.

    Those of their identifiers, and of their indexes of elements as far as there are any.
    """
    return sum([len(row.data) + _ELEMENT * len(row._elements or ()) for row in rows])


def items_at(row: Row, path: Sequence[Attribute]) -> list[Row]:
    """The items at the end of a path of sequences, in order; the row itself for no path."""
    rows = [row]
    for part in path:
        values = [value for outer in rows for value in outer.values(part.tag) or ()]
        rows = [value for value in values if isinstance(value, Row)]
    return rows


def text_at(row: Row, path: Sequence[Attribute]) -> str | None:
    r"""The text at the end of a path, of all items, `\\` between them; None if absent."""
    if len(path) == 1:
        return row.text(path[0].tag)
    found = [item.text(path[-1].tag) for item in items_at(row, path[:-1])]
    texts = [text for text in found if text is not None]
    return "\\".join(texts) if texts else None


_ESCAPE = 0x1B


@lru_cache(maxsize=MOST_TAGS)
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
        return _decimals(parts)
    return list(parts)


_LONGEST_INTEGER = 64
"""A longer integer string is taken for text: the standard allows 12 characters (PS3.5 6.2)."""

_DIGITS = regex(rb"[ \0]*[+-]?[0-9]+[ \0]*")
_INTEGER = regex(r"[+-]?[0-9]+\Z")
_DECIMAL = regex(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")


def _integer(text: str) -> str | int:
    return int(text) if len(text) <= _LONGEST_INTEGER and _INTEGER.match(text) else text


def _decimals(texts: list[str]) -> list[str | int | float | bytes | Row]:
    """Numbers, quickly if all of them are some: a value of 64 KiB has 32,000."""
    if all(map(_DECIMAL.match, filter(None, texts))):
        values = [float(text) if text else text for text in texts]
        if math.inf not in values and -math.inf not in values:
            return [*values]
    return [_decimal(text) for text in texts]


def _decimal(text: str) -> str | float:
    value = float(text) if _DECIMAL.match(text) else math.inf
    return value if math.isfinite(value) else text


def _unpacked(raw: bytes, form: Struct) -> Iterator[tuple[Any, ...]]:
    """Binary values, without a part of one at the end."""
    return form.iter_unpack(raw[: len(raw) - len(raw) % form.size])


def _written(value: str | int | float | bytes | Row) -> str:
    if isinstance(value, Row):
        return f"<item of {len(value.elements)} elements>"
    if isinstance(value, bytes):
        return _legible(value) or f"<{len(value)} bytes>"
    return str(value)


_LONGEST_LEGIBLE = 1024


def _legible(value: bytes) -> str:
    """Bytes as text if all of them are printable ASCII, apart from padding; else empty."""
    text = value[:_LONGEST_LEGIBLE].strip(b" \0").decode("latin-1")
    return text if text.isascii() and text.isprintable() and len(value) <= _LONGEST_LEGIBLE else ""

"""Rows for the tests of the output, in the smallest encoding that can hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack, unpack_from
from typing import Any

from dicomsh.model.columns import AttributeColumn, Column, FieldColumn
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.row import Irregular, Row, Source
from dicomsh.output.formats import renderer
from dicomsh.output.plain import AnyRow
from dicomsh.output.renderer import Renderer
from dicomsh.output.theme import Theme

_ITEM = 0xFFFEE000

Value = Any
"""Text, bytes, or for a sequence a list of such mappings."""


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(data):
        group, element, length = unpack_from("<HHI", data, offset)
        yield group << 16 | element, data[offset + 8 : offset + 8 + length]
        offset += 8 + length


@dataclass(frozen=True)
class Implicit:
    """Implicit VR little endian with defined lengths; `known` stands for VRs that were sent."""

    known: Mapping[int, str] = field(default_factory=dict)

    def read(self, data: bytes) -> dict[int, bytes]:
        if not self.known:
            return dict(_elements(data))
        elements = Irregular(dict(_elements(data)))
        elements.vrs.update(self.known)
        return elements

    def find(self, data: bytes, tag: int) -> bytes | None:
        return dict(_elements(data)).get(tag)

    def items(self, value: bytes) -> tuple[list[bytes], str]:
        return [item for tag, item in _elements(value) if tag == _ITEM], ""


def _element(tag: int, value: bytes) -> bytes:
    return pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def _encoded(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        raw = value.encode()
        return raw + b" " * (len(raw) % 2)
    return b"".join(_element(_ITEM, data_set(item)) for item in value)


def data_set(elements: Mapping[Any, Value]) -> bytes:
    pairs = [
        (by_keyword(key).tag if isinstance(key, str) else key, _encoded(value))
        for key, value in elements.items()
    ]
    return b"".join(_element(tag, value) for tag, value in sorted(pairs))


def answer(elements: Mapping[Any, Value], vrs: Mapping[int, str] | None = None) -> Row:
    """A row in UTF-8, declared as such."""
    declared: dict[Any, Value] = {"SpecificCharacterSet": "ISO_IR 192"}
    return Row(data_set({**declared, **elements}), Source(Implicit(vrs or {})))


def column(path: str, heading: str = "", optional: bool = False) -> AttributeColumn:
    *outer, last = (by_keyword(part) for part in path.split("."))
    return AttributeColumn(last, heading or last.keyword, optional, tuple(outer))


def columns(*paths: str) -> tuple[Column, ...]:
    return tuple(column(path) for path in paths)


def fields(*keywords: str) -> tuple[Column, ...]:
    return tuple(FieldColumn(keyword, keyword.title()) for keyword in keywords)


def rendered(
    name: str,
    shown: Sequence[Column],
    *batches: Sequence[AnyRow],
    width: int | None = None,
    level: Level | None = Level.STUDY,
    theme: Theme | None = None,
) -> tuple[str, Renderer]:
    """Everything that a renderer writes for these batches, and the renderer."""
    chosen = renderer(name, shown, level=level, width=width, theme=theme or Theme.plain())
    text = chosen.begin() + "".join(map(chosen.rows, batches)) + chosen.end()
    return text, chosen

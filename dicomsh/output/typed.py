"""Columns with types, for formats that have some: dates, times, numbers, text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, time
from enum import Enum
from functools import lru_cache
from math import inf, isfinite
from typing import Any

from dicomsh.frozen import frozen
from dicomsh.model.columns import (
    AttributeColumn,
    Column,
    ComputedColumn,
    FieldColumn,
)
from dicomsh.model.row import Row, items_at
from dicomsh.model.vr import BULK_VRS, UNDELIMITED_VRS
from dicomsh.model.where_matching import is_moment, moment_of
from dicomsh.output.json_format import json_text
from dicomsh.output.plain import AnyRow, element, plain
from dicomsh.regex import regex

Value = Any
"""A date, a time, an int, a float, a bool, or text."""


class ValueType(Enum):
    """The type of the values of a column."""

    DATE = "dates"
    TIME = "times"
    INTEGER = "whole numbers"
    DECIMAL = "numbers"
    BOOLEAN = "true and false"
    TEXT = "text"
    ANY = "of the type that the values have: those of records without a VR"


_TYPES = {
    "DA": ValueType.DATE,
    "TM": ValueType.TIME,
    **dict.fromkeys("IS US SS UL SL UV SV".split(), ValueType.INTEGER),
    **dict.fromkeys("DS FL FD".split(), ValueType.DECIMAL),
}
"""By VR; a DT may have a time zone or lack its end, and stays text, as received."""


@frozen
class TypedColumn:
    """A column of typed values.

    Args:
        name: its key: DICOM keywords, or the name of a field.
        type: the type of its values.
        several: whether a row may have several values.
        vr: the VR of its values; empty for those of records without one.
        tag: the tag of its attribute as `(gggg,eeee)`; empty if it has none.
        read: the values of a row; None for an empty one among others. A text in a column of
            another type is a value that is not valid for its VR.
    """

    name: str
    type: ValueType
    several: bool
    vr: str
    tag: str
    read: Callable[[AnyRow], Sequence[Value]]


def typed(column: Column) -> TypedColumn:
    """The column with its type."""
    if isinstance(column, AttributeColumn):
        return _attribute(column)
    kind = _TYPES.get(column.vr, ValueType.TEXT if column.vr else ValueType.ANY)
    is_free = kind is ValueType.ANY and isinstance(column, FieldColumn)
    read = _field_reader(column) if is_free else _texts_reader(column, kind)
    return TypedColumn(column.keyword, kind, False, column.vr, "", read)


def _attribute(column: AttributeColumn) -> TypedColumn:
    attribute, path = column.attribute, column.path
    kind = _TYPES.get(attribute.vr, ValueType.TEXT)

    def read(row: AnyRow) -> list[Value]:
        assert isinstance(row, Row)
        items = items_at(row, path) if path else [row]
        return [value for item in items for value in _values(item, attribute.tag, kind)]

    several = bool(path) or (attribute.multiple and attribute.vr not in BULK_VRS | {"SQ"})
    return TypedColumn(column.keyword, kind, several, attribute.vr, attribute.tag_text, read)


def _values(row: Row, tag: int, kind: ValueType) -> list[Value]:
    if tag not in row.elements:
        return []
    vr = row.vr(tag)
    if vr == "SQ" or vr in BULK_VRS:
        value = element(row, tag)
        return [] if value is None else [value if isinstance(value, str) else _json(value)]
    text = row.text(tag)
    if not text:
        return []
    parts = [text] if vr in UNDELIMITED_VRS else text.split("\\")
    return [converted(kind, part.strip(" \0")) for part in parts]


def _json(value: Any) -> str:
    return json_text(value, compact=True)


def _texts_reader(
    column: ComputedColumn | FieldColumn, kind: ValueType
) -> Callable[[AnyRow], Sequence[Value]]:
    read: Callable[[Any], list[str]] = column.texts
    return lambda row: [converted(kind, text) for text in read(row)]


def _field_reader(column: Column) -> Callable[[AnyRow], Sequence[Value]]:
    def read(row: AnyRow) -> Sequence[Value]:
        assert not isinstance(row, Row)
        value = plain(row.get(column.keyword))
        if value is None:
            return []
        values = value if isinstance(value, list) else [value]
        return [_json(part) if isinstance(part, dict | list) else part for part in values]

    return read


_INTEGER = regex(r"[+-]?[0-9]{1,18}\Z")
_DECIMAL = regex(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")


@lru_cache(maxsize=1 << 14)
def converted(kind: ValueType, text: str) -> Value:
    """The value of a type that a text means: the text itself if it is not valid, None if empty."""
    if not text or kind is ValueType.TEXT:
        return text or None
    if kind is ValueType.INTEGER:
        return int(text) if _INTEGER.match(text) else text
    if kind is ValueType.DECIMAL:
        number = float(text) if _DECIMAL.match(text) else inf
        return number if isfinite(number) else text
    return _moment(kind, text)


def _moment(kind: ValueType, text: str) -> date | time | str:
    vr = "DA" if kind is ValueType.DATE else "TM"
    moment = moment_of(vr, text)
    if not is_moment(vr, moment):
        return text
    try:
        if kind is ValueType.DATE:
            return date(int(moment[:4]), int(moment[4:6]), int(moment[6:]))
        clock, _, fraction = moment.partition(".")
        hour, minute, second = (int(clock[at : at + 2] or 0) for at in (0, 2, 4))
        return time(hour, minute, second, int(fraction.ljust(6, "0")))
    except ValueError:  # a leap second (PS3.5 6.2) has no place in these types
        return text


class Misfits:
    """Counts the values that do not fit the type of their column."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, column: str) -> None:
        """A value did not fit."""
        self._counts[column] = self._counts.get(column, 0) + 1

    def statements(self, what: str) -> list[str]:
        """What to tell the user: nothing, or one note.

        Args:
            what: what became of them, after their number and column.
        """
        return [f"{count:,} {name} {what}" for name, count in self._counts.items()]

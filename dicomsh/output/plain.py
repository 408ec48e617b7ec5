"""Rows as plain values (dict, list, str, int, float, bool, None), for JSON, YAML and CSV."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import cast

from dicomsh.model.columns import (
    ArchiveColumn,
    AttributeColumn,
    Column,
    ComputedColumn,
    DerivedColumn,
    ErrorColumn,
    FieldColumn,
    Record,
)
from dicomsh.model.keys import BOOKKEEPING, MOST_TAGS, by_tag, tag_pair
from dicomsh.model.row import Row
from dicomsh.model.vr import BULK_VRS, NUMBER_VRS, TEXT_VRS, UNDELIMITED_VRS
from dicomsh.model.where_matching import typed_value

Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None
AnyRow = Row | Record


def are_answers(columns: Iterable[Column]) -> bool:
    """Whether the columns show DICOM answers; otherwise they show records."""
    return all(not isinstance(column, FieldColumn) for column in columns)


def is_context(column: Column) -> bool:
    """Whether a column is a key of the place, the same in every row."""
    return isinstance(column, AttributeColumn) and column.context


def root_tags(columns: Iterable[Column]) -> tuple[int, ...]:
    """Tags of the elements that the columns show, each once; for a path, its outermost one."""
    attributes = [column for column in columns if isinstance(column, AttributeColumn)]
    return tuple(dict.fromkeys((*col.path, col.attribute)[0].tag for col in attributes))


def needed_tags(columns: Iterable[Column]) -> tuple[int, ...]:
    """Tags of the elements that the columns show, and of those that derived ones follow from."""
    derived = [column for column in columns if isinstance(column, DerivedColumn)]
    return root_tags((*columns, *(base for column in derived for base in column.bases)))


def is_bookkeeping(tag: int) -> bool:
    """Whether an element describes the answer, not the entity; group lengths count as well."""
    return tag in BOOKKEEPING or not tag & 0xFFFF


Members = Callable[[AnyRow], Iterator[tuple[str, Plain]]]
"""The keys and values of the object of a row, made one by one."""


def members(columns: Sequence[Column]) -> Members:
    """A function that turns a row into the members of an object whose keys are DICOM keywords.

    Elements that no column shows follow the columns: nothing received is dropped.
    """
    tags = root_tags(columns)
    names = tuple(column.keyword for column in columns)
    if any(isinstance(column, DerivedColumn | ErrorColumn) for column in columns):
        return _members_of_derived(columns)
    archive = next((c.keyword for c in columns if isinstance(c, ArchiveColumn)), None)

    def found(row: AnyRow) -> Iterator[tuple[str, Plain]]:
        if isinstance(row, Row):
            own = _members(row, tags)
            return own if archive is None else chain([(archive, row.archive)], own)
        return ((name, plain(row[name])) for name in names if name in row)

    return found


def _members_of_derived(columns: Sequence[Column]) -> Members:
    derived = [column for column in columns if isinstance(column, ComputedColumn)]
    shown = root_tags(columns)
    only = frozenset(needed_tags(derived)).difference(shown)
    names = dict.fromkeys(map(_name, columns))
    order = {name: number for number, name in enumerate(names)}

    def own(row: AnyRow) -> Iterator[tuple[str, Plain]]:
        if isinstance(row, Row):
            return _members(row.only(frozenset(row.elements).difference(only)), shown)
        return ((name, plain(row[name])) for name in order if name in row)

    def found(row: AnyRow) -> Iterator[tuple[str, Plain]]:
        made = _derived(row, derived)
        waiting = [*made]
        for name, value in own(row):
            while waiting and order[waiting[0]] < order.get(name, len(order)):
                yield waiting[0], made[waiting.pop(0)]
            if name not in made:
                yield name, value
        yield from ((name, made[name]) for name in waiting)

    return found


def _name(column: Column) -> str:
    """The key of a column in an object: for a path, that of its outermost sequence."""
    path = column.path if isinstance(column, AttributeColumn) else ()
    return path[0].keyword if path else column.keyword


def _derived(row: AnyRow, columns: Sequence[ComputedColumn]) -> dict[str, Plain]:
    """The values that are not elements; none for a row that lacks what they follow from."""
    texts = {column: "\\".join(column.texts(row)) for column in columns}
    return {column.keyword: typed_value(column.vr, text) for column, text in texts.items() if text}


def _members(row: Row, tags: tuple[int, ...]) -> Iterator[tuple[str, Plain]]:
    sent = tuple(row.elements)
    order = _kept_order if len(sent) <= _MOST_KEPT else _order
    return ((keyword, element(row, tag)) for keyword, tag in order(tags, sent))


def _order(tags: tuple[int, ...], sent: tuple[int, ...]) -> list[tuple[str, int]]:
    """Keywords and tags of the elements of a row: those of columns, then all others."""
    shown = [tag for tag in tags if tag in sent]
    others = sorted(tag for tag in sent if tag not in tags and not is_bookkeeping(tag))
    used: set[str] = set()
    found: list[tuple[str, int]] = []
    for tag in (*shown, *others):
        keyword = by_tag(tag).keyword  # the same for all repeats of a group (PS3.5 7.6)
        keyword = tag_pair(tag) if keyword in used else keyword
        used.add(keyword)
        found.append((keyword, tag))
    return found


_MOST_KEPT = 64
"""Elements of a row whose order is remembered: the rows of an answer have the same elements."""

_kept_order = lru_cache(maxsize=256)(_order)


SHORT_TEXT = TEXT_VRS - UNDELIMITED_VRS - NUMBER_VRS
"""VRs whose values are text padded with spaces and separated by backslashes."""


@lru_cache(maxsize=MOST_TAGS)
def _shape(tag: int) -> tuple[str, bool]:
    """How an element is read, "text", "integer" or "other", and whether it may have several."""
    attribute = by_tag(tag)
    kind = "text" if attribute.vr in SHORT_TEXT else "integer" if attribute.vr == "IS" else "other"
    return kind, attribute.multiple


def element(row: Row, tag: int) -> Plain:
    """The value of an element that is present; None when it is empty.

    A list if the dictionary allows several values, and for sequences. More values than the
    dictionary allows stay one DICOM string, so that the type of a key never changes.
    """
    kind, multiple = _shape(tag)
    elements = row.elements
    if type(elements) is dict:  # one value in a row like any other: the usual case, which is fast
        raw = elements[tag]
        if kind == "text":
            plain_text = raw.isascii() and b"\x1b" not in raw
            text = raw.decode() if plain_text else row.decode(raw)
            if "\\" not in text:
                text = text.strip(" \0")
                return ([text] if multiple else text) if text else None
        elif kind == "integer" and len(raw) <= _LONGEST_INTEGER:
            digits = raw.strip(b" \0")
            if digits.isdigit():
                return [int(digits)] if multiple else int(digits)
    return _any_element(row, tag, multiple)


_LONGEST_INTEGER = 12
"""Bytes of an IS (PS3.5 6.2)."""


def _any_element(row: Row, tag: int, multiple: bool) -> Plain:
    vr = row.vr(tag)
    values = scalars(row, tag, vr)
    if not values:
        return None
    if vr == "SQ":
        return values
    if multiple and vr not in BULK_VRS:
        return values
    return values[0] if len(values) == 1 else row.text(tag)


def scalars(row: Row, tag: int, vr: str) -> list[Plain]:
    """All values of an element as plain values; an empty one among several is None."""
    values = row.values(tag) or []
    if vr in TEXT_VRS:
        return cast("list[Plain]", [None if value == "" else value for value in values])
    return [plain(value) for value in values]


def plain(value: object) -> Plain:
    """Any value of a row or record as a plain value; values that JSON cannot express become text.

    Bytes are written in base64; a float that JSON lacks as `NaN`, `inf` or `-inf`.
    """
    if isinstance(value, Row):
        return dict(_members(value, ()))
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return _scalar(value)


def _scalar(value: object) -> Plain:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    return _base64(value) if isinstance(value, bytes) else str(value)


def _base64(data: bytes) -> str:
    from base64 import b64encode

    return b64encode(data).decode("ascii")

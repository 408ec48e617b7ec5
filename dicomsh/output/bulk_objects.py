"""Rows as objects of their keywords and values, a block of rows at a time where it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from dicomsh.model.columns import AttributeColumn, Column
from dicomsh.model.keys import Attribute, by_tag
from dicomsh.model.row import Row
from dicomsh.output.bulk import ABSENT, BLOCK, block_columns
from dicomsh.output.plain import (
    SHORT_TEXT,
    AnyRow,
    Plain,
    are_answers,
    is_bookkeeping,
    members,
)
from dicomsh.regex import regex

_Part = TypeVar("_Part")
_Object = TypeVar("_Object")
_Mapping = TypeVar("_Mapping", bound=dict[str, Any])

PLAIN_INTEGER = regex(r"(?:0|-?[1-9][0-9]{0,17})?\Z")
"""An IS as JSON and Python write it, or nothing."""


def own_tags(columns: Sequence[Column]) -> tuple[int, ...] | None:
    """The tags of columns that are all attributes of the row itself; None if one is not."""
    shown = [column for column in columns if isinstance(column, AttributeColumn)]
    others = len(shown) < len(columns) or any(column.path for column in shown)
    if others or not are_answers(columns):
        return None
    return tuple(column.attribute.tag for column in shown)


def in_blocks(
    tags: tuple[int, ...],
    of: Callable[[Attribute], Callable[[list[str]], list[_Part] | None] | None],
    joined: Callable[[Sequence[str], Sequence[list[_Part]]], list[_Object]],
    slow: Callable[[Sequence[AnyRow]], list[_Object]],
    suits: Callable[[str], bool],
) -> Callable[[Sequence[AnyRow]], list[_Object]]:
    """A function that makes the objects of rows, with elements that no column shows at their end.

    Args:
        tags: what the columns show.
        of: gives what makes the parts of an attribute from its values as text, `ABSENT` among
            them; None for an attribute that needs more than that, as what it gives does for values.
        joined: makes objects from the keywords, and the parts of each, in order.
        slow: makes objects one by one.
        suits: whether all values, given as one text, can be handled together.
    """

    @lru_cache(maxsize=64)
    def makers(tags: tuple[int, ...]) -> list[Callable[[list[str]], list[_Part] | None]]:
        attributes = [by_tag(tag) for tag in tags]
        found = [made for attribute in attributes if (made := of(attribute)) is not None]
        distinct = len({attribute.keyword for attribute in attributes}) == len(tags)
        return found if distinct and len(found) == len(tags) else []

    def block(rows: Sequence[Row]) -> list[_Object] | None:
        others = set().union(*[row.elements for row in rows]).difference(tags)
        everything = (*tags, *sorted(tag for tag in others if not is_bookkeeping(tag)))
        make = makers(everything)
        values = block_columns(rows, everything, suits) if make else None
        if values is None:
            return None
        parts = [made(column) for made, column in zip(make, values, strict=True)]
        if None in parts:
            return None
        keywords = [by_tag(tag).keyword for tag in everything]
        return joined(keywords, cast("list[list[_Part]]", parts))

    def objects(rows: Sequence[AnyRow]) -> list[_Object]:
        blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
        return [one for part in blocks for one in block(cast("Any", part)) or slow(part)]

    return objects


def objects_of(
    columns: Sequence[Column], made: type[_Mapping]
) -> Callable[[Sequence[AnyRow]], list[_Mapping]]:
    """A function that makes a mapping of each row: its keywords to its values as in JSON."""
    found = members(columns)

    def slow(rows: Sequence[AnyRow]) -> list[_Mapping]:
        return [made(found(row)) for row in rows]

    def joined(names: Sequence[str], columns: Sequence[list[Plain]]) -> list[_Mapping]:
        if any(ABSENT in column for column in columns):
            return [made(_present(names, row)) for row in zip(*columns, strict=True)]
        blank = dict.fromkeys(names)  # a copy of it need not grow; measured: two thirds of the time
        mappings = [made(blank) for _ in columns[0]]
        for name, column in zip(names, columns, strict=True):
            for mapping, value in zip(mappings, column, strict=True):
                mapping[name] = value
        return mappings

    tags = own_tags(columns)
    return slow if tags is None else in_blocks(tags, _values, joined, slow, lambda _: True)


def _present(names: Sequence[str], row: Sequence[Plain]) -> Iterator[tuple[str, Plain]]:
    return ((name, value) for name, value in zip(names, row, strict=True) if value != ABSENT)


def _values(attribute: Attribute) -> Callable[[list[str]], list[Plain] | None] | None:
    """What gives the values of an attribute; None for a VR that is neither short text nor IS."""
    if attribute.vr == "IS" and not attribute.multiple:
        return _numbers
    if attribute.vr not in SHORT_TEXT:
        return None
    return _lists if attribute.multiple else _texts


def _texts(column: list[str]) -> list[Plain]:
    return [text or None for text in column] if "" in column else [*column]


def _lists(column: list[str]) -> list[Plain]:
    return [text if text == ABSENT else _several(text) for text in column]


def _several(text: str) -> Plain:
    if "\\" not in text:
        return [text] if text else None
    return [part.strip(" \0") or None for part in text.split("\\")]


def _numbers(column: list[str]) -> list[Plain] | None:
    present = [text for text in column if text != ABSENT]
    if not all(map(PLAIN_INTEGER.match, present)):
        return None
    return [text if text == ABSENT else int(text) if text else None for text in column]

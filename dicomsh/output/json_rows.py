"""Rows as JSON objects, many at a time if that gives the same text as one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

from dicomsh.model.columns import AttributeColumn, Column
from dicomsh.model.keys import Attribute, by_tag
from dicomsh.model.row import Row
from dicomsh.output.bulk import ABSENT, BLOCK, block_columns
from dicomsh.output.json_format import Lines, json_text
from dicomsh.output.plain import SHORT_TEXT, AnyRow, Members, are_answers, is_bookkeeping, members
from dicomsh.regex import regex

_Fragments = Callable[[list[str]], "list[str] | None"]
"""`"Keyword": value, ` for each value of a column, empty for an absent one; None for "cannot"."""


def one_by_one(found: Members) -> Lines:
    """The lines of rows converted one by one."""
    return lambda rows: [json_text(dict(found(row))) for row in rows]


def object_lines(columns: Sequence[Column]) -> Lines:
    """The lines of objects whose keys are the DICOM keywords of these columns."""
    slow = one_by_one(members(columns))
    if not are_answers(columns):
        return slow
    shown = [column for column in columns if isinstance(column, AttributeColumn)]
    if len(shown) < len(columns) or any(column.path for column in shown):
        return slow
    return _in_blocks(tuple(column.attribute.tag for column in shown), slow)


def _in_blocks(tags: tuple[int, ...], slow: Lines) -> Lines:
    writers = lru_cache(maxsize=64)(_writers)

    def block(rows: Sequence[AnyRow]) -> list[str]:
        answers = cast("Sequence[Row]", rows)
        others = set().union(*[row.elements for row in answers]).difference(tags)
        everything = (*tags, *sorted(tag for tag in others if not is_bookkeeping(tag)))
        write = writers(everything)
        return (_written(answers, everything, write) if write else None) or slow(rows)

    def lines(rows: Sequence[AnyRow]) -> list[str]:
        blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
        return [line for part in blocks for line in block(part)]

    return lines


def _writers(tags: tuple[int, ...]) -> list[_Fragments]:
    """How each column is written; none if any is not short text."""
    attributes = [by_tag(tag) for tag in tags]
    writers = [_writer(attribute) for attribute in attributes]
    found = [writer for writer in writers if writer is not None]
    distinct = len({attribute.keyword for attribute in attributes}) == len(tags)
    return found if distinct and len(found) == len(tags) else []


def _written(
    rows: Sequence[Row], tags: Sequence[int], writers: Sequence[_Fragments]
) -> list[str] | None:
    values = block_columns(rows, tags, '"')
    if values is None:
        return None
    columns = [write(column) for write, column in zip(writers, values, strict=True)]
    if any(column is None for column in columns):
        return None
    fragments = cast("list[list[str]]", columns)
    return [f"{{{''.join(parts)[:-2]}}}" for parts in zip(*fragments, strict=True)]


def _writer(attribute: Attribute) -> _Fragments | None:
    """How the values of an attribute are written; None for a VR that is not short text."""
    if attribute.vr == "IS" and not attribute.multiple:
        return _numbers(f'"{attribute.keyword}": ')
    if attribute.vr not in SHORT_TEXT:
        return None
    lead = f'"{attribute.keyword}": '
    return _lists(lead) if attribute.multiple else _texts(lead)


def _texts(lead: str) -> _Fragments:
    def write(column: list[str]) -> list[str]:
        if "\\" in "".join(column):
            return [_text(lead, value.replace("\\", "\\\\")) for value in column]
        if "" in column or ABSENT in column:
            return [_text(lead, value) for value in column]
        return [f'{lead}"{value}", ' for value in column]

    return write


def _text(lead: str, value: str) -> str:
    if value == ABSENT:
        return ""
    return f'{lead}"{value}", ' if value else f"{lead}null, "


def _lists(lead: str) -> _Fragments:
    @lru_cache(maxsize=1024)
    def one(value: str) -> str:
        if value == ABSENT:
            return ""
        parts = [part.strip(" \0") or None for part in value.split("\\")]
        return f"{lead}{json_text(list(parts)) if value else 'null'}, "

    return lambda column: [one(value) for value in column]


_PLAIN_INTEGER = regex(r"(?:0|-?[1-9][0-9]{0,17})?\Z")


def _numbers(lead: str) -> _Fragments:
    def write(column: list[str]) -> list[str] | None:
        if not all(map(_PLAIN_INTEGER.match, [v for v in column if v != ABSENT])):
            return None
        return ["" if v == ABSENT else f"{lead}{v or 'null'}, " for v in column]

    return write

"""Rows as JSON objects, many at a time if that gives the same text as one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from dicomsh.model.columns import Column
from dicomsh.model.keys import Attribute
from dicomsh.output.bulk import ABSENT
from dicomsh.output.bulk_objects import PLAIN_INTEGER, in_blocks, own_tags
from dicomsh.output.json_format import Lines, json_text, needs_no_escape
from dicomsh.output.plain import SHORT_TEXT, Members, members

_Fragments = Callable[[list[str]], "list[str] | None"]
"""`"Keyword": value, ` for each value of a column, empty for an absent one; None for "cannot"."""


def one_by_one(found: Members) -> Lines:
    """The lines of rows converted one by one."""
    return lambda rows: [json_text(dict(found(row))) for row in rows]


def object_lines(columns: Sequence[Column]) -> Lines:
    """The lines of objects whose keys are the DICOM keywords of these columns."""
    slow = one_by_one(members(columns))
    tags = own_tags(columns)
    return slow if tags is None else in_blocks(tags, _writer, _joined, slow, needs_no_escape)


def _joined(names: Sequence[str], fragments: Sequence[list[str]]) -> list[str]:
    """The lines, from the fragments of each column, which have the names in them."""
    del names
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


def _numbers(lead: str) -> _Fragments:
    def write(column: list[str]) -> list[str] | None:
        if not all(map(PLAIN_INTEGER.match, [v for v in column if v != ABSENT])):
            return None
        return ["" if v == ABSENT else f"{lead}{v or 'null'}, " for v in column]

    return write

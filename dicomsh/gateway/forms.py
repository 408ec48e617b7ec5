"""Rows and keys in Orthanc's three forms: full, short and simplified.

    full       {"0010,0020" : {"Name" : "PatientID", "Type" : "String", "Value" : "0555643F"}}
    short      {"0010,0020" : "0555643F"}
    simplified {"PatientID" : "0555643F"}

The deprecated routes answer in the last one. Many rows are written at once where that gives the
same text: 5,000 of them in a fifth of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache

from dicomsh.gateway.styled import INDENT, Json, nested, quoted
from dicomsh.model.keys import MOST_TAGS, by_tag, creator_of, is_private_creator, tag_pair
from dicomsh.model.row import Row, is_text
from dicomsh.output.bulk import BLOCK, block_columns
from dicomsh.output.json_format import needs_no_escape


class Form(Enum):
    """How attributes are written."""

    FULL = "full"
    SHORT = "short"
    SIMPLIFIED = "simplify"


def name_of(tag: int) -> str:
    """The name of an attribute in Orthanc: its keyword, or what it calls others."""
    if is_private_creator(tag):
        return "PrivateCreator"
    keyword = by_tag(tag).keyword
    return _UNKNOWN if keyword == tag_pair(tag) else keyword


_UNKNOWN = "Unknown Tag & Data"


def key_of(tag: int, form: Form) -> str:
    """The key of an attribute in an object; what has no keyword is named by its tag."""
    if form is not Form.SIMPLIFIED:
        return tag_pair(tag)
    name = name_of(tag)
    return tag_pair(tag) if name == _UNKNOWN or is_private_creator(tag) else name


def value_object(tag: int, kind: str, value: Json, form: Form) -> Json:
    """What stands behind the key of an attribute."""
    if form is not Form.FULL:
        return value
    return {"Name": name_of(tag), "Type": kind, "Value": value}


def rows_text(rows: Sequence[Row], form: Form) -> str:
    """All rows as an array."""
    if not rows:
        return "[]\n"
    line = "\n" + INDENT
    blocks = (rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK))
    texts = [text for block in blocks for text in _block(block, form)]
    return f"[{line}{f',{line}'.join(texts)}\n]\n"


def _block(rows: Sequence[Row], form: Form) -> list[str]:
    """The text of each row, one level inside."""
    tags = tuple(rows[0].elements)
    if all(map(is_text, tags)) and all(tuple(row.elements) == tags for row in rows):
        ordered = _ordered(tags, form)
        columns = block_columns(rows, ordered, needs_no_escape)
        if columns is not None:
            template = _template(ordered, form)
            return [template % values for values in zip(*map(_escaped, columns), strict=True)]
    return [row_text(row, form, 1) for row in rows]


@lru_cache(maxsize=512)
def _template(tags: tuple[int, ...], form: Form) -> str:
    """The text of a row of these tags, with `%s` for each value."""
    parts = []
    for tag in tags:
        lead, close = (part.replace("%", "%%") for part in _around(tag, form, 1))
        parts.append(f'{lead}"%s"{close}')
    inner = "\n" + INDENT * 2
    return f"{{{inner}{f',{inner}'.join(parts)}\n{INDENT}}}" if parts else "{}"


def _escaped(column: list[str]) -> list[str]:
    """Values as they stand between quotes in JSON."""
    text = "".join(column)
    if text.isascii() and "\\" not in text:
        return column
    return [quoted(value)[1:-1] for value in column]


def row_text(row: Row, form: Form, depth: int = 0) -> str:
    """A row as an object that stands that many levels inside other values."""
    elements = row.elements
    if row.irregular is not None:
        return nested(row_object(row, form), depth)
    parts: list[str] = []
    for tag in _ordered(tuple(elements), form):
        lead, close = _around(tag, form, depth)
        if is_text(tag):
            parts.append(f"{lead}{quoted(row.text(tag) or '')}{close}")
        else:
            parts.append(_member(row, tag, form, depth))
    if not parts:
        return "{}"
    inner = "\n" + INDENT * (depth + 1)
    return f"{{{inner}{f',{inner}'.join(parts)}\n{INDENT * depth}}}"


@lru_cache(maxsize=512)
def _ordered(tags: tuple[int, ...], form: Form) -> tuple[int, ...]:
    """The tags in the order of their keys; a row cannot have two with the same key."""
    return tuple(sorted(tags, key=lambda tag: key_of(tag, form)))


@lru_cache(maxsize=MOST_TAGS)
def _around(tag: int, form: Form, depth: int) -> tuple[str, str]:
    """What precedes and follows the value of an attribute of a text VR."""
    key = f"{quoted(key_of(tag, form))} : "
    if form is not Form.FULL:
        return key, ""
    inner, deeper = "\n" + INDENT * (depth + 1), "\n" + INDENT * (depth + 2)
    named = f'"Name" : {quoted(name_of(tag))},{deeper}"Type" : "String",{deeper}"Value" : '
    return f"{key}{inner}{{{deeper}{named}", f"{inner}}}"


def _member(row: Row, tag: int, form: Form, depth: int) -> str:
    value = _written(row, tag, form)
    inner = "\n" + INDENT * (depth + 1)
    filled = isinstance(value, dict | list) and len(value) > 0
    return f"{quoted(key_of(tag, form))} : {inner if filled else ''}{nested(value, depth + 1)}"


def row_object(row: Row, form: Form) -> dict[str, Json]:
    """A row as an object."""
    return {key_of(tag, form): _written(row, tag, form) for tag in row.elements}


def objects(rows: Iterable[Row], form: Form) -> list[dict[str, Json]]:
    """Rows as objects."""
    return [row_object(row, form) for row in rows]


def _written(row: Row, tag: int, form: Form) -> Json:
    kind, value = _value(row, tag, form)
    return value_object(tag, kind, value, form)


def _value(row: Row, tag: int, form: Form) -> tuple[str, Json]:
    """Type and value of an element, as Orthanc calls the type."""
    vr = row.vr(tag)
    if vr == "SQ":
        items = [item for item in row.values(tag) or () if isinstance(item, Row)]
        return "Sequence", objects(items, form)
    private = is_private_creator(tag) or creator_of(tag) is not None
    if not row.elements[tag] and (private or not is_text(tag)):
        return "Null", None
    return "String", row.text(tag) or ""

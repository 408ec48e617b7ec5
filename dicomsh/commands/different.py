"""How two answers differ in an attribute, as fields of a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dicomsh.model.columns import AttributeColumn
from dicomsh.model.comparison import differing, text_of
from dicomsh.model.row import Row
from dicomsh.model.text_about import text_about


def value_fields(first: str, second: str, own: Iterable[str]) -> tuple[str, str]:
    """The fields that hold the values of both answers: their names, made different if need be.

    Args:
        first: the name of one answer.
        second: the name of the other.
        own: the other fields of the record.
    """
    taken = set(own)
    one = f"{first} (1)" if first in taken else first
    return one, f"{second} (2)" if second in {*taken, one} else second


def unequal(
    columns: Sequence[AttributeColumn], one: Row, other: Row, fields: tuple[str, str]
) -> Iterator[dict[str, str | None]]:
    """The fields of each attribute with different values in two rows."""
    for column in differing(columns, one, other):
        values = (shown_value(row, column) for row in (one, other))
        yield {"attribute": column.keyword, **dict(zip(fields, values, strict=True))}


def shown_value(row: Row, column: AttributeColumn) -> str | None:
    """What a row has in a column; None if it is absent."""
    if text_of(row, column) is None:
        return None
    return text_about(row, lambda row: text_of(row, column) or "")

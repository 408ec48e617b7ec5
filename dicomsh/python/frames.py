"""Columns of pandas from typed columns; pandas is imported here alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas

from dicomsh.output.plain import AnyRow
from dicomsh.output.typed import TypedColumn, Value, ValueType

if TYPE_CHECKING:
    from pandas import Series

_DTYPES = {
    ValueType.DATE: "datetime64[s]",
    ValueType.INTEGER: "Int64",
    ValueType.DECIMAL: "Float64",
}
"""Of seconds, as those of nanoseconds end in 1677 and 2262; times have no type of their own."""


def series(column: TypedColumn, rows: Sequence[AnyRow]) -> Series[Any]:
    """The values of a column; a value that is not valid for its VR makes it one of objects."""
    cells = [_cell(column, column.read(row)) for row in rows]
    dtype = _DTYPES.get(column.type)
    misfit = any(isinstance(cell, str) for cell in cells)
    if dtype is None or column.several or misfit:
        return pandas.Series(cells, dtype="object")
    return pandas.Series(cells, dtype="object").astype(dtype)  # type: ignore[call-overload, no-any-return]


def _cell(column: TypedColumn, values: Sequence[Value]) -> Any:
    if not values:
        return None
    if column.several:
        return list(values)
    if len(values) == 1:
        return values[0]
    return "\\".join("" if value is None else str(value) for value in values)

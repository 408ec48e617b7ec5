"""Parquet files, by Apache Arrow: typed columns in row groups, for DuckDB, Spark, Dask, pandas.

Dates are date32, times time64 (microseconds), numbers int64 and double, several values are lists;
everything else is text, as received. Each field carries its tag and VR as metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dicomsh.model.columns import Column
from dicomsh.output.excel import ByteStream, WriteBytes
from dicomsh.output.extra_attributes import ExtraAttributes
from dicomsh.output.plain import AnyRow
from dicomsh.output.typed import Misfits, TypedColumn, Value, ValueType, typed

GROUP_ROWS = 1 << 17
"""Rows of a row group."""

_GROUP_BYTES = 1 << 26
_CHUNK = 4096
"""Rows whose values wait as Python objects."""


class Parquet:
    """Renders rows as one Parquet file; a row group at most is held in memory.

    Args:
        columns: what to show, all of attributes or all of fields.
        write: takes the bytes of the file.
    """

    def __init__(self, columns: Sequence[Column], write: WriteBytes) -> None:
        self._misfits = Misfits()
        self._unasked = ExtraAttributes(columns)
        self._table = TableWriter([typed(column) for column in columns], write, self._misfits)
        self._count = 0

    def begin(self) -> str:
        """Nothing: a file begins with its first rows."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """Adds rows."""
        self._unasked.look(batch, self._count + 1)
        self._count += len(batch)
        for start in range(0, len(batch), _CHUNK):
            self._table.add(batch[start : start + _CHUNK])
        return ""

    def flush(self) -> str:
        """Nothing: row groups are written when they are full."""
        return ""

    def end(self) -> str:
        """Writes what remains, and the index of the file."""
        self._table.close()
        return ""

    @property
    def hidden(self) -> list[str]:
        """What the file lacks."""
        return [*self._unasked.statements(), *told(self._misfits)]


def told(misfits: Misfits) -> list[str]:
    """What to say about values that are not valid for the type of their column."""
    return misfits.statements("not valid for its type, and empty in the file")


class TableWriter:
    """Writes rows into a Parquet file, a row group at a time.

    Args:
        columns: the columns.
        write: takes the bytes of the file.
        misfits: counts the values that do not fit.
    """

    def __init__(self, columns: Sequence[TypedColumn], write: WriteBytes, misfits: Misfits) -> None:
        self._columns = columns
        self._write = write
        self._misfits = misfits
        self._waiting: list[list[Sequence[Value]]] = [[] for _ in columns]
        self._batches: list[Any] = []
        self._types: list[tuple[ValueType, bool]] = []
        self._writer: Any = None
        self.size = 0
        """Bytes held in memory, apart from rows that wait."""

    def add(self, rows: Sequence[AnyRow]) -> None:
        """Adds rows, and writes a row group once there are enough."""
        self.take(rows)
        if self.size > _GROUP_BYTES or sum(map(len, self._batches)) >= GROUP_ROWS:
            self.write_group()

    def take(self, rows: Sequence[AnyRow]) -> None:
        """Adds rows, which stay in memory."""
        for cells, column in zip(self._waiting, self._columns, strict=True):
            cells.extend(map(column.read, rows))
        if self.waiting >= _CHUNK:
            self.pack()

    def pack(self) -> None:
        """Turns rows that wait into columns, which take less memory."""
        import pyarrow

        values, self._waiting = self._waiting, [[] for _ in self._columns]
        self._types = self._types or [*map(_seen_type, self._columns, values)]
        arrays = [
            pyarrow.array([*self._fitted(column, kind, several, cells)], _arrow(kind, several))
            for column, (kind, several), cells in zip(
                self._columns, self._types, values, strict=True
            )
        ]
        batch = pyarrow.record_batch(arrays, schema=self._schema)
        self._batches.append(batch)
        self.size += batch.nbytes

    def _fitted(
        self, column: TypedColumn, kind: ValueType, several: bool, cells: Sequence[Sequence[Value]]
    ) -> Iterator[Value]:
        fitting = _FITTING[kind]
        for values in cells:
            if not values:
                yield None
            elif not several and len(values) == 1 and type(values[0]).__name__ in fitting:
                yield values[0]
            elif several:
                yield [self._fit(column, kind, value) for value in values]
            elif len(values) == 1:
                yield self._fit(column, kind, values[0])
            else:
                text = "\\".join("" if value is None else str(value) for value in values)
                yield self._fit(column, kind, text)

    def _fit(self, column: TypedColumn, kind: ValueType, value: Value) -> Value:
        """The value as one of a type; None if it is not."""
        if value is None or type(value).__name__ in _FITTING[kind]:
            return value
        if kind is ValueType.TEXT:
            return str(value)
        if kind is ValueType.DECIMAL and isinstance(value, int):
            return float(value)
        self._misfits.add(column.name)
        return None

    @property
    def _schema(self) -> Any:
        import pyarrow

        return pyarrow.schema(
            pyarrow.field(column.name, _arrow(kind, several), metadata=_metadata(column))
            for column, (kind, several) in zip(self._columns, self._types, strict=True)
        )

    @property
    def waiting(self) -> int:
        """Rows that are not columns yet."""
        return len(self._waiting[0]) if self._waiting else 0

    @property
    def held(self) -> int:
        """Rows held in memory."""
        return self.waiting + sum(map(len, self._batches))

    def pack_waiting(self) -> None:
        """Turns rows that wait into columns, if there are any."""
        if self.waiting:
            self.pack()

    def write_group(self) -> int:
        """Writes all rows as a row group; returns how many."""
        import pyarrow
        from pyarrow import parquet

        if self.waiting or not self._types:
            self.pack()
        if self._writer is None:
            stream = pyarrow.PythonFile(ByteStream(self._write), mode="w")
            self._writer = parquet.ParquetWriter(stream, self._schema, compression="zstd")
        table = pyarrow.Table.from_batches(self._batches, self._schema)
        self._batches, self.size = [], 0
        if len(table):
            self._writer.write_table(table, row_group_size=GROUP_ROWS)
        return len(table)

    def close(self) -> None:
        """Ends the file; one without rows has columns all the same."""
        self.write_group()
        self._writer.close()


def arrow_table(columns: Sequence[Column], rows: Sequence[AnyRow]) -> Any:
    """Rows as an Arrow table; a value that is not valid for its type is missing.

    Raises:
        ImportError: pyarrow is not installed.
    """
    import pyarrow

    made = TableWriter([typed(column) for column in columns], lambda _: None, Misfits())
    for start in range(0, len(rows), _CHUNK):
        made.take(rows[start : start + _CHUNK])
    if made.waiting or not rows:
        made.pack()
    return pyarrow.Table.from_batches(made._batches, made._schema)


_FITTING = {
    ValueType.DATE: ("date",),
    ValueType.TIME: ("time",),
    ValueType.INTEGER: ("int",),
    ValueType.DECIMAL: ("float",),
    ValueType.BOOLEAN: ("bool",),
    ValueType.TEXT: ("str",),
}


def _metadata(column: TypedColumn) -> dict[str, str]:
    named = {"tag": column.tag, "vr": column.vr}
    return {name: text for name, text in named.items() if text}


def _seen_type(column: TypedColumn, cells: Sequence[Sequence[Value]]) -> tuple[ValueType, bool]:
    """The type of a column, and whether it has lists; of records without a VR, as their values."""
    if column.type is not ValueType.ANY:
        return column.type, column.several
    seen = {type(value) for values in cells for value in values if value is not None}
    several = any(len(values) > 1 for values in cells)
    if seen == {bool}:
        return ValueType.BOOLEAN, several
    if seen == {int}:
        return ValueType.INTEGER, several
    numbers = bool(seen) and seen <= {int, float}
    return ValueType.DECIMAL if numbers else ValueType.TEXT, several


def _arrow(kind: ValueType, several: bool) -> Any:
    import pyarrow

    types = {
        ValueType.DATE: pyarrow.date32(),
        ValueType.TIME: pyarrow.time64("us"),
        ValueType.INTEGER: pyarrow.int64(),
        ValueType.DECIMAL: pyarrow.float64(),
        ValueType.BOOLEAN: pyarrow.bool_(),
        ValueType.TEXT: pyarrow.string(),
    }
    return pyarrow.list_(types[kind]) if several else types[kind]

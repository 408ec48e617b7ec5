"""A folder of Parquet files by month, in the layout of Hive: `month=2024-03/….parquet`.

DuckDB, Spark, Dask and pyarrow read it as one table with a further column `month`, and read only
the months that a query needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from secrets import token_hex
from typing import Any

from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.model.columns import Column
from dicomsh.model.keys import alias_keyword
from dicomsh.model.levels import Level
from dicomsh.output.extra_attributes import ExtraAttributes
from dicomsh.output.folder import NewPart
from dicomsh.output.parquet import GROUP_ROWS, TableWriter, told
from dicomsh.output.plain import AnyRow
from dicomsh.output.streams import FileWriter
from dicomsh.output.typed import Misfits, TypedColumn, ValueType, typed

_NO_MONTH = "__HIVE_DEFAULT_PARTITION__"
"""What Hive names the partition of rows without a value."""

_MOST_OPEN = 64
"""Files that are open at once; months whose file had to be closed get a further one."""

_MOST_WAITING = 1 << 12
_MOST_BYTES = 1 << 26


class MonthlyParquet:
    """Renders rows as Parquet files by the month of their date.

    Args:
        columns: what to show.
        level: the level of the rows; None if they are not entities.
        new: makes a file.

    Raises:
        UsageError: the rows have no date.
    """

    def __init__(self, columns: Sequence[Column], level: Level | None, new: NewPart) -> None:
        self._columns = [_settled(typed(column)) for column in columns]
        self._date = date_column(self._columns, level)
        self._new = new
        self._run = token_hex(4)
        self._misfits = Misfits()
        self._unasked = ExtraAttributes(columns)
        self._months: dict[str, _Month] = {}
        self._count = 0
        self._waiting = 0
        self._held = 0

    def begin(self) -> str:
        """Nothing: files begin with their first rows."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """Adds each row to its month."""
        self._unasked.look(batch, self._count + 1)
        self._count += len(batch)
        by_month: dict[str, list[AnyRow]] = {}
        for row in batch:
            by_month.setdefault(self._month(row), []).append(row)
        for name, rows in by_month.items():
            self._of(name).add(rows)
        self._waiting += len(batch)
        if self._waiting > _MOST_WAITING:
            self._make_room()
        return ""

    def _month(self, row: AnyRow) -> str:
        day = next(iter(self._date.read(row)), None)
        return f"{day:%Y-%m}" if isinstance(day, date) else _NO_MONTH

    def _of(self, name: str) -> _Month:
        month = self._months.pop(name, None)
        if month is None:
            folder = f"month={name}"
            month = _Month(self._columns, self._misfits, lambda n: self._part(folder, n))
        self._months[name] = month  # the last one is the one used last
        return month

    def _part(self, folder: str, number: int) -> FileWriter:
        return self._new(folder, f"part-{number}-{self._run}")

    def _make_room(self) -> None:
        """Turn rows into columns; write those of the largest months if there are too many."""
        for month in self._months.values():
            month.table.pack_waiting()
        self._held += self._waiting
        self._waiting = 0
        months = sorted(self._months.values(), key=lambda month: month.table.size)
        while months and (self._held > GROUP_ROWS or self._size > _MOST_BYTES):
            self._held -= months.pop().write()
        opened = [month for month in self._months.values() if month.is_open]
        for month in opened[:-_MOST_OPEN]:
            month.close()

    @property
    def _size(self) -> int:
        return sum(month.table.size for month in self._months.values())

    def flush(self) -> str:
        """Nothing: row groups are written when there are many rows."""
        return ""

    def end(self) -> str:
        """Writes what remains."""
        for month in self._months.values():
            month.close()
        return ""

    @property
    def hidden(self) -> list[str]:
        """What the files lack."""
        return [*self._unasked.statements(), *told(self._misfits)]


class _Month:
    """The files of a month, one after the other.

    Args:
        columns: the columns.
        misfits: counts values that do not fit.
        new: makes a file by its number.
    """

    def __init__(
        self,
        columns: Sequence[TypedColumn],
        misfits: Misfits,
        new: Callable[[int], FileWriter],
    ) -> None:
        self._columns = columns
        self._misfits = misfits
        self._new = new
        self._number = 0
        self._file: FileWriter | None = None
        self.table = self._begun()

    def _begun(self) -> TableWriter:
        return TableWriter(self._columns, self._write, self._misfits)

    def _write(self, data: Any) -> None:
        if self._file is None:
            self._file = self._new(self._number)
            self._number += 1
        self._file.write_bytes(data)

    @property
    def is_open(self) -> bool:
        """Whether it has an open file."""
        return self._file is not None

    def add(self, rows: Sequence[AnyRow]) -> None:
        """Adds rows."""
        self.table.add(rows)

    def write(self) -> int:
        """Writes its rows; returns how many."""
        return self.table.write_group()

    def close(self) -> None:
        """Ends the file, if there is anything to write."""
        if self.is_open or self.table.held:
            self.table.close()
        if self._file is not None:
            self._file.close()
        self._file = None
        self.table = self._begun()


def _settled(column: TypedColumn) -> TypedColumn:
    """The column with a type that is the same in every file."""
    return replace(column, type=ValueType.TEXT) if column.type is ValueType.ANY else column


def date_column(columns: Sequence[TypedColumn], level: Level | None) -> TypedColumn:
    """The column whose month says where a row belongs: StudyDate, else the date of its level.

    Raises:
        UsageError: there is none.
    """
    dates = {column.name: column for column in columns if column.type is ValueType.DATE}
    own = alias_keyword("date", level or Level.STUDY) or ""
    for name in ("StudyDate", own, *dates):
        if name in dates and name != "PatientBirthDate":
            return dates[name]
    raise UsageError(
        "these rows have no date to sort them into months",
        hint="add +StudyDate to the query, or write one file: … > FILE.parquet",
    )

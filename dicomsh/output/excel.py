"""Excel workbooks (ECMA-376): dates are dates, numbers are numbers, and identifiers are text.

A text is never a formula, whatever it begins with, and keeps its leading zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, time
from io import RawIOBase
from tempfile import TemporaryDirectory
from typing import Any

from dicomsh.model.columns import Column
from dicomsh.model.levels import Level
from dicomsh.model.safe import width
from dicomsh.output.extra_attributes import ExtraAttributes
from dicomsh.output.plain import AnyRow
from dicomsh.output.typed import Value, typed

WriteBytes = Callable[[Any], None]
"""Takes the next bytes of a file."""

_MOST_ROWS = 1_048_576
"""Rows of a sheet, with its heading (ECMA-376, as Excel implements it)."""

_LONGEST_TEXT = 32_767
"""Characters of a cell."""

_WIDEST = 60
_FIRST_DAY = date(1900, 3, 1)
"""Excel takes 1900 for a leap year: earlier days are one day off, or do not exist."""


class ByteStream(RawIOBase):
    """A file object that passes on what is written to it.

    Args:
        write: takes the bytes.
    """

    def __init__(self, write: WriteBytes) -> None:
        super().__init__()
        self._write = write
        self._size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Passes on bytes; returns how many."""
        view = memoryview(data)
        self._write(view)
        self._size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """How many bytes were written."""
        return self._size


class Excel:
    """Renders rows as sheets of a workbook, of which only the current row is held in memory.

    Args:
        columns: what to show, all of attributes or all of fields.
        level: the level of the rows; None if they are not entities.
        write: takes the bytes of the file, at the end.
    """

    def __init__(self, columns: Sequence[Column], level: Level | None, write: WriteBytes) -> None:
        self._columns = [typed(column) for column in columns]
        self._name = level.plural if level else "rows"
        self._write = write
        self._unasked = ExtraAttributes(columns)
        self._count = 0
        self._cut = 0
        self._row = 0
        self._widths: list[int] = []
        self._sheet: Any = None

    def begin(self) -> str:
        """The workbook, and its first sheet."""
        from xlsxwriter import Workbook

        self._folder = TemporaryDirectory(prefix="dicomsh-")  # rows wait there, for us alone
        options = {"constant_memory": True, "tmpdir": self._folder.name}
        self._book = Workbook(ByteStream(self._write), options)
        self._bold = self._book.add_format({"bold": True})
        self._forms = {
            date: self._book.add_format({"num_format": "yyyy-mm-dd"}),
            time: self._book.add_format({"num_format": "hh:mm:ss"}),
        }
        self._begin_sheet()
        return ""

    def _begin_sheet(self) -> None:
        number = len(self._book.worksheets()) + 1
        self._sheet = self._book.add_worksheet(self._name + (f" {number}" if number > 1 else ""))
        self._widths = [0] * len(self._columns)
        for index, column in enumerate(self._columns):
            self._text(0, index, column.name, self._bold)
        self._row = 0

    def _end_sheet(self) -> None:
        sheet = self._sheet
        for index, size in enumerate(self._widths):
            sheet.set_column(index, index, min(size, _WIDEST) + 2)
        sheet.freeze_panes(1, 0)
        if self._columns:
            sheet.autofilter(0, 0, max(self._row, 1), len(self._columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{_MOST_ROWS}"})

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """Adds rows."""
        self._unasked.look(batch, self._count + 1)
        self._count += len(batch)
        for row in batch:
            if self._row + 1 == _MOST_ROWS:
                self._end_sheet()
                self._begin_sheet()
            self._row += 1
            for index, column in enumerate(self._columns):
                self._cell(index, column.read(row))
        return ""

    def _cell(self, index: int, values: Sequence[Value]) -> None:
        if not values:
            return
        value = values[0]
        if len(values) > 1 or isinstance(value, str):
            self._text(self._row, index, "\\".join(map(_written, values)))
        elif isinstance(value, date) and value < _FIRST_DAY:
            self._text(self._row, index, value.isoformat())
        elif isinstance(value, date | time):
            self._sheet.write_datetime(self._row, index, value, self._forms[type(value)])
            self._wide(index, "2024-03-05")
        elif isinstance(value, bool):
            self._sheet.write_boolean(self._row, index, value)
        elif isinstance(value, int) and abs(value) >= _INEXACT:
            self._text(self._row, index, str(value))
        elif value is not None:
            self._sheet.write_number(self._row, index, value)
            self._wide(index, str(value))

    def _text(self, row: int, index: int, text: str, form: Any = None) -> None:
        self._cut += len(text) > _LONGEST_TEXT
        self._sheet.write_string(row, index, text[:_LONGEST_TEXT], form)
        self._wide(index, text)

    def _wide(self, index: int, text: str) -> None:
        if self._widths[index] < _WIDEST:
            self._widths[index] = max(self._widths[index], width(text[:_WIDEST]))

    def flush(self) -> str:
        """Nothing: a workbook is written at its end."""
        return ""

    def end(self) -> str:
        """Writes the workbook."""
        self._end_sheet()
        self._book.close()
        self._folder.cleanup()
        return ""

    @property
    def hidden(self) -> list[str]:
        """What the workbook lacks."""
        few = "1 text was" if self._cut == 1 else f"{self._cut:,} texts were"
        cut = f"{few} cut: a cell of Excel holds {_LONGEST_TEXT:,} characters"
        return [*self._unasked.statements(), *([cut] if self._cut else [])]


_INEXACT = 10**15
"""Excel keeps 15 digits of a number."""


def _written(value: Value) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date | time) else str(value)

"""Rows of any CSV, TSV, JSON, NDJSON or Parquet file, by the names of its columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import IO, Any, NamedTuple

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.input.source import opened, shown_name, text_of

_LONGEST_LINE = 1 << 20
"""Characters of a line, and of a cell."""

_LARGEST_JSON = 1 << 28
"""Bytes of a JSON document, which is read as a whole; NDJSON of any size is read line by line."""

_MOST_COLUMNS = 2_000


class TableRow(NamedTuple):
    """A row of a table: the number of its line (of the object, in JSON), and its values."""

    line: int
    values: Mapping[str, Any]


@frozen
class Table:
    """A table of a file.

    Args:
        name: how messages call the file.
        columns: the names of its columns, in order.
        rows: its rows; a value that is absent is left out.
        headless: whether the first row may be a heading, as nobody took it for one.
        headed: whether the first line, which may be a row, was taken for a heading.
    """

    name: str
    columns: tuple[str, ...]
    rows: Generator[TableRow, None, None]
    headless: bool = False
    headed: bool = False


Read = Callable[[IO[bytes], str, bool], Table]


@contextmanager
def table_of(name: str, *, header: bool = True) -> Iterator[Table]:
    """The table in a file; the suffix says what it is, and without one the first character.

    Args:
        name: the file, or `-` for standard input.
        header: whether the first line of CSV and TSV has the names of the columns; if not, they
            are column1, column2, ….

    Raises:
        UsageError: it cannot be read, also while the rows are, with the line where that shows.
    """
    with opened(name) as file:
        table = _reader(name, file)(file, shown_name(name), header)
        try:
            yield table
        finally:
            table.rows.close()


def _reader(name: str, file: IO[bytes]) -> Read:
    suffix = name.lower().rpartition(".")[2]
    if suffix in ("xlsx", "xls", "ods"):
        raise UsageError(f"'{name}' is a workbook", hint="save the sheet as CSV UTF-8")
    if suffix in _READERS:
        return _READERS[suffix]
    first = file.read(1 << 12).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    file.seek(0)
    return {b"{": _ndjson, b"[": _json}.get(first, _csv)


def _csv(file: IO[bytes], name: str, header: bool) -> Table:
    lines = _cells(file, name, _delimiter(file, name))
    first = next(lines, None)
    if first is None:
        return Table(name, (), _csv_rows((), (), name))
    if header:
        columns = _named(first[1])
        return Table(name, columns, _csv_rows(lines, columns, name), headed=True)
    columns = tuple(f"column{number}" for number, _ in enumerate(first[1], 1))
    return Table(name, columns, _csv_rows(chain([first], lines), columns, name), headless=True)


def _csv_rows(
    lines: Iterable[tuple[int, list[str]]], columns: tuple[str, ...], name: str
) -> Generator[TableRow, None, None]:
    for number, cells in lines:
        if any(cells[len(columns) :]):
            raise UsageError(
                f"{name}, line {number}: {len(cells)} cells, and there are {len(columns)} columns",
                hint='a cell with a separator in it is quoted: "DOE, JOHN"',
            )
        yield TableRow(number, dict(zip(columns, cells, strict=False)))


def _cells(file: IO[bytes], name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The number of each line that is not empty, and its cells."""
    import csv

    with text_of(file, name) as text:
        before, reader = 0, csv.reader(bounded(text, name), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                number, before = before + 1, reader.line_num
                if any(map(str.strip, cells)):
                    yield number, cells
        except csv.Error as error:
            raise UsageError(f"{name}, line {reader.line_num}: {error}") from None


def bounded(lines: IO[str], name: str) -> Iterator[str]:
    """The lines of a text; raises UsageError at one that is longer than any value can be."""
    number = 0
    while line := lines.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise UsageError(f"{name}, line {number}: longer than {_LONGEST_LINE:,} characters")
        yield line


def _delimiter(file: IO[bytes], name: str) -> str:
    """What separates cells: the most frequent of tab, semicolon and comma in the first line."""
    if name.lower().rstrip("'").endswith((".tsv", ".tab")):
        return "\t"
    with text_of(file, name) as text:
        first = text.readline(_LONGEST_LINE)
    outside = "".join(first.split('"')[::2])
    return max(",;\t", key=outside.count)


def _named(cells: list[str]) -> tuple[str, ...]:
    """The names of columns: one without a name, or with that of another, is numbered."""
    names: dict[str, None] = {}
    for number, cell in enumerate(cells[:_MOST_COLUMNS], 1):
        name = cell.strip() or f"column{number}"
        names[f"{name}_{number}" if name in names else name] = None
    return tuple(names)


def _ndjson(file: IO[bytes], name: str, header: bool) -> Table:
    del header
    columns = dict.fromkeys(key for row in _objects(file, name) for key in row.values)
    if len(columns) > _MOST_COLUMNS:
        raise UsageError(f"{name} has more than {_MOST_COLUMNS:,} keys")
    return Table(name, tuple(columns), _objects(file, name))


def _objects(file: IO[bytes], name: str) -> Generator[TableRow, None, None]:
    with text_of(file, name) as text:
        for number, line in enumerate(bounded(text, name), 1):
            if line.strip():
                yield _object(_loaded(line, f"{name}, line {number}"), number, name, "line")


def _loaded(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = f", line {error.lineno}" if "\n" in text.rstrip() else ""
        raise UsageError(f"{where}{line}: not valid JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise UsageError(f"{where}: not valid JSON") from None


def _object(value: Any, number: int, name: str, unit: str) -> TableRow:
    if not isinstance(value, dict):
        raise UsageError(f"{name}, {unit} {number}: not a JSON object", hint='{"key": value, …}')
    return TableRow(number, value)


def _json(file: IO[bytes], name: str, header: bool) -> Table:
    del header
    with text_of(file, name) as text:
        whole = text.read(_LARGEST_JSON)
    if len(whole) == _LARGEST_JSON:
        raise UsageError(f"{name} is too large for JSON", hint="use NDJSON: one object a line")
    held = _loaded(whole, name)
    if not isinstance(held, list):
        raise UsageError(f"{name}: not a list of JSON objects", hint='[{"key": value, …}, …]')
    rows = [_object(value, number, name, "object") for number, value in enumerate(held, 1)]
    columns = dict.fromkeys(key for row in rows for key in row.values)
    return Table(name, tuple(columns), (row for row in rows))


def _parquet(file: IO[bytes], name: str, header: bool) -> Table:
    del header
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        hint = "pip install 'dicomsh[parquet]'"
        raise UsageError(f"{name}: Parquet needs Apache Arrow (pyarrow)", hint=hint) from None
    try:
        held = parquet.ParquetFile(file)
    except (ArrowException, OSError) as error:
        raise UsageError(f"{name}: {error}") from None

    def rows() -> Generator[TableRow, None, None]:
        number = 0
        for batch in held.iter_batches(4096):
            for values in batch.to_pylist():
                number += 1
                yield TableRow(number, {key: _plain(value) for key, value in values.items()})

    return Table(name, tuple(held.schema_arrow.names), rows())


def _plain(value: Any) -> Any:
    """A value as JSON has it: dates and times as text."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, str | int | float | dict) else str(value)


_READERS: Mapping[str, Read] = {
    "csv": _csv,
    "tsv": _csv,
    "tab": _csv,
    "json": _json,
    "ndjson": _ndjson,
    "jsonl": _ndjson,
    "parquet": _parquet,
}

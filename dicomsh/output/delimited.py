"""CSV (RFC 4180 with LF as line end) and TSV: a header of keywords, DICOM values.

Both use the same quoting, which Python's csv module, pandas and spreadsheets can read: they get the
value back as received, with tabs, line breaks and control characters. On a terminal these are shown
as symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from dicomsh.model.columns import (
    AttributeColumn,
    Column,
    ComputedColumn,
    DerivedColumn,
    FieldColumn,
)
from dicomsh.model.keys import Attribute
from dicomsh.model.results import Delimiting
from dicomsh.model.row import Row, items_at
from dicomsh.model.safe import visible
from dicomsh.model.vr import BULK_VRS, MOMENT_VRS, TEXT_VRS
from dicomsh.model.where_matching import number_of
from dicomsh.output.bulk import BLOCK, block_lines
from dicomsh.output.cells import moment_for_people
from dicomsh.output.extra_attributes import ExtraAttributes
from dicomsh.output.json_format import json_text
from dicomsh.output.plain import AnyRow, Plain, are_answers, element, members, plain

Cells = Callable[[AnyRow], list[str]]


class Delimited:
    """Renders rows as lines; absent and empty values both become an empty cell.

    Several values are separated by `\\`, sequences are compact JSON, bulk data is base64. A path
    into a sequence gives the values of all its items.

    Args:
        columns: what to show, all of attributes or all of fields.
        delimiter: the character between cells.
        seen: whether the lines go to a terminal, where control characters must have no effect.
        form: for whom they are written.
    """

    def __init__(
        self, columns: Sequence[Column], delimiter: str, *, seen: bool, form: Delimiting
    ) -> None:
        self._columns = columns
        self._delimiter = delimiter
        self._special = f'{delimiter}"\n\r'
        self._seen = seen
        self._cells = _answer_cells(columns) if are_answers(columns) else _record_cells(columns)
        if form.spreadsheet:
            self._cells = for_spreadsheet(columns, self._cells)
        self._tags = [] if seen or form.spreadsheet else _text_tags(columns)
        self._form = form
        self._unasked = ExtraAttributes(columns)
        self._count = 0

    def begin(self) -> str:
        """The header, after a byte order mark for spreadsheets: they take it for UTF-8 then."""
        mark = "\ufeff" if self._form.spreadsheet and not self._seen else ""
        names = [column.keyword for column in self._columns]
        return mark + (self._line(names) if self._form.header else "")

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """A line for each row."""
        self._unasked.look(batch, self._count + 1)
        self._count += len(batch)
        blocks = [batch[start : start + BLOCK] for start in range(0, len(batch), BLOCK)]
        return "".join([self._block(block) for block in blocks])

    def _block(self, rows: Sequence[AnyRow]) -> str:
        if self._tags:
            answers = cast("Sequence[Row]", rows)
            delimiter, special = self._delimiter.encode(), self._special.encode()
            text = block_lines(answers, self._tags, delimiter, special)
            if text is not None:
                return text
        return "".join([self._line(self._cells(row)) for row in rows])

    def _line(self, cells: list[str]) -> str:
        """A line, quoted if necessary. csv.writer takes twice as long for plain cells."""
        if self._seen:
            cells = [*map(visible, cells)]
        delimiter = self._delimiter
        line = delimiter.join(cells)
        if '"' in line or "\n" in line or "\r" in line or line.count(delimiter) >= len(cells):
            line = delimiter.join([_quoted(cell, self._special) for cell in cells])
        return f"{line}\n" if line else '""\n'  # an empty line would not be a row

    def flush(self) -> str:
        """Nothing: no row is held back."""
        return ""

    def end(self) -> str:
        """Nothing: the format has no frame."""
        return ""

    @property
    def hidden(self) -> list[str]:
        """What the lines leave out."""
        return self._unasked.statements()


_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets may run as a formula (OWASP, CSV Injection)."""


def for_spreadsheet(columns: Sequence[Column], cells: Cells) -> Cells:
    """The cells with ISO dates, and with `'` before what would be a formula."""
    vrs = [
        column.attribute.vr if isinstance(column, AttributeColumn) else column.vr
        for column in columns
    ]

    def made(row: AnyRow) -> list[str]:
        return [_spreadsheet_cell(vr, text) for vr, text in zip(vrs, cells(row), strict=True)]

    return made


def _spreadsheet_cell(vr: str, text: str) -> str:
    if vr in MOMENT_VRS:
        text = moment_for_people(vr, text)
    is_number = text.startswith(("+", "-")) and number_of("DS", text) is not None
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def _quoted(cell: str, special: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(map(cell.__contains__, special)) else cell


def _text_tags(columns: Sequence[Column]) -> list[int]:
    """The tag of each column if all are text and there are several; otherwise none."""
    if len(columns) < 2 or not are_answers(columns):
        return []
    tags, slow = _plan(columns)
    return [] if slow else tags


def _answer_cells(columns: Sequence[Column]) -> Cells:
    tags, slow = _plan(columns)
    careful = [_reader(column) for column in columns]

    def cells(row: AnyRow) -> list[str]:
        assert isinstance(row, Row)
        if row.irregular:
            return [read(row) for read in careful]
        raws = [row.elements.get(tag, b"") for tag in tags]
        texts = [row.decode(raw).strip(" \0") for raw in raws]
        for index, read in slow:
            texts[index] = read(row)
        return texts

    return cells


def _plan(
    columns: Sequence[Column],
) -> tuple[list[int], list[tuple[int, Callable[[Row], str]]]]:
    """The tag of each column, and how to read columns that are not plain text, by index."""
    steps = [_step(column) for column in columns]
    slow = [(index, read) for index, (_, read) in enumerate(steps) if read is not None]
    return [tag for tag, _ in steps], slow


def _step(column: Column) -> tuple[int, Callable[[Row], str] | None]:
    """The tag of a column, and how to read it if it is not plain text."""
    if not isinstance(column, AttributeColumn):
        return 0, _reader(column)
    attribute = column.attribute
    if not column.path and attribute.vr in TEXT_VRS:
        return attribute.tag, None
    return attribute.tag, _reader(column)


def _reader(column: Column) -> Callable[[Row], str]:
    """How to read a column of answers, whatever the VRs of a row."""
    assert not isinstance(column, FieldColumn)
    if isinstance(column, ComputedColumn):
        return lambda row: "\\".join(column.texts(row))
    attribute = column.attribute
    return lambda row: "\\".join(
        _cell(item, attribute)
        for item in items_at(row, column.path)
        if attribute.tag in item.elements
    )


def _cell(row: Row, attribute: Attribute) -> str:
    vr = row.vr(attribute.tag)
    if vr == "SQ" or vr in BULK_VRS:
        return _written(element(row, attribute.tag))
    return row.text(attribute.tag) or ""


def _record_cells(columns: Sequence[Column]) -> Cells:
    names = [column.keyword for column in columns]
    if any(isinstance(column, DerivedColumn) for column in columns):
        found = members(columns)
        return lambda row: [*map(_written, map(dict(found(row)).get, names))]

    def cells(row: AnyRow) -> list[str]:
        assert not isinstance(row, Row)
        return [_written(plain(row.get(name))) for name in names]

    return cells


def _written(value: Plain) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return "\\".join(map(_written, value))
    return json_text(value, compact=True)

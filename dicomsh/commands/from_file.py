"""from: the rows of a file, for the stages after it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import ExitStack
from time import monotonic
from typing import Annotated, Any

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.event_loop import asyncio
from dicomsh.input.table import TableRow, table_of
from dicomsh.input.value_list import is_known
from dicomsh.language.command import command
from dicomsh.language.kinds import FILE
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.keys import by_keyword, is_keyword
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.results import ROWS, Records, listing_of
from dicomsh.regex import regex

_BATCH = 256
_SHOWN = 3
"""Headings that are shown if the first line may be a row."""

_NO_HEADER = "the first line of CSV is a row: the columns are column1, column2, …"


@command("from", family="query")
async def from_(
    context: Context,
    file: Annotated[Word, FILE],
    *,
    no_header: Annotated[bool, _NO_HEADER] = False,
) -> Records:
    """Read the rows of a CSV, TSV, JSON, NDJSON or Parquet file; '-' is standard input.

    The stages after it work on them: from orders.csv | each find study acc=$Accession. A column is
    a variable there, and the key of conditions; what cannot be in the name of a variable becomes _,
    as in $Accession_Number. Values are taken as they are. The line below shows the first line of
    CSV if that was taken for a heading although it names no attribute. To ask an archive for one
    column only, 'find study acc=@orders.csv:Accession' is faster: it asks side by side.
    """
    if context.session.settings.mask:
        hint = "set mask off, or ask for the values: find study acc=@FILE"
        raise UsageError("from shows a file as it is, and masking is on", hint=hint)
    rows = _Rows(file.text, header=not no_header)
    try:
        rows.open()
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=file.span) from None
    return listing_of(rows.columns, rows.records(), outcome=lambda: rows.outcome, unit=ROWS)


class _Rows:
    """The rows of a file as records."""

    def __init__(self, name: str, *, header: bool) -> None:
        self._name = name
        self._header = header
        self._opened = ExitStack()
        self._keys: dict[str, str] = {}
        self._rows: Iterable[TableRow] = ()
        self._notes: tuple[Note, ...] = ()
        self._count = 0
        self._started = monotonic()

    def open(self) -> None:
        """Open the file, and read the names of its columns; raises UsageError."""
        table = self._opened.enter_context(table_of(self._name, header=self._header))
        self._rows = table.rows
        if table.headed and not any(map(is_known, table.columns)):
            heading = ", ".join(table.columns[:_SHOWN])
            self._notes = (note(NoteKind.FILE_HEADING, heading),)
        for column in table.columns:
            name = _NOT_IN_NAMES.sub("_", column)
            name = f"_{name}" if name[:1].isdigit() else name
            self._keys[column] = f"{name}_" if name in self._keys.values() else name

    @property
    def columns(self) -> tuple[FieldColumn, ...]:
        """Its columns."""
        return tuple(_column(key, column) for column, key in self._keys.items())

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """Its rows, a few hundred at a time."""
        with self._opened:
            batch: list[Record] = []
            for row in self._rows:
                batch.append(self._record(row.values))
                if len(batch) == _BATCH:
                    self._count += len(batch)
                    yield batch
                    batch = []
                    await asyncio.sleep(0)  # reading waits for nothing, and Ctrl-C is heard here
            self._count += len(batch)
            yield batch

    def _record(self, values: Mapping[str, Any]) -> Record:
        return {self._keys[column]: _value(value) for column, value in values.items()}

    @property
    def outcome(self) -> Outcome:
        """How many there are."""
        seconds = monotonic() - self._started
        return Outcome(Ending.COMPLETE, self._count, seconds, notes=self._notes)


def _column(key: str, heading: str) -> FieldColumn:
    """A column; one that has the keyword of an attribute has values of its VR."""
    return FieldColumn(key, heading, vr=by_keyword(key).vr if is_keyword(key) else "")


_NOT_IN_NAMES = regex(r"\W", re.ASCII)


def _value(value: Any) -> Any:
    """A value; an empty cell is none."""
    return None if value == "" else value

"""The rows of an answer in Python: mappings, a table, and whether they are all there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from html import escape
from typing import TYPE_CHECKING, Any, Protocol, cast, overload

from dicomsh.errors import DicomshError, ExitStatus, UsageError
from dicomsh.model.answer import Outcome
from dicomsh.model.columns import Column
from dicomsh.model.keys import find_attribute
from dicomsh.model.levels import Level
from dicomsh.model.row import Row

if TYPE_CHECKING:
    import pandas
    import pyarrow

Values = Mapping[str, Any]
"""A row: DICOM keyword → value, as in JSON: None if empty, a list if there may be several."""

_AT_ONCE = 256
"""Rows whose values are read together."""

_SHOWN = 50
"""Rows that IPython and a notebook show."""


def reader(columns: Sequence[Column]) -> Callable[[Sequence[Row]], list[Values]]:
    """The function that reads the values of rows, those of columns first."""
    from dicomsh.output.bulk_objects import objects_of

    return cast("Callable[[Sequence[Row]], list[Values]]", objects_of(columns, _NamedValues))


class _NamedValues(dict[str, Any]):
    """The values of a row by keyword; an error about another name says which keyword it means."""

    __slots__ = ()

    def __missing__(self, name: str) -> Any:
        meant = _keyword_in(self, name)
        there = f"its key is {meant}" if meant else f"there are {', '.join(self)}"
        raise KeyError(f"no {name!r} in this row: {there}")


def _keyword_in(row: Values, name: object) -> str | None:
    """The keyword of a row that an alias means, or a keyword in other case; None for none."""
    for level in reversed(Level):  # the same alias means something else above
        with suppress(UsageError):
            keyword = find_attribute(str(name), level).keyword
            if keyword in row:
                return keyword
    return None


@contextmanager
def _needing(method: str) -> Iterator[None]:
    """Says of a library that is not installed how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        hint = "pip install 'dicomsh[parquet]' pandas"
        message = f"{method}() needs {error.name}, which is not installed"
        raise UsageError(message, hint=hint) from None


class Printer(Protocol):
    """What IPython gives an object to print itself on."""

    def text(self, obj: str) -> None:
        """Add a text."""


class UnsoundAnswerError(DicomshError):
    """An answer is incomplete, or in doubt."""

    status = ExitStatus.INCOMPLETE


class Rows(Sequence[Values]):
    """The rows of one answer.

    Args:
        columns: what was requested, in order.
        rows: as they came.
        level: their level.
        outcome: how the answer ended.

    Attributes:
        outcome: how the answer ended: `complete` if no match is missing (or your own limit ended
            it), `sound` if moreover no row is in doubt, `notes` for what else is known.
    """

    def __init__(
        self, columns: Sequence[Column], rows: Sequence[Row], level: Level, outcome: Outcome
    ) -> None:
        self.outcome = outcome
        self._columns = tuple(columns)
        self._rows = rows
        self._level = level
        self._convert = reader(self._columns)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Values: ...
    @overload
    def __getitem__(self, index: slice) -> list[Values]: ...

    def __getitem__(self, index: int | slice) -> Values | list[Values]:
        if isinstance(index, slice):
            return self._convert(self._rows[index])
        return self._convert([self._rows[index]])[0]

    def __iter__(self) -> Iterator[Values]:
        for start in range(0, len(self._rows), _AT_ONCE):
            yield from self._convert(self._rows[start : start + _AT_ONCE])

    @property
    def columns(self) -> list[str]:
        """The keywords that were requested, in order."""
        return [column.keyword for column in self._columns]

    @property
    def summary(self) -> str:
        """What the shell says below a table: `2 studies, complete · 12 ms`."""
        from dicomsh.output.result_line import result_line

        return result_line(self._level, self.outcome)

    def require_sound(self) -> Rows:
        """These rows, if they are exactly those that match.

        Raises:
            UnsoundAnswerError: some are missing, or in doubt.
        """
        if not self.outcome.sound:
            raise UnsoundAnswerError(self.summary)
        return self

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table: typed dates, times and numbers, several values as lists.

        Raises:
            UsageError: pyarrow is not installed (dicomsh[parquet]).
        """
        from dicomsh.output.parquet import arrow_table

        with _needing("to_arrow"):
            table: pyarrow.Table = arrow_table(self._columns, self._rows)
        return table

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame: dates as datetime64, several values as lists; empty ones are missing.

        Raises:
            UsageError: pandas is not installed.
        """
        with _needing("to_pandas"):
            import pandas

        from dicomsh.output.typed import typed
        from dicomsh.python.frames import series

        made = {column.keyword: series(typed(column), self._rows) for column in self._columns}
        return pandas.DataFrame(made, index=pandas.RangeIndex(len(self._rows)))

    def __repr__(self) -> str:
        return f"<Rows: {self.summary}>"

    def __str__(self) -> str:
        """The table of the shell, and its last line."""
        return self._table(self._rows)

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        """The table that IPython shows in a terminal; a row cannot hold the rows themselves."""
        del cycle
        printer.text(self._table(self._rows[:_SHOWN]))

    def _table(self, rows: Sequence[Row]) -> str:
        from dicomsh.output.formats import renderer
        from dicomsh.output.theme import Theme

        plain = Theme.plain()
        table = renderer("table", self._columns, level=self._level, width=None, theme=plain)
        text = table.begin() + table.rows(rows) + table.flush() + table.end()
        more = len(self._rows) - len(rows)
        rest = f"{more:,} more rows\n" if more else ""
        return f"{text}{rest}{self.summary}"

    def _repr_html_(self) -> str:
        """The table that a notebook shows."""
        from dicomsh.output.cells import view

        views = [view(column) for column in self._columns]
        shown = self._rows[:_SHOWN]
        used = [one for one in views if not one.optional or any(one.read(row) for row in shown)]
        heading = "".join(f"<th>{escape(one.heading)}</th>" for one in used)
        lines = (
            "".join(f"<td>{escape(one.read(row) or '')}</td>" for one in used) for row in shown
        )
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        more = len(self._rows) - len(shown)
        rest = f"<p>{more:,} more rows</p>" if more else ""
        return (
            f"<table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"
            f"{rest}<p>{escape(self.summary)}</p>"
        )

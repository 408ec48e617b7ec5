"""A list of values for a key: one a line, or a column of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from dicomsh.errors import FileContentError, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.frozen import frozen
from dicomsh.input.source import is_file, opened, shown_name, text_of
from dicomsh.input.table import Table, bounded, table_of
from dicomsh.model.columns import COMPUTED_KEYS
from dicomsh.model.keys import ALIASES, Attribute, find_path, is_named
from dicomsh.model.level_keys import displayed
from dicomsh.model.levels import Level
from dicomsh.model.standard import keyword_tags
from dicomsh.regex import regex

MOST = 1_000_000
"""Values of a list, which are held in memory."""

_IN_ONE_TURN = 4096
"""Lines that are read before the event loop does what waits, such as Ctrl-C."""

_TABLES = (".csv", ".tsv", ".tab", ".json", ".ndjson", ".jsonl", ".parquet", ".xlsx", ".xls")


class ListedValue(NamedTuple):
    """A value, and the number of the first line that has it."""

    text: str
    line: int


@frozen
class ValueList:
    """The values of a list.

    Args:
        name: the file, for messages.
        values: each once, in the order of the file.
        repeated: how many lines repeat a value.
        empty: how many rows of the table have no value.
        heading: the first line, if it was taken for a heading although it is not just the name of
            the column or of the key; else empty.
    """

    name: str
    values: tuple[ListedValue, ...]
    repeated: int = 0
    empty: int = 0
    heading: str = ""


async def read_list(text: str, path: tuple[Attribute, ...], level: Level) -> ValueList:
    """The list that is meant by what was typed after `@`: `FILE`, `FILE:COLUMN`, `-`.

    A text has one value a line. Of a table it is the column named (or numbered, from 1), else the
    only one, else the one that has the name of the key. The first line of CSV is a heading if it
    has the column's name, or that of the key.

    Args:
        text: what was typed.
        path: the attribute that the values are for, with its enclosing sequences.
        level: where an alias as the name of a column is looked up.

    Raises:
        UsageError: it cannot be read, has no such column, or no values.
    """
    file, column = _split(text)
    key = _Key(".".join(part.keyword for part in path), level)
    if not column and not file.lower().endswith(_TABLES):
        return await _of_lines(file, key)
    with table_of(file, header=False) as table:
        return await _of_column(table, column, key)


@frozen
class _Key:
    """The key that the values are for."""

    keyword: str
    level: Level

    def is_named(self, heading: str) -> bool:
        """Whether a heading names it: by keyword, alias or tag, as people spell them."""
        bare = _bare(heading)
        if bare == _bare(self.keyword.rpartition(".")[2]):
            return True
        return self._is(heading) or self._is(bare)

    def _is(self, name: str) -> bool:
        try:
            return ".".join(p.keyword for p in find_path(name, self.level)) == self.keyword
        except UsageError:
            return False

    def unlike(self, heading: str) -> str:
        """A heading, unless it is just the keyword."""
        return "" if heading == self.keyword else heading


def is_known(heading: str) -> bool:
    """Whether a heading of a column names any attribute, as people spell them."""
    first = heading.partition(".")[0]
    if is_named(first) or heading in COMPUTED_KEYS:
        return True
    bare = _bare(first)
    return bool(bare) and bare in map(_bare, (*ALIASES, *keyword_tags()))


_USUAL = regex("instance|(number|num|nr|no)$")
"""What people leave out: `Accession`, `Accession no.` and `Study UID` are names of keys, too."""


def _bare(name: str) -> str:
    return _USUAL.sub("", "".join(filter(str.isalnum, name)).lower())


async def _of_lines(file: str, key: _Key) -> ValueList:
    shown = shown_name(file)
    with opened(file) as held, text_of(held, shown) as lines:
        numbered = enumerate(map(str.strip, bounded(lines, shown)), 1)
        values = ((number, line) for number, line in numbered if line)
        first = next(values, (0, ""))
        if key.is_named(first[1]):
            return await _listed(shown, values, key.unlike(first[1]))
        return await _listed(shown, chain([first], values))


async def _of_column(table: Table, column: str, key: _Key) -> ValueList:
    """A column of CSV, whose first row may be a heading, or the values of a key of other tables."""
    if not table.headless:
        found = _chosen(table.name, {name: name for name in table.columns}, column, key)
        return await _listed(table.name, _values(table, found))
    first = next(table.rows, None)
    heads = {} if first is None else {name: str(text) for name, text in first.values.items()}
    found = _chosen(table.name, heads, column, key)
    head = heads[found].strip()
    if head.lower() == column.lower():
        return await _listed(table.name, _values(table, found))
    if key.is_named(head):
        return await _listed(table.name, _values(table, found), key.unlike(head))
    return await _listed(table.name, chain([(1, head)], _values(table, found)))


def _split(text: str) -> tuple[str, str]:
    """File and column; a colon may also belong to the name of the file, or follow a drive."""
    file, colon, column = text.rpartition(":")
    if not colon or not file or not column or set(column) & set("/\\") or is_file(text):
        return text, ""
    return file, column


def _values(table: Table, column: str) -> Iterator[tuple[int, Any]]:
    """The values of a column; a list of JSON is several."""
    for row in table.rows:
        value = row.values.get(column)
        if isinstance(value, dict):
            raise UsageError(f"{table.name}, line {row.line}: {column} is an object, not a value")
        yield from ((row.line, one) for one in (value if isinstance(value, list) else [value]))


def _chosen(name: str, heads: Mapping[str, str], column: str, key: _Key) -> str:
    """The key of a column in the rows, by the headings of all of them."""
    if column:
        found = [own for own, head in heads.items() if head.strip().lower() == column.lower()]
        found = found or [own for number, own in enumerate(heads, 1) if column == str(number)]
    else:
        found = [own for own, head in heads.items() if len(heads) == 1 or key.is_named(head)]
    if len(found) == 1:
        return found[0]
    quoted = tuple(heads.values())[:_SHOWN]
    shown = ", ".join(quoted)
    if not heads:
        raise UsageError(f"{name} has no values")
    if column:
        message, hint = f"{name} has no column '{column}'", f"its columns: {shown}"
        raise FileContentError(message, quoted=quoted, hint=hint)
    wanted = displayed(key.keyword)
    message = f"{name} has several columns; which one has the {wanted} is unclear"
    hint = f"name it after the file, @FILE:COLUMN: {shown}"
    raise FileContentError(message, quoted=quoted, hint=hint)


_SHOWN = 12


async def _listed(name: str, lines: Iterable[tuple[int, Any]], heading: str = "") -> ValueList:
    found: dict[str, int] = {}
    repeated = empty = 0
    for number, (line, value) in enumerate(lines, 1):
        text = "" if value is None else str(value).strip()
        repeated += text in found
        empty += not text
        if text:
            found.setdefault(text, line)
        if not number % _IN_ONE_TURN:
            await asyncio.sleep(0)
        if len(found) > MOST:
            raise UsageError(f"{name} has more than {MOST:,} values")
    if not found:
        raise UsageError(f"{name} has no values")
    values = tuple(ListedValue(text, line) for text, line in found.items())
    return ValueList(name, values, repeated, empty, heading)

"""where, sort, select, head, tail, uniq, count and to: work on rows that have been received."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import compress
from operator import not_
from sys import getsizeof
from typing import Annotated, Any

from dicomsh.commands.pipe import (
    Batches,
    First,
    Passed,
    RowField,
    Work,
    field,
    fields,
    first_of,
    handed_on,
    last_of,
    through,
)
from dicomsh.errors import DicomshError, UsageError
from dicomsh.frozen import replace
from dicomsh.language.command import stage
from dicomsh.language.conditions import Condition
from dicomsh.language.kinds import BY, CONDITION, COUNT, FORMAT, KEY, SORT_KEY
from dicomsh.language.words import Word
from dicomsh.model.answer import MOST_GATHERED, Gathered, Outcome
from dicomsh.model.batches import in_turns
from dicomsh.model.columns import (
    ArchiveColumn,
    AttributeColumn,
    Column,
    FieldColumn,
    Record,
)
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.results import ROWS, Delimiting, Listing, Records, listing_of
from dicomsh.model.vr import NUMBER_VRS
from dicomsh.model.where_matching import Sorting, measure_of, typed_value
from dicomsh.query.context import Asks


@stage(
    "where",
    examples=(
        "find study | where desc=CT* date=2009..",
        "find study | where NumberOfStudyRelatedInstances=>=100",
        "find study | where desc!=*",
        "find study | where date.weekday=Sat,Sun",
        "ls 0555643F | where mod=CT",
    ),
)
async def where(
    context: Asks,
    rows: Listing,
    condition: Annotated[Condition, CONDITION],
    *more: Annotated[Condition, CONDITION],
) -> Listing | Records:
    """Keep the rows that match every condition: Key=Value, or Key!=Value for those that do not.

    Values are written as in a query, and more is possible because dicomsh does the matching: text
    matches in any case, numbers and ages take >=10, <5 and 2..8, every attribute takes wildcards
    and lists. Key=* keeps rows that have a value, Key= rows that have none. You can use only
    attributes among the columns; +Key in the query adds one. An invalid date or number in a row
    matches nothing; the line below says how many there are.
    """
    tests = [_ConditionTest(context, rows, condition) for condition in (condition, *more)]

    async def work(batches: Batches) -> Batches:
        async for batch in batches:
            yield [row async for part in in_turns(batch) for row in _kept(part, tests)]

    def notes() -> list[Note]:
        return [said for test in tests if (said := test.said)]

    return through(rows, lambda answer: Passed(answer, work, notes))


def _kept(rows: list[Any], tests: Sequence[_ConditionTest]) -> list[Any]:
    """The rows that match every condition."""
    for test in tests:
        rows = test.kept(rows)
    return rows


class _ConditionTest:
    """A condition on rows, and the number of rows that could not be compared."""

    def __init__(self, context: Asks, rows: Listing, condition: Condition) -> None:
        self._field = field(rows, condition.key, condition.word)
        self._test = condition.test(self._field.vr, self._field.column.keyword, context.query.today)
        self._found = self._field.remembering(self._test)
        self._negated = condition.negated
        self._beyond = 0
        if isinstance(self._field.column, ArchiveColumn):
            self._check_archive(condition, rows.archives)

    def _check_archive(self, condition: Condition, archives: tuple[str, ...]) -> None:
        """Refuse a value that no archive has: it was meant for the attribute Modality."""
        if not any(self._test([name]) for name in archives):
            raise UsageError(
                f"'{condition.value}' is not an archive that was asked: {', '.join(archives)}",
                hint="for the attribute, write Modality=… with a capital, or mod=…",
                span=condition.word.rest(condition.value_start),
            )

    def kept(self, rows: list[Any]) -> list[Any]:
        """The rows that stay."""
        found = [*map(self._found, rows)]
        self._beyond += found.count(None)
        return [*compress(rows, map(not_, found) if self._negated else found)]

    @property
    def said(self) -> Note | None:
        """What could not be compared, or None."""
        if not self._beyond:
            return None
        about = self._field.column.keyword, measure_of(self._field.vr)
        return note(NoteKind.NOT_COMPARABLE, *about, count=self._beyond)


def _worked(rows: Listing, work: Work, *, drawn: bool = False) -> Listing:
    return through(rows, lambda answer: Passed(answer, work), drawn=drawn)


@stage(
    "sort",
    examples=(
        "find study | sort date",
        "find study | sort date.weekday",
        "find study | sort NumberOfStudyRelatedInstances --reverse | head 3",
    ),
)
async def sort(
    context: Asks,
    rows: Listing,
    key: Annotated[Word, SORT_KEY],
    *more: Annotated[Word, SORT_KEY],
    reverse: Annotated[bool, "largest or latest first", "-r"] = False,
) -> Listing | Records:
    """Sort rows by Key, and equal rows by the further keys.

    Numbers are sorted as numbers, UIDs by their components, text ignoring case. Rows without a
    value always come last.
    """
    del context
    if more and more[-1].text.lower() == "desc":
        raise _no_direction(more[-1])
    order = fields(rows, (key, *more))

    async def work(batches: Batches) -> Batches:
        rows, keys = await _with_keys(batches, order)
        places: Sequence[int] = range(len(rows))
        for held in reversed(keys):  # sorting is stable: the main key comes last
            places = await _in_order(places, held, reverse=reverse)
        async for part in handed_on([rows[place] for place in places]):
            yield part

    return _worked(rows, work)


def _no_direction(word: Word) -> UsageError:
    message = f"'{word.text}' names the description here, not an order"
    hint = "newest first: sort date -r; to sort by the description, type its keyword"
    return UsageError(message, hint=hint, span=word.span)


_Keys = list[Sorting | None]
"""The sort keys of rows, in the order in which they came; None for a row without a value."""


async def _with_keys(
    batches: Batches, order: Sequence[RowField]
) -> tuple[list[Any], Sequence[_Keys]]:
    """All rows, and their keys of each field; on Ctrl-C, those of the rows that have arrived.

    The keys are read as the rows arrive: later, each row would have to be split into its elements
    again, as of many rows memory holds the bytes alone.

    Raises:
        DicomshError: there are more rows than memory should hold.
    """
    gathered = Gathered()
    keys: list[_Keys] = [[] for _ in order]
    made = [_SortKeys(by.order) for by in order]
    reading = [by.remembering(work) for by, work in zip(order, made, strict=True)]
    with suppress(asyncio.CancelledError):
        async for batch in batches:
            async for part in in_turns(batch):
                for held, read in zip(keys, reading, strict=True):
                    held.extend(map(read, part))
                gathered.beside = sum(work.weight for work in made)
                gathered.add(part)
    return gathered.rows, keys


class _SortKeys:
    """Makes the sort keys of rows from their values: that of the first.

    Attributes:
        weight: bytes that the keys take.
    """

    def __init__(self, order: Callable[[str], Sorting]) -> None:
        self._order = order
        self.weight = 0

    def __call__(self, texts: Sequence[str]) -> Sorting | None:
        if not texts:
            return None
        key = self._order(texts[0])
        self.weight += getsizeof(key) + sum(map(getsizeof, (*key, *key[2])))
        return key


async def _in_order(places: Sequence[int], keys: _Keys, *, reverse: bool) -> Sequence[int]:
    """The places of rows in the order of their keys, those without a value last.

    Ctrl-C is heard between parts of them; what is left to do then is to merge these.
    """
    present: list[int] = []
    key: Callable[[int], Any] = keys.__getitem__
    for start in range(0, len(places), _SORTED_AT_ONCE):
        part = [place for place in places[start : start + _SORTED_AT_ONCE] if keys[place]]
        present += sorted(part, key=key, reverse=reverse)
        await asyncio.sleep(0)
    present.sort(key=key, reverse=reverse)
    return present + [place for place in places if not keys[place]]


_SORTED_AT_ONCE = 1 << 14


@stage("select", examples=("find study | select date mod desc", "tree | select level label"))
async def select(
    context: Asks, rows: Listing, key: Annotated[Word, KEY], *more: Annotated[Word, KEY]
) -> Listing | Records:
    """Show only these keys, in this order.

    The rows keep their other attributes: row numbers still work as TARGET.
    """
    del context
    columns = dict.fromkeys(found.column for found in fields(rows, (key, *more)))
    exact = rows.level is not None
    return replace(rows, columns=tuple(map(_always, columns)), exact=exact, again=False, draw=None)


def _always(column: Column) -> Column:
    """The column, shown whatever its values are."""
    if not isinstance(column, AttributeColumn):
        return column
    return replace(column, optional=False, context=False, asked=True)


@stage("head", examples=("find study | head 3", "find study | where mod=CT | head 1"))
async def head(
    context: Asks, rows: Listing, number: Annotated[int | None, COUNT] = None
) -> Listing | Records:
    """Keep the first N rows (10), and end the query as soon as they have arrived.

    get, move and store do their work to the end; of their account, N rows are shown.
    """
    del context
    if rows.works:
        return _worked(rows, partial(first_of, number=number or _SOME), drawn=True)
    return through(rows, lambda answer: First(answer, number or _SOME), drawn=True)


_SOME = 10
"""Rows that head and tail keep by default."""


@stage("tail", examples=("find study | sort date | tail 3",))
async def tail(
    context: Asks, rows: Listing, number: Annotated[int | None, COUNT] = None
) -> Listing | Records:
    """Keep the last N rows (10)."""
    del context

    return _worked(rows, partial(last_of, number=number or _SOME), drawn=True)


@stage("uniq", examples=("find study | uniq id", "find series mod=CT | select body | uniq"))
async def uniq(context: Asks, rows: Listing, *keys: Annotated[Word, KEY]) -> Listing | Records:
    """Keep the first row for each value of the keys, or of all columns if no key is given."""
    del context
    compared = fields(rows, keys)

    async def work(batches: Batches) -> Batches:
        seen: set[int] = set()
        async for batch in batches:
            yield [
                row
                async for part in in_turns(batch)
                for row in part
                if _is_new(row, compared, seen)
            ]
            if len(seen) > MOST_GATHERED:
                raise DicomshError(f"more than {MOST_GATHERED:,} different rows")

    return _worked(rows, work)


def _is_new(row: Any, compared: Sequence[RowField], seen: set[int]) -> bool:
    key = hash(tuple(found.text(row) for found in compared))  # values may be of any length
    if key in seen:
        return False
    seen.add(key)
    return True


@stage(
    "count",
    examples=(
        "find study | count",
        "find series | count by mod",
        "find study | count by date.month | sort date.month",
        "find study +PatientBirthDate | count by age",
    ),
)
async def count(
    context: Asks,
    rows: Listing,
    by: Annotated[Word | None, BY] = None,
    *keys: Annotated[Word, KEY],
) -> Records:
    """Count all rows, or with by Key the rows for each value, most frequent first.

    Key may also be date.year, date.month, date.weekday, time.hour or age, which follow from the
    values of the rows, as in where, sort and select. A terminal shows bars.
    """
    del context
    if by and not keys:
        hint = "find series | count by Modality"
        raise UsageError("count by needs a Key", hint=hint, span=by.span)
    counts = _Counts(rows, fields(rows, keys) if keys else [])
    quiet = rows.level is None and not rows.told
    return listing_of(
        counts.columns,
        counts.records(),
        draw=None if keys else lambda record: str(record["count"]),
        outcome=None if quiet else lambda: counts.outcome,
        unit=("value", "values") if keys else counts.unit,
        single=True,
    )


MOST_COUNTED = 150_000
"""Different values that are counted: each takes some 300 bytes."""

_MOST_BYTES = 1 << 25
"""Bytes of their texts."""


class _Counts:
    """The number of rows for each value, or in total if no field is given."""

    def __init__(self, rows: Listing, by: Sequence[RowField]) -> None:
        self._answer = rows.answer
        self._by = by
        self._reading = [found.remembering("\\".join) for found in by]
        self._counter: Counter[tuple[str, ...]] = Counter()
        self._bytes = 0
        self.unit = rows.counted_as if rows.level else ROWS

    @property
    def columns(self) -> tuple[FieldColumn, ...]:
        """The fields, then the count."""
        columns = [_counted_column(found) for found in self._by]
        most = self._most if self._by else None
        return (*columns, FieldColumn("count", "Count", True, most=most))

    def _most(self) -> int:
        """The highest count."""
        return max(self._counter.values(), default=0)

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """The counts, highest first; on Ctrl-C, of the rows that have arrived."""
        try:
            async for batch in self._answer:
                async for part in in_turns(batch):
                    self._add(part)
        except asyncio.CancelledError:
            pass
        finally:
            await self._answer.aclose()
        if not self._by:
            yield [{"count": self._counter.total()}]
        elif self._counter:
            yield [self._record(*pair) for pair in self._counter.most_common()]

    def _add(self, rows: list[Any]) -> None:
        if not self._by:
            self._counter[()] += len(rows)
            return
        values = [*zip(*(map(read, rows) for read in self._reading), strict=True)]
        fresh = set(values) - self._counter.keys()
        self._bytes += sum(getsizeof(text) for texts in fresh for text in texts)
        self._counter.update(values)
        if len(self._counter) > MOST_COUNTED or self._bytes > _MOST_BYTES:
            number = len(self._counter) - 1
            hint = "they are counted in memory: narrow the query, or count by another key"
            raise DicomshError(f"more than {number:,} different values", hint=hint)

    def _record(self, values: tuple[str, ...], number: int) -> Record:
        pairs = zip(self._by, values, strict=True)
        return {
            **{by.column.keyword: typed_value(by.vr, text) for by, text in pairs},
            "count": number,
        }

    @property
    def outcome(self) -> Outcome:
        """How the rows ended; with the number of values if there are fields."""
        outcome = self._answer.outcome
        if not self._by:
            return outcome
        of = outcome.received or 0
        number = note(NoteKind.COUNTED, self.unit[1], count=outcome.rows, of=of)
        limit = outcome.limit or outcome.rows
        notes = (number, *outcome.notes)
        return replace(outcome, rows=len(self._counter), received=None, limit=limit, notes=notes)


def _counted_column(by: RowField) -> FieldColumn:
    whole = by.vr in NUMBER_VRS
    return FieldColumn(by.column.keyword, by.column.heading, whole, vr=by.vr)


@stage(
    "to",
    examples=(
        "find patient JOD* | to json",
        "find study | head 2 | to vertical",
        "find study date=2009 | to csv --excel",
    ),
)
async def to(
    context: Asks,
    rows: Listing,
    output: Annotated[str, FORMAT],
    *,
    excel: Annotated[bool, "csv, tsv: for a spreadsheet, with ISO dates, and no formulas"] = False,
    no_header: Annotated[bool, "csv, tsv: without the line of keywords"] = False,
) -> Listing | Records:
    """Show the rows in FORMAT, even if the file's suffix says otherwise.

    excel and parquet are files, written with > FILE; > FOLDER/ writes Parquet files by month. With
    --excel, csv begins with a byte order mark, and a text that a spreadsheet would take for a
    formula (it begins with =, +, - or @) gets a ' before it.
    """
    del context
    if (excel or no_header) and output not in ("csv", "tsv"):
        flag = "--excel" if excel else "--no-header"
        raise UsageError(f"{flag} is for csv and tsv", hint=f"to csv {flag}")
    delimiting = Delimiting(spreadsheet=excel, header=not no_header)
    return replace(rows, output=output, delimiting=delimiting)

"""watch: a command again and again, with what is new, gone or changed."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from dicomsh.commands.context import Context
from dicomsh.commands.pipe import RowField, fields
from dicomsh.errors import DicomshError, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.frozen import frozen, replace
from dicomsh.language.binding import Call
from dicomsh.language.command import command
from dicomsh.language.conditions import Condition
from dicomsh.language.kinds import COMMAND, COUNT, INTERVAL, UNTIL
from dicomsh.model.answer import Ending, Outcome, combined
from dicomsh.model.columns import AttributeColumn, FieldColumn, Record
from dicomsh.model.dedup import row_keys, step_key
from dicomsh.model.levels import Level
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.results import Listing, Records, listing_of
from dicomsh.model.row import Row
from dicomsh.model.text_about import text_about
from dicomsh.model.where_matching import ValuesTest

COUNT_HELP = "end after N rounds"
UNTIL_HELP = "end when a row has Key=Value, or with rows=N when there are so many rows"


@command(
    "watch",
    family="query",
    examples=(
        "watch 1 --count 1 find worklist date=today",
        "watch 0.2 --count 2 echo pacs",
        "watch 1 --until status=READY find worklist station=CT1",
    ),
)
async def watch(
    context: Context,
    seconds: Annotated[float, INTERVAL],
    inner: Annotated[Call, COMMAND],
    *,
    count: Annotated[int | None, COUNT, COUNT_HELP] = None,
    until: Annotated[Condition | None, UNTIL, UNTIL_HELP] = None,
) -> Records:
    """Run COMMAND every SECONDS, and show which rows are new, gone or changed.

    The first round shows all rows, each later one only what has changed since: the time, the
    change, and what is different. It works for every command that lists rows; put the options
    before COMMAND. Ctrl-C ends it. --count ends it after N rounds. --until ends it when a row has
    Key=Value (rows=0 and rows=>=3 compare their number), with exit status 0; if --count ends it
    before that, the exit status is 1. An error in a later round is shown, and it goes on.
    """
    if inner.command.name == "watch":
        raise UsageError("watch cannot watch itself", hint="watch SECONDS find worklist")
    first = await _asked(context, inner)
    test = None if until is None else _condition(context, first, until)
    watched = _Watched(context, inner, seconds, _Ends(count, test))
    columns = _columns(first)
    listing = listing_of(
        columns,
        watched.records(first),
        outcome=lambda: watched.outcome,
        unit=("line", "lines"),
    )
    return Records(replace(listing, headway=lambda: watched.headway))


async def _asked(context: Context, inner: Call) -> Listing:
    result = await inner.command.result(context, *inner.arguments, **inner.options)
    if not isinstance(result, Listing):
        raise UsageError(f"'{inner.command.name}' lists no rows to watch", hint="watch 30 find …")
    return result


def _columns(listing: Listing) -> tuple[FieldColumn, ...]:
    """When, what, the columns of the command, and what is different."""
    own = [FieldColumn(f.column.keyword, f.column.heading, vr=f.vr) for f in fields(listing, ())]
    return (
        FieldColumn("seen", "Seen"),
        FieldColumn("change", "Change"),
        *own,
        FieldColumn("difference", "Difference"),
    )


@frozen
class _Ends:
    """When it ends by itself.

    Args:
        count: after so many rounds, or None.
        test: when this is true of the rows, or None.
    """

    count: int | None
    test: Callable[[Sequence[Any]], bool] | None


def _condition(
    context: Context, listing: Listing, until: Condition
) -> Callable[[Sequence[Any]], bool]:
    """The test of all rows of a round.

    Raises:
        UsageError: the rows have no such field, or it is not a valid value.
    """
    today = context.session.today
    if until.key.lower() == "rows":
        number = until.test("IS", "rows", today)
        return lambda rows: bool(number([str(len(rows))])) is not until.negated
    from dicomsh.commands.pipe import field

    found = field(listing, until.key, until.word)
    test = until.test(found.vr, found.column.keyword, today)
    return partial(_any_row, found, test, until.negated)


def _any_row(found: RowField, test: ValuesTest, negated: bool, rows: Sequence[Any]) -> bool:
    return any(bool(test(found.texts(row))) is not negated for row in rows)


Shown = Mapping[str, str]
"""The values of a row by the keyword of its column."""


class _Watched:
    """The rounds of a watched command.

    Attributes:
        rounds: how many there have been.
    """

    def __init__(self, context: Context, inner: Call, seconds: float, ends: _Ends) -> None:
        self.rounds = 0
        self._context = context
        self._inner = inner
        self._seconds = seconds
        self._ends = ends
        self._met = False
        self._outcomes: list[Outcome] = []
        self._known: dict[object, tuple[Any, Shown]] = {}
        self._start = time.monotonic()

    async def records(self, first: Listing) -> AsyncGenerator[list[Record], None]:
        """All rows of the first round, then the changes of each."""
        yield await self._round(first)
        while not self._has_ended:
            await asyncio.sleep(self._seconds)
            try:
                yield await self._round(await _asked(self._context, self._inner))
            except DicomshError as error:
                self.rounds += 1
                yield [{"seen": _now(), "change": "error", "difference": error.message}]

    @property
    def _has_ended(self) -> bool:
        return self._met or self.rounds == self._ends.count

    @property
    def headway(self) -> str:
        """Progress, for display."""
        return f"round {self.rounds}"

    async def _round(self, listing: Listing) -> list[Record]:
        try:
            rows = [row async for batch in listing.answer for row in batch]
        finally:
            await listing.answer.aclose()
        self.rounds += 1
        self._outcomes = [*self._outcomes[-1:], listing.answer.outcome]
        own = fields(listing, ())
        now = dict(_keyed(listing.level, rows, own))
        whole = listing.answer.outcome.complete
        records = list(self._changes(now, own, whole=whole)) if self.rounds > 1 else []
        if self.rounds == 1:
            records = [_record("", row, own) for row, _ in now.values()]
        # rows of an incomplete answer say nothing about those that are not among them
        self._known = now if whole else {**self._known, **now}
        self._met = self._ends.test is not None and self._ends.test(rows)
        return records

    def _changes(
        self, now: Mapping[object, tuple[Any, Shown]], own: Sequence[RowField], *, whole: bool
    ) -> Iterator[Record]:
        for key, (row, shown) in now.items():
            before = self._known.get(key)
            if before is None:
                yield _record("new", row, own)
            elif before[1] != shown:
                yield _record("changed", row, own, _difference(before[0], row, own))
        if whole:
            gone = (row for key, (row, _) in self._known.items() if key not in now)
            yield from (_record("gone", row, own) for row in gone)

    @property
    def outcome(self) -> Outcome:
        """How the last round ended; a condition that was not met is a failure."""
        whole = combined(self._outcomes[-1:]) if self._outcomes else _NOTHING
        unmet = self._ends.test is not None and not self._met
        rounds = note(NoteKind.ROUNDS, count=self.rounds)
        notes = (rounds, *([note(NoteKind.UNMET)] if unmet else []), *whole.notes)
        seconds = time.monotonic() - self._start
        return replace(whole, different=unmet, seconds=seconds, notes=notes)


_NOTHING = Outcome(Ending.COMPLETE, 0, 0.0)


def _now() -> str:
    return f"{datetime.now():%H:%M:%S}"


def _keyed(
    level: Level | None, rows: Sequence[Any], own: Sequence[RowField]
) -> Iterator[tuple[object, tuple[Any, Shown]]]:
    """Each row with what tells it apart: of rows that look the same, also how many came before."""
    seen: dict[object, int] = {}
    for row in rows:
        shown = {found.column.keyword: found.text(row) for found in own}
        key = _key(level, row, shown)
        seen[key] = seen.get(key, 0) + 1
        kept = row.compact() if isinstance(row, Row) else row
        yield (key, seen[key]), (kept, shown)


def _key(level: Level | None, row: Any, shown: Shown) -> object:
    """The unique key of an entity, the number of a step, or the first value of a record."""
    if level is None:
        return next(iter(shown.values()), "")
    key = step_key(row) if level is Level.WORKLIST else row_keys(level)(row)
    return key or tuple(shown.values())


def _record(change: str, row: Any, own: Sequence[RowField], difference: str = "") -> Record:
    values = {found.column.keyword: _text(found, row) or None for found in own}
    return {"seen": _now(), "change": change or None, **values, "difference": difference or None}


def _text(found: RowField, row: Any) -> str:
    """A value, masked as that of the attribute if it is of an entity."""
    if isinstance(found.column, AttributeColumn):
        return text_about(row, found.text)
    return found.text(row)


def _difference(before: Any, row: Any, own: Sequence[RowField]) -> str:
    """Each value that is not as before."""
    if isinstance(row, Row):
        return text_about((before, row), lambda two: _told(two[0], two[1], own))
    return _told(before, row, own)


def _told(before: Any, row: Any, own: Sequence[RowField]) -> str:
    changed = (found for found in own if found.text(before) != found.text(row))
    return ", ".join(
        f"{found.column.heading} {found.text(before) or '(none)'} → {found.text(row) or '(none)'}"
        for found in changed
    )

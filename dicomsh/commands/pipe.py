"""Rows on their way through a stage: what comes out, and how the outcome speaks of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from dicomsh.commands.context import Context
from dicomsh.errors import Span, UsageError
from dicomsh.language.binding import Call
from dicomsh.language.kinds import suggestion
from dicomsh.language.words import Word
from dicomsh.model.answer import (
    Answer,
    Ending,
    Listing,
    Outcome,
    Records,
    Result,
)
from dicomsh.model.columns import (
    AttributeColumn,
    Column,
    FieldColumn,
    Record,
)
from dicomsh.model.keys import alias_keyword
from dicomsh.model.levels import Level
from dicomsh.model.row import Row

Rows = Listing | Records
"""What a stage works on."""

Batches = AsyncIterator[list[Any]]
"""Rows or records as they come."""

Kept = TypeVar("Kept", list[Any], deque[Any])

Work = Callable[[Batches], Batches]
"""What a stage does with them."""


async def collected(batches: Batches, into: Kept) -> Kept:
    """All rows in one collection; those that had arrived when Ctrl-C was pressed.

    Ctrl-C cancels whoever waits for the rows, who then leaves the answer and shows what there is.
    """
    with suppress(asyncio.CancelledError):
        async for batch in batches:
            into.extend(batch)
    return into


class Passed:
    """An answer whose rows go through a stage.

    Args:
        source: the answer.
        work: what is done with its rows; batches that come out empty are left out.
        notes: further statements of the outcome, known after the rows.
    """

    def __init__(self, source: Answer, work: Work, notes: Callable[[], list[str]] = list) -> None:
        self._source = source
        self._work = work
        self._notes = notes
        self._rows = 0
        self.received = 0
        """How many rows have come so far."""

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        async for batch in self._work(self._counted()):
            if batch:
                self._rows += len(batch)
                yield batch

    async def _counted(self) -> Batches:
        async for batch in self._source:
            self.received += len(batch)
            yield batch

    @property
    def outcome(self) -> Outcome:
        """How the source ended, counted in the rows that came out."""
        outcome = counted(self._source.outcome, self._rows)
        return replace(outcome, notes=(*outcome.notes, *self._notes()))

    async def aclose(self) -> None:
        """Leave early."""
        await self._source.aclose()


def counted(outcome: Outcome, rows: int) -> Outcome:
    """The outcome of a source of which `rows` are left."""
    limit = outcome.limit or outcome.rows
    before = outcome.rows if outcome.received is None else outcome.received
    return replace(outcome, rows=rows, received=before, limit=limit)


class First:
    """The first rows of an answer, which is left as soon as they are there."""

    def __init__(self, source: Answer, number: int) -> None:
        self._source = source
        self._number = number
        self._rows = 0
        self._left = False

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        async for batch in self._source:
            taken = batch[: self._number - self._rows]
            self._rows += len(taken)
            yield taken
            if self._rows == self._number:
                self._left = True
                await self._source.aclose()
                return

    @property
    def outcome(self) -> Outcome:
        """How the source ended; leaving it early was what the user asked for."""
        outcome = counted(self._source.outcome, self._rows)
        if self._left and outcome.ending is Ending.CANCELLED:
            return replace(outcome, ending=Ending.LIMIT, stopped_by=f"head {self._number}")
        return outcome

    async def aclose(self) -> None:
        """Leave early."""
        await self._source.aclose()


class _Plain:
    """Records as an answer."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._rows = 0
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[list[Any]]:
        async for batch in self._records.batches:
            self._rows += len(batch)
            yield batch
        self._ended = True

    @property
    def outcome(self) -> Outcome:
        told = self._records.outcome
        outcome = told() if told else Outcome(Ending.COMPLETE, 0, 0.0)
        early = not self._ended and outcome.ending is Ending.COMPLETE
        ending = Ending.CANCELLED if early else outcome.ending
        return replace(outcome, ending=ending, rows=self._rows)

    async def aclose(self) -> None:
        await self._records.batches.aclose()


def answer_of(rows: Rows) -> Answer:
    """The rows as an answer, whichever they are."""
    return rows.answer if isinstance(rows, Listing) else _Plain(rows)


def through(rows: Rows, make: Callable[[Answer], Answer], *, drawn: bool = False) -> Rows:
    """The rows as they come out of a stage.

    Args:
        rows: what goes in.
        make: the answer that comes out, from the one that goes in.
        drawn: whether records that draw their own lines still can.
    """
    answer = make(answer_of(rows))
    if isinstance(rows, Listing):
        return replace(rows, answer=answer, again=False, headway=_headway(rows, answer))
    outcome = None if rows.outcome is None else lambda: answer.outcome
    draw = rows.draw if drawn else None
    return replace(rows, batches=generated(answer), outcome=outcome, draw=draw)


def _headway(listing: Listing, answer: Answer) -> Callable[[], str]:
    """How far the rows before a stage are: those that it lets through are counted anyway."""
    if not isinstance(answer, Passed):
        return listing.headway

    def told() -> str:
        received = answer.received
        return listing.headway() or f"{listing.level.counted(received)} received" * bool(received)

    return told


async def generated(answer: Answer) -> AsyncGenerator[list[Record], None]:
    """The batches of an answer, which is left when they are."""
    try:
        async for batch in answer:
            yield batch  # type: ignore[misc]
    finally:
        await answer.aclose()


async def close(rows: Any) -> None:
    """Leave rows that will not be shown."""
    if isinstance(rows, Listing):
        await rows.answer.aclose()
    elif isinstance(rows, Records):
        await rows.batches.aclose()


async def result_of(context: Context, call: Call, stages: Sequence[Call]) -> Result:
    """What a command returns, as it comes out of the stages behind it.

    Raises:
        DicomshError: the command or a stage cannot be run.
    """
    result: Result = await call.command.run(context, *call.arguments, **call.options)
    for stage in stages:
        try:
            if not isinstance(result, Listing | Records):
                raise _no_rows(call, stage)
            run = stage.command.run
            result = await run(context, result, *stage.arguments, **stage.options)
        except BaseException:
            await close(result)
            raise
    return result


def _no_rows(call: Call, stage: Call) -> UsageError:
    name = stage.command.name
    return UsageError(f"{call.command.name} gave no rows for {name}", span=stage.words[0].span)


@dataclass(frozen=True, slots=True)
class Field:
    """What is read of each row: a column, and the VR that its values are compared by."""

    column: Column
    vr: str

    def texts(self, row: Any) -> Sequence[str]:
        """The values of a row or record as text; none when absent or empty."""
        if isinstance(self.column, AttributeColumn):
            return self.column.texts(row)
        value = row.get(self.column.keyword)
        values = value if isinstance(value, list | tuple) else [value]
        return [str(part) for part in values if part is not None and part != ""]

    def text(self, row: Any) -> str:
        r"""All values in one text, `\` between them."""
        return "\\".join(self.texts(row))


def field(rows: Rows, key: str, word: Word) -> Field:
    """The field of the rows that a key names.

    Args:
        rows: what a stage works on.
        key: keyword, alias, tag or path; for records the name of a field.
        word: the word that the key begins.

    Raises:
        UsageError: the rows have no such field; the span is that of the key.
    """
    span = word.part(0, len(key))
    if isinstance(rows, Listing):
        return _attribute(rows, key, span)
    return _record_field(rows, key, span)


def _attribute(listing: Listing, key: str, span: Span) -> Field:
    from dicomsh.model.keys import find_path

    try:
        path = find_path(key, listing.level)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=span) from None
    keyword = ".".join(part.keyword for part in path)
    for column in listing.columns:
        if column.keyword == keyword:
            return Field(column, path[-1].vr)
    hint = f"+{keyword} in the query asks for it"
    raise UsageError(f"these {listing.level.plural} have no {keyword}", hint=hint, span=span)


def _record_field(records: Records, key: str, span: Span) -> Field:
    names = {column.keyword.lower(): column for column in records.columns}
    keyword = alias_keyword(key, Level.STUDY) or key
    column = names.get(key.lower()) or names.get(keyword.lower())
    if column is not None:
        return Field(column, _vr_of(column))
    spelt = [column.keyword for column in records.columns]
    listed = key.lower().split(",")
    if len(listed) > 1 and names.keys() >= set(listed):
        hint = f"each key is a word of its own: {' '.join(listed)}"
    else:
        hint = suggestion(key, spelt) or f"they have {', '.join(spelt)}"
    raise UsageError(f"these rows have no '{key}'", hint=hint, span=span)


def _vr_of(column: FieldColumn) -> str:
    if column.number:
        return "IS"
    return "UI" if column.keyword.endswith("UID") else "CS"


def fields(rows: Rows, words: Sequence[Word]) -> list[Field]:
    """The fields that words name, or all of them for no words."""
    if words:
        return [field(rows, word.text, word) for word in words]
    return [
        Field(c, c.attribute.vr if isinstance(c, AttributeColumn) else _vr_of(c))
        for c in rows.columns
    ]

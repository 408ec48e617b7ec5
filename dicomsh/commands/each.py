"""each: a command for every row, and all that it gives as one result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from dicomsh.commands.context import Context
from dicomsh.commands.pipe import Rows, answer_of, close, generated
from dicomsh.errors import DicomshError, UsageError
from dicomsh.language.binding import Call, bound_again
from dicomsh.language.command import stage
from dicomsh.language.kinds import ROW_COMMAND
from dicomsh.model.answer import (
    AttributeColumn,
    Ending,
    FieldColumn,
    Listing,
    Outcome,
    Records,
    Report,
    Result,
    Talk,
    Text,
    as_cancelled,
    combined,
)
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, PATIENT_ID, by_tag
from dicomsh.model.levels import Level
from dicomsh.model.place import Place, place_of, with_issuer
from dicomsh.model.row import Row


@stage(
    "each",
    examples=(
        "find study date=2009 mod=MR | each ls",
        "find patient JOD* | each find series mod=CT | where desc=*lung*",
        "ls 0555643F | each print $StudyDate $StudyInstanceUID",
        "modalities | each echo $name --find",
    ),
)
async def each(
    context: Context,
    rows: Rows,
    command: Annotated[Call, ROW_COMMAND],
    *,
    keep_going: Annotated[bool, "go on with the next row after a failure"] = False,
) -> Listing | Records:
    """Run COMMAND for every row, as if you had gone to its entity with cd.

    $PatientID, $StudyInstanceUID and every other keyword stand for the attributes of the row; of
    rows that are no entities, $name and so on for their fields. What the commands give is one
    result, which further stages take. The rows are received whole before the first command runs,
    so that the query does not wait for the commands. A session variable or a place that COMMAND
    changes is changed for that row only.
    """
    runs = _Runs(context, await _received(context, rows), command, keep_going)
    parts = runs.parts()
    first = await anext(parts, None)
    answer = _Merged(first, parts, runs)
    if first is None:
        return _nothing(rows, answer)
    if isinstance(first.result, Listing):
        return _listing(first.result, rows, answer)
    batches = generated(answer)
    if isinstance(first.result, Records):
        return replace(first.result, batches=batches, outcome=lambda: answer.outcome)
    return Records(_TEXT, batches, lambda record: str(record["text"]), lambda: answer.outcome)


_TEXT = (FieldColumn("text", "Text"),)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a command runs for: the values of its variables, and where it runs."""

    values: dict[str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class _Source:
    """All that the commands run for, how complete that is, and what it is in words."""

    subjects: list[_Subject]
    outcome: Outcome
    note: str


async def _received(context: Context, rows: Rows) -> _Source:
    answer = answer_of(rows)
    try:
        received = [row async for batch in answer for row in batch]
    finally:
        await answer.aclose()
    if isinstance(rows, Listing):
        subjects = [_entity(rows, row, shared) for row, shared in _shared(received)]
        return _source(subjects, answer.outcome, f"for {rows.level.counted(len(received))}")
    here = context.session.place
    subjects = [_Subject(_fields(row), here) for row in received]
    return _source(
        subjects, answer.outcome, f"for {len(received):,} {'row' if len(received) == 1 else 'rows'}"
    )


def _source(subjects: list[_Subject], outcome: Outcome, note: str) -> _Source:
    """The limit of the rows before is none of what the commands give: it is noted."""
    if outcome.ending is Ending.LIMIT:
        limit = outcome.stopped_by or f"--limit {outcome.limit or outcome.rows}"
        outcome, note = replace(outcome, ending=Ending.COMPLETE), f"{note}, stopped at {limit}"
    return _Source(subjects, outcome, note)


def _shared(rows: Sequence[Row]) -> list[tuple[Row, bool]]:
    """The rows, and whether others have the same PatientID."""
    ids = Counter(row.text(PATIENT_ID) for row in rows)
    return [(row, ids[row.text(PATIENT_ID)] > 1) for row in rows]


def _entity(listing: Listing, row: Row, shared: bool) -> _Subject:
    place = place_of(row, listing.level, listing.place)
    if place is None:
        keyword = listing.level.unique_keyword
        raise UsageError(f"a {listing.level.word} without {keyword} is no place for a command")
    if shared and listing.level is Level.PATIENT:
        place = with_issuer(place, row.text(ISSUER_OF_PATIENT_ID) or "")
    columns = {c.keyword: "" for c in listing.columns if isinstance(c, AttributeColumn)}
    steps = {step.level.unique_keyword: step.key for step in place.steps}
    own = {by_tag(tag).keyword: row.text(tag) or "" for tag in row.elements}
    return _Subject({**columns, **steps, **own}, place)


def _fields(record: Any) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in record.items()}


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of what a command gave for a row."""

    result: Result
    batch: list[Any]


class _Runs:
    """A command run for one row after the other."""

    def __init__(self, context: Context, source: _Source, call: Call, keep_going: bool) -> None:
        self._context = replace(context, run_file=_no_script)
        self._call = call
        self._keep_going = keep_going
        self._failed: list[tuple[int, DicomshError]] = []
        self._source = source
        self._outcomes: list[Outcome] = []
        self.ended = False

    async def parts(self) -> AsyncGenerator[_Part, None]:
        """What the commands give; of each at least one part, perhaps without rows."""
        for number, subject in enumerate(self._source.subjects, 1):
            try:
                async with aclosing(self._run(subject)) as parts:
                    async for part in parts:
                        yield part
            except DicomshError as error:
                error.message = f"row {number}: {error.message}"
                if not self._keep_going:
                    raise
                self._failed.append((number, error))
        self.ended = True
        if self._failed:
            raise self._failure()

    async def _run(self, subject: _Subject) -> AsyncGenerator[_Part, None]:
        session = self._context.session.at(subject.place, subject.values)
        context = replace(self._context, session=session)
        call = bound_again(self._call, subject.values, context.registry, session)
        result = await call.command.run(context, *call.arguments, **call.options)
        if not isinstance(result, Listing | Records):
            yield _Part(result, [{"text": text} for text in _texts(result)])
            return
        answer = answer_of(result)
        try:
            yield _Part(result, [])
            async for batch in answer:
                yield _Part(result, batch)
        finally:
            await close(result)
        self._outcomes.append(answer.outcome)

    def _failure(self) -> DicomshError:
        """The first failure, which tells of the others."""
        numbers = [str(number) for number, _ in self._failed]
        _, first = self._failed[0]
        if len(numbers) > 1:
            rows = ", ".join(numbers[:_NAMED]) + (" …" if len(numbers) > _NAMED else "")
            first.message = f"{len(numbers)} rows failed ({rows}); the first, {first.message}"
        return first

    @property
    def outcome(self) -> Outcome:
        """The worst ending of the rows that came and of the commands; what all of these note."""
        whole = combined([self._source.outcome, *self._outcomes])
        notes = [o.notes for o in self._outcomes]
        common = [note for note in whole.notes if all(note in own for own in notes)]
        whole = whole if self.ended else as_cancelled(whole)
        doubt = [_DOUBT] if whole.doubtful else []
        return replace(whole, received=None, notes=(self._source.note, *doubt, *common))


_DOUBT = "not all rows are surely what was asked for; the command alone tells why"


_NAMED = 8


async def _no_script(path: Path, arguments: tuple[str, ...]) -> None:
    del arguments
    raise UsageError(f"a script cannot run for each row ('{path}')", hint="each runs one command")


def _texts(result: Result) -> list[str]:
    return [result.text] if isinstance(result, Text | Talk | Report) else []


class _Merged:
    """All that the commands gave, as one answer."""

    def __init__(
        self, first: _Part | None, parts: AsyncGenerator[_Part, None], runs: _Runs
    ) -> None:
        self._first = first
        self._parts = parts
        self._runs = runs
        self._rows = 0
        self._start = time.monotonic()

    async def __aiter__(self) -> AsyncIterator[list[Any]]:
        if self._first is not None and self._first.batch:
            self._rows += len(self._first.batch)
            yield self._first.batch
        async for part in self._parts:
            self._check(part)
            if part.batch:
                self._rows += len(part.batch)
                yield part.batch

    def _check(self, part: _Part) -> None:
        assert self._first is not None
        kinds = [isinstance(p.result, Listing) for p in (part, self._first)]
        if part.batch and kinds[0] != kinds[1]:
            raise UsageError("the command gives different things for different rows")

    @property
    def outcome(self) -> Outcome:
        """How the commands ended, together."""
        seconds = time.monotonic() - self._start
        return replace(self._runs.outcome, rows=self._rows, seconds=seconds)

    async def aclose(self) -> None:
        await self._parts.aclose()


def _nothing(rows: Rows, answer: _Merged) -> Rows:
    """No command ran, because there was no row."""
    if isinstance(rows, Listing):
        return replace(rows, answer=answer)
    return replace(rows, batches=generated(answer), draw=None)


def _listing(first: Listing, rows: Rows, answer: _Merged) -> Listing:
    """The listing of all rows: what differs between the places they were asked at is shown."""
    place = rows.place if isinstance(rows, Listing) else first.place
    known = {step.level.unique_keyword for step in place.steps}
    attributes = [c for c in first.columns if isinstance(c, AttributeColumn)]
    told = [c for c in attributes if c.context and c.keyword not in known]
    others = [column for column in first.columns if column not in told]
    columns = (*(replace(column, context=False) for column in told), *others)
    return replace(first, columns=columns, answer=answer, place=place, asked_query=None)

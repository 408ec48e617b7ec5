"""Rows on their way through a stage: what comes out, and what the outcome says about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from dicomsh.errors import Span, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.frozen import frozen, replace
from dicomsh.language.kinds import suggestion
from dicomsh.language.words import Word
from dicomsh.model.answer import Answer, Ending, Gathered, Outcome
from dicomsh.model.batches import in_turns
from dicomsh.model.columns import (
    ARCHIVE_KEYS,
    ERROR_COLUMN,
    ArchiveColumn,
    AttributeColumn,
    Column,
    ComputedColumn,
    DerivedColumn,
    FieldColumn,
)
from dicomsh.model.derived_answer import DerivedAnswer, noted
from dicomsh.model.derived_keys import (
    AGE,
    Part,
    age_at,
    derived_keyword,
    find_row_key,
    part_of,
    split_part,
)
from dicomsh.model.keys import alias_keyword
from dicomsh.model.level_keys import displayed, inside
from dicomsh.model.levels import Level
from dicomsh.model.notes import Note
from dicomsh.model.results import Listing
from dicomsh.model.row import Row, is_text
from dicomsh.model.where_matching import Sorting, sorting
from dicomsh.output.result_line import counted

Batches = AsyncIterator[list[Any]]
"""Rows or records as they arrive."""

Work = Callable[[Batches], Batches]
"""What a stage does with them."""


async def last_of(batches: Batches, number: int) -> Batches:
    """The last rows; on Ctrl-C, those of the rows that have arrived.

    Ctrl-C cancels whoever waits for the rows; they then end the answer and show what has arrived.

    Raises:
        DicomshError: there are more rows than memory should hold.
    """
    gathered = Gathered()
    with suppress(asyncio.CancelledError):
        async for batch in batches:
            gathered.add(batch)
            gathered.keep_last(number)
    async for part in handed_on(gathered.rows):
        yield part


async def handed_on(rows: list[Any]) -> Batches:
    """Rows that were collected, to be read once: of many, memory should not hold the indexes."""
    async for part in in_turns(rows):
        yield [_passing(row) for row in part]


def _passing(row: Any) -> Any:
    return row.compact() if isinstance(row, Row) and not row.is_split else row


async def first_of(batches: Batches, number: int) -> Batches:
    """The first rows; all others are taken, and left out."""
    async for batch in batches:
        if kept := batch[: max(number, 0)]:
            yield kept
        number -= len(kept)


class Passed(DerivedAnswer):
    """An answer whose rows go through a stage.

    Args:
        source: the answer.
        work: processes its rows.
        notes: further notes of the outcome, known after the last row.
    """

    def __init__(self, source: Answer, work: Work, notes: Callable[[], list[Note]] = list) -> None:
        super().__init__()
        self._source = source
        self._work = work
        self._notes = notes
        self._at_work = False
        self.received = 0
        """How many rows have arrived so far."""

    async def _batches(self) -> Batches:
        self._at_work = True
        async for batch in self._work(self._counted()):
            self._at_work = False
            yield batch
            self._at_work = True
        self._at_work = False

    async def _counted(self) -> Batches:
        async for batch in self._source:
            self.received += len(batch)
            yield batch

    def _ended(self) -> Outcome:
        """How the source ended, with the number of rows that came out; or Ctrl-C during work."""
        outcome = noted(of_source(self._source.outcome), *self._notes())
        return cancelled_by_user(outcome) if self._at_work else outcome

    async def aclose(self) -> None:
        """End early."""
        await self._source.aclose()


def cancelled_by_user(outcome: Outcome) -> Outcome:
    """The outcome of rows that had arrived as they should, but have not all been passed on."""
    arrived = outcome.ending in (Ending.COMPLETE, Ending.LIMIT)
    return replace(outcome, ending=Ending.CANCELLED) if arrived else outcome


def of_source(outcome: Outcome) -> Outcome:
    """The outcome of a source, for the rows that a stage has kept."""
    limit = outcome.limit or outcome.rows
    received = outcome.rows if outcome.received is None else outcome.received
    return replace(outcome, received=received, limit=limit)


class First(DerivedAnswer):
    """The first rows of an answer; it is ended as soon as they have arrived."""

    def __init__(self, source: Answer, number: int) -> None:
        super().__init__()
        self._source = source
        self._number = number
        self._left = False

    async def _batches(self) -> Batches:
        async for batch in self._source:
            yield batch[: self._number - self.rows]
            if self.rows == self._number:  # the rows just yielded are counted by now
                self._left = True
                await self._source.aclose()
                return

    def _ended(self) -> Outcome:
        """How the source ended; ending it early is what the user wanted."""
        outcome = of_source(self._source.outcome)
        if self._left and outcome.ending is Ending.CANCELLED:
            own = [replace(one, outcome=self._as_stopped(one.outcome)) for one in outcome.archives]
            return replace(self._as_stopped(outcome), archives=tuple(own))
        return outcome

    def _as_stopped(self, outcome: Outcome) -> Outcome:
        if outcome.ending is not Ending.CANCELLED:
            return outcome
        return replace(outcome, ending=Ending.LIMIT, stopped_by=f"head {self._number}")

    async def aclose(self) -> None:
        """End early."""
        await self._source.aclose()


def through(rows: Listing, make: Callable[[Answer], Answer], *, drawn: bool = False) -> Listing:
    """The rows as they come out of a stage.

    Args:
        rows: what goes in.
        make: turns the answer that goes in into the one that comes out.
        drawn: whether records that draw their own lines can still do so.
    """
    answer = make(rows.answer)
    draw = rows.draw if drawn else None
    return replace(rows, answer=answer, again=False, headway=_headway(rows, answer), draw=draw)


def _headway(rows: Listing, answer: Answer) -> Callable[[], str]:
    """The progress of the rows before a stage; those that it keeps are counted anyway."""
    if not isinstance(answer, Passed):
        return rows.headway

    def told() -> str:
        received = counted(answer.received, rows.counted_as)
        return rows.headway() or f"{received} received" * bool(answer.received)

    return told


_Made = TypeVar("_Made")

_MOST_KNOWN = 1 << 14
_LONGEST_KNOWN = 64
"""Values that are remembered, and their length: a peer decides how long they are."""


@frozen
class RowField:
    """What to read from each row: a column, and the VR by which its values are compared."""

    column: Column
    vr: str

    def texts(self, row: Any) -> Sequence[str]:
        """The values of a row or record as text; empty if absent."""
        return self.column.texts(row)

    def text(self, row: Any) -> str:
        r"""All values in one text, separated by `\`."""
        return "\\".join(self.texts(row))

    def remembering(self, work: Callable[[Sequence[str]], _Made]) -> Callable[[Any], _Made]:
        """What some work makes of the values of a row, done once for values that are equal.

        Many rows have the same date or modality. Where their raw bytes are equal, they are not even
        decoded again.
        """
        known: dict[bytes | tuple[str, ...], _Made] = {}
        tag = self._text_tag

        def made(row: Any) -> _Made:
            raw = None if tag is None else row.plain(tag)
            if raw in known:
                return known[raw]
            texts = tuple(self.texts(row))
            key = raw if raw and _is_ascii(raw) else texts
            if sum(map(len, texts)) > _LONGEST_KNOWN:
                return work(texts)
            if key not in known:
                if len(known) >= _MOST_KNOWN:
                    known.clear()
                known[key] = work(texts)
            return known[key]

        return made

    @property
    def _text_tag(self) -> int | None:
        """The tag of the text that the values follow from, if it is that of the row itself."""
        column = self.column
        if isinstance(column, DerivedColumn) and len(column.bases) == 1:
            (column,) = column.bases
        if not isinstance(column, AttributeColumn) or column.path:
            return None
        return column.attribute.tag if is_text(column.attribute.tag) else None

    @property
    def order(self) -> Callable[[str], Sorting]:
        """The sort key of a value."""
        part = part_of(self.column.keyword)
        return partial(sorting, self.vr) if part is None else part.order


def _is_ascii(raw: bytes) -> bool:
    """Whether a short text is the same in every character set."""
    return len(raw) <= _LONGEST_KNOWN and raw.isascii() and b"\x1b" not in raw


def field(rows: Listing, key: str, word: Word) -> RowField:
    """The field of the rows that a key names.

    Args:
        rows: what a stage works on.
        key: keyword, alias, tag or path, or one derived from it; for records the name of a field.
        word: the word that begins with the key.

    Raises:
        UsageError: the rows do not have this field; the span is that of the key.
    """
    span = word.part(0, len(key))
    archive = next((c for c in rows.columns if isinstance(c, ArchiveColumn)), None)
    if archive is not None and key in ARCHIVE_KEYS:
        return RowField(archive, vr_of(archive))
    if ERROR_COLUMN in rows.columns and key == ERROR_COLUMN.keyword:
        return RowField(ERROR_COLUMN, ERROR_COLUMN.vr)
    if rows.level is not None:
        return _attribute(rows, rows.level, key, span)
    return _record_field(rows, key, span)


def _attribute(listing: Listing, level: Level, key: str, span: Span) -> RowField:
    try:
        wanted = find_row_key(key, level)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=span) from None
    columns = {column.keyword: column for column in listing.columns}
    column = columns.get(wanted.keyword)
    if column is not None:
        return RowField(column, wanted.vr)
    if wanted.keyword == "PatientAge":
        return _age_field(columns, level, span)
    if wanted.base in columns and wanted.part is not None:
        return _part_field(columns[wanted.base], wanted.part)
    raise _not_requested(wanted.base, span)


def _not_requested(keyword: str, span: Span) -> UsageError:
    name = displayed(keyword)
    return UsageError(f"{name} was not requested", hint=f"add +{name} to the query", span=span)


def _part_field(base: Column, part: Part) -> RowField:
    """The field of a part of the values of a column."""
    assert isinstance(base, AttributeColumn | FieldColumn)
    vr, keyword = vr_of(base), derived_keyword(base.keyword, part)
    heading = f"{base.heading} {part.name}"
    return RowField(
        DerivedColumn(keyword, heading, part.vr, (base,), partial(part.texts, vr)), part.vr
    )


def _age_field(columns: Mapping[str, Column], level: Level, span: Span) -> RowField:
    """The field of the age at the date of the rows, as PatientAge was not requested."""
    day = alias_keyword("date", level) or ""
    day = inside(day) if level is Level.WORKLIST else day
    day = next((name for name in (day, "StudyDate") if name in columns), day)
    names = ("PatientBirthDate", day)
    bases = [columns[name] for name in names if name in columns]
    if level is Level.PATIENT:
        hint = "find study +PatientBirthDate | count by age"
        raise UsageError("a patient has an age at each study", hint=hint, span=span)
    missing = [name for name in names if name not in columns]
    if missing:
        wanted = " ".join(f"+{displayed(name)}" for name in missing)
        raise UsageError(
            f"an age needs PatientAge, or PatientBirthDate and {displayed(day)}",
            hint=f"add {wanted} to the query, or +PatientAge for the age in the archive",
            span=span,
        )
    held = tuple(base for base in bases if isinstance(base, AttributeColumn))
    return RowField(DerivedColumn(AGE, "Age", "AS", held, age_at), "AS")


def _record_field(records: Listing, key: str, span: Span) -> RowField:
    names = {column.keyword.lower(): column for column in records.columns}
    base, part = split_part(key)
    suffix = f".{part.name}" if part else ""
    keyword = alias_keyword(base, Level.STUDY) or base
    column = names.get(key.lower()) or names.get(f"{keyword}{suffix}".lower())
    if column is not None:
        return RowField(column, vr_of(column))
    column = names.get(base.lower()) or names.get(keyword.lower())
    if part and column is not None and vr_of(column) in part.vrs:
        return _part_field(column, part)
    spelt = [column.keyword for column in records.columns]
    listed = key.lower().split(",")
    if len(listed) > 1 and names.keys() >= set(listed):
        hint = f"separate keys with spaces: {' '.join(listed)}"
    else:
        hint = suggestion(key, spelt) or f"they have {', '.join(spelt)}"
    raise UsageError(f"these rows have no '{key}'", hint=hint, span=span)


def vr_of(column: Column) -> str:
    """The VR by which the values of a column are compared."""
    if isinstance(column, AttributeColumn):
        return column.attribute.vr
    if isinstance(column, ComputedColumn):
        return column.vr
    if column.vr or column.number:
        return column.vr or "IS"
    return "UI" if column.keyword.endswith("UID") else "CS"


def fields(rows: Listing, words: Sequence[Word]) -> list[RowField]:
    """The fields that words name, or all fields without words."""
    if words:
        return [field(rows, word.text, word) for word in words]
    return [RowField(column, vr_of(column)) for column in rows.columns]

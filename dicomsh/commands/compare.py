"""compare: the same query sent twice, in both information models or to two modalities."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import partial
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import DicomshError, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.language.binding import Call
from dicomsh.language.command import command
from dicomsh.language.kinds import COMMAND, MODALITY
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome, combined
from dicomsh.model.columns import (
    AttributeColumn,
    Column,
    FieldColumn,
    Record,
)
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import title_of
from dicomsh.model.results import Listing, Records, listing_of
from dicomsh.model.row import Row
from dicomsh.model.text_about import text_about
from dicomsh.query.other_model import NOT_BELOW


@command(
    "compare",
    family="teaching",
    examples=("cd 0555643F; compare ls", "compare --with pacs find patient JOD*"),
)
async def compare(
    context: Context,
    inner: Annotated[Call, COMMAND],
    *,
    with_: Annotated[
        Word | None, MODALITY, "compare with this modality, not the other model"
    ] = None,
) -> Records:
    """Run COMMAND twice and show where the answers differ.

    COMMAND is a find or ls. It runs in Patient Root and in Study Root; with --with NAME, on the
    current modality and on NAME. There is a row for each entity in only one answer, and for each
    attribute that differs; an absent attribute counts as empty. If an attribute differs in all
    entities that both have, they share one row. Omitted: whatever one side could not be asked. The
    result line gives the number of rows, the time and the completeness of both answers.
    """
    if inner.command.name not in ("find", "ls"):
        raise UsageError(f"'{inner.command.name}' cannot be compared", hint="use find or ls")
    sides = _models(context, inner) if with_ is None else _modalities(context, inner, with_)
    comparison = _Comparison(*sides)
    columns = (
        FieldColumn("where", "Where"),
        FieldColumn("key", "Unique key"),
        FieldColumn("label", "Label"),
        FieldColumn("attribute", "Attribute"),
        FieldColumn("first", sides[0].name),
        FieldColumn("second", sides[1].name),
    )
    return listing_of(
        columns,
        comparison.records(),
        outcome=lambda: comparison.outcome,
        unit=("difference", "differences"),
        entities=True,
    )


@frozen
class _Side:
    """One of the two queries.

    Args:
        name: how the answer calls it.
        context: where the command runs.
        call: the command.
    """

    name: str
    context: Context
    call: Call


def _models(context: Context, call: Call) -> tuple[_Side, _Side]:
    if call.options.get("model") is not None:
        raise UsageError("compare always asks in both models", hint="omit --model")
    apart = _unlimited(context)
    first, second = (
        _Side(model.title, apart, replace(call, options={**call.options, "model": model}))
        for model in Model
    )
    return first, second


def _modalities(context: Context, call: Call, name: Word) -> tuple[_Side, _Side]:
    here = context.session.current()
    other = context.session.config.find(name.text, name.span)
    apart = _unlimited(context)
    apart.session.modality = other
    return _Side(here.name, _unlimited(context), call), _Side(other.name, apart, call)


def _unlimited(context: Context) -> Context:
    """The context with a session of its own, without the prompt's row limit."""
    # two answers that are cut at the same limit may hold different entities, in any order
    session = copy.copy(context.session)
    session.settings = replace(session.settings, limit=None)
    session.defaults = replace(session.defaults, limit=None)
    return replace(context, session=session)


@frozen
class _Received:
    """A complete answer."""

    level: Level
    columns: tuple[Column, ...]
    rows: list[Row]
    outcome: Outcome

    def by_key(self) -> dict[str, Row]:
        """The entities, without duplicates."""
        # reversed, so that the first of duplicate rows counts
        return {_key(row, self.level): row for row in reversed(self.rows)}

    def in_order(self) -> list[str]:
        """Their unique keys, in the order received."""
        return list(dict.fromkeys(_key(row, self.level) for row in self.rows))


def _key(row: Row, level: Level) -> str:
    """The unique key; for a patient with the issuer, because PatientID alone is not unique."""
    key = row.text(by_keyword(level.unique_keyword).tag) or ""
    issuer = row.text(ISSUER_OF_PATIENT_ID) if level is Level.PATIENT else None
    return f"{key} (issuer {issuer})" if issuer else key


class _Comparison:
    """Two answers and their differences; the queries are sent on iteration."""

    def __init__(self, first: _Side, second: _Side) -> None:
        self._sides = first, second
        self._received: list[_Received] = []
        self._differences = 0

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each difference."""
        for side in self._sides:
            self._received.append(await _receive(side))
        first, second = self._received
        names = [side.name for side in self._sides]
        found = list(_differences(first, second, names, self._left_out()))
        self._differences = len(found)
        if found:
            yield found

    def _left_out(self) -> frozenset[str]:
        """Keywords that one side could not be asked."""
        unasked = [received.outcome.unasked for received in self._received]
        models = {side.call.options.get("model") for side in self._sides}
        below = self._received[0].level is not Level.PATIENT
        return frozenset().union(*unasked, NOT_BELOW if below and len(models) > 1 else ())

    @property
    def outcome(self) -> Outcome:
        """The worse of both endings; the notes describe each answer."""
        parts = [received.outcome for received in self._received]
        pairs = zip(self._sides, self._received, strict=False)
        notes = tuple(note(NoteKind.SIDE, side.name, _statement(got)) for side, got in pairs)
        whole = replace(combined(parts), rows=self._differences, notes=notes)
        return replace(whole, ending=Ending.COMPLETE) if whole.complete else whole


def _statement(received: _Received) -> str:
    outcome = received.outcome
    doubt = ", in doubt" if outcome.doubtful else ""
    return (
        f"{received.level.counted(outcome.rows)}, {outcome.ending.value}{doubt},"
        f" {outcome.seconds * 1000:,.0f} ms"
    )


async def _receive(side: _Side) -> _Received:
    """All rows of an answer.

    Raises:
        DicomshError: it failed; the message says on which side.
    """
    try:
        listing: Listing = await side.call.command.result(
            side.context, *side.call.arguments, **side.call.options
        )
        rows = await _rows(listing)
    except DicomshError as error:
        error.message = f"{side.name}: {error.message}"
        raise
    assert listing.level is not None  # find and ls list entities
    return _Received(listing.level, listing.columns, rows, listing.answer.outcome)


async def _rows(listing: Listing) -> list[Row]:
    try:
        return [row.compact() async for batch in listing.answer for row in batch]
    except BaseException:
        await listing.answer.aclose()
        raise


def _differences(
    first: _Received,
    second: _Received,
    names: list[str],
    left_out: frozenset[str],
) -> Iterator[Record]:
    ours, theirs, level = first.by_key(), second.by_key(), first.level
    columns = [column for column in first.columns if column.keyword not in left_out]
    common = [(ours[key], theirs[key]) for key in first.in_order() if key in theirs]
    always = _always(columns, common)
    if always:
        lead = f"all {level.counted(len(common))}, e.g. "
        example = _record("different in all", common[0][0], level, lead)
        yield from (example | unequal for unequal in _unequal(always, *common[0]))
    others = [column for column in columns if column not in always]
    for key in dict.fromkeys((*first.in_order(), *second.in_order())):
        one, other = ours.get(key), theirs.get(key)
        if one is not None and other is not None:
            same = _record("different", one, level)
            yield from (same | unequal for unequal in _unequal(others, one, other))
        elif one is not None:
            yield _record(f"only in {names[0]}", one, level)
        elif other is not None:
            yield _record(f"only in {names[1]}", other, level)


def _always(columns: Sequence[Column], common: Sequence[tuple[Row, Row]]) -> list[Column]:
    """The columns that differ in each of several pairs."""
    if len(common) < 2:
        return []
    return [column for column in columns if all(any(_unequal([column], *two)) for two in common)]


def _record(where: str, entity: Row, level: Level, lead: str = "") -> dict[str, str | None]:
    nothing = {"attribute": None, "first": None, "second": None}
    key = text_about(entity, partial(_key, level=level))
    label = text_about(entity, lambda row: f"{lead}{title_of(row, level)}")
    return {"where": where, "key": key, "label": label, **nothing}


def _unequal(columns: Sequence[Column], one: Row, other: Row) -> Iterator[dict[str, str | None]]:
    """Each attribute with different values in two rows."""
    for column in columns:
        if isinstance(column, AttributeColumn) and not column.path:
            first, second = (row.text(column.attribute.tag) for row in (one, other))
            if (first or "") != (second or ""):
                yield {"attribute": column.keyword, "first": first, "second": second}

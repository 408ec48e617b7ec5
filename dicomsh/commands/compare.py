"""compare: the same query sent twice, in both information models or to two modalities."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import partial
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.commands.different import unequal, value_fields
from dicomsh.errors import DicomshError, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.language.binding import Call
from dicomsh.language.command import command
from dicomsh.language.kinds import COMMAND, MODALITY
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome, combined
from dicomsh.model.columns import AttributeColumn, FieldColumn, Record
from dicomsh.model.comparison import Pair, differing, key_of, paired
from dicomsh.model.levels import ROOT_MODELS, Level
from dicomsh.model.notes import Note, NoteKind, note
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
    current modality and on NAME. There is a row for each entity in only one answer, for each one
    that an answer repeats more often, and for each attribute that differs. Values are compared as
    their VR says: 4 and 04 are equal, and an absent attribute counts as empty. If an attribute
    differs in all entities that both have, they share one row. Omitted: whatever one side could
    not be asked, and what an incomplete answer may have beyond the rows received. The result line
    gives the number of rows, the time and the completeness of both answers. With differences, the
    exit status is 1.
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
        *(FieldColumn(name, name) for name in _fields(sides[0].name, sides[1].name)),
    )
    return listing_of(
        columns,
        comparison.records(),
        outcome=lambda: comparison.outcome,
        unit=("difference", "differences"),
        entities=True,
        single=True,
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
    if Level.WORKLIST in call.arguments:
        raise UsageError(
            "a worklist has one information model", hint="compare --with NAME find worklist …"
        )
    apart = _unlimited(context)
    first, second = (
        _Side(model.title, apart, replace(call, options={**call.options, "model": model}))
        for model in ROOT_MODELS
    )
    return first, second


def _modalities(context: Context, call: Call, name: Word) -> tuple[_Side, _Side]:
    here = context.session.current()
    other = context.session.config.find(name.text, name.span)
    apart = _unlimited(context)
    apart.session.modalities = (other,)
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
    """An answer that has ended.

    Args:
        name: how the result calls it.
        level: the level of its rows.
        columns: its attributes.
        rows: its rows.
        outcome: how it ended.
    """

    name: str
    level: Level
    columns: tuple[AttributeColumn, ...]
    rows: list[Row]
    outcome: Outcome

    @property
    def whole(self) -> bool:
        """Whether a row that it lacks is not there: a limit or a cut-off leaves that open."""
        return self.outcome.ending is Ending.COMPLETE


class _Comparison:
    """Two answers and their differences; the queries are sent on iteration."""

    def __init__(self, first: _Side, second: _Side) -> None:
        self._sides = first, second
        self._received: list[_Received] = []
        self._differences = 0
        self._unknown: list[Note] = []

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each difference."""
        for side in self._sides:
            self._received.append(await _receive(side))
        first, second = self._received
        columns = [column for column in first.columns if column.keyword not in self._left_out()]
        pairs = paired(first.rows, second.rows, first.level, columns)
        told = [pair for pair in pairs if not self._is_unknown(pair)]
        self._unknown = list(_unknown(pairs, first, second))
        found = list(_differences(told, columns, first, second))
        self._differences = len(found)
        if found:
            yield found

    def _is_unknown(self, pair: Pair) -> bool:
        """Whether a row may be in the other answer, too, beyond the rows received."""
        first, second = self._received
        return (pair.second is None and not second.whole) or (
            pair.first is None and not first.whole
        )

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
        whole = combined(parts)
        unknown = whole.complete and bool(self._unknown)
        return replace(
            whole,
            ending=Ending.PARTIAL if unknown else whole.ending,
            rows=self._differences,
            different=self._differences > 0,
            notes=(*self._notes(),),
        )

    def _notes(self) -> Iterator[Note]:
        if len(self._received) == len(self._sides) and not any(r.rows for r in self._received):
            yield note(NoteKind.BOTH_EMPTY)
        yield from self._unknown
        for received in self._received:
            yield note(NoteKind.SIDE, received.name, _statement(received))


def _unknown(pairs: Sequence[Pair], first: _Received, second: _Received) -> Iterator[Note]:
    """The rows of one answer that the other may have, too, beyond the rows received."""
    ours = sum(pair.second is None for pair in pairs)
    theirs = sum(pair.first is None for pair in pairs)
    for number, having, other in ((ours, first, second), (theirs, second, first)):
        if number and not other.whole:
            about = having.level.counted(number), having.name, other.name
            yield note(NoteKind.NOT_COMPARED, *about, count=number)


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
    columns = tuple(c for c in listing.columns if isinstance(c, AttributeColumn))
    return _Received(side.name, listing.level, columns, rows, listing.answer.outcome)


async def _rows(listing: Listing) -> list[Row]:
    try:
        return [row.compact() async for batch in listing.answer for row in batch]
    except BaseException:
        await listing.answer.aclose()
        raise


def _differences(
    pairs: Sequence[Pair],
    columns: Sequence[AttributeColumn],
    first: _Received,
    second: _Received,
) -> Iterator[Record]:
    """A record for each row without a counterpart, and for each attribute that differs."""
    level, names = first.level, _fields(first.name, second.name)
    common = [(p.first, p.second) for p in pairs if p.first is not None and p.second is not None]
    always = _always(columns, common)
    if always:
        lead = f"all {level.counted(len(common))}, e.g. "
        example = _record("different in all", common[0][0], level, names, lead)
        yield from (example | found for found in unequal(always, *common[0], names))
    others = [column for column in columns if column not in always]
    for pair in pairs:
        if pair.first is not None and pair.second is not None:
            same = _record(pair.where.value, pair.first, level, names)
            found = unequal(others, pair.first, pair.second, names)
            yield from (same | values for values in found)
        else:
            name = second.name if pair.first is None else first.name
            yield _record(pair.where.value.format(name), pair.row, level, names)


def _always(
    columns: Sequence[AttributeColumn], common: Sequence[tuple[Row, Row]]
) -> list[AttributeColumn]:
    """The columns that differ in each of several pairs."""
    if len(common) < 2:
        return []
    return [column for column in columns if all(differing([column], *two) for two in common)]


_OWN = ("where", "key", "label", "attribute")


def _fields(first: str, second: str) -> tuple[str, str]:
    return value_fields(first, second, _OWN)


def _record(
    where: str, entity: Row, level: Level, fields: tuple[str, str], lead: str = ""
) -> dict[str, str | None]:
    key = text_about(entity, partial(key_of, level=level))
    label = text_about(entity, lambda row: f"{lead}{title_of(row, level)}")
    nothing = dict.fromkeys(("attribute", *fields))
    return {"where": where, "key": key, "label": label, **nothing}

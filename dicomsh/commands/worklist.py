"""A worklist item in full, and what may keep devices from taking the items of a worklist."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator

from dicomsh.commands.context import Context
from dicomsh.commands.element_records import element_records
from dicomsh.errors import QueryFailedError, UsageError
from dicomsh.frozen import replace
from dicomsh.model.answer import Answer, Ending, Outcome, all_rows
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.dedup import item_key
from dicomsh.model.derived_answer import noted
from dicomsh.model.keys import path_of
from dicomsh.model.level_keys import LEVEL_KEYS, inside
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.results import Records, listing_of
from dicomsh.model.row import Row, text_at
from dicomsh.model.text_about import text_about
from dicomsh.model.worklist_lint import Problem, absent, problems
from dicomsh.query.ask import ask
from dicomsh.session.kept_answer import KeptAnswer

EVERYTHING = tuple(return_key(name) for name in LEVEL_KEYS[Level.WORKLIST].more)
"""The return keys of the model that a worklist does not show by default."""

_ITEM_COLUMNS = (
    FieldColumn("tag", "Tag"),
    FieldColumn("vr", "VR"),
    FieldColumn("keyword", "Keyword"),
    FieldColumn("value", "Value"),
    FieldColumn("remark", "Remark"),
)


def shown_item(context: Context, kept: KeptAnswer, row: Row) -> Records:
    """Every attribute of an item of an answer, asked for again, with what is wrong about it."""
    asked = kept.asked_query
    session = context.session
    of_row = session.known(row.archive) if row.archive else asked and asked.modality
    shown = _ShownItem(context, of_row or session.current(), row)
    return listing_of(_ITEM_COLUMNS, shown.records(), outcome=lambda: shown.outcome)


_IDENTIFYING = (
    "PatientID",
    *map(inside, ("ScheduledProcedureStepStartDate", "ScheduledStationAETitle", "Modality")),
)
"""Keys that a server must match, which together leave few items."""


class _ShownItem:
    """The attributes of an item; the query is sent on iteration."""

    def __init__(self, context: Context, modality: Modality, row: Row) -> None:
        self._context = context
        self._modality = modality
        self._row = row
        self.outcome = Outcome(Ending.COMPLETE, 0, 0.0)

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each element, and for each that is missing."""
        rows = await self._rows(EVERYTHING)
        wanted = item_key(self._row)
        same = [row for row in rows if item_key(row) == wanted]
        if not same:
            raise UsageError("this item is no longer in the worklist", hint="list it again")
        for row in same:
            yield list(item_records(row))

    async def _rows(self, more: tuple[QueryKey, ...]) -> list[Row]:
        keys = [key for name in _IDENTIFYING if (key := _key_of(self._row, name)) is not None]
        request = Request(Level.WORKLIST, Place(), (*keys, *more))
        try:
            listing = await ask(self._context.query, self._modality, request)
            rows = await all_rows(listing.answer)
        except QueryFailedError:
            # some servers fail at keys that they do not have, as at other levels
            if not more:
                raise
            return await self._rows(())
        outcome = listing.answer.outcome
        self.outcome = replace(outcome, notes=_without_optional(outcome.notes))
        return rows


def _without_optional(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """The notes without the one on keys that no item has a value for: most may be empty."""
    return tuple(one for one in notes if one.kind is not NoteKind.NONE_RETURNED)


def _key_of(row: Row, name: str) -> QueryKey | None:
    """The key that matches what a row has in an attribute; None if that is nothing."""
    value = text_at(row, path_of(name))
    if not value:
        return None
    return QueryKey(path_of(name), value, Matching.SINGLE_VALUE, KeyOrigin.CONTEXT, literal=True)


def item_records(row: Row) -> Iterator[Record]:
    """The elements of an item as records with remarks; then what it lacks."""
    (wrong,) = problems([row])
    found = [*wrong, *absent(row)]
    present = set()
    for tag in sorted(row.elements):
        for record in element_records(row, tag):
            present.add(record["keyword"])
            yield {**record, "remark": _remark(found, record["keyword"])}
    for problem in found:
        keyword = problem.name.rpartition(".")[2]
        if keyword not in present:
            present.add(keyword)
            yield _absent(problem, _remark(found, keyword))


def _remark(found: Iterable[Problem], keyword: str) -> str | None:
    own = [problem for problem in found if problem.name.rpartition(".")[2] == keyword]
    return "; ".join(problem.text for problem in own) or None


def _absent(problem: Problem, remark: str | None) -> Record:
    path = path_of(problem.name)
    attribute = path[-1]
    return {
        "tag": f"{'>' * (len(path) - 1)}{attribute.tag_text}",
        "vr": attribute.vr,
        "keyword": attribute.keyword,
        "value": None,
        "remark": remark,
    }


_LINT_COLUMNS = (
    FieldColumn("row", "Row", True),
    FieldColumn("PatientID", "PatientID"),
    FieldColumn("AccessionNumber", "Accession"),
    FieldColumn("ScheduledProcedureStepID", "Step"),
    FieldColumn("attribute", "Attribute"),
    FieldColumn("value", "Value"),
    FieldColumn("problem", "Problem"),
)


def linted(answer: Answer) -> Records:
    """What is wrong with the items of an answer to a query with all return keys."""
    lint = _Lint(answer)
    return listing_of(
        _LINT_COLUMNS,
        lint.records(),
        outcome=lambda: lint.outcome,
        unit=("problem", "problems"),
        single=True,
    )


_NAMED = 3
"""Attributes that are named of all those that items lack; `show` lists them all."""


class _Lint:
    """The problems of a worklist; the answer is read on iteration."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._items = 0
        self._problems = 0
        self._absent: list[str] = []

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each problem."""
        items = await all_rows(self._answer)
        self._items = len(items)
        found = problems(items)
        records = [
            _problem_record(number, item, problem)
            for number, (item, own) in enumerate(zip(items, found, strict=True), 1)
            for problem in own
        ]
        self._problems = len(records)
        missing = (problem.keyword for item in items for problem in absent(item))
        self._absent = list(dict.fromkeys(missing))
        if records:
            yield records

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with the number of problems; they count as differences do."""
        outcome = self._answer.outcome
        counted = note(NoteKind.CHECKED, Level.WORKLIST.counted(self._items))
        worse = replace(outcome, rows=self._problems, different=self._problems > 0)
        others = _without_optional(outcome.notes)
        return noted(replace(worse, notes=()), counted, *self._absent_note(), *others)

    def _absent_note(self) -> tuple[Note, ...]:
        if not self._absent:
            return ()
        named = ", ".join(self._absent[:_NAMED])
        return (note(NoteKind.TYPE_2_ABSENT, named, count=len(self._absent)),)


def _problem_record(number: int, item: Row, problem: Problem) -> Record:
    names = ("PatientID", "AccessionNumber", inside("ScheduledProcedureStepID"))
    told = {name.rpartition(".")[2]: _text(item, name) for name in names}
    value = _text(item, problem.name) if problem.value else None
    return {
        "row": number,
        **told,
        "attribute": problem.keyword,
        "value": value,
        "problem": problem.text,
    }


def _text(item: Row, name: str) -> str | None:
    """What an item has in an attribute, as it may be shown; None if that is nothing."""
    if not text_at(item, path_of(name)):
        return None
    return text_about(item, lambda row: text_at(row, path_of(name)) or "")

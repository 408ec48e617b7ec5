"""`find study --split`: a study query split by date into windows, so that nothing is cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from datetime import date, timedelta

from dicomsh.archives.archive import Archive
from dicomsh.errors import DicomshError, TimedOutError, UsageError
from dicomsh.frozen import replace
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.capability import Support
from dicomsh.model.dedup import Dedup
from dicomsh.model.derived_answer import DerivedAnswer
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.keys import PATIENT_ID
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.parts import (
    STUDY_DATE,
    STUDY_TIME,
    Doubt,
    Plan,
    QueryPart,
    by_moment,
    day_of,
    judged,
)
from dicomsh.model.plan import Request, choose_model
from dicomsh.model.query import Matching
from dicomsh.model.row import Row
from dicomsh.model.silent_truncation import cut_off
from dicomsh.model.windows import FIRST_DAY, Period
from dicomsh.query.ask import answer_from, needs_patients
from dicomsh.query.context import QueryContext
from dicomsh.query.parallel import BUDGET, Parallel
from dicomsh.query.undated import UndatedStudies

_HELD = 10_000
"""Rows of an answer that are held until it is known whether it is complete."""


async def split_answer(
    context: QueryContext,
    archive: Archive,
    modality: Modality,
    request: Request,
    options: QueryOptions,
) -> Answer:
    """The answer to a study query, split into windows of its date.

    Args:
        context: where the command runs.
        archive: the one to query.
        modality: the peer, with its time limits.
        request: the request.
        options: its options, settled; `split` says in which windows.

    Raises:
        UsageError: it is not a study query, or one that cannot be split.
        DicomshError: no association.
    """
    _check(modality, request)
    accepted = (await archive.connect()).sop_classes
    model = choose_model(request, accepted, options.model, str(modality.address))
    if needs_patients(request, model):
        raise UsageError(
            "--split needs Study Root across patients; the peer accepts only Patient Root",
            hint="inside a patient it works: cd PatientID",
        )
    tomorrow = context.today + timedelta(days=1)
    plan = Plan(request, options.split or Period.AUTO, tomorrow)
    return Split(context, archive, options, modality, plan)


def _check(modality: Modality, request: Request) -> None:
    if request.level is not Level.STUDY:
        raise UsageError(
            f"--split needs StudyDate, which a query for {request.level.plural} does not match",
            hint="find study … --split",
        )
    trouble = modality.capabilities.support(STUDY_DATE)
    if trouble in (Support.IGNORED, Support.FINDS_NOTHING, Support.REFUSED):
        raise UsageError(
            "--split needs StudyDate matching, which this server lacks"
            f" ({modality.capabilities.source})"
        )
    _check_ranges(request)
    timed = any(key.keyword == STUDY_TIME and key.value for key in request.keys)
    if timed and Extension.DATETIME in modality.extended:
        raise UsageError(
            "--split cannot be combined with --datetime: it matches date and time separately"
        )


def _check_ranges(request: Request) -> None:
    """Refuse a date or a time that is not one range: only such a range has smaller ones."""
    for key in request.keys:
        if key.keyword not in (STUDY_DATE, STUDY_TIME):
            continue
        if key.matching is Matching.EMPTY_VALUE:
            raise UsageError(
                f"studies without a {key.keyword} cannot be divided by --split",
                hint="leave out --split",
            )
        if key.matching is Matching.MULTIPLE_VALUES:
            raise UsageError(
                f"--split divides one range of {key.keyword}, not a list",
                hint="ask for each by itself",
            )


class Split(DerivedAnswer):
    """A study query split into windows; implements `dicomsh.model.answer.Answer`.

    Args:
        context: where the command runs.
        archive: for queries that need no pool.
        options: the options of its queries, settled.
        modality: the peer.
        plan: what is to be split.
    """

    def __init__(
        self,
        context: QueryContext,
        archive: Archive,
        options: QueryOptions,
        modality: Modality,
        plan: Plan,
    ) -> None:
        super().__init__()
        self._context = context
        self._archive = archive
        self._options = options
        self._modality = modality
        self._plan = plan
        self._once = Dedup(Level.STUDY, options.limit)
        self._found: Counter[str] = Counter()
        self._census = UndatedStudies(plan.request, self._found)
        self._doubt = Doubt()
        self._current: Answer | None = None
        self._asked = 0

    async def _batches(self) -> AsyncIterator[list[Row]]:
        async with aclosing(self._found_batches()) as batches:
            async for batch in batches:
                self._found.update(row.text(PATIENT_ID) or "" for row in batch)
                yield batch

    async def _found_batches(self) -> AsyncGenerator[list[Row], None]:
        parts: Iterable[QueryPart]
        if self._plan.period is Period.AUTO:
            lead = Lead(self._plan.lead, self._once)
            self._current = await self._ask(self._archive, lead.part.request, self._options.limit)
            async for batch in lead.batches(self._current):
                yield batch
            parts = lead.divided(self._current.outcome)
            if not parts:
                lead.fail()
                yield self._once.admit(lead.rows)
                return
            self._once.set_aside(lead.rows)
        else:
            parts = self._plan.parts(await self._oldest())
        async with aclosing(self._of_parts(parts)) as rows:
            async for batch in rows:
                yield batch

    async def _of_parts(self, parts: Iterable[QueryPart]) -> AsyncGenerator[list[Row], None]:
        pool = self._context.archives.pool(self._modality)
        limit, budget = self._options.limit, self._options.queries or BUDGET
        union = Parallel(pool, self._ask, parts, self._once, limit=limit, budget=budget)
        self._current = union
        async with aclosing(union.found()) as found:
            async for part, _, rows in found:
                self._doubt.look(part, rows)
                yield sorted(rows, key=by_moment)
        if self._doubt.about and union.outcome.ending is Ending.COMPLETE:
            await self._census.take(self._archive, self._ask)
            async for batch in self._census.rows(pool, self._ask, self._once):
                yield batch
        yield self._once.left_over()

    async def _oldest(self) -> date:
        """The first day of a year before which there is no study, found by halving."""
        if self._plan.whole.window.first != date.min:
            return date.min
        low, high = FIRST_DAY.year, self._plan.tomorrow.year
        while low < high:
            middle = (low + high + 1) // 2
            if await self._any_before(date(middle, 1, 1)):
                high = middle - 1
            else:
                low = middle
        return date(low, 1, 1)

    async def _any_before(self, day: date) -> bool:
        # with an open start, some peers return studies without a date, too
        window = replace(self._plan.whole.window, first=FIRST_DAY, last=day - timedelta(days=1))
        request = replace(self._plan.whole, window=window).request
        answer = await self._ask(self._archive, request, 1)
        rows = [row async for batch in answer for row in batch]
        return any(day_of(row) is not None for row in rows)

    async def _ask(self, archive: Archive, request: Request, limit: int | None) -> Answer:
        self._asked += 1
        patients = request.level is Level.PATIENT
        model = None if patients else self._options.model  # Patient Root has their counts
        options = replace(self._options, limit=limit, model=model)
        return await answer_from(archive, self._modality, request, options)

    def _ended(self) -> Outcome:
        """How it ended, with the studies that no window reaches."""
        assert self._current is not None
        outcome = self._current.outcome
        asked = note(NoteKind.QUERIES, count=self._asked)
        if self._asked > 1:
            outcome = replace(outcome, notes=(asked, *outcome.notes))
        if outcome.ending is not Ending.COMPLETE:
            return outcome
        return judged(outcome, self._doubt, self._census.missing)

    @property
    def headway(self) -> str:
        """Progress, for display."""
        return self._current.headway if isinstance(self._current, Parallel) else ""

    async def aclose(self) -> None:
        """Leave early."""
        if self._current is not None:
            await self._current.aclose()


class Lead:
    """The query as a whole, in case nothing is cut off.

    Its `rows` are held, up to a number, so that windows can come in the order of their dates.
    """

    def __init__(self, part: QueryPart, once: Dedup) -> None:
        self.part = part
        self._once = once
        self._failure: DicomshError | None = None
        self.rows: list[Row] = []
        self._kept_back = True

    async def batches(self, answer: Answer) -> AsyncIterator[list[Row]]:
        """Rows that need not be held any longer; none if there was no answer in time."""
        try:
            async for batch in answer:
                self.rows += batch
                if not self._kept_back or len(self.rows) > _HELD:
                    self._kept_back = False
                    rows, self.rows = self.rows, []
                    yield self._once.admit(rows)
        except TimedOutError as error:
            self._failure = error

    def divided(self, outcome: Outcome) -> Sequence[QueryPart]:
        """The parts to query if it was cut off; none if it is the whole answer."""
        return self.part.divided(self.rows) if cut_off(outcome) else ()

    def fail(self) -> None:
        """Raise the error of the query, if there was one that smaller parts cannot avoid."""
        if self._failure is not None:
            raise self._failure

"""Answers made from others: their rows are counted and limited, and go through steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from dicomsh.errors import DicomshError, TimedOutError
from dicomsh.frozen import replace
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.batches import BATCH_ROWS
from dicomsh.model.derived_answer import (
    AnswerStep,
    DerivedAnswer,
    KeptRows,
    KnownAnswer,
    Processed,
    noted,
)
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.row import Row
from tests.model.rows import answer

WHOLE = Outcome(Ending.COMPLETE, 99, 1.5)


class Source:
    """An answer in these batches."""

    def __init__(
        self, *batches: list[int], outcome: Outcome = WHOLE, error: DicomshError | None = None
    ) -> None:
        self.outcome = outcome
        self.left = False
        self._batches = batches
        self._error = error

    async def __aiter__(self) -> AsyncIterator[list[int]]:
        for batch in self._batches:
            yield batch
        if self._error is not None:
            raise self._error

    async def aclose(self) -> None:
        self.left = True


def through(
    source: Source, steps: Sequence[AnswerStep] = (), limit: int | None = None
) -> Processed:
    return Processed(cast(Answer, source), steps, limit)


def read(derived: DerivedAnswer | KnownAnswer) -> list[list[Any]]:
    async def go() -> list[list[Any]]:
        return [batch async for batch in derived]

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("batches", "limit", "expected"),
    [
        ([[1, 2], [3]], None, [[1, 2], [3]]),
        ([[], [1], [], [2]], None, [[1], [2]]),
        ([], None, []),
        ([[1, 2], [3]], 4, [[1, 2], [3]]),
        # an answer with just as many rows is complete
        ([[1, 2], [3]], 3, [[1, 2], [3]]),
        ([[1, 2], [3], []], 3, [[1, 2], [3]]),
    ],
)
def test_an_answer_within_its_limit_is_as_it_came(
    batches: list[list[int]], limit: int | None, expected: list[list[int]]
) -> None:
    source = Source(*batches)
    derived = through(source, limit=limit)
    assert (derived.finished, derived.rows, derived.room) == (False, 0, limit)
    assert read(derived) == expected
    count = sum(map(len, expected))
    assert derived.outcome == replace(WHOLE, rows=count)
    assert (derived.finished, derived.rows, source.left) == (True, count, False)
    assert derived.room == (None if limit is None else limit - count)


@pytest.mark.parametrize(
    ("batches", "limit", "expected"),
    [
        ([[1, 2, 3]], 2, [[1, 2]]),
        ([[1, 2], [3, 4, 5], [6]], 3, [[1, 2], [3]]),
        # the row too many is only known when it comes
        ([[1, 2], [3]], 2, [[1, 2]]),
    ],
)
def test_one_row_more_than_the_limit_ends_it(
    batches: list[list[int]], limit: int, expected: list[list[int]]
) -> None:
    source = Source(*batches)
    derived = through(source, limit=limit)
    assert read(derived) == expected
    assert derived.outcome == replace(WHOLE, ending=Ending.LIMIT, rows=limit, limit=limit)
    assert (derived.finished, derived.room, source.left) == (False, 0, True)


@pytest.mark.parametrize(
    ("ended", "limit", "named"),
    [
        (Outcome(Ending.LIMIT, 9, 1.5), 7, 7),
        (Outcome(Ending.LIMIT, 9, 1.5, limit=5), None, 5),
        (Outcome(Ending.CUT_OFF, 9, 1.5), 7, None),
        (Outcome(Ending.CUT_OFF, 9, 1.5, limit=5), 7, 5),
    ],
)
def test_the_limit_that_ended_it_is_named(
    ended: Outcome, limit: int | None, named: int | None
) -> None:
    derived = through(Source([1], outcome=ended), limit=limit)
    read(derived)
    assert (derived.outcome.ending, derived.outcome.limit) == (ended.ending, named)


class _Account(Processed):
    """Of a retrieval: how many objects are there, of how many."""

    def _ended(self) -> Outcome:
        return self._source.outcome


@pytest.mark.parametrize(("expected", "rows"), [(50, 40), (0, 40), (None, 2)])
def test_an_account_says_how_many_objects_are_there_whatever_rows_are_shown(
    expected: int | None, rows: int
) -> None:
    done = replace(WHOLE, rows=40, expected=expected)
    derived = _Account(cast(Answer, Source([1, 2], outcome=done)), ())
    read(derived)
    assert derived.outcome.rows == rows


class _Counts(AnswerStep):
    """Passes on what it is told to, and notes its name with the rows that came out at the end."""

    def __init__(self, name: str = "", above: int = 0) -> None:
        self._name, self._above = name, above
        self.error: DicomshError | None = None

    def passed(self, batch: list[Any]) -> list[Any]:
        return [number + 1 for number in batch if number > self._above]

    def failed(self, error: DicomshError) -> None:
        self.error = error

    def concluded(self, outcome: Outcome) -> Outcome:
        return noted(outcome, note(NoteKind.TRY, self._name, count=outcome.rows))


def test_rows_go_through_the_steps_in_order_and_each_concludes() -> None:
    steps = _Counts("first", above=1), AnswerStep(), _Counts("second", above=3)
    derived = through(Source([1, 2, 3], [4, 1]), steps)
    assert read(derived) == [[5], [6]]
    assert derived.outcome.notes == (
        note(NoteKind.TRY, "first", count=2),
        note(NoteKind.TRY, "second", count=2),
    )


def test_every_step_learns_of_an_error() -> None:
    error = TimedOutError("no answer")
    steps = _Counts(), AnswerStep(), _Counts()
    derived = through(Source([1], error=error), steps)
    with pytest.raises(TimedOutError) as caught:
        read(derived)
    assert caught.value is steps[0].error is steps[2].error is error
    assert not derived.finished


def test_notes_come_after_those_that_are_there() -> None:
    first, second, third = (note(NoteKind.TRY, name) for name in "abc")
    assert noted(replace(WHOLE, notes=(first,)), second, third).notes == (first, second, third)


@pytest.mark.parametrize(("rows", "batches"), [([1, 2], [[1, 2]]), ([], [])])
def test_rows_that_are_here_are_one_batch_or_none(
    rows: list[int], batches: list[list[int]]
) -> None:
    known = KnownAnswer(rows, WHOLE)
    assert read(known) == batches
    assert known.outcome is WHOLE


@pytest.mark.parametrize(("count", "lengths"), [(0, []), (3, [3]), (513, [BATCH_ROWS, 1])])
def test_kept_rows_come_in_batches_and_stay_as_they_are(count: int, lengths: list[int]) -> None:
    row = Row(bytes(20), answer().source)
    batches = read(KeptRows([row] * count, WHOLE))
    assert [len(batch) for batch in batches] == lengths
    for batch in batches:
        assert batch[0].data is row.data
        assert batch[0].elements is not None
    assert not row.is_split

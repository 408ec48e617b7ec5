"""Records as an answer: how many came, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import pytest

from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.levels import Level
from dicomsh.model.results import Listing, RecordAnswer, listing_of

COLUMNS = (FieldColumn("name", "Name"),)


async def batches() -> AsyncGenerator[list[Record], None]:
    yield [{"name": "a"}]
    yield [{"name": "b"}, {"name": "c"}]


def read(answer: RecordAnswer, number: int = 99) -> Outcome:
    """The outcome after so many batches."""

    async def go() -> Outcome:
        if not number:
            return answer.outcome
        came = 0
        async for _ in answer:
            came += 1
            if came == number:
                break
        return answer.outcome

    return asyncio.run(go())


def counted(rows: int = 7, ending: Ending = Ending.COMPLETE) -> RecordAnswer:
    return RecordAnswer(batches(), lambda: Outcome(ending, rows, 1.5))


def test_an_answer_that_was_read_to_its_end_is_complete() -> None:
    done = read(RecordAnswer(batches()))
    assert (done.ending, done.rows, done.seconds) == (Ending.COMPLETE, 3, 0.0)


@pytest.mark.parametrize(("number", "rows"), [(0, 0), (1, 1), (2, 3)])
def test_one_that_was_left_early_is_cancelled(number: int, rows: int) -> None:
    for answer in (RecordAnswer(batches()), counted()):
        done = read(answer, number)
        assert (done.ending, done.rows) == (Ending.CANCELLED, rows)


def test_what_comes_in_one_batch_is_whole_with_it() -> None:
    assert read(RecordAnswer(batches(), single=True), 1).ending is Ending.COMPLETE


def test_its_own_outcome_may_count_something_else() -> None:
    done = read(counted(rows=7))
    assert (done.rows, done.seconds) == (7, 1.5)


def test_an_ending_that_says_more_is_kept() -> None:
    assert read(counted(ending=Ending.LOST), 1).ending is Ending.LOST


@pytest.mark.parametrize(
    ("listing", "unit"),
    [
        (Listing(COLUMNS, RecordAnswer(batches())), ("row", "rows")),
        (Listing(COLUMNS, RecordAnswer(batches()), unit=("fox", "foxes")), ("fox", "foxes")),
        (Listing(COLUMNS, RecordAnswer(batches()), level=Level.STUDY), ("study", "studies")),
    ],
)
def test_what_rows_are_counted_as(listing: Listing, unit: tuple[str, str]) -> None:
    assert listing.counted_as == unit


def test_a_result_line_needs_an_outcome_and_something_to_count() -> None:
    done = Outcome(Ending.COMPLETE, 1, 0.0)
    assert listing_of(COLUMNS, batches(), outcome=lambda: done, unit=("fox", "foxes")).told
    assert not listing_of(COLUMNS, batches(), outcome=lambda: done).told
    assert not listing_of(COLUMNS, batches(), unit=("fox", "foxes")).told
    assert listing_of(COLUMNS, batches(), unit=("fox", "foxes")).counted_as == ("fox", "foxes")
    assert listing_of(COLUMNS, batches()).counted_as == ("row", "rows")


def test_how_records_are_to_be_shown_is_kept() -> None:
    drawn = listing_of(COLUMNS, batches(), str, note="said", entities=True)
    assert (drawn.draw, drawn.note, drawn.blocks) == (str, "said", True)
    plain = listing_of(COLUMNS, batches())
    assert (plain.draw, plain.note, plain.blocks) == (None, "", False)


def test_how_records_come_is_kept() -> None:
    """What comes as one batch is whole with it; an account counts what it is about."""

    def left_early(*, single: bool = False, own: bool = False) -> Outcome:
        listing = listing_of(COLUMNS, batches(), outcome=lambda: done, single=single, own=own)
        assert listing.works is own
        return read(cast(RecordAnswer, listing.answer), 1)

    done = Outcome(Ending.COMPLETE, 7, 1.5)
    assert (left_early().ending, left_early().rows) == (Ending.CANCELLED, 1)
    assert left_early(single=True) == done
    assert left_early(own=True) == replace(done, ending=Ending.CANCELLED)

"""Outcomes of several queries together, columns, and the address of a modality."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import DicomshError, ExitStatus
from dicomsh.frozen import replace
from dicomsh.model.answer import (
    MOST_GATHERED,
    Answer,
    ArchiveOutcome,
    Ending,
    Gathered,
    Outcome,
    all_rows,
    as_cancelled,
    combined,
    failure_of,
    of_archives,
)
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.columns import AttributeColumn, Record
from dicomsh.model.derived_answer import KeptRows
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.modality import DicomAddress, Modality, PracticeAddress
from dicomsh.model.notes import Note, NoteKind, note, summed
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.results import at_once
from dicomsh.model.row import Row, Source
from tests.dimse.peers import element
from tests.hostile.measure import held
from tests.output.rows import Implicit

A, B = note(NoteKind.TRY, "a"), note(NoteKind.TRY, "b")


def outcome(ending: Ending, *notes: Note) -> Outcome:
    return Outcome(ending, 3, 0.5, notes=notes)


@pytest.mark.parametrize(
    ("endings", "together"),
    [
        ([], Ending.COMPLETE),
        ([Ending.COMPLETE] * 2, Ending.COMPLETE),
        ([Ending.COMPLETE, Ending.LIMIT], Ending.LIMIT),
        ([Ending.COMPLETE, Ending.LOST, Ending.CUT_OFF], Ending.LOST),
        # our own limit must not hide that something is missing
        ([Ending.LIMIT, Ending.TIMED_OUT, Ending.COMPLETE], Ending.TIMED_OUT),
        ([Ending.CUT_OFF, Ending.LIMIT], Ending.CUT_OFF),
    ],
)
def test_together_they_are_as_complete_as_the_worst(
    endings: list[Ending], together: Ending
) -> None:
    found = combined([outcome(ending) for ending in endings])
    assert found.ending is together
    assert found.complete is all(outcome(ending).complete for ending in endings)
    assert found.rows == 3 * len(endings)
    assert found.seconds == pytest.approx(0.5 * len(endings))


def test_the_detail_of_the_worst_is_kept_and_each_note_once() -> None:
    lost = Outcome(Ending.LOST, 1, 1.0, 0xC000, "comment", "detail", (B, A))
    found = combined([outcome(Ending.COMPLETE, A), lost])
    assert (found.status, found.comment, found.detail) == (0xC000, "comment", "detail")
    assert found.notes == (A, B)


def test_what_holds_for_one_part_holds_for_the_whole() -> None:
    plain = outcome(Ending.COMPLETE)
    odd = replace(plain, doubtful=True, different=True, unsupported=True)
    for parts, expected in (([plain, odd], True), ([plain, plain], False)):
        found = combined(parts)
        assert (found.doubtful, found.different, found.unsupported) == (expected,) * 3


def test_a_limit_that_ended_a_part_is_named_as_it_was_set() -> None:
    cut = replace(outcome(Ending.LIMIT), limit=100)
    assert combined([outcome(Ending.COMPLETE), cut]).limit == 100
    assert combined([outcome(Ending.COMPLETE), outcome(Ending.CUT_OFF)]).limit == 3


def test_what_was_cancelled_between_two_queries_has_no_final_status() -> None:
    found = as_cancelled(replace(outcome(Ending.COMPLETE), status=0))
    assert (found.ending, found.status, found.rows) == (Ending.CANCELLED, None, 3)


PACS, MINI = (
    AskedQuery(Modality(name, PracticeAddress()), Request(Level.STUDY, Place()))
    for name in ("pacs", "mini")
)


def archive(
    asked: AskedQuery | None, ending: Ending, level: Level = Level.STUDY, **more: Any
) -> ArchiveOutcome:
    name = asked.modality.name if asked else "none"
    return ArchiveOutcome(name, replace(outcome(ending), **more), level, asked)


@pytest.mark.parametrize(
    ("endings", "whole"),
    [
        ([Ending.COMPLETE, Ending.COMPLETE], Ending.COMPLETE),
        ([Ending.COMPLETE, Ending.LIMIT], Ending.LIMIT),
        ([Ending.COMPLETE, Ending.CUT_OFF], Ending.PARTIAL),
        ([Ending.LIMIT, Ending.FAILED], Ending.PARTIAL),
        ([Ending.CUT_OFF, Ending.CANCELLED], Ending.CANCELLED),
    ],
)
def test_several_archives_end_as_the_worst_of_them(endings: list[Ending], whole: Ending) -> None:
    archives = [archive(PACS, ending) for ending in endings]
    found = of_archives(archives)
    assert (found.ending, found.rows, found.seconds) == (whole, 6, 1.0)
    assert found.archives == tuple(archives)


@pytest.mark.parametrize(
    ("parts", "limit"),
    [
        ([archive(PACS, Ending.COMPLETE), archive(MINI, Ending.LIMIT, limit=100)], 100),
        ([archive(PACS, Ending.LIMIT)], 3),  # its own, so as many as it has rows
        ([archive(PACS, Ending.CUT_OFF), archive(MINI, Ending.COMPLETE, limit=100)], None),
    ],
)
def test_the_limit_of_several_archives(parts: list[ArchiveOutcome], limit: int | None) -> None:
    assert of_archives(parts).limit == limit


@pytest.mark.parametrize(
    ("statuses", "status"),
    [([0xFE00, 0xFE00], 0xFE00), ([0xFE00, None], None), ([None, 0xFE00], None), ([], None)],
)
def test_several_archives_that_were_cancelled_have_a_status_if_each_has(
    statuses: list[int | None], status: int | None
) -> None:
    done = archive(PACS, Ending.COMPLETE, status=0)
    cancelled = [archive(MINI, Ending.CANCELLED, status=one) for one in statuses]
    assert of_archives([done, *cancelled]).status == status


@pytest.mark.parametrize(
    ("doubtful", "unsupported"), [(False, False), (True, False), (False, True)]
)
def test_what_holds_for_one_archive_holds_for_several(doubtful: bool, unsupported: bool) -> None:
    odd = archive(MINI, Ending.COMPLETE, doubtful=doubtful, unsupported=unsupported)
    found = of_archives([archive(PACS, Ending.COMPLETE), odd])
    assert (found.doubtful, found.unsupported) == (doubtful, unsupported)


@pytest.mark.parametrize(
    ("failures", "failure"),
    [
        ([], ExitStatus.DONE),
        ([ExitStatus.DONE, ExitStatus.TIMED_OUT, ExitStatus.FAILED], ExitStatus.TIMED_OUT),
    ],
)
def test_the_first_failure_counts(failures: list[ExitStatus], failure: ExitStatus) -> None:
    archives = [archive(PACS, Ending.FAILED, failure=one) for one in failures]
    assert combined([one.outcome for one in archives]).failure is failure
    assert of_archives(archives).failure is failure


def test_an_archive_that_failed_tells_what_and_what_to_do() -> None:
    found = failure_of(DicomshError("refused", hint="ask again"), 7, 0.5)
    assert (found.ending, found.rows, found.seconds) == (Ending.FAILED, 7, 0.5)
    assert (found.detail, found.remedy, found.failure) == (
        "refused",
        "ask again",
        ExitStatus.FAILED,
    )
    assert failure_of(DicomshError("refused"), 0, 0.0).remedy == ""


def test_several_queries_to_several_archives_end_for_each_of_them() -> None:
    """For example the steps of `each`: what was asked is told if it was one query."""
    first = of_archives([archive(PACS, Ending.COMPLETE), archive(MINI, Ending.CUT_OFF)])
    second = of_archives([archive(PACS, Ending.LIMIT, doubtful=True)])
    third = of_archives([archive(PACS, Ending.COMPLETE, Level.SERIES)])
    found = combined([first, second, third]).archives
    assert [(one.name, one.level, one.outcome.ending, one.outcome.rows) for one in found] == [
        ("pacs", Level.STUDY, Ending.LIMIT, 6),
        ("mini", Level.STUDY, Ending.CUT_OFF, 3),
        ("pacs", Level.SERIES, Ending.COMPLETE, 3),
    ]
    assert [one.asked for one in found] == [None, MINI, PACS]
    assert [one.outcome.doubtful for one in found] == [True, False, False]


@pytest.mark.parametrize("doubtful", [False, True])
@pytest.mark.parametrize("ending", Ending)
def test_a_sound_answer_is_complete_and_not_in_doubt(ending: Ending, doubtful: bool) -> None:
    found = replace(outcome(ending), doubtful=doubtful)
    assert found.sound is (found.complete and not doubtful)


@pytest.mark.parametrize("ending", Ending)
def test_only_the_users_own_limit_is_no_loss(ending: Ending) -> None:
    assert outcome(ending).complete is (ending in (Ending.COMPLETE, Ending.LIMIT))


def test_the_key_of_a_column_is_its_path() -> None:
    sequence, inner = by_keyword("RequestAttributesSequence"), by_keyword("Modality")
    assert AttributeColumn(inner, "Modality").keyword == "Modality"
    assert AttributeColumn(inner, "", path=(sequence,)).keyword == (
        "RequestAttributesSequence.Modality"
    )


def test_records_at_once_are_one_batch_or_none() -> None:
    async def batches(records: list[Record]) -> list[list[Record]]:
        return [batch async for batch in at_once(records)]

    assert asyncio.run(batches([{"a": 1}, {"a": 2}])) == [[{"a": 1}, {"a": 2}]]
    assert asyncio.run(batches([])) == []


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "PACS@127.0.0.1:104"), ("::1", "PACS@[::1]:104"), ("pacs", "PACS@pacs:104")],
)
def test_the_address_of_a_modality(host: str, address: str) -> None:
    assert str(DicomAddress("PACS", host, 104)) == address


def test_queries_that_were_cancelled_together_tell_all_that_happened() -> None:
    how = ["C-CANCEL, 2 more rows received", "association aborted at once", ""]
    parts = [Outcome(Ending.CANCELLED, 1, 0.1, detail=detail) for detail in [*how, how[0]]]
    whole = combined([Outcome(Ending.COMPLETE, 5, 0.1), *parts])
    assert (whole.ending, whole.rows) == (Ending.CANCELLED, 9)
    assert whole.detail == "; ".join(how[:2])


def test_rows_are_not_gathered_without_end() -> None:
    class Endless:
        left = False

        async def __aiter__(self) -> AsyncIterator[list[Row]]:
            while True:
                yield [Row(b"", Source(Implicit()))] * 10_000

        async def aclose(self) -> None:
            self.left = True

    answer = Endless()
    with pytest.raises(DicomshError, match="rows for one query"):
        asyncio.run(all_rows(cast(Answer, answer)))
    assert answer.left


def test_rows_are_gathered_by_weight_and_of_many_only_the_bytes() -> None:
    batch = [Row(bytes(10_000), Source(Implicit()), dict.fromkeys(range(100), b""))] * 100
    gathered = Gathered()
    for _ in range(70):
        gathered.add(batch)
    with pytest.raises(DicomshError, match="rows for one query"):
        gathered.add(batch * 10)
    assert sum(len(row.data) for row in gathered.rows) <= 80_000_000
    assert gathered.rows[0] is batch[0]
    assert gathered.rows[-1] is not batch[0]
    gathered = Gathered()
    for _ in range(100):
        gathered.add(batch)
        gathered.keep_last(10)
    assert len(gathered.rows) == 10
    assert gathered.rows[-1] is batch[-1], "few are held, so they keep their indexes"


def test_rows_that_were_dropped_do_not_cost_later_ones_their_indexes() -> None:
    batch = [Row(bytes(10_000), Source(Implicit()), dict.fromkeys(range(100), b""))] * 100
    gathered = Gathered()
    for _ in range(3):
        gathered.add(batch)
    gathered.keep_last(100)
    for _ in range(2):
        gathered.add(batch)
    assert gathered.rows[-1] is batch[-1]


def test_rows_beyond_what_memory_should_hold_are_refused() -> None:
    gathered = Gathered()
    gathered.add([{}] * MOST_GATHERED)
    with pytest.raises(DicomshError) as caught:
        gathered.add([{}])
    assert caught.value.message == "more than 500,000 rows for one query"
    assert "'find' shows rows as they arrive" in (caught.value.hint or "")


def test_rows_of_few_bytes_count_with_what_they_take() -> None:
    tiny = [Row(bytes(20), Source(Implicit()))] * (MOST_GATHERED // 2)
    gathered = Gathered()
    gathered.add(tiny)
    with pytest.raises(DicomshError, match="rows for one query"):
        gathered.add(tiny)


def test_what_is_kept_beside_rows_counts() -> None:
    gathered = Gathered()
    gathered.beside = 71 << 20
    gathered.add([Row(bytes(20), Source(Implicit()))])
    gathered.beside = 73 << 20
    with pytest.raises(DicomshError, match="rows for one query"):
        gathered.add([{}])


def test_what_is_dropped_no_longer_counts() -> None:
    source = Source(Implicit())
    big = [Row(bytes(1 << 20), source) for _ in range(40)]
    gathered = Gathered()
    for _ in range(4):
        gathered.add(big)
        gathered.keep_last(2)
    assert len(gathered.rows) == 2
    with pytest.raises(DicomshError, match="more than"):
        gathered.add(big + big + big)


def test_equal_notes_are_counted_together() -> None:
    kept = note(NoteKind.WILDCARD_WIDENED, "a", count=2, of=5)
    other = note(NoteKind.WILDCARD_WIDENED, "b", count=1, of=1)
    assert summed([kept, other, kept]) == (replace(kept, count=4, of=10), other)


def test_what_is_read_of_kept_rows_is_not_held_beside_them() -> None:
    """The bytes of a value are those of the row once more."""
    source = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN])
    kept = [Row(element(0x00104000, b"x" * 1_000_000), source) for _ in range(20)]

    async def read() -> int:
        rows = KeptRows(kept, outcome(Ending.COMPLETE))
        return sum([len(row.elements) async for batch in rows for row in batch])

    count, cost = held(lambda: asyncio.run(read()))
    assert count == len(kept)
    assert cost.held < 8 << 20

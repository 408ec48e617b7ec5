"""Several queries as one answer: order, limit, dividing, and how it ends when some fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from dicomsh.archives.archive import Archive
from dicomsh.errors import (
    DicomshError,
    NoAssociationError,
    QueryFailedError,
    TimedOutError,
)
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.dedup import Dedup
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.row import Row
from dicomsh.query.context import QueryContext
from dicomsh.query.parallel import Parallel
from tests.model.rows import answer
from tests.query.scripted import ScriptAddress, in_context

Reply = Sequence[str] | tuple[Sequence[str], Ending] | Exception
"""The studies of a part, and how its answer ends; or the error it fails with."""


@dataclass(frozen=True)
class Part:
    """A part of the names of studies; divided, it is two parts with a letter more."""

    title: str
    optional: bool = False
    lone: bool = False
    divisible: bool = True

    @property
    def request(self) -> Request:
        return Request(Level.STUDY, Place((PlaceStep(Level.PATIENT, self.title),)), ())

    def divided(self, rows: list[Row]) -> list[Part]:
        del rows
        return [Part(self.title + letter) for letter in "ab"] if self.divisible else []


@dataclass
class Done:
    rows: list[str]
    outcome: Outcome
    asked: list[str]
    limits: set[int | None]
    headway: str


def taken(
    replies: dict[str, Reply] | Callable[[str], Reply],
    parts: Sequence[Part],
    limit: int | None = None,
    notes: tuple[Note, ...] = (),
    detail: str = "",
    **options: int,
) -> Done:
    asked: list[str] = []
    limits: set[int | None] = set()

    async def ask(archive: Archive, request: Request, most: int | None) -> Answer:
        del archive
        title = request.place.steps[0].key
        asked.append(title)
        limits.add(most)
        reply = replies(title) if callable(replies) else replies[title]
        if isinstance(reply, Exception):
            raise reply
        names, ending = reply if isinstance(reply, tuple) else (reply, Ending.COMPLETE)
        found = [answer(StudyInstanceUID=name) for name in names]
        return KnownAnswer(found, Outcome(ending, len(found), 0.0, notes=notes, detail=detail))

    async def work(context: QueryContext) -> Done:
        pool = context.archives.pool(Modality("scripted", ScriptAddress(lambda _: [])))
        once = Dedup(Level.STUDY, limit)
        union = Parallel(pool, ask, parts, once, limit=limit, **options)
        rows = [row.text(0x0020000D) or "" async for batch in union for row in batch]
        return Done(rows, union.outcome, asked, limits, union.headway)

    return in_context(work)


ABC = [Part(title) for title in "ABC"]


def test_the_parts_in_their_order_each_entity_once() -> None:
    done = taken({"A": ["2", "1"], "B": ["1", "3"], "C": ["4", "2"]}, ABC)
    assert done.rows == ["2", "1", "3", "4"]
    assert (done.outcome.ending, done.outcome.rows) == (Ending.COMPLETE, 4)
    assert done.outcome.notes == (note(NoteKind.DUPLICATES, count=2),)
    assert done.outcome.detail == ""
    assert done.headway == "3 queries, now C"
    assert 0 < done.outcome.seconds < 60
    assert done.limits == {None}


@pytest.mark.parametrize(
    ("limit", "rows", "ending"),
    [(2, 2, Ending.LIMIT), (3, 3, Ending.LIMIT), (4, 4, Ending.COMPLETE)],
)
def test_the_limit_is_that_of_all_parts(limit: int, rows: int, ending: Ending) -> None:
    done = taken({"A": ["1", "2"], "B": ["3"], "C": ["4"]}, ABC, limit)
    assert (len(done.rows), done.outcome.ending) == (rows, ending)
    assert done.limits == {limit + 1}, "one more shows that there are more"
    assert done.outcome.limit is None
    assert done.outcome.detail == ""


def test_a_part_that_reached_its_limit_ends_it() -> None:
    done = taken({"A": ["1"], "B": (["1", "1"], Ending.LIMIT), "C": ["3"]}, ABC, 5)
    assert (done.rows, done.outcome.ending) == (["1"], Ending.LIMIT)


def test_how_the_part_ended_that_reached_the_limit_is_not_said() -> None:
    """That it was cancelled says nothing of the answer as a whole."""
    done = taken({"A": (["1", "2", "3"], Ending.LIMIT)}, ABC[:1], 2, detail="C-CANCEL")
    assert (done.rows, done.outcome.ending) == (["1", "2"], Ending.LIMIT)
    assert done.outcome.detail == ""


def test_only_so_many_are_asked_ahead() -> None:
    """What the limit leaves out need not be asked for; three connections, twice as many queries."""
    parts = [Part(f"P{number:02}") for number in range(40)]
    done = taken(lambda title: [title[1:]], parts, 2)
    assert done.outcome.ending is Ending.LIMIT
    assert len(done.asked) < 12


def test_while_a_part_is_divided_no_others_are_begun() -> None:
    def reply(title: str) -> Reply:
        chain = title.startswith("A") and len(title) < 9
        return ([], Ending.CUT_OFF) if chain else [title]

    done = taken(reply, [Part("A"), *(Part(f"P{number}") for number in range(40))], 1)
    assert done.outcome.ending is Ending.LIMIT
    assert len([title for title in done.asked if title.startswith("P")]) <= 5


def test_what_is_cut_off_is_asked_for_in_smaller_parts_in_its_place() -> None:
    replies: dict[str, Reply] = {
        "A": ["0"],
        "B": (["3", "9"], Ending.CUT_OFF),
        "Ba": (["1"], Ending.CUT_OFF),
        "Baa": ["1"],
        "Bab": ["2"],
        "Bb": ["3"],
        "C": ["4"],
    }
    done = taken(replies, ABC)
    assert done.rows == ["0", "1", "2", "3", "4"], "9 is set aside: no smaller part has it"
    assert done.outcome.ending is Ending.COMPLETE
    assert NoteKind.DUPLICATES not in {one.kind for one in done.outcome.notes}


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "incomplete: P0"),
        (3, "incomplete: P0, P1, P2"),
        (4, "incomplete: P0, P1, P2 and 1 more"),
        (9, "incomplete: P0, P1, P2 and 6 more"),
    ],
)
def test_parts_that_cannot_be_divided_are_named(count: int, told: str) -> None:
    parts = [*(Part(f"P{n}", divisible=False) for n in range(count)), Part("Q")]
    done = taken(lambda title: ([title], Ending.CUT_OFF) if title != "Q" else ["Q"], parts)
    assert done.outcome.ending is Ending.CUT_OFF
    assert done.outcome.detail == told
    assert len(done.rows) == count + 1


@pytest.mark.parametrize(
    ("budget", "divided"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3)]
)
def test_no_more_is_divided_than_the_budget_allows(budget: int, divided: int) -> None:
    def reply(title: str) -> Reply:
        return ([title], Ending.CUT_OFF) if len(title) == 1 else [title]

    done = taken(reply, ABC, budget=budget)
    assert len(done.asked) == 3 + 2 * divided
    spent = [one for one in done.outcome.notes if one.kind is NoteKind.BUDGET_SPENT]
    assert spent == ([note(NoteKind.BUDGET_SPENT, count=budget)] if divided < 3 else [])
    assert done.outcome.ending is (Ending.CUT_OFF if divided < 3 else Ending.COMPLETE)


def test_a_server_that_never_returns_a_row_is_not_asked_for_ever() -> None:
    done = taken(lambda _: ([], Ending.CUT_OFF), [Part("A")], budget=10_000)
    assert max(map(len, done.asked)) == 65, "64 answers were divided"
    assert len(done.asked) == 1 + 2 * 64
    assert done.outcome.ending is Ending.CUT_OFF
    assert note(NoteKind.NOTHING_NEW, count=64) in done.outcome.notes


def test_nor_one_that_returns_the_same_rows_for_all_parts() -> None:
    done = taken(lambda _: (["1", "2"], Ending.CUT_OFF), [Part("A")], budget=10_000)
    assert max(map(len, done.asked)) == 66, "the first answer was new"
    assert len(done.asked) == 1 + 2 * 65
    assert done.outcome.ending is Ending.CUT_OFF
    assert done.rows == ["1", "2"]
    assert note(NoteKind.NOTHING_NEW, count=64) in done.outcome.notes


def test_a_server_that_returns_a_new_row_now_and_then_is_asked_on() -> None:
    """Dividing stops only where so many answers in succession were cut off without a new row."""

    def reply(title: str) -> Reply:
        if len(title) > 130:
            return [title[-1]]
        rows = [title] if len(title) % 65 == 0 else []
        return (rows, Ending.CUT_OFF) if title in "AC" or title.endswith("a") else []

    done = taken(reply, [Part("A"), Part("C")], budget=10_000)
    assert done.outcome.ending is Ending.COMPLETE
    assert max(map(len, done.asked)) == 131
    assert len(done.asked) == 2 * (1 + 2 * 130)


def test_a_part_without_an_answer_in_time_leaves_the_others() -> None:
    late = TimedOutError("no answer within 5 s")
    replies: dict[str, Reply] = {"A": ["1"], "B": late, "Ba": late, "Bb": ["2"], "C": ["3"]}
    replies |= {"Baa": ["4"], "Bab": ["5"]}
    done = taken(replies, ABC)
    assert done.rows == ["1", "4", "5", "2", "3"]
    assert done.outcome.ending is Ending.COMPLETE


def test_a_part_that_timed_out_and_cannot_be_divided_is_missing() -> None:
    parts = [Part("A"), Part("B", divisible=False), Part("C")]
    done = taken({"A": ["1"], "B": TimedOutError("no answer within 5 s"), "C": ["3"]}, parts)
    assert done.rows == ["1", "3"]
    assert (done.outcome.ending, done.outcome.detail) == (Ending.PARTIAL, "incomplete: B")


@pytest.mark.parametrize("silent", [True, False])
def test_a_server_that_is_silent_again_and_again_is_gone(silent: bool) -> None:
    def reply(title: str) -> Reply:
        number = int(title[1:])
        if number == 0 or (not silent and number % 3 == 0):
            return [title[1:]]
        return TimedOutError("no answer within 5 s")

    parts = [Part(f"P{number}", divisible=False) for number in range(60)]
    done = taken(reply, parts)
    if silent:
        assert done.outcome.ending is Ending.TIMED_OUT
        assert len(done.asked) < 40
        gone = "no answer within 5 s; not queried: P16 and everything after it"
        assert done.outcome.detail == gone, "after 16 parts"
    else:
        assert done.outcome.ending is Ending.PARTIAL
        assert len(done.asked) == 60


@pytest.mark.parametrize("silent", [15, 16])
def test_a_server_that_answers_in_the_end_is_not_gone(silent: int) -> None:
    def reply(title: str) -> Reply:
        return TimedOutError("no answer within 5 s") if int(title[1:]) < silent else [title]

    parts = [Part(f"P{number}", divisible=False) for number in range(17)]
    if silent == 16:
        with pytest.raises(TimedOutError):
            taken(reply, parts)
    else:
        done = taken(reply, parts)
        assert (done.rows, done.outcome.ending) == (["P15", "P16"], Ending.PARTIAL)


def test_parts_of_a_silent_server_are_divided_a_few_times_only() -> None:
    def reply(title: str) -> Reply:
        return ["1"] if title == "A" else TimedOutError("no answer within 5 s")

    done = taken(reply, ABC)
    assert max(map(len, done.asked)) == 9, "8 times"


@pytest.mark.parametrize("refused", [2, 15, 16, 40])
def test_a_part_that_is_refused_leaves_the_others_unless_all_are(refused: int) -> None:
    """A server may refuse one value of a list; one that refuses 16 in succession takes none."""

    def reply(title: str) -> Reply:
        number = int(title[1:])
        if 0 < number <= refused:
            return QueryFailedError("it failed", code=0xA900)
        return [title]

    parts = [Part(f"P{number}", lone=True) for number in range(refused + 2)]
    done = taken(reply, parts)
    if refused < 16:
        assert done.rows == ["P0", f"P{refused + 1}"]
        assert done.outcome.ending is Ending.PARTIAL
        assert done.outcome.detail.startswith("incomplete: P1, P2")
    else:
        assert done.rows == ["P0"]
        assert done.outcome.ending is Ending.CUT_OFF
        assert done.outcome.detail == "it failed; not queried: P16 and everything after it"


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (NoAssociationError("the association was lost"), Ending.LOST),
        (QueryFailedError("it failed", code=0xC000), Ending.CUT_OFF),
    ],
)
def test_what_came_before_an_error_is_kept(error: DicomshError, ending: Ending) -> None:
    done = taken({"A": ["1"], "B": error, "C": ["3"]}, ABC)
    assert (done.rows, done.outcome.ending) == (["1"], ending)
    assert done.outcome.detail == f"{error.message}; not queried: B and everything after it"


def test_an_error_before_any_row_is_an_error() -> None:
    with pytest.raises(NoAssociationError):
        taken({"A": NoAssociationError("refused"), "B": [], "C": []}, ABC)


@pytest.mark.parametrize("optional", [True, False])
def test_a_server_may_refuse_what_is_optional(optional: bool) -> None:
    parts = [Part("A"), Part("B", optional=optional)]
    done = taken({"A": ["1"], "B": QueryFailedError("it failed", code=0xA900)}, parts)
    assert done.outcome.ending is (Ending.COMPLETE if optional else Ending.CUT_OFF)


@pytest.mark.parametrize(("kinds", "more"), [(1, 0), (3, 0), (4, 1), (6, 3)])
def test_of_many_notes_only_some_are_said(kinds: int, more: int) -> None:
    notes = tuple(note(NoteKind.NO_MATCH, f"K{number}", count=1) for number in range(kinds))
    done = taken({"A": ["1"], "B": ["2"], "C": ["3"]}, ABC, notes=notes)
    named = [one for one in done.outcome.notes if one.kind is NoteKind.NO_MATCH]
    assert [one.count for one in named] == [3] * min(kinds, 3)
    rest = [one.count for one in done.outcome.notes if one.kind is NoteKind.MORE]
    assert rest == ([more] if more else [])


def test_left_early_it_is_cancelled() -> None:
    async def work(context: QueryContext) -> Outcome:
        async def ask(archive: Archive, request: Request, most: int | None) -> Answer:
            del archive, most
            uid = request.place.steps[0].key
            return KnownAnswer([answer(StudyInstanceUID=uid)], Outcome(Ending.COMPLETE, 1, 0.0))

        pool = context.archives.pool(Modality("scripted", ScriptAddress(lambda _: [])))
        union = Parallel(pool, ask, ABC, Dedup(Level.STUDY, None))
        found = union.found()
        async for _ in found:
            break
        await found.aclose()
        return union.outcome

    outcome = in_context(work)
    assert (outcome.ending, outcome.rows) == (Ending.CANCELLED, 1)
    assert outcome.detail == "not queried: A and everything after it"

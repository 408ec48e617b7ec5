"""Everything below a place: in which order it comes, what is asked, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.query.context import QueryContext
from dicomsh.query.hierarchy import Branch, Hierarchy
from tests.model.rows import answer
from tests.query.scripted import Reply, ScriptAddress, in_context

AT_A = Place((PlaceStep(Level.PATIENT, "A"),))
PATIENT, STUDY, SERIES, INSTANCE = HIERARCHY


def key_of(query: Query, keyword: str) -> str:
    return next(key.value for key in query.keys if key.keyword == keyword)


def archive(query: Query) -> list[Row]:
    """Two patients, two studies each, two series each, two instances each; out of order."""
    match query.level:
        case Level.PATIENT:
            return [answer(PatientID=key) for key in "BA"]
        case Level.STUDY:
            patient = key_of(query, "PatientID")
            days = (("1", "20240305"), ("2", "20230101"))
            return [
                answer(StudyInstanceUID=f"{patient}.{n}", StudyDate=day, PatientID=patient)
                for n, day in days
            ]
        case Level.SERIES:
            study = key_of(query, "StudyInstanceUID")
            return [
                answer(SeriesInstanceUID=f"{study}.{n}", SeriesNumber=n, StudyInstanceUID=study)
                for n in ("10", "9")
            ]
    series = key_of(query, "SeriesInstanceUID")
    return [answer(SOPInstanceUID=f"{series}.{n}", InstanceNumber=n) for n in ("+2", "1")]


def met(
    top: Place,
    depth: int,
    reply: Reply = archive,
    more: Mapping[Level, tuple[str, ...]] | None = None,
    taken: int | None = None,
) -> tuple[list[Branch], Outcome, list[Query], list[tuple[Level, int]]]:
    """Entities met, how it ended, the queries, and the level and number of rows of each answer."""
    address = ScriptAddress(reply)
    received: list[tuple[Level, int]] = []

    def receive(rows: list[Row], level: Level, place: Place) -> None:
        del place
        received.append((level, len(rows)))

    async def work(context: QueryContext) -> tuple[list[Branch], Outcome]:
        tree = Hierarchy(
            context,
            Modality("scripted", address),
            top,
            depth,
            receive,
            more=more or {},
        )
        found = []
        branches = tree.branches()
        async for branch in branches:
            found.append(branch)
            if len(found) == taken:
                break
        await branches.aclose()
        return found, tree.outcome

    found, outcome = in_context(work)
    return found, outcome, [query for query, _ in address.asked], received


def keys(branches: list[Branch]) -> list[str]:
    return [branch.place.steps[-1].key for branch in branches]


def test_depth_first_in_the_order_of_dates_and_numbers() -> None:
    found, outcome, queries, received = met(AT_A, 3)
    assert keys(found) == [
        *("A.2", "A.2.9", "A.2.9.1", "A.2.9.+2", "A.2.10", "A.2.10.1", "A.2.10.+2"),
        *("A.1", "A.1.9", "A.1.9.1", "A.1.9.+2", "A.1.10", "A.1.10.1", "A.1.10.+2"),
    ]
    assert (outcome.ending, outcome.rows) == (Ending.COMPLETE, 14)
    assert len(queries) == len(received) == 1 + 2 + 4
    assert set(received) == {(STUDY, 2), (SERIES, 2), (INSTANCE, 2)}


@pytest.mark.parametrize(
    ("top", "depth", "levels"),
    [
        (Place(), 1, [PATIENT]),
        (Place(), 2, [PATIENT, STUDY, STUDY]),
        (AT_A, 1, [STUDY]),
        (AT_A.down(PlaceStep(STUDY, "A.1")).down(PlaceStep(SERIES, "A.1.9")), 4, [INSTANCE]),
    ],
)
def test_no_deeper_than_asked(top: Place, depth: int, levels: list[Level]) -> None:
    found, _, queries, _ = met(top, depth)
    assert [query.level for query in queries] == levels
    assert {branch.level for branch in found} == set(levels)


def test_the_last_of_its_siblings() -> None:
    found, *_ = met(AT_A, 2)
    assert [(branch.place.steps[-1].key, branch.last) for branch in found] == [
        ("A.2", (False,)),
        ("A.2.9", (False, False)),
        ("A.2.10", (False, True)),
        ("A.1", (True,)),
        ("A.1.9", (True, False)),
        ("A.1.10", (True, True)),
    ]


def test_more_is_requested_where_it_is_wanted() -> None:
    _, _, queries, _ = met(AT_A, 2, more={SERIES: ("ProtocolName",)})
    wanted = {
        query.level for query in queries for key in query.keys if key.keyword == "ProtocolName"
    }
    assert wanted == {SERIES}


def test_an_only_child_is_gone_below_as_well() -> None:
    found, outcome, *_ = met(AT_A, 3, lambda query: archive(query)[:1])
    assert keys(found) == ["A.1", "A.1.10", "A.1.10.+2"]
    assert 0 < outcome.seconds < 60


def test_left_early_it_is_cancelled() -> None:
    found, outcome, *_ = met(AT_A, 3, taken=2)
    assert (len(found), outcome.ending, outcome.rows) == (2, Ending.CANCELLED, 2)


def test_what_has_no_key_is_counted_and_makes_it_incomplete() -> None:
    def reply(query: Query) -> list[Row]:
        rows = archive(query)
        return [*rows, answer(StudyDate="20240101")] if query.level is Level.STUDY else rows

    found, outcome, *_ = met(Place(), 2, reply)
    assert keys(found) == ["A", "A.2", "A.1", "B", "B.2", "B.1"]
    assert outcome.ending is Ending.PARTIAL
    assert outcome.notes[0] == note(NoteKind.UNNAMED_ENTITIES, count=2)


def test_what_is_cut_off_somewhere_is_cut_off() -> None:
    def reply(query: Query) -> list[Row] | tuple[list[Row], Outcome]:
        rows = archive(query)
        if query.level is Level.SERIES and key_of(query, "StudyInstanceUID") == "A.1":
            return rows[:1], Outcome(Ending.CUT_OFF, 1, 0.0)
        return [*rows, answer()] if query.level is Level.STUDY else rows

    found, outcome, *_ = met(AT_A, 2, reply)
    assert keys(found) == ["A.2", "A.2.9", "A.2.10", "A.1", "A.1.10"]
    assert outcome.ending is Ending.CUT_OFF


@pytest.mark.parametrize("number", ["", "x", "1-2", "+", "٣"])
def test_a_number_that_is_none_comes_first(number: str) -> None:
    def reply(_: Query) -> list[Row]:
        return [
            answer(SeriesInstanceUID="1.1", SeriesNumber="3"),
            answer(SeriesInstanceUID="1.2", SeriesNumber=number),
        ]

    found, *_ = met(AT_A.down(PlaceStep(STUDY, "1")), 1, reply)
    assert keys(found) == ["1.2", "1.1"]

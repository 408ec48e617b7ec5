"""What a split query asks, and what it says: the archive holds a few studies and cuts off."""

from __future__ import annotations

from typing import Any

import pytest

from dicomsh.errors import UsageError
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.capability import Capabilities, Support
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.model.row_matching import test_of as matcher_of
from dicomsh.model.windows import FIRST_DAY, Period
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext
from dicomsh.query.split import split_answer
from tests.model.rows import answer
from tests.model.test_plan import request
from tests.query.scripted import Asked, Reply, ScriptAddress, asked, in_context

UID = by_keyword("StudyInstanceUID").tag
STUDIES = request(Level.STUDY)
AT_A = Place((PlaceStep(Level.PATIENT, "A"),))


def study(number: int, day: str, patient: str = "A", time: str = "120000") -> Row:
    return answer(StudyInstanceUID=f"1.{number}", StudyDate=day, StudyTime=time, PatientID=patient)


DATED = [study(n, day) for n, day in enumerate(("20190101", "20230601", "20230602", "20240305"))]
UNDATED = study(9, "", "B")


def holding(
    *rows: Row, cut: int | None = None, silent: bool = False, counts: dict[str, int] | None = None
) -> Reply:
    """A server with these studies that returns `cut` of them at most, and matches no `""`."""

    def reply(query: Query) -> list[Row] | tuple[list[Row], Outcome]:
        if query.level is Level.PATIENT:
            return [
                answer(PatientID=key, NumberOfPatientRelatedStudies=str(number))
                for key, number in (counts or {}).items()
            ]
        keys = [key for key in query.keys if key.value]
        if any(key.value == '""' for key in keys):
            return []
        tests = [matcher_of(key) for key in keys]
        found = [row for row in rows if all(test(row) for test in tests)]
        if cut is None or len(found) < cut + (not silent):
            return found
        return found[:cut], Outcome(Ending.COMPLETE if silent else Ending.CUT_OFF, 0, 0.0)

    return reply


def split(
    reply: Reply,
    wanted: Request = STUDIES,
    period: Period | None = Period.AUTO,
    limit: int | None = None,
    **settings: Any,
) -> Asked:
    options = QueryOptions(split=period, limit=limit)
    return asked(wanted, reply, options, way=split_answer, **settings)


def dates(done: Asked) -> list[str]:
    """The value of StudyDate in each query for studies."""
    queries = [query for query, _ in done.queries if query.level is Level.STUDY]
    return [
        next((key.value for key in query.keys if key.keyword == "StudyDate"), "")
        for query in queries
    ]


def numbers(done: Asked) -> list[str]:
    return [(text or "").removeprefix("1.") for text in done.texts(UID)]


def test_what_is_not_cut_off_is_one_query() -> None:
    done = split(holding(*DATED, UNDATED))
    assert dates(done) == [""]
    assert len(done.rows) == 5
    assert NoteKind.QUERIES not in done.kinds
    assert done.listing.headway() == ""


@pytest.mark.parametrize("silent", [False, True])
def test_what_is_cut_off_is_asked_for_in_parts_up_to_tomorrow(silent: bool) -> None:
    capabilities = Capabilities(cap=2) if silent else Capabilities()
    done = split(holding(*DATED, cut=2, silent=silent), capabilities=capabilities)
    assert numbers(done) == ["0", "1", "2", "3"], "in the order of their dates"
    asked_for = dates(done)
    assert asked_for[0] == ""
    assert {"-20181231", "20240307-"} <= set(asked_for)
    assert any(value.endswith("-20240306") for value in asked_for)
    (queries,) = (one for one in done.outcome.notes if one.kind is NoteKind.QUERIES)
    assert queries.count == len(done.queries)
    assert " queries, now " in done.listing.headway()


@pytest.mark.parametrize(
    ("period", "window"),
    [
        (Period.DAY, "20240304"),
        (Period.WEEK, "20240226-20240303"),
        (Period.MONTH, "20240201-20240229"),
    ],
)
def test_a_period_that_was_typed_is_the_window(period: Period, window: str) -> None:
    done = split(holding(*DATED[1:]), request(Level.STUDY, Place(), "date=2024-01.."), period)
    assert window in dates(done)
    assert numbers(done) == ["3"]
    assert "" not in dates(done), "there is no query for the whole"


@pytest.mark.parametrize("year", [FIRST_DAY.year, 1999, 2000, 2018, 2022, 2023, 2024])
@pytest.mark.parametrize("day", ["0101", "1231"])
def test_periods_begin_in_the_year_of_the_oldest_study(year: int, day: str) -> None:
    rows = [study(0, f"{min(year, 2023)}{day}"), study(1, "20240101")]

    def reply(query: Query) -> list[Row]:
        open_start = any(key.value.startswith("-") for key in query.keys)
        # to some servers a study without a date is older than any
        return [*([UNDATED] if open_start else []), *holding(*rows)(query)]

    done = split(reply, period=Period.MONTH)
    windows = [value for value in dates(done) if value.endswith("0131") and "-" in value]
    assert windows[0] == f"{min(year, 2023)}0101-{min(year, 2023)}0131"
    assert {"0", "1", "9"} == set(numbers(done))


@pytest.mark.parametrize(
    ("wanted", "queries"), [("date=2024-02", []), ("date=2024-01..2024-02", [2])]
)
def test_how_many_queries_it_took_is_said(wanted: str, queries: list[int]) -> None:
    done = split(holding(*DATED), request(Level.STUDY, Place(), wanted), Period.MONTH)
    assert [one.count for one in done.outcome.notes if one.kind is NoteKind.QUERIES] == queries


@pytest.mark.parametrize("cut", [None, 10_005])
def test_many_rows_are_not_held_until_the_end(cut: int | None) -> None:
    """They are passed on, and not again if the answer turns out to be cut off."""
    rows = [study(n, f"2024{n % 12 + 1:02}01") for n in range(10_010)]
    done = split(holding(*rows, cut=cut))
    assert len(done.rows) == 10_010
    assert len(set(done.texts(UID))) == 10_010


def test_the_model_that_was_set_is_that_of_every_window() -> None:
    options = QueryOptions(split=Period.AUTO, model=Model.STUDY_ROOT)
    done = asked(request(Level.STUDY, AT_A), holding(*DATED, cut=2), options, way=split_answer)
    assert len(done.rows) == 4
    studies = [query for query, _ in done.queries if query.level is Level.STUDY]
    assert {query.model for query in studies} == {Model.STUDY_ROOT}


@pytest.mark.parametrize(
    ("limit", "rows", "ending"),
    [
        (None, 4, Ending.COMPLETE),
        (4, 4, Ending.COMPLETE),
        (3, 3, Ending.LIMIT),
        (1, 1, Ending.LIMIT),
    ],
)
def test_the_limit_is_that_of_all_windows(limit: int | None, rows: int, ending: Ending) -> None:
    wanted = request(Level.STUDY, Place(), "date=2019..2024-03-05")
    done = split(holding(*DATED, cut=1), wanted, limit=limit)
    assert (len(done.rows), done.outcome.ending) == (rows, ending)


def test_each_window_is_asked_for_one_row_more_than_the_limit() -> None:
    wanted = request(Level.STUDY, Place(), "date=2019..2024-03-05")
    done = split(holding(*DATED, cut=1), wanted, limit=3)
    assert done.queries[0][1] == 3
    assert {bound for _, bound in done.queries[1:]} == {4}


@pytest.mark.parametrize(
    ("counts", "found", "ending", "kind"),
    [
        ({"A": 4, "B": 1}, ["9"], Ending.COMPLETE, NoteKind.NONE_MISSING),
        ({"A": 4, "B": 2}, ["9"], Ending.PARTIAL, NoteKind.UNDATED_MISSING),
        ({"A": 4}, [], Ending.COMPLETE, NoteKind.NONE_MISSING),
        ({"A": 5}, [], Ending.PARTIAL, NoteKind.UNDATED_MISSING),
        ({}, [], Ending.COMPLETE, NoteKind.NONE_MISSING),
    ],
)
def test_studies_without_a_date_are_found_by_the_counts_of_their_patients(
    counts: dict[str, int], found: list[str], ending: Ending, kind: NoteKind
) -> None:
    done = split(holding(*DATED, UNDATED, cut=2, counts=counts))
    assert numbers(done) == ["0", "1", "2", "3", *found]
    assert done.outcome.ending is ending
    assert kind in done.kinds


def test_patients_are_counted_in_their_own_model_whatever_was_set() -> None:
    options = QueryOptions(split=Period.AUTO, model=Model.STUDY_ROOT)
    reply = holding(*DATED, UNDATED, cut=2, counts={"A": 4, "B": 1})
    done = asked(STUDIES, reply, options, way=split_answer)
    models = {query.model for query, _ in done.queries if query.level is Level.PATIENT}
    assert models == {Model.PATIENT_ROOT}
    assert numbers(done)[-1] == "9"


@pytest.mark.parametrize(
    ("empties", "complete", "census"),
    [(False, True, True), (True, True, False), (False, False, False)],
)
def test_patients_are_counted_only_if_studies_may_be_missing(
    empties: bool, complete: bool, census: bool
) -> None:
    """Not if the server matches empty dates, nor if the answer is incomplete anyway."""

    def reply(query: Query) -> list[Row] | tuple[list[Row], Outcome]:
        date = next((key.value for key in query.keys if key.keyword == "StudyDate"), "")
        if empties and date == '""':
            return [UNDATED]
        if not complete and date.startswith("2019"):
            return [], Outcome(Ending.LOST, 0, 0.0)
        return holding(*DATED, UNDATED, cut=2, counts={"A": 4, "B": 1})(query)

    done = split(reply)
    assert (Level.PATIENT in {query.level for query, _ in done.queries}) is census
    assert (done.outcome.ending is Ending.COMPLETE) is complete


@pytest.mark.parametrize(("queries", "told"), [(2, [2]), (40, [])])
def test_the_number_of_queries_may_be_bounded(queries: int, told: list[int]) -> None:
    options = QueryOptions(split=Period.AUTO, queries=queries)
    done = asked(STUDIES, holding(*DATED, cut=1), options, way=split_answer)
    spent = [one.count for one in done.outcome.notes if one.kind is NoteKind.BUDGET_SPENT]
    assert spent == told


@pytest.mark.parametrize("cut", [None, 2])
def test_left_early_it_leaves_the_query_under_way(cut: int | None) -> None:
    held = 10_010 if cut is None else 8  # rows that came before the first one is shown
    rows = [study(n, f"2024{n % 12 + 1:02}01") for n in range(held)]
    address = ScriptAddress(holding(*rows, cut=cut))

    async def work(context: QueryContext) -> Outcome:
        options = QueryOptions(split=Period.AUTO)
        listing = await ask(context, Modality("scripted", address), STUDIES, options, split_answer)
        async for _ in listing.answer:
            break
        await listing.answer.aclose()
        return listing.answer.outcome

    outcome = in_context(work)
    assert outcome.ending is Ending.CANCELLED
    if cut is None:
        assert address.left == [address.asked[-1][0]]


WITHOUT_DATE = request(Level.STUDY, Place(), "acc=A", 'date=""')
DATETIME = {"extended": frozenset({Extension.DATETIME})}


def supporting(support: Support) -> dict[str, Any]:
    return {"capabilities": Capabilities(matching={"StudyDate": support})}


@pytest.mark.parametrize(
    ("wanted", "settings", "message", "hint"),
    [
        (request(Level.PATIENT), {}, "StudyDate, which a query for patients", "find study"),
        (STUDIES, supporting(Support.IGNORED), "which this server lacks", ""),
        (STUDIES, supporting(Support.FINDS_NOTHING), "which this server lacks", ""),
        (STUDIES, supporting(Support.REFUSED), "which this server lacks", ""),
        (request(Level.STUDY, Place(), "time=10..11"), DATETIME, "--datetime", ""),
        (
            *(STUDIES, {"models": [Model.PATIENT_ROOT]}),
            *("needs Study Root across patients", "cd PatientID"),
        ),
        (WITHOUT_DATE, {}, "studies without a StudyDate", "leave out --split"),
        (request(Level.STUDY, Place(), 'time=""'), {}, "studies without a StudyTime", "leave out"),
        (request(Level.STUDY, Place(), "date=20240101,20240301"), {}, "StudyDate", "each by itse"),
    ],
)
def test_what_cannot_be_split(
    wanted: Request, settings: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        split(holding(*DATED), wanted, **settings)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("wanted", "settings"),
    [
        (STUDIES, DATETIME),
        (request(Level.STUDY, Place(), "date=2024"), DATETIME),
        (request(Level.STUDY, Place(), "time=10..13"), {}),
        (request(Level.STUDY, AT_A), {"models": [Model.PATIENT_ROOT]}),
        (STUDIES, supporting(Support.WORKS)),
    ],
)
def test_what_can_be_split(wanted: Request, settings: dict[str, Any]) -> None:
    assert "3" in numbers(split(holding(*DATED), wanted, **settings))

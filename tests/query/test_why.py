"""Which key left an answer empty or short: what is asked for that, and what is found out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.asked_query import AskedQuery, QueryOptions
from dicomsh.model.extended_negotiation import Extension, Extensions
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.row_matching import test_of as matcher_of
from dicomsh.query.context import QueryContext
from dicomsh.query.why import POOL, Finding, Kind, Search
from tests.model.rows import answer
from tests.model.test_plan import request
from tests.query.scripted import Reply, ScriptAddress, in_context

AT_A = Place((PlaceStep(Level.PATIENT, "A"),))
HELD = [
    {"PatientID": patient, "StudyInstanceUID": f"1.{number}"} | rest
    for number, (patient, rest) in enumerate(
        [
            ("A", {"StudyDescription": "HEAD", "AccessionNumber": "1"}),
            ("A", {"StudyDescription": "Thorax", "AccessionNumber": "2"}),
            ("B", {"StudyDescription": "Thorax", "AccessionNumber": "3"}),
        ]
    )
]


def exact(query: Query) -> list[Row]:
    """A server that matches text with its case."""
    keys = [matcher_of(key) for key in query.keys if key.value]
    rows = (answer(**{"StudyDate": "20240305"} | one) for one in HELD)
    return [row for row in rows if all(fits(row) is not False for fits in keys)]


def finding_nothing_by(keyword: str) -> Reply:
    """A server that finds nothing by a key, although there is something."""

    def reply(query: Query) -> list[Row]:
        typed = any(key.keyword == keyword and key.value for key in query.keys)
        return [] if typed else exact(query)

    return reply


def searched(
    wanted: Request,
    reply: Reply = exact,
    had: Callable[[Query], list[Row]] | None = None,
    options: QueryOptions | None = None,
) -> tuple[list[Finding], ScriptAddress, Search]:
    """What is found out about an empty answer, or about one that had these rows."""
    address = ScriptAddress(reply, models=tuple(Model))
    modality = Modality("scripted", address)
    rows = had(Query(Model.STUDY_ROOT.find, Level.STUDY, ())) if had else []

    async def work(context: QueryContext) -> tuple[list[Finding], ScriptAddress, Search]:
        asked = AskedQuery(modality, wanted, options or QueryOptions())
        search = Search(context, asked, len(rows), rows)
        return [one async for one in search.findings()], address, search

    return in_context(work)


def told(found: list[Finding]) -> list[tuple[Kind, str, int, bool, int]]:
    """Kind, key, rows, whether there may be more, and how many should have been found."""
    return [
        (one.kind, one.key.keyword if one.key else "", len(one.rows), one.more, one.unfound)
        for one in found
    ]


@pytest.mark.parametrize(
    ("keys", "place", "reply", "wanted"),
    [
        (
            ("desc=HEAD", "acc=2"),
            Place(),
            exact,
            [
                (Kind.WITHOUT_KEY, "StudyDescription", 1, False, 0),
                (Kind.WITHOUT_KEY, "AccessionNumber", 1, False, 0),
            ],
        ),
        # the server should have found one
        (
            ("desc=HEAD", "acc=1"),
            Place(),
            finding_nothing_by("StudyDescription"),
            [(Kind.WITHOUT_KEY, "StudyDescription", 1, False, 1)],
        ),
        (
            ("desc=HEAD",),
            Place(),
            finding_nothing_by("StudyDescription"),
            [(Kind.ALL_TOGETHER, "", 3, False, 1)],
        ),
        (
            ("acc=3",),
            AT_A,
            exact,
            [
                (Kind.WITHOUT_KEY, "AccessionNumber", 2, False, 0),
                (Kind.WITHOUT_PLACE, "", 1, False, 0),
            ],
        ),
        (("acc=9",), Place(), exact, [(Kind.KEY_MATCHES_NONE, "AccessionNumber", 3, False, 0)]),
        # nowhere, with no key nor place: that is how many there are
        (
            ("acc=9", "desc=HEAD", "id=B"),
            Place(),
            exact,
            [(Kind.KEY_MATCHES_NONE, "AccessionNumber", 3, False, 0)],
        ),
        (
            ("acc=1", "desc=Thorax", "id=B"),
            Place(),
            exact,
            [(Kind.WITHOUT_KEY, "AccessionNumber", 1, False, 0)],
        ),
        (("acc=1",), Place(), lambda _: [], [(Kind.NOTHING_THERE, "", 0, False, 0)]),
    ],
)
def test_why_an_answer_is_empty(
    keys: tuple[str, ...],
    place: Place,
    reply: Reply,
    wanted: list[tuple[Kind, str, int, bool, int]],
) -> None:
    found, _, search = searched(request(Level.STUDY, place, *keys), reply)
    assert told(found) == wanted
    assert all(outcome.ending is Ending.COMPLETE for outcome in search.outcomes)


def test_what_is_there_is_looked_for_in_the_whole_archive() -> None:
    """Without a key and outside the place there is nothing either: then without all of them."""

    def reply(query: Query) -> list[Row]:
        return [] if any(key.value for key in query.keys) else exact(query)

    wanted = request(Level.STUDY, AT_A, "acc=1", "desc=HEAD")
    (found,), address, _ = searched(wanted, reply)
    assert (found.kind, len(found.rows), found.unfound) == (Kind.ALL_TOGETHER, 3, 1)
    assert found.request.place == Place()
    assert [key.keyword for key in found.request.keys] == ["AccessionNumber", "StudyDescription"]
    # one key at a time, then the place, then everything
    sent = [{key.keyword for key in query.keys if key.value} for query, _ in address.asked]
    assert sent == [
        {"PatientID", "StudyDescription"},
        {"PatientID", "AccessionNumber"},
        {"AccessionNumber", "StudyDescription"},
        set(),
    ]
    assert {limit for _, limit in address.asked} == {POOL}


def test_nothing_at_all_is_told_with_what_was_asked() -> None:
    (found,), _, _ = searched(request(Level.STUDY, AT_A, "acc=1"), lambda _: [])
    assert found.kind is Kind.NOTHING_THERE
    assert (found.request.place, found.request.level) == (Place(), Level.STUDY)


def test_a_short_answer_has_more_without_a_key_and_may_contradict_one() -> None:
    wanted = request(Level.STUDY, Place(), "desc=HEAD", "date=2024")
    found, address, _ = searched(wanted, exact, had=lambda query: exact(query)[:2])
    assert told(found) == [
        (Kind.KEY_IGNORED, "StudyDescription", 1, False, 0),
        (Kind.WITHOUT_KEY, "StudyDescription", 3, False, 0),
    ]
    assert len(address.asked) == 2


def test_a_window_of_dates_is_no_key() -> None:
    window = QueryKey(
        (by_keyword("StudyDate"),), "20010101-20010131", Matching.RANGE, KeyOrigin.WINDOW
    )
    asked = request(Level.STUDY, Place(), "acc=1", "+desc")
    found, address, _ = searched(
        replace(asked, keys=(*asked.keys, window)), exact, had=lambda query: exact(query)[:1]
    )
    assert "StudyDate" not in [one.key.keyword for one in found if one.key]
    assert len(address.asked) == 1


def test_a_pool_that_is_not_whole_may_have_more() -> None:
    def reply(query: Query) -> tuple[list[Row], Outcome]:
        return exact(query), Outcome(Ending.CUT_OFF, 0, 0.0)

    found, *_ = searched(request(Level.STUDY, Place(), "acc=1", "desc=Thorax"), reply)
    assert [one.more for one in found] == [True, True]


def test_it_is_asked_as_the_query_was() -> None:
    extended: Extensions = frozenset({Extension.FUZZY})
    options = QueryOptions(model=Model.PATIENT_ROOT, extended=extended)
    _, address, _ = searched(request(Level.STUDY, AT_A, "acc=9"), options=options)
    assert {query.model for query, _ in address.asked} == {Model.PATIENT_ROOT}
    assert {one.extended for one in address.opened} == {extended}


def test_the_keys_that_empty_a_worklist_most_often_come_first() -> None:
    def reply(query: Query) -> list[Row]:
        matched = sum(bool(key.value) for key in query.keys)
        return [answer(PatientID="A")] if matched < 4 else []

    keys = ("id=A", "mod=CT", "date=2024-03-05", "station=CT1")
    found, *_ = searched(request(Level.WORKLIST, Place(), *keys), reply)
    assert [one.key.attribute.keyword for one in found if one.key] == [
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "Modality",
        "PatientID",
    ]

"""Level by level: which queries that takes, what each is asked, and how it ends."""

from __future__ import annotations

import pytest

from dicomsh.errors import QueryFailedError
from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.model.row_matching import test_of as matcher_of
from dicomsh.model.status import IDENTIFIER_MISMATCH
from dicomsh.query.ask import answer_from, ask
from dicomsh.query.context import QueryContext
from dicomsh.query.descent import Descent, OrDescended
from tests.model.rows import answer
from tests.model.test_plan import request
from tests.query.scripted import Asked, Reply, ScriptAddress, asked, in_context

PATIENT, STUDY, SERIES, INSTANCE = HIERARCHY
AT_P1 = Place((PlaceStep(PATIENT, "P1"),))


def held() -> list[dict[str, str]]:
    """Two patients, two studies each, of two series each, of one instance each."""
    return [
        {
            "PatientID": patient,
            "StudyInstanceUID": (study := f"1.{patient[1]}.{one}"),
            "StudyDate": f"200{one}0101",
            "SeriesInstanceUID": f"{study}.{modality}",
            "Modality": ("CT", "MR")[modality],
            "SOPInstanceUID": f"{study}.{modality}.7",
            "InstanceNumber": "7",
        }
        for patient in ("P1", "P2")
        for one in (1, 2)
        for modality in (0, 1)
    ]


def refused(code: int = IDENTIFIER_MISMATCH) -> QueryFailedError:
    return QueryFailedError("refused", code=code)


def rows_for(query: Query) -> list[Row]:
    """The rows of a server that answers one level at a time."""
    level = query.level
    assert level is not None
    values = {key.keyword: key.value for key in query.keys if key.value}
    if any(one is not PATIENT and one.unique_keyword not in values for one in level.ancestors):
        raise refused()
    own = {entity[level.unique_keyword]: entity for entity in held()}
    # with attributes of its own level and those above alone
    below = {one.unique_keyword for one in HIERARCHY if one.value > level.value}
    rows = [
        answer(**{word: text for word, text in entity.items() if word not in below})
        for entity in own.values()
    ]
    tests = [matcher_of(key) for key in query.keys if key.value]
    return [row for row in rows if all(fits(row) is not False for fits in tests)]


def sent(done: Asked) -> list[tuple[Level | None, dict[str, str], int | None]]:
    """Level, values and limit of each query but the refused one."""
    return [
        (query.level, {key.keyword: key.value for key in query.keys if key.value}, limit)
        for query, limit in done.queries[1:]
    ]


def test_a_key_is_asked_where_it_belongs() -> None:
    wanted = request(INSTANCE, Place(), "id=P1", "StudyDate=2001", "mod=CT", "number=7")
    done = asked(wanted, rows_for)
    assert done.texts(by_keyword("SOPInstanceUID").tag) == ["1.1.1.0.7"]
    patient = {"PatientID": "P1"}
    study = patient | {"StudyInstanceUID": "1.1.1"}
    assert sent(done) == [
        (STUDY, patient | {"StudyDate": "20010101-20011231"}, None),
        (SERIES, study | {"Modality": "CT"}, None),
        (INSTANCE, study | {"SeriesInstanceUID": "1.1.1.0", "InstanceNumber": "7"}, None),
    ]
    assert done.outcome.ending is Ending.COMPLETE
    assert done.outcome.unasked == {"PatientID", "StudyDate", "Modality"}
    how = "study by study and series by series"
    assert done.outcome.notes[0] == note(NoteKind.DESCENDED, how, count=3)


LIST = ("series=1.1.1.0,1.1.2.0",)


@pytest.mark.parametrize(
    ("level", "keys", "of", "values"),
    [
        # a single UID is asked at its own level and at all below
        (SERIES, ("series=1.1.1.0",), SERIES, {"SeriesInstanceUID": "1.1.1.0"}),
        (INSTANCE, ("series=1.1.1.0",), INSTANCE, {"SeriesInstanceUID": "1.1.1.0"}),
        # a list of them, as any other key, where it is first listed
        (INSTANCE, LIST, SERIES, {"SeriesInstanceUID": r"1.1.1.0\1.1.2.0"}),
        (INSTANCE, LIST, STUDY, {}),
        # one of a level below is asked at the lowest
        (SERIES, ("StudyDate=2001", "InstanceNumber=7"), SERIES, {"InstanceNumber": "7"}),
        # one of no level is asked there, too
        (SERIES, ("StudyDate=2001", "Laterality=L"), SERIES, {"Laterality": "L"}),
    ],
)
def test_what_the_queries_of_a_level_match(
    level: Level, keys: tuple[str, ...], of: Level, values: dict[str, str]
) -> None:
    queries = sent(asked(request(level, AT_P1, *keys), rows_for))
    at_level = [matched for own, matched, _ in queries if own is of]
    assert at_level
    for matched in at_level:
        assert matched.keys() - {"PatientID", "StudyInstanceUID"} == values.keys()
        assert matched.items() >= values.items()


def test_the_id_of_the_patient_is_kept_where_rows_have_none() -> None:
    def reply(query: Query) -> list[Row]:
        return [without_patient(row) for row in rows_for(query)]

    def without_patient(row: Row) -> Row:
        words = (level.unique_keyword for level in (STUDY, SERIES))
        return answer(**{word: row.text(by_keyword(word).tag) or "" for word in words})

    done = asked(request(SERIES, Place(), "id=P1"), reply)
    assert [matched["PatientID"] for _, matched, _ in sent(done)] == ["P1", "P1", "P1"]


def test_a_limit_is_that_of_the_rows_wanted() -> None:
    done = asked(request(SERIES, AT_P1), rows_for, QueryOptions(limit=3))
    assert (len(done.rows), done.outcome.ending) == (3, Ending.LIMIT)
    # one row more shows that there are more
    assert [(level, limit) for level, _, limit in sent(done)] == [
        (STUDY, None),
        (SERIES, 4),
        (SERIES, 4),
    ]


def with_nameless(ending: Ending = Ending.COMPLETE) -> Reply:
    """With a row that has no unique key in each answer above the instances."""

    def reply(query: Query) -> tuple[list[Row], Outcome]:
        rows, outcome = rows_for(query), Outcome(Ending.COMPLETE, 0, 0.0)
        if query.level is INSTANCE:
            return rows, outcome
        if query.level is STUDY:
            outcome = Outcome(ending, 0, 0.0)
        return [*rows, answer(PatientID="P1")], outcome

    return reply


@pytest.mark.parametrize(
    ("ending", "wanted"),
    [(Ending.COMPLETE, Ending.PARTIAL), (Ending.CUT_OFF, Ending.CUT_OFF)],
)
def test_what_has_no_key_is_counted_and_makes_it_incomplete(ending: Ending, wanted: Ending) -> None:
    done = asked(request(INSTANCE, AT_P1), with_nameless(ending))
    assert len(done.rows) == 4
    assert done.outcome.ending is wanted
    # one among the studies, one among the series of each
    assert note(NoteKind.UNNAMED_ENTITIES, count=3) in done.outcome.notes


def test_another_refusal_is_no_reason_to_descend() -> None:
    def reply(query: Query) -> list[Row]:
        try:
            return rows_for(query)
        except QueryFailedError:
            raise refused(0xC001) from None

    with pytest.raises(QueryFailedError):
        asked(request(SERIES, AT_P1), reply)


def test_left_early_it_is_cancelled() -> None:
    def plain(query: Query) -> list[Row]:
        del query
        return [answer(SeriesInstanceUID=f"1.1.1.{one}") for one in range(5)]

    for reply in (rows_for, plain):
        outcome = left_after_one_batch(request(SERIES, AT_P1), reply)
        assert (outcome.ending, outcome.rows) == (Ending.CANCELLED, 2)


def test_left_once_all_of_it_is_there_it_is_complete() -> None:
    async def work(context: QueryContext) -> Ending:
        wanted, peer = request(SERIES, AT_P1), Modality("scripted", ScriptAddress(rows_for))
        whole = KnownAnswer([answer(SeriesInstanceUID="1.1.1.0")], Outcome(Ending.COMPLETE, 0, 0.0))
        descent = Descent(context, peer, wanted, QueryOptions(), answer_from)
        found = OrDescended(whole, descent)
        async for _ in found:
            break
        await found.aclose()
        return found.outcome.ending

    assert in_context(work) is Ending.COMPLETE


def left_after_one_batch(wanted: Request, reply: Reply) -> Outcome:
    async def work(context: QueryContext) -> Outcome:
        listing = await ask(context, Modality("scripted", ScriptAddress(reply)), wanted)
        async for _ in listing.answer:
            break
        await listing.answer.aclose()
        return listing.answer.outcome

    return in_context(work)


def test_a_failure_after_rows_is_told_and_not_made_good() -> None:
    async def work(context: QueryContext) -> None:
        address = ScriptAddress(lambda _: [answer(SeriesInstanceUID="1.1.1.0")], fails=refused())
        listing = await ask(context, Modality("scripted", address), request(SERIES, AT_P1))
        with pytest.raises(QueryFailedError):
            await all_rows(listing.answer)
        assert len(address.asked) == 1

    in_context(work)

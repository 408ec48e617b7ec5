"""Patients from studies, and studies patient by patient: what is kept, and what is said."""

from __future__ import annotations

import asyncio

import pytest

from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.derived_answer import AnswerStep
from dicomsh.model.keys import PATIENT_ID
from dicomsh.model.level_keys import PATIENT_KEYS
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext
from dicomsh.query.other_model import OfIssuer, PatientsOfStudies
from tests.model.rows import answer
from tests.model.test_plan import request
from tests.query.scripted import Reply, ScriptAddress, asked, in_context

COMPLETE = Outcome(Ending.COMPLETE, 0, 0.0)


def of(patient: str, name: str = "", issuer: str = "") -> Row:
    words = {"PatientID": patient, "PatientName": name, "IssuerOfPatientID": issuer}
    return answer(**{word: text for word, text in words.items() if text})


def through(step: AnswerStep, rows: list[Row]) -> tuple[list[Row], tuple[Note, ...]]:
    """What a step lets pass, of rows that come one by one, and what it then says."""
    passed = [kept for row in rows for kept in step.passed([row])]
    return passed, step.concluded(COMPLETE).notes


@pytest.mark.parametrize(
    ("rows", "kept", "told"),
    [
        ([of("A"), of("A"), of("B"), of("A")], ["A", "B"], []),
        # PatientID alone does not make a patient (PS3.3 C.7.1.1)
        ([of("A", issuer="X"), of("A", issuer="Y"), of("A"), of("A", issuer="X")], ["A"] * 3, []),
        # a study without a PatientID may be of anybody
        ([of(""), of(""), of("A")], [None, None, "A"], [(NoteKind.STUDIES_WITHOUT_PATIENT, 2)]),
        ([of("A", "DOE"), of("A", "DOE")], ["A"], []),
        (
            [of("A", "DOE"), of("A", "ROE"), of("A", "DOE"), of("A", "POE")],
            ["A"],
            [(NoteKind.CONTRADICTING, 2)],
        ),
        ([of("A"), of("A", "ROE")], ["A"], [(NoteKind.CONTRADICTING, 1)]),
        ([of("A", "ROE"), of("A")], ["A"], [(NoteKind.CONTRADICTING, 1)]),
    ],
)
def test_each_patient_once(
    rows: list[Row], kept: list[str | None], told: list[tuple[NoteKind, int]]
) -> None:
    passed, (first, *notes) = through(PatientsOfStudies("no Patient Root"), rows)
    assert [row.text(PATIENT_ID) for row in passed] == kept
    assert first == note(NoteKind.PATIENTS_FROM_STUDIES, "no Patient Root")
    assert [(one.kind, one.count) for one in notes] == told
    for one in notes:
        if one.kind is NoteKind.CONTRADICTING:
            assert one.about == ("PatientID and issuer", "PatientName")


def test_studies_cannot_give_the_counts_of_a_patient() -> None:
    outcome = PatientsOfStudies("").concluded(COMPLETE)
    assert "NumberOfPatientRelatedStudies" in outcome.unasked


@pytest.mark.parametrize(
    ("issuers", "kept", "others", "untold"),
    [
        (["X", "X"], ["X", "X"], 0, False),
        (["X", "Y", "Z", "X"], ["X", "X"], 2, False),
        (["X", ""], ["X", None], 0, True),
        (["", "Y"], [None], 1, True),
        (["", ""], [None, None], 0, True),
    ],
)
def test_rows_of_another_issuer_are_left_out(
    issuers: list[str], kept: list[str | None], others: int, untold: bool
) -> None:
    rows = [of("A", issuer=issuer) for issuer in issuers]
    passed, notes = through(OfIssuer("X"), rows)
    assert [row.text(0x00100021) for row in passed] == kept
    wanted = [note(NoteKind.OTHER_ISSUER, count=others)] if others else []
    assert list(notes) == wanted + ([note(NoteKind.ISSUER_UNKNOWN)] if untold else [])


def by_patient(*patients: Row, ends: dict[str, Ending] | None = None) -> Reply:
    def reply(query: Query) -> list[Row] | tuple[list[Row], Outcome]:
        if query.level is Level.PATIENT:
            return list(patients)
        patient = next(key.value for key in query.keys if key.keyword == "PatientID")
        rows = [answer(StudyInstanceUID=f"1.{patient}.{n}", PatientID=patient) for n in (1, 2)]
        return rows, Outcome((ends or {}).get(patient, Ending.COMPLETE), 2, 0.0)

    return reply


@pytest.mark.parametrize(
    ("ends", "queries", "ending"),
    [
        ({}, 4, Ending.COMPLETE),
        ({"B": Ending.CUT_OFF}, 4, Ending.CUT_OFF),  # the others can be asked all the same
        ({"B": Ending.CANCELLED}, 3, Ending.CANCELLED),
        ({"B": Ending.LOST}, 3, Ending.LOST),
    ],
)
def test_how_it_ends_when_one_patient_ends_early(
    ends: dict[str, Ending], queries: int, ending: Ending
) -> None:
    reply = by_patient(of("A"), of("B"), of("C"), ends=ends)
    done = asked(request(Level.STUDY), reply, models=[Model.PATIENT_ROOT])
    assert (len(done.queries), done.outcome.ending) == (queries, ending)
    assert done.outcome.unasked == PATIENT_KEYS - {"PatientID"}


@pytest.mark.parametrize(
    ("unnamed", "ends", "ending"),
    [(0, {}, Ending.COMPLETE), (1, {}, Ending.PARTIAL), (2, {"A": Ending.CUT_OFF}, Ending.CUT_OFF)],
)
def test_patients_without_an_id_cannot_be_asked_for(
    unnamed: int, ends: dict[str, Ending], ending: Ending
) -> None:
    reply = by_patient(of("A"), *[of("", "NOBODY")] * unnamed, ends=ends)
    done = asked(request(Level.STUDY), reply, models=[Model.PATIENT_ROOT])
    assert done.outcome.ending is ending
    words = {1: "the studies of 1 patient", 2: "the studies of 2 patients"}.get(unnamed)
    kinds = [one.kind for one in done.outcome.notes]
    assert (NoteKind.UNNAMED_PATIENTS in kinds) is bool(words)
    if words:
        assert done.outcome.notes[0] == note(NoteKind.UNNAMED_PATIENTS, words)


def test_patients_who_share_an_id_are_asked_for_once() -> None:
    reply = by_patient(of("A", "DOE", "X"), of("A", "ROE", "Y"), of("B"))
    done = asked(request(Level.STUDY), reply, models=[Model.PATIENT_ROOT])
    assert len(done.queries) == 1 + 2
    assert len(done.rows) == 4


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["DOE^JANE", "doe^jane^^", "DOE^JANE="], []),
        (["DOE", "", "DOE"], []),
        (["DOE", "ROE"], ["DOE, ROE"]),
        (["A", "B", "C", "D", "b"], ["A, B, C"]),
    ],
)
def test_several_names_under_one_id_are_told(names: list[str], told: list[str]) -> None:
    def reply(_: Query) -> list[Row]:
        uids = (f"1.{n}" for n in range(len(names)))
        return [
            answer(StudyInstanceUID=uid, PatientID="A", PatientName=name)
            for uid, name in zip(uids, names, strict=True)
        ]

    place = Place((PlaceStep(Level.PATIENT, "A"),))
    # in Study Root no query for patients has told them apart
    done = asked(request(Level.STUDY, place), reply, QueryOptions(model=Model.STUDY_ROOT))
    found = [one for one in done.outcome.notes if one.kind is NoteKind.SEVERAL_NAMES]
    assert [one.about[0] for one in found] == told
    assert [one.count for one in found] == [4 if len(names) > 3 else 2] * len(told)
    ((query, _),) = done.queries
    assert "PatientName" in {key.keyword for key in query.keys}


AT_A = Place((PlaceStep(Level.PATIENT, "A"),))


@pytest.mark.parametrize(
    ("level", "place", "keys", "model", "told"),
    [
        (Level.STUDY, AT_A, (), Model.STUDY_ROOT, True),
        (Level.STUDY, AT_A, ("acc=",), Model.STUDY_ROOT, True),
        (Level.STUDY, AT_A, ("+name",), Model.STUDY_ROOT, True),
        # a query for patients has told them apart
        (Level.STUDY, AT_A, ("+name",), Model.PATIENT_ROOT, False),
        (Level.STUDY, Place(), ("+name",), Model.STUDY_ROOT, False),
        (Level.SERIES, AT_A, (), Model.STUDY_ROOT, False),
    ],
)
def test_names_are_compared_only_among_the_studies_of_one_patient(
    level: Level, place: Place, keys: tuple[str, ...], model: Model, told: bool
) -> None:
    rows = [
        answer(StudyInstanceUID=uid, SeriesInstanceUID=uid, PatientID="A", PatientName=name)
        for uid, name in (("1.1", "DOE"), ("1.2", "ROE"))
    ]
    done = asked(request(level, place, *keys), lambda _: rows, QueryOptions(model=model))
    assert (NoteKind.SEVERAL_NAMES in done.kinds) is told
    ((query, _),) = done.queries
    words = [key.keyword for key in query.keys]
    assert words.count("PatientName") == (level is Level.STUDY)


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_left_early_it_is_cancelled_and_leaves_the_query_under_way(batches: int) -> None:
    address = ScriptAddress(by_patient(of("A"), of("B"), of("C")), [Model.PATIENT_ROOT])

    async def work(context: QueryContext) -> Outcome:
        listing = await ask(context, Modality("scripted", address), request(Level.STUDY))
        coming = aiter(listing.answer)
        for _ in range(batches):
            await anext(coming)
        await listing.answer.aclose()
        return listing.answer.outcome

    outcome = in_context(work)
    assert (outcome.ending, outcome.rows) == (Ending.CANCELLED, 2 * batches)
    assert len(address.asked) == 1 + batches
    assert address.left == [address.asked[-1][0]]


def test_left_while_the_patients_are_listed_it_leaves_that_query() -> None:
    async def work(context: QueryContext) -> None:
        stalled = asyncio.Event()
        only = [Model.PATIENT_ROOT]
        address = ScriptAddress(by_patient(of("A")), only, stalls=stalled)
        listing = await ask(context, Modality("scripted", address), request(Level.STUDY))
        reading = asyncio.create_task(all_rows(listing.answer))
        await stalled.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert [query.level for query in address.left] == [Level.PATIENT]

    in_context(work)


def test_left_before_the_patients_are_known_nobody_is_said_to_lack_an_id() -> None:
    async def work(context: QueryContext) -> Outcome:
        address = ScriptAddress(by_patient(of("A")), [Model.PATIENT_ROOT])
        listing = await ask(context, Modality("scripted", address), request(Level.STUDY))
        await listing.answer.aclose()
        return listing.answer.outcome

    outcome = in_context(work)
    assert outcome.ending is Ending.CANCELLED
    assert NoteKind.UNNAMED_PATIENTS not in {one.kind for one in outcome.notes}

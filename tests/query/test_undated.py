"""Studies that no range of dates finds, and the counts that tell what is missing."""

from __future__ import annotations

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.levels import Level
from dicomsh.model.notes import NoteKind
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.model.windows import Period
from dicomsh.query.split import split_answer
from dicomsh.query.undated import counts, missing, patients_of
from tests.model.rows import answer
from tests.model.test_plan import request
from tests.query.scripted import asked


def test_counts_of_patients_are_added_by_id() -> None:
    rows = [
        answer(PatientID="A", NumberOfPatientRelatedStudies="2"),
        answer(PatientID="A", IssuerOfPatientID="X", NumberOfPatientRelatedStudies="1"),
        answer(PatientID="B", NumberOfPatientRelatedStudies="4"),
    ]
    assert counts(rows) == {"A": 3, "B": 4}
    assert missing({"A": 3, "B": 4}, {"A": 3, "B": 1}) == {"B": 3}


def test_a_patient_without_count_or_id_leaves_it_unknown() -> None:
    for odd in (
        answer(PatientID="B"),
        answer(PatientID="B", NumberOfPatientRelatedStudies="many"),
        answer(NumberOfPatientRelatedStudies="1"),
    ):
        assert counts([answer(PatientID="A", NumberOfPatientRelatedStudies="2"), odd]) is None


def test_counts_tell_nothing_of_a_choice_among_studies() -> None:
    assert patients_of(request(Level.STUDY, Place(), "mod=CT")) is None
    assert patients_of(request(Level.STUDY, Place(), "date=2024")) is None
    asked = patients_of(request(Level.STUDY, Place(), "name=DOE*", "+acc"))
    assert asked is not None
    assert asked.level is Level.PATIENT
    assert [key.keyword for key in asked.keys] == ["PatientName"]
    inside = Place((PlaceStep(Level.PATIENT, "A"),))
    own = patients_of(Request(Level.STUDY, inside, (return_key("StudyTime"),)))
    assert own is not None
    assert [(key.keyword, key.value) for key in own.keys] == [("PatientID", "A")]


NO_COUNTS = [(text, None) for text in ("", "-1", "1.5", "٣", "1000000000")]


@pytest.mark.parametrize(
    ("number", "read"),
    [("12", 12), ("012", 12), ("999999999", 999999999), *NO_COUNTS],
)
def test_what_a_count_is(number: str, read: int | None) -> None:
    found = counts([answer(PatientID="A", NumberOfPatientRelatedStudies=number)])
    assert found == (None if read is None else {"A": read})


def test_the_counts_of_a_patient_who_comes_twice_are_added() -> None:
    row = answer(PatientID="A", NumberOfPatientRelatedStudies="2")
    assert counts([row, row]) == {"A": 4}
    assert missing({"A": 4, "B": 1, "C": 2}, {"A": 4, "C": 3}) == {"B": 1}


@pytest.mark.parametrize("patient", ["B", "X", "B*", "B?"])
def test_the_studies_of_a_patient_with_more_are_asked_for(patient: str) -> None:
    """Not those of one whose ID would be taken for a pattern; how many are missing is said."""

    def reply(query: Query) -> list[Row] | tuple[list[Row], Outcome]:
        values = {key.keyword: key.value for key in query.keys}
        if query.level is Level.PATIENT:
            return [answer(PatientID=patient, NumberOfPatientRelatedStudies="1")]
        if values.get("PatientID"):
            return [answer(StudyInstanceUID="1.9", PatientID=values["PatientID"], StudyDate="")]
        outcome = Outcome(Ending.COMPLETE if values.get("StudyDate") else Ending.CUT_OFF, 0, 0.0)
        return [], outcome

    wanted = request(Level.STUDY, Place(), "name=DOE*", "+PatientSex")
    done = asked(wanted, reply, QueryOptions(split=Period.AUTO), way=split_answer)
    last = {key.keyword: key.value for key in done.queries[-1][0].keys}
    if "*" in patient or "?" in patient:
        assert done.rows == []
        assert NoteKind.UNDATED_MISSING in done.kinds
        assert not last.get("PatientID")
        return
    assert len(done.rows) == 1
    assert NoteKind.NONE_MISSING in done.kinds
    assert (last["PatientID"], last["PatientName"], "PatientSex" in last) == (patient, "DOE*", True)

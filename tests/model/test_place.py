"""Places: steps, paths, and what an answer tells of an entity."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.level_keys import level_of
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.place import (
    Place,
    PlaceStep,
    about,
    ambiguous,
    count_below,
    each_once,
    label_of,
    place_among_siblings,
    place_of,
    places_of,
    quote_segment,
    read_segment,
    title_of,
    with_issuer,
)
from tests.model.rows import answer

PATIENT, STUDY, SERIES, INSTANCE = HIERARCHY

ROOT = Place()
AT_PATIENT = ROOT.down(PlaceStep(PATIENT, "0555643F"))
AT_STUDY = AT_PATIENT.down(PlaceStep(STUDY, "1.2", "2009-04-12 CT THORAX"))
AT_SERIES = AT_STUDY.down(PlaceStep(SERIES, "1.2.3"))


@pytest.mark.parametrize(
    ("place", "level", "next_level", "path"),
    [
        (ROOT, None, PATIENT, "/"),
        (AT_PATIENT, PATIENT, STUDY, "/0555643F"),
        (AT_STUDY, STUDY, SERIES, "/0555643F/1.2"),
        (AT_SERIES, SERIES, INSTANCE, "/0555643F/1.2/1.2.3"),
        (AT_SERIES.down(PlaceStep(INSTANCE, "1.9")), INSTANCE, INSTANCE, "/0555643F/1.2/1.2.3/1.9"),
        (ROOT.down(PlaceStep(STUDY, "1.2")), STUDY, SERIES, "/1.2"),
    ],
)
def test_a_place_knows_its_level(
    place: Place, level: Level | None, next_level: Level, path: str
) -> None:
    assert (place.level, place.next_level, place.path) == (level, next_level, path)


def test_up_and_down() -> None:
    assert AT_STUDY.parent == AT_PATIENT
    assert ROOT.parent == ROOT
    assert AT_SERIES.down(PlaceStep(STUDY, "1.9")).path == "/0555643F/1.9"
    assert AT_SERIES.above(SERIES) == AT_STUDY
    assert AT_SERIES.above(PATIENT) == ROOT
    assert AT_SERIES.above(Level.WORKLIST) == AT_PATIENT
    assert AT_SERIES.step(STUDY) == AT_STUDY.steps[-1]
    assert AT_SERIES.step(INSTANCE) is None
    assert AT_STUDY.labels == ("0555643F", "2009-04-12 CT THORAX")


def test_labels_do_not_make_another_entity_and_issuers_do() -> None:
    assert AT_STUDY.same_entity(AT_PATIENT.down(PlaceStep(STUDY, "1.2", "another label")))
    assert not AT_STUDY.same_entity(AT_PATIENT.down(PlaceStep(STUDY, "1.3")))
    issued = with_issuer(AT_PATIENT, "HOSPITAL A")
    assert issued.steps[-1] == PlaceStep(PATIENT, "0555643F", "", "HOSPITAL A")
    assert not issued.same_entity(AT_PATIENT)


@pytest.mark.parametrize(
    ("key", "segment"),
    [
        ("0555643F", "0555643F"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("...", "..."),
        ("山田 1", "山田 1"),
    ],
)
def test_a_key_as_a_segment_of_a_path(key: str, segment: str) -> None:
    assert quote_segment(key) == segment
    assert read_segment(segment) == key


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_key_comes_back_from_a_path(key: str) -> None:
    """Whatever a peer calls its patients, a path leads to them and nowhere else."""
    segment = quote_segment(key)
    assert read_segment(segment) == key
    assert "/" not in segment
    assert segment not in (".", "..")


def test_the_place_of_an_answer() -> None:
    row = answer(StudyInstanceUID="1.2", StudyDate="20090412", StudyDescription="CT THORAX")
    assert place_of(row, STUDY, AT_PATIENT) == AT_STUDY


def test_parents_that_the_place_lacks_are_taken_from_the_answer() -> None:
    row = answer(PatientID="0555643F", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.3")
    found = place_of(row, SERIES, ROOT)
    assert found is not None
    assert found.path == "/0555643F/1.2/1.2.3"


def test_parents_that_the_place_has_are_kept() -> None:
    row = answer(PatientID="other", StudyInstanceUID="1.9", SeriesInstanceUID="1.2.3")
    found = place_of(row, SERIES, AT_STUDY)
    assert found is not None
    assert found.above(SERIES) == AT_STUDY


def test_a_study_stays_when_the_answer_tells_its_patient() -> None:
    around = ROOT.down(PlaceStep(STUDY, "1.2", "label"))
    found = place_of(answer(PatientID="0555643F", SeriesInstanceUID="1.2.3"), SERIES, around)
    assert found is not None
    assert found.path == "/0555643F/1.2/1.2.3"
    assert found.step(STUDY) == around.steps[-1]


@pytest.mark.parametrize("row", [answer(), answer(StudyInstanceUID=""), answer(PatientID="1")])
def test_an_answer_without_its_unique_key_has_no_place(row: object) -> None:
    assert place_of(row, STUDY, AT_PATIENT) is None  # type: ignore[arg-type]


def test_a_missing_patient_leaves_the_top_open() -> None:
    found = place_of(answer(PatientID="", StudyInstanceUID="1.2"), STUDY, ROOT)
    assert found is not None
    assert found.path == "/1.2"


@pytest.mark.parametrize(
    ("level", "elements", "label", "title"),
    [
        (
            PATIENT,
            {
                "PatientID": "0555643F",
                "PatientName": "JODOGNE^S",
                "PatientSex": "M",
                "PatientBirthDate": "19750314",
            },
            "0555643F",
            "0555643F  JODOGNE^S  M  1975-03-14",
        ),
        (
            STUDY,
            {"StudyDate": "20090412", "ModalitiesInStudy": "MR\\SR", "StudyDescription": "BRAIN"},
            "2009-04-12 BRAIN",
            "2009-04-12  MR\\SR  BRAIN",
        ),
        (
            SERIES,
            {"SeriesNumber": "3", "Modality": "CT", "SeriesDescription": ""},
            "3 CT",
            "3  CT",
        ),
        (INSTANCE, {"InstanceNumber": "7", "SOPInstanceUID": "1.9"}, "7", "7  1.9"),
        (STUDY, {"StudyInstanceUID": "1.2"}, "", "1.2"),
        (STUDY, {"StudyDate": "2009.04.12", "StudyInstanceUID": "1.2"}, *["2009.04.12"] * 2),
        (PATIENT, {}, "", ""),
    ],
)
def test_what_people_call_an_entity(
    level: Level, elements: dict[str, str], label: str, title: str
) -> None:
    row = answer(**elements)
    assert label_of(row, level) == label
    assert title_of(row, level) == title


@pytest.mark.parametrize(
    ("level", "elements", "count"),
    [
        (PATIENT, {"NumberOfPatientRelatedStudies": "2"}, "2 studies"),
        (STUDY, {"NumberOfStudyRelatedSeries": "1"}, "1 series"),
        (SERIES, {"NumberOfSeriesRelatedInstances": "1200"}, "1,200 instances"),
        (SERIES, {"NumberOfSeriesRelatedInstances": "1"}, "1 instance"),
        (SERIES, {"NumberOfSeriesRelatedInstances": ""}, None),
        (SERIES, {"NumberOfSeriesRelatedInstances": "many"}, None),
        (SERIES, {"NumberOfSeriesRelatedInstances": "-1"}, None),
        (SERIES, {"NumberOfSeriesRelatedInstances": "9" * 5000}, None),
        (SERIES, {"NumberOfSeriesRelatedInstances": "٣"}, None),
        (SERIES, {}, None),
        (INSTANCE, {"NumberOfFrames": "3"}, None),
    ],
)
def test_how_many_are_below(level: Level, elements: dict[str, str], count: str | None) -> None:
    assert count_below(answer(**elements), level) == count


def test_the_parent_and_another_issuer_keep_what_is_above() -> None:
    patient = Place((PlaceStep(Level.PATIENT, "A", "DOE"),))
    study = patient.down(PlaceStep(Level.STUDY, "1.2"))
    assert study.parent == patient
    assert patient.parent == Place()
    assert with_issuer(patient, "X") == Place((PlaceStep(Level.PATIENT, "A", "DOE", "X"),))


def test_which_level_a_key_belongs_to() -> None:
    assert level_of("PatientName") is Level.PATIENT
    assert level_of("StudyDescription") is Level.STUDY
    assert level_of("InstanceNumber") is Level.INSTANCE
    assert level_of("PatientComments") is Level.PATIENT, "not among the defaults"
    assert level_of("NoSuchKeyword") is None


def test_patients_with_the_same_id_are_told_apart_by_its_issuer() -> None:
    """PS3.3 C.7.1.1: PatientID alone is not unique."""
    rows = [
        answer(PatientID="A", IssuerOfPatientID="X"),
        answer(PatientID="A", IssuerOfPatientID=""),
        answer(PatientID="B", IssuerOfPatientID="X"),
        answer(PatientID=""),
    ]
    found = asyncio.run(places_of(rows, PATIENT, ROOT))
    assert [place and place.steps[-1].issuer for place in found] == ["X", "", "", None]
    studies = [answer(StudyInstanceUID="1.2", IssuerOfPatientID="X")] * 2
    found = asyncio.run(places_of(studies, STUDY, ROOT))
    assert [place and place.steps[-1].issuer for place in found] == ["", ""]


def test_an_entity_that_is_answered_again_is_one() -> None:
    twice = answer(PatientID="A", PatientName="DOE")
    placed = [(AT_PATIENT, twice), (AT_PATIENT, twice), (AT_STUDY, answer(PatientName="DOE"))]
    assert each_once(placed) == [placed[0], placed[2]]
    # two patients may share an ID; a study is one whatever the name of its patient
    other = answer(PatientID="A", PatientName="ROE")
    assert len(each_once([(AT_PATIENT, twice), (AT_PATIENT, other)])) == 2
    assert len(each_once([(AT_STUDY, twice), (AT_STUDY, other)])) == 1


def test_an_issuer_belongs_to_the_last_step() -> None:
    below = AT_PATIENT.down(PlaceStep(PATIENT, "B"))
    assert with_issuer(below, "X").steps[:-1] == below.steps[:-1]
    assert with_issuer(AT_STUDY, "X").steps[:-1] == AT_STUDY.steps[:-1]


def test_what_distinguishes_an_entity_beside_its_key() -> None:
    row = answer(PatientID="A", PatientName="DOE^J", PatientSex="M", PatientBirthDate="")
    assert about(row, PATIENT) == "DOE^J  M"
    assert about(answer(StudyInstanceUID="1.2"), STUDY) == ""


def candidates(count: int) -> list[Place]:
    return [Place((PlaceStep(STUDY, f"1.{number}", "CT"),)) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "number", "rest"),
    [
        (2, None, ""),
        (8, None, ""),
        (9, None, " and 1 more"),
        (10, None, " and 2 more"),
        (8, 1000, " and 992 more"),
        (8, 1001, " and more than 992 more"),
        (8, 2000, " and more than 992 more"),
    ],
)
def test_an_ambiguous_word_shows_what_it_may_mean(
    count: int, number: int | None, rest: str
) -> None:
    error = ambiguous(candidates(count), "'1' may be", number)
    shown = ", ".join(f"1.{number} (CT)" for number in range(min(count, 8)))
    assert error.message == f"'1' may be: {shown}{rest}"
    assert error.hint == "type more of it, or the row number, as %1"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (PlaceStep(PATIENT, "A", "A"), "A"),
        (PlaceStep(PATIENT, "A"), "A"),
        (PlaceStep(PATIENT, "A", "A", "X"), "A (issuer X)"),
        (PlaceStep(STUDY, "1.2", "2009-04-12 CT"), "1.2 (2009-04-12 CT)"),
    ],
)
def test_a_candidate_is_shown_with_what_tells_it_apart(step: PlaceStep, text: str) -> None:
    assert ambiguous([Place((step,))], "which").message == f"which: {text}"


def test_a_count_must_be_a_number() -> None:
    row = answer(NumberOfStudyRelatedSeries="XXXX")
    assert count_below(row, STUDY) is None


@pytest.mark.parametrize(
    ("level", "rows"),
    [
        (PATIENT, [{}, {"PatientID": "A"}, {"PatientID": "A", "IssuerOfPatientID": "X"}]),
        (PATIENT, [{"PatientID": "10"}, {"PatientID": "9"}, {"PatientID": "90"}]),
        (
            STUDY,
            [
                {},
                {"StudyTime": "1015"},
                {"StudyDate": "2009", "StudyTime": "1015"},
                {"StudyDate": "20090412"},
                {"StudyDate": "20090412", "StudyTime": "0900"},
                {"StudyDate": "20090412", "StudyTime": "1015"},
                {"StudyDate": "20240305", "StudyTime": "0900"},
            ],
        ),
        (
            SERIES,
            [
                {"SeriesNumber": "-1"},
                {},
                {"SeriesNumber": "0"},
                # longer than any number: a text
                {"SeriesNumber": "0" * 64 + "7"},
                {"SeriesNumber": "two"},
                {"SeriesNumber": "0" * 63 + "2"},
                {"SeriesNumber": "+4"},
                {"SeriesNumber": "9"},
                {"SeriesNumber": "10"},
            ],
        ),
        (INSTANCE, [{}, {"InstanceNumber": "9"}, {"InstanceNumber": "10"}]),
    ],
)
def test_entities_have_an_order_below_one_parent(level: Level, rows: list[dict[str, str]]) -> None:
    found = [place_among_siblings(answer(**elements), level) for elements in rows]
    assert found == sorted(set(found))

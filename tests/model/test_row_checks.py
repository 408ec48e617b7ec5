"""Rows that should not be in an answer are counted and reported."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dicomsh.archives.rows import row_of
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.notes import NoteKind
from dicomsh.model.row import Row
from dicomsh.model.row_checks import RowChecks
from tests.model.rows import answer

Told = tuple[NoteKind, tuple[str, ...], int]


def checked(level: Level, *batches: list[Row]) -> RowChecks:
    checks = RowChecks(level)
    for batch in batches:
        checks.look(batch)
    return checks


def told(checks: RowChecks) -> list[Told]:
    return [(note.kind, note.about, note.count) for note in checks.notes]


def study(uid: str, patient: str = "A", **more: str) -> Row:
    return answer(StudyInstanceUID=uid, PatientID=patient, **more)


def test_nothing_is_odd_about_different_entities() -> None:
    checks = checked(Level.STUDY, [study("1.2"), study("1.3")], [study("1.4")])
    assert told(checks) == []
    assert not checks.doubtful
    assert not checks.one_entity


@pytest.mark.parametrize("together", [True, False])
def test_an_entity_that_comes_again_is_repeated(together: bool) -> None:
    rows = [study("1.2"), study("1.3"), study("1.2"), study("1.3")]
    batches = [rows] if together else [[row] for row in rows]
    checks = checked(Level.STUDY, *batches)
    assert told(checks) == [(NoteKind.REPEATED, ("study", "studies"), 2)]
    assert not checks.doubtful


def test_no_rows_are_nothing_odd() -> None:
    checks = checked(Level.STUDY, [], [study("1.2", StudyID="1")], [], [study("1.2", StudyID="2")])
    assert checks.one_entity
    assert told(checked(Level.PATIENT, [])) == told(checked(Level.WORKLIST, [])) == []


@pytest.mark.parametrize("together", [True, False])
def test_rows_of_one_entity_alone_are_in_doubt_if_they_differ(together: bool) -> None:
    rows = [study("1.2", StudyID=number) for number in ("1", "1", "2", "1")]
    checks = checked(Level.STUDY, *([rows] if together else [[row] for row in rows]))
    assert checks.one_entity
    assert checks.doubtful
    assert not checked(Level.STUDY, rows[:1]).one_entity
    assert not checked(Level.STUDY, [*rows, study("")]).one_entity
    assert not checked(Level.STUDY, [*rows, study("1.3")]).one_entity


def test_the_same_row_again_hides_no_other() -> None:
    """pynetdicom's qrscp has a row for each instance at every level."""
    checks = checked(Level.STUDY, [study("1.2"), study("1.2")], [study("1.2")])
    assert told(checks) == [(NoteKind.REPEATED, ("study", "studies"), 2)]
    assert not checks.doubtful


@pytest.mark.parametrize(
    ("patients", "repeated", "contradicting"),
    [
        (["A", "A", "A"], 2, 0),
        (["A", "B", "C"], 0, 2),
        # an empty PatientID contradicts nothing
        (["", "B"], 1, 0),
        (["A", ""], 1, 0),
        (["A", "B", "", "A"], 2, 1),
        # nor does one that is absent
        ([None, "B"], 1, 0),
        (["A", None], 1, 0),
        ([None, None, ""], 2, 0),
    ],
)
def test_rows_of_one_study_must_agree_in_its_patient(
    patients: list[str | None], repeated: int, contradicting: int
) -> None:
    counts = {note.kind: note.count for note in _of_one_study(patients).notes}
    assert counts.get(NoteKind.REPEATED, 0) == repeated
    assert counts.get(NoteKind.CONTRADICTING, 0) == contradicting


def _of_one_study(patients: Sequence[str | None]) -> RowChecks:
    given = ({} if patient is None else {"PatientID": patient} for patient in patients)
    return checked(Level.STUDY, [answer(StudyInstanceUID="1.2", **one) for one in given])


def test_what_contradicts_is_named() -> None:
    (note,) = _of_one_study(["A", "B"]).notes
    assert note.about == ("StudyInstanceUID", "PatientID")
    patients = [answer(PatientID="A", PatientName=name) for name in ("DOE", "ROE")]
    (note,) = checked(Level.PATIENT, patients).notes
    assert note.about == ("PatientID and issuer", "PatientName")


def test_a_patient_is_known_by_id_and_issuer() -> None:
    rows = [
        answer(PatientID="A", IssuerOfPatientID="X", PatientName="DOE"),
        answer(PatientID="A", IssuerOfPatientID="Y", PatientName="ROE"),
        answer(PatientID="A", PatientName="ZOE"),
    ]
    assert told(checked(Level.PATIENT, rows)) == []
    # an empty issuer is none
    (note,) = checked(Level.PATIENT, [rows[2], answer(PatientID="A", IssuerOfPatientID="")]).notes
    assert (note.kind, note.count) == (NoteKind.REPEATED, 1)
    # and no issuer makes up for a missing ID
    (note,) = checked(Level.PATIENT, [answer(PatientID="", IssuerOfPatientID="X")]).notes
    assert (note.kind, note.count) == (NoteKind.NO_UNIQUE_KEY, 1)


def test_rows_without_their_unique_key() -> None:
    checks = checked(Level.STUDY, [study("1.2"), study("")], [study("1.3"), answer()])
    assert told(checks) == [(NoteKind.NO_UNIQUE_KEY, ("StudyInstanceUID",), 2)]
    assert checks.doubtful


def test_a_private_element_beside_a_missing_key_is_said() -> None:
    """Some servers put the real answer into a private sequence."""
    private, plain = answer(), answer(StudyDate="20240305")
    private.elements[0x00091001] = b"x"
    (note,) = checked(Level.STUDY, [private, plain]).notes
    assert note.about == ("StudyInstanceUID", "private")


def test_a_patient_may_have_no_id() -> None:
    """PS3.3 C.7.1.1: type 2, so its attribute must be there."""
    assert not checked(Level.PATIENT, [answer(PatientID="")]).doubtful
    assert checked(Level.PATIENT, [answer(PatientName="DOE")]).doubtful
    assert checked(Level.PATIENT, [answer(PatientName="DOE"), answer(PatientID="")]).doubtful
    assert checked(Level.STUDY, [answer(StudyInstanceUID="")]).doubtful


def test_rows_of_other_levels_are_counted_by_level() -> None:
    levels = ["STUDY", "STUDY ", "", "SERIES", "SERIES", "IMAGE", "IMAGE", "IMAGE", "X"]
    rows = [study(f"1.{n}", QueryRetrieveLevel=level) for n, level in enumerate(levels)]
    checks = checked(Level.STUDY, rows, [study("1.99")])
    assert told(checks) == [
        (NoteKind.OTHER_LEVEL, ("IMAGE",), 3),
        (NoteKind.OTHER_LEVEL, ("SERIES",), 2),
    ]
    assert checks.doubtful


@pytest.mark.parametrize(
    ("level", "values"),
    [
        (Level.PATIENT, ["PATIENT", "PATIENT ", "", None]),
        (Level.STUDY, ["STUDY", "STUDY ", "", None]),
        (Level.INSTANCE, ["IMAGE", "IMAGE ", "", None]),
        (Level.WORKLIST, ["", " ", None]),
    ],
)
def test_a_row_may_name_its_own_level_or_none(level: Level, values: list[str | None]) -> None:
    for value in values:
        row = item("S1") if level is Level.WORKLIST else answer(**{level.unique_keyword: "1"})
        if value is not None:
            row.elements[by_keyword("QueryRetrieveLevel").tag] = value.encode()
        assert told(checked(level, [row])) == []


def test_a_level_that_is_no_text_is_shown_bounded() -> None:
    row = study("1.2")
    row.elements[by_keyword("QueryRetrieveLevel").tag] = b"\xffABCDEFGHIJKLMNOPQRST"
    (note,) = checked(Level.STUDY, [row]).notes
    assert note.about == ("\ufffdABCDEFGHIJKLMNO",)


STEP = by_keyword("ScheduledProcedureStepSequence").tag
STEP_ID = by_keyword("ScheduledProcedureStepID").tag


def item(*steps: str) -> Row:
    return row_of({STEP: ("SQ", [{STEP_ID: ("SH", [step])} for step in steps])})


def test_an_item_of_a_worklist_has_one_step() -> None:
    """PS3.4 K.6.1.2.2."""
    first = [item("S1"), item(), item("S2", "S3"), item("S4", "S5")]
    checks = checked(Level.WORKLIST, first, [item("S1"), item(), item("S1")])
    assert told(checks) == [
        (NoteKind.NO_STEP, (), 2),
        (NoteKind.SEVERAL_STEPS, (), 2),
        (NoteKind.REPEATED, ("worklist item", "worklist items"), 2),
    ]
    assert [note.of for note in checks.notes[:2]] == [7, 7]
    assert not checks.one_entity

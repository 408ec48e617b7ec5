"""Odd answers are shown and named, not dropped.

Rivals lose them: series without a count disappear (shanoir-ng #2746), a missing ModalitiesInStudy
breaks the whole result (OE2 #43), and a user who is answered at another level with everything in a
private sequence sees "always the latest study" (pynetdicom #689).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicomsh.errors import ExitStatus
from dicomsh.model.levels import Level
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.row_checks import RowChecks
from tests.dimse.peers import answering, scp, study
from tests.harness import Done, run
from tests.model.rows import answer


@contextmanager
def server(*rows: Dataset) -> Iterator[str]:
    """The address of a server that answers every query with these rows."""
    with scp(answering(*rows)) as modality:
        yield f"{modality.entity}"


def asked(text: str, *rows: Dataset, output: str = "ndjson") -> Done:
    with server(*rows) as address:
        return run(text, modality=address, output=output)


def shown(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


def without(keyword: str, number: int = 1) -> Dataset:
    dataset = study(number, StudyDate="20240305", PatientID="A")
    delattr(dataset, keyword)
    return dataset


def patient(identifier: str, name: str, issuer: str = "") -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = "PATIENT"
    dataset.PatientID, dataset.PatientName = identifier, name
    if issuer:
        dataset.IssuerOfPatientID = issuer
    return dataset


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "PatientID", "StudyDate", "QueryRetrieveLevel"]
)
def test_a_row_that_lacks_a_key_is_listed(keyword: str) -> None:
    done = asked("find study", without(keyword), study(2, PatientID="A"))
    assert len(shown(done)) == 2
    assert keyword not in shown(done)[0]
    doubtful = keyword == "StudyInstanceUID"
    assert done.status == (ExitStatus.INCOMPLETE if doubtful else ExitStatus.DONE)
    assert done.last.startswith(f"2 studies, {'IN DOUBT' if doubtful else 'complete'}")


def test_a_row_with_hardly_anything_is_listed() -> None:
    bare = Dataset()
    bare.RetrieveAETitle = "SOMEWHERE"
    done = asked("find study", bare, study(2), output="table")
    assert done.last.startswith("2 studies, IN DOUBT")
    assert "1 row has no StudyInstanceUID" in done.last


def test_a_row_without_unique_key_leads_nowhere_and_says_so() -> None:
    done = asked("find study; cd 1", without("StudyInstanceUID"))
    assert "1 row has no StudyInstanceUID" in done.err
    assert done.status == 2
    assert "row 1 has no StudyInstanceUID: the server returned it empty, or not at all" in done.err


def test_what_hides_in_a_private_sequence_is_pointed_at() -> None:
    """pynetdicom #689: the study in a private sequence, the level echoed as PATIENT."""
    hidden = Dataset()
    hidden.QueryRetrieveLevel = "PATIENT"
    hidden.PatientID = "A"
    block = hidden.private_block(0x0009, "ODD PACS", create=True)
    block.add_new(0x10, "SQ", Sequence([study(7, StudyDate="20240305")]))
    done = asked("find study; last --output vertical", hidden, output="table")
    assert "1 row has no StudyInstanceUID, but private attributes" in done.err
    assert "1 row says it is of level PATIENT" in done.err
    assert "0009,1010" in done.out
    assert "1.2.3.7" in done.out


def test_a_wrong_level_is_told_and_the_right_one_is_not() -> None:
    right, silent, wrong = study(1), without("QueryRetrieveLevel", 2), study(3)
    wrong.QueryRetrieveLevel = "SERIES"
    done = asked("find study", right, silent, wrong)
    assert len(shown(done)) == 3
    assert "1 row says it is of level SERIES" in done.last


def test_attributes_that_nobody_asked_for_are_told() -> None:
    done = asked("find study", study(1, StudyComments="look here"), output="table")
    assert "also returned: StudyComments" in done.last


def test_rows_that_come_twice_are_shown_twice_and_told() -> None:
    done = asked("find study", study(1), study(2), study(1))
    assert len(shown(done)) == 3
    assert "2 rows are the same study" in done.last
    more = asked("find study", study(1), study(1), study(1))
    assert "2 rows repeat studies already listed" in more.last


def test_one_uid_of_two_patients_is_no_repetition() -> None:
    """Orthanc issue 131: retrieving that study moves the images of both."""
    done = asked("find study", study(1, PatientID="A"), study(1, PatientID="B"))
    assert "1 row has the StudyInstanceUID of an earlier row, but another PatientID" in done.last
    assert "same study" not in done.last


def test_two_patients_with_one_id_are_told_apart_by_their_issuer() -> None:
    rows = patient("4711", "North^Nora", "NORTH"), patient("4711", "South^Sven", "SOUTH")
    done = asked("find patient", *rows, output="table")
    assert "NORTH" in done.out
    assert "SOUTH" in done.out
    assert "row" not in done.last


def test_two_patients_with_one_id_and_no_issuer_are_not_called_the_same() -> None:
    done = asked("find patient", patient("4711", "North^Nora"), patient("4711", "South^Sven"))
    assert len(shown(done)) == 2
    assert "1 row has the PatientID and issuer of an earlier row, but another" in done.last


def test_a_level_cannot_carry_escape_sequences_to_the_terminal() -> None:
    with disable_value_validation():
        odd = study(1)
        odd.QueryRetrieveLevel = "\x1b[31mRED\x07"
        done = asked("find study", odd, output="table")
    assert "1 row says it is of level" in done.last
    assert "\x1b" not in done.out + done.err
    assert "\x07" not in done.out + done.err


def test_more_rows_than_are_compared_are_still_counted() -> None:
    oddities = RowChecks(Level.STUDY)
    rows = [answer(StudyInstanceUID=f"1.{number}") for number in range(1000)]
    for _ in range(2):
        oddities.look(rows)
    assert oddities.notes == [note(NoteKind.REPEATED, "study", "studies", count=1000)]


@pytest.mark.parametrize(("patient_id", "doubtful"), [("", False), (None, True)])
def test_a_patient_may_have_no_id_but_not_lack_the_attribute(
    patient_id: str | None, doubtful: bool
) -> None:
    """PS3.3 C.7.1.1: type 2, so it is present even if it has no value."""
    patient = Dataset()
    patient.QueryRetrieveLevel, patient.PatientName = "PATIENT", "A^B"
    if patient_id is not None:
        patient.PatientID = patient_id
    done = asked("find patient", patient)
    assert done.status == (ExitStatus.INCOMPLETE if doubtful else ExitStatus.DONE)
    assert "1 row has no PatientID" in done.last


def test_an_answer_of_another_level_is_in_doubt() -> None:
    other = study(1)
    other.QueryRetrieveLevel = "SERIES"
    done = asked("find study", other)
    assert done.status == ExitStatus.INCOMPLETE
    assert done.last.startswith("1 study, IN DOUBT")


def test_bytes_that_could_not_be_read_do_not_go_out_as_something_else() -> None:
    """A\\xffB is shown as A\ufffdB; no entity has that ID."""
    patient = Dataset()
    patient.SpecificCharacterSet, patient.QueryRetrieveLevel = "ISO_IR 192", "PATIENT"
    patient.PatientName = "A^B"
    patient.add_new(0x00100020, "UN", b"A\xffB\0")
    done = asked("find patient; cd 1; ls", patient)
    assert "contains a character that could not be read" in done.err
    assert "use ? in its place: 'A?B'" in done.err
    assert done.status == ExitStatus.USAGE

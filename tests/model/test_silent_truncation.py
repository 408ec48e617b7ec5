"""When an answer that is called complete may be only a part of one."""

from __future__ import annotations

from typing import Any

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.capability import Capabilities, Support
from dicomsh.model.levels import Level
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.silent_truncation import against_cap, cut_off, is_round, suspicion
from tests.model.test_plan import request


def ended(rows: int, ending: Ending = Ending.COMPLETE, **more: Any) -> Outcome:
    return Outcome(ending, rows, 0.1, **more)


def told(
    rows: int, known: Capabilities, *keys: str, series: int = 0
) -> tuple[Ending, tuple[Note, ...]]:
    asked = request(Level.STUDY, Place(), *keys)
    outcome = against_cap(asked, ended(rows), known, rows, series)
    return outcome.ending, outcome.notes


WHOLE = (Ending.COMPLETE, ())
CAPPED = Capabilities(cap=100)


@pytest.mark.parametrize("rows", [0, 99])
def test_a_key_that_may_be_matched_after_cutting_off_leaves_the_answer_incomplete(
    rows: int,
) -> None:
    late = note(NoteKind.CAP_BEFORE_MATCHING, "ModalitiesInStudy", "CT,MR", "100")
    assert told(rows, CAPPED, "mod=CT,MR") == (Ending.PARTIAL, (late,))
    assert told(rows, CAPPED, "name=DOE*") == WHOLE
    assert told(rows, Capabilities(), "mod=CT") == WHOLE
    known = Capabilities(cap=100, matching={"ModalitiesInStudy": Support.WORKS})
    assert told(rows, known, "mod=CT,MR") == WHOLE


def test_a_key_that_is_matched_late_and_cannot_be_filtered_leaves_it_incomplete() -> None:
    known = Capabilities(cap=100, matching={"PatientWeight": Support.LATE})
    late = note(NoteKind.CAP_BEFORE_MATCHING, "PatientWeight", "70", "100")
    assert told(7, known, "PatientWeight=70") == (Ending.PARTIAL, (late,))
    assert told(7, known, "acc=A1", "date=2024", "study=1.2.3") == WHOLE


@pytest.mark.parametrize(("series", "ending"), [(99, Ending.COMPLETE), (100, Ending.CAPPED)])
def test_a_limit_may_count_the_series_with_a_modality(series: int, ending: Ending) -> None:
    known = Capabilities(cap=100, matching={"ModalitiesInStudy": Support.WORKS})
    assert told(18, known, "mod=CT", series=series)[0] is ending
    assert told(18, known, "date=2024", series=series) == WHOLE


def test_as_many_rows_as_the_limit_are_incomplete() -> None:
    expected = (Ending.CAPPED, (note(NoteKind.AT_THE_CAP, "100"),))
    assert told(100, CAPPED) == told(100, CAPPED, "mod=CT") == expected
    assert told(101, CAPPED, "date=2024") == told(100, Capabilities()) == WHOLE


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.COMPLETE])
def test_what_is_not_called_complete_stays_as_it_is(ending: Ending) -> None:
    asked = request(Level.STUDY, Place())
    assert against_cap(asked, ended(100, ending), CAPPED, 100, 100) == ended(100, ending)


def test_what_may_be_whole_in_smaller_parts() -> None:
    again = {Ending.CUT_OFF, Ending.CAPPED, Ending.TIMED_OUT}
    assert {ending for ending in Ending if cut_off(ended(7, ending))} == again


def test_numbers_that_somebody_may_have_chosen() -> None:
    assert all(map(is_round, (50, 64, 100, 128, 150, 250, 500, 512, 1000, 1024, 65536)))
    assert not any(map(is_round, (0, 1, 2, 16, 32, 40, 51, 52, 63, 65, 101, 102, 999)))


def test_even_numbers_are_not_round() -> None:
    assert not any(is_round(number) for number in (49, 66, 96, 130, 192, 258))


STUDIES = Request(Level.STUDY, Place())
OF_DOE = request(Level.STUDY, Place(), "name=DOE*")
OF_ROE = request(Level.STUDY, Place(), "name=ROE*")


def of_patient(key: str, issuer: str = "") -> Request:
    return Request(Level.STUDY, Place((PlaceStep(Level.PATIENT, key, "", issuer),)))


@pytest.mark.parametrize(
    ("asked", "earlier", "suspicious"),
    [
        (STUDIES, [(OF_DOE, ended(500))], True),
        (OF_ROE, [(OF_DOE, ended(500))], True),
        (STUDIES, [(Request(Level.PATIENT, Place()), ended(500))], True),
        (STUDIES, [(OF_DOE, ended(500, Ending.CUT_OFF))], True),
        (STUDIES, [(OF_DOE, ended(3)), (OF_ROE, ended(500)), (STUDIES, ended(500))], True),
        (of_patient("A"), [(of_patient("B"), ended(500))], True),
        (of_patient("A"), [(of_patient("A", "X"), ended(500))], True),
        # it was not the peer who chose the number
        (STUDIES, [(OF_DOE, ended(500, Ending.LIMIT))], False),
        (STUDIES, [(OF_DOE, ended(500, Ending.CANCELLED))], False),
        (STUDIES, [(OF_DOE, ended(500, received=900))], False),
        (STUDIES, [(OF_DOE, ended(499))], False),
        # the same was sought, so the same was found
        (STUDIES, [(request(Level.STUDY, Place(), "+acc"), ended(500))], False),
        (STUDIES, [(STUDIES, ended(500))], False),
        (of_patient("A"), [(of_patient("A"), ended(500))], False),
        (STUDIES, [], False),
    ],
)
def test_what_makes_a_number_suspicious(
    asked: Request, earlier: list[tuple[Request, Outcome]], suspicious: bool
) -> None:
    expected = note(NoteKind.SAME_ROUND_NUMBER, count=500) if suspicious else None
    assert suspicion(asked, ended(500), earlier) == expected


@pytest.mark.parametrize(
    "outcome", [ended(500, Ending.CUT_OFF), ended(500, Ending.LIMIT), ended(499), ended(20)]
)
def test_only_a_round_number_of_a_complete_answer_is_suspicious(outcome: Outcome) -> None:
    assert suspicion(STUDIES, outcome, [(OF_DOE, ended(outcome.rows))]) is None

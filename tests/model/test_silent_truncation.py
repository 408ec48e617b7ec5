"""When an answer that is called complete may be only a part of one."""

from __future__ import annotations

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.levels import Level
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.silent_truncation import cut_off, is_round, suspicion
from tests.model.test_plan import request


def ended(rows: int, ending: Ending = Ending.COMPLETE) -> Outcome:
    return Outcome(ending, rows, 0.1)


def told(rows: int, cap: int | None, *keys: str) -> Note | None:
    return suspicion(request(Level.STUDY, Place(), *keys), ended(rows), [], cap)


@pytest.mark.parametrize("rows", [0, 99])
def test_a_key_that_is_matched_after_cutting_off_is_in_doubt_below_the_limit(rows: int) -> None:
    late = note(NoteKind.CAP_BEFORE_MATCHING, "ModalitiesInStudy", "CT,MR", count=100)
    assert told(rows, 100, "mod=CT,MR") == late
    assert told(rows, 100, "name=DOE*") is None
    assert told(rows, None, "mod=CT") is None


def test_with_as_many_rows_as_the_limit_that_is_what_is_said() -> None:
    assert told(100, 100, "mod=CT") == note(NoteKind.AT_THE_CAP, count=100)
    assert told(101, 100, "mod=CT") is None


@pytest.mark.parametrize(
    ("outcome", "cap", "expected"),
    [
        (ended(100), 100, True),
        (ended(99), 100, False),
        (ended(100), None, False),
        (ended(7, Ending.CUT_OFF), None, True),
        (ended(100, Ending.LIMIT), 100, False),
    ],
)
def test_cut_off_by_its_status_or_by_the_number_of_rows(
    outcome: Outcome, cap: int | None, expected: bool
) -> None:
    assert cut_off(outcome, cap) is expected


def test_even_numbers_are_not_round() -> None:
    assert not any(is_round(number) for number in (49, 66, 96, 130, 192, 258))

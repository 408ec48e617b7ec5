"""What a comparison asks for, and what it may say is certain."""

from __future__ import annotations

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.diff import Tally, Wanted, number_in, reason_unsure
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from tests.model.rows import answer

WHOLE, CUT = Outcome(Ending.COMPLETE, 0, 0.0), Outcome(Ending.CUT_OFF, 0, 0.0)
DOUBTFUL = Outcome(Ending.COMPLETE, 0, 0.0, doubtful=True)


@pytest.mark.parametrize(
    ("level", "issuer"), [(Level.PATIENT, True), (Level.STUDY, False), (Level.SERIES, False)]
)
def test_patients_are_shown_with_the_issuer_of_their_id(level: Level, issuer: bool) -> None:
    made = Wanted(Request(level, Place()), Level.INSTANCE).at(level, Place())
    shown = made.returned or ()
    assert ("IssuerOfPatientID" in shown) is issuer
    assert level.unique_keyword in shown
    assert "ModalitiesInStudy" not in shown


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("0", 0), ("9" * 9, 999_999_999), ("9" * 10, None), ("", None), ("x", None)],
)
def test_only_a_number_of_a_sensible_size_counts(text: str, number: int | None) -> None:
    row = answer(NumberOfStudyRelatedSeries=text)
    assert number_in(row, "NumberOfStudyRelatedSeries") == number


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ((WHOLE, WHOLE), None),
        ((CUT, WHOLE), None),
        ((WHOLE, CUT), (1, False)),
        ((WHOLE, DOUBTFUL), (1, True)),
        ((DOUBTFUL, WHOLE), (0, True)),
        ((DOUBTFUL, CUT), (1, False)),
    ],
)
def test_why_it_is_not_certain_that_only_the_first_has_something(
    outcomes: tuple[Outcome, Outcome], reason: tuple[int, bool] | None
) -> None:
    assert reason_unsure(0, outcomes) == reason


def test_a_tally_is_empty_if_no_archive_has_given_anything() -> None:
    assert Tally().is_empty
    for tally in (Tally(both=1), Tally(only=[0, 1]), Tally(nameless=[1, 0])):
        assert not tally.is_empty
    tally = Tally()
    tally.unsure[0, 1, False] += 1
    assert not tally.is_empty

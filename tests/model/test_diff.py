"""What a comparison asks for, and what it may say is certain."""

from __future__ import annotations

import pytest

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.comparison import Pair, Where
from dicomsh.model.diff import Finding, Returned, Tally, Wanted, number_in, reason_unsure
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from tests.model.rows import answer

_, STUDY, SERIES, INSTANCE = HIERARCHY

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


IN_SERIES = ["NumberOfSeriesRelatedInstances"]
IN_STUDY = ["NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"]


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize(
    ("level", "matched", "attributes", "numbers"),
    [
        # an attribute of no level that is compared is one of the first
        (STUDY, {"StudyDate": "2024"}, ["StudyDescription", "PatientSex"], IN_STUDY),
        (SERIES, {}, ["SeriesDescription"], IN_SERIES),
        (INSTANCE, {}, [], []),
    ],
)
def test_each_level_is_asked_for_what_belongs_there(
    level: Level, matched: dict[str, str], attributes: list[str], numbers: list[str], counts: bool
) -> None:
    date = QueryKey((by_keyword("StudyDate"),), "2024", Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    words = "StudyDescription", "SeriesDescription", "PatientSex"
    typed = date, *map(return_key, words)
    wanted = Wanted(Request(STUDY, Place(), typed), INSTANCE, counts)
    asked = [(key.keyword, key.value) for key in wanted.at(level, Place()).keys]
    returned = [*attributes, *(numbers if counts else ())]
    assert asked == [*matched.items(), *((word, "") for word in returned)]


def test_only_the_keys_above_that_the_place_lacks_are_returned() -> None:
    patient, study = PlaceStep(Level.PATIENT, "P1"), PlaceStep(STUDY, "1.2")
    wanted = Wanted(Request(SERIES, Place()), INSTANCE)
    for steps, above in (
        ((), ["PatientID", "StudyInstanceUID"]),
        ((patient,), ["StudyInstanceUID"]),
        ((patient, study), []),
    ):
        shown = wanted.at(SERIES, Place(steps)).returned or ()
        assert [word for word in shown if word in ("PatientID", "StudyInstanceUID")] == above


@pytest.mark.parametrize(
    ("attributes", "level", "whole", "is_open"),
    [
        ([], STUDY, False, False),
        (["StudyDescription"], STUDY, False, True),
        (["StudyDescription"], STUDY, True, False),
        ([], SERIES, False, True),
        ([], SERIES, True, False),
    ],
)
def test_what_was_found_is_open_if_more_may_be(
    attributes: list[str], level: Level, whole: bool, is_open: bool
) -> None:
    """Of the first level, the keys have all been compared."""
    wanted = Wanted(Request(STUDY, Place(), tuple(map(return_key, attributes))), SERIES)
    found = Tally().found(["a", "b"], wanted, level, whole=whole)
    assert ("open" in found.about) is is_open


def test_why_something_was_not_compared_is_told_for_each_reason() -> None:
    tally = Tally(nameless=[0, 3])
    tally.unsure[0, 1, False] += 2
    tally.unsure[1, 1, True] += 1
    assert list(tally.not_compared("ab", STUDY)) == [
        note(NoteKind.NOT_COMPARED, "2 studies", "a", "b", count=2),
        note(NoteKind.NOT_CERTAIN, "1 study", "b", "b", count=1),
        note(NoteKind.KEYLESS, "b", "StudyInstanceUID", count=3),
    ]


class Lately(Returned):
    """What is returned, of attributes of studies and series."""

    def __init__(self, *words: str) -> None:
        request = Request(STUDY, Place(), tuple(map(return_key, words)))
        wanted = Wanted(request, SERIES)
        self.columns = {level: wanted.compared(level) for level in wanted.levels}
        super().__init__(self.columns)

    def differs(self, level: Level, *words: str) -> list[str]:
        """What is certain of an entity that differs in these attributes."""
        row = answer()
        columns = tuple(one for one in self.columns[level] if one.keyword in words)
        found = self.certain(Finding(level, Pair(row, row, Where.BOTH), None, columns))
        return [column.keyword for column in found.columns]

    def has(self, level: Level, word: str, *sides: int) -> None:
        """A row of these archives has a value."""
        for side in sides:
            self.notice(level, side, [answer(**{word: "x"})])

    @property
    def found_late(self) -> list[list[str]]:
        return [[column.keyword for column in finding.columns] for finding in self.late()]

    @property
    def doubts(self) -> list[tuple[str, ...]]:
        return [one.about for one in self.not_compared("ab")]


def test_of_a_finding_only_what_both_return_is_certain_and_comes_once() -> None:
    returned = Lately("StudyDescription", "StudyID")
    returned.has(STUDY, "StudyID", 0, 1)
    assert returned.differs(STUDY, "StudyDescription", "StudyID") == ["StudyID"]
    returned.has(STUDY, "StudyDescription", 0)
    assert returned.doubts == [("StudyDescription", "b")]
    returned.has(STUDY, "StudyDescription", 1)
    assert returned.found_late == [["StudyDescription"]]
    assert (returned.found_late, returned.doubts) == ([], [])


MANY = 1_001
"""Findings that are too many to wait for."""


def test_an_attribute_that_was_given_up_stays_so_and_others_are_waited_for() -> None:
    returned = Lately("Modality", "SeriesDescription")
    returned.has(SERIES, "Modality", 0)
    for _ in range(MANY):
        assert returned.differs(SERIES, "Modality") == []
    # what was dropped cannot be found any more: that is said, whatever comes now
    returned.has(SERIES, "Modality", 1)
    assert returned.differs(SERIES, "Modality", "SeriesDescription") == []
    returned.has(SERIES, "SeriesDescription", 0, 1)
    assert returned.found_late == [["SeriesDescription"]]
    assert returned.doubts == [("Modality", "b")]


def test_what_both_have_returned_since_is_not_given_up_with_what_they_have_not() -> None:
    returned = Lately("Modality", "SeriesDescription")
    assert returned.differs(SERIES, "Modality", "SeriesDescription") == []
    returned.has(SERIES, "SeriesDescription", 0, 1)
    for _ in range(MANY):
        returned.differs(SERIES, "Modality")
    assert returned.found_late == [["SeriesDescription"]]
    assert returned.doubts == [("Modality", "a"), ("Modality", "b")]


def test_what_was_not_compared_is_told_in_order() -> None:
    of_studies = ["StudyDescription", "StudyID", "AccessionNumber", "PatientSex"]
    of_series = ["SeriesDescription", "Modality", "SeriesNumber", "BodyPartExamined"]
    returned = Lately(*of_studies, *of_series)
    returned.differs(SERIES, *of_series)
    returned.differs(STUDY, *of_studies)
    kind = NoteKind.VALUES_NOT_COMPARED
    words = (*sorted(of_studies), *sorted(of_series))
    expected = [note(kind, word, name) for word in words for name in "ab"]
    assert list(returned.not_compared("ab")) == expected


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

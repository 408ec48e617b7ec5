"""Rows of several answers made into one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.dedup import Dedup, Fresh, step_key
from dicomsh.model.levels import Level
from dicomsh.model.row import Row
from tests.model.rows import answer
from tests.model.test_worklist_lint import item, with_steps


def studies(*numbers: int) -> list[Row]:
    return [answer(StudyInstanceUID=f"1.{number}", PatientID="A") for number in numbers]


def numbers_of(rows: list[Row]) -> list[str | None]:
    return [row.text(0x0020000D) for row in rows]


@given(st.lists(st.lists(st.integers(0, 9), unique=True)), st.integers(1, 12))
def test_each_entity_comes_once_and_the_limit_is_kept(answers: list[list[int]], limit: int) -> None:
    once = Dedup(Level.STUDY, limit)
    found = [uid for part in answers for uid in numbers_of(once.admit(studies(*part)))]
    distinct = list(dict.fromkeys(number for part in answers for number in part))
    assert found == [f"1.{number}" for number in distinct[:limit]]
    assert once.rows == len(found)
    assert once.stopped == (len(distinct) > limit)


def test_what_an_answer_repeats_within_itself_is_shown() -> None:
    """Only what came in an earlier answer is left out: odd answers are shown, not dropped."""
    once = Dedup(Level.STUDY, None)
    assert len(once.admit(studies(1, 1, 2))) == 3
    assert len(once.admit(studies(1, 3))) == 1
    assert once.repeated == 1


def test_the_limit_is_one_for_all_answers() -> None:
    once = Dedup(Level.STUDY, 3)
    assert [len(once.admit(studies(*part))) for part in ((1, 2), (3, 4, 5), (6,))] == [2, 1, 0]
    assert (once.rows, once.stopped) == (3, True)


@pytest.mark.parametrize(
    "other",
    [
        {"StudyInstanceUID": "1.2X", "PatientID": "A"},
        {"StudyInstanceUID": "1.2", "PatientID": "A\t"},
        {"StudyInstanceUID": "1.2", "PatientID": "A", "IssuerOfPatientID": "X"},
    ],
)
def test_only_padding_makes_no_difference(other: dict[str, str]) -> None:
    once = Dedup(Level.STUDY, None)
    once.admit([answer(StudyInstanceUID="1.2", PatientID="A")])
    assert len(once.admit([answer(**other)])) == 1


@pytest.mark.parametrize(("let_through", "aside"), [((1,), ()), ((), (1,)), ((), ())])
def test_whether_there_was_a_row_at_all(
    let_through: tuple[int, ...], aside: tuple[int, ...]
) -> None:
    once = Dedup(Level.STUDY, None)
    once.admit(studies(*let_through))
    once.set_aside(studies(*aside))
    assert once.any is bool(let_through or aside)


def test_one_uid_with_two_patients_is_two_rows() -> None:
    once = Dedup(Level.STUDY, None)
    once.admit([answer(StudyInstanceUID="1.2", PatientID="A")])
    assert len(once.admit([answer(StudyInstanceUID="1.2", PatientID="B")])) == 1


def test_rows_without_a_unique_key_are_all_let_through() -> None:
    once = Dedup(Level.STUDY, None)
    for _ in range(2):
        assert len(once.admit([answer(PatientID="A"), answer(StudyInstanceUID="")])) == 2


def test_what_was_left_out_is_counted_over_all_answers_up_to_the_limit() -> None:
    once = Dedup(Level.STUDY, 2)
    for numbers in ((1,), (1,), (1, 2, 3)):
        once.admit(studies(*numbers))
    assert (once.repeated, once.stopped) == (2, True)
    assert once.admit(studies(1, 4)) == []
    assert once.repeated == 2


@pytest.mark.parametrize(
    "other",
    [
        {"StudyInstanceUID": "1.2", "PatientID": "X1", "IssuerOfPatientID": ""},
        {"StudyInstanceUID": "1.2", "PatientID": "X1 "},
        {"StudyInstanceUID": "1.2\0", "PatientID": " X1"},
    ],
    ids=["no issuer", "a space", "padding"],
)
def test_an_entity_is_known_again_however_its_keys_are_padded(other: dict[str, str]) -> None:
    once = Dedup(Level.STUDY, None)
    once.admit([answer(StudyInstanceUID="1.2", PatientID="X1")])
    assert once.admit([answer(**other)]) == []
    assert len(once.admit([answer(StudyInstanceUID="1.2", PatientID="1")])) == 1


def test_only_what_did_not_come_again_is_left_over() -> None:
    once = Dedup(Level.STUDY, None)
    once.admit(studies(1))
    once.set_aside([*studies(1, 2, 3), answer(PatientID="A")])
    once.admit(studies(3))
    assert numbers_of(once.left_over()) == ["1.2"]
    assert once.left_over() == []
    assert (once.rows, once.repeated) == (3, 0)


@given(st.lists(st.lists(st.lists(st.integers(1, 3), max_size=3), max_size=4), max_size=3))
def test_rows_of_several_queries_do_not_depend_on_how_they_are_batched(
    queries: list[list[list[int]]],
) -> None:
    """What arrives in one read is a matter of the network."""
    whole, parts = Fresh(Level.STUDY), Fresh(Level.STUDY)
    for batches in queries:
        whole.next_query()
        parts.next_query()
        together = whole.of(studies(*(number for batch in batches for number in batch)))
        apart = [row for batch in batches for row in parts.of(studies(*batch))]
        assert numbers_of(apart) == numbers_of(together)
    assert whole.rows == parts.rows


def test_a_row_that_one_query_repeats_is_let_through_and_one_of_an_earlier_query_is_not() -> None:
    fresh = Fresh(Level.STUDY)
    fresh.next_query()
    assert [len(fresh.of(studies(*batch))) for batch in ([1], [1, 2])] == [1, 2]
    fresh.next_query()
    assert [len(fresh.of(studies(*batch))) for batch in ([1], [3, 3])] == [0, 2]
    assert fresh.rows == 5
    fresh.next_query()
    assert len(fresh.of(studies(1, 2, 3, 4))) == 1


@pytest.mark.parametrize(
    ("other", "is_other"),
    [
        ({"StudyInstanceUID": "1.9"}, True),
        ({"AccessionNumber": "W9"}, True),
        ({"AccessionNumber": None}, True),
        ({"PatientID": "1001X"}, True),
        ({"ScheduledProcedureStepID": "S01X"}, True),
        ({"ScheduledStationAETitle": "CT2"}, True),
        ({"ScheduledProcedureStepStartDate": "20240507"}, True),
        ({"ScheduledProcedureStepStartTime": "0801"}, True),
        ({"ScheduledProcedureStepID": " S01  "}, False),
        ({"PatientName": "DOE", "RequestedProcedureID": "RP2", "Modality": "MR"}, False),
    ],
)
def test_an_item_of_a_worklist_is_known_by_what_it_usually_has(
    other: dict[str, str | None], is_other: bool
) -> None:
    """The standard has no unique key for items (PS3.4 K.6.1.2.2)."""
    once = Dedup(Level.WORKLIST, None)
    once.admit([item()])
    assert len(once.admit([item(**other)])) == is_other
    assert once.admit([item()]) == []


def test_items_that_have_nothing_of_it_are_all_let_through() -> None:
    once = Dedup(Level.WORKLIST, None)
    for _ in range(2):
        assert len(once.admit([answer(PatientName="DOE"), answer(PatientID=" ")])) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {"ScheduledStationAETitle": "CT2", "ScheduledProcedureStepStartDate": "2025"}, True),
        ({}, {"ScheduledProcedureStepID": "S01 ", "AccessionNumber": "W9"}, True),
        ({}, {"ScheduledProcedureStepID": "S02"}, False),
        ({}, {"ScheduledProcedureStepID": "S01X"}, False),
        ({}, {"StudyInstanceUID": "1.9"}, False),
        ({}, {"PatientID": "9"}, False),
        # without a number, by all that an item is known by
        ({"ScheduledProcedureStepID": ""}, {"ScheduledProcedureStepID": None}, True),
        (
            {"ScheduledProcedureStepID": ""},
            {"ScheduledProcedureStepID": "", "ScheduledStationAETitle": "CT2"},
            False,
        ),
    ],
)
def test_a_step_is_known_again_wherever_and_whenever_it_is_done(
    one: dict[str, str | None], other: dict[str, str | None], same: bool
) -> None:
    assert (step_key(item(**one)) == step_key(item(**other))) is same


@pytest.mark.parametrize("steps", [0, 2])
def test_an_item_without_just_one_step_is_known_again(steps: int) -> None:
    assert step_key(with_steps(steps)) == step_key(with_steps(steps)) != step_key(item())
    assert step_key(with_steps(steps)) != step_key(with_steps(steps, PatientID="9"))

"""Checks of a step, judged without a shell."""

from __future__ import annotations

import re

import pytest

from dicomsh.errors import ExitStatus
from dicomsh.lessons.check import (
    Check,
    Choice,
    ExpectedKey,
    answered,
    attempted,
    on_the_way,
    unmet,
)
from dicomsh.lessons.statement_record import StatementRecord
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey


def sent(keyword: str, value: str, origin: KeyOrigin = KeyOrigin.TYPED) -> StatementRecord:
    matching = Matching.SINGLE_VALUE if value else Matching.UNIVERSAL
    key = QueryKey((by_keyword(keyword),), value, matching, origin)
    return StatementRecord(
        "find study", "find", queries=(Query(Model.STUDY_ROOT.find, Level.STUDY, (key,)),)
    )


def test_several_values_may_be_in_any_order() -> None:
    check = Check(keys={"ModalitiesInStudy": ExpectedKey("CT\\MR")})
    assert unmet(check, sent("ModalitiesInStudy", "MR\\CT")) is None
    for value in ("CT", "CT\\CT\\MR"):
        said = f"ModalitiesInStudy was sent as '{value}', which is not what the task asks for"
        assert unmet(check, sent("ModalitiesInStudy", value)) == said


def test_a_value_is_like_a_pattern_as_a_whole() -> None:
    check = Check(keys={"PatientName": ExpectedKey(like=re.compile("jod.*[*]", re.IGNORECASE))})
    assert unmet(check, sent("PatientName", "JODOGNE*")) is None
    missing = "PatientName was sent as 'JODOGNE', which is not what the task asks for"
    assert unmet(check, sent("PatientName", "JODOGNE")) == missing
    assert unmet(check, sent("PatientName", "*JODOGNE*")) is not None


@pytest.mark.parametrize("origin", [KeyOrigin.TYPED, KeyOrigin.PATTERN, KeyOrigin.RETURN])
def test_a_key_that_must_be_asked_for_is_not_one_that_goes_along(origin: KeyOrigin) -> None:
    check = Check(asked=("PatientSex",))
    assert check.of_query
    assert unmet(check, sent("PatientSex", "", origin)) is None
    by_default = sent("PatientSex", "", KeyOrigin.LEVEL)
    assert unmet(check, by_default) == "you did not ask for PatientSex"
    assert unmet(check, sent("PatientName", "")) == "you did not ask for PatientSex"


@pytest.mark.parametrize("text", ["b", " B ", "b)", "(b)", "'b'", "b."])
def test_what_stands_around_an_answer_does_not_count(text: str) -> None:
    check = Check(answers=(re.compile("b", re.IGNORECASE),))
    assert answered(check, text)
    assert not answered(check, f"{text} c")


@pytest.mark.parametrize(
    ("command", "wanted", "is_one"),
    [
        ("ls", ("find",), True),
        ("cd", ("find", "ls"), True),
        ("tree", ("cd",), True),
        ("trace on", ("trace off",), True),
        ("modalities", ("find",), False),
        ("echo", ("use",), False),
        ("find", ("explain",), False),
    ],
)
def test_another_command_for_the_same_end_is_an_attempt(
    command: str, wanted: tuple[str, ...], is_one: bool
) -> None:
    check = Check(commands=wanted)
    assert attempted(check, StatementRecord(command, command)) is is_one


def test_where_the_learner_should_be_goes_before_what_was_asked() -> None:
    check = Check(modality="hasty", level=Level.SERIES)
    assert unmet(check, sent("PatientName", "A")) == "the modality in use should be hasty"


def test_a_word_that_is_left_out_is_named() -> None:
    happened = sent("PatientName", "A")
    said = "the command lacks --rs"
    assert unmet(Check(typed=re.compile("--rs")), happened) == said
    other = unmet(Check(typed=re.compile("explain +last")), happened)
    assert other == "the command is not written as the task says"


def test_a_command_that_failed_has_been_told_about() -> None:
    failed = StatementRecord("use X", "use", ExitStatus.USAGE)
    assert not attempted(Check(commands=("use",)), failed)
    assert attempted(Check(commands=("use",), statuses=(ExitStatus.USAGE,)), failed)
    interrupted = StatementRecord("find study", "find", ExitStatus.INTERRUPTED)
    assert attempted(Check(commands=("find",)), interrupted)


def test_what_the_solution_does_before_its_end_is_on_the_way() -> None:
    check = Check(level=Level.SERIES)
    study = sent("PatientName", "A")
    assert on_the_way(check, "find study\ncd 1\nls", study)
    assert not on_the_way(check, "cd 1\nls", study)
    assert not on_the_way(Check(level=Level.STUDY), "find study\ncd 1\nls", study)


WHO = Choice(
    "b", {"a": "you: type the query again", "b": "the archive's administrator", "c": "nobody"}
)
WHAT = Choice("b", {"a": "an image", "b": "a list of attributes", "c": "a file"})


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (WHO, "b"),
        (WHO, "(B)"),
        (WHO, "it is b"),
        (WHO, "administrator"),
        (WHO, "the archive's administrator"),
        (WHO, "The administrator of the PACS!"),
        (WHO, "b: the archive's administrator"),
        (WHAT, "a list"),
        (WHAT, "b, attributes"),
        (WHAT, "list of attributes"),
    ],
)
def test_an_option_is_chosen_by_its_letter_or_its_words(choice: Choice, text: str) -> None:
    assert answered(Check(choice=choice), text)


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (WHO, "a"),
        (WHO, "a or b"),
        (WHO, "b or c"),
        (WHO, "c, the administrator"),
        (WHO, "you and the administrator"),
        (WHO, "the"),
        (WHO, "somebody"),
        (WHAT, "a"),
        (WHAT, "a, an image"),
        (WHAT, "an image"),
        (WHAT, "a file"),
        (WHAT, "a list of files, a file"),
    ],
)
def test_another_option_two_options_and_none_are_not_the_right_one(
    choice: Choice, text: str
) -> None:
    assert not answered(Check(choice=choice), text)


def ended(
    ending: Ending, *, doubtful: bool = False, notes: tuple[Note, ...] = ()
) -> StatementRecord:
    outcome = Outcome(ending, 0, 0.0, doubtful=doubtful, notes=notes)
    return StatementRecord("find study", "find", rows=(), outcome=outcome)


def test_an_answer_in_doubt_is_not_complete() -> None:
    complete, doubtful = ended(Ending.COMPLETE), ended(Ending.COMPLETE, doubtful=True)
    assert unmet(Check(endings=("complete",)), complete) is None
    assert unmet(Check(endings=("in doubt",)), doubtful) is None
    said = "the answer is in doubt, but should be complete or limit"
    assert unmet(Check(endings=("complete", "limit")), doubtful) == said
    partial = ended(Ending.PARTIAL, doubtful=True)
    assert unmet(Check(endings=("incomplete",)), partial) is None


def test_the_line_below_the_rows_may_have_to_say_something() -> None:
    check = Check(notes=(NoteKind.RELATIONAL_AGREED,))
    told = ended(Ending.COMPLETE, notes=(note(NoteKind.RELATIONAL_AGREED),))
    assert unmet(check, told) is None
    other = ended(Ending.COMPLETE, notes=(note(NoteKind.RELATIONAL_UNKNOWN),))
    said = "the line below the rows does not say what it should in this step"
    assert unmet(check, other) == said


def test_what_the_task_asks_for_first_is_on_the_way() -> None:
    first = Check(keys={"Modality": ExpectedKey("MR")})
    assert on_the_way(Check(level=Level.STUDY), "ls", sent("Modality", "MR"), first)
    assert not on_the_way(Check(level=Level.STUDY), "ls", sent("Modality", "CT"), first)


def test_a_window_of_split_is_not_what_the_learner_typed() -> None:
    check = Check(keys={"StudyDate": ExpectedKey("20240305")})
    said = "no --split window has the StudyDate that the task asks for"
    assert unmet(check, sent("StudyDate", "20240101-20240630", KeyOrigin.WINDOW)) == said

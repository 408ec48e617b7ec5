"""Lesson files: what can be said in them, and errors that name file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.errors import ConfigError, ExitStatus
from dicomsh.lessons.check import Check, Choice, ExpectedKey
from dicomsh.lessons.read import read_course
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.model.notes import NoteKind
from dicomsh.model.query import Matching

GOOD = """\
title: My lesson
archives:
  mine: {cut_off: 3}
steps:
  - text: Something.
    task: Do it.
    check:
      command: [find, ls]
      level: series
      model: study
      keys: {Modality: CT, PatientID: , StudyDate: {matching: range}, SeriesNumber: "",
             SeriesDescription: {like: "tho.*"}}
      asked: [Modality, SeriesDescription]
      unmatched: PatientName
      charset: ""
      rows: 1..5
      contains: {Modality: [CT]}
      only: {Modality: [CT, MR]}
      ending: cut off
      note: same-round-number
      modality: mine
      place_level: study
      status: incomplete
      typed: mod=
    first: {level: study}
    solution: find series mod=CT
    also: [find series CT]
"""


CHECK = GOOD[GOOD.index("    check:") : GOOD.index("    first")]


def course(folder: Path, text: str, name: str = "01-mine.yaml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def test_every_condition(tmp_path: Path) -> None:
    (lesson,) = read_course(course(tmp_path, GOOD)).lessons
    assert (lesson.name, lesson.title) == ("mine", "My lesson")
    assert lesson.archive.address == PracticeAddress("MINE", Faults(cut_off=3))
    (step,) = lesson.steps
    check = step.check
    assert check.commands == ("find", "ls")
    assert (check.level, check.model) == (Level.SERIES, Model.STUDY_ROOT)
    like = check.keys["SeriesDescription"].like
    assert like is not None
    assert check.asked == ("Modality", "SeriesDescription")
    assert step.also == ("find series CT",)
    assert check.keys == {
        "Modality": ExpectedKey("CT"),
        "PatientID": ExpectedKey(),
        "StudyDate": ExpectedKey(matching=Matching.RANGE),
        "SeriesNumber": ExpectedKey(""),
        "SeriesDescription": ExpectedKey(like=like),
    }
    assert check.unmatched == ("PatientName",)
    assert check.charset == ""
    assert check.rows == (1, 5)
    assert (check.contains, check.only) == ({"Modality": ("CT",)}, {"Modality": ("CT", "MR")})
    assert check.endings == ("cut off",)
    assert check.notes == (NoteKind.SAME_ROUND_NUMBER,)
    assert step.first == Check(level=Level.STUDY)
    assert (check.modality, check.place_level) == ("mine", Level.STUDY)
    assert check.statuses == (ExitStatus.INCOMPLETE,)
    assert step.begins == "/"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: My lesson", "titel: My lesson", "01-mine.yaml:1: titel: unknown setting"),
        ("title: My lesson\n", "", "01-mine.yaml:1: top level: expected the setting 'title'"),
        ("    task: Do it.\n", "", "01-mine.yaml:5: steps[1]: expected the setting 'task'"),
        ("level: series", "level: serie", "01-mine.yaml:9: steps[1].check.level: expected patient"),
        ("Modality: CT, P", "Modalty: CT, P", "steps[1].check.keys.Modalty: expected a keyword"),
        ("Modality: CT, P", "modality: CT, P", "expected the keyword Modality, found 'modality'"),
        ("matching: range", "matching: ranges", "matching: expected single value"),
        ("rows: 1..5", "rows: many", "rows: expected a number of rows such as 3, 3..5 or 3.."),
        ("typed: mod=", "typed: 'mod=('", "typed: expected a regular expression"),
        (
            'like: "tho.*"',
            "like: '*'",
            "keys.SeriesDescription.like: expected a regular expression",
        ),
        ("asked: [Modality", "asked: [Modalty", "asked[1]: expected a keyword"),
        ("cut_off: 3", "cutoff: 3", "01-mine.yaml:3: archives.mine.cutoff: unknown"),
        ("ending: cut off", "ending: cut", "ending: expected complete, limit, cut off"),
        ("note: same-round-number", "note: same-number", "note: expected matched"),
        ("      typed: mod=\n", "      choice: b\n", "choice: expected a task with options"),
        (
            "    solution: find series mod=CT\n    also: [find series CT]\n",
            "",
            "expected the setting 'solution'",
        ),
        (CHECK, "    check: {}\n", "at least one condition"),
        ("steps:", "stages:\nsteps: [", "YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as raised:
        read_course(course(tmp_path, GOOD.replace(old, new)))
    assert said in raised.value.message
    assert str(tmp_path / "01-mine.yaml:")[:-1] in raised.value.message


def test_a_choice_is_one_of_the_options_of_the_task(tmp_path: Path) -> None:
    task = "task: |\n      Which?\n        a  one thing\n        b  another\n"
    text = f"title: T\nsteps:\n  - text: T.\n    {task}    check: {{choice: b}}\n    solution: ls\n"
    (lesson,) = read_course(course(tmp_path, text)).lessons
    assert lesson.steps[0].check.choice == Choice("b", {"a": "one thing", "b": "another"})
    course(tmp_path, text.replace("choice: b", "choice: c"))
    with pytest.raises(ConfigError, match="choice: expected a, b, found 'c'"):
        read_course(tmp_path)


def test_a_folder_without_lessons(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a folder with lessons"):
        read_course(tmp_path)


def test_one_archive_name_has_one_set_of_faults(tmp_path: Path) -> None:
    course(tmp_path, GOOD)
    course(tmp_path, GOOD.replace("cut_off: 3", "cut_off: 4"), "02-other.yaml")
    with pytest.raises(ConfigError, match="another lesson gives it different faults"):
        read_course(tmp_path)


def test_one_name_is_one_lesson(tmp_path: Path) -> None:
    course(tmp_path, GOOD)
    course(tmp_path, GOOD, "02-mine.yaml")
    with pytest.raises(ConfigError, match="the name 'mine' is already used by"):
        read_course(tmp_path)

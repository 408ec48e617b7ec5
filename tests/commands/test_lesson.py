"""lesson: at the prompt and in scripts, with progress that is kept."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from dicomsh.lessons.tutor import LESSONS, Tutor
from tests.harness import Done, dicomsh, run

FIRST = "use classroom; find patient"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


def at(home: Path, text: str, *, lessons: Path | None = None, output: str | None = None) -> Done:
    return run(text, keep_going=True, state=home, lessons=lessons, output=output)


def test_a_lesson_leads_from_step_to_step() -> None:
    done = run(f"lesson; {FIRST}", keep_going=True)
    assert done.status == 0
    order = [
        "Lesson 1 of 13",
        "Step 1 of 5",
        "▸ Connect",
        "✓ You are",
        "Step 2 of 5",
        "✓ 40 patients",
    ]
    places = [done.err.index(text) for text in order]
    assert places == sorted(places)
    assert done.err.rstrip().endswith("▸ Find the one patient whose PatientID is 10002.")
    assert "Lesson" not in done.out


def test_an_attempt_that_is_not_it_is_told_why() -> None:
    done = run("lesson start 2; find patient sex=M; find patient sex=", keep_going=True)
    assert "Not yet: PatientSex went out as 'M'. 'lesson hint' helps." in done.err
    assert "Step 2 of 5" in done.err


def test_what_is_no_attempt_is_left_alone() -> None:
    done = run("lesson start 1; pwd; help; modalities; echo classroom")
    assert "Not yet" not in done.err


def test_work_in_a_modality_that_is_not_of_the_lesson_is_left_alone() -> None:
    asked = "find patient sex=M"
    assert "Not yet" in run(f"lesson start 2; {asked}", keep_going=True).err
    assert "Not yet" not in run(f"lesson start 2; use pacs; {asked}", keep_going=True).err


def test_hints_tell_more_and_more_and_at_last_the_solution() -> None:
    done = run("lesson start 3; lesson hint; lesson hint; lesson hint")
    assert "Hint 1: " in done.err
    assert done.err.count("This does it:\n  find study date=2024-03-05\n") == 2


def test_progress_is_kept_for_the_user_only(home: Path) -> None:
    at(home, f"lesson start 1; {FIRST}")
    file = home / "dicomsh" / "lessons.json"
    assert json.loads(file.read_text())[""] == {"current": "hierarchy", "steps": {"hierarchy": 2}}
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = at(home, "lesson")
    assert "Step 3 of 5" in again.err
    rows = at(home, "lesson list", output="json").json
    assert (rows[0]["done"], rows[1]["done"], len(rows)) == (2, 0, 13)


def test_a_step_that_begins_elsewhere_says_how_to_get_there(home: Path) -> None:
    at(home, f"lesson start 1; {FIRST}; find patient id=10002; cd 0555643F")
    again = at(home, "lesson; cd /classroom/0555643F; ls; cd 1; ls; lesson")
    assert "This step begins at: cd /classroom/0555643F" in again.err
    assert "Lesson 1 is done" in again.err
    assert "Lesson 2 of 13" in again.err


def test_skip_and_reset(home: Path) -> None:
    skipped = at(home, "lesson start 5; lesson skip; lesson skip")
    assert "Step 3 of 5" in skipped.err
    assert at(home, "lesson reset 5").err == "lesson 5 begins anew\n"
    assert "Step 1 of 5" in at(home, "lesson start modalities").err
    assert at(home, "lesson skip; lesson reset").status == 2
    assert "Lesson 1 of 13" in at(home, "lesson reset; lesson").err


def test_answers_to_questions() -> None:
    done = run("lesson start retrieve; lesson answer a; lesson answer B", keep_going=True)
    assert "Not yet: that is not the answer" in done.err
    assert "Step 2 of 4" in done.err
    refused = run("lesson start 1; lesson answer 4")
    assert refused.status == 2
    assert "this step has no question" in refused.err


def test_all_skipped_the_course_ends(home: Path) -> None:
    rows = at(home, "lesson list", output="json").json
    for number in range(1, 14):
        skips = "; ".join(["lesson skip"] * rows[number - 1]["steps"])
        last = at(home, f"lesson start {number}; {skips}")
        assert f"Lesson {number} is done" in last.err
    assert "That was the last lesson" in last.err
    assert "you have done the last lesson" in at(home, "lesson").err
    assert "Step 1 of" in at(home, "lesson start 13").err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lesson start 14", "no lesson '14'"),
        ("lesson start m", "no lesson 'm'"),
        ("lesson hint", "no lesson is in progress"),
        ("lesson skip", "no lesson is in progress"),
        ("lesson answer", "what is the answer?"),
    ],
)
def test_what_cannot_be_is_refused(text: str, said: str) -> None:
    done = run(text)
    assert done.status == 2
    assert said in done.err


def test_a_modality_of_that_name_is_not_taken_over(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    config.write_text("modalities:\n  classroom: {aet: A, host: 192.0.2.1, port: 104}\n")
    done = run("lesson start 1", config=config)
    assert done.status == 2
    assert "this lesson needs the name 'classroom'" in done.err


LESSON = """\
title: Ours
steps:
  - text: Hello.
    task: Print hello.
    check: {command: print, typed: hello}
    solution: print hello
"""


def test_lessons_of_a_teacher(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "ours.yaml").write_text(LESSON)
    done = at(home, "lesson; print hello", lessons=folder)
    assert "Lesson 1 of 1: Ours" in done.err
    assert "✓ Right." in done.err
    kept = json.loads((home / "dicomsh" / "lessons.json").read_text())
    assert kept[str(folder.resolve())]["steps"] == {"ours": 1}
    (folder / "ours.yaml").write_text(LESSON.replace("check:", "chekc:"))
    broken = at(home, "lesson list", lessons=folder)
    assert broken.status == 2
    assert f"{folder / 'ours.yaml'}:5: steps[1].chekc: expected a known setting" in broken.err


@pytest.mark.parametrize("text", ["", "[]", "{", '{"": []}', '{"": {"steps": {"hierarchy": "x"}}}'])
def test_a_broken_progress_file_is_no_obstacle(home: Path, text: str) -> None:
    (home / "dicomsh").mkdir(parents=True)
    (home / "dicomsh" / "lessons.json").write_text(text)
    assert "Step 1 of 5" in at(home, "lesson").err


def test_without_a_place_to_keep_it_the_lesson_goes_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = at(blocked, "lesson start 1; use classroom")
    assert "your progress is not kept" in done.err
    assert "Step 2 of 5" in done.err


def test_the_option_and_the_progress_of_a_whole_process(tmp_path: Path, home: Path) -> None:
    (tmp_path / "ours.yaml").write_text(LESSON)
    options = ("--lessons", str(tmp_path), "-c", "lesson; print hello")
    done = dicomsh(*options, environ={"XDG_STATE_HOME": str(home)})
    assert (done.out, done.status) == ("hello\n", 0)
    assert done.err.rstrip().endswith("That was the last lesson.")
    assert (home / "dicomsh" / "lessons.json").is_file()


def test_lessons_are_offered_for_completion(tmp_path: Path) -> None:
    assert Tutor(LESSONS, None).titles()["wado"].endswith("the WADO identifiers")
    assert Tutor(tmp_path, None).titles() == {}

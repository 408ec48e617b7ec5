"""lesson: at the prompt and in scripts, with progress that is kept."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from dicomsh.lessons.read import read_course
from dicomsh.lessons.tutor import LESSONS, Tutor
from tests.harness import Done, dicomsh, run

FIRST = "use classroom; find patient"
LESSON_COUNT = len(read_course(LESSONS).lessons)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


def at(home: Path, text: str, *, lessons: Path | None = None, output: str | None = None) -> Done:
    return run(text, keep_going=True, state=home, lessons=lessons, output=output)


def test_a_lesson_leads_from_step_to_step() -> None:
    done = run(f"lesson; {FIRST}", keep_going=True)
    assert done.status == 0
    order = [
        f"Lesson 1 of {LESSON_COUNT}",
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
    said = "Not yet: PatientSex was sent as 'M', which is not what the task asks for."
    assert f"{said} 'lesson hint' helps." in done.err
    assert "Step 2 of 5" in done.err


def test_an_attempt_that_the_task_asks_for_is_not_corrected() -> None:
    skips = "; ".join(["lesson skip"] * 4)
    asked = "cd 0555643F; find study date=2009 mod=MR"
    assert "Not yet" not in run(f"lesson start 8; {skips}; {asked}").err
    assert "Not yet" in run(f"lesson start 8; {skips}; {asked[:-2]}CT").err


def test_a_trace_in_a_lesson_does_not_show_the_end_of_other_connections() -> None:
    before = "use pacs; lesson start 1; find patient JOD*; lesson start trace"
    done = run(f"{before}; trace on; use glasshouse")
    assert done.err.count("A-RELEASE-RQ") == 1


def test_what_is_no_attempt_is_left_alone() -> None:
    done = run("lesson start 1; pwd; help; modalities; echo classroom")
    assert "Not yet" not in done.err


def test_work_in_a_modality_that_is_not_of_the_lesson_is_left_alone() -> None:
    asked = "find patient sex=M"
    assert "Not yet" in run(f"lesson start 2; {asked}", keep_going=True).err
    assert "Not yet" not in run(f"lesson start 2; use pacs; {asked}", keep_going=True).err


def test_who_leaves_the_archive_of_the_lesson_is_told_the_way_once() -> None:
    text = "lesson start 2; use pacs; find patient; pwd; cd /classroom; find patient; use pacs"
    done = run(text, keep_going=True)
    assert done.err.count("The lesson waits in its practice archive: cd /classroom\n") == 2
    assert "Not yet: you did not ask for PatientSex." in done.err


def test_hints_tell_more_and_more_and_at_last_the_solution() -> None:
    done = run("lesson start 3; lesson hint; lesson hint; lesson hint")
    assert "Hint 1: " in done.err
    assert done.err.count("Solution:\n  find study date=2024-03-05\n") == 2


def test_progress_is_kept_for_the_user_only(home: Path) -> None:
    at(home, f"lesson start 1; {FIRST}")
    file = home / "dicomsh" / "lessons.json"
    marks = ["done", "done", "open", "open", "open"]
    kept = json.loads(file.read_text())[""]
    assert kept == {"current": "hierarchy", "steps": {"hierarchy": marks}}
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = at(home, "lesson")
    assert "Step 3 of 5" in again.err
    rows = at(home, "lesson list", output="json").json
    assert (rows[0]["done"], rows[1]["done"], len(rows)) == (2, 0, LESSON_COUNT)


def test_a_step_that_begins_elsewhere_says_how_to_get_there(home: Path) -> None:
    at(home, f"lesson start 1; {FIRST}; find patient id=10002; cd 0555643F")
    again = at(home, "lesson; cd /classroom/0555643F; ls; cd 1; ls; lesson")
    assert "This step starts somewhere else: cd /classroom/0555643F" in again.err
    assert "Lesson 1 is done" in again.err
    assert f"Lesson 2 of {LESSON_COUNT}" in again.err


def test_a_place_on_the_way_of_the_solution_is_where_a_learner_may_be() -> None:
    start = "lesson start 7; cd 0555643F; ls"
    assert "somewhere else" not in run(f"{start}; cd 1; lesson").err
    assert "somewhere else: cd /classroom" in run(f"{start}; cd 2; lesson").err
    assert "somewhere else: cd /classroom" in run("lesson start 7; cd 10001; lesson").err


def test_who_skips_the_way_is_told_where_the_next_step_begins() -> None:
    skipped = run("lesson start wado; lesson skip; lesson skip")
    assert skipped.err.count("somewhere else") == 1
    assert skipped.err.endswith("  This step starts somewhere else: cd /classroom/0555643F\n")


def test_a_question_can_be_answered_anywhere() -> None:
    done = run("lesson start retrieve; cd 0555643F; lesson")
    assert done.err.count("Step 1 of 8") == 2
    assert "somewhere else" not in done.err


def test_queries_that_split_prepares_are_not_what_the_learner_asked() -> None:
    steps = "lesson start limits; lesson skip; lesson skip; use hasty; find study"
    done = run(f"{steps}; find study --split; find study date=2024-03-05 --split")
    assert "patient level" not in done.err
    assert "Not yet: the answer has 120 rows, but should have 14." in done.err
    assert "Lesson 10 has ended" in done.err


def test_another_place_and_other_rows_are_named() -> None:
    done = run(f"lesson start 1; {FIRST}; find patient id=10002; cd 0555643F; ls; cd 2; ls")
    assert "Not yet: the query was inside a different study than the task asks for." in done.err
    steps = "; ".join(["lesson skip"] * 2)
    done = run(f"lesson start 2; {steps}; find patient Doe^Jan*")
    assert "rows that the task does not ask for (PatientID: 10001)." in done.err


def test_skip_and_reset(home: Path) -> None:
    skipped = at(home, "lesson start 5; lesson skip; lesson skip")
    assert "Step 3 of 5" in skipped.err
    assert at(home, "lesson reset 5").err == "lesson 5 starts afresh\n"
    assert "Step 1 of 5" in at(home, "lesson start modalities").err
    assert at(home, "lesson skip; lesson reset").status == 2
    assert f"Lesson 1 of {LESSON_COUNT}" in at(home, "lesson reset; lesson").err


def test_answers_to_questions() -> None:
    done = run("lesson start retrieve; lesson answer a; lesson answer B", keep_going=True)
    assert "Not yet: that is not the answer" in done.err
    assert "Step 2 of 8" in done.err
    refused = run("lesson start 1; lesson answer 4")
    assert refused.status == 2
    assert "this step has no question" in refused.err


def test_all_skipped_the_course_ends(home: Path) -> None:
    rows = at(home, "lesson list", output="json").json
    for number in range(1, LESSON_COUNT + 1):
        skips = "; ".join(["lesson skip"] * rows[number - 1]["steps"])
        last = at(home, f"lesson start {number}; {skips}")
        assert f"Lesson {number} has ended" in last.err
    assert "That was the last lesson" in last.err
    assert "you have finished the last lesson" in at(home, "lesson").err
    assert {row["done"] for row in at(home, "lesson list", output="json").json} == {0}
    assert "Step 1 of" in at(home, f"lesson start {LESSON_COUNT}").err


MODELS = "lesson start models; find patient JOD*"
SECOND = "find study PatientName=Doe*"
THIRD = "find study id=0555643F --model patient"
FOURTH = "use studyonly; find patient JOD*"


def progress(home: Path, name: str) -> str:
    (line,) = [found for found in at(home, "lesson list").out.splitlines() if f" {name} " in found]
    return line.split("  ")[-1].strip()


def test_a_skipped_step_is_not_done_and_can_be_done_later(home: Path) -> None:
    done = at(home, f"{MODELS}; lesson skip; {THIRD}; lesson skip")
    assert "Lesson 6 has ended, 2 steps skipped: 'lesson start 6' goes to them." in done.err
    assert progress(home, "models") == "2 of 4, 2 skipped"
    row = at(home, "lesson list", output="json").json[5]
    assert (row["done"], row["skipped"], row["steps"]) == (2, 2, 4)
    assert f"Lesson 7 of {LESSON_COUNT}" in at(home, "lesson").err
    again = at(home, f"lesson start 6; {SECOND}; lesson")
    assert again.err.index("Step 2 of 4") < again.err.index("Step 4 of 4")
    assert "Step 3 of 4" not in again.err
    assert progress(home, "models") == "3 of 4"


def test_a_lesson_without_skipped_steps_is_done_and_may_be_repeated(home: Path) -> None:
    done = at(home, f"{MODELS}; {SECOND}; {THIRD}; {FOURTH}")
    assert "Lesson 6 is done: " in done.err
    assert progress(home, "models") == "done"
    assert "Step 1 of 4" in at(home, "lesson start 6").err
    assert progress(home, "models") == "done"
    at(home, MODELS)
    assert progress(home, "models") == "1 of 4"


def test_progress_of_earlier_versions_counts_the_steps_done(home: Path) -> None:
    steps = {"hierarchy": 5, "matching": 2, "trace": 99}
    write(home, json.dumps({"": {"current": "matching", "steps": steps}}))
    assert "Step 3 of 5" in at(home, "lesson").err
    assert progress(home, "hierarchy") == "done"
    assert progress(home, "matching") == "2 of 5"
    assert progress(home, "trace") == "done"


BEFORE = "use pacs; cd 0555643F"


def test_stop_leads_back_to_the_place_before_the_lesson(home: Path) -> None:
    done = at(home, f"{BEFORE}; lesson start 1; {FIRST}; cd 10001; lesson stop; pwd; lesson list")
    line = "The modality is now classroom, for this lesson; 'lesson stop' goes back to "
    assert f"{line}/pacs/0555643F." in done.err
    said = "Lesson 1 waits at step 3: 'lesson' continues there.\nYou are back at /pacs/0555643F.\n"
    assert said in done.err
    assert "/pacs/0555643F" in done.out.splitlines()
    assert "Step 3 of 5" in at(home, "lesson").err


def test_after_stop_no_step_is_judged_and_the_lesson_goes_on_later() -> None:
    done = run(f"{BEFORE}; lesson start 2; lesson stop; find patient sex=", keep_going=True)
    assert "Step 2 of 5" not in done.err
    again = run(f"{BEFORE}; lesson start 2; lesson stop; lesson; find patient sex=; lesson stop")
    assert again.err.count("'lesson stop' goes back to /pacs/0555643F.") == 2
    assert "Lesson 2 waits at step 2" in again.err
    assert again.last == "You are back at /pacs/0555643F."


def test_a_lesson_that_ends_by_itself_tells_the_way_back() -> None:
    skips = "; ".join(["lesson skip"] * 4)
    done = run(f"{BEFORE}; lesson start 15; {skips}; pwd; lesson stop; pwd")
    ending = done.err[done.err.index("Lesson 15 has ended") :].splitlines()
    assert ending[2:] == [
        "'lesson stop' goes back to /pacs/0555643F.",
        "You are back at /pacs/0555643F.",
    ]
    assert done.out == "/classroom\n/pacs/0555643F\n"


def test_one_lesson_after_the_other_has_the_way_back_of_the_first() -> None:
    skips = "; ".join(["lesson skip"] * 6)
    done = run(f"{BEFORE}; lesson start 17; {skips}; cd 10001; lesson; lesson stop")
    assert "The modality is now ward, for this lesson" in done.err
    assert done.last == "You are back at /pacs/0555643F."


def test_stop_where_nothing_was_in_use() -> None:
    done = run("lesson start 1; lesson stop; pwd; lesson stop", keep_going=True)
    assert "'lesson stop' leaves the practice archive." in done.err
    assert "No modality is in use, as before.\n" in done.err
    assert done.out == "/\n"
    assert "no lesson is in progress" in done.err


def test_stop_stays_in_a_modality_that_is_not_of_the_course() -> None:
    done = run("use pacs; lesson start 1; use pacs; cd 10001; lesson stop; pwd")
    assert done.last == "You stay at /pacs/10001."
    assert done.out == "/pacs/10001\n"


def test_stop_goes_to_a_modality_as_it_is_now(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    config.write_text("modalities:\n  here: {practice: true}\n  there: {practice: true}\n")
    text = "use here; lesson start 1; modality remove here; lesson; lesson stop; pwd"
    done = run(text, config=config)
    said = "You stay at /classroom: here, where you were, is no longer a modality."
    assert done.last == said
    assert done.out == "/classroom\n"


def test_reset_tells_the_way_back() -> None:
    done = run(f"{BEFORE}; lesson start 1; lesson reset 1; lesson stop")
    assert "lesson 1 starts afresh\n'lesson stop' goes back to /pacs/0555643F.\n" in done.err
    assert done.last == "You are back at /pacs/0555643F."


def test_the_archives_of_a_lesson_outlive_a_change_of_the_modalities(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    config.write_text("modalities:\n  here: {practice: true}\n")
    text = "lesson start 10; modality add other A@192.0.2.1:104; lesson; use hasty"
    assert run(text, config=config).status == 0


def test_a_masked_way_back_shows_no_real_place() -> None:
    done = run(f"{BEFORE}; set mask on; lesson start 1; lesson stop")
    assert "0555643F" not in done.err[done.err.index("Lesson 1") :]
    assert "You are back at /pacs/" in done.last


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("lesson strat 2", "did you mean 'start'?"),
        ("lesson Hint", "did you mean 'hint'?"),
        ("lesson dates", "see 'help lesson'"),
        ("lesson 2", "did you mean 'lesson start 2'?"),
    ],
)
def test_an_unknown_word_lists_those_there_are(text: str, hint: str) -> None:
    done = run(text)
    assert done.status == 2
    assert "lesson takes one of answer, hint, list, reset, skip, start, stop" in done.err
    assert done.last == hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"lesson start {LESSON_COUNT + 1}", f"no lesson '{LESSON_COUNT + 1}'"),
        ("lesson stop", "no lesson is in progress"),
        ("lesson start m", "no lesson 'm'"),
        ("lesson hint", "no lesson is in progress"),
        ("lesson skip", "no lesson is in progress"),
        ("lesson answer", "the answer is missing"),
    ],
)
def test_what_cannot_be_is_refused(text: str, said: str) -> None:
    done = run(text)
    assert done.status == 2
    assert said in done.err


def test_a_modality_of_that_name_is_not_taken_over(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    config.write_text("modalities:\n  classroom: {aet: A, host: 192.0.2.1, port: 104}\n")
    done = run("lesson start 1; lesson hint", config=config, keep_going=True)
    assert done.status == 2
    assert "a lesson needs the name 'classroom'" in done.err
    assert "no lesson is in progress" in done.err


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
    assert kept[str(folder.resolve())]["steps"] == {"ours": ["done"]}
    (folder / "ours.yaml").write_text(LESSON.replace("check:", "chekc:"))
    broken = at(home, "lesson list", lessons=folder)
    assert broken.status == 2
    assert f"{folder / 'ours.yaml'}:5: steps[1].chekc: unknown setting" in broken.err


def write(home: Path, text: str) -> Path:
    file = home / "dicomsh" / "lessons.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "invalid JSON, line 1"),
        ("\n{", "invalid JSON, line 2"),
        ("[]", "other JSON"),
        ('{"": []}', "other JSON"),
        ('{"": {"steps": {"hierarchy": "x"}}}', "other JSON"),
        ('{"": {"steps": {"hierarchy": ["finished"]}}}', "'finished' is not a valid Mark"),
        ('{"": {"steps": {"hierarchy": -1}}}', "other JSON"),
        ("[" * 200_000, "recursion"),
    ],
)
def test_what_is_no_progress_is_told_and_put_aside(home: Path, text: str, reason: str) -> None:
    file = write(home, text)
    file.with_name("lessons.json.1").write_text("of another day")
    listed = at(home, "lesson list").err
    assert listed.startswith(f"{LESSON_COUNT} lessons · {file}: expected lesson progress, found ")
    assert reason in listed
    begun = at(home, "lesson; lesson").err
    assert begun.count("with your next step this file is renamed to lessons.json.2") == 2
    assert file.read_text() == text
    done = at(home, "lesson start 1; use classroom; lesson").err
    assert done.count("is renamed to") == 1
    assert "Step 2 of 5" in at(home, "lesson").err
    assert file.with_name("lessons.json.1").read_text() == "of another day"
    assert file.with_name("lessons.json.2").read_text() == text


def test_a_lesson_that_was_only_begun_is_the_one_to_go_on_with(home: Path) -> None:
    at(home, "lesson start 5")
    assert f"Lesson 5 of {LESSON_COUNT}" in at(home, "lesson").err


def test_two_sessions_do_not_undo_the_progress_of_each_other(home: Path) -> None:
    one, other = (Tutor(LESSONS, home / "dicomsh") for _ in range(2))
    for tutor, name in ((one, "retrieve"), (other, "dates")):
        tutor.begin(tutor.choose(name), whole=True)
    one.skip()
    other.skip()
    one.skip()
    assert progress(home, "retrieve") == "0 of 8, 2 skipped"
    assert progress(home, "dates") == "0 of 5, 1 skipped"
    other.reset("dates")
    assert progress(home, "retrieve") == "0 of 8, 2 skipped"
    assert progress(home, "dates") == "Dates, times and ranges"


def test_the_progress_in_other_courses_stays(home: Path) -> None:
    other = {"/elsewhere": {"current": "a", "steps": {"a": 3}}}
    file = write(home, json.dumps(other))
    at(home, "lesson start 1; use classroom")
    assert json.loads(file.read_text())["/elsewhere"] == other["/elsewhere"]


def test_without_a_place_to_keep_it_the_lesson_goes_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = at(blocked, "lesson start 1; use classroom")
    assert "your progress is not saved" in done.err
    assert "Step 2 of 5" in done.err


def test_the_option_and_the_progress_of_a_whole_process(tmp_path: Path, home: Path) -> None:
    (tmp_path / "ours.yaml").write_text(LESSON)
    options = ("--lessons", str(tmp_path), "-c", "lesson; print hello")
    done = dicomsh(*options, environ={"XDG_STATE_HOME": str(home)})
    assert (done.out, done.status) == ("hello\n", 0)
    assert "That was the last lesson." in done.err
    assert (home / "dicomsh" / "lessons.json").is_file()


def test_lessons_are_offered_for_completion(tmp_path: Path) -> None:
    assert Tutor(LESSONS, None).titles()["wado"].endswith("the WADO identifiers")
    assert Tutor(tmp_path, None).titles() == {}

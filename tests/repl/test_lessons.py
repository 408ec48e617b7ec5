"""Lessons in a real terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from dicomsh.lessons.course import Lesson
from dicomsh.lessons.read import read_course
from dicomsh.lessons.tutor import LESSONS
from tests.repl.terminal import Terminal, ctrl


def test_the_first_steps_of_the_course(tmp_path: Path) -> None:
    with Terminal(home=tmp_path, rows=60) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("lesson", "classroom:/> ")
        assert "▸ Connect to the archive classroom." in terminal.screen
        assert "Step 2 of 5" in terminal.run("use classroom", "classroom:/> ")
        assert "Step 3 of 5" in terminal.run("find patient --limit 40", "classroom:/> ")
        assert "Not yet: " in terminal.run("find patient id=10001", "classroom:/> ")
        assert "Hint 1: " in terminal.run("lesson hint", "classroom:/> ")
        assert "Step 4 of 5" in terminal.run("find patient id=10002", "classroom:/> ")
        assert "Step 5 of 5" in terminal.run("cd 0555643F", "0555643F> ")


def steps_done(home: Path, lesson: Lesson) -> int:
    """Steps that are done or skipped, as it is kept for the learner."""
    file = home / ".local" / "state" / "dicomsh" / "lessons.json"
    courses = json.loads(file.read_text("utf-8")) if file.exists() else {}
    marks: list[str] = courses.get("", {"steps": {}})["steps"].get(lesson.name, [])
    return len(marks) - marks.count("open")


@pytest.mark.parametrize("lesson", read_course(LESSONS).lessons, ids=lambda lesson: lesson.name)
def test_solutions_pass_and_a_wrong_answer_fails(lesson: Lesson, tmp_path: Path) -> None:
    with Terminal(home=tmp_path, rows=60, columns=120) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("set pager off", "dicomsh> ")
        terminal.run(f"lesson start {lesson.name}", ":/> ")
        wrong = [line for line in lesson.steps[0].wrong if not line.startswith("use")][:1]
        for number, step in enumerate(lesson.steps):
            for line in wrong if number == 0 else ():
                terminal.run(line, "> ")
                assert steps_done(tmp_path, lesson) == 0
            for line in ["lesson skip"] if step.interrupt else step.solution.splitlines():
                terminal.run(line, "> ")
            assert steps_done(tmp_path, lesson) == number + 1, terminal.screen
            for line in step.solution.splitlines()[:1] if step.interrupt else ():
                terminal.run(line, "> ")


def test_an_answer_is_cancelled_as_the_lesson_asks(tmp_path: Path) -> None:
    (lesson,) = [found for found in read_course(LESSONS).lessons if found.name == "limits"]
    (number,) = [n for n, step in enumerate(lesson.steps) if step.interrupt]
    with Terminal(home=tmp_path, rows=60, columns=120) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("lesson start limits", "classroom:/> ")
        for _ in range(number):
            terminal.run("lesson skip", "classroom:/> ")
        terminal.run("use slow", "slow:/> ")
        terminal.type("find study\r")
        terminal.wait_for("0555643F")
        terminal.type(ctrl("c"))
        terminal.wait_for(f"Step {number + 2} of {len(lesson.steps)}")
        assert "cancelled by you" in terminal.screen


def test_leaving_the_pager_cancels_as_well(tmp_path: Path) -> None:
    with Terminal(home=tmp_path, environ={"PAGER": "less"}) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("lesson start limits", "classroom:/> ")
        terminal.run("lesson skip", "classroom:/> ")
        terminal.run("use slow", "slow:/> ")
        terminal.type("find study\r")
        terminal.wait_for_line(":")
        terminal.run("", "slow:/> ", key="q")
        assert "cancelled by you" in terminal.screen
        assert "Step 3 of 4" in terminal.screen


def test_a_long_list_in_the_pager_does_a_step(tmp_path: Path) -> None:
    with Terminal(home=tmp_path, environ={"PAGER": "less"}) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("lesson", "classroom:/> ")
        terminal.run("use classroom", "classroom:/> ")
        terminal.type("find patient\r")
        terminal.wait_for_line(":")
        terminal.type(" ", " ")
        terminal.wait_for("(END)")
        assert "▸ Find the one patient" in terminal.run("", "classroom:/> ", key="q")


def test_stop_leads_back(tmp_path: Path) -> None:
    with Terminal(home=tmp_path) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("use pacs", "pacs:/> ")
        terminal.run("cd 0555643F", "pacs:/0555643F> ")
        assert "'lesson stop' goes back to" in terminal.run("lesson", "classroom:/> ")
        screen = terminal.run("lesson stop", "pacs:/0555643F> ")
        assert "You are back at /pacs/0555643F." in screen


def test_a_trace_in_a_terminal(tmp_path: Path) -> None:
    with Terminal(home=tmp_path, rows=60, columns=120) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("trace on", "dicomsh> ")
        screen = terminal.run("use pacs", "pacs:/> ")
        assert "1 ← A-ASSOCIATE-AC" in screen
        assert "context 3   accepted: Patient Root Q/R - FIND" in screen

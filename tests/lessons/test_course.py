"""Every lesson of the package: its solutions pass, its wrong answers do not."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dicomsh.lessons.course import Lesson, LessonStep
from dicomsh.lessons.progress import Mark
from dicomsh.lessons.read import read_course
from dicomsh.lessons.telling import marked_lines, step_lines, wrapped
from dicomsh.lessons.tutor import LESSONS
from dicomsh.output.error_text import TextOrigin
from dicomsh.output.sink import Sink
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests.harness import sample_configuration
from tests.processes import free_ports

COURSE = read_course(LESSONS)

NO_ATTEMPTS = {"modalities", "echo classroom", "echo", "pwd", "last"}
"""Wrong answers that a learner may also give for another reason; nothing is said about them."""


class Classroom:
    """A shell with a lesson in progress."""

    def __init__(self, folder: Path, lesson: Lesson) -> None:
        self.said = io.StringIO()
        config = sample_configuration()
        session = Session(config)
        environ = {"XDG_STATE_HOME": str(folder), "DICOMSH_TRACEBACK": "1"}
        manner = ShellOptions(keep_going=True, lessons=lesson.file.parent)
        self.shell = Shell(session, Sink(io.StringIO(), self.said), manner, environ)
        self.lesson = lesson
        (self.port,) = free_ports(1)

    @property
    def left(self) -> int:
        return self.shell.tutor.register.standing(self.lesson).marks.count(Mark.OPEN)

    async def run(self, text: str) -> str:
        """Run a text, in which `receive` listens on a port that no other test uses."""
        before = self.said.tell()
        text = re.sub(r"^receive\b", f"receive --port {self.port}", text)
        await self.shell.run(text, TextOrigin("test"))
        return self.said.getvalue()[before:]

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What an answer changes is undone."""
        session, tutor = self.shell.session, self.shell.tutor
        standing = tutor.register.standing(self.lesson)
        held = (session.modalities, session.place, session.previous, session.settings)
        listings = list(session.listings)
        yield
        session.modalities, session.place, session.previous, session.settings = held
        session.listings.clear()
        session.listings.extend(listings)
        tutor.register.keep(self.lesson, standing)
        tutor.begin(self.lesson, whole=False)


async def attend(room: Classroom) -> None:
    await room.run(f"lesson start {room.lesson.name}")
    for left, step in zip(range(len(room.lesson.steps), 0, -1), room.lesson.steps, strict=True):
        number = len(room.lesson.steps) - left
        assert room.left == left
        where = f"{room.lesson.file.name}, step {number + 1}"
        await _begins_there(room, step, where)
        for wrong in step.wrong:
            with room.kept():
                said = await room.run(wrong)
                assert room.left == left, f"{where}: '{wrong}' passes\n{said}"
                told = _has_a_reaction(said) or _is_part_of(wrong, step) or wrong in NO_ATTEMPTS
                assert told, f"{where}: no word about '{wrong}'\n{said}"
        for also in step.also:
            with room.kept():
                said = await room.run(also)
                assert room.left == left - 1, f"{where}: '{also}' does not pass\n{said}"
        said = await _solved(room, step, where)
        assert room.left == left - 1, f"{where}: '{step.solution}' does not pass\n{said}"
        if step.interrupt:
            await room.run(step.solution.splitlines()[0])
    assert room.shell.tutor.lesson is None
    await room.shell.close()


async def _solved(room: Classroom, step: LessonStep, where: str) -> str:
    """What is said after the solution; nothing is wrong on the way, as its lines are typed."""
    *earlier, last = ["lesson skip"] if step.interrupt else step.solution.splitlines()
    for line in earlier:
        said = await room.run(line)
        assert "Not yet" not in said, f"{where}: '{line}' is part of the solution\n{said}"
    return await room.run(last)


def _has_a_reaction(said: str) -> bool:
    """Whether a learner is told what is missing, or what is wrong with the command itself."""
    return "Not yet: " in said or re.search(r"^ +\^+$", said, re.M) is not None


def _is_part_of(wrong: str, step: LessonStep) -> bool:
    """Whether the solution has these commands too, so that a learner may be in the midst of it."""
    return all(part.strip() in step.solution.splitlines() for part in wrong.split(";"))


async def _begins_there(room: Classroom, step: LessonStep, where: str) -> None:
    """`begins` is the place where the steps before lead; the command that is offered goes there."""
    session = room.shell.session
    assert step.begins in ("/", session.place.path), where
    if step.is_anywhere:
        assert not room.shell.tutor.elsewhere("", "/nowhere"), where
        return
    name = session.modality.name if session.modality else ""
    (offered,) = room.shell.tutor.elsewhere("", "") or [""]
    with room.kept():
        await room.run(offered.split(": ")[1].replace(f"/{room.lesson.archive.name}", f"/{name}"))
        assert session.place.path == step.begins, where


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_solutions_pass_and_wrong_answers_fail(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(attend(Classroom(tmp_path, lesson)))


def test_there_are_twenty_lessons_of_several_steps_with_wrong_answers_and_hints() -> None:
    assert len(COURSE.lessons) == 20
    for lesson in COURSE.lessons:
        assert len(lesson.steps) >= 4, lesson.name
        assert all(step.wrong and step.hints for step in lesson.steps), lesson.name
        assert all(step.after for step in lesson.steps), lesson.name


def test_most_steps_are_tried_with_other_right_answers() -> None:
    steps = [step for lesson in COURSE.lessons for step in lesson.steps]
    assert sum(bool(step.also) for step in steps) >= len(steps) - 5


def test_a_step_fits_on_the_screen_below_what_is_said_of_the_one_before() -> None:
    for lesson in COURSE.lessons:
        said = 0
        for step in lesson.steps:
            assert said + len(step_lines(lesson, step)) + 3 <= 24, (lesson.name, step.task)
            said = len(marked_lines("✓", step.after))


def test_the_texts_fit_into_a_terminal() -> None:
    for lesson in COURSE.lessons:
        for step in lesson.steps:
            for text in (step.text, step.task, step.after, *step.hints):
                assert all(len(line) <= 78 for line in wrapped(text)), lesson.name

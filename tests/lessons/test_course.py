"""Every lesson of the package: its solutions pass, its wrong answers do not."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dicomsh.config import load
from dicomsh.lessons.course import Lesson, Step
from dicomsh.lessons.progress import Mark
from dicomsh.lessons.read import read_course
from dicomsh.lessons.telling import wrapped
from dicomsh.lessons.tutor import LESSONS
from dicomsh.output.problem import Origin
from dicomsh.output.sink import Sink
from dicomsh.session import Session
from dicomsh.shell import Manner, Shell
from tests.harness import ROOT

COURSE = read_course(LESSONS)


class Classroom:
    """A shell with a lesson in progress."""

    def __init__(self, folder: Path, lesson: Lesson) -> None:
        self.said = io.StringIO()
        config = load(ROOT / "modalities.yaml", environ={}, cwd=ROOT)
        session = Session(config)
        environ = {"XDG_STATE_HOME": str(folder), "DICOMSH_TRACEBACK": "1"}
        self.shell = Shell(
            session, Sink(io.StringIO(), self.said), Manner(keep_going=True), environ
        )
        self.lesson = lesson

    @property
    def left(self) -> int:
        return self.shell.tutor.register.standing(self.lesson).marks.count(Mark.OPEN)

    async def run(self, text: str) -> str:
        before = self.said.tell()
        await self.shell.run(text, Origin("test"))
        return self.said.getvalue()[before:]

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What a wrong answer changes is undone."""
        session = self.shell.session
        held = (session.modality, session.place, session.previous, session.settings)
        listings = list(session.listings)
        yield
        session.modality, session.place, session.previous, session.settings = held
        session.listings.clear()
        session.listings.extend(listings)


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
        solution = "lesson skip" if step.interrupt else step.solution
        said = await room.run(solution)
        assert room.left == left - 1, f"{where}: '{solution}' does not pass\n{said}"
        if step.interrupt:
            await room.run(step.solution.splitlines()[0])
    assert room.shell.tutor.lesson is None
    await room.shell.close()


async def _begins_there(room: Classroom, step: Step, where: str) -> None:
    """`begins` is the place where the steps before lead; the command that is offered goes there."""
    session = room.shell.session
    assert step.begins in ("/", session.place.path), where
    name = session.modality.name if session.modality else ""
    (offered,) = room.shell.tutor.elsewhere("", "") or [""]
    with room.kept():
        await room.run(offered.split(": ")[1].replace(f"/{room.lesson.archive.name}", f"/{name}"))
        assert session.place.path == step.begins, where


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_solutions_pass_and_wrong_answers_fail(lesson: Lesson, tmp_path: Path) -> None:
    asyncio.run(attend(Classroom(tmp_path, lesson)))


def test_there_are_thirteen_lessons_of_several_steps_with_wrong_answers_and_hints() -> None:
    assert len(COURSE.lessons) == 13
    for lesson in COURSE.lessons:
        assert len(lesson.steps) >= 4, lesson.name
        assert all(step.wrong and step.hints for step in lesson.steps), lesson.name
        assert all(step.after for step in lesson.steps), lesson.name


def test_the_texts_fit_into_a_terminal() -> None:
    for lesson in COURSE.lessons:
        for step in lesson.steps:
            for text in (step.text, step.task, step.after, *step.hints):
                assert all(len(line) <= 78 for line in wrapped(text)), lesson.name

"""Leads through a course: what to say, and when a step is done. Writes progress, nothing else."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from pathlib import Path

from dicomsh.errors import ConfigError, UsageError
from dicomsh.lessons.check import answered, attempted, on_the_way, unmet
from dicomsh.lessons.course import Course, Lesson, Step
from dicomsh.lessons.happened import Happened
from dicomsh.lessons.progress import Progress, ProgressFile

LESSONS = Path(__file__).parent
"""The lessons of the package."""

_WIDTH = 78
"""Columns of a text; the narrowest of usual terminals has 80."""

Lines = list[str]
"""What is said to the learner."""


class Tutor:
    """The course of one shell. Nothing is read before a lesson is asked for.

    Args:
        folder: the lessons.
        state: the folder that keeps progress, or None to keep none.

    Attributes:
        lesson: the lesson in progress in this session, or None.
    """

    def __init__(self, folder: Path, state: Path | None) -> None:
        self.lesson: Lesson | None = None
        self._folder = folder
        file = state / "lessons.json" if state else None
        self._kept = ProgressFile(file, "" if folder == LESSONS else str(folder.resolve()))
        self._hints = 0

    @cached_property
    def course(self) -> Course:
        """All lessons; raises ConfigError when they cannot be used."""
        from dicomsh.lessons.read import read_course

        return read_course(self._folder)

    def titles(self) -> dict[str, str]:
        """Titles by name, to choose from; none when the lessons cannot be used."""
        try:
            return {lesson.name: lesson.title for lesson in self.course.lessons}
        except ConfigError:
            return {}

    @cached_property
    def progress(self) -> Progress:
        """How far the learner is."""
        return self._kept.read()

    def done(self, lesson: Lesson) -> int:
        """Steps of a lesson that are done."""
        return min(self.progress.steps.get(lesson.name, 0), len(lesson.steps))

    @property
    def step(self) -> Step | None:
        """The step to do next; None when the lesson is done, or none is in progress."""
        if self.lesson is None or self.done(self.lesson) == len(self.lesson.steps):
            return None
        return self.lesson.steps[self.done(self.lesson)]

    def begin(self, word: str | None) -> Lesson:
        """Take up a lesson: a new one, or without a word the one where the learner left.

        Raises:
            UsageError: there is no such lesson.
            ConfigError: the lessons cannot be used.
        """
        if word is not None:
            self.lesson = self.course.find(word)
            if self.done(self.lesson) == len(self.lesson.steps):
                self._keep(self.lesson, 0)
        else:
            self.lesson = self._left()
        self.progress.current = self.lesson.name
        self._hints = 0
        return self.lesson

    def _left(self) -> Lesson:
        """The lesson in progress, or the next one when it is done; the first in the beginning."""
        names = {lesson.name: lesson for lesson in self.course.lessons}
        lesson = names.get(self.progress.current, self.course.lessons[0])
        while self.done(lesson) == len(lesson.steps):
            following = self.course.following(lesson)
            if following is None:
                raise UsageError(
                    "you have done the last lesson",
                    hint="'lesson list' shows them all, 'lesson start N' repeats one",
                )
            lesson = following
        return lesson

    def shown(self) -> Lines:
        """The step to do."""
        lesson, step = self._current()
        number, total = self.course.number(lesson), len(self.course.lessons)
        head = f"Lesson {number} of {total}: {lesson.title}"
        return [head, "", *self._shown(lesson, step)]

    def _shown(self, lesson: Lesson, step: Step) -> Lines:
        place = f"Step {self.done(lesson) + 1} of {len(lesson.steps)}"
        return [place, "", *wrapped(step.text), "", *_marked("▸", step.task)]

    def elsewhere(self, modality: str, path: str) -> Lines:
        """How to get where the step begins, for a learner who is somewhere else."""
        lesson, step = self._current()
        if modality in lesson.archives and path == step.begins:
            return []
        where = modality if modality in lesson.archives else lesson.archive.name
        return [f"  This step begins at: cd /{where}{step.begins.rstrip('/')}"]

    def hint(self) -> Lines:
        """The next hint; after the last one the solution."""
        _, step = self._current()
        self._hints += 1
        if self._hints <= len(step.hints):
            return wrapped(f"Hint {self._hints}: {step.hints[self._hints - 1]}")
        said = "This does it" + (", with Ctrl-C while rows arrive:" if step.interrupt else ":")
        return [said, *(f"  {line}" for line in step.solution.splitlines())]

    def skip(self) -> Lines:
        """Go on without doing the step."""
        self._current()
        return ["Skipped.", *self._next()]

    def reset(self, word: str | None) -> str:
        """Forget the progress in one lesson, or in all."""
        if word is None:
            self.progress.steps.clear()
            self.progress.current = ""
            what = "all lessons begin anew"
        else:
            lesson = self.course.find(word)
            self.progress.steps.pop(lesson.name, None)
            what = f"lesson {self.course.number(lesson)} begins anew"
        self.lesson = None
        problem = self._kept.write(self.progress)
        return problem or what

    def answer(self, text: str) -> Lines:
        """Judge an answer to the question of a step."""
        _, step = self._current()
        if not step.check.answers:
            raise UsageError("this step has no question", hint="'lesson' shows it again")
        if answered(step.check, text):
            return self._praised(step)
        return ["Not yet: that is not the answer. 'lesson hint' helps."]

    def after(self, happened: Happened) -> Lines:
        """What to say after a statement; nothing where it has no bearing on the step."""
        lesson, step = self.lesson, self.step
        if lesson is None or step is None or happened.command.split(" ")[0] == "lesson":
            return []
        missing = unmet(step.check, happened)
        if missing is None:
            return self._praised(step)
        if happened.modality not in lesson.archives:
            return []
        several = len(step.solution.splitlines()) > 1
        if attempted(step.check, happened) and not (several and on_the_way(step.check, happened)):
            return [f"Not yet: {missing}. 'lesson hint' helps."]
        return []

    def _praised(self, step: Step) -> Lines:
        return ["", *_marked("✓", step.after or "Right."), *self._next()]

    def _next(self) -> Lines:
        assert self.lesson is not None
        lesson = self.lesson
        problem = self._keep(lesson, self.done(lesson) + 1)
        warned = [problem] if problem else []
        if self.step is not None:
            return [*warned, "", *self._shown(lesson, self.step)]
        self.lesson = None
        return [*warned, "", *self._finished(lesson)]

    def _finished(self, lesson: Lesson) -> Iterator[str]:
        yield f"Lesson {self.course.number(lesson)} is done: {lesson.title}."
        following = self.course.following(lesson)
        if following is None:
            yield "That was the last lesson."
        else:
            number = self.course.number(following)
            yield f"'lesson' goes on with {number}: {following.title}."

    def _keep(self, lesson: Lesson, done: int) -> str | None:
        self._hints = 0
        self.progress.steps[lesson.name] = done
        self.progress.current = lesson.name
        return self._kept.write(self.progress)

    def _current(self) -> tuple[Lesson, Step]:
        step = self.step
        if self.lesson is None or step is None:
            raise UsageError("no lesson is in progress", hint="'lesson' begins, or goes on")
        return self.lesson, step


def wrapped(text: str, width: int = _WIDTH) -> Lines:
    """Paragraphs filled anew to a width; indented lines stay as they are."""
    lines: Lines = []
    for indented, group in groupby(text.splitlines(), key=lambda line: line[:1] in ("", " ")):
        part = list(group)
        lines += part if indented else _filled(" ".join(part), width)
    return lines


def _filled(paragraph: str, width: int) -> Lines:
    return textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)


def _marked(sign: str, text: str) -> Lines:
    first, *rest = wrapped(text, _WIDTH - 2)
    return [f"{sign} {first}", *(f"  {line}".rstrip() for line in rest)]

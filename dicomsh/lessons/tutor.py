"""Guides through a course: what to say, and when a step is done. Writes only progress."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path

from dicomsh.errors import ConfigError, UsageError
from dicomsh.frozen import frozen
from dicomsh.lessons.check import answered, attempted, on_the_way, unmet
from dicomsh.lessons.course import Course, Lesson, LessonStep
from dicomsh.lessons.progress import Mark, ProgressFile
from dicomsh.lessons.register import Register
from dicomsh.lessons.statement_record import StatementRecord
from dicomsh.lessons.telling import ToldLines, finished, hint_lines, marked_lines, step_lines
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place, quote_segment

LESSONS = Path(__file__).parent
"""The built-in lessons."""


@frozen
class ReturnPoint:
    """Where the learner was before the course: in modalities, or none, and a place in them."""

    modalities: tuple[Modality, ...]
    place: Place

    def way_back(self, shown: Callable[[Place], Place]) -> str:
        """How to get there; `shown` gives a place as it may be shown."""
        if not self.modalities:
            return "'lesson stop' leaves the practice archive"
        path = shown(self.place).path.rstrip("/")
        names = ",".join(quote_segment(modality.name) for modality in self.modalities)
        return f"'lesson stop' goes back to /{names}{path}"


def _as_it_is(place: Place) -> Place:
    return place


class Tutor:
    """The course of one shell. Nothing is read until a lesson is needed.

    Args:
        folder: the lessons.
        state: the folder for progress, or None to save none.
        shown: turns a place into what may be shown.

    Attributes:
        lesson: the lesson in progress in this session, or None.
        before: where the learner was before the course, until `stop` goes back there; None if
            there is no way back.
        register: the learner's progress.
    """

    def __init__(
        self, folder: Path, state: Path | None, shown: Callable[[Place], Place] = _as_it_is
    ) -> None:
        self.lesson: Lesson | None = None
        self.before: ReturnPoint | None = None
        self._shown = shown
        self._folder = folder
        file = state / "lessons.json" if state else None
        course = "" if folder == LESSONS else str(folder.resolve())
        self.register = Register(ProgressFile(file, course))
        self._hints = 0
        self._away = False

    @cached_property
    def course(self) -> Course:
        """All lessons; raises ConfigError if they are invalid."""
        return _built_in() if self._folder == LESSONS else _read(self._folder)

    def titles(self) -> dict[str, str]:
        """Titles by name, to choose from; none if the lessons are invalid."""
        try:
            return {lesson.name: lesson.title for lesson in self.course.lessons}
        except ConfigError:
            return {}

    @property
    def _number(self) -> int | None:
        """The next step, from 0; None if there is none, or no lesson is in progress."""
        return self.register.standing(self.lesson).next if self.lesson else None

    @property
    def step(self) -> LessonStep | None:
        """The next step; None if the lesson has ended, or none is in progress."""
        number = self._number
        return None if self.lesson is None or number is None else self.lesson.steps[number]

    def choose(self, word: str | None) -> Lesson:
        """The lesson with a number or name; without one, where the learner left off.

        Raises:
            UsageError: there is no such lesson.
            ConfigError: the lessons cannot be used.
        """
        return self.register.left(self.course) if word is None else self.course.find(word)

    def begin(self, lesson: Lesson, *, whole: bool) -> None:
        """Start a lesson at its first open step.

        Args:
            lesson: the lesson.
            whole: whether to reopen skipped steps, and all steps of a finished lesson.
        """
        if whole:
            self.register.take_up(lesson)
        self.register.begun(lesson)
        self.lesson = lesson
        self._hints = 0

    def came_from(self, modalities: tuple[Modality, ...], place: Place) -> None:
        """Record where the learner is, unless already in the course."""
        if self.before is None or not any(map(self.teaches_in, modalities)):
            self.before = ReturnPoint(modalities, place)

    def teaches_in(self, modality: Modality | None) -> bool:
        """Whether a modality is an archive of the course."""
        lessons = self.course.lessons
        return modality is not None and any(modality.name in one.archives for one in lessons)

    @property
    def way_back(self) -> str:
        """How to get back to where the learner was; empty if there is no way back."""
        return self.before.way_back(self._shown) if self.before else ""

    def stop(self) -> str:
        """Leave the lesson; returns how to continue it, or nothing if it has already ended.

        Raises:
            UsageError: no lesson is in progress, and there is nowhere to go back to.
        """
        lesson, number = self.lesson, self._number
        if lesson is None and self.before is None:
            raise _no_lesson()
        self.lesson = None
        if lesson is None or number is None:
            return ""
        at = f"Lesson {self.course.number(lesson)} waits at step {number + 1}"
        return f"{at}: 'lesson' continues there."

    def shown(self) -> ToldLines:
        """The current step."""
        lesson, step = self._current()
        number, total = self.course.number(lesson), len(self.course.lessons)
        head = f"Lesson {number} of {total}: {lesson.title}"
        warned = [self.register.problem, ""] if self.register.problem else []
        return [*warned, head, "", *step_lines(lesson, step)]

    def elsewhere(self, modality: str, path: str) -> ToldLines:
        """How to get to the start of the step, for a learner neither there nor on the way."""
        lesson, step = self._current()
        if step.is_anywhere or (modality in lesson.archives and step.is_on_the_way(path)):
            return []
        where = modality if modality in lesson.archives else lesson.archive.name
        return [f"  This step starts somewhere else: cd /{where}{step.begins.rstrip('/')}"]

    def hint(self) -> ToldLines:
        """The next hint; after the last one the solution."""
        _, step = self._current()
        self._hints += 1
        return hint_lines(step, self._hints)

    def skip(self) -> ToldLines:
        """Skip the step."""
        self._current()
        return ["Skipped.", *self._next(Mark.SKIPPED)]

    def reset(self, word: str | None) -> ToldLines:
        """Forget the progress in one lesson, or in all, and leave the current one."""
        lesson = None if word is None else self.course.find(word)
        which = f"lesson {self.course.number(lesson)} starts" if lesson else "all lessons start"
        back = self._way_back() if self.lesson else []
        self.lesson = None
        return [self.register.forget(lesson) or f"{which} afresh", *back]

    def answer(self, text: str) -> ToldLines:
        """Check an answer to a step's question."""
        _, step = self._current()
        if not step.check.asks:
            raise UsageError("this step has no question", hint="'lesson' shows it again")
        if answered(step.check, text):
            return self._praised(step)
        return ["Not yet: that is not the answer. 'lesson hint' helps."]

    def after(self, happened: StatementRecord) -> ToldLines:
        """What to say after a statement; nothing if it has nothing to do with the step."""
        lesson, step = self.lesson, self.step
        if lesson is None or step is None or happened.command.split(" ")[0] == "lesson":
            return []
        missing = unmet(step.check, happened)
        if missing is None:
            return self._praised(step)
        if happened.modality not in lesson.archives:
            return self._left_alone(lesson)
        self._away = False
        check, coming = step.check, on_the_way(step.check, step.solution, happened, step.first)
        if attempted(check, happened) and not coming:
            return [f"Not yet: {missing}. 'lesson hint' helps."]
        return []

    def _left_alone(self, lesson: Lesson) -> ToldLines:
        """What to say, once, to a learner who works in a modality outside the lesson."""
        if self._away:
            return []
        self._away = True
        return [f"The lesson waits in its practice archive: cd /{lesson.archive.name}"]

    def _praised(self, step: LessonStep) -> ToldLines:
        return ["", *marked_lines("✓", step.after or "Right."), *self._next(Mark.DONE)]

    def _next(self, mark: Mark) -> ToldLines:
        lesson, number = self.lesson, self._number
        assert lesson is not None
        assert number is not None
        self._hints = 0
        problem = self.register.keep(lesson, self.register.standing(lesson).marked(number, mark))
        warned = [problem] if problem else []
        if self.step is not None:
            return [*warned, "", *step_lines(lesson, self.step)]
        self.lesson = None
        return [
            *warned,
            "",
            *finished(self.course, lesson, self.register.standing(lesson)),
            *self._way_back(),
        ]

    def _way_back(self) -> ToldLines:
        return [f"{self.way_back}."] if self.before else []

    def _current(self) -> tuple[Lesson, LessonStep]:
        step = self.step
        if self.lesson is None or step is None:
            raise _no_lesson()
        return self.lesson, step


@cache  # nobody edits them, and reading takes 50 ms
def _built_in() -> Course:
    return _read(LESSONS)


def _read(folder: Path) -> Course:
    from dicomsh.lessons.read import read_course

    return read_course(folder)


def _no_lesson() -> UsageError:
    return UsageError("no lesson is in progress", hint="'lesson' starts or continues the course")

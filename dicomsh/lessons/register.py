"""How far the learner is in the lessons of a course."""

from __future__ import annotations

from functools import cached_property

from dicomsh.errors import UsageError
from dicomsh.lessons.course import Course, Lesson
from dicomsh.lessons.progress import Progress, ProgressFile, Standing


class Register:
    """The progress of one learner in one course, read from its file when it is asked for.

    Args:
        file: where it is kept.

    Attributes:
        problem: why what was kept could not be read; empty when it could.
    """

    def __init__(self, file: ProgressFile) -> None:
        self.problem = ""
        self._file = file

    @cached_property
    def _progress(self) -> Progress:
        progress, self.problem = self._file.read()
        return progress

    def standing(self, lesson: Lesson) -> Standing:
        """How far the learner is in a lesson."""
        return self._progress.of(lesson.name, len(lesson.steps))

    def take_up(self, lesson: Lesson) -> None:
        """Begin a lesson at its first step that is not done; kept with the next step."""
        self._progress.steps[lesson.name] = self.standing(lesson).taken_up().marks

    def left(self, course: Course) -> Lesson:
        """The lesson in progress, or the next one when it has ended; the first in the beginning.

        Raises:
            UsageError: there is no next one.
        """
        names = {lesson.name: lesson for lesson in course.lessons}
        lesson = names.get(self._progress.current, course.lessons[0])
        while self.standing(lesson).next is None:
            following = course.following(lesson)
            if following is None:
                raise UsageError(
                    "you have been through the last lesson",
                    hint="'lesson list' shows them all; 'lesson start N' repeats one, or does the "
                    "steps that you skipped",
                )
            lesson = following
        return lesson

    def begun(self, lesson: Lesson) -> None:
        """Note the lesson as the one in progress."""
        self._progress.current = lesson.name
        if not self.problem:
            self._file.begin(lesson.name)

    def keep(self, lesson: Lesson, standing: Standing) -> str | None:
        """Keep how far the learner is in a lesson; gives what went wrong, or None."""
        self._progress.steps[lesson.name] = standing.marks
        self._progress.current = lesson.name
        self.problem = ""
        return self._file.keep(lesson.name, standing.marks)

    def forget(self, lesson: Lesson | None) -> str | None:
        """Forget the progress in a lesson, or in all; gives what went wrong, or None."""
        if lesson is None:
            self._progress.steps.clear()
            self._progress.current = ""
        else:
            self._progress.steps.pop(lesson.name, None)
        self.problem = ""
        return self._file.forget(lesson.name if lesson else None)

"""The learner's progress in the lessons of a course."""

from __future__ import annotations

from functools import cached_property

from dicomsh.errors import UsageError
from dicomsh.lessons.course import Course, Lesson
from dicomsh.lessons.progress import CourseProgress, ProgressFile, Standing


class Register:
    """The progress of one learner in one course, read from its file when needed.

    Args:
        file: the file it is saved in.

    Attributes:
        problem: why the saved progress could not be read; empty if it could.
    """

    def __init__(self, file: ProgressFile) -> None:
        self.problem = ""
        self._file = file

    @cached_property
    def _progress(self) -> CourseProgress:
        progress, self.problem = self._file.read()
        return progress

    def standing(self, lesson: Lesson) -> Standing:
        """The learner's progress in a lesson."""
        return self._progress.of(lesson.name, len(lesson.steps))

    def take_up(self, lesson: Lesson) -> None:
        """Start a lesson at its first open step; saved with the next step."""
        self._progress.steps[lesson.name] = self.standing(lesson).taken_up().marks

    def left(self, course: Course) -> Lesson:
        """The lesson in progress, or the next one if it has ended; the first at the beginning.

        Raises:
            UsageError: there is no next one.
        """
        names = {lesson.name: lesson for lesson in course.lessons}
        lesson = names.get(self._progress.current, course.lessons[0])
        while self.standing(lesson).next is None:
            following = course.following(lesson)
            if following is None:
                raise UsageError(
                    "you have finished the last lesson",
                    hint="'lesson list' shows all lessons; 'lesson start N' repeats one, or goes "
                    "to the steps you skipped",
                )
            lesson = following
        return lesson

    def begun(self, lesson: Lesson) -> None:
        """Record the lesson as the one in progress."""
        self._progress.current = lesson.name
        if not self.problem:
            self._file.begin(lesson.name)

    def keep(self, lesson: Lesson, standing: Standing) -> str | None:
        """Save the progress in a lesson; returns what went wrong, or None."""
        self._progress.steps[lesson.name] = standing.marks
        self._progress.current = lesson.name
        self.problem = ""
        return self._file.keep(lesson.name, standing.marks)

    def forget(self, lesson: Lesson | None) -> str | None:
        """Forget the progress in a lesson, or in all; returns what went wrong, or None."""
        if lesson is None:
            self._progress.steps.clear()
            self._progress.current = ""
        else:
            self._progress.steps.pop(lesson.name, None)
        self.problem = ""
        return self._file.forget(lesson.name if lesson else None)

"""A course: lessons in order, each of steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dicomsh.config import Config
from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.lessons.check import Check
from dicomsh.model.levels import HIERARCHY
from dicomsh.model.modality import Modality


@frozen
class LessonStep:
    """One step of a lesson.

    Args:
        text: the explanation.
        task: the task.
        check: the condition for being done.
        after: the text shown when it is done, or empty.
        hints: the least revealing first.
        solution: commands that do it.
        also: other commands that do it, for authors of lessons.
        interrupt: whether Ctrl-C during the solution is part of it.
        wrong: commands that do not do it, also for authors.
        begins: the path where the step starts.
        first: what the task asks for before its end, or None.
    """

    text: str
    task: str
    check: Check
    after: str
    hints: tuple[str, ...]
    solution: str
    also: tuple[str, ...]
    interrupt: bool
    wrong: tuple[str, ...]
    begins: str
    first: Check | None = None

    @property
    def is_anywhere(self) -> bool:
        """Whether the step is a question that needs only an answer."""
        return all(line.startswith("lesson answer ") for line in self.solution.splitlines())

    def is_on_the_way(self, path: str) -> bool:
        """Whether a place is where the step starts, or a place below from which its query works."""
        places, held = _places(self.begins), _places(path)
        if self.check.place is not None or held[: len(places)] != places:
            return held == places
        wanted = self.check.keys
        return all(
            level.unique_keyword in wanted and wanted[level.unique_keyword].wants(key)
            for level, key in [*zip(HIERARCHY, held, strict=False)][len(places) :]
        )


def _places(path: str) -> list[str]:
    """The unique keys of a path."""
    return [key for key in path.split("/") if key]


@frozen
class Lesson:
    """One lesson.

    Args:
        name: one word.
        title: one line.
        archives: practice archives by name, starting with the first.
        steps: in order.
        file: its file.
    """

    name: str
    title: str
    archives: Mapping[str, Modality]
    steps: tuple[LessonStep, ...]
    file: Path

    @property
    def archive(self) -> Modality:
        """The archive to start in."""
        return next(iter(self.archives.values()))

    def added_to(self, config: Config) -> Config:
        """A configuration with the archives of this lesson.

        Raises:
            UsageError: it already has a modality with such a name.
        """
        return config.with_archives(self.archives)


@frozen
class Course:
    """Lessons in order."""

    lessons: tuple[Lesson, ...]

    def find(self, word: str) -> Lesson:
        """The lesson with a number, counted from 1, or with a name or its beginning.

        Raises:
            UsageError: there is none, or there are several.
        """
        if word.isdecimal() and 1 <= int(word) <= len(self.lessons):
            return self.lessons[int(word) - 1]
        exact = [lesson for lesson in self.lessons if lesson.name == word]
        found = exact or [lesson for lesson in self.lessons if lesson.name.startswith(word)]
        if len(found) == 1:
            return found[0]
        raise UsageError(f"no lesson '{word}'", hint="'lesson list' lists them")

    def number(self, lesson: Lesson) -> int:
        """The number of a lesson in the course, from 1."""
        return self.lessons.index(lesson) + 1

    def following(self, lesson: Lesson) -> Lesson | None:
        """The next lesson, or None after the last."""
        number = self.number(lesson)
        return self.lessons[number] if number < len(self.lessons) else None

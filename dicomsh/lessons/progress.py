"""A learner's progress, saved in the user's state folder and private to the user."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from dicomsh.config.write import changing, write_text
from dicomsh.errors import ConfigError
from dicomsh.frozen import field, frozen, slotted


class Mark(StrEnum):
    """The state of a step."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


@frozen
class Standing:
    """A learner's progress in one lesson.

    Args:
        marks: one for each step.
    """

    marks: tuple[Mark, ...]

    @property
    def done(self) -> int:
        """Steps that are done."""
        return self.marks.count(Mark.DONE)

    @property
    def skipped(self) -> int:
        """Steps that were skipped."""
        return self.marks.count(Mark.SKIPPED)

    @property
    def next(self) -> int | None:
        """The first step that is neither done nor skipped, from 0; None if there is none."""
        return self.marks.index(Mark.OPEN) if Mark.OPEN in self.marks else None

    @property
    def brief(self) -> str:
        """For people: empty, `done`, `3 of 5`, `3 of 5, 1 skipped`."""
        total, skipped = len(self.marks), self.skipped
        if self.done == total:
            return "done"
        if not self.done and not skipped:
            return ""
        return f"{self.done} of {total}" + (f", {skipped} skipped" if skipped else "")

    def marked(self, step: int, mark: Mark) -> Standing:
        """The standing with a new mark for one step."""
        return Standing((*self.marks[:step], mark, *self.marks[step + 1 :]))

    def taken_up(self) -> Standing:
        """The standing with skipped steps open again; in a finished lesson, all steps."""
        kept = Mark.DONE if self.done < len(self.marks) else None
        return Standing(tuple(mark if mark is kept else Mark.OPEN for mark in self.marks))


@slotted
class CourseProgress:
    """Progress in one course.

    Args:
        current: name of the lesson started last; empty for none.
        steps: the states of the steps, by lesson name.
    """

    current: str = ""
    steps: dict[str, tuple[Mark, ...]] = field(default_factory=dict)

    def of(self, lesson: str, steps: int) -> Standing:
        """The standing in a lesson with this many steps."""
        marks = self.steps.get(lesson, ())[:steps]
        return Standing(marks + (Mark.OPEN,) * (steps - len(marks)))


class ProgressFile:
    """The file with the progress in every course.

    A file of another kind is never overwritten: it is renamed first.

    Args:
        path: the file; None keeps nothing.
        course: identifies the course.
    """

    def __init__(self, path: Path | None, course: str) -> None:
        self._path = path
        self._course = course

    def read(self) -> tuple[CourseProgress, str]:
        """The saved progress, and why it could not be read; empty if it could."""
        try:
            held = self._all().get(self._course)
            return (CourseProgress() if held is None else _progress(held)), ""
        except _UNUSABLE as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return CourseProgress(), (
                f"{self._path}: expected lesson progress, found {reason}; progress starts afresh, "
                f"and with your next step this file is renamed to {self._aside().name}"
            )

    def keep(self, lesson: str, marks: tuple[Mark, ...]) -> str | None:
        """Save the steps of the lesson in progress, keeping what other sessions saved.

        Returns what went wrong, or None; a lesson continues without saving.
        """

        def changed(kept: CourseProgress) -> CourseProgress:
            return CourseProgress(lesson, {**kept.steps, lesson: marks})

        return self._write(changed)

    def begin(self, lesson: str) -> None:
        """Save which lesson is in progress."""
        self._write(lambda kept: CourseProgress(lesson, kept.steps))

    def forget(self, lesson: str | None) -> str | None:
        """Forget a lesson or all lessons; returns what went wrong, or None."""

        def changed(kept: CourseProgress) -> CourseProgress:
            if lesson is None:
                return CourseProgress()
            steps = {name: marks for name, marks in kept.steps.items() if name != lesson}
            return CourseProgress(kept.current, steps)

        return self._write(changed)

    def _write(self, changed: Callable[[CourseProgress], CourseProgress]) -> str | None:
        if self._path is None:
            return None
        import json

        try:
            with changing(self._path):
                made = self._kept()
                progress = changed(self.read()[0])
                made[self._course] = {"current": progress.current, "steps": progress.steps}
                write_text(self._path, json.dumps(made, indent=1) + "\n")
        except ConfigError as error:
            return f"your progress is not saved: {error.message}"
        except OSError as error:
            return f"your progress is not saved: {self._path}: {error.strerror}"
        return None

    def _kept(self) -> dict[str, Any]:
        """The contents of the file; an unusable one is renamed."""
        assert self._path is not None
        if self.read()[1]:
            self._path.replace(self._aside())
        return self._all()

    def _aside(self) -> Path:
        """A free name next to the file."""
        assert self._path is not None
        names = (self._path.with_name(f"{self._path.name}.{number}") for number in count(1))
        return next(path for path in names if not path.exists())

    def _all(self) -> dict[str, Any]:
        """The progress in every course, by course."""
        import json

        try:
            held = json.loads(self._path.read_text("utf-8")) if self._path else {}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except json.JSONDecodeError as error:
            raise ValueError(f"invalid JSON, line {error.lineno}") from None
        if not isinstance(held, dict):
            raise ValueError("other JSON")
        return held


_UNUSABLE = (OSError, ValueError, RecursionError)
"""Errors from reading a file that someone else wrote."""


def _progress(held: object) -> CourseProgress:
    """Progress as saved; raises ValueError for anything else."""
    if not isinstance(held, dict):
        raise ValueError("other JSON")
    current, steps = held.get("current", ""), held.get("steps", {})
    if not isinstance(current, str) or not isinstance(steps, dict):
        raise ValueError("other JSON")
    return CourseProgress(current, {name: _marks(given) for name, given in steps.items()})


_MOST_STEPS = 10_000
"""More steps than any lesson has."""


def _marks(given: object) -> tuple[Mark, ...]:
    """Marks as saved; files of earlier versions have the number of steps done."""
    if isinstance(given, int) and 0 <= given <= _MOST_STEPS:
        return (Mark.DONE,) * given
    if not isinstance(given, list) or not all(isinstance(mark, str) for mark in given):
        raise ValueError("other JSON")
    return tuple(Mark(mark) for mark in given)

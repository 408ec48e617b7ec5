"""How far a learner is, kept in the user's state folder; for the user only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from dicomsh.config.write import write_text
from dicomsh.errors import ConfigError


class Mark(StrEnum):
    """What became of a step."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a learner is in one lesson.

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
        """The first step that is neither done nor skipped, from 0; None when there is none."""
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
        """The standing with another mark for one step."""
        return Standing((*self.marks[:step], mark, *self.marks[step + 1 :]))

    def taken_up(self) -> Standing:
        """The standing with skipped steps to be done; of a lesson that is done, all of them."""
        kept = Mark.DONE if self.done < len(self.marks) else None
        return Standing(tuple(mark if mark is kept else Mark.OPEN for mark in self.marks))


@dataclass(slots=True)
class Progress:
    """Progress in one course.

    Args:
        current: name of the lesson that was begun last; empty for none.
        steps: what became of the steps, by name of the lesson.
    """

    current: str = ""
    steps: dict[str, tuple[Mark, ...]] = field(default_factory=dict)

    def of(self, lesson: str, steps: int) -> Standing:
        """The standing in a lesson of so many steps."""
        marks = self.steps.get(lesson, ())[:steps]
        return Standing(marks + (Mark.OPEN,) * (steps - len(marks)))


class ProgressFile:
    """The file with the progress in every course.

    What is no such file is never written over: it is put aside before.

    Args:
        path: the file; None keeps nothing.
        course: what tells courses apart.
    """

    def __init__(self, path: Path | None, course: str) -> None:
        self._path = path
        self._course = course

    def read(self) -> tuple[Progress, str]:
        """The progress that was kept, and why it could not be read; empty when it could."""
        try:
            held = self._all().get(self._course)
            return (Progress() if held is None else _progress(held)), ""
        except _UNUSABLE as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return Progress(), (
                f"{self._path}: expected the progress of lessons, found {reason}; it begins anew, "
                f"and with your next step this file is put aside as {self._aside().name}"
            )

    def keep(self, lesson: str, marks: tuple[Mark, ...]) -> str | None:
        """Keep what became of the steps of the lesson in progress, beside what others kept.

        Gives what went wrong, or None; a lesson goes on without it.
        """

        def changed(kept: Progress) -> Progress:
            return Progress(lesson, {**kept.steps, lesson: marks})

        return self._write(changed)

    def begin(self, lesson: str) -> None:
        """Keep which lesson is in progress."""
        self._write(lambda kept: Progress(lesson, kept.steps))

    def forget(self, lesson: str | None) -> str | None:
        """Forget a lesson, or all of them; gives what went wrong, or None."""

        def changed(kept: Progress) -> Progress:
            if lesson is None:
                return Progress()
            steps = {name: marks for name, marks in kept.steps.items() if name != lesson}
            return Progress(kept.current, steps)

        return self._write(changed)

    def _write(self, changed: Callable[[Progress], Progress]) -> str | None:
        if self._path is None:
            return None
        try:
            made = self._kept()
            progress = changed(self.read()[0])
            made[self._course] = {"current": progress.current, "steps": progress.steps}
            write_text(self._path, json.dumps(made, indent=1) + "\n")
        except ConfigError as error:
            return f"your progress is not kept: {error.message}"
        except OSError as error:
            return f"your progress is not kept: {self._path}: {error.strerror}"
        return None

    def _kept(self) -> dict[str, Any]:
        """What the file holds; one that cannot be used is put aside."""
        assert self._path is not None
        if self.read()[1]:
            self._path.replace(self._aside())
        return self._all()

    def _aside(self) -> Path:
        """A name beside the file that is not taken."""
        assert self._path is not None
        names = (self._path.with_name(f"{self._path.name}.{number}") for number in count(1))
        return next(path for path in names if not path.exists())

    def _all(self) -> dict[str, Any]:
        """The progress in every course, by what tells them apart."""
        try:
            held = json.loads(self._path.read_text("utf-8")) if self._path else {}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except json.JSONDecodeError as error:
            raise ValueError(f"no JSON, line {error.lineno}") from None
        if not isinstance(held, dict):
            raise ValueError("JSON of another form")
        return held


_UNUSABLE = (OSError, ValueError, RecursionError)
"""What reading a file that somebody else wrote can raise."""


def _progress(held: object) -> Progress:
    """Progress as it is kept; raises ValueError for anything else."""
    if not isinstance(held, dict):
        raise ValueError("JSON of another form")
    current, steps = held.get("current", ""), held.get("steps", {})
    if not isinstance(current, str) or not isinstance(steps, dict):
        raise ValueError("JSON of another form")
    return Progress(current, {name: _marks(given) for name, given in steps.items()})


_MOST_STEPS = 10_000
"""More than any lesson has."""


def _marks(given: object) -> tuple[Mark, ...]:
    """Marks as they are kept; files of earlier versions have the number of steps done."""
    if isinstance(given, int) and 0 <= given <= _MOST_STEPS:
        return (Mark.DONE,) * given
    if not isinstance(given, list) or not all(isinstance(mark, str) for mark in given):
        raise ValueError("JSON of another form")
    return tuple(Mark(mark) for mark in given)

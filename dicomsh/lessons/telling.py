"""The tutor's texts as lines for a terminal. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from dicomsh.lessons.course import Course, Lesson, LessonStep
from dicomsh.lessons.progress import Standing

_WIDTH = 78
"""Columns of a text; the narrowest common terminal has 80."""

ToldLines = list[str]
"""Text lines for the learner."""


def step_lines(lesson: Lesson, step: LessonStep) -> ToldLines:
    """A step: its number, its text, its task."""
    place = f"Step {lesson.steps.index(step) + 1} of {len(lesson.steps)}"
    return [place, "", *wrapped(step.text), "", *marked_lines("▸", step.task)]


def hint_lines(step: LessonStep, number: int) -> ToldLines:
    """The hint with a number, counted from 1; after the last one the solution."""
    if number <= len(step.hints):
        return wrapped(f"Hint {number}: {step.hints[number - 1]}")
    said = "Solution" + (", with Ctrl-C while rows arrive:" if step.interrupt else ":")
    return [said, *(f"  {line}" for line in step.solution.splitlines())]


def finished(course: Course, lesson: Lesson, standing: Standing) -> Iterator[str]:
    """The end of a lesson, and what comes next."""
    number, skipped = course.number(lesson), standing.skipped
    if skipped:
        steps = "1 step" if skipped == 1 else f"{skipped} steps"
        yield f"Lesson {number} has ended, {steps} skipped: 'lesson start {number}' goes to them."
    else:
        yield f"Lesson {number} is done: {lesson.title}."
    following = course.following(lesson)
    if following is None:
        yield "That was the last lesson."
    else:
        yield f"'lesson' continues with {course.number(following)}: {following.title}."


def wrapped(text: str, width: int = _WIDTH) -> ToldLines:
    """Paragraphs refilled to a width; indented lines stay as they are."""
    lines: ToldLines = []
    for indented, group in groupby(text.splitlines(), key=lambda line: line[:1] in ("", " ")):
        part = list(group)
        lines += part if indented else _filled(" ".join(part), width)
    return lines


def _filled(paragraph: str, width: int) -> ToldLines:
    import textwrap

    return textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)


def marked_lines(sign: str, text: str) -> ToldLines:
    """Paragraphs after a sign, filled to the remaining width."""
    first, *rest = wrapped(text, _WIDTH - 2)
    return [f"{sign} {first}", *(f"  {line}".rstrip() for line in rest)]

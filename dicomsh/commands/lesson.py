"""lesson: a course on the practice archive, inside the shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.command import command
from dicomsh.language.kinds import LESSON, TEXT
from dicomsh.language.scan import Word
from dicomsh.model.listing import FieldColumn, Record, Records, Talk, at_once

_Result = TypeVar("_Result")


@command("lesson", family="teaching", examples=("lesson",))
async def lesson(context: Context) -> Talk:
    """Show the step of the course to do now; begin, or go on where you left.

    A lesson has steps: some text, a task, and a word as soon as it is done. In between you may use
    any command. lesson list shows what there is, lesson hint helps, lesson skip goes on.
    """
    if context.tutor.step is None:
        return _begun(context, None)
    return _shown(context)


@command("lesson start", family="teaching", examples=("lesson start 2", "lesson start dates"))
async def lesson_start(context: Context, lesson: Annotated[Word, LESSON]) -> Talk:
    """Begin a lesson, by its number or name.

    It uses a practice archive of its own, which is the current modality then.
    """
    return _begun(context, lesson)


def _begun(context: Context, word: Word | None) -> Talk:
    found = _at(word, lambda: context.tutor.begin(word.text if word else None))
    context.session.config = found.added_to(context.session.config)
    current = context.session.modality
    if current is None or current.name not in found.archives or word is not None:
        context.session.choose(found.archive)
    return _shown(context)


def _at(word: Word | None, action: Callable[[], _Result]) -> _Result:
    """What an action gives; a usage error that it raises is placed at the word."""
    try:
        return action()
    except UsageError as error:
        if word is not None and error.span is None:
            error.span = word.span
        raise


def _shown(context: Context) -> Talk:
    session = context.session
    name = session.modality.name if session.modality else ""
    lines = [*context.tutor.shown(), *context.tutor.elsewhere(name, session.place.path)]
    return Talk("\n".join(lines))


@command("lesson list", family="teaching", examples=("lesson list",))
async def lesson_list(context: Context) -> Records:
    """List the lessons, and how far you are."""
    columns = (
        FieldColumn("name", "Name"),
        FieldColumn("title", "Lesson"),
        FieldColumn("done", "Done", True),
        FieldColumn("steps", "Steps", True),
    )
    tutor = context.tutor
    records: list[Record] = [
        {
            "name": found.name,
            "title": found.title,
            "done": tutor.done(found),
            "steps": len(found.steps),
        }
        for found in tutor.course.lessons
    ]
    return Records(columns, at_once(records), unit=("lesson", "lessons"))


@command("lesson hint", family="teaching", examples=("lesson start 1; lesson hint",))
async def lesson_hint(context: Context) -> Talk:
    """Help with the step; each time a little more, at last the commands that do it."""
    return Talk("\n".join(context.tutor.hint()))


@command("lesson skip", family="teaching", examples=("lesson start 1; lesson skip",))
async def lesson_skip(context: Context) -> Talk:
    """Go on to the next step."""
    return Talk("\n".join(context.tutor.skip()))


@command("lesson answer", family="teaching", examples=("lesson start retrieve; lesson answer b",))
async def lesson_answer(context: Context, *words: Annotated[str, TEXT]) -> Talk:
    """Answer the question of a step: a number, a word, or a letter."""
    if not words:
        raise UsageError("what is the answer?", hint="lesson answer TEXT")
    return Talk("\n".join(context.tutor.answer(" ".join(words))))


@command("lesson reset", family="teaching", examples=("lesson reset", "lesson reset 2"))
async def lesson_reset(context: Context, lesson: Annotated[Word | None, LESSON] = None) -> Talk:
    """Forget your progress in a lesson, or in all of them."""
    return Talk(_at(lesson, lambda: context.tutor.reset(lesson.text if lesson else None)))

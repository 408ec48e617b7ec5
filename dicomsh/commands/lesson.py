"""lesson: a course on the practice archive, inside the shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.command import command
from dicomsh.language.kinds import LESSON, TEXT
from dicomsh.language.scan import Word
from dicomsh.lessons.course import Lesson
from dicomsh.lessons.tutor import Tutor
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.results import Records, Talk, at_once, listing_of

_Result = TypeVar("_Result")


@command("lesson", family="teaching", examples=("lesson",))
async def lesson(context: Context) -> Talk:
    """Show the current step of the course; start, or continue where you left off.

    Each step of a lesson has some text, a task, and a comment when you have done it. In between you
    can use any command. lesson list shows all lessons, lesson hint helps, lesson skip goes to the
    next step, lesson stop leaves the lesson and takes you back to where you were.
    """
    found = context.tutor.lesson
    if found is None:
        return await _begun(context, None)
    context.session.config = found.added_to(context.session.config)
    return _shown(context)


@command("lesson start", family="teaching", examples=("lesson start 2", "lesson start dates"))
async def lesson_start(context: Context, lesson: Annotated[Word, LESSON]) -> Talk:
    """Start a lesson, by number or name, at its first open step.

    The lesson has its own practice archive, which becomes the current modality; lesson stop takes
    you back. A finished lesson starts again from the beginning; skipped steps come up again.
    """
    return await _begun(context, lesson)


async def _begun(context: Context, word: Word | None) -> Talk:
    session, tutor = context.session, context.tutor
    found = _at(word, lambda: tutor.choose(word.text if word else None))
    session.config = found.added_to(session.config)
    tutor.begin(found, whole=word is not None)
    await context.archives.release(found.archives)  # so that no trace in a lesson shows their end
    current = session.modality
    tutor.came_from(session.modalities, session.place)
    if word is None and current is not None and current.name in found.archives:
        return _shown(context)
    session.choose(found.archive)
    return _shown(context, changed=current != found.archive)


@command("lesson stop", family="teaching", examples=("lesson start 2; lesson stop",))
async def lesson_stop(context: Context) -> Talk:
    """Leave the lesson, and go back to the modality and place you were in before.

    lesson continues it later. If you have switched to a modality outside the course, you stay
    there.
    """
    said = context.tutor.stop()
    where = f"{_brought_back(context)}."
    return Talk(f"{said}\n{where}" if said else where)


def _brought_back(context: Context) -> str:
    """Go back to where the learner was before the course; returns a sentence that says so."""
    session, tutor = context.session, context.tutor
    before, tutor.before = tutor.before, None
    if before is None or not tutor.teaches_in(session.modality):
        return f"You stay at {session.path}"
    if not before.modalities:
        session.move((), before.place)
        return "No modality is in use, as before"
    modalities = []
    for name in (modality.name for modality in before.modalities):
        try:
            modalities.append(session.config.find(name))
        except UsageError:
            return f"You stay at {session.path}: {name}, where you were, is no longer a modality"
    session.move(tuple(modalities), before.place)
    return f"You are back at {session.path}"


def _at(word: Word | None, action: Callable[[], _Result]) -> _Result:
    """The result of an action; a usage error that it raises gets the span of the word."""
    try:
        return action()
    except UsageError as error:
        if word is not None and error.span is None:
            error.span = word.span
        raise


def _shown(context: Context, *, changed: bool = False) -> Talk:
    tutor = context.tutor
    lines = [*tutor.shown(), *_elsewhere(context)]
    if changed:
        name = _in_use(context)
        lines += ["", f"The modality is now {name}, for this lesson; {tutor.way_back}."]
    return Talk("\n".join(lines))


def _in_use(context: Context) -> str:
    modality = context.session.modality
    return modality.name if modality else ""


def _elsewhere(context: Context) -> list[str]:
    """How to get to where the current step begins; nothing if the learner is there."""
    tutor, place = context.tutor, context.session.place
    return tutor.elsewhere(_in_use(context), place.path) if tutor.step else []


@command("lesson list", family="teaching", examples=("lesson list",))
async def lesson_list(context: Context) -> Records:
    """List the lessons and your progress."""
    columns = (
        FieldColumn("number", "Number", True),
        FieldColumn("name", "Name"),
        FieldColumn("title", "Lesson"),
        FieldColumn("done", "Done", True),
        FieldColumn("skipped", "Skipped", True),
        FieldColumn("steps", "Steps", True),
    )
    tutor, lessons = context.tutor, context.tutor.course.lessons
    records = [_lesson_record(tutor, found) for found in lessons]
    name, title = (max(len(str(r[key])) for r in records) for key in ("name", "title"))

    def line(record: Record) -> str:
        found = lessons[int(str(record["number"])) - 1]
        text = f"{record['number']:>2}  {found.name:{name}}  {found.title:{title}}  "
        return (text + tutor.register.standing(found).brief).rstrip()

    unit = ("lesson", "lessons")
    return listing_of(columns, at_once(records), line, unit=unit, note=tutor.register.problem)


def _lesson_record(tutor: Tutor, lesson: Lesson) -> Record:
    standing = tutor.register.standing(lesson)
    return {
        "number": tutor.course.number(lesson),
        "name": lesson.name,
        "title": lesson.title,
        "done": standing.done,
        "skipped": standing.skipped,
        "steps": len(lesson.steps),
    }


@command("lesson hint", family="teaching", examples=("lesson start 1; lesson hint",))
async def lesson_hint(context: Context) -> Talk:
    """Give a hint, a little more each time, and finally the solution."""
    return Talk("\n".join(context.tutor.hint()))


@command("lesson skip", family="teaching", examples=("lesson start 1; lesson skip",))
async def lesson_skip(context: Context) -> Talk:
    """Skip to the next step; lesson start N comes back to skipped steps."""
    return Talk("\n".join([*context.tutor.skip(), *_elsewhere(context)]))


@command("lesson answer", family="teaching", examples=("lesson start retrieve; lesson answer b",))
async def lesson_answer(context: Context, *words: Annotated[str, TEXT]) -> Talk:
    """Answer the question of a step: a number, a word, or a letter."""
    if not words:
        raise UsageError("the answer is missing", hint="lesson answer TEXT")
    return Talk("\n".join(context.tutor.answer(" ".join(words))))


@command("lesson reset", family="teaching", examples=("lesson reset", "lesson reset 2"))
async def lesson_reset(context: Context, lesson: Annotated[Word | None, LESSON] = None) -> Talk:
    """Forget your progress in a lesson, or in all of them."""
    said = _at(lesson, lambda: context.tutor.reset(lesson.text if lesson else None))
    return Talk("\n".join(said))

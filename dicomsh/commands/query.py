"""ls and last: C-FIND one level below a place, and the last answer."""

from __future__ import annotations

from typing import Annotated

from dicomsh.commands.as_device import AS_HELP
from dicomsh.commands.context import Context
from dicomsh.commands.find import (
    DATETIME_HELP,
    EMPTY_HELP,
    FUZZY_HELP,
    LIMIT_HELP,
    MODEL_HELP,
    ON_HELP,
    RELATIONAL_HELP,
    Whom,
    asked,
    check_nights,
    check_worklist,
    extensions,
    keys_once,
    only_list,
)
from dicomsh.commands.target import resolve
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.language.command import command
from dicomsh.language.kinds import (
    COUNT,
    DEVICE,
    FORMAT,
    MODALITIES,
    MODEL,
    TARGET,
    TERM,
)
from dicomsh.language.scan import Word
from dicomsh.language.terms import Term, query_keys
from dicomsh.model.answer import Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.derived_answer import KeptRows, noted
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Device
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.results import Listing
from dicomsh.model.safe import fit
from dicomsh.session.kept_answer import KeptAnswer
from dicomsh.session.state import Failure


@command(
    "ls",
    family="query",
    examples=("ls", "ls 0555643F", "ls 0555643F mod=CT", "ls +ReferringPhysicianName"),
)
async def ls(
    context: Context,
    target: Annotated[Word | None, TARGET] = None,
    *terms: Annotated[Term, TERM],
    limit: Annotated[int | None, COUNT, LIMIT_HELP] = None,
    model: Annotated[Model | None, MODEL, MODEL_HELP] = None,
    relational: Annotated[bool, RELATIONAL_HELP] = False,
    fuzzy: Annotated[bool, FUZZY_HELP] = False,
    datetime: Annotated[bool, DATETIME_HELP] = False,
    empty: Annotated[bool, EMPTY_HELP] = False,
    as_: Annotated[Device | None, DEVICE, AS_HELP] = None,
    on: Annotated[Word | None, MODALITIES, ON_HELP] = None,
) -> Listing:
    """List the level below the current place, or below TARGET.

    Key=Value narrows the list, +Key adds a column.
    """
    there = None if target is None else await resolve(context, target)
    place = context.session.place if there is None else there.place
    level = place.next_level
    today = context.session.today
    keys = query_keys(terms, level, today, over_midnight=datetime or level is Level.WORKLIST)
    check_nights(keys, terms)
    wanted = extensions(relational=relational, fuzzy=fuzzy, datetime=datetime, empty=empty)
    if level is Level.WORKLIST:
        check_worklist({"--model": model, "--relational": relational, "--datetime": datetime})
        place = Place()
    request = Request(level, place, keys_once(keys, terms))
    options = QueryOptions(limit, model, wanted)
    modality = None if there is None or on is not None else there.modality
    listed = only_list(terms)
    if listed is not None:
        hint = f"find {level.word} {listed.word.text}"
        raise UsageError("ls does not read lists", hint=hint, span=listed.word.span)
    return await asked(context, Whom(on, as_, modality), request, options)


@command(
    "last",
    family="query",
    examples=("find patient JOD*; last --output vertical", "find patient JOD*; last --wide"),
)
async def last(
    context: Context,
    *,
    output: Annotated[str | None, FORMAT, "show it in this format", "-o"] = None,
    wide: Annotated[bool, "a table with nothing shortened, of any width"] = False,
) -> Listing:
    """Show the last answer again, without a new query.

    If a command has failed since, the line below says which command this answers, and when.

    With --wide and less as the pager, use the arrow keys to scroll a table wider than the screen.
    """
    kept = context.session.last
    if kept is None or kept.outcome is None:
        raise UsageError("nothing has been listed yet", hint="find LEVEL, or ls")
    answer = KeptRows(kept.rows, _again(kept, kept.outcome, context.session.failure))
    return Listing(
        kept.columns,
        answer,
        kept.level,
        kept.place,
        output="table" if wide else output,
        again=True,
        exact=kept.exact,
        wide=wide,
    )


def _again(kept: KeptAnswer, outcome: Outcome, failure: Failure | None) -> Outcome:
    """The outcome of a kept answer, with what has failed since and which rows were not kept."""
    if failure is not None and failure.last is kept:
        command, failed = fit(kept.command, _QUOTED), fit(failure.command, _QUOTED)
        older = note(NoteKind.OLDER, command, f"{kept.asked:%H:%M:%S}", failed)
        outcome = replace(outcome, notes=(older, *outcome.notes))
    if len(kept.rows) < kept.total:
        outcome = noted(outcome, note(NoteKind.KEPT_ROWS, count=len(kept.rows), of=kept.total))
    return outcome


_QUOTED = 60
"""Terminal cells for a quoted command."""

"""assert: what the last answer must be for a script to go on."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.commands.pipe import field
from dicomsh.errors import UnmetError, UsageError
from dicomsh.language.command import command
from dicomsh.language.conditions import Condition, read_condition
from dicomsh.language.kinds import VALUE
from dicomsh.language.scan import Word
from dicomsh.model.batches import worked
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.results import Listing
from dicomsh.regex import regex
from dicomsh.session.kept_answer import KeptAnswer

_FORMS = "assert count >= 1, assert all StudyDescription, assert all mod=CT"

_COUNT = regex(r"count(>=|<=|!=|=|>|<)([0-9]+)", re.ASCII)

_HOLDS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


@command(
    "assert",
    family="shell",
    examples=(
        "find study date=2009; assert count >= 1",
        "find patient JOD*; assert all PatientBirthDate",
        "cd 0555643F; ls; assert all mod=CT,MR",
    ),
)
async def assert_(
    context: Context, what: Annotated[Word, VALUE], *more: Annotated[Word, VALUE]
) -> None:
    """Stop a script, with exit status 6, if the last answer is not as it should be.

    assert count >= N compares the number of its rows (also <=, >, <, = and !=). assert all Key
    wants a value of Key in every row; assert all Key=Value wants every row to match, as with where.
    Several keys must all hold. No query is sent. What an incomplete answer leaves open does not
    hold: nobody can tell.
    """
    kept = context.session.last
    if kept is None or kept.outcome is None:
        raise UsageError("nothing has been listed yet", hint="find LEVEL, or ls", span=what.span)
    found = _COUNT.fullmatch("".join(word.text for word in (what, *more)))
    if found is not None:
        _check_count(kept, found[1], int(found[2]))
    elif what.text == "all" and more:
        for word in more:
            await _check_all(context, kept, word)
    else:
        raise UsageError(f"'{what.text}' cannot be asserted", hint=_FORMS, span=what.span)


def _check_count(kept: KeptAnswer, sign: str, number: int) -> None:
    assert kept.outcome is not None
    count = kept.outcome.rows
    if not _HOLDS[sign](count, number):
        raise UnmetError(f"count {sign} {number:,} does not hold: {kept.level.counted(count)}")
    settled = sign in (">=", ">") or kept.outcome.complete
    if not settled:
        raise UnmetError(
            f"count {sign} {number:,} cannot be told: the answer is incomplete,"
            f" with {kept.level.counted(count)} so far"
        )


async def _check_all(context: Context, kept: KeptAnswer, word: Word) -> None:
    """Raise UnmetError unless every row has the key, or matches the condition."""
    assert kept.outcome is not None
    listing = Listing(kept.columns, KnownAnswer(kept.rows, kept.outcome), kept.level, kept.place)
    condition = read_condition(word) if "=" in word.text else Condition(word, word.text, False, "*")
    of = field(listing, condition.key, word)
    test = condition.test(of.vr, of.column.keyword, context.session.today)
    held = await worked(lambda row: bool(test(of.texts(row))) is not condition.negated, kept.rows)
    failing = [number for number, holds in enumerate(held, 1) if not holds]
    if failing:
        raise UnmetError(
            f"all {word.text} does not hold: not in {len(failing):,} of"
            f" {kept.level.counted(len(kept.rows))}",
            hint=f"the first is row {failing[0]}: show {failing[0]}",
            span=word.span,
        )
    if len(kept.rows) < kept.total or not kept.outcome.complete:
        raise UnmetError(
            f"all {word.text} cannot be told: only {kept.level.counted(len(kept.rows))} are here",
            span=word.span,
        )

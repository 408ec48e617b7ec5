"""cd, pwd and tree: moving through the hierarchy, and showing it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.language.command import command
from dicomsh.language.kinds import DEPTH, TARGET
from dicomsh.language.scan import Word
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.level_keys import heading
from dicomsh.model.levels import HIERARCHY, UNIQUE_KEYWORDS, Level
from dicomsh.model.modality import Modality, all_in_use
from dicomsh.model.place import Place, count_below, title_of
from dicomsh.model.plan import Request, choose_model
from dicomsh.model.results import Records, Result, Talk, Text, at_once, listing_of
from dicomsh.model.text_about import text_about

if TYPE_CHECKING:
    from dicomsh.query.hierarchy import Branch
    from dicomsh.session.state import Session


@command(
    "cd",
    family="walk",
    examples=("cd 0555643F", "cd /", "cd 0555643F; cd ..", "cd worklist; ls"),
)
async def cd(context: Context, target: Annotated[Word | None, TARGET] = None) -> Result:
    """Go to TARGET: a row number, a unique key or the beginning of one, a path, or worklist.

    cd .. goes up, cd - goes back, cd / (or just cd) goes to the root. If the place was not just
    listed, dicomsh checks that it exists.
    """
    session = context.session
    if target is not None and target.text == "-":
        return _back(context)
    several = len(session.modalities) > 1
    if target is None or (several and target.text in ("/", "..", ".")):
        session.move(tuple(all_in_use(session.modalities)), type(session.place)())
        return None
    from dicomsh.commands.target import resolve

    there = await resolve(context, target)
    if there.place.level is Level.WORKLIST:
        await _check_worklist(context, there.modality)
    said = _of_list_elsewhere(session, target.text, there.place)
    session.move((there.modality,), there.place)
    return said


async def _check_worklist(context: Context, modality: Modality) -> None:
    """Raise NoPresentationContextError if a modality has no worklist."""
    archive = await context.archives.open(context.known(modality))
    accepted = (await archive.connect()).sop_classes
    choose_model(Request(Level.WORKLIST, Place()), accepted, None, str(modality.address))


def _of_list_elsewhere(session: Session, text: str, there: Place) -> Talk | None:
    """Which list a row number refers to, if that was not made here."""
    from dicomsh.session.targets import row_number

    last, number = session.last, row_number(text)
    if last is None or number is None or last.place.same_entity(session.place):
        return None
    row = last.entity(number)
    if row is None or not row.same_entity(there):
        return None  # a unique key that looks like a number
    return Talk(f"row {number} of the {last.level.plural} listed in {last.place.path}")


def _back(context: Context) -> Talk:
    session = context.session
    if session.previous is None:
        raise UsageError("there is no previous place", hint="cd - goes back after a cd or use")
    session.move(*session.previous)
    return Talk(session.path)


@command("pwd", family="walk", examples=("pwd", "cd 0555643F; pwd --keys"))
def pwd(
    context: Context,
    *,
    keys: Annotated[bool, "the unique keys of the place, one per row"] = False,
) -> Text | Records:
    """Print the path of the current place."""
    if not keys:
        return Text(context.session.path)
    columns = (FieldColumn("keyword", "Unique key"), FieldColumn("value", "Value"))
    steps = [step for step in context.session.place.steps if step.level in HIERARCHY]
    records: list[Record] = [
        {"keyword": step.level.unique_keyword, "value": step.key} for step in steps
    ]
    issuers = [step.issuer for step in steps if step.issuer]
    records += [{"keyword": "IssuerOfPatientID", "value": issuer} for issuer in issuers]
    return listing_of(columns, at_once(records))


_TREE_COLUMNS = (
    FieldColumn("level", "Level"),
    *(FieldColumn(word, heading(word)) for word in UNIQUE_KEYWORDS),
    FieldColumn("label", "Label"),
    FieldColumn("children", "Below", True),
)


@command("tree", family="walk", examples=("tree 0555643F", "tree 0555643F --depth 1"))
async def tree(
    context: Context,
    target: Annotated[Word | None, TARGET] = None,
    *,
    depth: Annotated[int | None, DEPTH, "levels to show below the place (2)"] = None,
) -> Records:
    """Show the hierarchy below the current place, or below TARGET, with counts.

    It runs several queries at once. If several archives are in use, it shows that of each.
    """
    if target is None and len(context.session.modalities) > 1:
        from dicomsh.commands.apiece import apiece

        used = context.session.modalities
        return apiece({one.name: _tree(context, one, Place(), depth) for one in used})
    from dicomsh.commands.target import resolve

    there = await resolve(context, target)
    if there.place.level in (Level.INSTANCE, Level.WORKLIST):
        what = "an instance" if there.place.level is Level.INSTANCE else "the items of a worklist"
        raise UsageError(f"there is nothing below {what}", span=target.span if target else None)
    return _tree(context, there.modality, there.place, depth)


def _tree(context: Context, modality: Modality, place: Place, depth: int | None) -> Records:
    """The hierarchy below a place of one archive."""
    from dicomsh.query.hierarchy import Hierarchy

    seen = context.session.seen_of(modality.name)
    descent = Hierarchy(context.query, modality, place, depth or 2, seen.note)
    return listing_of(
        _TREE_COLUMNS,
        descent.records(_tree_record),
        draw=_tree_line,
        outcome=lambda: descent.outcome,
        unit=("entity", "entities"),
    )


def _tree_record(branch: Branch) -> Record:
    keys = {step.level.unique_keyword: step.key for step in branch.place.steps}
    return {
        "level": branch.level.word,
        **keys,
        "label": text_about(branch.row, partial(title_of, level=branch.level)),
        "children": count_below(branch.row, branch.level),
        "_last": branch.last,
    }


def _tree_line(record: Record) -> str:
    *outer, own = record["_last"]
    lines = "".join("   " if last else "│  " for last in outer)
    count = "" if record["children"] is None else f"  [{record['children']}]"
    return f"{lines}{'└─ ' if own else '├─ '}{record['label']}{count}"

"""diff: what only one of two archives has, and what differs in both; for migrations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from functools import partial
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.commands.different import shown_value, unequal, value_fields
from dicomsh.commands.find import check_nights, keys_once, only_list
from dicomsh.errors import UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.language.command import command
from dicomsh.language.kinds import DOWN_TO, FIRST, LEVEL_OR_NONE, SECOND, SIDE, TERM
from dicomsh.language.scan import Word
from dicomsh.language.terms import Term, query_keys
from dicomsh.model.columns import AttributeColumn, FieldColumn, Record
from dicomsh.model.diff import Finding, Wanted
from dicomsh.model.level_keys import heading
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.place import about
from dicomsh.model.plan import Request
from dicomsh.model.results import Records, listing_of
from dicomsh.model.text_about import text_about
from dicomsh.query.diff import Diff


@command(
    "diff",
    family="query",
    examples=(
        "diff pacs archive",
        "diff pacs archive date=2024 --counts",
        "diff pacs archive mod=CT --depth series",
        "diff pacs archive +AccessionNumber --only pacs > missing.csv",
    ),
)
async def diff(
    context: Context,
    first: Annotated[Word, FIRST],
    second: Annotated[Word, SECOND],
    level: Annotated[Level | None, LEVEL_OR_NONE] = None,
    *terms: Annotated[Term, TERM],
    counts: Annotated[bool, "compare the numbers of series and instances, too"] = False,
    depth: Annotated[Level | None, DOWN_TO, "go down to this level: series or instance"] = None,
    only: Annotated[Word | None, SIDE, "show only what A or B has alone"] = None,
) -> Records:
    """Compare what two archives hold: what only one has, and what differs in both.

    LEVEL is study unless you give another. Both archives are asked at the same time, and their
    answers are paired by unique key. Key=Value narrows both; +Key compares an attribute, and adds a
    column of it. With --counts, the numbers of series and instances are compared; if an archive
    does not give them, dicomsh counts what is below, study by study. With --depth series or
    instance, what is below each study that both have is compared as well. Values are compared as
    their VR says: 4 and 04 are equal. If an archive cuts its answer off, or does not answer in
    time, its studies are asked for again in date windows; row limits do not apply.

    There is a row for each entity that only one archive has, or repeats more often, and one for
    each attribute that differs. What an answer that is incomplete or in doubt may hold is never
    called a difference: the line below says which answer it is, with exit status 5. With
    differences, the exit status is 1; with --only A, it is 1 if A has something that B lacks.
    """
    modalities = _two(context, first, second)
    top = level or Level.STUDY
    wanted = Wanted(_request(context, top, terms), _lowest(top, depth), counts)
    side = None if only is None else _side(modalities, only)
    if side is not None and counts:
        raise UsageError("--only lists what one archive lacks", hint="omit --only, or --counts")
    found = Diff(context.query, modalities, wanted, side)
    shown = _Shown.of(modalities, wanted, terms)
    made = listing_of(
        shown.columns,
        _records(found, shown),
        outcome=lambda: found.outcome,
        unit=("difference", "differences"),
        entities=True,
    )
    return Records(replace(made, headway=lambda: found.headway))


def _two(context: Context, first: Word, second: Word) -> tuple[Modality, Modality]:
    """The two archives.

    Raises:
        UsageError: one is not known, or both are the same.
    """
    find = context.session.config.find
    one, other = find(first.text, first.span), find(second.text, second.span)
    address = one.address if isinstance(one.address, DicomAddress) else None
    if one.name == other.name or address == other.address:
        message = f"{one.name} and {other.name} are the same archive"
        hint = "name two archives: 'modalities' lists them"
        raise UsageError(message, hint=hint, span=second.span)
    return one, other


def _request(context: Context, level: Level, terms: tuple[Term, ...]) -> Request:
    if level is Level.WORKLIST:
        hint = "find worklist --on A,B, or compare --with NAME find worklist"
        raise UsageError("a worklist is not an archive", hint=hint)
    listed = only_list(terms)
    if listed is not None:
        hint = f"find {level.word} {listed.word.text} --on A,B"
        raise UsageError("diff does not read lists", hint=hint, span=listed.word.span)
    keys = query_keys(terms, level, context.query.today)
    check_nights(keys, terms)
    return Request(level, context.query.place.above(level), keys_once(keys, terms))


def _lowest(top: Level, depth: Level | None) -> Level:
    if depth is None:
        return top
    if depth.value <= top.value:
        hint = "LEVEL is where the comparison begins, --depth where it ends"
        raise UsageError(f"--depth {depth.word} is not below {top.plural}", hint=hint)
    return depth


def _side(modalities: tuple[Modality, Modality], only: Word) -> int:
    names = [modality.name for modality in modalities]
    if only.text not in names:
        message = f"expected {' or '.join(names)} after --only, found '{only.text}'"
        raise UsageError(message, span=only.span)
    return names.index(only.text)


@frozen
class _Shown:
    """How differences are shown.

    Args:
        names: those of the archives.
        keys: keywords of the unique keys in a row.
        attributes: columns of the keys that were typed.
        fields: the fields with the values of both archives; none if nothing is compared.
        levels: whether there are several levels.
    """

    names: tuple[str, str]
    keys: tuple[str, ...]
    attributes: tuple[AttributeColumn, ...]
    fields: tuple[str, str] | tuple[()]
    levels: bool

    @staticmethod
    def of(
        modalities: tuple[Modality, Modality], wanted: Wanted, terms: tuple[Term, ...]
    ) -> _Shown:
        """The fields of a comparison."""
        first, second = (modality.name for modality in modalities)
        levels = HIERARCHY[: wanted.depth.value + 1]
        keys = tuple(level.unique_keyword for level in levels)
        typed = {key.keyword for key in wanted.request.keys}
        shown = typed.difference(keys)
        columns = tuple(c for c in wanted.request.columns() if c.keyword in shown)
        compared = wanted.counts or any(term.value is None for term in terms)
        own = (*_BEFORE, *keys, _LABEL, *(column.keyword for column in columns), _ATTRIBUTE)
        fields = value_fields(first, second, own) if compared else ()
        several = wanted.depth is not wanted.request.level
        return _Shown((first, second), keys, columns, fields, several)

    @property
    def columns(self) -> tuple[FieldColumn, ...]:
        """All columns."""
        levels = [FieldColumn("level", "Level")] if self.levels else []
        keys = (FieldColumn(word, heading(word)) for word in self.keys)
        typed = (FieldColumn(c.keyword, c.heading, vr=c.attribute.vr) for c in self.attributes)
        values = (FieldColumn(name, name) for name in self.fields)
        return (
            FieldColumn("where", "Where"),
            *levels,
            *keys,
            FieldColumn(_LABEL, "Label"),
            *typed,
            *([FieldColumn(_ATTRIBUTE, "Attribute")] if self.fields else []),
            *values,
        )

    def records(self, found: Finding) -> Iterator[Record]:
        """The rows for a difference."""
        pair, level = found.pair, found.level
        name = self.names[1] if pair.first is None else self.names[0]
        steps = found.place.steps if found.place else ()
        same = {
            "where": pair.where.value.format(name),
            "level": level.word,
            **{step.level.unique_keyword: step.key for step in steps},
            _LABEL: text_about(pair.row, partial(about, level=level)),
            **{column.keyword: shown_value(pair.row, column) for column in self.attributes},
        }
        if pair.first is None or pair.second is None:
            yield same
            return
        if not self.fields:
            return
        values = unequal(found.columns, pair.first, pair.second, self.fields)
        yield from (same | differing for differing in values)
        for keyword, *numbers in found.counts:
            yield {**same, _ATTRIBUTE: keyword, **dict(zip(self.fields, numbers, strict=True))}


_BEFORE = ("where", "level")
_LABEL, _ATTRIBUTE = "label", "attribute"


async def _records(found: Diff, shown: _Shown) -> AsyncGenerator[list[Record], None]:
    async for findings in found.findings():
        records = [record for one in findings for record in shown.records(one)]
        if records:
            yield records

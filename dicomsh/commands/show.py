"""show and wado: all attributes of one entity, and the URLs of its instances."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.commands.element_records import element_records
from dicomsh.commands.target import resolve
from dicomsh.errors import QueryFailedError, UsageError
from dicomsh.frozen import replace
from dicomsh.language.command import command
from dicomsh.language.file_kinds import TARGET_OR_FILE
from dicomsh.language.kinds import TARGET
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome, all_rows, combined
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.level_keys import LEVEL_KEYS, heading
from dicomsh.model.levels import HIERARCHY, UNIQUE_KEYWORDS, Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, return_key
from dicomsh.model.results import Records, Text, listing_of
from dicomsh.model.row import Row
from dicomsh.model.wado import PLACEHOLDER_RS, PLACEHOLDER_URI, retrieve_uri, rs_url
from dicomsh.query.ask import ask
from dicomsh.query.hierarchy import Hierarchy
from dicomsh.query.resolve import ResolvedTarget
from dicomsh.session.targets import listed_row

_TEXT = "the text of a structured report, or of a PDF or CDA document"

_SHOW_COLUMNS = (
    FieldColumn("tag", "Tag"),
    FieldColumn("vr", "VR"),
    FieldColumn("keyword", "Keyword"),
    FieldColumn("value", "Value"),
)


@command(
    "show",
    family="walk",
    examples=(
        "show 0555643F",
        "cd 0555643F; show",
        "find worklist mod=MR; show 1",
        "cd 0555643F; ls; cd 2; ls; show --text 5",
    ),
)
async def show(
    context: Context,
    target: Annotated[Word | None, TARGET_OR_FILE] = None,
    *,
    text: Annotated[bool, _TEXT] = False,
) -> Records | Text | None:
    """Show all known attributes of one entity, or worklist item: tag, VR, keyword, value.

    Queries the entity again with all keys that the standard defines for its level. For an item of
    the worklist just listed, a remark says what may keep a device from taking it.

    --text fetches a report, or those of a series, and shows its text; also that of a DICOM file.
    """
    if text:
        from dicomsh.commands.content import text_of_objects

        return await text_of_objects(context, target)
    listed = None if target is None else listed_row(context.session, target.text)
    if listed is not None and listed[0].level is Level.WORKLIST:
        from dicomsh.commands.worklist import shown_item

        return shown_item(context, *listed)
    there = await resolve(context, target)
    if there.place.level in (None, Level.WORKLIST):
        where = "at the root" if there.place.level is None else "here"
        raise UsageError(
            f"there is no entity {where}",
            hint="show TARGET, or cd to a patient, study, series or instance",
        )
    assert there.place.level is not None
    entity = _ShownEntity(context, there, there.place.level)
    return listing_of(_SHOW_COLUMNS, entity.records(), outcome=lambda: entity.outcome)


class _ShownEntity:
    """The attributes of one entity; the query is sent on iteration."""

    def __init__(self, context: Context, there: ResolvedTarget, level: Level) -> None:
        self._context = context
        self._there = there
        self._level = level
        self.outcome = Outcome(Ending.COMPLETE, 0, 0.0)

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each element; elements inside a sequence are indented with `>`."""
        rows = await self._rows(LEVEL_KEYS[self._level].more)
        if not rows:
            raise UsageError(
                f"this {self._level.word} is no longer in the archive",
                hint="'ls ..' shows what is there now",
            )
        for row in rows:
            yield [record for tag in sorted(row.elements) for record in element_records(row, tag)]

    async def _rows(self, more: tuple[str, ...]) -> list[Row]:
        place = self._there.place
        request = Request(self._level, place, tuple(return_key(keyword) for keyword in more))
        try:
            listing = await ask(self._context.query, self._there.modality, request)
            rows = await all_rows(listing.answer)
        except QueryFailedError:
            # some peers fail at optional keys, instead of disregarding them (PS3.4 C.2.2.1.3)
            if not more:
                raise
            return await self._rows(())
        self.outcome = listing.answer.outcome
        return rows


@command(
    "wado",
    family="walk",
    examples=("cd 0555643F; wado", "wado 0555643F --rs"),
)
async def wado(
    context: Context,
    *targets: Annotated[Word, TARGET],
    rs: Annotated[bool, "WADO-RS instead of WADO-URI"] = False,
) -> Records:
    """List the three WADO identifiers and the retrieve URL of each instance.

    For every instance below the current place, or below each TARGET: StudyInstanceUID,
    SeriesInstanceUID, SOPInstanceUID and the WADO-URI (PS3.18 9.4), or with --rs the WADO-RS URL
    (PS3.18 10.4). Nothing is fetched or stored. The base URL is the modality's wado: (or wado_rs:)
    setting; without it the URLs have a placeholder, and the result is INCOMPLETE (exit status 5).
    """
    there = [await resolve(context, target) for target in targets or (None,)]
    for destination, target in zip(there, targets or (None,), strict=True):
        if destination.place.level in (None, Level.WORKLIST):
            span = target.span if target else None
            raise UsageError("wado needs a patient, study or series", hint="cd to one", span=span)
    instances = _InstanceUrls(context, there, rs)
    return listing_of(
        _wado_columns(rs),
        instances.records(),
        outcome=lambda: instances.outcome,
        unit=("instance", "instances"),
        entities=True,
    )


def _wado_columns(rs: bool) -> tuple[FieldColumn, ...]:
    return (
        *(FieldColumn(word, heading(word)) for word in UNIQUE_KEYWORDS[1:]),
        FieldColumn("RetrieveURL", "WADO-RS" if rs else "WADO-URI", whole=True),
    )


class _InstanceUrls:
    """The instances below several places, with their URLs."""

    def __init__(self, context: Context, there: list[ResolvedTarget], rs: bool) -> None:
        self._context = context
        self._there = there
        self._rs = rs
        self._rows = 0
        self._descents: list[Hierarchy] = []
        self._start = time.monotonic()

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each instance."""
        for destination in self._there:
            level = destination.place.level
            if level is None or level is Level.INSTANCE:
                yield [self._record(destination, destination.place)]
                continue
            depth = Level.INSTANCE.value - level.value
            descent = Hierarchy(self._context.query, destination.modality, destination.place, depth)
            self._descents.append(descent)
            async with aclosing(descent.branches()) as branches:
                async for branch in branches:
                    if branch.place.level is Level.INSTANCE:
                        yield [self._record(destination, branch.place)]

    def _base(self, modality: Modality) -> str | None:
        return modality.wado_rs if self._rs else modality.wado

    def _record(self, there: ResolvedTarget, place: Place) -> Record:
        self._rows += 1
        study, series, instance = (
            step.key if (step := place.step(level)) else "" for level in HIERARCHY[1:]
        )
        make, placeholder = _WADO_RS if self._rs else _WADO_URI
        base = self._base(there.modality) or placeholder
        return {
            "StudyInstanceUID": study,
            "SeriesInstanceUID": series,
            "SOPInstanceUID": instance,
            "RetrieveURL": make(base, study, series, instance),
        }

    @property
    def outcome(self) -> Outcome:
        """The first ending that is not complete; with a placeholder for the base URL, none is."""
        names = {t.modality.name for t in self._there if not self._base(t.modality)}
        setting = "wado_rs" if self._rs else "wado"
        missing = [note(NoteKind.PLACEHOLDER, name, setting) for name in sorted(names)]
        whole = combined([descent.outcome for descent in self._descents])
        if missing and self._rows and whole.sound:
            whole = replace(whole, ending=Ending.PARTIAL)  # a script must not fetch from it
        seconds = time.monotonic() - self._start
        return replace(whole, rows=self._rows, seconds=seconds, notes=(*whole.notes, *missing))


_WADO_URI = (retrieve_uri, PLACEHOLDER_URI)
_WADO_RS = (rs_url, PLACEHOLDER_RS)

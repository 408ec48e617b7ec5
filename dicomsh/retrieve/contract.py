"""Which instances a retrieval has to bring: the archive's own list, asked for beforehand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing

from dicomsh.errors import NotThereError
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending, Outcome, all_rows, combined
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, return_key
from dicomsh.model.row import Row
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext
from dicomsh.query.hierarchy import Branch, Hierarchy
from dicomsh.retrieve.account import Instance
from dicomsh.retrieve.layout import Layout, Paths

_OWN = {Level.STUDY: ("PatientID",), Level.SERIES: ("Modality", "SeriesNumber")}
_INSTANCE = ("InstanceNumber", "SOPClassUID")

_OF_VALUES = frozenset({NoteKind.NONE_RETURNED, NoteKind.LETTERLESS_NAMES, NoteKind.REPEATED})
"""Notes that say nothing about which instances there are."""


@frozen
class Wanted:
    """What to retrieve.

    Args:
        modality: the archive.
        places: patients, studies, series or instances in it.
        outcome: how the query that they came from ended.
    """

    modality: Modality
    places: Sequence[Place]
    outcome: Outcome = Outcome(Ending.COMPLETE, 0, 0.0)


@frozen
class Contract:
    """The instances that a retrieval has to bring.

    Args:
        instances: each once, those of a series together.
        outcome: how the queries for them ended; without `sound`, the list may lack some.
    """

    instances: tuple[Instance, ...]
    outcome: Outcome


async def listed(
    context: QueryContext, modality: Modality, places: Sequence[Place], layout: Layout
) -> Contract:
    """The instances at and below some places.

    Args:
        context: where the command runs.
        modality: the archive.
        places: patients, studies, series or instances.
        layout: where their files go.

    Raises:
        DicomshError: the archive could not be asked.
        NotThereError: the archive knows nothing of a place.
    """
    # limits are for what people look at: a list that ends at one would prove nothing
    context = replace(context, limits=replace(context.limits, rows=None, usual_rows=None))
    modality = replace(modality, limit=None)
    found: dict[str, Instance] = {}
    outcomes: list[Outcome] = []
    paths = Paths(layout)
    for place in places:
        below = _Below(context, modality, place, layout, paths)
        async for instance in below.instances():
            found.setdefault(instance.uid, instance)
        outcomes += below.outcomes
    whole = combined(outcomes) if outcomes else Outcome(Ending.COMPLETE, 0, 0.0)
    told = tuple(note for note in whole.notes if note.kind not in _OF_VALUES)
    return Contract(tuple(found.values()), replace(whole, notes=told))


class _Below:
    """The instances of one place, with what the rows above them say."""

    def __init__(
        self,
        context: QueryContext,
        modality: Modality,
        place: Place,
        layout: Layout,
        paths: Paths,
    ) -> None:
        self._context = context
        self._modality = modality
        self._place = place
        self._wanted = {
            level: tuple(dict.fromkeys((*_OWN.get(level, ()), *layout.at(level))))
            for level in HIERARCHY
        }
        self._paths = paths
        self.outcomes: list[Outcome] = []

    async def instances(self) -> AsyncIterator[Instance]:
        """Each instance, those of a series together."""
        top = self._place.parent if self._place.level is Level.INSTANCE else self._place
        above = await self._above(top)
        depth = Level.INSTANCE.value - top.steps[-1].level.value
        descent = Hierarchy(self._context, self._modality, top, depth, more=self._wanted)
        async with aclosing(descent.branches()) as branches:
            async for branch in branches:
                upper = {level: above[level] for level in branch.level.ancestors if level in above}
                above = {**upper, branch.level: self._values(branch.row, branch.level)}
                if self._is_wanted(branch):
                    yield self._instance(branch, above)
        self.outcomes.append(descent.outcome)

    def _is_wanted(self, branch: Branch) -> bool:
        if branch.level is not Level.INSTANCE:
            return False
        own = self._place.step(Level.INSTANCE)
        return own is None or own.key == branch.place.steps[-1].key

    async def _above(self, top: Place) -> dict[Level, dict[str, str]]:
        """What the layout needs to know of the place and what it is in, by level."""
        values: dict[Level, dict[str, str]] = {}
        for number, step in enumerate(top.steps, 1):
            own = {step.level.unique_keyword: step.key}
            if set(self._wanted[step.level]) - own.keys():
                own |= self._values(await self._row(Place(top.steps[:number])), step.level)
            values[step.level] = own
        return values

    async def _row(self, place: Place) -> Row:
        level = place.steps[-1].level
        keys = tuple(return_key(word) for word in self._wanted[level])
        listing = await ask(self._context, self._modality, Request(level, place, keys))
        rows = await all_rows(listing.answer)
        self.outcomes.append(listing.answer.outcome)
        if not rows:
            raise NotThereError(f"the archive has no {level.word} {place.steps[-1].key}")
        return rows[0]

    def _values(self, row: Row, level: Level) -> dict[str, str]:
        words = (*self._wanted[level], level.unique_keyword, *_INSTANCE)
        texts = {word: row.text(by_keyword(word).tag) for word in words}
        return {word: text for word, text in texts.items() if text}

    def _instance(self, branch: Branch, above: Mapping[Level, Mapping[str, str]]) -> Instance:
        values: dict[str, str] = {}
        for level in HIERARCHY:
            values |= above.get(level, {})
        values |= {step.level.unique_keyword: step.key for step in branch.place.steps}
        return Instance(
            values.get("PatientID", ""),
            values["StudyInstanceUID"],
            values["SeriesInstanceUID"],
            values["SOPInstanceUID"],
            values.get("SOPClassUID", ""),
            self._paths.path(values).as_posix(),
            values.get("Modality", ""),
            values.get("SeriesNumber", ""),
            values.get("InstanceNumber", ""),
            series_listed=self._place.level is not Level.INSTANCE,
        )

"""One of two archives that are compared: what is below an entity there, and how much."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from dicomsh.archives.archive import ArchivePool
from dicomsh.errors import DicomshError
from dicomsh.event_loop import asyncio
from dicomsh.model.answer import Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.diff import is_whole, number_in
from dicomsh.model.level_keys import counters
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place, each_once, places_of
from dicomsh.model.plan import Request, return_key
from dicomsh.model.row import Row
from dicomsh.query.ask import answer_from
from dicomsh.query.context import QueryContext

_Result = TypeVar("_Result")


class UnsureError(DicomshError):
    """An answer about one entity may not be whole."""


class DiffArchive:
    """One of the archives, asked about single entities.

    Args:
        context: where the command runs.
        modality: the archive.
    """

    def __init__(self, context: QueryContext, modality: Modality) -> None:
        self._context = context
        self._modality = context.known(modality)
        self._options = context.settled(modality, QueryOptions())
        self.pool: ArchivePool = context.archives.pool(self._modality)

    async def connect(self) -> None:
        """Connect, as every query would; an error names the archive."""
        try:
            await (await self._context.archives.open(self._modality)).connect()
        except DicomshError as error:
            error.message = f"{self._modality.name}: {error.message}"
            raise

    async def below(self, request: Request) -> tuple[list[Row], Outcome]:
        """The rows of a request, and how their answer ended."""
        try:
            async with self.pool.archive() as archive:
                answer = await answer_from(archive, self._modality, request, self._options)
                return await all_rows(answer), answer.outcome
        except DicomshError as error:
            error.message = f"{self._modality.name}: {error.message}"
            raise

    async def counts(self, place: Place) -> dict[Level, int]:
        """How many entities are at each level below one, counted.

        Raises:
            DicomshError: an answer failed, or may not be whole.
        """
        level = place.next_level
        words = counters(level)
        keys = tuple(map(return_key, words.values()))
        request = Request(level, place, keys, returned=(level.unique_keyword,))
        rows, outcome = await self.below(request)
        if not is_whole(outcome):
            what = f"{self._modality.name}: the list of its {level.plural} is not certain"
            raise UnsureError(what)
        placed = zip(await places_of(rows, level, place), rows, strict=True)
        children = each_once([(child, row) for child, row in placed if child is not None])
        given = [{one: number_in(row, word) for one, word in words.items()} for _, row in children]
        if any(None in numbers.values() for numbers in given):
            parts = await both(*(self.counts(child) for child, _ in children))
        else:
            parts = [{one: number or 0 for one, number in part.items()} for part in given]
        return {level: len(children), **{one: sum(part[one] for part in parts) for one in words}}


async def both(*work: Coroutine[Any, Any, _Result]) -> list[_Result]:
    """Both results, or the first error once both have ended."""
    results = await asyncio.gather(*work, return_exceptions=True)
    found = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        found.append(result)
    return found

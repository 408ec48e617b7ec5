"""The same request to several archives, side by side: one answer, and an outcome for each."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from dicomsh.errors import DicomshError, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.frozen import replace
from dicomsh.model.answer import ArchiveOutcome, Ending, Outcome, failure_of, of_archives
from dicomsh.model.asked_query import AskedQuery, QueryOptions
from dicomsh.model.columns import ARCHIVE_COLUMN, Column
from dicomsh.model.derived_answer import DerivedAnswer
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.plan import Request
from dicomsh.model.results import Listing
from dicomsh.model.row import NamedRows, Row
from dicomsh.query.ask import Way, ask, plain_way
from dicomsh.query.context import QueryContext

Begin = Callable[[], Awaitable[Listing]]
"""Sends the request to one of the archives."""


def ask_several(
    context: QueryContext,
    modalities: Sequence[Modality],
    request: Request,
    options: QueryOptions | None = None,
    way: Way = plain_way,
) -> Listing:
    """Send a request to several modalities at once; limits apply to each of them.

    The rows of each come in its order, and as they arrive. An archive that cannot be asked has an
    outcome that says so, and costs no rows of the others.
    """
    begin = partial(ask, context, request=request, options=options, way=way)
    level = request.level
    archives = [OneOfSeveral(one.name, level, partial(begin, modality=one)) for one in modalities]
    asked = options or QueryOptions()
    if way is plain_way or asked.split:  # a list of values makes many queries
        for archive, modality in zip(archives, modalities, strict=True):
            archive.asked = AskedQuery(modality, request, asked)
    answer = Several(archives)
    columns: tuple[Column, ...] = (ARCHIVE_COLUMN, *request.columns())
    names = tuple(modality.name for modality in modalities)
    return Listing(
        columns,
        answer,
        request.level,
        request.place,
        headway=lambda: answer.headway,
        archives=names,
    )


class OneOfSeveral:
    """One of several archives that are asked the same.

    Args:
        name: the modality name.
        level: the level of its rows.
        begin: sends the request.

    Attributes:
        coming: the wait for its next batch; None if there is none.
        asked: the query, if it is a single one.
    """

    def __init__(self, name: str, level: Level, begin: Begin) -> None:
        self.name = name
        self.level = level
        self.coming: asyncio.Task[list[Row] | None] | None = None
        self.asked: AskedQuery | None = None
        self._begin = begin
        self._listing: Listing | None = None
        self._batches: AsyncIterator[list[Row]] | None = None
        self._rows = 0
        self._named = NamedRows(name)
        self._dropped = False
        self._started = time.monotonic()
        self.error: DicomshError | None = None

    def wait(self) -> None:
        """Begin to wait for the next batch."""
        self.coming = asyncio.ensure_future(self._next())

    async def _next(self) -> list[Row] | None:
        """The next batch; None at the end, or if the archive failed."""
        try:
            if self._batches is None:
                self._listing = await self._begin()
                self._batches = aiter(self._listing.answer)
            return await anext(self._batches, None)
        except DicomshError as error:
            self.error = error
            return None

    def take(self) -> list[Row] | None:
        """The batch that has come, its rows named after the archive; then waits for the next."""
        assert self.coming is not None
        batch = self.coming.result()
        self.coming = None
        if batch is None:
            return None
        self._rows += len(batch)
        self.wait()
        return self._named.of(batch)

    async def leave(self) -> None:
        """End early, and drop a batch that has just come."""
        if self.coming is not None:
            self.coming.cancel()
            with suppress(asyncio.CancelledError):
                self._dropped = await self.coming is not None
            self.coming = None
        if self._listing is not None:
            await self._listing.answer.aclose()

    @property
    def headway(self) -> str:
        """Its progress, for display; empty once it has ended."""
        if self.coming is None:
            return ""
        told = self._listing.headway() if self._listing else ""
        return f"{self.name}: {told}" if told else self.name

    @property
    def outcome(self) -> Outcome:
        """How its answer ended, counting the rows that were passed on."""
        if self.error is not None:
            return failure_of(self.error, self._rows, self._seconds)
        if self._listing is None:
            return Outcome(Ending.CANCELLED, 0, self._seconds)
        outcome = replace(self._listing.answer.outcome, rows=self._rows)
        early = self._dropped and outcome.complete
        return replace(outcome, ending=Ending.CANCELLED) if early else outcome

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started


class Several(DerivedAnswer):
    """The rows of several archives as they arrive.

    Args:
        archives: those asked.
    """

    def __init__(self, archives: Sequence[OneOfSeveral]) -> None:
        super().__init__()
        self._archives = archives
        self._started = time.monotonic()

    async def _batches(self) -> AsyncIterator[list[Row]]:
        for archive in self._archives:
            archive.wait()
        while waiting := [one.coming for one in self._archives if one.coming]:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for archive in self._archives:
                if archive.coming and archive.coming.done():
                    batch = archive.take()
                    if batch is not None:
                        yield batch
        self._check()

    def _check(self) -> None:
        """Raise the error of a request that no archive could be asked, as it was typed wrong."""
        errors = [archive.error for archive in self._archives]
        first = errors[0]
        if isinstance(first, UsageError) and all(
            isinstance(error, UsageError) and error.message == first.message for error in errors
        ):
            raise first

    @property
    def headway(self) -> str:
        """The archives that have not answered in full, for display."""
        told = [archive.headway for archive in self._archives]
        return f"waiting for {', '.join(filter(None, told))}" if any(told) else ""

    def _ended(self) -> Outcome:
        """The outcome of all together, which has that of each."""
        parts = [
            ArchiveOutcome(one.name, one.outcome, one.level, one.asked) for one in self._archives
        ]
        return replace(of_archives(parts), seconds=time.monotonic() - self._started)

    async def aclose(self) -> None:
        """Leave every archive at once: one that does not answer keeps none of the others open."""
        await asyncio.gather(*(archive.leave() for archive in self._archives))

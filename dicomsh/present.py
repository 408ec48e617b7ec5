"""Results on their way to the sink: rows as they arrive, then the line that says what they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from dicomsh.errors import ExitStatus
from dicomsh.model.answer import Row
from dicomsh.model.listing import (
    Answer,
    Ending,
    Listing,
    Outcome,
    Record,
    Records,
    Result,
    Talk,
    Text,
)
from dicomsh.output.formats import Renderer, renderer
from dicomsh.output.safe import visible
from dicomsh.output.sink import Sink
from dicomsh.output.statement import result_line
from dicomsh.output.targets import CommandGoneError, StdoutGoneError
from dicomsh.output.theme import Theme
from dicomsh.session import Kept, Session

_PAUSE = 0.1
"""Seconds without a row after which the rows that a table keeps back are shown."""


_WITH_HEADER = ("csv", "tsv")


class Presenter:
    """Shows what commands return.

    Args:
        session: remembers what was listed.
        sink: the only writer.
        data: colours for results on a terminal.
        talk: colours for what is said beside them.
    """

    def __init__(self, session: Session, sink: Sink, data: Theme, talk: Theme) -> None:
        self._session = session
        self._sink = sink
        self._data = data
        self._talk = talk

    async def show(
        self, result: Result, suffix: str | None = None, *, continues: bool = False
    ) -> ExitStatus:
        """Write a result.

        Args:
            result: what a command returned.
            suffix: the format that the file it goes to asks for, or None.
            continues: whether it goes behind rows that are in the file already, so that csv and
                tsv need no second header.

        Raises:
            DicomshError: the answer failed, or it cannot be written.
            StdoutGoneError: nobody reads our output any more.
        """
        name = suffix or self._session.settings.output or "table"
        match result:
            case Listing():
                return await self._listing(result, result.output or name, continues)
            case Records():
                return await self._records(result, name, continues)
            case Text():
                self._sink.data(result.text + "\n")
            case Talk():
                self._sink.talk(result.text)
        return ExitStatus.DONE

    async def _listing(self, listing: Listing, name: str, continues: bool) -> ExitStatus:
        rows = self._renderer(name, listing)
        page = _Page(self._sink, rows, begun=continues and name in _WITH_HEADER)
        kept = self._session.begin(listing.columns, listing.level, listing.place)
        kept.question = listing.question
        answer = listing.answer
        try:
            await _pump(answer, kept, page)
        except CommandGoneError:
            await answer.aclose()
            return ExitStatus.DONE
        except StdoutGoneError:
            await answer.aclose()
            raise
        if not listing.again:
            self._session.keep(kept, answer.outcome)
        return self._told(answer.outcome, listing, rows.hidden)

    def _told(self, outcome: Outcome, listing: Listing, hidden: Sequence[str]) -> ExitStatus:
        line = result_line(listing.level, outcome, notes=hidden, theme=self._talk)
        self._sink.talk(line)
        return status_of(outcome)

    def _renderer(self, name: str, result: Listing | Records) -> Renderer:
        width = self._sink.width
        theme = Theme.plain() if width is None else self._data
        level = result.level if isinstance(result, Listing) else None
        return renderer(name, result.columns, level=level, width=width, theme=theme)

    async def _records(self, records: Records, name: str, continues: bool) -> ExitStatus:
        begun = continues and name in _WITH_HEADER
        page = _Page(self._sink, self._drawn(records, name), begun=begun)
        try:
            async with aclosing(records.batches) as batches:
                async for batch in batches:
                    page.show(batch)
        except asyncio.CancelledError:
            go_on()
            page.end()
            return ExitStatus.INTERRUPTED
        except CommandGoneError:
            return ExitStatus.DONE
        page.end()
        return self._counted(records)

    def _drawn(self, records: Records, name: str) -> Renderer:
        if records.draw is not None and name == "table":
            return _Drawn(records.draw)
        return self._renderer(name, records)

    def _counted(self, records: Records) -> ExitStatus:
        if records.outcome is None:
            return ExitStatus.DONE
        outcome = records.outcome()
        if records.unit[0] or not outcome.complete:
            self._sink.talk(result_line(None, outcome, unit=records.unit, theme=self._talk))
        return status_of(outcome)


class _Page:
    """A renderer and the sink it writes to; nothing is written before the first row or the end."""

    def __init__(self, sink: Sink, rows: Renderer, *, begun: bool) -> None:
        self._sink = sink
        self._rows = rows
        self._begun = begun

    def show(self, batch: Sequence[Any]) -> None:
        self._begin()
        self._sink.data(self._rows.rows(batch))

    def pause(self) -> None:
        """No row has come for a while: show those kept back."""
        if self._begun:
            self._sink.data(self._rows.flush())

    def end(self) -> None:
        self._begin()
        self._sink.data(self._rows.end())

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._sink.data(self._rows.begin())


async def _pump(answer: Answer, kept: Kept, page: _Page) -> None:
    """Show and remember the rows; Ctrl-C ends the answer, and what arrived stays."""
    try:
        async for batch in _with_pauses(answer, page):
            kept.add(batch)
            page.show(batch)
    except asyncio.CancelledError:
        go_on()
        await answer.aclose()
    page.end()


async def _with_pauses(answer: Answer, page: _Page) -> AsyncIterator[list[Row]]:
    """The batches of an answer; between them the page is told when none comes for a while."""
    batches = aiter(answer)
    while True:
        coming = asyncio.ensure_future(anext(batches, None))
        try:
            done, _ = await asyncio.wait({coming}, timeout=_PAUSE)
            if not done:
                page.pause()
            batch = await coming
        except asyncio.CancelledError:
            coming.cancel()
            await asyncio.wait({coming})
            raise
        if batch is None:
            return
        yield batch


class _Drawn:
    """Records as lines that they draw themselves."""

    def __init__(self, draw: Callable[[Record], str]) -> None:
        self._draw = draw
        self.hidden: list[str] = []

    def begin(self) -> str:
        return ""

    def rows(self, batch: Sequence[Any]) -> str:
        return "".join(f"{visible(self._draw(record))}\n" for record in batch)

    def flush(self) -> str:
        return ""

    def end(self) -> str:
        return ""


def status_of(outcome: Outcome) -> ExitStatus:
    """The exit status that an answer stands for."""
    if outcome.ending is Ending.CANCELLED:
        return ExitStatus.INTERRUPTED
    return ExitStatus.DONE if outcome.complete else ExitStatus.INCOMPLETE


def go_on() -> None:
    """The task was cancelled by Ctrl-C, which ends the command and not the shell."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()

"""Rows on their way to the screen: until they end, until Ctrl-C, or until the reader is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from enum import Enum
from typing import Any

from dicomsh.errors import DicomshError
from dicomsh.event_loop import asyncio, event_loop
from dicomsh.interrupt import absorb_interrupts, cancel_soon, signal_of
from dicomsh.model.batches import in_turns, is_long
from dicomsh.output.renderer import FIRST_PAGE, InParts, Renderer
from dicomsh.output.sink import Sink
from dicomsh.output.streams import PagerLeftError, ReaderGoneError
from dicomsh.shell.progress import RowProgress


class LeaveReason(Enum):
    """Why the user ended an answer early."""

    CTRL_C = ""
    PAGER = "you left the pager"


Cut = Callable[[list[Any]], list[Any]]
"""Selects the parts of a batch of rows to show."""


def whole(batch: list[Any]) -> list[Any]:
    """Everything."""
    return batch


class RowOutput:
    """A renderer and the sink it writes to; nothing is written before the first row or the end.

    Args:
        sink: the only writer.
        rows: turns batches into text.
        begun: whether the text before the first row has been written already.
        took: is called with each batch before it is shown.
        cut: selects the parts of a batch to show.

    Attributes:
        count: rows shown.
    """

    def __init__(
        self,
        sink: Sink,
        rows: Renderer,
        took: Callable[[list[Any]], None],
        *,
        begun: bool,
        cut: Cut = whole,
    ) -> None:
        self._sink = sink
        self._rows = rows
        self._took = took
        self._cut = cut
        self._begun = begun
        self._due: float | None = None
        self._held = True
        self.count = 0

    async def show(self, batch: list[Any]) -> None:
        """Write a batch; if the first one is long, write a screenful of it at once."""
        if self._due is None and len(batch) > FIRST_PAGE:
            await self._show(batch[:FIRST_PAGE])
            batch = batch[FIRST_PAGE:]
        await self._show(batch)

    async def _show(self, batch: list[Any]) -> None:
        self._took(batch)
        self._begin()
        shown = self._cut(batch)
        self.count += len(shown)
        if len(shown) == 1 and is_long(shown[0]) and isinstance(self._rows, InParts):
            await self._in_turns(self._rows.parts(shown[0]))
        else:
            self._sink.rendered(self._rows.rows(shown))
        patience = self._sink.patience
        if shown and self._due is None and patience is not None:
            self._due = asyncio.get_running_loop().time() + patience
        if self.patience == 0:
            await self.release()

    @property
    def patience(self) -> float | None:
        """Seconds until buffered rows must be shown; None if there can be none."""
        if self._due is None or not self._held:
            return None
        return max(0, self._due - asyncio.get_running_loop().time())

    async def release(self) -> None:
        """Show the buffered rows, and stop buffering.

        Ctrl-C does not keep them from being shown: they have been counted.
        """
        self._held = False
        await self._in_turns(iter(self._rows.flush, ""))

    async def _in_turns(self, texts: Iterator[str]) -> None:
        """Write all of these texts, and let the event loop do what waits between them.

        Ctrl-C is raised at the end, so that no row is written in part.
        """
        pressed = None
        for text in _joined(texts):
            self._sink.rendered(text)
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError as cancelled:
                pressed = cancelled
        if pressed is not None:
            raise pressed

    async def broken(self) -> None:
        """An error ended the rows: write those in the buffer, if any."""
        if self._begun:
            await self.end()

    async def end(self) -> None:
        """Write the buffered rows, and the text after the last row."""
        self._begin()
        try:
            if self._sink.width is None:  # a terminal has at most a screenful to wait for
                await self.release()
        finally:
            self._sink.rendered(self._rows.end())

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._sink.rendered(self._rows.begin())


_AT_ONCE = 1 << 15
"""Characters that are written in one turn of the event loop."""


def _joined(texts: Iterator[str]) -> Iterator[str]:
    """Texts, short ones together."""
    parts: list[str] = []
    size = 0
    for text in texts:
        parts.append(text)
        size += len(text)
        if size >= _AT_ONCE:
            yield "".join(parts)
            parts, size = [], 0
    if parts:
        yield "".join(parts)


class Flow:
    """Shows batches as they arrive.

    Args:
        sink: where rows are written.
        progress: is notified when the user leaves.
    """

    def __init__(self, sink: Sink, progress: RowProgress) -> None:
        self._sink = sink
        self._progress = progress

    async def run(
        self,
        batches: AsyncIterator[list[Any]],
        output: RowOutput,
        leave: Callable[[], Awaitable[None]],
    ) -> LeaveReason | None:
        """Show batches, then the end of them.

        Args:
            batches: the rows.
            output: where they are shown.
            leave: ends the answer early; another Ctrl-C cancels it.

        Returns:
            Why the user left early, or None. The rows that had arrived are shown in any case.

        Raises:
            DicomshError: the answer failed, or it cannot be written.
            ReaderGoneError: the reader of the output is gone; the answer has been ended.
        """
        await event_loop()
        left = None
        try:
            await self._pump(batches, output, leave)
        except asyncio.CancelledError:
            left = LeaveReason.CTRL_C
            await _left(leave)
        except PagerLeftError:
            left = LeaveReason.PAGER
            await _left(leave)
        except ReaderGoneError:
            await leave()
            raise
        except DicomshError:
            await output.broken()
            raise
        try:
            await output.end()
        except asyncio.CancelledError as cancelled:
            left = LeaveReason.CTRL_C
            self._sink.interrupt(signal_of(cancelled))
            await _left(leave)
        except PagerLeftError:
            pass
        return left

    async def _pump(
        self,
        batches: AsyncIterator[list[Any]],
        output: RowOutput,
        leave: Callable[[], Awaitable[None]],
    ) -> None:
        gone = asyncio.ensure_future(self._sink.gone())
        try:
            while (batch := await self._next(batches, output, gone)) is not None:
                await self._show(batch, output, leave)
        except asyncio.CancelledError as cancelled:
            self._sink.wipe_line()
            self._sink.interrupt(signal_of(cancelled))
            raise
        finally:
            gone.cancel()

    async def _show(
        self, batch: list[Any], output: RowOutput, leave: Callable[[], Awaitable[None]]
    ) -> None:
        """Show a batch; an answer that cannot be written, to a full disk say, is left."""
        self._progress.remark()  # there may be something to say, and no row
        try:
            async for part in in_turns(batch):
                await output.show(part)
                await self._sink.drain()
        except DicomshError:
            await leave()
            raise

    async def _next(
        self,
        batches: AsyncIterator[list[Any]],
        output: RowOutput,
        gone: asyncio.Future[ReaderGoneError],
    ) -> list[Any] | None:
        """The next batch; None at the end. Shows rows that are buffered for too long."""
        coming = asyncio.ensure_future(_batch(batches))
        try:
            if not await _either(coming, gone, output.patience):
                await output.release()
                await self._sink.drain()  # opens the pager for more than a screenful
                await _either(coming, gone)
        except BaseException:
            self._progress.leaving()
            late = await _stopped(coming)
            async for part in in_turns(late or []):
                await output.show(part)
            raise
        if coming.done():
            return coming.result()
        self._progress.leaving()
        await _stopped(coming)
        # watched for, because a reader that ends while no rows arrive shows in no write
        raise gone.result()


async def _left(leave: Callable[[], Awaitable[None]]) -> None:
    """Leave an answer; without waiting if Ctrl-C was pressed twice, or is pressed now."""
    if absorb_interrupts() > 1:
        cancel_soon()
    try:
        await leave()
        await asyncio.sleep(0)  # raises the pending cancellation if leaving awaited nothing
    except asyncio.CancelledError:
        absorb_interrupts()


async def _batch(batches: AsyncIterator[list[Any]]) -> list[Any] | None:
    return await anext(batches, None)


async def _either(
    first: asyncio.Future[Any], second: asyncio.Future[Any], seconds: float | None = None
) -> Sequence[asyncio.Future[Any]]:
    done, _ = await asyncio.wait({first, second}, timeout=seconds, return_when="FIRST_COMPLETED")
    return list(done)


async def _stopped(coming: asyncio.Task[list[Any] | None]) -> list[Any] | None:
    """Stop waiting for a batch; the batch itself if it arrives nevertheless.

    Another Ctrl-C goes to whatever cleans up after the first one.
    """
    # a race: the batch may arrive in the same turn of the event loop, and then its rows count
    coming.cancel()
    while not coming.done():
        try:
            await asyncio.wait({coming})
        except asyncio.CancelledError:
            coming.cancel()
    return None if coming.cancelled() or coming.exception() else coming.result()

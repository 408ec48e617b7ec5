"""A modality that is asked from Python: `connect`, and `connect_async` for asyncio."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from dicomsh.archives.open_archives import OpenArchives
from dicomsh.commands.find import find
from dicomsh.config import Config, KnownPeers, load
from dicomsh.errors import DicomshError, UsageError
from dicomsh.folders import state_folder
from dicomsh.frozen import frozen
from dicomsh.model.answer import Outcome
from dicomsh.model.modality import Modality
from dicomsh.model.results import Listing
from dicomsh.model.row import Row
from dicomsh.model.tap import Tap
from dicomsh.python.request import Question, question
from dicomsh.python.rows import Rows, Values, reader
from dicomsh.query.context import Limits, QueryContext

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")


def connect(
    modality: str, *, file: str | Path | None = None, timeout: float | None = None
) -> Connection:
    """A modality to ask: `with dicomsh.connect("pacs") as pacs: pacs.find("study", "JOD*")`.

    Its associations are opened when they are needed, and by `with`. It may be used from several
    threads, and where an event loop runs already, as in a notebook: it has a thread of its own.

    Args:
        modality: a name of the modalities file, or AET@HOST:PORT.
        file: the modalities file; by default it is sought as `dicomsh config` says.
        timeout: seconds for connecting, for the association and for a response.

    Raises:
        DicomshError: no such modality, or the file cannot be used.
    """
    return Connection(connect_async(modality, file=file, timeout=timeout))


def connect_async(
    modality: str, *, file: str | Path | None = None, timeout: float | None = None
) -> AsyncConnection:
    """The same for asyncio: `async with dicomsh.connect_async("pacs") as pacs: …`.

    All of its methods must be awaited in one event loop.
    """
    config = _config(file)
    if timeout is not None and not (isinstance(timeout, int | float) and timeout > 0):
        raise UsageError(f"timeout: expected seconds greater than 0, found {timeout!r}")
    return AsyncConnection(config.find(_named(modality)), Limits(seconds=timeout))


def modalities(file: str | Path | None = None) -> list[str]:
    """The names in the modalities file; raises DicomshError if it cannot be used."""
    return list(_config(file).modalities)


def _named(modality: Any) -> str:
    if isinstance(modality, str):
        return modality
    expected = "expected the name of a modality, or AET@HOST:PORT"
    raise UsageError(f"{expected}, found {modality!r}")


def _config(file: str | Path | None) -> Config:
    if file is not None and not isinstance(file, str | os.PathLike):
        raise UsageError(f"file: expected a path, found {file!r}")
    explicit = None if file is None else Path(file)
    return load(explicit, environ=os.environ, cwd=Path.cwd())


@frozen
class _Asker:
    """Where `find` runs."""

    query: QueryContext


class AsyncConnection:
    """A modality, asked in an event loop.

    Args:
        modality: the peer.
        limits: what applies to every query.
    """

    def __init__(self, modality: Modality, limits: Limits) -> None:
        self._modality = modality
        self._limits = limits
        self._archives = OpenArchives(Tap(), KnownPeers(state_folder(os.environ)))
        self._turn = asyncio.Lock()
        self._streaming: list[OpenArchives] = []
        self._closed = False

    @property
    def name(self) -> str:
        """What the modality is called in the modalities file, or its address."""
        return self._modality.name

    def _check_open(self) -> None:
        if self._closed:
            hint = "'with' opens it again, and dicomsh.connect another one"
            raise UsageError(f"the connection to {self.name} is closed", hint=hint)

    async def __aenter__(self) -> Self:
        self._closed = False
        context = self._context()
        archive = await self._archives.open(context.known(self._modality))
        await archive.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Release all associations, also those of streams that were not read to their end.

        Later questions raise UsageError; `async with` opens it again.
        """
        self._closed = True
        for archives in self._streaming:
            await archives.release(())
        self._streaming.clear()
        await self._archives.close()
        self._turn = asyncio.Lock()  # one that was waited for belongs to its event loop

    async def echo(self) -> float:
        """The seconds that a C-ECHO takes; raises DicomshError if it fails."""
        self._check_open()
        archive = await self._archives.open(self._context().known(self._modality))
        await archive.connect()
        return await archive.echo()

    async def find(self, level: str, pattern: str | None = None, **arguments: Any) -> Rows:
        """The answer to a query, whole; the arguments are those of `Connection.find`."""
        asked, rows = question(level, pattern, **arguments), list[Row]()
        async with self._turn:
            listing = await self._asked(asked, self._archives)
            try:
                async for batch in listing.answer:
                    rows += batch
            finally:
                await listing.answer.aclose()
        return Rows(listing.columns, rows, asked.level, listing.answer.outcome)

    def stream(self, level: str, pattern: str | None = None, **arguments: Any) -> AsyncStream:
        """The rows as they arrive; the arguments are those of `Connection.find`.

        It has an association of its own, so other questions can be asked while it lasts.
        """
        self._check_open()
        return AsyncStream(self, question(level, pattern, **arguments))

    def _context(self, archives: OpenArchives | None = None) -> QueryContext:
        where = archives or self._archives
        return QueryContext(where, date.today(), self._limits, (self._modality,))

    async def _asked(self, asked: Question, archives: OpenArchives) -> Listing:
        self._check_open()
        asker = _Asker(self._context(archives))
        return await find(asker, asked.level, asked.pattern, *asked.terms, **asked.options)


class AsyncStream:
    """The rows of an answer as they arrive.

    Attributes:
        outcome: how the answer ended; None until then.
    """

    def __init__(self, connection: AsyncConnection, asked: Question) -> None:
        self.outcome: Outcome | None = None
        self._connection = connection
        self._asked = asked

    async def __aiter__(self) -> AsyncIterator[Values]:
        async for batch in self.batches():
            for values in batch:
                yield values

    async def batches(self) -> AsyncGenerator[list[Values], None]:
        """The rows that arrived together."""
        archives, streaming = self._connection._archives.beside(), self._connection._streaming
        streaming.append(archives)
        try:
            listing = await self._connection._asked(self._asked, archives)
            convert = reader(listing.columns)
            try:
                async for batch in listing.answer:
                    yield convert(batch)
            finally:
                await listing.answer.aclose()
                self.outcome = listing.answer.outcome
        finally:
            if archives in streaming:
                streaming.remove(archives)
            await archives.release(())


class Connection:
    """A modality, asked from ordinary code.

    Args:
        connection: what asks it, in an event loop of its own.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._loop = _LoopThread(f"dicomsh {connection.name}", connection._check_open)

    @property
    def name(self) -> str:
        """What the modality is called in the modalities file, or its address."""
        return self._connection.name

    def __enter__(self) -> Self:
        self._connection._closed = False
        try:
            self._loop.result(self._connection.__aenter__())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release all associations; the rest of a stream is lost.

        Later questions raise UsageError; `with` opens it again.
        """
        self._connection._closed = True
        self._loop.stop(self._connection.close)

    def echo(self) -> float:
        """The seconds that a C-ECHO takes; raises DicomshError if it fails."""
        return self._loop.result(self._connection.echo())

    def find(self, level: str, pattern: str | None = None, **arguments: Any) -> Rows:
        """The answer to a query, whole.

        Args:
            level: patient, study, series, instance or worklist.
            pattern: a name, an ID, …, as PATTERN of `find` in the shell.
            **arguments: `Keyword=value` for each key, with values in the notation of the shell
                (`StudyDate="-7d"`), dates, numbers, or lists of values; None for an attribute that
                is only requested. Further: `plus`, a keyword or several to request; `keys`, a
                mapping for names that Python does not allow, such as paths into sequences; `limit`;
                `model`, "patient" or "study"; `split`, True, "day", "week" or "month"; and
                `relational`, `fuzzy`, `datetime` and `empty`, which are negotiated (PS3.4 C.5.1.1).

        Raises:
            DicomshError: the server failed, or the question is not valid. An answer that is
                incomplete or in doubt raises nothing: see `Rows.outcome` and `Rows.require_sound`.
        """
        return self._loop.result(self._connection.find(level, pattern, **arguments))

    def stream(self, level: str, pattern: str | None = None, **arguments: Any) -> Stream:
        """The rows as they arrive; the arguments are those of `find`."""
        return Stream(self._loop, self._connection.stream(level, pattern, **arguments))


class Stream:
    """The rows of an answer as they arrive; leaving the loop early ends the query."""

    def __init__(self, loop: _LoopThread, stream: AsyncStream) -> None:
        self._loop = loop
        self._stream = stream

    @property
    def outcome(self) -> Outcome | None:
        """How the answer ended; None until then."""
        return self._stream.outcome

    def __iter__(self) -> Iterator[Values]:
        for batch in self._loop.items(self._stream.batches()):
            yield from batch


class _Handover(Generic[_Item]):
    """Items of an asynchronous generator on their way to another thread.

    They are taken together, and the generator is some ahead: a switch between two threads takes as
    long as a hundred rows.

    Args:
        source: what gives them.
    """

    def __init__(self, source: AsyncGenerator[_Item, None]) -> None:
        self._source = source
        self._ready: SimpleQueue[_Item | None] = SimpleQueue()
        self._room = asyncio.Semaphore(_AHEAD)
        self._filling: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Let the items come."""
        self._filling = asyncio.ensure_future(self._fill())

    async def _fill(self) -> None:
        try:
            async for item in self._source:
                await self._room.acquire()
                self._ready.put(item)
        finally:
            try:
                await self._source.aclose()
            finally:
                self._ready.put(None)

    def taken(self) -> list[_Item | None]:
        """In the other thread: all items that are there, at least one; None after the last one."""
        items = [self._ready.get()]
        with suppress(Empty):
            while True:
                items.append(self._ready.get_nowait())
        return items

    def make_room(self, number: int) -> None:
        """In the event loop: so many items were taken."""
        for _ in range(number):
            self._room.release()

    async def end(self) -> None:
        """Raise what ended the items, if it was an error."""
        assert self._filling
        await self._filling

    async def close(self) -> None:
        """Leave them."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)


_AHEAD = 16
"""Batches that may wait for a thread that reads them."""


class _LoopThread:
    """An event loop in a thread of its own, started when it is needed.

    Args:
        name: the name of the thread.
        check: raises DicomshError if nothing more may run in it.
    """

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        self._name = name
        self._check = check
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def result(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """What a coroutine gives; Ctrl-C cancels it."""
        try:
            self._check()
        except DicomshError:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            with suppress(BaseException):
                future.result(5)
            raise

    def items(self, source: AsyncGenerator[_Item, None]) -> Iterator[_Item]:
        """What an asynchronous generator gives; leaving early ends it."""
        handover = _Handover(source)
        self.result(handover.begin())
        owed = 0
        try:
            while True:
                taken = handover.taken()
                owed += len(taken)
                if owed > _AHEAD // 2:  # waking the other thread for each would take longest of all
                    self._soon(partial(handover.make_room, owed))
                    owed = 0
                for item in taken:
                    if item is None:
                        self.result(handover.end())
                        return
                    yield item
        finally:
            self.finish(handover.close)

    def _soon(self, call: Callable[[], None]) -> None:
        """Call something in the event loop; not if it has ended."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(call)

    def finish(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a last coroutine function of something that is no longer needed.

        Nothing if the loop has ended. The garbage collector may call it in the loop's own thread,
        which cannot wait for itself.
        """
        with self._lock:
            loop, thread = self._loop, self._thread
        if loop is None:
            return
        ended = asyncio.run_coroutine_threadsafe(last(), loop)
        if threading.current_thread() is not thread:
            ended.result()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name=self._name, daemon=True
                )
                self._thread.start()
            return self._loop

    def stop(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a last coroutine function, and end the thread; nothing if it never ran."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(_ended_by(last), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _ended_by(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a last coroutine function, then end whatever else still runs in the event loop."""
    try:
        await last()
    finally:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

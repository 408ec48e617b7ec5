"""Storing: files sent to an archive, and the account of what it has taken."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, closing
from uuid import uuid4

from dicomsh.archives.transfer import Committing, Storer, Transfers
from dicomsh.errors import (
    DicomshError,
    NoAssociationError,
    ShortFileError,
    TimedOutError,
    UsageError,
)
from dicomsh.event_loop import asyncio
from dicomsh.frozen import frozen, replace, slotted
from dicomsh.model.answer import Ending, Outcome, as_cancelled
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.commitment import (
    FAILURE_REASONS,
    CommitmentReport,
    CommitmentRequest,
    Reference,
)
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.progress import Progress, bar
from dicomsh.model.standard import uid_name
from dicomsh.model.storage import Pair, Readable
from dicomsh.model.store_status import is_stored, may_help, store_words
from dicomsh.output.result_line import file_size
from dicomsh.retrieve.account import State
from dicomsh.retrieve.sources import Found, Source
from dicomsh.retrieve.tally import Pace, time_left

COLUMNS = (
    FieldColumn("state", "State"),
    FieldColumn("file", "File"),
    FieldColumn("bytes", "Bytes", number=True),
    FieldColumn("reason", "Reason"),
    FieldColumn("SOPInstanceUID", "SOP Instance UID"),
    FieldColumn("SOPClassUID", "SOP Class"),
    FieldColumn("transfer_syntax", "Transfer Syntax"),
)

_MOST_BARREN = 3
"""Associations in a row that may be lost without one object stored before a round is ended."""
_MOST_REASONS = 3
_MOST_STRAYS = 3
_MOST_REFERENCES = 1000
"""Objects of one request for storage commitment."""


@frozen
class StoreOptions:
    """How to store.

    Args:
        retries: how many times to send again what failed, where that may help.
        jobs: associations at a time.
        dry: whether to list the files only.
        commit_port: the port to listen on for the storage commitment report, 0 for the archive's
            usual one; None not to ask for storage commitment.
    """

    retries: int = 2
    jobs: int = 1
    dry: bool = False
    commit_port: int | None = None


@slotted
class Item:
    """The account of one file.

    Args:
        name: the file.
        source: the object in it; None if there is none.
        state: what became of it.
        reason: why it was not stored, in words, or with what warning.
        hopeless: whether another attempt cannot help.
    """

    name: str
    source: Source | None
    state: State = State.LISTED
    reason: str = ""
    hopeless: bool = False


class StoreJob:
    """Sends files; it begins when its records are taken.

    Args:
        transfers: the ways to store in the archive.
        find: finds the files; it may raise UsageError.
        options: how to store.
    """

    def __init__(
        self,
        transfers: Transfers,
        find: Callable[[], Iterable[Found]],
        options: StoreOptions,
    ) -> None:
        self._transfers = transfers
        self._find = find
        self._options = options
        self._items: list[Item] = []
        self._strays: list[str] = []
        self._news: asyncio.Queue[Item] = asyncio.Queue()
        self._stored = self._size = self._committed = 0
        self._uncommitted: dict[str, int] = {}
        self._first_error: DicomshError | None = None
        self._reached = False
        self._sent_bytes = self._total = 0
        self._pace = Pace()
        self._listed = self._committing = self._finished = False
        self._started = time.monotonic()

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each file, as it comes to rest; with commitment, another one for each.

        Raises:
            DicomshError: there are no files, or nothing could be stored.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._look)
        self._listed = True
        self._total = sum(item.source.size for item in self._items if item.source)
        if self._options.dry:
            yield [_record(item) for item in self._items]
            self._finished = True
            return
        client = self._transfers.committing()
        try:
            if self._options.commit_port is not None:
                await client.listen(self._options.commit_port or self._transfers.usual_port)
            async with aclosing(self._sent()) as sent:
                async for items in sent:
                    yield [_record(item) for item in items]
            self._committing = self._options.commit_port is not None
            if self._committing and self._stored:
                yield [_record(item) for item in await self._commit(client)]
            self._finished = True
        finally:
            await client.close()

    def _look(self) -> None:
        for found in self._find():
            if isinstance(found, Source):
                state = State.SENDABLE if self._options.dry else State.LISTED
                self._items.append(Item(found.name, found, state))
            elif found.stray:
                self._strays.append(found.name)
            else:
                item = Item(found.name, None, State.FAILED, found.reason, hopeless=True)
                self._items.append(item)
        if not self._items:
            hint = f"{len(self._strays):,} other files are there" if self._strays else None
            raise UsageError("no DICOM files there", hint=hint)

    async def _sent(self) -> AsyncGenerator[list[Item], None]:
        work = asyncio.ensure_future(self._rounds())
        try:
            while not work.done():
                news = asyncio.ensure_future(self._news.get())
                await asyncio.wait([work, news], return_when=asyncio.FIRST_COMPLETED)
                if news.done():
                    yield [news.result(), *self._rest()]
                news.cancel()
            work.result()
            left = [item for item in self._items if item.state is not State.STORED]
            yield [*self._rest(), *left]
        finally:
            work.cancel()
            await asyncio.wait([work])

    def _rest(self) -> Iterator[Item]:
        while not self._news.empty():
            yield self._news.get_nowait()

    async def _rounds(self) -> None:
        for _ in range(self._options.retries + 1):
            wanted = [one for one in self._items if one.state is not State.STORED]
            wanted = [one for one in wanted if not one.hopeless]
            if not wanted:
                break
            for batch in _batches(wanted, self._transfers.room):
                await self._batch(batch)
        if self._first_error is not None and not self._reached:
            raise self._first_error

    async def _batch(self, items: Sequence[Item]) -> None:
        waiting = deque(items)
        pairs = tuple(dict.fromkeys(one.source.pair for one in items if one.source))
        jobs = min(self._options.jobs, len(items))
        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(self._work(pairs, waiting))

    async def _work(self, pairs: Sequence[Pair], waiting: deque[Item]) -> None:
        """Send what is waiting; a lost association is followed by another one."""
        barren = 0
        while waiting and barren < _MOST_BARREN:
            before, granted = self._stored, None
            storer = self._transfers.storer(pairs)
            try:
                granted = await storer.connect()
                self._reached = True
                while waiting:
                    await self._send(storer, granted, waiting.popleft())
            except (NoAssociationError, TimedOutError) as error:
                self._first_error = self._first_error or error
                _give_up(waiting, error)
                if granted is None:
                    return
            finally:
                await storer.close()
            barren = 0 if self._stored > before else barren + 1

    async def _send(self, storer: Storer, granted: frozenset[Pair], item: Item) -> None:
        source = item.source
        assert source is not None
        if source.pair not in granted:
            what = f"the server does not take {_named(source.pair)}"
            item.state, item.reason, item.hopeless = State.FAILED, what, True
            return
        try:
            with closing(source.open()) as data:
                counted = _Counted(data, self._read)
                reply = await storer.send(source.announced, counted, source.size)
        except (NoAssociationError, TimedOutError) as error:
            item.state, item.reason = State.FAILED, error.message
            raise
        except (OSError, ShortFileError) as error:
            reason = error.message if isinstance(error, ShortFileError) else _why(error)
            item.state, item.reason, item.hopeless = State.FAILED, reason, True
            return
        self._judge(item, reply.status, reply.comment)

    def _judge(self, item: Item, status: int, comment: str) -> None:
        assert item.source is not None
        said = store_words(status) + (f": {comment}" if comment else "")
        item.reason = said if status else ""
        if is_stored(status):
            item.state = State.STORED
            self._stored += 1
            self._size += item.source.size
            self._news.put_nowait(item)
        else:
            item.state, item.hopeless = State.FAILED, not may_help(status)

    async def _commit(self, client: Committing) -> list[Item]:
        """Ask for storage commitment of what was stored; the account of it."""
        stored = [one for one in self._items if one.state is State.STORED]
        for start in range(0, len(stored), _MOST_REFERENCES):
            part = stored[start : start + _MOST_REFERENCES]
            references = tuple(_reference(one) for one in part)
            request = CommitmentRequest(f"2.25.{uuid4().int}", references)
            try:
                report = await client.commit(request)
            except DicomshError as error:
                self._note_committed(part, _always(error.message))
            else:
                self._note_committed(part, _reasons(report))
        return stored

    def _note_committed(self, items: Iterable[Item], why: Callable[[Item], str]) -> None:
        for item in items:
            item.reason = why(item)
            item.state = State.UNCOMMITTED if item.reason else State.COMMITTED
            self._committed += not item.reason
            if item.reason:
                self._uncommitted[item.reason] = self._uncommitted.get(item.reason, 0) + 1

    @property
    def progress(self) -> Progress:
        """How far it is."""
        if not self._listed:
            return Progress("reading the files")
        if self._committing:
            return Progress(f"{self._stored:,} stored", doing="waiting for storage commitment")
        sent, total = self._sent_bytes, self._total
        rate = self._pace.rate(sent)
        fast = [f"{file_size(round(rate))}/s"] if rate else []
        if rate and total > sent:
            fast.append(time_left((total - sent) / rate))
        told = f"{self._stored:,} of {len(self._items):,}, {file_size(sent)}"
        return Progress(f"{bar(sent, total)} {told}", ", ".join(fast))

    def _read(self, size: int) -> None:
        self._sent_bytes += size

    @property
    def outcome(self) -> Outcome:
        """How it ended: complete only if every file was stored, and committed if asked for."""
        expected = len(self._items)
        whole = not any(one.state is State.FAILED for one in self._items)
        whole = whole and not self._uncommitted
        outcome = Outcome(
            Ending.COMPLETE if whole else Ending.PARTIAL,
            self._stored,
            time.monotonic() - self._started,
            notes=tuple(self._notes()),
            expected=expected,
            size=self._size,
        )
        if self._options.dry:
            outcome = replace(outcome, rows=expected, expected=None)
        return outcome if self._finished else as_cancelled(outcome)

    def _notes(self) -> Iterator[Note]:
        failed = _counted(one.reason for one in self._items if one.state is State.FAILED)
        warned = _counted(
            one.reason for one in self._items if one.state is State.STORED and one.reason
        )
        for kind, reasons in (
            (NoteKind.FAILED_OBJECTS, failed),
            (NoteKind.WITH_WARNING, warned),
            (NoteKind.NOT_COMMITTED, self._uncommitted),
        ):
            for reason, count in list(reasons.items())[:_MOST_REASONS]:
                yield note(kind, reason, count=count)
        if self._committed:
            yield note(NoteKind.COMMITTED, count=self._committed, of=self._stored)
        if self._strays:
            yield note(NoteKind.NOT_DICOM, *self._strays[:_MOST_STRAYS], count=len(self._strays))


class _Counted:
    """A file whose reading is reported.

    Args:
        data: the file.
        read: is called with the number of bytes of each read.
    """

    def __init__(self, data: Readable, read: Callable[[int], None]) -> None:
        self._data = data
        self._read = read
        self.close = data.close

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        block = self._data.read(size)
        self._read(len(block))
        return block


def _batches(items: Iterable[Item], room: int) -> Iterator[list[Item]]:
    """The items by association: each has room for so many pairs."""
    places: dict[Pair, int] = {}
    batches: dict[int, list[Item]] = {}
    for item in items:
        assert item.source is not None
        place = places.setdefault(item.source.pair, len(places))
        batches.setdefault(place // room, []).append(item)
    yield from batches.values()


def _give_up(items: Iterable[Item], error: DicomshError) -> None:
    for item in items:
        item.state, item.reason = State.FAILED, item.reason or error.message


def _named(pair: Pair) -> str:
    sop_class, syntax = pair
    return f"{uid_name(sop_class) or sop_class} in {uid_name(syntax) or syntax}"


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _reference(item: Item) -> Reference:
    assert item.source is not None
    return Reference(item.source.head.sop_class, item.source.head.sop_instance)


def _always(reason: str) -> Callable[[Item], str]:
    return lambda _: reason


def _reasons(report: CommitmentReport) -> Callable[[Item], str]:
    """Why an object is not committed, in words; empty if it is."""
    committed = {one.sop_instance for one in report.committed}
    failed = {one.sop_instance: reason for one, reason in report.failed}

    def why(item: Item) -> str:
        uid = _reference(item).sop_instance
        if uid in failed:
            code = failed[uid]
            return f"the server says: {FAILURE_REASONS.get(code, f'0x{code:04X}')}"
        return "" if uid in committed else "the server's report does not name it"

    return why


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for reason in reasons:
        found[reason] = found.get(reason, 0) + 1
    return found


def _record(item: Item) -> Record:
    source = item.source
    return {
        "state": item.state.value,
        "file": item.name,
        "bytes": source.size if source else None,
        "reason": item.reason or None,
        "SOPInstanceUID": source.head.sop_instance if source else None,
        "SOPClassUID": source.head.sop_class if source else None,
        "transfer_syntax": source.head.transfer_syntax if source else None,
    }


def problem(record: Record) -> str | None:
    """A line about a file that has a problem; for people, the others are only counted."""
    if record["state"] in ("stored", "committed") and not record["reason"]:
        return None
    said = f": {record['reason']}" if record["reason"] else ""
    return f"{record['state']}  {record['file']}{said}"

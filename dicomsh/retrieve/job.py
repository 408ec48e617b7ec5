"""One retrieval from beginning to end: the list, the folder, the objects, the account."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractContextManager, aclosing, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from dicomsh.errors import NoPresentationContextError
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending, Outcome, as_cancelled, combined
from dicomsh.model.columns import Record
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.progress import Progress
from dicomsh.output.result_line import file_size
from dicomsh.query.context import QueryContext
from dicomsh.retrieve.account import Account, Line, State
from dicomsh.retrieve.collector import ASIDE, Collector
from dicomsh.retrieve.contract import Contract, Wanted, listed
from dicomsh.retrieve.fetch import Fetch, FetchOptions
from dicomsh.retrieve.layout import Layout
from dicomsh.retrieve.ledger import Ledger
from dicomsh.retrieve.records import record_of
from dicomsh.retrieve.tally import Tally

_MOST_REASONS = 3


@frozen
class Folder:
    """Where the files go.

    Args:
        path: the folder.
        layout: the folders and names below it.
    """

    path: Path
    layout: Layout


@frozen
class JobOptions:
    """What to do besides fetching.

    Args:
        fetch: the ways to retrieve, the next one if the archive does not offer the first; none to
            retrieve nothing.
        read: whether to read every file that is here, or to compare its length only.
    """

    fetch: tuple[FetchOptions, ...] = (FetchOptions(),)
    read: bool = False

    @property
    def dry(self) -> bool:
        """Whether nothing is retrieved and nothing is read."""
        return not self.fetch and not self.read


class RetrieveJob:
    """A retrieval; it begins when its records are taken.

    Args:
        context: where the command runs.
        wanted: what to retrieve.
        folder: where to.
        options: what to do.
    """

    def __init__(
        self,
        context: QueryContext,
        wanted: Wanted,
        folder: Folder,
        options: JobOptions,
    ) -> None:
        self._context = context
        self._wanted = wanted
        self._folder = folder
        self._options = options
        self._account = Account(())
        self._tally = Tally(())
        self._collector: Collector | None = None
        self._contract: Contract | None = None
        self._here = 0
        self._full = False
        self._port: int | None = None
        self._fetch: Fetch | None = None
        self._finished = False
        self._started = time.monotonic()

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each object, as it comes to rest.

        Raises:
            DicomshError: the archive could not be asked, or nothing could be retrieved.
        """
        modality = self._context.known(self._wanted.modality)
        places, layout = self._wanted.places, self._folder.layout
        contract = await listed(self._context, modality, places, layout)
        outcome = combined([self._wanted.outcome, contract.outcome])
        contract = replace(contract, outcome=outcome)
        self._contract, self._account = contract, Account(contract.instances)
        self._tally = Tally(contract.instances)
        if self._options.dry or not contract.instances:
            yield [record_of(line) for line in self._account.unsettled()]
            self._finished = True
            return
        with self._place() as path:
            async with aclosing(self._into(path, modality, contract)) as batches:
                async for lines in batches:
                    yield [record_of(line) for line in lines]
        self._finished = True

    def _place(self) -> AbstractContextManager[str | Path]:
        """The folder; one for nothing if nothing is sent, because the user's is left as it is."""
        dry = not self._context.archives.sends
        return TemporaryDirectory() if dry else nullcontext(self._folder.path)

    async def _into(
        self, path: str | Path, modality: Modality, contract: Contract
    ) -> AsyncGenerator[list[Line], None]:
        ledger = Ledger(Path(path))
        try:
            self._look(ledger)
            here = self._account.news()
            self._tally.add(here, here=True)
            yield here
            async with aclosing(self._fetched(modality, contract, ledger)) as batches:
                async for lines in batches:
                    self._tally.add(lines)
                    yield lines
        finally:
            ledger.close()

    def _look(self, ledger: Ledger) -> None:
        """Note what is here already."""
        for line in list(self._account.unsettled()):
            entry = ledger.whole(line.uid, read=self._options.read)
            if entry is not None:
                self._account.settle(line.uid, State.HERE, entry=entry)
            elif not self._options.fetch:
                damaged = ledger.entry(line.uid) is not None
                reason = "its file is gone or was changed" if damaged else "not retrieved yet"
                self._account.settle(line.uid, State.MISSING, reason)
        self._here = self._account.whole

    async def _fetched(
        self, modality: Modality, contract: Contract, ledger: Ledger
    ) -> AsyncGenerator[list[Line], None]:
        reached = self._context.archives.reach(modality)
        self._collector = collector = Collector(self._account, ledger, reached.entity.aet)
        transfers = self._context.archives.transfers(modality)
        *others, last = self._ways(transfers.usual_port) or (None,)
        if last is None:
            yield list(self._account.unsettled())
            return
        try:
            for options in (*others, last):
                self._fetch = fetch = Fetch(contract.instances, collector, transfers, options)
                try:
                    async with aclosing(fetch.lines()) as batches:
                        async for lines in batches:
                            yield lines
                except NoPresentationContextError:
                    if options is last:
                        raise
                else:
                    break
            self._port = options.port
        finally:
            self._full = collector.filled.is_set()

    def _ways(self, usual_port: int) -> tuple[FetchOptions, ...]:
        """The ways to retrieve; if nothing is sent, each once and at any time."""
        ways = self._options.fetch
        named = [way if way.port != 0 else replace(way, port=usual_port) for way in ways]
        if self._context.archives.sends:
            return tuple(named)
        return tuple(replace(way, retries=0, between=None) for way in named)

    @property
    def progress(self) -> Progress:
        """How far it is."""
        account, fetch = self._account, self._fetch
        if not account.expected:
            return Progress("listing the instances")
        if fetch is not None and fetch.waits:
            told = f"{account.whole:,} of {account.expected:,}"
            return Progress(f"{told}, waiting for the time set by --between")
        arriving = self._collector.arriving if self._collector else 0
        return self._tally.progress(arriving, fetch.claim if fetch else None)

    def remarks(self) -> list[str]:
        """A line about each series that has been completed since the last call."""
        return self._tally.complete()

    @property
    def outcome(self) -> Outcome:
        """How it ended: complete only if every object listed is there, and the list is certain."""
        account = self._account
        contract = self._contract
        sure = contract is not None and contract.outcome.sound
        whole = account.whole == account.expected and sure
        dry = self._options.dry
        outcome = Outcome(
            Ending.COMPLETE if whole or (dry and sure) else Ending.PARTIAL,
            account.whole,
            time.monotonic() - self._started,
            notes=tuple(self._notes(sure=sure, dry=dry)),
            expected=account.expected,
            size=account.size,
        )
        if dry:
            outcome = replace(outcome, rows=account.expected, expected=None)
        return outcome if self._finished else as_cancelled(outcome)

    def _notes(self, *, sure: bool, dry: bool) -> Iterator[Note]:
        account = self._account
        if self._finished and sure and not account.expected:
            yield note(NoteKind.NOTHING_WANTED, "get")
        if not dry and account.expected:
            yield note(NoteKind.IN_FOLDER, str(self._folder.path))
        if self._here and self._options.fetch:
            yield note(NoteKind.ALREADY_HERE, count=self._here)
        yield from self._why(NoteKind.FAILED_OBJECTS, State.FAILED)
        yield from self._why(NoteKind.MISSING_OBJECTS, State.MISSING)
        if strange := account.counted(State.UNEXPECTED):
            where = f"see {self._folder.path / ASIDE}"
            yield note(NoteKind.UNEXPECTED_OBJECTS, where, count=strange)
        if again := account.counted(State.DUPLICATE):
            yield note(NoteKind.DUPLICATE_OBJECTS, count=again)
        if self._port is not None and self._nothing_came:
            aet = self._wanted.modality.local_aet
            yield note(NoteKind.MOVE_TO_US, aet, str(self._port))
        if self._full:
            yield note(NoteKind.DISK_FULL, self._needed())
        if self._contract is not None and not sure:
            yield note(NoteKind.UNSURE_LIST)
            yield from self._contract.outcome.notes

    @property
    def _nothing_came(self) -> bool:
        return self._account.whole == self._here < self._account.expected

    def _why(self, kind: NoteKind, state: State) -> Iterator[Note]:
        for reason, count in list(self._account.reasons(state).items())[:_MOST_REASONS]:
            yield note(kind, reason, count=count)

    def _needed(self) -> str:
        """The space that what is missing takes, by the average size of what is there."""
        account = self._account
        if not account.whole:
            return f"{account.expected:,} objects"
        return file_size(account.size // account.whole * (account.expected - account.whole))

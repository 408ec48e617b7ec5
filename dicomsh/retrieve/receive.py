"""Receiving: a storage SCP in the foreground, with the files, the ledger and the account of it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from dicomsh.archives.archive import Archives
from dicomsh.archives.transfer import Transfers
from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.storage_server import StorageServer
from dicomsh.errors import (
    DicomshError,
    NoAssociationError,
    NoPresentationContextError,
    TimedOutError,
)
from dicomsh.event_loop import asyncio
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending, Outcome, as_cancelled
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.commitment import (
    CLASS_CONFLICT,
    NO_SUCH_OBJECT,
    CommitmentReport,
    CommitmentRequest,
    Reference,
)
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.storage import Announced, Incoming, Storage
from dicomsh.output.result_line import file_size
from dicomsh.retrieve.account import Line, State
from dicomsh.retrieve.inbox import OTHER, SAME, Inbox
from dicomsh.retrieve.layout import Layout
from dicomsh.retrieve.ledger import Ledger
from dicomsh.retrieve.records import COLUMNS, record_of, told

COLUMNS_RECEIVED = (*COLUMNS, FieldColumn("source", "From"))

_PARTING = 2.0
"""Seconds for senders to end their associations once all objects have arrived."""
_MOST_NAMED = 5
"""Callers, and reasons, that the result line names."""
_MOST_REFUSED = 50
"""Refusals that are told, each once: whoever can connect could go on for ever."""


@frozen
class Admission:
    """Who may store objects.

    Args:
        titles: our AE titles.
        callers: AE titles that are admitted; None for all.
        modalities: those that are configured, by AE title: where to send reports.
    """

    titles: Collection[str]
    callers: Collection[str] | None
    modalities: Mapping[str, Modality]


@frozen
class ReceiveOptions:
    """What to receive.

    Args:
        port: the port to listen on.
        folder: where the files go.
        layout: folders and names below it.
        count: how many objects to receive; None for all until it is ended.
        pauses: seconds before a report that was not delivered is sent again, each time.
    """

    port: int
    folder: Path
    layout: Layout
    count: int | None = None
    pauses: tuple[float, ...] = (2.0, 10.0, 60.0)


class Receive:
    """A storage SCP; it begins when its records are taken.

    Implements `dicomsh.dimse.storage_server.Reception` and `Committer`.

    Args:
        admission: who may store objects.
        options: what to receive.
        archives: where reports on storage commitment go, and who listens to the conversation.
        scanners: practice archives that send images once we listen.
    """

    def __init__(
        self,
        admission: Admission,
        options: ReceiveOptions,
        archives: Archives,
        scanners: Sequence[Modality] = (),
    ) -> None:
        self._admission = admission
        self._options = options
        self._archives = archives
        self._scanners = scanners
        self._inbox: Inbox | None = None
        self._ledger: Ledger | None = None
        self._refused: dict[str, None] = {}
        self._remarks: list[str] = []
        self._finished = False
        self._started = time.monotonic()

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """One record for each object as it arrives, and for each caller that is refused.

        Raises:
            DicomshError: the port or the folder cannot be used.
        """
        ledger = self._ledger = Ledger(self._options.folder)
        inbox = self._inbox = Inbox(ledger, self._options.layout)
        server = StorageServer(self._admission.titles, self, self._archives.tap, self)
        try:
            await server.start(self._options.port)
            self._remark(self._listening)
            for scanner in self._scanners:
                self._archives.transfers(scanner).listening(self._options.port)
            while not self._enough(inbox):
                await inbox.changed.wait()
                inbox.changed.clear()
                yield [_record(line, source) for line, source in inbox.news()]
            inbox.closed = True
            await server.stop(_PARTING)
            yield [_record(line, source) for line, source in inbox.news()]
            self._finished = True
        finally:
            inbox.closed = True
            await server.stop()
            await inbox.settled()
            ledger.close()

    def _enough(self, inbox: Inbox) -> bool:
        """Whether nothing more is to be received."""
        wanted = self._options.count
        return inbox.full or (wanted is not None and inbox.arrived >= wanted)

    def admits(self, caller: Caller) -> bool:
        """Whether a caller may store objects."""
        callers = self._admission.callers
        return callers is None or caller.calling in callers

    def refused(self, caller: Caller, reason: str) -> None:
        """Tell of a caller that gets no association, or not all that it proposed; once."""
        assert self._inbox is not None
        if reason not in self._refused and len(self._refused) < _MOST_REFUSED:
            self._refused[reason] = None
            self._inbox.tell(Line("", None, State.REFUSED, reason), caller.calling)

    def _remark(self, line: str) -> None:
        """Say something now."""
        assert self._inbox is not None
        self._remarks.append(line)
        self._inbox.changed.set()

    def remarks(self) -> list[str]:
        """What is to be said now; what was said once is not said again."""
        said, self._remarks = self._remarks, []
        return said

    def storage(self, caller: Caller) -> Storage:
        """Where the objects of a caller go."""
        assert self._inbox is not None
        return _From(caller.calling, self._inbox)

    async def judge(self, request: CommitmentRequest) -> CommitmentReport:
        """Only what the ledger has, as a whole file, is committed."""
        judged = [(one, self._reason(one)) for one in request.references]
        committed = tuple(one for one, reason in judged if not reason)
        failed = tuple((one, reason) for one, reason in judged if reason)
        return CommitmentReport(request.transaction, committed, failed)

    def _reason(self, reference: Reference) -> int:
        """Why an object is not committed; 0 if it is."""
        assert self._ledger is not None
        entry = self._ledger.whole(reference.sop_instance)
        if entry is None:
            return NO_SUCH_OBJECT
        return 0 if entry.sop_class == reference.sop_class else CLASS_CONFLICT

    async def reported(self, caller: Caller, report: CommitmentReport) -> None:
        """Tell what the caller was told."""
        assert self._inbox is not None
        self._inbox.tell(Line("", None, State.COMMITTED, _summary(report)), caller.calling)

    async def deliver(self, caller: Caller, report: CommitmentReport) -> None:
        """Send a report on a new association to the configured address of the caller."""
        modality = self._admission.modalities.get(caller.calling)
        if modality is None:
            self._undelivered(caller, "it is not a configured modality, so it has no address")
            return
        transfers = self._archives.transfers(replace(modality, local_aet=caller.called))
        try:
            await self._delivered(transfers, report, caller.calling)
        except DicomshError as error:
            self._undelivered(caller, error.message)
        except asyncio.CancelledError:
            self._undelivered(caller, "receive ended before")
            raise
        else:
            await self.reported(caller, report)

    async def _delivered(self, transfers: Transfers, report: CommitmentReport, to: str) -> None:
        """Send a report, and again after some time: a caller may be restarting."""
        for pause in self._options.pauses:
            try:
                return await transfers.report(report)
            except NoPresentationContextError:
                raise
            except (NoAssociationError, TimedOutError) as error:
                again = f"it is sent again in {pause:g} s"
                self._remark(f"{_REPORT} to {to} was not delivered: {error.message}; {again}")
            await asyncio.sleep(pause)
        return await transfers.report(report)

    def _undelivered(self, caller: Caller, reason: str) -> None:
        assert self._inbox is not None
        line = Line("", None, State.FAILED, f"{_REPORT} was not delivered: {reason}")
        self._inbox.tell(line, caller.calling)

    @property
    def _listening(self) -> str:
        """Where, and for whom."""
        titles = ", ".join(self._admission.titles)
        callers = self._admission.callers
        whom = "anybody" if callers is None else ", ".join(sorted(callers)) or "nobody: --from AET"
        return (
            f"listening on port {self._options.port} as {titles}, for {whom}"
            f" · into {self._options.folder} · Ctrl-C ends it"
        )

    @property
    def headway(self) -> str:
        """How far it is, for display."""
        told = f"listening on port {self._options.port} as {', '.join(self._admission.titles)}"
        if self._inbox is None or not self._inbox.arrived:
            return told
        return f"{told} · {self._inbox.arrived:,} received, {file_size(self._inbox.size)}"

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        inbox = self._inbox
        if inbox is None:
            return as_cancelled(Outcome(Ending.COMPLETE, 0, 0.0))
        failed = any(state is State.FAILED for state, _ in inbox.counts)
        outcome = Outcome(
            Ending.PARTIAL if failed else Ending.COMPLETE,
            inbox.arrived,
            time.monotonic() - self._started,
            notes=tuple(self._notes(inbox)),
            size=inbox.size,
        )
        return outcome if self._finished else as_cancelled(outcome)

    def _notes(self, inbox: Inbox) -> Iterator[Note]:
        yield note(NoteKind.IN_FOLDER, str(self._options.folder))
        for kind, reason in ((NoteKind.SAME_AGAIN, SAME), (NoteKind.OTHER_BYTES, OTHER)):
            if count := inbox.counts[State.DUPLICATE, reason]:
                yield note(kind, count=count)
        failed = [(why, n) for (state, why), n in inbox.counts.items() if state is State.FAILED]
        for why, count in failed[:_MOST_NAMED]:
            yield note(NoteKind.FAILED_OBJECTS, why, count=count)
        if inbox.full:
            yield note(NoteKind.NO_ROOM)
        if self._refused:
            yield note(NoteKind.REFUSED_CALLERS, "; ".join(list(self._refused)[:_MOST_NAMED]))


_REPORT = "the storage commitment report"


class _From:
    """The inbox for one sender; implements `dicomsh.model.storage.Storage`."""

    def __init__(self, source: str, inbox: Inbox) -> None:
        self._source = source
        self._inbox = inbox

    def accept(self, announced: Announced) -> Incoming:
        """A place for an object."""
        return self._inbox.accept(self._source, announced)


def _summary(report: CommitmentReport) -> str:
    count = len(report.committed)
    failed = f", {len(report.failed):,} not here as whole files" if report.failed else ""
    return f"storage commitment: {count:,} committed{failed}"


def _record(line: Line, source: str) -> Record:
    return {**record_of(line), "source": source}


def received_line(record: Record) -> str:
    """A line about what was received, or about a caller, for people."""
    if record["state"] == State.REFUSED.value:
        return f"{record['state']}  {record['reason']}"
    if not record["SOPInstanceUID"]:
        return f"{record['state']}  {record['source']}: {record['reason']}"
    size = f"  {file_size(record['bytes'])}" if record["bytes"] else ""
    return f"{told(record)}{size}  from {record['source']}"

"""Objects that others send us: into files named by their own data sets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Lock

from dicomsh.model.matching import is_uid
from dicomsh.model.status import DUPLICATE_INSTANCE, OTHER_BYTES
from dicomsh.model.storage import Announced, Fragment, Incoming, StoreReply
from dicomsh.retrieve.account import Instance, Line, State
from dicomsh.retrieve.layout import Layout, Paths
from dicomsh.retrieve.ledger import PART, Ledger, LedgerEntry
from dicomsh.retrieve.object_file import OUT_OF_RESOURCES, Dropped, Kept, ObjectFile, ObjectName
from dicomsh.retrieve.part10 import NotDicomError, read_head
from dicomsh.retrieve.values import values_of

ARRIVING = "arriving"
"""The folder for objects that are not whole, and so do not have their names yet."""

_INVALID_INSTANCE = 0x0117
"""Statuses of PS3.7 annex C."""

SAME, OTHER = "the same bytes are here already", "other bytes than the file that is here, kept"

_OF_INSTANCE = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber")


class Inbox:
    """Takes objects from any number of senders.

    Args:
        ledger: of the folder that the files go to.
        layout: folders and names below it.

    Attributes:
        changed: is set when there are news.
        counts: how many objects are in each state; duplicates and failures by reason, too.
        size: bytes of the files that arrived.
        closed: whether nothing more is taken.
        full: whether that is because the disk is full.
    """

    def __init__(self, ledger: Ledger, layout: Layout) -> None:
        self.changed = asyncio.Event()
        self.counts: Counter[tuple[State, str]] = Counter()
        self.size = 0
        self.closed = self.full = False
        self._ledger = ledger
        self._layout = layout
        self._paths = Paths(layout)
        self._naming = Lock()
        self._arriving: dict[str, Instance | None] = {}
        self._news: list[tuple[Line, str]] = []
        self._number = 0
        for left in (ledger.folder / ARRIVING).glob(f"*{PART}"):
            left.unlink(missing_ok=True)  # of a process that was killed: no sender was told of it

    @property
    def arrived(self) -> int:
        """How many objects have arrived."""
        return self.counts[State.ARRIVED, ""]

    def news(self) -> list[tuple[Line, str]]:
        """What became of objects since the last call, with the AE title that sent them."""
        found, self._news = self._news, []
        return found

    def tell(self, line: Line, source: str) -> None:
        """Add to the news."""
        self.counts[line.state, line.reason] += 1
        self._news.append((line, source))
        self.changed.set()

    def accept(self, source: str, announced: Announced) -> Incoming:
        """A place for an object, or none.

        Args:
            source: AE title of the sender.
            announced: what it sends.
        """
        uid = announced.sop_instance
        if self.closed:
            return Dropped(StoreReply(OUT_OF_RESOURCES, "nothing more is received"))
        if not (is_uid(uid) and is_uid(announced.sop_class)):
            return self._refused(source, uid, StoreReply(_INVALID_INSTANCE, "not a valid UID"))
        if uid in self._arriving:
            told = "the same object is arriving on another association"
            return Dropped(StoreReply(OUT_OF_RESOURCES, told))
        entry = self._ledger.whole(uid)
        if entry is not None:
            return self._again(source, announced, entry)
        return self._new(source, announced)

    async def settled(self) -> None:
        """Wait until no object is being made permanent; then no folder is left for them."""
        while self._arriving:
            self.changed.clear()
            await self.changed.wait()
        with suppress(OSError):  # it is not there, or something else is in it
            (self._ledger.folder / ARRIVING).rmdir()

    def _refused(self, source: str, uid: str, reply: StoreReply) -> Incoming:
        self.tell(Line(uid, None, State.FAILED, reply.comment), source)
        return Dropped(reply)

    def _new(self, source: str, announced: Announced) -> Incoming:
        self._number += 1
        part = PurePosixPath(ARRIVING, f"{self._number}{PART}")
        self._arriving[announced.sop_instance] = None
        name = ObjectName(announced, source, part, partial(self._place, announced))
        return ObjectFile(self._ledger, name, partial(self._concluded, source, announced))

    def _place(self, announced: Announced, whole: Path) -> PurePosixPath:
        """The path for an object; called in a thread of the object's own."""
        keywords = dict.fromkeys((*_OF_INSTANCE, "InstanceNumber", *self._layout.keywords))
        values = {**values_of(whole, keywords), "SOPInstanceUID": announced.sop_instance}
        with self._naming:
            path = self._paths.path(values)
        found = (values.get(keyword, "") for keyword in _OF_INSTANCE)
        patient, study, series, modality, number = found
        self._arriving[announced.sop_instance] = Instance(
            patient,
            study,
            series,
            announced.sop_instance,
            announced.sop_class,
            path.as_posix(),
            modality,
            number,
            values.get("InstanceNumber", ""),
        )
        return path

    def _concluded(self, source: str, announced: Announced, kept: Kept) -> StoreReply:
        instance = self._arriving.pop(announced.sop_instance, None)
        state = State.FAILED if kept.entry is None else State.ARRIVED
        self.size += kept.entry.bytes if kept.entry else 0
        if kept.full:
            self.closed = self.full = True
        line = Line(announced.sop_instance, instance, state, kept.reply.comment, kept.entry)
        self.tell(line, source)
        return kept.reply

    def _again(self, source: str, announced: Announced, entry: LedgerEntry) -> Incoming:
        def compared(same: bool) -> StoreReply:
            reason = SAME if same else OTHER
            line = Line(announced.sop_instance, None, State.DUPLICATE, reason, entry)
            self.tell(line, source)
            return StoreReply(0) if same else StoreReply(DUPLICATE_INSTANCE, OTHER_BYTES)

        try:
            return Comparison(self._ledger.folder / entry.file, announced, compared)
        except (OSError, NotDicomError):
            told = "the file that is here cannot be read"
            return self._refused(
                source, announced.sop_instance, StoreReply(DUPLICATE_INSTANCE, told)
            )


class Comparison:
    """An object of which there is a file already: compared as it arrives, and not kept.

    Args:
        path: the file.
        announced: what arrives.
        done: is called with whether it is the same; returns what to answer.
    """

    def __init__(
        self, path: Path, announced: Announced, done: Callable[[bool], StoreReply]
    ) -> None:
        self._done = done
        self._file = path.open("rb")
        head = read_head(self._file)
        self._file.seek(head.offset)
        self._same = head.transfer_syntax == announced.transfer_syntax

    def write(self, fragment: Fragment) -> None:
        """Compare the next bytes of the data set."""
        self._same = self._same and self._next(len(fragment)) == fragment

    def close(self) -> None:
        """The data set is complete."""

    async def keep(self) -> StoreReply:
        """Whether it is what we have."""
        same = self._same and self._next(1) == b""
        self._file.close()
        return self._done(same)

    def discard(self) -> None:
        """It will not be completed."""
        self._file.close()

    def _next(self, size: int) -> bytes | None:
        try:
            return self._file.read(size)
        except OSError:
            return None

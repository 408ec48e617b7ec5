"""Objects as they arrive: into their files, and into the account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from dicomsh.model.status import DUPLICATE_INSTANCE
from dicomsh.model.storage import Announced, Incoming, StoreReply
from dicomsh.retrieve.account import Account, State
from dicomsh.retrieve.layout import safe_name
from dicomsh.retrieve.ledger import Ledger
from dicomsh.retrieve.object_file import (
    OUT_OF_RESOURCES,
    Dropped,
    Kept,
    ObjectFile,
    ObjectName,
    known_place,
)

ASIDE = "unexpected"
"""The folder for objects that nobody asked for."""

_MOST_UNEXPECTED = 1000


class Collector:
    """Implements `dicomsh.dimse.storage.Storage` for a retrieval.

    Args:
        account: what is expected; learns what becomes of it.
        ledger: of the folder that the files go to.
        source: AE title of the peer.

    Attributes:
        account: the account.
        changed: is set after each object.
        filled: is set when the disk is full, which no other object can change.
    """

    def __init__(self, account: Account, ledger: Ledger, source: str) -> None:
        self.account = account
        self.changed = asyncio.Event()
        self._ledger = ledger
        self._source = source
        self._arriving: dict[str, ObjectFile] = {}
        self._unexpected = 0
        self.filled = asyncio.Event()

    def accept(self, announced: Announced) -> Incoming:
        """A place for an object: its own, one aside, or none."""
        uid = announced.sop_instance
        line = self.account.line(uid)
        if self.filled.is_set():
            return Dropped(StoreReply(OUT_OF_RESOURCES, "the disk is full"))
        if uid in self._arriving or (line is not None and line.state.whole):
            self.account.unasked(uid, State.DUPLICATE, "sent more than once", None)
            return Dropped(StoreReply(DUPLICATE_INSTANCE, "already received"))
        if line is None or line.instance is None:
            return self._aside(announced)
        file = PurePosixPath(line.instance.file)
        return self._file(announced, file, partial(self._arrived, uid))

    async def settled(self) -> None:
        """Wait until no object is being made permanent; nothing more may be arriving."""
        while self._arriving:
            self.changed.clear()
            await self.changed.wait()

    def _aside(self, announced: Announced) -> Incoming:
        self._unexpected += 1
        if self._unexpected > _MOST_UNEXPECTED:
            return Dropped(StoreReply(OUT_OF_RESOURCES, "too many objects that were not requested"))
        uid = announced.sop_instance
        file = PurePosixPath(ASIDE, f"{safe_name(uid)}.dcm")
        return self._file(announced, file, partial(self._strange, uid))

    def _file(
        self,
        announced: Announced,
        file: PurePosixPath,
        done: Callable[[Kept], None],
    ) -> Incoming:
        uid = announced.sop_instance
        name = ObjectName(announced, self._source, *known_place(file))

        def concluded(kept: Kept) -> StoreReply:
            self._arriving.pop(uid, None)
            if kept.full:
                self.filled.set()
            done(kept)
            self.changed.set()
            return kept.reply

        self._arriving[uid] = ObjectFile(self._ledger, name, concluded)
        return self._arriving[uid]

    @property
    def arriving(self) -> int:
        """Bytes so far of objects that are not whole yet."""
        return sum(file.size for file in self._arriving.values())

    def _arrived(self, uid: str, kept: Kept) -> None:
        state = State.FAILED if kept.entry is None else State.ARRIVED
        self.account.settle(uid, state, kept.reply.comment, kept.entry)

    def _strange(self, uid: str, kept: Kept) -> None:
        reason = kept.reply.comment or "not requested"
        self.account.unasked(uid, State.UNEXPECTED, reason, kept.entry)

"""An archive on raw sockets that gives, sends and takes objects, and is hostile while it does.

It lists three objects truthfully. What it says on the association of a retrieval, or while it is
sent objects, is up to an attack.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from dicomsh.dimse.acceptor import acceptance
from dicomsh.dimse.associate import (
    AssociateRequest,
    ProposedContext,
    RoleSelection,
    read_request,
    write_accept,
    write_release_request,
)
from dicomsh.dimse.command import (
    FIND_REQUEST,
    GET_REQUEST,
    MOVE_REQUEST,
    STORE_REQUEST,
    CommandSet,
    read_command,
    write_command,
)
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN
from tests.dimse.peers import decoded, encoded, pdu, pdv
from tests.harness import Done
from tests.hostile.peer import Conversation
from tests.hostile.receiver import ASSOCIATE, CT, STORE
from tests.hostile.session import BRIEF, PATIENT, session
from tests.processes import free_ports
from tests.retrieve.giving import IMAGES, Faults, Giver
from tests.retrieve.storing import data_set, file_of

HELD = {one.SOPInstanceUID: encoded(one, explicit=True) for one in IMAGES[:3]}
"""The data sets of the objects, by SOP Instance UID."""

_GIVER = Giver(IMAGES[:3], Faults())


@dataclass(frozen=True)
class Message:
    """A request, or a response, that the archive received."""

    context: int
    command: CommandSet
    data: bytes


class _Offered:
    """What the archive accepts: everything in explicit VR, objects in the SCP role, too."""

    def transfer_syntax(self, proposed: ProposedContext) -> str | None:
        return (
            EXPLICIT_LITTLE_ENDIAN if EXPLICIT_LITTLE_ENDIAN in proposed.transfer_syntaxes else ""
        )

    def roles(self, proposed: RoleSelection) -> RoleSelection | None:
        return proposed


Made = Callable[[Conversation, bytes, int], Iterator[bytes]]
"""Divides bytes of the archive, which begin at a place in all that it sends, into pieces."""


def plain(_: Conversation, data: bytes, __: int) -> Iterator[bytes]:
    """All of it, as it is."""
    yield data


class Line:
    """One association, seen from the archive.

    Args:
        conversation: its connection.
        made: divides what is sent, which begins at a place, into pieces.
        archive: whose association it is.
    """

    def __init__(self, conversation: Conversation, made: Made, archive: Archive) -> None:
        self.conversation = conversation
        self.archive = archive
        self.contexts: dict[tuple[str, str], int] = {}
        self._made = made
        self._sent = 0

    def accept(self, proposal: AssociateRequest) -> None:
        """Accept an association."""
        answer = acceptance(proposal, _Offered())  # type: ignore[arg-type]
        self.send(write_accept(answer))
        for proposed, answered in zip(proposal.contexts, answer.contexts, strict=True):
            if answered.result == 0:
                key = proposed.abstract_syntax, answered.transfer_syntax
                self.contexts.setdefault(key, answered.id)

    def send(self, data: bytes) -> None:
        """Send what the attack makes of some bytes."""
        start = self._sent
        self._sent += len(data)
        for piece in self._made(self.conversation, data, start):
            self.conversation.send(piece)

    def reply(self, request: Message, status: int, data: bytes = b"", **more: Any) -> None:
        """A response to a request."""
        command = request.command.answered(status, has_data_set=bool(data), **more)
        self.say(request.context, command, data)

    def say(self, context: int, command: CommandSet, data: bytes = b"") -> None:
        """A message."""
        parts = pdu(4, pdv(context, 3, write_command(command)))
        self.send(parts + (pdu(4, pdv(context, 2, data)) if data else b""))

    def store(self, uid: str, data: bytes | None = None, message_id: int = 1, **more: Any) -> None:
        """A C-STORE-RQ with its data set."""
        command = CommandSet(
            STORE_REQUEST, message_id, True, sop_class=CT, sop_instance=uid, priority=0
        )
        context = self.contexts[CT, EXPLICIT_LITTLE_ENDIAN]
        self.say(context, command._replace(**more), HELD[uid] if data is None else data)

    def hear(self) -> Message:
        """The next message; EOFError at anything else, and a release is answered."""
        parts = {1: b"", 0: b""}
        while True:
            for context, flags, data in self.conversation.values():
                parts[flags & 1] += data
                if not flags & 2:
                    continue
                command = read_command(parts[1])
                if not flags & 1 or not command.has_data_set:
                    return Message(context, command, parts[0])


Play = Callable[[Line, Message], None]
"""What the archive does on a request that is not C-FIND."""


@dataclass(frozen=True)
class Archive:
    """What is played on a connection.

    Args:
        answer: answers C-GET, C-MOVE and C-STORE.
        made: divides what is sent on the associations that carry objects.
        port: where the objects of a C-MOVE go.
    """

    answer: Play
    made: Made = plain
    port: int = 0

    def __call__(self, conversation: Conversation) -> None:
        proposal = read_request(conversation.proposal()[6:])
        asked = {one.abstract_syntax for one in proposal.contexts}
        carries = CT in asked
        line = Line(conversation, self.made if carries else plain, self)
        line.accept(proposal)
        while True:
            message = line.hear()
            if message.command.field == FIND_REQUEST:
                _find(line, message)
            else:
                self.answer(line, message)

    def sender(self, conversation: Conversation) -> Line:
        """Our side of an association for the objects of a C-MOVE."""
        line = Line(conversation, self.made, self)
        line.send(ASSOCIATE)
        conversation.acceptance()
        line.contexts[CT, EXPLICIT_LITTLE_ENDIAN] = STORE
        return line


def _find(line: Line, request: Message) -> None:
    event = SimpleNamespace(identifier=decoded(request.data, explicit=True))
    for status, row in _GIVER.find(event):  # type: ignore[arg-type]
        line.reply(request, status, encoded(row, explicit=True) if row else b"")
    line.reply(request, 0)


def give(line: Line, request: Message) -> None:
    """Give, send, or take objects as an archive should."""
    _HONEST[request.command.field](line, request)


def _get(line: Line, request: Message) -> None:
    for number, uid in enumerate(HELD, 1):
        line.store(uid, message_id=number)
        line.hear()
        line.reply(request, 0xFF00, remaining=3 - number, completed=number, failed=0, warning=0)
    line.reply(request, 0, completed=3, failed=0, warning=0)


def _move(line: Line, request: Message) -> None:
    with suppress(EOFError, OSError), sending(line.archive) as sender:
        for number, uid in enumerate(HELD, 1):
            sender.store(uid, message_id=number)
            sender.hear()
        sender.conversation.send(write_release_request())
        sender.conversation.silence()
    line.reply(request, 0, completed=3, failed=0, warning=0)


def _take(line: Line, request: Message) -> None:
    line.reply(request, 0)


_HONEST: Mapping[int, Play] = {GET_REQUEST: _get, MOVE_REQUEST: _move, STORE_REQUEST: _take}


@contextmanager
def sending(archive: Archive) -> Iterator[Line]:
    """An association to the port where objects go."""
    with socket.create_connection(("127.0.0.1", archive.port), 5) as connection:
        connection.settimeout(5)
        yield archive.sender(Conversation(connection))


WAYS = ("get", "move", "store")
"""By C-GET, by C-MOVE to this computer, and to the archive."""


@dataclass(frozen=True)
class Carried:
    """What is left of a session that carried objects.

    Args:
        done: what it wrote, and its status.
        kept: the data sets in the folder, by file.
        torn: files that are there beside whole ones.
    """

    done: Done
    kept: tuple[bytes, ...]
    torn: tuple[str, ...]


def carried(
    way: str,
    answer: Play = give,
    made: Made = plain,
    *,
    more: str = "",
    timeouts: str = BRIEF,
) -> Carried:
    """A session that carries the three objects one way or another."""
    (port,) = free_ports(1)
    with TemporaryDirectory() as name:
        folder = Path(name) / "in"
        if way == "store":
            sources = [file_of(Path(name) / "out", number) for number in (1, 2, 3)]
            text = f"store '{sources[0].parent}' --retries 0 {more}"
        else:
            via = f"--via move --port {port}" if way == "move" else ""
            text = f"get P1 --retries 0 {via} --to '{folder}' {more}"
        done = session(Archive(answer, made, port), text, timeouts=timeouts)
        files = [path for path in folder.rglob("*") if path.is_file()]
        whole = [path for path in files if path.suffix == ".dcm"]
        torn = {path.name for path in files} - {path.name for path in whole} - _OWN
        return Carried(done, tuple(map(data_set, whole)), tuple(torn))


_OWN = {"dicomsh-ledger.ndjson"}


def fault(way: str, found: Carried, attack: object) -> str:
    """What is wrong with how a session ended; empty if nothing is.

    What is kept is what the archive holds, and nothing is said to be complete that is not.
    """
    done, where = found.done, f"{way}, {attack}"
    if "Traceback" in done.err or "Exception" in done.err:
        return f"{where}: a traceback: {done.err}"
    if done.status not in (0, 1, 3, 4, 5):
        return f"{where}: status {done.status}: {done.err}"
    if any(data not in HELD.values() for data in found.kept):
        return f"{where}: a file that is not an object of the archive"
    if found.torn:
        return f"{where}: left behind: {found.torn}"
    if done.status == 0 and way != "store" and len(found.kept) < len(HELD):
        return f"{where}: {len(found.kept)} objects said to be all: {done.err}"
    return ""


def recorded(way: str) -> tuple[list[int], int]:
    """Places of all bytes of headers and command sets that carry objects, and the length of it."""
    sent = _sent(way)
    places = [start + at for start, data in sent for at in _structure(data)]
    return places, max(start + len(data) for start, data in sent)


def value_lengths(way: str) -> list[int]:
    """Places of the lowest byte in the length of each value that is an object."""
    return [
        start + data.index(one) - 3
        for start, data in _sent(way)
        for one in HELD.values()
        if one in data
    ]


@cache
def _sent(way: str) -> list[tuple[int, bytes]]:
    """What the archive sends on associations that carry objects, each with its place in all."""
    sent: list[tuple[int, bytes]] = []

    def record(_: Conversation, data: bytes, start: int) -> Iterator[bytes]:
        sent.append((start, data))
        yield data

    found = carried(way, made=record, timeouts=PATIENT)
    assert found.done.status == 0, found.done.err
    assert fault(way, found, "nothing") == ""
    return sent


def _structure(data: bytes) -> Iterator[int]:
    """Offsets of everything but the data sets, in which a changed byte is just another object."""
    offset = 0
    while offset < len(data):
        kind, length = struct.unpack_from(">BxI", data, offset)
        end = offset + 6 + length
        is_data = kind == 4 and not data[offset + 11] & 1
        yield from range(offset, offset + 12 if is_data else end)
        offset = end

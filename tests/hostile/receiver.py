"""Our storage SCP in this process, and hostile senders on raw sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.associate import write_request
from dicomsh.dimse.command import STORE_REQUEST, CommandSet, echo_request, write_command
from dicomsh.dimse.negotiation import Proposal, associate_request
from dicomsh.dimse.pdu import write_message
from dicomsh.dimse.storage_server import StorageServer
from dicomsh.model.levels import VERIFICATION
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.storage import Announced, Incoming, Storage
from dicomsh.model.tap import Tap
from dicomsh.retrieve.inbox import Inbox
from dicomsh.retrieve.layout import DEFAULT, read_layout
from dicomsh.retrieve.ledger import Ledger
from tests.dimse.peers import pdu, pdv

HOST = "127.0.0.1"
CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"

_ASKED = associate_request(
    Modality("us", DicomAddress("DICOMSH", HOST, 1), local_aet="SENDER"),
    (Proposal(CT, (EXPLICIT,)), Proposal(VERIFICATION, (EXPLICIT,))),
)
ASSOCIATE = write_request(_ASKED)
STORE, VERIFY = (context.id for context in _ASKED.contexts)


@dataclass
class Receiver:
    """A running storage SCP.

    Attributes:
        inbox: what it has taken.
        refused: why callers got no association.
    """

    server: StorageServer
    inbox: Inbox
    refused: list[str] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """What became of the objects, one by one."""
        return [line.state.value for line, _ in self.inbox.news()]


@dataclass
class _Reception:
    inbox: Inbox
    refused_callers: list[str]

    def admits(self, caller: Caller) -> bool:
        return caller.calling == "SENDER"

    def refused(self, caller: Caller, reason: str) -> None:
        del caller
        self.refused_callers.append(reason)

    def storage(self, caller: Caller) -> Storage:
        return _From(caller.calling, self.inbox)


@dataclass
class _From:
    source: str
    inbox: Inbox

    def accept(self, announced: Announced) -> Incoming:
        return self.inbox.accept(self.source, announced)


@asynccontextmanager
async def receiving(folder: Path) -> AsyncIterator[Receiver]:
    """A storage SCP into a folder, from when it listens; all that arrives is settled at the end."""
    ledger = Ledger(folder)
    inbox = Inbox(ledger, read_layout(DEFAULT))
    refused: list[str] = []
    server = StorageServer(("DICOMSH",), _Reception(inbox, refused), Tap())
    await server.start(0, HOST)
    try:
        yield Receiver(server, inbox, refused)
    finally:
        inbox.closed = True
        async with asyncio.timeout(20):
            await server.stop()
            await inbox.settled()
        ledger.close()


@dataclass
class Sender:
    """A connection to it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def pdu(self) -> int:
        """The type of the next PDU; 0 if the connection has ended."""
        try:
            head = await self.reader.readexactly(6)
            await self.reader.readexactly(int.from_bytes(head[2:6]))
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0
        return head[0]

    async def answers(self) -> None:
        """Read until the connection ends."""
        with suppress(ConnectionError):
            while await self.reader.read(1 << 16):
                pass

    async def flood(self, block: bytes, most: int) -> int:
        """Send a block again and again; bytes taken until the connection ends, or `most`."""
        block *= max((1 << 16) // len(block), 1)
        sent = 0
        try:
            while sent < most:
                self.writer.write(block)
                await self.writer.drain()
                sent += len(block)
        except ConnectionError:
            pass
        return sent


async def connected(receiver: Receiver, first: bytes = b"") -> Sender:
    """A connection on which some bytes were sent."""
    reader, writer = await asyncio.open_connection(HOST, receiver.server.port)
    writer.write(first)
    return Sender(reader, writer)


async def associated(receiver: Receiver) -> Sender:
    """An accepted association."""
    sender = await connected(receiver, ASSOCIATE)
    assert await sender.pdu() == 2
    return sender


async def still_answers(receiver: Receiver) -> bool:
    """Whether a well-meaning sender gets an answer."""
    sender = await associated(receiver)
    sender.writer.write(ECHO)
    answer = await sender.pdu()
    sender.writer.close()
    return answer == 4


def store_command(uid: str = "1.2.3", *, data_set: bool = True) -> bytes:
    """The PDU with the command set of a C-STORE."""
    command = CommandSet(STORE_REQUEST, 1, data_set, sop_class=CT, sop_instance=uid)
    return pdu(4, pdv(STORE, 3, write_command(command)))


def fragment(data: bytes, *, last: bool = False) -> bytes:
    """A PDU with a fragment of a data set."""
    return pdu(4, pdv(STORE, 2 if last else 0, data))


def stored(uid: str, size: int = 0) -> bytes:
    """A whole C-STORE."""
    return store_command(uid) + fragment(data_set(uid, size), last=True)


def data_set(uid: str, size: int = 0) -> bytes:
    """A small object; explicit VR, which has the length in the upper two bytes if the VR is so."""
    value = uid.encode() + b"\0" * (len(uid) % 2)
    named = b"\x08\0\x18\0UI" + len(value).to_bytes(2, "little") + value
    return named + b"\x10\0\x00\x40LT" + size.to_bytes(2, "little") + bytes(size)


ECHO = write_message(VERIFY, echo_request(1, VERIFICATION), b"", 16_384)

"""Our storage SCP in this process, what it is given, and callers that send it any PDU."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.associate import (
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ProposedContext,
    RoleSelection,
    UserInformation,
    read_accept,
    read_reject,
    read_request,
    write_accept,
    write_request,
)
from dicomsh.dimse.command import (
    ECHO_REQUEST,
    STORE_REQUEST,
    CommandSet,
    read_command,
    write_command,
)
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.pdu import write_message
from dicomsh.dimse.storage_server import Committer, StorageServer
from dicomsh.model.commitment import PUSH_MODEL
from dicomsh.model.levels import VERIFICATION
from dicomsh.model.modality import DicomAddress, Modality, Timeouts
from dicomsh.model.storage import Announced, Fragment, StoreReply
from dicomsh.model.tap import Tap
from tests.dimse.peers import QUICK, Peer

HOST = "127.0.0.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
CONTEXTS = (
    (CT, EXPLICIT_LITTLE_ENDIAN),
    (VERIFICATION, IMPLICIT_LITTLE_ENDIAN),
    (PUSH_MODEL, IMPLICIT_LITTLE_ENDIAN),
)
ON_CT, ON_VERIFICATION, ON_PUSH = 1, 3, 5


class Held:
    """An object on its way into memory."""

    def __init__(self, announced: Announced, memory: Memory) -> None:
        self.announced = announced
        self.state = "arriving"
        self._memory = memory
        self._parts: list[bytes] = []

    @property
    def data(self) -> bytes:
        return b"".join(self._parts)

    def write(self, fragment: Fragment) -> None:
        self._parts.append(bytes(fragment))

    def close(self) -> None:
        self.state = "whole"

    async def keep(self) -> StoreReply:
        self._memory.keeping.set()
        await self._memory.ready.wait()
        self.state = "kept"
        return self._memory.reply

    def discard(self) -> None:
        self.state = "discarded"


@dataclass
class Memory:
    """Takes objects of SENDER, and remembers who was refused.

    Attributes:
        reply: what senders are told.
        ready: is cleared to make senders wait for it.
        keeping: is set when a sender waits for it.
    """

    reply: StoreReply = field(default_factory=lambda: StoreReply(0))
    held: list[Held] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    keeping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ready.set()

    def admits(self, caller: Caller) -> bool:
        return caller.calling == "SENDER"

    def refused(self, caller: Caller, reason: str) -> None:
        self.callers.append(caller)
        self.reasons.append(reason)

    def storage(self, caller: Caller) -> Memory:
        self.callers.append(caller)
        return self

    def accept(self, announced: Announced) -> Held:
        self.held.append(Held(announced, self))
        return self.held[-1]


@dataclass
class Serving:
    """A running storage SCP, and what it has taken."""

    server: StorageServer
    memory: Memory

    @property
    def modality(self) -> Modality:
        return self.reached(QUICK)

    def reached(self, timeouts: Timeouts) -> Modality:
        address = DicomAddress("DICOMSH", HOST, self.server.port)
        return Modality("us", address, local_aet="SENDER", timeouts=timeouts)


@asynccontextmanager
async def serving(
    committer: Committer | None = None, titles: Sequence[str] = ("DICOMSH",)
) -> AsyncIterator[Serving]:
    """A storage SCP on loopback, until the end of the context."""
    memory = Memory()
    server = StorageServer(titles, memory, Tap(), committer)
    await server.start(0, HOST)
    try:
        yield Serving(server, memory)
    finally:
        memory.ready.set()
        await server.stop()


def asking(
    contexts: Sequence[tuple[str, ...]] = CONTEXTS,
    *,
    called: str = "DICOMSH",
    calling: str = "SENDER",
    roles: Sequence[RoleSelection] = (),
    max_pdu: int | None = 16_384,
) -> AssociateRequest:
    """A request for an association; a context is an abstract syntax and its transfer syntaxes."""
    proposed = tuple(
        ProposedContext(2 * number + 1, uid, tuple(syntaxes))
        for number, (uid, *syntaxes) in enumerate(contexts)
    )
    user = UserInformation(max_pdu, "1.2.3", roles=tuple(roles))
    return AssociateRequest(called, calling, proposed, user)


class Scu(Peer):
    """A caller."""

    async def asked(self, request: AssociateRequest) -> AssociateAccept | AssociateReject:
        """The answer to a request for an association."""
        self.send(write_request(request))
        kind, body = await self.read_pdu()
        return read_accept(body) if kind == 2 else read_reject(body)

    def say(self, context: int, command: CommandSet, data: bytes = b"") -> None:
        self.send(write_message(context, write_command(command), data, 16_384))

    async def hears(self) -> CommandSet:
        """The next command set; what is no P-DATA-TF fails the test."""
        kind, body = await self.read_pdu()
        assert kind == 4, (kind, body)
        return read_command(body[6:])

    async def ended(self) -> list[tuple[int, bytes]]:
        """The PDUs that come until the connection ends."""
        found = []
        try:
            while True:
                found.append(await self.read_pdu())
        except (asyncio.IncompleteReadError, ConnectionError):
            return found


async def accept(peer: Peer) -> AssociateRequest:
    """Accept every context in implicit VR, and the roles as they are proposed; what they are."""
    request = read_request((await peer.proposal())[6:])
    answers = tuple(AnsweredContext(one.id, 0, IMPLICIT_LITTLE_ENDIAN) for one in request.contexts)
    user = UserInformation(16_384, "1.2", roles=request.user.roles)
    peer.send(write_accept(AssociateAccept("ARCHIVE", "DICOMSH", answers, user)))
    return request


async def connected(to: Serving) -> Scu:
    """A connection without an association."""
    return Scu(*await asyncio.open_connection(HOST, to.server.port))


async def associated(to: Serving, request: AssociateRequest | None = None) -> Scu:
    """An accepted association."""
    scu = await connected(to)
    assert isinstance(await scu.asked(request or asking()), AssociateAccept)
    return scu


def echo(message_id: int = 1) -> CommandSet:
    return CommandSet(ECHO_REQUEST, message_id, sop_class=VERIFICATION)


def store(message_id: int = 1, uid: str = "1.2.3.4", *, data_set: bool = True) -> CommandSet:
    return CommandSet(STORE_REQUEST, message_id, data_set, sop_class=CT, sop_instance=uid)


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until something is so."""
    while not condition():  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0)

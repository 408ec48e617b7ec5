"""How an association of ours ends, as its peer sees it and as a tracer is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from dicomsh.dimse.association import Association
from dicomsh.dimse.command import ECHO_RESPONSE, CommandSet
from dicomsh.dimse.connect import open_association
from dicomsh.dimse.negotiation import Proposal
from dicomsh.errors import AssociationAbortedError, NoAssociationError, UnreachableError
from dicomsh.frozen import replace
from dicomsh.model.levels import VERIFICATION
from dicomsh.model.modality import Modality, Tls
from dicomsh.model.tap import Tap, Wire
from tests.dimse.peers import QUICK, Peer, forever, pdu, run, scripted
from tests.dimse.pki import Pki, server_context
from tests.dimse.serving import Scu, accept

RELEASE_RQ, RELEASE_RP = pdu(5, bytes(4)), pdu(6, bytes(4))
BY_USER, BY_PROVIDER = 0, 2


class Tracer:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.data: dict[str, bytes] = {"sent": b"", "received": b""}

    def opened(self, wire: Wire) -> None:
        self.events.append(f"opened {wire.peer}")

    def sent(self, wire: Wire, data: bytes) -> None:
        del wire
        self.data["sent"] += data

    def received(self, wire: Wire, data: bytes) -> None:
        del wire
        self.data["received"] += data

    def closed(self, wire: Wire, how: str) -> None:
        self.events.append(f"closed {wire.peer}: {how}")


async def opened(modality: Modality, tap: Tap | None = None) -> Association:
    return await open_association(modality, tap or Tap(), (Proposal(VERIFICATION),))


def with_peer(
    script: Callable[[Scu], Awaitable[None]],
    work: Callable[[Modality], Awaitable[None]],
    grace: float = 20,
) -> None:
    """Some work with a peer that accepts everything, and then plays a script to its end."""

    async def both() -> None:
        played = asyncio.Event()

        async def play(peer: Peer) -> None:
            try:
                await accept(peer)
                await script(Scu(peer._reader, peer.writer))
            finally:
                played.set()

        async with scripted(play, timeouts=replace(QUICK, cancel_grace=grace)) as modality:
            await work(modality)
            await played.wait()

    run(both())


@pytest.mark.parametrize("before", ["nothing", "a message", "A-RELEASE-RQ"])
def test_a_release_waits_for_its_answer_whatever_comes_before_it(before: str) -> None:
    """A message that was under way is late; both sides may release at once (PS3.8 9.2.3)."""

    async def leaves(scu: Scu) -> None:
        assert (await scu.read_pdu())[0] == 5
        if before == "a message":
            scu.say(1, CommandSet(ECHO_RESPONSE, 1))
        if before == "A-RELEASE-RQ":
            scu.send(RELEASE_RQ)
            assert (await scu.read_pdu())[0] == 6
        scu.send(RELEASE_RP)
        assert await scu.ended() == []

    async def work(modality: Modality) -> None:
        association = await opened(modality)
        open_ = [association.is_open]
        releasing = asyncio.create_task(association.release(20))
        await asyncio.sleep(0)
        open_.append(association.is_open)
        await releasing
        assert [*open_, association.is_open] == [True, False, False]
        await association.release(20)  # nothing is left to release

    with_peer(leaves, work)


def test_who_does_not_answer_a_release_is_disconnected() -> None:
    async def stays(scu: Scu) -> None:
        assert (await scu.read_pdu())[0] == 5
        ((kind, body),) = await scu.ended()
        assert (kind, body[2]) == (7, BY_USER)

    async def work(modality: Modality) -> None:
        await (await opened(modality)).release(0.02)

    with_peer(stays, work)


def test_a_release_of_the_peer_is_answered() -> None:
    async def leaves(scu: Scu) -> None:
        scu.send(RELEASE_RQ)
        assert await scu.ended() == [(6, bytes(4))]

    async def work(modality: Modality) -> None:
        association = await opened(modality)
        while association.is_open:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
        with pytest.raises(AssociationAbortedError, match="released the association"):
            await association.drained()

    with_peer(leaves, work)


@pytest.mark.parametrize(
    ("sent", "source"),
    [
        (pdu(6, bytes(4)), BY_PROVIDER),
        (pdu(4, b"\0\0\0\2\1\3"), BY_PROVIDER),
        (pdu(4, b"\0\0\0\4\1\3xx"), BY_PROVIDER),
        (pdu(9, bytes(4)), BY_PROVIDER),
        (b"", BY_USER),
    ],
)
def test_an_abort_says_whether_the_peer_broke_the_protocol(sent: bytes, source: int) -> None:
    async def breaks(scu: Scu) -> None:
        scu.send(sent)
        ((kind, body),) = await scu.ended()
        assert (kind, body[2]) == (7, source)

    async def work(modality: Modality) -> None:
        association = await opened(modality)
        if not sent:
            association.abort()
        while association.is_open:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)

    with_peer(breaks, work)


@pytest.mark.parametrize(("resets", "how"), [(False, "closed"), (True, "reset")])
def test_a_tracer_is_told_of_a_connection_and_its_bytes(resets: bool, how: str) -> None:
    tracer = Tracer()
    said: list[bytes] = []

    async def leaves(peer: Peer) -> None:
        said.append(await peer.proposal())
        if resets:
            peer.reset()

    async def work() -> None:
        async with scripted(leaves) as modality:
            with pytest.raises(NoAssociationError, match=f"the connection was {how}"):
                await opened(modality, Tap(tracer))
            peer = str(modality.address)
            assert tracer.events == [f"opened {peer}", f"closed {peer}: the connection was {how}"]

    run(work())
    assert said == [tracer.data["sent"]]
    assert tracer.data["received"] == b""


def test_a_handshake_that_failed_was_no_connection(tmp_path: Path) -> None:
    tracer = Tracer()

    async def work() -> None:
        pki = Pki(tmp_path)
        async with scripted(lambda _: forever(), ssl=server_context(pki.server)) as modality:
            secured = replace(modality, address=replace(modality.entity, tls=Tls()))
            with pytest.raises(UnreachableError, match="not trusted"):
                await opened(secured, Tap(tracer))

    run(work())
    assert tracer.events == []

"""C-STORE of ours: a peer gets the bytes of a file and no others, and we get its answer."""

from __future__ import annotations

import asyncio
from io import BytesIO

import pytest

from dicomsh.dimse.command import STORE_RESPONSE, CommandSet
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.storer import _BLOCK, Storer
from dicomsh.errors import (
    AssociationAbortedError,
    ProtocolViolationError,
    ShortFileError,
    TimedOutError,
)
from dicomsh.frozen import replace
from dicomsh.model.levels import Model
from dicomsh.model.storage import Announced, Pair, StoreReply
from dicomsh.model.tap import Tap
from tests.dimse.peers import QUICK, Peer, pdu, run, scripted
from tests.dimse.serving import CT, Scu, accept, serving

DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_CT: Pair = (CT, EXPLICIT_LITTLE_ENDIAN)
IMPLICIT_CT: Pair = (CT, IMPLICIT_LITTLE_ENDIAN)
DEFLATED_CT: Pair = (CT, DEFLATED)
FIND: Pair = (Model.STUDY_ROOT.find.uid, IMPLICIT_LITTLE_ENDIAN)


def announced(pair: Pair = EXPLICIT_CT, uid: str = "1.2.3") -> Announced:
    return Announced(pair[0], uid, pair[1])


def test_what_the_peer_takes_is_known_before_anything_is_sent() -> None:
    async def work() -> None:
        async with serving() as us:
            storer = Storer(us.modality, Tap(), [EXPLICIT_CT, FIND, DEFLATED_CT])
            assert await storer.connect() == {EXPLICIT_CT, DEFLATED_CT}
            await storer.close()
            await us.server.quiet()

    run(work())


@pytest.mark.parametrize("size", [2, 3, _BLOCK - 1, _BLOCK, _BLOCK + 1, 3 * _BLOCK])
@pytest.mark.parametrize("pair", [EXPLICIT_CT, IMPLICIT_CT, DEFLATED_CT])
def test_an_object_arrives_as_it_is(size: int, pair: Pair) -> None:
    """A deflated one of an odd length gets the padding that PS3.5 A.5 requires."""
    data = bytes(range(256)) * (size // 256 + 1)
    padding = b"\0" if pair is DEFLATED_CT and size % 2 else b""

    async def work() -> None:
        async with serving() as us:
            storer = Storer(us.modality, Tap(), [EXPLICIT_CT, IMPLICIT_CT, DEFLATED_CT])
            reply = await storer.send(announced(pair), BytesIO(data), size)  # and no more of it
            assert reply == StoreReply(0)
            (held,) = us.memory.held
            assert held.announced == announced(pair)
            assert held.data == data[:size] + padding
            await storer.close()

    run(work())


def test_objects_share_an_association_and_each_gets_its_answer() -> None:
    async def work() -> None:
        async with serving() as us:
            storer = Storer(us.modality, Tap(), [EXPLICIT_CT])
            for number, reply in enumerate((StoreReply(0), StoreReply(0xA700, "full"))):
                us.memory.reply = reply
                uid = f"1.2.{number}"
                assert await storer.send(announced(uid=uid), BytesIO(b"1234"), 4) == reply
            assert len(us.memory.callers) == 1
            assert [held.announced.sop_instance for held in us.memory.held] == ["1.2.0", "1.2.1"]
            await storer.close()

    run(work())


def test_a_file_that_ends_early_is_not_stored_and_the_next_one_is() -> None:
    async def work() -> None:
        async with serving() as us:
            storer = Storer(us.modality, Tap(), [EXPLICIT_CT])
            with pytest.raises(ShortFileError):
                await storer.send(announced(), BytesIO(b"1234"), 6)
            await us.server.quiet()
            assert [held.state for held in us.memory.held] in (["discarded"], [])
            assert await storer.send(announced(), BytesIO(b"1234"), 4) == StoreReply(0)
            assert us.memory.held[-1].data == b"1234"
            await storer.close()

    run(work())


def test_no_answer_in_time_ends_the_association() -> None:
    async def work() -> None:
        async with serving() as us:
            us.memory.ready.clear()
            modality = us.reached(replace(QUICK, response=0.05))
            storer = Storer(modality, Tap(), [EXPLICIT_CT])
            with pytest.raises(TimedOutError, match="no response to C-STORE") as caught:
                await storer.send(announced(), BytesIO(b"1234"), 4)
            assert caught.value.message.startswith(str(modality.address))
            assert "0.05 s (time limit: response)" in caught.value.message
            us.memory.ready.set()
            await us.server.quiet()

    run(work())


def test_a_peer_that_reads_no_more_times_out() -> None:
    async def stops(peer: Peer) -> None:
        await accept(peer)
        await asyncio.Event().wait()

    async def work() -> None:
        async with scripted(stops, timeouts=replace(QUICK, response=0.1)) as modality:
            storer = Storer(modality, Tap(), [IMPLICIT_CT])
            size = 32 << 20
            with pytest.raises(TimedOutError, match="no response to C-STORE"):
                await storer.send(announced(IMPLICIT_CT), BytesIO(bytes(size)), size)

    run(work())


@pytest.mark.parametrize(
    ("field", "other", "times"), [(STORE_RESPONSE, 1, 1), (0x8020, 0, 1), (STORE_RESPONSE, 0, 2)]
)
def test_messages_that_do_not_answer_break_the_protocol(field: int, other: int, times: int) -> None:
    async def odd(peer: Peer) -> None:
        await accept(peer)
        got = await peer.request()
        answer = CommandSet(field, got.message_id + other)
        scu = Scu(peer._reader, peer.writer)
        for _ in range(times):
            scu.say(got.context, answer)
        await peer.request()

    async def work() -> None:
        async with scripted(odd) as modality:
            storer = Storer(modality, Tap(), [IMPLICIT_CT])
            sending = storer.send(announced(IMPLICIT_CT), BytesIO(encoded_study()), 8)
            if times == 2:
                assert await sending == StoreReply(0)
                return
            with pytest.raises(ProtocolViolationError, match="does not answer our C-STORE"):
                await sending

    run(work())


def encoded_study() -> bytes:
    return b"\x10\0\x20\0\0\0\0\0"


def test_an_association_that_is_lost_is_told() -> None:
    async def leaves(peer: Peer) -> None:
        await accept(peer)
        await peer.request()
        peer.send(pdu(7, bytes(4)))

    async def work() -> None:
        async with scripted(leaves) as modality:
            storer = Storer(modality, Tap(), [IMPLICIT_CT])
            with pytest.raises(AssociationAbortedError, match="aborted the association"):
                await storer.send(announced(IMPLICIT_CT), BytesIO(encoded_study()), 8)
            await storer.close()

    run(work())

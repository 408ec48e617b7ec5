"""C-GET and C-MOVE of ours against archives that play a script, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest

from dicomsh.dimse.associate import (
    AnsweredContext,
    AssociateAccept,
    AssociateRequest,
    RoleSelection,
    UserInformation,
    read_request,
    write_accept,
)
from dicomsh.dimse.command import (
    GET_RESPONSE,
    MOVE_RESPONSE,
    STORE_RESPONSE,
    CommandSet,
    write_command,
)
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.mover import Mover
from dicomsh.dimse.pdu import write_message
from dicomsh.dimse.retriever import Retriever
from dicomsh.dimse.sender import Sender
from dicomsh.dimse.storer import Storer
from dicomsh.errors import (
    AssociationAbortedError,
    NoAssociationError,
    NoPresentationContextError,
    ProtocolViolationError,
    TimedOutError,
)
from dicomsh.frozen import replace
from dicomsh.model.claim import Claim
from dicomsh.model.levels import ROOT_MODELS, Level, Model
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.query import Query
from dicomsh.model.storage import Announced
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import STORED
from tests.dimse.peers import QUICK, Peer, Request, element, pdu, query, run, scripted
from tests.dimse.serving import CT, HOST, Memory, Scu, accept, store, until
from tests.processes import free_ports

MR = "1.2.840.10008.5.1.4.1.1.4"
SYNTAXES = (IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN)
ON_GET, ON_CT = 3, 5
"""Study Root, and CT in implicit VR, of the contexts that a `Retriever` proposes."""


def wanted(service: str) -> Query:
    model = Model.STUDY_ROOT
    made = query(Level.STUDY, StudyInstanceUID="1.2.3")
    return replace(made, sop_class=model.get if service == "get" else model.move)


def retriever(modality: Modality) -> Retriever:
    return Retriever(modality, Tap(), [CT], [IMPLICIT_LITTLE_ENDIAN])


def answer(got: Request, status: int, field: int = GET_RESPONSE, **more: Any) -> CommandSet:
    return CommandSet(field, got.message_id, status=status)._replace(**more)


Archive = Callable[[Scu], Awaitable[None]]


def playing(script: Archive) -> Callable[[Peer], Awaitable[None]]:
    """A script behind the acceptance of everything that is proposed."""

    async def play(peer: Peer) -> None:
        await accept(peer)
        await script(Scu(peer._reader, peer.writer))

    return play


# C-GET


def test_each_class_is_proposed_in_each_syntax_with_the_role_to_store_with_us() -> None:
    requests: list[AssociateRequest] = []

    async def grants_one(peer: Peer) -> None:
        request = read_request((await peer.proposal())[6:])
        requests.append(request)
        answers = tuple(AnsweredContext(c.id, 0, c.transfer_syntaxes[0]) for c in request.contexts)
        user = UserInformation(16_384, "1.2", roles=(RoleSelection(CT, False, True),))
        peer.send(write_accept(AssociateAccept("ARCHIVE", "DICOMSH", answers, user)))
        await peer.request()

    async def work() -> None:
        async with scripted(grants_one) as modality:
            own = Retriever(modality, Tap(), [CT, MR], SYNTAXES)
            assert await own.connect() == {(CT, syntax) for syntax in SYNTAXES}
            await own.connect()
            await own.close()

    run(work())
    (request,) = requests
    found = [(one.abstract_syntax, one.transfer_syntaxes) for one in request.contexts]
    assert [uid for uid, _ in found[:2]] == [model.get.uid for model in ROOT_MODELS]
    assert found[2:] == [(uid, (syntax,)) for uid in (CT, MR) for syntax in SYNTAXES]
    assert request.user.roles == tuple(RoleSelection(uid, False, True) for uid in (CT, MR))


def test_objects_come_and_the_numbers_are_those_of_the_archive() -> None:
    seen: list[Any] = []

    async def gives(scu: Scu) -> None:
        for number in (1, 2):
            got = await scu.request()
            seen.append((got.context, got.identifier.StudyInstanceUID, got.message_id))
            scu.say(ON_CT, store(70, f"1.2.{number}"), b"1234")
            heard = await scu.hears()
            assert (heard.field, heard.message_id, heard.status) == (STORE_RESPONSE, 70, 0)
            scu.say(ON_GET, answer(got, 0xFF00, completed=1, remaining=4, failed=2, warning=3))
            uids = element(0x00080058, b"1.2.8\\1.2.9 \0\\\\1.\xe9")
            command = answer(
                got, 0xB000, has_data_set=True, comment="some", offending=(0x00100020,)
            )
            counted = command._replace(completed=5, failed=6, warning=7, remaining=8)
            scu.say(ON_GET, counted, uids)
        await scu.request()

    async def work() -> None:
        memory, progress = Memory(), list[Claim]()
        async with scripted(playing(gives)) as modality:
            own = retriever(modality)
            for _ in range(2):
                claim = await own.get(wanted("get"), memory, progress.append)
                assert claim == Claim(
                    0xB000, "some", 5, 6, 7, 8, ("1.2.8", "1.2.9", "1.\ufffd"), (0x00100020,)
                )
            await own.close()
        assert progress == [Claim(0xFF00, None, 1, 2, 3, 4)] * 2
        assert [(held.announced, held.data, held.state) for held in memory.held] == [
            (Announced(CT, f"1.2.{number}", IMPLICIT_LITTLE_ENDIAN), b"1234", "kept")
            for number in (1, 2)
        ]

    run(work())
    assert seen == [(ON_GET, "1.2.3", 1), (ON_GET, "1.2.3", 2)]


def test_every_object_is_kept_when_the_final_response_is_passed_on() -> None:
    """Even if the archive does not wait for our responses."""

    async def hurries(scu: Scu) -> None:
        got = await scu.request()
        scu.say(ON_CT, store(70), b"1234")
        scu.say(ON_GET, answer(got, 0))
        await scu.request()

    async def work() -> None:
        memory = Memory()
        memory.ready.clear()
        async with scripted(playing(hurries)) as modality:
            own = retriever(modality)
            getting = asyncio.create_task(own.get(wanted("get"), memory, _nothing))
            await memory.keeping.wait()
            for _ in range(20):
                await asyncio.sleep(0)
            assert not getting.done()
            memory.ready.set()
            assert await getting == Claim(0)
            assert memory.held[0].state == "kept"
            await own.close()

    run(work())


def _nothing(claim: Claim) -> None:
    del claim


@pytest.mark.parametrize(
    ("context", "other", "command", "said"),
    [
        (ON_GET, 1, CommandSet(GET_RESPONSE, 0), "does not answer our C-GET"),
        (1, 0, CommandSet(GET_RESPONSE, 0), "does not answer our C-GET"),
        (ON_GET, 0, store(), "on a context that is not for objects"),
        (ON_CT, 0, store(data_set=False), "without data set"),
        (ON_CT, 0, CommandSet(0x0020, 1, True, sop_class=CT), "an unexpected C-FIND request"),
    ],
)
def test_what_does_not_belong_to_a_retrieval_breaks_it_off(
    context: int, other: int, command: CommandSet, said: str
) -> None:
    async def odd(scu: Scu) -> None:
        got = await scu.request()
        message_id = got.message_id + other if command.is_response else 5
        data = b"xx" if command.has_data_set else b""
        scu.say(context, command._replace(message_id=message_id), data)
        kind, _ = await scu.read_pdu()
        assert kind == 7

    async def work() -> None:
        async with scripted(playing(odd)) as modality:
            with pytest.raises(ProtocolViolationError, match=said):
                await retriever(modality).get(wanted("get"), Memory(), _nothing)

    run(work())


def test_a_second_final_response_breaks_the_protocol() -> None:
    async def twice(scu: Scu) -> None:
        got = await scu.request()
        final = write_message(ON_GET, write_command(answer(got, 0)), b"", 16_384)
        scu.send(final + final)
        kind, body = await scu.read_pdu()
        assert (kind, body[2]) == (7, 2)

    async def work() -> None:
        async with scripted(playing(twice)) as modality:
            own = retriever(modality)
            assert await own.get(wanted("get"), Memory(), _nothing) == Claim(0)
            await own.close()

    run(work())


def test_silence_is_a_fault_and_what_takes_us_long_is_not() -> None:
    """Nor is an archive slow that goes on sending."""

    async def gives(scu: Scu) -> None:
        got = await scu.request()
        scu.say(ON_CT, store(70), b"1234")
        await scu.hears()
        scu.say(ON_GET, answer(got, 0xFF00))
        kind, _ = await scu.read_pdu()
        assert kind == 7

    async def work() -> None:
        memory = Memory()
        memory.ready.clear()
        async with scripted(playing(gives), timeouts=replace(QUICK, response=0.05)) as modality:
            progress: list[Claim] = []
            getting = asyncio.create_task(
                retriever(modality).get(wanted("get"), memory, progress.append)
            )
            await memory.keeping.wait()
            asyncio.get_running_loop().call_later(0.08, memory.ready.set)
            with pytest.raises(TimedOutError, match="no further object") as caught:
                await getting
            assert "0.05 s (time limit: response)" in caught.value.message
            assert caught.value.message.startswith(str(modality.address))
            assert len(progress) == 1

    run(work())


@pytest.mark.parametrize("obeys", [True, False])
def test_who_leaves_early_cancels_and_keeps_what_comes_until_the_end(obeys: bool) -> None:
    asked = asyncio.Event()
    cancelled: list[CommandSet] = []

    async def gives(scu: Scu) -> None:
        got = await scu.request()
        asked.set()
        cancelled.append(await scu.hears())
        assert cancelled[0].message_id == got.message_id
        if obeys:
            scu.say(ON_CT, store(70), b"1234")
            await scu.hears()
            scu.say(ON_GET, answer(got, 0xFE00))
            got = await scu.request()
            scu.say(ON_GET, answer(got, 0))
        kind, _ = await scu.read_pdu()
        assert kind == (5 if obeys else 7)
        if obeys:
            scu.send(pdu(6, bytes(4)))

    async def work() -> None:
        memory = Memory()
        limits = replace(QUICK, cancel_grace=20 if obeys else 0.05)
        async with scripted(playing(gives), timeouts=limits) as modality:
            own = retriever(modality)
            getting = asyncio.create_task(own.get(wanted("get"), memory, _nothing))
            await asked.wait()
            getting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await getting
            if obeys:
                assert [held.state for held in memory.held] == ["kept"]
                assert await own.get(wanted("get"), memory, _nothing) == Claim(0)
            await own.close()

    run(work())
    assert [one.field for one in cancelled] == [0x0FFF]


def test_a_lost_association_leaves_no_part_of_an_object() -> None:
    memory = Memory()

    async def leaves(scu: Scu) -> None:
        await scu.request()
        scu.say(ON_CT, store(70))
        scu.send(pdu(4, bytes((0, 0, 0, 6, ON_CT, 0)) + b"half"))
        await until(lambda: bool(memory.held) and bool(memory.held[0].data))
        scu.send(pdu(7, bytes(4)))

    async def work() -> None:
        async with scripted(playing(leaves)) as modality:
            own = retriever(modality)
            with pytest.raises(AssociationAbortedError):
                await own.get(wanted("get"), memory, _nothing)
            await own.close()
        assert [held.state for held in memory.held] == ["discarded"]

    run(work())


async def accepts_nothing(peer: Peer) -> None:
    request = read_request((await peer.proposal())[6:])
    answers = tuple(AnsweredContext(one.id, 3, "") for one in request.contexts)
    user = UserInformation(16_384, "1.2")
    peer.send(write_accept(AssociateAccept("ARCHIVE", "DICOMSH", answers, user)))
    await peer.request()


def test_an_archive_without_the_service_is_told() -> None:
    async def work() -> None:
        async with scripted(accepts_nothing) as modality:
            own = retriever(modality)
            assert await own.connect() == frozenset()
            with pytest.raises(NoPresentationContextError) as caught:
                await own.get(wanted("get"), Memory(), _nothing)
            assert "--via move" in (caught.value.hint or "")
            await own.close()
            sender = Sender(modality, Tap())
            with pytest.raises(NoPresentationContextError, match="does not accept"):
                await sender.move(wanted("move"), "THERE", _nothing)
            await sender.close()

    run(work())


# C-MOVE


def test_a_destination_is_named_and_the_numbers_are_those_of_the_archive() -> None:
    seen: list[Any] = []

    async def moves(scu: Scu) -> None:
        got = await scu.request()
        seen.append((got.command.MoveDestination, got.identifier.StudyInstanceUID))
        assert got.command.AffectedSOPClassUID == Model.STUDY_ROOT.move.uid
        scu.say(got.context, answer(got, 0xFF00, MOVE_RESPONSE, completed=1))
        scu.say(got.context, answer(got, 0xA702, MOVE_RESPONSE, completed=2))
        await scu.request()

    async def work() -> None:
        progress: list[Claim] = []
        async with scripted(playing(moves)) as modality:
            sender = Sender(modality, Tap())
            await sender.connect()
            claim = await sender.move(wanted("move"), "THERE", progress.append)
            assert claim == Claim(0xA702, completed=2)
            await sender.close()
        assert progress == [Claim(0xFF00, completed=1)]

    run(work())
    assert seen == [("THERE", "1.2.3")]


def test_a_c_store_during_a_c_move_breaks_it_off() -> None:
    async def odd(scu: Scu) -> None:
        got = await scu.request()
        scu.say(got.context, store(), b"xx")
        await scu.read_pdu()

    async def work() -> None:
        async with scripted(playing(odd)) as modality:
            with pytest.raises(ProtocolViolationError, match="C-STORE request"):
                await Sender(modality, Tap()).move(wanted("move"), "THERE", _nothing)

    run(work())


def storing(mover: Mover, aet: str) -> Storer:
    """An archive's way to our port, under some AE title."""
    assert mover._server is not None
    address = DicomAddress("DICOMSH", HOST, mover._server.port)
    there = Modality("us", address, local_aet=aet, timeouts=QUICK)
    return Storer(there, Tap(), [(CT, IMPLICIT_LITTLE_ENDIAN)])


async def given(storer: Storer, uid: str) -> int:
    """The status that an object is answered with."""
    announced = Announced(CT, uid, IMPLICIT_LITTLE_ENDIAN)
    return (await storer.send(announced, BytesIO(b"1234"), 4)).status


@pytest.mark.parametrize("aet", ["ARCHIVE", "ANOTHER"])
@pytest.mark.parametrize("ends", ["well", "lost", "silent"])
def test_objects_that_are_still_on_their_way_are_waited_for(aet: str, ends: str) -> None:
    """The archive that sends may use another AE title, and its connection for C-MOVE may break."""
    movers: list[Mover] = []
    late = asyncio.Event()
    destinations: list[str] = []

    async def moves(scu: Scu) -> None:
        got = await scu.request()
        destinations.append(got.command.MoveDestination)
        storer = storing(movers[0], aet)
        assert await given(storer, "1.2.1") == 0
        if ends == "well":
            scu.say(got.context, answer(got, 0, MOVE_RESPONSE, completed=2))
        elif ends == "lost":
            scu.send(pdu(7, bytes(4)))
        await late.wait()
        assert await given(storer, "1.2.2") == 0
        await storer.close()
        await scu.request()

    async def work() -> None:
        memory = Memory()
        limits = replace(QUICK, response=0.1 if ends == "silent" else 20)
        async with scripted(playing(moves), timeouts=limits) as modality:
            mover = Mover(modality, Tap(), [CT, MR], *free_ports(1))
            movers.append(mover)
            pairs = await mover.connect()
            assert pairs == {(uid, syntax) for uid in (CT, MR) for syntax in STORED}
            server = mover._server
            assert server is not None
            port = server.port
            assert await mover.connect() == pairs
            assert mover._server is server
            getting = asyncio.create_task(mover.get(wanted("move"), memory, _nothing))
            await until(lambda: bool(memory.held))
            await until(lambda: not mover._sender._own._association.busy)  # type: ignore[union-attr]
            assert not getting.done()
            late.set()
            if ends == "well":
                assert await getting == Claim(0, completed=2)
            else:
                with pytest.raises((NoAssociationError, TimedOutError)):
                    await getting
            assert [held.state for held in memory.held] == ["kept", "kept"]
            await mover.close()
            with pytest.raises(OSError, match="failed"):
                await asyncio.open_connection(HOST, port)

    run(work())
    assert destinations == ["DICOMSH"]


def test_an_association_that_is_kept_open_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dicomsh.dimse.mover._LATE", 0.02)
    movers: list[Mover] = []

    async def moves(scu: Scu) -> None:
        got = await scu.request()
        assert await given(storing(movers[0], "ARCHIVE"), "1.2.1") == 0
        scu.say(got.context, answer(got, 0, MOVE_RESPONSE))
        await scu.request()

    async def work() -> None:
        async with scripted(playing(moves)) as modality:
            mover = Mover(modality, Tap(), [CT], *free_ports(1))
            movers.append(mover)
            await mover.connect()
            assert await mover.get(wanted("move"), Memory(), _nothing) == Claim(0)
            await mover.close()

    run(work())


def test_nobody_stores_before_something_was_asked_for_nor_from_elsewhere() -> None:
    async def work() -> None:
        async with scripted(playing(lambda scu: scu.read_pdu())) as modality:  # type: ignore[arg-type,return-value]
            mover = Mover(modality, Tap(), [CT], *free_ports(1))
            await mover.connect()
            with pytest.raises(NoAssociationError, match="Calling AE title"):
                await storing(mover, "ARCHIVE").connect()
            await mover.close()
            elsewhere = replace(modality, address=replace(modality.entity, host="localhost"))
            mover = Mover(elsewhere, Tap(), [CT], *free_ports(1))
            await mover.connect()
            mover._reception.current = Memory()
            with pytest.raises(NoAssociationError, match="Calling AE title"):
                await storing(mover, "ANOTHER").connect()
            await storing(mover, "ARCHIVE").connect()
            await mover.close()

    run(work())


def test_a_mover_that_never_listened_is_closed_all_the_same() -> None:
    async def work() -> None:
        mover = Mover(
            Modality("x", DicomAddress("X", HOST, 1), timeouts=QUICK), Tap(), [CT], *free_ports(1)
        )
        with pytest.raises(NoAssociationError):
            await mover.get(wanted("move"), Memory(), _nothing)
        await mover.close()

    run(work())

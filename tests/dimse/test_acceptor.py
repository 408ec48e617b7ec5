"""The role of acceptor, byte by byte: who gets an association, for what, and until when."""

from __future__ import annotations

import asyncio

import pytest

from dicomsh.dimse import listener
from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.associate import (
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    RoleSelection,
    write_request,
)
from dicomsh.dimse.command import (
    ECHO_RESPONSE,
    FIND_REQUEST,
    STORE_RESPONSE,
    CommandSet,
)
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.listener import Provider
from dicomsh.dimse.pdu import MAX_PDU
from dicomsh.errors import ListeningError
from dicomsh.model.commitment import PUSH_MODEL
from dicomsh.model.levels import VERIFICATION, Model
from dicomsh.model.storage import Announced, StoreReply
from tests.dimse.peers import pdu, pdv, run
from tests.dimse.serving import (
    CT,
    HOST,
    ON_CT,
    ON_VERIFICATION,
    Scu,
    asking,
    associated,
    connected,
    echo,
    serving,
    store,
    until,
)

JPEG = "1.2.840.10008.1.2.4.50"
PRIVATE, MADE_UP = "1.3.6.1.4.1.99.1", "1.2.840.10008.9.9.9"
PULL_MODEL = "1.2.840.10008.1.20.2"
ACCEPTED, NO_ABSTRACT_SYNTAX, NO_TRANSFER_SYNTAX = 0, 3, 4
BY_PROVIDER = (7, bytes((0, 0, 2, 0)))


@pytest.mark.parametrize(
    ("context", "result", "syntax"),
    [
        ((CT, JPEG, IMPLICIT_LITTLE_ENDIAN), ACCEPTED, JPEG),
        ((CT, MADE_UP, IMPLICIT_LITTLE_ENDIAN, JPEG), ACCEPTED, IMPLICIT_LITTLE_ENDIAN),
        ((CT, MADE_UP), NO_TRANSFER_SYNTAX, ""),
        ((PRIVATE, EXPLICIT_LITTLE_ENDIAN), ACCEPTED, EXPLICIT_LITTLE_ENDIAN),
        ((VERIFICATION, JPEG, EXPLICIT_LITTLE_ENDIAN), ACCEPTED, EXPLICIT_LITTLE_ENDIAN),
        ((VERIFICATION, JPEG), NO_TRANSFER_SYNTAX, ""),
        ((Model.STUDY_ROOT.find.uid, IMPLICIT_LITTLE_ENDIAN), NO_ABSTRACT_SYNTAX, ""),
        ((PUSH_MODEL, IMPLICIT_LITTLE_ENDIAN), NO_ABSTRACT_SYNTAX, ""),
        ((PULL_MODEL, IMPLICIT_LITTLE_ENDIAN), NO_ABSTRACT_SYNTAX, ""),
        ((MADE_UP, IMPLICIT_LITTLE_ENDIAN), NO_ABSTRACT_SYNTAX, ""),
    ],
)
def test_each_context_is_answered(context: tuple[str, ...], result: int, syntax: str) -> None:
    async def work() -> None:
        async with serving() as us:
            scu = await connected(us)
            answer = await scu.asked(asking([(CT, EXPLICIT_LITTLE_ENDIAN), context]))
            assert isinstance(answer, AssociateAccept)
            found = [(one.id, one.result) for one in answer.contexts]
            assert found == [(1, ACCEPTED), (3, result)]
            assert not syntax or answer.contexts[1].transfer_syntax == syntax
            scu.writer.close()

    run(work())


def test_an_acceptance_repeats_the_titles_and_says_what_we_are() -> None:
    async def work() -> None:
        async with serving() as us:
            scu = await connected(us)
            role = RoleSelection(CT, True, True)
            answer = await scu.asked(asking(roles=[role]))
            assert isinstance(answer, AssociateAccept)
            assert (answer.called.strip(), answer.calling.strip()) == ("DICOMSH", "SENDER")
            assert answer.user.max_pdu == MAX_PDU
            assert answer.user.class_uid
            assert answer.user.version
            assert answer.user.roles == (RoleSelection(CT, True, False),)
            assert us.memory.callers[-1] == Caller("SENDER", "DICOMSH", HOST)
            scu.writer.close()

    run(work())


@pytest.mark.parametrize(
    ("request_", "reject", "reason"),
    [
        (
            asking(called="OTHER"),
            AssociateReject(1, 1, 7),
            "SENDER from 127.0.0.1 called 'OTHER'; this is DICOMSH",
        ),
        (asking(calling="EVIL"), AssociateReject(1, 1, 3), "unknown caller EVIL from 127.0.0.1"),
    ],
)
def test_who_is_rejected_is_told_why_and_the_connection_ends(
    request_: AssociateRequest, reject: AssociateReject, reason: str
) -> None:
    async def work() -> None:
        async with serving() as us:
            scu = await connected(us)
            assert await scu.asked(request_) == reject
            assert await scu.ended() == []
            assert us.memory.reasons == [reason]
            scu.writer.close()

    run(work())


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (3, "Study Root Query/Retrieve Information Model - FIND, 1.2.840.10008.9.1, "
            "1.2.840.10008.9.2"),
        (5, "Study Root Query/Retrieve Information Model - FIND, 1.2.840.10008.9.1, "
            "1.2.840.10008.9.2 and 2 more"),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_named_once(number: int, told: str) -> None:
    others = [f"1.2.840.10008.9.{one}" for one in range(1, number)]
    names = [Model.STUDY_ROOT.find.uid, *others]

    async def work() -> None:
        async with serving() as us:
            contexts = [(uid, IMPLICIT_LITTLE_ENDIAN) for uid in (*names, names[0], CT)]
            scu = await associated(us, asking(contexts))
            said = f"SENDER from 127.0.0.1 proposed what is not offered here: {told}"
            await until(lambda: bool(us.memory.reasons))
            assert us.memory.reasons == [said]
            scu.writer.close()

    run(work())


@pytest.mark.parametrize("first", [pdu(4, pdv(1, 3, b"")), pdu(5, bytes(4)), pdu(2, bytes(68))])
def test_what_comes_before_a_request_for_an_association_ends_the_connection(first: bytes) -> None:
    async def work() -> None:
        async with serving() as us:
            scu = await connected(us)
            scu.send(first)
            ((kind, body),) = await scu.ended()
            assert (kind, body[2]) == (7, 2)
            assert us.memory.callers == []
            scu.writer.close()

    run(work())


def test_who_never_asks_for_an_association_is_disconnected_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "_ARTIM", 0.05)

    async def work() -> None:
        async with serving() as us:
            scu = await associated(us)
            silent = await connected(us)
            assert await silent.ended() == [BY_PROVIDER]
            scu.say(ON_VERIFICATION, echo(7))
            heard = await scu.hears()
            assert (heard.field, heard.message_id, heard.status) == (ECHO_RESPONSE, 7, 0)
            assert us.server.associations == 1
            for one in (scu, silent):
                one.writer.close()

    run(work())


def test_idle_associations_end_and_those_that_wait_for_us_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "_IDLE", 0.05)

    async def work() -> None:
        async with serving() as us:
            us.memory.ready.clear()
            busy = await associated(us)
            busy.say(ON_CT, store(), b"x" * 10)
            await us.memory.keeping.wait()
            idle = await associated(us)
            assert [kind for kind, _ in await idle.ended()] == [7]
            us.memory.ready.set()
            assert (await busy.hears()).field == STORE_RESPONSE
            for one in (busy, idle):
                one.writer.close()

    run(work())


def test_an_association_that_was_just_heard_of_is_not_idle() -> None:
    async def work() -> None:
        async with serving() as us:
            scu = await associated(us)
            (acceptor,) = us.server._open
            assert isinstance(acceptor.user, Provider)
            acceptor.user._is_idle()  # as its timer calls it
            await answers(scu)
            scu.writer.close()

    run(work())


async def answers(scu: Scu) -> None:
    """The association is still there."""
    scu.say(ON_VERIFICATION, echo())
    assert (await scu.hears()).field == ECHO_RESPONSE


async def ended(*scus: Scu) -> None:
    """We have aborted these associations."""
    for scu in scus:
        assert [kind for kind, _ in await scu.ended()] == [7]
        scu.writer.close()


def test_one_association_too_many_ends_the_one_that_has_been_idle_for_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "_MOST_ASSOCIATIONS", 2)
    monkeypatch.setattr(listener, "_SPARED", 0.0)

    async def work() -> None:
        async with serving() as us:
            first, second = await associated(us), await associated(us)
            await answers(first)
            third = await associated(us)
            await ended(second)
            for scu in (first, third):
                await answers(scu)
                scu.writer.close()

    run(work())


def test_one_association_too_many_is_rejected_while_none_is_idle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "_MOST_ASSOCIATIONS", 2)
    monkeypatch.setattr(listener, "_SPARED", 60.0)

    async def work() -> None:
        async with serving() as us:
            open_ = [await associated(us), await associated(us)]
            third = await connected(us)
            assert await third.asked(asking()) == AssociateReject(2, 3, 2)
            said = "no association for SENDER from 127.0.0.1: 2 are open"
            assert us.memory.reasons[-1] == said
            assert await third.ended() == []
            third.writer.close()
            for scu in open_:
                await answers(scu)
                scu.writer.close()

    run(work())


def test_one_connection_too_many_ends_the_oldest_that_does_not_wait_for_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "_MOST_CONNECTIONS", 2)

    async def work() -> None:
        async with serving() as us:
            us.memory.ready.clear()
            busy = await associated(us)
            busy.say(ON_CT, store(), b"x" * 10)
            await us.memory.keeping.wait()
            silent = await connected(us)
            await until(lambda: us.server.associations == 2)
            late = await associated(us)
            await ended(silent)
            late.say(ON_CT, store(), b"x" * 10)
            await until(lambda: len(us.memory.held) == 2)
            await until(lambda: all(one.is_busy for one in us.server._open))
            another = await associated(us)  # none of them can be ended
            us.memory.ready.set()
            for scu in (busy, late):
                assert (await scu.hears()).field == STORE_RESPONSE
            for scu in (busy, late, another):
                await answers(scu)
                scu.writer.close()

    run(work())


def test_a_listener_may_have_several_names_and_addresses_of_either_kind() -> None:
    async def work() -> None:
        async with serving(titles=("ONE", "TWO")) as us:
            scu = await connected(us)
            assert await scu.asked(asking(called="OTHER")) == AssociateReject(1, 1, 7)
            assert us.memory.reasons[0].endswith("called 'OTHER'; this is ONE, TWO")
            scu.writer.close()
            await us.server.stop()
            try:
                await us.server.start(0, "::1")
            except ListeningError:
                pytest.skip("no IPv6 here")
            scu = Scu(*await asyncio.open_connection("::1", us.server.port))
            assert isinstance(await scu.asked(asking(called="TWO")), AssociateAccept)
            assert us.memory.callers[-1] == Caller("SENDER", "TWO", "::1")
            scu.writer.close()

    run(work())


def test_nothing_is_read_while_an_object_is_kept_or_answers_are_not_read() -> None:
    async def work() -> None:
        async with serving() as us:
            us.memory.ready.clear()
            scu = await associated(us)
            (acceptor,) = us.server._open
            reading = acceptor.transport.is_reading

            def busy() -> bool:
                return acceptor.is_busy

            acceptor.pause_writing()  # as asyncio calls it
            assert not reading()
            acceptor.resume_writing()
            assert reading()
            assert not busy()
            scu.say(ON_CT, store(), b"x" * 10)
            await us.memory.keeping.wait()
            assert busy()
            assert not reading()
            acceptor.pause_writing()
            acceptor.resume_writing()
            assert not reading()
            acceptor.pause_writing()
            us.memory.ready.set()
            await scu.hears()
            assert not busy()
            assert not reading()
            acceptor.resume_writing()
            assert reading()
            acceptor.pause_writing()
            assert not reading()
            acceptor.resume_writing()
            assert reading()
            scu.writer.close()

    run(work())


@pytest.mark.parametrize(
    ("reply", "comment"),
    [
        (StoreReply(0), None),
        (StoreReply(0xA700, "no space"), "no space"),
        (StoreReply(0xA700, "x" * 70), "x" * 64),
    ],
)
def test_an_object_is_answered_once_it_is_kept(reply: StoreReply, comment: str | None) -> None:
    async def work() -> None:
        async with serving() as us:
            us.memory.reply = reply
            scu = await associated(us)
            scu.say(ON_CT, store(9, "1.2.3.4"), b"abcdef")
            heard = await scu.hears()
            assert (heard.field, heard.message_id) == (STORE_RESPONSE, 9)
            assert (heard.status, heard.comment) == (reply.status, comment)
            assert (heard.sop_class, heard.sop_instance) == (CT, "1.2.3.4")
            (held,) = us.memory.held
            assert (held.data, held.state) == (b"abcdef", "kept")
            assert held.announced == Announced(CT, "1.2.3.4", EXPLICIT_LITTLE_ENDIAN)
            scu.writer.close()

    run(work())


@pytest.mark.parametrize(
    ("context", "command"),
    [
        (ON_CT, CommandSet(FIND_REQUEST, 1, True, sop_class=CT)),
        (ON_CT, store(data_set=False)),
        (ON_CT, store().answered(0)),
        (ON_CT, CommandSet(0x0130, 1, True, sop_class=CT, action_type=1)),
        (ON_CT, CommandSet(0x8100, 1, sop_class=CT, event_type=1)),
    ],
)
def test_messages_that_do_not_belong_to_storage_end_the_association(
    context: int, command: CommandSet
) -> None:
    async def work() -> None:
        async with serving() as us:
            scu = await associated(us)
            scu.say(context, command, b"xx" if command.has_data_set else b"")
            ((kind, body),) = await scu.ended()
            assert (kind, body[2]) == (7, 2)
            assert us.memory.held == []
            scu.writer.close()

    run(work())


def test_an_object_that_is_not_whole_is_discarded_and_one_that_is_kept_stays() -> None:
    async def work() -> None:
        async with serving() as us:
            us.memory.ready.clear()
            scu = await associated(us)
            scu.say(ON_CT, store(1, "1.1"), b"x" * 10)
            await us.memory.keeping.wait()
            scu.say(ON_CT, store(2, "1.2"))
            scu.send(pdu(4, pdv(ON_CT, 0, b"half")))
            scu.writer.close()
            us.memory.ready.set()
            await us.server.quiet()
            first, second = us.memory.held
            assert (first.state, second.state) == ("kept", "discarded")

    run(work())


def test_stopping_waits_for_the_open_associations_and_then_aborts_them() -> None:
    async def work() -> None:
        async with serving() as us:
            first, second = await associated(us), await associated(us)
            stopping = asyncio.create_task(us.server.stop(60))
            await until(lambda: us.server._server is not None and not us.server._server.sockets)
            first.say(ON_VERIFICATION, echo())
            assert (await first.hears()).field == ECHO_RESPONSE
            for one in (first, second):
                assert not stopping.done()
                one.send(pdu(5, bytes(4)))
                assert await one.ended() == [(6, bytes(4))]
                one.writer.close()
            await stopping
        async with serving() as us:
            scu = await associated(us)
            await us.server.stop()
            assert [kind for kind, _ in await scu.ended()] == [7]
            assert us.server.associations == 0
            scu.writer.close()

    run(work())


def test_a_port_that_cannot_be_used_is_an_error() -> None:
    async def work() -> None:
        async with serving() as us, serving() as other:
            for port in (us.server.port, 65_536):
                with pytest.raises(ListeningError) as caught:
                    await other.server.start(port, HOST)
                assert str(port) in caught.value.message
                assert caught.value.hint == "choose another port with --port"

    run(work())


def test_the_longest_pdu_of_a_caller_is_kept_to() -> None:
    """One too short for data ends the association; an answer is cut to what it takes."""

    async def work() -> None:
        async with serving() as us:
            short = await connected(us)
            short.send(write_request(asking(max_pdu=5)))
            assert [kind for kind, _ in await short.ended()][-1] == 7
            scu = await associated(us, asking(max_pdu=20))
            scu.say(ON_VERIFICATION, echo())
            kind, body = await scu.read_pdu()
            assert (kind, len(body)) == (4, 20)
            for one in (short, scu):
                one.writer.close()

    run(work())

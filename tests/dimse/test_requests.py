"""Requests of the peer during an operation of ours, as C-GET brings them; data sets streamed."""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc
from collections.abc import Iterator
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.dimse import Client, command
from dicomsh.dimse.associate import (
    AnsweredContext,
    AssociateAccept,
    UserInformation,
    read_request,
    write_accept,
)
from dicomsh.dimse.association import Association
from dicomsh.dimse.command import CommandSet, read_command, write_command
from dicomsh.dimse.connect import open_association
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.negotiation import PresentationContext, Proposal
from dicomsh.dimse.pdu import MAX_PDU, Message, Pdu, PduReader, Sink, write_message
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import (
    AssociationAbortedError,
    DicomshError,
    NoAssociationError,
    ProtocolViolationError,
)
from dicomsh.model.answer import Ending
from dicomsh.model.storage import Fragment
from dicomsh.model.tap import Tap
from tests.dimse.peers import Peer, Request, decoded, element, pdu, pdv, query, run, scripted

GET = "1.2.840.10008.5.1.4.1.2.2.3"
CT = "1.2.840.10008.5.1.4.1.1.2"
PROPOSALS = (
    Proposal(GET),
    Proposal(CT, (EXPLICIT_LITTLE_ENDIAN,), scu=False, scp=True),
    Proposal(CT, (IMPLICIT_LITTLE_ENDIAN,), scu=False, scp=True),
)
ON = 5
"""The presentation context on which the peer stores."""
STORE = CommandSet(
    command.STORE_REQUEST,
    9,
    True,
    sop_class=CT,
    sop_instance="1.2.3.4.5",
    priority=command.MEDIUM_PRIORITY,
    move_originator="WHO",
    move_originator_id=1,
)


class Piled:
    """A sink that remembers how it was fed."""

    def __init__(self) -> None:
        self.fragments: list[bytes] = []
        self.whole = False

    def write(self, fragment: Fragment) -> None:
        assert not self.whole
        self.fragments.append(bytes(fragment))

    def close(self) -> None:
        assert not self.whole
        self.whole = True

    @property
    def data(self) -> bytes:
        return b"".join(self.fragments)


class Get(ServiceUser):
    """A C-GET that stores into sinks and answers every C-STORE, as the retrieving command will."""

    title = "C-GET"

    def __init__(self, association: Association, make: type[Sink] = Piled) -> None:
        self._association = association
        self._make = make
        self.sinks: list[Sink] = []
        self.stored: list[Message] = []
        self.progress: list[CommandSet] = []
        self.message_id = association.next_message_id()
        self.final: asyncio.Future[CommandSet] = asyncio.get_running_loop().create_future()

    def requested(self, context_id: int, request: CommandSet) -> Sink | None:
        if request.field != command.STORE_REQUEST:
            return super().requested(context_id, request)
        self.sinks.append(self._make())
        return self.sinks[-1]

    def received(self, messages: list[Message]) -> None:
        for message in messages:
            context_id, said, _ = message
            if said.is_response:
                self._answered(said)
                continue
            self.stored.append(message)
            context = self._association.agreement.by_id[context_id]
            self._association.send(context, write_command(said.answered(0)))

    def _answered(self, said: CommandSet) -> None:
        self.progress.append(said)
        if said.status != 0xFF00:
            self._association.end(self)
            self.final.set_result(said)

    def lost(self, error: DicomshError) -> None:
        self.final.set_exception(error)

    def begin(self, context: PresentationContext) -> None:
        request = CommandSet(command.GET_REQUEST, self.message_id, True, sop_class=GET, priority=0)
        self._association.begin(
            self, context, write_command(request), element(0x00080052, b"STUDY ")
        )


async def accept(peer: Peer) -> None:
    """Accept every context, and the roles as they are proposed."""
    request = read_request((await peer.proposal())[6:])
    answers = tuple(AnsweredContext(c.id, 0, c.transfer_syntaxes[0]) for c in request.contexts)
    user = UserInformation(16384, "1.2", roles=request.user.roles)
    peer.send(write_accept(AssociateAccept("ARCHIVE", "DICOMSH", answers, user)))


def progress(request: Request, status: int, remaining: int, completed: int) -> bytes:
    said = CommandSet(
        command.GET_RESPONSE,
        request.message_id,
        status=status,
        sop_class=GET,
        remaining=remaining,
        completed=completed,
        failed=0,
        warning=0,
    )
    return pdu(4, pdv(request.context, 3, write_command(said)))


def store(data: bytes, request: CommandSet = STORE) -> bytes:
    return write_message(ON, write_command(request), data, 16384)


def test_objects_are_stored_on_our_association_while_it_retrieves() -> None:
    objects = [bytes(range(250)) * 400, b"cd", b"ab"]

    async def archive(peer: Peer) -> None:
        await accept(peer)
        request = await peer.request()
        for number, data in enumerate(objects):
            peer.send(store(data, STORE._replace(message_id=number + 1)))
            answer = await peer.request()
            assert answer.context == ON
            assert answer.command.CommandField == command.STORE_RESPONSE
            assert answer.command.MessageIDBeingRespondedTo == number + 1
            assert answer.command.AffectedSOPInstanceUID == "1.2.3.4.5"
            assert answer.command.Status == 0
            peer.send(progress(request, 0xFF00, 2 - number, number + 1))
        peer.send(progress(request, 0, 0, 3))
        await peer.request()

    async def work() -> None:
        async with scripted(archive) as modality:
            association = await open_association(modality, Tap(), PROPOSALS)
            assert [c.id for c in association.agreement.on(CT)] == [3, 5]
            assert all(c.scp and not c.scu for c in association.agreement.on(CT))
            get = Get(association)
            get.begin(association.contexts[GET])
            final = await get.final
            assert (final.status, final.completed) == (0, 3)
            assert [said.remaining for said in get.progress] == [2, 1, 0, 0]
            assert [sink.data for sink in get.sinks if isinstance(sink, Piled)] == objects
            assert all(sink.whole for sink in get.sinks if isinstance(sink, Piled))
            assert [(context, data) for context, _, data in get.stored] == [(ON, b"")] * 3
            assert get.stored[0][1].sop_class == CT
            assert get.stored[0][1].move_originator_id == 1
            await association.release(1)

    run(work())


class Counted:
    """A sink that keeps nothing."""

    size = 0

    def write(self, fragment: Fragment) -> None:
        Counted.size += len(fragment)

    def close(self) -> None:
        pass


def test_an_object_of_any_size_needs_no_memory() -> None:
    size = 32 * 1024 * 1024
    fragment = pdu(4, pdv(ON, 0, bytes(16_000)))

    async def archive(peer: Peer) -> None:
        await accept(peer)
        request = await peer.request()
        peer.send(pdu(4, pdv(ON, 3, write_command(STORE))))
        for _ in range(size // 16_000):
            peer.send(fragment)
            await peer.writer.drain()
        peer.send(pdu(4, pdv(ON, 2, b"")))
        await peer.request()
        peer.send(progress(request, 0, 0, 1))
        await peer.request()

    async def work() -> int:
        async with scripted(archive) as modality:
            association = await open_association(modality, Tap(), PROPOSALS)
            get = Get(association, Counted)
            tracemalloc.start()
            try:
                get.begin(association.contexts[GET])
                await get.final
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
                association.abort()

    Counted.size = 0
    assert run(work()) < 4 * 1024 * 1024
    assert Counted.size == size // 16_000 * 16_000


def test_an_object_that_is_cut_off_is_no_whole_one() -> None:
    async def archive(peer: Peer) -> None:
        await accept(peer)
        await peer.request()
        peer.send(store(bytes(5000))[:-100])
        peer.writer.close()

    async def work() -> None:
        async with scripted(archive) as modality:
            association = await open_association(modality, Tap(), PROPOSALS)
            get = Get(association)
            get.begin(association.contexts[GET])
            with pytest.raises(AssociationAbortedError):
                await get.final
            assert [sink.whole for sink in get.sinks if isinstance(sink, Piled)] == [False]
            assert get.stored == []

    run(work())


REQUESTS = {
    "C-STORE": STORE,
    "C-ECHO": CommandSet(command.ECHO_REQUEST, 1, sop_class="1.2.840.10008.1.1"),
    "N-EVENT-REPORT": CommandSet(
        command.EVENT_REPORT_REQUEST, 3, True, sop_class="1.2.840.10008.1.20.1", event_type=1
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("rows", [0, 1])
def test_a_request_during_a_query_breaks_the_protocol_and_is_named(name: str, rows: int) -> None:
    async def archive(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        stray = pdu(4, pdv(request.context, 3, write_command(REQUESTS[name])))
        peer.send(request.row(1) * rows + stray)
        kind, _ = await peer.read_pdu()
        assert kind == 7

    async def work() -> None:
        async with scripted(archive) as modality:
            client = Client(modality)
            answer = await client.find(query())
            if rows:
                assert len([row async for batch in answer for row in batch]) == 1
                assert answer.outcome.ending is Ending.LOST
                assert f"a {name} request during a C-FIND" in answer.outcome.detail
            else:
                with pytest.raises(NoAssociationError, match=f"a {name} request during a C-FIND"):
                    await anext(aiter(answer))

    run(work())


def test_a_request_when_nothing_was_asked_is_answered_with_an_abort() -> None:
    async def archive(peer: Peer) -> None:
        await peer.accept()
        peer.send(pdu(4, pdv(1, 3, write_command(REQUESTS["C-ECHO"]))))
        kind, _ = await peer.read_pdu()
        assert kind == 7

    async def work() -> None:
        async with scripted(archive) as modality:
            association = await open_association(modality, Tap())
            while association.is_open:  # noqa: ASYNC110 - there is no event for it, on purpose
                await asyncio.sleep(0.01)

    run(work())


# The reader alone


class UnexpectedPduError(Exception):
    """A PDU other than P-DATA-TF among the messages."""


def fed(stream: bytes, cuts: list[int], gather: bool) -> tuple[list[Message], list[Piled]]:
    sinks: list[Piled] = []

    def on_request(_: int, __: CommandSet) -> Sink | None:
        if gather:
            return None
        sinks.append(Piled())
        return sinks[-1]

    reader = PduReader(on_request)
    reader.messages.contexts = frozenset({1, ON})
    found: list[Message] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for part in reader.feed(stream[begin:end]):
            if isinstance(part, Pdu):
                raise UnexpectedPduError
            found += part
    return found, sinks


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[bytes], bytes, list[int]]:
    """Data sets, a stream of C-STORE requests with them in fragments, and where it is cut."""
    data = draw(st.lists(st.binary(max_size=60), max_size=4))
    stream = b""
    for one in data:
        stream += write_message(ON, write_command(STORE), one, draw(st.integers(8, 40)))
        if not one:
            stream += pdu(4, pdv(ON, 2, b""))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    return data, stream, cuts


@given(case=streams())
def test_streaming_gives_what_gathering_gives(case: tuple[list[bytes], bytes, list[int]]) -> None:
    data, stream, cuts = case
    gathered, none = fed(stream, cuts, gather=True)
    streamed, sinks = fed(stream, cuts, gather=False)
    assert none == []
    assert [identifier for _, _, identifier in gathered] == data
    assert [sink.data for sink in sinks] == data
    assert all(sink.whole for sink in sinks)
    assert [message[:2] for message in streamed] == [message[:2] for message in gathered]


@given(case=streams(), data=st.data())
def test_damaged_streams_are_read_or_refused(
    case: tuple[list[bytes], bytes, list[int]], data: st.DataObject
) -> None:
    raw = bytearray(case[1]) or bytearray(b"\4")
    for _ in range(2):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    # the type of a PDU may become that of another one, which is then one
    with contextlib.suppress(ProtocolViolationError, UnexpectedPduError):
        fed(bytes(raw), [], gather=False)


def test_a_sink_can_refuse_more() -> None:
    class Full(Piled):
        def write(self, _: Fragment) -> None:
            raise ProtocolViolationError("that is enough")

    reader = PduReader(lambda *_: Full())
    reader.messages.contexts = frozenset({ON})
    with pytest.raises(ProtocolViolationError, match="enough"):
        list(reader.feed(store(b"ab")))


def test_what_is_gathered_stays_bounded() -> None:
    reader = PduReader(lambda *_: None)
    reader.messages.contexts = frozenset({ON})
    list(reader.feed(pdu(4, pdv(ON, 3, write_command(STORE)))))
    fragment = pdu(4, pdv(ON, 0, bytes(MAX_PDU - 6)))
    with pytest.raises(ProtocolViolationError, match="a data set longer than 16,777,216 bytes"):
        list(chain.from_iterable(reader.feed(fragment) for _ in range(257)))


# Command sets


def commands() -> Iterator[tuple[CommandSet, dict[str, object]]]:
    """Command sets with what pydicom reads of them."""
    yield (
        STORE,
        {
            "AffectedSOPClassUID": CT,
            "CommandField": 1,
            "MessageID": 9,
            "Priority": 0,
            "AffectedSOPInstanceUID": "1.2.3.4.5",
            "MoveOriginatorApplicationEntityTitle": "WHO",
            "MoveOriginatorMessageID": 1,
        },
    )
    move = CommandSet(0x21, 2, True, sop_class="1.2", priority=2, move_destination="STORE1")
    yield move, {"MoveDestination": "STORE1", "Priority": 2, "CommandField": 0x21}
    counts = CommandSet(
        0x8021, 2, False, 0xB000, sop_class="1.2", completed=3, failed=1, warning=0, comment="odd"
    )
    yield (
        counts,
        {
            "MessageIDBeingRespondedTo": 2,
            "Status": 0xB000,
            "NumberOfCompletedSuboperations": 3,
            "NumberOfFailedSuboperations": 1,
            "NumberOfWarningSuboperations": 0,
            "ErrorComment": "odd",
        },
    )
    action = CommandSet(0x0130, 4, True, sop_class="1.2", sop_instance="1.2.3", action_type=1)
    yield (
        action,
        {
            "RequestedSOPClassUID": "1.2",
            "RequestedSOPInstanceUID": "1.2.3",
            "ActionTypeID": 1,
            "MessageID": 4,
        },
    )
    event = CommandSet(0x8100, 5, False, 0, sop_class="1.2", sop_instance="1.2.3", event_type=2)
    yield event, {"AffectedSOPInstanceUID": "1.2.3", "EventTypeID": 2, "Status": 0}
    failed = CommandSet(
        0x8030, 6, False, 0x0115, error_id=7, offending=(0x00100020,), attributes=(8,)
    )
    yield failed, {"ErrorID": 7, "OffendingElement": 0x00100020, "AttributeIdentifierList": 8}


@pytest.mark.parametrize(("said", "expected"), [*commands()])
def test_command_sets_are_what_pydicom_reads(said: CommandSet, expected: dict[str, object]) -> None:
    dataset = decoded(write_command(said))
    assert {word: dataset[word].value for word in expected} == expected
    assert [found.tag for found in dataset] == sorted(found.tag for found in dataset)
    assert read_command(write_command(said)) == said


shorts = st.integers(0, 0xFFFF)
uids = st.from_regex(r"[0-9][0-9.]{0,20}", fullmatch=True) | st.just("")
tags = st.lists(st.integers(0, 0xFFFFFFFF), max_size=3).map(tuple)
some = st.none() | shorts


@given(
    said=st.builds(
        CommandSet,
        shorts,
        shorts,
        st.booleans(),
        shorts,
        st.none() | st.text("abc", min_size=1),
        tags,
        uids,
        uids,
        some,
        st.text("ABX", max_size=16),
        st.text("ABX", max_size=16),
        *[some] * 8,
        tags,
    )
)
def test_a_command_set_is_read_as_it_was_written(said: CommandSet) -> None:
    expected = said if said.is_response else said._replace(status=0)
    assert read_command(write_command(said)) == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (element(0x0100, b"\1\0") + element(0x0800, b"\1\1"), "a C-STORE request without Message"),
        (element(0x0100, b"\x20\x80"), "a response without Message ID Being Responded To"),
        (element(0x0100, b"\x99\x09"), "a request 0x0999 without Message ID"),
    ],
)
def test_what_a_command_set_lacks_is_named(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolViolationError, match=words):
        read_command(data)


@pytest.mark.parametrize("size", [1, 5, 6, 7, 16_000, 65_536, 65_542, 65_543, 200_000, 262_144])
def test_long_pieces_of_an_object_give_the_same_as_short_ones(size: int) -> None:
    """Whatever is cut where: long pieces are not joined, and their PDUs not copied."""
    fragments = [bytes([number]) * length for number, length in enumerate((65_530, 3, 40_000) * 8)]
    request = pdu(4, pdv(ON, 3, write_command(STORE)))
    data = [pdu(4, pdv(ON, 0, fragment)) for fragment in fragments]
    last = pdu(4, pdv(ON, 2, b"end!") + pdv(ON, 3, write_command(STORE)))
    stream = b"".join((request, *data, last, *data, pdu(4, pdv(ON, 2, b"end!"))))
    sinks = [Piled(), Piled()]
    waiting = iter(sinks)
    reader = PduReader(lambda *_: next(waiting))
    reader.messages.contexts = frozenset({ON})
    messages = [
        message
        for start in range(0, len(stream), size)
        for part in reader.feed(stream[start : start + size])
        if not isinstance(part, Pdu)
        for message in part
    ]
    assert len(messages) == 2
    assert [sink.data for sink in sinks] == [b"".join((*fragments, b"end!"))] * 2
    assert all(sink.whole for sink in sinks)

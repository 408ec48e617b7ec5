"""Storage commitment between both of our sides, and its data sets as pydicom reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from pydicom.dataset import Dataset

from dicomsh.dimse import storage_server
from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.associate import AssociateAccept, RoleSelection
from dicomsh.dimse.command import (
    ACTION_REQUEST,
    ACTION_RESPONSE,
    EVENT_REPORT_REQUEST,
    EVENT_REPORT_RESPONSE,
    STORE_REQUEST,
    CommandSet,
    write_command,
)
from dicomsh.dimse.commitment import read_report, read_request, write_report, write_request
from dicomsh.dimse.committing import CommitmentClient
from dicomsh.dimse.elements import ENCODINGS, EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.pdu import write_message
from dicomsh.dimse.reporting import send_report
from dicomsh.errors import (
    AssociationAbortedError,
    NoPresentationContextError,
    ProtocolViolationError,
    QueryFailedError,
    TimedOutError,
)
from dicomsh.frozen import replace
from dicomsh.model.commitment import (
    PROCESSING_FAILURE,
    PUSH_MODEL,
    PUSH_MODEL_INSTANCE,
    CommitmentReport,
    CommitmentRequest,
    Reference,
)
from dicomsh.model.modality import DicomAddress, Modality, Timeouts
from dicomsh.model.status import RESOURCE_LIMITATION
from dicomsh.model.tap import Tap
from tests.dimse.peers import (
    QUICK,
    Peer,
    Script,
    decoded,
    encoded,
    forever,
    pdu,
    run,
    scripted,
)
from tests.dimse.serving import (
    CT,
    HOST,
    ON_CT,
    ON_PUSH,
    Scu,
    accept,
    asking,
    associated,
    serving,
    until,
)
from tests.processes import free_ports

IMPLICIT = ENCODINGS[IMPLICIT_LITTLE_ENDIAN]
ONE, TWO = Reference(CT, "1.2.3.4"), Reference(CT, "1.2.3.45")
REQUEST = CommitmentRequest("1.2.999", (ONE, TWO))
REPORTS = {
    "all": CommitmentReport("1.2.999", (ONE, TWO)),
    "some": CommitmentReport("1.2.999", (ONE,), ((TWO, 0x0112),)),
    "none": CommitmentReport("1.2.999", (), ((ONE, 0x0112), (TWO, 0x0110))),
}
each_encoding = pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN])
each_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)


# data sets


def pair(one: Reference) -> tuple[str, str]:
    return one.sop_class, one.sop_instance


def pairs(found: list[Dataset]) -> list[tuple[str, str]]:
    return [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in found]


@each_encoding
def test_a_request_is_what_pydicom_reads(syntax: str) -> None:
    data = write_request(REQUEST, ENCODINGS[syntax])
    read = decoded(data, syntax == EXPLICIT_LITTLE_ENDIAN)
    assert read.TransactionUID == "1.2.999"
    assert pairs(read.ReferencedSOPSequence) == [pair(ONE), pair(TWO)]
    assert all(
        len(uid) % 2 or uid.encode() + b"\0" not in data for one in (ONE, TWO) for uid in pair(one)
    )
    assert read_request(data, ENCODINGS[syntax]) == REQUEST


@each_encoding
@each_report
def test_a_report_is_what_pydicom_reads(report: CommitmentReport, syntax: str) -> None:
    """A sequence without items is left out: both are of type 1C."""
    data = write_report(report, ENCODINGS[syntax])
    read = decoded(data, syntax == EXPLICIT_LITTLE_ENDIAN)
    assert pairs(read.get("ReferencedSOPSequence", [])) == list(map(pair, report.committed))
    failed = read.get("FailedSOPSequence", [])
    assert pairs(failed) == [pair(one) for one, _ in report.failed]
    assert [one.FailureReason for one in failed] == [reason for _, reason in report.failed]
    assert ("FailedSOPSequence" in read) == bool(report.failed)
    assert ("ReferencedSOPSequence" in read) == bool(report.committed)
    tags = [element.tag for element in read]
    assert tags == sorted(tags)
    assert read_report(data, ENCODINGS[syntax]) == report


def test_what_a_report_leaves_out_is_made_up_for() -> None:
    made = Dataset()
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3"
    made.FailedSOPSequence = [item]
    read = read_report(encoded(made), IMPLICIT)
    assert read == CommitmentReport("", (), ((Reference("", "1.2.3"), PROCESSING_FAILURE),))
    assert read_request(b"", IMPLICIT) == CommitmentRequest("", ())


def test_a_uid_that_is_none_is_passed_on_as_far_as_it_can_be() -> None:
    odd = Reference("1.2.\xe9", "1.2.3")
    data = write_request(CommitmentRequest("1.2", (odd,)), IMPLICIT)
    assert read_request(data, IMPLICIT).references == (Reference("1.2.?", "1.2.3"),)
    latin = data.replace(b"1.2.?", b"1.2.\xe9")
    assert read_request(latin, IMPLICIT).references == (Reference("1.2.\ufffd", "1.2.3"),)


def test_of_several_failure_reasons_the_first_one_counts() -> None:
    item = Dataset()
    item.add_new(0x00081197, "US", [0x0112, 0x0110])
    made = Dataset()
    made.FailedSOPSequence = [item]
    ((_, reason),) = read_report(encoded(made), IMPLICIT).failed
    assert reason == 0x0112


# who vouches


@dataclass
class Vouching:
    """Vouches as it is told, and remembers how its reports went."""

    report: CommitmentReport = field(default_factory=lambda: REPORTS["some"])
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[CommitmentRequest] = field(default_factory=list)
    told: list[tuple[str, Caller, CommitmentReport]] = field(default_factory=list)

    async def judge(self, request: CommitmentRequest) -> CommitmentReport:
        self.asked.append(request)
        await self.ready.wait()
        return self.report

    async def reported(self, caller: Caller, report: CommitmentReport) -> None:
        self.told.append(("reported", caller, report))

    async def deliver(self, caller: Caller, report: CommitmentReport) -> None:
        self.told.append(("deliver", caller, report))


@pytest.fixture
def vouching(monkeypatch: pytest.MonkeyPatch) -> Vouching:
    monkeypatch.setattr(storage_server, "_LEAVING", 0.01)
    made = Vouching()
    made.ready.set()
    return made


SENDER = Caller("SENDER", "DICOMSH", HOST)


def action(message_id: int = 1) -> CommandSet:
    return CommandSet(
        ACTION_REQUEST,
        message_id,
        True,
        sop_class=PUSH_MODEL,
        sop_instance=PUSH_MODEL_INSTANCE,
        action_type=1,
    )


def ask(scu: Scu, message_id: int = 1) -> None:
    scu.say(ON_PUSH, action(message_id), write_request(REQUEST, IMPLICIT))


async def answered(scu: Scu, message_id: int = 1) -> CommandSet:
    """The N-ACTION response."""
    heard = await scu.hears()
    assert (heard.field, heard.message_id, heard.action_type) == (ACTION_RESPONSE, message_id, 1)
    assert (heard.sop_class, heard.sop_instance) == (PUSH_MODEL, PUSH_MODEL_INSTANCE)
    return heard


@each_report
def test_the_report_comes_to_who_stays(vouching: Vouching, report: CommitmentReport) -> None:
    vouching.report = report

    async def work() -> None:
        async with serving(vouching) as us:
            scu = await associated(us)
            ask(scu, 7)
            assert (await answered(scu, 7)).status == 0
            got = await scu.request()
            assert got.context == ON_PUSH
            assert got.command.CommandField == EVENT_REPORT_REQUEST
            assert got.command.AffectedSOPClassUID == PUSH_MODEL
            assert got.command.AffectedSOPInstanceUID == PUSH_MODEL_INSTANCE
            assert got.command.EventTypeID == (2 if report.failed else 1)
            again = encoded(got.identifier)
            assert read_report(again, IMPLICIT) == report
            assert vouching.told == []
            scu.say(ON_PUSH, CommandSet(EVENT_REPORT_RESPONSE, got.message_id))
            await until(lambda: bool(vouching.told))
            assert vouching.told == [("reported", SENDER, report)]
            assert vouching.asked == [REQUEST]
            scu.writer.close()

    run(work())


@pytest.mark.parametrize("when", ["at once", "before it has answered", "never answers"])
def test_the_report_is_delivered_to_who_does_not_take_it(
    vouching: Vouching, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if when == "never answers":
        monkeypatch.setattr(storage_server, "_ANSWER", 0.01)

    async def work() -> None:
        async with serving(vouching) as us:
            if when == "at once":
                vouching.ready.clear()
            scu = await associated(us)
            ask(scu)
            await answered(scu)
            if when != "at once":
                assert (await scu.request()).command.CommandField == EVENT_REPORT_REQUEST
            if when != "never answers":
                scu.writer.close()
                await us.server.quiet()
            vouching.ready.set()
            await until(lambda: bool(vouching.told))
            assert vouching.told == [("deliver", SENDER, vouching.report)]
            scu.writer.close()

    run(work())


def test_too_many_requests_at_a_time_are_refused(
    vouching: Vouching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_server, "_MOST_REPORTS", 2)

    async def work() -> None:
        async with serving(vouching) as us:
            vouching.ready.clear()
            scu = await associated(us)
            found = []
            for number in (1, 2, 3):
                ask(scu, number)
                found.append((await answered(scu, number)).status)
            assert found == [0, 0, RESOURCE_LIMITATION]
            vouching.ready.set()
            scu.writer.close()
            await us.server.quiet()
            await until(lambda: len(vouching.told) == 2 and not us.server._reporting)

    run(work())


def test_stopping_ends_what_is_not_reported_yet(vouching: Vouching) -> None:
    async def work() -> None:
        async with serving(vouching) as us:
            vouching.ready.clear()
            scu = await associated(us)
            ask(scu)
            await answered(scu)
            await us.server.stop()
            assert not us.server._reporting
            assert vouching.told == []
            scu.writer.close()
        async with serving(vouching) as us:
            scu = await associated(us)
            ask(scu)
            await answered(scu)
            scu.writer.close()
            stopping = asyncio.create_task(us.server.stop(60))
            await us.server.quiet()
            vouching.ready.set()
            await stopping
            assert [what for what, _, _ in vouching.told] == ["deliver"]

    run(work())


@pytest.mark.parametrize(
    ("context", "command"),
    [
        (ON_CT, action()),
        (ON_PUSH, CommandSet(EVENT_REPORT_RESPONSE, 99)),
        (ON_PUSH, action()._replace(field=0x0120)),
    ],
)
def test_other_messages_end_the_association(
    vouching: Vouching, context: int, command: CommandSet
) -> None:
    async def work() -> None:
        async with serving(vouching) as us:
            scu = await associated(us)
            scu.say(context, command, b"" if command.is_response else encoded(Dataset()) or b"xx")
            assert [kind for kind, _ in await scu.ended()] == [7]
            assert vouching.asked == []
            scu.writer.close()

    run(work())


# who asks


@asynccontextmanager
async def committing(
    modality: Modality, local_aet: str = "SENDER"
) -> AsyncIterator[CommitmentClient]:
    ports: list[int] = []
    client = CommitmentClient(replace(modality, local_aet=local_aet), Tap(), ports.append)
    (port,) = free_ports(1)
    await client.listen(port)
    assert ports == [port]
    try:
        yield client
    finally:
        await client.close()


@each_report
def test_a_report_on_the_same_association(vouching: Vouching, report: CommitmentReport) -> None:
    vouching.report = report

    async def work() -> None:
        async with serving(vouching) as us, committing(us.modality) as client:
            assert await client.commit(REQUEST) == report
            assert await client.commit(REQUEST) == report  # one association for both
            assert us.server.associations == 1
            await until(lambda: len(vouching.told) == 2)
            assert {what for what, _, _ in vouching.told} == {"reported"}

    run(work())


def reporter(client: CommitmentClient, aet: str) -> Modality:
    """A peer that reports to a client, as this AE title."""
    address = DicomAddress("SENDER", HOST, client._server.port)
    return Modality("us", address, local_aet=aet, timeouts=QUICK)


def test_a_report_on_a_new_association_by_either_name_of_the_peer(vouching: Vouching) -> None:
    async def work() -> None:
        vouching.ready.clear()
        async with serving(vouching) as us, committing(us.modality) as client:
            for aet in ("DICOMSH", "ANOTHER"):  # its AE title; only its host
                asked = asyncio.create_task(client.commit(REQUEST))
                vouching.asked.clear()
                await until(lambda: bool(vouching.asked))
                other = replace(REPORTS["all"], transaction="1.2.1")
                await send_report(reporter(client, aet), Tap(), other)
                assert not asked.done()
                await send_report(reporter(client, aet), Tap(), REPORTS["all"])
                assert await asked == REPORTS["all"]
                await send_report(reporter(client, aet), Tap(), REPORTS["some"])  # too late

    run(work())


def test_reports_are_taken_from_the_peer_alone(vouching: Vouching) -> None:
    async def work() -> None:
        async with serving(vouching) as us:
            elsewhere = replace(us.modality, address=replace(us.modality.entity, host="localhost"))
            async with committing(elsewhere) as client:
                with pytest.raises(Exception, match="Calling AE title not recognised"):
                    await send_report(reporter(client, "EVIL"), Tap(), REPORTS["all"])
                await send_report(reporter(client, "DICOMSH"), Tap(), REPORTS["all"])

    run(work())


async def reporting(client: CommitmentClient, *, scp: bool = True) -> Scu:
    """An association with a client that takes reports."""
    scu = Scu(*await asyncio.open_connection(HOST, client._server.port))
    contexts = [(PUSH_MODEL, IMPLICIT_LITTLE_ENDIAN), (CT, IMPLICIT_LITTLE_ENDIAN)]
    role = RoleSelection(PUSH_MODEL, not scp, scp)
    answer = await scu.asked(asking(contexts, called="SENDER", calling="DICOMSH", roles=[role]))
    assert isinstance(answer, AssociateAccept)
    assert answer.user.roles == (role,)
    assert [one.result for one in answer.contexts] == [0, 3]
    return scu


def test_a_listening_client_takes_reports_and_echoes_and_nothing_else(vouching: Vouching) -> None:
    async def work() -> None:
        async with serving(vouching) as us, committing(us.modality) as client:
            scu = await reporting(client)
            assert [one.is_busy for one in client._server._open] == [False]
            event = action()._replace(field=EVENT_REPORT_REQUEST, event_type=2)
            data = write_report(REPORTS["some"], IMPLICIT)
            scu.say(1, event._replace(message_id=44), data)
            heard = await scu.hears()
            assert (heard.field, heard.message_id) == (EVENT_REPORT_RESPONSE, 44)
            assert (heard.status, heard.event_type) == (0, 2)
            scu.writer.close()
            for command in (action(), CommandSet(EVENT_REPORT_RESPONSE, 1)):
                scu = await reporting(client)
                scu.say(1, command, data if command.has_data_set else b"")
                assert [kind for kind, _ in await scu.ended()] == [7]
                scu.writer.close()

    run(work())


def test_no_report_in_time_says_where_it_may_have_gone(vouching: Vouching) -> None:
    vouching.ready.clear()

    async def work() -> None:
        async with serving(vouching) as us:
            async with committing(us.reached(replace(QUICK, response=0.05))) as client:
                port = client._server.port
                with pytest.raises(TimedOutError, match="no storage commitment report") as caught:
                    await client.commit(REQUEST)
            assert f"than SENDER on port {port} of this computer" in (caught.value.hint or "")
            assert "0.05 s (time limit: response)" in caught.value.message

    run(work())


def test_a_refused_request_is_told(vouching: Vouching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_server, "_MOST_REPORTS", 0)

    async def work() -> None:
        async with serving(vouching) as us, committing(us.modality) as client:
            with pytest.raises(QueryFailedError, match="answered 0x0213") as caught:
                await client.commit(REQUEST)
            assert str(us.modality.address) in caught.value.message

    run(work())


def test_a_peer_without_storage_commitment_is_told() -> None:
    async def work() -> None:
        async with serving() as us:
            async with committing(us.modality) as client:
                with pytest.raises(NoPresentationContextError, match="does not offer storage"):
                    await client.commit(REQUEST)
            with pytest.raises(NoPresentationContextError, match="does not accept storage"):
                await send_report(us.modality, Tap(), REPORTS["all"])
            await us.server.quiet()

    run(work())


def accepting(*messages: tuple[CommandSet, bytes]) -> Script:
    """A peer that takes a message in storage commitment, and answers with these."""

    async def script(peer: Peer) -> None:
        scu = Scu(peer._reader, peer.writer)
        await accept(peer)
        got = await peer.request()
        assert got.command.CommandField == ACTION_REQUEST
        assert got.command.RequestedSOPClassUID == PUSH_MODEL
        assert got.command.RequestedSOPInstanceUID == PUSH_MODEL_INSTANCE
        assert got.command.ActionTypeID == 1
        for command, data in messages:
            answer = command._replace(message_id=command.message_id or got.message_id)
            scu.say(got.context, answer, data)
        await forever()

    return script


DATA = write_report(REPORTS["all"], IMPLICIT)
EVENT = action()._replace(field=EVENT_REPORT_REQUEST, event_type=1, message_id=3)


def test_a_report_may_come_before_the_response() -> None:
    async def work() -> None:
        answer = CommandSet(ACTION_RESPONSE, 0)
        peer = scripted(accepting((EVENT, DATA), (answer, b"")))
        async with peer as modality, committing(modality) as client:
            assert await client.commit(REQUEST) == REPORTS["all"]

    run(work())


@pytest.mark.parametrize(
    ("command", "data"),
    [
        (CommandSet(STORE_REQUEST, 1, True, sop_class=CT, sop_instance="1.2"), b"xx"),
        (CommandSet(0x8001, 1), b""),
        (EVENT, b"xx"),
    ],
)
def test_what_does_not_answer_a_request_breaks_it_off(command: CommandSet, data: bytes) -> None:
    async def work() -> None:
        peer = scripted(accepting((command, data)))
        async with peer as modality, committing(modality) as client:
            with pytest.raises(ProtocolViolationError, match=r"unexpected|ends inside"):
                await client.commit(REQUEST)

    run(work())


def test_a_lost_association_is_told_to_who_waits() -> None:
    async def leaves(peer: Peer) -> None:
        await accept(peer)
        await peer.request()
        peer.send(pdu(7, bytes(4)))

    async def work() -> None:
        async with scripted(leaves) as modality:
            async with committing(modality) as client:
                with pytest.raises(AssociationAbortedError):
                    await client.commit(REQUEST)
            with pytest.raises(AssociationAbortedError):
                await send_report(modality, Tap(), REPORTS["all"])

    run(work())


RESPONSE_LIMIT = r"no response to N-EVENT-REPORT within 0.05 s \(time limit: response\)"


@pytest.mark.parametrize("answers", [True, False])
def test_a_report_is_confirmed_or_was_not_delivered(answers: bool) -> None:
    async def work() -> None:
        got: list[tuple[int, str]] = []
        limits: Timeouts = QUICK if answers else replace(QUICK, response=0.05)

        async def takes(peer: Peer) -> None:
            proposed = await accept(peer)
            # who opens the association is the SCU unless another role is negotiated
            assert proposed.user.roles == (RoleSelection(PUSH_MODEL, False, True),)
            request = await peer.request()
            got.append((request.command.EventTypeID, request.identifier.TransactionUID))
            if answers:
                command = write_command(CommandSet(EVENT_REPORT_RESPONSE, request.message_id))
                peer.send(write_message(request.context, command, b"", 16_384))
            await peer.request()

        async with scripted(takes, timeouts=limits) as modality:
            sending = send_report(modality, Tap(), REPORTS["some"])
            if answers:
                await sending
            else:
                with pytest.raises(TimedOutError, match=RESPONSE_LIMIT):
                    await sending
        assert got == [(2, "1.2.999")]

    run(work())

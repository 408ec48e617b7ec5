"""The kept association: reuse, idling, retry; C-ECHO; the pool."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any, cast

import pytest
from pynetdicom import evt

from dicomsh.archives.archive import ArchivePool
from dicomsh.archives.pool import Pool
from dicomsh.archives.watched import WatchedArchive
from dicomsh.config import KnownPeers
from dicomsh.config.experience import Experience
from dicomsh.dimse import Client
from dicomsh.dimse.association import Association
from dicomsh.errors import (
    AssociationAbortedError,
    DicomshError,
    ProtocolViolationError,
    QueryFailedError,
    TimedOutError,
    UnreachableError,
)
from dicomsh.frozen import replace
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Answer, Ending
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.tap import Tap
from tests.dimse.peers import (
    ABORT_BY_USER,
    QUICK,
    Peer,
    answering,
    forever,
    pdu,
    pdv,
    query,
    response,
    rows_of,
    run,
    scp,
    scripted,
    study,
    uids,
)


class Events:
    """Counts what happens at the SCP."""

    KINDS = (evt.EVT_ACCEPTED, evt.EVT_RELEASED, evt.EVT_ABORTED, evt.EVT_CONN_CLOSE)

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self._changed = threading.Condition()
        self.handlers = [(kind, self._note) for kind in self.KINDS]

    def _note(self, event: evt.Event) -> None:
        with self._changed:
            self.count[event.event.name] += 1
            self._changed.notify_all()

    def wait(self, name: str, count: int = 1, seconds: float = 5) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.count[name] >= count, timeout=seconds)


def test_one_association_serves_all_operations_and_is_released() -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        states = [client.is_open]
        assert client.abilities == Abilities()
        await client.connect()
        states.append(client.is_open)
        for _ in range(3):
            assert uids(await rows_of(await client.find(query()))) == ["1.2.3.1"]
            assert 0 < await client.echo() < 5
        await client.close()
        states.append(client.is_open)
        await client.close()
        assert states == [False, True, False]

    events = Events()
    with scp(answering(study(1)), handlers=events.handlers) as modality:
        run(work(modality))
        assert events.wait("EVT_RELEASED")
    assert events.count["EVT_ACCEPTED"] == 1
    assert events.count["EVT_ABORTED"] == 0


def test_we_say_who_we_are() -> None:
    seen: list[Any] = []

    def note(event: evt.Event) -> None:
        seen.append(event.assoc.requestor)

    async def work(modality: Modality) -> None:
        client = Client(replace(modality, local_aet="WARD 7"))
        await client.connect()
        await client.close()

    with scp(handlers=[(evt.EVT_ACCEPTED, note)]) as modality:
        run(work(modality))
    [requestor] = seen
    assert (requestor.ae_title, requestor.primitive.called_ae_title) == ("WARD 7", "ARCHIVE")
    assert requestor.implementation_version_name.startswith("DICOMSH_")
    assert requestor.implementation_class_uid.is_valid
    assert requestor.maximum_length == 65536


def test_an_idle_association_is_released_and_reopened() -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        await client.connect()
        for number in (1, 2):
            assert uids(await rows_of(await client.find(query()))) == ["1.2.3.1"]
            assert await asyncio.to_thread(events.wait, "EVT_RELEASED", number)
            assert events.count["EVT_ACCEPTED"] == number
        await client.close()

    events = Events()
    limits = replace(QUICK, idle_release=0.1)
    with scp(answering(study(1)), handlers=events.handlers, timeouts=limits) as modality:
        run(work(modality))


class Idle:
    """An association that is not in use; it only notes that it is released."""

    is_open, busy, released = True, False, False

    def __init__(self, last_used: float) -> None:
        self.last_used = last_used

    async def release(self, seconds: float) -> None:
        assert seconds == QUICK.cancel_grace
        self.released = True


@pytest.mark.parametrize(("ago", "released"), [(0, False), (59, False), (61, True)])
def test_an_association_is_idle_since_its_last_use(ago: float, released: bool) -> None:
    async def work() -> None:
        modality = Modality("test", DicomAddress("A", "127.0.0.1", 104), timeouts=QUICK)
        client, now = Client(modality), asyncio.get_running_loop().time()
        association = Idle(now - ago)
        client._idle(cast(Association, association))
        await asyncio.sleep(0)
        assert association.released is released
        if not released:
            assert client._timer is not None
            assert client._timer.when() == association.last_used + QUICK.idle_release
        await client.close()

    run(work())


def test_what_was_never_opened_is_closed() -> None:
    async def work() -> None:
        await Client(Modality("test", DicomAddress("A", "127.0.0.1", 104))).close()

    run(work())


def test_an_association_that_waits_for_an_answer_is_not_idle() -> None:
    def slow(event: evt.Event) -> Any:
        assert not events.wait("EVT_RELEASED", seconds=0.3)
        yield 0xFF00, study(1)

    async def work(modality: Modality) -> None:
        client = Client(modality)
        assert uids(await rows_of(await client.find(query()))) == ["1.2.3.1"]
        await client.close()

    events = Events()
    limits = replace(QUICK, idle_release=0.1)
    with scp(slow, handlers=events.handlers, timeouts=limits) as modality:
        run(work(modality))


async def serve_one(peer: Peer) -> None:
    """Answers one query, then closes the connection when the next one comes."""
    await peer.accept()
    request = await peer.request()
    peer.send(request.row(1) + request.final())
    await peer.request()


async def serve_all(peer: Peer) -> None:
    await peer.accept()
    while True:
        request = await peer.request()
        if request.command.CommandField == 0x30:
            peer.send(pdu(4, pdv(request.context, 3, echoed(request.message_id, 0))))
        else:
            peer.send(request.row(2) + request.final())


async def abort_queries(peer: Peer) -> None:
    await peer.accept()
    await peer.request()
    peer.send(ABORT_BY_USER)


def test_a_kept_association_found_dead_is_replaced_once() -> None:
    async def work() -> None:
        async with scripted(serve_one, serve_all) as modality:
            client = Client(modality)
            assert uids(await rows_of(await client.find(query()))) == ["1.2.3.1"]
            answer = await client.find(query())
            assert uids(await rows_of(answer)) == ["1.2.3.2"]
            assert answer.outcome.ending is Ending.COMPLETE
            await client.close()

    run(work())


def test_echo_replaces_a_dead_association_too() -> None:
    async def work() -> None:
        async with scripted(serve_one, serve_all) as modality:
            client = Client(modality)
            await rows_of(await client.find(query()))
            assert await client.echo() > 0
            await client.close()

    run(work())


def test_a_new_association_that_is_aborted_is_not_tried_again() -> None:
    async def work() -> None:
        async with scripted(abort_queries, serve_all) as modality:
            client = Client(modality)
            answer = await client.find(query())
            with pytest.raises(AssociationAbortedError, match="aborted") as caught:
                await rows_of(answer)
            assert "does it know our AE title DICOMSH?" in (caught.value.hint or "")
            assert answer.outcome.ending is Ending.LOST
            assert uids(await rows_of(await client.find(query()))) == ["1.2.3.2"]
            await client.close()

    run(work())


def test_one_that_was_opened_to_learn_what_it_accepts_is_a_new_one() -> None:
    """As for each first query: an Orthanc that does not know us is asked once."""

    async def work() -> None:
        async with scripted(abort_queries, serve_all) as modality:
            client = Client(modality)
            await client.connect()
            with pytest.raises(AssociationAbortedError, match="aborted"):
                await rows_of(await client.find(query()))
            await client.close()

    run(work())


def test_a_retry_that_is_aborted_too_is_told() -> None:
    async def work() -> None:
        async with scripted(serve_one, abort_queries, serve_all) as modality:
            client = Client(modality)
            await rows_of(await client.find(query()))
            with pytest.raises(AssociationAbortedError, match="source: service user"):
                await rows_of(await client.find(query()))
            await client.close()

    run(work())


def test_nothing_is_asked_twice_once_a_row_came() -> None:
    async def one_row_of_the_second(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(1) + request.final())
        request = await peer.request()
        peer.send(request.row(2))
        await peer.writer.drain()

    async def work() -> None:
        async with scripted(one_row_of_the_second, serve_all) as modality:
            client = Client(modality)
            await rows_of(await client.find(query()))
            answer = await client.find(query())
            assert uids(await rows_of(answer)) == ["1.2.3.2"]
            assert answer.outcome.ending is Ending.LOST
            assert "closed" in answer.outcome.detail
            await client.close()

    run(work())


def test_a_peer_that_is_gone_is_unreachable() -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        with pytest.raises(UnreachableError, match="refused"):
            await client.find(query())

    with scp() as modality:
        pass
    run(work(modality))


def test_a_release_by_the_peer_goes_unnoticed() -> None:
    released = asyncio.Event()

    async def release_when_idle(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(1) + request.final() + pdu(5, bytes(4)))
        kind, _ = await peer.read_pdu()
        assert kind == 6
        released.set()

    async def work() -> None:
        async with scripted(release_when_idle, serve_all) as modality:
            client = Client(modality)
            await rows_of(await client.find(query()))
            await released.wait()
            assert not client.is_open
            assert uids(await rows_of(await client.find(query()))) == ["1.2.3.2"]
            await client.close()

    run(work())


def test_an_interrupted_wait_can_be_left() -> None:
    """Ctrl-C cancels the task that awaits the next batch."""
    first_row = asyncio.Event()

    async def take_all(answer: Answer) -> None:
        async for _ in answer:
            first_row.set()

    async def slow(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(1))
        cancel = await peer.request()
        assert cancel.command.CommandField == 0x0FFF
        assert cancel.command.MessageIDBeingRespondedTo == request.message_id
        peer.send(request.row(2) + request.final(0xFE00))
        request = await peer.request()
        peer.send(request.row(3) + request.final())
        await forever()

    async def work() -> None:
        async with scripted(slow) as modality:
            client = Client(modality)
            answer = await client.find(query())
            task = asyncio.create_task(take_all(answer))
            await first_row.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await answer.aclose()
            assert answer.outcome.ending is Ending.CANCELLED
            assert answer.outcome.detail == "C-CANCEL, 1 more row received"
            assert uids(await rows_of(await client.find(query()))) == ["1.2.3.3"]

    run(work())


def test_a_second_interruption_aborts() -> None:
    """Ctrl-C while the answers of a cancelled query are drained."""
    cancelled, aborted = asyncio.Event(), asyncio.Event()

    async def stubborn(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(1))
        await peer.request()
        cancelled.set()
        kind, _ = await peer.read_pdu()
        assert kind == 7
        aborted.set()

    async def work() -> None:
        async with scripted(stubborn, timeouts=replace(QUICK, cancel_grace=60)) as modality:
            client = Client(modality)
            answer = await client.find(query())
            await anext(answer.__aiter__())
            leaving = asyncio.create_task(answer.aclose())
            await cancelled.wait()
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            await aborted.wait()
            await answer.aclose()
            assert not answer.outcome.complete
            assert not client.is_open

    run(work())


def test_the_outcome_is_not_known_before_the_end() -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        answer = await client.find(query())
        with pytest.raises(RuntimeError):
            _ = answer.outcome
        await client.close()
        assert answer.outcome.ending in (Ending.CANCELLED, Ending.COMPLETE)

    with scp(answering(study(1))) as modality:
        run(work(modality))


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([(1, 0, 0)], ProtocolViolationError),
        ([(0, 2, 0)], ProtocolViolationError),
        ([(0, 0, 0), (0, 0, 0)], ProtocolViolationError),
        ([(0, 0, 0x0122)], QueryFailedError),
    ],
    ids=["message", "context", "twice", "failure"],
)
def test_an_echo_is_compared_and_its_failure_told(
    answers: list[tuple[int, int, int]], error: type[DicomshError]
) -> None:
    """Each answer: what is added to its message ID and to its context, and its status."""

    async def wrong(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(
            b"".join(
                pdu(4, pdv(request.context + other, 3, echoed(request.message_id + late, status)))
                for late, other, status in answers
            )
        )
        await peer.request()

    async def work() -> None:
        async with scripted(wrong) as modality:
            client = Client(modality)
            with pytest.raises(error):
                await client.echo()
            assert client.is_open is (error is QueryFailedError)
            await client.close()

    run(work())


def echoed(message_id: int, status: int) -> bytes:
    return response(message_id, status, data_set=False, field=0x8030)


def test_a_silent_echo_times_out() -> None:
    async def silent(peer: Peer) -> None:
        await peer.accept()
        await peer.request()
        kind, _ = await peer.read_pdu()
        assert kind == 7

    async def work() -> None:
        async with scripted(silent, timeouts=replace(QUICK, response=0.1)) as modality:
            client = Client(modality)
            with pytest.raises(TimedOutError, match=r"C-ECHO within 0\.1 s.*: response\)"):
                await client.echo()
            assert not client.is_open

    run(work())


def test_a_release_without_answer_is_bounded() -> None:
    aborted = asyncio.Event()

    async def deaf(peer: Peer) -> None:
        await peer.accept()
        kinds = [(await peer.read_pdu())[0] for _ in range(2)]
        assert kinds == [5, 7]
        aborted.set()

    async def work() -> None:
        async with scripted(deaf) as modality:
            client = Client(modality)
            await client.connect()
            await client.close()
            assert not client.is_open
            await aborted.wait()

    run(work())


def test_a_pool_asks_side_by_side_over_few_associations() -> None:
    barrier = threading.Barrier(3)

    def handle(event: evt.Event) -> Any:
        barrier.wait(5)  # passes only when three queries are in progress
        yield 0xFF00, study(int(event.identifier.StudyInstanceUID))

    async def one(pool: ArchivePool, number: int) -> list[str | None]:
        async with pool.archive() as client:
            return uids(await rows_of(await client.find(query(StudyInstanceUID=str(number)))))

    async def work(modality: Modality) -> None:
        known = Experience(KnownPeers(None), modality)
        async with Pool(lambda: WatchedArchive(Client(modality), Tap(), known), 3) as pool:
            found = await asyncio.gather(*(one(pool, number) for number in range(9)))
            assert found == [[f"1.2.3.{number}"] for number in range(9)]

    events = Events()
    with scp(handle, handlers=events.handlers) as modality:
        run(work(modality))
        assert events.wait("EVT_RELEASED", 3)
    assert events.count["EVT_ACCEPTED"] == 3


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        await rows_of(await client.find(query()))
        await client.close()

    with scp(answering(study(1))) as modality:
        run(work(modality))
    assert capfd.readouterr() == ("", "")

"""Peers that break the rules: bounded time and memory, a clear error, and nothing made up."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest

from dicomsh.dimse import Client
from dicomsh.dimse.pdu import MAX_PDU
from dicomsh.errors import (
    AssociationAbortedError,
    DicomshError,
    NoAssociationError,
    ProtocolViolationError,
    TimedOutError,
)
from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.modality import Timeouts
from tests.dimse.peers import (
    ABORT_BY_PROVIDER,
    ABORT_BY_USER,
    QUICK,
    Peer,
    Request,
    acceptance,
    element,
    encoded,
    pdu,
    pdv,
    query,
    response,
    run,
    scripted,
    study,
    uids,
)

Answers = Callable[[Request], bytes]


async def collect(client: Client) -> tuple[list[str | None], Outcome | DicomshError]:
    """The rows of one query, and how it ended."""
    rows: list[str | None] = []
    try:
        answer = await client.find(query())
        async for batch in answer:
            rows += uids(batch)
    except DicomshError as error:
        return rows, error
    return rows, answer.outcome


def answer_to(
    answers: Answers, *, then: Callable[[Peer], Awaitable[None]] | None = None
) -> tuple[list[str | None], Outcome | DicomshError]:
    """What becomes of a query that is answered like this; the peer must see A-ABORT or an end."""

    async def work() -> tuple[list[str | None], Outcome | DicomshError]:
        ended = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.accept()
            peer.send(answers(await peer.request()))
            if then is not None:
                await then(peer)
            try:
                await peer.request()
            finally:
                ended.set()

        async with scripted(script) as modality:
            client = Client(modality)
            result = await collect(client)
            await client.close()
            await ended.wait()
            return result

    return run(work())


def deep(depth: int) -> bytes:
    start = b"\x40\x00\x00\x01\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return start * depth


VIOLATIONS: dict[str, Answers] = {
    "PDU of 4 GiB": lambda _: struct.pack(">BxI", 4, 0xFFFFFFFF) + bytes(1000),
    "PDU longer than negotiated": lambda _: struct.pack(">BxI", 4, MAX_PDU + 2),
    "over-long PDV": lambda r: pdu(4, struct.pack(">IBB", 1 << 30, r.context, 3) + bytes(10)),
    "unknown PDU": lambda _: b"GET / HTTP/1.1\r\n\r\n",
    "second A-ASSOCIATE-AC": lambda _: pdu(2, bytes(100)),
    "A-RELEASE-RP unasked": lambda _: pdu(6, bytes(4)),
    "other message ID": lambda r: r.row(9, message_id=r.message_id + 1),
    "unknown context": lambda r: pdu(4, pdv(99, 3, response(r.message_id, 0, data_set=False))),
    "context of another service": lambda r: pdu(
        4, pdv(1, 3, response(r.message_id, 0, data_set=False))
    ),
    "response to C-ECHO": lambda r: pdu(
        4, pdv(r.context, 3, response(r.message_id, 0, data_set=False, field=0x8030))
    ),
    "request of its own": lambda r: pdu(
        4, pdv(r.context, 3, element(0x0100, b"\x30\x00") + element(0x0110, b"\x01\x00"))
    ),
    "identifier without command": lambda r: pdu(4, pdv(r.context, 2, encoded(study(9)))),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_before_any_row_is_an_error(name: str) -> None:
    rows, ended = answer_to(VIOLATIONS[name])
    assert rows == []
    assert isinstance(ended, ProtocolViolationError)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_after_a_row_is_an_incomplete_answer(name: str) -> None:
    rows, ended = answer_to(lambda request: request.row(1) + VIOLATIONS[name](request))
    assert rows == ["1.2.3.1"]
    assert isinstance(ended, Outcome)
    assert (ended.ending, ended.complete) == (Ending.LOST, False)
    assert ended.detail


MALFORMED: dict[str, Answers] = {
    "element beyond the identifier": lambda r: r.raw_row(element(0x0020000D, b"1.2.3.9\0")[:-4]),
    "10,000 nested sequences": lambda r: r.raw_row(deep(10_000)),
    "120,000 elements": lambda r: r.raw_row(element(0x00080005, b"") * 120_000),
    "120,000 bad elements": lambda r: r.raw_row(b"\x08\0\x05\0\xff\xff\xff\x00" * 120_000),
    "120,000 open sequences": lambda r: r.raw_row(b"\x08\0\x05\0\xff\xff\xff\xff" * 120_000),
    "120,000 open items": lambda r: r.raw_row(b"\xfe\xff\0\xe0\xff\xff\xff\xff" * 120_000),
    "pending without identifier": lambda r: pdu(
        4, pdv(r.context, 3, response(r.message_id, 0xFF00, data_set=False))
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_row_costs_no_other(name: str) -> None:
    """Neither time nor memory, either: what is done for it is bounded."""

    def answers(request: Request) -> bytes:
        return request.row(1) + MALFORMED[name](request) + request.row(2) + request.final()

    rows, ended = answer_to(answers)
    assert (len(rows), rows[0], rows[2]) == (3, "1.2.3.1", "1.2.3.2")
    assert isinstance(ended, Outcome)
    assert ended.complete


AFTER_THE_FINAL: dict[str, Answers] = {
    "rows": lambda r: r.row(2) + r.final(),
    "a data set": lambda r: pdu(4, pdv(r.context, 2, encoded(study(2)))),
    "a response to another message": lambda r: r.row(2, message_id=r.message_id + 1),
}


@pytest.mark.parametrize("name", AFTER_THE_FINAL)
def test_an_answer_that_goes_on_after_its_end_is_not_complete(name: str) -> None:
    """PS3.7 9.1.2: nothing follows the final response; a damaged row looks like one."""
    rows, ended = answer_to(lambda r: r.row(1) + r.final() + AFTER_THE_FINAL[name](r))
    assert rows == ["1.2.3.1"]
    assert isinstance(ended, Outcome)
    assert ended.ending is Ending.LOST
    rows, ended = answer_to(lambda r: r.final() + AFTER_THE_FINAL[name](r))
    assert rows == []
    assert isinstance(ended, ProtocolViolationError)


def test_a_row_whose_status_was_damaged_is_not_the_end() -> None:
    """FF00 became 0000; its identifier arrives in a read of its own, and that is waited for."""

    def damaged(request: Request) -> bytes:
        command = response(request.message_id, 0, data_set=True)
        return pdu(4, pdv(request.context, 3, command))

    async def script(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(damaged(request))
        await peer.writer.drain()
        await asyncio.sleep(0)
        peer.send(pdu(4, pdv(request.context, 2, encoded(study(1)))) + request.final())
        await peer.request()

    async def work() -> tuple[list[str | None], Outcome | DicomshError]:
        async with scripted(script) as modality:
            return await collect(Client(modality))

    rows, ended = run(work())
    assert rows == []
    assert isinstance(ended, ProtocolViolationError)


def test_a_second_final_response_changes_nothing_about_the_answer() -> None:
    rows, ended = answer_to(lambda r: r.row(1) + r.final(0xB001) + r.final())
    assert rows == ["1.2.3.1"]
    assert isinstance(ended, Outcome)
    assert ended.status == 0xB001


@pytest.mark.parametrize("end", [ABORT_BY_USER, pdu(5, bytes(4)), b""])
def test_an_association_that_ends_after_the_final_response_costs_nothing(end: bytes) -> None:
    rows, ended = answer_to(lambda r: r.row(1) + r.final() + end)
    assert rows == ["1.2.3.1"]
    assert isinstance(ended, Outcome)
    assert ended.ending is Ending.COMPLETE


def test_a_response_when_nothing_is_asked_is_answered_with_an_abort() -> None:
    async def work() -> None:
        idle, aborted = asyncio.Event(), asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.accept()
            request = await peer.request()
            peer.send(request.row(1) + request.final())
            await idle.wait()
            peer.send(request.row(2))
            kind, _ = await peer.read_pdu()
            assert kind == 7
            aborted.set()

        async with scripted(script) as modality:
            client = Client(modality)
            assert (await collect(client))[0] == ["1.2.3.1"]
            idle.set()
            await aborted.wait()
            assert not client.is_open

    run(work())


def test_late_responses_never_reach_the_next_query() -> None:
    """What pynetdicom's own client does: leftovers of one query become rows of the next."""

    async def late(peer: Peer) -> None:
        await peer.accept()
        first = await peer.request()
        peer.send(first.row(1) + first.final())
        second = await peer.request()
        peer.send(first.row(2) + first.final() + second.row(3) + second.final())
        with pytest.raises(EOFError):
            await peer.request()

    async def proper(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(4) + request.final())
        await peer.request()

    async def work() -> None:
        async with scripted(late, proper) as modality:
            client = Client(modality)
            assert (await collect(client))[0] == ["1.2.3.1"]
            assert (await collect(client))[0] == ["1.2.3.4"]
            await client.close()

    run(work())


@pytest.mark.parametrize(
    ("abort", "words"),
    [
        (ABORT_BY_USER, "(source: service user)"),
        (ABORT_BY_PROVIDER, "(source: service provider, unrecognized PDU)"),
        (pdu(7, b"\0\0\x09\x09"), "(source: 9)"),
        (pdu(7, b"\0\0\x02\x09"), "(source: service provider, reason 9)"),
        (pdu(7, b""), "(source: service user)"),
    ],
)
def test_aborts_are_told_in_words(abort: bytes, words: str) -> None:
    rows, ended = answer_to(lambda _: abort)
    assert (rows, type(ended)) == ([], AssociationAbortedError)
    assert isinstance(ended, AssociationAbortedError)
    assert words in ended.message
    assert "does it know our AE title DICOMSH?" in (ended.hint or "")
    rows, ended = answer_to(lambda r: r.row(1) + abort)
    assert rows == ["1.2.3.1"]
    assert isinstance(ended, Outcome)
    assert ended.ending is Ending.LOST
    assert words in ended.detail


def test_a_release_in_the_middle_is_a_loss() -> None:
    rows, ended = answer_to(lambda r: r.row(1) + pdu(5, bytes(4)))
    assert rows == ["1.2.3.1"]
    assert isinstance(ended, Outcome)
    assert (ended.ending, ended.detail[-24:]) == (Ending.LOST, "released the association")


def conversation(request: Request) -> bytes:
    return request.row(1) + request.row(2) + request.final()


def cut_at(place: int, end: Callable[[Peer], object]) -> Callable[[Peer], Awaitable[None]]:
    """A script that sends the recorded conversation up to a byte, then ends the connection."""

    async def script(peer: Peer) -> None:
        accept = acceptance(await peer.proposal())
        peer.send(accept[:place])
        if place > len(accept):
            peer.send(conversation(await peer.request())[: place - len(accept)])
        await peer.writer.drain()
        end(peer)

    return script


async def recorded_lengths() -> tuple[int, list[int]]:
    """Length of the acceptance, and where each row and the whole conversation end."""
    lengths: list[int] = []

    async def script(peer: Peer) -> None:
        accept = acceptance(await peer.proposal())
        peer.send(accept)
        request = await peer.request()
        lengths.append(len(accept))
        for part in (request.row(1), request.row(2), request.final()):
            lengths.append(lengths[-1] + len(part))
        peer.send(conversation(request))
        await peer.request()

    async with scripted(script) as modality:
        client = Client(modality)
        assert (await collect(client))[0] == ["1.2.3.1", "1.2.3.2"]
        await client.close()
    return lengths[0], lengths[1:]


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_a_conversation_cut_at_any_byte(how: str) -> None:
    end = Peer.reset if how == "RST" else lambda peer: peer.writer.close()

    async def one(place: int, accept: int, ends: list[int]) -> None:
        async with scripted(cut_at(place, end)) as modality:
            client = Client(modality)
            rows, ended = await collect(client)
            await client.close()
        sent = sum(place >= end for end in ends[:2])
        assert rows == ["1.2.3.1", "1.2.3.2"][: len(rows)]
        assert len(rows) <= sent
        if how == "FIN":  # after RST the kernel may drop what had arrived
            assert len(rows) == sent
        if not rows:
            assert isinstance(ended, NoAssociationError)
        elif isinstance(ended, Outcome):
            whole = place >= ends[2]
            assert ended.ending is Ending.LOST or (whole and ended.ending is Ending.COMPLETE)
            assert not (how == "FIN" and whole) or ended.complete

    async def work() -> None:
        accept, ends = await recorded_lengths()
        for place in range(ends[-1] + 1):
            await one(place, accept, ends)

    run(work())


def test_one_byte_at_a_time() -> None:
    async def trickle(peer: Peer) -> None:
        accept = acceptance(await peer.proposal())
        for data in (accept, None):
            whole = data or conversation(await peer.request())
            for place in range(len(whole)):
                peer.send(whole[place : place + 1])
                await asyncio.sleep(0)
        await peer.request()

    async def work() -> None:
        async with scripted(trickle) as modality:
            client = Client(modality)
            rows, ended = await collect(client)
            assert rows == ["1.2.3.1", "1.2.3.2"]
            assert isinstance(ended, Outcome)
            assert ended.complete
            await client.close()

    run(work())


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        bytes(1000),
        b"\xff" * 1000,
        pdu(4, pdv(1, 3, b"")),
        pdu(2, b"\1"),
    ],
)
def test_garbage_instead_of_an_acceptance(garbage: bytes) -> None:
    async def babble(peer: Peer) -> None:
        peer.send(garbage)
        await peer.proposal()
        with pytest.raises(EOFError):
            await peer.request()

    async def work() -> None:
        async with scripted(babble) as modality:
            with pytest.raises(ProtocolViolationError):
                await Client(modality).connect()

    run(work())


SILENT = replace(QUICK, association=0.1, response=0.1)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (None, r"A-ASSOCIATE-RQ within 0\.1 s .*: association\)"),
        (b"", r"no answer within 0\.1 s .*: response\)"),
    ],
)
def test_a_peer_that_never_answers(answers: bytes | None, words: str) -> None:
    async def script(peer: Peer) -> None:
        if answers is None:
            await peer.proposal()
        else:
            await peer.accept()
            peer.send(answers)
            await peer.request()
        kind, _ = await peer.read_pdu()
        assert kind == 7

    async def work() -> None:
        async with scripted(script, timeouts=SILENT) as modality:
            rows, ended = await collect(Client(modality))
            assert rows == []
            assert isinstance(ended, TimedOutError)
            assert ended.hint is not None
            assert "timeout" in ended.hint
            with pytest.raises(TimedOutError, match=words):
                raise ended

    run(work())


def test_a_peer_that_stops_in_mid_answer() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(1) + request.row(2)[:-1])
        kind, _ = await peer.read_pdu()
        assert kind == 7

    async def work() -> None:
        async with scripted(script, timeouts=SILENT) as modality:
            client = Client(modality)
            rows, ended = await collect(client)
            assert rows == ["1.2.3.1"]
            assert isinstance(ended, Outcome)
            assert ended.ending is Ending.TIMED_OUT
            assert "response" in ended.detail
            assert not client.is_open

    run(work())


def test_a_peer_that_accepts_tiny_pdus_only_is_refused() -> None:
    async def work() -> None:
        async with scripted(lambda peer: peer.accept(max_pdu=7)) as modality:
            with pytest.raises(ProtocolViolationError, match="7 bytes"):
                await Client(modality).connect()

    run(work())


def test_endless_answers_wait_in_the_network_not_in_memory() -> None:
    """A consumer that takes nothing more holds the peer back; then the rest is its own."""
    progress: list[int] = []
    enough = asyncio.Event()

    async def flood(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        block = b"".join(request.row(number) for number in range(100))
        while not enough.is_set():  # no fixed number: how many the kernel takes differs by load
            peer.send(block)
            await peer.writer.drain()
            progress.append(100)
        peer.send(request.final())
        await peer.request()

    async def work() -> None:
        async with scripted(flood) as modality:
            client = Client(modality)
            answer = await client.find(query())
            batches = answer.__aiter__()
            rows = len(await anext(batches))
            settled = -1
            while settled != len(progress) or not progress:  # until the sender no longer gets on
                settled = len(progress)
                await asyncio.sleep(0.1)
            held = len(await anext(batches))
            assert held < 8000
            enough.set()
            rows += held
            async for batch in batches:
                rows += len(batch)
            assert rows == sum(progress)
            assert answer.outcome.complete
            await client.close()

    run(work())


def test_long_answers_wait_in_the_network_however_few_they_are() -> None:
    total, heavy = 80, encoded(study(1, TextValue="x" * 1_000_000))
    progress: list[int] = []

    async def flood(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        for sent in range(total):
            peer.send(request.raw_row(heavy))
            await peer.writer.drain()
            progress.append(sent + 1)
        peer.send(request.final())
        await peer.request()

    async def work() -> None:
        async with scripted(flood) as modality:
            client = Client(modality)
            answer = await client.find(query())
            batches = answer.__aiter__()
            rows = len(await anext(batches))
            settled = -1
            while settled != len(progress):  # until the sender no longer gets on
                settled = len(progress)
                await asyncio.sleep(0.2)
            assert settled < total
            async for batch in batches:
                assert len(batch) < total // 2
                rows += len(batch)
            assert rows == total
            await client.close()

    run(work())


def test_a_flood_after_the_cancel_is_drained_for_a_bounded_time() -> None:
    limits: Timeouts = replace(QUICK, cancel_grace=0.2)

    async def flood(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        block = b"".join(request.row(number) for number in range(100))
        while True:
            peer.send(block)
            await peer.writer.drain()

    async def work() -> None:
        async with scripted(flood, timeouts=limits) as modality:
            client = Client(modality)
            answer = await client.find(query(), limit=3)
            rows = [row async for batch in answer for row in batch]
            assert len(rows) == 3
            assert answer.outcome.ending is Ending.LIMIT
            assert "association aborted" in answer.outcome.detail
            assert not client.is_open

    run(work())


@pytest.mark.parametrize("late", [False, True])
def test_a_cancelled_answer_that_ends_with_a_row_costs_no_association(late: bool) -> None:
    """What Orthanc sends if the C-CANCEL arrives while it is about to send a row."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        first = await peer.request()
        peer.send(b"".join(first.row(number) for number in range(5)))
        await peer.request()  # the C-CANCEL
        whole, length = first.row(9, status=0xFE00), len(first.final())
        end, row = whole[:length], whole[length:]
        peer.send(end if late else end + row)
        second = await peer.request()
        peer.send((row if late else b"") + second.row(1) + second.final())
        await peer.request()

    async def work() -> None:
        async with scripted(script) as modality:
            client = Client(modality)
            answer = await client.find(query(), limit=3)
            assert len([row async for batch in answer for row in batch]) == 3
            assert answer.outcome.ending is Ending.LIMIT
            assert answer.outcome.detail == "C-CANCEL, 2 more rows received"
            assert client.is_open
            answer = await client.find(query())
            assert len([row async for batch in answer for row in batch]) == 1
            assert answer.outcome.ending is Ending.COMPLETE
            await client.close()

    run(work())


def test_an_answer_that_was_lost_can_be_left() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(1) + ABORT_BY_USER)

    async def work() -> None:
        async with scripted(script) as modality:
            client = Client(modality)
            answer = await client.find(query())
            while client.is_open:  # noqa: ASYNC110 - there is no event for it, on purpose
                await asyncio.sleep(0.01)
            await answer.aclose()
            assert answer.outcome.ending is Ending.CANCELLED
            assert answer.outcome.detail == "1 more row had already arrived"

    run(work())

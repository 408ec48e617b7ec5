"""Our storage SCP among hostile senders: what it takes of memory and files is bounded, and told."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from socket import SO_RCVBUF, SO_SNDBUF, SOL_SOCKET
from typing import Any

import pytest

from dicomsh.dimse.listener import _MOST_ASSOCIATIONS, _MOST_CONNECTIONS
from dicomsh.retrieve.inbox import ARRIVING
from tests.dimse.peers import pdu, pdv
from tests.hostile.measure import held
from tests.hostile.receiver import (
    ASSOCIATE,
    ECHO,
    STORE,
    Receiver,
    associated,
    connected,
    data_set,
    fragment,
    receiving,
    still_answers,
    store_command,
    stored,
)

_MUCH = 3 << 20

FLOODS: dict[str, tuple[bytes, bytes]] = {
    "a PDU of 4 GiB": (struct.pack(">BxI", 4, 0xFFFFFFFF), bytes(1 << 16)),
    "a PDV of 1 GiB": (b"", pdu(4, struct.pack(">IBB", 1 << 30, STORE, 0) + bytes(100))),
    "an endless command": (b"", pdu(4, pdv(STORE, 1, bytes(16_000)))),
    "empty fragments of a command": (b"", pdu(4, pdv(STORE, 1, b""))),
    "commands without data set": (b"", store_command(data_set=False)),
    "data sets without command": (b"", fragment(bytes(100), last=True)),
    "not DICOM": (b"", b"GET / HTTP/1.1\r\n\r\n"),
}
"""What breaks the rules: sent first, and again and again."""

_ODD = ("", "../../x", "1.2/3", "\0\x1b[2J", "con")

TINY: dict[str, tuple[bytes, bytes]] = {
    "empty fragments of a data set": (store_command(), fragment(b"")),
    "fragments of two bytes": (store_command(), fragment(b"xx")),
}
LASTING: dict[str, tuple[bytes, bytes]] = {
    **TINY,
    "an endless object": (store_command(), fragment(bytes(16_000))),
    "odd UIDs": (
        b"",
        b"".join(stored(uid) for uid in ("", "../../x", "1.2/3", "\0\x1b[2J", "con")),
    ),
    "the same object": (b"", stored("1.2.3")),
    "echoes": (b"", ECHO),
}
"""What keeps to them, or nearly so, and goes on and on."""


def run(work: Callable[[Receiver], Coroutine[Any, Any, None]], folder: Path) -> list[str]:
    """The states of the objects after some work with a receiver, which ends in any case."""

    async def running() -> list[str]:
        receiver_: AbstractAsyncContextManager[Receiver] = receiving(folder)
        async with asyncio.timeout(60), receiver_ as receiver:
            await work(receiver)
            assert await still_answers(receiver)
        return receiver.states

    return asyncio.run(running())


@pytest.mark.parametrize("name", FLOODS)
def test_what_breaks_the_rules_ends_the_association(name: str, tmp_path: Path) -> None:
    first, block = FLOODS[name]

    async def work(receiver: Receiver) -> None:
        sender = await associated(receiver)
        sender.writer.write(first)
        assert await sender.flood(block, 1 << 40) < 1 << 27

    states, cost = held(lambda: run(work, tmp_path))
    assert states == []
    assert cost.held < 16 << 20


@pytest.mark.parametrize("name", LASTING)
def test_what_never_ends_fills_no_memory(name: str, tmp_path: Path) -> None:
    first, block = LASTING[name]
    share = 8 if name in TINY else 1  # of fragments, which take long, that are to be kept no less

    async def work(receiver: Receiver) -> None:
        sender = await associated(receiver)
        sender.writer.write(first)
        answers = asyncio.ensure_future(sender.answers())
        await sender.flood(block, _MUCH // share)
        sender.writer.transport.abort()
        await answers

    run(_stores, tmp_path / "before")  # imports what it needs
    states, cost = held(lambda: run(work, tmp_path))
    assert cost.held < (8 << 20) // share
    assert not list((tmp_path / ARRIVING).glob("*"))
    assert all(path.is_relative_to(tmp_path) for path in tmp_path.rglob("*"))
    assert set(states) <= {"arrived", "failed", "duplicate"}


async def _stores(receiver: Receiver) -> None:
    sender = await associated(receiver)
    sender.writer.write(stored("1.2.3"))
    assert await sender.pdu() == 4
    sender.writer.transport.abort()


def test_who_reads_no_answers_is_not_read_from(tmp_path: Path) -> None:
    async def work(receiver: Receiver) -> None:
        sender = await associated(receiver)
        sender.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        flood = asyncio.ensure_future(sender.flood(ECHO, 1 << 40))
        (acceptor,) = receiver.server._open
        acceptor.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        while acceptor._writable.is_set():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
        assert not acceptor.transport.is_reading()
        flood.cancel()
        assert acceptor.transport.get_write_buffer_size() < 1 << 20
        sender.writer.transport.abort()

    run(work, tmp_path)


def test_objects_that_do_not_wait_for_the_answer_to_the_one_before(tmp_path: Path) -> None:
    """Several requests in one read, and the last one in part: each is kept as it was sent."""

    async def work(receiver: Receiver) -> None:
        sender = await associated(receiver)
        parts = [stored(f"1.2.{number}", 100 + number) for number in range(5)]
        last = stored("1.2.5", 2000)
        sender.writer.write(b"".join(parts) + last[:-500])
        for _ in parts:
            assert await sender.pdu() == 4
        sender.writer.write(last[-500:])
        assert await sender.pdu() == 4
        sender.writer.close()

    assert run(work, tmp_path) == ["arrived"] * 6
    kept = {path.read_bytes()[-2000:] for path in tmp_path.rglob("*.dcm")}
    for number, size in [*((number, 100 + number) for number in range(5)), (5, 1900)]:
        assert any(data_set(f"1.2.{number}", size)[-100:] in one for one in kept)
    assert sum(len(path.read_bytes()) > 2000 for path in tmp_path.rglob("*.dcm")) == 1


def test_an_association_that_ends_among_several_objects_leaves_none_of_them(
    tmp_path: Path,
) -> None:
    async def work(receiver: Receiver) -> None:
        sender = await associated(receiver)
        sender.writer.write(stored("1.2.1") + store_command("1.2.2") + fragment(b"x" * 100))
        assert await sender.pdu() == 4
        sender.writer.transport.abort()

    assert run(work, tmp_path) == ["arrived", "failed"]
    assert len(list(tmp_path.rglob("*.dcm"))) == 1


def test_idle_associations_and_connections_shut_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomsh.dimse.listener._SPARED", 0.0)

    async def work(receiver: Receiver) -> None:
        open_ = [await associated(receiver) for _ in range(2 * _MOST_ASSOCIATIONS)]
        silent = [await connected(receiver) for _ in range(2 * _MOST_CONNECTIONS)]
        assert await still_answers(receiver)
        assert receiver.server.associations <= _MOST_CONNECTIONS + 2
        for sender in [*open_, *silent]:
            sender.writer.transport.abort()

    run(work, tmp_path)


def test_associations_at_work_are_not_ended_for_others(tmp_path: Path) -> None:
    async def work(receiver: Receiver) -> None:
        senders = [await associated(receiver) for _ in range(_MOST_ASSOCIATIONS)]
        late = await connected(receiver, ASSOCIATE)
        assert await late.pdu() == 3
        assert "32 are open" in receiver.refused[0]
        for number, sender in enumerate(senders):
            sender.writer.write(stored(f"1.2.{number}"))
            assert await sender.pdu() == 4
        for sender in [*senders, late]:
            sender.writer.close()
            await sender.writer.wait_closed()

    assert run(work, tmp_path) == ["arrived"] * _MOST_ASSOCIATIONS


def test_answers_to_who_is_gone_are_not_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio would complain on standard error, once for each."""

    async def work(receiver: Receiver) -> None:
        sender = await associated(receiver)
        (acceptor,) = receiver.server._open
        sender.writer.transport.abort()
        while acceptor.transport.get_extra_info("socket").fileno() >= 0:
            acceptor.write(ECHO)
            await asyncio.sleep(0)
        for _ in range(10):
            acceptor.write(ECHO)

    run(work, tmp_path)
    assert caplog.records == []

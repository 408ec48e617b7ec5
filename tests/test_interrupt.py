"""A signal that comes when nothing waits any more, or not yet, is heard nevertheless."""

from __future__ import annotations

import asyncio
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dicomsh.interrupt import attentive, cancel_soon, interruptible, wait

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pthread_kill")


def test_ctrl_c_as_the_work_ends() -> None:
    async def work() -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interruptible(work()))


def test_ctrl_c_that_is_to_be_heard_at_a_next_wait_and_there_is_none() -> None:
    """As when a program that `!` starts has ended of it before we wait for its end."""

    async def work() -> None:
        cancel_soon()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interruptible(work()))


def test_who_is_cancelled_himself_has_not_been_interrupted() -> None:
    async def cancelled() -> None:
        waiting = asyncio.create_task(interruptible(asyncio.sleep(600)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(cancelled())


def test_ctrl_c_while_the_work_waits() -> None:
    async def work() -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(600)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interruptible(work()))


@pytest.mark.parametrize("reads", [True, False])
def test_a_reader_has_a_moment_after_ctrl_c(reads: bool) -> None:
    waited: list[float] = []
    passed: list[bool] = []

    def ready(seconds: float) -> bool:
        waited.append(seconds)
        if len(waited) == 3:
            signal.raise_signal(signal.SIGINT)
        return reads and len(waited) > 3

    async def work() -> None:
        wait(ready)
        passed.append(True)
        await asyncio.sleep(600)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interruptible(work()))
    assert len(waited) == 4
    assert passed == [True] * reads


@contextmanager
def ctrl_c_that_interrupts_no_call() -> Iterator[None]:
    """Another thread gets it, so that a system call of the main thread goes on.

    That is also how one ends that comes just before the call.
    """

    def press() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    timer = threading.Timer(0.05, press)
    timer.start()
    yield
    timer.join()


@on_posix
def test_ctrl_c_just_before_the_event_loop_waits() -> None:
    async def waits() -> None:
        async with asyncio.timeout(60):
            await interruptible(asyncio.sleep(600))

    with ctrl_c_that_interrupts_no_call(), pytest.raises(KeyboardInterrupt):
        asyncio.run(waits())


@on_posix
def test_ctrl_c_just_before_a_wait_for_a_reader() -> None:
    reading, writing = os.pipe()
    poll = select.poll()
    poll.register(reading, select.POLLIN)

    async def work() -> None:
        wait(lambda seconds: bool(poll.poll(seconds * 1000)))

    with ctrl_c_that_interrupts_no_call(), pytest.raises(KeyboardInterrupt):
        asyncio.run(interruptible(work()))
    os.close(reading)
    os.close(writing)


@on_posix
def test_ctrl_c_just_before_a_line_is_awaited() -> None:
    reading, writing = os.pipe()
    os.write(writing, "one\r\nzwölf\n".encode())
    with os.fdopen(reading, encoding="utf-8") as stream:
        lines = attentive(stream)
        assert [next(lines), next(lines)] == ["one\n", "zwölf\n"]
        with ctrl_c_that_interrupts_no_call(), pytest.raises(KeyboardInterrupt):
            next(lines)
        os.close(writing)
        assert list(lines) == []


def test_a_stream_that_is_no_file_is_read_as_it_is() -> None:
    stream = io.StringIO("one")
    assert attentive(stream) is stream

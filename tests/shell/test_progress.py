"""How far a command is: told on a terminal alone, and gone before anything else is written."""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pyte
import pytest

from dicomsh.output.progress import Headway
from dicomsh.output.result_line import counted
from dicomsh.output.sink import Sink
from dicomsh.shell.progress import RowProgress


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


class Stream(io.StringIO):
    """A stream that can be waited for."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal
        self.written = asyncio.Event()

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)

    @property
    def screen(self) -> list[str]:
        """The lines of a terminal that got all this."""
        screen = pyte.Screen(80, 24)
        pyte.Stream(screen).feed(self.getvalue().replace("\n", "\r\n"))
        return [line.rstrip() for line in screen.display if line.strip()]


def made(stream: Stream, waiting: str = "waiting") -> tuple[Sink, RowProgress]:
    sink = Sink(stream, stream)
    return sink, RowProgress(sink, lambda: waiting)


def run(check: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(check(), 30))


def test_what_is_waited_for_then_rows() -> None:
    async def check() -> None:
        stream = Stream(terminal=True)
        _, progress = made(stream, "connecting to A@b:1")
        with progress.told():
            await stream.written.wait()
            assert stream.screen[0].startswith("connecting to A@b:1 … ")
            progress.count(lambda number: counted(number, ("study", "studies")))
            progress.add(1200)
            stream.written.clear()
            await stream.written.wait()
            assert stream.screen[0].startswith("1,200 studies so far · ")
            assert stream.screen[0].endswith("/s")
        assert stream.screen == []

    run(check)


def test_it_makes_room_for_what_is_written() -> None:
    async def check() -> None:
        stream = Stream(terminal=True)
        sink, progress = made(stream)
        with progress.told():
            await stream.written.wait()
            sink.data("row\n")
            assert stream.screen[0] == "row"
            assert stream.screen[1].startswith("waiting … ")
            sink.talk("beside")
            assert stream.screen[:2] == ["row", "beside"]
            assert stream.screen[2].startswith("waiting … ")
            sink.passing.clear()
            sink.talk("1 row")
            assert stream.screen == ["row", "beside", "1 row"]

    run(check)


def test_it_waits_until_a_line_of_data_is_whole() -> None:
    async def check() -> None:
        stream = Stream(terminal=True)
        sink, progress = made(stream)
        sink.data("[")
        sink.progress(progress.headway)
        sink.wipe_line()
        assert stream.screen == ["["]
        sink.data("]\n")
        sink.progress(progress.headway)
        assert stream.screen[0] == "[]"
        assert stream.screen[1].startswith("waiting … ")

    run(check)


def test_the_keyboard_leaves_nothing_in_the_line() -> None:
    stream = Stream(terminal=True)
    sink = Sink(stream, stream)
    stream.write("^C")
    sink.wipe_line()
    sink.talk("cancelled")
    assert stream.screen == ["cancelled"]


def test_the_rate_is_that_of_the_rows() -> None:
    begun = time.monotonic()
    _, progress = made(Stream(terminal=True))
    progress.add(5_000_000)
    rate = float(progress.headway.rate.removesuffix("/s").replace(",", ""))
    assert rate >= 5_000_000 / (time.monotonic() - begun) - 1


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time stands still until it is told otherwise."""

    now = 0.0

    def time(self) -> float:
        return self.now


def test_what_takes_half_a_second_needs_no_word() -> None:
    stream = Stream(terminal=True)
    clock = Clock()

    async def check() -> None:
        _, progress = made(stream)
        with progress.told():
            clock.now = 0.49
            for _ in range(5):
                await asyncio.sleep(0)
            assert stream.getvalue() == ""
            clock.now = 0.51
            await stream.written.wait()
        assert stream.screen == []

    with asyncio.Runner(loop_factory=lambda: clock) as runner:
        runner.run(check())


def test_a_command_in_a_command_takes_over() -> None:
    async def check() -> None:
        stream = Stream(terminal=True)
        _, progress = made(stream)
        with progress.told():
            with progress.told():
                progress.count(str)
                progress.add(7)
            await stream.written.wait()
            assert stream.screen[0].startswith("waiting")

    run(check)


@pytest.mark.parametrize("environ", [{}, {"TERM": "dumb"}])
def test_nothing_where_there_is_no_terminal(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    stream = Stream(terminal=environ.get("TERM") == "dumb")
    sink = Sink(stream, stream)
    sink.progress(Headway("waiting"))
    sink.passing.clear()
    sink.wipe_line()
    assert stream.getvalue() == ""


def test_nothing_while_another_program_has_the_screen() -> None:
    async def check() -> None:
        stream = Stream(terminal=True)
        sink, progress = made(stream)
        async with sink.to_command(f'"{sys.executable}" -c "import sys; sys.stdin.read()"'):
            sink.progress(progress.headway)
            assert stream.getvalue() == ""

    run(check)


def test_a_line_that_is_too_long_is_cut() -> None:
    stream = Stream(terminal=True)
    Sink(stream, stream).progress(Headway("x" * 500))
    assert len(stream.screen) == 1

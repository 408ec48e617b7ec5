"""Rows on their way to the screen: when the first are seen, and how an answer is left."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from typing import Any

import pytest

from dicomsh.commands.pipe import Passed
from dicomsh.errors import DicomshError
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.output.formats import renderer
from dicomsh.output.renderer import FIRST_PAGE
from dicomsh.output.sink import Sink
from dicomsh.output.streams import CommandGoneError
from dicomsh.output.table import HELD
from dicomsh.output.theme import Theme
from dicomsh.shell.flow import Flow, LeaveReason, RowOutput
from dicomsh.shell.progress import RowProgress

HEADING, FIRST = " #  N\n", " 1  1\n"


class Watched(io.StringIO):
    """A stream that can be waited for."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal
        self.written = asyncio.Event()
        self.writes: list[str] = []

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        self.written.set()
        self.writes.append(text)
        return super().write(text)


class Peer:
    """An answer that a test hands out batch by batch, and that can be slow to stop."""

    def __init__(self, *batches: Sequence[int], ends: bool = False) -> None:
        self._batches = batches
        self._ends = ends
        self.asked_again = asyncio.Event()
        self.stopping = asyncio.Event()
        self.stopped = asyncio.Event()
        self.left = ""

    async def __aiter__(self) -> AsyncGenerator[list[Record], None]:
        for batch in self._batches:
            yield [{"n": number} for number in batch]
        self.asked_again.set()
        if not self._ends:
            await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.stopping.set()
        try:
            await self.stopped.wait()
            self.left = "stopped"
        except asyncio.CancelledError:
            self.left = "aborted"
            raise


class Trial:
    """A flow with its streams."""

    def __init__(self, *, terminal: bool = False, cells: int | None = 80) -> None:
        self.out, self.err = Watched(cells is not None), Watched(terminal)
        self.sink = Sink(self.out, self.err)
        self.progress = RowProgress(self.sink, lambda: "waiting")
        columns = (FieldColumn("n", "N"),)
        table = renderer("table", columns, level=None, width=cells, theme=Theme.plain())
        self.page = RowOutput(self.sink, table, lambda _: None, begun=False)

    def run(self, peer: Peer) -> Coroutine[Any, Any, LeaveReason | None]:
        batches: AsyncIterator[list[Any]] = aiter(peer)
        return Flow(self.sink, self.progress).run(batches, self.page, peer.aclose)


def test_the_first_row_does_not_wait_for_the_second() -> None:
    async def run() -> None:
        bench = Trial()
        flow = asyncio.ensure_future(bench.run(Peer([1])))
        await bench.out.written.wait()
        assert bench.out.getvalue() == HEADING + FIRST
        flow.cancel()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_of_many_first_rows_a_screenful_goes_ahead() -> None:
    async def run() -> None:
        bench = Trial()
        flow = asyncio.ensure_future(bench.run(Peer(range(1, 5000))))
        await bench.out.written.wait()
        assert bench.out.writes[0].count("\n") == 1 + FIRST_PAGE
        flow.cancel()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_an_answer_that_ends() -> None:
    async def run() -> None:
        bench = Trial()
        assert await bench.run(Peer([1], [2], ends=True)) is None
        assert bench.out.getvalue() == HEADING + FIRST + " 2  2\n"

    asyncio.run(run())


@pytest.mark.parametrize(("presses", "how"), [(1, "stopped"), (2, "aborted")])
def test_ctrl_c_keeps_what_arrived(presses: int, how: str) -> None:
    async def run() -> None:
        bench, peer = Trial(), Peer([1])
        flow = asyncio.ensure_future(bench.run(peer))
        await bench.out.written.wait()
        for _ in range(presses):
            flow.cancel()
        await peer.stopping.wait()
        peer.stopped.set()
        assert await flow is LeaveReason.CTRL_C
        assert peer.left == how
        assert bench.out.getvalue() == HEADING + FIRST

    asyncio.run(asyncio.wait_for(run(), 30))


def test_pressed_again_while_the_peer_is_slow_to_stop() -> None:
    async def run() -> None:
        bench, peer = Trial(), Peer([1])
        flow = asyncio.ensure_future(bench.run(peer))
        await bench.out.written.wait()
        flow.cancel()
        await peer.stopping.wait()
        assert bench.progress.headway.text == "waiting for the server to stop … Ctrl-C again aborts"
        flow.cancel()
        assert await flow is LeaveReason.CTRL_C
        assert peer.left == "aborted"

    asyncio.run(asyncio.wait_for(run(), 30))


def test_a_batch_that_comes_with_ctrl_c_is_not_lost() -> None:
    async def run() -> None:
        bench, peer = Trial(), Peer([1], [2], [3])
        flow = asyncio.ensure_future(bench.run(peer))
        peer.stopped.set()
        await asyncio.sleep(0)  # it has begun to wait for the first batch, which is there
        await asyncio.sleep(0)
        flow.cancel()
        assert await flow is LeaveReason.CTRL_C
        count = bench.out.getvalue().count("\n") - 1
        assert count >= 1
        assert bench.out.getvalue() == HEADING + "".join(
            f" {n}  {n}\n" for n in range(1, count + 1)
        )

    asyncio.run(asyncio.wait_for(run(), 30))


def test_of_a_long_batch_ctrl_c_leaves_the_rest() -> None:
    """That of sort has as many rows as there are: they are drawn in turns."""

    async def run() -> None:
        bench, peer = Trial(), Peer(range(1, 50_000))
        peer.stopped.set()
        flow = asyncio.ensure_future(bench.run(peer))
        await bench.out.written.wait()
        flow.cancel()
        assert await flow is LeaveReason.CTRL_C
        assert bench.out.getvalue().count("\n") - 1 == bench.page.count < 10_000

    asyncio.run(asyncio.wait_for(run(), 30))


def test_rows_held_back_are_drawn_in_turns_and_all_of_them() -> None:
    async def run() -> None:
        bench, peer = Trial(cells=None), Peer(range(1, HELD), ends=True)
        peer.stopped.set()
        flow = asyncio.ensure_future(bench.run(peer))
        await bench.out.written.wait()
        assert bench.out.getvalue().count("\n") < HELD / 2
        flow.cancel()
        assert await flow is LeaveReason.CTRL_C
        assert bench.out.getvalue().count("\n") == HELD

    asyncio.run(asyncio.wait_for(run(), 30))


def test_an_answer_left_while_a_stage_works_on_its_rows_is_not_complete() -> None:
    async def run() -> None:
        begun = asyncio.Event()

        async def work(batches: AsyncIterator[list[Any]]) -> AsyncGenerator[list[Any], None]:
            rows = [row async for batch in batches for row in batch]
            begun.set()
            await asyncio.Event().wait()
            yield rows

        source = KnownAnswer([{"n": 1}], Outcome(Ending.COMPLETE, 1, 0.0))
        answer, bench = Passed(source, work), Trial()
        flow = asyncio.ensure_future(
            Flow(bench.sink, bench.progress).run(aiter(answer), bench.page, answer.aclose)
        )
        await begun.wait()
        flow.cancel()
        assert await flow is LeaveReason.CTRL_C
        assert (answer.outcome.ending, answer.outcome.rows) == (Ending.CANCELLED, 0)

    asyncio.run(asyncio.wait_for(run(), 30))


class Failing(Peer):
    """An answer that fails when all of its batches have come."""

    async def __aiter__(self) -> AsyncGenerator[list[Record], None]:
        for batch in self._batches:
            yield [{"n": number} for number in batch]
        raise DicomshError("the answer failed")


def test_rows_held_back_are_written_when_the_answer_fails() -> None:
    async def run() -> None:
        bench = Trial(cells=None)
        with pytest.raises(DicomshError):
            await bench.run(Failing([1], [2]))
        assert bench.out.getvalue() == HEADING + FIRST + " 2  2\n"

    asyncio.run(run())


def test_rows_held_back_are_written_after_ctrl_c() -> None:
    async def run() -> None:
        bench, peer = Trial(cells=None), Peer([1])
        peer.stopped.set()
        flow = asyncio.ensure_future(bench.run(peer))
        await peer.asked_again.wait()
        assert bench.page.patience is None
        flow.cancel()
        assert await flow is LeaveReason.CTRL_C
        assert bench.out.getvalue() == HEADING + FIRST

    asyncio.run(asyncio.wait_for(run(), 30))


def python(code: str) -> str:
    return f'"{sys.executable}" -c "{code}"'


def test_a_reader_that_ends_is_seen_though_no_row_comes() -> None:
    async def run() -> None:
        bench, peer = Trial(), Peer([1])
        peer.stopped.set()
        async with bench.sink.to_command(python("input()")):
            with pytest.raises(CommandGoneError):
                await bench.run(peer)
        assert peer.left == "stopped"

    asyncio.run(asyncio.wait_for(run(), 30))


def test_leaving_the_pager_is_seen_though_no_row_comes() -> None:
    async def run() -> None:
        bench, peer = Trial(terminal=True), Peer(range(1, 100))
        peer.stopped.set()
        async with bench.sink.to_screen({"PAGER": python("input()")}):
            assert await bench.run(peer) is LeaveReason.PAGER
        assert peer.left == "stopped"

    asyncio.run(asyncio.wait_for(run(), 30))

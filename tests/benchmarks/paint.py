"""From the first answer on the wire to its row on the screen, at the prompt in a terminal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.benchmarks import measure, programs
from tests.benchmarks.canned import CannedServer, stream
from tests.processes import HOST

AET = "CANNED"
AT_MOST = 0.02
"""Seconds."""

_PROMPT = r":/(?:\x1b\[[0-9;?]*[A-Za-z])*>"  # colours may stand between
_PATIENCE = 30.0
_PAUSE = 0.15
"""Seconds between the rows of a slow server: no row may wait for the next one."""


class PacedServer(CannedServer):
    """Notes when the first answer leaves; `pause` seconds pass before each other one.

    Args:
        rows: answers to a query.
        pause: seconds, or None to send everything at once.
    """

    def __init__(self, rows: int, pause: float | None) -> None:
        super().__init__(0, rows)
        self._rows = rows
        self._pause = pause
        self.sent = 0.0

    def parts(self, sop_class: str, context_id: int, message_id: int) -> Iterator[bytes]:
        """One part for each answer of a slow server, else one for all."""
        whole = self.stream(sop_class, context_id, message_id)
        ends = [len(whole)] if self._pause is None else self._ends(sop_class, context_id)
        start = 0
        for end in ends:
            if start:
                time.sleep(self._pause or 0)
            else:
                self.sent = time.perf_counter()
            yield whole[start:end]
            start = end

    def _ends(self, sop_class: str, context_id: int) -> list[int]:
        final = len(stream(0, sop_class, context_id, 1))
        numbers = range(1, self._rows + 1)
        ends = [len(stream(rows, sop_class, context_id, 1)) - final for rows in numbers]
        return [*ends[:-1], ends[-1] + final]


@contextmanager
def _served(rows: int, pause: float | None) -> Iterator[PacedServer]:
    with PacedServer(rows, pause) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@contextmanager
def _prompt(port: int) -> Iterator[Any]:
    """A prompt on a terminal that is wide enough for every column."""
    import pexpect

    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "PAGER": "cat",
    }
    command = programs.dicomsh("-m", f"{AET}@{HOST}:{port}", "--limit", "100000")
    child = pexpect.spawn(
        command[0], command[1:], env=environment, timeout=_PATIENCE, dimensions=(50, 200)
    )
    child.delaybeforesend = None
    try:
        child.expect(_PROMPT)
        yield child
    finally:
        child.close(force=True)


def _painted(child: Any, server: PacedServer) -> measure.Run:
    """From sending the first answer to reading its PatientID from the terminal."""
    child.send("find study\r")
    child.expect("PID0000000")
    seconds = time.perf_counter() - server.sent
    child.expect(r"complete.*" + _PROMPT)
    return measure.Run(seconds)


def main(rounds: int) -> None:
    """Prints the times of a slow server and of one that sends many answers at once."""
    with (
        _served(3, _PAUSE) as slow,
        _served(20_000, None) as fast,
        _prompt(slow.server_address[1]) as one,
        _prompt(fast.server_address[1]) as other,
    ):
        cases = {
            f"a server that takes {_PAUSE * 1000:.0f} ms for each row": partial(
                _painted, one, slow
            ),
            "20,000 answers at once": partial(_painted, other, fast),
        }
        runs = measure.interleaved(cases, 2 * rounds)
    measure.report("First row on the screen", runs)
    for name, measured in runs.items():
        seconds = measure.seconds(measured)
        verdict = "met" if seconds <= AT_MOST else "NOT MET"
        most = measure.milliseconds(AT_MOST)
        print(f"- {name}: {measure.milliseconds(seconds)} (at most {most}: {verdict})")


if __name__ == "__main__":
    main(int(sys.argv[1]))

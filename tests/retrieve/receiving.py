"""`receive` as a process, and what sends to it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import warm
from tests.harness import ROOT
from tests.processes import HOST, find_program, free_ports, listens

LIMIT = 120
"""Seconds for what takes a fraction of one on an idle computer."""


@dataclass
class Receiver:
    """A running `receive`.

    Attributes:
        port: where it listens.
        out: standard output, once it has ended.
        err: standard error, once it has ended.
    """

    process: subprocess.Popen[str]
    port: int
    out: str = ""
    err: str = ""

    def ended(self) -> int:
        """Wait for its end; its exit status."""
        self.out, self.err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode

    def interrupted(self) -> int:
        """Press Ctrl-C; its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    @property
    def last(self) -> str:
        """The result line."""
        return self.err.splitlines()[-1] if self.err else ""

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its output, with `-o ndjson`."""
        return [json.loads(line) for line in self.out.splitlines()]


@contextmanager
def receiving(
    folder: Path, more: str = "--from any", *, options: Sequence[str] = (), port: int | None = None
) -> Iterator[Receiver]:
    """`receive` into a folder, from when it listens until the end of the context."""
    port = port or free_ports(1)[0]
    text = f"receive --port {port} --to '{folder}' {more}"
    command = [*options, "-o", "ndjson", "-c", text]
    with warm.popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while not listens(port):
                assert process.poll() is None, process.communicate()
            yield Receiver(process, port)
        finally:
            process.kill()


def storescu(
    port: int,
    *files: Path,
    calling: str = "SENDER",
    called: str = "DICOMSH",
    more: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Send files with DCMTK."""
    return subprocess.run(
        [
            find_program("storescu"),
            "-v",
            *more,
            "-aet",
            calling,
            "-aec",
            called,
            HOST,
            str(port),
            *files,
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )

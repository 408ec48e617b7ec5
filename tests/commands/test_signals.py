"""Ctrl-C and SIGTERM end a program whose output nobody reads, or that waits for another."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import warm
from tests.harness import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

ROWS = "use pacs; find instance; find instance; find instance; find instance"
SIGNALS = {signal.SIGINT: (130, 5), signal.SIGTERM: (143,)}
"""Each with the exit statuses for it; 5 if the server had ended the answer."""

PATIENCE = 20.0


@contextmanager
def started(*arguments: str, **streams: object) -> Iterator[subprocess.Popen[bytes]]:
    """dicomsh in a session of its own, without a terminal; killed if it does not end."""
    more = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams}
    with warm.popen(arguments, cwd=ROOT, **more) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[bytes], number: int, err: bytes = b"") -> None:
    """Send one signal; it ends, in its words."""
    process.send_signal(number)
    assert process.wait(PATIENCE) in SIGNALS[signal.Signals(number)]
    err += process.stderr.read() if process.stderr else b""
    assert b"Traceback" not in err, err


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("merged", [False, True], ids=["stdout", "both"])
def test_output_that_nobody_reads(number: int, merged: bool) -> None:
    reading, writing = os.pipe()
    both = {"stderr": writing} if merged else {}
    try:
        with started("-o", "json", "-c", ROWS, stdout=writing, **both) as process:
            wait_until_full(writing)
            ended(process, number)
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_command_beside_full_output(number: int, tmp_path: Path) -> None:
    mark = tmp_path / "there"
    os.mkfifo(mark)
    line = f"""!sh -c 'echo $$ > "{mark}"; exec sleep 600'"""
    with full_pipe() as writing, started("-c", line, stdout=writing, stderr=writing) as process:
        assert mark.read_text("ascii")
        ended(process, number)


@pytest.mark.parametrize("number", SIGNALS)
def test_standard_input_beside_full_output(number: int, tmp_path: Path) -> None:
    mark = tmp_path / "there"
    os.mkfifo(mark)
    with (
        full_pipe() as writing,
        started("-", stdin=subprocess.PIPE, stdout=writing, stderr=writing) as process,
    ):
        assert process.stdin
        process.stdin.write(f"print here > '{mark}'\n".encode())
        process.stdin.flush()
        assert mark.read_text("ascii")
        ended(process, number)


@contextmanager
def full_pipe() -> Iterator[int]:
    """The end of a pipe that takes no more, and that nobody reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, bytes(select.PIPE_BUF))
    except BlockingIOError:
        os.set_blocking(writing, True)
    try:
        yield writing
    finally:
        os.close(reading)
        os.close(writing)


def wait_until_full(writing: int) -> None:
    """Wait until nothing more fits into a pipe."""
    poll = select.poll()
    poll.register(writing, select.POLLOUT)
    while poll.poll(0):
        time.sleep(0.001)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_named_pipe_without_a_reader(number: int, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with started("-c", f"use pacs; find study > '{tmp_path / 'pipe'}'") as process:
        assert process.stderr
        assert process.stderr.readline().startswith(b"pacs")
        ended(process, number)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", ["find study | !{}", "!{}", "find instance | !{}"])
def test_a_command_and_what_it_has_started(number: int, command: str, tmp_path: Path) -> None:
    mark = tmp_path / "there"
    os.mkfifo(mark)
    line = f"""sh -c 'echo $$ > "{mark}"; exec sleep 600' ; true"""
    with started("-m", "pacs", "-c", command.format(line)) as process:
        pid = int(mark.read_text("ascii"))
        ended(process, number)
    while exists(pid):
        time.sleep(0.01)  # until the system has taken it away


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", SIGNALS)
def test_waiting_for_standard_input(number: int) -> None:
    with started("-", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"print here\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"here\n"
        ended(process, number)


EARLY = """
import os, signal, sys

class AtTheImport:
    def find_spec(self, name, path=None, target=None):
        if name == "{}":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, AtTheImport())
sys.argv = ["dicomsh", "-c", "use pacs; find study | sort date"]
from dicomsh.__main__ import run
sys.exit(run())
"""

IMPORTED = [
    *("dicomsh.cli", "dicomsh.errors", "dicomsh.startup", "dicomsh.language.kinds"),
    *("dicomsh.shell.shell", "dicomsh.commands.stages"),
    *("asyncio.staggered", "asyncio.sslproto", "asyncio.unix_events"),
]


@pytest.mark.parametrize("module", IMPORTED)
def test_while_the_program_is_imported(module: str) -> None:
    command = [sys.executable, "-c", EARLY.format(module)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode in (-signal.SIGINT, *SIGNALS[signal.SIGINT])
    assert b"Traceback" not in done.stderr
    assert b"KeyboardInterrupt" not in done.stderr


LATE = """
import os, signal, sys

sys.argv = ["dicomsh", "-c", "use pacs; find patient JOD*"]
from dicomsh.__main__ import run
status = run()
os.kill(os.getpid(), signal.SIGINT)
sys.exit(status)
"""


def test_while_python_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE], cwd=ROOT, capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == -signal.SIGINT
    assert b"JODOGNE" in done.stdout
    assert b"Traceback" not in done.stderr

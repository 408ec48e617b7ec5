"""`python -m dicomsh` as a process of its own, forked from one that has imported everything.

    program = warm.start(["-c", "pwd"], Streams(stdin, stdout, stderr), home, environ)
    assert program.wait(60) == 0

Starting an interpreter and importing what a query to the practice archive needs takes 0.4 to 0.5 s
of processor time, a fork takes 0.02 s. The process has its own ID, streams, terminal and signals.
What a program imports, and when, is seen only in one that was started by the interpreter: tests of
the start do that.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_PRELOADED = "tests.warm_modules"


@dataclass(frozen=True)
class Streams:
    """File descriptors of the standard streams.

    Args:
        stdin: standard input.
        stdout: standard output.
        stderr: standard error.
        is_terminal: whether standard input is a terminal that shall control the process.
    """

    stdin: int
    stdout: int
    stderr: int
    is_terminal: bool = False


def in_terminal(terminal: int) -> Streams:
    """The streams of a program in a terminal."""
    return Streams(terminal, terminal, terminal, is_terminal=True)


@dataclass(frozen=True)
class Program:
    """A process, with the names of `subprocess.Popen`."""

    process: BaseProcess

    @property
    def pid(self) -> int:
        """Its ID."""
        assert self.process.pid
        return self.process.pid

    def kill(self) -> None:
        """End it, whatever it does; nothing happens if it has ended."""
        self.process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, or the negative number of the signal that ended it.

        Raises:
            TimeoutError: it did not end within so many seconds.
        """
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise TimeoutError
        return self.process.exitcode


def start(
    arguments: Sequence[str], streams: Streams, folder: Path, environ: Mapping[str, str]
) -> Program:
    """Start `python -m dicomsh` with these arguments in a folder, in a session of its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_PRELOADED])
    descriptors = _Descriptors(streams.stdin, streams.stdout, streams.stderr)
    given = (tuple(arguments), descriptors, streams.is_terminal, str(folder), dict(environ))
    process = context.Process(target=_run, args=given)
    process.start()
    return Program(process)


class _Descriptors(tuple[int, ...]):
    """File descriptors, which arrive in the process as copies."""

    def __new__(cls, *numbers: int) -> _Descriptors:
        return super().__new__(cls, numbers)

    def __reduce__(self) -> Any:
        return _received, tuple(DupFd(number) for number in self)


def _received(*copies: Any) -> tuple[int, ...]:
    return tuple(copy.detach() for copy in copies)


def _run(
    arguments: tuple[str, ...],
    descriptors: tuple[int, ...],
    is_terminal: bool,
    folder: str,
    environ: dict[str, str],
) -> None:
    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    if is_terminal:
        _be_controlled()
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.stdin, sys.stdout, sys.stderr = _text(0, "r"), _text(1, "w"), _text(2, "w")
    sys.argv = ["dicomsh", *arguments]
    runpy.run_module("dicomsh", run_name="__main__", alter_sys=True)


def _be_controlled() -> None:
    """Let the terminal that is standard input send us its signals."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _text(number: int, mode: str) -> Any:
    """A standard stream as Python opens it."""
    errors = "backslashreplace" if number == 2 else "surrogateescape"
    stream = open(number, mode, encoding="utf-8", errors=errors, newline="\n", closefd=False)  # noqa: SIM115
    stream.reconfigure(line_buffering=number == 2 or stream.isatty())  # type: ignore[attr-defined]
    return stream

r"""`python -m dicomsh` as a process of its own, forked from one that has imported everything.

    with warm.popen(["-c", "pwd"], stdout=subprocess.PIPE, text=True) as process:
        assert process.communicate() == ("/\n", None)

Starting an interpreter and importing what a query to the practice archive needs takes 0.4 to 0.5 s
of processor time; a fork answers it in 0.06 s. The process has its own ID, session, streams and
signals. What a program imports, and when, is seen only in one that was started by the interpreter:
tests of the start do that.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_PRELOADED = "tests.warm_modules"


@dataclass(frozen=True)
class Program:
    """`python -m dicomsh`, perhaps with other limits than it has.

    Attributes:
        arguments: those of the command line.
        lowered: constants by module and name, `dicomsh.gateway.kept.MOST_ROWS`, and their values.
    """

    arguments: Sequence[str]
    lowered: Mapping[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Run it in this process."""
        for name, value in self.lowered.items():
            module, _, constant = name.rpartition(".")
            found = import_module(module)
            assert constant in vars(found), name
            setattr(found, constant, value)
        sys.argv = ["dicomsh", *self.arguments]
        runpy.run_module("dicomsh", run_name="__main__", alter_sys=True)


def popen(program: Program | Sequence[str], /, **more: Any) -> subprocess.Popen[Any]:
    """Start dicomsh, with these arguments; takes and gives what `subprocess.Popen` does."""
    if not isinstance(program, Program):
        program = Program(program)
    if sys.platform == "win32":
        path, constants = str(Path(__file__).parents[1]), dict(program.lowered)
        code = f"import sys; sys.path.insert(0, {path!r}); from tests.warm import Program\n"
        code += f"Program({[*program.arguments]!r}, {constants!r}).run()"
        return subprocess.Popen([sys.executable, "-c", code], **more)
    return _Forked(program, **more)


def in_terminal(
    arguments: Sequence[str], terminal: int, folder: Path, environ: Mapping[str, str]
) -> subprocess.Popen[Any]:
    """Start dicomsh in a terminal, which controls it."""
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    program = Program(arguments)
    return _Forked(program, controlled=True, cwd=folder, env=environ, **streams)


class _Forked(subprocess.Popen[Any]):
    """A process that was not started by `exec`, and whose parent is multiprocessing's fork server.

    What `subprocess.Popen` asks the system for is replaced: to start it, and to wait for its end.
    """

    def __init__(self, program: Program, *, controlled: bool = False, **more: Any) -> None:
        self._program = program
        self._controlled = controlled
        super().__init__(program.arguments, **more)

    def _execute_child(self, _: Sequence[str], *given: Any) -> None:
        _, preexec, _, passed, folder, environ, *_ = given
        assert not preexec, "a fork has nothing to do before exec"
        assert not passed, "only the standard streams are passed on"
        pipes = given[9:15]  # both ends of each, ours and the other one's; -1 is none
        ends = (pipes[0], pipes[3], pipes[5])
        streams = _Descriptors(own if end == -1 else end for own, end in enumerate(ends))
        place = os.fspath(folder or Path.cwd())
        own = dict(os.environ if environ is None else environ)
        self._process = _started(self._program, streams, self._controlled, place, own)
        self.pid = self._process.pid or 0
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _internal_poll(self, *_: Any, **_more: Any) -> int | None:
        if self.returncode is None:
            self._process.join(0)
            self.returncode = self._process.exitcode
        return self.returncode

    def _wait(self, timeout: float | None) -> int | None:
        self._process.join(timeout)
        if self._internal_poll() is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode


class _Descriptors(tuple[int, ...]):
    """File descriptors, which arrive in the process as copies."""

    def __reduce__(self) -> Any:
        from multiprocessing.reduction import DupFd

        return _received, tuple(DupFd(number) for number in self)


def _received(*copies: Any) -> tuple[int, ...]:
    return tuple(copy.detach() for copy in copies)


def _started(*given: Any) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_PRELOADED])
    process = context.Process(target=_run, args=given)
    process.start()
    return process


def _run(
    program: Program,
    streams: tuple[int, ...],
    controlled: bool,
    folder: str,
    environ: dict[str, str],
) -> None:
    """In the new process: what a shell does, and then what Python does at its start."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    if controlled:
        _be_controlled()
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.stdin, sys.stdout, sys.stderr = _text(0, "r"), _text(1, "w"), _text(2, "w")
    program.run()


def _be_controlled() -> None:
    """Let the terminal that is standard input send us its signals."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _text(number: int, mode: str) -> Any:
    """A standard stream as Python opens it in the locale of the tests."""
    errors = "backslashreplace" if number == 2 else "surrogateescape"
    stream = open(number, mode, encoding="utf-8", errors=errors, newline="\n", closefd=False)  # noqa: SIM115
    stream.reconfigure(line_buffering=number == 2 or stream.isatty())  # type: ignore[attr-defined]
    return stream

"""Programs for the tests: finding them, running a server as long as a block, folders in memory."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar

HOST = "127.0.0.1"

_START_LIMIT = 20.0
_ATTEMPTS = 3


_PACKAGES = {
    "Orthanc": "orthanc",
    **dict.fromkeys(("dcmqridx", "dcmqrscp", "findscu", "wlmscpfs"), "dcmtk"),
    "libModalityWorklists.so": "orthanc",
    "sqlalchemy": "python3-sqlalchemy",
}


def package_of(program: str) -> str:
    """The Debian package that holds a program."""
    return _PACKAGES.get(program, program)


class MissingProgramError(Exception):
    """A program that a server or oracle needs is not installed.

    Args:
        program: its name.
    """

    def __init__(self, program: str) -> None:
        super().__init__(f"{program} is not installed (Debian: apt install {package_of(program)})")
        self.program = program


class ServerError(Exception):
    """A server did not start, or an oracle could not answer."""


def find_program(name: str) -> str:
    """Path of an installed program; Debian keeps servers in /usr/sbin.

    The folder of this Python is left out: pynetdicom puts a findscu of its own there.

    Raises:
        MissingProgramError: it is not installed.
    """
    ours = Path(sys.executable).parent
    folders = [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]
    others = os.pathsep.join(folder for folder in folders if Path(folder) != ours)
    path = shutil.which(name, path=others)
    if path is None:
        raise MissingProgramError(name)
    return path


def find_library(name: str) -> str:
    """Path of an installed plugin of Orthanc.

    Raises:
        MissingProgramError: it is not installed.
    """
    for folder in ("/usr/share/orthanc/plugins", "/usr/lib/orthanc", "/usr/local/share/orthanc"):
        if (Path(folder) / name).exists():
            return str(Path(folder) / name)
    raise MissingProgramError(name)


_CHOSEN_BY_HAND = range(20_000, 32_768)
"""Ports that no system gives to who asks for any: Linux does from 32768 on, others from 49152."""


def free_ports(number: int) -> list[int]:
    """Ports where nobody listens, nor will: hardly another test that chooses one by hand, too.

    A port that the system had chosen, and had free again, it soon gives to another server.
    """
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < number:
            port = SystemRandom().choice(_CHOSEN_BY_HAND)
            with suppress(OSError):
                held.enter_context(socket.create_server((HOST, port)))
                ports.append(port)
        return ports


def listens(port: int, host: str = HOST) -> bool:
    """Whether somebody listens on a port.

    While nobody does, a connection to a free port sometimes gets that port for its own end, too,
    and is connected to itself.
    """
    try:
        with socket.create_connection((host, port), timeout=1) as made:
            return bool(made.getsockname() != made.getpeername())
    except OSError:
        return False


Description = TypeVar("Description")
Start = Callable[..., subprocess.Popen[bytes]]
"""Starts a process, with the streams that `subprocess.Popen` takes."""
Command = list[str] | Start


@contextmanager
def running(
    launch: Callable[[Path], tuple[Command, Description]],
    is_ready: Callable[[Description, Path], bool],
) -> Iterator[Description]:
    """Runs what `launch` prepares in an empty folder, once `is_ready`, until the end of the block.

    Args:
        launch: gives the command, and what describes the server.
        is_ready: whether it can be used.

    Raises:
        ServerError: it ended by itself, or did not become ready in time.
    """
    log = ""
    for _ in range(_ATTEMPTS):
        with scratch() as folder:
            command, server = launch(folder)
            start: Start = command if callable(command) else partial(_popen, command)
            with _process(start, folder / "log") as process:
                if _comes_up(process, partial(is_ready, server, folder)):
                    yield server
                    return
            log = (folder / "log").read_text(errors="replace")
    name = Path(command[0]).name if isinstance(command, list) else "dicomsh"
    raise ServerError(f"{name} did not start: {log.strip()}")


def _popen(command: list[str], **streams: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, **streams)


def _comes_up(process: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _START_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        if is_ready():
            return True
        time.sleep(0.02)
    return False


@contextmanager
def _process(start: Start, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own: Ctrl-C at the terminal reaches us first, and we end it."""
    with log.open("wb") as output:
        process = start(
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills the process and what it forked; nothing that it holds is worth a slow goodbye."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder, in memory where there is /dev/shm: servers sync what they store."""
    memory = Path("/dev/shm")
    parent = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="dicomsh-", dir=parent) as folder:
        yield Path(folder)

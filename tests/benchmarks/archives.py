"""Orthanc and dcmqrscp with the files of a folder, in a process of their own.

    archives FOLDER PORT     prints AE title and port of each, and ends when its input ends

A process that is measured starts with the peak memory of the one that forked it. Whoever starts and
fills servers imports pydicom, and so is not the one that measures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import programs
from tests.processes import HOST

Peer = tuple[str, int]
"""AE title and port."""


@contextmanager
def archives(folder: Path, destination: int) -> Iterator[dict[str, Peer]]:
    """By name, for the length of the block; they can send to us by C-MOVE, and be sent to.

    Args:
        folder: the files that they hold.
        destination: the port that `programs.CALLING_AET` is known by.
    """
    words = "-m", "tests.benchmarks.archives", str(folder), str(destination)
    with hosted(programs.interpreter(*words)) as found:
        yield found


@contextmanager
def hosted(command: Sequence[str]) -> Iterator[dict[str, Peer]]:
    """The archives that a program runs, by name: it prints them, and ends when its input ends."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        told = json.loads(child.stdout.readline())
        yield {name: (str(aet), int(port)) for name, (aet, port) in told.items()}
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait()


def main(folder: Path, destination: int) -> None:
    """Run both until the end of standard input."""
    from tests import servers

    files = sorted(folder.glob("*.dcm"))
    known = {"DicomModalities": {"us": [servers.AET, HOST, destination]}}
    tables = servers.dcmqrscp_tables("RW", servers.Server(servers.AET, destination))
    with (
        servers.orthanc(settings=known) as orthanc,
        servers.dcmqrscp(files, tables=tables) as dcmqrscp,
    ):
        orthanc.upload(files)
        found = {"Orthanc": orthanc, "dcmqrscp": dcmqrscp}
        print(json.dumps({name: (one.aet, one.port) for name, one in found.items()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

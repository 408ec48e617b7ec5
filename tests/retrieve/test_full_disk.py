"""A full disk, and a real one: a small file system in memory, in a namespace of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import pytest

from dicomsh.retrieve.ledger import file_digest, read_ledger
from tests.harness import ROOT
from tests.processes import HOST, find_program, free_ports
from tests.retrieve.giving import Faults, Giver, giving, image
from tests.retrieve.receiving import LIMIT
from tests.retrieve.storing import file_of

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
"""Who may make one is root in it, and can mount there without changing anything for others."""


def namespaces() -> bool:
    """Whether this system lets us make one."""
    if sys.platform != "linux":
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not namespaces(), reason="needs namespaces of Linux for users")

COUNT, SIZE = 20, 100_000


def small_disk(folder: Path, kilobytes: int, script: Sequence[str]) -> list[str]:
    """Run lines of a shell script with a small file system mounted at a folder.

    Returns:
        Its standard error, line by line, and the exit status of each line of it.
    """
    folder.mkdir()
    lines = [f"mount -t tmpfs -o size={kilobytes}k tmpfs {quote(str(folder))}"]
    lines += [f"{line}; echo status $? >&2" for line in script]
    done = subprocess.run(
        [*NAMESPACE, "sh", "-c", "\n".join(lines)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return done.stderr.splitlines()


def dicomsh(text: str, *options: str) -> str:
    command = [sys.executable, "-m", "dicomsh", *options, "-c", text]
    return " ".join(map(quote, command))


def enlarged(folder: Path) -> str:
    return f"mount -o remount,size=64m {quote(str(folder))}"


def copied(folder: Path, to: Path) -> str:
    return f"cp -a {quote(str(folder))} {quote(str(to))}"


def test_get_stops_once_and_completes_when_there_is_room(tmp_path: Path) -> None:
    giver = Giver([image(number, size=SIZE) for number in range(COUNT)], Faults())
    disk = tmp_path / "disk"
    with giving(giver) as modality:
        get = dicomsh(f"get P1 --to '{disk}/here'", "-m", str(modality.address))
        script = [get, enlarged(disk), get, copied(disk, tmp_path / "copy")]
        told = small_disk(disk, 1000, script)
    first, statuses = told[0], [line for line in told if line.startswith("status")]
    assert statuses == ["status 5", "status 0", "status 0", "status 0"], told
    assert " of 20 instances" in first
    assert "INCOMPLETE" in first
    assert "the disk is full: about 1." in first
    assert "20 of 20 instances" in told[told.index("status 5") + 2]
    assert len(giver.requests) == 2  # the whole series, then what was missing
    is_whole(tmp_path / "copy/here")


def is_whole(folder: Path) -> None:
    entries = {entry.uid: entry for entry in read_ledger(folder)}
    assert len(entries) == COUNT
    for entry in entries.values():
        assert file_digest(folder / entry.file) == entry.sha256
    assert not list(folder.rglob("*.part"))
    assert len(list(folder.rglob("*.dcm"))) == COUNT


def test_receive_ends_and_takes_the_rest_when_there_is_room(tmp_path: Path) -> None:
    for number in range(COUNT):
        file_of(tmp_path / "sent", number, size=SIZE)
    disk, sent = tmp_path / "disk", tmp_path / "sent"
    (port,) = free_ports(1)
    receive = dicomsh(f"receive --port {port} --from any --to '{disk}/in' --count {COUNT}")
    rest = dicomsh(f"receive --port {port} --from any --to '{disk}/in'")
    until = f"until {find_program('echoscu')} -aec DICOMSH {HOST} {port} >&2; do :; done"
    send = f"{find_program('storescu')} -nh -aec DICOMSH {HOST} {port} +sd {quote(str(sent))} >&2"
    script = [
        f"{receive} > '{tmp_path}/first' & running=$!; {until}; {send}; wait $running",
        enlarged(disk),
        f"{rest} > '{tmp_path}/second' & running=$!; {until}; {send}; kill -INT $running; wait",
        copied(disk, tmp_path / "copy"),
    ]
    told = small_disk(disk, 1000, script)
    statuses = [line for line in told if line.startswith("status")]
    assert statuses[0] == "status 5", told
    ended = [line for line in told if "the disk is full: make room" in line]
    assert len(ended) == 1
    is_whole(tmp_path / "copy/in")

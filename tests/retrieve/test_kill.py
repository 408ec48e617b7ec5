"""A retrieval that is killed at any moment goes on where it was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dicomsh.retrieve.ledger import NAME, file_digest, read_ledger
from tests import servers, warm
from tests.conftest import Start
from tests.harness import ROOT, run
from tests.retrieve.giving import image_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

COUNT = 300
MOMENTS = int(os.environ.get("DICOMSH_KILLS", "12"))
"""How often it is killed; 50 to be thorough."""


def lines(folder: Path) -> int:
    try:
        return (folder / NAME).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def killed(address: str, folder: Path, more: int) -> None:
    """Run get, and kill it when it has written so many lines more."""
    before = lines(folder)
    command = ["-m", address, "-c", f"get P1 --to '{folder}'"]
    with warm.popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        while lines(folder) < before + more and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)


def test_what_is_there_is_whole_whenever_it_was_killed(
    start_server: Start[servers.Orthanc], tmp_path: Path
) -> None:
    chance = random.Random(1)
    address = filled(start_server(servers.orthanc()), tmp_path).address
    folder = tmp_path / "got"
    for _ in range(MOMENTS):
        killed(address, folder, chance.randrange(1, 2 * COUNT // MOMENTS - 2))
        known = {entry.file: entry for entry in read_ledger(folder)}
        for path in folder.rglob("*.dcm"):
            entry = known[path.relative_to(folder).as_posix()]
            assert (path.stat().st_size, file_digest(path)) == (entry.bytes, entry.sha256)
    done = run(f"use {address}; get P1 --to '{folder}'")
    assert (done.status, done.last.split(" instances")[0]) == (0, f"{COUNT} of {COUNT}")
    assert len(list(folder.rglob("*.dcm"))) == COUNT
    assert not list(folder.rglob("*.part"))
    assert lines(folder) == COUNT  # nothing that was whole has been retrieved again


def filled(server: servers.Orthanc, tmp_path: Path) -> servers.Orthanc:
    assert server.upload(image_files(tmp_path, COUNT, size=20_000)) == COUNT
    return server


def test_ctrl_c_counts_what_is_whole(start_server: Start[servers.Orthanc], tmp_path: Path) -> None:
    address = filled(start_server(servers.orthanc()), tmp_path).address
    folder = tmp_path / "got"
    command = ["-m", address, "-c", f"get P1 --to '{folder}'"]
    with warm.popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while lines(folder) < COUNT // 5 and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        last = process.communicate()[1].splitlines()[-1]
    whole = len(list(folder.rglob("*.dcm")))
    assert whole == lines(folder)
    assert last.startswith(f"{whole} of {COUNT} instances, ")
    assert not list(folder.rglob("*.part"))

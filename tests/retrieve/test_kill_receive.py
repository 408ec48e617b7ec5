"""A `receive` that is killed at any moment has kept what it said it kept."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE

from dicomsh.retrieve.ledger import NAME, file_digest, read_ledger
from tests.processes import HOST
from tests.retrieve.giving import image
from tests.retrieve.receiving import Receiver, receiving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

COUNT = 120
MOMENTS = int(os.environ.get("DICOMSH_KILLS", "6"))
"""How often it is killed; 50 to be thorough."""


def lines(folder: Path) -> int:
    try:
        return (folder / NAME).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def kill(receiver: Receiver, folder: Path, at: int) -> None:
    """Kill it as soon as its ledger has so many lines: then a file is about to get its name."""
    while lines(folder) < at and receiver.process.poll() is None:
        time.sleep(0.0005)  # leaves the processor to it
    receiver.process.send_signal(signal.SIGKILL)


def sent(receiver: Receiver, wanted: list[int], patience: float) -> set[int]:
    """The objects that it said it kept, of those sent until it was killed.

    pynetdicom does not notice that a peer is gone, and waits for its answer as long as its
    `patience` (s) lasts.
    """
    entity = AE("SENDER")
    entity.dimse_timeout = patience
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate(HOST, receiver.port, ae_title="DICOMSH")
    raw: Any = association.dul.socket.socket  # type: ignore[union-attr]
    kept: set[int] = set()
    with suppress(RuntimeError):  # the association is gone
        for number in wanted:
            status = association.send_c_store(image(number, size=50_000))
            if status and status.Status == 0:
                kept.add(number)
        association.release()
    raw.close()  # which pynetdicom does not after a reset
    return kept


def test_what_was_confirmed_is_whole_whenever_it_was_killed(tmp_path: Path) -> None:
    chance = random.Random(1)
    folder = tmp_path / "in"
    kept: set[int] = set()
    for _ in range(MOMENTS):
        left = [number for number in range(1, COUNT + 1) if number not in kept]
        moment = lines(folder) + chance.randrange(1, COUNT // MOMENTS)
        with receiving(folder) as receiver:
            killer = Thread(target=kill, args=(receiver, folder, moment))
            killer.start()
            kept |= sent(receiver, left, patience=1)
            receiver.process.kill()  # it may have been too slow to come to that moment
            killer.join()
        known = {entry.file: entry for entry in read_ledger(folder)}
        for path in folder.rglob("*.dcm"):
            entry = known[path.relative_to(folder).as_posix()]
            assert (path.stat().st_size, file_digest(path)) == (entry.bytes, entry.sha256)
        names = {path.stem for path in folder.rglob("*.dcm")}
        assert names >= {f"1.2.1.1.{number}" for number in kept}
    for _ in range(3):  # a thread of pynetdicom's own may take a response: then it is sent again
        with receiving(folder) as receiver:
            left = [number for number in range(1, COUNT + 1) if number not in kept]
            kept |= sent(receiver, left, patience=10)
            receiver.interrupted()
    assert kept == set(range(1, COUNT + 1))
    assert len(list(folder.rglob("*.dcm"))) == COUNT
    assert not list(folder.rglob("*.part"))

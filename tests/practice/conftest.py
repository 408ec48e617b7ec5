from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.practice.server import PracticeServer, start

Start = Callable[[Faults], PracticeServer]


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with start(PracticeAddress("ORTHANC")) as running:
        yield running


@pytest.fixture
def faulty() -> Iterator[Start]:
    """Starts archives with faults; all of them, and all their threads, must end with the test."""
    running: list[PracticeServer] = []
    before = threading.enumerate()

    def begin(faults: Faults) -> PracticeServer:
        running.append(start(PracticeAddress("FAULTY", faults)))
        return running[-1]

    yield begin
    for one in running:
        one.stop()
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not [name for name in left if "Acceptor" in name]

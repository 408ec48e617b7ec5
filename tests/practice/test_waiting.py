"""Threads that wait are woken by all that they wait for: here they look around for nothing else."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from select import select
from socket import SHUT_RDWR
from typing import Any

import pytest

from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.practice import waiting
from dicomsh.practice.server import PracticeServer, start
from tests.dimse.peers import DEADLINE
from tests.practice.scu import STUDY, associated, find, identifier


@pytest.fixture
def rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by himself before the client gives up, after 20 s."""
    monkeypatch.setattr(waiting, "_LOOK", 2 * DEADLINE)


def associations() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "AcceptorThread" in thread.name]


def ended() -> bool:
    """Whether all associations of the archive have ended."""
    for thread in associations():
        thread.join(DEADLINE)
    return not associations()


@pytest.mark.usefixtures("rare")
def test_requests_are_answered_at_once(server: PracticeServer) -> None:
    with associated(server.port) as association:
        for _ in range(20):
            assert association.send_c_echo().Status == 0x0000
    assert len(find(server.port, "STUDY", StudyInstanceUID="", PatientID="0555643F").rows) == 2
    assert ended()


@pytest.mark.usefixtures("rare")
def test_the_end_is_noticed_at_once() -> None:
    with start(PracticeAddress("PRACTICE")) as server:
        with associated(server.port) as association:
            association.send_c_echo()
            association.abort()
        assert ended()
        with associated(server.port) as association:
            association.send_c_echo()
            connection = association.dul.socket.socket
            connection.shutdown(SHUT_RDWR)
            assert ended()
        connection.close()
        with associated(server.port) as association:
            association.send_c_echo()
            server.stop()
            assert ended()


@pytest.mark.usefixtures("rare")
def test_a_query_is_cancelled_at_once() -> None:
    slow = Faults(stall_after=2)
    with (
        start(PracticeAddress("PRACTICE", slow)) as server,
        associated(server.port) as association,
    ):
        statuses = []
        wanted = identifier("STUDY", StudyInstanceUID="")
        for status, _ in association.send_c_find(wanted, STUDY.value, msg_id=7):
            statuses.append(status.Status)
            if len(statuses) == 2:
                association.send_c_cancel(7, query_model=STUDY.value)
        assert statuses == [0xFF00, 0xFF00, 0xFE00]


@pytest.mark.usefixtures("rare")
def test_an_idle_association_waits(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: SimpleQueue[float] = SimpleQueue()

    def noticed(*given: Any) -> Any:
        begun.put(given[-1])
        return select(*given)

    monkeypatch.setattr(waiting, "select", noticed)
    with associated(server.port) as association:
        for _ in range(3):
            assert association.send_c_echo().Status == 0x0000
            assert begun.get(timeout=DEADLINE) == waiting._LOOK

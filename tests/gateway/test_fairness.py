"""Who asks much, and an archive that does not answer, keep nobody else waiting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.dimse import peers
from tests.gateway.gateways import Answer, Service, basic, gateway, private, until
from tests.processes import HOST

PRACTICE = "pacs: {practice: true}"


class Holding:
    """An archive that answers no query before it is released, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.released = threading.Event()

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        self.asked.append(event.identifier.PatientID)
        self.released.wait(peers.DEADLINE)
        yield from ()


@contextmanager
def holding() -> Iterator[tuple[Holding, str]]:
    """Such an archive, and its line in a modalities file."""
    archive = Holding()
    with peers.scp(archive.find) as modality:
        port = modality.entity.port
        try:
            yield archive, f"held: {{aet: ARCHIVE, host: {HOST}, port: {port}}}"
        finally:
            archive.released.set()


class Callers:
    """Requests that are under way at the same time.

    Args:
        service: whom to ask.
        pool: where they wait for their answers.
    """

    def __init__(self, service: Service, pool: ThreadPoolExecutor) -> None:
        self._service = service
        self._pool = pool

    def ask(
        self, name: str, patient: str, headers: Mapping[str, str] | None = None
    ) -> Future[Answer]:
        """Ask a modality for the studies of a patient."""
        body = {"Level": "Study", "Query": {"PatientID": patient}}
        path = f"/modalities/{name}/query"
        return self._pool.submit(self._service.ask, "POST", path, body, headers)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(24) as running:
        yield running


def test_an_archive_that_does_not_answer_a_query(pool: ThreadPoolExecutor) -> None:
    with holding() as (archive, line), gateway(f"{PRACTICE}\n{line}") as service:
        callers = Callers(service, pool)
        waiting = [callers.ask("held", f"A{number}") for number in range(8)]
        until(lambda: archive.asked)
        assert callers.ask("pacs", "0555643F").result(20).status == 200
        assert not any(one.done() for one in waiting)
        archive.released.set()
        assert {one.result(20).status for one in waiting} == {200}


def test_an_archive_that_does_not_answer_at_all(pool: ThreadPoolExecutor) -> None:
    """It takes connections, and says nothing."""
    with socket.create_server((HOST, 0)) as mute:
        line = f"mute: {{aet: MUTE, host: {HOST}, port: {mute.getsockname()[1]}}}"
        with gateway(f"{PRACTICE}\n{line}") as service:
            callers = Callers(service, pool)
            waiting = [callers.ask("mute", f"A{number}") for number in range(8)]
            connection, _ = mute.accept()
            assert callers.ask("pacs", "0555643F").result(20).status == 200
            assert not any(one.done() for one in waiting)
            mute.close()
            connection.close()
            assert {one.result(20).status for one in waiting} == {500}


def test_who_asks_seldom_does_not_wait_for_who_asks_often(
    pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    users = private(tmp_path / "users", "anna:first\nben:second\n")
    anna, ben = ({"Authorization": basic(one)} for one in users.read_text().split())
    with holding() as (archive, line), gateway(line, "--user-file", str(users)) as service:
        callers = Callers(service, pool)
        first = callers.ask("held", "A", anna)
        until(lambda: archive.asked)
        many = [callers.ask("held", "A", anna) for _ in range(20)]
        one = callers.ask("held", "B", ben)
        for _ in range(3):  # which are answered after what was sent before them is read
            assert service.ask("GET", "/system", headers=ben).status == 200
        archive.released.set()
        assert {done.result(20).status for done in (first, *many, one)} == {200}
    assert archive.asked.index("B") <= 2
    assert len(archive.asked) == 22


@contextmanager
def counting() -> Iterator[tuple[Service, Callable[[], list[int]]]]:
    """A gateway to an archive; gives how many associations were opened, and how many are open."""
    events: list[evt.Event] = []
    names = (evt.EVT_ESTABLISHED, evt.EVT_RELEASED, evt.EVT_ABORTED)

    def counted() -> list[int]:
        opened = sum(event.event is evt.EVT_ESTABLISHED for event in events)
        return [opened, 2 * opened - len(events)]

    archive = Holding()
    archive.released.set()
    handlers = [(name, events.append) for name in names]
    with peers.scp(archive.find, handlers=handlers) as modality:
        line = f"held: {{aet: ARCHIVE, host: {HOST}, port: {modality.entity.port}}}"
        with gateway(line) as service:
            yield service, counted


def test_all_who_ask_share_one_association(pool: ThreadPoolExecutor) -> None:
    with counting() as (service, counted):
        callers = Callers(service, pool)
        sent = [callers.ask("held", f"A{number}") for number in range(40)]
        assert {one.result(20).status for one in sent} == {200}
        assert counted() == [1, 1]


def test_an_aet_of_ones_own_takes_the_place_of_another() -> None:
    """Whoever asks with ever new AE titles does not open ever more associations."""
    with counting() as (service, counted):
        for number in range(5):
            body = {"Level": "Study", "LocalAet": f"ME{number}"}
            assert service.ask("POST", "/modalities/held/query", body).status == 200
        until(lambda: counted() == [5, 1])

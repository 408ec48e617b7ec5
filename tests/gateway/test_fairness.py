"""Who asks much, and an archive that does not answer, keep nobody else waiting."""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.dimse import peers
from tests.gateway.gateways import Service, basic, gateway, private, until
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


class Sent:
    """A request that was sent, for the studies of a patient, and whose answer may take long.

    Args:
        service: whom it was sent to.
        name: the modality.
        patient: the PatientID.
        headers: further headers.
    """

    def __init__(
        self,
        service: Service,
        name: str,
        patient: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._connection = http.client.HTTPConnection(service.host, service.port, timeout=20)
        body = json.dumps({"Level": "Study", "Query": {"PatientID": patient}})
        self._connection.request("POST", f"/modalities/{name}/query", body, dict(headers or {}))

    @property
    def is_answered(self) -> bool:
        """Whether an answer has begun to come."""
        readable, _, _ = select.select([self._connection.sock], [], [], 0)
        return bool(readable)

    def status(self) -> int:
        """The status of its answer."""
        try:
            return self._connection.getresponse().status
        finally:
            self._connection.close()


def test_an_archive_that_does_not_answer_a_query() -> None:
    with holding() as (archive, line), gateway(f"{PRACTICE}\n{line}") as service:
        waiting = [Sent(service, "held", f"A{number}") for number in range(8)]
        until(lambda: archive.asked)
        assert Sent(service, "pacs", "0555643F").status() == 200
        assert not any(one.is_answered for one in waiting)
        archive.released.set()
        assert {one.status() for one in waiting} == {200}


def test_an_archive_that_does_not_answer_at_all() -> None:
    """It takes connections, and says nothing."""
    with socket.create_server((HOST, 0)) as mute:
        line = f"mute: {{aet: MUTE, host: {HOST}, port: {mute.getsockname()[1]}}}"
        with gateway(f"{PRACTICE}\n{line}") as service:
            waiting = [Sent(service, "mute", f"A{number}") for number in range(8)]
            connection, _ = mute.accept()
            assert Sent(service, "pacs", "0555643F").status() == 200
            assert not any(one.is_answered for one in waiting)
            mute.close()
            connection.close()
            assert {one.status() for one in waiting} == {500}


def test_who_asks_seldom_does_not_wait_for_who_asks_often(tmp_path: Path) -> None:
    users = private(tmp_path / "users", "anna:first\nben:second\n")
    anna, ben = ({"Authorization": basic(one)} for one in users.read_text().split())
    with holding() as (archive, line), gateway(line, "--user-file", str(users)) as service:
        first = Sent(service, "held", "A", anna)
        until(lambda: archive.asked)
        many = [Sent(service, "held", "A", anna) for _ in range(20)]
        one = Sent(service, "held", "B", ben)
        for _ in range(3):  # which are answered after what was sent before them is read
            assert service.ask("GET", "/system", headers=ben).status == 200
        archive.released.set()
        assert {sent.status() for sent in (first, *many, one)} == {200}
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


def test_all_who_ask_share_one_association() -> None:
    with counting() as (service, counted):
        sent = [Sent(service, "held", f"A{number}") for number in range(40)]
        assert {one.status() for one in sent} == {200}
        assert counted() == [1, 1]


def test_an_aet_of_ones_own_takes_the_place_of_another() -> None:
    """Whoever asks with ever new AE titles does not open ever more associations."""
    with counting() as (service, counted):
        for number in range(5):
            body = {"Level": "Study", "LocalAet": f"ME{number}"}
            assert service.ask("POST", "/modalities/held/query", body).status == 200
        until(lambda: counted() == [5, 1])

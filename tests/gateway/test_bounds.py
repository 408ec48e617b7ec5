"""What one request, and all of them together, may cost: rows, bytes, queries, jobs, time."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.dimse import peers
from tests.dimse.peers import study
from tests.gateway.gateways import Answer, Service, gateway, until
from tests.processes import HOST

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
INSTANCES = {"PatientID": "0555643F", "StudyInstanceUID": STUDY, "SeriesInstanceUID": ""}
"""412 of them."""
QUERY = {"Level": "Instance", "Query": {"StudyInstanceUID": STUDY}}
PATIENT = {"Level": "Patient", "Query": {"PatientID": "0555643F"}}


@pytest.fixture(scope="module", params=[("kept.MOST_ROWS", 20), ("kept.MOST_BYTES", 20_000)])
def bounded(request: pytest.FixtureRequest) -> Iterator[Service]:
    """A gateway that holds few rows, or few bytes of them."""
    name, value = request.param
    with gateway(lowered={name: value}) as service:
        yield service


def assert_limited(answer: Answer) -> None:
    assert answer.status == 200
    assert answer.complete == "false"
    assert "stopped at the limit of one answer ; there may be more" in answer.headers["warning"]


def test_an_answer_that_is_too_long_is_stopped_and_says_so(bounded: Service) -> None:
    found = bounded.ask("POST", "/modalities/pacs/find-instance", INSTANCES)
    assert_limited(found)
    assert 20 <= len(found.json) < 412
    asked = bounded.ask("POST", "/modalities/pacs/query", QUERY)
    assert_limited(asked)
    path = asked.json["Path"]
    assert_limited(bounded.ask("GET", f"{path}/answers?expand"))
    told = bounded.get(f"{path}/dicomsh-outcome")
    assert (told["Complete"], told["Ending"]) == (False, "limit")
    assert told["Rows"] == len(bounded.get(f"{path}/answers")) < 412


def test_the_limit_of_the_user_is_said_as_it_can_be_changed() -> None:
    """By an option of the gateway; in a command, by one of the command."""
    with gateway("pacs: {practice: true}", "--limit", "5") as service:
        asked = service.ask("POST", "/modalities/pacs/query", {"Level": "Study"})
        assert (
            "5 studies, stopped at the limit of 5 ; the server has more" in asked.headers["warning"]
        )
        assert "set limit" not in asked.headers["warning"]
        path = asked.json["Path"]
        assert not any(
            "set limit" in one for one in service.get(f"{path}/dicomsh-outcome")["Notes"]
        )
        *_, last = service.ask(
            "POST", "/find", {"command": "find study --limit 2"}
        ).body.splitlines()
        line = json.loads(last)["dicomsh-outcome"]["Line"]
        assert line.startswith("2 studies, stopped at --limit 2 · the server has more")


def test_the_next_answer_is_its_own(bounded: Service) -> None:
    """The association is used again, and brings nothing of the query that was stopped."""
    bounded.ask("POST", "/modalities/pacs/find-instance", INSTANCES)
    (patient,) = bounded.post("/modalities/pacs/find-patient", {"PatientID": "0555643F"})
    assert patient["PatientName"] == "JODOGNE^SEBASTIEN"
    assert "StudyInstanceUID" not in patient


def test_rows_that_are_kept_make_room_for_new_ones() -> None:
    with gateway(lowered={"kept.MOST_BYTES": 3000}) as service:
        ids = [service.post("/modalities/pacs/query", PATIENT)["ID"] for _ in range(20)]
        left = service.get("/queries")
        assert 1 <= len(left) < 20
        assert left == sorted(ids[-len(left) :])


def test_the_query_that_was_not_used_for_the_longest_time_is_forgotten() -> None:
    with gateway(lowered={"kept.MOST_QUERIES": 2}) as service:
        used, unused = (service.post("/modalities/pacs/query", PATIENT)["ID"] for _ in range(2))
        assert service.get(f"/queries/{used}/answers") == ["0"]
        new = service.post("/modalities/pacs/query", PATIENT)["ID"]
        assert service.get("/queries") == sorted([used, new])
        assert service.ask("GET", f"/queries/{unused}").status == 404


def test_a_command_is_bounded_unless_its_rows_are_sent_as_they_come() -> None:
    body = {"command": f"find instance study={STUDY}"}
    with gateway(lowered={"routes.language.MOST_BYTES": 20_000}) as service:
        assert_limited(service.ask("POST", "/find", {**body, "format": "csv"}))
        *rows, last = service.ask("POST", "/find", body).body.splitlines()
        assert len(rows) == 412
        assert json.loads(last)["dicomsh-outcome"]["Complete"]


def test_identifiers_of_too_many_instances_are_refused() -> None:
    with gateway(lowered={"routes.wado.MOST": 400}) as service:
        answer = service.ask("POST", "/wado-identifiers", {"StudyInstanceUID": STUDY})
        assert answer.status == 400
        assert "more than 400 instances" in answer.json["Details"]


def test_too_many_that_wait_are_turned_away() -> None:
    """The first one is asked, the second waits for it, the third would wait, too."""
    stalled = "slow: {practice: true, faults: {stall_after: 0}}"
    with (
        ThreadPoolExecutor(3) as pool,
        gateway(stalled, lowered={"turns.MOST_WAITING": 1}) as service,
    ):
        query = "POST", "/modalities/slow/query", PATIENT
        sent = [pool.submit(service.ask, *query) for _ in range(3)]
        until(lambda: any(one.done() for one in sent))
        (refused,) = [one.result() for one in sent if one.done()]
        assert refused.status == 503
        assert refused.complete == "false"
        assert refused.json["Details"] == "too many requests wait for slow"


def test_too_many_jobs_are_turned_away(tmp_path: Path) -> None:
    slow = "slow: {practice: true, faults: {object_delay: 0.3}}"
    body = {"Level": "Study", "Resources": [{"StudyInstanceUID": STUDY}], "Asynchronous": True}
    with gateway(slow, "--store", str(tmp_path), lowered={"jobs.MOST_JOBS": 2}) as service:
        names = [service.post("/modalities/slow/get", body)["ID"] for _ in range(2)]
        answer = service.ask("POST", "/modalities/slow/get", body)
        assert (answer.status, answer.json["Details"]) == (503, "too many jobs are waiting")
        assert service.get("/jobs") == sorted(names)
        service.ask("POST", f"/jobs/{names[0]}/cancel")
        until(lambda: service.get(f"/jobs/{names[0]}")["State"] == "Failure")
        name = service.post("/modalities/slow/get", body)["ID"]
        assert service.get("/jobs") == sorted([names[1], name])


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with (
        gateway(lowered={"app._SLOWEST_BODY": 0.2}) as service,
        socket.create_connection((service.host, service.port), timeout=20) as client,
    ):
        head = "POST /modalities/pacs/find-patient HTTP/1.1\r\nHost: localhost\r\n"
        client.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")


def _many(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
    """More than all buffers between an archive and a client hold."""
    for number in range(6000):
        if event.is_cancelled:
            yield 0xFE00, Dataset()
            return
        yield 0xFF00, study(number, PatientComments="x" * 2000)


def test_a_client_that_does_not_read_frees_the_archive() -> None:
    with peers.scp(_many) as modality:
        line = f"many: {{aet: ARCHIVE, host: {HOST}, port: {modality.entity.port}}}"
        with (
            gateway(line, lowered={"app._SLOWEST_READER": 0.3}) as service,
            socket.socket() as slow,
        ):
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((service.host, service.port))
            body = json.dumps({"command": "find study +PatientComments"})
            head = f"POST /find HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            slow.sendall(f"{head}{body}".encode())
            assert slow.recv(15) == b"HTTP/1.1 200 OK"
            assert service.ask("POST", "/modalities/many/echo", {}).status == 200
            assert "Traceback" not in (service.folder / "log").read_text()

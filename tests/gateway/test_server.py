"""Who may ask, how much, and how it ends."""

from __future__ import annotations

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import servers, warm
from tests.dimse import pki
from tests.gateway.gateways import Answer, Service, basic, gateway, private, program, until
from tests.harness import ROOT
from tests.processes import HOST

TOKEN = "0123456789abcdef-secret"


@contextmanager
def process(
    folder: Path,
    *options: str,
    modalities: str = "pacs: {practice: true}",
    lowered: Mapping[str, float] | None = None,
) -> Iterator[Any]:
    """A gateway as a process, once it listens; `lowered` as for `program`."""
    file = folder / "modalities.yaml"
    file.write_text(f"modalities:\n  {modalities}\n")
    started = program("--port", "0", "-f", str(file), *options, lowered=lowered)
    environ = {**os.environ, "XDG_STATE_HOME": str(folder)}
    with (
        (folder / "said").open("w") as said,
        warm.popen(
            started, stdout=subprocess.PIPE, stderr=said, text=True, cwd=ROOT, env=environ
        ) as running,
    ):
        try:
            assert running.stdout
            address = running.stdout.readline().strip()
            assert address, (folder / "said").read_text()
            yield running, int(address.rpartition(":")[2])
        finally:
            running.kill()


def refused(*options: str, status: int = 2) -> str:
    """What a gateway says that does not start."""
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with warm.popen(program("--port", "0", *options), text=True, cwd=ROOT, **streams) as done:
        _, said = done.communicate(timeout=60)
    assert done.returncode == status
    assert "Traceback" not in said
    return str(said)


# Who may ask


def test_others_are_not_let_in_by_mistake(tmp_path: Path) -> None:
    said = refused("--host", "0.0.0.0")
    assert "--token-file or --user-file" in said
    assert "--cert" in said
    tokens = private(tmp_path / "tokens", f"{TOKEN}\n")
    assert "needs --cert" in refused("--host", "0.0.0.0", "--token-file", str(tokens))


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--token-file", "short\n", "at least 16 characters"),
        ("--token-file", "# nothing\n", "at least 16 characters"),
        ("--user-file", "name\n", "entry 1 is not NAME:PASSWORD"),
        ("--user-file", "\n", "no NAME:PASSWORD"),
    ],
)
def test_files_of_access_that_are_refused(
    tmp_path: Path, option: str, text: str, said: str
) -> None:
    assert said in refused(option, str(private(tmp_path / "file", text)))


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = private(tmp_path / "tokens", f"{TOKEN}\n")
    file.chmod(0o644)
    assert "others can read it" in refused("--token-file", str(file))


@pytest.mark.parametrize("option", ["--token-file", "--user-file", "--cert", "-f"])
def test_files_that_are_missing(tmp_path: Path, option: str) -> None:
    assert "missing" in refused(option, str(tmp_path / "missing"))


def test_an_address_or_a_port_that_cannot_be_used() -> None:
    """192.0.2.1 is no computer's address (RFC 5737)."""
    said = refused("--host", "192.0.2.1", "--insecure", status=3)
    assert "--host takes an address of this computer" in said
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("--port", str(port), status=3)
    assert f"cannot listen on {HOST}:{port}: {os.strerror(errno.EADDRINUSE)}\n" in said
    assert "choose another port" in said


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("access")
    tokens = private(folder / "tokens", f"# ours\n{TOKEN}\n")
    users = private(folder / "users", "anna:pass:word\n")
    options = "--token-file", str(tokens), "--user-file", str(users)
    with gateway("pacs: {practice: true}", *options) as service:
        yield service


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (basic("anna:pass:word"), 200),
        ("", 401),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer ", 401),
        (TOKEN, 401),
        (basic("anna:pass"), 401),
        (basic("anna"), 401),
        (basic("nobody:x"), 401),
        (basic(":"), 401),
        ("Basic ???", 401),
        ("Basic é", 401),
    ],
)
def test_only_those_who_are_known_may_ask(
    guarded: Service, authorization: str, status: int
) -> None:
    answer = guarded.ask("GET", "/system", headers={"Authorization": authorization})
    assert answer.status == status
    assert answer.complete == str(status == 200).lower()
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.body == b""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example:8042"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8042"}, 200),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
    ],
)
def test_pages_of_other_servers_are_refused(
    practice_gateway: Service, headers: dict[str, str], status: int
) -> None:
    answer = practice_gateway.ask("GET", "/system", headers=headers)
    assert answer.status == status
    assert answer.complete == str(status == 200).lower()


def test_a_body_that_is_too_long_is_refused(practice_gateway: Service) -> None:
    body = json.dumps({"PatientID": "x" * (2 << 20)})
    answer = practice_gateway.ask("POST", "/modalities/pacs/find-patient", body)
    assert answer.status == 413
    assert answer.complete == "false"


def test_https(tmp_path: Path) -> None:
    made = pki.Pki(tmp_path)
    with process(tmp_path, "--cert", str(made.server)) as (_, port):
        trusting = pki.client_context(made.ca)
        connection = http.client.HTTPSConnection(HOST, port, context=trusting, timeout=20)
        connection.request("GET", "/system")
        assert connection.getresponse().status == 200
        connection.close()


REMOTE = {"RemoteAccessAllowed": True, "AuthenticationEnabled": False}
"""How an Orthanc is open to all."""


@pytest.mark.parametrize(
    ("settings", "options"), [({}, ()), (REMOTE, ("--host", "0.0.0.0", "--insecure"))]
)
def test_it_is_called_secure_as_orthanc_is(
    tmp_path: Path, settings: Any, options: tuple[str, ...]
) -> None:
    """TLS makes no difference: what counts is whether others can ask without a password."""
    with servers.orthanc(settings=settings) as orthanc, process(tmp_path, *options) as (_, port):
        theirs = Service(orthanc.http_port).get("/system")
        told = Service(port).get("/system")
    assert told["IsHttpServerSecure"] == theirs["IsHttpServerSecure"] == (not options)
    assert told.keys() - theirs.keys() == {"DicomshVersion"}
    assert theirs.keys() <= told.keys()


def test_it_is_secure_for_others_with_a_password(tmp_path: Path) -> None:
    users = private(tmp_path / "users", "anna:secret\n")
    made = pki.Pki(tmp_path)
    options = ("--host", "0.0.0.0", "--user-file", str(users), "--cert", str(made.server))
    with process(tmp_path, *options) as (_, port):
        trusting = pki.client_context(made.ca)
        connection = http.client.HTTPSConnection(HOST, port, context=trusting, timeout=20)
        connection.request("GET", "/system", headers={"Authorization": basic("anna:secret")})
        assert json.load(connection.getresponse())["IsHttpServerSecure"]
        connection.close()


def test_insecure_is_said_loudly(tmp_path: Path) -> None:
    with process(tmp_path, "--host", "0.0.0.0", "--insecure") as (_, port):
        assert "WARNING" in (tmp_path / "said").read_text()
        assert Service(port).ask("GET", "/system").status == 200


def test_reports_hold_no_values() -> None:
    with gateway("pacs: {practice: true}", "--log") as service:
        query = {"Level": "Study", "Query": {"PatientName": "JODOGNE*"}}
        path = service.post("/modalities/pacs/query", query)["Path"]
        service.ask("GET", f"{path}/answers?expand")
        service.ask("GET", "/modalities/JODOGNE/configuration")
        service.ask("POST", "/find", {"command": "find patient JODOGNE* nope=1"})
        until(lambda: "POST /find 400" in (service.folder / "log").read_text())
        text = (service.folder / "log").read_text()
    assert "POST /modalities/{id}/query 200" in text
    assert "JODOGNE" not in text


# Masking


def test_masked_answers_can_be_sent_back() -> None:
    with gateway("pacs: {practice: true}", "--mask") as service:
        (patient,) = service.post("/modalities/pacs/find-patient", {"PatientID": "0555643F"})
        assert "JODOGNE" not in patient["PatientName"]
        assert patient["PatientID"] != "0555643F"
        found = service.post("/modalities/pacs/find-study", {"PatientID": patient["PatientID"]})
        assert len(found) == 2
        assert {one["PatientID"] for one in found} == {patient["PatientID"]}
        keys = {"PatientID": patient["PatientID"], "StudyInstanceUID": found[0]["StudyInstanceUID"]}
        assert len(service.post("/modalities/pacs/find-series", keys)) == 3
        urls = service.post("/wado-identifiers", keys)
        assert {one["StudyInstanceUID"] for one in urls} == {keys["StudyInstanceUID"]}
        text = service.ask(
            "POST", "/find", {"command": f"find study id={patient['PatientID']}"}
        ).body
        query = {"Level": "Study", "Query": {"PatientID": patient["PatientID"]}}
        path = service.post("/modalities/pacs/query", query)["Path"]
        text += service.ask("GET", f"{path}/answers?expand").body
        text += service.ask("GET", f"{path}/query").body
        text += service.ask("GET", f"{path}/dicomsh-outcome").body
        assert b"0555643F" not in text
        assert b"1.2.840.113704.1.111.2768.1239195678" not in text
        moved = service.ask("POST", f"{path}/retrieve", "ARCHIVE")
        assert moved.status == 403


# Changes


def test_changes_are_written_only_if_allowed() -> None:
    peer = ["AET", HOST, 104]
    with gateway() as service:
        before = (service.folder / "modalities.yaml").read_text()
        assert service.ask("PUT", "/modalities/new", peer).status == 200
        assert (service.folder / "modalities.yaml").read_text() == before
    with gateway("pacs: {practice: true}", "--allow-changes") as service:
        file = service.folder / "modalities.yaml"
        assert service.ask("PUT", "/modalities/new", peer).status == 200
        assert "AET" in file.read_text()
        assert service.ask("PUT", "/modalities/new", ["B", HOST, 105]).status == 200
        assert "105" in file.read_text()
        more = {"LocalAet": "ME", "Timeout": 7, "UseDicomTls": True, "Manufacturer": "GE"}
        whole = {"AET": "B", "Host": HOST, "Port": 105, **more}
        assert service.ask("PUT", "/modalities/new", whole).status == 200
        with gateway("", "-f", str(file)) as again:
            told = "/modalities/new/configuration"
            assert again.get(told) == service.get(told)
            assert {**again.get(told), **whole} == again.get(told)
        assert service.ask("DELETE", "/modalities/new").status == 200
        assert "105" not in file.read_text()


# The end


def _asked(port: int) -> Callable[[], Answer]:
    """Asks an archive that takes its time."""

    def ask() -> Answer:
        body = {"PatientID": "0555643F"}
        return Service(port).ask("POST", "/modalities/slow/find-study", body)

    return ask


STALLED = "slow: {practice: true, faults: {stall_after: 1}}"
GRACE = 1
on_signals = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
ENDING = [signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if os.name == "posix" else [])]


@on_signals
@pytest.mark.parametrize("number", ENDING)
def test_a_signal_lets_answers_end(tmp_path: Path, number: signal.Signals) -> None:
    slow = "slow: {practice: true, faults: {row_delay: 0.5}}"
    with (
        process(tmp_path, "--log", modalities=slow) as (running, port),
        ThreadPoolExecutor(1) as pool,
    ):
        assert Service(port).ask("POST", "/modalities/slow/echo").status == 200  # it has started
        asked = pool.submit(_asked(port))
        until(lambda: _busy(port))
        running.send_signal(number)
        answer = asked.result(20)
        assert (len(answer.json), answer.complete) == (2, "true")
        assert running.wait(20) == 0


@on_signals
@pytest.mark.parametrize("number", ENDING)
def test_what_does_not_end_in_time_is_cancelled(tmp_path: Path, number: signal.Signals) -> None:
    with (
        process(tmp_path, modalities=STALLED, lowered={"server.GRACE": GRACE}) as (running, port),
        ThreadPoolExecutor(1) as pool,
    ):
        assert Service(port).ask("POST", "/modalities/slow/echo").status == 200
        asked = pool.submit(_asked(port))
        until(lambda: _busy(port))
        began = time.monotonic()
        running.send_signal(number)
        answer = asked.result(20)
        assert time.monotonic() - began >= GRACE
        assert (answer.status, answer.complete) == (503, "false")
        assert "the gateway was stopped" in answer.json["Details"]
        assert running.wait(20) == 0
    assert "Traceback" not in (tmp_path / "said").read_text()


@on_signals
def test_rows_that_do_not_end_in_time_lack_their_end(tmp_path: Path) -> None:
    with process(tmp_path, modalities=STALLED, lowered={"server.GRACE": GRACE}) as (running, port):
        connection = http.client.HTTPConnection(HOST, port, timeout=20)
        connection.request("POST", "/find", json.dumps({"command": "find study"}))
        answer = connection.getresponse()
        assert json.loads(answer.readline())["StudyInstanceUID"]
        running.send_signal(signal.SIGTERM)
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        connection.close()
        assert running.wait(20) == 0
    assert "Traceback" not in (tmp_path / "said").read_text()


@on_signals
@pytest.mark.parametrize("number", ENDING)
def test_a_second_signal_cancels(tmp_path: Path, number: signal.Signals) -> None:
    with process(tmp_path, modalities=STALLED) as (running, port), ThreadPoolExecutor(1) as pool:
        assert Service(port).ask("POST", "/modalities/slow/echo").status == 200
        asked = pool.submit(_asked(port))
        until(lambda: _busy(port))
        running.send_signal(number)
        until(lambda: not _listens(port))
        running.send_signal(number)
        assert asked.result(8).status == 503
        assert running.wait(8) == 0
    assert "Traceback" not in (tmp_path / "said").read_text()


def _listens(port: int) -> bool:
    try:
        return Service(port).ask("GET", "/system").status == 200
    except (OSError, http.client.HTTPException):
        return False


def _busy(port: int) -> bool:
    """Whether a query is under way: another one would have to wait."""
    connection = http.client.HTTPConnection(HOST, port, timeout=0.2)
    try:
        connection.request("POST", "/modalities/slow/echo", "{}")
        connection.getresponse()
    except TimeoutError:
        return True
    finally:
        connection.close()
    return False

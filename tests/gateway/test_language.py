"""Commands of the shell in a request."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.gateways import Answer, Service, gateway
from tests.harness import run


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    stalling = "stalling: {practice: true, faults: {stall_after: 3}}"
    cut = "cut: {practice: true, faults: {cut_off: 5}}"
    failing = "failing: {practice: true, faults: {fail: {study: 0xA900}}}"
    with gateway(f"pacs: {{practice: true}}\n{stalling}\n{cut}\n{failing}") as running:
        yield running


def find(service: Service, command: Any, form: str = "ndjson", modality: str = "pacs") -> Answer:
    body = {"command": command, "format": form, "Modality": modality}
    return service.ask("POST", "/find", body)


@pytest.mark.parametrize(
    "command",
    [
        "find study mod=CT date=2009",
        "find patient JOD* sex=M",
        "find study | count by mod",
        "find study | where desc=*thorax* | sort date -r | head 3 | select date desc",
        "find worklist mod=CT",
        "find study date=2009 --split month",
    ],
)
def test_rows_are_those_of_the_shell_and_the_outcome_is_last(
    service: Service, command: str
) -> None:
    *rows, last = find(service, command).body.decode().splitlines()
    done = run(command, modality="pacs", output="ndjson")
    assert rows == done.out.splitlines()
    told = json.loads(last)["dicomsh-outcome"]
    assert told["Complete"]
    assert told["Line"].split(" · ")[0].split(", ")[0] == done.last.split(", ")[0]


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "yaml", "dicom-json", "table", "vertical"])
def test_other_formats_say_in_a_header_whether_they_are_complete(
    service: Service, form: str
) -> None:
    answer = find(service, "find study mod=CT date=2009", form)
    done = run("find study mod=CT date=2009", modality="pacs", output=form)
    assert answer.body.decode() == done.out
    assert answer.complete == "true"


def test_what_is_cut_off_is_there_and_said(service: Service) -> None:
    answer = find(service, "find study", "json", "cut")
    assert len(answer.json) == 5
    assert answer.complete == "false"
    assert "CUT OFF by the server" in answer.headers["warning"]
    *rows, last = find(service, "find study", modality="cut").body.splitlines()
    told = json.loads(last)["dicomsh-outcome"]
    assert (len(rows), told["Complete"], told["Ending"]) == (5, False, "cut-off")


def test_rows_come_before_the_end_and_who_leaves_frees_the_archive(service: Service) -> None:
    """This archive sends three rows, and then nothing until it is told to stop."""
    for _ in range(2):
        connection = http.client.HTTPConnection(service.host, service.port, timeout=20)
        body = json.dumps({"command": "find study", "Modality": "stalling"})
        connection.request("POST", "/find", body)
        answer = connection.getresponse()
        assert answer.getheader("dicomsh-complete") == "last-line"
        assert json.loads(answer.readline())["StudyInstanceUID"]
        answer.close()
        connection.close()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("find study mod=CT | !cat", "a request runs no programs, at character 21"),
        ("!cat /etc/passwd", "a request runs no programs"),
        ("find study > /tmp/x", "a request writes no files"),
        ("find study | to csv > x", "a request writes no files"),
        ("find study; find patient", "expected one command"),
        ("", "expected one command"),
        ("ls", "ls"),
        ("set limit 5", "set"),
        ("source x", "source"),
        ("find study | get --to /tmp", "get"),
        ("find study | each ls", "each"),
        ("find study modd=CT", "no attribute 'modd', at character 12; did you mean"),
        ("find study number=1-5", "not a valid"),
        ("find study date=$HOME", "HOME"),
        ("find study 'open", "quote"),
    ],
)
def test_what_does_more_than_ask_is_refused_and_mistakes_are_placed(
    service: Service, command: str, said: str
) -> None:
    answer = find(service, command)
    assert answer.status == 400
    assert said in answer.json["Details"]


@pytest.mark.parametrize(
    "body",
    [
        "x",
        {},
        {"command": 5},
        {"command": "find study", "format": "xml"},
        {"command": "find study"},
    ],
)
def test_bodies_that_are_refused(service: Service, body: Any) -> None:
    """The last one names no modality, and there are several."""
    assert service.ask("POST", "/find", body).status == 400


def test_what_fails_before_the_first_row_is_an_error(service: Service) -> None:
    answer = find(service, "find study", modality="failing")
    assert answer.status == 422
    assert "0xA900" in answer.json["Details"]


def test_orthancs_routes_give_what_came_of_an_answer_that_was_cut_off(service: Service) -> None:
    """Orthanc answers 500, and throws the rows away."""
    found = service.ask("POST", "/modalities/cut/find-patient", {"PatientName": "*"})
    assert (found.status, len(found.json)) == (200, 5)
    assert "CUT OFF by the server" in found.headers["warning"]
    assert "narrow the query" in found.headers["warning"]
    assert "find study" not in found.headers["warning"]
    query = service.post("/modalities/cut/query", {"Level": "Studies", "Query": {}})
    assert len(service.get(f"{query['Path']}/answers")) == 5
    told = service.get(f"{query['Path']}/dicomsh-outcome")
    assert (told["Complete"], told["Ending"]) == (False, "cut-off")


def test_the_last_hundred_queries_are_kept(service: Service) -> None:
    asked = {"Level": "Patient", "Query": {"PatientID": "0555643F"}}
    ids = [service.post("/modalities/pacs/query", asked)["ID"] for _ in range(102)]
    assert service.get("/queries") == sorted(ids[-100:])
    assert service.ask("GET", f"/queries/{ids[1]}").status == 404
    assert service.ask("DELETE", f"/queries/{ids[-1]}").status == 200
    assert len(service.get("/queries")) == 99


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("ls", "no command 'ls', at character 1"),
        ("quit", "no command 'quit', at character 1"),
        ("find study date=$DAY", "no variable 'DAY', at character 17"),
        ("find study qqqqqq=1", "no attribute 'qqqqqq', at character 12"),
        ("find study | less", "no stage 'less', at character 14"),
        ("find study --wide", "find has no option '--wide', at character 12"),
        ("find study --help", "find has no option '--help', at character 12"),
        ("find study | wher a=b", "no stage 'wher', at character 14; did you mean 'where'?"),
    ],
)
def test_a_hint_that_only_the_shell_can_follow_is_left_out(
    service: Service, command: str, said: str
) -> None:
    assert find(service, command).json["Details"] == said


@pytest.mark.parametrize("path", ["/find", "/wado-identifiers"])
@pytest.mark.parametrize(
    ("member", "said"),
    [
        ({"Modalty": "pacs"}, "unknown field \"Modalty\"; did you mean 'Modality'?"),
        ({"Limit": -1}, 'unknown field "Limit"; the fields are '),
    ],
)
def test_a_member_that_nothing_reads_is_refused(
    service: Service, path: str, member: Any, said: str
) -> None:
    known = {"command": "find study"} if path == "/find" else {"PatientID": "0555643F"}
    answer = service.ask("POST", path, known | member | {"Modality": "pacs"})
    assert answer.status == 400
    assert answer.json["Details"].startswith(said)


@pytest.mark.parametrize("options", ["", " --missing", " --resume kept"])
def test_no_file_is_read_for_a_request(service: Service, options: str) -> None:
    answer = find(service, f"find study acc=@{__file__}{options}")
    assert answer.status == 400
    assert b"files cannot be read here" in answer.body

"""The lines of the documentation, run by curl against the practice archive.

Those of the deprecated routes are from the page that the project grew from, Orthanc's "Finding
samples for the REST API", word for word.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dicomsh.gateway.__main__ import parser
from tests import warm
from tests.docs.blocks import blocks
from tests.gateway.gateways import Service
from tests.harness import ROOT
from tests.processes import find_program

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"

OF_THE_PAGE = """\
curl http://localhost:8042/modalities/pacs/find-patient -X POST -d '{"PatientName":"JOD*","PatientSex":"M"}'
curl http://localhost:8042/modalities/pacs/find-study -X POST -d '{"PatientID":"0555643F"}'
curl http://localhost:8042/modalities/pacs/find-series -X POST -d '{"PatientID":"0555643F","StudyInstanceUID":"1.2.840.113704.1.111.2768.1239195678.57"}'
curl http://localhost:8042/modalities/pacs/find-instance -X POST -d '{"PatientID":"0555643F","StudyInstanceUID":"1.2.840.113704.1.111.2768.1239195678.57","SeriesInstanceUID":""}'
""".splitlines()  # noqa: E501
"""The lines of the page, which goes from the name of a patient to the identifiers of instances."""

LINES = [
    (block.page, line)
    for block in blocks("sh")
    for line in block.lines
    if line.startswith(("curl ", "dicomsh gateway"))
]


def lines(program: str) -> list[str]:
    """The lines of the documentation that run a program, each once."""
    return sorted({line for _, line in LINES if line.startswith(program)})


def run(line: str, service: Service) -> Any:
    """What a line prints, sent to this server."""
    program, *words = shlex.split(line.replace("localhost:8042", f"localhost:{service.port}"))
    command = [find_program(program), "-sS", "--noproxy", "*", *words]
    out = subprocess.run(command, capture_output=True, check=True).stdout
    printed = out.splitlines() if "/find " in line else [out]
    return [json.loads(one) for one in printed] if len(printed) > 1 else json.loads(out)


@pytest.mark.parametrize("page", ["README.md", "docs/guide/gateway.md"])
def test_the_lines_are_those_of_the_page(page: str) -> None:
    shown = [line for where, line in LINES if where == page and "/find-" in line]
    assert shown[: len(OF_THE_PAGE)] == OF_THE_PAGE


@pytest.mark.parametrize("line", lines("curl"))
def test_every_line_is_answered(line: str, practice_gateway: Service) -> None:
    answer = run(line, practice_gateway)
    assert answer
    assert "HttpError" not in answer


@pytest.mark.parametrize("line", lines("dicomsh"))
def test_it_starts_as_the_page_says(line: str, tmp_path: Path) -> None:
    """Without a modalities file, `pacs` is the practice archive; only the port is another one."""
    words = shlex.split(line, comments=True)
    assert words[0] == "dicomsh"
    environ = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with warm.popen(
        [*words[1:], "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environ,
    ) as process:
        try:
            assert process.stdout
            address, _, port = process.stdout.readline().rpartition(":")
            answers = [run(one, Service(int(port))) for one in OF_THE_PAGE]
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Modalities: pacs" in said
    assert f"{address}:{parser().parse_args(words[2:]).port}" in line
    assert_printed(answers)


def test_the_lines_print_what_the_page_says(practice_gateway: Service) -> None:
    assert_printed([run(line, practice_gateway) for line in OF_THE_PAGE])


def assert_printed(answers: list[Any]) -> None:
    """The answers to the lines of the page are what it says: each line needs what came before."""
    (patient,), studies, series, instances = answers
    assert (patient["PatientID"], patient["PatientName"]) == ("0555643F", "JODOGNE^SEBASTIEN")
    assert [study["StudyDescription"] for study in studies] == ["CT THORAX", "MR BRAIN"]
    assert studies[0]["StudyInstanceUID"] == STUDY
    assert [one["SeriesNumber"] for one in series] == ["1", "2", "3"]
    assert len(instances) == len({one["SOPInstanceUID"] for one in instances}) == 412
    assert {one["StudyInstanceUID"] for one in (*series, *instances)} == {STUDY}
    of_series = {one["SeriesInstanceUID"] for one in series}
    assert {one["SeriesInstanceUID"] for one in instances} == of_series


def test_the_route_that_superseded_these_gives_the_same(practice_gateway: Service) -> None:
    body = {"Level": "Study", "Query": {"PatientID": "0555643F"}}
    path = practice_gateway.post("/modalities/pacs/query", body)["Path"]
    answers = practice_gateway.get(f"{path}/answers?expand&simplify")
    studies = run(OF_THE_PAGE[1], practice_gateway)
    uids = [one["StudyInstanceUID"] for one in answers]
    assert uids == [one["StudyInstanceUID"] for one in studies]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_answer_says_that_it_is_complete(practice_gateway: Service, host: str) -> None:
    headers = {"Host": f"{host}:{practice_gateway.port}"}
    path = "/modalities/pacs/find-patient"
    answer = practice_gateway.ask("POST", path, {"PatientID": "0555643F"}, headers)
    assert answer.complete == "true"
    assert "warning" not in answer.headers

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

from tests import warm
from tests.docs.blocks import blocks
from tests.gateway.gateways import Service
from tests.harness import ROOT
from tests.processes import find_program

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"

LINES = [
    line
    for block in blocks("sh")
    for line in block.lines
    if line.startswith(("curl ", "dicomsh gateway"))
]


def line_with(route: str) -> str:
    """The line of the documentation for a route."""
    return next(line for line in LINES if f"/{route} " in line)


def run(line: str, service: Service) -> Any:
    """What a line prints, sent to this server."""
    program, *words = shlex.split(line.replace("localhost:8042", f"localhost:{service.port}"))
    command = [find_program(program), "-sS", "--noproxy", "*", *words]
    out = subprocess.run(command, capture_output=True, check=True).stdout
    lines = out.splitlines() if "/find " in line else [out]
    return [json.loads(one) for one in lines] if len(lines) > 1 else json.loads(out)


@pytest.mark.parametrize("line", sorted({line for line in LINES if line.startswith("curl")}))
def test_every_line_is_answered(line: str, practice_gateway: Service) -> None:
    answer = run(line, practice_gateway)
    assert answer
    assert "HttpError" not in answer


@pytest.mark.parametrize("line", sorted({line for line in LINES if line.startswith("dicomsh")}))
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
            port = int(process.stdout.readline().rpartition(":")[2])
            assert run(line_with("find-patient"), Service(port))[0]["PatientID"] == "0555643F"
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Modalities: pacs" in said


def test_the_patient_id_is_retrieved(practice_gateway: Service) -> None:
    (patient,) = run(line_with("find-patient"), practice_gateway)
    assert patient["PatientID"] == "0555643F"
    assert patient["PatientName"] == "JODOGNE^SEBASTIEN"


def test_the_studies_of_this_patient_are_retrieved(practice_gateway: Service) -> None:
    studies = run(line_with("find-study"), practice_gateway)
    assert [study["StudyDescription"] for study in studies] == ["CT THORAX", "MR BRAIN"]
    assert studies[0]["StudyInstanceUID"] == STUDY


def test_the_series_of_one_study_are_retrieved(practice_gateway: Service) -> None:
    series = run(line_with("find-series"), practice_gateway)
    assert [one["SeriesNumber"] for one in series] == ["1", "2", "3"]


def test_the_instances_have_the_three_identifiers_of_wado(practice_gateway: Service) -> None:
    instances = run(line_with("find-instance"), practice_gateway)
    assert len(instances) == 412
    series = {one["SeriesInstanceUID"] for one in run(line_with("find-series"), practice_gateway)}
    assert {one["SeriesInstanceUID"] for one in instances} == series
    assert {one["StudyInstanceUID"] for one in instances} == {STUDY}
    assert len({one["SOPInstanceUID"] for one in instances}) == 412


def test_the_route_that_superseded_these_gives_the_same(practice_gateway: Service) -> None:
    body = {"Level": "Study", "Query": {"PatientID": "0555643F"}}
    path = practice_gateway.post("/modalities/pacs/query", body)["Path"]
    answers = practice_gateway.get(f"{path}/answers?expand&simplify")
    studies = run(line_with("find-study"), practice_gateway)
    uids = [one["StudyInstanceUID"] for one in answers]
    assert uids == [one["StudyInstanceUID"] for one in studies]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_every_answer_says_whether_it_is_complete(practice_gateway: Service, host: str) -> None:
    headers = {"Host": f"{host}:{practice_gateway.port}"}
    path = "/modalities/pacs/find-patient"
    answer = practice_gateway.ask("POST", path, {"PatientID": "0555643F"}, headers)
    assert answer.headers["dicomsh-complete"] == "true"
    assert "warning" not in answer.headers

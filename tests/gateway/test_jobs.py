"""Objects that are moved and retrieved through the gateway, and what it says about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.gateway.gateways import Service, gateway, until
from tests.processes import HOST

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
SERIES = "2.25.236092141500755858564893741495811087176"
TOPOGRAM = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES}
"""Two instances of the practice archive."""
MR_SERIES = "2.25.128122893242509685366272919614092121052"
SAGITTAL = {
    "StudyInstanceUID": "1.2.840.113704.1.111.2768.1239195678.91",
    "SeriesInstanceUID": MR_SERIES,
}
"""Another series there."""


def state(service: Service, name: str) -> str:
    found: str = service.get(f"/jobs/{name}")["State"]
    return found


def ended(service: Service, name: str) -> Any:
    """The job, once it has ended."""
    until(lambda: state(service, name) in ("Success", "Failure"))
    return service.get(f"/jobs/{name}")


def not_yet(service: Service, name: str) -> str:
    """Why not everything that a job retrieves is there, as a header says."""
    answer = service.ask("GET", f"/jobs/{name}")
    assert answer.complete == "false"
    return answer.headers["warning"]


# C-GET into the folder of the gateway


@pytest.fixture(scope="module")
def storing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    folder = tmp_path_factory.mktemp("store")
    slow = "slow: {practice: true, faults: {object_delay: 0.3}}"
    lossy = "lossy: {practice: true, faults: {skip_every: 2}}"
    lines = f"pacs: {{practice: true}}\n{slow}\n{lossy}"
    with gateway(lines, "--store", str(folder)) as service:
        yield service, folder


def get_body(**more: Any) -> dict[str, Any]:
    return {"Level": "Series", "Resources": [TOPOGRAM], **more}


def test_objects_are_retrieved_into_the_folder(storing: tuple[Service, Path]) -> None:
    service, folder = storing
    answer = service.ask("POST", "/modalities/pacs/get", get_body())
    assert answer.status == 200
    assert answer.complete == "true"
    (detail,) = answer.json["Details"]
    assert detail["dicomsh-outcome"]["Expected"] == 2
    assert len(list(folder.rglob("*.dcm"))) == 2
    (job,) = [one for one in service.get("/jobs?expand") if one["Type"] == "DicomGetScu"]
    assert (job["State"], job["Progress"], job["ErrorCode"]) == ("Success", 100, 0)
    assert job["CompletionTime"] >= job["CreationTime"]


def test_an_answer_is_retrieved_by_get(storing: tuple[Service, Path]) -> None:
    service, _ = storing
    query = {"Level": "Series", "Query": TOPOGRAM}
    path = service.post("/modalities/pacs/query", query)["Path"]
    for body in ({"RetrieveMethod": "C-GET"}, ""):
        answer = service.ask("POST", f"{path}/answers/0/retrieve", body)
        assert answer.status == 200, answer.body
        keys = answer.json["Query"][0]
        assert keys["0008,0052"] == "SERIES"
        assert keys["0020,000e"] == SERIES


def test_what_is_missing_is_a_failure(storing: tuple[Service, Path]) -> None:
    """The archive counts every second object as sent, and does not send it."""
    service, _ = storing
    body = {"Level": "Series", "Resources": [SAGITTAL]}
    answer = service.ask("POST", "/modalities/lossy/get", body)
    assert answer.status == 500
    assert re.search(r"[0-9]+ of [0-9]+ instances.*INCOMPLETE", answer.json["Details"])
    permissive = service.ask("POST", "/modalities/lossy/get", {**body, "Permissive": True})
    assert permissive.status == 200
    assert permissive.complete == "false"
    assert "INCOMPLETE" in permissive.headers["warning"]


def test_a_job_is_cancelled_and_begins_again(storing: tuple[Service, Path]) -> None:
    service, _ = storing
    body = {"Level": "Study", "Resources": [{"StudyInstanceUID": STUDY}], "Asynchronous": True}
    name = service.post("/modalities/slow/get", body)["ID"]
    until(lambda: state(service, name) == "Running")
    assert re.search(r"the job is running: \d+ %", not_yet(service, name))
    (detail,) = until(lambda: service.get(f"/jobs/{name}")["Content"]["Details"])
    told = detail["dicomsh-outcome"]
    assert (told["Complete"], told["Ending"]) == (False, "running")
    assert re.fullmatch(r"\d+ of \d+ instances so far", told["Line"])
    assert service.post("/modalities/slow/find-patient", {"PatientID": "0555643F"})
    assert state(service, name) == "Running"  # while others ask the same archive
    assert service.ask("POST", f"/jobs/{name}/cancel").json == {}
    job = ended(service, name)
    assert (job["State"], job["ErrorCode"]) == ("Failure", 37)
    assert "This job was canceled" in not_yet(service, name)
    assert job["Content"]["Details"][0]["dicomsh-outcome"]["Ending"] == "cancelled"
    assert service.ask("POST", f"/jobs/{name}/resubmit").json == {}
    until(lambda: state(service, name) == "Running")
    service.ask("POST", f"/jobs/{name}/cancel")
    assert ended(service, name)["State"] == "Failure"


def test_a_job_is_paused_and_goes_on(storing: tuple[Service, Path]) -> None:
    service, _ = storing
    begun = service.ask("POST", "/modalities/slow/get", get_body(Asynchronous=True, Priority=3))
    assert begun.complete == "false"
    name = begun.json["ID"]
    assert service.ask("POST", f"/jobs/{name}/pause").json == {}
    assert state(service, name) in ("Paused", "Success")
    service.ask("POST", f"/jobs/{name}/resume")
    job = ended(service, name)
    assert (job["State"], job["Priority"]) == ("Success", 3)
    assert service.ask("GET", f"/jobs/{name}").complete == "true"
    assert service.ask("POST", f"/jobs/{name}/resume").status == 400
    assert service.ask("POST", f"/jobs/{name}/resubmit").status == 400


def test_without_a_folder_nothing_is_retrieved(practice_gateway: Service) -> None:
    answer = practice_gateway.ask("POST", "/modalities/pacs/get", get_body())
    assert answer.status == 403
    assert "--store" in answer.json["Details"]


# C-MOVE from one archive to another


@pytest.fixture(scope="module")
def moving(sample_files: list[Path]) -> Iterator[tuple[Service, servers.Orthanc]]:
    """A gateway between two Orthancs, the second of which is empty."""
    with servers.orthanc(aet="TARGET") as target:
        known = {
            "target": [target.aet, HOST, target.port],
            "ours": [servers.AET, HOST, 1],
        }
        with servers.orthanc(aet="SOURCE", settings={"DicomModalities": known}) as source:
            source.upload(sample_files[:12])
            lines = "\n".join(
                f"{one.aet.lower()}: {{aet: {one.aet}, host: {HOST}, port: {one.port}}}"
                for one in (source, target)
            )
            with gateway(lines) as service:
                yield service, target


def studies(service: Service) -> list[str]:
    rows = service.post("/modalities/source/find", {})
    return [study["StudyInstanceUID"] for row in rows for study in row["Studies"]]


def test_a_study_is_moved_and_the_destination_asked(
    moving: tuple[Service, servers.Orthanc],
) -> None:
    service, target = moving
    uid = studies(service)[0]
    body = {"Level": "Study", "Resources": [{"StudyInstanceUID": uid}], "TargetAet": "TARGET"}
    name = service.post("/modalities/source/move", {**body, "Synchronous": False})["ID"]
    job = ended(service, name)
    assert job["State"] == "Success", job
    (detail,) = job["Content"]["Details"]
    assert detail["DimseErrorStatus"] == 0
    assert any("target" in note for note in detail["dicomsh-outcome"]["Notes"])
    found = target.rest("POST", "/tools/find", {"Level": "Study", "Query": {}, "Expand": True})
    assert uid in [one["MainDicomTags"]["StudyInstanceUID"] for one in found]


def test_a_destination_that_does_not_listen_is_a_failure(
    moving: tuple[Service, servers.Orthanc],
) -> None:
    service, _ = moving
    path = service.post("/modalities/source/query", {"Level": "Study", "Query": {}})["Path"]
    answer = service.ask("POST", f"{path}/answers/0/retrieve", "DICOMSH")
    assert answer.status == 500
    assert 'C-MOVE SCU to AET "SOURCE" has failed' in answer.json["Details"]


def test_all_answers_are_moved(moving: tuple[Service, servers.Orthanc]) -> None:
    service, target = moving
    path = service.post("/modalities/source/query", {"Level": "Study", "Query": {}})["Path"]
    answer = service.ask("POST", f"{path}/retrieve", {"TargetAet": "TARGET"})
    assert answer.status == 200, answer.body
    assert answer.complete == "true"
    assert len(answer.json["Query"]) == len(target.rest("GET", "/studies"))

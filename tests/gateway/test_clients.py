"""Published clients of Orthanc's REST API run against the gateway, unchanged.

Each of them asks an Orthanc and a dcmqrscp, makes them send to a third server, and gets objects
from them. Whether these have arrived is read there, and in the folder of the gateway.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

with warnings.catch_warnings():  # of their escape sequences, when they are not compiled yet
    warnings.simplefilter("ignore")
    from orthanc_api_client import OrthancApiClient
    from orthanc_api_client.exceptions import HttpError
    from pyorthanc import Job, Modality, Orthanc

from tests import samples, servers
from tests.gateway.gateways import Service, gateway, until
from tests.processes import HOST

BEHIND = ("orthanc", "dcmtk")
STUDIES = {"Level": "Study", "Query": {"PatientID": "0555643F"}}
TARGET = "TARGET"
NOWHERE = "NOWHERE"
"""An AE title that no archive knows."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What both archives hold."""
    return samples.write_made_up(tmp_path_factory.mktemp("made-up"))


@pytest.fixture(scope="module")
def receiver() -> Iterator[servers.Orthanc]:
    """Where the archives can send to."""
    with servers.orthanc(aet=TARGET) as running:
        yield running


@pytest.fixture
def target(receiver: servers.Orthanc) -> servers.Orthanc:
    """The same, empty."""
    for study in receiver.rest("GET", "/studies"):
        receiver.rest("DELETE", f"/studies/{study}")
    return receiver


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the gateway stores what it gets."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def store(folder: Path) -> Path:
    """The same, empty."""
    for file in folder.rglob("*.dcm"):
        file.unlink()
    return folder


@pytest.fixture(scope="module")
def service(files: list[Path], folder: Path, receiver: servers.Orthanc) -> Iterator[Service]:
    """The gateway in front of the archives."""
    known = {"target": [TARGET, HOST, receiver.port], "us": [servers.AET, HOST, 1]}
    tables = servers.dcmqrscp_tables(target=receiver)
    with (
        servers.orthanc(settings={"DicomModalities": known}) as orthanc,
        servers.dcmqrscp(files, tables=tables) as dcmtk,
    ):
        assert orthanc.upload(files) == len(files)
        archives = zip((*BEHIND, "target"), (orthanc, dcmtk, receiver), strict=True)
        lines = [f"{name}: {{aet: {s.aet}, host: {HOST}, port: {s.port}}}" for name, s in archives]
        with gateway("\n".join(lines), "--store", str(folder)) as running:
            yield running


def instances(files: Iterable[Path], study: str) -> set[str]:
    """The UIDs of the instances of a study in files."""
    read = [dcmread(file, stop_before_pixels=True) for file in files]
    return {one.SOPInstanceUID for one in read if one.StudyInstanceUID == study}


def received(target: servers.Orthanc, study: str) -> set[str]:
    """The UIDs of the instances of a study that the target has received."""
    body = {"Level": "Instance", "Query": {"StudyInstanceUID": study}, "Expand": True}
    found = target.rest("POST", "/tools/find", body)
    return {one["MainDicomTags"]["SOPInstanceUID"] for one in found}


# pyorthanc


@pytest.fixture
def pyorthanc(service: Service) -> Iterator[Orthanc]:
    with Orthanc(service.url) as client:
        yield client


@pytest.mark.parametrize("name", BEHIND)
def test_pyorthanc_walks(pyorthanc: Orthanc, name: str) -> None:
    client = pyorthanc
    modality = Modality(client, name)
    assert modality.echo()
    assert name in client.get_modalities()
    found = modality.find({"Level": "Study", "Query": {"PatientName": "JOD*", "StudyDate": ""}})
    assert found["answers"]
    uid = found["answers"][0]["StudyInstanceUID"]
    query = found["ID"]
    series = client.post_queries_id_answers_index_query_series(query, "0", json={"Query": {}})
    answers = modality.get_query_answers(series["ID"])
    assert {row["StudyInstanceUID"] for row in answers} == {uid}
    assert client.get_queries_id_level(query) == "Study"
    assert client.get_queries_id_modality(query) == name
    client.delete_queries_id(query)
    assert query not in client.get_queries()


@pytest.mark.parametrize("name", BEHIND)
def test_pyorthanc_retrieves(
    pyorthanc: Orthanc, files: list[Path], target: servers.Orthanc, store: Path, name: str
) -> None:
    modality = Modality(pyorthanc, name)
    found = modality.find(STUDIES)
    done = modality.move(found["ID"], {"TargetAet": TARGET})
    assert len(done["Query"]) == len(found["answers"])
    for uid in (row["StudyInstanceUID"] for row in found["answers"]):
        assert received(target, uid) == instances(files, uid)
    uid = found["answers"][0]["StudyInstanceUID"]
    modality.get("Study", {"StudyInstanceUID": uid})
    assert instances(store.rglob("*.dcm"), uid) == instances(files, uid)


@pytest.mark.parametrize("name", BEHIND)
def test_pyorthanc_follows_the_job(
    pyorthanc: Orthanc, files: list[Path], target: servers.Orthanc, name: str
) -> None:
    client = pyorthanc
    modality = Modality(client, name)
    found = modality.find(STUDIES)
    answer = modality.move(found["ID"], {"TargetAet": TARGET, "Synchronous": False})
    job = Job(answer["ID"], client)
    until(lambda: job.state.value in ("Success", "Failure"))
    assert job.state.value == "Success", job.error_details
    assert (job.progress, job.type, job.error.value) == (100, "DicomMoveScu", 0)
    assert job.content["TargetAet"] == TARGET
    assert job.effective_runtime >= 0
    assert job.completion_time >= job.creation_time
    assert answer["ID"] in client.get_jobs()
    uid = found["answers"][0]["StudyInstanceUID"]
    assert received(target, uid) == instances(files, uid)


@pytest.mark.parametrize("name", BEHIND)
def test_pyorthanc_begins_a_failed_job_again(pyorthanc: Orthanc, name: str) -> None:
    client = pyorthanc
    modality = Modality(client, name)
    query = modality.find(STUDIES)["ID"]
    answer = modality.move(query, {"TargetAet": NOWHERE, "Synchronous": False})
    job = Job(answer["ID"], client)
    for _ in range(2):
        until(lambda: job.state.value == "Failure")
        assert "C-MOVE SCU" in job.error_details
        client.post_jobs_id_resubmit(job.id_)


# orthanc_api_client


@pytest.fixture
def api_client(service: Service) -> Iterator[OrthancApiClient]:
    client = OrthancApiClient(service.url)
    yield client
    client._http_session.close()


@pytest.mark.parametrize("name", BEHIND)
def test_orthanc_api_client_walks(api_client: OrthancApiClient, name: str) -> None:
    """It has no method for echo: that goes through the client's own requests."""
    client = api_client
    assert client.get_system()["Version"]
    assert client.post(f"modalities/{name}/echo", json={"CheckFind": True}).json() == {}
    assert set(client.modalities.get_all_ids()) == {*BEHIND, "target"}
    aet = client.modalities.get_configuration(name)["AET"]
    assert client.modalities.get_id_from_aet(aet) == name
    studies = client.modalities.query_studies(name, {"PatientName": "JOD*"})
    assert studies
    uid = studies[0].dicom_id
    assert studies[0].tags["PatientName"].startswith("JOD")
    series = client.modalities.query_series(name, {"StudyInstanceUID": uid})
    assert series
    keys = {"StudyInstanceUID": uid, "SeriesInstanceUID": series[0].dicom_id}
    assert client.modalities.query_instances(name, keys)


@pytest.mark.parametrize("name", BEHIND)
def test_orthanc_api_client_retrieves(
    api_client: OrthancApiClient,
    files: list[Path],
    target: servers.Orthanc,
    store: Path,
    name: str,
) -> None:
    modalities = api_client.modalities
    (study, *_) = modalities.query_studies(name, STUDIES["Query"])
    modalities.move_study(name, study.dicom_id, TARGET)
    assert received(target, study.dicom_id) == instances(files, study.dicom_id)
    modalities.get_study(name, study.dicom_id)
    assert instances(store.rglob("*.dcm"), study.dicom_id) == instances(files, study.dicom_id)


@pytest.mark.parametrize("name", BEHIND)
def test_orthanc_api_client_follows_the_jobs(
    api_client: OrthancApiClient,
    files: list[Path],
    target: servers.Orthanc,
    store: Path,
    name: str,
) -> None:
    modalities = api_client.modalities
    (study, *_) = modalities.query_studies(name, STUDIES["Query"])
    uid = study.dicom_id
    for job in (
        modalities.move_study_async(name, uid, TARGET),
        modalities.get_study_async(name, uid),
    ):
        assert job.wait_completed(timeout=20, polling_interval=0.05)
        assert job.info.status == "Success"
        assert job.orthanc_id in api_client.jobs.get_all_ids()
        api_client.jobs.cancel(job.orthanc_id)
        assert api_client.jobs.get(job.orthanc_id).info.status == "Success"
    assert received(target, uid) == instances(store.rglob("*.dcm"), uid) == instances(files, uid)


@pytest.mark.parametrize("name", BEHIND)
def test_orthanc_api_client_is_told_of_a_failure(api_client: OrthancApiClient, name: str) -> None:
    (study, *_) = api_client.modalities.query_studies(name, STUDIES["Query"])
    with pytest.raises(HttpError, match="C-MOVE SCU"):
        api_client.modalities.move_study(name, study.dicom_id, NOWHERE)


def test_orthanc_api_client_configures(api_client: OrthancApiClient) -> None:
    client = api_client
    client.modalities.configure("new", {"AET": "A", "Host": HOST, "Port": 104})
    assert client.modalities.get_configuration("new")["Port"] == 104
    client.modalities.delete("new")
    assert "new" not in client.modalities.get_all_ids()

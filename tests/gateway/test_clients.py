"""Published clients of Orthanc's REST API run against the gateway, unchanged."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

with warnings.catch_warnings():  # of their escape sequences, when they are not compiled yet
    warnings.simplefilter("ignore")
    from orthanc_api_client import OrthancApiClient
    from pyorthanc import Job, Modality, Orthanc

from tests import servers
from tests.gateway.gateways import Service, gateway, until
from tests.processes import HOST

BEHIND = ("orthanc", "dcmtk")


@pytest.fixture(scope="module")
def service(orthanc_server: servers.Orthanc, dcmqrscp_server: servers.Server) -> Iterator[Service]:
    known = zip(BEHIND, (orthanc_server, dcmqrscp_server), strict=True)
    lines = [f"{name}: {{aet: {s.aet}, host: {HOST}, port: {s.port}}}" for name, s in known]
    with gateway("\n".join(lines)) as running:
        yield running


@pytest.fixture
def pyorthanc(service: Service) -> Iterator[Orthanc]:
    with Orthanc(service.url) as client:
        yield client


@pytest.fixture
def api_client(service: Service) -> Iterator[OrthancApiClient]:
    client = OrthancApiClient(service.url)
    yield client
    client._http_session.close()


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


def test_pyorthanc_retrieves_and_follows_the_job(pyorthanc: Orthanc) -> None:
    """This Orthanc takes itself for DICOMSH, so that it can send to it."""
    client = pyorthanc
    modality = Modality(client, "orthanc")
    query = modality.find({"Level": "Study", "Query": {"PatientID": "0555643F"}})["ID"]
    answer = modality.move(query, {"TargetAet": "DICOMSH", "Synchronous": False})
    job = Job(answer["ID"], client)
    until(lambda: job.state.value in ("Success", "Failure"))
    assert job.state.value == "Success", job.error_details
    assert (job.progress, job.type, job.error.value) == (100, "DicomMoveScu", 0)
    assert job.content["RemoteAet"] == "ORTHANC"
    assert job.effective_runtime >= 0
    done = modality.move(query, {"TargetAet": "DICOMSH"})
    assert done["Query"]


@pytest.mark.parametrize("name", BEHIND)
def test_orthanc_api_client_walks(api_client: OrthancApiClient, name: str) -> None:
    client = api_client
    assert client.get_system()["Version"]
    assert set(client.modalities.get_all_ids()) == set(BEHIND)
    aet = client.modalities.get_configuration(name)["AET"]
    assert client.modalities.get_id_from_aet(aet) == name
    studies = client.modalities.query_studies(name, {"PatientName": "JOD*"})
    assert studies
    uid = studies[0].dicom_id
    series = client.modalities.query_series(name, {"StudyInstanceUID": uid})
    assert series
    keys = {"StudyInstanceUID": uid, "SeriesInstanceUID": series[0].dicom_id}
    assert client.modalities.query_instances(name, keys)


def test_orthanc_api_client_moves_and_follows_the_job(api_client: OrthancApiClient) -> None:
    client = api_client
    (study, *_) = client.modalities.query_studies("orthanc", {"PatientID": "0555643F"})
    client.modalities.move_study("orthanc", study.dicom_id, "DICOMSH")
    job = client.modalities.move_study_async("orthanc", study.dicom_id, "DICOMSH")
    assert job.wait_completed(timeout=20, polling_interval=0.05)
    assert job.info.status == "Success"
    assert job.orthanc_id in client.jobs.get_all_ids()


def test_orthanc_api_client_configures(api_client: OrthancApiClient) -> None:
    client = api_client
    client.modalities.configure("new", {"AET": "A", "Host": HOST, "Port": 104})
    assert client.modalities.get_configuration("new")["Port"] == 104
    client.modalities.delete("new")
    assert "new" not in client.modalities.get_all_ids()

"""The real servers answer, and the oracles that speak for them agree with one another."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dicomsh.model.levels import HIERARCHY, Level, Model
from tests import processes, samples, servers
from tests.conftest import Start

_KEYS: Mapping[Level, tuple[str, ...]] = {
    Level.PATIENT: ("PatientName", "PatientBirthDate", "NumberOfPatientRelatedStudies"),
    Level.STUDY: ("StudyDate", "StudyTime", "StudyDescription", "ModalitiesInStudy"),
    Level.SERIES: ("SeriesNumber", "Modality", "SeriesDescription"),
    Level.INSTANCE: ("InstanceNumber", "SOPClassUID"),
}

_QUERIES: tuple[tuple[Level, Mapping[str, str]], ...] = (
    (Level.PATIENT, {}),
    (Level.PATIENT, {"PatientName": "JOD*", "PatientSex": "M"}),
    (Level.PATIENT, {"PatientName": "*山田*"}),
    (Level.PATIENT, {"PatientName": "Müller*", "PatientID": "DE-?"}),
    (Level.STUDY, {}),
    (Level.STUDY, {"PatientID": "0555643F"}),
    (Level.STUDY, {"StudyDate": "20160101-20161231"}),
    (Level.STUDY, {"ModalitiesInStudy": "SR", "PatientName": ""}),
    (Level.SERIES, {"AccessionNumber": "A1001"}),
    (Level.SERIES, {"PatientID": "0555643F", "Modality": "MR\\SR"}),
    (Level.INSTANCE, {"AccessionNumber": "A1001"}),
    (Level.INSTANCE, {"PatientID": "JP-1", "SeriesDescription": "T? *"}),
)


def _complete(level: Level, query: Mapping[str, str]) -> dict[str, str]:
    """The query with the keys that Orthanc's own SCU adds, so that every oracle asks the same."""
    unique = [above.unique_keyword for above in (*level.ancestors, level)]
    accession = () if level is Level.PATIENT else ("AccessionNumber",)
    return dict.fromkeys((*unique, *accession, *_KEYS[level]), "") | dict(query)


def _sorted(answers: list[servers.Identifier]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(answer.items()) for answer in answers)


def _unique(level: Level, answers: list[servers.Identifier]) -> list[str]:
    return sorted(answer.get(level.unique_keyword, "") for answer in answers)


@pytest.mark.parametrize(("level", "query"), _QUERIES)
def test_findscu_and_rest_agree_on_orthanc(
    orthanc_server: servers.Orthanc, level: Level, query: Mapping[str, str]
) -> None:
    complete = _complete(level, query)
    by_findscu = servers.findscu(orthanc_server, level, complete)
    assert by_findscu
    assert _sorted(by_findscu) == _sorted(orthanc_server.query(level, complete))
    in_index = orthanc_server.find(level, query)
    assert _unique(level, by_findscu) == _unique(level, in_index)


def test_both_servers_hold_the_same(
    orthanc_server: servers.Orthanc, dcmqrscp_server: servers.Server
) -> None:
    """Walks from a patient down with every parent's unique key: dcmqrscp is not relational."""
    place = {"PatientID": "0555643F"}
    for level in HIERARCHY:
        query = place | {level.unique_keyword: place.get(level.unique_keyword, "")}
        answers = servers.findscu(dcmqrscp_server, level, query, model=Model.PATIENT_ROOT)
        assert answers
        expected = servers.findscu(orthanc_server, level, query, model=Model.PATIENT_ROOT)
        assert _unique(level, answers) == _unique(level, expected)
        place[level.unique_keyword] = _unique(level, answers)[0]


def test_dcmqrscp_speaks_study_root(dcmqrscp_server: servers.Server) -> None:
    answers = servers.findscu(
        dcmqrscp_server, Level.STUDY, {"PatientID": "0555643F", "StudyInstanceUID": ""}
    )
    assert len(answers) == 3


def test_made_up_names_keep_their_characters(orthanc_server: servers.Orthanc) -> None:
    answers = servers.findscu(orthanc_server, Level.PATIENT, {"PatientID": "", "PatientName": ""})
    found = {(answer.get("PatientID", ""), answer["PatientName"]) for answer in answers}
    assert found >= {(patient.id, patient.name) for patient in samples.PATIENTS}


def test_sequences_and_empty_values_are_read(
    start_server: Start[servers.Orthanc], tmp_path: Path
) -> None:
    server = start_server(servers.orthanc())
    assert server.upload(samples.write_made_up(tmp_path)) == sum(
        series.instances
        for patient in samples.PATIENTS
        for study in patient.studies
        for series in study.series
    )
    (answer,) = servers.findscu(
        server, Level.STUDY, {"PatientID": "NO-NAME", "PatientName": "", "StudyDate": ""}
    )
    assert answer["PatientName"] == answer["StudyDate"] == ""


def test_upload_leaves_out_what_is_not_dicom(
    start_server: Start[servers.Orthanc], tmp_path: Path
) -> None:
    (tmp_path / "text.dcm").write_text("no DICOM at all")
    assert start_server(servers.orthanc()).upload(tmp_path.iterdir()) == 0


def test_unknown_calling_aet_is_aborted_at_find(orthanc_server: servers.Orthanc) -> None:
    with pytest.raises(processes.ServerError, match=r"Association Accepted(?s:.)*Aborted"):
        servers.findscu(orthanc_server, Level.STUDY, {"PatientID": ""}, calling_aet="NOBODY")


def test_orthanc_can_be_limited(start_server: Start[servers.Orthanc], tmp_path: Path) -> None:
    server = start_server(servers.orthanc(limit_results=2))
    server.upload(samples.write_made_up(tmp_path))
    with pytest.raises(processes.ServerError, match="Received Final Find Response"):
        servers.findscu(server, Level.STUDY, {"StudyInstanceUID": ""})


def test_refused_model(start_server: Start[servers.Server]) -> None:
    server = start_server(servers.dcmqrscp(options=["--no-patient-root"]))
    with pytest.raises(processes.ServerError, match="No Acceptable Presentation Contexts"):
        servers.findscu(server, Level.PATIENT, {"PatientID": ""})
    assert servers.findscu(server, Level.STUDY, {"StudyInstanceUID": ""}) == []


def test_rest_error_is_told(orthanc_server: servers.Orthanc) -> None:
    with pytest.raises(processes.ServerError, match="HTTP 404"):
        orthanc_server.rest("GET", "/nowhere")


def test_server_ends_with_its_block_even_after_an_error() -> None:
    def interrupted() -> None:
        with servers.orthanc() as server:
            running.append((server.port, server.rest("GET", "/system")["Name"]))
            raise KeyboardInterrupt

    running: list[tuple[int, str]] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    ((port, folder),) = running
    with processes.scratch() as other:
        assert not (other.parent / folder).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((processes.HOST, port), timeout=1)


def test_server_that_does_not_start_says_why() -> None:
    program = [sys.executable, "-c", "raise SystemExit('the port is taken')"]
    with (
        pytest.raises(processes.ServerError, match="the port is taken"),
        processes.running(lambda _: (program, None), lambda *_: False),
    ):
        pass

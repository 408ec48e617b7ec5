"""The WADO identifiers of a place in one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.gateways import Service, gateway

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
SERIES = "2.25.236092141500755858564893741495811087176"
PATIENT = "0555643F"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    urls = "wado: 'http://wado.example/wado', wado_rs: 'http://wado.example/rs'"
    with gateway(f"pacs: {{practice: true, {urls}}}\nother: {{practice: true}}") as running:
        yield running


def identifiers(service: Service, **body: str) -> Any:
    return service.post("/wado-identifiers", {"Modality": "pacs", **body})


def test_a_study_in_one_request(service: Service) -> None:
    found = identifiers(service, PatientID=PATIENT, StudyInstanceUID=STUDY)
    assert len({one["SOPInstanceUID"] for one in found}) == 412
    keys = {"PatientID": PATIENT, "StudyInstanceUID": STUDY, "SeriesInstanceUID": ""}
    rows = service.post("/modalities/pacs/find-instance", keys)
    words = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    assert {tuple(one[w] for w in words) for one in found} == {
        tuple(row[w] for w in words) for row in rows
    }


def test_a_series_has_its_urls(service: Service) -> None:
    first, _ = identifiers(service, StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES)
    uid = first["SOPInstanceUID"]
    assert first["WadoUri"].endswith(f"studyUID={STUDY}&seriesUID={SERIES}&objectUID={uid}")
    assert first["WadoRs"] == (
        f"http://wado.example/rs/studies/{STUDY}/series/{SERIES}/instances/{uid}"
    )


def test_an_instance_needs_no_archive(service: Service) -> None:
    keys = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": "1.2"}
    (only,) = service.post("/wado-identifiers", {"Modality": "other", **keys})
    assert only == keys


def test_a_patient_with_all_studies(service: Service) -> None:
    answer = service.ask("POST", "/wado-identifiers", {"Modality": "pacs", "PatientID": PATIENT})
    assert len(answer.json) == 592
    assert answer.complete == "true"


@pytest.mark.parametrize(
    "body",
    [
        {"PatientID": PATIENT},
        {"Modality": "pacs"},
        {"Modality": "pacs", "SeriesInstanceUID": SERIES},
        {"Modality": "pacs", "PatientID": "05*"},
        {"Modality": "pacs", "PatientID": 5},
        "x",
    ],
)
def test_what_names_no_place_is_refused(service: Service, body: Any) -> None:
    assert service.ask("POST", "/wado-identifiers", body).status == 400


def test_the_only_modality_need_not_be_named(practice_gateway: Service) -> None:
    keys = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES}
    assert len(practice_gateway.post("/wado-identifiers", keys)) == 2

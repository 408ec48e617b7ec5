"""compare: one query asked twice, what differs, and whether either answer is incomplete."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.harness import practice, run
from tests.servers import Orthanc, Server


def test_both_models_give_the_same_below_a_patient() -> None:
    done = run("use pacs; cd 0555643F; compare ls", output="json")
    assert done.json == []
    assert done.status == 0
    assert done.last.startswith("no differences, complete")
    assert "Patient Root: 2 studies, complete, " in done.last
    assert "Study Root: 2 studies, complete, " in done.last


def test_both_models_give_the_same_studies_of_all_patients() -> None:
    done = run("use pacs; compare find study mod=CT", output="json")
    assert done.json == []
    assert "Patient Root: 34 studies, complete, " in done.last
    assert "Study Root: 34 studies, complete, " in done.last


def test_what_one_model_has_no_attribute_for_is_no_difference() -> None:
    done = run("use pacs; cd 0555643F; compare ls +PatientName; cd /; compare find patient")
    assert [line[:14] for line in done.err.splitlines()[-2:]] == ["no differences"] * 2


def test_a_difference_in_all_is_one_row(tmp_path: Path) -> None:
    config = practice(tmp_path, no_counts=True)
    done = run("use pacs; compare --with faulty find patient", config=config, output="json")
    (row,) = done.json
    assert row["where"] == "different in all"
    assert row["attribute"] == "NumberOfPatientRelatedStudies"
    assert row["label"].startswith("all ")
    assert done.last.startswith("1 difference, complete")


def test_what_only_one_has_is_a_row(tmp_path: Path) -> None:
    config = practice(tmp_path, no_counts=True)
    done = run(
        "use pacs; compare --with faulty find patient 0555643F", config=config, output="json"
    )
    (row,) = done.json
    assert row == {
        "where": "different",
        "key": "0555643F",
        "label": "0555643F  JODOGNE^SEBASTIEN  M  1975-03-14",
        "attribute": "NumberOfPatientRelatedStudies",
        "first": "2",
        "second": None,
    }
    assert done.last.startswith("1 difference, complete")
    assert "pacs: 1 patient, complete" in done.last
    assert "faulty: 1 patient, complete" in done.last


def test_rows_that_one_lacks_and_an_incomplete_answer(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=1)
    done = run("use pacs; compare --with faulty find patient", config=config, output="json")
    assert done.status == 5
    assert {row["where"] for row in done.json} == {"only in pacs"}
    assert "faulty: 1 patient, the server ended early, unasked" in done.last


def test_a_side_that_fails_is_named(tmp_path: Path) -> None:
    config = practice(tmp_path, refuse_patient_root=True)
    done = run("use faulty; cd 0555643F; compare ls", config=config)
    assert done.status == 3
    assert "Patient Root: the peer accepted no presentation context" in done.err


def test_the_session_stays_as_it_is() -> None:
    done = run("use pacs; find patient JOD*; compare --with pacs find study; pwd; last | !wc -l")
    assert "\n/pacs\n" in f"\n{done.out}"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("compare tree", "'tree' cannot be compared"),
        ("compare find study --model patient", "compare always asks in both models"),
        ("compare --with nobody find study", "no modality 'nobody'"),
    ],
)
def test_what_cannot_be_compared(command: str, reason: str) -> None:
    done = run(f"use pacs; {command}")
    assert done.status == 2
    assert reason in done.err


def test_orthanc_and_dcmqrscp_hold_the_same(
    orthanc_server: Orthanc, dcmqrscp_server: Server, tmp_path: Path
) -> None:
    servers = {"orthanc": orthanc_server, "dcmtk": dcmqrscp_server}
    entries = {n: {"aet": s.aet, "host": s.host, "port": s.port} for n, s in servers.items()}
    path = tmp_path / "modalities.yaml"
    path.write_text(yaml.safe_dump({"modalities": entries}), "utf-8")
    done = run(
        "compare --with dcmtk find patient JOD*", modality="orthanc", config=path, output="json"
    )
    assert {row["where"] for row in done.json} <= {"different", "different in all"}
    assert "orthanc: 3 patients, complete" in done.last
    assert "dcmtk: 3 patients, complete" in done.last


def test_both_models_of_orthanc_hold_the_same_patients(orthanc_server: Orthanc) -> None:
    server = orthanc_server
    done = run("compare find patient JOD*", modality=f"{server.aet}@{server.host}:{server.port}")
    assert done.last.startswith("no differences, complete")

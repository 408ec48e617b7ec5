"""compare: one query asked twice, what differs, and whether either answer is incomplete."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from pydicom.dataset import Dataset

from dicomsh.model.modality import Modality
from tests.dimse.peers import answering, scp, study
from tests.harness import Done, practice, run
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
    assert done.status == 1


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
        "pacs": "2",
        "faulty": None,
    }
    assert done.last.startswith("1 difference, complete")
    assert "pacs: 1 patient, complete" in done.last
    assert "faulty: 1 patient, complete" in done.last


def test_what_an_incomplete_answer_lacks_is_unknown(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=1)
    done = run("use pacs; compare --with faulty find patient", config=config, output="json")
    assert done.status == 5
    assert done.json == []
    assert "39 patients of pacs not compared: faulty did not return all of its rows" in done.last
    assert "faulty: 1 patient, the server ended early, unasked" in done.last


def test_what_is_beyond_a_limit_is_unknown() -> None:
    """The server sorts differently for each query: the first three may be any three."""
    ones = [study(number) for number in (1, 2, 3, 4)]
    with scp(answering(*ones)) as one, scp(answering(*reversed(ones))) as other:
        done = compared(one, other, "find study --limit 3")
    assert done.json == []
    assert done.status == 5
    assert done.last.startswith("no differences, INCOMPLETE")
    assert "1 study of one not compared: other did not return all of its rows" in done.last
    assert "1 study of other not compared: one did not return all of its rows" in done.last


def test_a_limit_that_both_reach_with_the_same_rows_is_told() -> None:
    done = run("use pacs; compare find study --limit 5", output="json")
    assert (done.json, done.status) == ([], 0)
    assert done.last.startswith("no differences, stopped at --limit 5 · the server has more")


def test_an_answer_cut_off_has_only_rows_of_its_own_when_the_other_is_whole() -> None:
    rows = [study(1), study(9)]
    with scp(answering(*rows, status=0xFE00)) as one, scp(answering(study(1), study(2))) as other:
        done = compared(one, other, "find study")
    assert [(row["where"], row["key"]) for row in done.json] == [("only in one", "1.2.3.9")]
    assert "1 study of other not compared: one did not return all of its rows" in done.last
    assert done.status == 5


def compared(one: Modality, other: Modality, query: str, **options: Any) -> Done:
    """`compare` of two servers called one and other."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "modalities.yaml")
        entries = {
            name: {"aet": peer.entity.aet, "host": peer.entity.host, "port": peer.entity.port}
            for name, peer in (("one", one), ("other", other))
        }
        path.write_text(yaml.safe_dump({"modalities": entries}), "utf-8")
        options = {"output": "json", **options}
        return run(f"compare --with other {query}", modality="one", config=path, **options)


def test_values_are_compared_by_their_vr() -> None:
    one = study(1, StudyTime="101500", ModalitiesInStudy=["CT", "PT"], PatientName="Doe^Jane")
    other = study(
        1, StudyTime="101500.000000", ModalitiesInStudy=["PT", "CT"], PatientName="Doe^Jane^^"
    )
    with scp(answering(one)) as left, scp(answering(other)) as right:
        done = compared(left, right, "find study +StudyTime +PatientName")
    assert (done.json, done.status) == ([], 0)


def test_values_that_differ_are_shown_as_they_came() -> None:
    one, other = study(1, StudyTime="101500.100"), study(1, StudyTime="101500")
    with scp(answering(one)) as left, scp(answering(other)) as right:
        done = compared(left, right, "find study +StudyTime")
    (row,) = done.json
    assert (row["attribute"], row["one"], row["other"]) == ("StudyTime", "101500.100", "101500")
    assert done.status == 1


def test_two_empty_answers_are_said_to_be_that() -> None:
    done = run("use pacs; compare find study study=1.2.3.4.5.6", output="json")
    assert done.status == 0
    assert "both answers are empty: nothing was compared" in done.last
    assert "both answers are empty" not in run("use pacs; compare find patient").last


def test_rows_that_only_one_repeats_do_not_vanish() -> None:
    with (
        scp(answering(study(1), study(1), study(2))) as one,
        scp(answering(study(2), study(1))) as b,
    ):
        done = compared(one, b, "find study")
    assert [(row["where"], row["key"]) for row in done.json] == [("repeated in one", "1.2.3.1")]
    assert done.status == 1


def test_patients_without_an_id_do_not_vanish() -> None:
    """Six of them were one, and 38 rows had no differences from 32."""
    names = ["A", "B", "B", "C"]
    rows = [patient("", name) for name in names]
    others = [patient("", name) for name in ("C", "B", "D")]
    with scp(answering(*rows)) as one, scp(answering(*others)) as other:
        done = compared(one, other, "find patient")
    found = [(row["where"], row["label"].split()[0]) for row in done.json]
    assert sorted(found) == [("only in one", "A"), ("only in one", "B"), ("only in other", "D")]


def test_two_people_under_one_id_are_compared_with_themselves() -> None:
    rows = [patient("7", "A"), patient("7", "B")]
    with scp(answering(*rows)) as one, scp(answering(*reversed(rows))) as other:
        assert compared(one, other, "find patient").json == []


def patient(key: str, name: str) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = "PATIENT"
    dataset.PatientID, dataset.PatientName = key, name
    return dataset


@pytest.mark.parametrize("output", ["table", "vertical", "json", "ndjson", "csv", "tsv", "yaml"])
def test_both_archives_are_named_in_every_format(output: str) -> None:
    with scp(answering(study(1, StudyID="5"))) as one, scp(answering(study(1))) as other:
        done = compared(one, other, "find study +StudyID", output=output)
    assert "one" in done.out
    assert "other" in done.out


@pytest.mark.parametrize("name", ["pacs", "label"])
def test_fields_have_names_of_their_own(name: str, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump({"modalities": {name: {"practice": True}}}), "utf-8")
    done = run(f"compare --with {name} find patient", modality=name, config=path, output="csv")
    header = done.out.splitlines()[0].split(",")
    assert len(set(header)) == len(header) == 6
    assert header[4].startswith(name)
    assert header[5] == f"{name} (2)"


def test_a_side_that_fails_is_named(tmp_path: Path) -> None:
    config = practice(tmp_path, refuse_patient_root=True)
    done = run("use faulty; cd 0555643F; compare ls", config=config)
    assert done.status == 3
    assert "Patient Root: practice archive accepted no presentation context" in done.err


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


def test_differences_do_not_make_the_last_answer_old(tmp_path: Path) -> None:
    config = practice(tmp_path, no_counts=True)
    texts = ("use pacs; find study", "compare --with faulty find patient", "last")
    done = run(*texts, config=config, keep_going=True)
    assert done.status == 1
    assert "has failed since" not in done.last

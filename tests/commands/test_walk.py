"""Walking the practice archive: the main job, end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.errors import ExitStatus
from tests.harness import dicomsh, practice, run

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
WALK = "use pacs; find patient JOD* sex=M; cd 0555643F; ls; cd 1; ls; cd 1; ls; wado"


def test_the_chain_of_the_orthanc_book_works_as_written() -> None:
    done = run(WALK)
    assert done.status == ExitStatus.INCOMPLETE  # nobody configured the base URL of wado
    lines = done.out.splitlines()
    assert lines[1].split() == ["1", "0555643F", "JODOGNE^SEBASTIEN", "M", "1975-03-14", "2"]
    assert lines[3].split()[1:] == ["2009-04-12", "CT", "CT", "THORAX", "3", "412", STUDY]
    assert done.err.count("complete") == 4
    assert "INCOMPLETE" in done.last


def test_wado_gives_the_three_identifiers_and_the_url_of_each_instance() -> None:
    done = run(f"use pacs; cd 0555643F/{STUDY}; wado", output="json")
    rows = done.json
    assert len(rows) == 412
    assert {row["StudyInstanceUID"] for row in rows} == {STUDY}
    assert len({row["SOPInstanceUID"] for row in rows}) == 412
    row = rows[0]
    assert row["RetrieveURL"].endswith(
        f"?requestType=WADO&studyUID={STUDY}&seriesUID={row['SeriesInstanceUID']}"
        f"&objectUID={row['SOPInstanceUID']}"
    )
    assert "INCOMPLETE" in done.last
    assert "WADO-SERVER is a placeholder" in done.last
    assert done.status == ExitStatus.INCOMPLETE


def test_a_placeholder_never_reaches_a_file_or_a_pipe_without_a_status(tmp_path: Path) -> None:
    out = tmp_path / "urls.csv"
    for text in (f"wado > '{out}'", "wado | select RetrieveURL", "wado --rs"):
        done = run(f"use pacs; cd 0555643F/{STUDY}; {text}")
        assert done.status == ExitStatus.INCOMPLETE, text
        assert "INCOMPLETE" in done.last
    assert "WADO-SERVER" in out.read_text()


def test_wado_takes_its_base_from_the_modality(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    config.write_text(
        "modalities:\n  pacs:\n    practice: true\n    wado: http://h/wado\n"
        "    wado_rs: http://h/dicom-web\n"
    )
    uri = run(f"use pacs; cd 0555643F/{STUDY}; ls; wado 1", config=config, output="csv")
    assert ",http://h/wado?requestType=WADO&" in uri.out
    assert "placeholder" not in uri.err
    web = run(f"use pacs; cd 0555643F/{STUDY}; ls; wado 1 --rs", config=config, output="csv")
    assert f",http://h/dicom-web/studies/{STUDY}/series/2.25." in web.out


def test_json_of_a_listing_is_one_document_of_a_real_process() -> None:
    done = dicomsh("-o", "json", "-c", "use pacs; cd 0555643F; ls")
    assert done.status == 0
    assert [row["StudyInstanceUID"] for row in done.json] == [STUDY, STUDY[:-2] + "91"]
    assert done.json[1]["ModalitiesInStudy"] == ["MR", "SR"]
    assert done.json[0]["NumberOfStudyRelatedInstances"] == 412


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("cd 0555643F", "/pacs/0555643F"),
        ("find patient JOD*; cd 1", "/pacs/0555643F"),
        ("find patient JOD*; cd %1", "/pacs/0555643F"),
        ("find patient JOD*; cd 0555", "/pacs/0555643F"),
        (f"cd {STUDY}", f"/pacs/0555643F/{STUDY}"),
        (f"cd 0555643F/{STUDY}", f"/pacs/0555643F/{STUDY}"),
        (f"cd /pacs/0555643F/{STUDY}", f"/pacs/0555643F/{STUDY}"),
        ("cd 0555643F; cd ..", "/pacs"),
        ("cd 0555643F; cd /; cd -", "/pacs/0555643F"),
        ("cd 0555643F; ls; cd 1; cd ../2", f"/pacs/0555643F/{STUDY[:-2]}91"),
        ("cd 0555643F; ls; cd 1; ls; cd ../2", f"/pacs/0555643F/{STUDY[:-2]}91"),
        ("find study date=2009-04-12 id=0555643F; cd 1", f"/pacs/0555643F/{STUDY}"),
        ("cd 0555643F; cd", "/pacs"),
    ],
)
def test_cd_goes_to(text: str, path: str) -> None:
    done = run(f"use pacs; {text}; pwd")
    assert done.status == 0, done.err
    assert path in done.out.splitlines()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cd NOBODY", "no patient 'NOBODY' here"),
        ("cd JOD*", "find patient name=JOD* searches by name"),
        ("cd 'Doe Jane'", "find patient name='Doe Jane*' searches by name"),
        ("cd 99*", "find patient id=99* finds IDs that begin like this"),
        ("cd 0555643F; cd 9", "no study '9' here"),
        ("cd 0555643F; cd %9", "no row 9 was listed: nothing has been listed yet"),
        ("cd 3", "no patient '3' here, and no row 3 was listed: nothing has been listed yet"),
        (
            "find patient | head 3; cd 7",
            "row 7 was listed: the last list has 3 rows (patients in /)",
        ),
        (
            "cd 0555643F; ls; get 1-99",
            "no study '3' here, and no row 3 was listed: the last list has 2 rows",
        ),
        ("cd 0555643F; ls; get 2-1", "no study '2-1' here"),
        ("ls 0555643F; cd 0555643F/7", "list has 2 rows (studies in /0555643F)"),
        ("cd 0555643F; ls date=1990; cd %1", "list has 0 rows (studies in /0555643F)"),
        ("ls 1.2.3.4", "no patient '1.2.3.4' here"),
    ],
)
def test_what_is_not_there_is_a_failure(text: str, message: str) -> None:
    done = run(f"use pacs; {text}")
    assert done.status == 1
    assert message in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("find patient; cd MUC", "several unique keys begin with 'MUC'"),
        ("find patient mod=CT", "ModalitiesInStudy is a key of the study level"),
        ("wado", "wado needs a patient, study or series"),
        ("show", "there is no entity at the root"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, message: str) -> None:
    done = run(f"use pacs; {text}")
    assert done.status == 2
    assert message in done.err


def test_a_number_may_be_a_patient_id_whatever_was_listed() -> None:
    ids = [row["PatientID"] for row in run("use pacs; find patient", output="json").json]
    numeric = next(key for key in ids if key.isdecimal())
    assert run(f"use pacs; cd {numeric}; pwd").out == f"/pacs/{numeric}\n"
    done = run(f"use pacs; find patient | head 1; cd {numeric}; pwd")
    assert done.out.splitlines()[-1] == f"/pacs/{numeric}"


def test_two_patients_with_one_id_are_kept_apart() -> None:
    listed = run("use pacs; find patient", output="json").json
    ids = [row["PatientID"] for row in listed]
    shared = next(key for key in ids if ids.count(key) == 2)
    rows = [number for number, key in enumerate(ids, 1) if key == shared]
    refused = run(f"use pacs; cd {shared}")
    assert refused.status == 2
    assert "is the unique key of several" in refused.err
    assert "issuer" in refused.err
    studies = [run(f"use pacs; find patient; cd {row}; ls", output="ndjson").out for row in rows]
    own = [{line for line in text.splitlines() if "StudyInstanceUID" in line} for text in studies]
    assert own[0]
    assert own[1]
    assert not own[0] & own[1]
    assert [len(part) for part in own] == [
        listed[row - 1]["NumberOfPatientRelatedStudies"] for row in rows
    ]


def test_tree_shows_the_hierarchy_with_counts() -> None:
    lines = run("use pacs; tree 0555643F").out.splitlines()
    assert lines[0] == "├─ 2009-04-12  CT  CT THORAX  [3 series]"
    assert lines[-1] == "   └─ 5  SR  Report  [1 instance]"
    assert len(lines) == 2 + 3 + 5


def test_tree_of_all_patients_counts_what_find_counts() -> None:
    rows = run("use pacs; tree", output="json").json
    studies = run("use pacs; find study", output="json").json
    found = {row["StudyInstanceUID"] for row in rows if row["level"] == "study"}
    assert found == {row["StudyInstanceUID"] for row in studies}


def test_show_lists_sequences_with_their_items() -> None:
    done = run(f"use pacs; show {STUDY}", output="json")
    keywords = [row["keyword"] for row in done.json]
    assert "StudyTime" in keywords
    assert any(row["tag"].startswith(">(0008,0100)") for row in done.json)


def test_find_inside_a_place_sends_the_keys_above_the_level() -> None:
    done = run("use pacs; cd 0555643F; ls; cd 1; find study; find series MR", output="ndjson")
    assert done.out.count('"StudyDescription": "MR BRAIN"') == 2
    assert done.last.startswith("no series, complete")


def test_nothing_found_says_what_was_matched() -> None:
    done = run("use pacs; find patient JODOGNE sex=M")
    assert done.status == 0
    assert "matched PatientName=JODOGNE, PatientSex=M" in done.last


def test_last_shows_the_rows_again_without_a_query() -> None:
    done = run("use pacs; find patient JOD* sex=M; last --output ndjson")
    assert done.out.splitlines()[-1].startswith('{"PatientID": "0555643F"')


def test_a_peer_without_patient_root_is_walked_by_its_studies(tmp_path: Path) -> None:
    config = practice(tmp_path, refuse_patient_root=True)
    plain = run("use pacs; find patient", config=config, output="json").json
    done = run("use faulty; find patient", config=config, output="json")
    assert done.status == 0
    assert "patients taken from the studies: the peer has no Patient Root" in done.last
    key = ("PatientID", "IssuerOfPatientID")
    with_studies = [row for row in plain if row["NumberOfPatientRelatedStudies"]]
    assert {tuple(row.get(k) for k in key) for row in done.json} == {
        tuple(row.get(k) for k in key) for row in with_studies
    }
    assert len(done.json) == len(with_studies)
    walked = run(WALK.replace("use pacs", "use faulty"), config=config)
    assert walked.status == ExitStatus.INCOMPLETE
    assert walked.err.count("INCOMPLETE") == 1
    assert STUDY in walked.out


def test_emulated_patients_stop_at_the_limit(tmp_path: Path) -> None:
    config = practice(tmp_path, refuse_patient_root=True)
    done = run("use faulty; find patient --limit 3", config=config, output="json")
    assert len(done.json) == 3
    assert "3 patients, stopped at --limit 3" in done.last


def test_study_root_can_be_forced() -> None:
    done = run("use pacs; find patient JOD* --model study", output="json")
    assert "patients taken from the studies: because of the model set" in done.last
    assert done.json[0]["PatientID"] == "0555643F"

"""find worklist, its place, show, stages and lint, against the practice archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.errors import ConfigError
from tests.harness import Done, practice, run

STEP = "ScheduledProcedureStepSequence"


def ndjson(command: str) -> Done:
    return run(f"use pacs; {command}", output="json")


def steps(done: Done) -> list[str]:
    return [row[STEP][0]["ScheduledProcedureStepID"] for row in done.json]


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ("", 32),
        ("date=today", 25),
        ("date=today mod=CT station=CT1", 7),
        ("Modality=MR", 6),
        (f"{STEP}.Modality=MR", 6),
        ("mod=MR,CT", 23),
        ("station=CT1,CT2 date=today", 12),
        ("station=CT?", 16),
        ("date=today time=08..09", 11),
        ("Doe*", 3),
        ("0555643F", 1),
        ("name=*山田*", 2),
        ("id=SEL-0001", 3),
        ("physician=Magnet*", 5),
        ("procedure='MR*'", 6),
        ("status=SCHEDULED date=today", 13),
        ("step=SPS0003", 1),
        ("desc='*contrast*'", 1),
        ("RequestedProcedureCodeSequence.CodeValue=MRBRN", 2),
    ],
)
def test_keys_reach_where_they_belong(keys: str, number: int) -> None:
    done = ndjson(f"find worklist {keys}")
    assert len(done.json) == number
    assert "complete" in done.last
    assert len(steps(done)) == len(set(steps(done)))


def test_both_words_and_the_place_mean_the_worklist() -> None:
    outs = {
        run(f"use pacs; {command}").out
        for command in (
            "find worklist mod=MR",
            "find mwl mod=MR",
            "ls worklist mod=MR",
            "cd worklist; ls mod=MR",
            "cd /pacs/worklist; find worklist mod=MR",
        )
    }
    assert len(outs) == 1


def test_the_table_shows_when_where_who_and_what() -> None:
    done = run("use pacs; find worklist mod=PT")
    heading, row = done.out.splitlines()
    names = "Date Start Station Modality PatientName PatientID Accession Procedure Status Step"
    assert heading.split()[1:11] == names.split()
    assert "09:10:00" in row
    assert "PET/CT WHOLE BODY" in row


def test_stages_reach_inside_the_sequence() -> None:
    done = run(
        "use pacs; find worklist date=today | where station=CT1 | sort time --reverse | head 2",
        output="json",
    )
    assert steps(done) == ["SPS0009", "SPS0008"]
    counted = run("use pacs; find worklist date=today | count by mod", output="json").json
    assert counted[0] == {f"{STEP}.Modality": "CT", "count": 13}
    selected = run("use pacs; find worklist mod=PT | select station time", output="csv").out
    assert selected.splitlines()[1] == "PT1,091000"


def test_each_runs_with_the_values_of_an_item() -> None:
    done = run(
        "use pacs; find worklist mod=XA"
        " | each print $PatientID $ScheduledStationAETitle $AccessionNumber"
    )
    assert done.out.startswith("ROM-0001 XA1 W")
    asked = run("use pacs; find worklist mod=XA | each find study id=$PatientID", output="json")
    assert {row["PatientID"] for row in asked.json} == {"ROM-0001"}


def test_below_a_patient_the_worklist_is_his() -> None:
    done = run("use pacs; cd 0555643F; find worklist", output="json")
    assert [row["PatientID"] for row in done.json] == ["0555643F"]
    assert "PatientID = 0555643F" in run("use pacs; cd 0555643F; explain find worklist").out


def test_show_prints_all_of_an_item_as_a_tree() -> None:
    done = run("use pacs; find worklist mod=MR name=JOD*; show 1", output="json")
    records = {record["keyword"]: record for record in _second(done.out)}
    assert records["Modality"]["tag"] == ">(0008,0060)"
    assert records["ScheduledStationName"]["value"] == "MR1 room"
    assert all(record["remark"] is None for record in records.values())


def _second(out: str) -> list[dict[str, str]]:
    import json

    found: list[dict[str, str]] = json.loads(out[out.index("]\n[") + 2 :])
    return found


def test_show_says_what_is_wrong_and_what_is_missing(tmp_path: Path) -> None:
    config = practice(tmp_path, missing_type_1=True, long_accession=True)
    done = run("use faulty; find worklist step=SPS0012; show 1", output="json", config=config)
    remarks = {r["keyword"]: r["remark"] for r in _second(done.out) if r["remark"]}
    assert remarks == {
        "AccessionNumber": "20 characters, but SH has 16",
        "RequestedProcedureID": "no value: required (type 1)",
        "StudyInstanceUID": "no value: required (type 1)",
    }


def test_lint_names_each_problem(tmp_path: Path) -> None:
    config = practice(tmp_path, missing_type_1=True, long_accession=True)
    done = run("use faulty; find worklist mod=MR --lint", output="json", config=config)
    assert [(r["row"], r["attribute"]) for r in done.json] == [
        (2, "RequestedProcedureID"),
        (2, "StudyInstanceUID"),
        (3, "AccessionNumber"),
        (5, "RequestedProcedureID"),
        (5, "StudyInstanceUID"),
    ]
    assert done.json[2]["value"].startswith("NORTHCLINIC-W")
    assert "5 problems, complete" in done.last
    assert "6 worklist items checked" in done.last
    assert done.status == 1


def test_a_good_worklist_has_no_problems() -> None:
    done = run("use pacs; find worklist --lint")
    assert (done.out, done.status) == ("", 0)
    assert "no problems, complete" in done.last
    assert "32 worklist items checked" in done.last


def test_a_server_that_ignores_keys_of_the_step_is_noticed(tmp_path: Path) -> None:
    config = practice(tmp_path, ignore_step_keys=True)
    done = run("use faulty; find worklist mod=MR", config=config)
    assert "32 worklist items, IN DOUBT" in done.last
    assert "26 of 32 rows do not match Modality=MR" in done.last
    assert done.status == 5


def test_an_empty_worklist_says_what_was_matched_and_what_to_do() -> None:
    done = run("use pacs; find worklist station=CT9 date=2001-01-01")
    assert "matched ScheduledStationAETitle=CT9" in done.last


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("find worklist --model patient", "a worklist has no --model"),
        ("find worklist --relational", "a worklist has no --relational"),
        ("find worklist --datetime", "a worklist has no --datetime"),
        ("find worklist --split", "a worklist has no --split"),
        ("find study --lint", "--lint checks a worklist"),
        ("find study status=READY", "no attribute 'status'"),
        ("find worklist number=3", "no attribute 'number'"),
        ("compare find worklist", "a worklist has one information model"),
        ("find worklist mod=PT; cd 1", "row 1 is a worklist item"),
        ("find worklist mod=PT | get", "needs patients, studies, series or instances"),
        ("cd worklist; get", "needs a patient, study, series or instance"),
        ("cd worklist; tree", "nothing below the items of a worklist"),
        ("cd worklist; show", "no entity here"),
        ("cd worklist; cd X", "no row 'X' was listed here"),
        ("cd worklist; wado", "wado needs a patient"),
        ("find worklist date=tomorow", "'tomorow' is not a valid"),
        ("find worklist time=22..06", "backwards"),
    ],
)
def test_what_a_worklist_cannot_do_is_said(command: str, message: str) -> None:
    done = run(f"use pacs; {command}")
    assert message in done.err
    assert done.status in (1, 2)


def test_the_worklist_is_a_place() -> None:
    assert run("use pacs; cd worklist; pwd").out == "/pacs/worklist\n"
    assert run("use pacs; cd worklist; cd ..; pwd").out == "/pacs\n"
    assert run("use pacs; cd worklist; pwd --keys", output="json").json == []
    studies = run("use pacs; cd worklist; find study 0555643F", output="json").json
    assert len(studies) == 2


def test_two_worklists_are_compared_item_by_item(tmp_path: Path) -> None:
    config = practice(tmp_path, wrong_station=True)
    same = run("use pacs; compare --with pacs find worklist", config=config)
    assert same.status == 0
    done = run(
        "use pacs; compare --with faulty find worklist date=today", output="json", config=config
    )
    assert {record["attribute"] for record in done.json} == {f"{STEP}.ScheduledStationAETitle"}
    assert len(done.json) == 7


def test_explain_says_what_is_special_about_a_worklist() -> None:
    told = run("use pacs; explain find worklist mod=MR step=SPS0015").out
    assert "Modality Worklist: scheduled procedure steps" in told
    assert "empty is not any" in told
    assert "matching on ScheduledProcedureStepID is optional" in told
    assert ">(0008,0060) CS  Modality = MR" in told
    assert "findscu -W" in told
    assert "/find-worklist" in told
    assert "level" not in told.partition("charset")[0].replace("Query/Retrieve level", "")


def test_values_of_the_step_are_masked() -> None:
    masked = run("set mask on; use pacs; find worklist name=JOD*", output="json")
    (row,) = masked.json
    assert row["PatientID"].startswith("X-")
    assert row[STEP][0]["ScheduledProcedureStepID"] != "SPS0015"


DEVICES = """
modalities:
  pacs: {practice: true}
  caller: {practice: true, faults: {station_of_caller: true}}
devices:
  scanner: {aet: CT1, modality: CT, station: CT1 room}
  pet: {aet: PT1}
"""


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    path = tmp_path / "modalities.yaml"
    path.write_text(DEVICES, encoding="utf-8")
    return path


def test_as_a_device_its_worklist_is_asked_for(devices: Path) -> None:
    done = run("use pacs; find worklist date=today --as scanner", config=devices, output="json")
    assert {row[STEP][0]["ScheduledStationAETitle"][0] for row in done.json} == {"CT1"}
    assert len(done.json) == 7
    assert "asked as CT1" in done.last
    pet = run("use pacs; find worklist --as pet", config=devices, output="json")
    assert [row[STEP][0]["Modality"] for row in pet.json] == ["CT", "PT"]
    told = run("use pacs; explain find worklist --as scanner", config=devices).out
    assert ", as CT1\n" in told
    assert ">(0040,0001) AE  ScheduledStationAETitle = CT1" in told
    assert ">(0040,0010) SH  ScheduledStationName = CT1 room" in told


def test_as_any_ae_title_and_the_aet_of_a_device(devices: Path) -> None:
    ct2 = run("use pacs; find worklist --as CT2 date=today", config=devices, output="json")
    assert len(ct2.json) == 5
    by_title = run("use pacs; find worklist --as CT1 mod=MR; why", config=devices)
    assert "none with mod=MR: CT" in by_title.out


def test_the_calling_title_is_that_of_the_device(devices: Path) -> None:
    """The server shows each caller its own steps."""
    done = run("use caller; find worklist --as scanner", config=devices, output="json")
    assert {row[STEP][0]["ScheduledStationAETitle"][0] for row in done.json} == {"CT1"}
    assert "complete" in done.last


def test_in_the_place_and_with_lint_and_for_studies(devices: Path) -> None:
    done = run("use pacs; cd worklist; ls --as pet", config=devices, output="json")
    assert len(done.json) == 2
    lint = run("use pacs; find worklist --as pet --lint", config=devices)
    assert "2 worklist items checked" in lint.last
    study = run("use pacs; find study 0555643F --as pet", config=devices, output="json")
    assert len(study.json) == 2
    assert "asked as PT1" in study.last


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("devices: {a b: {aet: X}}", "a name of 1 to 64 letters"),
        ("devices: {x: {}}", "aet"),
        ("devices: {x: {aet: X, modality: ct}}", "a code of 1 to 16 capital letters"),
        ("devices: {x: {aet: X, station: '01234567890123456'}}", "a text of 1 to 16 characters"),
        ("devices: {x: {aet: X, room: 3}}", "unknown setting 'room'"),
    ],
)
def test_a_device_that_is_wrong_is_told_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "modalities.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"modalities\.yaml:1: devices") as caught:
        run("modalities", config=path)
    assert message in caught.value.message


def test_what_is_no_device_is_refused(devices: Path) -> None:
    done = run("use pacs; find worklist --as 'a device too long'", config=devices)
    assert "expected a device or an AE title" in done.err
    assert done.status == 2

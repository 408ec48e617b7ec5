"""Rows through stages, on the practice archive and on a real Orthanc."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydicom.config import disable_value_validation

from tests import servers
from tests.dimse.peers import answering, scp, study
from tests.harness import Done, interrupted, practice, run


def rows(text: str, **options: Any) -> list[dict[str, Any]]:
    done = run(f"use pacs; {text}", output="json", **options)
    assert done.status == 0, done.err
    return list(done.json)


STUDIES = rows("find study +AccessionNumber")


def test_where_keeps_what_matches() -> None:
    found = rows("find study | where mod=CT,MR date=2009..2012 desc=*thorax*")
    wanted = [
        row
        for row in STUDIES
        if {"CT", "MR"} & set(row["ModalitiesInStudy"])
        and "2009" <= row["StudyDate"][:4] <= "2012"
        and "THORAX" in (row["StudyDescription"] or "")
    ]
    assert [row["StudyInstanceUID"] for row in found] == [r["StudyInstanceUID"] for r in wanted]
    assert 0 < len(found) < len(STUDIES)


def test_where_compares_numbers() -> None:
    found = rows("find study | where NumberOfStudyRelatedInstances=>=100")
    number = "NumberOfStudyRelatedInstances"
    assert [row[number] for row in found] == [r[number] for r in STUDIES if r[number] >= 100]


def test_where_tells_what_it_could_not_compare() -> None:
    dates = ("20090412", "2009", "12 April 2009", "", "20100101")
    with disable_value_validation():
        answer = [study(n, StudyDate=day) for n, day in enumerate(dates)]
        with scp(answering(*answer)) as modality:
            address = f"{modality.entity.aet}@{modality.entity.host}:{modality.entity.port}"
            done = run("find study | where date=2009 | select date", modality=address, output="csv")
            not_2009 = run(
                "find study | where date!=2009 | select date", modality=address, output="csv"
            )
    told = "2 rows have a StudyDate that is not a date and cannot be compared"
    assert [line.split(",")[0] for line in done.out.splitlines()] == ["StudyDate", "20090412"]
    assert done.last.endswith(told)
    assert len(not_2009.out.splitlines()) == 5
    assert not_2009.last.endswith(told)


def test_where_not_and_where_nothing() -> None:
    one = rows("find study | where mod!=CT")
    assert all("CT" not in row["ModalitiesInStudy"] for row in one)
    none = rows("find study | where desc=")
    assert {row.get("StudyDescription") for row in none} == {None}
    some = rows("find study | where desc=*")
    assert len(none) + len(some) == len(STUDIES)
    assert none


def test_where_looks_into_sequences() -> None:
    path = "RequestAttributesSequence.ScheduledProcedureStepID"
    everything = rows(f"find series +{path} | where {path}=*")
    first = everything[0]["RequestAttributesSequence"][0]["ScheduledProcedureStepID"]
    found = rows(f"find series +{path} | where {path}={first}")
    assert 0 < len(found) <= len(everything)


def test_the_result_line_counts_both() -> None:
    done = run("use pacs; find study | where mod=XA")
    shown = len(done.out.splitlines()) - 1
    assert done.last.startswith(f"{shown} of {len(STUDIES)} studies, complete")
    assert run("use pacs; find study | where desc=nothing").last.startswith("0 of 120 studies")
    assert run("use pacs; find study | where mod!=nothing").last.startswith("120 studies, complete")


def test_sort() -> None:
    number = "NumberOfStudyRelatedInstances"
    up = [row[number] for row in rows(f"find study | sort {number}")]
    down = [row[number] for row in rows(f"find study | sort {number} -r")]
    assert up == sorted(up)
    assert down == up[::-1]
    two = rows(f"find study | sort date {number}")
    assert two == sorted(two, key=lambda row: (row["StudyDate"] or "9", row[number]))


def test_rows_without_a_value_are_sorted_last_either_way() -> None:
    for text in ("find study | sort desc", "find study | sort desc --reverse"):
        values = [row.get("StudyDescription") for row in rows(text)]
        present = [value for value in values if value]
        assert values == [*present, *[None] * (len(values) - len(present))]
        assert len(present) < len(values)


def test_select_shows_these_keys_only_and_rows_keep_their_place() -> None:
    done = run(
        "use pacs; find study | select desc date | to ndjson; last | to csv; cd 3; pwd --keys",
        output="ndjson",
    )
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert list(json.loads(lines[0])) == ["StudyDescription", "StudyDate"]
    assert lines[120] == "StudyDescription,StudyDate"
    assert json.loads(lines[-1])["value"] == STUDIES[2]["StudyInstanceUID"]
    assert "also returned" not in done.err


@pytest.mark.parametrize("output", ["table", "vertical", "yaml", "dicom-json", "tsv"])
def test_select_in_every_format(output: str) -> None:
    done = run("use pacs; find study mod=CT | head 1 | select date", output=output)
    assert (done.status, "1.2.840" in done.out) == (0, False)
    assert "also returned" not in done.err


def test_head_tail_and_uniq() -> None:
    uids = [row["StudyInstanceUID"] for row in STUDIES]
    found = [row["StudyInstanceUID"] for row in rows("find study | head 3")]
    assert found == uids[:3]
    assert [row["StudyInstanceUID"] for row in rows("find study | tail 3")] == uids[-3:]
    assert len(rows("find study | head")) == 10
    patients = [row["PatientID"] for row in rows("find study | uniq id")]
    assert patients == list(dict.fromkeys(row["PatientID"] for row in STUDIES))
    modalities = rows("find study | select mod | uniq")
    assert len(modalities) == len({str(row["ModalitiesInStudy"]) for row in STUDIES})


def test_count() -> None:
    assert rows("find study | count") == [{"count": len(STUDIES)}]
    by = rows("find series | count by mod")
    counter = Counter(row["Modality"] for row in rows("find series"))
    assert {row["Modality"]: row["count"] for row in by} == dict(counter)
    assert [row["count"] for row in by] == sorted(counter.values(), reverse=True)
    done = run("use pacs; find study | where mod=CT | count")
    assert done.out == f"{len(rows('find study | where mod=CT'))}\n"
    assert "of 120 studies, complete" in done.last
    done = run("use pacs; find series | where mod=CT,MR | count by mod | head 1", output="csv")
    assert done.out.splitlines()[1] == f"CT,{counter['CT']}"
    assert done.last.startswith("1 of 2 values, complete")
    assert f"{counter['CT'] + counter['MR']} of 278 series counted" in done.last
    assert rows("find study | where desc=nothing | count by mod") == []


def test_to_wins_over_the_suffix(tmp_path: Path) -> None:
    run(f"use pacs; find study | head 1 | to ndjson > '{tmp_path}/x.csv'")
    assert "StudyInstanceUID" in json.loads((tmp_path / "x.csv").read_text("utf-8"))
    run(f"use pacs; modalities | to ndjson > '{tmp_path}/y.csv'")
    assert json.loads((tmp_path / "y.csv").read_text("utf-8").splitlines()[0])["name"] == "pacs"


def test_the_rows_shown_last_are_those_that_numbers_mean() -> None:
    done = run("use pacs; find study; last | where mod=XA | sort date -r; cd 1; pwd --keys")
    newest = rows("find study | where mod=XA | sort date -r | head 1")[0]
    assert newest["StudyInstanceUID"] in done.out.splitlines()[-1]


def test_stages_before_a_system_command() -> None:
    from tests.harness import dicomsh

    done = dicomsh("-o", "csv", "-c", "use pacs; find study | head 2 | select date | !sort")
    assert sorted(row["StudyDate"] for row in STUDIES[:2]) == sorted(done.out.split())[:2]


def test_records_go_through_stages_too() -> None:
    assert rows("modalities | where name=pac* | select name") == [{"name": "pacs"}]
    tree = rows("tree 0555643F | where level=series | sort label -r | head 2")
    assert len(tree) == 2
    assert tree[0]["label"] > tree[1]["label"]
    assert rows("tree 0555643F | count") == [{"count": len(rows("tree 0555643F"))}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("find study | where acc=1", "AccessionNumber was not requested"),
        ("modalities | where nam=x", "these rows have no 'nam'"),
        ("modalities | select name,aet", "separate keys with spaces: name aet"),
        ("cd 0555643F | head", "cd returns no rows for head"),
        ("find study | count by", "-c:1:30: count by needs a Key"),
        ("find study | where", "Key=Value is missing"),
        ("ls 0555643F | sort number", "SeriesNumber was not requested"),
    ],
)
def test_what_a_stage_cannot_do(text: str, message: str) -> None:
    done = run(f"use pacs; {text}")
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_an_error_of_a_stage_leaves_the_query_and_the_next_one_is_right() -> None:
    done = run("use pacs; find study | where acc=1; find patient JOD* sex=M", keep_going=True)
    assert done.status == 2
    assert "1 patient, complete" in done.last


def slow(tmp_path: Path, **faults: Any) -> Path:
    return practice(tmp_path, row_delay=0.005, **faults)


def test_head_leaves_the_query_early_and_that_is_no_failure(tmp_path: Path) -> None:
    done = run(
        "use faulty; find instance study=2.25.0,1.2; find instance | head 3; find patient JOD*",
        config=slow(tmp_path),
        output="ndjson",
    )
    assert done.status == 0, done.err
    lines = done.err.splitlines()
    assert lines[2].startswith("3 instances, stopped at head 3 · there may be more")
    assert "C-CANCEL" in lines[2]
    assert [line.startswith('{"PatientID"') for line in done.out.splitlines()[3:]] == [True]


def test_head_behind_where_leaves_early_too(tmp_path: Path) -> None:
    done = run("use faulty; find instance | where number=2 | head 2", config=slow(tmp_path))
    assert done.status == 0
    assert done.last.startswith("2 instances, stopped at head 2")


def test_what_the_source_lacks_is_still_told(tmp_path: Path) -> None:
    done = run("use faulty; find study | where mod=CT", config=practice(tmp_path, cut_off=9))
    assert done.status == 5
    assert "of 9 studies, CUT OFF by the server" in done.last
    done = run("use faulty; find study | count", config=practice(tmp_path, abort_after=9))
    assert (done.status, done.out) == (5, "9\n")
    assert done.last.startswith("9 studies, then the association was lost")
    done = run("use pacs; find study --limit 7 | sort date | tail 2")
    assert done.status == 0
    assert done.last.startswith("2 of 7 studies, stopped at --limit 7")


def test_stages_on_a_real_orthanc(orthanc_server: servers.Orthanc) -> None:
    address = f"{orthanc_server.aet}@127.0.0.1:{orthanc_server.port}"

    def found(text: str) -> Done:
        return run(text, modality=address, output="json")

    everything = found("find series").json
    number = found("find series | where mod=CT | sort number -r").json
    assert {row["Modality"] for row in number} == {"CT"}
    assert len(number) == sum(row["Modality"] == "CT" for row in everything)
    counted = found("find series | count by mod").json
    assert sum(row["count"] for row in counted) == len(everything)


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_while_rows_are_collected_shows_those_that_came(tmp_path: Path) -> None:
    config = practice(tmp_path, stall_after=3)
    text = "use faulty; find instance | sort number -r | head 2 | select number"
    done = interrupted(config, "-c", text, traced=3)
    assert done.status == 5, done.err
    assert len(done.out.splitlines()) == 2
    assert "2 of 3 instances, cancelled by you" in done.err


# each


def test_each_runs_in_the_entity_of_the_row() -> None:
    mine = rows("find study mod=XA,PT | each ls")
    wanted = [
        series
        for study in rows("find study mod=XA,PT")
        for series in rows(f"find series study={study['StudyInstanceUID']}")
    ]
    uids = [row["SeriesInstanceUID"] for row in wanted]
    assert [row["SeriesInstanceUID"] for row in mine] == uids
    assert all(row["StudyInstanceUID"] and row["PatientID"] for row in mine)


def test_each_sets_the_attributes_of_the_row_as_variables() -> None:
    done = run("use pacs; let PatientID = mine; ls 0555643F | each print $PatientID ${StudyDate}x")
    assert done.out.splitlines() == ["0555643F 20090412x", "0555643F 20110930x"]
    done = run("use pacs; modalities | where name=pacs | each print $name")
    assert done.out == "pacs\n"


def test_each_leaves_place_and_variables_alone() -> None:
    done = run("use pacs; find patient JOD* | each let X = 1; pwd; ls 0555643F | each cd ..; pwd")
    assert (done.status, done.out) == (0, "/pacs\n/pacs\n")
    assert run("use pacs; find patient JOD* | each let X = 1; print $X").status == 2


def test_what_each_gives_goes_on_through_stages_and_its_rows_can_be_gone_to(
    tmp_path: Path,
) -> None:
    done = run(
        "use pacs; find study date=2009 mod=CT | each ls | where desc=*lung* | sort study;"
        f" cd 2; pwd --keys; last > '{tmp_path}/x.csv'",
        output="json",
    )
    assert done.status == 0, done.err
    listed, keys = done.out.split("]\n")[:2]
    second = json.loads(listed + "]")[1]
    place = [row["value"] for row in json.loads(keys + "]")]
    assert place == [second[k] for k in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")]
    header = (tmp_path / "x.csv").read_text("utf-8").splitlines()[0]
    assert header.startswith("PatientID,StudyInstanceUID,")


def test_each_with_records_and_without_rows() -> None:
    tags = rows("find study | head 2 | each show | where keyword=StudyID")
    assert [row["keyword"] for row in tags] == ["StudyID"] * 2
    done = run("use pacs; find patient NOBODY | each ls", output="json")
    assert (done.status, done.json) == (0, [])
    assert done.last.startswith("no patients, complete")


def test_each_with_text() -> None:
    done = run("use pacs; find patient JOD* | each explain find study mod=CT | count")
    assert (done.status, done.out) == (0, "1\n"), done.err
    assert "C-FIND" in run("use pacs; find patient JOD* | each explain find study mod=CT").out


def test_each_prints_made_up_names_where_all_are() -> None:
    text = "find patient JOD* | each print $PatientName $PatientID"
    done = run(f"use pacs; set mask on > {os.devnull}; {text}; {text} | to json")
    assert done.status == 0, done.err
    assert "^" in done.out
    assert not any(real in done.out for real in ("JODOGNE", "0555643F"))


def test_each_says_what_it_ran_for_and_that_it_was_cut_off(tmp_path: Path) -> None:
    done = run("use pacs; find study date=2009 | each ls")
    assert " series, complete" in done.last
    assert f"for {len(rows('find study date=2009'))} studies" in done.last
    done = run("use pacs; find study --limit 3 | each ls")
    assert " series, complete" in done.last
    assert "for 3 studies, stopped at --limit 3" in done.last
    config = practice(tmp_path, cut_off=2)
    done = run("use faulty; find patient | each print $PatientID", config=config)
    assert done.out.count("\n") == 2
    assert done.status == 5
    assert "CUT OFF by the server" in done.last


def test_each_stops_at_the_first_failure_and_shows_what_came_before() -> None:
    text = "use pacs; ls 0555643F | sort date -r | each {} find study date=$StudyDate..2010"
    stopped = run(text.format(""))
    assert (stopped.status, stopped.out) == (2, "")
    column = text.format("").index("$StudyDate") + 1
    assert f"-c:1:{column}: row 1 (0555643F/" in stopped.err
    assert ", pacs): the range is backwards" in stopped.err
    gone_on = run(text.format("--keep-going"))
    assert gone_on.status == 2
    assert "row 1 (0555643F/" in gone_on.err
    assert len(gone_on.out.splitlines()) == 3
    later = run("use pacs; ls 0555643F | each find study date=$StudyDate..2010", output="csv")
    assert later.status == 2
    assert "row 2 (0555643F/" in later.err
    assert len(later.out.splitlines()) == 2


def test_each_goes_on_when_told_to() -> None:
    numbers = "find study | sort NumberOfStudyRelatedSeries | where NumberOfStudyRelatedSeries=1..2"
    text = f"{numbers} | each {{}} find instance number=$StudyTime"
    stopped = run(f"use pacs; {text.format('')}")
    assert stopped.status != 0
    gone_on = run(f"use pacs; {text.format('--keep-going')}")
    assert gone_on.status == stopped.status
    assert "rows failed (1, 2, 3" in gone_on.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("find study | each print $PatientIDD", "no variable 'PatientIDD'"),
        ("find study | each print $2", "no variable '2'"),
        ("find study | each fnd", "no command 'fnd'"),
        ("find study | each ls acc=1 sx=2", "no attribute 'sx'"),
        ("find study | each where mod=CT", "no command 'where'"),
        ("find study | head 1 | each source README.md", "a script cannot run for each row"),
        ("find study | head 1 | each exit | head x", "expected a whole number"),
    ],
)
def test_what_each_cannot_do(text: str, message: str) -> None:
    done = run(f"use pacs; {text}")
    assert done.status == 2
    assert message in done.err


def test_each_on_a_real_orthanc(orthanc_server: servers.Orthanc) -> None:
    address = f"{orthanc_server.aet}@127.0.0.1:{orthanc_server.port}"
    below = run("find study | each ls", modality=address, output="json")
    found = run("find series", modality=address, output="json")
    assert below.status == found.status == 0, below.err
    # Orthanc holds one study and its series twice, which is one entity
    one, other = ({row["SeriesInstanceUID"] for row in done.json} for done in (below, found))
    assert one == other
    assert len(below.json) == len(one)


def test_an_order_in_a_word_is_not_taken_for_a_description() -> None:
    done = run("use pacs; find study | sort date desc")
    assert done.status == 2
    assert "newest first: sort date -r" in done.err
    assert run("use pacs; find study | sort desc").status == 0


@pytest.mark.parametrize(
    ("number", "told"),
    [(2, "2 of 13 values, complete"), (13, "13 values, complete"), (20, "13 values, complete")],
)
def test_the_first_of_counts_that_are_all_known(number: int, told: str) -> None:
    done = run(f"use pacs; find study | count by mod | head {number}")
    assert done.last.startswith(told)
    assert "there may be more" not in done.last

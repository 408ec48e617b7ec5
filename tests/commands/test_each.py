"""each: whose output it is, what becomes of a row that fails, and where its options may stand."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet
import pytest

from tests.harness import run

UID = "1.2.840.113704.1.111.2768.1239195678.57"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two archives with the same patients; one does not take SeriesDate."""
    config = tmp_path / "two.yaml"
    config.write_text(
        "modalities:\n"
        "  a: {practice: true}\n"
        "  b: {practice: true, faults: {reject_keys: [SeriesDate]}}\n",
        "utf-8",
    )
    return config


@pytest.mark.parametrize(
    "text",
    [
        "each --keep-going find series +SeriesDate",
        "each find series +SeriesDate --keep-going",
        "each find --keep-going series +SeriesDate",
    ],
)
def test_a_failed_row_leaves_its_keys_and_the_error(text: str, two: Path) -> None:
    query = "find study id=0555643F date=2009 | sort modality"
    done = run(f"use a b; {query} | {text}", config=two, output="json")
    assert done.status == 1
    good, bad = done.json[:-1], done.json[-1]
    assert [row["modality"] for row in good] == ["a"] * 3
    assert not any("error" in row for row in good)
    assert list(bad) == ["modality", "PatientID", "StudyInstanceUID", "error"]
    assert (bad["modality"], bad["StudyInstanceUID"]) == ("b", UID)
    assert "SeriesDate is not supported" in bad["error"]
    assert f"row 2 (0555643F/{UID}, b): " in done.err


def test_without_keep_going_the_failure_names_entity_and_archive(two: Path) -> None:
    done = run("use b; find study date=2009 | each find series +SeriesDate", config=two)
    assert done.status == 1
    assert f"row 1 (0555643F/{UID}, b): " in done.err


def test_rows_that_fail_first_keep_their_order(two: Path) -> None:
    query = "use a b; find study id=0555643F date=2009 | sort modality -r"
    text = f"{query} | each find series +SeriesDate --keep-going"
    table = run(text, config=two).out.splitlines()
    assert table[0].endswith("Error")
    assert "is not supported" in table[1]
    found = run(f"{text} | where error=* | select modality error", config=two, output="csv")
    assert [line.split(",")[0] for line in found.out.splitlines()] == ["modality", "b"]


def test_errors_in_typed_files(two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(
        "use a b; find study date=2009-04 | each find series +SeriesDate --keep-going > a.parquet",
        config=two,
    )
    errors = pyarrow.parquet.read_table("a.parquet").column("error").to_pylist()
    assert errors.count(None) == len(errors) - 2


def test_texts_say_whose_they_are() -> None:
    done = run("use pacs; find study id=0555643F | each print $StudyDate", output="json")
    assert [list(row) for row in done.json] == [["PatientID", "StudyInstanceUID", "text"]] * 2
    assert done.json[0] == {"PatientID": "0555643F", "StudyInstanceUID": UID, "text": "20090412"}
    assert run("use pacs; find study id=0555643F | each print $StudyDate").out == (
        "20090412\n20110930\n"
    )


def test_records_say_whose_they_are() -> None:
    done = run("use pacs; find patient id=0555643F | each tree --depth 1", output="json")
    assert {row["PatientID"] for row in done.json} == {"0555643F"}
    done = run("use pacs; modalities | each echo $name | select name modality", output="json")
    assert all(row["name"] == row["modality"] for row in done.json)


def test_a_failed_row_of_records() -> None:
    config = "modalities"
    done = run(f"{config} | each echo nothing --keep-going", output="json")
    assert done.status == 2
    assert "row 1 (pacs): no modality 'nothing'" in done.err
    texts = "use pacs; find study id=0555643F | each --keep-going !test $StudyDate -lt 20100101"
    done = run(texts, output="json")
    assert done.status == 1
    assert done.json[-1].keys() == {"PatientID", "StudyInstanceUID", "error"}


def test_errors_are_masked(two: Path) -> None:
    text = "use b; set mask on; find study id=0555643F | each find series +SeriesDate --keep-going"
    done = run(text, config=two, output="json")
    assert "0555643F" not in done.err
    assert UID not in done.err


def test_options_of_watch_behind_its_command() -> None:
    done = run("use pacs; watch 0.1 find patient id=0555643F --count 1", output="json")
    assert done.status == 0, done.err
    assert len(done.json) == 1
    limited = run("use pacs; find patient | each ls --limit 1", output="json")
    assert len(limited.json) == 40, "it is that of ls"

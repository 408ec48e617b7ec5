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


PATIENT = "use a; find patient id=0555643F"


def test_two_commands_for_each_row(two: Path) -> None:
    done = run(f"{PATIENT} | each {{ find series mod=CT; find series mod=SR }}", config=two)
    assert done.status == 0, done.err
    rows = done.out.splitlines()
    assert [row.split()[4] for row in rows[1:]] == ["CT", "CT", "CT", "SR"]
    assert "4 series, complete" in done.err


def test_each_command_in_braces_has_its_own_stages(two: Path) -> None:
    text = "each { find series mod=CT | count; print $PatientID; ls | sort date -r | select date }"
    done = run(f"{PATIENT} | {text}", config=two, output="json")
    assert done.status == 2
    assert "different kinds of rows: lines and studies" in done.err
    done = run(f"{PATIENT} | each {{ ls | count; print x }}", config=two, output="json")
    assert done.json == [
        {"PatientID": "0555643F", "count": 2},
        {"PatientID": "0555643F", "text": "x"},
    ]
    done = run(f"{PATIENT} | each {{ ls | count; print x }}", config=two, output="csv")
    assert done.out.splitlines() == ["PatientID,count,text", "0555643F,2,", "0555643F,,x"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("let S = CT; find series mod=$S", 3),
        ("let PatientID = 10001; print $PatientID; print $PatientID", 2),
        (f"cd {UID}; ls mod=CT; ls number=1", 4),
        ("use b; cd 0555643F; ls", 2),
    ],
)
def test_what_a_command_changes_holds_for_those_after_it(text: str, rows: int, two: Path) -> None:
    done = run(f"{PATIENT} | each {{ {text} }}; pwd", config=two, output="ndjson")
    assert done.status == 0, done.err
    *found, place = done.out.splitlines()
    assert len(found) == rows
    assert place == "/a", "only for that row"
    if "10001" in text:
        assert all('"text": "10001"' in line for line in found)
    if "use b" in text:
        assert all('"modality": "b"' in line for line in found)


def test_a_value_of_a_row_in_braces_is_never_a_pattern(two: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n*\n", "utf-8")
    text = "each { let P = JOD*; find patient id=$id; find patient $P }"
    done = run(f"use a; from '{tmp_path / 'a.csv'}' | {text}", config=two, output="json")
    assert done.status == 0, done.err
    assert [row["PatientID"] for row in done.json] == ["0555643F"]


def test_a_command_in_braces_that_fails_ends_its_row(two: Path) -> None:
    query = "use a b; find study id=0555643F date=2009 | sort modality"
    text = (
        "each --keep-going { find series number=1; find series +SeriesDate; find series number=2 }"
    )
    done = run(f"{query} | {text}", config=two, output="json")
    assert done.status == 1
    assert [row["modality"] for row in done.json] == ["a"] * 5 + ["b", "b"]
    assert [("error" in row) for row in done.json] == [False] * 6 + [True]
    assert f"row 2 (0555643F/{UID}, b): " in done.err


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("each { ls; fnd }", "no command 'fnd'", "fnd"),
        ("each { ls; ls | wher }", "no stage 'wher'", "wher"),
        ("each { ls; show", "the brace { is not closed", "{"),
        ("each {ls}", "the brace { is not closed", "{"),
        ("each { }", "a command is missing", "{ }"),
        ("each { ls; ls > x.csv }", "no file of its own for each row", ">"),
        ("each { ls | !less }", "no '| !' for each row", "!less "),
        ("each { ls } x", "unexpected 'x' after the closing brace", "x"),
        ("each { ls } --keep", "each has no option '--keep'", "--keep"),
        ("each { let S = CT; find series mod=$T }", "no variable 'T'", "$T"),
        ("each { source x.dsh; ls }", "a script cannot run for each row", None),
        ("each { use nothing; ls }", "no modality 'nothing'", "nothing"),
    ],
)
def test_what_is_wrong_in_braces_is_told_in_its_place(
    text: str, message: str, marked: str | None, two: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.dsh").write_text("ls", "utf-8")
    text = text.replace("x.dsh", f"'{tmp_path / 'x.dsh'}'")
    done = run(f"{PATIENT} | {text}", config=two)
    assert done.status == 2
    assert message in done.err
    if marked is not None:
        lines = done.err.splitlines()
        caret = next(line for line in lines if set(line.strip()) == {"^"})
        line = lines[lines.index(caret) - 1]
        assert line[caret.index("^") : caret.rindex("^") + 1] == marked


def test_trees_say_whose_they_are(two: Path) -> None:
    done = run(
        "use a b; find patient id=0555643F | sort modality | each tree --depth 1", config=two
    )
    heads = [line for line in done.out.splitlines() if line[0] not in "├└│ "]
    assert heads == ["0555643F, a", "0555643F, b"]
    lines = run(
        "use a; find study id=0555643F | each { tree --depth 1; tree --depth 1 }", config=two
    )
    heads = [line for line in lines.out.splitlines() if line[0] not in "├└│ "]
    assert len(heads) == 2, "once for each row"
    shown = run("use a b; find patient id=0555643F | each show | head 1", config=two).out
    assert shown.split()[:3] == ["#", "Archive", "PatientID"]


def test_programs_among_commands_in_braces() -> None:
    text = 'use pacs; find patient id=0555643F | each { !echo "$PatientID };"; print b }'
    assert run(text).out == "0555643F };\nb\n"


def test_objects_of_all_rows_are_counted(tmp_path: Path) -> None:
    """The first study has 2 images in that series, the second 3; every second one is left out."""
    config = tmp_path / "leaving_out.yaml"
    config.write_text("modalities: {a: {practice: true, faults: {skip_every: 2}}}\n", "utf-8")
    text = "use a; find series id=0555643F number=1 | each get --to 'here' --retries 0"
    done = run(text.replace("here", str(tmp_path / "here")), config=config)
    assert done.status == 5
    assert done.last.startswith("3 of 5 instances, ")
    assert "INCOMPLETE" in done.last

"""Lists of values in files: `Key=@FILE`, found and not found, in the order of the list."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from dicomsh.errors import ExitStatus
from tests.harness import Done, practice, run

QUERY = "find study mod=CT +AccessionNumber"


def held(key: str) -> list[str]:
    """The values of a key in the practice archive, each once, in reverse order."""
    found = run("use pacs; find study +AccessionNumber", output="json").json
    return [*dict.fromkeys(row[key] for row in reversed(found) if row[key])]


def listed(folder: Path, *values: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text("".join(f"{value}\n" for value in values), "utf-8")
    return path


def asked(text: str, config: Path | None = None, modality: str = "pacs") -> Done:
    return run(text, output="json", config=config, modality=modality)


def test_the_rows_in_the_order_of_the_list(tmp_path: Path) -> None:
    wanted = held("AccessionNumber")[:12]
    path = listed(tmp_path, "AccessionNumber", *wanted, "NOWHERE")
    done = asked(f"find study acc=@'{path}'")
    assert [*dict.fromkeys(row["AccessionNumber"] for row in done.json)] == wanted
    assert f"{len(wanted)} of {len(wanted) + 1} values found, 1 not found" in done.last
    assert done.status == 0


def test_lists_of_uids_go_out_by_the_hundred(tmp_path: Path) -> None:
    wanted = held("StudyInstanceUID")
    path = listed(tmp_path, *wanted, "1.2.3.4")
    done = asked(f"find study uid=@'{path}'")
    assert [row["StudyInstanceUID"] for row in done.json] == wanted
    assert len(wanted) > 100
    assert f"{len(wanted)} of {len(wanted) + 1} values found, 1 not found" in done.last


def test_a_list_of_uids_that_is_cut_off_is_asked_for_in_halves(tmp_path: Path) -> None:
    wanted = held("StudyInstanceUID")[:20]
    config = practice(tmp_path, cut_off=3)
    done = asked(f"find study uid=@'{listed(tmp_path, *wanted)}'", config, "faulty")
    assert [row["StudyInstanceUID"] for row in done.json] == wanted
    assert "20 of 20 values found" in done.last
    assert done.status == 0


def test_what_is_missing(tmp_path: Path) -> None:
    path = listed(tmp_path, "NO1", held("AccessionNumber")[0], "NO2", "NO1")
    done = asked(f"find study acc=@'{path}' --missing")
    assert done.json == [
        {"AccessionNumber": "NO1", "line": 1},
        {"AccessionNumber": "NO2", "line": 3},
    ]
    assert done.last.startswith("2 missing values, complete · ")
    assert "1 of 3 values found, 2 not found · 1 line repeats a value" in done.last


def test_a_patient_of_two_values_is_one_row_and_both_are_found(tmp_path: Path) -> None:
    path = listed(tmp_path, "JODOGNE^SEBASTIEN", "Jodogne^Sebastien", name="names.txt")
    done = asked(f"find patient name=@'{path}'")
    assert len(done.json) == 1
    assert "2 of 2 values found" in done.last


def test_wildcards_in_a_list_are_characters(tmp_path: Path) -> None:
    done = asked(f"find study acc=@'{listed(tmp_path, '*', 'A?')}'")
    assert done.json == []
    assert "0 of 2 values found, 2 not found" in done.last


def test_other_keys_narrow_it(tmp_path: Path) -> None:
    path = listed(tmp_path, *held("AccessionNumber"))
    found = asked(f"find study acc=@'{path}' date=2009").json
    assert found
    assert {row["StudyDate"][:4] for row in found} == {"2009"}


def test_an_incomplete_answer_does_not_say_that_a_value_is_missing(tmp_path: Path) -> None:
    config = practice(tmp_path, reject_keys=["AccessionNumber"])
    done = asked(f"find study acc=@'{listed(tmp_path, 'A1', 'A2')}' --missing", config, "faulty")
    assert done.json == []
    assert "0 of 2 values found, 2 without a complete answer" in done.last
    assert done.status == ExitStatus.INCOMPLETE


def test_a_server_that_ignores_the_key_finds_nothing_by_it(tmp_path: Path) -> None:
    config = practice(tmp_path, ignore_keys=["AccessionNumber"])
    done = asked(f"find study acc=@'{listed(tmp_path, 'NO1')}' --missing", config, "faulty")
    assert [row["AccessionNumber"] for row in done.json] == ["NO1"]
    assert done.status == ExitStatus.INCOMPLETE


def test_a_limit_is_that_of_all_values(tmp_path: Path) -> None:
    done = asked(f"find study acc=@'{listed(tmp_path, *held('AccessionNumber'))}' --limit 5")
    assert len(done.json) == 5
    assert "stopped at --limit 5" in done.last


def test_each_archive_counts_for_itself(tmp_path: Path) -> None:
    config = practice(tmp_path, empty=True)
    path = listed(tmp_path, held("AccessionNumber")[0])
    done = asked(f"find study acc=@'{path}' --on pacs,faulty", config)
    assert "1 of 1 values found" in done.err.splitlines()[1]


def test_rows_of_a_file_are_variables_of_each(tmp_path: Path) -> None:
    wanted = held("AccessionNumber")[:2]
    rows = [f"{wanted[0]};x;2009", "NOWHERE;y;", f"{wanted[1]};z;"]
    path = listed(tmp_path, "Accession No;Who;2nd", *rows)
    done = asked(f"from '{path}' | each find study acc=$Accession_No")
    assert [row["AccessionNumber"] for row in done.json] == wanted
    assert "for 3 rows" in done.last
    first = {"Accession_No": wanted[0], "Who": "x", "_2nd": "2009"}
    assert asked(f"from '{path}'").json[0] == first
    assert asked(f"from '{path}' --no-header").json[0]["column2"] == "Who"


@pytest.mark.parametrize(
    ("first", "told"),
    [("A091000", "A091000"), ("A1;Jo;3;4", "A1, Jo, 3"), ("Accession No;Who", ""), ("acc", "")],
)
def test_a_first_line_that_names_no_attribute_is_told(
    tmp_path: Path, first: str, told: str
) -> None:
    path = listed(tmp_path, first, "A091001")
    done = asked(f"from '{path}' | count")
    taken = f"its first line, '{told}', was taken for a heading: --no-header if it has values"
    assert (taken in done.last) is bool(told)
    assert ("heading" in done.last) is bool(told)
    assert "heading" not in asked(f"from '{path}' --no-header | count").last


def test_a_value_that_is_too_long_is_told_with_its_line(tmp_path: Path) -> None:
    path = listed(tmp_path, "A" * 16, "B" * 17, "C" * 40)
    told = "2 values are longer than AccessionNumber can be (16 characters), the first in"
    assert f"{told} line 2" in asked(f"find study acc=@'{path}'").last
    assert "longer than" not in asked(f"find study desc=@'{path}'").last


def test_rows_that_were_written_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    text = "find study +AccessionNumber | sort date"
    rows = asked(f"{text} > '{path}'; {text}").json
    assert asked(f"from '{path}'").json == rows
    assert asked(f"from '{path}' | where date=2009 | count").json == [
        {"count": sum((row.get("StudyDate") or "")[:4] == "2009" for row in rows)}
    ]


def test_a_file_that_is_no_table_says_where(tmp_path: Path) -> None:
    done = asked(f"from '{listed(tmp_path, 'a,b', '1,2,3')}'")
    assert done.status == ExitStatus.USAGE
    assert "line 2: 3 cells, and there are 2 columns" in done.err
    done = asked("from nowhere.csv")
    assert done.status == ExitStatus.USAGE
    assert done.err.startswith("-c:1:6: cannot read 'nowhere.csv'")


def test_from_shows_nothing_while_masking_is_on(tmp_path: Path) -> None:
    done = asked(f"set mask on; from '{listed(tmp_path, 'a', '1')}'")
    assert (done.out, done.status) == ("", ExitStatus.USAGE)


def test_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = held("AccessionNumber")[0]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{wanted}\n"))
    assert [row["AccessionNumber"] for row in asked("find study acc=@-").json] == [wanted]


@pytest.mark.parametrize("text", ["acc='@x'", 'acc="@x"', "'acc=@x'"])
def test_a_quoted_at_is_a_character(text: str) -> None:
    done = asked(f"find study {text}")
    assert done.status == 0
    assert "matched AccessionNumber=@x" in done.last


def test_the_value_of_a_variable_is_no_file() -> None:
    assert "matched AccessionNumber=@x" in asked("let X = @x; find study acc=$X").last


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("find study acc=@", "a file is missing after @"),
        ("find study acc=@nowhere.csv", "cannot read 'nowhere.csv'"),
        ("find study --missing", "--missing needs a list"),
        ("find study acc=@'{list}' id=@'{list}'", "only one key can have a list"),
        ("find study acc=@'{list}' --split", "not split by date"),
        ("find study date=@'{list}'", "line 1: 'x' is not a valid StudyDate"),
        ("find patient acc=@'{list}'", "is a key of the study level"),
        ("find study ReferencedStudySequence=@'{list}'", "is a sequence"),
        ("ls id=@'{list}'", "ls does not read lists"),
        (
            "find study acc=@'{list}' --missing --on pacs,ORTHANC@127.0.0.1:4242",
            "--missing asks one archive",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    done = asked(text.format(list=listed(tmp_path, "x")))
    assert done.status == ExitStatus.USAGE
    assert message in done.err


def test_explain_shows_the_first_query(tmp_path: Path) -> None:
    done = run(f"explain find study acc=@'{listed(tmp_path, 'A1', 'A2')}'", modality="pacs")
    assert "AccessionNumber = A1" in done.out
    assert done.status == 0


def test_a_run_that_was_interrupted_continues(tmp_path: Path) -> None:
    wanted = held("AccessionNumber")[:12]
    path, kept = listed(tmp_path, *wanted, "NOWHERE"), tmp_path / "kept"
    text = f"find study acc=@'{path}' --resume '{kept}'"
    done = asked(f"{text} | head 3")
    assert len(done.json) == 3
    assert kept.stat().st_mode & 0o77 == 0 or os.name == "nt"
    torn = kept.read_bytes()
    assert torn.count(b"\n") > 3
    kept.write_bytes(torn[:-5])  # killed while it was being written
    done = asked(text)
    assert done.json == asked(f"find study acc=@'{path}'").json
    assert "12 of 13 values found, 1 not found" in done.last
    assert "answers from the checkpoint" in done.last
    assert not kept.exists(), "nothing is left to ask for"


def test_what_was_answered_is_not_asked_for_again(tmp_path: Path) -> None:
    path, kept = listed(tmp_path, *held("AccessionNumber")[:9]), tmp_path / "kept"
    text = f"find study acc=@'{path}' --resume '{kept}'"
    assert len(asked(f"{text} | head 8").json) == 8
    answered = len(kept.read_bytes().splitlines()) - 1
    assert answered in (8, 9), "head ends the query while the last answer may be under way"
    assert queries(text) == 9 - answered
    assert queries(f"find study acc=@'{path}'") == 9


def queries(text: str) -> int:
    """How many queries were sent."""
    traced = run(f"trace on; {text}", modality="pacs")
    return sum("→" in line and "C-FIND-RQ" in line for line in traced.err.splitlines())


def test_an_incomplete_answer_is_asked_for_again(tmp_path: Path) -> None:
    config = practice(tmp_path, reject_keys=["AccessionNumber"])
    path, kept = listed(tmp_path, "A1", "A2"), tmp_path / "kept"
    done = asked(f"find study acc=@'{path}' --resume '{kept}'", config, "faulty")
    assert done.status == ExitStatus.INCOMPLETE
    assert kept.read_bytes().count(b"\n") == 1, "no answer was complete"


def test_rows_of_a_checkpoint_are_masked(tmp_path: Path) -> None:
    path, kept = listed(tmp_path, *held("AccessionNumber")[:9]), tmp_path / "kept"
    text = f"find study acc=@'{path}' --resume '{kept}'"
    names = {row["PatientName"] for row in asked(f"{text} | head 4").json}
    assert kept.exists()
    masked = {row["PatientName"] for row in asked(f"set mask on; {text} | head 4").json}
    assert masked
    assert not masked & names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"my notes\n", "is not a checkpoint of dicomsh"),
        (b'["dicomsh checkpoint 1", "pacs: find study"]\n', "belongs to another query"),
        (b'["dicomsh checkpoint 1", "{asked}"]\nx\n', "is damaged"),
        (b"\xff" * 100_000, "is not a checkpoint of dicomsh"),
    ],
)
def test_another_file_is_left_alone(tmp_path: Path, content: bytes, message: str) -> None:
    kept = tmp_path / "kept"
    asked_query = b"pacs: find study in /: AccessionNumber=@"
    content = content.replace(b"{asked}", asked_query)
    kept.write_bytes(content)
    done = asked(f"find study acc=@'{listed(tmp_path, 'A1')}' --resume '{kept}'")
    assert done.status == ExitStatus.USAGE
    assert message in done.err
    assert kept.read_bytes() == content

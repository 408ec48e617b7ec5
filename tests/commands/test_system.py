"""!COMMAND: variables, and below each the values of the rows, as environment variables."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.dimse.peers import answering, scp, study
from tests.harness import dicomsh, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="lines for a POSIX shell")

HOSTILE = "Doe$(echo x)^`echo y`; echo z 'q\" &"


def test_a_variable_that_is_not_set_is_an_error() -> None:
    done = dicomsh("-c", '!echo "study $StudyInstanceUID"')
    assert (done.status, done.out) == (1, "")
    assert "StudyInstanceUID" in done.err
    assert "the command exited with status" in done.err


def test_a_variable_reaches_a_command_and_a_pipe() -> None:
    text = '!echo "$WHO"; use pacs; ls --limit 1 -o json | !cat > /dev/null; echo "$WHO"'
    done = dicomsh("-D", f"WHO={HOSTILE}", "-c", text.replace(" -o json", ""))
    assert (done.status, done.out.splitlines()[0]) == (2, HOSTILE), done.err


def test_arguments_of_a_script_reach_its_commands(tmp_path: Path) -> None:
    script = tmp_path / "walk.dsh"
    script.write_text('!printf "%s|" "$1" "$2"\n')
    done = dicomsh(str(script), "a b", HOSTILE)
    assert (done.status, done.out) == (0, f"a b|{HOSTILE}|"), done.err


def test_each_runs_a_command_for_every_row() -> None:
    text = 'use pacs; find patient JOD* | each !echo "$PatientID: $PatientName"'
    done = run(text, output="json")
    assert done.status == 0, done.err
    assert done.json[0]["text"] == "0555643F: JODOGNE^SEBASTIEN"


def test_what_a_server_sends_is_never_read_as_a_command() -> None:
    with scp(answering(study(1, PatientName=HOSTILE, PatientID="1; exit 3"))) as peer:
        text = 'find study | each !printf "%s\\n" "$PatientName" "$PatientID" $StudyInstanceUID'
        done = run(text, modality=str(peer.address), output="json")
    assert done.status == 0, done.err
    assert [row["text"] for row in done.json] == [HOSTILE, "1; exit 3", "1.2.3.1"]


def test_a_private_value_and_an_unset_one() -> None:
    done = run('use pacs; ls --limit 1 | each !echo "$NoSuchKeyword"')
    assert (done.status, done.out) == (1, "")
    assert "row 1 (0555643F, pacs): the command exited with status" in done.err


def test_each_goes_on_if_told_to() -> None:
    text = "use pacs; ls --limit 3 | each --keep-going !test $PatientID != 10001 && echo $PatientID"
    done = run(text, output="json")
    assert done.status == 1
    assert [row.get("text") for row in done.json] == ["0555643F", None, "10002"]
    assert done.json[1] == {"PatientID": "10001", "error": "the command exited with status 1"}
    assert "row 2 (10001, pacs): the command exited with status 1" in done.err


def test_the_output_of_a_command_is_safe_for_a_terminal_and_goes_where_data_goes(
    tmp_path: Path,
) -> None:
    out = tmp_path / "found"
    text = f"use pacs; ls --limit 2 | each !echo $PatientID > '{out}'"
    assert run(text).status == 0  # the shell's own redirection
    assert out.read_text() == "10001\n"


def test_records_have_their_fields() -> None:
    done = run('use pacs; modalities | each !echo "$name at $host"', output="json")
    assert done.json == [{"name": "pacs", "text": "pacs at practice archive"}]


def test_several_lines_are_several_rows() -> None:
    done = run("use pacs; ls --limit 1 | each !printf 'a\\n\\nb\\n'", output="json")
    assert [row["text"] for row in done.json] == ["a", "", "b"]


def test_masked_values_stay_masked() -> None:
    text = "set mask on; use pacs; find patient JOD* | each !echo $PatientName"
    done = run(text)
    assert done.status == 0
    assert "JODOGNE" not in done.out
    assert done.out.strip()


def test_each_needs_a_command_line() -> None:
    done = run("use pacs; ls | each !")
    assert (done.status, done.out) == (2, "")
    assert "LINE is missing" in done.err


def test_the_command_has_a_page_of_help() -> None:
    done = run("help !")
    assert done.status == 0
    assert "environment variables" in " ".join(done.out.split())

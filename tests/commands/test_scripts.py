"""Scripts: exit statuses, where data and talk go, errors with their place."""

from __future__ import annotations

import json
import re
import socket
import stat
import sys
from pathlib import Path

import pytest

from tests.harness import dicomsh, practice, run
from tests.processes import free_ports
from tests.retrieve.storing import file_of


def test_data_on_stdout_talk_on_stderr() -> None:
    done = run("use pacs; find patient JOD* sex=M", output="csv")
    assert done.out.splitlines() == [
        "PatientID,IssuerOfPatientID,PatientName,PatientSex,PatientBirthDate,"
        "NumberOfPatientRelatedStudies",
        "0555643F,,JODOGNE^SEBASTIEN,M,19750314,2",
    ]
    assert "1 patient, complete" in done.err


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("print a", 0, ""),
        ("use pacs; find patient NOBODY", 0, "no patients, complete"),
        ("fnd patient", 2, "-c:1:1: no command 'fnd'"),
        ("print a; find x", 2, "-c:1:15: expected patient, study, series, instance"),
        ("use pacs; find study date=2024-02-30", 2, "there is no day 30 in 2024-02"),
        ("use nowhere", 2, "no modality 'nowhere'"),
        ("ls", 2, "no modality is in use"),
        ("print 'a", 2, "the quote ' is not closed"),
        ("print $X", 2, "no variable 'X'"),
        ("print a > /no/such/folder/x", 2, "there is no folder"),
        ("!exit 3", 1, "the command exited with status 3"),
        ("use pacs; find patient | !exit 3", 1, "the command exited with status 3"),
        ("use pacs; find patient | !exit 141", 0, ""),
        ("last", 2, "nothing has been listed yet"),
        ("cd -", 2, "no previous place"),
        ("print a; exit; print b", 0, ""),
    ],
)
def test_status_and_message(text: str, status: int, message: str) -> None:
    done = run(text)
    assert (done.status, message in done.err) == (status, True), done.err
    assert "Traceback" not in done.err
    assert "b" not in done.out


def test_carets_stand_under_the_place() -> None:
    done = run("find patient JOD* sx=M")
    message, line, caret, hint = done.err.splitlines()
    assert message == "-c:1:19: no attribute 'sx'"
    assert line[caret.index("^") : caret.rindex("^") + 1] == "sx"
    assert hint == "did you mean 'sex'?"


def test_a_refused_connection_is_status_3() -> None:
    (port,) = free_ports(1)
    done = run(f"use ANY@127.0.0.1:{port}")
    assert done.status == 3
    assert "refused" in done.err.lower()


def test_silence_is_status_4() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = run("set timeout 0.2; find study --limit 1", modality=f"ANY@127.0.0.1:{port}")
    assert done.status == 4
    assert "0.2" in done.err


@pytest.mark.parametrize(
    ("faults", "status", "said"),
    [
        ({"cut_off": 5}, 5, "5 patients, CUT OFF by the server (0xFE00, not asked for)"),
        ({"cut_off": 5, "cut_off_status": 0xA700}, 5, "5 patients, CUT OFF by the server (0xA700"),
        ({"cut_off": 5, "cut_off_status": 0xB001}, 5, "5 patients, CUT OFF by the server (0xB001"),
        ({"abort_after": 3}, 5, "3 patients, then the association was lost"),
        ({"close_after": 3}, 5, "3 patients, then the association was lost"),
        ({"abort_on_find": True}, 3, "does it know our AE title DICOMSH?"),
        ({"fail": {"patient": 0xC000}}, 1, "0xC000"),
    ],
)
def test_what_a_peer_does_wrong_is_told(
    faults: dict[str, object], status: int, said: str, tmp_path: Path
) -> None:
    done = run("use faulty; find patient", config=practice(tmp_path, **faults))
    assert done.status == status
    assert said in done.err


def test_the_session_goes_on_after_an_error(tmp_path: Path) -> None:
    config = practice(tmp_path, abort_on_find=True)
    done = run(
        "use faulty; find patient; use pacs; find patient JOD* sex=M",
        config=config,
        keep_going=True,
    )
    assert done.status == 3
    assert "JODOGNE" in done.out


def test_incomplete_is_no_failure_and_the_script_goes_on(tmp_path: Path) -> None:
    done = run("use faulty; find patient; print on", config=practice(tmp_path, cut_off=2))
    assert done.status == 5
    assert done.out.splitlines()[-1] == "on"


def test_limit_is_the_users_own_wish() -> None:
    done = run("use pacs; find study --limit 7", output="ndjson")
    assert done.status == 0
    assert len(done.out.splitlines()) == 7
    assert "7 studies, stopped at --limit 7 · the server has more" in done.last


def test_a_limit_that_is_just_the_number_of_matches_is_complete() -> None:
    done = run("use pacs; find patient JOD* sex=M --limit 1")
    assert "1 patient, complete" in done.last


@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson", "tsv", "yaml", "txt"])
def test_a_file_takes_the_format_of_its_suffix(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"patients.{suffix}"
    done = run(f"use pacs; find patient JOD* sex=M > '{path}'")
    assert done.out == ""
    text = path.read_text("utf-8")
    assert "JODOGNE^SEBASTIEN" in text
    starts = {"csv": "PatientID,", "json": "[", "ndjson": "{", "tsv": "PatientID\t", "yaml": "- "}
    assert text.startswith(starts.get(suffix, " #"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
@pytest.mark.parametrize(
    ("name", "command", "output", "told"),
    [
        ("a.odt", "find patient", None, True),
        ("a.odt", "modalities", None, True),
        ("a.odt", "find patient | to csv", None, False),
        ("a.odt", "find patient", "csv", False),
        ("a.odt", "print words", None, False),
        ("a.CSV", "find patient", None, False),
        ("plain", "find patient", None, False),
    ],
)
def test_a_suffix_that_stands_for_no_format_is_told(
    name: str, command: str, output: str | None, told: bool, tmp_path: Path
) -> None:
    file = tmp_path / name
    done = run(f"use pacs; {command} > '{file}'", output=output)
    assert (done.status, file.exists()) == (0, True)
    note = f"no format for suffix .odt; '{file}' was written as a text table · known: .csv, "
    assert (note in " ".join(done.err.split())) is told


def test_a_file_with_patients_is_for_its_owner_only(tmp_path: Path) -> None:
    run(f"use pacs; find patient JOD* > '{tmp_path}/x.csv'")
    assert stat.S_IMODE((tmp_path / "x.csv").stat().st_mode) == 0o600


def test_appending_writes_the_header_once(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    run(f"use pacs; find patient JOD* sex=M >> '{path}'; find patient JOD* sex=M >> '{path}'")
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == [
        "PatientID",
        "0555643F",
        "0555643F",
    ]


def test_a_query_that_fails_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("precious")
    config = practice(tmp_path, fail={"patient": 0xC000})
    assert run(f"use faulty; find patient > '{path}'", config=config).status == 1
    assert path.read_text() == "precious"


def test_rows_go_to_a_command(tmp_path: Path) -> None:
    counter = f'"{sys.executable}" -c "import sys; print(len(sys.stdin.readlines()))"'
    done = dicomsh("-o", "ndjson", "-c", f"use pacs; find study | !{counter}")
    assert done.out.strip() == "120"


def test_a_command_that_stops_reading_is_no_error() -> None:
    done = dicomsh("-c", f'use pacs; find study | !"{sys.executable}" -c "pass"; print on')
    assert (done.status, done.out.splitlines()[-1]) == (0, "on")


def test_variables_and_script_arguments(tmp_path: Path) -> None:
    script = tmp_path / "walk.dsh"
    script.write_text("# a comment\nuse pacs\nfind patient \\\n  $1 sex=$SEX\nprint $2\n")
    done = dicomsh("-D", "SEX=M", str(script), "JOD*", "--two")
    assert done.status == 0, done.err
    assert "JODOGNE" in done.out
    assert done.out.splitlines()[-1] == "--two"


def test_an_error_in_a_script_names_file_line_and_column(tmp_path: Path) -> None:
    script = tmp_path / "walk.dsh"
    script.write_text("use pacs\n\n  find patient \\\n sx=M\nprint never\n")
    done = dicomsh(str(script))
    assert done.status == 2
    assert done.err.splitlines()[1] == f"{script}:4:2: no attribute 'sx'"
    assert "never" not in done.out


def test_source_runs_a_script_here_and_gives_its_place(tmp_path: Path) -> None:
    script = tmp_path / "go.dsh"
    script.write_text("cd $1\n")
    done = run(f"use pacs; source '{script}' 0555643F; pwd")
    assert done.out == "/pacs/0555643F\n"
    script.write_text("cd NOBODY\n")
    failed = run(f"use pacs; source '{script}'; pwd")
    assert (failed.status, failed.out) == (1, "")
    assert f"{script}:1:4: no patient 'NOBODY' here" in failed.err


def test_a_script_that_calls_itself_is_told(tmp_path: Path) -> None:
    script = tmp_path / "loop.dsh"
    script.write_text(f"source '{script}'\n")
    done = run(f"source '{script}'")
    assert done.status == 1
    assert f"{script}:1:1: scripts are nested more than 16 deep" in done.err
    assert "internal error" not in done.err


def test_standard_input_runs_line_by_line() -> None:
    done = dicomsh(stdin="use pacs\n\nfind patient 'JOD*' \\\n sex=M\npwd\nfnd\n")
    assert done.status == 2
    assert "<stdin>:6:1: no command 'fnd'" in done.err
    assert done.out.splitlines()[-1] == "/pacs"


def test_standard_input_answers_before_it_ends() -> None:
    import subprocess

    with subprocess.Popen(
        [sys.executable, "-m", "dicomsh"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("print one\n")
        process.stdin.flush()
        assert process.stdout.readline() == "one\n"
        process.stdin.close()
        assert process.wait() == 0


def test_ending_the_reader_of_stdout_is_quiet() -> None:
    import subprocess

    text = "use pacs; " + "find study; " * 20
    reader = [sys.executable, "-c", "import sys; sys.stdin.readline()"]
    with subprocess.Popen(reader, stdin=subprocess.PIPE) as process:
        done = subprocess.run(
            [sys.executable, "-m", "dicomsh", "-c", text],
            stdout=process.stdin,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_keep_going_runs_the_rest_and_tells_the_first_failure() -> None:
    done = dicomsh("--keep-going", "-c", "fnd; use nowhere; print on")
    assert (done.status, done.out) == (2, "on\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "x", "-c", "pwd"], "--limit: expected a whole number from 1, found 'x'"),
        (["--timeout", "-1", "-c", "pwd"], "--timeout: expected a number of seconds"),
        (["-o", "xml", "-c", "pwd"], "--output: expected table, vertical"),
        (["-D", "1x", "-c", "pwd"], "-D 1x: expected NAME = VALUE"),
        (["-m", "nowhere", "-c", "pwd"], "no modality 'nowhere'"),
        (["-f", "/no/such/file", "-c", "pwd"], "/no/such/file"),
        (["pacs"], "to use a modality: dicomsh -m pacs"),
        (["-m", "pacs", "find patient"], "to run a command: dicomsh -c 'find patient'"),
        (["modalities"], "to run a command: dicomsh -c modalities"),
        (["/no/such/script"], "cannot read '/no/such/script'"),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_a_bad_command_line_is_status_2(arguments: list[str], message: str) -> None:
    done = dicomsh(*arguments)
    assert done.status == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_bad_configuration_names_file_line_and_path(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    config.write_text("modalities:\n  pacs:\n    aet: A\n    host: h\n    port: 70000\n")
    done = dicomsh("-f", str(config), "-c", "pwd; use pacs")
    assert done.status == 2
    assert done.out == "/\n"  # what does not need the modality works
    assert done.err.count(f"{config}:5: modalities.pacs.port: ") == 2


def test_a_script_that_is_no_text(tmp_path: Path) -> None:
    script = tmp_path / "x.dsh"
    script.write_bytes(b"print \xff\xfe")
    done = dicomsh(str(script))
    assert done.status == 2
    assert "not valid UTF-8" in done.err


def test_modality_add_and_remove_keep_the_rest_of_the_file(tmp_path: Path) -> None:
    config = tmp_path / "m.yaml"
    before = "# mine\nmodalities:\n  pacs:\n    practice: true  # here\n"
    config.write_text(before)
    added = run("modality add two TWO@127.0.0.1:104; modalities", config=config, output="ndjson")
    assert [json.loads(line)["name"] for line in added.out.splitlines()] == ["pacs", "two"]
    run("modality remove two", config=config)
    assert config.read_text() == before


def test_help_covers_every_command() -> None:
    from dicomsh.commands import registry

    for made in (*registry(), *registry().stages):
        page = run(f"help {made.name}").out
        assert made.usage in page
        assert all(option.flag in page for option in made.parameters if option.option)


def test_every_example_runs_on_the_practice_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dicomsh.commands import registry

    monkeypatch.chdir(tmp_path)  # some write a file
    file_of(tmp_path / "received", 1)
    for made in (*registry(), *registry().stages):
        if made.name == "receive":  # it runs until Ctrl-C: see tests/retrieve/test_receive.py
            continue
        for example in made.examples:
            config = practice(tmp_path)
            if made.name == "modality remove":
                run("modality add archive ORTHANC@127.0.0.1:4242", config=config)
            if made.name == "diff":  # the other archive has the same
                example = example.replace("archive", "faulty")  # noqa: PLW2901
            done = run(f"use pacs; {example}", config=config)
            placeholder = "wado" in example  # its URLs lack a base: nobody configured one
            assert done.status == (5 if placeholder else 0), (example, done.err)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("find patient" + " | head" * 5000, "more than 100 stages", 14 + 7 * 100),
        ("explain " * 3000 + "ls", "commands nested more than 16 deep", 1 + 8 * 17),
        ("compare " * 3000 + "ls", "commands nested more than 16 deep", 1 + 8 * 17),
    ],
)
def test_what_is_nested_too_deep_is_refused(text: str, message: str, column: int) -> None:
    done = run(text, modality="pacs")
    assert (done.status, done.out) == (2, "")
    told, _, caret, hint = done.err.splitlines()
    assert told == f"-c:1:{column}: {message}"
    assert caret.rstrip().endswith("^"), hint


def test_as_many_stages_as_may_be_run() -> None:
    done = run("find patient" + " | head" * 100, modality="pacs", output="csv")
    assert (done.status, len(done.out.splitlines())) == (0, 11), done.err


def test_last_after_a_failure_says_whose_answer_it_is() -> None:
    done = run("use pacs; find  patient JOD*; find study date=2009-13; last", keep_going=True)
    answered = r"this is the answer to 'find patient JOD\*' from [\d:]{8}"
    told = f"{answered}; 'find study date=2009-13' has failed since"
    assert re.match(f"1 patient, complete · .* · {told}", done.last)


@pytest.mark.parametrize("before", ["find study dat=1; find patient JOD*", "find patient JOD*"])
def test_last_of_the_command_before_says_nothing_of_it(before: str) -> None:
    done = run(f"use pacs; {before}; last", keep_going=True)
    assert done.last.startswith("1 patient, complete")
    assert "this answers" not in done.last


@pytest.mark.skipif(sys.platform == "win32", reason="head is no program of Windows")
def test_a_program_reads_rows_while_they_come(tmp_path: Path) -> None:
    """The whole answer takes longer than the test may."""
    config = practice(tmp_path, row_delay=2)
    done = dicomsh("-m", "faulty", "-c", "find patient | !head -2", config=config, timeout=60)
    assert done.status == 0, done.err
    assert done.out.count("\n") == 2


def test_a_file_has_columns_that_fit_the_whole_answer(tmp_path: Path) -> None:
    """The slow answer has the lines of the quick one, whose rows come all at once."""
    slow, quick = tmp_path / "slow.txt", tmp_path / "quick.txt"
    config = practice(tmp_path, row_delay=0.02)
    done = run(
        f"use faulty; find patient > '{slow}'; use pacs; find patient > '{quick}'", config=config
    )
    assert done.status == 0, done.err
    assert slow.read_text("utf-8") == quick.read_text("utf-8")

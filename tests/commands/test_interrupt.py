"""Leaving a query early: Ctrl-C and --limit, and what the next query on that association sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pytest

from dicomsh.errors import ExitStatus
from tests import warm
from tests.harness import ROOT, interrupted, practice, run

HONOURS = {"row_delay": 0.005}
IGNORES = {"row_delay": 0.005, "ignore_cancel": True}


@pytest.mark.parametrize("faults", [HONOURS, IGNORES], ids=["honours", "ignores"])
def test_after_a_limit_the_next_query_has_its_own_rows_only(
    faults: Mapping[str, object], tmp_path: Path
) -> None:
    config = practice(tmp_path, **faults)
    done = run(
        "use faulty; find study --limit 3; find patient JOD* sex=M; find series --limit 2;"
        " find study date=2009-04-12 id=0555643F",
        config=config,
        output="ndjson",
    )
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) == 3 + 1 + 2 + 1
    assert all('"NumberOfStudyRelatedInstances"' in line for line in lines[:3])
    assert lines[3].startswith('{"PatientID": "0555643F", "IssuerOfPatientID"')
    assert all('"SeriesNumber"' in line for line in lines[4:6])
    assert '"StudyDate": "20090412"' in lines[6]
    how = "association aborted" if "ignore_cancel" in faults else "received"
    assert how in done.err.splitlines()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
@pytest.mark.parametrize("faults", [HONOURS, IGNORES], ids=["honours", "ignores"])
def test_ctrl_c_keeps_what_arrived_and_ends_the_script(
    faults: Mapping[str, object], tmp_path: Path
) -> None:
    find = "use faulty; find instance study=2.25.0,1.2 ; find instance"
    done = interrupted(practice(tmp_path, **faults), "-c", f"{find}; print never")
    assert done.status == 130
    assert "SOPInstanceUID" in done.out
    assert "never" not in done.out
    assert "cancelled by you" in done.last


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
@pytest.mark.parametrize(
    ("faults", "status"), [(HONOURS, 5), (IGNORES, 130)], ids=["honours", "ignores"]
)
def test_a_cancel_that_the_peer_answers_is_an_incomplete_answer(
    faults: Mapping[str, object], status: int, tmp_path: Path
) -> None:
    done = interrupted(practice(tmp_path, **faults), "-c", "use faulty; find instance")
    assert done.status == status
    assert "cancelled by you" in done.last


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
def test_leaving_something_out_is_being_interrupted(tmp_path: Path) -> None:
    find = "use faulty; find instance"
    config = practice(tmp_path, **HONOURS)
    assert interrupted(config, "--keep-going", "-c", find, "-c", "pwd").status == 130
    assert interrupted(config, "-c", "use faulty; tree").status == 130
    script, inner = tmp_path / "outer.dsh", tmp_path / "inner.dsh"
    inner.write_text(f"{find}\n")
    script.write_text(f"source '{inner}'\n")
    assert interrupted(config, str(script)).status == 5
    inner.write_text(f"{find}\nprint never\n")
    assert interrupted(config, str(script)).status == 130
    inner.write_text(f"{find}\n")
    script.write_text(f"source '{inner}'\nprint never\n")
    assert interrupted(config, str(script)).status == 130


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_keeps_the_rows_that_a_table_held_back(tmp_path: Path) -> None:
    find = f"use faulty; find instance > '{tmp_path}/x.txt'"
    done = interrupted(practice(tmp_path, stall_after=3), "-c", find, traced=3)
    assert done.status == ExitStatus.INCOMPLETE, done.err
    told = next(line for line in done.err.splitlines() if "cancelled by you" in line)
    assert told.startswith("3 instances, ")
    assert len((tmp_path / "x.txt").read_text("utf-8").splitlines()) == 1 + 3


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_while_waiting_for_a_connection_is_status_130(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ANY@127.0.0.1:{silent.getsockname()[1]}"
        command = ["-m", address, "-c", "find study"]
        with warm.popen(command, stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT) as process:
            connection, _ = silent.accept()
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
            connection.close()
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without asking it")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_keeps_what_arrived_and_says_so(number: int, tmp_path: Path) -> None:
    config = practice(tmp_path, **HONOURS)
    path = tmp_path / "x.json"
    find = f"use faulty; find study --limit 1; find instance > '{path}'; print never"
    command = ["--keep-going", "-f", str(config), "-c", find]
    with warm.popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        while not any(part.stat().st_size for part in tmp_path.glob(".x.json.*.part")):
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number, err
    assert json.loads(path.read_text("utf-8"))
    assert "never" not in out
    cancelled, told = err.splitlines()[-2:]
    assert "cancelled by you" in cancelled
    assert told == f"dicomsh: ended by {signal.Signals(number).name}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without asking it")
def test_the_second_signal_does_not_wait_for_the_server(tmp_path: Path) -> None:
    """The server takes no notice of C-CANCEL, and has minutes until we abort."""
    config = tmp_path / "modalities.yaml"
    deaf = "{practice: true, faults: {row_delay: 0.05, ignore_cancel: true}}"
    config.write_text(f"cancel_grace: 600\nmodalities: {{deaf: {deaf}}}\n", "utf-8")
    options = ["--trace", "-f", str(config), "-m", "deaf", "-c", "find instance"]
    with warm.popen(
        options,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    ) as process:
        assert process.stderr
        _read_to(process.stderr, "C-FIND-RSP")
        process.send_signal(signal.SIGTERM)
        _read_to(process.stderr, "C-CANCEL-RQ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
        assert "Traceback" not in process.stderr.read()


def _read_to(stream: IO[str], text: str) -> None:
    """Read lines up to one that has a text in it."""
    assert any(text in line for line in stream), text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without asking it")
def test_a_signal_ends_a_script_that_waits_for_its_next_line() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "dicomsh"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write("use pacs; print ready\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        _wait_until_it_reads(process.pid)
        process.send_signal(signal.SIGTERM)
        err = process.stderr.read()
        assert process.wait(30) == 143, err
    assert err.splitlines()[-1] == "dicomsh: ended by SIGTERM"
    assert "Traceback" not in err


def _wait_until_it_reads(pid: int) -> None:
    """Until the program waits for its standard input, where the system tells that."""
    place, deadline = Path(f"/proc/{pid}/wchan"), time.monotonic() + 10
    while place.exists() and "pipe" not in place.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without asking it")
def test_what_a_program_was_started_to_ignore_is_ignored() -> None:
    command = """trap '' HUP; exec "$0" -m dicomsh -c '!kill -HUP $PPID' -c 'print on'"""
    done = subprocess.run(
        ["sh", "-c", command, sys.executable],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "on\n"), done.stderr

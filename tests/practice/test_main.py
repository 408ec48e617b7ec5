"""`dicomsh practice`: the archive alone, asked by others."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from dicomsh.model.levels import Level
from tests import servers, warm
from tests.harness import ROOT, dicomsh
from tests.practice.scu import find
from tests.processes import HOST, find_program

unix = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process")


@contextmanager
def alone(
    *options: str, module: str = "dicomsh"
) -> Iterator[tuple[subprocess.Popen[str], servers.Server]]:
    """A running `dicomsh practice`, and where it says that it listens."""
    started = {
        "dicomsh": partial(warm.popen, ["practice", "--port", "0", *options]),
        "dicomsh.practice": partial(
            subprocess.Popen, [sys.executable, "-m", "dicomsh.practice", "--port", "0", *options]
        ),
    }[module]
    with started(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            said = re.fullmatch(r"(\S+)@(\S+):(\d+)\n", process.stdout.readline())
            assert said
            yield process, servers.Server(aet=said[1], port=int(said[3]))
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], by: signal.Signals) -> tuple[str, str, int]:
    process.send_signal(by)
    rest, errors = process.communicate(timeout=20)
    return rest, errors, process.returncode


@unix
@pytest.mark.parametrize("by", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("module", ["dicomsh", "dicomsh.practice"])
def test_alone_in_the_foreground(by: str, module: str) -> None:
    with alone("--aet", "ALONE", module=module) as (process, server):
        answer = find(server.port, "STUDY", PatientID="0555643F")
        assert answer.column("RetrieveAETitle") == ["ALONE", "ALONE"]
        rest, errors, status = ended(process, signal.Signals[by])
    assert (rest, status) == ("", 0)
    assert f"dicomsh -m ALONE@{HOST}:{server.port}\n" in errors
    assert "made up" not in errors


@unix
def test_dcmtk_and_dicomsh_get_the_same_rows() -> None:
    with alone() as (_, server):
        peer = f"{server.aet}@{HOST}:{server.port}"
        rows = dicomsh("-m", peer, "-o", "json", "-c", "find patient JOD* sex=M").json
        query = {"PatientName": "JOD*", "PatientSex": "M", "PatientID": ""}
        theirs = servers.findscu(server, Level.PATIENT, query)
    assert (
        [row["PatientID"] for row in theirs] == [row["PatientID"] for row in rows] == ["0555643F"]
    )


@unix
def test_the_command_that_it_shows_for_findscu_works() -> None:
    with alone() as (process, _):
        assert process.stderr
        told = [process.stderr.readline() for _ in range(4)]
        command = next(line for line in told if "findscu" in line)
        program = find_program("findscu")
        done = subprocess.run(
            command.strip().replace("findscu", f"{program} -v", 1),
            shell=True,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
    assert "JODOGNE^SEBASTIEN" in done.stdout + done.stderr


@unix
def test_faults_by_name() -> None:
    with alone("--fault", "cut_off=3", "--fault", "fail.series=0xC000") as (_, server):
        assert len(find(server.port, "STUDY", PatientID="").rows) == 3
        assert find(server.port, "SERIES", PatientID="").statuses == [0xC000]


@unix
def test_faults_of_a_modality(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("modalities:\n  busy:\n    practice: true\n    faults: {cut_off: 2}\n")
    with alone("-f", str(file), "-m", "busy") as (_, server):
        assert len(find(server.port, "STUDY", PatientID="").rows) == 2


@unix
def test_open_to_others_it_warns() -> None:
    with alone("--host", "0.0.0.0") as (process, server):
        assert find(server.port, "STUDY", PatientID="0555643F").rows
        _, errors, _ = ended(process, signal.SIGTERM)
    assert "answers anyone who can reach this computer" in errors
    assert "All patients are made up" in errors


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--port", "70000"], 2, "--port: expected a number from 0 to 65535, found 70000"),
        (["--port", "-1"], 2, "--port: expected a number from 0 to 65535, found -1"),
        (["--aet", "x" * 17], 2, "--aet: expected an AE title"),
        (["--fault", "cutoff=3"], 2, "did you mean 'cut_off'?"),
        (["--fault", "cut_off=many"], 2, "cut_off: expected a number"),
        (["--destination", "STORESCP"], 2, "--destination: expected AET@HOST:PORT"),
        (["-m", "nothing"], 2, "no modality 'nothing'"),
        (["--host", "no.such.host.invalid", "--port", "0"], 3, "cannot listen on"),
    ],
)
def test_options_that_cannot_be(options: list[str], status: int, said: str) -> None:
    done = dicomsh("practice", *options)
    assert done.status == status
    assert done.out == ""
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_port_that_is_taken() -> None:
    with closing(socket.create_server((HOST, 0))) as taken:
        port = taken.getsockname()[1]
        done = dicomsh("practice", "--port", str(port))
    assert done.status == 3
    assert f"cannot listen on {HOST}:{port}: {os.strerror(errno.EADDRINUSE)}\n" in done.err
    assert "--port 0" in done.err


def test_a_script_of_that_name_is_given_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "practice").write_text("print from the script\n")
    assert dicomsh("./practice", cwd=tmp_path).out == "from the script\n"

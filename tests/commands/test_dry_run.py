"""--dry-run: a script is gone through, and nothing is sent, written or run."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest

from dicomsh import batch
from dicomsh.config import load
from dicomsh.output.sink import Sink
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests.harness import ROOT, Done, dicomsh


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dry(*texts: str, modality: str = "pacs", keep_going: bool = False, mask: bool = False) -> Done:
    out, err = io.StringIO(), io.StringIO()
    session = Session(load(ROOT / "modalities.yaml", environ={}, cwd=ROOT))
    session.choose(session.config.find(modality))
    if mask:
        session.override("mask", True)
    environ = {"DICOMSH_TRACEBACK": "1"}
    shell = Shell(session, Sink(out, err), ShellOptions(keep_going), environ)
    status = batch.dry_run(shell, batch.commands(list(texts)))
    return Done(out.getvalue(), err.getvalue(), int(status))


def test_it_says_what_would_be_sent() -> None:
    done = dry("let DAY = 2009-04-12; find study date=$DAY mod=CT --limit 5; cd 1; ls")
    assert done.status == 0, done.err
    assert done.out.splitlines() == [
        "-c:1:1: let DAY = 2009-04-12",
        "-c:1:23: find study date=$DAY mod=CT --limit 5",
        "  C-FIND STUDY at pacs: StudyDate=20090412, ModalitiesInStudy=CT; 6 more attributes,"
        " at most 5 rows",
        "-c:1:62: cd 1",
        "-c:1:68: ls",
        "  C-FIND SERIES at pacs: PatientID=<PatientID>, StudyInstanceUID=<StudyInstanceUID>;"
        " 6 more attributes",
    ]


def test_nothing_is_sent_written_or_run(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        peer = f"ORTHANC@127.0.0.1:{server.getsockname()[1]}"
        done = dry(
            "echo; use; find study > a.csv; find study >> b.xlsx; find study > crawl/",
            "get 1 --to out; !touch run; find study | each !touch $StudyInstanceUID",
            "find study | each { ls; !touch '$StudyInstanceUID'; probe }",
            "find study | !cat > c.csv",
            "modality add x A@127.0.0.1:1; set limit 3 --save; watch 9 find worklist; probe; exit",
            "find patient",
            modality=peer,
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert done.status == 0, done.err
    assert list(folder.iterdir()) == []
    lines = [line.strip() for line in done.out.splitlines() if line.startswith("  ")]
    for expected in (
        "C-ECHO",
        "write a.csv",
        "append to b.xlsx",
        "write crawl/",
        "run !touch run",
        "run !touch $StudyInstanceUID for each row",
        "pass rows to !cat > c.csv",
        "modality add: not run",
        "set: not run",
        "probe: not run",
    ):
        assert expected in lines
    assert any(line.startswith("C-FIND worklist at") for line in lines)
    assert any(line.startswith("C-GET from") for line in lines)
    assert "find patient" not in done.out, "exit ends it"


def test_objects_that_would_be_moved(folder: Path) -> None:
    done = dry("find study id=10002; move 1 --to STORE; cd 1; ls | each find instance")
    assert done.status == 0, done.err
    assert "C-MOVE to STORE from pacs: " in done.out
    assert "C-FIND IMAGE at pacs: PatientID=10002" in done.out


def test_errors_that_only_a_run_shows() -> None:
    done = dry("find study | sort AccessionNumber; ls")
    assert done.status == 2
    assert "AccessionNumber was not requested" in done.err
    assert ": ls" not in done.out
    goes_on = dry("find study | sort AccessionNumber; pwd", keep_going=True)
    assert goes_on.status == 2
    assert "-c:1:36: pwd" in goes_on.out


def test_scripts_that_are_called(folder: Path) -> None:
    (folder / "inner.dsh").write_text("find patient $1\n")
    done = dry("source inner.dsh JOD*")
    assert "inner.dsh:1:1: find patient $1" in done.out
    assert "C-FIND PATIENT at pacs: PatientName=JOD*" in done.out
    (folder / "bad.dsh").write_text("find nothing\n")
    assert dry("source bad.dsh").status == 2


def test_the_option_and_a_mask() -> None:
    done = dicomsh("-m", "pacs", "--dry-run", "-c", "find patient JOD*")
    assert done.status == 0, done.err
    assert done.out.endswith("  C-FIND PATIENT at pacs: PatientName=JOD*; 5 more attributes\n")
    masked = dry("find patient id=0555643F", mask=True)
    assert "0555643F" not in masked.out

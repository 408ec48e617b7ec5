"""Standard streams that are closed or full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import ROOT, Done

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="closed with the syntax of POSIX")

FIND = ("-m", "pacs", "-o", "csv", "-c", "find patient JOD* sex=M")


def redirected(how: str, *arguments: str, before: str = "") -> Done:
    """Run dicomsh with a redirection of a POSIX shell."""
    done = subprocess.run(
        [
            "sh",
            "-c",
            f'{before} exec "$@" {how}',
            "sh",
            sys.executable,
            "-m",
            "dicomsh",
            *arguments,
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    return Done(done.stdout, done.stderr, done.returncode)


def test_data_for_a_closed_output_is_a_failure() -> None:
    done = redirected(">&-", *FIND)
    assert (done.status, "cannot write the output" in done.err) == (1, True), done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("how", [">&-", "<&-", "2>&-", "<&- >&- 2>&-"])
def test_a_file_is_written_without_the_streams(how: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    done = redirected(how, "-m", "pacs", "-c", f"find patient JOD* sex=M > '{path}'")
    assert (done.status, done.out) == (0, ""), done.err
    assert path.read_text("utf-8").splitlines()[1:] == ["0555643F,,JODOGNE^SEBASTIEN,M,19750314,2"]


def test_data_without_an_error_stream() -> None:
    done = redirected("2>&-", *FIND)
    assert (done.status, len(done.out.splitlines())) == (0, 2)


def test_a_failure_without_an_error_stream() -> None:
    assert redirected("2>&-", "-c", "use nowhere").status == 2


def test_a_disk_that_fills_ends_the_trace_and_not_the_query(tmp_path: Path) -> None:
    """The answer is whole and the next command runs; that the trace is not, is told at the end."""
    text = f"trace to '{tmp_path}/talk.txt'; find patient JOD* sex=M; print on"
    # Python would keep the first block of a module's bytecode and believe it the next time
    before = "ulimit -f 1; export PYTHONDONTWRITEBYTECODE=1;"
    done = redirected("", "-m", "pacs", "-o", "csv", "-c", text, before=before)
    assert (done.status, len(done.out.splitlines())) == (1, 3), done.err
    assert done.err.count("talk.txt': File too large; trace is off") == 1


def test_without_input_there_is_no_prompt() -> None:
    done = redirected("<&-")
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines()[0] == "dicomsh: cannot read standard input: Bad file descriptor"


@pytest.mark.parametrize("number", [5, 6, 8, 9, 10])
def test_too_few_files_are_told_at_once_and_blamed_on_nobody(number: int) -> None:
    """Which part of the program notices it first depends on the number."""
    done = redirected("", "-m", "pacs", "-c", "find patient JOD*", before=f"ulimit -n {number};")
    assert done.status in (1, 3), done.err
    assert "too many open files here\n" in done.err
    assert done.err.endswith("ulimit -n\n")
    assert "Traceback" not in done.err
    assert "Warning" not in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux is needed")
class TestFull:
    @pytest.mark.parametrize("option", ["--version", "--help"])
    def test_what_an_option_tells(self, option: str) -> None:
        done = redirected(">/dev/full", option)
        assert done.status == 1
        assert done.err == "dicomsh: cannot write the output: No space left on device\n"

    def test_a_trace_that_cannot_be_written_fails_at_once(self) -> None:
        done = redirected("", "-m", "pacs", "-c", "trace to /dev/full; find patient")
        assert (done.status, done.out) == (1, "")
        assert "cannot write '/dev/full': No space left on device" in done.err

    @pytest.mark.parametrize(
        ("text", "status"),
        [("find patient JOD*", 1), ("use nowhere", 2), ("print a", 0)],
        ids=["statement lost", "failure", "nothing said"],
    )
    def test_what_is_said_beside_the_data(self, text: str, status: int) -> None:
        assert redirected("2>/dev/full", "-m", "pacs", "-c", text).status == status

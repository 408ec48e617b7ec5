"""What happens to a test whose program is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.missing_programs import closing_line

TESTS = """
import pytest
from tests.processes import find_program

@pytest.fixture(scope="session")
def server():
    return find_program("no-such-server")

@pytest.mark.parametrize("number", range(3))
def test_with_a_server(server, number):
    pass

def test_that_runs_a_program():
    find_program("no-such-program")

def test_without():
    pass
"""


def outcome(folder: Path, *options: str) -> str:
    """What pytest says of these tests at the end."""
    (folder / "test_them.py").write_text(TESTS)
    own = ("-p", "xdist", "-p", "tests.missing_programs", "-p", "no:cacheprovider", "-q", *options)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(folder), *own, str(folder)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={
            **os.environ,
            "PYTEST_ADDOPTS": "",  # .ci/run asks for coverage, of which there is none
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # importing others takes half of the time
        },
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("workers", ["0", "1"])
def test_it_is_skipped_and_one_line_counts_them(
    workers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    said = outcome(tmp_path, "-n", workers)
    assert "1 passed, 4 skipped" in said
    assert (
        "skipped because a program is not installed: 3 tests need no-such-server,"
        " 1 test needs no-such-program (Debian: apt install no-such-program no-such-server)\n"
    ) in said


def test_in_continuous_integration_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    said = outcome(tmp_path, "-n", "0")
    assert "1 failed, 1 passed, 3 errors" in said
    assert "skipped" not in said


def test_the_line_names_packages() -> None:
    assert closing_line(Counter({"dcmqrscp": 40, "Orthanc": 1231, "findscu": 1})) == (
        "skipped because a program is not installed: 1,231 tests need Orthanc,"
        " 40 tests need dcmqrscp, 1 test needs findscu (Debian: apt install dcmtk orthanc)"
    )

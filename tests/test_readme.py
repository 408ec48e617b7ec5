"""README says what is true: its two commands. What else it shows is played in tests/docs."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.harness import ROOT, run

README = (ROOT / "README.md").read_text("utf-8")


def test_the_check_runs_the_test_command_of_the_readme() -> None:
    command = next(line for line in README.splitlines() if line.endswith("-m pytest"))
    assert command in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_the_walk_of_the_readme_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = next(line for line in README.splitlines() if "dicomsh -c '" in line)
    done = run(shlex.split(line)[-1])
    assert done.status == 0
    assert "412" in done.out
    assert len(list(tmp_path.glob("1 CT/**/*.dcm"))) == 2

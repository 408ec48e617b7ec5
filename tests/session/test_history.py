"""The history file: for its owner, one entry for each line, several sessions at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import ConfigError
from dicomsh.session.history import History
from tests.harness import ROOT, run


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    kept = History(tmp_path / "new" / "history")
    kept.add("one")
    kept.add("print 'two\nlines'\n+three")
    assert kept.lines == ["one", "print 'two\nlines'\n+three"]
    assert History(tmp_path / "new" / "history").lines == kept.lines


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("history") / "history"
    kept = History(path)
    for line in lines:
        kept.add(line)
    assert History(path).lines == lines


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_the_file_is_for_its_owner_even_if_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.touch(0o644)
    path.chmod(0o644)
    History(path).add("one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sessions_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history"
    code = (
        "import pathlib, sys; from dicomsh.session.history import History\n"
        "kept = History(pathlib.Path(sys.argv[1]))\n"
        "for number in range(200): kept.add(f'{sys.argv[2]} {number}\\nmore')"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    sessions = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name], env=environ)
        for name in "abc"
    ]
    assert [session.wait(60) for session in sessions] == [0, 0, 0]
    wanted = [f"{name} {number}\nmore" for name in "abc" for number in range(200)]
    assert sorted(History(path).lines) == sorted(wanted)


def test_clear_forgets_all(tmp_path: Path) -> None:
    path = tmp_path / "history"
    kept = History(path)
    kept.add("one")
    kept.clear()
    assert kept.lines == []
    assert path.read_bytes() == b""


def test_of_a_long_file_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("\n".join(f"+{number:09}\n" for number in range(200_000)), "utf-8")
    lines = History(path).lines
    assert lines[-1] == "000199999"
    assert 50_000 < len(lines) < 200_000


def test_a_file_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "history", None):
        kept = History(path)
        kept.add("one")
        assert kept.lines == ["one"]
    kept.clear()
    assert kept.lines == []


def test_a_script_has_none() -> None:
    done = run("history")
    assert done.status == 2
    assert "scripts have no history" in done.err


def test_what_cannot_be_cleared_is_not_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "history"
    kept = History(path)
    kept.add("one")
    path.rename(tmp_path / "kept")
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot clear the history"):
        kept.clear()
    assert kept.lines == ["one"]

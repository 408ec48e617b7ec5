"""A program that is killed while it writes: the file after > is the old one, or whole."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.harness import ROOT, practice, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def killed(config: Path, path: Path) -> None:
    """Kill a program that is writing to a file, after its first rows."""
    command = ["-f", str(config), "-m", "faulty"]
    with warm.popen(
        [*command, "-c", f"find instance > '{path}'"], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as process:
        while not any(part.stat().st_size for part in path.parent.glob(f".{path.name}.*.part")):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("name", ["x.json", "x.csv"])
def test_the_file_is_the_old_one_until_the_new_one_is_whole(name: str, tmp_path: Path) -> None:
    config, path = practice(tmp_path, row_delay=0.005), tmp_path / name
    killed(config, path)
    assert not path.exists()
    path.write_text("the old one", "utf-8")
    killed(config, path)
    assert path.read_text("utf-8") == "the old one"
    done = run(f"use pacs; find study > '{path}'", config=config)
    assert done.status == 0, done.err
    text = path.read_text("utf-8")
    assert text != "the old one"
    assert name != "x.json" or json.loads(text)


def test_what_killed_programs_left_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container, all of them have the same number."""
    monkeypatch.setattr("os.getpid", lambda: 7)
    config, path = practice(tmp_path), tmp_path / "x.json"
    (tmp_path / ".x.json.7.part").write_text("left", "utf-8")
    done = run(f"use pacs; find study --limit 1 > '{path}'", config=config)
    assert done.status == 0, done.err
    assert json.loads(path.read_text("utf-8"))

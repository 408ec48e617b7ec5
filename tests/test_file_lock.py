"""Several processes, or threads, that write the same user files at once lose nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dicomsh.config import KnownPeers, load
from dicomsh.config.edit import add
from dicomsh.file_lock import alone_with, lock
from dicomsh.lessons.progress import Mark, ProgressFile
from dicomsh.model.capability import Capabilities
from dicomsh.model.modality import DicomAddress, Modality
from tests.harness import ROOT, run

NUMBERS = range(20)


def at_once(write: Callable[[int], object]) -> None:
    """Each number written by a thread; what one raises is raised here."""
    with ThreadPoolExecutor(len(NUMBERS)) as pool:
        assert len(list(pool.map(write, NUMBERS))) == len(NUMBERS)


def modalities_file(folder: Path) -> Path:
    path = folder / "modalities.yaml"
    path.write_text("modalities:\n  pacs: {aet: A, host: h, port: 104}\n", "utf-8")
    return path


def test_modalities_that_are_added_at_once_are_all_there(tmp_path: Path) -> None:
    config = load(modalities_file(tmp_path), environ={}, cwd=tmp_path)
    at_once(lambda number: add(config, f"m{number}", f"A@h{number}:104", environ={}))
    found = load(config.path, environ={}, cwd=tmp_path).modalities
    assert set(found) == {"pacs", *(f"m{number}" for number in NUMBERS)}
    assert [path.name for path in tmp_path.iterdir()] == ["modalities.yaml"]


def test_findings_about_peers_that_are_saved_at_once_are_all_there(tmp_path: Path) -> None:
    modalities = [Modality(f"m{number}", DicomAddress("A", "h", number + 1)) for number in NUMBERS]

    def keep(number: int) -> None:
        KnownPeers(tmp_path).keep(modalities[number], Capabilities(cap=number + 1))

    at_once(keep)
    kept = KnownPeers(tmp_path)
    assert [kept.of(modality).cap for modality in modalities] == [n + 1 for n in NUMBERS]


def test_progress_in_lessons_saved_at_once_is_all_there(tmp_path: Path) -> None:
    path = tmp_path / "lessons.json"
    at_once(lambda number: ProgressFile(path, "course").keep(f"{number}", (Mark.DONE,)))
    assert set(ProgressFile(path, "course").read()[0].steps) == set(map(str, NUMBERS))


def test_sessions_save_what_they_changed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    assert run("set color off; alias a = pwd; set --save", settings_file=path).status == 0
    done = run("set fuzzy on; alias b = pwd; set --save", settings_file=path)
    assert done.last == f"saved in {path}: fuzzy, color, alias b, alias a"
    both = path.read_text("utf-8")
    again = run(
        "set fuzzy on --save",
        lambda: path.write_text("color: on\n", "utf-8"),
        "set fuzzy off --save",
        settings_file=path,
    )
    assert "color: off" in both
    assert "fuzzy: on" in both
    assert again.last == f"saved in {path}: color"


HOLD = """
import sys
from pathlib import Path
from dicomsh.file_lock import alone_with
with alone_with(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    path = tmp_path / "file"
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        beside = os.open(tmp_path / ".file.lock", os.O_RDWR)
        assert not lock(beside)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert lock(beside)
    os.close(beside)
    with alone_with(path):
        assert (tmp_path / ".file.lock").exists()
    assert not (tmp_path / ".file.lock").exists()

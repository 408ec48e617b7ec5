"""The modalities file is read again when it was changed, and what is in use goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dicomsh.errors import ExitStatus
from tests.harness import dicomsh, run
from tests.servers import Orthanc

PRACTICE = {"practice": True}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "modalities.yaml"
    written(path, pacs=PRACTICE)()
    return path


def written(path: Path, **modalities: Any) -> Callable[[], object]:
    """Writes other modalities into a file, when called."""
    text = yaml.safe_dump({"modalities": modalities})
    return lambda: path.write_text(text, "utf-8")


def test_a_modality_that_was_added_can_be_used(file: Path) -> None:
    added = written(file, pacs=PRACTICE, other=PRACTICE)
    done = run("use pacs", added, "modalities", "echo other", "use other; pwd", config=file)
    assert (done.status, done.out.splitlines()[-1]) == (ExitStatus.DONE, "/other")
    assert " other  PRACTICE" in done.out


def test_a_path_leads_to_it_too(file: Path) -> None:
    added = written(file, pacs=PRACTICE, other=PRACTICE)
    assert run("use pacs", added, "cd /other; pwd", config=file).out == "/other\n"


def test_a_file_that_is_broken_is_told_once_and_the_old_one_stays(file: Path) -> None:
    broken = written(file, pacs={"practice": True, "prt": 1})
    done = run("use pacs", broken, "cd 0555643F", "pwd", config=file)
    assert done.status == ExitStatus.DONE
    assert done.out == "/pacs/0555643F\n"
    (line,) = [line for line in done.err.splitlines() if "modalities.yaml:" in line]
    assert "modalities.yaml:4: modalities.pacs.prt:" in line
    assert "pacs stays in use with its old settings" in done.err


def test_a_file_that_is_no_configuration_is_told_once_and_the_old_one_stays(file: Path) -> None:
    done = run("use pacs", lambda: file.write_text("aet: []"), "pwd", "pwd", config=file)
    assert (done.status, done.out) == (ExitStatus.DONE, "/pacs\n/pacs\n")
    assert done.err.count("modalities.yaml:1: aet: expected an AE title") == 1
    assert "the previous configuration stays in use" in done.err


def test_a_file_that_is_mended_is_read(file: Path) -> None:
    broken, mended = written(file, pacs=7), written(file, pacs=PRACTICE, other=PRACTICE)
    done = run("use pacs", broken, "pwd", mended, "use other", config=file)
    assert done.status == ExitStatus.DONE


def test_a_file_that_is_gone_is_told_and_may_come_back(file: Path) -> None:
    back = written(file, pacs=PRACTICE, again=PRACTICE)
    done = run("use pacs", file.unlink, "pwd", back, "use again; pwd", config=file)
    assert "cannot read configuration file" in done.err
    assert done.out.splitlines() == ["/pacs", "/again"]


def test_a_folder_in_its_place_is_told(file: Path) -> None:
    def replaced() -> None:
        file.unlink()
        file.mkdir()

    done = run("use pacs", replaced, "pwd", config=file)
    assert "cannot read configuration file: " in done.err
    assert "the previous configuration stays in use" in done.err
    assert done.out.splitlines() == ["/pacs"]


def test_the_next_association_uses_the_new_settings(file: Path, orthanc_server: Orthanc) -> None:
    place = {"aet": "ORTHANC", "host": "127.0.0.1", "port": orthanc_server.port}
    moved = written(file, pacs=place)
    done = run("use pacs; find patient", moved, "find patient", "use", config=file)
    assert done.status == ExitStatus.DONE
    assert "modalities.yaml has new settings for pacs" in done.err
    assert f"not ORTHANC@127.0.0.1:{orthanc_server.port}" in done.err
    assert f"ORTHANC at 127.0.0.1:{orthanc_server.port}" in done.last


def test_a_practice_archive_gets_its_new_faults(file: Path) -> None:
    faulty = written(file, pacs={"practice": True, "faults": {"cut_off": 2}})
    done = run("use pacs; find study", faulty, "find study", config=file)
    assert done.status == ExitStatus.INCOMPLETE
    assert "2 studies, CUT OFF" in done.last


def test_a_modality_that_is_gone_stays_in_use(file: Path) -> None:
    done = run("use pacs", written(file, other=PRACTICE), "find patient", "use pacs", config=file)
    assert "pacs is no longer in modalities.yaml; it stays in use with its old settings" in done.err
    assert "patients, complete" in done.err
    assert (done.status, done.err.count("no longer")) == (ExitStatus.USAGE, 1)


def test_a_typed_address_follows_the_common_settings(file: Path, orthanc_server: Orthanc) -> None:
    renamed = "aet: RENAMED\nmodalities: {}\n"
    done = run(
        f"use ORTHANC@127.0.0.1:{orthanc_server.port}",
        lambda: file.write_text(renamed, "utf-8"),
        "trace on; use",
        config=file,
    )
    assert "RENAMED" in done.err


def test_an_archive_of_a_lesson_stays(file: Path) -> None:
    added = written(file, pacs=PRACTICE, other=PRACTICE)
    done = run("lesson start 1", added, "use other; use classroom; pwd", config=file)
    assert (done.status, done.out) == (ExitStatus.DONE, "/classroom\n")


def test_an_archive_of_a_lesson_stays_when_a_modality_is_added(file: Path) -> None:
    added = "modality add new NEW@127.0.0.1:104"
    done = run(f"lesson start 1; {added}; use classroom; pwd", config=file)
    assert (done.status, done.out) == (ExitStatus.DONE, "/classroom\n")


def test_the_name_of_an_archive_of_a_lesson_is_taken(file: Path) -> None:
    before = file.read_text("utf-8")
    done = run("lesson start 1; modality add classroom NEW@127.0.0.1:104", config=file)
    assert "the name 'classroom' is taken" in done.err
    assert file.read_text("utf-8") == before
    own = written(file, classroom={"aet": "A", "host": "h", "port": 1})
    done = run("lesson start 1", own, "pwd", config=file)
    assert "a lesson needs the name 'classroom'" in done.err
    assert done.out == "/classroom\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/stdin")
def test_a_pipe_is_read_once(file: Path) -> None:
    done = dicomsh("-f", "/dev/stdin", "-c", "use pacs; pwd", stdin=file.read_text("utf-8"))
    assert (done.status, done.out) == (ExitStatus.DONE, "/pacs\n")

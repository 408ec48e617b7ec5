"""why: the reason for an empty, short or doubtful answer, in each fault of the practice archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Done, interrupted, practice, run


def reasons(config: Path, command: str) -> list[dict[str, Any]]:
    done = run(
        f"use faulty; {command} > '{config.parent / 'rows.json'}'; why",
        config=config,
        output="json",
        keep_going=True,
    )
    found: list[dict[str, Any]] = done.json
    return found


def why(command: str) -> Done:
    return run(f"use pacs; {command}; why")


def test_a_station_that_is_written_otherwise(tmp_path: Path) -> None:
    config = practice(tmp_path, wrong_station=True)
    first, second = reasons(config, "find worklist station=CT1 date=today")
    assert first["without"] == "station=CT1"
    assert first["rows"] == 25
    assert first["there"].startswith("CT_1 ×7, ")
    assert first["reason"].startswith("25 worklist items match date=today, none with station=CT1:")
    assert first["try"] == "find worklist station=CT_1 date=today"
    assert second["reason"].startswith("4 worklist items match station=CT1, none with date=today:")
    assert second["there"].startswith("tomorrow (")


def test_another_day(tmp_path: Path) -> None:
    config = practice(tmp_path, other_day=True)
    first, second = reasons(config, "find worklist station=CT2 date=today")
    assert (first["without"], second["without"]) == ("station=CT2", "date=today")
    assert second["rows"] == 5
    assert second["there"].startswith("tomorrow (")
    assert second["there"].endswith("×5")


def test_a_missing_study_and_an_accession_that_is_too_long(tmp_path: Path) -> None:
    config = practice(tmp_path, missing_type_1=True, long_accession=True)
    (missing,) = reasons(config, "find worklist study=2.25.1")
    assert "no value ×10" in missing["there"]
    run_out = run("use faulty; find worklist step=SPS0004", config=config, output="json")
    accession = run_out.json[0]["AccessionNumber"]
    short = accession.removeprefix("NORTHCLINIC-")
    (longer,) = reasons(config, f"find worklist acc={short}")
    assert longer["there"].startswith(f"{accession} ×1")
    assert longer["try"] == f"find worklist acc={accession}"


def test_a_station_of_the_caller(tmp_path: Path) -> None:
    config = practice(tmp_path, station_of_caller=True)
    first = reasons(config, "find worklist station=CT1 date=today")[0]
    assert first["there"] == "DICOMSH ×25"
    assert "which is our AE title: the server shows each device its own steps" in first["reason"]


def test_keys_that_the_server_ignores(tmp_path: Path) -> None:
    config = practice(tmp_path, ignore_step_keys=True)
    (first, *_) = reasons(config, "find worklist mod=MR")
    assert first["reason"].startswith(
        "26 of 32 worklist items are not mod=MR, which the server ignores; they have CT ×17"
    )


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("find worklist station=CT7", "32 worklist items in all, none with station=CT7: CT1 ×11"),
        ("find worklist station=CT7", "try: find worklist station=CT1"),
        (
            "find worklist name=Hong* mod=XA station=MG1",
            "each key matches something, all together nothing: name=Hong* ×3, mod=XA ×1",
        ),
        ("find study name=DOE mod=CT", "none with name=DOE: Doe^Jane ×2"),
        ("find study name=DOE mod=CT", "try: find study name=DOE* mod=CT"),
        ("cd 0555643F; find study date=2023", "9 studies outside of the current place"),
        ("find study 0555643F mod=US", "none with mod=US: CT ×1, MR\\SR ×1"),
        ("find study date=2024-03-05 mod=XX", "14 studies match date=2024-03-05"),
        ("find patient sex=M name=Doe^Jane", "2 patients match name=Doe^Jane, none with sex=M: F"),
    ],
)
def test_the_reason_is_one_line(command: str, told: str) -> None:
    done = why(command)
    assert told in done.out
    assert "reason" in done.last
    assert "quer" in done.last


def test_a_short_answer_is_explained_too() -> None:
    done = why("find worklist station=CT1 date=today")
    assert "25 worklist items match date=today, 7 with station=CT1: CT2 ×5" in done.out
    assert "11 worklist items match station=CT1, 7 with date=today: tomorrow" in done.out


def test_nothing_is_asked_about_what_has_no_reason() -> None:
    assert "nothing has been listed yet" in run("use pacs; why").err
    assert "matched on no key" in why("find worklist").err


def test_an_empty_worklist_may_be_that_of_another_device(tmp_path: Path) -> None:
    from tests.servers import wlmscpfs

    (tmp_path / "files").mkdir()
    with wlmscpfs(tmp_path / "files") as server:
        done = run(f"use {server.address}; find worklist; why")
    assert "the worklist is empty for our AE title" in done.out


def test_values_are_masked() -> None:
    done = run("set mask on; use pacs; find worklist id=0555643F mod=CT; why")
    assert "0555643F" not in done.out
    assert "none with mod=CT: MR ×1" in done.out


def test_the_archive_is_asked_little() -> None:
    """As many queries as keys, each cancelled after 500 rows."""
    done = why("find instance mod=CT number=99999")
    assert "more than 500 instances match" in done.out
    assert "2 queries" in done.last


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C on Windows")
def test_ctrl_c_ends_the_search(tmp_path: Path) -> None:
    """The first reason comes after two rows, the second one would come after fourteen more."""
    config = practice(tmp_path, row_delay=0.3)
    find = "find study date=20240305 id=0555643F"
    done = interrupted(config, "-c", f"use faulty; {find}; why; print never")
    assert len(done.out.splitlines()) == 1
    assert "never" not in done.out
    assert "1 reason, " in done.last
    assert done.status == 130

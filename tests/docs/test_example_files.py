"""The example notebook and scripts run as they are, by the commands that their page shows."""

from __future__ import annotations

import ast
import csv
import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas
import pytest

import dicomsh
from dicomsh.model.modality import PracticeAddress
from dicomsh.practice.server import start
from tests.docs.blocks import Outer, blocks, prepared
from tests.harness import ROOT, run
from tests.processes import HOST
from tests.retrieve.storing import file_of

EXAMPLES = ROOT / "docs" / "examples"
COMMANDS = [block.text for block in blocks("sh") if block.page == "docs/examples/README.md"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell of code, in one namespace; what a cell ends with is what a notebook shows."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    shown = [_shown(cell, names) for cell in _code(path)]
    tables = [value for value in shown if isinstance(value, dicomsh.Rows)]
    assert all(len(table) and table.outcome.sound for table in tables)
    assert len(tables) == 3
    assert any(isinstance(value, pandas.DataFrame) and len(value) for value in shown)


def _code(path: Path) -> list[str]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    found = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell.get("outputs") for cell in cells), "outputs are made when it is run"
    return found


def _shown(source: str, names: dict[str, Any]) -> Any:
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return None if last is None else eval(compile(ast.unparse(last), "cell", "eval"), names)


def test_every_example_has_its_command_and_says_it() -> None:
    """The page and the head of a file show the same lines."""
    for path in EXAMPLES.iterdir():
        if path.suffix in (".dsh", ".py"):
            (command,) = [text for text in COMMANDS if path.name in text]
            head = path.read_text("utf-8")
            lines = [line for line in command.splitlines() if path.name in line]
            assert all(f"{line}\n" in head for line in lines), path.name


posix = pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a POSIX shell")


@pytest.fixture
def outer(tmp_path: Path) -> Iterator[Outer]:
    """A shell in a checkout, with an archive of its own."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    with start(PracticeAddress("PRACTICE")) as server:
        yield prepared(tmp_path, server.port, "")


def command(name: str) -> str:
    """What the page shows for a script."""
    (found,) = [text for text in COMMANDS if name in text]
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def store_recent(outer: Outer, **more: Any) -> None:
    """Two studies arrive, of yesterday and today: at midnight, today becomes yesterday."""
    folder, today = outer.folder / "new", date.today()
    for number in (1, 2):
        day = f"{today - timedelta(days=number - 1):%Y%m%d}"
        file_of(folder, number, study=number, StudyDate=day, AccessionNumber="N1", **more)
    assert run(f"store '{folder}' --to PRACTICE@{HOST}:{outer.port} --retries 0").status == 0


@posix
def test_the_nightly_check(outer: Outer) -> None:
    nothing = outer.run(command("nightly.dsh"))
    assert nothing.status == 6
    assert "assert count >= 1" in nothing.err
    store_recent(outer, StudyDescription="CT THORAX")
    well = outer.run(command("nightly.dsh"))
    assert (well.status, well.out, well.err) == (0, "", "")
    assert "CT THORAX" in (outer.folder / "yesterday.txt").read_text("utf-8")


@posix
def test_the_nightly_check_misses_a_description(outer: Outer) -> None:
    store_recent(outer)
    done = outer.run(command("nightly.dsh"))
    assert done.status == 6
    assert "assert all StudyDescription" in done.err


@posix
def test_the_weekly_report(outer: Outer) -> None:
    store_recent(outer)
    done = outer.run(command("weekly.dsh"))
    assert done.status == 0, done.err
    rows = rows_of(outer.folder / "weekly.csv")
    assert [row["AccessionNumber"] for row in rows] == ["N1", "N1"]
    assert [line.split() for line in done.out.splitlines()][1:] == [["1", "CT", "2"]]


@posix
def test_a_list_of_accession_numbers(outer: Outer) -> None:
    done = outer.run(command("accessions.dsh"))
    assert done.status == 0, done.err
    found, missing = rows_of(outer.folder / "found.csv"), rows_of(outer.folder / "missing.csv")
    assert [row["AccessionNumber"] for row in found] == ["A091000", "A131012"]
    assert all(int(row["NumberOfStudyRelatedInstances"]) > 0 for row in found)
    assert missing == [{"AccessionNumber": "A000000", "line": "4"}]


@posix
def test_the_migration_check(outer: Outer) -> None:
    done = outer.run(command("migration.dsh"))
    assert done.status == 0, done.err
    assert rows_of(outer.folder / "differences.csv") == []
    listed = run("use pacs; find study date=2009..2010", output="json").json
    assert f"{len(listed)} in both, 0 only in pacs, 0 only in archive" in done.err


@posix
def test_the_migration_check_finds_what_is_not_there(outer: Outer) -> None:
    folder = outer.folder / "new"
    file_of(folder, 1, study=1, StudyDate="20090505", AccessionNumber="N1")
    assert run(f"store '{folder}' --to PRACTICE@{HOST}:{outer.port} --retries 0").status == 0
    done = outer.run(command("migration.dsh"))
    assert done.status == 1
    (row,) = rows_of(outer.folder / "differences.csv")
    assert (row["where"], row["AccessionNumber"]) == ("only in archive", "N1")


@posix
def test_a_crawl_that_duckdb_reads(outer: Outer) -> None:
    done = outer.run(command("crawl.dsh"))
    assert done.status == 0, done.err
    table = [line.strip("│").split("│") for line in done.out.splitlines() if "│ 20" in line]
    months, _, studies, series, instances = zip(*table, strict=True)
    listed = run("use pacs; find study date=2009..2010", output="json").json
    dates = [study["StudyDate"] for study in listed]
    assert {month.strip() for month in months} == {f"{day[:4]}-{day[4:6]}" for day in dates}
    assert sum(map(int, studies)) >= len(listed)  # one with several modalities counts for each
    assert sum(map(int, series)) == total(listed, "NumberOfStudyRelatedSeries")
    assert sum(map(int, instances)) == total(listed, "NumberOfStudyRelatedInstances")


def total(rows: list[dict[str, Any]], keyword: str) -> int:
    return sum(row[keyword] for row in rows)

"""The example notebook and scripts run as they are."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pandas
import pytest

import dicomsh
from tests.harness import ROOT, practice, run

EXAMPLES = ROOT / "docs" / "examples"


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


def test_the_nightly_check(tmp_path: Path) -> None:
    config = practice(tmp_path, fail={"study": 0xC000})
    script = EXAMPLES / "nightly.dsh"
    nothing = run(f"use pacs; source {script}", config=config)
    assert nothing.status == 6
    assert "assert count >= 1" in nothing.err
    failing = run(f"use faulty; source {script}", config=config)
    assert failing.status == 1


def test_the_weekly_report(tmp_path: Path) -> None:
    text = (EXAMPLES / "weekly.dsh").read_text("utf-8").replace("date=-7d", "date=2024-03")
    (tmp_path / "weekly.dsh").write_text(text, "utf-8")
    target = tmp_path / "weekly.csv"
    done = run(f"use pacs; source {tmp_path / 'weekly.dsh'} {target}", output="json")
    assert done.status == 0, done.err
    lines = target.read_text("utf-8").splitlines()
    assert "AccessionNumber" in lines[0]
    assert sum(row["count"] for row in done.json) >= len(lines) - 1 > 0

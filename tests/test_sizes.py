"""The report on sizes; no size is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.sizes import main, measured, report

TEXT = """\
class One:
    def first(self):
        return 1

    async def second(self):
        pass


@decorated
def third(): pass
"""


def test_definitions_are_measured(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "module.py").write_text(TEXT)
    (folder / "empty.py").touch()
    sizes = measured(folder)
    assert [(one.name, one.lines) for one in sizes.files] == [
        ("package/empty.py", 0),
        ("package/module.py", 10),
    ]
    assert [(one.name, one.lines) for one in sizes.classes] == [("package/module.py:1 One", 6)]
    found = sorted((one.name, one.lines) for one in sizes.functions)
    assert found == [
        ("package/module.py:10 third", 1),
        ("package/module.py:2 first", 2),
        ("package/module.py:5 second", 2),
    ]
    said = list(report(sizes))
    assert said[0] == "3 functions, lines: median 2, 95 % up to 2"
    assert said[1].strip() in {"2  package/module.py:2 first", "2  package/module.py:5 second"}
    assert "2 files, lines: median 5, 95 % up to 9.5" in said


def test_it_runs_on_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sizes"])
    main()
    said = capsys.readouterr().out
    assert " functions, lines: median " in said
    assert "dicomsh/" in said

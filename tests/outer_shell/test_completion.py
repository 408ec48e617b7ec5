"""Command lines of the outer shell are completed, in a real bash as well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dicomsh.outer_shell.completion import candidates, main, takes_file
from dicomsh.outer_shell.line import OuterLine, read_line
from tests.harness import ROOT

CONFIG = """\
modalities:
  pacs: {practice: true}
  archive: {aet: A, host: 192.0.2.1, port: 104}
  archive2: {aet: A, host: 192.0.2.2, port: 104}
groups: {both: [archive, archive2]}
"""


@pytest.mark.parametrize(
    ("text", "words", "current", "quote"),
    [
        ("dicomsh ", [], "", ""),
        ("dicomsh -m pa", ["-m"], "pa", ""),
        ("dicomsh  -m\tpacs ", ["-m", "pacs"], "", ""),
        ("dicomsh -c 'find stu", ["-c"], "find stu", "'"),
        ('dicomsh -c "find \\"a', ["-c"], 'find "a', '"'),
        ("dicomsh -c 'a \\' b", ["-c", "a \\"], "b", ""),
        ("dicomsh -c find\\ st", ["-c"], "find st", ""),
        ("dicomsh -c 'it'\"'\"'s", ["-c"], "it's", "'"),
        ("dicomsh '' x", [""], "x", ""),
        ("dicomsh a\\", [], "a", ""),
    ],
)
def test_a_line_is_split_as_shells_do(
    text: str, words: list[str], current: str, quote: str
) -> None:
    assert read_line(text) == OuterLine(tuple(words), current, quote)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "modalities.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "other.yaml").write_text("modalities: {other: {practice: true}}", "utf-8")
    (tmp_path / "broken.yaml").write_text("modalities: [", "utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["practice", "gateway", "config", "completion", "man"]),
        ("co", ["config", "completion"]),
        ("script.dsh ", []),
        ("-m ", ["pacs", "archive", "archive2", "both", "all"]),
        ("-m arch", ["archive", "archive2"]),
        ("-m pacs,b", ["pacs,both"]),
        ("--modality=arch", ["--modality=archive", "--modality=archive2"]),
        ("-f other.yaml -m ", ["other", "all"]),
        ("-f broken.yaml -m ", []),
        ("-f ", []),
        ("-o js", ["json"]),
        ("--keep", ["--keep-going"]),
        ("-c 'find stu", ["find study"]),
        ("-c 'use arc", ["use archive", "use archive2"]),
        ("-c 'find study mod=CTP", ["find study mod=CTPROTOCOL"]),
        ("-c 'find study | wh", ["find study | where"]),
        ("-m pacs -c 'find worklist stat", ["find worklist station=", "find worklist status="]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("practice --po", ["--port"]),
        ("gateway --allow", ["--allow-changes"]),
        ("practice -m arch", ["archive", "archive2"]),
    ],
)
def test_what_a_word_may_become(typed: str, found: list[str]) -> None:
    assert candidates(read_line(f"dicomsh {typed}")) == found


@pytest.mark.parametrize(
    ("typed", "files"),
    [
        ("", True),
        ("oth", True),
        ("script.dsh ", True),
        ("script.dsh -o json ", True),
        ("--keep-going ", True),
        ("-f ", True),
        ("--file=oth", True),
        ("--lessons ", True),
        ("gateway --store ", True),
        ("gateway --cert=", True),
        ("practice -f ", True),
        ("-", False),
        ("--file", False),
        ("-m ", False),
        ("-m oth", False),
        ("--modality=oth", False),
        ("-o ", False),
        ("-D ", False),
        ("--limit ", False),
        ("-c 'find stu", False),
        ("completion ", False),
        ("practice ", False),
        ("practice --port ", False),
    ],
)
def test_files_are_offered_where_they_fit(typed: str, files: bool) -> None:
    assert takes_file(read_line(f"dicomsh {typed}")) is files


def test_bash_is_given_what_it_replaces(capsys: pytest.CaptureFixture[str]) -> None:
    """It begins another word at `=`, `:` and `@`, but not in quotes."""
    assert main(["candidates", "dicomsh --output=js"]) == 0
    assert main(["candidates", "dicomsh oth"]) == 1, "names of files fit as well"
    assert main(["candidates", "dicomsh -c 'find study mod=CTP"]) == 0
    assert main(["candidates", "dicomsh --output=js", "--whole"]) == 0
    assert capsys.readouterr().out == "json\nfind study mod=CTPROTOCOL\n--output=json\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("dicomsh -m pa", "dicomsh -m pacs "),
        ("dicomsh --output=nd", "dicomsh --output=ndjson "),
        ("dicomsh -c 'find stu", "dicomsh -c 'find study' "),
        ("dicomsh other", "dicomsh other.yaml "),
        ("dicomsh -m other\tx", "dicomsh -m otherx"),
    ],
)
def test_in_bash(typed: str, completed: str, tmp_path: Path) -> None:
    import pexpect

    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "dicomsh"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dicomsh "$@"\n', "utf-8")
    program.chmod(0o700)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environ = {
        **os.environ,
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "PS1": "ready> ",
        "TERM": "dumb",
    }
    options = ["--norc", "--noprofile", "-i"]
    with pexpect.spawn(
        "bash", options, env=environ, cwd=str(tmp_path), encoding="utf-8", timeout=60
    ) as shell:
        shell.expect_exact("ready> ")
        quiet = "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'"
        shell.sendline(f"{quiet}; source <(dicomsh completion bash)")
        shell.expect_exact("ready> ")
        shell.send(f"{typed}\t")
        shell.expect_exact(completed)

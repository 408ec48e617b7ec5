"""Command lines of the outer shell are completed, in a real bash as well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dicomsh.outer_shell.completion import candidates, main
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


def test_bash_is_given_what_it_replaces(capsys: pytest.CaptureFixture[str]) -> None:
    """It begins another word at `=`, `:` and `@`, but not in quotes."""
    assert main(["candidates", "dicomsh --output=js"]) == 0
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
        shell.sendline("bind 'set enable-bracketed-paste off'; source <(dicomsh completion bash)")
        shell.expect_exact("ready> ")
        shell.send(f"{typed}\t")
        shell.expect_exact(completed)

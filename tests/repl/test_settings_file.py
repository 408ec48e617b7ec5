"""What stands in one's own settings file is text at the prompt, and never acts on the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import ENTER, Terminal

SETTINGS = r"""
limit: "\e[35;7mred"
"\e[35;7mbad": 1
output: "\e]0;title\a\e[2J"
aliases:
  x: "print '\e[35;7mpurple'"
  "\e[35;7my": "print a"
"""


def test_it_colours_nothing_and_moves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dicomsh" / "settings.yaml"
    path.parent.mkdir()
    path.write_text(SETTINGS, "utf-8")
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal("-m", "pacs", home=tmp_path, columns=160, rows=50, environ=environ) as terminal:
        terminal.wait_for_line("pacs:/> ")
        for line in ("alias", "x", "set", "help x", "print done"):
            terminal.type(line, ENTER)
        terminal.wait_until(lambda: "done" in terminal.lines, "done")
        assert "␛[35;7mred" in terminal.screen
        assert "␛[35;7mpurple" in terminal.lines
        terminal.type("exit", ENTER)
        assert terminal.wait_for_end() == 0
    for acting in (b"\x1b[35;7m", b"\x1b]0;title", b"\x1b[2Jm"):
        assert acting not in terminal.raw

"""Every key of the prompt with an archive whose values are markers, in a real terminal."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.mask.marked import MARK, configured, leaks, marked_server
from tests.repl.terminal import DOWN, ENTER, ESCAPE, TAB, UP, Terminal, ctrl

KEYS = [TAB, TAB, DOWN, UP, f"{ESCAPE}OP", ctrl("r"), "q", ctrl("g"), UP, UP, DOWN, ctrl("u")]
"""Completion, its menu, help (F1), a search in the history, earlier lines."""

LINES = [
    "cd ",
    "find patient id=",
    "find patient name=",
    "find study birth=",
    "show ",
    "print $",
    "",
]


def said(terminal: Terminal, line: str) -> bool:
    return line in terminal.lines


def test_no_key_shows_a_real_value(tmp_path: Path) -> None:
    state = tmp_path / ".local" / "state" / "dicomsh"
    state.mkdir(parents=True)
    (state / "history").write_text(f"\n+print {MARK}-before\n+find patient id={MARK}\n", "utf-8")
    with marked_server() as server:
        config = configured(server, tmp_path)
        with Terminal("-f", str(config), home=tmp_path, columns=110, rows=40) as terminal:
            terminal.wait_for_line("dicomsh> ")
            terminal.run("set mask on", "dicomsh> ")
            terminal.run("set pager off", "dicomsh> ")
            terminal.run("use pacs", "pacs:/> ")
            terminal.run("find patient", "pacs:/> ")
            for number, line in enumerate(LINES):
                for key in KEYS:
                    terminal.type(line, key, ctrl("g"), ctrl("u"))
                terminal.type(ctrl("e"), ctrl("u"), f"print done{number}", ENTER)
                terminal.wait_until(partial(said, terminal, f"done{number}"), "the end of the keys")
                terminal.wait_for_line("pacs:/> ")
            terminal.run("history", "pacs:/> ")
            assert "print done0" in terminal.screen
            raw = terminal.raw.decode("utf-8", "replace")
    assert "X-" in raw
    assert leaks(raw) == []
    assert MARK in (state / "history").read_text("utf-8")


def test_lines_typed_before_masking_come_back_without_it(tmp_path: Path) -> None:
    with Terminal(home=tmp_path, columns=110) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run(f"print {MARK}", "dicomsh> ")
        terminal.run("set mask on", "dicomsh> ")
        terminal.type(UP, UP, UP)
        terminal.type(ctrl("u"))
        terminal.run("history", "dicomsh> ")
        terminal.run("set mask off", "dicomsh> ")
        terminal.run("history", "dicomsh> ")
        terminal.wait_for(f"print {MARK}", 2)

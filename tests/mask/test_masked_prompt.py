"""Masking in a real terminal: prompt, completion menu, tables and errors hold no real value."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import ENTER, TAB, Terminal


def test_nothing_real_reaches_the_terminal(tmp_path: Path) -> None:
    with Terminal(home=tmp_path, columns=120) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.type("set mask on", ENTER)
        terminal.wait_for("mask is on")
        terminal.type("use pacs", ENTER)
        terminal.wait_for_line("pacs:/> ")
        terminal.type("find patient JOD* sex=M", ENTER)
        screen = terminal.wait_for("1 patient, complete")
        (code,) = re.findall(r"X-\w{8}", screen)
        terminal.type("cd ", TAB)
        terminal.wait_for(f"{code}  ")
        terminal.type(code[2:4], "\x7f" * 20, f"cd {code}", ENTER)
        terminal.wait_for_line(f"pacs:/{code}> ")
        terminal.type("ls", ENTER)
        terminal.wait_for("2 studies, complete")
        terminal.type("cd nothing", ENTER)
        terminal.wait_for("no study 'X-")
        terminal.type("tree --depth 1", ENTER)
        terminal.wait_for("2 entities, complete")
        raw = terminal.raw
    for secret in (b"0555643F", b"JODOGNE", b"SEBASTIEN", b"1.2.840.113704"):
        assert secret not in raw


def test_lines_typed_before_are_not_suggested(tmp_path: Path) -> None:
    with Terminal(home=tmp_path, columns=120) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.run("print JODOGNE", "dicomsh> ")
        terminal.type("print JOD")
        terminal.wait_until(lambda: terminal.lines[terminal.cursor[0]].endswith("JODOGNE"), "it")
        terminal.type("\x15")
        terminal.run("set mask on", "dicomsh> ")
        terminal.type("print JOD")
        terminal.wait_for_line("dicomsh> print JOD")
        terminal.type(TAB, "x")
        terminal.wait_for_line("dicomsh> print JODx")
        terminal.type("\x7f")
        terminal.wait_for_line("dicomsh> print JOD")
        assert terminal.lines[terminal.cursor[0]] == "dicomsh> print JOD"

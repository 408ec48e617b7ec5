"""Tab in a real terminal: from `use` to an instance without typing a name, a key or a UID."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import ENTER, TAB, Terminal, ctrl


def test_a_walk_with_tab_alone(tmp_path: Path) -> None:
    with Terminal(home=tmp_path) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.type("use ", TAB)
        terminal.wait_for_line("use pacs")
        terminal.type(ENTER)
        terminal.wait_for_line("pacs:/> ")
        terminal.type("find pat", TAB)
        terminal.wait_for_line("find patient")
        terminal.type(" JOD*", ENTER)
        terminal.wait_for("1 patient, complete")
        go(terminal, "pacs:/> ", "0555643F  JODOGNE^SEBASTIEN  M  1975-03-14", "/0555643F> ")
        listed(terminal, "2 studies")
        go(terminal, "/0555643F> ", "2009-04-12  CT  CT THORAX", "/2009-04-12 CT THORAX> ")
        listed(terminal, "3 series")
        go(terminal, "CT THORAX> ", "1  CT  Topogram", "/1 CT> ")
        listed(terminal, "2 instances")
        go(terminal, "/1 CT> ", "one level up", "/1> ")
        terminal.type("pwd --ke", TAB)
        terminal.wait_for_line("pwd --keys")
        terminal.type(ENTER)
        terminal.wait_for("SOPInstanceUID    ")


def test_the_menu_says_what_things_are(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "march 2009.csv").touch()
    with Terminal(home=tmp_path) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.type("use pacs", ENTER)
        terminal.wait_for_line("pacs:/> ")
        terminal.type("find study StudyD", TAB)
        terminal.wait_for("date · DA · Study Date")
        terminal.type(ctrl("c"))
        terminal.wait_for_line("pacs:/> ")
        terminal.type("find series mod=X", TAB)
        terminal.wait_for("X-Ray Angiography")
        terminal.type(ctrl("c"))
        terminal.wait_for_line("pacs:/> ")
        terminal.type("find study > ", TAB)
        terminal.wait_for("folder")
        terminal.type("mar", TAB)
        terminal.wait_for_line("> 'march 2009.csv'")


def listed(terminal: Terminal, what: str) -> None:
    terminal.type("ls", ENTER)
    terminal.wait_for(f"{what}, complete")


def go(terminal: Terminal, here: str, meta: str, there: str) -> None:
    """Tab shows what is here, Tab again takes the first."""
    terminal.wait_for_line(here)
    terminal.type("cd ", TAB)
    terminal.wait_for(meta)
    terminal.type(TAB)
    terminal.wait_for_line("cd 1")
    terminal.type(ENTER)
    terminal.wait_for_line(there)

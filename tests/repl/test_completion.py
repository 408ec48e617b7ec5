"""Tab in a real terminal: from `use` to an instance without typing a name, a key or a UID."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import ENTER, TAB, Terminal, ctrl
from tests.servers import Orthanc


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (40, 140)])
def test_a_walk_with_tab_alone(tmp_path: Path, rows: int, columns: int) -> None:
    with Terminal(home=tmp_path, rows=rows, columns=columns) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.type("use ", TAB)
        terminal.wait_for_line("use pacs")
        terminal.run("", "pacs:/> ")
        terminal.type("find pat", TAB)
        terminal.wait_for_line("find patient")
        terminal.run(" JOD*", "pacs:/> ")
        walk(terminal, "JODOGNE^SEBASTIEN  M  1975-03-14", "CT THORAX", "Topogram")


def test_a_walk_on_orthanc_with_tab_alone(orthanc_server: Orthanc, tmp_path: Path) -> None:
    with Terminal("-m", orthanc_server.address, home=tmp_path) as terminal:
        terminal.wait_for_line(":/> ")
        terminal.run("find patient JODL*", ":/> ")
        walk(terminal, "JODL^KARL^^DR  M  1950-01-01", "HAND LEFT", "CR  AP")


def walk(terminal: Terminal, *described: str) -> None:
    """From a listed patient to an instance: what is on the way is described in the menu."""
    for words in (*described, "one level up"):
        terminal.type("cd ", TAB)
        terminal.wait_for(words, times=terminal.screen.count(words) + 1)
        terminal.type(TAB)
        terminal.wait_for_line("cd 1")
        terminal.run("", "> ")
        terminal.run("ls", "> ")
    terminal.type("pwd --ke", TAB)
    terminal.wait_for_line("pwd --keys")
    terminal.run("", "> ")
    assert "SOPInstanceUID    " in terminal.screen


def test_keys_typed_as_soon_as_there_is_a_prompt(tmp_path: Path) -> None:
    with Terminal(home=tmp_path) as terminal:
        terminal.wait_for_line("> ")
        terminal.type("find study date=2024 mod=C StudyDe", TAB)
        terminal.wait_for_line("mod=C StudyDescription=")
        assert "Exception" not in terminal.screen


_WATCHED = """
import sys
from dicomsh.cli import main
from dicomsh.repl.completer import SessionCompleter

def know(self, registry, session):
    slow = {"pydicom.datadict", "pynetdicom", "dicomsh.dimse.client"}
    print("imported before:", sorted(slow - set(sys.modules)) or "all")

SessionCompleter.know = know
main()
"""


def test_nothing_is_analysed_while_a_thread_imports_what_it_needs(tmp_path: Path) -> None:
    """Two threads that import pydicom at the same time can each get half of it."""
    with Terminal(home=tmp_path, command=(sys.executable, "-c", _WATCHED)) as terminal:
        terminal.wait_for("imported before: all")


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

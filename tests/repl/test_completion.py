"""Tab in a real terminal: from `use` to an instance without typing a name, a key or a UID."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import ENTER, SHIFT_TAB, TAB, Terminal, ctrl
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


def press(terminal: Terminal, *keys: str) -> None:
    """Type what somebody types who knows the names of some commands and Tab, and nothing else."""
    assert set(keys) <= {TAB, SHIFT_TAB, ENTER, " ", "use", "find", "cd", "ls", "pwd"}
    terminal.type(*keys)


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (40, 140)])
@pytest.mark.parametrize("orthanc", [False, True], ids=["practice", "orthanc"])
def test_a_walk_with_tab_and_names_of_commands_alone(
    rows: int, columns: int, orthanc: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if orthanc:
        server: Orthanc = request.getfixturevalue("orthanc_server")
        described = f"archive: {{aet: {server.aet}, host: {server.host}, port: {server.port}}}"
    else:
        described = "archive: {practice: true}"
    (tmp_path / "modalities.yaml").write_text(f"modalities: {{{described}}}\n")
    environ = {"PAGER": ""}
    with Terminal(home=tmp_path, rows=rows, columns=columns, environ=environ) as terminal:
        terminal.wait_for_line("dicomsh> ")
        press(terminal, "use", " ", TAB)
        terminal.wait_for_line("use archive")
        terminal.run("", "archive:/> ")
        press(terminal, "cd", " ", TAB)
        terminal.wait_for("nothing listed here yet: ls")
        terminal.run("", "archive:/> ", ctrl("c"))
        press(terminal, "find", " ", TAB)
        terminal.wait_for("C-FIND at PATIENT level")
        press(terminal, TAB)
        terminal.wait_for_line("find patient")
        terminal.run("", "archive:/> ")
        for deeper in ("study", "series", "instance", ""):
            press(terminal, "cd", " ", TAB)
            terminal.wait_for_line("cd ")
            terminal.wait_until(lambda: " 1  " in below(terminal), "a menu of rows")
            press(terminal, TAB, TAB, SHIFT_TAB)
            terminal.wait_for_line("cd 1")
            terminal.run("", "> ")
            if deeper:
                terminal.run("ls", "> ")
        press(terminal, "pwd", ENTER)
        path = terminal.wait_for("/archive/").partition("pwd\n")[2]
        terminal.wait_until(lambda: terminal.line.endswith("> "), "the prompt")
        assert path.split("> ")[0].replace("\n", "").count("/") >= 5


def below(terminal: Terminal) -> str:
    """What is on the screen below the cursor."""
    return "\n".join(terminal.lines[terminal.cursor[0] + 1 :])


def test_tab_goes_through_the_menu_and_shift_tab_back(tmp_path: Path) -> None:
    with Terminal(home=tmp_path) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.type("find ", TAB)
        terminal.wait_for("C-FIND at IMAGE level")
        for key, line in (
            (TAB, "find patient"),
            (TAB, "find study"),
            (TAB, "find series"),
            (SHIFT_TAB, "find study"),
            (SHIFT_TAB, "find patient"),
            (SHIFT_TAB, "find "),
            (SHIFT_TAB, "find --resume"),
            (TAB, "find "),
        ):
            terminal.type(key)
            terminal.wait_for_line(line)
            assert "C-FIND at IMAGE level" in terminal.screen


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
        terminal.wait_for_words("date · DA · Study Date")
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

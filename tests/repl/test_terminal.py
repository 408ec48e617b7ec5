"""The prompt in a real terminal: it starts, walks, and leaves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import Terminal, ctrl


def test_a_walk_in_a_terminal(tmp_path: Path) -> None:
    with Terminal(home=tmp_path) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.type("use pacs\r")
        terminal.wait_for_line("pacs:/> ")
        terminal.type("find patient JOD*\r")
        assert "JODOGNE^SEBASTIEN" in terminal.wait_for("1 patient, complete")
        terminal.wait_for_line("pacs:/> ")
        terminal.type(ctrl("d"))
        assert terminal.wait_for_end() == 0


def test_a_modality_added_in_an_editor_is_known_to_the_prompt(tmp_path: Path) -> None:
    file = tmp_path / "modalities.yaml"
    file.write_text("modalities:\n  pacs: {practice: true}\n", "utf-8")
    with Terminal(home=tmp_path) as terminal:
        terminal.wait_for_line("dicomsh> ")
        terminal.type("use pacs\r")
        terminal.wait_for_line("pacs:/> ")
        file.write_text("modalities:\n  pacs: {practice: true}\n  other: {practise: 1}\n", "utf-8")
        terminal.type("pwd\r")
        terminal.wait_for_words("modalities.yaml:3: modalities.other.practise:")
        terminal.wait_for_line("pacs:/> ")
        file.write_text(
            "modalities:\n  pacs: {practice: true}\n  other: {practice: true}\n", "utf-8"
        )
        terminal.type("use other\r")
        terminal.wait_for_line("other:/> ")


@pytest.mark.parametrize("columns", [60, 80])
def test_the_place_of_a_problem_is_seen_in_a_long_line(columns: int, tmp_path: Path) -> None:
    line = f"find study desc=*{'胸部' * 30}* PatientNaem=5 +ReferringPhysicianName"
    with Terminal("-m", "pacs", "-c", line, home=tmp_path, columns=columns) as terminal:
        assert terminal.wait_for_end() == 2
        message, shown, caret = terminal.lines[:3]
        assert message.endswith("no attribute 'PatientNaem'")
        assert shown.startswith("  …")
        row = terminal.cells(1)
        assert "".join(row[caret.index("^") : len(caret)]) == "PatientNaem"


def test_help_on_the_command_line_breaks_no_word(tmp_path: Path) -> None:
    with Terminal("--help", home=tmp_path, rows=60, columns=60) as terminal:
        assert terminal.wait_for_end() == 0
        words = terminal.screen.split()
        assert {"configuration", "practice", "./practice", "SIGHUP"} <= set(words)

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
        terminal.wait_for("modalities.yaml:3: modalities.other.practise:")
        terminal.wait_for_line("pacs:/> ")
        file.write_text(
            "modalities:\n  pacs: {practice: true}\n  other: {practice: true}\n", "utf-8"
        )
        terminal.type("use other\r")
        terminal.wait_for_line("other:/> ")

"""view in a real terminal: half blocks in the colours of the image, and a caption below."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import Terminal

LINE = "cd 0555643F; ls; cd 1; ls; view 2"


def test_an_image_fits_the_terminal(tmp_path: Path) -> None:
    colours = {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    with Terminal("-m", "pacs", home=tmp_path, environ=colours) as terminal:
        terminal.wait_for_line("pacs:/> ")
        terminal.type(f"{LINE}\r")
        terminal.wait_for("not for diagnosis")
        terminal.wait_for_line("pacs:/0555643F/2009-04-12 CT THORAX> ")
        rows = [row for row, line in enumerate(terminal.lines) if "▀" in line]
        assert len(rows) == 21
        cells = [cell for cell in terminal.characters(rows[10]) if cell.data == "▀"]
        assert len(cells) == 42
        shades = {cell.fg for cell in cells}
        assert "000000" in shades  # the air around the patient
        assert all(shade[:2] == shade[2:4] == shade[4:] for shade in shades)
        assert len(shades) > 3
        assert terminal.lines[rows[-1] + 1].startswith("CT #41 · 512 × 512 · window")

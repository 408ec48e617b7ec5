"""Stages and aliases in a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.terminal import Terminal, ctrl
from tests.repl.test_cancelling import HONOURS, IGNORES, next_answer_is_right, slow


def test_an_alias_with_stages_is_made_used_and_its_row_gone_to(tmp_path: Path) -> None:
    with Terminal("-m", "pacs", home=tmp_path, rows=40, columns=140) as terminal:
        terminal.wait_for_line("pacs:/> ")
        terminal.type("alias newest = 'find study mod=$1 | sort date -r | head'\r")
        terminal.wait_for_line("pacs:/> ")
        terminal.type("new\t")
        terminal.wait_for("pacs:/> newest")
        terminal.type(" XA 2\r")
        screen = terminal.wait_for("2 of 5 studies, complete")
        dates = [line.split()[3] for line in screen.splitlines() if line[:2] in (" 1", " 2")]
        assert dates == sorted(dates, reverse=True)
        terminal.wait_for_line("pacs:/> ")
        terminal.type("cd 2; pwd\r")
        terminal.wait_for("/pacs/")
        terminal.wait_for(f"/{dates[1]}")


def test_tab_completes_stages_and_their_words(tmp_path: Path) -> None:
    with Terminal("-m", "pacs", home=tmp_path, rows=40, columns=140) as terminal:
        terminal.wait_for_line("pacs:/> ")
        terminal.type("find series | whe\t")
        terminal.wait_for("find series | where")
        terminal.type(" mod=XA | cou\t")
        terminal.wait_for("mod=XA | count")
        terminal.type("\r")
        terminal.wait_for("of 278 series, complete")


@pytest.mark.parametrize("faults", [HONOURS, IGNORES], ids=["honours", "ignores"])
def test_ctrl_c_while_rows_are_sorted_shows_those_that_came(
    faults: dict[str, object], tmp_path: Path
) -> None:
    with slow(tmp_path, dict(faults), wide=True) as terminal:
        terminal.type("find study | sort date | select date\r")
        terminal.wait_for("studies received")
        terminal.type(ctrl("c"))
        screen = terminal.wait_for("cancelled by you")
        assert " #  Date" in screen
        next_answer_is_right(terminal)


def test_ctrl_c_during_each_shows_what_came_and_leaves_the_place_alone(tmp_path: Path) -> None:
    with slow(tmp_path, {"row_delay": 0.05}, wide=True) as terminal:
        terminal.type("set pager off; find study | each ls | select study number\r")
        terminal.wait_for(" 3  ")
        terminal.type(ctrl("c"))
        terminal.wait_for("cancelled by you")
        next_answer_is_right(terminal)

"""Ctrl-Z in a real terminal, under a shell with job control: `fg` brings everything back."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.harness import practice
from tests.processes import find_program
from tests.repl.terminal import Terminal, ctrl
from tests.repl.test_progress_bar import bars, wait_for_bar

SHELL, PROMPT = "shell$ ", "faulty:/> "


@pytest.fixture(params=[(24, 80), (40, 140)], ids=["80x24", "140x40"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """A shell in which dicomsh is at its prompt, with a slow archive in use."""
    rows, columns = request.param
    config = practice(tmp_path, row_delay=0.2)
    shell = (str(find_program("bash")), "--norc", "--noprofile", "-i")
    environ = {"PS1": SHELL}
    opened = Terminal(home=tmp_path, rows=rows, columns=columns, environ=environ, command=shell)
    with opened as terminal:
        terminal.wait_for_line(SHELL)
        terminal.type(f"'{sys.executable}' -m dicomsh -f '{config}' -m faulty\r")
        terminal.wait_for_line(PROMPT)
        yield terminal


def suspended(terminal: Terminal) -> None:
    """Type Ctrl-Z, and wait for the shell."""
    terminal.type(ctrl("z"))
    terminal.wait_for("Stopped")
    terminal.wait_for_line(SHELL)


def test_the_prompt_and_the_line_come_back(terminal: Terminal) -> None:
    terminal.type("find patient JOD")
    terminal.wait_for_line("find patient JOD")
    suspended(terminal)
    terminal.type("echo sh''ell\r")
    terminal.wait_for("\nshell\n")
    terminal.type("fg\r")
    terminal.wait_for_line(f"{PROMPT}find patient JOD")
    terminal.type("*\r")
    terminal.wait_for("1 patient, complete")


def test_a_query_goes_on(terminal: Terminal) -> None:
    terminal.type("set pager off; find study --limit 20 | select id\r")
    wait_for_bar(terminal, " so far")
    suspended(terminal)
    assert bars(terminal) == []
    assert "so far" not in terminal.screen
    terminal.type("fg\r")
    wait_for_bar(terminal, " so far")
    terminal.wait_for("20 studies, stopped at --limit 20")
    terminal.wait_for_line(PROMPT)
    rows = [int(line[:2]) for line in terminal.lines if re.match(r"[ \d]\d  ", line)]
    assert rows == list(range(rows[0], 21))


def test_a_program_that_reads_the_rows_is_suspended_with_us(terminal: Terminal) -> None:
    terminal.type("find study --limit 9 | !sh -c 'echo be''gun; cat'\r")
    terminal.wait_for("begun")
    suspended(terminal)
    terminal.type("fg\r")
    terminal.wait_for("9 studies, stopped at --limit 9")
    terminal.wait_for_line(PROMPT)


def test_a_query_that_was_suspended_can_be_cancelled(terminal: Terminal) -> None:
    terminal.type("find study\r")
    wait_for_bar(terminal, " so far")
    suspended(terminal)
    terminal.type("fg\r")
    wait_for_bar(terminal, " so far")
    terminal.type(ctrl("c"))
    terminal.wait_for_words("cancelled by you · C-CANCEL, ")
    terminal.wait_for_line(PROMPT)
    terminal.type("find patient JOD*\r")
    terminal.wait_for("1 patient, complete")


def test_in_less_that_may_not_run_commands_nothing_is_suspended(terminal: Terminal) -> None:
    """It does not stop itself: a shell beside it would read the keyboard, too."""
    find_program("less")
    terminal.type("use pacs; find study\r")
    terminal.wait_for_line(":")
    terminal.type(ctrl("z"), "G")
    terminal.wait_for_line("(END)")
    assert "Stopped" not in terminal.screen
    terminal.type("q")
    terminal.wait_for("120 studies, complete")
    terminal.wait_for_line("pacs:/> ")
    suspended(terminal)
    terminal.type("fg\r")
    terminal.wait_for_line("pacs:/> ")

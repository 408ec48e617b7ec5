"""What is taller than the screen, in a real terminal: the pager, and life without one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.harness import practice
from tests.repl.terminal import Terminal, ctrl

PACS, FAULTY = "pacs:/> ", "faulty:/> "

ASKS = b":\x1b[K"
"""The prompt of less, written after the screen."""


@pytest.fixture
def less() -> None:
    from tests.processes import find_program

    find_program("less")


def test_a_short_answer_stays_as_it_is(tmp_path: Path) -> None:
    with Terminal("-m", "pacs", home=tmp_path) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find patient --limit 19\r")
        terminal.wait_for("19 patients, stopped")
        lines = terminal.wait_for_line(PACS).splitlines()
        heading = next(row for row, line in enumerate(lines) if line.startswith(" #  PatientID"))
        shown = [line.split()[0] for line in lines[heading + 1 : heading + 20]]
        assert shown == [str(number) for number in range(1, 20)]
        assert heading <= 1, "the toolbar may have moved the command off the screen, and no more"
        assert b"(END)" not in terminal.raw


def test_a_tall_answer_goes_to_less(tmp_path: Path, less: None) -> None:
    with Terminal("-m", "pacs", home=tmp_path) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find patient --limit 30\r")
        screen = terminal.wait_for_line(":")
        assert screen.splitlines()[0].startswith(" #  ID ")
        assert "stopped at" not in screen
        terminal.type(" ")
        assert "\n30  " in terminal.wait_for_line("(END)")
        terminal.type("q")
        screen = terminal.wait_for_line(PACS)
        assert "\n30 patients, stopped at --limit 30 · the server has more" in screen
        assert b"\x1b[1m" in terminal.raw, "colours reach the pager"


def test_rows_still_stream_and_leaving_cancels(tmp_path: Path, less: None) -> None:
    config = practice(tmp_path, stall_after=40)
    with Terminal("-f", str(config), "-m", "faulty", home=tmp_path) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("find study\r")
        screen = terminal.wait_for_line(":")
        first, *others = screen.splitlines()
        assert first.startswith(" #  ")
        assert [line.split()[0] for line in others[:-1]] == [str(row) for row in range(1, 23)]
        terminal.type("q")
        terminal.wait_for_words("studies, cancelled by you · C-CANCEL, ")
        screen = terminal.wait_for_line(FAULTY)
        assert "you left the pager" in screen
        terminal.type("find patient JOD* sex=M\r")
        terminal.wait_for("1 patient, complete")


def test_ctrl_c_cancels_the_query_and_the_pager_stays(tmp_path: Path, less: None) -> None:
    config = practice(tmp_path, stall_after=40)
    with Terminal("-f", str(config), "-m", "faulty", home=tmp_path) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("find study\r")
        terminal.wait_for_line(":")
        terminal.type(ctrl("c"))
        # a key that comes before less has rung and asks again may get lost
        terminal.wait_until(lambda: ASKS in terminal.raw.partition(b"\a")[2], "less, which asks")
        terminal.type("G")
        screen = terminal.wait_for_line("(END)")
        assert "cancelled" not in screen
        terminal.type("q")
        terminal.wait_for_words("studies, cancelled by you · C-CANCEL, ")
        assert "you left the pager" not in terminal.wait_for_line(FAULTY)


def test_help_is_paged_too(tmp_path: Path, less: None) -> None:
    with Terminal("-m", "pacs", home=tmp_path) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("help keys\r")
        terminal.wait_for_line(":")
        terminal.type("q")
        terminal.wait_for_line(PACS)


def test_the_user_chooses_the_pager(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "with $LESS and $1"\ntail -n 2\n')
    pager.chmod(0o700)
    environ = {"PAGER": f"'{pager}' option", "LESS": "-M"}
    with Terminal("-m", "pacs", home=tmp_path, environ=environ) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find patient --limit 30\r")
        terminal.wait_for("30 patients, stopped")
        lines = terminal.wait_for_line(PACS).splitlines()
        shown = lines[lines.index("with -M and option") :]
        assert [line.split()[0] for line in shown[1:3]] == ["29", "30"]
        assert shown[3].startswith("30 patients")


@pytest.mark.parametrize(
    "environ", [{"PAGER": "no-such-program"}, {"PAGER": ""}, {"PAGER": "cat"}, {"TERM": "dumb"}]
)
def test_without_a_pager_lines_are_plain(environ: dict[str, str], tmp_path: Path) -> None:
    with Terminal("-m", "pacs", home=tmp_path, environ=environ) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find patient --limit 30\r")
        terminal.wait_for("30 patients, stopped")
        assert "\n30  " in terminal.wait_for_line(PACS)


@pytest.mark.parametrize(
    "text",
    ["set pager off; find patient --limit 30", "source script", "find patient --limit 30 | !cat"],
)
def test_where_there_is_no_pager(text: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text("find patient --limit 30\n")
    with Terminal("-m", "pacs", home=tmp_path, environ={"PAGER": "false"}) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type(f"{text}\r")
        terminal.wait_for("30 patients, stopped")
        assert "\n30  " in terminal.wait_for_line(PACS)


def test_a_script_on_a_terminal_has_no_pager(tmp_path: Path) -> None:
    command = "find patient --limit 30"
    environ = {"PAGER": "false"}
    with Terminal("-m", "pacs", "-c", command, home=tmp_path, environ=environ) as terminal:
        assert terminal.wait_for_end() == 0
        assert "\n30  " in terminal.screen


def test_less_neither_saves_nor_edits_nor_runs_anything(tmp_path: Path, less: None) -> None:
    with Terminal("-m", "pacs", home=tmp_path, environ={"VISUAL": "touch edited"}) as terminal:
        terminal.wait_for_line(PACS)
        terminal.type("find patient --limit 30\r")
        terminal.wait_for_line(":")
        before = sorted(path.name for path in tmp_path.iterdir())
        for keys in ("ssaved\r", "|", "!", "v", ":e"):
            terminal.type(keys)
            terminal.wait_for(" not available")
            terminal.type("\r")
            terminal.wait_until(lambda: "not available" not in terminal.screen, "less again")
        terminal.type("/Nightshift\r")
        terminal.wait_for("Pattern not found")
        terminal.type("\r", "q")
        terminal.wait_for("30 patients, stopped")
        assert sorted(path.name for path in tmp_path.iterdir()) == before, "a name was searched for"

"""The toolbar while a command runs, in a real terminal: below the rows, and gone at the end."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from dicomsh.model.safe import width
from dicomsh.output.progress import Headway
from dicomsh.repl.toolbar import running
from tests.harness import practice
from tests.processes import find_program
from tests.repl.terminal import Terminal, ctrl
from tests.repl.test_colours import insight

FAULTY = "faulty:/> "
SIZES = pytest.mark.parametrize(("rows", "columns"), [(24, 80), (40, 140)])
SLOW = {"row_delay": 0.1}


def slow(home: Path, faults: dict[str, Any] | None = None, **shape: Any) -> Terminal:
    """A prompt on an archive that is never done soon."""
    config = practice(home, **(faults or SLOW))
    return Terminal("-f", str(config), "-m", "faulty", home=home, **shape)


def bars(terminal: Terminal) -> list[int]:
    """The rows of the screen that are in reverse video from end to end."""
    reverse = [[cell.reverse for cell in terminal.characters(row)] for row in all_rows(terminal)]
    return [row for row, cells in enumerate(reverse) if all(cells)]


def all_rows(terminal: Terminal) -> range:
    return range(len(terminal.lines))


def wait_for_bar(terminal: Terminal, *words: str) -> str:
    """Wait until the one bar on the screen tells all this; gives its text."""

    def told() -> bool:
        shown = bars(terminal)
        text = terminal.lines[shown[0]] if len(shown) == 1 else ""
        return all(word in text for word in words)

    terminal.wait_until(told, f"a bar with {words}")
    return terminal.lines[bars(terminal)[0]]


def rows_told(terminal: Terminal, more_than: int) -> tuple[str, int, int]:
    """The bar once it tells of more rows, how many it tells of, and the number of the row above."""

    def told() -> int:
        shown = bars(terminal)
        found = re.search(r"(\d+) stud\w+ so far", terminal.lines[shown[0]] if shown else "")
        return int(found[1]) if found else 0

    terminal.wait_until(
        lambda: told() > more_than and terminal.cursor == (bars(terminal)[0], 0), "more rows"
    )
    (row,) = bars(terminal)
    return terminal.lines[row], told(), int(terminal.lines[row - 1].split()[0])


@SIZES
def test_it_stays_below_the_rows_while_they_come(rows: int, columns: int, tmp_path: Path) -> None:
    with slow(tmp_path, rows=rows, columns=columns) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("set pager off; find study | select date desc\r")
        counts = [0]
        while len(counts) < 4:
            bar, count, last = rows_told(terminal, counts[-1])
            counts.append(count)
            assert last >= count
            name = "faulty" if columns == 80 else "faulty PRACTICE@127.0.0.1:"
            assert bar.startswith(name)
            assert " · association open · " in bar
            assert bar.endswith("s · Ctrl-C cancels")
        terminal.type(ctrl("c"))
        terminal.wait_for_words("cancelled by you · C-CANCEL, ")
        terminal.wait_for_line(FAULTY)
        terminal.wait_for("studies, cancelled, ")
        assert [terminal.lines[row].split(" ·")[0] for row in bars(terminal)] == [
            "faulty" if columns == 80 else terminal.lines[-1].split(" ·")[0]
        ]
        assert "so far" not in terminal.screen
        shown = [int(line[:2]) for line in terminal.lines if re.match(r"[ \d]\d  ", line)]
        assert shown == list(range(shown[0], shown[0] + len(shown)))


def test_it_is_gone_before_the_line_that_says_what_the_answer_is(tmp_path: Path) -> None:
    with slow(tmp_path) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("find study --limit 12\r")
        wait_for_bar(terminal, " so far")
        terminal.wait_for("12 studies, stopped")
        terminal.wait_for_line(FAULTY)
        assert b"Ctrl-C cancels" not in terminal.raw.rpartition(b"12 studies, stopped")[2]


@pytest.mark.parametrize("command", ["tree", "find study | sort date", "find study > rows.csv"])
def test_it_tells_how_far_other_commands_are(command: str, tmp_path: Path) -> None:
    with slow(tmp_path) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type(f"set pager off; {command}\r")
        wait_for_bar(terminal, "faulty · ", "Ctrl-C cancels")
        terminal.type(ctrl("c"))
        terminal.wait_for("cancelled by you")


def test_what_is_waited_for(tmp_path: Path) -> None:
    with slow(tmp_path, {"row_delay": 30, "ignore_cancel": True}) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("find study\r")
        wait_for_bar(terminal, "waiting for an answer · ", " s · Ctrl-C cancels")
        terminal.type(ctrl("c"))
        terminal.wait_for("no reaction to C-CANCEL")
        assert len(bars(terminal)) <= 1


def test_it_follows_the_width_of_the_terminal(tmp_path: Path) -> None:
    with slow(tmp_path, {"row_delay": 30}, columns=140) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("find study\r")
        wait_for_bar(terminal, "faulty PRACTICE@")
        terminal.resize(24, 60)
        assert wait_for_bar(terminal, "faulty · waiting for an answer · ").endswith("cancels")
        terminal.resize(24, 100)
        wait_for_bar(terminal, "faulty PRACTICE@")


def test_rows_that_end_inside_of_a_line_are_left_alone(tmp_path: Path) -> None:
    """A JSON array: what comes after an object is only known with the next one."""
    with slow(tmp_path, {"stall_after": 6}) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.run("set output ndjson; set pager off", FAULTY)
        terminal.type("find patient | select id\r")
        wait_for_bar(terminal, "6 patients so far")
        terminal.run("", FAULTY, ctrl("c"))
        terminal.run("set output json", FAULTY)
        terminal.type("find patient | select id\r")
        terminal.wait_for('\n{"PatientID": "10005"}')
        terminal.type(ctrl("c"))
        screen = terminal.wait_for("patients, cancelled by you")
        assert '{"PatientID": "10005"}' in screen
        assert "so far" not in screen.rpartition("set output json")[2]


def test_a_pager_has_the_screen_to_itself(tmp_path: Path) -> None:
    find_program("less")
    with slow(tmp_path, {"row_delay": 0.03}) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("find study\r")
        terminal.wait_for_line(":")
        begun = len(terminal.raw)
        terminal.type("G")
        assert "\n120  " in terminal.wait_for_line("(END)")
        terminal.type("q")
        terminal.wait_for("120 studies, complete")
        assert b"so far" not in terminal.raw[begun:]


def test_without_colours_it_is_still_the_toolbar(tmp_path: Path) -> None:
    with slow(tmp_path, environ={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for_line(FAULTY)
        terminal.type("find study\r")
        wait_for_bar(terminal, " so far")
        assert b"\x1b[0;3" not in terminal.raw


@pytest.mark.parametrize(
    ("environ", "redirect"), [({"TERM": "dumb"}, ""), ({}, "2> told")], ids=["dumb", "file"]
)
def test_nothing_where_it_cannot_be_shown(
    environ: dict[str, str], redirect: str, tmp_path: Path
) -> None:
    config = practice(tmp_path, row_delay=0.1)
    line = f"exec '{sys.executable}' -m dicomsh -f '{config}' -m faulty {redirect}"
    command = ("/bin/sh", "-c", line)
    with Terminal(home=tmp_path, environ=environ, command=command) as terminal:
        terminal.wait_for(FAULTY.strip())
        terminal.type("find patient --limit 15\r")
        terminal.wait_for("15 patients, stopped")
        assert b"so far" not in terminal.raw
        terminal.type("exit\r")
        assert terminal.wait_for_end() == 0
    told = tmp_path / "told"
    assert told.exists() == bool(redirect)
    assert not redirect or told.read_text("utf-8") == ""


def test_a_script_on_a_terminal_has_a_plain_line(tmp_path: Path) -> None:
    config = practice(tmp_path, row_delay=0.1)
    arguments = ("-f", str(config), "-m", "faulty", "-c", "find patient --limit 15")
    with Terminal(*arguments, home=tmp_path) as terminal:
        terminal.wait_for("/s")
        assert terminal.wait_for_end() == 0
        assert b"so far" in terminal.raw
        assert b"\x1b[7m" not in terminal.raw
        assert b"Ctrl-C cancels" not in terminal.raw


ROWS = Headway("1,200 studies so far", "240/s", "window 3 of 12", "5.00 s")


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (200, "A@h:1 · association not used yet · 1,200 studies so far · 240/s · "
              "window 3 of 12 · 5.00 s · Ctrl-C cancels"),
        (110, "A@h:1 · association not used yet · 1,200 studies so far · 240/s · "
              "window 3 of 12 · 5.00 s · Ctrl-C cancels"),
        (75, "A@h:1 · 1,200 studies so far · window 3 of 12 · 5.00 s · Ctrl-C cancels"),
        (65, "A@h:1 · 1,200 studies so far · 240/s · 5.00 s · Ctrl-C cancels"),
        (60, "A@h:1 · 1,200 studies so far · 240/s · Ctrl-C cancels"),
        (50, "1,200 studies so far · 240/s · Ctrl-C cancels"),
        (40, "1,200 studies so far · Ctrl-C cancels"),
        (30, "1,200 studies so far"),
        (10, "1,200 stu…"),
    ],
)  # fmt: skip
def test_what_is_less_important_goes_where_there_is_no_room(columns: int, text: str) -> None:
    shell = insight().shell
    assert shell
    shell.session.choose(shell.session.config.adhoc("A@h:1"))
    assert running(shell, ROWS, columns) == text


def test_it_is_never_wider_than_the_terminal() -> None:
    shell = insight().shell
    assert shell
    shell.session.choose(shell.session.config.adhoc("A@h:1"))
    for headway in (ROWS, Headway("waiting", elapsed="1.00 s"), Headway("leaving", leaving=True)):
        assert all(width(running(shell, headway, columns)) <= columns for columns in range(150))


def test_whoever_leaves_is_not_told_how_to_leave() -> None:
    shell = insight().shell
    assert shell
    assert running(shell, Headway("Ctrl-C again aborts", leaving=True), 80) == "Ctrl-C again aborts"

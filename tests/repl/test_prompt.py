"""The prompt in a real terminal, at 80×24 and 140×40: place, toolbar, colours, keys, history."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from tests.repl.keyboard import lines_in, pasted
from tests.repl.terminal import UP, Terminal, ctrl

Open = Callable[..., Terminal]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture(params=[(24, 80), (40, 140)], ids=["80x24", "140x40"])
def terminal(request: pytest.FixtureRequest, home: Path) -> Iterator[Terminal]:
    """A terminal at its first prompt."""
    rows, columns = request.param
    with Terminal(home=home, rows=rows, columns=columns) as opened:
        opened.wait_for_line("dicomsh> ")
        yield opened


@pytest.fixture
def start(home: Path) -> Iterator[Open]:
    """Starts a terminal with arguments and an environment, and waits for its prompt."""
    with ExitStack() as stack:

        def started(*arguments: str, prompt: str = "> ", **environ: str) -> Terminal:
            opened = Terminal(*arguments, home=home, columns=100, environ=environ)
            stack.enter_context(opened).wait_for_line(prompt)
            return opened

        yield started


def settings(home: Path, text: str) -> None:
    (home / ".config" / "dicomsh").mkdir(parents=True)
    (home / ".config" / "dicomsh" / "settings.yaml").write_text(text, "utf-8")


def history(home: Path) -> Path:
    return home / ".local" / "state" / "dicomsh" / "history"


def test_the_prompt_tells_the_place_in_readable_segments(terminal: Terminal) -> None:
    terminal.run("use pacs", "pacs:/> ")
    terminal.run("cd 0555643F", "pacs:/0555643F> ")
    terminal.run("ls", "0555643F> ")
    terminal.run("cd 1", "/2009-04-12 CT THORAX> ")
    terminal.run("ls", "THORAX> ")
    terminal.run("cd 1", "/1 CT> ")
    terminal.run("ls", "CT> ")
    terminal.run("cd 1", "/1> ")
    assert len(terminal.line) <= 40 or terminal.line.startswith("pacs:/0555643F/")


def test_the_toolbar_tells_the_association_and_the_last_query(terminal: Terminal) -> None:
    terminal.wait_for("no modality in use")
    terminal.run("use pacs", "pacs:/> ")
    terminal.wait_for("association open")
    terminal.run("find patient JOD*", "pacs:/> ")
    bar = terminal.wait_for("1 patient, complete, ").splitlines()[-1]
    assert bar.startswith("pacs PRACTICE@127.0.0.1:")
    terminal.run("set limit 50", "pacs:/> ")
    terminal.wait_for("limit=50")


def test_the_toolbar_tells_the_usage_of_what_is_typed(terminal: Terminal) -> None:
    terminal.wait_for("no modality in use")
    terminal.type("find patient ")
    terminal.wait_for("find LEVEL [PATTERN]")
    assert "no modality in use" in terminal.screen
    terminal.type(ctrl("u"))
    terminal.wait_until(lambda: "LEVEL" not in terminal.screen, "no usage")


def test_ctrl_r_finds_a_line_typed_before(terminal: Terminal) -> None:
    terminal.run("print one", "dicomsh> ")
    terminal.run("print two", "dicomsh> ")
    terminal.type(ctrl("r"), "one")
    terminal.wait_for("(reverse-i-search)`one': print one")
    terminal.type("\r", "\r")
    terminal.wait_until(lambda: terminal.lines.count("one") == 2, "one again")


def test_a_line_typed_before_is_suggested_and_taken_at_its_end(terminal: Terminal) -> None:
    terminal.run("print one two", "dicomsh> ")
    terminal.type("print o")
    terminal.wait_for("print one two", times=2)
    terminal.type(ctrl("e"), "\r")
    terminal.wait_until(lambda: terminal.lines.count("one two") == 2, "one two again")


def test_nothing_is_suggested_while_names_are_masked(terminal: Terminal) -> None:
    terminal.run("print one two", "dicomsh> ")
    terminal.run("set mask on", "dicomsh> ")
    terminal.type("print o")
    terminal.wait_for_line("print o")
    terminal.type(ctrl("e"), "\r")
    terminal.wait_until(lambda: "o" in terminal.lines, "what was typed alone")


def test_vi_and_emacs_keys_are_a_setting_that_holds_at_once(terminal: Terminal) -> None:
    terminal.run("set editing vi", "dicomsh> ")
    terminal.type("print onw", "\x1b")
    terminal.wait_for_line("print on")
    terminal.type("re\r")
    terminal.wait_until(lambda: "one" in terminal.lines, "one")
    terminal.run("set editing emacs", "dicomsh> ")
    terminal.type("rint two", ctrl("a"), "p\r")
    terminal.wait_until(lambda: "two" in terminal.lines, "two")


def mode(terminal: Terminal) -> str:
    """What the line below the prompt begins with."""
    return terminal.screen.splitlines()[-1].split(" ")[0]


def test_the_toolbar_tells_the_mode_of_vi(terminal: Terminal) -> None:
    terminal.run("set editing vi", "dicomsh> ")
    for keys, told in (
        ("", "insert"),
        ("print one\x1b", "normal"),
        ("V", "visual"),
        ("\x1b", "normal"),
        ("R", "replace"),
        ("\x1b", "normal"),
        ("r", "replace"),
        ("x", "normal"),
        ("i", "insert"),
    ):
        terminal.type(keys)
        terminal.wait_until(lambda told=told: mode(terminal) == told, told)  # type: ignore[misc]
    terminal.run("", "dicomsh> ")
    terminal.wait_until(lambda: mode(terminal) == "insert", "insert in the next line")
    terminal.run("set editing emacs", "dicomsh> ")
    terminal.wait_until(lambda: mode(terminal) == "no", "no mode")


def test_the_mode_of_vi_is_told_before_there_is_a_shell(home: Path, start: Open) -> None:
    settings(home, "editing: vi\n")
    config = home / "slow.yaml"
    os.mkfifo(config)  # the shell is not made before somebody has written to it
    terminal = start(DICOMSH_CONFIG=str(config))
    terminal.wait_for("insert · F1 help")
    config.write_text("modalities: {}\n", "utf-8")
    terminal.wait_for("insert · no modality in use")


def test_escape_and_h_move_in_vi_and_help_in_emacs(terminal: Terminal) -> None:
    terminal.run("set editing vi", "dicomsh> ")
    terminal.type("print onw", "\x1bh")
    terminal.wait_for_line("print o")
    assert "usage: print" not in terminal.screen
    terminal.run("", "dicomsh> ", ctrl("c"))
    terminal.run("set editing emacs", "dicomsh> ")
    terminal.type("print onw", "\x1bh")
    terminal.wait_for("usage: print")


def test_an_editor_of_ones_own_edits_the_line_which_then_runs(home: Path, start: Open) -> None:
    editor = home / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/one/two/ "$1"\n')
    editor.chmod(0o700)
    terminal = start(VISUAL=f"'{editor}'")
    terminal.type("print one", ctrl("x"), ctrl("e"))
    terminal.wait_until(lambda: "two" in terminal.lines, "two")


def test_a_paste_of_several_lines_stops_at_the_first_failure(terminal: Terminal) -> None:
    terminal.type(pasted("print one\nnonsense\nprint three\nprint four\n"))
    terminal.wait_for("print four")
    assert "one" not in terminal.lines
    terminal.type("\r")
    terminal.wait_for_words("2 lines were not run; they are back at the prompt")
    terminal.wait_for_line("print four")
    assert "one" in terminal.lines
    assert terminal.screen.count("print one") == terminal.screen.count("dicomsh> print one") == 1
    assert "three" not in terminal.lines
    terminal.type("\r")
    terminal.wait_until(lambda: "four" in terminal.lines, "four")


def test_ctrl_c_drops_the_line_and_ctrl_d_leaves(terminal: Terminal) -> None:
    terminal.type("print one")
    terminal.wait_for_line("print one")
    terminal.run("", "dicomsh> ", ctrl("c"))
    terminal.type(ctrl("c"), ctrl("c"))
    terminal.run("print two", "dicomsh> ")
    assert "one" not in terminal.lines
    assert sum(line.startswith("dicomsh>") for line in terminal.lines) == 3
    terminal.type(ctrl("d"))
    assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.raw


def test_the_history_is_for_its_owner_and_keeps_out_what_it_should(home: Path, start: Open) -> None:
    terminal = start()
    terminal.run("print one", "dicomsh> ")
    terminal.run(" print secret", "dicomsh> ")
    terminal.run("set history off", "dicomsh> ")
    terminal.run("print quiet", "dicomsh> ")
    terminal.run("set history on", "dicomsh> ")
    terminal.run("print two", "dicomsh> ")
    assert stat.S_IMODE(history(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(history(home).parent.stat().st_mode) == 0o700
    assert lines_in(history(home)) == ["print one", "set history off", "print two"]


def test_a_line_of_the_session_before_comes_back(home: Path, start: Open) -> None:
    first = start()
    first.run("print one", "dicomsh> ")
    second = start()
    second.run("print two", "dicomsh> ")
    first.run("print three", "dicomsh> ")
    assert lines_in(history(home)) == ["print one", "print two", "print three"]
    third = start()
    third.type(UP, UP)
    third.wait_for_line("print two")
    third.run("", "dicomsh> ")
    third.run("history --clear", "dicomsh> ")
    third.run("history", "dicomsh> ")
    assert lines_in(history(home)) == ["history"]
    third.type(UP, UP)
    third.wait_for_line("history")


def test_history_off_in_the_settings_holds_from_the_first_line(home: Path, start: Open) -> None:
    settings(home, "history: off\n")
    terminal = start()
    terminal.run("print one", "dicomsh> ")
    assert not history(home).exists()


def test_the_greeting_is_one_line_and_a_setting(home: Path, start: Open) -> None:
    assert start().lines[0].startswith("dicomsh 0.1.0 · 'help' for help")
    settings(home, "greeting: off  # quiet\n")
    assert start().lines[0] == "dicomsh>"


def test_settings_that_are_saved_hold_at_the_next_start(home: Path, start: Open) -> None:
    start().run("set limit 7 --save", "dicomsh> ")
    terminal = start()
    terminal.run("use pacs", "pacs:/> ")
    terminal.run("find study", "pacs:/> ")
    assert "7 studies, stopped at --limit 7" in terminal.screen


def test_aliases_that_are_saved_hold_at_the_next_start(home: Path, start: Open) -> None:
    first = start()
    first.run("alias hello = print 'good day'", "dicomsh> ")
    first.run("set --save", "dicomsh> ")
    terminal = start()
    terminal.run("hello there", "dicomsh> ")
    assert "good day there" in terminal.lines


def test_a_wrong_setting_is_told_and_does_not_prevent_the_start(home: Path, start: Open) -> None:
    settings(home, "greeting: off\nlimit: many\nmodel: study\n")
    terminal = start()
    terminal.wait_for_words(": expected a whole number from 1, found 'many'")
    terminal.wait_for_line("dicomsh> ")
    terminal.run("set model", "dicomsh> ")
    terminal.wait_for("model    study")


HEADING = b"\x1b[1m"
COLOURED = (b"\x1b[0;36m", b"\x1b[0;32m", b"\x1b[0;35m")


def test_words_have_the_colour_of_what_they_are(start: Open) -> None:
    terminal = start()
    terminal.wait_for("no modality")
    terminal.type("find patient sex=M")
    terminal.wait_for_line("sex=M")
    assert all(colour in terminal.raw for colour in COLOURED)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [((), {"NO_COLOR": "1"}), (("--no-color",), {})],
    ids=["NO_COLOR", "--no-color"],
)
def test_colours_can_be_objected_to(
    arguments: tuple[str, ...], environ: dict[str, str], start: Open
) -> None:
    terminal = start(*arguments, **environ)
    terminal.wait_for("no modality")
    terminal.type("find patient sex=M\r")
    terminal.wait_for("no modality is in use")
    assert b"\x1b[0;3" not in terminal.raw
    assert b"\x1b[3" not in terminal.raw


def test_colours_are_a_setting(home: Path, start: Open) -> None:
    settings(home, "color: off\n")
    terminal = start()
    terminal.wait_for("no modality")
    terminal.type("find patient sex=M\r")
    terminal.wait_for("no modality is in use")
    assert b"\x1b[0;3" not in terminal.raw
    terminal.run("set color on", "dicomsh> ")
    terminal.type("find patient sex=M")
    terminal.wait_for_line("sex=M")
    assert all(colour in terminal.raw for colour in COLOURED)
    terminal.run("", "dicomsh> ", ctrl("c"))
    terminal.run("use pacs", "pacs:/> ")
    terminal.run("find patient JOD*", "pacs:/> ")
    assert HEADING in terminal.raw
    terminal.run("set color off", "pacs:/> ")
    before = len(terminal.raw)
    terminal.run("find patient JOD*", "pacs:/> ")
    assert HEADING not in terminal.raw[before:]


def test_a_dumb_terminal_gets_plain_text(home: Path, start: Open) -> None:
    terminal = start(TERM="dumb")
    terminal.type("use pacs\r")
    terminal.wait_for("pacs:/>")
    terminal.type("find patient JOD*\r")
    terminal.wait_for("1 patient, complete")
    assert re.search(rb"\x1b\[[0-9;]*m", terminal.raw) is None


def test_a_prompt_does_not_get_into_a_file(home: Path) -> None:
    command = f"{sys.executable} -m dicomsh > out"
    with Terminal(home=home, command=("/bin/sh", "-c", command)) as terminal:
        terminal.wait_for("output is not a terminal")
        terminal.type("print one\n", ctrl("d"))
        assert terminal.wait_for_end() == 0
    assert (home / "out").read_text("utf-8") == "one\n"

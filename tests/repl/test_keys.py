"""Keys at the prompt: lines that go on, pastes, Ctrl-C and Ctrl-D, help."""

from __future__ import annotations

from tests.repl.keyboard import pasted, typed

CTRL_C, F1 = "\x03", "\x1bOP"


def test_a_line_is_run_and_ctrl_d_leaves() -> None:
    assert typed("print one\r", "print two\r").out == "one\ntwo\n"


def test_an_open_quote_goes_on_in_the_next_line() -> None:
    done = typed("print 'one\r", "two'\r")
    assert done.out == "one\ntwo\n"
    assert done.lines == ["print 'one\ntwo'"]


def test_a_backslash_at_the_end_goes_on_in_the_next_line() -> None:
    assert typed("print one \\\r", "two\r").out == "one two\n"


def test_ctrl_c_drops_the_line() -> None:
    assert typed("print one", CTRL_C, "print two\r").out == "two\n"


def test_ctrl_c_at_an_empty_prompt_does_nothing() -> None:
    assert typed(CTRL_C, CTRL_C, "print two\r").out == "two\n"


def test_pasted_lines_wait_for_enter_and_run_one_after_the_other() -> None:
    assert typed(pasted("print one\n\nprint 'a\nb'\n"), CTRL_C).out == ""
    done = typed(pasted("print one\r\n\r\nprint 'a\nb'\n"), "\r")
    assert done.out == "one\na\nb\n"
    assert done.lines == ["print one", "print 'a\nb'"]


def test_a_paste_stops_at_the_first_failure_and_the_rest_stands_at_the_prompt() -> None:
    done = typed(pasted("print one\nnonsense\nprint three\nprint four"), "\r", CTRL_C)
    assert done.out == "one\n"
    assert "no command 'nonsense'" in done.err
    assert "2 lines were not run; they are back at the prompt" in done.err
    assert typed(pasted("nonsense\nprint three\nprint four"), "\r", "\r").out == "three\nfour\n"
    one = typed(pasted("nonsense\nprint three"), "\r", CTRL_C).err
    assert "1 line was not run; it is back at the prompt; Ctrl-C clears it" in one


def test_help_on_the_command_being_typed_leaves_the_line_as_it_is() -> None:
    done = typed("print one\r", "cd ", F1, "..", CTRL_C, "print two\r")
    assert "usage: cd" in done.out
    assert done.out.endswith("two\n")


def test_the_history_is_listed_with_numbers_or_its_end() -> None:
    done = typed("print one\r", "print two\r", "set output ndjson\r", "history 2\r")
    assert done.out.endswith(
        '{"number": 3, "line": "set output ndjson"}\n{"number": 4, "line": "history 2"}\n'
    )
    everything = typed("print one\r", "print one\r", "history\r").out.splitlines()
    assert [line.split() for line in everything[-2:]] == [
        ["1", "print", "one"],
        ["2", "history"],
    ]


def test_a_cleared_history_is_empty() -> None:
    assert typed("print one\r", "history --clear\r").lines == []


def test_alt_h_helps_too() -> None:
    assert "usage: cd" in typed("print one\r", "cd ", "\x1bh", CTRL_C).out

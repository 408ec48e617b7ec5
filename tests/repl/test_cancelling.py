"""Ctrl-C in a real terminal: what arrived stays, what happened is said, the next is right."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

import yaml

from tests.repl.terminal import Terminal, ctrl

HONOURS = {"stall_after": 3}
IGNORES = {"stall_after": 3, "ignore_cancel": True}
PROMPT = "slow:/> "


@contextmanager
def slow(
    home: Path, faults: dict[str, Any], *, grace: float = 0.3, wide: bool = False
) -> Iterator[Terminal]:
    """A prompt that uses a practice archive with these faults."""
    config = home / "modalities.yaml"
    modalities = {"slow": {"practice": True, "faults": faults}}
    config.write_text(yaml.safe_dump({"modalities": modalities, "cancel_grace": grace}), "utf-8")
    rows, columns = (40, 140) if wide else (24, 80)
    arguments = ("-f", str(config), "-m", "slow")
    with Terminal(*arguments, home=home, rows=rows, columns=columns) as terminal:
        terminal.wait_for_line(PROMPT)
        yield terminal


def next_answer_is_right(terminal: Terminal) -> None:
    """The next query has its own rows, and all of them."""
    terminal.wait_for_line(PROMPT)
    terminal.type("find patient JOD* sex=M\r")
    screen = terminal.wait_for("1 patient, complete")
    answer = screen.rpartition("find patient")[2].splitlines()
    assert [line.split()[:3] for line in answer[1:3]] == [
        ["#", "PatientID", "PatientName"],
        ["1", "0555643F", "JODOGNE^SEBASTIEN"],
    ]


@pytest.mark.parametrize(
    ("faults", "how"),
    [
        (HONOURS, "cancelled by you · C-CANCEL, "),
        (IGNORES, "cancelled by you · no reaction to C-CANCEL within 0.3 s; association aborted"),
    ],
    ids=["honours", "ignores"],
)
def test_a_query(faults: dict[str, Any], how: str, tmp_path: Path) -> None:
    with slow(tmp_path, faults, wide=True) as terminal:
        terminal.type("find study\r")
        terminal.wait_for("\n 2  ")
        terminal.type(ctrl("c"))
        lines = terminal.wait_for(how).splitlines()
        last = next(number for number, line in enumerate(lines) if how in line)
        count = int(lines[last].split()[0])
        assert count >= 2
        shown = [line.split()[0] for line in lines[last - count : last]]
        assert shown == [str(number) for number in range(1, count + 1)]
        assert "^C" not in terminal.screen
        next_answer_is_right(terminal)
        terminal.type("last\r")
        terminal.wait_for("1 patient, complete", times=2)


def test_pressed_twice_the_association_is_aborted_at_once(tmp_path: Path) -> None:
    with slow(tmp_path, IGNORES, grace=600, wide=True) as terminal:
        terminal.type("find study\r")
        terminal.wait_for("\n 1  ")
        terminal.type(ctrl("c"))
        terminal.wait_for_words("waiting for the server to stop … Ctrl-C again aborts")
        terminal.type(ctrl("c"))
        screen = terminal.wait_for_words("cancelled by you · association aborted at once")
        assert "Ctrl-C again" not in screen
        next_answer_is_right(terminal)


@pytest.mark.parametrize("command", ["tree 0555643F", "wado 0555643F"])
@pytest.mark.parametrize("faults", [HONOURS, IGNORES], ids=["honours", "ignores"])
def test_several_queries_at_once(command: str, faults: dict[str, Any], tmp_path: Path) -> None:
    with slow(tmp_path, faults, wide=True) as terminal:
        terminal.type(f"set pager off; {command}\r")
        terminal.wait_for_words(" so far · ")
        terminal.type(ctrl("c"))
        screen = terminal.wait_for_words("cancelled by you · ")
        assert "C-CANCEL" in screen
        assert "so far" not in screen
        next_answer_is_right(terminal)


def test_several_queries_at_once_pressed_twice(tmp_path: Path) -> None:
    with slow(tmp_path, IGNORES, grace=600, wide=True) as terminal:
        terminal.type("tree 0555643F\r")
        terminal.wait_for_words(" so far · ")
        terminal.type(ctrl("c"))
        terminal.wait_for("Ctrl-C again aborts")
        terminal.type(ctrl("c"))
        screen = terminal.wait_for("association aborted at once")
        assert "cancelled by you · " in screen
        next_answer_is_right(terminal)


def test_an_entity_that_is_looked_up(tmp_path: Path) -> None:
    with slow(tmp_path, {"row_delay": 30}) as terminal:
        terminal.type("cd 0555643F\r")
        terminal.wait_for_words("waiting for an answer · ")
        terminal.type(ctrl("c"))
        screen = terminal.wait_for("interrupted")
        assert "waiting" not in screen
        terminal.wait_for_line(PROMPT)


def test_connecting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, slow(tmp_path, {}) as terminal:
        address = f"ANY@127.0.0.1:{silent.getsockname()[1]}"
        terminal.type(f"echo {address}\r")
        terminal.wait_for_words(f"connecting to {address} · ")
        terminal.type(ctrl("c"))
        screen = terminal.wait_for("interrupted")
        assert "connecting" not in screen
        next_answer_is_right(terminal)


def test_a_system_command_gets_it_and_decides(tmp_path: Path) -> None:
    script = "trap 'echo caught' INT\necho wait''ing\nread one\nread two\necho do''ne\n"
    (tmp_path / "trap").write_text(script)
    (tmp_path / "sleep").write_text("echo sleep''ing\nexec sleep 600\n")
    with slow(tmp_path, {}) as terminal:
        terminal.type("!sh trap\r")
        terminal.wait_for("waiting")
        terminal.type(ctrl("c"))
        terminal.wait_for("caught")
        terminal.type("\r", "\r")  # the first read may have begun after Ctrl-C
        terminal.wait_for("done")
        terminal.wait_for_line(PROMPT)
        terminal.type("!sh sleep\r")
        terminal.wait_for("sleeping")
        terminal.type(ctrl("c"))
        terminal.wait_for("the command was interrupted")
        next_answer_is_right(terminal)


def test_a_command_that_reads_rows(tmp_path: Path) -> None:
    with slow(tmp_path, HONOURS, wide=True) as terminal:
        terminal.type("find study | to ndjson | !cat\r")
        terminal.wait_for('\n{"PatientID"')
        terminal.type(ctrl("c"))
        terminal.wait_for_line(PROMPT)
        next_answer_is_right(terminal)


def test_a_script_ends_with_the_command(tmp_path: Path) -> None:
    (tmp_path / "walk.dsh").write_text("find study\nprint nev''er\n")
    with slow(tmp_path, HONOURS, wide=True) as terminal:
        terminal.type("source walk.dsh; print nev''er\r")
        terminal.wait_for("\n 2  ")
        terminal.type(ctrl("c"))
        terminal.wait_for_words("cancelled by you · C-CANCEL")
        terminal.wait_for_line(PROMPT)
        assert "\nnever" not in terminal.screen
        next_answer_is_right(terminal)


def test_nothing_runs(tmp_path: Path) -> None:
    with slow(tmp_path, {}) as terminal:
        terminal.type("find pat", ctrl("c"))
        terminal.wait_until(lambda: terminal.line == PROMPT, "an empty prompt")
        next_answer_is_right(terminal)


def test_a_signal_that_ends_is_heard_at_the_prompt_and_in_a_query(tmp_path: Path) -> None:
    with slow(tmp_path, HONOURS) as terminal:
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_for_end() == 143
        assert "dicomsh: ended by SIGTERM" in terminal.screen
    with slow(tmp_path, HONOURS) as terminal:
        terminal.type("find instance --limit 100\r")
        terminal.wait_for(" 1 ")
        os.kill(terminal.pid, signal.SIGHUP)
        assert terminal.wait_for_end() == 129
        assert "cancelled by you" in terminal.screen

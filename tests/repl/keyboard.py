"""Typing at the prompt without a terminal: keys go in through a pipe, nothing is drawn."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from dicomsh.output.sink import Sink
from dicomsh.repl.loop import run_prompt
from dicomsh.session.history import History
from dicomsh.session.state import Session
from dicomsh.settings import AT_PROMPT
from dicomsh.shell.shell import Shell, ShellOptions
from dicomsh.startup import Started
from tests.harness import sample_configuration

LEAVE = "\x04"


def pasted(text: str) -> str:
    """A text as a terminal sends it when it is pasted."""
    return f"\x1b[200~{text}\x1b[201~"


@dataclass(frozen=True)
class Typed:
    """What came of typing: what was written, and the lines that are remembered."""

    out: str
    err: str
    lines: list[str]


def typed(
    *keys: str, history: History | None = None, settings: Mapping[str, object] | None = None
) -> Typed:
    """Type keys at the prompt of a shell, then leave it."""
    out, err = io.StringIO(), io.StringIO()
    kept = history or History(None)

    def make(history: History) -> Started:
        config = sample_configuration()
        session = Session(config, None, AT_PROMPT)
        for name, value in (settings or {}).items():
            session.set(name, value)
        environ = {"DICOMSH_TRACEBACK": "1"}
        return Started(Shell(session, Sink(out, err), ShellOptions(), environ, history), ())

    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
        keyboard.send_text("".join(keys) + LEAVE)
        run_prompt(make, kept, {}, waits=False)
    return Typed(out.getvalue(), err.getvalue(), kept.lines)


def lines_in(path: Path) -> list[str]:
    """The lines that a history file holds."""
    return History(path).lines

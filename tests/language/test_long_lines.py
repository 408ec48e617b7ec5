"""Long lines: everything that is done with one takes work in proportion to its length."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from dicomsh.output.error_text import TextOrigin
from dicomsh.output.sink import Sink
from dicomsh.repl.colours import LineLexer
from dicomsh.repl.completer import SessionCompleter
from dicomsh.repl.line_analysis import LineAnalysis
from dicomsh.repl.toolbar import toolbar
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests.harness import sample_configuration
from tests.hostile.measure import called

WORDS = 125
"""In the shorter line; the longer one has twice as many.

Calls are the same each time, and for twice the words at most 1.999 times as many. One for each pair
of words makes a quarter more of them even where a word takes 230, so that a hundredth is enough.
"""

LINES = {
    "words": ("print ", "a "),
    "quoted words": ("print ", "'a b' "),
    "variables": ("let A = x; print ", "$A "),
    "keys": ("explain find patient ", "id=A "),
    "return keys": ("explain find patient ", "+StudyDate "),
    "words that are wrong": ("explain find patient ", "nonsense "),
    "options": ("explain find study ", "--limit 3 "),
    "a list of values": ("explain find study uid=1.2", ",1.2"),
    "steps into sequences": ("explain find worklist ", "ScheduledProcedureStepSequence."),
    "a path": ("cd ", "a/"),
    "stages": ("modalities ", "| head "),
    "conditions": ("modalities | where ", "name=x "),
    "commands": ("", "pwd; "),
    "lines": ("", "pwd\n"),
    "continued lines": ("print ", "a \\\n"),
    "an alias": ("alias x = ", "pwd "),
    "commands in commands": ("", "explain "),
    "stages in stages": ("find study | ", "each "),
}


def shell() -> Shell:
    out = io.StringIO()
    return Shell(Session(sample_configuration()), Sink(out, out), ShellOptions(keep_going=True), {})


def run(text: str) -> None:
    asyncio.run(shell().run(text, TextOrigin("test")))


def colour(text: str) -> None:
    LineLexer(insight()).lex_document(Document(text))(0)


def hint(text: str) -> None:
    toolbar(insight(), text, 100)


def complete(text: str) -> None:
    known, completer = shell(), SessionCompleter()
    completer.know(known.registry, known.session)
    list(completer.get_completions(Document(text), CompleteEvent()))


def insight() -> LineAnalysis:
    made = LineAnalysis()
    made.shell = shell()
    return made


@pytest.mark.parametrize("work", [run, colour, hint, complete])
@pytest.mark.parametrize("name", LINES)
def test_twice_as_long_is_twice_the_work(name: str, work: Callable[[str], None]) -> None:
    first, word = LINES[name]
    work(first + word)  # imports what it needs
    short, long = (called(lambda n=n: work(first + word * n)) for n in (WORDS, 2 * WORDS))  # type: ignore[misc]
    assert long < 2.01 * short

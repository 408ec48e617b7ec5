"""Sessions shown in README and docs, played again.

    python -m tests.docs.sessions        writes what is seen today into the pages

In a page, a block ```dicomsh-session shows a prompt: what is typed after `…> `, and what came of
it. A block goes on where the one before it ended, unless it begins with the prompt `dicomsh> `. A
block ```console shows commands of the outer shell; those that begin with `dicomsh` are run.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from dicomsh.output.error_text import TextOrigin
from dicomsh.output.sink import Sink
from dicomsh.repl.place import prompt_text
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests.harness import ROOT, dicomsh, sample_configuration

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_BLOCK = re.compile(r"^```(?P<kind>dicomsh-session|console)\n(?P<body>.*?)^```$", re.M | re.S)
_PROMPT = re.compile(r"(?P<prompt>\S[^>\n]*)> (?P<typed>.*)")
_COLUMNS = 100


class Screen(io.StringIO):
    """A terminal for one session, of which only the text is kept."""

    def isatty(self) -> bool:
        return True


class Beside(io.StringIO):
    """Standard error of that session, on the same screen; progress, which is wiped, stays away."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def write(self, text: str) -> int:
        return self._screen.write(text)


class Player:
    """One session at the prompt, on the practice archive."""

    def __init__(self) -> None:
        self._screen = Screen()
        config = sample_configuration()
        self._session = Session(config)
        sink = Sink(self._screen, Beside(self._screen))
        self._shell = Shell(self._session, sink, ShellOptions(), {"DICOMSH_TRACEBACK": "1"})

    def __enter__(self) -> Player:
        self._runner = asyncio.Runner()
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._shell.close())
        self._runner.close()

    def lines(self, typed: str) -> list[str]:
        """The prompt with what is typed, and what comes of it."""
        prompt = "".join(text for _, text, *_ in prompt_text(self._session, _COLUMNS))
        before = len(self._screen.getvalue())
        self._runner.run(self._shell.run(typed, TextOrigin()))
        return [f"{prompt}{typed}", *self._screen.getvalue()[before:].splitlines()]


@dataclass(frozen=True)
class Block:
    """A block of a page: its kind, its lines, and where they stand."""

    kind: str
    lines: list[str]
    start: int
    end: int


def blocks(text: str) -> Iterator[Block]:
    """The sessions of a page."""
    for found in _BLOCK.finditer(text):
        yield Block(found["kind"], found["body"].splitlines(), *found.span("body"))


def refreshed(text: str) -> str:
    """The page with every session as it is seen today."""
    pieces, at = [], 0
    player = Player().__enter__()
    os.environ["COLUMNS"] = str(_COLUMNS)
    try:
        for block in blocks(text):
            if block.kind == "dicomsh-session" and block.lines[0].startswith("dicomsh> "):
                player.__exit__()
                player = Player().__enter__()
            seen = _replayed(block, player)
            pieces += [text[at : block.start], *(f"{line}\n" for line in _kept(block.lines, seen))]
            at = block.end
    finally:
        player.__exit__()
        del os.environ["COLUMNS"]
    return "".join([*pieces, text[at:]])


def _replayed(block: Block, player: Player) -> list[str]:
    if block.kind == "console":
        return [line for command in _commands(block.lines) for line in command]
    typed = [found["typed"] for line in block.lines if (found := _prompted(line))]
    return [line for text in typed for line in player.lines(text)]


def _prompted(line: str) -> re.Match[str] | None:
    found = _PROMPT.fullmatch(line)
    return found if found and re.match(r"dicomsh\Z|[\w.-]+:/", found["prompt"]) else None


def _commands(lines: list[str]) -> Iterator[list[str]]:
    """Each command of the outer shell with what it writes; others than ours as they stand."""
    shown: list[str] = []
    for line in [*lines, "$ "]:
        if line.startswith("$ ") and shown:
            yield _run(shown)
            shown = []
        shown.append(line)


def _run(shown: list[str]) -> list[str]:
    words = shlex.split(shown[0][2:])
    if words[:1] != ["dicomsh"] or "|" in words:
        return shown
    done = dicomsh(*words[1:], cwd=Path.cwd(), config=ROOT / "modalities.yaml")
    return [shown[0], *done.out.splitlines(), *done.err.splitlines()]


_VARIES = re.compile(r"\b[\d.,]+ (?:ms|s)\b|127\.0\.0\.1:\d{4,5}\b|\n  (?=·)")


def _alike(lines: list[str]) -> str:
    """The lines without what differs from run to run: times, ports, and where a long one breaks."""
    return _VARIES.sub(lambda found: " " if "\n" in found[0] else "~", "\n".join(lines))


def _kept(shown: list[str], seen: list[str]) -> list[str]:
    """What is seen, but the lines shown where only times and ports differ."""
    return shown if _alike(shown) == _alike(seen) else seen


def main() -> None:
    """Write every page anew."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for page in PAGES:
            before = page.read_text("utf-8")
            after = refreshed(before)
            if after != before:
                page.write_text(after, "utf-8")


if __name__ == "__main__":
    main()

"""Makes the pictures in docs/pictures from sessions with the practice archive.

    python -m tests.pictures            all of them
    python -m tests.pictures tree       one

Each scene runs the program in a terminal, types, waits for what is on the screen and draws it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests import surroundings
from tests.pictures.svg import picture
from tests.repl.terminal import TAB, Terminal
from tests.surroundings import ROOT

FOLDER = ROOT / "docs" / "pictures"
PACS = "pacs:/> "

Scene = Callable[[Terminal], None]


def _run(terminal: Terminal, *lines: str) -> None:
    """Run lines, each at a prompt of its own once the one before is done."""
    for line in lines:
        often = _typed(terminal, line) + 1
        terminal.type(f"{line}\r")
        done = partial(_done, terminal, line, often)
        terminal.wait_until(done, f"a prompt after {line!r}")


def _typed(terminal: Terminal, line: str) -> int:
    """How often a line stands at a prompt above the cursor."""
    return sum(row.endswith(f"> {line}") for row in terminal.lines[: terminal.cursor[0]])


def _done(terminal: Terminal, line: str, often: int) -> bool:
    return _typed(terminal, line) >= often and terminal.line.endswith("> ")


def walk(terminal: Terminal) -> None:
    """From choosing a modality to an instance."""
    _run(
        terminal,
        "use pacs",
        "find patient JOD* sex=M",
        "cd 0555643F",
        "ls",
        "cd 1",
        "ls",
    )


def completion(terminal: Terminal) -> None:
    """Tab after a key: what it may be, with its VR and what it means."""
    _run(terminal, "use pacs", "find patient JOD* sex=M", "cd 1")
    terminal.type("ls mod=C", TAB)
    terminal.wait_for("Computed Tomography")


def error(terminal: Terminal) -> None:
    """Mistakes are found before anything is sent."""
    _run(
        terminal,
        "use pacs",
        "find patient PatientNam=JOD*",
        "find series number=1-5",
    )


def cut_off(terminal: Terminal) -> None:
    """An answer that is not all there is."""
    _run(terminal, "use small", "find study date=2009", "find study date=2009 --split")


def tree(terminal: Terminal) -> None:
    """A hierarchy with counts."""
    _run(terminal, "use pacs", "tree 0555643F")


def get(terminal: Terminal) -> None:
    """A study that comes whole, and one of which the server says so."""
    _run(terminal, "use pacs", "cd 0555643F", "ls", "get 2 --to brain")
    _run(terminal, "use forgetful", "cd 0555643F", "ls", "get 2 --to other")


def view(terminal: Terminal) -> None:
    """An image."""
    _run(terminal, "use pacs", "cd 0555643F; ls; cd 1; ls", "view 2")


SCENES: Mapping[str, tuple[Scene, int, int]] = {
    "walk": (walk, 24, 100),
    "completion": (completion, 18, 100),
    "error": (error, 24, 100),
    "cut-off": (cut_off, 24, 116),
    "tree": (tree, 18, 100),
    "get": (get, 36, 116),
    "view": (view, 30, 80),
}
"""The scenes, each with the rows and columns of its terminal."""

_CONFIG = """\
modalities:
  pacs: {practice: true}
  small:
    practice: true
    faults: {cut_off: 3}
  forgetful:
    practice: true
    faults: {skip_every: 56}
"""


def draw(name: str) -> str:
    """The picture of a scene."""
    scene, rows, columns = SCENES[name]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "modalities.yaml").write_text(_CONFIG, "utf-8")
        with Terminal(
            *("-f", "modalities.yaml"),
            home=home,
            rows=rows,
            columns=columns,
            environ={"COLORTERM": "truecolor"},
        ) as terminal:
            terminal.wait_for_line("dicomsh> ")
            scene(terminal)
            return picture(*_shown(terminal))


def _shown(terminal: Terminal) -> tuple[list[list[Any]], tuple[int, int]]:
    """The rows of the screen from the first prompt to the last that is not blank, and the cursor.

    If the first prompt has left the screen, all of it is shown.

    The greeting is left out: it gives another tip each time.
    """
    lines = terminal.lines
    first = next((number for number, line in enumerate(lines) if line.startswith("dicomsh> ")), 0)
    last = max(number for number, line in enumerate(lines) if line)
    row, column = terminal.cursor
    return [terminal.characters(row) for row in range(first, last + 1)], (row - first, column)


def main() -> None:
    """Write the pictures that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    surroundings.settle()
    FOLDER.mkdir(exist_ok=True)
    for name in parser.parse_args().names or SCENES:
        path = FOLDER / f"{name}.svg"
        path.write_text(draw(name), "utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()

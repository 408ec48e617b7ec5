"""The blocks of README and docs that are no sessions: what is in them, and a shell to try it in.

Sessions (```dicomsh-session, ```console) are played by `sessions.py`. Every other block has one of
these kinds:

    dsh     commands of dicomsh                  sh     commands of a shell
    python  reads the files that the page writes
    yaml    a lesson, or aliases in settings     json   a part of an orthanc.json
    text    what is seen or drawn; each block of it has a test that says why it is true
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests import warm
from tests.docs.sessions import PAGES
from tests.harness import ROOT, Done
from tests.processes import HOST

_FENCED = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.M | re.S)
_INDENTED = re.compile(r"\n\n(?: {4}.*\n)+", re.M)
_ELSEWHERE = re.compile(r"\b[A-Z]+@192\.0\.2\.\d+:\d+")
"""An address that no computer has (RFC 5737)."""


@dataclass(frozen=True)
class Block:
    """A block: the page from the top of the checkout, its kind, and its text."""

    page: str
    kind: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def __str__(self) -> str:
        return f"{self.page}: {self.lines[0]}"


def blocks(*kinds: str) -> list[Block]:
    """Every block of README and docs, or those of some kinds.

    The reference is left out: it is generated, and its examples are those of the commands, which
    are run elsewhere.
    """
    found = [
        Block(page.relative_to(ROOT).as_posix(), fenced["kind"], fenced["body"])
        for page in PAGES
        if page.parent.name != "reference"
        for fenced in _FENCED.finditer(page.read_text("utf-8"))
    ]
    return [block for block in found if not kinds or block.kind in kinds]


def outside_blocks(page: Path) -> str:
    """The text of a page around its blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


def indented(page: Path) -> list[str]:
    """What Markdown takes for a block because of its indent: nothing tells what that is."""
    return _INDENTED.findall(outside_blocks(page))


@dataclass(frozen=True)
class Outer:
    """A shell in a folder of its own, where `dicomsh` and `python` are ours.

    Args:
        folder: where the commands run; the files that the docs speak of are there.
        port: the port of a practice archive, which stands for every address of the docs.
    """

    folder: Path
    port: int

    def run(self, line: str, typed: str = "") -> Done:
        """Run one line with this on standard input."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.meant(line)],
            input=typed,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            cwd=self.folder,
            env=self._environ,
            check=False,
        )
        return Done(done.stdout, done.stderr, done.returncode)

    @contextmanager
    def serving(self, line: str) -> Iterator[str]:
        """Run a line that starts a server, and end it by Ctrl-C; gives the server's address."""
        words = shlex.split(self.meant(line), comments=True)
        program, *given = [*words, *([] if "--port" in words else ["--port", "0"])]
        assert program == "dicomsh"
        with warm.popen(
            given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self._environ
        ) as process:
            try:
                assert process.stdout
                said = re.fullmatch(r"(\S+)@\S+:(\d+)\n", process.stdout.readline())
                assert said
                yield f"{said[1]}@{HOST}:{said[2]}"
                process.send_signal(signal.SIGINT)
                assert process.wait(timeout=30) == 0
            finally:
                process.kill()

    def meant(self, line: str) -> str:
        """The line with what is at hand here for what a reader has."""
        line = _ELSEWHERE.sub(f"PRACTICE@{HOST}:{self.port}", line)
        line = line.replace("/etc/orthanc/orthanc.json", "orthanc.json")
        return line.replace("--port 11112", "--port 0").replace(".venv/bin/", "")

    @property
    def _environ(self) -> dict[str, str]:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        home = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config")}
        return {**os.environ, **home, "PATH": path, "PYTHONPATH": str(ROOT)}


def prepared(folder: Path, port: int, orthanc: str) -> Outer:
    """The shell, with programs and files in its folder."""
    (folder / "bin").mkdir()
    for name, words in (("dicomsh", "-m dicomsh"), ("python", "")):
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n')
        program.chmod(0o755)
    archive = {"aet": "PRACTICE", "host": HOST, "port": port}
    modalities = {"pacs": {"practice": True}, "archive": archive}
    (folder / "modalities.yaml").write_text(yaml.safe_dump({"modalities": modalities}))
    (folder / "orthanc.json").write_text(f"// as Orthanc reads it\n{{{orthanc}}}\n")
    (folder / "walk.dsh").write_text("use pacs; cd $1; ls\n")
    (folder / "report.dsh").write_text("use pacs; find study date=$DAY\n")
    for name, text in LISTS.items():
        (folder / name).write_text(text)
    return Outer(folder, port)


_STUDY = "1.2.840.113704.1.111.2768.1239195678.57"

LISTS = {
    "list.csv": "Accession,Order\nA091000,1\nNOWHERE,2\n",
    "orders.csv": "Accession,Date\nA091000,2009-04-12\n",
    "studies.txt": f"{_STUDY}\n",
    "studies.csv": f"StudyInstanceUID,StudyDate\n{_STUDY},20090412\n",
    "yesterday.ndjson": '{"ModalitiesInStudy": ["CT"]}\n',
}
"""Lists and tables that readers have."""

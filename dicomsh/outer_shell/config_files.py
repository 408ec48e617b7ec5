"""`dicomsh config`: which files are read, in which order, and which of them are there."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dicomsh.config import load
from dicomsh.config.known import FILE_NAME as PEERS
from dicomsh.config.locate import BUILTIN, candidates
from dicomsh.errors import ConfigError
from dicomsh.folders import state_folder
from dicomsh.frozen import frozen
from dicomsh.settings.file import settings_file

_DESCRIPTION = """\
List the files that dicomsh reads, in their order. Of the files with modalities, only the first that
exists is used. If it cannot be, the exit status is 2."""


@frozen
class FileUse:
    """A file, and what it is for.

    Args:
        purpose: what it holds, or what names it.
        path: where it is; None if nothing names it.
        state: what was found, in words.
    """

    purpose: str
    path: Path | None
    state: str


def parser() -> argparse.ArgumentParser:
    """The command line of `dicomsh config`."""
    made = argparse.ArgumentParser(
        prog="dicomsh config", description=_DESCRIPTION, allow_abbrev=False
    )
    made.add_argument("-f", "--file", metavar="CONFIG", type=Path, help="as for dicomsh itself")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit status."""
    options = parser().parse_args(argv)
    environ, cwd = os.environ, Path.cwd()
    problem: ConfigError | None = None
    try:
        config = load(options.file, environ=environ, cwd=cwd)
        number = len(config.modalities)
        used = f"used: {number} {'modality' if number == 1 else 'modalities'}"
    except ConfigError as error:
        problem, used = error, "used, but it cannot be read"
    sys.stdout.write("modalities, from the first of these that exists:\n")
    _write(modality_files(options.file, used, environ=environ, cwd=cwd))
    sys.stdout.write("\nyour own files:\n")
    _write(own_files(environ))
    if problem is None:
        return 0
    hint = f"\n{problem.hint}" if problem.hint else ""
    sys.stderr.write(f"dicomsh: {problem.message}{hint}\n")
    return int(problem.status)


def modality_files(
    explicit: Path | None, used: str, *, environ: Mapping[str, str], cwd: Path
) -> Iterator[FileUse]:
    """Every place where modalities are looked for, first to last; `used` is said of the first."""
    found = False
    for place in candidates(explicit, environ=environ, cwd=cwd):
        there = place.required or place.path.is_file()
        state = "not there" if not there else "not used" if found else used
        found = found or there
        path = None if place.path == BUILTIN else place.path
        yield FileUse(place.named_by, path, state)


def own_files(environ: Mapping[str, str]) -> Iterator[FileUse]:
    """The files that dicomsh keeps for its user."""
    state = state_folder(environ)
    yield _own("settings and aliases", settings_file(environ))
    for purpose, name in (
        ("history of the prompt", "history"),
        ("findings about peers", PEERS),
        ("progress of the lessons", "lessons.json"),
    ):
        yield _own(purpose, state / name if state else None)


def _own(purpose: str, path: Path | None) -> FileUse:
    if path is None:
        return FileUse(purpose, None, "no home folder")
    return FileUse(purpose, path, "" if path.is_file() else "not there")


def _write(files: Iterator[FileUse]) -> None:
    rows = [(use.purpose, str(use.path) if use.path else "", use.state) for use in files]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    for purpose, path, state in rows:
        sys.stdout.write(f"  {purpose:<{first}}  {path:<{second}}  {state}".rstrip() + "\n")

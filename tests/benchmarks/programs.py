"""Command lines of the programs that are compared."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.processes import HOST, find_program

CALLING_AET = "DICOMSH"


def _keys(level: str, query: Mapping[str, str]) -> list[str]:
    keys = {"QueryRetrieveLevel": level, **query}
    return [part for key, value in keys.items() for part in ("-k", f"{key}={value}")]


def _peer(aet: str, port: int) -> list[str]:
    return ["-S", "-aet", CALLING_AET, "-aec", aet, HOST, str(port)]


def findscu(aet: str, port: int, level: str, query: Mapping[str, str], *options: str) -> list[str]:
    """DCMTK's findscu asking in Study Root; with `-q` it takes the answers and prints none."""
    return [find_program("findscu"), *options, *_peer(aet, port), *_keys(level, query)]


def pynetdicom(aet: str, port: int, level: str, query: Mapping[str, str]) -> list[str]:
    """pynetdicom's findscu asking in Study Root without printing the answers."""
    command = [sys.executable, "-m", "pynetdicom", "findscu", "-q"]
    return [*command, *_peer(aet, port), *_keys(level, query)]


def dicomsh(*arguments: str) -> list[str]:
    """Our own program, as a module of this interpreter."""
    return [sys.executable, "-m", "dicomsh", *arguments]


def installed_script() -> Path | None:
    """The `dicomsh` that pip installed beside this interpreter, or None."""
    path = Path(sysconfig.get_path("scripts"), "dicomsh")
    return path if path.exists() else None


def interpreter(*arguments: str) -> Sequence[str]:
    """This interpreter."""
    return [sys.executable, *arguments]

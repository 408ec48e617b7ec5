"""The bytes of a file, or of standard input, and the text in them."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO

from dicomsh.errors import UsageError
from dicomsh.folders import path_of

STANDARD_INPUT = "-"
"""The name of standard input."""

_IN_MEMORY = 1 << 24
"""Bytes of standard input that are held in memory; more of it goes to a temporary file."""


@contextmanager
def opened(name: str) -> Iterator[IO[bytes]]:
    """The bytes of a file, which can be read again from the beginning.

    Args:
        name: the file, or `-` for all that is left of standard input.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with _open(name) as file:
            yield file
    except OSError as error:
        raise UsageError(f"cannot read {shown_name(name)}: {error.strerror or error}") from None


def _open(name: str) -> AbstractContextManager[IO[bytes]]:
    if name == STANDARD_INPUT:
        return _standard_input()
    try:
        return path_of(name).open("rb")
    except ValueError as error:  # no file can have a null character in its name
        raise UsageError(f"cannot read {shown_name(name)}: {error}") from None


def shown_name(name: str) -> str:
    """How messages call a file."""
    return "standard input" if name == STANDARD_INPUT else f"'{name}'"


def is_file(name: str) -> bool:
    """Whether a file of this name is there."""
    try:
        return path_of(name).is_file()
    except (OSError, ValueError):
        return False


@contextmanager
def _standard_input() -> Iterator[IO[bytes]]:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("'-' reads standard input, which is a terminal", hint="name a file")
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        # through the text: a script that is read from standard input has read ahead
        while text := sys.stdin.read(1 << 16):
            file.write(text.encode(errors="surrogateescape"))
        file.seek(0)
        yield file


_UTF16 = (BOM_UTF16_LE, BOM_UTF16_BE)


@contextmanager
def text_of(file: IO[bytes], name: str) -> Iterator[TextIOWrapper]:
    """A file as text from its beginning: UTF-8, or UTF-16 if it begins with its mark.

    Raises:
        UsageError: it is not text, with the line where that shows.
    """
    file.seek(0)
    mark = file.read(4)
    file.seek(0)
    encoding = "utf-16" if mark.startswith(_UTF16) else "utf-8-sig"
    text = TextIOWrapper(file, encoding, newline="")
    try:
        yield text
    except UnicodeError:
        line = _bad_line(file, encoding)
        hint = "save it as UTF-8; in Excel: Save As, CSV UTF-8"
        raise UsageError(f"{name}, line {line}: not valid UTF-8 text", hint=hint) from None
    finally:
        if not file.closed:  # as when it is left in the middle, and that shows late
            text.detach()  # whoever opened the file closes it


def _bad_line(file: IO[bytes], encoding: str) -> int:
    """The number of the first line that is not text."""
    file.seek(0)
    if encoding == "utf-16":
        return 1
    for number, line in enumerate(file, 1):
        try:
            line.removeprefix(BOM_UTF8).decode()
        except UnicodeError:
            return number
    return 1

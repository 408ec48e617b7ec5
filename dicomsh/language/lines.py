"""The lines of a text, joined with their continuation lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicomsh.language.scan import is_open


def whole_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1, each with the lines that continue it.

    Args:
        lines: the lines with their line ends, as a text file gives them.
    """
    text, first = "", 1
    for number, line in enumerate(lines, 1):
        text += line
        if not is_open(text):
            yield first, text
            text, first = "", number + 1
    if text:
        yield first, text


def commands_of(text: str) -> list[str]:
    """The non-empty lines of a text, without their line ends."""
    found = (line.rstrip("\r\n") for _, line in whole_lines(text.splitlines(keepends=True)))
    return [line for line in found if line.strip()]

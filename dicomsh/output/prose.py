"""Prose wrapped to the terminal's width, between words only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from dicomsh.model.safe import pieces, width
from dicomsh.output.theme import SEQUENCE
from dicomsh.regex import regex

_LIST = regex(r"(?: *\S+(?: {1,2}\S+)* {3,}| *\S+(?: \S+)* {2,})(?=\S)|usage: ")
"""A name and the spaces before its description, as in a list of options.

The first wide gap counts, so that a name can have several parts: `Up  Down      lines before`.
"""

_WORD = regex(r" *(?:\[-[^][]{1,20}\]|[^ ])+")
"""A word; an optional option with its value counts as one: `[--limit N]`."""

_BREAK = regex(r"(?<=[\\^=/.,;:&?_-])|(?<=[a-z])(?=[A-Z])")
_PLAIN = regex(r"\S+(?: \S+)*")


def wrapped(text: str, columns: int) -> str:
    """The text in lines of at most `columns` cells, unless a word is longer.

    Continuation lines have a hanging indent; in a list, below the description of a name. Colours
    take no space.
    """
    return "\n".join(part for line in text.split("\n") for part in _lines(line, columns))


def filled(text: str, columns: int) -> str:
    """Like `wrapped`, but paragraphs whose lines are too long are refilled.

    So are enumerations after a name in a list.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        too_long = bool(lines) and _cells(lines[-1]) > columns
        if too_long and _goes_on(lines[-1], line):
            lines[-1] += f" {line.lstrip(' ')}"
        else:
            lines.append(line)
    return wrapped("\n".join(lines), columns)


def _goes_on(line: str, following: str) -> bool:
    """Whether the following line belongs to the same paragraph."""
    if _PLAIN.fullmatch(following):
        return bool(_PLAIN.fullmatch(line))
    listed, own = _LIST.match(line), len(following) - len(following.lstrip(" "))
    return listed is not None and width(listed[0]) == own and line.endswith(",")


def folded(text: str, cells: int) -> list[str]:
    """The text in lines of at most `cells` cells, for a column; at least one line.

    It wraps between words. A longer word is broken after punctuation or before a capital, else
    anywhere.
    """
    return [text] if width(text) <= cells else _put_together(_parts(text, cells), cells)


def between_words(text: str, cells: int) -> list[str]:
    """The text in lines of at most `cells` cells, unless a word is longer."""
    return [text] if width(text) <= cells else _put_together(_WORD.findall(text), cells)


def _put_together(parts: Iterable[str], cells: int) -> list[str]:
    """Lines of as many parts as each holds; at least one line."""
    lines = [""]
    for part in parts:
        if width(lines[-1] + part) <= cells:
            lines[-1] += part
        else:
            lines.append(part.lstrip(" "))
    return lines if lines[0] else lines[1:] or [""]


def _parts(text: str, cells: int) -> Iterator[str]:
    for word in _WORD.findall(text):
        if width(word.lstrip(" ")) <= cells:
            yield word
        else:
            yield from chain.from_iterable(pieces(part, cells) for part in _BREAK.split(word))


def _lines(line: str, columns: int) -> Iterator[str]:
    if _cells(line) <= columns:
        yield line
        return
    indent = _indent(line, columns)
    held, *words = _WORD.findall(line) or [line]
    for word in words:
        if _cells(held + word) > columns:
            yield held
            held = " " * indent + word.lstrip(" ")
        else:
            held += word
    yield held


def _indent(line: str, columns: int) -> int:
    plain = SEQUENCE.sub("", line)
    listed = _LIST.match(plain)
    own = len(plain) - len(plain.lstrip(" "))
    hanging = width(listed[0]) if listed else own
    return hanging if hanging <= columns // 2 else min(own + 2, columns // 2)


def _cells(text: str) -> int:
    return width(SEQUENCE.sub("", text))

"""Text from the network made safe to show, and measured in terminal cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from dicomsh.regex import regex

_UNSAFE = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"})
_ELLIPSIS = "…"
_LINES = regex(r"([\n\t])")


def is_unsafe(character: str) -> bool:
    """Whether a character has an effect instead of being shown, or has no known glyph.

    These are the Unicode general categories of controls, format characters (bidirectional
    controls among them), surrogates, line and paragraph separators, and what is unassigned.
    """
    return unicodedata.category(character) in _UNSAFE


def visible(text: str) -> str:
    """The text with every unsafe character replaced by a visible one.

    ASCII controls become their symbols (`␛`, `␊`), all others their code point (`⟨202e⟩`).
    """
    if text.isprintable():
        return text
    return "".join(_stand_in(char) if is_unsafe(char) else char for char in text)


def visible_lines(text: str) -> str:
    """The text with every unsafe character replaced, except line ends and tabs."""
    if text.isprintable():
        return text
    return "".join(part if part in "\n\t" else visible(part) for part in _LINES.split(text))


def _stand_in(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨{code:04x}⟩"


def width(text: str) -> int:
    """Terminal cells that the text takes: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else sum(map(_cells, text))


@lru_cache(maxsize=4096)
def _cells(char: str) -> int:
    from wcwidth import wcwidth

    return max(0, wcwidth(char))


def fit(text: str, cells: int) -> str:
    """The text, cut to at most `cells` terminal cells, with `…` if something is missing."""
    if width(text) <= cells:
        return text
    return _head(text, cells - 1) + _ELLIPSIS if cells > 0 else ""


def shorten_middle(text: str, cells: int) -> str:
    """The text with its middle replaced by `…` if it is wider than `cells`; for UIDs and places.

    A quarter goes to the end, because UIDs in one archive differ at both ends and repeat between.
    """
    if width(text) <= cells:
        return text
    if cells < 3:
        return fit(text, cells)
    end = cells // 4
    return _head(text, cells - 1 - end) + _ELLIPSIS + tail(text, end)


def pieces(text: str, cells: int) -> Iterator[str]:
    """The text cut anywhere, in pieces of at most `cells` cells; a character is never cut."""
    piece, left = "", cells
    for char in text:
        size = _cells(char)
        if piece and size > left:
            yield piece
            piece, left = "", cells
        piece, left = piece + char, left - size
    yield piece


def _head(text: str, cells: int) -> str:
    """The longest beginning that fits; a combining character stays with its base."""
    for index, char in enumerate(text):
        cells -= _cells(char)
        if cells < 0:
            return text[:index]
    return text


def tail(text: str, cells: int) -> str:
    """The longest end that fits and does not begin with a combining character."""
    start = len(text)
    for index in range(len(text) - 1, -1, -1):
        size = _cells(text[index])
        if size > cells:
            break
        cells -= size
        if size:
            start = index
    return text[start:]

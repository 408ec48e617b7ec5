"""Text from outside made safe to show: visible, bounded, and measured in terminal cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from dicomsh.regex import regex

_UNSAFE = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_ELLIPSIS = "…"
_LINES = regex(r"([\n\t])")

_PLAIN = regex(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u0400-\u0482\u2013-\u201e\u2026\u3041-\u3096\u30a0-\u30ff"
    "\u4e00-\u9fff\uac00-\ud7a3]*\\Z"
)
"""Matches most texts there are: letters, digits and signs that can be seen."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""What looks like nothing or like a space though Unicode calls it a letter, mark or symbol."""

_VARIATION = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Variation selectors, which choose a glyph that most fonts do not have."""

_SPACES = frozenset(" \u3000")
"""The spaces of text; others look like them."""

_MOST_MARKS = 6
"""Marks on one letter: more than any language writes."""

_SHOWN_MARKS = 4
"""Further marks that are named before the rest is counted."""

LONGEST = 500
"""Characters of a remark: no server has that much to say."""


def is_unsafe(character: str) -> bool:
    """Whether a character has an effect instead of being shown, or nothing would be seen.

    These are the Unicode general categories of controls, format characters (bidirectional
    controls among them), surrogates, line and paragraph separators, and what is unassigned; spaces
    that look like others; and what is blank in spite of its category.
    """
    category = unicodedata.category(character)
    if category in _UNSAFE or character in _INVISIBLE:
        return True
    if category == "Zs":
        return character not in _SPACES
    return any(ord(character) in selectors for selectors in _VARIATION)


def visible(text: str) -> str:
    """The text with every unsafe character replaced by a visible one.

    ASCII controls become their symbols (`␛`, `␊`), all others their code point (`⟨202e⟩`), and so
    do combining characters without a letter to stand on, or in excess: different texts look
    different.
    """
    if _PLAIN.match(text):
        return text
    characters = set(text)
    if any(unicodedata.category(char) in _MARKS for char in characters):
        return "".join(_shown(text))
    return text.translate({ord(char): _stand_in(char) for char in characters if is_unsafe(char)})


def _shown(text: str) -> Iterator[str]:
    marks = _MOST_MARKS  # at the beginning of a text no mark fits
    for char in text:
        if unicodedata.category(char) not in _MARKS or is_unsafe(char):
            yield from _counted(marks)
            marks = 0
            yield _stand_in(char) if is_unsafe(char) else char
            continue
        marks += 1
        if marks <= _MOST_MARKS:
            yield char
        elif marks <= _MOST_MARKS + _SHOWN_MARKS:
            yield _stand_in(char)
    yield from _counted(marks)


def _counted(marks: int) -> Iterator[str]:
    """The number of marks that were left out, if any."""
    more = marks - _MOST_MARKS - _SHOWN_MARKS
    if more > 0:
        yield f"⟨+{more:,} marks⟩"


def remark(text: str) -> str:
    """A text from outside on one line, visible and of bounded length."""
    cut = f"… ({len(text):,} characters)" if len(text) > LONGEST else ""
    return visible(text[:LONGEST]) + cut


def visible_lines(text: str) -> str:
    """The text with every unsafe character replaced, except line ends and tabs."""
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


def shorten_middle(text: str, cells: int, after: int | None = None) -> str:
    """The text with its middle replaced by `…` if it is wider than `cells`; for UIDs and places.

    A quarter goes to the end, or as many cells as `after` says: UIDs in one archive differ at both
    ends and repeat between.
    """
    if width(text) <= cells:
        return text
    if cells < 3:
        return fit(text, cells)
    end = cells // 4 if after is None else after
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

"""Finds known values in any text and replaces them."""

from __future__ import annotations

from collections.abc import Iterator

from dicomsh.regex import regex

_WORD = regex(r"\w+")

_Shape = tuple[int, int]
"""The length of a value before its first word, and its total length."""


class Replacements:
    """Values and their replacements, wherever they occur as whole words, in any case."""

    def __init__(self) -> None:
        self._news: dict[str, str] = {}
        self._lowered: dict[str, str] = {}
        self._shapes: dict[str, set[_Shape]] = {}
        """Of the values with that first word."""
        self._lengths: set[int] = set()

    def add(self, old: str, new: str) -> None:
        """From now on replace a value; one without a letter or digit cannot be found."""
        head = _WORD.search(old)
        if head is not None:
            self._news[old] = new
            self._lowered.setdefault(old.lower(), new)
            self._shapes.setdefault(head[0].lower(), set()).add((head.start(), len(old)))
            self._lengths.add(len(old))

    def inside(self, text: str) -> str:
        """The text with every value replaced, also inside of words; the longest first."""
        lengths = sorted(self._lengths, reverse=True)
        parts, at = [], 0
        while at < len(text):
            cuts = (text[at : at + length] for length in lengths)
            old = next((cut for cut in cuts if cut in self._news), text[at])
            parts.append(self._news.get(old, old))
            at += len(old)
        return "".join(parts)

    def replace(self, text: str) -> str:
        """The text with every value replaced, the longest first if several match."""
        parts: list[str] = []
        done = 0
        for word in _WORD.finditer(text):
            shapes = self._shapes.get(word[0].lower())
            if shapes is None:
                continue
            start, old, new = next(self._at(text, word.start(), shapes), (0, "", ""))
            if old and start >= done:
                parts += [text[done:start], new]
                done = start + len(old)
        return "".join([*parts, text[done:]])

    def _at(self, text: str, word: int, shapes: set[_Shape]) -> Iterator[tuple[int, str, str]]:
        """Values whose first word begins there: start, value and replacement of each.

        The longest comes first.
        """
        for before, length in sorted(shapes, key=lambda shape: -shape[1]):
            start = word - before
            old = text[start : start + length] if start >= 0 else ""
            new = self._news.get(old) or self._lowered.get(old.lower())
            if new and _ends(text, start + length):
                yield start, old, new


def _ends(text: str, end: int) -> bool:
    """Whether no word continues at a position."""
    return end >= len(text) or not (text[end - 1].isalnum() and text[end].isalnum())

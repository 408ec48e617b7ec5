"""Typed text with its made-up values replaced by the real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile

from dicomsh.errors import Span
from dicomsh.language.scan import Stage, Statement, SystemCommand, Word
from dicomsh.mask.mask import Mask


def real_statement(statement: Statement, mask: Mask) -> Statement:
    """A statement with real values; file names and system commands stay unchanged."""
    first = _stage(statement.first, mask)
    return replace(statement, first=first, stages=tuple(_stage(s, mask) for s in statement.stages))


def _stage(stage: Stage, mask: Mask) -> Stage:
    if isinstance(stage, SystemCommand):
        return stage
    return tuple(real_word(word, mask) for word in stage)


def real_word(word: Word, mask: Mask) -> Word:
    """A word with real values, each at the position of the made-up one."""
    text = mask.real(word.text)
    if text == word.text or word.unknown:
        return word
    start = _alike(text, word.text)
    same = _alike(text[start:][::-1], word.text[start:][::-1])
    middle = (word.places[start],) * (len(text) - start - same)
    places = (*word.places[:start], *middle, *word.places[len(word.text) - same :])
    return replace(word, text=text, places=places, variables=())


def _alike(one: str, other: str) -> int:
    """The length of the common beginning of two texts."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def masked_text(text: str, span: Span, shown: Callable[[str], str]) -> tuple[str, Span]:
    """Typed text as it may be shown, with the position of a span in it."""
    before, inside, after = text[: span.start], text[span.start : span.end], text[span.end :]
    before, inside = shown(before), shown(inside)
    return before + inside + shown(after), Span(len(before), len(before) + len(inside))

"""What was typed, with the made-up values in it replaced by the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile

from dicomsh.errors import Span, UsageError
from dicomsh.language.analyse import Analysis, Call
from dicomsh.language.kinds import PATTERN
from dicomsh.language.scan import Stage, Statement, SystemCommand, Word
from dicomsh.language.terms import is_term, pattern_keyword, read_term
from dicomsh.mask.mask import Mask
from dicomsh.model.keys import Attribute, by_keyword
from dicomsh.model.levels import Level


def real_statement(statement: Statement, mask: Mask) -> Statement:
    """A statement as it is meant; files and system commands stay as they are."""
    first = _stage(statement.first, mask)
    return replace(statement, first=first, stages=tuple(_stage(s, mask) for s in statement.stages))


def _stage(stage: Stage, mask: Mask) -> Stage:
    if isinstance(stage, SystemCommand):
        return stage
    return tuple(real_word(word, mask) for word in stage)


def real_word(word: Word, mask: Mask) -> Word:
    """A word as it is meant; what was put in stands where the made-up value was typed."""
    text = mask.real(word.text)
    if text == word.text or word.unknown:
        return word
    start = _alike(text, word.text)
    same = _alike(text[start:][::-1], word.text[start:][::-1])
    middle = (word.places[start],) * (len(text) - start - same)
    places = (*word.places[:start], *middle, *word.places[len(word.text) - same :])
    return replace(word, text=text, places=places, variables=())


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def masked_text(text: str, span: Span, shown: Callable[[str], str]) -> tuple[str, Span]:
    """What was typed as it may be shown, with the place of a stretch of it."""
    before, inside, after = text[: span.start], text[span.start : span.end], text[span.end :]
    before, inside = shown(before), shown(inside)
    return before + inside + shown(after), Span(len(before), len(before) + len(inside))


def typed_values(analysis: Analysis, level: Level) -> Iterator[tuple[Attribute, str]]:
    """The values that a statement matches on, whether or not it can be run.

    Args:
        analysis: of the statement.
        level: where the names of keys are looked up, unless the statement tells.
    """
    statement, level = analysis.statement, analysis.scope.level or level
    for stage in (statement.first, *statement.stages):
        if not isinstance(stage, SystemCommand):
            for word in filter(is_term, stage):
                yield from _of_term(word, level)
    if analysis.call is not None:
        yield from _of_patterns(analysis.call)


def _of_term(word: Word, level: Level) -> Iterator[tuple[Attribute, str]]:
    try:
        term = read_term(word)
        attribute = term.path(level)[-1]
    except UsageError:
        return
    if term.value and not _is_pattern(term.value):
        yield attribute, term.value
        if attribute.vr != "PN":  # no other VR has a comma but between values
            yield attribute, term.value.replace(",", "\\")


def _of_patterns(call: Call) -> Iterator[tuple[Attribute, str]]:
    level = next((value for value in call.arguments if isinstance(value, Level)), None)
    for parameter, value in zip(call.command.positionals, call.arguments, strict=False):
        if isinstance(value, Call):
            yield from _of_patterns(value)
        elif parameter.kind is PATTERN and level and value and not _is_pattern(value.text):
            yield by_keyword(pattern_keyword(level, value.text)), value.text


def _is_pattern(value: str) -> bool:
    """Whether it has wildcards: it names nobody."""
    return "*" in value or "?" in value

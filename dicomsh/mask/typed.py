"""Typed text with its made-up values replaced by the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, takewhile

from dicomsh.errors import Span, UsageError
from dicomsh.frozen import replace
from dicomsh.language.analyse import Analysis
from dicomsh.language.binding import Call, Commands
from dicomsh.language.command import Command
from dicomsh.language.kinds import PATTERN, TARGET
from dicomsh.language.scan import Stage, Statement, SystemCommand, Word
from dicomsh.language.terms import Term, pattern_keyword
from dicomsh.mask.mask import Mask
from dicomsh.model.keys import Attribute, by_keyword, find_path
from dicomsh.model.levels import Level
from dicomsh.model.place import WORKLIST, read_segment
from dicomsh.regex import regex


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
    if word.block is not None:
        return replace(word, block=tuple(real_statement(one, mask) for one in word.block))
    text = mask.real(word.text)
    if word.system or text == word.text or word.unknown:
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


def typed_values(analysis: Analysis, level: Level) -> Iterator[tuple[Attribute, str]]:
    """The values that a statement matches on, whether or not it can be run.

    Args:
        analysis: of the statement.
        level: where the names of keys are looked up, unless the statement tells.
    """
    level = analysis.scope.level or level
    calls = (call for call in (analysis.call, *analysis.stages) if call)
    of_calls = chain.from_iterable(_in_call(call, level) for call in calls)
    first, *stages = analysis.statement.parts
    asking = [stage for stage in stages if isinstance(stage, tuple) and stage[0].text == _EACH]
    parts = () if analysis.call else (first, *asking)
    of_words = chain.from_iterable(_in_words(part, analysis, level) for part in parts)
    for attribute, value in chain(of_calls, of_words, _in_targets(analysis)):
        if "*" not in value and "?" not in value:  # a pattern names nobody
            yield attribute, value
            if attribute.vr != "PN":  # in other VRs a comma stands between values
                yield attribute, value.replace(",", "\\")


def _in_call(call: Call, level: Level) -> Iterator[tuple[Attribute, str]]:
    level = next((value for value in call.arguments if isinstance(value, Level)), level)
    for argument in call.arguments:
        if isinstance(argument, Call):
            yield from _in_call(argument, level)
        elif isinstance(argument, Commands):
            for inner in argument.calls:
                yield from _in_call(inner, level)
        elif isinstance(argument, Term) and argument.value and argument.listed_in is None:
            yield argument.path(level)[-1], argument.value
        elif isinstance(argument, Word) and _takes_pattern(call.command):
            yield _of_pattern(level, argument.text)


def _in_words(part: Stage, analysis: Analysis, level: Level) -> Iterator[tuple[Attribute, str]]:
    """Those in words, also of what cannot be run: an unknown key may be a misspelling."""
    patterns = {span for span, role in analysis.tokens if role == PATTERN.role}
    words = () if isinstance(part, SystemCommand) else part
    for word in words:
        for inner in chain.from_iterable(statement.parts for statement in word.block or ()):
            yield from _in_words(inner, analysis, level)
        key, equals, value = word.text.lstrip("+").partition("=")
        if word.system or word.block is not None:
            continue
        if equals and value:
            yield _attribute(key, level, value), value
        elif word.span in patterns and words[0].text in _WITH_PATTERN:
            yield _of_pattern(level, word.text)


_EACH = "each"
"""The stage that runs commands, which may ask."""

_WITH_PATTERN = ("find", _EACH)
"""Commands that take a pattern, by themselves or for a command inside them."""


def _in_targets(analysis: Analysis) -> Iterator[tuple[Attribute, str]]:
    """The keys in the targets of a statement; a short number is one of a row."""
    spans = {span for span, role in analysis.tokens if role == TARGET.role}
    stages = (stage for stage in analysis.statement.stages if not isinstance(stage, SystemCommand))
    names = {WORKLIST.steps[0].key, *_names(analysis)}
    for word in chain(analysis.statement.words, *stages):
        for segment in word.text.split("/") if word.span in spans else ():
            key = read_segment(segment)
            if segment not in names and not _NO_KEY.match(segment):
                level = Level.STUDY if _UID.match(key) else Level.PATIENT
                yield by_keyword(level.unique_keyword), key


_NO_KEY = regex(r"(\.{0,2}|%?[0-9]{1,3})\Z")
_UID = regex(r"[0-9]+(\.[0-9]+)+\Z")


def _names(analysis: Analysis) -> Iterator[str]:
    """What a path may begin with."""
    return (named.text for named in analysis.scope.knowledge.modality_names())


def _attribute(key: str, level: Level, value: str) -> Attribute:
    try:
        return find_path(key, level)[-1]
    except UsageError:
        return _of_pattern(Level.PATIENT, value)[0]


def _takes_pattern(command: Command) -> bool:
    return any(parameter.kind is PATTERN for parameter in command.positionals)


def _of_pattern(level: Level, text: str) -> tuple[Attribute, str]:
    return by_keyword(pattern_keyword(level, text)), text

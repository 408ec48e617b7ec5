"""Completions for the words of each kind, from what a session knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.language.candidate import Candidate
from dicomsh.language.keywords import complete_key, complete_part
from dicomsh.language.knowledge import Scope
from dicomsh.language.terms import PATTERN_KEYWORDS, is_term, pattern_keyword
from dicomsh.language.values import Known, complete_value
from dicomsh.language.words import whole_word
from dicomsh.model.derived_keys import split_part
from dicomsh.model.keys import Attribute, by_keyword, find_path, is_keyword
from dicomsh.model.levels import HIERARCHY, Level

_MOST_PATTERNS = 20
"""Maximum values of one attribute to offer as a pattern, because keys are offered too."""


def complete_level(scope: Scope) -> Iterable[Candidate]:
    """Levels."""
    del scope
    yield from (Candidate(level.word, f"C-FIND at {level.dicom} level") for level in HIERARCHY)
    yield Candidate(Level.WORKLIST.word, "C-FIND of scheduled procedure steps")


def complete_modalities(scope: Scope) -> Iterable[Candidate]:
    """Modalities, groups of them and `all`, after each comma."""
    at = scope.typed.rfind(",") + 1
    named = scope.used.union(scope.typed[:at].split(","))
    made = (*scope.knowledge.modality_names(), *scope.knowledge.group_names())
    return (replace(one, at=one.at + at) for one in made if one.text not in named)


def complete_target(scope: Scope) -> Iterable[Candidate]:
    """Rows, unique keys and paths seen."""
    return scope.knowledge.targets(scope.typed)


def complete_term(scope: Scope) -> Iterable[Candidate]:
    """Keys, and after `Key=` its values."""
    key, equals, value = scope.typed.partition("=")
    if equals:
        return _values_of_key(scope, key, value, len(key) + 1)
    return complete_key(scope.key_level, scope.typed, scope.used, fuzzy=scope.knowledge.fuzzy)


def complete_condition(scope: Scope) -> Iterable[Candidate]:
    """Keys of rows, and after `Key=` or `Key!=` values."""
    key, equals, value = scope.typed.partition("=")
    if equals:
        yield from _values_of_key(scope, key.removesuffix("!"), value, len(key) + 1)
        return
    made = complete_key(scope.key_level, scope.typed, fuzzy=scope.knowledge.fuzzy)
    yield from (candidate for candidate in made if candidate.text.endswith("="))
    yield from complete_part(scope.key_level, scope.typed)


def complete_name(scope: Scope) -> Iterable[Candidate]:
    """Keys of rows."""
    return (replace(made, text=made.text[:-1]) for made in complete_condition(scope))


def _attribute_names(scope: Scope) -> Iterable[Candidate]:
    """Attributes."""
    return (made for made in complete_name(scope) if not made.at)


def _values_of_key(scope: Scope, key: str, typed: str, offset: int) -> Iterable[Candidate]:
    part = split_part(key)[1]
    if part is not None:
        yield from (Candidate(term, at=offset) for term in part.terms)
    try:
        attribute = find_path(key, scope.key_level)[-1]
    except UsageError:
        return
    yield from _values(scope, attribute, typed, offset)


def _values(scope: Scope, attribute: Attribute, typed: str, offset: int = 0) -> Iterator[Candidate]:
    known = Known(scope.knowledge.today, scope.knowledge.values(attribute))
    for made in complete_value(attribute, typed, known):
        yield replace(made, at=made.at + offset)


def complete_pattern(scope: Scope) -> Iterable[Candidate]:
    """Values of the attributes that the pattern may mean, once it is begun."""
    if not scope.typed or is_term(whole_word(scope.typed)):
        return
    for keyword in PATTERN_KEYWORDS[scope.key_level]:
        made = _values(scope, by_keyword(keyword), scope.typed)
        fitting = (one for one in made if _is_pattern(scope, one.text, keyword))
        yield from islice(fitting, _MOST_PATTERNS)


def _is_pattern(scope: Scope, text: str, keyword: str) -> bool:
    """Whether a text would be read as a pattern for that attribute."""
    alike = pattern_keyword(scope.key_level, text) == keyword
    return alike and not is_term(whole_word(text)) and not text.startswith("-")


def complete_topic(scope: Scope) -> Iterable[Candidate]:
    """The topics of `help`; command names are added where topics are expected."""
    yield from scope.knowledge.topics()
    yield from (Candidate(level.word, "its keys") for level in Level)
    yield from _attribute_names(scope)


def complete_variable(scope: Scope) -> Iterable[Candidate]:
    """Variables with their values; in a command for every row, the rows' attributes."""
    opening, closing = ("${", "}") if scope.typed.startswith("${") else ("$", "")
    for name, value in scope.knowledge.variables.items():
        yield Candidate(f"{opening}{name}{closing}", value, verbatim=True)
    if scope.variables is not None and scope.level is not None:
        rows = replace(scope, level=scope.level.above, typed=scope.typed.lstrip("${"))
        named = (made for made in complete_name(rows) if is_keyword(made.text))
        for made in named:
            yield replace(made, text=f"{opening}{made.text}{closing}", verbatim=True)

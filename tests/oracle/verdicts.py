"""The verdict on an answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tests.oracle.asking import Answered
from tests.oracle.matching import Match
from tests.oracle.queries import Query
from tests.oracle.studies import Entity


class Verdict(Enum):
    """What an answer was worth to its user; the value is the heading in docs/truth.md."""

    RIGHT = "right"
    """Every entity that must be there is, once; none that must not; and the line says complete."""
    TOLD = "told"
    """The server deviates or refuses, and the user is told so."""
    SILENT = "silent deviations"
    """Rows are missing, too many, repeated or garbled, and the line says complete."""
    FALSE_DOUBT = "false doubts"
    """The server answered as it should, and the line says that it may not have."""


@dataclass(frozen=True)
class Truth:
    """What the standard says about a query.

    Args:
        must: the entities that belong in the answer, by unique key, with what is stored of them.
        may: those that are the server's choice.
        unlikely: those that are its choice, and of which one may well say that they do not match.
    """

    must: Mapping[str, Entity]
    may: Mapping[str, Entity]
    unlikely: Mapping[str, Entity]

    @property
    def allowed(self) -> Mapping[str, Entity]:
        """All entities that may be in the answer."""
        return {**self.must, **self.may, **self.unlikely}


def truth(match: Callable[[Entity], Match], entities: Iterable[Entity]) -> Truth:
    """What the standard says about entities, given how each matches."""
    found: dict[Match, dict[str, Entity]] = {kind: {} for kind in Match}
    for entity in entities:
        found[match(entity)][entity.keys[-1]] = entity
    return Truth(found[Match.MUST], found[Match.MAY], found[Match.UNLIKELY])


Ignored = frozenset[tuple[str, str]]
"""Levels and keywords of keys that a server does not match."""


def ignored(
    queries: Sequence[Query], answers: Sequence[Answered], truths: Mapping[Query, Truth]
) -> Ignored:
    """The keys that a server does not match, from what it answers to one of them alone."""
    found = set()
    for query, answer in zip(queries, answers, strict=True):
        if len(query.keys) == 1 and answer.found - truths[query].allowed.keys():
            found.add((query.level, query.keys[0].keyword))
    return frozenset(found)


def verdict(query: Query, expected: Truth, answer: Answered, unmatched: Ignored) -> Verdict:
    """The verdict on an answer of dicomsh.

    Args:
        query: what was asked.
        expected: what the standard says.
        answer: what came.
        unmatched: the keys that the server does not match: rows that are right in spite of that
            are so by chance, and to be doubted.
    """
    failed = answer.status not in (0, 5)
    doubted = answer.status != 0
    admissions = [_ADMISSIONS[fault] for fault in _faults(expected, answer)]
    if not all(key.typed.isascii() for key in query.keys):
        admissions = [(*words, *_ADMISSIONS["garbled"]) for words in admissions]
    if failed or admissions:
        told = doubted or all(_admits(query, answer.line, words) for words in admissions)
        return Verdict.TOLD if told else Verdict.SILENT
    if not doubted or answer.found & expected.unlikely.keys():
        return Verdict.RIGHT
    by_chance = any((query.level, key.keyword) in unmatched for key in query.keys)
    return Verdict.TOLD if by_chance else Verdict.FALSE_DOUBT


_ADMISSIONS: Mapping[str, Sequence[str]] = {
    "missing or too many": ("this server",),
    "listed twice": ("already listed", "are the same"),
    "garbled": ("character set",),
}
"""Words of which one is in a line that admits a fault; naming a key of the query is enough, too."""


def _faults(expected: Truth, answer: Answered) -> Iterator[str]:
    if not has_right_entities(expected, answer):
        yield "missing or too many"
    if len(answer.rows) != len(answer.found):
        yield "listed twice"
    stored = expected.allowed
    known = [(stored[key], row) for key, row in _paired(answer) if key in stored]
    if not all(_is_legible(entity, row) for entity, row in known):
        yield "garbled"


def _paired(answer: Answered) -> Iterator[tuple[str, Mapping[str, str]]]:
    return zip(answer.rows, answer.values, strict=False)


def has_right_entities(expected: Truth, answer: Answered) -> bool:
    """Whether all entities that must be there are, and none that must not."""
    return expected.must.keys() <= answer.found <= expected.allowed.keys()


def _is_legible(entity: Entity, row: Mapping[str, str]) -> bool:
    """Whether the text of a row is what was stored, and not made unreadable on its way."""
    return all(
        _plain(value) in map(_plain, entity.stored[keyword]) for keyword, value in row.items()
    )


def _plain(value: str) -> str:
    return unicodedata.normalize("NFC", value).strip(" ^=")


_NO_ADMISSION = ("matched ", "try: ")
"""How those parts of a result line begin that an empty answer has in any case."""


def _admits(query: Query, line: str, words: Sequence[str]) -> bool:
    """Whether a line that says complete also says what is wrong with the answer."""
    parts = [part for part in line.split(" · ")[1:] if not part.startswith(_NO_ADMISSION)]
    any_of = [*(key.keyword for key in query.keys), *words]
    return any(word in part and "filtered locally" not in part for part in parts for word in any_of)

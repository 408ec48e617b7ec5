"""All queries, asked of one server in every way, and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.oracle import asking
from tests.oracle.asking import Answered
from tests.oracle.matching import universal
from tests.oracle.peers import PEERS, held
from tests.oracle.queries import Query, queries
from tests.oracle.studies import LEVELS, entities, made_up
from tests.oracle.verdicts import (
    Ignored,
    Truth,
    Verdict,
    has_right_entities,
    ignored,
    truth,
    verdict,
)

WAYS = ("before probe", "after probe", "where")
"""The ways in which dicomsh is asked."""

Faults = Mapping[str, tuple[Verdict, Answered]]
"""Silent deviations and false doubts by query, with what was answered."""


@dataclass(frozen=True)
class Survey:
    """What asking a server has shown.

    Args:
        studies: how many studies it holds.
        counts: how many answers got each verdict, by way.
        faults: the silent deviations and false doubts, by way.
        findscu: how many queries findscu was asked, and how many answers were wrong.
    """

    studies: int
    counts: Mapping[str, Counter[Verdict]]
    faults: Mapping[str, Faults]
    findscu: tuple[int, int]


def survey(name: str) -> Survey:
    """Starts a server that holds the made-up studies, and asks it everything.

    Raises:
        MissingProgramError: it, or findscu, is not installed.
    """
    studies = held(name, made_up())
    stored = list(entities(studies))
    asked = queries(stored)
    at_level = {level: [one for one in stored if one.level == level] for level in LEVELS}
    truths = {query: truth(query.match, at_level[query.level]) for query in asked}
    by_hand = [query for query in asked if query.wire is not None]
    filters = [query for query in asked if _is_filter(query)]
    with PEERS[name](studies) as server, TemporaryDirectory() as state:
        shown = asking.by_findscu(server, by_hand)
        before, after = asking.before_and_after_probe(server, asked, Path(state))
        left = asking.by_where(server, filters, Path(state))
    unmatched = ignored(by_hand, shown, truths)
    filtered = {query: truth(query.filtered, at_level[query.level]) for query in filters}
    judged = {
        WAYS[0]: _judged(asked, before, truths, unmatched),
        WAYS[1]: _judged(asked, after, truths, unmatched),
        WAYS[2]: _judged(filters, left, filtered, frozenset()),
    }
    wrong = sum(
        not has_right_entities(truths[query], answer)
        for query, answer in zip(by_hand, shown, strict=True)
    )
    return Survey(
        len(studies),
        {way: Counter(found for found, _ in of.values()) for way, of in judged.items()},
        {way: _faults(of) for way, of in judged.items()},
        (len(by_hand), wrong),
    )


def _is_filter(query: Query) -> bool:
    """Whether the conditions are given to `where`, too, for which an empty value is no wildcard."""
    conditions = query.keys and not any(key.rule is universal for key in query.keys)
    return bool(conditions) and query.level in ("patient", "study") and not query.place


Judged = Mapping[Query, tuple[Verdict, Answered]]


def _judged(
    asked: Sequence[Query],
    answers: Sequence[Answered],
    truths: Mapping[Query, Truth],
    unmatched: Ignored,
) -> Judged:
    return {
        query: (verdict(query, truths[query], answer, unmatched), answer)
        for query, answer in zip(asked, answers, strict=True)
    }


def _faults(judged: Judged) -> Faults:
    return {
        str(query): (found, answer)
        for query, (found, answer) in judged.items()
        if found in (Verdict.SILENT, Verdict.FALSE_DOUBT)
    }

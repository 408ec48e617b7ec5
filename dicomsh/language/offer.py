"""Completions at the cursor: what is expected there, filtered, ranked, bounded and quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from dicomsh.frozen import frozen
from dicomsh.language.candidate import Candidate
from dicomsh.language.command import Registry
from dicomsh.language.expect import Expected, candidates, expect
from dicomsh.language.knowledge import Knowledge
from dicomsh.language.words import quote

MOST = 100
"""Maximum completions offered at once; type another letter to see others."""

Files = Callable[[str], Iterable[Candidate]]
"""File names that begin as typed; those of folders end with a slash."""


@frozen
class Offer:
    """One completion.

    Args:
        start: the start of the replaced text, which ends at the cursor.
        text: the text to insert.
        candidate: the text shown, with its description.
    """

    start: int
    text: str
    candidate: Candidate


def offers(
    text: str, cursor: int, registry: Registry, knowledge: Knowledge, files: Files
) -> list[Offer]:
    """Completions at the cursor, best first, from what is known, without a query.

    Candidates that begin as typed come before fuzzy matches, which the setting `fuzzy` turns on.
    """
    expected = expect(text, cursor, registry, knowledge)
    if expected is None:
        return []
    named = files(expected.prefix) if expected.file else ()
    wanted = (candidate for candidate in named if expected.completed_by(candidate.text))
    found = chain(wanted, candidates(expected, registry))
    ranked = _ranked(found, expected.prefix, fuzzy=knowledge.fuzzy)
    plain = text[expected.start : cursor] == expected.prefix
    return [_offer(candidate, expected, plain=plain) for candidate in ranked]


def _ranked(found: Iterable[Candidate], typed: str, *, fuzzy: bool) -> Iterator[Candidate]:
    """Those that begin as typed in the order given, then fuzzy matches; each once."""
    begins: dict[str, Candidate] = {}
    loose: list[tuple[int, int, Candidate]] = []
    for candidate in found:
        part, text = typed[candidate.at :].lower(), candidate.text.lower()
        if not text.isprintable():
            continue
        if text.startswith(part):
            begins.setdefault(candidate.text, candidate)
        elif fuzzy and (width := _spread(part, text)):
            loose.append((width, len(loose), candidate))
        if len(begins) == MOST:
            break
    rest = (candidate for _, _, candidate in sorted(loose) if candidate.text not in begins)
    return islice(chain(begins.values(), rest), MOST)


def _spread(part: str, text: str) -> int:
    """The span of characters over which a part's letters occur in order; 0 if they do not."""
    if part in text:
        return len(part)
    start = end = text.find(part[:1])
    for char in part[1:]:
        end = text.find(char, end + 1)
        if end < 0:
            return 0
    return end - start + 1 if start >= 0 else 0


def _offer(candidate: Candidate, expected: Expected, *, plain: bool) -> Offer:
    """The completion with necessary quotes; `plain` if none were typed."""
    kept = expected.prefix[: candidate.at]
    whole = kept + candidate.text
    if not candidate.verbatim and quote(whole) != whole:
        as_typed = plain and not kept.endswith("\\")
        if expected.file and not as_typed:
            whole = quote(whole)
        else:
            whole = (kept if as_typed or not kept else quote(kept)) + quote(candidate.text)
    return Offer(expected.start, whole, candidate)

"""Completions at the cursor: what is expected there, filtered, ranked, bounded and quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from dicomsh.language.candidate import Candidate
from dicomsh.language.command import Registry
from dicomsh.language.expect import Expected, candidates, expect
from dicomsh.language.knowledge import Knowledge
from dicomsh.language.words import quote

MOST = 100
"""Completions that are offered at once; whoever wants another one types a letter more."""

Files = Callable[[str], Iterable[Candidate]]
"""Names of files that begin as typed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One completion.

    Args:
        start: where what it replaces begins; it ends at the cursor.
        text: what to put there.
        candidate: what is shown, with what to say about it.
    """

    start: int
    text: str
    candidate: Candidate


def offers(
    text: str, cursor: int, registry: Registry, knowledge: Knowledge, files: Files
) -> list[Offer]:
    """Completions at the cursor, the best first, from what is known: nobody is asked.

    What begins as typed comes before what only has the letters in that order, which is offered
    where the setting `fuzzy` is on.
    """
    expected = expect(text, cursor, registry, knowledge)
    if expected is None:
        return []
    known = candidates(expected, registry)
    found = chain(known, files(expected.prefix) if expected.file else ())
    ranked = _ranked(found, expected.prefix, fuzzy=knowledge.fuzzy)
    plain = text[expected.start : cursor] == expected.prefix
    return [_offer(candidate, expected, plain=plain) for candidate in ranked]


def _ranked(found: Iterable[Candidate], typed: str, *, fuzzy: bool) -> Iterator[Candidate]:
    """Those that begin as typed in the order given, then those that fit loosely; each once."""
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
    """Over how many characters of a text the letters of a part are spread, in order; 0 if not."""
    if part in text:
        return len(part)
    start = end = text.find(part[:1])
    for char in part[1:]:
        end = text.find(char, end + 1)
        if end < 0:
            return 0
    return end - start + 1 if start >= 0 else 0


def _offer(candidate: Candidate, expected: Expected, *, plain: bool) -> Offer:
    """The completion with the quotes that the language needs; `plain` when none were typed."""
    kept = expected.prefix[: candidate.at]
    whole = kept + candidate.text
    if not candidate.verbatim and quote(whole) != whole:
        as_typed = plain and not kept.endswith("\\")
        whole = (kept if as_typed or not kept else quote(kept)) + quote(candidate.text)
    return Offer(expected.start, whole, candidate)

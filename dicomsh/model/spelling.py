"""Words that a misspelt text may mean, found quickly among thousands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

_CUTOFF = 0.7
"""How similar two words have to be, from 0 to 1, as difflib measures it."""

_COMPARED = 12
"""Words that are compared in full: those that share the most letter pairs with the text."""


class Spelling:
    """Words, for lookup by a text with a similar spelling."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(words)
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        for index, word in enumerate(self._words):
            for pair in _pairs(word):
                self._holders[pair].append(index)

    def near(self, text: str, most: int) -> list[str]:
        """Similar words, the most similar first."""
        import difflib
        from heapq import nlargest

        pairs = _pairs(text)
        shared: Counter[int] = Counter()
        for pair in pairs & self._holders.keys():
            shared.update(self._holders[pair])
        enough = [index for index, count in shared.items() if 5 * count >= 2 * len(pairs)]
        likely = nlargest(
            _COMPARED, enough, lambda i: shared[i] / (len(self._words[i]) + len(text))
        )
        return difflib.get_close_matches(text, [self._words[i] for i in likely], most, _CUTOFF)


def _pairs(text: str) -> set[str]:
    """Pairs of neighbouring letters, with a space before the first letter and after the last."""
    around = f" {text} "
    return {around[spot : spot + 2] for spot in range(len(text) + 1)}

"""Words that a text may have been meant to be, found quickly among thousands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

_CUTOFF = 0.7
"""How alike two words have to be, from 0 to 1, by difflib's measure."""

_COMPARED = 12
"""Words that are compared in full: those that share most pairs of letters with the text."""


class Spelling:
    """Words, to be looked up by a text that is spelt nearly like one of them."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(words)
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        for index, word in enumerate(self._words):
            for pair in _pairs(word):
                self._holders[pair].append(index)

    def near(self, text: str, most: int) -> list[str]:
        """Words that are alike, the most alike first."""
        import difflib
        from heapq import nlargest

        pairs = _pairs(text)
        shared: Counter[int] = Counter()
        for pair in pairs:
            shared.update(self._holders.get(pair, ()))
        enough = [index for index, count in shared.items() if 5 * count >= 2 * len(pairs)]
        likely = nlargest(
            _COMPARED, enough, lambda i: shared[i] / (len(self._words[i]) + len(text))
        )
        return difflib.get_close_matches(text, [self._words[i] for i in likely], most, _CUTOFF)


def _pairs(text: str) -> set[str]:
    """Pairs of neighbouring letters, the first and the last also with what is around them."""
    around = f" {text} "
    return {around[spot : spot + 2] for spot in range(len(text) + 1)}

"""A sorted set of strings, for lookup by prefix."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

_LARGEST = 1024
"""Strings in one run: adding one moves at most this many."""


class OrderedStrings:
    """Sorted strings, in runs that are small enough to keep adding cheap."""

    def __init__(self) -> None:
        self._runs: list[list[str]] = []
        self._firsts: list[str] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, text: str) -> None:
        """Add a string that is not there yet."""
        if not self._runs:
            self._runs, self._firsts = [[text]], [text]
            return
        index = self._run_of(text)
        run = self._runs[index]
        insort(run, text)
        self._firsts[index] = run[0]
        if len(run) > _LARGEST:
            self._split(index)

    def remove(self, text: str) -> None:
        """Remove a string that is there."""
        index = self._run_of(text)
        run = self._runs[index]
        del run[bisect_left(run, text)]
        if run:
            self._firsts[index] = run[0]
        else:
            del self._runs[index], self._firsts[index]

    def beginning(self, prefix: str) -> Iterator[str]:
        """The strings that begin with a prefix, in order."""
        if not self._runs:
            return
        index = max(bisect_left(self._firsts, prefix) - 1, 0)
        start = bisect_left(self._runs[index], prefix)
        for run in self._runs[index:]:
            for text in run[start:]:
                if not text.startswith(prefix):
                    return
                yield text
            start = 0

    def _run_of(self, text: str) -> int:
        return max(bisect_right(self._firsts, text) - 1, 0)

    def _split(self, index: int) -> None:
        run = self._runs[index]
        half = len(run) // 2
        self._runs[index : index + 1] = [run[:half], run[half:]]
        self._firsts[index : index + 1] = [run[0], run[half]]

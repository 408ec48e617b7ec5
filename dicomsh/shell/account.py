"""What became of the commands of a script that goes on after failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from dicomsh.errors import ExitStatus

_NAMED = 5
"""Places that are named, of each kind."""


class Account:
    """The commands that were run, and the places of those that were not done."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._places: dict[str, list[str]] = {}

    def add(self, status: ExitStatus, place: Callable[[], str]) -> None:
        """A command that was run, its status, and what tells where it stands."""
        word = _word(status)
        self._counts[word] += 1
        if status is not ExitStatus.DONE and self._counts[word] <= _NAMED:
            self._places.setdefault(word, []).append(place())

    def __str__(self) -> str:
        """One line: `3 commands: 2 done, 1 failed (walk.dsh:6:1)`."""
        number = self._counts.total()
        parts = [self._part(word) for word in _WORDS if self._counts[word]]
        return f"{number:,} command{'s' * (number != 1)}: {', '.join(parts) or 'none'}"

    def _part(self, word: str) -> str:
        places = self._places.get(word, [])
        more = ", …" if self._counts[word] > len(places) else ""
        named = f" ({', '.join(places)}{more})" if places else ""
        return f"{self._counts[word]:,} {word}{named}"


_WORDS = ("done", "incomplete", "failed")


def _word(status: ExitStatus) -> str:
    if status is ExitStatus.DONE:
        return "done"
    return "incomplete" if status is ExitStatus.INCOMPLETE else "failed"

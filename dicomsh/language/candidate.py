"""What may complete a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A completion.

    Args:
        text: what is meant, without quotes.
        meta: what to say about it; a function when that is worth making only for what is shown.
        at: the character of the typed word that `text` begins at; what is before stays.
        verbatim: whether the text is inserted as it is, without quotes around what needs them.
    """

    text: str
    meta: str | Callable[[], str] = ""
    at: int = 0
    verbatim: bool = False

    @property
    def told(self) -> str:
        """What to say about it."""
        return self.meta if isinstance(self.meta, str) else self.meta()

"""Completion candidates."""

from __future__ import annotations

from collections.abc import Callable

from dicomsh.frozen import frozen


@frozen
class Candidate:
    """A completion.

    Args:
        text: the completed text, without quotes.
        meta: the description; a function if it is worth making only for candidates shown.
        at: the offset in the typed word where `text` begins; text before it stays.
        verbatim: whether the text is inserted as it is, without adding quotes.
    """

    text: str
    meta: str | Callable[[], str] = ""
    at: int = 0
    verbatim: bool = False

    @property
    def told(self) -> str:
        """Its description."""
        return self.meta if isinstance(self.meta, str) else self.meta()

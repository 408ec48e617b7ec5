"""Words of a file, or typed, as part of a message."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 40
"""Characters of a word that are shown."""


def shown(text: str) -> str:
    """Text of a file as part of a message: quoted, escaped, not too long."""
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """`did you mean …?` for a word that is near a known one."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else None

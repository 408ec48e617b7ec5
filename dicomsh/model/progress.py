"""How far a command is that knows how much there is to do."""

from __future__ import annotations

from dicomsh.frozen import frozen

_FULL, _EMPTY = "█", "░"
_CELLS = 12


@frozen
class Progress:
    """How far it is, in words; where space is short, the last parts are left out.

    Args:
        state: what is done, of how much.
        rate: how fast, and how long the rest will take.
        doing: the part that is being worked on.
    """

    state: str
    rate: str = ""
    doing: str = ""


def bar(done: int, total: int, cells: int = _CELLS) -> str:
    """A bar of so many characters; full only when all is done."""
    filled = cells * min(done, total) // max(total, 1)
    return _FULL * filled + _EMPTY * (cells - filled)

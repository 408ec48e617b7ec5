"""Which of several things is meant: the first, the middle, the last, or one by its number."""

from __future__ import annotations

from dicomsh.errors import UsageError

FIRST, MIDDLE, LAST = "first", "middle", "last"
POSITIONS = (FIRST, MIDDLE, LAST)


def nth(wanted: str | int, count: int, what: str) -> int:
    """A number from 1: the first, the middle or the last of so many, or a given one.

    Raises:
        UsageError: there are not so many.
    """
    if isinstance(wanted, int):
        if wanted > count:
            raise UsageError(f"there is no {what} {wanted}: there are {count:,}")
        return wanted
    return {FIRST: 1, MIDDLE: (count + 1) // 2, LAST: count}[wanted]

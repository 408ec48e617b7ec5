"""Statuses of C-STORE (PS3.4 table B.2-1, PS3.7 C.5)."""

from __future__ import annotations

from dicomsh.model.status import Category, status

_NAMES = {
    0x0110: "processing failure",
    0x0111: "the server has an object of this UID already",
    0x0117: "not a valid SOP Instance UID",
    0x0122: "SOP class not supported",
    0x0124: "not authorised",
    0x0213: "resource limitation",
    0xB000: "the server has changed some values",
    0xB006: "the server has left out some elements",
    0xB007: "the data set does not match its SOP class",
}
_NAMES_OF_MANY = {
    0xA7: "out of resources",
    0xA9: "the data set does not match its SOP class",
    **dict.fromkeys(range(0xC0, 0xD0), "the server cannot understand it"),
}
"""First two digits → the name of all statuses that begin with them."""


def is_stored(code: int) -> bool:
    """Whether the server has the object: success, or a warning."""
    return status(code).category in (Category.SUCCESS, Category.WARNING)


def may_help(code: int) -> bool:
    """Whether another attempt may help: the server was short of something, or failed inside."""
    return code >> 8 == 0xA7 or code in (0x0110, 0x0213)


def store_words(code: int) -> str:
    """A status in words: `0xA700, out of resources`."""
    name = _NAMES.get(code) or _NAMES_OF_MANY.get(code >> 8)
    return f"0x{code:04X}, {name}" if name else f"0x{code:04X}"

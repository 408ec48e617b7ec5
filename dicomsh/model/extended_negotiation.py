"""What can be agreed beyond plain matching (SOP Class Extended Negotiation, PS3.4 C.5.1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Extension(Enum):
    """An option of a FIND SOP Class; the value is its byte, counted from 0 (PS3.4 C.5.1.1.1).

    A peer that ignores the proposal supports none of them.
    """

    RELATIONAL = 0
    DATETIME = 1
    FUZZY = 2
    EMPTY = 5

    @property
    def word(self) -> str:
        """The option as typed and configured: relational, datetime, fuzzy, empty."""
        return self.name.lower()

    @property
    def title(self) -> str:
        """The option in words."""
        return _TITLES[self]


_TITLES = {
    Extension.RELATIONAL: "relational queries",
    Extension.DATETIME: "combined date-time matching",
    Extension.FUZZY: "fuzzy matching of names",
    Extension.EMPTY: "empty value matching",
}

Extensions = frozenset[Extension]
NONE: Extensions = frozenset()


def application_information(wanted: Iterable[Extension]) -> bytes:
    """Service Class Application Information (PS3.7 D.3.3.5) that proposes these options."""
    chosen = {extension.value for extension in wanted}
    return bytes(position in chosen for position in range(max(chosen | _FIRST_THREE) + 1))


# the bytes that the standard began with; a peer of that time knows no longer field
_FIRST_THREE = {0, 1, 2}


def agreed(information: bytes) -> Extensions:
    """The options that Service Class Application Information accepts; it may be shorter."""
    return frozenset(e for e in Extension if information[e.value : e.value + 1] == b"\x01")

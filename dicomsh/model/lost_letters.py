"""Rows that lost letters on their way, because their character set lacks them. Pure.

Orthanc drops what its DefaultEncoding lacks (measured: 1.10.1 with Latin1: `Yamada^Tarou=^=^`).
"""

from __future__ import annotations

from functools import lru_cache

from dicomsh.frozen import replace
from dicomsh.model.charset import carries
from dicomsh.model.charset_check import declared_set
from dicomsh.model.query import QueryKey
from dicomsh.model.row import Row
from dicomsh.model.row_matching import noticing
from dicomsh.regex import regex


def may_have_lost_letters(row: Row, key: QueryKey) -> bool:
    """Whether a row that does not match would match with letters that its set lacks.

    A row whose text is a guess, beyond ASCII and without a set, is not held against the server.
    """
    own = declared_set(row) or row.source.fallback
    if not own:
        return not row.elements.get(key.attribute.tag, b"").isascii()
    loose = _loosened(key.value, own)
    if loose == key.value:
        return False
    return not set(loose) - set("*?^= ") or bool(noticing(replace(key, value=loose))(row))


@lru_cache(maxsize=256)
def _loosened(value: str, charset: str) -> str:
    """A value with `*` for each letter that a character set lacks, and for `?` if it lacks any.

    Components whose letters are all gone may be gone, too.
    """
    loose = "".join(letter if carries(letters_of(letter), charset) else "*" for letter in value)
    return value if loose == value else _LOST.sub("*", loose)


_LOST = regex(r"[\^, ]*\*[\^, *]*")


def letters_of(value: str) -> str:
    """The letters that rows must be able to show; `?` may mean any, even one of few sets."""
    return value.replace("?", "\U0001f600")

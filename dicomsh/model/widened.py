r"""Keys that some servers find too little by, and how these are asked with `*` as well. Pure.

`?` is one character (PS3.4 C.2.2.2.4), but some servers take it for one byte: `M?ller*` then finds
no `Müller` in UTF-8 (measured: Orthanc 1.10.1). One AE title of a step matches an item that has
several (C.2.2.3), but some servers compare all of them as one text (measured: the worklist of
Orthanc 1.10.1).
"""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.frozen import replace
from dicomsh.model.charset import decoder
from dicomsh.model.charset_check import declared_set
from dicomsh.model.levels import UNIQUE_KEYWORDS
from dicomsh.model.lost_letters import may_have_lost_letters
from dicomsh.model.plan import Request
from dicomsh.model.query import Matching, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.row_matching import RowTest, test_of

_FREE_TEXT = frozenset("LO LT PN ST UC UT".split())
"""VRs of text that people write, in their own letters."""

_PATTERNS = (Matching.WILDCARD, Matching.MULTIPLE_VALUES)

_FEWEST = 2
"""Letters that a pattern must have besides wildcards, so that it does not match everything."""


def open_letters(keys: Iterable[QueryKey]) -> list[QueryKey]:
    """The keys in whose value `?` may be meant for a letter beyond ASCII."""
    return [key for key in keys if _is_open(key)]


def _is_open(key: QueryKey) -> bool:
    if "?" not in key.value or key.literal or key.matching not in _PATTERNS:
        return False
    free = key.attribute.vr in _FREE_TEXT and key.keyword not in UNIQUE_KEYWORDS
    return free and len(key.value) - sum(map(key.value.count, "*?^= ")) >= _FEWEST


def widened(request: Request) -> Request:
    """The request with `*` for each such `?`: it finds at least as much."""
    return replace(request, keys=tuple(map(_widened, request.keys)))


def _widened(key: QueryKey) -> QueryKey:
    return replace(key, value=key.value.replace("?", "*")) if _is_open(key) else key


def one_of_several(keys: Iterable[QueryKey]) -> list[QueryKey]:
    """The AE titles that an item of a worklist may have among others."""
    return [key for key in keys if _is_one_of_several(key)]


def _is_one_of_several(key: QueryKey) -> bool:
    several = key.attribute.vr == "AE" and key.attribute.multiple and len(key.path) > 1
    return several and bool(key.value) and key.matching is Matching.SINGLE_VALUE


def as_part(key: QueryKey) -> QueryKey:
    """The key with `*` around its value, which finds it among others; any other key as it is."""
    if not _is_one_of_several(key):
        return key
    return replace(key, value=f"*{key.value}*", matching=Matching.WILDCARD, literal=False)


def as_letter(key: QueryKey) -> RowTest:
    """The test of rows with `?` for a letter; None for a row that may have lost it on its way."""
    fits = test_of(key)

    def test(row: Row) -> bool | None:
        result = fits(row)
        return None if result is False and may_have_lost_letters(row, key) else result

    return test


def in_set(key: QueryKey, charset: str) -> RowTest:
    """The test of rows that a query in a character set found; one without a set is read in it."""
    fits, tag = test_of(key), key.attribute.tag

    def test(row: Row) -> bool | None:
        own = declared_set(row) or row.source.fallback
        if not own and not row.elements.get(tag, b"").isascii():
            row = Row(row.data, row.source, row.elements, decoder(charset.encode()))
        return fits(row)

    return test


def is_proof(rows: Iterable[Row], key: QueryKey) -> bool:
    """Whether `?` matched a letter of several bytes in a row, which no comparison of bytes does."""
    fits, tag = test_of(key), key.attribute.tag
    for row in rows:
        raw, text = row.elements.get(tag, b"").strip(b" \0"), row.text(tag) or ""
        if len(raw) > len(text) and not text.isascii() and fits(row):
            plain = "".join(letter for letter in text if letter.isascii() or letter in key.value)
            if not fits(_with_text(row, tag, plain)):
                return True
    return False


def _with_text(row: Row, tag: int, text: str) -> Row:
    return Row(row.data, row.source, {**row.elements, tag: text.encode()}, bytes.decode)

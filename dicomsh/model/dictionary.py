"""The keywords of the data dictionary in order, for lookup by how they begin."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache

from dicomsh.frozen import frozen
from dicomsh.model.keys import (
    Attribute,
    attributes,
    is_retired,
    spelling,
    stands_in_data_sets,
)


@frozen
class _Words:
    """Keywords in lower case, in order, and the attributes that they name."""

    words: list[str]
    attributes: list[Attribute]

    def beginning(self, start: str) -> Iterator[Attribute]:
        index = bisect_left(self.words, start)
        while index < len(self.words) and self.words[index].startswith(start):
            yield self.attributes[index]
            index += 1

    def containing(self, part: str) -> Iterator[Attribute]:
        found = (index for index, word in enumerate(self.words) if part in word)
        return (self.attributes[index] for index in found)


def beginning(start: str) -> Iterator[Attribute]:
    """Attributes whose keyword begins like this, in any case; retired ones last."""
    for words in _dictionary():
        yield from words.beginning(start.lower())


def containing(part: str) -> Iterator[Attribute]:
    """Attributes whose keyword contains a text, in any case; retired ones last."""
    for words in _dictionary():
        yield from words.containing(part.lower())


@cache
def _dictionary() -> tuple[_Words, _Words]:
    """Attributes that may be in a query: those in use, and those that are retired."""
    known = [made for made in attributes() if stands_in_data_sets(made)]
    retired = [made for made in known if is_retired(made.tag)]
    gone = set(retired)
    return _words(made for made in known if made not in gone), _words(retired)


def _words(attributes: Iterable[Attribute]) -> _Words:
    found = {made.keyword.lower(): made for made in attributes}
    words = sorted(found)
    return _Words(words, [found[word] for word in words])


def load() -> None:
    """Make the tables now, so that nobody has to wait for them later."""
    _dictionary()
    spelling()

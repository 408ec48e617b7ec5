"""Conditions on rows as typed: `Key=Value` and `Key!=Value`."""

from __future__ import annotations

import re
from datetime import date

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.language.terms import KEY, moved
from dicomsh.language.words import Word
from dicomsh.model.derived_keys import RowKey, find_row_key, part_of
from dicomsh.model.levels import Level
from dicomsh.model.where_matching import ValuesTest, value_test
from dicomsh.regex import regex

_FORM = regex(rf"({KEY})(!?=)", re.ASCII)


@frozen
class Condition:
    """The value that a key must have, or must not have if `negated`."""

    word: Word
    key: str
    negated: bool
    value: str

    @property
    def value_start(self) -> int:
        """Where the value begins in the word."""
        return len(self.key) + (2 if self.negated else 1)

    def row_key(self, level: Level) -> RowKey:
        """The key of rows that is meant at a level.

        Raises:
            UsageError: there is no such key; the span is into the source.
        """
        try:
            return find_row_key(self.key, level)
        except UsageError as error:
            raise moved(self.word, error, 0) from None

    def test(self, vr: str, keyword: str, today: date) -> ValuesTest:
        """The test of the values of a row, before it is negated.

        Raises:
            UsageError: not a valid value; the span is into the source.
        """
        part = part_of(keyword)
        try:
            value = self.value if part is None else part.wanted(self.value)
            return value_test(vr, value, today, keyword)
        except UsageError as error:
            raise moved(self.word, error, self.value_start) from None

    def check(self, level: Level, today: date) -> None:
        """Raises UsageError if it cannot be a condition on rows of a level."""
        key = self.row_key(level)
        self.test(key.vr, key.path[-1].keyword if key.part is None else key.keyword, today)


def read_condition(word: Word) -> Condition:
    """The condition in a word.

    Raises:
        UsageError: the word is not in the form of a condition.
    """
    found = _FORM.match(word.text)
    if found is None:
        raise UsageError(
            f"'{word.text}' is not a condition",
            hint=_compared(word.text)
            or "Key=Value keeps matching rows, Key!=Value the others; also date=>2010",
            span=word.span,
        )
    return Condition(word, found[1], found[2] == "!=", word.text[found.end() :])


_FORMS = "Key=Value keeps matching rows, Key!=Value the others; to compare: date=>2010"
_BARE = regex(rf"({KEY})([<>].*)", re.ASCII)


def _compared(text: str) -> str:
    """The form of a comparison without its `=`; empty for other text."""
    bare = _BARE.fullmatch(text)
    return f"put = before the comparison: '{bare[1]}={bare[2]}'" if bare else ""

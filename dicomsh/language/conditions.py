"""Conditions on rows as typed: `Key=Value` and `Key!=Value`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from dicomsh.errors import UsageError
from dicomsh.language.terms import KEY, moved, path_in
from dicomsh.language.words import Word
from dicomsh.model.keys import Attribute
from dicomsh.model.levels import Level
from dicomsh.model.where_matching import Test, value_test

_FORM = re.compile(rf"({KEY})(!?=)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """What the value of a key must be, or must not be when `negated`."""

    word: Word
    key: str
    negated: bool
    value: str

    @property
    def value_start(self) -> int:
        """Where the value begins in the word."""
        return len(self.key) + (2 if self.negated else 1)

    def path(self, level: Level) -> tuple[Attribute, ...]:
        """The attribute that is meant at a level, with the sequences around it.

        Raises:
            UsageError: there is no such attribute; the span is into the source.
        """
        return path_in(self.word, self.key, level, 0)

    def test(self, vr: str, today: date) -> Test:
        """The test of the values of a row, before it is negated.

        Raises:
            UsageError: no such value can be; the span is into the source.
        """
        try:
            return value_test(vr, self.value, today)
        except UsageError as error:
            raise moved(self.word, error, self.value_start) from None

    def check(self, level: Level, today: date) -> None:
        """Raises UsageError for what cannot be a condition on rows of a level."""
        self.test(self.path(level)[-1].vr, today)


def read_condition(word: Word) -> Condition:
    """The condition that a word states.

    Raises:
        UsageError: the word has not the form of a condition.
    """
    found = _FORM.match(word.text)
    if found is None:
        raise UsageError(
            f"'{word.text}' is no condition",
            hint=_compared(word.text)
            or "Key=Value keeps what matches, Key!=Value what does not; also date=>2010",
            span=word.span,
        )
    return Condition(word, found[1], found[2] == "!=", word.text[found.end() :])


_FORMS = "Key=Value keeps what matches, Key!=Value what does not; compared: date=>2010"
_BARE = re.compile(rf"({KEY})([<>].*)", re.ASCII)


def _compared(text: str) -> str:
    """The form of a comparison that lacks its `=`; empty for other text."""
    bare = _BARE.fullmatch(text)
    return f"a comparison has = in front of it: '{bare[1]}={bare[2]}'" if bare else ""

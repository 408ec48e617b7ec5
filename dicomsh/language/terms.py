"""Matching and return keys as typed: `Key=Value` and `+Key`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.language.scan import Word
from dicomsh.model.keys import Attribute, defined, find_path, is_named, is_private_creator
from dicomsh.model.level_keys import level_of
from dicomsh.model.levels import Level
from dicomsh.model.matching import Matcher, is_uid, matcher
from dicomsh.model.moments import BackwardsError
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.vocabulary import MODALITIES
from dicomsh.regex import regex

KEY = r"(?:\([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)|\[\d\]|[\w,.])+"
"""Regular expression for an attribute's name: keyword, alias, tag or path."""

Creators = Mapping[tuple[Attribute, ...], str]
"""Path of a private creator → the name that a query gives it."""

_KEY = regex(rf"{KEY}(?==)", re.ASCII)


@frozen
class Term:
    """A matching key (`value` is text, perhaps empty) or a return key (`value` is None).

    `start` is where the name of the key begins in the word.
    """

    word: Word
    key: str
    start: int
    value: str | None

    @property
    def value_start(self) -> int:
        """Where the value begins in the word."""
        return self.start + len(self.key) + 1

    @property
    def listed_in(self) -> str | None:
        """The file that has the values, `FILE[:COLUMN]` of `Key=@FILE`; None for any other value.

        A quoted @ is a character like any other, and so is one in a variable.
        """
        at, places = self.value_start, self.word.places
        if self.word.quoted or not (self.value or "").startswith("@"):
            return None
        inserted = any(v.start <= at < v.end for v in self.word.variables)
        return None if inserted or places[at] != places[at - 1] + 1 else self.word.text[at + 1 :]

    def path(self, level: Level) -> tuple[Attribute, ...]:
        """The attribute meant at a level, with its enclosing sequences.

        Raises:
            UsageError: there is no such attribute; the span is into the source.
        """
        return path_in(self.word, self.key, level, self.start)

    def query_key(
        self,
        level: Level,
        today: date,
        *,
        over_midnight: bool = False,
        creators: Creators | None = None,
    ) -> QueryKey:
        """The identifier key for this term.

        Args:
            level: the query level.
            today: the reference day for relative dates.
            over_midnight: whether a time range may end on a later day than it begins.
            creators: the private creators of the query, which define the VR of a private element.

        Raises:
            UsageError: no such attribute, a value not valid for its VR, or a key of a lower level;
                the span is into the source.
        """
        path = defined(self.path(level), creators or {})
        if self.value is None:
            return QueryKey(path, "", Matching.UNIVERSAL, KeyOrigin.RETURN, self.word.text)
        if self.listed_in is not None:  # nothing is read while somebody types
            self._check_list(path)
            self._check_level(path[0], level)
            return QueryKey(path, "", Matching.UNIVERSAL, KeyOrigin.RETURN, self.word.text)
        literal = _is_literal(self.word, self.value_start)
        try:
            found = matcher(path[-1], self.value, today, literal=literal)
        except BackwardsError as error:
            if path[-1].vr == "TM" and not over_midnight:
                date = path[-1].keyword.removesuffix("Time") + "Date"
                error.hint = (
                    f"for a night: {date}=2024-03-05..2024-03-06 {self.key}={self.value} --datetime"
                )
            if not over_midnight or path[-1].vr != "TM":
                raise moved(self.word, error, self.value_start) from None
            found = Matcher(error.stretch.dicom, Matching.RANGE)
        except UsageError as error:
            raise moved(self.word, error, self.value_start) from None
        self._check_level(path[0], level)
        return QueryKey(
            path, found.value, found.kind, KeyOrigin.TYPED, self.word.text, literal=literal
        )

    def _check_list(self, path: tuple[Attribute, ...]) -> None:
        span = self.word.rest(self.value_start)
        if not self.listed_in:
            hint = (
                "Key=@FILE, Key=@FILE:COLUMN, Key=@- for standard input; quoted, @ is a character"
            )
            raise UsageError("a file is missing after @", hint=hint, span=span)
        if path[-1].vr == "SQ":
            message = f"{path[-1].keyword} is a sequence: it has no value of its own"
            raise UsageError(message, span=span)

    def _check_level(self, attribute: Attribute, level: Level) -> None:
        """A key of a lower level cannot be matched (PS3.4 C.4.1.1.3.1); peers would ignore it."""
        own = level_of(attribute.keyword)
        if self.value and own is not None and own.value > level.value:
            raise UsageError(
                f"{attribute.keyword} is a key of the {own.word} level:"
                f" {level.plural} cannot be matched on it",
                hint=f"find {own.word} {self.word.text}",
                span=self.word.part(self.start, self.start + len(self.key)),
            )


def query_keys(
    terms: Iterable[Term], level: Level, today: date, *, over_midnight: bool = False
) -> list[QueryKey]:
    """The identifier keys for the terms of a query, as `Term.query_key` makes them."""
    paths = [(term.path(level), term.value) for term in terms]
    creators = {path: value for path, value in paths if is_private_creator(path[-1].tag) and value}
    return [
        term.query_key(level, today, over_midnight=over_midnight, creators=creators)
        for term in terms
    ]


def _is_literal(word: Word, start: int) -> bool:
    """Whether the text of a word from `start` on came out of an answer.

    Raises:
        UsageError: only a part of it did, and has characters that would make a pattern of the
            whole: DICOM cannot tell them from wildcards.
    """
    literal = [variable for variable in word.variables if variable.literal]
    if any(variable.start <= start and variable.end == len(word.text) for variable in literal):
        return True
    for variable in literal:
        if variable.start >= start and set("*?\\") & set(word.text[variable.start : variable.end]):
            raise UsageError(
                f"the value of ${variable.name} has a wildcard or a backslash in it, which would"
                " be part of the pattern here",
                hint=f"match on the value by itself: Key=${variable.name}",
                span=word.part(variable.start, variable.end),
            )
    return False


def moved(word: Word, error: UsageError, offset: int) -> UsageError:
    """An error about the text of a word from `offset` on, with its span in the source."""
    start, end = error.span or (0, len(word.text) - offset)
    span = word.part(offset + start, offset + end)
    return UsageError(error.message, hint=error.hint, span=span)


def path_in(word: Word, key: str, level: Level, start: int) -> tuple[Attribute, ...]:
    """The attribute that a key means at a level, with its enclosing sequences.

    Args:
        word: the word containing the key.
        key: a keyword, an alias, a tag, or a path of them.
        level: where an alias is looked up first.
        start: where the key begins in the word.

    Raises:
        UsageError: there is no such attribute; the span is into the source.
    """
    try:
        return find_path(key, level)
    except UsageError as error:
        raise moved(word, _of_rows(key, error), start) from None


def _of_rows(key: str, error: UsageError) -> UsageError:
    """The error, with where a derived key can be used, if the key is one: not in a query."""
    from dicomsh.model.derived_keys import split_part

    if split_part(key)[1] is not None:
        error.hint = f"archives match attributes alone; for the rows: … | where {key}=VALUE"
    return error


def is_term(word: Word) -> bool:
    """Whether a word has the form of a key: `+Key`, or a name and `=`."""
    return word.text.startswith("+") or _KEY.match(word.text) is not None


def read_term(word: Word) -> Term:
    """The key in a word.

    Raises:
        UsageError: the word is not in the form of a key.
    """
    if word.text.startswith("+"):
        if "=" in word.text:
            raise UsageError(
                "+Key requests an attribute and takes no value",
                hint=f"to match on it: {word.text[1:]}",
                span=word.span,
            )
        return Term(word, word.text[1:], 1, None)
    key = _KEY.match(word.text)
    if key is None:
        raise UsageError(
            f"'{word.text}' is not a key",
            hint="Key=Value matches, +Key requests an attribute",
            span=word.span,
        )
    return Term(word, key[0], 0, word.text[key.end() + 1 :])


def pattern_key(level: Level, word: Word, today: date) -> QueryKey:
    """The key that the PATTERN of `find LEVEL PATTERN` means.

    Patient, study and worklist: PatientName, or PatientID if it contains a digit; series: Modality
    if it is a known code, else SeriesDescription; instance: InstanceNumber.

    Raises:
        UsageError: the pattern is not valid for that attribute.
    """
    literal = _is_literal(word, 0)
    if not literal:
        _check_no_key(word)
    (attribute,) = find_path(pattern_keyword(level, word.text), level)
    # a code in small letters is recognised as one, and codes are in capitals (PS3.5 6.2)
    text = word.text.upper() if attribute.keyword == "Modality" and not literal else word.text
    try:
        found: Matcher = matcher(attribute, text, today, literal=literal)
    except UsageError as error:
        raise word.error(_for_uid(level, word.text) or error) from None
    return QueryKey(
        (attribute,), found.value, found.kind, KeyOrigin.PATTERN, word.text, literal=literal
    )


def _for_uid(level: Level, text: str) -> UsageError | None:
    """The error about a UID where a number belongs; None for any other text."""
    if level is not Level.INSTANCE or text.count(".") < 3 or not is_uid(text):
        return None
    hint = f"find {level.word} {level.word}={text}"
    message = f"'{text}' is a UID, and a pattern here means {pattern_keyword(level, text)}"
    return UsageError(message, hint=hint)


_ALMOST_KEY = regex(rf"\s*({KEY})\s*(?:!=|[=:<>~])", re.ASCII)


def _check_no_key(word: Word) -> None:
    """Refuse `date<2004` and `id:3`: nobody has such a name, and nothing would be found."""
    meant = _ALMOST_KEY.match(word.text)
    if meant and all(map(is_named, meant[1].split("."))):
        raise UsageError(
            f"'{word.text}' looks like a key, not a pattern",
            hint=f"write Key=Value, as in {meant[1]}=VALUE; for a range date='>=2024'",
            span=word.span,
        )


PATTERN_KEYWORDS = {
    Level.PATIENT: ("PatientName", "PatientID"),
    Level.STUDY: ("PatientName", "PatientID"),
    Level.SERIES: ("Modality", "SeriesDescription"),
    Level.INSTANCE: ("InstanceNumber",),
    Level.WORKLIST: ("PatientName", "PatientID"),
}
"""Keywords of the attributes that a level's pattern may mean."""


def pattern_keyword(level: Level, text: str) -> str:
    """Keyword of the attribute that a pattern is matched against."""
    match level:
        case Level.PATIENT | Level.STUDY | Level.WORKLIST:
            return "PatientID" if any(char.isdigit() for char in text) else "PatientName"
        case Level.SERIES:
            codes = text.upper().replace("\\", ",").split(",")
            return "Modality" if MODALITIES.keys() >= set(codes) else "SeriesDescription"
        case _:
            return "InstanceNumber"

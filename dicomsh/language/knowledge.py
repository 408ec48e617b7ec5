"""The context for reading words: their kinds, what a session knows, what earlier words have set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from dicomsh.errors import Span
from dicomsh.frozen import frozen
from dicomsh.language.candidate import Candidate
from dicomsh.language.scan import Word
from dicomsh.model.keys import Attribute
from dicomsh.model.levels import Level
from dicomsh.model.modality import Device


class Knowledge(Protocol):
    """What a session knows without a query; used by completion and checks."""

    @property
    def variables(self) -> Mapping[str, str]:
        """Variables by name."""
        ...

    @property
    def next_level(self) -> Level:
        """The level that `ls` lists at the current place."""
        ...

    @property
    def aliases(self) -> Mapping[str, str]:
        """Aliases of commands, with their text."""
        ...

    @property
    def today(self) -> date:
        """The reference day for relative dates."""
        ...

    def modality_names(self) -> Iterable[Candidate]:
        """Configured modalities with AE title and address."""
        ...

    def group_names(self) -> Iterable[Candidate]:
        """Names that mean several modalities, with those."""
        ...

    def device_names(self) -> Iterable[Candidate]:
        """Configured devices with AE title and Modality."""
        ...

    def device(self, text: str, span: Span) -> Device:
        """The device of a name, or with an AE title; raises UsageError for anything else."""
        ...

    @property
    def fuzzy(self) -> bool:
        """Whether completion is fuzzy."""
        ...

    def targets(self, typed: str) -> Iterable[Candidate]:
        """Completions of a TARGET: rows, unique keys and paths seen."""
        ...

    def values(self, attribute: Attribute) -> Iterable[str]:
        """Values of an attribute seen so far, latest first."""
        ...

    def setting_names(self) -> Iterable[Candidate]:
        """Settings with their values."""
        ...

    def setting_kind(self, name: str) -> Kind | None:
        """The kind of a setting's values; None if there is no such setting."""
        ...

    def topics(self) -> Iterable[Candidate]:
        """The topics of `help`."""
        ...

    def lesson_names(self) -> Iterable[Candidate]:
        """Lessons of the course with their titles."""
        ...


@frozen
class Scope:
    """The scope of a word: what the session knows, and the level for attribute aliases.

    `level` is None while a TARGET decides it; `setting` is the setting that a value is for.
    `variables` says which variables get their values only when the command runs; None for none.
    `typed` is the part of a word to complete, `used` the keywords given before.
    """

    knowledge: Knowledge
    level: Level | None
    setting: str = ""
    variables: Callable[[str], bool] | None = None
    typed: str = ""
    used: frozenset[str] = frozenset()

    @property
    def key_level(self) -> Level:
        """The level that keys are completed at."""
        return self.level or self.knowledge.next_level


Token = tuple[Span, str]
"""A stretch of the text and its role, for colours."""


def _no_candidates(scope: Scope) -> Iterable[Candidate]:
    del scope
    return ()


def _any(word: Word) -> bool:
    del word
    return True


def same(scope: Scope, value: Any) -> Scope:
    """The scope unchanged, for the words after one that decides nothing."""
    del value
    return scope


@frozen
class Kind:
    """A kind of argument.

    Args:
        name: how the usage line writes it.
        role: its colour.
        parse: the value of a word; raises UsageError with a span into the source.
        complete: completions; they are filtered by the typed text, and kinds with many give only
            those that begin with `Scope.typed`.
        fits: whether a word can be of this kind; a word that does not fit an optional argument is
            tried on the next.
        narrow: the scope for the words that follow.
        tokens: the parts of a word by role; None for one token of `role`.
        inner: for a kind that takes the remaining words as an inner command, their scope; the value
            is then the bound call. None for all other kinds.
        several: for such a kind, whether several commands in braces fit, and an alias that has
            stages or several commands; the value is then `Commands`.
        write: a value as typed; the inverse of `parse`.
        files: for a kind that can name a file, whether Tab offers a name (with a slash after it for
            a folder) for the text typed so far, which comes first.
    """

    name: str
    role: str
    parse: Callable[[Word, Scope], Any]
    complete: Callable[[Scope], Iterable[Candidate]] = _no_candidates
    fits: Callable[[Word], bool] = _any
    narrow: Callable[[Scope, Any], Scope] = same
    tokens: Callable[[Word], list[Token]] | None = None
    inner: Callable[[Scope], Scope] | None = None
    several: bool = False
    write: Callable[[Any], str] = str
    files: Callable[[str, str], bool] | None = None

    @property
    def takes_any(self) -> bool:
        """Whether every word can be of this kind, so that none is left for the next."""
        return self.fits is _any

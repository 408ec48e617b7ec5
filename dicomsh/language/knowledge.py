"""The context for reading words: what a session knows, and what earlier words have set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from dicomsh.language.candidate import Candidate
from dicomsh.model.keys import Attribute
from dicomsh.model.levels import Level

if TYPE_CHECKING:
    from dicomsh.language.kinds import Kind


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


@dataclass(frozen=True, slots=True)
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

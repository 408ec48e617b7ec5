"""What words are read by: what a session knows, and what the words before have settled."""

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
    """What a session knows without asking anyone; completion and checks read it."""

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
        """Other names for commands, with what they stand for."""
        ...

    @property
    def today(self) -> date:
        """The day that relative dates count from."""
        ...

    def modality_names(self) -> Iterable[Candidate]:
        """Configured modalities with AE title and address."""
        ...

    @property
    def fuzzy(self) -> bool:
        """Whether what is typed with gaps is completed too."""
        ...

    def targets(self, typed: str) -> Iterable[Candidate]:
        """What may complete a TARGET: rows, unique keys and paths that were seen."""
        ...

    def values(self, attribute: Attribute) -> Iterable[str]:
        """Values of an attribute that were seen, the latest first."""
        ...

    def setting_names(self) -> Iterable[Candidate]:
        """Settings with their values."""
        ...

    def setting_kind(self, name: str) -> Kind | None:
        """The kind of the values of a setting; None when there is no such setting."""
        ...

    def topics(self) -> Iterable[Candidate]:
        """What `help` knows."""
        ...

    def lesson_names(self) -> Iterable[Candidate]:
        """Lessons of the course with their titles."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a word is read: what the session knows, and the level that aliases stand for.

    `level` is None while a TARGET decides it; `setting` is the setting that a value is for.
    `variables` tells which variables get their values only when the command runs; None for none.
    `typed` is the part of a word that is to be completed, `used` the keywords that were given
    before.
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

"""What the language may know about a session, to check and complete input. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from dicomsh.config import EVERY
from dicomsh.errors import Span
from dicomsh.language.candidate import Candidate
from dicomsh.language.knowledge import Kind
from dicomsh.late import LateModule
from dicomsh.model.keys import Attribute
from dicomsh.model.levels import Level
from dicomsh.model.modality import Device
from dicomsh.session.state import Session
from dicomsh.settings import SETTINGS

if TYPE_CHECKING:  # for completion alone
    from dicomsh.language import topics
    from dicomsh.session import targets
else:
    topics = LateModule("dicomsh.language.topics")
    targets = LateModule("dicomsh.session.targets")


class SessionKnowledge:
    """What a session knows without asking anyone; implements `dicomsh.language.Knowledge`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def variables(self) -> Mapping[str, str]:
        """Variables by name."""
        return self._session.variables

    @property
    def next_level(self) -> Level:
        """The level that `ls` lists at the current place."""
        return self._session.next_level

    @property
    def aliases(self) -> Mapping[str, str]:
        """Aliases by name, with the words they are replaced with."""
        return self._session.aliases

    @property
    def today(self) -> date:
        """The day that relative dates count from."""
        return self._session.today

    def modality_names(self) -> Iterable[Candidate]:
        """Configured modalities with AE title and address."""
        return targets.modality_names(self._session)

    def device_names(self) -> Iterable[Candidate]:
        """Configured devices with AE title and Modality."""
        for name, device in self._session.config.devices.items():
            yield Candidate(name, " ".join(filter(None, (device.aet, device.modality))))

    def device(self, text: str, span: Span) -> Device:
        """The device of a name, or with an AE title; raises UsageError for anything else."""
        return self._session.config.device(text, span)

    def group_names(self) -> Iterable[Candidate]:
        """Names that mean several modalities, with those."""
        config = self._session.config
        for name, members in config.groups.items():
            yield Candidate(name, ", ".join(members))
        if len(config.modalities) > 1:
            yield Candidate(EVERY, "every modality")

    def targets(self, typed: str) -> Iterable[Candidate]:
        """What may complete a TARGET."""
        mask = self._session.mask
        if mask is None:
            return targets.completions(self._session, typed)
        from dicomsh.mask.shown import shown_candidates

        return shown_candidates(partial(targets.completions, self._session), typed, mask)

    def values(self, attribute: Attribute) -> Iterable[str]:
        """Values of an attribute that were seen, the latest first."""
        found, mask = self._session.seen.values(attribute.tag), self._session.mask
        return found if mask is None else (mask.value(attribute, value) for value in found)

    @property
    def fuzzy(self) -> bool:
        """Whether completion is fuzzy: letters may be missing between those typed."""
        return self._session.settings.fuzzy

    def setting_names(self) -> Iterable[Candidate]:
        """Settings with their values."""
        for name, setting in SETTINGS.items():
            yield Candidate(name, setting.write(getattr(self._session.settings, name)))

    def setting_kind(self, name: str) -> Kind | None:
        """The kind of the values of a setting; None when there is no such setting."""
        setting = SETTINGS.get(name)
        if setting is None:
            return None
        return setting.values(self._session.settings, self._session.defaults)

    def lesson_names(self) -> Iterable[Candidate]:
        """Lessons of the course with their titles."""
        return (Candidate(name, title) for name, title in self._session.lessons().items())

    def topics(self) -> Iterable[Candidate]:
        """What `help` knows besides commands."""
        return (Candidate(word, about) for word, about in topics.TOPICS.items())

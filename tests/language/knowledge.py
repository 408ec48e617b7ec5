"""What a session might know, without a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dicomsh.commands import registry
from dicomsh.errors import Span
from dicomsh.language.candidate import Candidate
from dicomsh.language.knowledge import Kind
from dicomsh.model.keys import Attribute
from dicomsh.model.levels import Level
from dicomsh.model.modality import Device
from dicomsh.settings import SETTINGS, Settings

REGISTRY = registry()


@dataclass(frozen=True)
class Known:
    """A session at a level, with two modalities and two entities listed."""

    next_level: Level = Level.PATIENT
    variables: Mapping[str, str] = field(
        default_factory=lambda: {"T": "sex=M", "O": "--limit=5", "N": "5", "K": "sex"}
    )
    today: date = date(2024, 3, 5)
    aliases: Mapping[str, str] = field(
        default_factory=lambda: {
            "top": "find study mod=$1 | sort $2 -r | head",
            "mine": "top CT",
            "all": "find study",
            "loop": "loop x",
            "page": "ls | !less",
        }
    )
    seen: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def group_names(self) -> Iterable[Candidate]:
        """Names that mean several modalities."""
        return (Candidate("all", "every modality"),)

    def modality_names(self) -> Iterable[Candidate]:
        return (Candidate("pacs", "practice archive"), Candidate("ward", "WARD@10.0.0.1:104"))

    def device_names(self) -> Iterable[Candidate]:
        return (Candidate("CT1", "CT1 CT"), Candidate("MR1", "MR1 MR"))

    def device(self, text: str, span: Span) -> Device:
        del span
        return Device(text)

    fuzzy: bool = False

    def values(self, attribute: Attribute) -> Iterable[str]:
        return self.seen.get(attribute.keyword, ())

    def targets(self, _: str) -> Iterable[Candidate]:
        return (Candidate("0555643F"), Candidate("A 1"))

    def setting_names(self) -> Iterable[Candidate]:
        return (Candidate("limit", "None"),)

    def setting_kind(self, name: str) -> Kind | None:
        setting = SETTINGS.get(name)
        return setting.values(Settings(), Settings()) if setting else None

    def lesson_names(self) -> Iterable[Candidate]:
        return (Candidate("dates", "Dates, times and ranges"),)

    def topics(self) -> Iterable[Candidate]:
        return (Candidate("keys"),)

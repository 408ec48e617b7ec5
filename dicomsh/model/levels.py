"""Levels of the Query/Retrieve hierarchy and its two information models (PS3.4 C.6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from dicomsh.frozen import frozen


class Level(Enum):
    """A Query/Retrieve level; the value is its depth, patients being 0 (PS3.4 C.6.1.1)."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    INSTANCE = 3

    @property
    def dicom(self) -> str:
        """Value of Query/Retrieve Level (0008,0052): an instance is `IMAGE` (PS3.4 C.4.1.1.3.1)."""
        return "IMAGE" if self is Level.INSTANCE else self.name

    @property
    def word(self) -> str:
        """The level as typed: patient, study, series, instance."""
        return self.name.lower()

    @property
    def plural(self) -> str:
        """The level as counted: patients, studies, series, instances."""
        return {"study": "studies", "series": "series"}.get(self.word, self.word + "s")

    @property
    def unique_keyword(self) -> str:
        """Keyword of the unique key of this level (PS3.4 C.6.1.1.2 to C.6.1.1.5)."""
        return _UNIQUE[self]

    @property
    def below(self) -> Level | None:
        """The next level down, or None below instances."""
        return None if self is Level.INSTANCE else Level(self.value + 1)

    @property
    def above(self) -> Level | None:
        """The next level up, or None above patients."""
        return None if self is Level.PATIENT else Level(self.value - 1)

    @property
    def ancestors(self) -> tuple[Level, ...]:
        """All levels above this one, from the patient down."""
        return tuple(Level(depth) for depth in range(self.value))

    def counted(self, number: int) -> str:
        """The number with the right noun: `1 study`, `2 studies`."""
        return f"{number:,} {self.word if number == 1 else self.plural}"


_UNIQUE = {
    Level.PATIENT: "PatientID",
    Level.STUDY: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.INSTANCE: "SOPInstanceUID",
}

UNIQUE_KEYWORDS = tuple(_UNIQUE.values())
"""Keywords of the unique keys, from the patient down."""

LEVEL_WORDS: dict[str, Level] = {
    **{level.word: level for level in Level},
    **{level.plural: level for level in Level},
    "image": Level.INSTANCE,
    "images": Level.INSTANCE,
}
"""Every word that names a level, in lower case."""


@frozen
class SopClass:
    """A SOP class of queries: its UID, and its title as people say it (PS3.6 annex A)."""

    uid: str
    title: str


class Model(Enum):
    """A Query/Retrieve information model; the value is its FIND SOP Class UID (PS3.4 C.6)."""

    PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1.1"
    STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"

    @property
    def title(self) -> str:
        """The model as people say it: Patient Root, Study Root."""
        return self.name.replace("_", " ").title()

    @property
    def find(self) -> SopClass:
        """The SOP class of its C-FIND."""
        return SopClass(self.value, f"{self.title} FIND")

    @property
    def get(self) -> SopClass:
        """The SOP class of its C-GET (PS3.4 C.6.1.3, C.6.2.3)."""
        return SopClass(f"{self.value[:-1]}3", f"{self.title} GET")

    @property
    def move(self) -> SopClass:
        """The SOP class of its C-MOVE (PS3.4 C.6.1.3, C.6.2.3)."""
        return SopClass(f"{self.value[:-1]}2", f"{self.title} MOVE")

    @property
    def top(self) -> Level:
        """The highest level of the model."""
        return Level.PATIENT if self is Model.PATIENT_ROOT else Level.STUDY


MODALITY_WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
"""Modality Worklist Information Model - FIND (PS3.4 K.6.1.2)."""

VERIFICATION = "1.2.840.10008.1.1"
"""Verification SOP Class, the class of C-ECHO (PS3.4 A.4)."""

SOP_CLASSES: Mapping[str, SopClass] = {
    made.uid: made
    for made in (
        SopClass(VERIFICATION, "Verification"),
        *(model.find for model in Model),
        SopClass(MODALITY_WORKLIST_FIND, "Modality Worklist FIND"),
    )
}
"""SOP classes that an association for queries proposes, by UID."""

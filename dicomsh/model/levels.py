"""What queries list, and the information models they are asked in (PS3.4 C.6, K.6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from dicomsh.frozen import frozen


class Level(Enum):
    """What a query lists: entities of a Query/Retrieve level, or the items of a worklist.

    The value of a Query/Retrieve level is its depth, patients being 0 (PS3.4 C.6.1.1). A worklist
    is not part of that hierarchy (K.1.2): nothing is above or below its items.
    """

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    INSTANCE = 3
    WORKLIST = 4

    @property
    def dicom(self) -> str:
        """Value of Query/Retrieve Level (0008,0052): an instance is `IMAGE` (PS3.4 C.4.1.1.3.1).

        Empty for a worklist, whose queries do not have it (K.4.1.1.3).
        """
        return {Level.INSTANCE: "IMAGE", Level.WORKLIST: ""}.get(self, self.name)

    @property
    def word(self) -> str:
        """The level as typed: patient, study, series, instance, worklist."""
        return self.name.lower()

    @property
    def noun(self) -> str:
        """One of what is listed: patient, study, series, instance, worklist item."""
        return "worklist item" if self is Level.WORKLIST else self.word

    @property
    def plural(self) -> str:
        """What is listed as counted: patients, studies, series, instances, worklist items."""
        return {"study": "studies", "series": "series"}.get(self.noun, self.noun + "s")

    @property
    def unique_keyword(self) -> str:
        """Keyword of the unique key of this level (PS3.4 C.6.1.1.2 to C.6.1.1.5).

        A worklist has none; its items hold this number of their step inside a sequence.
        """
        return _UNIQUE[self]

    @property
    def below(self) -> Level | None:
        """The next level down, or None below instances and worklist items."""
        return None if self in (Level.INSTANCE, Level.WORKLIST) else Level(self.value + 1)

    @property
    def above(self) -> Level | None:
        """The next level up, or None above patients and worklist items."""
        return None if self in (Level.PATIENT, Level.WORKLIST) else Level(self.value - 1)

    @property
    def ancestors(self) -> tuple[Level, ...]:
        """All levels above this one, from the patient down."""
        depth = 0 if self is Level.WORKLIST else self.value
        return HIERARCHY[:depth]

    def counted(self, number: int) -> str:
        """The number with the right noun: `1 study`, `2 studies`."""
        return f"{number:,} {self.noun if number == 1 else self.plural}"


HIERARCHY = (Level.PATIENT, Level.STUDY, Level.SERIES, Level.INSTANCE)
"""The Query/Retrieve levels, from the patient down (PS3.4 C.6.1.1)."""

_UNIQUE = {
    Level.PATIENT: "PatientID",
    Level.STUDY: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.INSTANCE: "SOPInstanceUID",
    Level.WORKLIST: "ScheduledProcedureStepID",
}

UNIQUE_KEYWORDS = tuple(_UNIQUE[level] for level in HIERARCHY)
"""Keywords of the unique keys, from the patient down."""

LEVEL_WORDS: dict[str, Level] = {
    **{level.word: level for level in Level},
    **{level.plural: level for level in HIERARCHY},
    "image": Level.INSTANCE,
    "images": Level.INSTANCE,
    "mwl": Level.WORKLIST,
}
"""Every word that names a level, in lower case."""


@frozen
class SopClass:
    """A SOP class of queries: its UID, and its title as people say it (PS3.6 annex A)."""

    uid: str
    title: str


class Model(Enum):
    """An information model; the value is its FIND SOP Class UID (PS3.4 C.6, K.6.1)."""

    PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1.1"
    STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
    MODALITY_WORKLIST = "1.2.840.10008.5.1.4.31"

    @property
    def title(self) -> str:
        """The model as people say it: Patient Root, Study Root, Modality Worklist."""
        return self.name.replace("_", " ").title()

    @property
    def find(self) -> SopClass:
        """The SOP class of its C-FIND."""
        return SopClass(self.value, f"{self.title} FIND")

    @property
    def get(self) -> SopClass:
        """The SOP class of its C-GET (PS3.4 C.6.1.3, C.6.2.3); a worklist has none."""
        return SopClass(f"{self.value[:-1]}3", f"{self.title} GET")

    @property
    def move(self) -> SopClass:
        """The SOP class of its C-MOVE (PS3.4 C.6.1.3, C.6.2.3); a worklist has none."""
        return SopClass(f"{self.value[:-1]}2", f"{self.title} MOVE")

    @property
    def top(self) -> Level:
        """The highest level of the model."""
        return _TOPS[self]


_TOPS = {
    Model.PATIENT_ROOT: Level.PATIENT,
    Model.STUDY_ROOT: Level.STUDY,
    Model.MODALITY_WORKLIST: Level.WORKLIST,
}

ROOT_MODELS = (Model.PATIENT_ROOT, Model.STUDY_ROOT)
"""The information models of Query/Retrieve (PS3.4 C.6)."""

MODALITY_WORKLIST_FIND = Model.MODALITY_WORKLIST.value
"""Modality Worklist Information Model - FIND (PS3.4 K.6.1.2)."""

VERIFICATION = "1.2.840.10008.1.1"
"""Verification SOP Class, the class of C-ECHO (PS3.4 A.4)."""

SOP_CLASSES: Mapping[str, SopClass] = {
    made.uid: made
    for made in (
        SopClass(VERIFICATION, "Verification"),
        *(model.find for model in Model),
    )
}
"""SOP classes that an association for queries proposes, by UID."""

"""Answers that a peer's information models cannot give directly, derived from those they can.

A peer with only Study Root has no patient level: its patients are those of its studies (PS3.4
C.6.2.1 puts patient attributes at the study level). A peer with only Patient Root needs a PatientID
below the patient level: its studies are queried patient by patient.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from dicomsh.archives.archive import Archive
from dicomsh.frozen import replace
from dicomsh.model.answer import Answer, Ending, Outcome, as_cancelled, combined
from dicomsh.model.derived_answer import AnswerStep, DerivedAnswer, noted
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, PATIENT_ID, PATIENT_NAME
from dicomsh.model.level_keys import LEVEL_KEYS, PATIENT_KEYS
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, place_of
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import QueryKey
from dicomsh.model.row import Row
from dicomsh.query.insist import send

_COUNTS = frozenset(
    word for word in LEVEL_KEYS[Level.PATIENT].default if word.startswith("NumberOf")
)
"""What a study cannot say about its patient."""

NOT_BELOW = PATIENT_KEYS - {Level.PATIENT.unique_keyword}
"""What Patient Root has only at the patient level (PS3.4 C.6.1.1.3)."""


class PatientsOfStudies(AnswerStep):
    """Passes on the first study of each patient: PatientID and issuer tell patients apart.

    Args:
        why: why patients are derived from studies, in words.
    """

    def __init__(self, why: str) -> None:
        self._why = why
        self._names: dict[tuple[str, str], str] = {}
        self._without_id = 0
        self._other_name = 0

    def passed(self, batch: list[Row]) -> list[Row]:
        """The first study of each patient; one without a PatientID may be of anybody."""
        return [row for row in batch if self._is_new(row)]

    def _is_new(self, row: Row) -> bool:
        patient, name = row.text(PATIENT_ID) or "", row.text(PATIENT_NAME) or ""
        if not patient:
            self._without_id += 1
            return True
        # not merged by PatientID alone: different patients may share one (PS3.3 C.7.1.1)
        key = (patient, row.text(ISSUER_OF_PATIENT_ID) or "")
        known = self._names.get(key)
        if known is None:
            self._names[key] = name
            return True
        self._other_name += name != known
        return False

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome of the studies, with a note that it comes from them."""
        notes = [note(NoteKind.PATIENTS_FROM_STUDIES, self._why)]
        if self._without_id:
            notes.append(note(NoteKind.STUDIES_WITHOUT_PATIENT, count=self._without_id))
        if self._other_name:
            about = "PatientID and issuer", "PatientName"
            notes.append(note(NoteKind.CONTRADICTING, *about, count=self._other_name))
        return replace(noted(outcome, *notes), unasked=_COUNTS)


def is_of_patient_in_study_root(request: Request, model: Model) -> bool:
    """Whether a request lists the studies of a patient, in a model without patients."""
    below = request.level is Level.STUDY and request.place.step(Level.PATIENT) is not None
    return below and model is Model.STUDY_ROOT


def with_name(request: Request) -> Request:
    """The request, asking for the patient's name too."""
    if any(key.attribute.tag == PATIENT_NAME for key in request.keys):
        return request
    return replace(request, keys=(*request.keys, return_key("PatientName")))


class NamesOfPatient(AnswerStep):
    """Notices studies of different people under one PatientID, which only the names tell."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def passed(self, batch: list[Row]) -> list[Row]:
        """The same rows."""
        for row in batch:
            name = row.text(PATIENT_NAME)
            if name and len(self._names) < _MOST_NAMES:
                self._names.setdefault(_alike(name), name)
        return batch

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with the names if there are several."""
        if len(self._names) < 2:
            return outcome
        names = ", ".join(list(self._names.values())[:_NAMED])
        return noted(outcome, note(NoteKind.SEVERAL_NAMES, names, count=len(self._names)))


_MOST_NAMES, _NAMED = 1000, 3


def _alike(name: str) -> str:
    """A name without differences that do not make another person: case, and empty components."""
    return name.casefold().rstrip("^= ")


class StudiesOfPatients(DerivedAnswer):
    """What is below the patient level, queried patient by patient.

    Patients without a PatientID cannot be queried: the answer is then incomplete. Those who share
    one are queried together, because a peer need not match the issuer: each entity comes once.
    """

    def __init__(
        self, archive: Archive, modality: Modality, request: Request, limit: int | None, why: str
    ) -> None:
        super().__init__(limit)
        self._archive = archive
        self._why = why
        self._unnamed = 0
        self._modality = modality
        self._request = request
        self._answers: list[Answer] = []

    async def _batches(self) -> AsyncIterator[list[Row]]:
        for patient in await self._patients():
            below = replace(self._request, place=patient, keys=self._below_patient())
            async for batch in self._find(below, self.room):
                yield batch
            if not self._answers[-1].outcome.ending.by_the_peer:
                break

    async def _patients(self) -> list[Place]:
        request = Request(Level.PATIENT, self._request.place, self._of_patient())
        places = []
        async for batch in self._find(request, None):
            places += [place_of(row, Level.PATIENT, self._request.place) for row in batch]
        found = [place for place in places if place is not None]
        self._unnamed = len(places) - len(found)
        return _together(found)

    def _of_patient(self) -> tuple[QueryKey, ...]:
        return tuple(key for key in self._request.keys if key.keyword in PATIENT_KEYS)

    def _below_patient(self) -> tuple[QueryKey, ...]:
        """The other keys; those of the patient become return keys."""
        keys = self._request.keys
        return tuple(
            return_key(key.keyword) if key.keyword in PATIENT_KEYS else key for key in keys
        )

    async def _find(self, request: Request, limit: int | None) -> AsyncIterator[list[Row]]:
        answer = await send(self._archive, self._modality, request, Model.PATIENT_ROOT, limit)
        self._answers.append(answer)
        async for batch in answer:
            yield batch

    def _ended(self) -> Outcome:
        """The ending of the first part that is not complete."""
        whole = combined([answer.outcome for answer in self._answers])
        whole = whole if self.finished else as_cancelled(whole)
        ending = whole.ending
        notes = [note(NoteKind.PATIENT_BY_PATIENT, self._why)]
        if self._unnamed:
            notes.insert(0, note(NoteKind.UNNAMED_PATIENTS, _of(self._unnamed)))
            ending = Ending.PARTIAL if ending is Ending.COMPLETE else ending
        return replace(whole, ending=ending, notes=(*notes, *whole.notes), unasked=NOT_BELOW)

    async def aclose(self) -> None:
        """Leave early."""
        for answer in self._answers[-1:]:
            await answer.aclose()


def _together(patients: Iterable[Place]) -> list[Place]:
    """The patients, those who share a PatientID once."""
    once: dict[str, Place] = {}
    for place in patients:
        once.setdefault(place.steps[-1].key, place)
    return list(once.values())


def _of(number: int) -> str:
    return f"the {Level.STUDY.plural} of {Level.PATIENT.counted(number)}"


class OfIssuer(AnswerStep):
    """Passes on the rows of one of several patients who share a PatientID.

    Issuer of Patient ID is not a unique key (PS3.4 C.6.1.1.2): below the patient level, a peer may
    not match it.
    """

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._other = 0
        self._untold = 0

    def passed(self, batch: list[Row]) -> list[Row]:
        """The rows of that issuer, and those without an issuer."""
        return [row for row in batch if self._fits(row)]

    def _fits(self, row: Row) -> bool:
        issuer = row.text(ISSUER_OF_PATIENT_ID)
        self._untold += not issuer
        self._other += bool(issuer) and issuer != self._issuer
        return not issuer or issuer == self._issuer

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with what is uncertain about the issuer."""
        if self._other:
            outcome = noted(outcome, note(NoteKind.OTHER_ISSUER, count=self._other))
        if self._untold:
            outcome = noted(outcome, note(NoteKind.ISSUER_UNKNOWN))
        return outcome

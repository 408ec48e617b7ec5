"""Studies that no range of dates finds, found by the counts of their patients."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

from dicomsh.archives.archive import Archive, ArchivePool
from dicomsh.errors import DicomshError
from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending
from dicomsh.model.dedup import Dedup
from dicomsh.model.keys import COUNTS, PATIENT_ID, by_keyword
from dicomsh.model.level_keys import PATIENT_KEYS
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, context_keys
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.row import Row
from dicomsh.query.parallel import Ask, Parallel


@frozen
class StudiesOfOnePatient:
    """All studies of one patient; one part of a query in parallel."""

    base: Request
    patient_id: str
    optional: bool = True
    lone: bool = False

    @property
    def request(self) -> Request:
        """The query for them."""
        path = (by_keyword("PatientID"),)
        key = QueryKey(path, self.patient_id, Matching.SINGLE_VALUE, KeyOrigin.TYPED)
        keys = [held for held in self.base.keys if held.keyword != key.keyword]
        return replace(self.base, keys=(*keys, key))

    @property
    def title(self) -> str:
        """Whose studies."""
        return f"patient '{self.patient_id}'"

    def divided(self, rows: list[Row]) -> list[StudiesOfOnePatient]:
        """It cannot be divided."""
        del rows
        return []


class UndatedStudies:
    """Compares what was found with the counts of the patients, and asks for what is missing.

    Args:
        request: the study query.
        found: number of studies returned, by PatientID; the caller keeps it up to date.
    """

    def __init__(self, request: Request, found: Mapping[str, int]) -> None:
        self._request = request
        self._found = found
        self._expected: dict[str, int] | None = None

    async def take(self, archive: Archive, ask: Ask) -> None:
        """Query the counts of the patients; if a peer cannot give them, nothing is known."""
        patients = patients_of(self._request)
        if patients is None:
            return
        try:
            answer = await ask(archive, patients, None)
            rows = [row async for batch in answer for row in batch]
        except DicomshError:
            return
        if answer.outcome.ending is Ending.COMPLETE:
            self._expected = counts(rows)

    async def rows(self, pool: ArchivePool, ask: Ask, once: Dedup) -> AsyncIterator[list[Row]]:
        """The studies of the patients who have more than were found."""
        gaps = missing(self._expected or {}, self._found)
        # as the value of a key, any other ID would match further patients
        plain = [key for key in gaps if not set(key) & set("*?\\")]
        parts = [StudiesOfOnePatient(self._request, key) for key in plain]
        async for batch in Parallel(pool, ask, parts, once):
            yield batch

    @property
    def missing(self) -> int | None:
        """How many studies were not found; None if that is not known."""
        if self._expected is None:
            return None
        return sum(missing(self._expected, self._found).values())


_STUDIES = COUNTS.start


def patients_of(request: Request) -> Request | None:
    """The query for the patients whose studies a study query requests.

    None if it requests only some of their studies, which no count covers.
    """
    typed = [key for key in request.keys if key.value]
    if any(key.keyword not in PATIENT_KEYS for key in typed):
        return None
    return Request(Level.PATIENT, Place(), (*context_keys(request.place), *typed))


def counts(patients: Sequence[Row]) -> dict[str, int] | None:
    """Number of studies by PatientID; None if a patient has no count or no ID."""
    studies: Counter[str] = Counter()
    for row in patients:
        key, number = row.text(PATIENT_ID), row.text(_STUDIES) or ""
        if not key or not (number.isascii() and number.isdigit() and len(number) < 10):
            return None
        studies[key] += int(number)
    return dict(studies)


def missing(expected: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
    """How many studies were not found, by PatientID."""
    gaps = ((key, number - found.get(key, 0)) for key, number in expected.items())
    return {key: gap for key, gap in gaps if gap > 0}

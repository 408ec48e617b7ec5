"""How many studies patients have by their own counts, against how many were found. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from dicomsh.model.keys import COUNTS, PATIENT_ID
from dicomsh.model.level_keys import PATIENT_KEYS
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, context_keys
from dicomsh.model.row import Row

_STUDIES = COUNTS.start


def patients_of(request: Request) -> Request | None:
    """The query for the patients whose studies a study query asks for.

    None when it asks for some of their studies only, which no count tells.
    """
    typed = [key for key in request.keys if key.value]
    if any(key.keyword not in PATIENT_KEYS for key in typed):
        return None
    return Request(Level.PATIENT, Place(), (*context_keys(request.place), *typed))


def counts(patients: Sequence[Row]) -> dict[str, int] | None:
    """Studies by PatientID; None when a patient does not tell the number or has no ID."""
    studies: Counter[str] = Counter()
    for row in patients:
        key, number = row.text(PATIENT_ID), row.text(_STUDIES) or ""
        if not key or not (number.isascii() and number.isdigit() and len(number) < 10):
            return None
        studies[key] += int(number)
    return dict(studies)


def missing(expected: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
    """How many studies of which patients were not found."""
    gaps = ((key, number - found.get(key, 0)) for key, number in expected.items())
    return {key: gap for key, gap in gaps if gap > 0}

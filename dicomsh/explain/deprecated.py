"""Orthanc's deprecated C-FIND routes: the keys they keep, and the keys they need."""

from __future__ import annotations

from dicomsh.frozen import frozen
from dicomsh.model.levels import Level


@frozen
class Route:
    """A deprecated find-… route: the keys it keeps from the body, and the keys it needs."""

    route: str
    kept: frozenset[str]
    needed: tuple[frozenset[str], ...] = ()


_OF_PATIENT = frozenset(
    ("PatientID PatientName PatientBirthDate PatientSex OtherPatientIDs").split()
)
_OF_STUDY = frozenset(
    (
        "PatientID AccessionNumber StudyInstanceUID StudyDate StudyTime StudyID StudyDescription"
        " ReferringPhysicianName ModalitiesInStudy"
    ).split()
)
_OF_SERIES = frozenset(
    (
        "PatientID AccessionNumber StudyInstanceUID SeriesInstanceUID Modality SeriesNumber"
        " SeriesDescription SeriesDate SeriesTime BodyPartExamined ProtocolName OperatorsName"
    ).split()
)
_OF_INSTANCE = frozenset(
    (
        "PatientID AccessionNumber StudyInstanceUID SeriesInstanceUID SOPInstanceUID InstanceNumber"
        " InstanceCreationDate InstanceCreationTime"
    ).split()
)
_A_PATIENT = frozenset({"AccessionNumber", "PatientID"})
_A_STUDY = frozenset({"StudyInstanceUID"})
_A_SERIES = frozenset({"SeriesInstanceUID"})

ROUTES = {
    Level.PATIENT: Route("find-patient", _OF_PATIENT),
    Level.STUDY: Route("find-study", _OF_STUDY, (_A_PATIENT,)),
    Level.SERIES: Route("find-series", _OF_SERIES, (_A_PATIENT, _A_STUDY)),
    Level.INSTANCE: Route("find-instance", _OF_INSTANCE, (_A_PATIENT, _A_STUDY, _A_SERIES)),
}

"""The route of each level."""

LEAST = 3
"""Minimum length of a key that such a route needs."""

"""Orthanc's deprecated C-FIND routes: the keys they keep, and the keys they need."""

from __future__ import annotations

from dicomsh.frozen import frozen
from dicomsh.model.levels import Level


@frozen
class Route:
    """A deprecated find-… route (measured with every keyword: Orthanc 1.10.1).

    Args:
        route: its name.
        sent: keywords that it requests by itself.
        more: keywords that it takes from the body besides.
        needed: in each set, one keyword has to have a value.
    """

    route: str
    sent: tuple[str, ...]
    more: frozenset[str] = frozenset()
    needed: tuple[frozenset[str], ...] = ()

    @property
    def kept(self) -> frozenset[str]:
        """Keywords that it takes from the body; it drops all others."""
        return self.more.union(self.sent)


_A_PATIENT = frozenset({"AccessionNumber", "PatientID"})
_A_STUDY = frozenset({"StudyInstanceUID"})
_A_SERIES = frozenset({"SeriesInstanceUID"})

ROUTES = {
    Level.PATIENT: Route(
        "find-patient",
        ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "OtherPatientIDs"),
    ),
    Level.STUDY: Route(
        "find-study",
        (
            "PatientID",
            "AccessionNumber",
            "StudyInstanceUID",
            "StudyDate",
            "StudyTime",
            "StudyID",
            "StudyDescription",
            "ReferringPhysicianName",
        ),
        frozenset({"ModalitiesInStudy"}),
        (_A_PATIENT,),
    ),
    Level.SERIES: Route(
        "find-series",
        (
            "PatientID",
            "AccessionNumber",
            "StudyInstanceUID",
            "SeriesInstanceUID",
            "Modality",
            "SeriesNumber",
            "SeriesDescription",
            "SeriesDate",
            "SeriesTime",
            "BodyPartExamined",
            "ProtocolName",
            "OperatorsName",
            "PerformedProcedureStepDescription",
        ),
        needed=(_A_PATIENT, _A_STUDY),
    ),
    Level.INSTANCE: Route(
        "find-instance",
        (
            "PatientID",
            "AccessionNumber",
            "StudyInstanceUID",
            "SeriesInstanceUID",
            "SOPInstanceUID",
            "InstanceNumber",
            "InstanceCreationDate",
            "InstanceCreationTime",
        ),
        needed=(_A_PATIENT, _A_STUDY, _A_SERIES),
    ),
}
"""The route of each level."""

LEAST = 3
"""Minimum length of a key that such a route needs."""

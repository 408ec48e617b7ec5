"""Unique, required and optional keys of each level (PS3.4 C.2.2.1, C.6.1.1, C.6.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dicomsh.model.keys import level_of
from dicomsh.model.levels import Level


@dataclass(frozen=True, slots=True)
class KeyTypes:
    """What the standard asks of a server at a level of the Patient Root model.

    Args:
        section: the paragraph of PS3.4.
        required: keys that a server must match on and give back.
        at_study_root: further required keys in the Study Root model.
        optional: optional keys that the standard names; every other attribute is optional too.
    """

    section: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    at_study_root: tuple[str, ...] = ()


KEY_TYPES: Mapping[Level, KeyTypes] = {
    Level.PATIENT: KeyTypes(
        "C.6.1.1.2",
        ("PatientName",),
        (
            "IssuerOfPatientID",
            "PatientBirthDate",
            "PatientBirthTime",
            "PatientSex",
            "OtherPatientNames",
            "EthnicGroup",
            "PatientComments",
            "NumberOfPatientRelatedStudies",
            "NumberOfPatientRelatedSeries",
            "NumberOfPatientRelatedInstances",
        ),
    ),
    Level.STUDY: KeyTypes(
        "C.6.1.1.3",
        ("StudyDate", "StudyTime", "AccessionNumber", "StudyID"),
        (
            "ModalitiesInStudy",
            "SOPClassesInStudy",
            "ReferringPhysicianName",
            "StudyDescription",
            "ProcedureCodeSequence",
            "NameOfPhysiciansReadingStudy",
            "AdmittingDiagnosesDescription",
            "PatientAge",
            "PatientSize",
            "PatientWeight",
            "NumberOfStudyRelatedSeries",
            "NumberOfStudyRelatedInstances",
        ),
        at_study_root=("PatientName", "PatientID"),
    ),
    Level.SERIES: KeyTypes(
        "C.6.1.1.4",
        ("Modality", "SeriesNumber"),
        ("NumberOfSeriesRelatedInstances",),
    ),
    Level.INSTANCE: KeyTypes(
        "C.6.1.1.5",
        ("InstanceNumber",),
        ("SOPClassUID", "RelatedGeneralSOPClassUID", "ConceptNameCodeSequence"),
    ),
}


def key_type(keyword: str) -> tuple[Level, str] | None:
    """The level that a key belongs to, and its type there: unique, required or optional.

    None for an attribute that the standard and our own queries do not place at any level.
    """
    for level, types in KEY_TYPES.items():
        if keyword == level.unique_keyword:
            return level, "unique"
        if keyword in types.required:
            return level, "required"
        if keyword in types.optional:
            return level, "optional"
    placed = level_of(keyword)
    return None if placed is None else (placed, "optional")

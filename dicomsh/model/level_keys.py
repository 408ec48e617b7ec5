"""The keys of each level, in one place: what PS3.4 says about them and what we do with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from dicomsh.model.levels import Level


class LevelKeys(NamedTuple):
    """Keywords of the keys of a level of the Patient Root model, besides its unique key.

    Attributes:
        section: the paragraph of PS3.4 that lists them.
        required: keys that a server must match and return (PS3.4 C.2.2.1).
        at_study_root: further required keys in the Study Root model.
        optional: optional keys named by the standard; every other attribute is optional, too.
        default: keys that a query at this level requests by default, in column order.
        more: further keys that are requested to show an entity in full.
        title: keys that distinguish an entity from others in one line.
        label: keys that people use as the name of an entity.
        order: keys that entities are sorted by.
        counter: the number of entities one level below (PS3.4 C.3.4), None at the lowest.
    """

    section: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    default: tuple[str, ...]
    more: tuple[str, ...]
    title: tuple[str, ...]
    label: tuple[str, ...]
    order: tuple[str, ...]
    counter: str | None = None
    at_study_root: tuple[str, ...] = ()


LEVEL_KEYS: Mapping[Level, LevelKeys] = {
    Level.PATIENT: LevelKeys(
        section="C.6.1.1.2",
        required=("PatientName",),
        optional=(
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
        default=(
            "PatientID",
            "IssuerOfPatientID",
            "PatientName",
            "PatientSex",
            "PatientBirthDate",
            "NumberOfPatientRelatedStudies",
        ),
        more=(
            "PatientBirthTime",
            "OtherPatientIDs",
            "OtherPatientNames",
            "EthnicGroup",
            "PatientComments",
            "NumberOfPatientRelatedSeries",
            "NumberOfPatientRelatedInstances",
        ),
        title=("PatientID", "PatientName", "PatientSex", "PatientBirthDate"),
        label=("PatientID",),
        order=("PatientID", "IssuerOfPatientID"),
        counter="NumberOfPatientRelatedStudies",
    ),
    Level.STUDY: LevelKeys(
        section="C.6.1.1.3",
        required=("StudyDate", "StudyTime", "AccessionNumber", "StudyID"),
        at_study_root=("PatientName", "PatientID"),
        optional=(
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
        default=(
            "StudyDate",
            "ModalitiesInStudy",
            "StudyDescription",
            "NumberOfStudyRelatedSeries",
            "NumberOfStudyRelatedInstances",
            "StudyInstanceUID",
        ),
        more=(
            "StudyTime",
            "AccessionNumber",
            "PatientName",
            "PatientBirthDate",
            "PatientSex",
            "PatientAge",
            "PatientSize",
            "PatientWeight",
            "StudyID",
            "ReferringPhysicianName",
            "NameOfPhysiciansReadingStudy",
            "AdmittingDiagnosesDescription",
            "InstitutionName",
            "SOPClassesInStudy",
            "ProcedureCodeSequence",
        ),
        title=("StudyDate", "ModalitiesInStudy", "StudyDescription"),
        label=("StudyDate", "StudyDescription"),
        order=("StudyDate", "StudyTime"),
        counter="NumberOfStudyRelatedSeries",
    ),
    Level.SERIES: LevelKeys(
        section="C.6.1.1.4",
        required=("Modality", "SeriesNumber"),
        optional=("NumberOfSeriesRelatedInstances",),
        default=(
            "SeriesNumber",
            "Modality",
            "SeriesDescription",
            "BodyPartExamined",
            "NumberOfSeriesRelatedInstances",
            "SeriesInstanceUID",
        ),
        more=(
            "SeriesDate",
            "SeriesTime",
            "ProtocolName",
            "PerformingPhysicianName",
            "OperatorsName",
            "StationName",
            "Manufacturer",
            "ManufacturerModelName",
            "InstitutionName",
            "Laterality",
            "PatientPosition",
            "PerformedProcedureStepStartDate",
            "PerformedProcedureStepStartTime",
            "PerformedProcedureStepDescription",
            "RequestAttributesSequence",
        ),
        title=("SeriesNumber", "Modality", "SeriesDescription"),
        label=("SeriesNumber", "Modality"),
        order=("SeriesNumber",),
        counter="NumberOfSeriesRelatedInstances",
    ),
    Level.INSTANCE: LevelKeys(
        section="C.6.1.1.5",
        required=("InstanceNumber",),
        optional=("SOPClassUID", "RelatedGeneralSOPClassUID", "ConceptNameCodeSequence"),
        default=("InstanceNumber", "SOPClassUID", "SOPInstanceUID"),
        more=(
            "InstanceCreationDate",
            "InstanceCreationTime",
            "ContentDate",
            "ContentTime",
            "AcquisitionNumber",
            "AcquisitionDate",
            "AcquisitionTime",
            "ImageType",
            "ImageComments",
            "NumberOfFrames",
            "Rows",
            "Columns",
            "BitsAllocated",
            "ContentLabel",
            "ContentDescription",
        ),
        title=("InstanceNumber", "SOPInstanceUID"),
        label=("InstanceNumber",),
        order=("InstanceNumber",),
    ),
}

PATIENT_KEYS = frozenset(
    word
    for word in (*LEVEL_KEYS[Level.PATIENT].default, *LEVEL_KEYS[Level.PATIENT].more)
    if not word.startswith("NumberOf")
)
"""Keywords of the patient level that queries match on (PS3.4 C.6.1.1.2)."""

_HEADINGS = {
    "PatientSex": "Sex",
    "PatientBirthDate": "BirthDate",
    "IssuerOfPatientID": "Issuer",
    "NumberOfPatientRelatedStudies": "Studies",
    "StudyDate": "Date",
    "StudyTime": "Time",
    "ModalitiesInStudy": "Modalities",
    "StudyDescription": "Description",
    "AccessionNumber": "Accession",
    "NumberOfStudyRelatedSeries": "Series",
    "NumberOfStudyRelatedInstances": "Instances",
    "StudyInstanceUID": "Study UID",
    "SeriesNumber": "Number",
    "SeriesDescription": "Description",
    "BodyPartExamined": "BodyPart",
    "NumberOfSeriesRelatedInstances": "Instances",
    "SeriesInstanceUID": "Series UID",
    "InstanceNumber": "Number",
    "SOPClassUID": "SOP Class",
    "SOPInstanceUID": "SOP Instance UID",
}


def heading(keyword: str) -> str:
    """The heading of a column of a key; its keyword if that is short enough."""
    return _HEADINGS.get(keyword, keyword)


@cache
def level_of(keyword: str) -> Level | None:
    """The level that a key belongs to, or None if it belongs to none."""
    for more in (False, True):
        for level, keys in LEVEL_KEYS.items():
            if keyword in (keys.more if more else keys.default):
                return level
    return None


def key_type(keyword: str) -> tuple[Level, str] | None:
    """The level that a key belongs to, and its type there: unique, required or optional.

    None for an attribute that the standard and our own queries do not place at any level.
    """
    for level, keys in LEVEL_KEYS.items():
        if keyword == level.unique_keyword:
            return level, "unique"
        if keyword in keys.required:
            return level, "required"
        if keyword in keys.optional:
            return level, "optional"
    placed = level_of(keyword)
    return None if placed is None else (placed, "optional")

"""The keys of each level, in one place: what PS3.4 says about them and what we do with them.

Those inside a sequence are named by their path, as in a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from dicomsh.model.levels import HIERARCHY, Level


class LevelKeys(NamedTuple):
    """Keywords of the keys of a level of the Patient Root model, or of a worklist.

    The unique key of a level is not among them.

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


# The Modality Worklist information model (PS3.4 K.6.1.2.2): an item describes one scheduled
# procedure step. What belongs to the step itself is in the only item of its Scheduled Procedure
# Step Sequence; everything else is around it.

STEP = "ScheduledProcedureStepSequence"
"""Keyword of the sequence that holds the step."""

_STEP_TYPES = {
    "ScheduledStationAETitle": "1",
    "ScheduledProcedureStepStartDate": "1",
    "ScheduledProcedureStepStartTime": "1",
    "Modality": "1",
    "ScheduledPerformingPhysicianName": "2",
    "ScheduledProcedureStepDescription": "1C",
    "ScheduledStationName": "2",
    "ScheduledProcedureStepLocation": "2",
    "ScheduledProtocolCodeSequence": "1C",
    "PreMedication": "2C",
    "ScheduledProcedureStepID": "1",
    "RequestedContrastAgent": "2C",
    "ScheduledProcedureStepStatus": "3",
}

_AROUND_TYPES = {
    "RequestedProcedureID": "1",
    "RequestedProcedureDescription": "1C",
    "RequestedProcedureCodeSequence": "1C",
    "StudyInstanceUID": "1",
    "ReferencedStudySequence": "2",
    "RequestedProcedurePriority": "2",
    "PatientTransportArrangements": "2",
    "AccessionNumber": "2",
    "RequestingPhysician": "2",
    "ReferringPhysicianName": "2",
    "AdmissionID": "2",
    "CurrentPatientLocation": "2",
    "ReferencedPatientSequence": "2",
    "PatientName": "1",
    "PatientID": "1",
    "IssuerOfPatientID": "3",
    "PatientBirthDate": "2",
    "PatientSex": "2",
    "PatientWeight": "2",
    "ConfidentialityConstraintOnPatientDataDescription": "2",
    "PatientState": "2",
    "PregnancyStatus": "2",
    "MedicalAlerts": "2",
    "Allergies": "2",
    "SpecialNeeds": "2",
}


def inside(keyword: str) -> str:
    """The path of an attribute of the step, as in a query."""
    return f"{STEP}.{keyword}"


def displayed(name: str) -> str:
    """A path for display, and to type: that of an attribute of the step without its sequence."""
    return name.removeprefix(f"{STEP}.")


STEP_KEYWORDS = frozenset(_STEP_TYPES)
"""Keywords of the attributes of the step: a query names them inside its sequence alone."""

RETURN_TYPES: Mapping[str, str] = {
    **{inside(keyword): kind for keyword, kind in _STEP_TYPES.items()},
    **_AROUND_TYPES,
}
"""Path of each return key → its type: 1 has a value, 2 may be empty, 3 may be missing (PS3.5 7.4).

C means under a condition.
"""

REQUIRED_KEYS = (
    *map(
        inside,
        (
            "ScheduledStationAETitle",
            "ScheduledProcedureStepStartDate",
            "ScheduledProcedureStepStartTime",
            "Modality",
            "ScheduledPerformingPhysicianName",
        ),
    ),
    "PatientName",
    "PatientID",
)
"""Paths of the keys that a server must match (PS3.4 table K.6-1, R)."""

_START = ("ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime")
_PROCEDURE = "RequestedProcedureDescription"
_WORKLIST = (
    *map(inside, (*_START, "ScheduledStationAETitle", "Modality")),
    "PatientName",
    "PatientID",
    "AccessionNumber",
    _PROCEDURE,
    inside("ScheduledProcedureStepStatus"),
    inside("ScheduledProcedureStepID"),
    "StudyInstanceUID",
)
"""What a worklist shows by default: when, where, who and what; the last two tell steps apart."""

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
    Level.WORKLIST: LevelKeys(
        section="K.6.1.2.2",
        required=REQUIRED_KEYS,
        optional=tuple(name for name in RETURN_TYPES if name not in REQUIRED_KEYS),
        default=_WORKLIST,
        more=tuple(name for name in RETURN_TYPES if name not in _WORKLIST),
        title=(inside("ScheduledProcedureStepStartTime"), "PatientName", _PROCEDURE),
        label=(inside("ScheduledProcedureStepID"),),
        order=tuple(map(inside, _START)),
    ),
}


def counters(level: Level) -> Mapping[Level, str]:
    """Keywords of the numbers of entities at each level below one (PS3.4 C.3.4)."""
    below = HIERARCHY[level.value + 1 :]
    return {one: f"NumberOf{level.word.title()}Related{one.plural.title()}" for one in below}


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
    "ScheduledProcedureStepStartDate": "Date",
    "ScheduledProcedureStepStartTime": "Start",
    "ScheduledStationAETitle": "Station",
    "RequestedProcedureDescription": "Procedure",
    "ScheduledProcedureStepStatus": "Status",
    "ScheduledProcedureStepID": "Step",
}


_BRIEF_HEADINGS = {
    "PatientID": "ID",
    "PatientName": "Name",
    "PatientBirthDate": "Birth",
    "NumberOfPatientRelatedStudies": "#Stu",
    "ModalitiesInStudy": "Mod",
    "StudyDescription": "Desc",
    "AccessionNumber": "Acc",
    "NumberOfStudyRelatedSeries": "#Ser",
    "NumberOfStudyRelatedInstances": "#Ins",
    "StudyInstanceUID": "UID",
    "SeriesNumber": "No",
    "Modality": "Mod",
    "SeriesDescription": "Desc",
    "BodyPartExamined": "Body",
    "ProtocolName": "Prot",
    "NumberOfSeriesRelatedInstances": "#Ins",
    "SeriesInstanceUID": "UID",
    "InstanceNumber": "No",
    "SOPInstanceUID": "UID",
    "SOPClassUID": "Class",
    "ReferringPhysicianName": "Ref",
    "ScheduledStationAETitle": "Stat",
    "RequestedProcedureDescription": "Proc",
}


def brief_heading(name: str) -> str:
    """A shorter heading of a key, for a narrow table; empty if there is none. Many are aliases."""
    return _BRIEF_HEADINGS.get(name.rpartition(".")[2], "")


def heading(name: str) -> str:
    """The heading of a column of a key, or of a path; its keyword if that is short enough."""
    keyword = name.rpartition(".")[2]
    return _HEADINGS.get(keyword, keyword)


@cache
def level_of(keyword: str) -> Level | None:
    """The Query/Retrieve level that a key belongs to, or None if it belongs to none."""
    for more in (False, True):
        for level in HIERARCHY:
            keys = LEVEL_KEYS[level]
            if keyword in (keys.more if more else keys.default):
                return level
    return None


def key_type(keyword: str) -> tuple[Level, str] | None:
    """The Query/Retrieve level of a key, and its type there: unique, required or optional.

    None for an attribute that the standard and our own queries do not place at any level.
    """
    for level in HIERARCHY:
        keys = LEVEL_KEYS[level]
        if keyword == level.unique_keyword:
            return level, "unique"
        if keyword in keys.required:
            return level, "required"
        if keyword in keys.optional:
            return level, "optional"
    placed = level_of(keyword)
    return None if placed is None else (placed, "optional")

"""Keys of a query from the JSON of Orthanc's API: tags, and matching values in DICOM form.

Values are not in our language: they are sent as they are given, as Orthanc does.
"""

from __future__ import annotations

from collections.abc import Mapping

from dicomsh.gateway.errors import RequestError, Trouble, bad_format
from dicomsh.model import standard
from dicomsh.model.keys import (
    NOT_SENT,
    QUERY_RETRIEVE_LEVEL,
    SPECIFIC_CHARACTER_SET,
    Attribute,
    by_keyword,
    by_tag,
    is_keyword,
    stands_in_data_sets,
)
from dicomsh.model.levels import HIERARCHY, LEVEL_WORDS, Level
from dicomsh.model.matching import kind_of
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.vr import UNDELIMITED_VRS
from dicomsh.regex import regex

Tags = Mapping[int, str]
"""Tag → matching value as given, in the order given."""

_TAG = regex(r"([0-9a-fA-F]{4})[,-]?([0-9a-fA-F]{4})\Z")


def level_named(word: str) -> Level:
    """The level of a word: Patient, studies, IMAGE, … in any case.

    Raises:
        RequestError: no level is called so.
    """
    level = LEVEL_WORDS.get(word.lower())
    if level not in HIERARCHY:
        raise RequestError(Trouble.OUT_OF_RANGE)
    return level


def find_tag(name: str) -> int | None:
    """The tag of a keyword, as PS3.6 spells it, or of `gggg,eeee`, `gggg-eeee` or `ggggeeee`."""
    found = _TAG.match(name)
    if found:
        return int(found[1] + found[2], 16)
    return standard.tag_of(name) if is_keyword(name) else None


def query_keys(tags: Tags) -> tuple[QueryKey, ...]:
    """The keys of a query.

    The level and the character set of a query are set by other means, and group lengths
    (gggg,0000) say nothing: they are left out.

    Raises:
        RequestError: a key that cannot be in a query has a value: leaving it out would change what
            is asked for.
    """
    keys = (query_key(tag, value) for tag, value in tags.items())
    return tuple(key for key in keys if key is not None)


def query_key(tag: int, value: str, around: tuple[Attribute, ...] = ()) -> QueryKey | None:
    """A key of a query; None for what is set by other means.

    Args:
        tag: the attribute.
        value: its matching value.
        around: the sequences that hold it.

    Raises:
        RequestError: it cannot be in a query, and has a value.
    """
    if not _is_key(tag, value):
        return None
    attribute = by_tag(tag)
    matching = _matching(attribute.vr, value)
    return QueryKey((*around, attribute), value, matching, KeyOrigin.TYPED, value)


def _is_key(tag: int, value: str) -> bool:
    if tag in (SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL):
        return False
    attribute = by_tag(tag)
    if stands_in_data_sets(attribute) and tag & 0xFFFF and tag not in NOT_SENT:
        return True
    if value:
        raise bad_format(f"{attribute.keyword} {attribute.tag_text} cannot be matched in a query")
    return False


def _matching(vr: str, value: str) -> Matching:
    if not value:
        return Matching.UNIVERSAL
    if "\\" in value and vr not in UNDELIMITED_VRS:
        return Matching.UID_LIST if vr == "UI" else Matching.MULTIPLE_VALUES
    return kind_of(vr, value)


def returned_keywords(level: Level) -> tuple[str, ...]:
    """The keywords that Orthanc adds to a query: unique keys, and below patients the accession."""
    above = [ancestor.unique_keyword for ancestor in (*level.ancestors, level)]
    return tuple(above[:1] + ["AccessionNumber"] * (level is not Level.PATIENT) + above[1:])


def normalized(tags: Tags, level: Level) -> Tags:
    """The keys that Orthanc sends when `Normalize` is on, and every one that has a value.

    It drops all keys outside the modules of the level, those with a value too, and so answers
    another question than the one asked. A filter is never dropped here.
    """
    kept = _MODULES[level]
    return {tag: value for tag, value in tags.items() if value or by_tag(tag).keyword in kept}


def _words(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in text.split())


_PATIENT = """PatientName PatientID IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex
OtherPatientNames EthnicGroup PatientSpeciesDescription PatientBreedDescription ResponsiblePerson
ResponsiblePersonRole ResponsibleOrganization PatientComments PatientIdentityRemoved
DeidentificationMethod"""

_STUDY = """StudyDate StudyTime AccessionNumber ReferringPhysicianName StudyDescription
PhysiciansOfRecord NameOfPhysiciansReadingStudy StudyInstanceUID StudyID"""

_SERIES = """SeriesDate SeriesTime Modality SeriesDescription PerformingPhysicianName OperatorsName
AnatomicalOrientationType BodyPartExamined ProtocolName PatientPosition SeriesInstanceUID
SeriesNumber Laterality PerformedProcedureStepStartDate PerformedProcedureStepStartTime
PerformedProcedureStepID PerformedProcedureStepDescription CommentsOnThePerformedProcedureStep"""

_INSTANCE = """InstanceCreationDate InstanceCreationTime InstanceCreatorUID SOPClassUID
SOPInstanceUID RelatedGeneralSOPClassUID OriginalSpecializedSOPClassUID InstanceNumber
LongitudinalTemporalInformationModified SOPInstanceStatus SOPAuthorizationDateTime
SOPAuthorizationComment AuthorizationEquipmentCertificationNumber"""

_COUNTS = {
    Level.PATIENT: """NumberOfPatientRelatedStudies NumberOfPatientRelatedSeries
        NumberOfPatientRelatedInstances""",
    Level.STUDY: """NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances ModalitiesInStudy
        SOPClassesInStudy""",
    Level.SERIES: "NumberOfSeriesRelatedInstances",
    Level.INSTANCE: "",
}

_OF_LEVELS = (_PATIENT, _STUDY, _SERIES, _INSTANCE)

_MODULES = {level: _words(*_OF_LEVELS[: level.value + 1], _COUNTS[level]) for level in HIERARCHY}
"""Keys that are kept at each level: those of its module and the ones above (PS3.3 C.7.1 to C.7.3,
C.12.1), and the numbers of its own level. Measured with every keyword: Orthanc 1.10.1."""


def unique_tags(level: Level) -> tuple[int, ...]:
    """The tags of the unique keys from the patient down to a level."""
    return tuple(by_keyword(one.unique_keyword).tag for one in (*level.ancestors, level))

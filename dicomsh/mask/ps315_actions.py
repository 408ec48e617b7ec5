"""The action for each attribute, after the Basic Application Level Confidentiality Profile.

That is PS3.15 annex E, with its options to keep descriptions, the dates of studies, and a patient's
sex and age.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from dicomsh.model.keys import MOST_TAGS, by_tag
from dicomsh.model.vr import BULK_VRS, UNDELIMITED_VRS


class Action(Enum):
    """The replacement for a value."""

    KEEP = "the value itself"
    NAME = "a made-up name"
    CODE = "a made-up identifier"
    UID = "a made-up UID, unless the standard has defined it"
    YEAR = "the first day of the same year"
    BLANK = "nothing, or (masked)"


_BY_VR = {
    "PN": Action.NAME,
    "UI": Action.UID,
    "LO": Action.CODE,
    "SH": Action.CODE,
    "UC": Action.CODE,
    **dict.fromkeys(UNDELIMITED_VRS | BULK_VRS, Action.BLANK),
}
"""By VR, for attributes not named below: free text is masked unless known to be harmless."""

_BY_KEYWORD = {
    "PatientBirthDate": Action.YEAR,
    **dict.fromkeys(
        "PatientBirthTime PatientDeathDateInAlternativeCalendar LastMenstrualDate".split(),
        Action.BLANK,
    ),
    **dict.fromkeys(
        (
            "StudyDescription SeriesDescription ProtocolName PerformedProcedureStepDescription"
            " RequestedProcedureDescription ScheduledProcedureStepDescription"
            " ContentDescription AcquisitionProtocolName AcquisitionDeviceProcessingDescription"
            " Manufacturer ManufacturerModelName SoftwareVersions SequenceName ViewName"
            " CodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning"
            " TimezoneOffsetFromUTC ContrastBolusAgent DerivationDescription"
        ).split(),
        Action.KEEP,
    ),
}


@lru_cache(maxsize=MOST_TAGS)
def treatment(tag: int, vr: str) -> Action:
    """The action for an element.

    Args:
        tag: the element's tag; odd groups are private and never kept (PS3.15 table E.1-1).
        vr: its VR, as sent if the dictionary has none.
    """
    if (tag >> 16) % 2:
        return Action.BLANK
    found = _BY_KEYWORD.get(by_tag(tag).keyword)
    return found or _BY_VR.get(vr, Action.KEEP)

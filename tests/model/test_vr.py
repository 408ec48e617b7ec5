"""What separates the values of a list as it is typed."""

from __future__ import annotations

import pytest

from dicomsh.model.keys import by_keyword
from dicomsh.model.vr import separators


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("ModalitiesInStudy", ",\\"),
        ("StudyInstanceUID", ",\\"),
        ("StudyDate", ",\\"),
        ("SeriesNumber", ",\\"),
        ("AccessionNumber", ",\\"),
        # an ID has no commas, though its VR may
        ("PatientID", ",\\"),
        ("OtherPatientIDs", ",\\"),
        # a comma is a part of a name or a description, or a decimal comma
        ("StudyDescription", "\\"),
        ("PatientName", "\\"),
        ("PatientWeight", "\\"),
        ("PixelData", "\\"),
        # no lists
        ("PatientComments", ""),
        ("AdditionalPatientHistory", ""),
        ("RetrieveURL", ""),
        ("ProcedureCodeSequence", ""),
    ],
)
def test_values_are_separated_by_what_is_no_part_of_one(keyword: str, expected: str) -> None:
    assert separators(by_keyword(keyword).vr, keyword) == expected

"""The SOP classes to expect of objects that an archive does not tell the class of."""

from __future__ import annotations

import pytest
from pydicom import uid

from dicomsh.model.storage_classes import classes_of, usual_classes

CT, ENHANCED_CT = str(uid.CTImageStorage), str(uid.EnhancedCTImageStorage)
MR = str(uid.MRImageStorage)


@pytest.mark.parametrize(
    ("modality", "classes"),
    [
        ("CT", [CT, ENHANCED_CT]),
        ("KO", [uid.KeyObjectSelectionDocumentStorage]),
        ("SEG", [uid.SegmentationStorage]),
        # of any other, those of common ones
        ("XX", [CT, MR, uid.SecondaryCaptureImageStorage]),
        ("", [CT, MR]),
    ],
)
def test_what_a_series_usually_holds(modality: str, classes: list[str]) -> None:
    assert {*map(str, classes)} <= {*usual_classes(modality)}


def test_what_another_modality_holds_is_not_expected() -> None:
    assert MR not in usual_classes("CT")


def test_each_class_comes_once_in_order() -> None:
    pairs = [("1.9", "CT"), ("", "KO"), ("1.9", "MR"), ("", "KO"), ("1.8", "CT")]
    assert classes_of(pairs) == ("1.9", str(uid.KeyObjectSelectionDocumentStorage), "1.8")
    assert classes_of([(CT, "CT"), ("", "CT")]) == usual_classes("CT")
    assert classes_of([]) == ()

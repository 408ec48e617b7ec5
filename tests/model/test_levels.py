"""Levels and information models: their order, and their SOP classes as pynetdicom has them."""

from __future__ import annotations

import pytest
from pynetdicom import sop_class

from dicomsh.model.level_keys import key_type
from dicomsh.model.levels import ROOT_MODELS, Level, Model


def test_each_level_lies_between_its_neighbours() -> None:
    walked = [Level.PATIENT, Level.STUDY, Level.SERIES, Level.INSTANCE]
    assert [level.above for level in walked] == [None, *walked[:-1]]
    assert [level.below for level in walked] == [*walked[1:], None]


@pytest.mark.parametrize("model", ROOT_MODELS)
def test_an_information_model_has_three_sop_classes(model: Model) -> None:
    """PS3.4 C.6: FIND ends with 1, MOVE with 2, GET with 3."""
    name = model.title.replace(" ", "") + "QueryRetrieveInformationModel"
    uids = [getattr(sop_class, name + service) for service in ("Find", "Move", "Get")]
    assert [model.value, model.move.uid, model.get.uid] == uids


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("PatientID", (Level.PATIENT, "unique")),
        ("PatientName", (Level.PATIENT, "required")),
        ("StudyDate", (Level.STUDY, "required")),
        ("StudyDescription", (Level.STUDY, "optional")),
        ("SeriesInstanceUID", (Level.SERIES, "unique")),
        ("Modality", (Level.SERIES, "required")),
        ("BodyPartExamined", (Level.SERIES, "optional")),
        ("InstanceNumber", (Level.INSTANCE, "required")),
        ("PixelData", None),
    ],
)
def test_the_type_of_a_key(keyword: str, found: tuple[Level, str] | None) -> None:
    """PS3.4 tables C.6-1 to C.6-5."""
    assert key_type(keyword) == found

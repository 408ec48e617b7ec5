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
    assert [level.ancestors for level in walked] == [(), *(tuple(walked[:n]) for n in (1, 2, 3))]


def test_nothing_is_above_or_below_a_worklist() -> None:
    """PS3.4 K.1.2."""
    worklist = Level.WORKLIST
    assert (worklist.above, worklist.below, worklist.ancestors) == (None, None, ())


@pytest.mark.parametrize(
    ("level", "dicom", "words"),
    [
        (Level.PATIENT, "PATIENT", ("patient", "patient", "patients")),
        (Level.STUDY, "STUDY", ("study", "study", "studies")),
        (Level.SERIES, "SERIES", ("series", "series", "series")),
        (Level.INSTANCE, "IMAGE", ("instance", "instance", "instances")),
        (Level.WORKLIST, "", ("worklist", "worklist item", "worklist items")),
    ],
)
def test_what_a_level_is_called(level: Level, dicom: str, words: tuple[str, str, str]) -> None:
    """PS3.4 C.4.1.1.3.1: the level of instances is IMAGE; a worklist has none (K.4.1.1.3)."""
    assert level.dicom == dicom
    assert (level.word, level.noun, level.plural) == words
    assert [level.counted(number) for number in (0, 1, 1234)] == [
        f"0 {words[2]}",
        f"1 {words[1]}",
        f"1,234 {words[2]}",
    ]


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
        ("ProtocolName", (Level.SERIES, "optional")),
        ("InstitutionName", (Level.STUDY, "optional")),
        ("PixelData", None),
    ],
)
def test_the_type_of_a_key(keyword: str, found: tuple[Level, str] | None) -> None:
    """PS3.4 tables C.6-1 to C.6-5."""
    assert key_type(keyword) == found

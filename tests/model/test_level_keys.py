"""Where a key belongs, what it is called, and how entities below are counted."""

from __future__ import annotations

import pytest

from dicomsh.model.keys import by_keyword
from dicomsh.model.level_keys import (
    brief_heading,
    counters,
    displayed,
    heading,
    inside,
    key_type,
    level_of,
)
from dicomsh.model.levels import HIERARCHY, Level

STEP = "ScheduledProcedureStepSequence"


@pytest.mark.parametrize(
    ("name", "long", "short"),
    [
        ("PatientSex", "Sex", ""),
        ("PatientName", "PatientName", "Name"),
        ("ModalitiesInStudy", "Modalities", "Mod"),
        ("StudyComments", "StudyComments", ""),
        (f"{STEP}.Modality", "Modality", "Mod"),
        (f"{STEP}.ScheduledStationAETitle", "Station", "Stat"),
        (f"{STEP}.CommentsOnTheScheduledProcedureStep", "CommentsOnTheScheduledProcedureStep", ""),
    ],
)
def test_the_headings_of_a_key(name: str, long: str, short: str) -> None:
    assert (heading(name), brief_heading(name)) == (long, short)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (f"{STEP}.Modality", "Modality"),
        (STEP, STEP),
        (
            f"RequestAttributesSequence.{STEP}.Modality",
            f"RequestAttributesSequence.{STEP}.Modality",
        ),
        ("Modality", "Modality"),
    ],
)
def test_an_attribute_of_the_step_is_shown_without_its_sequence(name: str, shown: str) -> None:
    assert displayed(name) == shown
    assert inside("Modality") == f"{STEP}.Modality"


def test_every_level_counts_those_below() -> None:
    assert dict(counters(Level.PATIENT)) == {
        Level.STUDY: "NumberOfPatientRelatedStudies",
        Level.SERIES: "NumberOfPatientRelatedSeries",
        Level.INSTANCE: "NumberOfPatientRelatedInstances",
    }
    assert dict(counters(Level.SERIES)) == {Level.INSTANCE: "NumberOfSeriesRelatedInstances"}
    assert dict(counters(Level.INSTANCE)) == dict(counters(Level.WORKLIST)) == {}
    for level in HIERARCHY:
        for keyword in counters(level).values():
            assert by_keyword(keyword).vr == "IS"


@pytest.mark.parametrize(
    ("keyword", "level"),
    [
        ("PatientName", Level.PATIENT),
        ("PatientComments", Level.PATIENT),
        ("StudyDescription", Level.STUDY),
        ("StudyComments", None),
        ("Modality", Level.SERIES),
        ("InstanceNumber", Level.INSTANCE),
        ("NoSuchKeyword", None),
    ],
)
def test_the_level_of_a_key(keyword: str, level: Level | None) -> None:
    assert level_of(keyword) is level
    assert level is None or key_type(keyword) is not None

"""The dictionary in order, near spellings, and the tables of values and sequences."""

from __future__ import annotations

import random

import pytest

from dicomsh.model import dictionary
from dicomsh.model.keys import by_keyword, is_retired, keywords
from dicomsh.model.matching import matcher
from dicomsh.model.spelling import Spelling
from dicomsh.model.vocabulary import MODALITIES, attributes_inside, defined_terms
from tests.language.knowledge import Known


def test_keywords_by_their_beginning_those_in_use_first() -> None:
    found = [made.keyword for made in dictionary.beginning("studyd")]
    assert found == ["StudyDate", "StudyDescription"]
    retired = [is_retired(made.tag) for made in dictionary.beginning("Study")]
    assert retired == sorted(retired)
    assert any(retired)


def test_keywords_by_a_part() -> None:
    found = {made.keyword for made in dictionary.containing("birthd")}
    assert "PatientBirthDate" in found
    assert all("birthd" in keyword.lower() for keyword in found)


def test_what_never_stands_in_a_query_is_left_out() -> None:
    every = [made.keyword for made in dictionary.beginning("")]
    assert len(every) == len(set(every)) > 4000
    assert not {"CommandField", "TransferSyntaxUID", "Item"} & set(every)


def test_keywords_are_in_order_whatever_their_case() -> None:
    words = [made.keyword.lower() for made in dictionary.beginning("PATIENT")]
    in_use = [word for word in words if not is_retired(by_keyword(word).tag)]
    assert in_use == sorted(in_use)
    assert words == [*in_use, *sorted(set(words) - set(in_use))]
    assert "patientname" in words


def test_misspelt_keywords_are_found() -> None:
    words = [keyword.lower() for keyword in keywords()]
    spelling = Spelling(words)
    chosen = random.Random(7).sample(words, 200)
    for word in chosen:
        spot = len(word) // 2
        for wrong in (word[:spot] + word[spot + 1 :], word[:spot] + "x" + word[spot:]):
            assert word in spelling.near(wrong, 3), wrong
    assert spelling.near("zzzzzz", 3) == []


def test_every_defined_term_can_be_asked_for() -> None:
    tables = {made: defined_terms(made) for made in keywords() if defined_terms(made)}
    assert {"Modality", "PatientSex", "Laterality", "BodyPartExamined"} <= set(tables)
    for keyword, terms in tables.items():
        for term in terms:
            assert matcher(by_keyword(keyword), term, Known().today).value == term
    assert MODALITIES["CT"] == "Computed Tomography"
    assert defined_terms("PatientName") == {}


@pytest.mark.parametrize(
    ("keyword", "inside"),
    [
        ("RequestAttributesSequence", "RequestedProcedureID"),
        ("ScheduledProcedureStepSequence", "ScheduledStationAETitle"),
        ("ProcedureCodeSequence", "CodeValue"),
        ("ReferencedStudySequence", "ReferencedSOPInstanceUID"),
    ],
)
def test_sequences_have_attributes_inside(keyword: str, inside: str) -> None:
    assert by_keyword(keyword).vr == "SQ"
    assert inside in list(attributes_inside(keyword))


def test_attributes_inside_exist() -> None:
    for keyword in keywords():
        for inside in attributes_inside(keyword):
            assert by_keyword(inside).keyword == inside
    assert list(attributes_inside("StudyDate")) == []

"""Service Class Application Information (PS3.4 C.5.1.1, PS3.7 D.3.3.5)."""

from __future__ import annotations

import pytest

from dicomsh.model.abilities import Abilities
from dicomsh.model.extended_negotiation import NONE, Extension, agreed, application_information
from dicomsh.model.levels import Model

RELATIONAL, DATETIME, FUZZY, EMPTY = Extension


@pytest.mark.parametrize(
    ("wanted", "information"),
    [
        ([], "00 00 00"),
        ([RELATIONAL], "01 00 00"),
        ([DATETIME, FUZZY], "00 01 01"),
        ([RELATIONAL, EMPTY], "01 00 00 00 00 01"),
    ],
)
def test_what_is_proposed(wanted: list[Extension], information: str) -> None:
    assert application_information(wanted) == bytes.fromhex(information)


@pytest.mark.parametrize(
    ("information", "accepted"),
    [
        ("", []),
        ("01", [RELATIONAL]),
        ("00 01 01", [DATETIME, FUZZY]),
        ("01 00 01 00 00 01", [RELATIONAL, FUZZY, EMPTY]),
        ("01 00 01 00 00 01 01", [RELATIONAL, FUZZY, EMPTY]),
        # nothing but 1 accepts
        ("02 ff 00", []),
    ],
)
def test_what_is_agreed(information: str, accepted: list[Extension]) -> None:
    assert agreed(bytes.fromhex(information)) == frozenset(accepted)


def test_the_words_for_an_option() -> None:
    assert [option.word for option in Extension] == ["relational", "datetime", "fuzzy", "empty"]
    assert [option.title for option in Extension] == [
        "relational queries",
        "combined date-time matching",
        "fuzzy matching of names",
        "empty value matching",
    ]


def test_each_model_has_its_own_agreement() -> None:
    abilities = Abilities(extended={Model.STUDY_ROOT.value: frozenset({FUZZY})})
    assert abilities.agreed(Model.STUDY_ROOT) == {FUZZY}
    assert abilities.agreed(Model.PATIENT_ROOT) == NONE

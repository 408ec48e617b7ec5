"""Keys of a query in words."""

from __future__ import annotations

import pytest

from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey


def listed(number: int, uid: str) -> QueryKey:
    value = "\\".join([uid] * number)
    path = (by_keyword("StudyInstanceUID"),)
    return QueryKey(path, value, Matching.UID_LIST, KeyOrigin.TYPED)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (67, "\\".join(["12"] * 67)),
        (68, "\\".join(["12"] * 20) + "\\… (68 values)"),
        (2000, "\\".join(["12"] * 20) + "\\… (2,000 values)"),
    ],
)
def test_a_long_list_is_shown_by_its_start(number: int, shown: str) -> None:
    assert listed(number, "12").asked == f"StudyInstanceUID={shown}"


@pytest.mark.parametrize(
    ("matching", "value", "values"),
    [
        (Matching.UID_LIST, "1\\2", ("1", "2")),
        (Matching.MULTIPLE_VALUES, "A\\B\\", ("A", "B", "")),
        (Matching.MULTIPLE_VALUES, "A", ("A",)),
        (Matching.SINGLE_VALUE, "A\\B", ("A\\B",)),
        (Matching.WILDCARD, "A*\\B", ("A*\\B",)),
        (Matching.UNIVERSAL, "", ("",)),
    ],
)
def test_each_value_of_a_list_may_match(
    matching: Matching, value: str, values: tuple[str, ...]
) -> None:
    key = QueryKey((by_keyword("PatientID"),), value, matching, KeyOrigin.TYPED)
    assert key.values == values


@pytest.mark.parametrize(
    ("names", "keyword", "shown"),
    [
        (["PatientID"], "PatientID", "PatientID"),
        (
            ["ScheduledProcedureStepSequence", "Modality"],
            "ScheduledProcedureStepSequence.Modality",
            "Modality",
        ),
        (
            ["RequestAttributesSequence", "StudyInstanceUID"],
            "RequestAttributesSequence.StudyInstanceUID",
            "RequestAttributesSequence.StudyInstanceUID",
        ),
    ],
)
def test_a_key_is_named_by_its_path(names: list[str], keyword: str, shown: str) -> None:
    path = tuple(map(by_keyword, names))
    key = QueryKey(path, "7", Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    assert (key.keyword, key.name, key.asked) == (keyword, shown, f"{shown}=7")
    assert key.attribute.keyword == names[-1]


def test_kinds_of_matching_in_words() -> None:
    assert [kind.title for kind in Matching] == [
        *("single value", "UID list", "universal", "wildcard", "range", "sequence"),
        *("empty value", "multiple values"),
    ]


@pytest.mark.parametrize("model", Model)
def test_a_query_knows_its_model(model: Model) -> None:
    assert Query(model.find, None, ()).model is model


def test_a_worklist_has_no_levels_above() -> None:
    def above(level: Level | None, model: Model) -> tuple[Level, ...]:
        return Query(model.find, level, ()).levels_above

    assert above(None, Model.MODALITY_WORKLIST) == ()
    assert above(Level.SERIES, Model.STUDY_ROOT) == (Level.PATIENT, Level.STUDY)

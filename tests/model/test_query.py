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


def test_a_worklist_has_no_levels_above() -> None:
    def above(level: Level | None, model: Model) -> tuple[Level, ...]:
        return Query(model.find, level, ()).levels_above

    assert above(None, Model.MODALITY_WORKLIST) == ()
    assert above(Level.SERIES, Model.STUDY_ROOT) == (Level.PATIENT, Level.STUDY)

"""What `explain` warns of before a query is sent."""

from __future__ import annotations

import pytest

from tests.harness import run

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("find series mod=CT", "StudyInstanceUID is left open"),
        ("cd 0555643F; explain find series", "StudyInstanceUID is left open"),
        (
            f"find series study={STUDY} StudyDescription=CT*",
            "StudyDescription belongs to a higher level",
        ),
        (
            "find series StudyDescription=CT*",
            "StudyInstanceUID is left open; StudyDescription belongs to a higher level",
        ),
    ],
)
def test_a_query_is_relational_by_what_it_lacks_or_has_of_higher_levels(
    query: str, reason: str
) -> None:
    """PS3.4 C.4.1.2.1: a single value in each unique key above, and no other key from there."""
    place, _, asked = query.rpartition("; explain ")
    told = run(f"use pacs; {place or 'pwd'}; explain {asked}").out
    assert f"relational: {reason}; the standard has that only with" in " ".join(told.split())


@pytest.mark.parametrize(
    "query",
    [
        f"find series study={STUDY}",
        f"find series study={STUDY} PatientID=0555643F",
        "find study name=JOD*",
        "find patient",
    ],
)
def test_a_hierarchical_query_is_not_called_relational(query: str) -> None:
    assert "relational" not in run(f"use pacs; explain {query}").out


def test_a_wildcard_in_the_unique_key_of_the_level_is_not_in_the_standard() -> None:
    said = "PatientID is the unique key of this level: the standard has no wildcards for it"
    assert said in " ".join(run("use pacs; explain find patient id=*43F").out.split())
    assert said not in " ".join(run("use pacs; explain find study id=*43F").out.split())
    assert said not in " ".join(run("use pacs; explain find patient id=0555643F").out.split())

"""date.year, time.hour, age: keys that follow from those of the rows, in every stage."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.harness import run


def rows(text: str) -> list[dict[str, Any]]:
    done = run(f"use pacs; {text}", output="json")
    assert done.status == 0, done.err
    return list(done.json)


STUDIES = rows("find study +StudyTime +PatientBirthDate")


def day_of(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def test_count_by_a_part() -> None:
    found = rows("find study | count by date.year")
    wanted = Counter(int(row["StudyDate"][:4]) if row["StudyDate"] else None for row in STUDIES)
    assert {row.get("StudyDate.year"): row["count"] for row in found} == wanted
    hours = Counter(int(row["StudyTime"][:2]) for row in STUDIES if row.get("StudyTime"))
    found = rows("find study +StudyTime | where time=* | count by time.hour")
    assert {row["StudyTime.hour"]: row["count"] for row in found} == hours


def test_where_sort_and_select_know_parts() -> None:
    found = rows(
        "find study | where date.weekday=sat,Sunday date.month=2009..2015-06 | sort date.weekday"
        " | select date.weekday StudyDate"
    )
    days = [day_of(row["StudyDate"]) for row in STUDIES if row["StudyDate"]]
    wanted = [day for day in days if day.weekday() > 4 and date(2009, 1, 1) <= day]
    wanted = [day for day in wanted if day <= date(2015, 6, 30)]
    assert wanted
    assert [row["StudyDate"] for row in found] == [
        f"{day:%Y%m%d}" for day in sorted(wanted, key=date.weekday)
    ]
    assert list(found[0]) == ["StudyDate.weekday", "StudyDate"]
    assert {row["StudyDate.weekday"] for row in found} <= {"Sat", "Sun"}


def test_the_age_at_the_study() -> None:
    found = rows("find study +PatientBirthDate | where age=<18Y | sort age | select id age uid")
    young = [
        row
        for row in STUDIES
        if row["StudyDate"] and row["PatientBirthDate"]
        if int(row["StudyDate"]) - int(row["PatientBirthDate"]) < 18_00_00
    ]
    assert {row["StudyInstanceUID"] for row in found} == {r["StudyInstanceUID"] for r in young}
    ages = [row["age"] for row in found]
    assert ages == sorted(ages, key=lambda age: (age[3] == "Y", age))
    assert ages


def test_an_age_that_was_requested_is_that_of_the_archive() -> None:
    found = rows("find study +PatientAge +PatientBirthDate | count by age")
    assert all("PatientAge" in row for row in found)


def test_parts_in_other_formats() -> None:
    text = "use pacs; find study date=2009-04-12 | select date.month date.year date.weekday"
    assert run(text, output="csv").out.splitlines()[1] == "200904,2009,Sun"
    table = run(text).out.splitlines()
    assert table[0].split("  ") == [" #", "Date month", "Date year", "Date weekday"]
    assert table[1].split() == ["1", "2009-04", "2009", "Sun"]
    assert "StudyDate.year: 2009" in " ".join(run(text, output="vertical").out.split())
    refused = run(text, output="dicom-json")
    assert refused.status == 2
    assert "attributes only" in refused.err


def test_parts_of_counted_values() -> None:
    found = rows("find study | count by date | where date.year=2009 | count by date.month")
    wanted = {row["StudyDate"][:6] for row in STUDIES if (row["StudyDate"] or "")[:4] == "2009"}
    assert {row["StudyDate.month"] for row in found} == wanted


def test_rows_keep_their_place() -> None:
    done = run(
        "use pacs; find study | select date.year | head 3; cd 3; pwd --keys", output="ndjson"
    )
    assert STUDIES[2]["StudyInstanceUID"] in done.out.splitlines()[-1]
    assert "also returned" not in done.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("find study | where time.hour=3", "add +StudyTime to the query"),
        ("find study | sort age", "add +PatientBirthDate to the query"),
        ("find patient | sort age", "a patient has an age at each study"),
        ("find study | where date.weekday=Satruday", "'Satruday' is not a valid weekday"),
        ("find study | where date.year=soon", "'soon' is not a valid number"),
        ("find study date.year=2009", "for the rows: … | where date.year=VALUE"),
        ("find study | count | where date.year=2009", "these rows have no 'date.year'"),
    ],
)
def test_what_cannot_be_derived(text: str, told: str) -> None:
    done = run(f"use pacs; {text}")
    assert done.status == 2
    assert told in done.err


def test_values_that_are_no_dates_are_counted_as_they_are() -> None:
    from pydicom.config import disable_value_validation

    from tests.dimse.peers import answering, scp, study

    with disable_value_validation():
        answer = [study(n, StudyDate=day) for n, day in enumerate(("20090412", "April", ""))]
        with scp(answering(*answer)) as modality:
            entity = modality.entity
            peer = f"{entity.aet}@{entity.host}:{entity.port}"
            counts = run("find study | count by date.year", modality=peer, output="json")
            where = run("find study | where date.year=2009", modality=peer, output="json")
    assert {row["StudyDate.year"] for row in counts.json} == {2009, "April", None}
    assert len(where.json) == 1
    assert "1 row has a StudyDate.year that is not a number" in where.last


def test_a_mask_shows_no_more_of_a_part_than_of_the_whole() -> None:
    done = run(
        "use pacs; set mask on; find study +PatientBirthDate id=0555643F"
        " | count by birth.year birth.month birth.weekday date.month",
        output="json",
    )
    for row in done.json:
        assert row["PatientBirthDate.year"] == 1975
        assert row["PatientBirthDate.month"] == row["PatientBirthDate.weekday"] == "(masked)"
        assert row["StudyDate.month"].isdigit()

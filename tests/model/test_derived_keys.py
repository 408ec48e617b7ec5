"""Keys that follow from those that rows have."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model.derived_keys import PARTS, age_at, find_row_key, part_of
from dicomsh.model.levels import Level

DAYS = st.dates(min_value=date(1850, 1, 1), max_value=date(2200, 12, 31))


@pytest.mark.parametrize(
    ("name", "vr", "value", "found"),
    [
        ("year", "DA", "20090412", "2009"),
        ("year", "DA", "2009.04.12", "2009"),
        ("month", "DA", "20090412", "200904"),
        ("month", "DT", "2009", "2009"),
        ("weekday", "DT", "20090412101530+0200", "Sun"),
        ("hour", "TM", "07", "7"),
        ("hour", "TM", "10:15", "10"),
        ("hour", "DT", "20090412231530", "23"),
        ("hour", "DT", "20090412", "20090412"),
        ("year", "DA", "12 April 2009", "12 April 2009"),
        ("weekday", "DA", "20090231", "20090231"),
        ("hour", "TM", "25", "25"),
    ],
)
def test_parts_of_values(name: str, vr: str, value: str, found: str) -> None:
    assert PARTS[name].texts(vr, [value]) == [found]


@given(DAYS)
def test_every_day_has_its_parts(day: date) -> None:
    parts = [PARTS[name].texts("DA", [f"{day:%Y%m%d}"])[0] for name in ("year", "month", "weekday")]
    assert parts == [str(day.year), f"{day:%Y%m}", f"{day:%a}"]


def test_weekdays_are_ordered_from_monday() -> None:
    weekday = PARTS["weekday"]
    assert sorted(["x", "Sun", "Mon", "Sat"], key=weekday.order) == ["Mon", "Sat", "Sun", "x"]
    assert weekday.wanted("sat, SUNDAY") == "Sat,Sun"
    assert weekday.wanted("*") == "*"
    for typed in ("satur day", "s", "Satruday", ""):
        if typed:
            with pytest.raises(UsageError, match="is not a valid weekday"):
                weekday.wanted(typed)


@given(DAYS, DAYS)
def test_an_age_is_in_full_years(born: date, day: date) -> None:
    (found,) = age_at([f"{born:%Y%m%d}"], [f"{day:%Y%m%d}"])
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if day < born:
        assert found == "before birth"
    elif years >= 2:
        assert found == f"{years:03}Y"
    else:
        assert found[3] in "MD"


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("20240110", "20240110", "000D"),
        ("20240110", "20240209", "030D"),
        ("20240110", "20240210", "001M"),
        ("20220111", "20240110", "023M"),
        ("20220110", "20240110", "002Y"),
        ("20200229", "20240228", "003Y"),
    ],
)
def test_young_ages(born: str, day: str, age: str) -> None:
    assert age_at([born], [day]) == [age]


def test_no_age_without_both_dates() -> None:
    assert age_at([], ["20240110"]) == age_at(["20240110"], []) == []
    assert age_at(["unknown"], ["20240110"]) == ["unknown"]


def test_keys_of_rows() -> None:
    found = find_row_key("date.YEAR", Level.STUDY)
    assert (found.keyword, found.base, found.vr) == ("StudyDate.year", "StudyDate", "IS")
    assert part_of(found.keyword) is PARTS["year"]
    assert find_row_key("date", Level.STUDY).part is None
    step = find_row_key("time.hour", Level.WORKLIST)
    assert step.base == "ScheduledProcedureStepSequence.ScheduledProcedureStepStartTime"


@pytest.mark.parametrize(
    ("text", "message", "place", "hint"),
    [
        ("date.yaer", "StudyDate has no 'yaer'", "yaer", "did you mean '.year'?"),
        ("date.hour", "StudyDate has no 'hour'", "hour", "it has year, month, weekday"),
        ("name.year", "PatientName has no 'year'", "year", "dates have"),
        ("nmae.year", "no attribute 'nmae'", "nmae", "name"),
    ],
)
def test_wrong_keys_of_rows(text: str, message: str, place: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_row_key(text, Level.STUDY)
    error = caught.value
    assert error.message.startswith(message)
    assert error.span is not None
    assert text[error.span.start : error.span.end] == place
    assert hint in (error.hint or "")

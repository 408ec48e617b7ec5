"""Keys that follow from those that rows have."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model.derived_keys import PARTS, age_at, find_row_key, part_of, split_part
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
    days = ["x", "Sun", "Mon", "Sat"]
    assert sorted(days, key=PARTS["weekday"].order) == ["Mon", "Sat", "Sun", "x"]


def test_other_parts_are_ordered_as_their_values() -> None:
    assert sorted(["x", "23", "9", "10"], key=PARTS["hour"].order) == ["9", "10", "23", "x"]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("sat", "Sat"),
        ("sat, SUNDAY", "Sat, Sun"),
        (r"Tues\ thu ", r"Tue\ Thu "),
        ("sat,,sun,", "Sat,,Sun,"),
        # any day, none, and one or none
        ("*", "*"),
        ("", ""),
        ('""', '""'),
        ('sat,""', 'Sat,""'),
    ],
)
def test_how_weekdays_can_be_typed(typed: str, wanted: str) -> None:
    assert PARTS["weekday"].wanted(typed) == wanted


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("satur day", 0, 9),
        ("s", 0, 1),
        ("Satruday", 0, 8),
        # the letters of a day do not hide in a longer one
        ("sunday, sund, sun, su ,sat", 19, 21),
        (r"Mon\Tux", 4, 7),
        ('""x', 0, 3),
        ("mon,*", 4, 5),
    ],
)
def test_what_is_no_weekday_is_marked(typed: str, start: int, end: int) -> None:
    with pytest.raises(UsageError, match="is not a valid weekday") as caught:
        PARTS["weekday"].wanted(typed)
    assert caught.value.span == (start, end)
    assert f"'{typed[start:end]}'" in caught.value.message
    assert caught.value.hint == "Mon, Tue, Wed, Thu, Fri, Sat, Sun"


def test_what_has_no_terms_is_wanted_as_typed() -> None:
    assert PARTS["hour"].wanted("8..10, x") == "8..10, x"


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


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("2009.04.12", "2011-04-12", "002Y"),
        ("unknown", "20240110", "unknown"),
        ("20240110", "20240231", "20240231"),
        ("unknown", "soon", "unknown"),
    ],
)
def test_dates_as_others_write_them_have_an_age_and_other_text_has_none(
    born: str, day: str, age: str
) -> None:
    assert age_at([born], [day]) == [age]


STEP = "ScheduledProcedureStepSequence.ScheduledProcedureStepStart"


@pytest.mark.parametrize(
    ("text", "level", "base", "part", "vr"),
    [
        ("date.YEAR", Level.STUDY, "StudyDate", "year", "IS"),
        ("date", Level.STUDY, "StudyDate", "", "DA"),
        ("time.hour", Level.WORKLIST, f"{STEP}Time", "hour", "IS"),
        (f"{STEP}Date.month", Level.STUDY, f"{STEP}Date", "month", "DT"),
        ("date", Level.WORKLIST, f"{STEP}Date", "", "DA"),
    ],
)
def test_keys_of_rows(text: str, level: Level, base: str, part: str, vr: str) -> None:
    found = find_row_key(text, level)
    keyword = f"{base}.{part}" if part else base
    assert (found.keyword, found.base, found.vr) == (keyword, base, vr)
    assert found.part is part_of(keyword) is PARTS.get(part)


@pytest.mark.parametrize(
    ("text", "base", "part"),
    [
        ("date.YEAR", "date", "year"),
        ("a.b.weekday", "a.b", "weekday"),
        ("a.b", "a.b", None),
        ("year", "year", None),
        ("", "", None),
    ],
)
def test_a_part_is_what_follows_the_last_full_stop(text: str, base: str, part: str | None) -> None:
    assert split_part(text) == (base, PARTS[part] if part else None)
    assert part_of(text.lower()) is (PARTS[part] if part else None)


@pytest.mark.parametrize(
    ("text", "message", "place", "hint"),
    [
        ("date.yaer", "StudyDate has no 'yaer'", "yaer", "did you mean '.year'?"),
        ("date.hour", "StudyDate has no 'hour'", "hour", "it has year, month, weekday"),
        ("name.year", "PatientName has no 'year'", "year", "dates have"),
        ("nmae.year", "no attribute 'nmae'", "nmae", "name"),
        ("name.given", "no attribute 'given'", "given", "help keys"),
        ("yaer", "no attribute 'yaer'", "yaer", ""),
        (f"{STEP}Date.hours", "ScheduledProcedureStepStartDate has no 'hours'", "hours", "month"),
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

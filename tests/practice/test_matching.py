from __future__ import annotations

import re
from datetime import date, time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomsh.practice.archive import Value
from dicomsh.practice.matching import RequestedKey, UnmatchableError, condition, wildcard

TAG = 0x00100010


def matches(vr: str, value: str, stored: Value | None) -> bool:
    return condition(RequestedKey(TAG, vr, value))(stored)


def glob(pattern: str, text: str) -> bool:
    """The definition of wildcard matching, as slow as it is plain."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob(pattern[1:], text[skipped:]) for skipped in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])


@given(st.text("ab*?", max_size=8), st.text("abé", max_size=8))
@example("*a*b", "aab")
@example("a*a", "a")
def test_wildcards_match_as_defined(pattern: str, text: str) -> None:
    assert bool(wildcard(pattern).fullmatch(text)) == glob(pattern, text)


FILLED = st.lists(st.tuples(st.sampled_from("*?ab"), st.text("abc", max_size=5)), max_size=8)


@given(FILLED)
def test_wildcards_match_what_they_stand_for(parts: list[tuple[str, str]]) -> None:
    pattern = "".join(sign for sign, _ in parts)
    text = "".join(
        {"*": filling, "?": (filling + "x")[0]}.get(sign, sign) for sign, filling in parts
    )
    assert glob(pattern, text)
    assert wildcard(pattern).fullmatch(text)


@given(st.text(".+()[]\\^$|{}", max_size=6))
def test_nothing_but_asterisk_and_question_mark_is_special(text: str) -> None:
    assert wildcard(text).fullmatch(text)
    assert bool(wildcard(text).fullmatch("a")) is False


def test_many_asterisks_cost_little() -> None:
    assert not matches("UT", "*a" * 2000 + "b", "a" * 5000)


@pytest.mark.parametrize(
    ("vr", "value", "stored", "found"),
    [
        ("LO", "ozp*", "ozp00sj", True),
        ("LO", "o?p*", "ozp00sj", True),
        ("LO", "0?q*", "ozp00sj", False),
        ("LO", "OZP*", "ozp00sj", False),
        ("LO", "*", "", True),
        ("LO", "*", None, False),
        ("CS", "CT", "MR\\CT", True),
        ("CS", "US\\CT", "MR\\CT", True),
        ("CS", "US\\XA", "MR\\CT", False),
        ("CS", "M?", "MR\\CT", True),
        ("LT", "a\\b", "a\\b", True),
        ("LT", "a\\b", "a", False),
        ("SH", "A1", " A1 ", True),
        ("UI", "1.2\\1.3", "1.3", True),
        ("UI", "1.2", "1.2.3", False),
        ("IS", "04", "4", True),
        ("IS", "+4\\5", "4", True),
        ("IS", "4", "", False),
        ("DS", "2.50", "2.5", True),
        ("US", "512", "512", True),
        ("AS", "034Y", "034Y", True),
    ],
)
def test_kinds_of_matching(vr: str, value: str, stored: str | None, found: bool) -> None:
    assert matches(vr, value, stored) is found


@pytest.mark.parametrize(
    ("value", "stored", "found"),
    [
        ("jod*", "JODOGNE^SEBASTIEN", True),
        ("JODOGNE", "JODOGNE^SEBASTIEN", False),
        ("jodogne^sebastien^^", "JODOGNE^SEBASTIEN", True),
        ("*山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("*山田*", "Rei^Tarou=例^太郎=れい^たろう", False),
        ("yamada^tarou", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("Yamada*=山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("=山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("=例*", "Yamada^Tarou=山田^太郎=やまだ^たろう", False),
        ("==やまだ*", "Yamada^Tarou=山田^太郎", False),
        ("MÜLLER*", "Müller^Übung", True),
        ("M?ller*", "Müller^Übung", True),
        ("Muller*", "Müller^Übung", False),
        ("Müller*", "Muller^Ubung", False),
        ("Mu\N{COMBINING DIAERESIS}ller*", "Müller^Übung", True),
        ("M?ller*", "Mu\N{COMBINING DIAERESIS}ller", True),
        ("Gr??e^*", "Größe^Käthe", True),
        ("παράδειγμα*", "ΠΑΡΆΔΕΙΓΜΑ^ΕΛΈΝΗ", True),
        ("*", None, False),
        ("*", "", True),
    ],
)
def test_person_names(value: str, stored: str | None, found: bool) -> None:
    assert matches("PN", value, stored) is found


@pytest.mark.parametrize("vr", ["PN", "LO", "DA", "TM", "UI", "IS", "US", "UN", "OB", "AT"])
@pytest.mark.parametrize("stored", [None, "", "1"])
def test_universal_matching_takes_everything(vr: str, stored: str | None) -> None:
    assert matches(vr, "", stored)


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        *[
            (vr, value)
            for vr in ("DA", "TM", "DT", "UI", "IS", "DS", "AS")
            for value in ("*", "1?")
        ],
        ("DA", "2009"),
        ("DA", "20091301"),
        ("DA", "20090100"),
        ("DA", "-"),
        ("DA", "2009-01-01"),
        ("DA", "20090101-20090102-"),
        ("DA", "٢٠٠٩٠١٠١"),
        ("TM", "24"),
        ("TM", "1"),
        ("TM", "106000"),
        ("IS", "1-5"),
        ("IS", "1_0"),
        ("DS", "nan"),
        ("UI", "1.2.?"),
        ("UN", "x"),
        ("OB", "x"),
    ],
)
def test_what_cannot_be_matched_is_refused(vr: str, value: str) -> None:
    with pytest.raises(UnmatchableError):
        condition(RequestedKey(TAG, vr, value))


DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@given(st.none() | DAYS, st.none() | DAYS, DAYS)
def test_date_ranges_have_both_ends_inside(
    first: date | None, last: date | None, day: date
) -> None:
    if first is None and last is None:
        return
    value = f"{first or '':%Y%m%d}-{last or '':%Y%m%d}" if first and last else _open(first, last)
    inside = (first is None or first <= day) and (last is None or day <= last)
    assert matches("DA", value, f"{day:%Y%m%d}") is inside


def _open(first: date | None, last: date | None) -> str:
    return f"{first:%Y%m%d}-" if first else f"-{last:%Y%m%d}"


TIMES = st.times(time(0), time(23, 59, 59, 999999))
PRECISION = st.sampled_from([2, 4, 6, 8, 13])


@given(TIMES, PRECISION, TIMES, PRECISION, TIMES)
def test_time_ranges_of_any_precision(
    first: time, first_digits: int, last: time, last_digits: int, at: time
) -> None:
    low, high = _time(first)[:first_digits], _time(last)[:last_digits]
    stored = _time(at)
    inside = low <= stored[: len(low)] and stored[: len(high)] <= high
    assert matches("TM", f"{low}-{high}", stored) is inside


@given(TIMES, PRECISION, TIMES)
def test_a_time_stands_for_all_that_begin_with_it(wanted: time, digits: int, at: time) -> None:
    value = _time(wanted)[:digits]
    assert matches("TM", value, _time(at)) is _time(at).startswith(value)


def _time(moment: time) -> str:
    return f"{moment:%H%M%S.%f}"


@pytest.mark.parametrize(
    ("value", "stored", "found"),
    [
        ("10", "100000", True),
        ("10", "105959.999999", True),
        ("10", "110000", False),
        ("2359-", "235900", True),
        ("-0000", "000059", True),
        ("1030-1100", "110059.9", True),
        ("10", "10", True),
        ("10", "", False),
        ("10", None, False),
    ],
)
def test_times(value: str, stored: str | None, found: bool) -> None:
    assert matches("TM", value, stored) is found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2024", True),
        ("20240305", True),
        ("202403051015", True),
        ("2023-2024", True),
        ("2024-0500", True),
        ("20240305+0100", True),
        ("2025-", False),
        ("-2024", True),
        ("20240305101530.5-20240306", True),
        ("20240305101531-", False),
        ("2023-0500-2024-0500", True),
    ],
)
def test_date_times(value: str, found: bool) -> None:
    assert matches("DT", value, "20240305101530.500000") is found


def test_lists_may_hold_ranges() -> None:
    assert matches("DA", "20240101\\20250101-", "20260101")


STEPS: Value = ({0x00401001: "RP1", 0x00400009: "S1"}, {0x00401001: "RP2", 0x00400009: "S2"})


def _step(**values: str) -> RequestedKey:
    tags = {"procedure": 0x00401001, "step": 0x00400009}
    items = tuple(RequestedKey(tags[word], "SH", value) for word, value in values.items())
    return RequestedKey(0x00400275, "SQ", "", items)


def test_sequences_match_item_by_item() -> None:
    assert condition(_step(procedure="RP1", step="S1"))(STEPS)
    assert not condition(_step(procedure="RP1", step="S2"))(STEPS)
    assert not condition(_step(procedure="RP1"))(None)
    assert not condition(_step(procedure="RP1"))("")
    assert condition(_step(procedure="", step=""))(None)


def test_the_oracle_of_wildcards_agrees_with_fnmatch() -> None:
    assert re.fullmatch("a.*", "abc")
    assert glob("a*", "abc")
    assert not glob("a?", "abc")

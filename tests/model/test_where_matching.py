"""Matching and sorting values that are here already."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model.keys import by_keyword
from dicomsh.model.matching import matcher
from dicomsh.model.where_matching import measure_of, sorting, typed_value, value_test

TODAY = date(2024, 3, 5)


def matches(vr: str, text: str, *values: str) -> bool | None:
    return value_test(vr, text, TODAY)(values)


@pytest.mark.parametrize(
    ("vr", "text", "yes", "no"),
    [
        ("LO", "CT*", ["CT THORAX", "ct"], ["", "MCT"]),
        ("LO", "ct thorax", ["CT THORAX"], ["CT THORAX 2"]),
        ("LO", "T?orax", ["Thorax"], ["Torax"]),
        ("LO", "a,b", ["A,B"], ["a", "b"]),
        ("LO", r"a\b", ["A", "b"], ["a,b"]),
        ("LO", "[ab]*", ["[AB]c"], ["a", "b"]),
        ("LO", "étude", ["E\u0301TUDE"], ["etude"]),
        ("CS", "CT,MR", ["CT", "MR"], ["SR", "CTMR"]),
        ("PN", "doe*", ["Doe^Jane", "Doe"], ["O^Doe"]),
        ("PN", "山田*", ["Yamada^Tarou=山田^太郎=やまだ^たろう"], ["Yamada^Tarou"]),
        ("PN", "Doe", ["Doe^^^"], ["Doe^J"]),
        ("UI", "1.2.3,1.2.4", ["1.2.3", "1.2.4"], ["1.2.34"]),
        ("UI", "1.2.*", ["1.2.3"], ["1.3"]),
        ("DA", "2009", ["20090412", "2009.04.12"], ["20100101", ""]),
        ("DA", "2009-04..2009-05", ["20090401", "20090531"], ["20090331", "20090601"]),
        ("DA", ">=2009", ["20090101", "20240101"], ["20081231"]),
        ("DA", "-7d", ["20240227", "20240305"], ["20240226"]),
        ("DA", "today,yesterday", ["20240305", "20240304"], ["20240303"]),
        ("TM", "10:15", ["101500", "1015", "101559.9", "10:15:30"], ["1016", "101459"]),
        ("TM", "10:00..12:30", ["10", "123059"], ["0959", "1231"]),
        ("DT", "2024-03-05", ["20240305", "20240305101500.5+0100"], ["20240306"]),
        ("IS", "4", ["4", "04", "+4"], ["40", "x", ""]),
        ("IS", ">=4", ["4", "5"], ["3"]),
        ("IS", "<4", ["3", "-1"], ["4"]),
        ("IS", "2..5", ["2", "5"], ["1", "6"]),
        ("DS", "..2.5", ["2.5", "-1e3"], ["2.51"]),
        ("US", "1,3", ["1", "3"], ["2"]),
        ("US", "1, 3", ["1", "3"], ["2"]),
        ("DS", r"1.5\3", ["1.50", "3"], ["2"]),
        ("SH", "A1,A2", ["A1", "a2"], ["A1,A2"]),
        ("SH", 'A1,""', ["A1", ""], ["A2"]),
        ("LO", '""', [""], ["a"]),
        ("LO", "Fu? links", ["Fuß links", "FUß LINKS"], ["Fu links"]),
        ("SH", "XA1, B", ["xa1", "b"], ["A1"]),
        ("PN", "DoeX^", ["DOEX"], ["Doe"]),
        ("PN", "Gro?^Änne", ["Groß^Änne"], ["Gro^Änne"]),
        ("DT", "2024-03-05T10:00+01:00", ["20240305090030+0000"], ["20240305100030+0000"]),
        ("DT", "2024-03-05T10:00+01:00", ["20240305100030"], ["20240305090030"]),
        ("DT", "20240305101530.5-0500", ["20240305151530.5+0000"], ["20240305101530.5+0000"]),
        ("AS", "45Y", ["045Y"], ["045M"]),
        ("PN", "Doe=X", ["DOE=X"], ["Doe", "X"]),
        ("PN", "^Jane", ["^JANE"], ["Jane"]),
        ("PN", "Doe^", ["Doe"], ["DoeX"]),
        ("PN", "Doe", ["DOE"], ["DoeX"]),
        ("DA", "2009*", ["20091212"], ["20100101"]),
        ("DA", "2009041?", ["20090412"], ["20090421"]),
        ("DA", "2024-03-05", ["2024-03-05"], ["2024-03-06"]),
        ("TM", "10:15:01..", ["101501", "10:15:01"], ["1015", "10:15"]),
        ("TM", "10:15:01.5..", ["101501.5", "101502"], ["101501"]),
        ("TM", "..10:15:01.5", ["101501.5", "101501", "10"], ["101501.500001", "11"]),
        ("TM", "10:15:30.25", ["101530.25", "10:15:30.250"], ["101530", "101530.3"]),
        ("TM", "10:00:00.25..", ["100000.25", "11"], ["10", "1000"]),
        ("TM", ">10:00:00.499999", ["100000.5", "100000.500"], ["100000.499999", "10"]),
        ("TM", "<=10:00:00.000000", ["10", "1000", "100000.0"], ["100000.000001", "1001"]),
        ("DT", "2024-03-05T10:15", ["2024030510:15"], ["2024030510:16"]),
        ("LO", r"a\ b", ["a", " b"], ["b"]),
        ("IS", "1, 3 ,5", ["3", "5"], ["2"]),
        ("IS", ">4", ["5"], ["4"]),
        ("IS", "2..", ["2", "9"], ["1"]),
        ("AS", ">=18M", ["002Y", "018M"], ["001Y", "017M"]),
    ],
)
def test_values(vr: str, text: str, yes: list[str], no: list[str]) -> None:
    assert [value for value in yes if not matches(vr, text, value)] == []
    assert [value for value in no if matches(vr, text, value)] == []


@pytest.mark.parametrize(
    ("vr", "text", "value"),
    [
        ("DA", "2009..", "unknown"),
        ("DA", "..2009", "0"),
        ("DA", "2009", "2009"),
        ("DA", "2009", "20090230"),
        ("DA", "2009", "20090101-20091231"),
        ("DA", ">=2009", "20091301"),
        ("TM", "10:15", "101"),
        ("TM", ">=10:15", "noon"),
        ("TM", ">=10:15", "25"),
        ("DT", ">=2024", "20240230101500"),
        ("DT", ">=2024", "tomorrow"),
        ("IS", ">=4", "x"),
        ("AS", ">=4Y", "45"),
    ],
)
def test_what_has_no_order_cannot_be_compared(vr: str, text: str, value: str) -> None:
    assert matches(vr, text, value) is None
    assert matches(vr, "*", value)


def test_a_value_that_matches_counts_beside_one_without_order() -> None:
    assert matches("DA", "2009", "x", "20090412")
    assert matches("DA", "2010", "x", "20090412") is None


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("TM", "23"),
        ("TM", "235960"),
        ("TM", "101500.123456"),
        ("DT", "2024"),
        ("DT", "202403"),
        ("DT", "2024022910"),
        ("DA", "20240229"),
    ],
)
def test_every_form_of_a_moment_can_be_compared(vr: str, value: str) -> None:
    assert matches(vr, "00..23" if vr == "TM" else "..2025", value) is not None


def test_any_value_and_none() -> None:
    assert matches("LO", "*", "x")
    assert not matches("LO", "*")
    assert matches("LO", "")
    assert not matches("LO", "", "x")
    assert not matches("IS", "4")


def test_one_of_several_values_is_enough() -> None:
    assert matches("CS", "MR", "SR", "MR")
    assert not matches("CS", "CT", "SR", "MR")


@pytest.mark.parametrize(
    ("vr", "text", "message", "span"),
    [
        ("IS", "x", "'x' is not a valid number", (0, 1)),
        ("IS", "1,x", "'x' is not a valid number", (2, 3)),
        ("IS", ">=x", "'x' is not a valid number", (2, 3)),
        ("IS", "1..x", "'x' is not a valid number", (3, 4)),
        ("IS", "1..2..3", "'2..3' is not a valid number", (3, 7)),
        ("IS", "x..1", "'x' is not a valid number", (0, 1)),
        ("IS", "1,  x ,3", "'x' is not a valid number", (4, 5)),
        ("DS", "1\\x", "'x' is not a valid number", (2, 3)),
        ("DS", "1\\ x", "' x' is not a valid number", (2, 4)),
        ("IS", "1, ,3", "'' is not a valid number", (2, 2)),
        ("AS", "45", "'45' is not a valid age", (0, 2)),
        ("DA", "20x", "'20x' is not a valid date", (0, 3)),
        ("DA", "2024,2024-02-30", "there is no day 30 in 2024-02", (5, 15)),
        ("CS", ",", "no value in ','", (0, 1)),
        ("SQ", "CT", "a sequence has no value of its own", (0, 2)),
    ],
)
def test_what_is_no_value_is_marked(
    vr: str, text: str, message: str, span: tuple[int, int]
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        value_test(vr, text, TODAY)
    assert caught.value.span == span


VRS = st.sampled_from("DA TM DT IS DS AS CS LO PN UI LT".split())


@given(VRS, st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_tested_or_refused(vr: str, text: str, value: str) -> None:
    span = None
    try:
        assert value_test(vr, text, TODAY)([value]) in (True, False, None)
    except UsageError as error:
        span = error.span or (-1, 0)
    assert span is None or 0 <= span[0] <= span[1] <= len(text)


@given(st.dates(), st.sampled_from(["2009", "2009-04", "2009-04-12..2011", "<=2012", "-7d"]))
def test_a_date_matches_here_when_it_would_in_a_query(day: date, text: str) -> None:
    """The range that a query sends, compared as text, is the oracle."""
    value = f"{day:%Y%m%d}".rjust(8, "0")
    sent = matcher(by_keyword("StudyDate"), text, TODAY).value
    first, _, last = sent.partition("-") if "-" in sent else (sent, "", sent)
    assert matches("DA", text, value) == (first <= value and (not last or value <= last))


@pytest.mark.parametrize(
    ("vr", "values"),
    [
        ("IS", ["-3", "2", "10", "x"]),
        ("DS", ["0.5", "1e1", "20"]),
        ("UI", ["1.2.9", "1.2.10", "1.10.1", "x"]),
        # a part that is longer than a UID is no number
        ("UI", ["1." + "1" * 64, "2.1", "1." + "1" * 65]),
        ("DA", ["20081231", "2009.01.01", "20090102", "1 May 2008"]),
        ("TM", ["09", "0915", "10:00"]),
        ("AS", ["010D", "002W", "001M", "001Y"]),
        ("PN", ["adam", "Berta", "Ähre"]),
    ],
)
def test_order(vr: str, values: list[str]) -> None:
    backwards = values[::-1]
    backwards.sort(key=lambda value: sorting(vr, value))
    assert backwards == values


def test_an_identifier_takes_a_comma_as_in_a_query() -> None:
    assert value_test("LO", "A1,A2", TODAY, "PatientID")(["A2"])
    assert not value_test("LO", "A1,A2", TODAY, "StudyDescription")(["A2"])


@pytest.mark.parametrize(
    ("vr", "text", "hint"),
    [
        ("IS", "x", "4, >=4, <10, 2..5, or a list 1,3,5"),
        ("US", "x", "4, >=4, <10, 2..5, or a list 1,3,5"),
        ("AS", "x", "045Y, 18M, >=60Y, 2Y..10Y"),
        ("DA", "x", "2024-03-05, 2024-03"),
        ("TM", "x", "10:15, 10:15:30"),
        ("DT", "x", "2024-03-05T10:15"),
        ("SQ", "x", "RequestAttributesSequence.ScheduledProcedureStepID"),
    ],
)
def test_what_would_be_a_value_is_said(vr: str, text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        value_test(vr, text, TODAY)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("vr", "word"),
    [("IS", "number"), ("FD", "number"), ("AS", "age"), ("DA", "date"), ("TM", "time")],
)
def test_how_values_are_compared_in_words(vr: str, word: str) -> None:
    assert measure_of(vr) == word


@pytest.mark.parametrize(
    ("vr", "text", "value"),
    [
        ("IS", "4", 4),
        ("IS", "+04", 4),
        ("DS", "4.0", 4),
        ("DS", "4.5", 4.5),
        ("DS", "1e3", 1000),
        # more digits than a float has
        ("DS", "9007199254740993", 9007199254740993),
        ("UV", "18446744073709551615", 18446744073709551615),
        # none that Python reads alone
        ("IS", "1_000", "1_000"),
        ("IS", "four", "four"),
        ("IS", "", None),
        ("LO", "4", "4"),
        ("AS", "045Y", "045Y"),
        ("LO", "", None),
    ],
)
def test_a_number_that_a_text_means(vr: str, text: str, value: str | float | None) -> None:
    found = typed_value(vr, text)
    assert (type(found), found) == (type(value), value)

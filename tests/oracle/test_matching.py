"""The oracle's own matching: examples of PS3.4 C.2.2.2 and PS3.5, and what it leaves open."""

from __future__ import annotations

import pytest

from tests.oracle import matching
from tests.oracle.matching import Match

NO, UNLIKELY, MAY, MUST = Match.NO, Match.UNLIKELY, Match.MAY, Match.MUST


@pytest.mark.parametrize(
    ("vr", "pattern", "stored", "expected"),
    [
        ("LO", "CT CHEST", "CT CHEST", MUST),
        ("LO", "CT CHEST", "CT Chest", NO),
        ("LO", "CT*", "CT CHEST", MUST),
        ("LO", "CT*", "", UNLIKELY),
        ("LO", "50%*", "50% DOSE", MUST),
        ("LO", "50%", "50% DOSE", NO),
        ("LO", "KNEE_2", "KNEEX2", NO),
        ("LO", "[a]*", "a", NO),
        ("LO", "R?NTGEN", "RÖNTGEN", MUST),
        ("CS", "SR", "CT\\SR", MUST),
        ("CS", "sr", "CT\\SR", NO),
        ("ST", "a", "a\\b", NO),
        ("PN", "smith*", "SMITH^JOHN", MAY),
        ("PN", "Muller*", "Müller^Jürgen", MAY),
        ("PN", "M?ller*", "Müller^Jürgen", MUST),
        ("PN", "Müller*", "Möller^Jan", NO),
        ("PN", "DOE^JANE", "DOE^JANE^^", MAY),
        ("PN", "Διονυσιος", "ΔΙΟΝΥΣΙΟΣ", MAY),
        ("PN", "Yamada*", "Yamada^Tarou=山田^太郎", MUST),
        ("PN", "山田^太郎", "Yamada^Tarou=山田^太郎=やまだ^たろう", MAY),
        ("PN", "*山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", MUST),
        ("PN", "*=山田*", "Yamada^Tarou=山田^太郎", MUST),
        ("PN", "=山田*", "Yamada^Tarou=山田^太郎", MAY),
        ("PN", "Yamada^Tarou?山田*", "Yamada^Tarou=山田^太郎", UNLIKELY),
        ("PN", "鈴木*", "Yamada^Tarou=山田^太郎", NO),
    ],
)
def test_text(vr: str, pattern: str, stored: str, expected: Match) -> None:
    assert matching.text(vr, pattern)(stored) is expected


def test_decomposed_letters_are_the_servers_choice() -> None:
    assert matching.text("LO", "Mü*")("Mu\u0308nch") is MAY
    assert matching.text("PN", "M?nch*")("Mu\u0308nch^Z") is MAY


@pytest.mark.parametrize(
    ("vr", "first", "last", "stored", "expected"),
    [
        ("DA", "20240301", "20240331", "20240301", MUST),
        ("DA", "20240301", "20240331", "20240331", MUST),
        ("DA", "20240301", "20240331", "20240401", NO),
        ("DA", "", "20201231", "19991231", MUST),
        ("DA", "20240101", "", "20231231", NO),
        ("DA", "20240101", "", "", MAY),
        ("TM", "10", "105959.999999", "10", MUST),
        ("TM", "10", "105959.999999", "1015", MUST),
        ("TM", "1015", "101559.999999", "10", MAY),
        ("TM", "1015", "101559.999999", "1015", MUST),
        ("TM", "1015", "101559.999999", "1016", NO),
        ("TM", "10", "", "10", MUST),
        ("TM", "", "101559.999999", "10", MAY),
        ("TM", "1015", "", "11", MUST),
    ],
)
def test_ranges(vr: str, first: str, last: str, stored: str, expected: Match) -> None:
    assert matching.between(vr, first, last)(stored) is expected


def test_numbers_lists_and_values_that_are_missing() -> None:
    assert [matching.number("4")(stored) for stored in ("4", "04", "5", "")] == [
        MUST,
        MAY,
        NO,
        UNLIKELY,
    ]
    assert matching.uids(["1.2", "1.3"])("1.3") is MUST
    assert matching.uids(["1.2", "1.3"])("1.33") is NO
    either = matching.any_of([matching.text("SH", "A1"), matching.text("SH", "A2")])
    assert [either(stored) for stored in ("A1", "A2", "A3")] == [MUST, MUST, NO]
    assert [matching.empty(stored) for stored in ("", "A1")] == [MUST, NO]
    assert [matching.universal(stored) for stored in ("", "A1")] == [MUST, MUST]


def test_what_one_of_two_stored_values_matches_is_the_servers_choice() -> None:
    rule = matching.text("PN", "TWIN^TWO")
    assert matching.judged(rule, ("TWIN^ONE", "TWIN^TWO")) is MAY
    assert matching.judged(rule, ("TWIN^TWO",)) is MUST
    assert matching.judged(rule, ("TWIN^ONE", "ODD^ONE")) is NO


def test_where_takes_text_in_any_case() -> None:
    assert matching.text_in_any_case("ct")("CT\\SR") is MAY
    assert matching.text_in_any_case("ct")("SR") is NO

"""Pairing by unique key: the order of arrival changes nothing; and issuers of patients."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dicomsh.archives.rows import row_of
from dicomsh.model.levels import Level
from dicomsh.model.pairing import Pairing
from dicomsh.model.row import Row

STUDY_UID, PATIENT_ID, ISSUER, DESCRIPTION = 0x0020000D, 0x00100020, 0x00100021, 0x00081030


def a_study(number: int, description: str = "") -> Row:
    return row_of(
        {STUDY_UID: ("UI", [f"1.2.{number}"]), DESCRIPTION: ("LO", [description])},
    )


def a_patient(key: str, issuer: str = "") -> Row:
    held = {PATIENT_ID: ("LO", [key])}
    return row_of({**held, **({ISSUER: ("LO", [issuer])} if issuer else {})})


def paired(level: Level, arrivals: list[tuple[int, Row]]) -> Pairing:
    pairing = Pairing(level, lambda one, other: one.text(DESCRIPTION) != other.text(DESCRIPTION))
    for side, row in arrivals:
        pairing.add(side, [row])
    pairing.conclude()
    return pairing


def numbers(rows: list[Row]) -> list[int]:
    return sorted(int((row.text(STUDY_UID) or "").removeprefix("1.2.")) for row in rows)


ARRIVALS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 12)), max_size=40)


@given(ARRIVALS)
def test_the_order_of_arrival_changes_nothing(arrivals: list[tuple[int, int]]) -> None:
    pairing = paired(Level.STUDY, [(side, a_study(number)) for side, number in arrivals])
    counts = [Counter(number for side, number in arrivals if side == one) for one in (0, 1)]
    assert pairing.both == len(counts[0].keys() & counts[1].keys())
    for side in (0, 1):
        own, other = counts[side], counts[1 - side]
        alone = own.keys() - other.keys()
        assert numbers([pair.row for pair in pairing.only_in(side)]) == sorted(alone)
        assert pairing.only(side) == len(alone)
        more = {n for n in own if own[n] - 1 > max(other[n] - 1, 0)}
        assert numbers([pair.row for pair in pairing.repeated_in(side)]) == sorted(more)


@given(ARRIVALS, st.integers(0, 40))
def test_what_is_asked_for_again_is_not_repeated(arrivals: list[tuple[int, int]], cut: int) -> None:
    """One archive cut its answer off, and is asked again: its first rows come twice."""
    once = list(dict.fromkeys(arrivals))
    pairing = Pairing(Level.STUDY, lambda *_: False)
    for side, number in once:
        pairing.add(side, [a_study(number)])
    first = [number for side, number in once if side == 1][:cut]
    pairing.ask_again(1)
    for number in (*first, 99):
        pairing.add(1, [a_study(number)])
    assert pairing.repeated(1) == 0
    assert 99 in numbers([pair.row for pair in pairing.only_in(1)])


@given(ARRIVALS)
def test_pairs_that_differ_are_kept_and_no_others(arrivals: list[tuple[int, int]]) -> None:
    once = list(dict.fromkeys(arrivals))
    rows = [(side, a_study(n, "odd" if n % 2 and side else "")) for side, n in once]
    pairing = paired(Level.STUDY, rows)
    ours, theirs = ({n for side, n in once if side == one} for one in (0, 1))
    assert numbers([pair.row for pair in pairing.pairs()]) == sorted(
        n for n in ours & theirs if n % 2
    )
    assert all(p.first and not p.first.text(DESCRIPTION) for p in pairing.pairs())


def test_rows_come_in_the_order_of_their_numbers() -> None:
    tags = {"SeriesInstanceUID": 0x0020000E, "SeriesNumber": 0x00200011}
    rows = [
        row_of({tags["SeriesNumber"]: ("IS", [n]), tags["SeriesInstanceUID"]: ("UI", [f"1.{n}"])})
        for n in (10, 9, 100)
    ]
    pairing = paired(Level.SERIES, [(0, row) for row in rows])
    found = [pair.row.text(tags["SeriesNumber"]) for pair in pairing.only_in(0)]
    assert found == ["9", "10", "100"]


def test_a_patient_without_an_issuer_is_the_one_with_that_id() -> None:
    pairing = paired(Level.PATIENT, [(0, a_patient("7", "HOSPITAL")), (1, a_patient("7"))])
    assert (pairing.both, pairing.only(0), pairing.only(1)) == (1, 0, 0)


def test_a_patient_without_an_issuer_is_none_of_several() -> None:
    rows = [(0, a_patient("7", "A")), (0, a_patient("7", "B")), (1, a_patient("7"))]
    pairing = paired(Level.PATIENT, rows)
    assert (pairing.both, pairing.only(0), pairing.only(1)) == (0, 2, 1)


def test_patients_of_other_issuers_are_others() -> None:
    pairing = paired(Level.PATIENT, [(0, a_patient("7", "A")), (1, a_patient("7", "B"))])
    assert (pairing.both, pairing.only(0), pairing.only(1)) == (0, 1, 1)


def test_a_patient_without_an_id_is_not_paired() -> None:
    pairing = paired(Level.PATIENT, [(0, a_patient("", "A")), (1, a_patient("", "A"))])
    assert pairing.nameless == [1, 1]
    assert pairing.both == 0

"""Pairing by unique key: the order of arrival changes nothing; and issuers of patients."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.archives.rows import row_of
from dicomsh.errors import DicomshError
from dicomsh.model.comparison import Where
from dicomsh.model.levels import Level
from dicomsh.model.pairing import Pairing, both_rows
from dicomsh.model.place import Place, place_of, with_issuer
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


@pytest.mark.parametrize("bare", [0, 1])
def test_a_patient_without_an_issuer_is_the_one_with_that_id(bare: int) -> None:
    rows = [(1 - bare, a_patient("7", "HOSPITAL")), (bare, a_patient("7"))]
    pairing = paired(Level.PATIENT, rows)
    assert (pairing.both, pairing.only(0), pairing.only(1)) == (1, 0, 0)


def test_pairs_come_in_the_order_of_the_first_archive_and_the_others_on_their_side() -> None:
    def a_series(uid: int, number: int) -> Row:
        return row_of({0x0020000E: ("UI", [f"1.{uid}"]), 0x00200011: ("IS", [number])})

    pairing = Pairing(Level.SERIES, keeping)
    pairing.add(0, [a_series(1, 2), a_series(2, 1), a_series(3, 3)])
    pairing.add(1, [a_series(1, 1), a_series(2, 2), a_series(4, 3)])
    pairing.conclude()
    assert [both_rows(pair)[0].text(0x0020000E) for pair in pairing.pairs()] == ["1.2", "1.1"]
    ((first,), (second,)) = (list(pairing.only_in(side)) for side in (0, 1))
    assert first.first is not None
    assert first.first.text(0x0020000E) == "1.3"
    assert first.second is None
    assert second.second is not None
    assert second.second.text(0x0020000E) == "1.4"
    assert second.first is None


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
    pairing.add(1, [a_patient("", "A"), a_patient("", "B")])
    assert pairing.nameless == [1, 3]


def keeping(*_: Row) -> bool:
    return True


def dropping(*_: Row) -> bool:
    return False


def test_a_patient_is_placed_by_the_issuer_as_well_where_several_share_the_id() -> None:
    pairing = Pairing(Level.PATIENT, keeping)
    for side in (0, 1):
        rows = [a_patient("7", "A"), a_patient("7", "B"), a_patient("8", "A"), a_patient("9")]
        pairing.add(side, rows)
    pairing.conclude()
    found = {}
    for pair in pairing.pairs():
        row = both_rows(pair)[0]
        common = pairing.common(pair, (Place(), Place()))
        assert (common.level, common.rows) == (Level.PATIENT, both_rows(pair))
        assert common.places[0] == common.places[1]
        found[row.text(PATIENT_ID), row.text(ISSUER)] = common.places[0]
    assert len(found) == 4
    for (key, issuer), place in found.items():
        plain = place_of(a_patient(key or ""), Level.PATIENT, Place())
        assert plain is not None
        assert place == (with_issuer(plain, issuer or "") if key == "7" else plain)


def test_rows_that_come_again_are_counted_before_and_after_their_counterpart() -> None:
    pairing = Pairing(Level.STUDY, dropping)
    pairing.add(0, [a_study(1), a_study(1)])
    assert (pairing.repeated(0), pairing.only(0), pairing.both) == (1, 1, 0)
    pairing.add(1, [a_study(1)])
    pairing.add(0, [a_study(1)])
    assert (pairing.repeated(0), pairing.repeated(1)) == (1, 0)
    assert (pairing.only(0), pairing.both, pairing.read) == (0, 1, (1, 1))
    assert [pair.where for pair in pairing.repeated_in(0)] == [Where.MORE]


def test_no_more_entities_are_paired_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomsh.model.pairing._MOST_KEYS", 3)
    pairing = Pairing(Level.STUDY, dropping)
    pairing.add(0, [a_study(1), a_study(2), a_study(3)])
    pairing.add(1, [a_study(1)])
    with pytest.raises(DicomshError, match="more than 3 studies to compare") as caught:
        pairing.add(1, [a_study(4), a_study(5)])
    assert caught.value.hint == "compare them in parts: diff A B date=2024"


def test_no_more_rows_wait_or_are_kept_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomsh.model.pairing._MOST_BYTES", 2 * len(a_study(1).data))
    pairing = Pairing(Level.STUDY, dropping)
    pairing.add(0, [a_study(1), a_study(2)])
    pairing.add(1, [a_study(1)])  # its counterpart waits no longer
    pairing.add(1, [a_study(3)])
    with pytest.raises(DicomshError, match="more than 3 studies to compare"):
        pairing.add(0, [a_study(4)])
    monkeypatch.setattr("dicomsh.model.pairing._MOST_BYTES", 3 * len(a_study(1).data))
    pairing = Pairing(Level.STUDY, keeping)
    pairing.add(0, [a_study(1), a_study(2)])
    pairing.add(1, [a_study(1)])  # both are kept
    assert pairing.kept == 1
    with pytest.raises(DicomshError, match="more than 2 studies to compare"):
        pairing.add(0, [a_study(3)])

"""The parts of a query for a list of values: which values are asked for, and which were found."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dicomsh.archives.rows import row_of
from dicomsh.dimse.elements import ENCODINGS, EXPLICIT_LITTLE_ENDIAN, item
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.list_parts import UIDS_AT_ONCE, ListPart, list_parts
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.row import Row, Source
from tests.model.rows import answer


def a_key(keyword: str, value: str = "") -> QueryKey:
    kind = Matching.SINGLE_VALUE if value else Matching.UNIVERSAL
    return QueryKey((by_keyword(keyword),), value, kind, KeyOrigin.TYPED)


STUDY_UID = by_keyword("StudyInstanceUID").tag
BASE = Request(Level.STUDY, Place(), (a_key("StudyInstanceUID"), a_key("PatientName", "DOE")))


def part(*values: str, keyword: str = "StudyInstanceUID") -> ListPart:
    return ListPart(BASE, tuple(a_key(keyword, value) for value in values))


def studies(*uids: str | None) -> list[Row]:
    return [answer(**({} if uid is None else {"StudyInstanceUID": uid})) for uid in uids]


def test_one_value_is_asked_for_as_it_is_and_several_uids_as_a_list() -> None:
    (one,) = part("1.2").request.keys[1:]
    assert (one.value, one.matching) == ("1.2", Matching.SINGLE_VALUE)
    for values in (("1.2", "1.3"), ("1.2", "1.3", "1.4")):
        name, several = part(*values).request.keys
        assert name.keyword == "PatientName"
        assert (several.keyword, several.matching) == ("StudyInstanceUID", Matching.UID_LIST)
        assert several.value == "\\".join(values)


@pytest.mark.parametrize(
    ("values", "title"),
    [(("1.2",), "1.2"), (("1.2", "1.3"), "1.2 and 1 more"), (("1", "2", "3"), "1 and 2 more")],
)
def test_a_part_is_named_by_its_first_value(values: Sequence[str], title: str) -> None:
    assert part(*values).title == title
    many = part(*(f"1.{number}" for number in range(1001)))
    assert many.title == "1.0 and 1,000 more"


@pytest.mark.parametrize(
    ("values", "rows", "halves"),
    [
        (("1", "2", "3"), ("1", "2"), [("1",), ("2", "3")]),
        (("1", "2"), (), [("1",), ("2",)]),
        (("1",), ("1",), []),
        (("1", "2"), ("1", "9"), []),  # it ignored the list
        (("1", "2"), ("1", None), []),
    ],
)
def test_a_list_is_divided_unless_the_peer_ignored_it(
    values: Sequence[str], rows: Sequence[str | None], halves: list[tuple[str, ...]]
) -> None:
    made = part(*values).divided(studies(*rows))
    assert [tuple(key.value for key in half.keys) for half in made] == halves
    assert all(half.base is BASE for half in made)


@pytest.mark.parametrize(
    ("values", "rows", "found"),
    [
        (("1", "2", "3"), ("3", "1", "1", "9"), {0, 2}),
        (("1", "2"), (None, "2"), {1}),
        (("1", "2"), (), set()),
        (("1",), ("1",), {0}),
        (("1",), (None,), {0}),
        (("1",), ("9",), set()),
        (("1",), ("9", "1"), {0}),
        (("1",), (), set()),
    ],
)
def test_which_values_were_found(
    values: Sequence[str], rows: Sequence[str | None], found: set[int]
) -> None:
    assert part(*values).found(studies(*rows)) == found


def test_rows_come_in_the_order_of_the_values() -> None:
    rows = studies("9", "3", "1", None, "2", "1")
    assert part("1").in_order(studies("2", "1"))[0].text(STUDY_UID) == "1"
    ordered = part("2", "1", "3").in_order(rows)
    assert ordered == [rows[4], rows[2], rows[5], rows[1], rows[0], rows[3]]


def test_a_value_inside_a_sequence_is_found_there() -> None:
    tag = by_keyword("ScheduledStationAETitle").tag
    inside = row_of({tag: ("AE", ["CT1"])}).data
    steps = by_keyword("ScheduledProcedureStepSequence")
    explicit = ENCODINGS[EXPLICIT_LITTLE_ENDIAN]
    data = explicit.element(steps.tag, "SQ", item(inside))
    row = Row(data, Source(explicit, "ISO_IR 192"))
    path = (steps, by_keyword("ScheduledStationAETitle"))
    keys = [
        QueryKey(path, value, Matching.SINGLE_VALUE, KeyOrigin.TYPED) for value in ("MR1", "CT1")
    ]
    assert ListPart(BASE, tuple(keys)).found([row]) == {1}


def test_of_several_values_of_a_row_the_first_in_the_list_counts() -> None:
    rows = [answer(ModalitiesInStudy=text) for text in ("US\\MR", "CT \\ MR", "US")]
    made = part("MR", "CT", keyword="ModalitiesInStudy")
    assert made._indices(rows) == [0, 0, None]


@pytest.mark.parametrize(
    ("keyword", "number", "sizes"),
    [
        ("StudyInstanceUID", 2 * UIDS_AT_ONCE + 1, [UIDS_AT_ONCE, UIDS_AT_ONCE, 1]),
        ("PatientID", 3, [1, 1, 1]),
        ("PatientID", 0, []),
        ("StudyInstanceUID", 1, [1]),
    ],
)
def test_only_uids_are_asked_for_together(keyword: str, number: int, sizes: list[int]) -> None:
    keys = [a_key(keyword, f"1.{one}") for one in range(number)]
    parts = list(list_parts(BASE, keys))
    assert [len(one.keys) for one in parts] == sizes
    assert [key for one in parts for key in one.keys] == keys

"""Lists of values: as many queries as they need, each value once, nothing else changed."""

from __future__ import annotations

from datetime import date

import pytest

from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.lists import LONGEST, divided_lists, in_parts
from dicomsh.model.matching import matcher
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, QueryKey

SINGLE, WILDCARD = Matching.SINGLE_VALUE, Matching.WILDCARD


def typed(keyword: str, text: str, *, literal: bool = False) -> QueryKey:
    attribute = by_keyword(keyword)
    found = matcher(attribute, text, date(2024, 3, 5), literal=literal)
    return QueryKey((attribute,), found.value, found.kind, KeyOrigin.TYPED, literal=literal)


def parts(*keys: QueryKey) -> list[list[tuple[str, str, Matching]]]:
    request = Request(Level.STUDY, Place(), keys)
    return [
        [(key.keyword, key.value, key.matching) for key in part.keys] for part in in_parts(request)
    ]


def test_each_value_is_asked_for_by_itself_and_the_other_keys_with_each() -> None:
    found = parts(typed("ModalitiesInStudy", "CT,M*,CT"), typed("PatientID", "A"))
    other = ("PatientID", "A", SINGLE)
    assert found == [
        [("ModalitiesInStudy", "CT", SINGLE), other],
        [("ModalitiesInStudy", "M*", WILDCARD), other],
    ]


def test_of_two_lists_every_pair_is_asked_for() -> None:
    found = parts(typed("ModalitiesInStudy", "CT,MR"), typed("PatientSex", "M,F"))
    assert [[value for _, value, _ in keys] for keys in found] == [
        ["CT", "M"],
        ["CT", "F"],
        ["MR", "M"],
        ["MR", "F"],
    ]


def test_values_from_an_answer_are_no_patterns() -> None:
    found = parts(typed("ModalitiesInStudy", r"C*\MR", literal=True))
    assert [keys[0][1:] for keys in found] == [("C*", SINGLE), ("MR", SINGLE)]


def test_a_query_without_lists_stays_as_it_is() -> None:
    request = Request(Level.STUDY, Place(), (typed("PatientID", "A"),))
    assert in_parts(request) == [request]
    assert divided_lists(request) == ()
    listed = replace(request, keys=(typed("PatientSex", "M,F"), typed("StudyInstanceUID", "1,2")))
    assert divided_lists(listed) == ("PatientSex",)


def test_too_many_queries_are_refused() -> None:
    hundred = ",".join(f"A{number}" for number in range(100))
    at_most = typed("PatientID", hundred), typed("AccessionNumber", hundred)
    assert len(parts(*at_most)) == 10_000
    with pytest.raises(UsageError) as caught:
        parts(*at_most, typed("PatientSex", "M,F"))
    assert "PatientID and AccessionNumber and PatientSex" in caught.value.message
    assert "20,000 queries" in caught.value.message
    assert caught.value.hint == "give fewer values: at most 10,000 queries"


def uids(count: int, length: int) -> list[str]:
    return [f"1.{number:0{length - 2}}" for number in range(count)]


@pytest.mark.parametrize(
    ("count", "length", "sizes"),
    [
        # the longest value field has 0xFFFE bytes: 4,095 UIDs of 15 characters and 14 separators
        (4095, 15, [4095]),
        (4096, 15, [4095, 1]),
        (1058, 61, [1057, 1]),
        (1285, 50, [1285]),
        (1286, 50, [1284, 2]),
        (2016, 64, [1008, 1008]),
        (1009, 64, [1008, 1]),
    ],
)
def test_a_list_of_uids_is_cut_where_it_no_longer_fits(
    count: int, length: int, sizes: list[int]
) -> None:
    """PS3.5 7.1.2."""
    listed = QueryKey(
        (by_keyword("StudyInstanceUID"),),
        "\\".join(uids(count, length)),
        Matching.UID_LIST,
        KeyOrigin.TYPED,
    )
    short = typed("SOPClassesInStudy", "1.2,1.3")
    found = parts(short, listed, typed("PatientID", "A"))
    values = [dict(map(_plain, keys))["StudyInstanceUID"] for keys in found]
    assert [value.count("\\") + 1 for value in values] == sizes
    assert all(len(value) <= LONGEST for value in values)
    assert "\\".join(values) == listed.value
    for keys in found:
        assert {keyword for keyword, *_ in keys} == {
            *("SOPClassesInStudy", "PatientID", "StudyInstanceUID"),
        }


def _plain(key: tuple[str, str, Matching]) -> tuple[str, str]:
    return key[:2]

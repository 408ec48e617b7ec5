"""What is asked, and of what."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import is_normalized

import pytest

from tests.oracle import matching
from tests.oracle.asking import Answered
from tests.oracle.matching import Match
from tests.oracle.peers import held
from tests.oracle.queries import KEYS, Query, dates, like, one_of, queries, times
from tests.oracle.studies import LEVELS, Entity, Study, Values, entities, made_up
from tests.oracle.verdicts import Verdict, ignored, truth, verdict

STUDIES = made_up()
STORED = list(entities(STUDIES))
ASKED = queries(STORED)


def test_the_studies_are_many_and_of_every_kind() -> None:
    assert len(STUDIES) >= 300
    assert made_up() == STUDIES
    charsets = {study.person.charset for study in STUDIES}
    assert {"", "ISO_IR 100", "ISO_IR 126", "ISO_IR 144", "GB18030", "ISO_IR 192"} < charsets
    for keyword in ("StudyDate", "StudyTime", "AccessionNumber", "StudyDescription"):
        values = {study.values[keyword] for study in STUDIES}
        assert {"", None} < values
    assert any(len(entity.stored["PatientName"]) > 1 for entity in STORED)


def test_the_queries_are_many_and_of_every_kind() -> None:
    assert len(ASKED) >= 250
    assert [query.level for query in ASKED if query.place]
    assert {query.level for query in ASKED} == set(LEVELS)
    keywords = {key.keyword for query in ASKED for key in query.keys}
    assert keywords == {word for words in KEYS.values() for word in words}
    found = [any(query.match(entity) is Match.MUST for entity in STORED) for query in ASKED]
    assert 0.7 < sum(found) / len(found) < 0.95


def test_a_slow_server_holds_values_of_every_kind_and_answers_to_half_of_the_queries() -> None:
    few = held("qrscp", STUDIES)
    assert set(_kinds(few)) == set(_kinds(STUDIES))
    entities_of_few = list(entities(few))
    found = [any(query.match(one) is Match.MUST for one in entities_of_few) for query in ASKED]
    assert sum(found) / len(found) > 0.49


def _kinds(studies: Sequence[Study]) -> Iterator[tuple[str, object]]:
    """Gaps, character sets, forms of times, modalities, and how many of a thing there are."""
    for study in studies:
        person = study.person
        yield "charset", person.charset
        yield "decomposed", not is_normalized("NFC", person.name)
        yield "time", len(study.values["StudyTime"] or "")
        yield from (("modality", series.values["Modality"]) for series in study.series)
        yield from (("instances", len(series.instances)) for series in study.series)
        yield "series", len(study.series)
    yield from (
        (keyword, value)
        for values in _values(studies)
        for keyword, value in values.items()
        if not value
    )


def _values(studies: Sequence[Study]) -> Iterator[Values]:
    for study in studies:
        yield vars(study.person)
        yield study.values
        for series in study.series:
            yield series.values
            yield from series.instances


@pytest.mark.parametrize("module", ["matching", "studies", "queries"])
def test_the_oracle_uses_nothing_of_what_it_judges(module: str) -> None:
    tree = ast.parse((Path(__file__).parent / f"{module}.py").read_text("utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [
        one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names
    ]
    assert not [name for name in named if name.split(".")[0] == "dicomsh"]


def test_a_period_of_several_days_may_be_one() -> None:
    """C.2.2.2.5.4: the night between two days is in it, the next morning after its end is not."""
    days = dates("StudyDate", "2024-03-05..2024-03-06", "20240305", "20240306")
    query = Query("study", (days, times("StudyTime", "20:00..08:00", "20", "085959.999999")))
    assert query.match(_study("20240305", "230000")) is Match.MAY
    assert query.match(_study("20240306", "230000")) is Match.NO
    midday = Query("study", (days, times("StudyTime", "10:00..12:00", "10", "120059.999999")))
    assert midday.match(_study("20240305", "110000")) is Match.MUST
    assert midday.match(_study("20240305", "150000")) is Match.MAY
    assert midday.match(_study("20240306", "150000")) is Match.NO


def _study(date: str, time: str) -> Entity:
    return Entity("study", ("P1", "1.2"), {"StudyDate": (date,), "StudyTime": (time,)})


def _named(uid: str, name: str) -> Entity:
    return Entity("study", ("P1", uid), {"PatientName": (name,)})


QUERY = Query("study", (like("PatientName", "Smith*"),))
TRUTH = truth(QUERY.match, [_named("1", "Smith^A"), _named("2", "SMITH^B"), _named("3", "Doe")])


@pytest.mark.parametrize(
    ("rows", "line", "status", "expected"),
    [
        ("1", "1 study, complete · 2 ms", 0, Verdict.RIGHT),
        ("12", "2 studies, complete · 2 ms", 0, Verdict.RIGHT),
        ("13", "2 studies, complete · 2 ms", 0, Verdict.SILENT),
        ("11", "2 studies, complete · 2 ms", 0, Verdict.SILENT),
        ("11", "2 studies, complete · 2 ms · 2 rows are the same study", 0, Verdict.TOLD),
        ("33", "2 studies, complete · 2 ms · 2 rows are the same study", 0, Verdict.SILENT),
        ("", "no studies, complete · 2 ms · matched PatientName=Smith*", 0, Verdict.SILENT),
        (
            "2",
            "1 study, complete · 2 ms · PatientName ignored, filtered locally",
            0,
            Verdict.SILENT,
        ),
        ("", "no studies, INCOMPLETE", 5, Verdict.TOLD),
        ("", "refused", 2, Verdict.TOLD),
        ("1", "1 study, IN DOUBT", 5, Verdict.FALSE_DOUBT),
    ],
)
def test_verdicts(rows: str, line: str, status: int, expected: Verdict) -> None:
    assert verdict(QUERY, TRUTH, Answered(tuple(rows), line, status), frozenset()) is expected


def test_a_doubt_is_right_where_the_server_ignores_the_key() -> None:
    shown = Answered(("1", "3"), "", 0)
    unmatched = ignored([QUERY], [shown], {QUERY: TRUTH})
    assert unmatched == {("study", "PatientName")}
    answer = Answered(("1",), "1 study, IN DOUBT", 5)
    assert verdict(QUERY, TRUTH, answer, unmatched) is Verdict.TOLD


def test_text_that_became_unreadable_is_a_deviation() -> None:
    garbled = Answered(("1",), "1 study, complete", 0, ({"PatientName": "SmÃ¼th^A"},))
    assert verdict(QUERY, TRUTH, garbled, frozenset()) is Verdict.SILENT


def test_lists_mean_any_of_their_values() -> None:
    assert one_of("AccessionNumber", "A1", "A2").wire is None
    assert one_of("StudyInstanceUID", "1.2", "1.3").wire == "1.2\\1.3"
    assert one_of("AccessionNumber", "A1", "A2").rule("A2") is Match.MUST
    assert like("SeriesNumber", "4").rule("04") is matching.Match.MAY

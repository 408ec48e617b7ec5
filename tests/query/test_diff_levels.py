"""diff, level by level: what is found, how it is counted, and what is said not to be certain."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from dicomsh.archives.rows import row_of
from dicomsh.errors import QueryFailedError, TimedOutError, UsageError
from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.diff import Finding, Wanted
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.query.context import Limits, QueryContext
from dicomsh.query.diff import Diff
from dicomsh.query.diff_archive import both
from tests.query.scripted import Reply, ScriptAddress, in_context

_, STUDY, SERIES, INSTANCE = HIERARCHY
Entity = dict[str, str]
Below = Mapping[str, Sequence[Entity]]
"""The key of an entity → what is directly below it; of "" the studies."""


@dataclass
class Compared:
    found: list[Finding]
    outcome: Outcome
    headway: str
    addresses: tuple[ScriptAddress, ScriptAddress]

    @property
    def lines(self) -> list[str]:
        """Where, key of the entity, and what differs, of each finding."""
        return [" ".join((*self._what(one), *self._differs(one))) for one in self.found]

    @staticmethod
    def _what(one: Finding) -> list[str]:
        key = one.pair.row.text(by_keyword(one.level.unique_keyword).tag)
        side = "" if one.pair.first and one.pair.second else "ab"[one.pair.first is None]
        return [one.pair.where.name.lower() + side, key or "?"]

    @staticmethod
    def _differs(one: Finding) -> list[str]:
        counts = [f"{word}:{first}/{second}" for word, first, second in one.counts]
        return [*(column.keyword for column in one.columns), *counts]

    def notes(self, kind: NoteKind) -> list[Note]:
        return [note for note in self.outcome.notes if note.kind is kind]

    def asked(self, side: int) -> list[Level | None]:
        return [query.level for query, _ in self.addresses[side].asked]


def row(entity: Entity) -> Row:
    named = {by_keyword(word): text for word, text in entity.items()}
    return row_of({a.tag: (a.vr, [text]) for a, text in named.items()})


def replying(below: Below) -> Reply:
    """An archive with these entities."""

    return lambda query: [row(entity) for entity in below_of(query, below)]


def below_of(query: Query, below: Below) -> Sequence[Entity]:
    assert query.level is not None
    above = query.level.ancestors[-1]
    values = {key.keyword: key.value for key in query.keys if key.value}
    parent = "" if query.level is STUDY else values[above.unique_keyword]
    return below.get(parent, ())


def compared(
    replies: tuple[Reply, Reply],
    depth: Level = STUDY,
    *attributes: str,
    counts: bool = False,
    only: int | None = None,
    limits: Limits | None = None,
    began: Callable[[], None] = lambda: None,
    place: Place | None = None,
) -> Compared:
    """What is found, as far as it goes if it is cancelled."""
    addresses = ScriptAddress(replies[0]), ScriptAddress(replies[1])
    keys = tuple(map(return_key, attributes))
    wanted = Wanted(Request(STUDY, place or Place(), keys), depth, counts=counts)

    async def work(context: QueryContext) -> Compared:
        context = replace(context, limits=limits or context.limits)
        one, other = (
            Modality(name, address, limit=1) for name, address in zip("ab", addresses, strict=True)
        )
        diff = Diff(context, (one, other), wanted, only)
        assert (diff.outcome.rows, diff.outcome.ending) == (0, Ending.CANCELLED)
        began()
        found = [one async for some in diff.findings() for one in some]
        return Compared(found, diff.outcome, diff.headway, addresses)

    return in_context(work)


def study(number: int, description: str = "", **more: str) -> Entity:
    uid, patient = f"1.{number}", f"P{number}"
    named = {"StudyDescription": description} if description else {}
    return {"StudyInstanceUID": uid, "PatientID": patient, **named, **more}


def series(number: int, *ones: int, description: str = "x") -> list[Entity]:
    return [
        {
            "PatientID": f"P{number}",
            "StudyInstanceUID": f"1.{number}",
            "SeriesInstanceUID": f"1.{number}.{one}",
            "SeriesDescription": description,
        }
        for one in ones
    ]


def counted(both: int, *numbers: str, level: str, counts: str = "", values: str = "") -> Note:
    """What is in both; in one alone, and repeated, of each archive."""
    return note(NoteKind.DIFFERENCES, level, "a", "b", *numbers, counts, values, count=both)


def test_what_is_found_at_each_level_is_counted() -> None:
    ours: Below = {
        "": [study(1, "x"), study(2, "x"), *(study(n, "x") for n in (6, 7, 8)), study(8, "x")],
        "1.6": series(6, 1, 2, 2),
        "1.7": series(7, 1, 2, 3, 3),
        "1.8": series(8, 1),
    }
    theirs: Below = {
        "": [study(n, "y") for n in (3, 4, 5, 6, 7, 8)],
        "1.6": series(6, 1, description="y"),
        "1.7": series(7, 1, 4, 4, description="y"),
        "1.8": series(8, 1, 5),
    }
    replies = replying(ours), replying(theirs)
    done = compared(replies, SERIES, "StudyDescription", "SeriesDescription")
    assert done.lines == [
        *("onea 1.1", "onea 1.2", "morea 1.8", "oneb 1.3", "oneb 1.4", "oneb 1.5"),
        *(f"both 1.{n} StudyDescription" for n in (6, 7, 8)),
        *("onea 1.6.2", "morea 1.6.2", "both 1.6.1 SeriesDescription"),
        *("onea 1.7.2", "onea 1.7.3", "morea 1.7.3", "oneb 1.7.4", "moreb 1.7.4"),
        *("both 1.7.1 SeriesDescription", "oneb 1.8.5"),
    ]
    assert done.notes(NoteKind.DIFFERENCES) == [
        counted(3, "2", "3", "1", "0", level="studies", values="3"),
        counted(3, "3", "2", "2", "1", level="series", values="2"),
    ]
    outcome = done.outcome
    assert (outcome.ending, outcome.rows) == (Ending.COMPLETE, len(done.found))
    assert outcome.different
    assert done.headway == "study 3 of 3"
    # once for the studies, and once below each that both have; with no limit
    assert done.asked(0) == done.asked(1) == [STUDY, *[SERIES] * 3]
    assert {limit for address in done.addresses for _, limit in address.asked} == {None}
    only = compared(replies, SERIES, "StudyDescription", only=1)
    assert only.lines == [*(f"oneb 1.{n}" for n in (3, 4, 5)), "oneb 1.7.4", "oneb 1.8.5"]
    assert only.outcome.rows == 5


def test_a_level_that_is_not_certain_is_added_up_over_its_parents() -> None:
    nameless = {"SeriesDescription": "x"}
    ours: Below = {
        "": [study(1), study(2)],
        "1.1": [*series(1, 1, 2, 2, 3), nameless],
        "1.2": [*series(2, 1, 2), nameless],
    }
    theirs: Below = {"": [study(1), study(2)], "1.1": series(1, 1), "1.2": series(2, 1)}

    def short(query: Query) -> tuple[list[Row], Outcome]:
        ending = Ending.CUT_OFF if query.level is SERIES else Ending.COMPLETE
        return [row(one) for one in below_of(query, theirs)], Outcome(ending, 0, 0.0)

    done = compared((replying(ours), short), SERIES)
    assert done.lines == []
    assert done.outcome.ending is Ending.PARTIAL
    assert done.notes(NoteKind.NOT_COMPARED) == [
        note(NoteKind.NOT_COMPARED, "4 series", "a", "b", count=4)
    ]
    assert done.notes(NoteKind.KEYLESS) == [
        note(NoteKind.KEYLESS, "a", "SeriesInstanceUID", count=2)
    ]


def numbers(in_series: int | None, in_instances: int | None) -> Entity:
    given = {
        "NumberOfStudyRelatedSeries": in_series,
        "NumberOfStudyRelatedInstances": in_instances,
    }
    return {word: str(number) for word, number in given.items() if number is not None}


def of_series(number: str) -> Entity:
    return {"NumberOfSeriesRelatedInstances": number}


def instances(number: int, one: int, count: int) -> list[Entity]:
    above = series(number, one)[0]
    return [above | {"SOPInstanceUID": f"1.{number}.{one}.{n}"} for n in range(count)]


def test_numbers_are_compared_and_counted_where_they_are_not_given() -> None:
    ours: Below = {
        "": [
            study(1, **numbers(3, 40)),
            study(2, **numbers(1, 5)),
            study(3, **numbers(1, 5)),
            study(4, **numbers(2, 3)),
            study(5),
            study(6, **numbers(2, 5)),
        ],
        "1.5": series(5, 1),
        "1.5.1": instances(5, 1, 2),
    }
    one, none = series(6, 1, 2)
    theirs: Below = {
        "": [study(1, **numbers(3, 38)), study(2, **numbers(1, 5)), *map(study, (3, 4, 5, 6))],
        "1.3": series(3, 1),
        "1.3.1": instances(3, 1, 4),
        "1.4": series(4, 1, 2),
        "1.4.1": instances(4, 1, 1),
        "1.4.2": instances(4, 2, 2),
        "1.5": series(5, 1),
        "1.5.1": instances(5, 1, 3),
        "1.6": [one | of_series("2"), none | of_series("0")],
    }
    done = compared((replying(ours), replying(theirs)), counts=True)
    assert done.lines == [
        "both 1.1 NumberOfStudyRelatedInstances:40/38",
        "both 1.3 NumberOfStudyRelatedInstances:5/4",
        "both 1.5 NumberOfStudyRelatedInstances:2/3",
        "both 1.6 NumberOfStudyRelatedInstances:5/2",
    ]
    assert done.notes(NoteKind.DIFFERENCES) == [
        counted(6, "0", "0", "0", "0", level="", counts="4")
    ]
    assert done.headway == "study 4 of 4"
    # what an archive gives is not asked for
    assert done.asked(0) == [STUDY, SERIES, INSTANCE]
    assert Counter(done.asked(1)) == {STUDY: 1, SERIES: 4, INSTANCE: 4}
    (series_query,) = (query for query, _ in done.addresses[0].asked if query.level is SERIES)
    assert {key.keyword for key in series_query.keys} == {
        *("PatientID", "StudyInstanceUID", "SeriesInstanceUID"),
        "NumberOfSeriesRelatedInstances",
    }
    plain = compared((replying(ours), replying(theirs)))
    assert (plain.lines, plain.outcome.different) == ([], False)
    assert (plain.asked(1), plain.headway) == ([STUDY], "a: 6 studies, b: 6 studies")


def test_the_place_of_what_differs_is_that_in_the_first_archive() -> None:
    ours, theirs = study(1, "x", **numbers(1, 5)), study(1, "y", **numbers(1, 6))
    moved = theirs | {"PatientID": "P9"}
    done = compared(
        (replying({"": [ours]}), replying({"": [moved]})), STUDY, "StudyDescription", counts=True
    )
    assert len(done.found) == 2
    assert {one.place.path for one in done.found if one.place} == {"/P1/1.1"}


def test_an_attribute_that_one_returns_late_is_counted_late() -> None:
    """Until some row of an archive has it, it may never return it."""
    rows = [{"SeriesInstanceUID": "1.1.1"}, {"SeriesInstanceUID": "1.1.2"}]
    described = [one | {"SeriesDescription": "x"} for one in rows]
    ours: Below = {
        "": [study(1), study(2)],
        "1.1": described,
        "1.2": series(2, 1, description="x"),
    }
    theirs: Below = {
        "": [study(1), study(2)],
        "1.1": rows,
        "1.2": series(2, 1, description="x"),
    }
    done = compared((replying(ours), replying(theirs)), SERIES, "SeriesDescription")
    assert done.lines == [f"both 1.1.{n} SeriesDescription" for n in (1, 2)]
    assert done.notes(NoteKind.DIFFERENCES)[1] == counted(
        3, "0", "0", "0", "0", level="series", values="2"
    )


def test_only_time_limits_and_the_model_apply() -> None:
    limits = Limits(rows=1, usual_rows=1, seconds=7, model=Model.STUDY_ROOT)
    held: Below = {"": [study(1), study(2), study(3)]}
    place = Place((PlaceStep(Level.PATIENT, "P1"),))
    done = compared((replying(held), replying(held)), limits=limits, place=place)
    assert done.notes(NoteKind.DIFFERENCES)[0].count == 3
    for address in done.addresses:
        assert {query.model for query, _ in address.asked} == {Model.STUDY_ROOT}
        assert {modality.timeouts.response for modality in address.opened} == {7}


MANY: Below = {"": [study(n) for n in range(30)]} | {f"1.{n}": series(n, 1) for n in range(30)}


def test_what_cannot_be_looked_into_is_counted_and_the_rest_goes_on() -> None:
    def refusing(query: Query) -> list[Row]:
        if query.level is SERIES:
            raise QueryFailedError("no", code=0xC000)
        return [row(entity) for entity in MANY[""]]

    done = compared((replying(MANY), refusing), SERIES)
    assert done.notes(NoteKind.NOT_LOOKED_INTO) == [
        note(NoteKind.NOT_LOOKED_INTO, "30 studies", "b: no", count=30)
    ]
    assert (done.outcome.ending, done.headway) == (Ending.PARTIAL, "study 30 of 30")


@pytest.mark.parametrize(("answered", "studies"), [(0, 30), (5, 30), (0, 9)])
def test_after_so_many_silences_nothing_more_is_asked(answered: int, studies: int) -> None:
    """Nine in succession: one that answers in between begins the count again."""
    asked: list[int] = []

    def reply(query: Query) -> list[Row]:
        if query.level is SERIES:
            asked.append(1)
            if len(asked) != answered:
                raise TimedOutError("no answer in time")
            return [row(entity) for entity in series(4, 1)]
        return some(query)

    def some(query: Query) -> list[Row]:
        return [row(entity) for entity in below_of(query, MANY)][:studies]

    done = compared((some, reply), SERIES)
    silent = max(answered - 1, 0) + 9
    assert done.outcome.ending is Ending.LOST
    assert done.outcome.detail == "b: no answer in time"
    (failed,) = done.notes(NoteKind.NOT_LOOKED_INTO)
    assert failed.count >= silent  # those under way by then have no answer, either
    looked = silent - 1 + bool(answered)
    assert done.headway == f"study {looked} of {studies}"
    (left,) = done.notes(NoteKind.NOT_REACHED)
    number = studies - looked
    assert (left.count, left.about) == (number, (STUDY.counted(number),))


def test_one_difference_is_a_difference() -> None:
    done = compared((replying({"": [study(1)]}), replying({})))
    assert (done.lines, done.outcome.different) == (["onea 1.1"], True)
    assert 0 < done.outcome.seconds < 60


@pytest.mark.parametrize("ending", [Ending.COMPLETE, Ending.CUT_OFF])
def test_that_neither_has_anything_is_said_only_if_it_is_certain(ending: Ending) -> None:
    done = compared((replying({}), lambda _: ([], Outcome(ending, 0, 0.0))))
    certain = [note(NoteKind.NEITHER_HAS, "a", "b", "study")]
    assert done.notes(NoteKind.NEITHER_HAS) == (certain if ending is Ending.COMPLETE else [])


def test_a_failure_is_raised_once_both_have_ended() -> None:
    ended: list[str] = []

    async def fails() -> None:
        raise UsageError("no")

    async def goes_on() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        ended.append("other")

    with pytest.raises(UsageError):
        asyncio.run(both(fails(), goes_on()))
    assert ended == ["other"]


def test_cancelled_it_says_that_it_is_open() -> None:
    task: list[asyncio.Task[object]] = []

    def began() -> None:
        task.append(asyncio.current_task())  # type: ignore[arg-type]

    def reply(query: Query) -> list[Row]:
        del query
        task[0].cancel()
        return [row(study(n)) for n in (2, 3, 4)]

    ours: Below = {"": [study(1), study(2), study(3)]}
    done = compared((replying(ours), reply), SERIES, began=began)
    assert done.outcome.ending is Ending.CANCELLED
    assert done.asked(0) == done.asked(1) == [STUDY]
    _, of_series = done.notes(NoteKind.DIFFERENCES)
    assert of_series.about[-1] == "open"


@pytest.mark.parametrize(
    ("ending", "queries"), [(Ending.COMPLETE, 1), (Ending.CUT_OFF, 2), (Ending.TIMED_OUT, 2)]
)
def test_only_what_is_not_whole_is_asked_for_again(ending: Ending, queries: int) -> None:
    def reply(query: Query) -> tuple[list[Row], Outcome]:
        windows = any(key.keyword == "StudyDate" and key.value for key in query.keys)
        if ending is Ending.TIMED_OUT and not windows:
            raise TimedOutError("no answer in time")
        return [row(study(1))], Outcome(Ending.COMPLETE if windows else ending, 0, 0.0)

    done = compared((replying({"": [study(1)]}), reply))
    assert len(done.asked(0)) == 1
    assert (len(done.asked(1)) > 1) == (queries > 1)
    assert done.lines == []

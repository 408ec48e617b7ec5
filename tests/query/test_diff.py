"""diff against an oracle: random archives that cut answers off, and what is said about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial

from hypothesis import given, settings
from hypothesis import strategies as st

from dicomsh.archives.rows import row_of
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.diff import Finding, Wanted
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, return_key
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.model.row_matching import test_of as matcher_of
from dicomsh.query.context import QueryContext
from dicomsh.query.diff import Diff
from tests.query.scripted import Reply, ScriptAddress, in_context

Studies = Mapping[int, tuple[str, str, int]]
"""Number → date, description, and number of series of a study, each with one instance."""

STUDY = st.tuples(
    st.sampled_from(["", "20190101", "20200229", "20210607", "20240305"]),
    st.sampled_from(["", "CT", "MR"]),
    st.integers(1, 3),
)
ARCHIVE = st.dictionaries(st.integers(1, 12), STUDY, max_size=12)


def rows_at(studies: Studies, level: Level) -> list[Row]:
    """What an archive holds at a level."""
    rows = []
    for number, (day, description, series) in studies.items():
        held = {
            "StudyInstanceUID": f"1.2.{number}",
            "StudyDate": day,
            "StudyTime": "101500",
            "StudyDescription": description,
            "PatientID": f"P{number}",
        }
        inner = [{"SeriesInstanceUID": f"1.2.{number}.{one}"} for one in range(series)]
        if level is Level.INSTANCE:  # one in each series
            inner = [one | {"SOPInstanceUID": one["SeriesInstanceUID"] + ".1"} for one in inner]
        rows += [held | more for more in ([{}] if level is Level.STUDY else inner)]
    named = ({by_keyword(word): text for word, text in row.items()} for row in rows)
    return [row_of({a.tag: (a.vr, [text]) for a, text in row.items()}) for row in named]


def archive(studies: Studies, cap: int) -> Reply:
    """One that matches as it should, and cuts off what is longer than `cap` rows."""
    held = cache(partial(rows_at, studies))

    def reply(query: Query) -> tuple[list[Row], Outcome]:
        keys = [matcher_of(key) for key in query.keys if key.value]
        assert query.level is not None
        found = [row for row in held(query.level) if all(key(row) is not False for key in keys)]
        ending = Ending.CUT_OFF if len(found) > cap else Ending.COMPLETE
        return found[:cap], Outcome(ending, 0, 0.0)

    return reply


@dataclass(frozen=True)
class Compared:
    findings: list[Finding]
    outcome: Outcome

    def only_in(self, side: int, level: Level = Level.STUDY) -> set[str]:
        return {
            one.pair.row.text(by_keyword(level.unique_keyword).tag) or ""
            for one in self.findings
            if one.level is level and one.is_only_in(side)
        }

    @property
    def different(self) -> set[int]:
        """Numbers of the studies with another description."""
        tag = by_keyword("StudyInstanceUID").tag
        found = [one.pair.row.text(tag) or "" for one in self.findings if one.columns]
        return {int(uid.removeprefix("1.2.")) for uid in found}

    @property
    def counted(self) -> set[int]:
        """Numbers of the studies with another number of series."""
        tag = by_keyword("StudyInstanceUID").tag
        found = [one.pair.row.text(tag) or "" for one in self.findings if one.counts]
        return {int(uid.removeprefix("1.2.")) for uid in found}


def compared(replies: tuple[Reply, Reply], wanted: Wanted) -> Compared:
    first, second = (
        Modality(name, ScriptAddress(reply)) for name, reply in zip("ab", replies, strict=True)
    )

    async def work(context: QueryContext) -> Compared:
        diff = Diff(context, (first, second), wanted)
        findings = [one async for some in diff.findings() for one in some]
        return Compared(findings, diff.outcome)

    return in_context(work)


def wanted(depth: Level = Level.STUDY, *attributes: str) -> Wanted:
    return Wanted(Request(Level.STUDY, Place(), tuple(map(return_key, attributes))), depth)


def uids(numbers: set[int]) -> set[str]:
    return {f"1.2.{number}" for number in numbers}


@settings(max_examples=40)
@given(ARCHIVE, ARCHIVE, st.integers(1, 14), st.integers(1, 14))
def test_nothing_is_called_missing_that_is_there(
    ours: Studies, theirs: Studies, our_cap: int, their_cap: int
) -> None:
    done = compared((archive(ours, our_cap), archive(theirs, their_cap)), wanted())
    truth = uids(ours.keys() - theirs.keys()), uids(theirs.keys() - ours.keys())
    for side in (0, 1):
        assert done.only_in(side) <= truth[side]
        assert done.only_in(side) == truth[side] or not done.outcome.sound
    if max(len(ours), len(theirs)) <= min(our_cap, their_cap):
        assert done.outcome.sound


@settings(max_examples=25)
@given(ARCHIVE, ARCHIVE)
def test_values_that_differ_are_found_and_no_others(ours: Studies, theirs: Studies) -> None:
    done = compared(
        (archive(ours, 99), archive(theirs, 99)), wanted(Level.STUDY, "StudyDescription")
    )
    truth = {n for n in ours.keys() & theirs.keys() if ours[n][1] != theirs[n][1]}
    assert done.different <= truth
    assert done.different == truth or not done.outcome.sound


@settings(max_examples=25)
@given(ARCHIVE, ARCHIVE, st.integers(1, 6))
def test_counts_and_levels_below(ours: Studies, theirs: Studies, cap: int) -> None:
    """No archive gives counts; one of them may cut a list of series off."""
    replies = archive(ours, 99), archive(theirs, 99)
    common = ours.keys() & theirs.keys()
    counting = Wanted(Request(Level.STUDY, Place()), Level.SERIES, counts=True)
    done = compared(replies, counting)
    assert done.counted == {n for n in common if ours[n][2] != theirs[n][2]}
    for side, (own, other) in enumerate(((ours, theirs), (theirs, ours))):
        truth = {f"1.2.{n}.{k}" for n in common for k in range(other[n][2], own[n][2])}
        assert done.only_in(side, Level.SERIES) == truth
    short = compared((archive(ours, 99), archive(theirs, cap)), counting)
    assert short.counted <= done.counted
    for side in (0, 1):
        assert short.only_in(side, Level.SERIES) <= done.only_in(side, Level.SERIES)
        assert short.only_in(side) <= done.only_in(side)


def test_progress_says_what_is_read_and_what_is_asked_in_parts() -> None:
    studies = {n: (f"20{n:02}0101", "", 1) for n in range(1, 20)}
    told: list[str] = []
    running: list[Diff] = []

    def telling(cap: int) -> ScriptAddress:
        reply = archive(studies, cap)

        def reply_and_tell(query: Query) -> list[Row] | tuple[list[Row], Outcome]:
            told.extend(diff.headway for diff in running)
            return reply(query)

        return ScriptAddress(reply_and_tell)

    async def work(context: QueryContext) -> None:
        modalities = Modality("a", telling(99)), Modality("b", telling(5))
        running.append(Diff(context, modalities, wanted(Level.SERIES)))
        assert [one async for some in running[0].findings() for one in some] == []

    in_context(work)
    assert told[0] == "a: 0 studies, b: 0 studies"
    assert any(one.startswith("a: 19 studies, b: 5 studies, waiting for b") for one in told)
    assert any("queries, now " in one for one in told)
    assert told[-1].endswith(" of 19")

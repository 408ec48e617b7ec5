"""One request to several archives: rows as they come, an outcome for each, and how it is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from dicomsh.archives.archive import Archive
from dicomsh.errors import ExitStatus, NoAssociationError, UsageError
from dicomsh.model.answer import Answer, Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.plan import Request
from dicomsh.model.results import Listing
from dicomsh.model.row import Row
from dicomsh.model.windows import Period
from dicomsh.query.ask import Way, ask, plain_way
from dicomsh.query.context import QueryContext
from dicomsh.query.several import OneOfSeveral, Several, ask_several
from dicomsh.query.split import split_answer
from tests.model.rows import answer
from tests.model.test_plan import request
from tests.query.scripted import CANCELLED, Reply, ScriptAddress, in_context

UID = by_keyword("StudyInstanceUID").tag
STUDIES = request(Level.STUDY)


def holding(name: str, count: int) -> Reply:
    return lambda _: [answer(StudyInstanceUID=f"1.{name}.{n}") for n in range(count)]


def failing(error: UsageError | NoAssociationError) -> Reply:
    def reply(_: object) -> list[Row]:
        raise error

    return reply


def scripted(**replies: Reply) -> list[Modality]:
    return [Modality(name, ScriptAddress(reply)) for name, reply in replies.items()]


def several(
    modalities: list[Modality],
    wanted: Request = STUDIES,
    options: QueryOptions | None = None,
    way: Way = plain_way,
) -> tuple[list[Row], Outcome, Listing]:
    """What comes of a request to all of them."""

    async def work(context: QueryContext) -> tuple[list[Row], Outcome, Listing]:
        listing = ask_several(context, modalities, wanted, options, way)
        rows = await all_rows(listing.answer)
        return rows, listing.answer.outcome, listing

    return in_context(work)


def test_rows_name_their_archive_and_each_has_an_outcome() -> None:
    rows, outcome, listing = several(scripted(a=holding("a", 3), b=holding("b", 1)))
    assert sorted((row.source.archive, row.text(UID) or "") for row in rows) == [
        *[("a", f"1.a.{n}") for n in range(3)],
        ("b", "1.b.0"),
    ]
    assert (outcome.ending, outcome.rows) == (Ending.COMPLETE, 4)
    assert 0 < outcome.seconds < 60
    told = [(one.name, one.outcome.ending, one.outcome.rows, one.level) for one in outcome.archives]
    complete = Ending.COMPLETE
    assert told == [("a", complete, 3, Level.STUDY), ("b", complete, 1, Level.STUDY)]
    assert (listing.level, listing.place, listing.archives) == (
        *(Level.STUDY, STUDIES.place),
        ("a", "b"),
    )
    assert [column.keyword for column in listing.columns][:1] == ["modality"]
    assert len(listing.columns) == 1 + len(STUDIES.columns())
    assert listing.headway() == ""


@pytest.mark.parametrize(
    ("options", "way", "single"),
    [
        (None, plain_way, True),
        (QueryOptions(limit=2), plain_way, True),
        (QueryOptions(split=Period.AUTO), split_answer, True),
        (QueryOptions(), split_answer, False),
    ],
)
def test_what_each_was_asked_is_known_if_that_is_a_single_query(
    options: QueryOptions | None, way: Way, single: bool
) -> None:
    modalities = scripted(a=holding("a", 1), b=holding("b", 1))
    _, outcome, _ = several(modalities, options=options, way=way)
    asked = [one.asked for one in outcome.archives]
    if not single:
        assert asked == [None, None]
        return
    assert [one.modality.name for one in asked if one] == ["a", "b"]
    assert {one.request for one in asked if one} == {STUDIES}
    assert {one.options for one in asked if one} == {options or QueryOptions()}


def test_limits_apply_to_each() -> None:
    modalities = scripted(a=holding("a", 5), b=holding("b", 1))
    rows, outcome, _ = several(modalities, options=QueryOptions(limit=2))
    assert len(rows) == 3
    assert outcome.ending is Ending.LIMIT
    assert [one.outcome.ending for one in outcome.archives] == [Ending.LIMIT, Ending.COMPLETE]


def test_one_that_fails_costs_no_rows_of_the_others() -> None:
    down = NoAssociationError("connection refused", hint="is it running?")
    rows, outcome, _ = several(scripted(a=failing(down), b=holding("b", 3)))
    assert len(rows) == 3
    assert (outcome.ending, outcome.failure) == (Ending.PARTIAL, ExitStatus.NO_ASSOCIATION)
    first, second = [one.outcome for one in outcome.archives]
    assert (first.ending, first.rows, first.detail) == (Ending.FAILED, 0, "connection refused")
    assert first.remedy == "is it running?"
    assert 0 <= first.seconds < 60
    assert second.ending is Ending.COMPLETE


@pytest.mark.parametrize(
    ("messages", "raised"),
    [
        (["typed wrong"], True),
        (["typed wrong", "typed wrong"], True),
        (["typed wrong", "cannot be matched here"], False),
        (["typed wrong", ""], False),
        (["", "typed wrong"], False),
    ],
)
def test_what_is_wrong_for_all_of_them_is_an_error(messages: list[str], raised: bool) -> None:
    replies = {
        f"m{n}": failing(UsageError(text)) if text else holding("x", 1)
        for n, text in enumerate(messages)
    }
    if raised:
        with pytest.raises(UsageError, match="typed wrong"):
            several(scripted(**replies))
    else:
        _, outcome, _ = several(scripted(**replies))
        assert outcome.ending is Ending.PARTIAL


def test_that_all_of_them_are_down_is_an_answer() -> None:
    down = failing(NoAssociationError("connection refused"))
    rows, outcome, _ = several(scripted(a=down, b=down))
    assert rows == []
    assert outcome.failure is ExitStatus.NO_ASSOCIATION


class _Slow(KnownAnswer):
    """Two rows, and then nothing for as long as nobody leaves."""

    headway = "7 queries"

    async def __aiter__(self) -> AsyncIterator[list[Row]]:
        yield [answer(StudyInstanceUID="1.9"), answer(StudyInstanceUID="1.10")]
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.outcome = Outcome(Ending.CANCELLED, 2, 0.0, detail=CANCELLED)


def test_rows_come_before_the_last_archive_has_answered_and_leaving_ends_all() -> None:
    """`slow` never ends and `mute` never begins; `quick` is complete."""

    async def way(
        context: QueryContext,
        archive: Archive,
        modality: Modality,
        request: Request,
        options: QueryOptions,
    ) -> Answer:
        if modality.name == "mute":
            await asyncio.Event().wait()
        if modality.name == "slow":
            return _Slow([], Outcome(Ending.COMPLETE, 0, 0.0))
        return await plain_way(context, archive, modality, request, options)

    modalities = scripted(
        slow=holding("s", 0), quick=holding("q", 3), mute=holding("m", 0), down=holding("d", 0)
    )

    async def work(context: QueryContext) -> tuple[list[str], int, Outcome]:
        listing = ask_several(context, modalities, STUDIES, way=way)
        said, rows = [listing.headway()], 0
        async for batch in listing.answer:
            rows += len(batch)
            if rows == 5:
                break
        said.append(listing.headway())
        await listing.answer.aclose()
        said.append(listing.headway())
        return said, rows, listing.answer.outcome

    said, rows, outcome = in_context(work)
    assert rows == 5
    assert said[0] == said[2] == ""
    assert said[1].startswith("waiting for slow: 7 queries, ")
    assert "mute" in said[1].split(", ")
    by_name = {one.name: one.outcome for one in outcome.archives}
    assert (by_name["slow"].ending, by_name["slow"].rows) == (Ending.CANCELLED, 2)
    assert by_name["slow"].detail == CANCELLED
    assert (by_name["mute"].ending, by_name["mute"].rows) == (Ending.CANCELLED, 0)
    assert 0 <= by_name["mute"].seconds < 60
    assert by_name["quick"].rows == 3
    assert outcome.ending is Ending.CANCELLED


def test_a_batch_that_came_as_it_was_left_is_missing() -> None:
    """What has come of an archive is its whole answer, but not all of it was passed on."""
    modalities = scripted(a=holding("a", 0), b=holding("b", 0))
    rows = [answer(StudyInstanceUID="1.1"), answer(StudyInstanceUID="1.2")]

    async def way(*_: object) -> Answer:
        return KnownAnswer(rows, Outcome(Ending.COMPLETE, 2, 0.0))

    async def work(context: QueryContext) -> Outcome:
        begin = partial(ask, context, request=STUDIES, way=way)
        archives = [
            OneOfSeveral(one.name, Level.STUDY, partial(begin, modality=one)) for one in modalities
        ]
        answer = Several(archives)
        await anext(aiter(answer))
        assert archives[1].coming is not None
        await asyncio.wait([archives[1].coming])
        await answer.aclose()
        return answer.outcome

    first, second = [one.outcome for one in in_context(work).archives]
    assert (first.ending, first.rows) == (Ending.COMPLETE, 2)
    assert (second.ending, second.rows) == (Ending.CANCELLED, 0)

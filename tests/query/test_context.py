"""A query is asked with archives, limits, a day and a place: no session, no shell."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest

from dicomsh.archives.open_archives import OpenArchives
from dicomsh.config import KnownPeers
from dicomsh.errors import Span, UsageError
from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.capability import Capabilities
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality, PracticeAddress, Timeouts
from dicomsh.model.notes import NoteKind
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.row import Row
from dicomsh.model.tap import Tap
from dicomsh.model.windows import Period
from dicomsh.query.ask import ask
from dicomsh.query.context import Limits, QueryContext

PACS = Modality("pacs", PracticeAddress())


def asked(request: Request, limits: Limits) -> tuple[list[Row], Outcome]:
    async def work() -> tuple[list[Row], Outcome]:
        archives = OpenArchives(Tap(), KnownPeers(None))
        try:
            context = QueryContext(archives, date(2026, 11, 28), limits)
            listing = await ask(context, PACS, request)
            return await all_rows(listing.answer), listing.answer.outcome
        finally:
            await archives.close()

    return asyncio.run(work())


def test_a_query_without_a_session() -> None:
    rows, outcome = asked(Request(Level.PATIENT, Place(), ()), Limits())
    assert (len(rows), outcome.ending, outcome.doubtful) == (40, Ending.COMPLETE, False)


def test_its_limit_is_told_as_data() -> None:
    rows, outcome = asked(Request(Level.STUDY, Place(), ()), Limits(usual_rows=3))
    assert (len(rows), outcome.ending) == (3, Ending.LIMIT)
    assert [note.kind for note in outcome.notes] == [NoteKind.LIMIT_CAN_BE_LIFTED]


@pytest.mark.parametrize(
    ("limits", "own", "typed", "split", "wanted"),
    [
        (Limits(), None, None, None, None),
        (Limits(usual_rows=1000), None, None, None, 1000),
        (Limits(usual_rows=1000), 7, None, None, 7),
        (Limits(rows=5, usual_rows=1000), 7, None, None, 5),
        (Limits(rows=5), 7, 2, None, 2),
        # what is asked in windows is wanted whole, unless somebody set a limit
        (Limits(usual_rows=1000), None, None, Period.AUTO, None),
        (Limits(rows=5), None, None, Period.AUTO, 5),
        (Limits(usual_rows=1000), 7, None, Period.AUTO, 7),
    ],
)
def test_which_limit_holds(
    limits: Limits, own: int | None, typed: int | None, split: Period | None, wanted: int | None
) -> None:
    context = QueryContext(OpenArchives(Tap(), KnownPeers(None)), date(2026, 11, 28), limits)
    modality = Modality("pacs", PracticeAddress(), limit=own)
    settled = context.settled(modality, QueryOptions(limit=typed, split=split))
    assert settled.limit == wanted


def test_what_cannot_be_named_here_is_refused_at_its_place() -> None:
    context = QueryContext(OpenArchives(Tap(), KnownPeers(None)), date(2026, 11, 28))
    with pytest.raises(UsageError, match="cannot be asked here: a,b") as caught:
        context.named("a,b", Span(3, 6))
    assert caught.value.span == Span(3, 6)


def test_which_model_is_forced() -> None:
    context = QueryContext(
        OpenArchives(Tap(), KnownPeers(None)), date(2026, 11, 28), Limits(model=Model.STUDY_ROOT)
    )
    own = Modality("pacs", PracticeAddress(), model=Model.PATIENT_ROOT)
    assert context.settled(own, QueryOptions()).model is Model.STUDY_ROOT
    assert context.settled(own, QueryOptions(model=own.model)).model is Model.PATIENT_ROOT


@pytest.mark.parametrize(("seconds", "limits"), [(None, (1, 2, 3)), (7, (7, 7, 7))])
def test_a_modality_is_known_with_its_limits_and_what_was_found_out(
    seconds: float | None, limits: tuple[float, float, float], tmp_path: Path
) -> None:
    memory = KnownPeers(tmp_path)
    timeouts = Timeouts(connect=1, association=2, response=3)
    own = Modality("pacs", PracticeAddress(), timeouts=timeouts)
    memory.keep(own, Capabilities(probed="2024-03-05", cap=7))
    context = QueryContext(OpenArchives(Tap(), memory), date(2026, 11, 28), Limits(seconds=seconds))
    known = context.known(own)
    assert (known.timeouts.connect, known.timeouts.association, known.timeouts.response) == limits
    assert known.capabilities.cap == 7

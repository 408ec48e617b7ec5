"""A query for every value of a list: what is asked, what is counted, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from dicomsh.archives.rows import row_of
from dicomsh.errors import DicomshError, FileContentError, NoAssociationError, QueryFailedError
from dicomsh.frozen import replace
from dicomsh.input.value_list import ListedValue, ValueList
from dicomsh.model.answer import Ending, all_rows
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.query.ask import ask
from dicomsh.query.context import Limits, QueryContext
from dicomsh.query.dry_run import DryArchives, DryRun
from dicomsh.query.from_list import ListWay, list_keys
from tests.model.test_plan import request
from tests.query.scripted import Asked, Reply, ScriptAddress, asked, in_context

ACCESSION = by_keyword("AccessionNumber")
DAY = date(2024, 3, 5)


def listed(*texts: str, **more: int | str) -> ValueList:
    values = tuple(ListedValue(text, line) for line, text in enumerate(texts, 1))
    return ValueList("list.txt", values, **more)  # type: ignore[arg-type]


def way_of(values: ValueList, limit: int | None = None, resumed: Path | None = None) -> ListWay:
    keys = asyncio.run(list_keys(values, (ACCESSION,), DAY, "acc=@list.txt"))
    return ListWay(values, keys, limit, resumed)


def value_of(query: Query) -> str:
    return next(key.value for key in query.keys if key.keyword == ACCESSION.keyword)


def holding(*held: str) -> Reply:
    """An archive with one study for each of these accession numbers."""

    def reply(query: Query) -> list[Row]:
        wanted = value_of(query)
        return [study(wanted)] if wanted in held else []

    return reply


def study(accession: str) -> Row:
    uid = by_keyword("StudyInstanceUID")
    values = {uid: f"1.{ord(accession[0])}", ACCESSION: accession}
    return row_of({one.tag: (one.vr, [text]) for one, text in values.items()})


def found(
    values: ValueList,
    reply: Reply,
    keys: Sequence[str] = (),
    *,
    resumed: Path | None = None,
    typed: int | None = None,
    limits: Limits | None = None,
    own: int | None = None,
) -> Asked:
    wanted = request(Level.STUDY, Place(), *keys)
    way = way_of(values, typed, resumed)
    return asked(wanted, reply, way=way, limits=limits or Limits(), limit=own)


def told(done: Asked, kind: NoteKind) -> Note | None:
    return next((note for note in done.outcome.notes if note.kind is kind), None)


def test_values_are_counted_in_their_order() -> None:
    done = found(listed("C", "X", "A", "B", "Y"), holding("A", "B", "C"))
    assert done.texts(ACCESSION.tag) == ["C", "A", "B"]
    assert done.outcome.notes[0] == note(NoteKind.VALUES_FOUND, "2", "0", "0", count=3, of=5)
    assert done.outcome.ending is Ending.COMPLETE
    kinds = (NoteKind.RESUMED, NoteKind.LIST_HEADING, NoteKind.LIST_EMPTY, NoteKind.LIST_REPEATED)
    assert not set(done.kinds) & set(kinds)


def test_what_is_odd_about_a_list_is_told() -> None:
    values = listed("A", "B" * 17, repeated=2, empty=3, heading="Number")
    done = found(values, holding("A"))
    for wanted in (
        note(NoteKind.LIST_HEADING, "Number"),
        note(NoteKind.LIST_TOO_LONG, "2", "AccessionNumber", "16", count=1),
        note(NoteKind.LIST_REPEATED, count=2),
        note(NoteKind.LIST_EMPTY, count=3),
    ):
        assert wanted in done.outcome.notes


def test_a_value_that_is_not_valid_is_named_with_its_line_and_what_would_be() -> None:
    values = listed("20240305", "someday")
    with pytest.raises(FileContentError) as caught:
        asyncio.run(list_keys(values, (by_keyword("StudyDate"),), DAY, "date=@list.txt"))
    assert caught.value.message.startswith("list.txt, line 2: ")
    assert "2024-03" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("limits", "own", "typed"),
    [
        (Limits(), None, 2),
        (Limits(rows=2), None, None),
        (Limits(rows=2), 3, None),
        (Limits(), 2, None),
        (Limits(rows=3), 3, 2),
    ],
)
def test_a_limit_is_that_of_all_values(limits: Limits, own: int | None, typed: int | None) -> None:
    done = found(listed(*"ABCDE"), holding(*"ABCDE"), typed=typed, limits=limits, own=own)
    assert (len(done.rows), done.outcome.ending) == (2, Ending.LIMIT)
    assert {limit for _, limit in done.queries} == {3}  # one more shows that there are more


def test_no_limit_is_none() -> None:
    done = found(listed("A", "B"), holding("A", "B"), limits=Limits(usual_rows=1))
    assert (len(done.rows), done.outcome.ending) == (2, Ending.COMPLETE)
    assert {limit for _, limit in done.queries} == {None}


def test_what_has_no_complete_answer_is_named() -> None:
    def reply(query: Query) -> list[Row]:
        if value_of(query) == "B":
            raise QueryFailedError("no", code=0xC000)
        return holding("A", "B")(query)  # type: ignore[return-value]

    done = found(listed("A", "B", "X"), reply)
    assert (done.outcome.ending, done.outcome.detail) == (Ending.PARTIAL, "incomplete: B")
    assert done.outcome.notes[0] == note(NoteKind.VALUES_FOUND, "1", "1", "0", count=1, of=3)


def test_left_early_it_says_how_many_values_are_left_and_not_which() -> None:
    way = way_of(listed("A", "B", "C"))
    modality = Modality("scripted", ScriptAddress(holding("A", "B", "C")))

    async def work(context: QueryContext) -> None:
        listing = await ask(context, modality, request(Level.STUDY), way=way)
        async for _ in listing.answer:
            break
        await listing.answer.aclose()
        outcome = listing.answer.outcome
        assert (outcome.ending, outcome.detail) == (Ending.CANCELLED, "")
        assert outcome.notes[0] == note(NoteKind.VALUES_FOUND, "0", "0", "2", count=1, of=3)

    in_context(work)


def test_in_a_dry_run_one_query_stands_for_all() -> None:
    done = DryRun()
    modality, way = Modality("scripted", ScriptAddress(holding())), way_of(listed(*"ABC"))

    async def work(context: QueryContext) -> None:
        context = replace(context, archives=DryArchives(context.archives, done))
        listing = await ask(context, modality, request(Level.STUDY), way=way)
        await all_rows(listing.answer)

    in_context(work)
    assert [value_of(sent.query) for sent in done.sent] == ["A"]


def test_answers_of_an_earlier_run_are_not_asked_for(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    refused: list[bool] = [True]

    def reply(query: Query) -> list[Row]:
        if value_of(query) == "C" and refused[0]:
            raise QueryFailedError("no", code=0xC000)
        return holding("A", "C")(query)  # type: ignore[return-value]

    values = listed("A", "X", "C")
    keys = ("PatientName=DOE*", "PatientSex=F")
    first = found(values, reply, keys, resumed=kept)
    assert first.outcome.ending is Ending.PARTIAL
    assert told(first, NoteKind.RESUMED) is None
    _, asked_for = json.loads(kept.read_bytes().splitlines()[0])
    query = "PatientName=DOE* PatientSex=F AccessionNumber=@"
    assert asked_for == f"scripted: find study in /: {query}"
    refused.clear()
    refused.append(False)
    second = found(values, reply, keys, resumed=kept)
    assert [value_of(query) for query, _ in second.queries] == ["C"]
    assert second.texts(ACCESSION.tag) == ["A", "C"]
    assert told(second, NoteKind.RESUMED) == note(NoteKind.RESUMED, count=2)
    assert told(second, NoteKind.VALUES_FOUND) == note(
        NoteKind.VALUES_FOUND, "1", "0", "0", count=2, of=3
    )
    assert not kept.exists()


def test_a_run_that_fails_keeps_what_it_has(tmp_path: Path) -> None:
    def reply(query: Query) -> list[Row]:
        if value_of(query) == "X":
            return []
        raise NoAssociationError("gone")

    kept = tmp_path / "kept"
    with pytest.raises(DicomshError):
        found(listed("X", "A"), reply, resumed=kept)
    assert kept.exists()

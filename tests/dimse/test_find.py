"""C-FIND against pynetdicom's SCP."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from dicomsh.dimse import Client
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import NoPresentationContextError, QueryFailedError
from dicomsh.frozen import replace
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.extended_negotiation import Extension, Extensions
from dicomsh.model.levels import (
    MODALITY_WORKLIST_FIND,
    SOP_CLASSES,
    VERIFICATION,
    Level,
    Model,
)
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.output.note_words import note_text
from tests.dimse.peers import (
    QUICK,
    Peer,
    Request,
    answering,
    element,
    pdu,
    pdv,
    query,
    response,
    rows_of,
    run,
    scp,
    scripted,
    study,
    uids,
)

CT = "1.2.840.10008.5.1.4.1.1.2"
Final = Iterator[tuple[int | Dataset, Dataset | None]]


async def ask(client: Client, **options: Any) -> tuple[list[str | None], Outcome]:
    answer = await client.find(query(), **options)
    rows = await rows_of(answer)
    return uids(rows), answer.outcome


def asked(modality: Modality, **options: Any) -> tuple[list[str | None], Outcome]:
    async def work() -> tuple[list[str | None], Outcome]:
        client = Client(modality)
        try:
            return await ask(client, **options)
        finally:
            await client.close()

    return run(work())


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN])
def test_rows_arrive_as_they_were_sent(syntax: str) -> None:
    step = Dataset()
    step.Modality = "CT"
    sent = study(1, PatientName="山田^太郎", NumberOfStudyRelatedSeries=3)
    sent.SpecificCharacterSet = "ISO_IR 192"
    sent.ScheduledProcedureStepSequence = [step, Dataset()]
    sent["ScheduledProcedureStepSequence"].is_undefined_length = True
    received: list[Dataset] = []

    def handle(event: evt.Event) -> Final:
        received.append(event.identifier)
        yield 0xFF00, sent
        yield 0xFF01, study(2)

    async def work(modality: Modality) -> None:
        client = Client(modality)
        answer = await client.find(query(Level.STUDY, PatientName="*山*", charset="ISO_IR 192"))
        first, second = await rows_of(answer)
        assert first.text(0x00100010) == "山田^太郎"
        assert first.values(0x00201206) == [3]
        items: list[Any] = first.values(0x00400100) or []
        assert [item.text(0x00080060) for item in items] == ["CT", None]
        assert second.text(0x0020000D) == "1.2.3.2"
        assert answer.outcome.ending is Ending.COMPLETE
        assert answer.outcome.status == 0x0000
        assert (answer.outcome.rows, answer.outcome.complete) == (2, True)
        await client.close()

    with scp(handle, transfer_syntaxes=[syntax]) as modality:
        run(work(modality))
    [identifier] = received
    assert identifier.PatientName == "*山*"
    assert identifier.QueryRetrieveLevel == "STUDY"


@pytest.mark.parametrize("maximum", [0, 50, 16382])
def test_messages_are_fragmented_to_the_longest_pdu_of_the_peer(maximum: int) -> None:
    asked_for: list[str] = []

    def handle(event: evt.Event) -> Final:
        asked_for.extend(event.identifier.StudyInstanceUID)
        yield 0xFF00, study(1, StudyDescription="x" * 60)

    def configure(entity: Any) -> None:
        entity.maximum_pdu_size = maximum

    wanted = [f"1.2.{number}" for number in range(200)]

    async def work(modality: Modality) -> None:
        client = Client(modality)
        answer = await client.find(query(StudyInstanceUID="\\".join(wanted)))
        assert uids(await rows_of(answer)) == ["1.2.3.1"]
        await client.close()

    with scp(handle, configure=configure) as modality:
        run(work(modality))
    assert asked_for == wanted


def test_no_match_is_complete() -> None:
    with scp(answering()) as modality:
        rows, outcome = asked(modality)
    assert (rows, outcome.ending, outcome.rows) == ([], Ending.COMPLETE, 0)
    assert 0 < outcome.seconds < 30


@pytest.mark.parametrize(
    ("pending", "unsupported"),
    [
        ([0xFF00, 0xFF00], False),
        ([0xFF01, 0xFF01], True),
        ([0xFF00, 0xFF01], True),
        ([0xFF01, 0xFF00], True),
    ],
)
def test_a_row_that_says_keys_are_not_supported_says_it_of_the_answer(
    pending: list[int], unsupported: bool
) -> None:
    """PS3.4 C.4.1.1.4."""

    def handle(event: evt.Event) -> Final:
        for number, status in enumerate(pending):
            yield status, study(number)
        yield 0x0000, None

    with scp(handle) as modality:
        found, outcome = asked(modality)
    assert (len(found), outcome.rows) == (2, 2)
    assert outcome.unsupported is unsupported
    assert (outcome.notes, outcome.comment, outcome.doubtful) == ((), None, False)


@pytest.mark.parametrize("status", [0xFE00, 0xA700, 0xB001])
@pytest.mark.parametrize("rows", [0, 2])
def test_an_end_that_nobody_asked_for_is_told(status: int, rows: int) -> None:
    def handle(event: evt.Event) -> Final:
        for number in range(rows):
            yield 0xFF00, study(number)
        final = Dataset()
        final.Status = status
        final.ErrorComment = "too many"
        yield final, None

    with scp(handle) as modality:
        found, outcome = asked(modality)
    assert len(found) == rows
    assert (outcome.ending, outcome.status, outcome.complete) == (Ending.CUT_OFF, status, False)
    assert outcome.comment == "too many"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0x0107, "0x0107 Warning: Attribute List Error"),
        (0xB100, "0xB100 Warning"),
        (0xB1FF, "0xB1FF Warning"),
    ],
)
def test_a_warning_is_no_early_end(status: int, words: str) -> None:
    async def warns(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        peer.send(request.row(1) + objecting(request, status))
        await peer.request()

    async def work() -> None:
        async with scripted(warns) as modality:
            client = Client(modality)
            answer = await client.find(query())
            assert uids(await rows_of(answer)) == ["1.2.3.1"]
            outcome = answer.outcome
            assert (outcome.ending, outcome.doubtful) == (Ending.COMPLETE, True)
            assert outcome.comment == "no such key"
            said = [note_text(note) for note in outcome.notes]
            assert said == [f"the server ended the answer with {words}", "it objects to StudyDate"]
            await client.close()

    run(work())


def objecting(request: Request, status: int) -> bytes:
    """A final response with a comment and an offending element."""
    command = response(request.message_id, status, data_set=False)
    command += element(0x0901, struct.pack("<HH", 0x0008, 0x0020))
    return pdu(4, pdv(request.context, 3, command + element(0x0902, b"no such key ")))


@pytest.mark.parametrize(
    ("status", "words", "hint"),
    [
        (0xA900, "Identifier Does Not Match SOP Class", "unique key"),
        (0xC001, "Unable to Process", "fewer"),
        (0x0122, "SOP Class Not Supported", "information model"),
        (0x0124, "Not Authorised", "AE title"),
        (0x0110, "Processing Failure", None),
    ],
)
def test_a_failure_is_told_in_words_and_the_association_is_kept(
    status: int, words: str, hint: str | None
) -> None:
    def handle(event: evt.Event) -> Final:
        if event.identifier.StudyInstanceUID:
            yield 0xFF00, study(1)
            return
        yield 0xFF00, study(0)
        final = Dataset()
        final.Status = status
        final.ErrorComment = "because"
        yield final, None

    async def work(modality: Modality) -> None:
        client = Client(modality)
        answer = await client.find(query())
        with pytest.raises(QueryFailedError, match=words) as caught:
            await rows_of(answer)
        assert (caught.value.code, caught.value.comment) == (status, "because")
        assert f"0x{status:04X}" in caught.value.message
        assert str(modality.address) in caught.value.message
        assert "the server says: because" in caught.value.message
        assert (hint or "") in (caught.value.hint or "")
        assert answer.outcome.status == status
        assert not answer.outcome.complete
        assert await rows_of(answer) == []
        assert client.is_open
        assert uids(await rows_of(await client.find(query(StudyInstanceUID="1")))) == ["1.2.3.1"]
        await client.close()

    associations: list[Any] = []
    with scp(handle, handlers=[(evt.EVT_ACCEPTED, associations.append)]) as modality:
        run(work(modality))
    assert len(associations) == 1


def test_an_offending_element_is_named() -> None:
    def handle(event: evt.Event) -> Final:
        final = Dataset()
        final.Status = 0xA900
        final.OffendingElement = [0x00100020]
        yield final, None

    with scp(handle) as modality, pytest.raises(QueryFailedError) as caught:
        asked(modality)
    assert caught.value.message.endswith("; it objects to PatientID")
    assert "unique key of a higher level" in (caught.value.hint or "")


def test_a_long_comment_and_many_offending_elements_are_cut() -> None:
    async def complains(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        command = response(request.message_id, 0xA900, data_set=False)
        command += element(0x0901, struct.pack("<HH", 0x0008, 0x0020) * 5000)
        command += element(0x0902, b"x" * 20_000)
        peer.send(pdu(4, pdv(request.context, 3, command)))
        await peer.request()

    async def work() -> None:
        async with scripted(complains) as modality:
            client = Client(modality)
            with pytest.raises(QueryFailedError) as caught:
                await rows_of(await client.find(query()))
            assert 200 < len(caught.value.message) < 600
            await client.close()

    run(work())


class Archive:
    """Endless studies for a query without UID, that of the UID otherwise."""

    def __init__(self, honours_cancel: bool, most: int = 1_000_000) -> None:
        self.honours_cancel = honours_cancel
        self.most = most
        self.timeouts = replace(QUICK, cancel_grace=10 if honours_cancel else 0.2)

    def __call__(self, event: evt.Event) -> Final:
        asked_for = event.identifier.StudyInstanceUID
        if asked_for:
            dataset = Dataset()
            dataset.StudyInstanceUID = asked_for
            yield 0xFF00, dataset
            return
        for number in range(self.most):
            if self.honours_cancel:
                time.sleep(0.001)  # pynetdicom reads C-CANCEL only when it has nothing to send
                if event.is_cancelled:
                    yield 0xFE00, None
                    return
            yield 0xFF00, study(number)


both_kinds = pytest.mark.parametrize("honours", [True, False], ids=["honours", "ignores"])


async def next_answer_is_clean(client: Client) -> None:
    """The stale rows test: another query gives exactly its own rows."""
    for uid in ("9.8.7", "9.8.6"):
        answer = await client.find(query(StudyInstanceUID=uid))
        assert uids(await rows_of(answer)) == [uid]
        assert answer.outcome.ending is Ending.COMPLETE
    await client.close()


@both_kinds
def test_cancelling_leaves_nothing_behind(honours: bool) -> None:
    archive = Archive(honours)

    async def work(modality: Modality) -> None:
        client = Client(modality)
        answer = await client.find(query())
        first = await anext(answer.__aiter__())
        await answer.aclose()
        await answer.aclose()
        outcome = answer.outcome
        assert (outcome.ending, outcome.rows) == (Ending.CANCELLED, len(first))
        assert ("aborted" in outcome.detail) == (not honours)
        assert "C-CANCEL" in outcome.detail
        assert "received" in outcome.detail
        assert outcome.status == (0xFE00 if honours else None)
        assert client.is_open == honours
        assert await rows_of(answer) == []
        await next_answer_is_clean(client)

    with scp(archive, timeouts=archive.timeouts) as modality:
        run(work(modality))


@both_kinds
def test_a_limit_leaves_nothing_behind(honours: bool) -> None:
    archive = Archive(honours)

    async def work(modality: Modality) -> None:
        client = Client(modality)
        answer = await client.find(query(), limit=7)
        assert uids(await rows_of(answer)) == [f"1.2.3.{number}" for number in range(7)]
        outcome = answer.outcome
        assert (outcome.ending, outcome.rows, outcome.complete) == (Ending.LIMIT, 7, True)
        assert "C-CANCEL" in outcome.detail
        await next_answer_is_clean(client)

    with scp(archive, timeouts=archive.timeouts) as modality:
        run(work(modality))


@both_kinds
def test_another_query_leaves_the_unfinished_one(honours: bool) -> None:
    archive = Archive(honours)

    async def work(modality: Modality) -> None:
        client = Client(modality)
        left: Answer = await client.find(query())
        await anext(left.__aiter__())
        await next_answer_is_clean(client)
        assert left.outcome.ending is Ending.CANCELLED

    with scp(archive, timeouts=archive.timeouts) as modality:
        run(work(modality))


@pytest.mark.parametrize(
    ("matches", "limit", "ending"),
    [
        (4, 5, Ending.COMPLETE),
        (5, 5, Ending.COMPLETE),
        (6, 5, Ending.LIMIT),
        (3, 0, Ending.LIMIT),
        (0, 0, Ending.COMPLETE),
    ],
)
def test_a_limit_is_told_only_where_there_is_more(matches: int, limit: int, ending: Ending) -> None:
    archive = Archive(True, most=matches)
    with scp(archive, timeouts=archive.timeouts) as modality:
        rows, outcome = asked(modality, limit=limit)
    assert len(rows) == outcome.rows == min(matches, limit)
    assert outcome.ending is ending


@pytest.mark.parametrize(
    ("sent", "limit", "taken", "ending"),
    [
        (1, None, True, Ending.COMPLETE),
        (1, None, False, Ending.CANCELLED),
        (2, 1, True, Ending.LIMIT),
        (2, 1, False, Ending.CANCELLED),
    ],
)
def test_leaving_after_the_last_row_costs_nothing(
    sent: int, limit: int | None, taken: bool, ending: Ending
) -> None:
    async def answers(peer: Peer) -> None:
        await peer.accept()
        request = await peer.request()
        rows = b"".join(request.row(number) for number in range(sent))
        peer.send(rows + (b"" if limit else request.final()))
        if limit:
            await peer.request()
            peer.send(request.final(0xFE00))
        await peer.request()

    async def work() -> None:
        async with scripted(answers) as modality:
            client = Client(modality)
            answer = await client.find(query(), limit=limit)
            if taken:
                assert uids(await anext(answer.__aiter__())) == ["1.2.3.0"]
            await answer.aclose()
            assert (answer.outcome.ending, answer.outcome.rows) == (ending, int(taken))
            assert client.is_open
            await client.close()

    run(work())


def test_a_model_that_was_not_accepted_is_refused() -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        assert (await client.connect()).sop_classes == {Model.STUDY_ROOT.value}
        assert client.abilities.sop_classes == {Model.STUDY_ROOT.value}
        with pytest.raises(NoPresentationContextError, match="Patient Root FIND") as caught:
            await client.find(query(Level.PATIENT, Model.PATIENT_ROOT))
        assert "Study Root FIND" in caught.value.message
        with pytest.raises(NoPresentationContextError, match="Verification") as caught:
            await client.echo()
        assert "echo --find" in (caught.value.hint or "")
        assert uids(await rows_of(await client.find(query()))) == ["1.2.3.1"]
        await client.close()

    only = [Model.STUDY_ROOT.value]
    with scp(answering(study(1)), abstract_syntaxes=only) as modality:
        run(work(modality))


def test_the_fallback_charset_reads_rows_that_declare_none() -> None:
    def handle(event: evt.Event) -> Final:
        dataset = study(1)
        dataset.add_new(0x00100010, "PN", "Ян".encode("iso8859-5"))
        yield 0xFF00, dataset

    async def work(modality: Modality) -> None:
        client = Client(replace(modality, fallback_charset="ISO_IR 144"))
        [row] = await rows_of(await client.find(query()))
        assert row.text(0x00100010) == "Ян"
        await client.close()

    with scp(handle) as modality:
        run(work(modality))


def test_a_worklist_is_asked_like_any_other_model() -> None:
    received: list[Any] = []

    def handle(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        received.append((event.context.abstract_syntax, event.identifier))
        yield 0xFF00, study(1)

    worklist = Query(SOP_CLASSES[MODALITY_WORKLIST_FIND], None, query(PatientID="4711").keys)

    async def work(modality: Modality) -> list[str | None]:
        client = Client(modality)
        rows = uids(await rows_of(await client.find(worklist)))
        await client.close()
        return rows

    with scp(handle) as modality:
        assert run(work(modality)) == ["1.2.3.1"]
    [(uid, identifier)] = received
    assert uid == MODALITY_WORKLIST_FIND
    assert [element.keyword for element in identifier] == ["PatientID"]


def test_a_model_that_is_not_accepted_is_named() -> None:
    worklist = Query(SOP_CLASSES[MODALITY_WORKLIST_FIND], None, query().keys)

    async def work(modality: Modality) -> None:
        client = Client(modality)
        with pytest.raises(NoPresentationContextError) as caught:
            await client.find(worklist)
        told = "does not accept Modality Worklist FIND; it accepts Study Root FIND"
        assert caught.value.message.endswith(told)
        assert caught.value.hint is None
        await client.close()

    with scp(answering(), abstract_syntaxes=[Model.STUDY_ROOT.value]) as modality:
        run(work(modality))


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        ((), "nothing"),
        ((VERIFICATION, Model.PATIENT_ROOT.value), "Verification, Patient Root FIND"),
    ],
)
def test_what_is_accepted_instead_is_told(offered: tuple[str, ...], told: str) -> None:
    async def work(modality: Modality) -> None:
        client = Client(modality)
        with pytest.raises(NoPresentationContextError) as caught:
            await client.find(query())
        assert caught.value.message.endswith(f"Study Root FIND; it accepts {told}")
        assert "--model" in (caught.value.hint or "")
        await client.close()

    with scp(answering(), abstract_syntaxes=offered or (CT,)) as modality:
        run(work(modality))


@pytest.mark.parametrize("wanted", [frozenset(), frozenset({Extension.FUZZY})])
def test_of_what_a_peer_offers_only_what_we_want_counts(wanted: Extensions) -> None:
    async def work(modality: Modality) -> None:
        client = Client(replace(modality, extended=wanted))
        abilities = await client.connect()
        assert abilities.extended.get(Model.STUDY_ROOT.value, frozenset()) == wanted
        assert Model.STUDY_ROOT.value in abilities.sop_classes
        await client.close()

    def agree(event: evt.Event) -> dict[str, bytes]:
        return {Model.STUDY_ROOT.value: b"\1\1\1"}

    with scp(handlers=[(evt.EVT_SOP_EXTENDED, agree)]) as modality:
        run(work(modality))

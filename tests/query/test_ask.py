"""From a request to an answer: model, limit, issuer, advice, suspicion. The archive is a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomsh.errors import QueryFailedError, TimedOutError
from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.capability import Capabilities
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.keys import PATIENT_ID, by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.model.windows import Period
from dicomsh.query.context import Limits
from dicomsh.query.split import split_answer
from tests.model.rows import answer
from tests.model.test_plan import request
from tests.query.scripted import BOTH, asked

UID = by_keyword("StudyInstanceUID").tag
CUT_OFF = Outcome(Ending.CUT_OFF, 0, 0.0, 0xA700)
AT_A = Place((PlaceStep(Level.PATIENT, "A"),))


def study(number: int, patient: str = "A", **more: str) -> Row:
    return answer(StudyInstanceUID=f"1.{number}", PatientID=patient, **more)


def studies(count: int) -> Callable[[Query], list[Row]]:
    return lambda _: [study(number) for number in range(count)]


def values(query: Query) -> dict[str, str]:
    return {key.keyword: key.value for key in query.keys}


def by_level(query: Query) -> list[Row]:
    """Patients A, B, B of another issuer, and one without an ID; two studies of each."""
    if query.level is Level.PATIENT:
        return [
            answer(PatientID="A"),
            answer(PatientID="B", IssuerOfPatientID="X"),
            answer(PatientID="B", IssuerOfPatientID="Y"),
            answer(PatientName="NOBODY"),
        ]
    patient = values(query)["PatientID"]
    return [answer(StudyInstanceUID=f"1.{patient}.{n}", PatientID=patient) for n in (1, 2)]


@pytest.mark.parametrize(
    ("wanted", "models", "option", "sent"),
    [
        (request(Level.PATIENT), BOTH, None, Model.PATIENT_ROOT),
        (request(Level.STUDY), BOTH, None, Model.STUDY_ROOT),
        (request(Level.STUDY), BOTH, Model.STUDY_ROOT, Model.STUDY_ROOT),
        (request(Level.STUDY, AT_A), BOTH, Model.STUDY_ROOT, Model.STUDY_ROOT),
        (request(Level.STUDY, Place(), "id=A"), BOTH, Model.PATIENT_ROOT, Model.PATIENT_ROOT),
        (request(Level.STUDY, AT_A), [Model.PATIENT_ROOT], None, Model.PATIENT_ROOT),
    ],
)
def test_one_query_in_the_model_that_serves(
    wanted: Request, models: list[Model], option: Model | None, sent: Model
) -> None:
    done = asked(wanted, options=QueryOptions(model=option), models=models)
    assert [query.model for query, _ in done.queries] == [sent]
    assert not {NoteKind.PATIENTS_FROM_STUDIES, NoteKind.PATIENT_BY_PATIENT} & set(done.kinds)


@pytest.mark.parametrize(
    ("models", "option", "why"),
    [
        ([Model.STUDY_ROOT], None, "the peer has no Patient Root"),
        (BOTH, Model.STUDY_ROOT, "because of the model set"),
    ],
)
def test_patients_are_those_of_the_studies(
    models: list[Model], option: Model | None, why: str
) -> None:
    def reply(query: Query) -> list[Row]:
        assert query.level is Level.STUDY
        return [study(1, "A"), study(2, "A"), study(3, "B"), study(4, "C")]

    options = QueryOptions(model=option, limit=2)
    done = asked(request(Level.PATIENT), reply, options, models=models)
    assert done.texts(PATIENT_ID) == ["A", "B"]
    assert done.outcome.ending is Ending.LIMIT
    assert [limit for _, limit in done.queries] == [None]
    assert note(NoteKind.PATIENTS_FROM_STUDIES, why) in done.outcome.notes
    whole = asked(request(Level.PATIENT), reply, replace(options, limit=None), models=models)
    assert whole.texts(PATIENT_ID) == ["A", "B", "C"]
    assert whole.outcome.ending is Ending.COMPLETE


@pytest.mark.parametrize(
    ("models", "option", "why"),
    [
        ([Model.PATIENT_ROOT], None, "the peer has no Study Root"),
        (BOTH, Model.PATIENT_ROOT, "because of the model set"),
    ],
)
def test_studies_across_patients_are_asked_patient_by_patient(
    models: list[Model], option: Model | None, why: str
) -> None:
    options = QueryOptions(model=option)
    done = asked(
        request(Level.STUDY, Place(), "name=DOE*", "mod=CT"), by_level, options, models=models
    )
    assert done.texts(UID) == ["1.A.1", "1.A.2", "1.B.1", "1.B.2"]
    assert note(NoteKind.PATIENT_BY_PATIENT, why) in done.outcome.notes
    assert done.outcome.ending is Ending.PARTIAL, "one patient has no ID to ask with"
    first, *below = [values(query) for query, _ in done.queries]
    assert (first["PatientName"], "ModalitiesInStudy" in first) == ("DOE*", False)
    assert [one["PatientID"] for one in below] == ["A", "B"]
    assert all(one["ModalitiesInStudy"] == "CT" for one in below)
    assert not any(one.get("PatientName") for one in below)
    assert {query.model for query, _ in done.queries} == {Model.PATIENT_ROOT}


@pytest.mark.parametrize(("limit", "limits"), [(3, [None, 3, 1]), (1, [None, 1])])
def test_patient_by_patient_the_limit_is_that_of_all(limit: int, limits: list[int | None]) -> None:
    def reply(query: Query) -> list[Row]:
        return [row for row in by_level(query) if row.text(PATIENT_ID)]

    options = QueryOptions(limit=limit)
    done = asked(request(Level.STUDY), reply, options, models=[Model.PATIENT_ROOT])
    assert len(done.rows) == limit
    assert done.outcome.ending is Ending.LIMIT
    assert [bound for _, bound in done.queries] == limits


def test_the_limit_is_the_archives() -> None:
    done = asked(request(Level.STUDY), studies(5), QueryOptions(limit=2))
    assert [limit for _, limit in done.queries] == [2]
    assert (len(done.rows), done.outcome.ending) == (2, Ending.LIMIT)


@pytest.mark.parametrize(
    ("issuer", "kept", "kinds"),
    [
        ("X", ["1.1", "1.3"], {NoteKind.OTHER_ISSUER, NoteKind.ISSUER_UNKNOWN}),
        ("", ["1.1", "1.2", "1.3"], set()),
    ],
)
def test_of_patients_who_share_an_id_only_the_one_of_the_place(
    issuer: str, kept: list[str], kinds: set[NoteKind]
) -> None:
    def reply(_: Query) -> list[Row]:
        issuers = (("1", "X"), ("2", "Y"), ("3", ""))
        return [study(int(n), IssuerOfPatientID=word) for n, word in issuers]

    place = Place((PlaceStep(Level.PATIENT, "A", issuer=issuer),))
    done = asked(request(Level.STUDY, place), reply)
    assert done.texts(UID) == kept
    about_issuers = {NoteKind.OTHER_ISSUER, NoteKind.ISSUER_UNKNOWN}
    assert about_issuers & set(done.kinds) == kinds


@pytest.mark.parametrize(
    ("keys", "elsewhere", "found", "wanted"),
    [
        # a capital letter or a wildcard that is missing is worth another try; see test_suggest
        (("name=doe",), False, 0, ["matched", "try"]),
        (("name=doe",), True, 0, ["matched"]),
        (("name=DOE",), False, 1, []),
        ((), False, 0, ["try"]),
    ],
)
def test_what_is_suggested_when_nothing_was_found(
    keys: tuple[str, ...], elsewhere: bool, found: int, wanted: list[str]
) -> None:
    def reply(_: Query) -> list[Row]:
        return [study(n, PatientName="DOE") for n in range(found)]

    done = asked(request(Level.STUDY, Place(), *keys), reply, elsewhere=elsewhere)
    advice = [kind.value for kind in done.kinds if kind in (NoteKind.MATCHED, NoteKind.TRY)]
    assert advice == wanted
    for one in done.outcome.notes:
        if one.kind is NoteKind.TRY:
            assert one.about[0].startswith("find ")
        if one.kind is NoteKind.MATCHED:
            assert one.about[0].endswith("=doe")


def test_nothing_is_suggested_where_nothing_else_can_be_asked() -> None:
    done = asked(request(Level.WORKLIST), models=[Model.MODALITY_WORKLIST])
    assert not {NoteKind.MATCHED, NoteKind.TRY} & set(done.kinds)


def test_nothing_is_suggested_where_we_do_not_know_that_nothing_is_there() -> None:
    done = asked(request(Level.STUDY, Place(), "name=doe"), lambda _: ([], CUT_OFF))
    assert NoteKind.TRY not in done.kinds


@pytest.mark.parametrize(
    ("level", "elsewhere", "remedy"),
    [
        (Level.STUDY, False, "narrow the query, or: find study ModalitiesInStudy=CT --split"),
        (Level.STUDY, True, ""),
        (Level.PATIENT, False, ""),
    ],
)
def test_what_was_cut_off_is_offered_in_parts(level: Level, elsewhere: bool, remedy: str) -> None:
    keys = ("mod=CT",) if level is Level.STUDY else ()
    done = asked(request(level, Place(), *keys), lambda _: ([], CUT_OFF), elsewhere=elsewhere)
    assert done.outcome.remedy == remedy


@pytest.mark.parametrize(
    ("hint", "elsewhere", "told"),
    [
        ("set timeout 60", False, "set timeout 60; narrow the query, or: find study --split"),
        (None, False, "narrow the query, or: find study --split"),
        ("set timeout 60", True, "set timeout 60"),
        (None, True, None),
    ],
)
def test_what_took_too_long_is_offered_in_parts(
    hint: str | None, elsewhere: bool, told: str | None
) -> None:
    def reply(_: Query) -> list[Row]:
        raise TimedOutError("no answer within 5 s", hint=hint)

    with pytest.raises(TimedOutError) as caught:
        asked(request(Level.STUDY), reply, elsewhere=elsewhere)
    assert caught.value.hint == told


def test_what_failed_otherwise_is_not_offered_in_parts() -> None:
    def reply(_: Query) -> list[Row]:
        raise QueryFailedError("it failed", code=0xC000)

    with pytest.raises(QueryFailedError) as caught:
        asked(request(Level.STUDY), reply)
    assert "--split" not in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("limits", "own", "told"),
    [
        (Limits(usual_rows=3), None, True),
        (Limits(rows=3), None, True),
        (Limits(usual_rows=3), 3, False),
        (Limits(usual_rows=9), None, False),
        (Limits(), 3, False),
    ],
)
def test_a_limit_that_was_not_typed_can_be_lifted(
    limits: Limits, own: int | None, told: bool
) -> None:
    done = asked(request(Level.STUDY), studies(5), QueryOptions(limit=own), limits=limits)
    assert (NoteKind.LIMIT_CAN_BE_LIFTED in done.kinds) is told


def test_the_limit_of_the_modality_is_not_ours_to_lift() -> None:
    done = asked(request(Level.STUDY), studies(5), limit=3)
    assert (len(done.rows), done.outcome.ending) == (3, Ending.LIMIT)
    assert NoteKind.LIMIT_CAN_BE_LIFTED not in done.kinds


OTHER = request(Level.STUDY, Place(), "mod=MR")


@pytest.mark.parametrize(
    ("cap", "earlier", "rows", "kind"),
    [
        (50, [], 50, NoteKind.AT_THE_CAP),
        (None, [(OTHER, Outcome(Ending.COMPLETE, 50, 0.0))], 50, NoteKind.SAME_ROUND_NUMBER),
        (None, [(OTHER, Outcome(Ending.COMPLETE, 50, 0.0))], 49, None),
        (None, [], 50, None),
    ],
)
def test_a_suspicious_number_of_rows_is_told(
    cap: int | None,
    earlier: list[tuple[Request, Outcome]],
    rows: int,
    kind: NoteKind | None,
) -> None:
    done = asked(
        request(Level.STUDY),
        studies(rows),
        earlier=earlier,
        capabilities=Capabilities(cap=cap),
    )
    suspicious = {NoteKind.AT_THE_CAP, NoteKind.SAME_ROUND_NUMBER}
    assert suspicious & set(done.kinds) == ({kind} if kind else set())


def test_a_listing_knows_what_was_asked() -> None:
    wanted, options = request(Level.STUDY, AT_A, "mod=CT"), QueryOptions(limit=7)
    done = asked(wanted, studies(1), options, extended=frozenset({Extension.FUZZY}))
    assert done.listing.asked_query is not None
    assert done.listing.asked_query.request == wanted
    assert done.listing.asked_query.options == options
    assert done.listing.asked_query.modality.name == "scripted"
    assert (done.listing.level, done.listing.place) == (Level.STUDY, AT_A)
    assert done.listing.headway() == ""


@pytest.mark.parametrize("configured", [set(), {Extension.FUZZY}])
def test_extensions_typed_are_proposed_besides_those_configured(
    configured: set[Extension],
) -> None:
    options = QueryOptions(extended=frozenset({Extension.RELATIONAL}))
    done = asked(request(Level.STUDY), studies(1), options, extended=frozenset(configured))
    refused = {NoteKind.RELATIONAL_REFUSED, NoteKind.FUZZY_REFUSED} & set(done.kinds)
    assert refused == {
        NoteKind.RELATIONAL_REFUSED,
        *([NoteKind.FUZZY_REFUSED] if configured else []),
    }
    assert done.listing.asked_query is not None
    assert done.listing.asked_query.modality.extended == options.extended | configured


def test_a_split_query_tells_how_far_it_is_and_offers_no_split() -> None:
    def reply(query: Query) -> tuple[list[Row], Outcome]:
        return [], CUT_OFF

    options = QueryOptions(split=Period.AUTO)
    done = asked(request(Level.STUDY), reply, options, way=split_answer)
    assert done.outcome.ending is Ending.CUT_OFF
    assert done.outcome.remedy == ""
    assert "queries, now" in done.listing.headway()

"""From what is asked to the query: keys that travel, information model, columns, emulation."""

from __future__ import annotations

from datetime import date

import pytest

from dicomsh.errors import NoPresentationContextError, UsageError
from dicomsh.frozen import replace
from dicomsh.model.charset import UTF8
from dicomsh.model.keys import by_keyword, find_path
from dicomsh.model.level_keys import LEVEL_KEYS
from dicomsh.model.levels import HIERARCHY, ROOT_MODELS, Level, Model
from dicomsh.model.matching import matcher
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import (
    Request,
    build,
    choose_model,
    identifier_keys,
    matched,
    patients_from_studies,
)
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey

PATIENT, STUDY, SERIES, INSTANCE = HIERARCHY
PATIENT_ROOT, STUDY_ROOT = ROOT_MODELS
PEER = "ARCHIVE@host:104"
BOTH = frozenset(model.value for model in ROOT_MODELS)

ROOT = Place()
AT_PATIENT = Place((PlaceStep(PATIENT, "0555643F", issuer="HOSPITAL A"),))
AT_STUDY = AT_PATIENT.down(PlaceStep(STUDY, "1.2"))
AT_SERIES = AT_STUDY.down(PlaceStep(SERIES, "1.2.3"))
STUDY_ALONE = Place((PlaceStep(STUDY, "1.2"),))


def typed(text: str, level: Level = STUDY) -> QueryKey:
    """`Key=Value` or `+Key`."""
    name, equals, value = text.lstrip("+").partition("=")
    path = find_path(name, level)
    if not equals:
        return QueryKey(path, "", Matching.UNIVERSAL, KeyOrigin.RETURN)
    found = matcher(path[-1], value, date(2024, 3, 5))
    return QueryKey(path, found.value, found.kind, KeyOrigin.TYPED)


def request(level: Level, place: Place = ROOT, *keys: str) -> Request:
    return Request(level, place, tuple(typed(key, level) for key in keys))


def sent(query: Query) -> dict[str, str]:
    return {key.keyword: key.value for key in query.keys}


def origins(asked: Request) -> dict[str, KeyOrigin]:
    return {key.keyword: key.origin for key in identifier_keys(asked)}


@pytest.mark.parametrize(
    ("level", "place", "parents"),
    [
        (PATIENT, ROOT, {}),
        (STUDY, AT_PATIENT, {"PatientID": "0555643F", "IssuerOfPatientID": "HOSPITAL A"}),
        (
            SERIES,
            AT_STUDY,
            {
                "PatientID": "0555643F",
                "IssuerOfPatientID": "HOSPITAL A",
                "StudyInstanceUID": "1.2",
            },
        ),
        (
            INSTANCE,
            AT_SERIES,
            {
                "PatientID": "0555643F",
                "IssuerOfPatientID": "HOSPITAL A",
                "StudyInstanceUID": "1.2",
                "SeriesInstanceUID": "1.2.3",
            },
        ),
        (SERIES, STUDY_ALONE, {"StudyInstanceUID": "1.2"}),
    ],
)
@pytest.mark.parametrize("model", Model)
def test_the_keys_of_all_parents_travel(
    model: Model, level: Level, place: Place, parents: dict[str, str]
) -> None:
    """Servers without relational queries need every unique key above (PS3.4 C.4.1.2.2.1)."""
    asked = request(level, place)
    query = build(asked, model, "", "")
    assert (query.model, query.level) == (model, level)
    assert {word: value for word, value in sent(query).items() if value} == parents
    assert {origins(asked)[word] for word in parents} <= {KeyOrigin.CONTEXT}


@pytest.mark.parametrize("level", Level)
def test_the_default_keys_of_the_level_are_asked_for(level: Level) -> None:
    query = build(request(level), STUDY_ROOT, "", "")
    assert set(LEVEL_KEYS[level].default) <= sent(query).keys()
    assert {ancestor.unique_keyword for ancestor in level.ancestors} <= sent(query).keys()
    assert set(sent(query).values()) == {""}


def test_what_is_typed_travels_once() -> None:
    asked = request(STUDY, AT_PATIENT, "date=2024", "+ReferringPhysicianName", "+StudyDate", "id=")
    keys = identifier_keys(asked)
    assert len({key.keyword for key in keys}) == len(keys)
    found = {key.keyword: (key.value, key.origin) for key in keys}
    assert found["StudyDate"] == ("20240101-20241231", KeyOrigin.TYPED)
    assert found["ReferringPhysicianName"] == ("", KeyOrigin.RETURN)
    assert found["PatientID"] == ("0555643F", KeyOrigin.CONTEXT)
    assert found["StudyDescription"] == ("", KeyOrigin.LEVEL)


def test_a_path_travels_whole() -> None:
    asked = request(SERIES, AT_STUDY, "RequestAttributesSequence.ScheduledProcedureStepID=7")
    word = "RequestAttributesSequence.ScheduledProcedureStepID"
    assert sent(build(asked, STUDY_ROOT, "", ""))[word] == "7"


@pytest.mark.parametrize("key", ["id=other", "study=1.9", "issuer=HOSPITAL B", "id=0555*"])
def test_a_key_that_contradicts_the_place_is_refused(key: str) -> None:
    """Sent together, the second would replace the first without a word."""
    with pytest.raises(UsageError) as caught:
        build(request(SERIES, AT_STUDY, key), STUDY_ROOT, "", "")
    assert " is " in caught.value.message
    assert caught.value.hint == "'cd /' leaves the place"


def test_a_key_that_repeats_the_place_is_harmless() -> None:
    asked = request(SERIES, AT_STUDY, "id=0555643F", "study=1.2")
    assert sent(build(asked, STUDY_ROOT, "", ""))["StudyInstanceUID"] == "1.2"


@pytest.mark.parametrize(
    ("level", "place", "accepted", "forced", "model"),
    [
        (PATIENT, ROOT, BOTH, None, PATIENT_ROOT),
        (STUDY, AT_PATIENT, BOTH, None, PATIENT_ROOT),
        (INSTANCE, AT_SERIES, BOTH, None, PATIENT_ROOT),
        (STUDY, ROOT, BOTH, None, STUDY_ROOT),
        (SERIES, STUDY_ALONE, BOTH, None, STUDY_ROOT),
        # the peer takes only one
        (PATIENT, ROOT, {STUDY_ROOT.value}, None, STUDY_ROOT),
        (STUDY, AT_PATIENT, {STUDY_ROOT.value}, None, STUDY_ROOT),
        (STUDY, ROOT, {PATIENT_ROOT.value}, None, PATIENT_ROOT),
        # the user wants one
        (STUDY, ROOT, BOTH, PATIENT_ROOT, PATIENT_ROOT),
        (PATIENT, ROOT, BOTH, STUDY_ROOT, STUDY_ROOT),
    ],
)
def test_the_information_model(
    level: Level, place: Place, accepted: set[str], forced: Model | None, model: Model
) -> None:
    assert choose_model(request(level, place), frozenset(accepted), forced, PEER) is model


@pytest.mark.parametrize(
    ("accepted", "forced", "told"),
    [
        (set(), None, "no presentation context for Study Root or Patient Root FIND"),
        ({"1.2.840.10008.5.1.4.31"}, None, "no presentation context"),
        ({STUDY_ROOT.value}, PATIENT_ROOT, "no presentation context for Patient Root FIND"),
    ],
)
def test_no_model_at_all(accepted: set[str], forced: Model | None, told: str) -> None:
    with pytest.raises(NoPresentationContextError) as caught:
        choose_model(request(STUDY), frozenset(accepted), forced, PEER)
    assert told in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("value", "declared", "charset"),
    [
        ("YAMADA", "ISO_IR 100", ""),
        ("*山田*", "", UTF8),
        ("*山田*", "ISO_IR 100", UTF8),
        ("*山田*", "\\ISO 2022 IR 87", "\\ISO 2022 IR 87"),
        ("Müller", "ISO_IR 100", "ISO_IR 100"),
    ],
)
def test_the_character_set_follows_from_the_text(value: str, declared: str, charset: str) -> None:
    query = build(request(STUDY, ROOT, f"name={value}"), STUDY_ROOT, declared, "")
    assert query.charset == charset
    assert sent(query)["PatientName"] == value


def test_the_text_of_the_place_counts_for_the_character_set() -> None:
    place = Place((PlaceStep(PATIENT, "Ж-1"),))
    assert build(request(STUDY, place), STUDY_ROOT, "ISO_IR 100", "").charset == UTF8


def test_a_peer_that_needs_asterisks_gets_them_for_typed_keys_where_the_vr_allows() -> None:
    """A return key of `*` would leave out who has no value (PS3.4 C.2.2.2.4)."""
    asked = request(STUDY, AT_PATIENT, "desc=CT*", "acc=", "date=", "+ReferringPhysicianName")
    found = sent(build(asked, STUDY_ROOT, "", "*"))
    assert found["AccessionNumber"] == "*"
    assert found["StudyDescription"] == "CT*"
    assert found["PatientID"] == "0555643F"
    empty = {"StudyDate", "StudyInstanceUID", "ModalitiesInStudy", "ReferringPhysicianName"}
    assert {found[keyword] for keyword in empty} == {""}
    assert found["NumberOfStudyRelatedSeries"] == ""


def columns(asked: Request) -> list[str]:
    return [column.keyword for column in asked.columns()]


def test_columns_are_the_defaults_then_what_was_typed() -> None:
    path = "RequestAttributesSequence.ScheduledProcedureStepID"
    asked = request(SERIES, AT_STUDY, "mod=CT", f"+{path}", "+ProtocolName", "+PatientID")
    shown = columns(asked)
    assert shown[: len(LEVEL_KEYS[SERIES].default)] == list(LEVEL_KEYS[SERIES].default)
    assert shown[len(LEVEL_KEYS[SERIES].default) :] == [
        path,
        "ProtocolName",
        "PatientID",
        "StudyInstanceUID",
        "IssuerOfPatientID",
    ]
    assert len(set(shown)) == len(shown)


def test_the_keys_of_the_place_are_columns_of_machine_output_alone() -> None:
    hidden = [column.keyword for column in request(STUDY, AT_PATIENT).columns() if column.context]
    assert hidden == ["PatientID", "IssuerOfPatientID"]


def test_unknown_parents_are_columns_too() -> None:
    assert columns(request(STUDY))[:2] == ["PatientID", "PatientName"]
    assert columns(request(INSTANCE))[:4] == [
        "PatientID",
        "PatientName",
        "StudyInstanceUID",
        "SeriesInstanceUID",
    ]
    assert "PatientID" not in columns(request(PATIENT))[1:]


def test_a_path_has_its_own_heading() -> None:
    path = "RequestAttributesSequence.ScheduledProcedureStepID"
    column = request(SERIES, AT_STUDY, f"+{path}").columns()[len(LEVEL_KEYS[SERIES].default)]
    assert (column.heading, column.attribute) == (path, by_keyword("ScheduledProcedureStepID"))
    assert [part.keyword for part in column.path] == ["RequestAttributesSequence"]


@pytest.mark.parametrize(
    ("asked", "relational"),
    [
        (request(PATIENT), False),
        (request(STUDY), False),
        (request(STUDY, AT_PATIENT), False),
        (request(SERIES), True),
        (request(SERIES, AT_PATIENT), True),
        (request(SERIES, AT_STUDY), False),
        (request(SERIES, ROOT, "study=1.2"), False),
        (request(SERIES, ROOT, "study="), True),
        (request(INSTANCE, AT_STUDY), True),
        (request(INSTANCE, AT_STUDY, "series=1.2.3"), False),
    ],
)
def test_what_needs_relational_queries(asked: Request, relational: bool) -> None:
    assert asked.relational is relational


def test_patients_are_asked_for_as_studies() -> None:
    asked = Request(PATIENT, ROOT, (typed("name=JOD*"), typed("+PatientComments")))
    emulated = patients_from_studies(asked)
    found = sent(build(emulated, STUDY_ROOT, "", ""))
    assert emulated.level is STUDY
    assert found["PatientName"] == "JOD*"
    wanted = {"PatientID", "IssuerOfPatientID", "PatientSex", "PatientBirthDate"}
    assert wanted | {"PatientComments", "StudyInstanceUID"} <= found.keys()
    assert "NumberOfPatientRelatedStudies" not in found


def test_what_was_matched_in_words() -> None:
    keys = typed("name=JOD*"), typed("+sex"), typed("mod=CT,MR"), typed("acc=")
    values = "PatientName=JOD*, ModalitiesInStudy=CT\\MR"
    assert matched(Request(STUDY, ROOT, keys)) == values
    assert matched(Request(STUDY, AT_PATIENT, keys)) == f"{values} in patient 0555643F"
    assert matched(Request(STUDY, AT_PATIENT)) == ""


def test_columns_know_whether_they_were_asked_for() -> None:
    inside = "RequestAttributesSequence.ScheduledProcedureStepID"
    wanted = request(SERIES, AT_STUDY, "mod=CT", "+ProtocolName", f"+{inside}")
    columns = {column.keyword: column for column in wanted.columns()}
    asked = {title for title, column in columns.items() if column.asked}
    assert asked == {"Modality", "ProtocolName", inside}
    assert [part.keyword for part in columns[inside].path] == ["RequestAttributesSequence"]
    optional = {title for title, column in columns.items() if column.optional}
    assert optional == {title for title in columns if "Body" in title}
    assert [title for title, column in columns.items() if column.context] == [
        *("PatientID", "StudyInstanceUID", "IssuerOfPatientID"),
    ]


@pytest.mark.parametrize(
    ("keyword", "value", "literal", "sent"),
    [
        ("PatientID", r"A\B", True, ("A*", Matching.WILDCARD)),
        ("PatientID", r"A\B\C", True, ("A*", Matching.WILDCARD)),
        ("PatientID", r"A\B", False, (r"A\B", Matching.SINGLE_VALUE)),
        ("PatientID", "AB", True, ("AB", Matching.SINGLE_VALUE)),
        ("StudyDate", r"20240101\2", True, (r"20240101\2", Matching.SINGLE_VALUE)),
    ],
)
def test_a_backslash_in_a_value_from_an_answer_does_not_make_a_list(
    keyword: str, value: str, literal: bool, sent: tuple[str, Matching]
) -> None:
    key = QueryKey(
        (by_keyword(keyword),), value, Matching.SINGLE_VALUE, KeyOrigin.TYPED, literal=literal
    )
    keys = identifier_keys(Request(STUDY, ROOT, (key,)))
    assert [(one.value, one.matching) for one in keys if one.keyword == keyword] == [sent]


@pytest.mark.parametrize(
    ("key", "omitted", "sent"),
    [
        ("acc", "AccessionNumber", False),
        ("acc", "StudyID", True),
        ("RequestAttributesSequence.ScheduledProcedureStepID", "RequestAttributesSequence", False),
        ("RequestAttributesSequence.ScheduledProcedureStepID", "ScheduledProcedureStepID", True),
        ("RequestAttributesSequence.ScheduledProcedureStepID", "Request", True),
    ],
)
def test_what_a_server_rejects_is_not_sent(key: str, omitted: str, sent: bool) -> None:
    wanted = Request(STUDY, ROOT, (typed(f"+{key}"),), frozenset({omitted}))
    keywords = {one.keyword for one in identifier_keys(wanted)}
    assert (typed(f"+{key}").keyword in keywords) is sent


@pytest.mark.parametrize(
    ("asked", "levels"),
    [
        (request(STUDY), ()),
        (request(SERIES), (STUDY,)),
        (request(INSTANCE), (STUDY, SERIES)),
        (request(INSTANCE, AT_STUDY), (SERIES,)),
        (request(INSTANCE, AT_SERIES), ()),
        (request(INSTANCE, ROOT, "series=1.2.3"), (STUDY,)),
        (request(SERIES, ROOT, "study=1.2"), ()),
        (request(SERIES, ROOT, "study=1.2,1.3"), (STUDY,)),
    ],
)
def test_the_levels_above_that_have_no_single_value(
    asked: Request, levels: tuple[Level, ...]
) -> None:
    """PS3.4 C.4.1.2.1."""
    assert asked.open_levels == levels


def test_a_sequence_that_is_rejected_takes_along_what_is_inside() -> None:
    deep = "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue"
    for omitted, kept in (
        ("RequestAttributesSequence", False),
        ("RequestAttributesSequence.ScheduledProtocolCodeSequence", False),
        (deep, False),
        ("ScheduledProtocolCodeSequence", True),
        ("CodeValue", True),
    ):
        asked = replace(request(SERIES, AT_STUDY, f"+{deep}"), omitted=frozenset((omitted,)))
        assert (deep in {key.keyword for key in identifier_keys(asked)}) is kept


def test_a_peer_without_the_model_has_another_or_is_a_worklist() -> None:
    def hint(accepted: set[str]) -> str:
        with pytest.raises(NoPresentationContextError) as caught:
            choose_model(request(STUDY), frozenset(accepted), STUDY_ROOT, PEER)
        return caught.value.hint or ""

    assert "it accepts Patient Root, which is used" in hint({PATIENT_ROOT.value})
    assert "this is a worklist" in hint({Model.MODALITY_WORKLIST.value})
    assert "ask its administrator" in hint({"1.2.3"})


def test_patients_cannot_be_counted_from_studies() -> None:
    with pytest.raises(UsageError) as caught:
        patients_from_studies(request(PATIENT, ROOT, "NumberOfPatientRelatedStudies=2"))
    assert caught.value.hint == "find study | count by PatientID"


def test_what_is_added_for_patients_is_asked_for_by_default() -> None:
    study = patients_from_studies(request(PATIENT, ROOT, "name=DOE*"))
    added = {key.origin for key in study.keys if key.keyword != "PatientName"}
    assert added == {KeyOrigin.LEVEL}


WORKLIST = Model.MODALITY_WORKLIST
OTHER = "the worklist may have another AE title or port, often that of the RIS"


def test_a_worklist_is_asked_in_its_own_model_and_at_no_level() -> None:
    """PS3.4 K.6.1: it has no Query/Retrieve level."""
    asked = request(Level.WORKLIST)
    assert choose_model(asked, BOTH | {WORKLIST.value}, None, PEER) is WORKLIST
    assert build(asked, WORKLIST, "", "").level is None
    assert build(request(STUDY), STUDY_ROOT, "", "").level is STUDY


@pytest.mark.parametrize(
    ("accepted", "hint"),
    [
        (BOTH, f"this is an archive: {OTHER}"),
        ({STUDY_ROOT.value}, f"this is an archive: {OTHER}"),
        (set(), OTHER),
        ({"1.2.840.10008.1.1"}, OTHER),
    ],
)
def test_a_worklist_may_be_elsewhere(accepted: set[str], hint: str) -> None:
    with pytest.raises(NoPresentationContextError) as caught:
        choose_model(request(Level.WORKLIST), frozenset(accepted), None, PEER)
    assert caught.value.message == (
        "ARCHIVE@host:104 accepted no presentation context for Modality Worklist FIND"
    )
    assert caught.value.hint == hint


def test_what_a_place_is_called_came_from_an_answer() -> None:
    r"""A `\` in it makes no list, and `*` no pattern."""
    place = Place((PlaceStep(PATIENT, r"A\B", issuer="X*"),))
    keys = {key.keyword: key for key in identifier_keys(request(STUDY, place))}
    assert (keys["PatientID"].value, keys["PatientID"].matching) == ("A*", Matching.WILDCARD)
    issuer = keys["IssuerOfPatientID"]
    assert (issuer.value, issuer.matching, issuer.literal) == ("X*", Matching.SINGLE_VALUE, True)

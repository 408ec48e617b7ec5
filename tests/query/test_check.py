"""What is sent, what passes of an answer, and what is said about its rows."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dicomsh.archives.rows import row_of
from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.capability import Capabilities, Feature, Support
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.keys import PATIENT_ID, by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.lists import LONGEST
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext
from tests.model.rows import answer
from tests.model.test_plan import request, typed
from tests.query.scripted import ScriptAddress, asked, in_context

UID = by_keyword("StudyInstanceUID").tag
IGNORED = {"AccessionNumber": Support.IGNORED}


def study(number: int, **more: str) -> Row:
    return answer(StudyInstanceUID=f"1.{number}", PatientID="A", **more)


def accessions(*values: str | None) -> list[Row]:
    return [
        study(number, **({} if value is None else {"AccessionNumber": value}))
        for number, value in enumerate(values)
    ]


def values(query: Query) -> dict[str, str]:
    return {key.keyword: key.value for key in query.keys}


def numbers(texts: Sequence[str | None]) -> list[int]:
    return [int((text or "").removeprefix("1.")) for text in texts]


@pytest.mark.parametrize(("charset", "sent"), [("", "ISO_IR 192"), ("ISO_IR 100", "ISO_IR 100")])
def test_the_charset_declared_for_the_modality_is_used(charset: str, sent: str) -> None:
    done = asked(request(Level.STUDY, Place(), "name=Müller"), charset=charset)
    assert [query.charset for query, _ in done.queries] == [sent]


@pytest.mark.parametrize("universal", ["", "*"])
def test_universal_matching_is_sent_as_the_modality_needs_it(universal: str) -> None:
    done = asked(request(Level.STUDY, Place(), "acc="), universal=universal)
    ((query, _),) = done.queries
    assert {key.keyword: key.value for key in query.keys}["AccessionNumber"] == universal


@pytest.mark.parametrize(
    ("values", "kept", "counted", "doubtful", "lacking"),
    [
        (["A1", "A2", "A1"], [0, 2], (2, 3), False, 0),
        (["A2", "A2"], [], (0, 2), False, 0),
        # without the attribute nobody can tell: the row is shown, and the answer doubtful
        (["A1", None, "A2", None, "A1"], [0, 1, 3, 4], (4, 5), True, 2),
        (["A1", None], [0, 1], (2, 2), True, 1),
    ],
)
def test_what_the_server_ignores_is_filtered_here(
    values: list[str | None],
    kept: list[int],
    counted: tuple[int, int],
    doubtful: bool,
    lacking: int,
) -> None:
    known = Capabilities(matching=IGNORED)
    wanted = request(Level.STUDY, Place(), "acc=A1")
    done = asked(wanted, lambda _: accessions(*values), capabilities=known)
    assert numbers(done.texts(UID)) == kept
    filtered = [one for one in done.outcome.notes if one.kind is NoteKind.FILTERED_LOCALLY]
    assert [(one.count, one.of) for one in filtered] == [counted]
    assert done.outcome.doubtful is doubtful
    lack = [one.count for one in done.outcome.notes if one.kind is NoteKind.LACK_THE_ATTRIBUTE]
    assert lack == ([lacking] if lacking else [])


@pytest.mark.parametrize(
    ("capabilities", "bound", "ending"),
    [
        # filtered here, a limit is one of the rows that are kept: the server is asked for all
        (Capabilities(matching=IGNORED), None, Ending.LIMIT),
        (Capabilities(), 2, Ending.LIMIT),
    ],
)
def test_whose_limit_it_is(capabilities: Capabilities, bound: int | None, ending: Ending) -> None:
    def reply(_: Query) -> list[Row]:
        return accessions("A2", "A1", "A1", "A1") if bound is None else accessions(*["A1"] * 4)

    wanted, options = request(Level.STUDY, Place(), "acc=A1"), QueryOptions(limit=2)
    done = asked(wanted, reply, options, capabilities=capabilities)
    assert [limit for _, limit in done.queries] == [bound]
    assert (len(done.rows), done.outcome.ending) == (2, ending)


def test_the_limit_is_one_of_the_rows_that_are_kept_also_where_sets_are_requested() -> None:
    labels = {Feature.LABELS: Support.WORKS}
    wanted, options = request(Level.STUDY, Place(), "acc=A1"), QueryOptions(limit=2)

    async def work(context: QueryContext) -> tuple[int, Outcome]:
        address = ScriptAddress(lambda _: accessions("A2", "A1", "A1", "A1"))
        modality = Modality("scripted", address)
        known = Capabilities(matching=IGNORED, features=labels)
        context.archives.memory.learn(modality, known)
        answer = (await ask(context, modality, wanted, options)).answer
        return len(await all_rows(answer)), answer.outcome

    rows, outcome = in_context(work)
    assert (rows, outcome.ending) == (2, Ending.LIMIT)


STEP, MODALITY = by_keyword("ScheduledProcedureStepSequence"), by_keyword("Modality")


@pytest.mark.parametrize(
    ("values", "kind", "count"),
    [
        (["CT", "CT"], None, 0),
        (["CT", "MR", "MR"], NoteKind.NO_MATCH, 2),
        (["CT", ""], NoteKind.NO_MATCH, 1),
        (["CT", None], NoteKind.WITHOUT_VALUE, 1),
        (["ct", "CT"], NoteKind.OTHER_CASE, 1),
    ],
)
def test_rows_are_compared_with_keys_inside_a_sequence(
    values: list[str | None], kind: NoteKind | None, count: int
) -> None:
    rows = [
        row_of({STEP.tag: ("SQ", [{} if one is None else {MODALITY.tag: ("CS", [one])}])})
        for one in values
    ]
    wanted = request(Level.WORKLIST, Place(), "mod=CT")
    done = asked(wanted, lambda _: rows, models=[Model.MODALITY_WORKLIST])
    about_rows = {NoteKind.NO_MATCH, NoteKind.WITHOUT_VALUE, NoteKind.OTHER_CASE}
    told = [one for one in done.outcome.notes if one.kind in about_rows]
    assert [(one.kind, one.count, one.of) for one in told] == (
        [(kind, count, len(values))] if kind else []
    )
    assert not any("scripted" in one.about for one in told), "there is no probe of a worklist"


@pytest.mark.parametrize(
    ("patient", "rows", "kept", "others"),
    [
        ("A*", ["A*", "AB", "A*", "AC"], ["A*", "A*"], 2),
        ("A?", ["A?", "AB", "A?"], ["A?", "A?"], 1),
        ("A\\B", ["A\\B", "A", "B"], ["A\\B"], 2),
        # of a server that ignores the key all rows are shown, and said not to match
        ("A", ["A", "B"], ["A", "B"], 0),
        ("A*", ["A*", "B"], ["A*", "B"], 0),
        ("A", ["A", "A"], ["A", "A"], 0),
    ],
)
def test_rows_of_patients_whose_id_only_fits_as_a_pattern_are_left_out(
    patient: str, rows: list[str], kept: list[str], others: int
) -> None:
    def reply(_: Query) -> list[Row]:
        uids = (f"1.{number}" for number in range(len(rows)))
        return [
            answer(StudyInstanceUID=uid, PatientID=of) for uid, of in zip(uids, rows, strict=True)
        ]

    place = Place((PlaceStep(Level.PATIENT, patient),))
    done = asked(request(Level.STUDY, place), reply)
    assert done.texts(PATIENT_ID) == kept
    told = [one for one in done.outcome.notes if one.kind is NoteKind.OTHER_ENTITIES]
    wanted = note(NoteKind.OTHER_ENTITIES, "patients", patient, count=others)
    assert told == ([wanted] if others else [])


@pytest.mark.parametrize(("patient", "bound"), [("A*", None), ("A?", None), ("A", 1)])
def test_a_limit_in_the_place_of_such_a_patient_is_ours(patient: str, bound: int | None) -> None:
    def reply(_: Query) -> list[Row]:
        ids = (["AB"] if bound is None else []) + [patient] * 2
        return [answer(StudyInstanceUID=f"1.{n}", PatientID=of) for n, of in enumerate(ids)]

    place = Place((PlaceStep(Level.PATIENT, patient),))
    done = asked(request(Level.STUDY, place), reply, QueryOptions(limit=1))
    assert [limit for _, limit in done.queries] == [bound]
    assert done.texts(PATIENT_ID) == [patient]
    assert done.outcome.ending is Ending.LIMIT


@pytest.mark.parametrize(
    ("keys", "values", "kind", "count", "doubtful"),
    [
        (("acc=A1",), ["A1", "A1"], None, 0, False),
        (("acc=A1",), ["A1", "B2", "B3"], NoteKind.NO_MATCH, 2, True),
        (("acc=A1",), ["A1", "", ""], NoteKind.WITHOUT_VALUE, 2, True),
        (("acc=A1",), ["A1", None], NoteKind.WITHOUT_VALUE, 1, True),
        (("acc=A-1",), ["A-1", "", ""], NoteKind.WITHOUT_VALUE, 2, True),  # no range
        (("acc=A1",), [None, None], NoteKind.NOT_RETURNED, 0, True),
        (("acc=a1",), ["A1", "a1", "A1"], NoteKind.OTHER_CASE, 2, False),
        ((), ["A1", "B2"], None, 0, False),
    ],
)
def test_rows_that_contradict_the_query_are_told(
    keys: tuple[str, ...],
    values: list[str | None],
    kind: NoteKind | None,
    count: int,
    doubtful: bool,
) -> None:
    done = asked(request(Level.STUDY, Place(), *keys), lambda _: accessions(*values))
    assert len(done.rows) == len(values), "every row is shown"
    about_rows = {
        *(NoteKind.NO_MATCH, NoteKind.WITHOUT_VALUE, NoteKind.NOT_RETURNED, NoteKind.OTHER_CASE),
    }
    told = [one for one in done.outcome.notes if one.kind in about_rows]
    assert [(one.kind, one.count) for one in told] == ([(kind, count)] if kind else [])
    assert all(one.of == len(values) for one in told if one.count)
    assert done.outcome.doubtful is doubtful


@pytest.mark.parametrize(("probed", "about"), [("", ("scripted",)), ("2024-03-01", ())])
def test_a_probe_is_proposed_where_there_was_none(probed: str, about: tuple[str, ...]) -> None:
    wanted, known = request(Level.STUDY, Place(), "acc=A1"), Capabilities(probed=probed)
    done = asked(wanted, lambda _: accessions(None, None), capabilities=known)
    told = [one for one in done.outcome.notes if one.kind is NoteKind.NOT_RETURNED]
    assert [one.about[2:] for one in told] == [about]


def test_a_key_that_is_known_to_match_need_not_come_back() -> None:
    known = Capabilities(matching={"AccessionNumber": Support.WORKS})
    wanted = request(Level.STUDY, Place(), "acc=A1")
    done = asked(wanted, lambda _: accessions(None, None), capabilities=known)
    assert NoteKind.NOT_RETURNED not in done.kinds
    assert not done.outcome.doubtful


@pytest.mark.parametrize(
    ("values", "doubtful", "of"),
    [
        # a date of zero length is unknown, and matches a range (PS3.4 C.2.2.1.2)
        (["20240101", "", ""], False, 3),
        (["20240101", "", "19990101"], True, 3),
        (["20240101", None, ""], True, 3),
    ],
)
def test_dates_of_zero_length_are_no_contradiction_to_a_range(
    values: list[str | None], doubtful: bool, of: int
) -> None:
    def reply(_: Query) -> list[Row]:
        return [
            study(number, **({} if value is None else {"StudyDate": value}))
            for number, value in enumerate(values)
        ]

    done = asked(request(Level.STUDY, Place(), "date=2024"), reply)
    assert done.outcome.doubtful is doubtful
    told = {one.of for one in done.outcome.notes if one.kind is NoteKind.WITHOUT_VALUE}
    assert told <= {of}
    assert bool(told) is (values.count("19990101") == 0)


def test_a_date_of_zero_length_is_a_contradiction_to_one_day() -> None:
    rows = [study(1, StudyDate="20240101"), study(2, StudyDate="")]
    done = asked(request(Level.STUDY, Place(), "date=20240101"), lambda _: rows)
    assert done.outcome.doubtful


@pytest.mark.parametrize(
    ("keys", "unsupported", "named"),
    [
        (("name=DOE",), True, "PatientName"),  # fuzzy matching was agreed: any name may be similar
        (
            ("name=DOE", "ReferringPhysicianName=ROE"),
            True,
            "PatientName, ReferringPhysicianName",
        ),
        (("name=DOE",), False, ""),
        (("acc=A1",), True, ""),  # the rows show that it was matched
        (("name=",), True, ""),
    ],
)
def test_keys_that_cannot_be_checked_are_named_where_the_server_does_not_support_all(
    keys: tuple[str, ...], unsupported: bool, named: str
) -> None:
    outcome = Outcome(Ending.COMPLETE, 0, 0.0, 0, unsupported=unsupported)
    wanted, fuzzy = request(Level.STUDY, Place(), *keys), frozenset({Extension.FUZZY})
    done = asked(wanted, lambda _: (accessions("A1"), outcome), agreed=fuzzy)
    assert done.outcome.doubtful is bool(named)
    told = [one for one in done.outcome.notes if one.kind is NoteKind.KEYS_UNSUPPORTED]
    assert told == ([note(NoteKind.KEYS_UNSUPPORTED, named)] if named else [])


def test_a_list_too_long_for_one_query_is_asked_in_several() -> None:
    uids = [f"1.2.{number:060}" for number in range(LONGEST // 65 + 10)]
    wanted = request(Level.STUDY, Place(), "study=" + "\\".join(uids))

    def reply(query: Query) -> list[Row]:
        (key,) = [key for key in query.keys if key.attribute.tag == UID]
        return [answer(StudyInstanceUID=uid) for uid in key.value.split("\\")]

    done = asked(wanted, reply)
    assert done.texts(UID) == uids
    assert len(done.queries) == 2
    assert note(NoteKind.UID_LIST_DIVIDED, count=2) in done.outcome.notes
    limited = asked(wanted, reply, QueryOptions(limit=len(uids) - 1))
    assert (len(limited.rows), limited.outcome.ending) == (len(uids) - 1, Ending.LIMIT)
    few = asked(wanted, reply, QueryOptions(limit=3))
    assert len(few.queries) == 1, "the second query is not sent"
    assert few.outcome.ending is Ending.LIMIT


@pytest.mark.parametrize(("rows", "told"), [([], True), ([study(1, PatientName="MÜLLER")], False)])
def test_what_the_server_cannot_find_is_told_when_nothing_was_found(
    rows: list[Row], told: bool
) -> None:
    known = Capabilities(features={Feature.ANY_CASE: Support.FINDS_NOTHING})
    done = asked(request(Level.STUDY, Place(), "name=MÜLLER"), lambda _: rows, capabilities=known)
    assert (NoteKind.CASE_SENSITIVE_NAMES in done.kinds) is told


def test_a_row_in_a_set_without_the_letters_asked_for_is_told() -> None:
    rows = [study(1, SpecificCharacterSet="ISO_IR 100", PatientName="?")]
    done = asked(request(Level.STUDY, Place(), "name=山*"), lambda _: rows)
    assert note(NoteKind.LOSSY_CHARSETS, "ISO_IR 100") in done.outcome.notes
    plain = asked(request(Level.STUDY, Place(), "name=M*"), lambda _: rows)
    assert NoteKind.LOSSY_CHARSETS not in plain.kinds


LOST = ("ISO_IR 100", "Yamada^Tarou=^=^")


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        ([LOST], 0),
        ([LOST, LOST, ("ISO_IR 192", "Yamada^Tarou=山田^太郎")], 2),
        ([LOST, ("ISO_IR 100", "DOE^JANE=X")], 1),
        ([("ISO_IR 192", "Suzuki=鈴木"), ("ISO_IR 192", "Yamada=山田")], 1),
    ],
)
def test_names_that_lost_letters_are_excused_unless_a_row_can_show_them(
    names: list[tuple[str, str]], wrong: int
) -> None:
    def reply(_: Query) -> list[Row]:
        return [
            study(number, SpecificCharacterSet=charset, PatientName=name)
            for number, (charset, name) in enumerate(names)
        ]

    done = asked(request(Level.STUDY, Place(), "name=Yamada*=山田*"), reply)
    told = [one.count for one in done.outcome.notes if one.kind is NoteKind.NO_MATCH]
    assert told == ([wrong] if wrong else [])
    assert done.outcome.doubtful is bool(wrong)


def test_a_name_in_another_case_is_no_other_name() -> None:
    """PS3.4 C.2.2.2.1 lets a server match names regardless of case, and of accents."""
    names = ("doe^jane", "DOE^JANE", "DÖE^JANE")
    rows = [study(number, PatientName=name) for number, name in enumerate(names)]
    done = asked(request(Level.STUDY, Place(), "name=DOE^JANE"), lambda _: rows)
    assert not {NoteKind.OTHER_CASE, NoteKind.NO_MATCH} & set(done.kinds)


def test_the_same_bytes_in_another_set_are_compared_anew() -> None:
    """0xB0 is a Cyrillic letter in ISO_IR 144, and a degree sign in ISO_IR 100."""
    rows = [
        Row(b"", answer().source, {0x00080005: charset, UID: uid, 0x00080050: b"\xb0"})
        for charset, uid in ((b"ISO_IR 144", b"1.1"), (b"ISO_IR 100", b"1.2"))
    ]
    done = asked(request(Level.STUDY, Place(), "acc=\N{CYRILLIC CAPITAL LETTER A}"), lambda _: rows)
    assert [one.count for one in done.outcome.notes if one.kind is NoteKind.NO_MATCH] == [1]


def test_one_entity_in_rows_that_differ_is_doubtful() -> None:
    done = asked(request(Level.STUDY), lambda _: [study(1), study(1), study(1, StudyID="2")])
    assert done.outcome.doubtful
    assert note(NoteKind.REPEATED, "study", "studies", count=2) in done.outcome.notes


@pytest.mark.parametrize(
    ("value", "rows", "kept", "others", "bound"),
    [
        ("A*1", ["A*1", "AB1", "A*1", "AC1"], [0, 2], 2, None),
        ("A?1", ["A?1", "AB1"], [0], 1, None),
        ("A?1", ["A?1", "AB1\\X"], [0], 1, None),  # one of several values fits
        # of a server that ignores the key, all rows are shown, and said not to match
        ("A*1", ["A*1", "X"], [0, 1], 0, None),
        ("A1", ["A1", "A1"], [0, 1], 0, 9),
        ("A1", ["A1", "a1"], [0, 1], 0, 9),
        ("X1", ["X1"], [0], 0, 9),
    ],
)
def test_a_value_from_an_answer_is_a_value(
    value: str, rows: list[str], kept: list[int], others: int, bound: int | None
) -> None:
    key = replace(typed("acc=A1"), value=value, literal=True)
    wanted = Request(Level.STUDY, Place(), (key,))
    done = asked(wanted, lambda _: accessions(*rows), QueryOptions(limit=9))
    assert numbers(done.texts(UID)) == kept
    assert [limit for _, limit in done.queries] == [bound]
    told = [one for one in done.outcome.notes if one.kind is NoteKind.OTHER_ENTITIES]
    about = "values of AccessionNumber", value
    assert told == ([note(NoteKind.OTHER_ENTITIES, *about, count=others)] if others else [])


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("NumberOfStudyRelatedSeries", ["2", "02"]),
        ("PixelSpacing", ["0.5\\0.5", "0.50\\0.50"]),
    ],
)
def test_numbers_from_an_answer_are_not_filtered_here(word: str, values: list[str]) -> None:
    """No server takes a number for a pattern."""
    key = replace(typed(f"{word}=2"), value=values[0], literal=True)
    rows = [study(number, **{word: value}) for number, value in enumerate(values)]
    done = asked(Request(Level.STUDY, Place(), (key,)), lambda _: rows, QueryOptions(limit=9))
    assert len(done.rows) == 2
    assert [limit for _, limit in done.queries] == [9]


@pytest.mark.parametrize(
    ("keys", "queries", "about"),
    [
        (("acc=A1,A7",), 2, "AccessionNumber"),
        (("acc=A1,A7,A1", "desc=X\\Y"), 4, "AccessionNumber and StudyDescription"),
    ],
)
def test_lists_of_values_are_asked_for_value_by_value(
    keys: tuple[str, ...], queries: int, about: str
) -> None:
    def reply(query: Query) -> list[Row]:
        held = {key.keyword: key.value for key in query.keys}
        uid = 1 + "A1 A7".split().index(held["AccessionNumber"])
        words = ("AccessionNumber", "StudyDescription")
        return [study(uid, **{word: held[word] for word in words if held.get(word)})]

    done = asked(request(Level.STUDY, Place(), *keys), reply)
    assert len(done.queries) == queries
    assert numbers(done.texts(UID)) == [1, 2]
    assert note(NoteKind.LIST_DIVIDED, about, count=queries) in done.outcome.notes
    assert NoteKind.UID_LIST_DIVIDED not in done.kinds


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_left_early_a_divided_list_is_cancelled(batches: int) -> None:
    address = ScriptAddress(lambda query: accessions(*[values(query)["AccessionNumber"]] * 3))
    wanted = request(Level.STUDY, Place(), "acc=A1,A7")

    async def work(context: QueryContext) -> Outcome:
        answer = (await ask(context, Modality("scripted", address), wanted)).answer
        coming = aiter(answer)
        for _ in range(batches):
            await anext(coming)
        await answer.aclose()
        return answer.outcome

    outcome = in_context(work)
    assert outcome.ending is Ending.CANCELLED
    assert len(address.asked) == min(batches, 1)
    assert address.left == [query for query, _ in address.asked]


WORKS = {"ModalitiesInStudy": Support.WORKS}


@pytest.mark.parametrize(
    ("series", "cap", "ending"),
    [
        # Orthanc counts series, not studies, before it matches ModalitiesInStudy
        (["3", "3", "4"], 10, Ending.CAPPED),
        (["3", "3", "3"], 10, Ending.COMPLETE),
        (["", "3", "4"], 8, Ending.CAPPED),
        (["", "3", "4"], 9, Ending.COMPLETE),
        (["9999999", "1", "1"], 10, Ending.COMPLETE),  # no study has so many
        (["1", "1", "1"], 3, Ending.CAPPED),
        (["9", "9", "9"], None, Ending.COMPLETE),
    ],
)
def test_an_answer_that_reaches_a_known_limit_may_be_a_part(
    series: list[str], cap: int | None, ending: Ending
) -> None:
    rows = [
        study(n, ModalitiesInStudy="CT", NumberOfStudyRelatedSeries=number)
        for n, number in enumerate(series)
    ]
    known = Capabilities(cap=cap, matching=WORKS)
    done = asked(request(Level.STUDY, Place(), "mod=CT"), lambda _: rows, capabilities=known)
    assert (len(done.rows), done.outcome.ending) == (3, ending)


INSIDE = "RequestAttributesSequence.RequestedProcedureID"
PLUS_FOUR = ("+acc", "+StudyID", "+PatientComments", "+PatientAge")
FOUR = "AccessionNumber, StudyID, PatientComments, PatientAge"
COUNTED = {"NumberOfStudyRelatedSeries": "1", "NumberOfStudyRelatedInstances": "1"}
DEFAULTS = COUNTED | {"ModalitiesInStudy": "CT"}


@pytest.mark.parametrize(
    ("keys", "held", "told"),
    [
        (("+acc",), DEFAULTS, ["AccessionNumber"]),
        (("+acc",), DEFAULTS | {"AccessionNumber": "A1"}, []),
        (("+acc",), DEFAULTS | {"AccessionNumber": "X"}, []),
        ((f"+{INSIDE}",), DEFAULTS, [INSIDE]),
        (("acc=A1",), DEFAULTS, []),  # that is said by NOT_RETURNED
        ((), COUNTED, ["ModalitiesInStudy"]),
        (("mod=CT",), COUNTED, []),  # that is said by NOT_RETURNED
        ((), DEFAULTS | {"NumberOfStudyRelatedSeries": ""}, ["NumberOfStudyRelatedSeries"]),
        ((), {}, ["ModalitiesInStudy, NumberOfStudyRelatedSeries, NumberOfStudyRelatedInstances"]),
        (("+PatientWeight",), DEFAULTS, []),  # not sent to this server
        (PLUS_FOUR, DEFAULTS, [FOUR]),
        (PLUS_FOUR, {}, [f"{FOUR} and 3 more"]),
        # all of those that were typed are named
        ((*PLUS_FOUR, f"+{INSIDE}"), {}, [f"{FOUR}, {INSIDE} and 3 more"]),
    ],
)
def test_attributes_that_no_row_has_are_named(
    keys: tuple[str, ...], held: dict[str, str], told: list[str]
) -> None:
    rows = [study(1), study(2, **held), study(3)]
    known = Capabilities(rejected=frozenset({"PatientWeight"}))
    done = asked(request(Level.STUDY, Place(), *keys), lambda _: rows, capabilities=known)
    found = [one.about[0] for one in done.outcome.notes if one.kind is NoteKind.NONE_RETURNED]
    assert found == told
    nothing = asked(request(Level.STUDY, Place(), *keys), lambda _: [], capabilities=known)
    assert NoteKind.NONE_RETURNED not in nothing.kinds

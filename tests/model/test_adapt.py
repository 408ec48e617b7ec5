"""A request as one peer can take it: what is sent, filtered here, watched, refused, and said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.model.adapt import Adapted, adapt
from dicomsh.model.capability import Capabilities, Feature, Support
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality, PracticeAddress
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching
from tests.model.rows import answer
from tests.model.test_plan import AT_PATIENT, AT_STUDY, request, typed

DATETIME, EMPTY, FUZZY = Extension.DATETIME, Extension.EMPTY, Extension.FUZZY
RELATIONAL = Extension.RELATIONAL
CONFIGURED = "configuration"


def adapted(
    *keys: str,
    known: Capabilities = Capabilities(),  # noqa: B008
    wanted: Sequence[Extension] = (),
    agreed: Sequence[Extension] = (),
    place: Place = Place(),  # noqa: B008
    level: Level = Level.STUDY,
    universal: str = "",
) -> Adapted:
    modality = Modality(
        "pacs",
        PracticeAddress(),
        capabilities=known,
        extended=frozenset(wanted),
        universal=universal,
    )
    return adapt(request(level, place, *keys), modality, frozenset(agreed))


def supporting(keyword: str, support: Support, **more: object) -> Capabilities:
    return Capabilities(matching={keyword: support}, **more)  # type: ignore[arg-type]


def sent(done: Adapted) -> dict[str, tuple[str, Matching]]:
    return {key.keyword: (key.value, key.matching) for key in done.request.keys}


def watched(done: Adapted) -> list[str]:
    return [key.keyword for key in done.watched]


@pytest.mark.parametrize(
    ("support", "goes_out", "why"),
    [
        (Support.WORKS, True, None),
        (Support.UNKNOWN, True, None),
        (Support.IGNORED, True, "ignored by the server"),
        (Support.FINDS_NOTHING, False, "not found by the server"),
        (Support.REFUSED, False, "refused by the server"),
        (Support.LATE, False, "matched by the server among its first rows alone"),
    ],
)
def test_what_the_peer_does_not_match_is_matched_here(
    support: Support, goes_out: bool, why: str | None
) -> None:
    done = adapted("acc=A1", "desc=X", known=supporting("AccessionNumber", support))
    single, universal = ("A1", Matching.SINGLE_VALUE), ("", Matching.UNIVERSAL)
    assert sent(done)["AccessionNumber"] == (single if goes_out else universal)
    wanted = [] if why is None else [note(NoteKind.FILTERED_LOCALLY, "AccessionNumber", why)]
    assert [one.why for one in done.filters] == wanted
    assert ("AccessionNumber" in watched(done)) is (why is None)
    assert "StudyDescription" in watched(done)
    for one in done.filters:
        assert one.test(answer(AccessionNumber="A1")) is True
        assert one.test(answer(AccessionNumber="A2")) is False


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (supporting("AccessionNumber", Support.IGNORED, returned={"AccessionNumber": False}),
         "ignored by the server"),
        (Capabilities(rejected=frozenset({"AccessionNumber"})), "rejected by the server"),
        (Capabilities(rejected=frozenset({"AccessionNumber"}), probed="2024-03-05"),
         "rejected by the server (probe of 2024-03-05)"),
    ],
)  # fmt: skip
def test_what_nobody_can_match_is_refused(known: Capabilities, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        adapted("acc=A1", known=known)
    assert f"AccessionNumber cannot be matched: {why}" in caught.value.message
    assert "use another key" in (caught.value.hint or "")


def test_part_of_the_rows_is_better_than_none() -> None:
    """A key that is matched too late is sent all the same where we could not filter on it."""
    known = supporting("AccessionNumber", Support.LATE, returned={"AccessionNumber": False})
    done = adapted("acc=A1", known=known)
    assert sent(done)["AccessionNumber"] == ("A1", Matching.SINGLE_VALUE)
    assert done.filters == ()


@pytest.mark.parametrize("support", [Support.UNKNOWN, Support.IGNORED, Support.WORKS])
def test_entities_without_a_value_are_found_here(support: Support) -> None:
    """Few servers match empty values (PS3.4 C.2.2.2.7)."""
    done = adapted('acc=""', known=supporting("AccessionNumber", support))
    assert sent(done)["AccessionNumber"] == ("", Matching.UNIVERSAL)
    (only,) = done.filters
    assert only.why == note(NoteKind.EMPTY_LOCALLY, "AccessionNumber")
    assert only.test(answer(AccessionNumber="")) is True
    assert only.test(answer(AccessionNumber="A1")) is False
    with pytest.raises(UsageError, match="few servers match empty values"):
        adapted('acc=""', known=Capabilities(returned={"AccessionNumber": False}))


def test_a_list_that_is_ignored_is_not_asked_for_value_by_value() -> None:
    done = adapted("acc=A1,A2", known=supporting("AccessionNumber", Support.IGNORED))
    assert sent(done)["AccessionNumber"] == ("", Matching.UNIVERSAL)
    assert done.filters[0].test(answer(AccessionNumber="A2")) is True


@pytest.mark.parametrize(
    ("keys", "omitted", "kinds"),
    [
        (("+acc",), {"AccessionNumber", "StudyID"}, {NoteKind.OMITTED_KEYS, NoteKind.HIDING_KEYS}),
        (("+StudyID",), {"AccessionNumber", "StudyID"}, {NoteKind.HIDING_KEYS}),
        (("StudyID=1",), {"AccessionNumber"}, set()),
    ],
)
def test_what_is_left_out_of_the_query(
    keys: tuple[str, ...], omitted: set[str], kinds: set[NoteKind]
) -> None:
    known = Capabilities(
        rejected=frozenset({"AccessionNumber", "StudyInstanceUID"}),
        hiding=frozenset({"StudyID", "PatientID"}),
    )
    if "+acc" in keys:
        keys = (*keys, "+StudyID")
    done = adapted(*keys, known=known)
    assert done.request.omitted == omitted, "the unique key is sent in any case"
    assert {one.kind for one in done.notes} == kinds
    for one in done.notes:
        word = "AccessionNumber" if one.kind is NoteKind.OMITTED_KEYS else "StudyID"
        assert one.about == (word, CONFIGURED)


BOTH_KEYS = frozenset({"AccessionNumber", "StudyID"})


@pytest.mark.parametrize(
    "known", [Capabilities(rejected=BOTH_KEYS), Capabilities(hiding=BOTH_KEYS)]
)
def test_all_that_is_left_out_is_named(known: Capabilities) -> None:
    (only,) = adapted("+StudyID", "+acc", known=known).notes
    assert sorted(only.about[0].split(", ")) == sorted(BOTH_KEYS)


def test_below_an_entity_whose_key_is_rejected_nothing_can_be_listed() -> None:
    known = Capabilities(rejected=frozenset({"PatientID"}))
    with pytest.raises(UsageError, match="PatientID cannot be matched") as caught:
        adapted(place=AT_PATIENT, known=known)
    assert "below this place" in (caught.value.hint or "")
    adapted(known=known)
    adapted(place=AT_STUDY, level=Level.SERIES, known=known)


def test_rows_are_compared_with_the_place_too() -> None:
    done = adapted("mod=CT", place=AT_STUDY, level=Level.SERIES)
    assert watched(done) == ["Modality", "PatientID", "StudyInstanceUID"], "not the issuer"


@pytest.mark.parametrize(
    ("agreed", "expected", "unchecked"),
    [
        ((), ["PatientName", "StudyDate", "StudyTime", "AccessionNumber"], ()),
        ((FUZZY,), ["StudyDate", "StudyTime", "AccessionNumber"], ("PatientName",)),
        ((DATETIME,), ["PatientName", "AccessionNumber"], ("StudyDate", "StudyTime")),
    ],
)
def test_what_an_extension_makes_vague_is_not_watched(
    agreed: tuple[Extension, ...], expected: list[str], unchecked: tuple[str, ...]
) -> None:
    keys = ("name=DOE", "date=2024-03-05..2024-03-06", "time=10..11", "acc=A1", "+StudyID")
    done = adapted(*keys, wanted=agreed, agreed=agreed)
    assert watched(done) == expected
    assert done.unchecked == unchecked


@pytest.mark.parametrize(
    ("wanted", "agreed", "kinds", "combined"),
    [
        ((), (), [NoteKind.EACH_DAY], False),
        ((DATETIME,), (DATETIME,), [NoteKind.ONE_RANGE], False),
        ((DATETIME,), (), [], True),
    ],
)
def test_dates_and_times(
    wanted: tuple[Extension, ...],
    agreed: tuple[Extension, ...],
    kinds: list[NoteKind],
    combined: bool,
) -> None:
    keys = ("date=2024-03-05..2024-03-06", "time=10..11", "acc=A1")
    known = supporting("AccessionNumber", Support.IGNORED)
    done = adapted(*keys, wanted=wanted, agreed=agreed, known=known)
    assert [one.kind for one in done.notes] == kinds
    assert bool(sent(done)["StudyTime"][0]) is not combined
    whys = [one.why.kind for one in done.filters]
    assert whys == [NoteKind.COMBINED_LOCALLY] * combined + [NoteKind.FILTERED_LOCALLY]
    about = {NoteKind.ONE_RANGE: ("StudyDate", "StudyTime"), NoteKind.EACH_DAY: ("StudyTime",)}
    assert [one.about for one in done.notes] == [about[kind] for kind in kinds]
    if combined:
        assert done.filters[0].why == note(NoteKind.COMBINED_LOCALLY, "StudyDate", "StudyTime")
    single = adapted("date=2024-03-05", "time=10..11")
    assert single.notes == ()


@pytest.mark.parametrize(
    ("keys", "refused"),
    [
        (("date=2024-03-05..", "time=10..11"), True),
        (("date=..2024-03-05", "time=10..11"), True),
        (("date=2024-03-05..", "time=10.."), False),
        (("date=2024-03-05..2024-03-06", "time=10.."), False),
    ],
)
def test_as_one_period_an_end_of_the_times_needs_a_day(
    keys: tuple[str, ...], refused: bool
) -> None:
    adapted(*keys)
    if refused:
        with pytest.raises(UsageError, match="has an end without a day") as caught:
            adapted(*keys, wanted=[DATETIME])
        assert caught.value.hint == "give StudyDate that end, or leave it open in StudyTime, too"
    else:
        adapted(*keys, wanted=[DATETIME])


NAMED = Capabilities(
    features={
        Feature.ANY_CASE: Support.FINDS_NOTHING,
        Feature.ONE_LETTER: Support.FINDS_NOTHING,
        Feature.RELATIONAL: Support.IGNORED,
    },
    unmatched=("ISO_IR 100", "ISO_IR 13"),
)


RELATED = Capabilities(features={Feature.RELATIONAL: Support.WORKS})


@pytest.mark.parametrize(
    ("keys", "known", "agreed", "empty"),
    [
        (("name=D?E",), NAMED, (), ["case-sensitive-names", "question-mark-ascii"]),
        (("name=DOE",), NAMED, (), ["case-sensitive-names"]),
        (("name=D?E",), Capabilities(), (), []),
        (("name=D?E",), NAMED, (FUZZY,), []),
        (("acc=D?E", "+PatientName"), NAMED, (), []),
    ],
)
def test_what_to_know_if_no_name_is_found(
    keys: tuple[str, ...],
    known: Capabilities,
    agreed: tuple[Extension, ...],
    empty: list[str],
) -> None:
    done = adapted(*keys, known=known, agreed=agreed, wanted=agreed)
    assert [one.kind.value for one in done.empty] == empty
    assert {one.about for one in done.empty} <= {(CONFIGURED,)}


@pytest.mark.parametrize(
    ("keys", "options", "wanted"),
    [
        (("name=DOE",), {"known": NAMED}, []),
        (
            ("acc=A1", "name=MÜLLER"),
            {"known": NAMED},
            [note(NoteKind.UNSEARCHABLE_CHARSETS, "ISO_IR 100, ISO_IR 13", CONFIGURED)],
        ),
        (("name=MÜLLER",), {}, []),
        (
            ("acc=", "desc=*", "+StudyID"),
            {"universal": "*"},
            [note(NoteKind.UNIVERSAL_AS_ASTERISK, "AccessionNumber, StudyDescription", "*")],
        ),
        (("+StudyID",), {"universal": "*"}, []),
        (("acc=",), {}, []),
        (("acc=A1",), {"wanted": [FUZZY]}, [note(NoteKind.FUZZY_REFUSED)]),
        (("acc=A1",), {"wanted": [FUZZY], "agreed": [FUZZY]}, [note(NoteKind.FUZZY_AGREED)]),
        (("acc=A1",), {"wanted": [RELATIONAL]}, [note(NoteKind.RELATIONAL_REFUSED)]),
        (("acc=A1",), {"agreed": [RELATIONAL]}, [note(NoteKind.RELATIONAL_AGREED)]),
        (("mod=CT",), {"level": Level.SERIES}, [note(NoteKind.RELATIONAL_UNKNOWN)]),
        (
            ("mod=CT",),
            {"level": Level.SERIES, "known": NAMED},
            [note(NoteKind.RELATIONAL_IGNORED)],
        ),
        (("mod=CT",), {"level": Level.SERIES, "known": RELATED}, []),
        ((), {"level": Level.SERIES}, []),
        (("study=1.2,X.1,Y.2",), {}, [note(NoteKind.ODD_UID, "X.1")]),
        (("study=1.2",), {}, []),
        (("mod=ct,MR",), {}, [note(NoteKind.DEFINED_TERM, "ModalitiesInStudy=ct", "CT")]),
        (("mod=CT",), {}, []),
        (
            ("RequestedProcedurePriority=low",),
            {"level": Level.WORKLIST},
            [note(NoteKind.DEFINED_TERM, "RequestedProcedurePriority=low", "LOW")],
        ),
        (("mod=xyz",), {}, []),
        (("desc=ct",), {}, []),
        (
            ('acc=""', "StudyID=1", 'desc=""'),
            {"agreed": [EMPTY]},
            [note(NoteKind.EMPTY_AGREED, "AccessionNumber, StudyDescription")],
        ),
        (('acc=""',), {}, []),
        (("acc=A1",), {"agreed": [EMPTY]}, []),
    ],
)
def test_what_is_said(
    keys: tuple[str, ...], options: dict[str, object], wanted: list[Note]
) -> None:
    assert list(adapted(*keys, **options).notes) == wanted  # type: ignore[arg-type]


def test_where_it_was_agreed_entities_without_a_value_are_found_by_the_peer() -> None:
    done = adapted('acc=""', agreed=[EMPTY])
    assert sent(done)["AccessionNumber"] == ('""', Matching.EMPTY_VALUE)
    assert done.filters == ()


@pytest.mark.parametrize(
    ("keys", "level", "told"),
    [
        (
            ("acc=A*", "id=10?", "name=DOE*"),
            Level.WORKLIST,
            ["AccessionNumber=A*", "PatientID=10?"],
        ),
        (("step=S*",), Level.WORKLIST, ["ScheduledProcedureStepID=S*"]),
        (("acc=A1",), Level.WORKLIST, []),
        (("acc=A*",), Level.STUDY, []),
    ],
)
def test_in_a_worklist_only_names_have_wildcards(
    keys: tuple[str, ...], level: Level, told: list[str]
) -> None:
    done = adapted(*keys, level=level)
    assert list(done.empty) == [note(NoteKind.WILDCARD_IN_WORKLIST, key) for key in told]


DAYS, ONE_DAY, HOURS = "date=2024-03-05..2024-03-06", "date=2024-03-05", "time=10..11"
DATE, TIME = (f"ScheduledProcedureStepSequence.ScheduledProcedureStepStart{word}"
              for word in ("Date", "Time"))  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "kinds", "watched_ones"),
    [
        # a row may be outside the time alone, if the server takes both for one period
        ((DAYS, HOURS), [NoteKind.PERIOD_OR_EACH_DAY], [DATE]),
        ((ONE_DAY, HOURS), [], [DATE, TIME]),
        ((DAYS,), [], [DATE]),
        ((HOURS,), [], [TIME]),
        ((DAYS, "time=10:30:15.123456"), [], [DATE, TIME]),
        # dates that belong to no step, and to no study
        (("birth=1970..1980", "PatientBirthTime=10..11"), [NoteKind.EACH_DAY],
         ["PatientBirthDate", "PatientBirthTime"]),
        (("ReferencedStudySequence.StudyDate=2023..2024",
          "ReferencedStudySequence.StudyTime=10..11"), [],
         ["ReferencedStudySequence.StudyDate", "ReferencedStudySequence.StudyTime"]),
        (("ScheduledProcedureStepSequence.ScheduledProtocolCodeSequence.StudyDate=2023..2024",
          "ScheduledProcedureStepSequence.ScheduledProtocolCodeSequence.StudyTime=10..11"), [],
         ["ScheduledProcedureStepSequence.ScheduledProtocolCodeSequence.StudyDate",
          "ScheduledProcedureStepSequence.ScheduledProtocolCodeSequence.StudyTime"]),
    ],
)  # fmt: skip
def test_days_and_hours_of_a_worklist(
    keys: tuple[str, ...], kinds: list[NoteKind], watched_ones: list[str]
) -> None:
    done = adapted(*keys, level=Level.WORKLIST)
    assert [one.kind for one in done.notes] == kinds
    assert watched(done) == watched_ones


def test_a_place_with_an_odd_uid_is_told() -> None:
    place = Place((PlaceStep(Level.STUDY, "LOCALIZER1"),))
    done = adapted(place=place, level=Level.SERIES)
    assert note(NoteKind.ODD_UID, "LOCALIZER1") in done.notes


def test_the_windows_of_a_split_query_are_neither_watched_nor_filtered() -> None:
    window = replace(typed("date=2024"), origin=KeyOrigin.WINDOW)
    empty = replace(typed('time=""'), origin=KeyOrigin.WINDOW)
    done = adapt(
        Request(Level.STUDY, Place(), (window, empty)),
        Modality("pacs", PracticeAddress()),
        frozenset(),
    )
    assert (done.watched, done.filters) == ((), ())
    assert sent(done)["StudyTime"] == ('""', Matching.EMPTY_VALUE)

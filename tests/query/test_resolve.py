"""Where a TARGET leads that was not listed: what is asked, and what is said if it is not there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from dicomsh.errors import DicomshError, NotThereError, UsageError
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import PathStart, Place, PlaceStep
from dicomsh.model.query import Query
from dicomsh.model.row import Row
from dicomsh.query.context import QueryContext
from dicomsh.query.resolve import resolve
from tests.model.rows import answer
from tests.query.scripted import Reply, ScriptAddress, in_context

UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
AT_A = Place((PlaceStep(Level.PATIENT, "A"),))
AT_STUDY = AT_A.down(PlaceStep(Level.STUDY, "1.2.3"))
AT_SERIES = AT_STUDY.down(PlaceStep(Level.SERIES, "1.2.3.4"))
AT_INSTANCE = AT_SERIES.down(PlaceStep(Level.INSTANCE, "1.2.3.4.5"))


@dataclass
class Known:
    """Targets of a session that listed nothing, or one entity."""

    modality: Modality
    place: Place = field(default_factory=Place)
    whole: Place | None = None
    step: Place | None = None
    unlisted: str = ""
    firsts: list[bool] = field(default_factory=list)

    def start_of(self, text: str) -> PathStart:
        segments = [part for part in text.split("/") if part]
        return PathStart(self.modality, self.place, segments, not text.startswith("/"))

    def whole_key(self, text: str) -> Place | None:
        del text
        return self.whole

    def known_step(
        self, modality: Modality, place: Place, segment: str, *, first: bool
    ) -> Place | None:
        del modality, place
        self.firsts.append(first)
        return self.step if segment == "known" else None

    def no_row(self, place: Place, segment: str, *, first: bool) -> str:
        del place, segment, first
        return self.unlisted


def one_of_each(query: Query) -> list[Row]:
    """A patient A with a study 1.2.3, a series 1.2.3.4, and an instance 1.2.3.4.5."""
    assert query.level is not None
    wanted = {key.keyword: key.value for key in query.keys if key.value}
    held = {"PatientID": "A"} | dict(zip(UIDS, ("1.2.3", "1.2.3.4", "1.2.3.4.5"), strict=True))
    unique = query.level.unique_keyword
    words = ["PatientID", *UIDS][: ["PatientID", *UIDS].index(unique) + 1]
    if any(held.get(word, value) != value for word, value in wanted.items()):
        return []
    return [answer(**{word: held[word] for word in words})]


def resolved(text: str, reply: Reply = one_of_each, **known: object) -> tuple[Place, list[Level]]:
    address = ScriptAddress(reply)
    modality = Modality("scripted", address)
    targets = Known(modality, **known)  # type: ignore[arg-type]

    async def work(context: QueryContext) -> Place:
        found = await resolve(context, targets, text)
        assert found.modality == modality
        return found.place

    place = in_context(work)
    return place, [query.level for query, _ in address.asked if query.level is not None]


@pytest.mark.parametrize(
    ("place", "text", "wanted", "levels"),
    [
        (Place(), "A", AT_A, [Level.PATIENT]),
        (Place(), "A/1.2.3", AT_STUDY, [Level.PATIENT, Level.STUDY]),
        (AT_A, "1.2.3", AT_STUDY, [Level.STUDY]),
        (AT_SERIES, "1.2.3.4.5", AT_INSTANCE, [Level.INSTANCE]),
        # a UID may be that of any level below
        (AT_A, "1.2.3.4", AT_SERIES, [Level.STUDY, Level.SERIES]),
        (AT_A, "1.2.3.4.5", AT_INSTANCE, [Level.STUDY, Level.SERIES, Level.INSTANCE]),
        (Place(), "1.2.3", AT_STUDY, [Level.PATIENT, Level.STUDY]),
        (Place(), "1.2.3.4", AT_SERIES, [Level.PATIENT, Level.STUDY, Level.SERIES]),
    ],
)
def test_what_was_not_listed_is_asked_for(
    place: Place, text: str, wanted: Place, levels: list[Level]
) -> None:
    found, asked = resolved(text, place=place)
    assert [(step.level, step.key) for step in found.steps] == [
        (step.level, step.key) for step in wanted.steps
    ]
    assert asked == levels


@pytest.mark.parametrize(
    ("place", "text", "levels"),
    [
        (Place(), "B", [Level.PATIENT]),
        (Place(), "1.2", [Level.PATIENT]),  # too short for a UID
        (Place(), "1.2.9", [Level.PATIENT, Level.STUDY, Level.SERIES, Level.INSTANCE]),
        (AT_STUDY, "1.2.9", [Level.SERIES, Level.INSTANCE]),
        (AT_STUDY, "LOCALIZER1", [Level.SERIES]),  # servers hold UIDs outside the rules, too
    ],
)
def test_what_is_not_there(place: Place, text: str, levels: list[Level]) -> None:
    asked: list[Level] = []

    def reply(query: Query) -> list[Row]:
        assert query.level is not None
        asked.append(query.level)
        return one_of_each(query)

    with pytest.raises(NotThereError, match=f"^no {place.next_level.word} '{text}' here$"):
        resolved(text, reply, place=place)
    assert asked == levels


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("DOE", Place(), "patients are addressed by ID; find patient name=DOE* searches by name"),
        ("DOE*", Place(), "patients are addressed by ID; find patient name=DOE* searches by name"),
        ("A1", Place(), "find patient id=A1* finds IDs that begin like this"),
        ("O'Hara", Place(), 'find patient name="O\'Hara*" searches by name'),
        ("A", AT_A, "that is where you are: leave it out"),
        ("9", AT_A, "'ls' lists studies by number; type a UID in full, or its beginning once"),
    ],
)
def test_what_to_do_if_it_is_not_there(text: str, place: Place, hint: str) -> None:
    with pytest.raises(NotThereError) as caught:
        resolved(text, lambda _: [], place=place)
    assert hint in (caught.value.hint or "")


def test_why_it_is_not_a_row_either_is_said() -> None:
    with pytest.raises(NotThereError, match=r"^no patient '7' here, and nothing was listed$"):
        resolved("7", lambda _: [], unlisted="nothing was listed")


def test_there_is_nothing_below_an_instance() -> None:
    with pytest.raises(NotThereError, match="nothing below an instance"):
        resolved("1.2.3.4.5.6", place=AT_INSTANCE)


def test_what_was_listed_is_not_asked_for() -> None:
    assert resolved("A/B", whole=AT_STUDY) == (AT_STUDY, [])
    place, levels = resolved("known/1.2.3", step=AT_A)
    assert (place.steps[-1].key, levels) == ("1.2.3", [Level.STUDY])


@pytest.mark.parametrize(("text", "firsts"), [("known/known", [True, False]), ("/known", [False])])
def test_only_the_first_of_a_relative_path_may_be_a_row(text: str, firsts: list[bool]) -> None:
    known = Known(Modality("scripted", ScriptAddress(one_of_each)), step=AT_A)

    async def work(context: QueryContext) -> object:
        return await resolve(context, known, text)

    in_context(work)
    assert known.firsts == firsts


@pytest.mark.parametrize("ending", [Ending.CUT_OFF, Ending.TIMED_OUT, Ending.LOST])
def test_an_answer_that_ended_early_does_not_tell(ending: Ending) -> None:
    with pytest.raises(NotThereError, match="cannot tell whether 'A' exists"):
        resolved("A", lambda _: ([], Outcome(ending, 0, 0.0)))


def patients(*rows: tuple[str, str]) -> Reply:
    return lambda _: [answer(PatientID=key, IssuerOfPatientID=issuer) for key, issuer in rows]


@pytest.mark.parametrize(
    ("rows", "issuer"),
    [
        ([("A", "")], ""),
        ([("A", "X"), ("A", "X")], ""),  # once per instance, as pynetdicom's qrscp does
        ([("a", "X"), ("AB", ""), ("A", "Y")], ""),  # a server may match in any case, or not at all
    ],
)
def test_rows_with_the_same_keys_are_one_entity(rows: list[tuple[str, str]], issuer: str) -> None:
    place, _ = resolved("A", patients(*rows))
    assert [(step.key, step.issuer) for step in place.steps] == [("A", issuer)]


def test_one_id_of_two_issuers_is_two_patients() -> None:
    with pytest.raises(UsageError, match="several entities") as caught:
        resolved("A", patients(("A", "X"), ("A", "Y")))
    assert "A (issuer X), A (issuer Y)" in caught.value.message


@pytest.mark.parametrize(
    ("key", "tried"), [("7X", "id=7X*"), ("7X*", "id=7X*"), ("ZX", "name=ZX*")]
)
def test_a_patient_who_is_not_there_is_searched_for(key: str, tried: str) -> None:
    with pytest.raises(NotThereError) as caught:
        resolved(key)
    assert f"find patient {tried} " in (caught.value.hint or "")


def test_a_patient_without_an_issuer_is_told_apart_by_that() -> None:
    with pytest.raises(UsageError, match="several entities") as caught:
        resolved("A", patients(("A", ""), ("A", "Y")))
    assert ": A, A (issuer Y)" in caught.value.message


def test_the_issuer_tells_no_studies_apart() -> None:
    def reply(_: Query) -> list[Row]:
        return [
            answer(StudyInstanceUID="1.2.3", PatientID="A", IssuerOfPatientID=issuer)
            for issuer in ("X", "Y")
        ]

    place, _ = resolved("1.2.3", reply, place=AT_A)
    assert place.path == AT_STUDY.path


def test_the_key_is_part_of_the_query() -> None:
    asked: list[str] = []

    def reply(query: Query) -> list[Row]:
        asked.extend(key.value for key in query.keys if key.keyword == "PatientID")
        return one_of_each(query)

    resolved("A", reply)
    assert asked == ["A"]


def test_an_item_of_a_worklist_was_listed_or_is_not_there() -> None:
    item = Place((PlaceStep(Level.WORKLIST, "1"),))
    with pytest.raises(NotThereError, match="no row '7' was listed here") as caught:
        resolved("7", place=item)
    assert caught.value.hint == "ls lists the worklist; show 1"


def test_a_study_of_two_patients_is_ambiguous() -> None:
    def reply(query: Query) -> list[Row]:
        if query.level is not Level.STUDY:
            return []
        return [answer(StudyInstanceUID="1.2.3", PatientID=patient) for patient in "AB"]

    with pytest.raises(DicomshError, match="unique key of several"):
        resolved("1.2.3", reply)


def test_an_answer_about_another_key_is_not_it() -> None:
    with pytest.raises(NotThereError):
        resolved("1.2.3", lambda _: [answer(StudyInstanceUID="1.2.34", PatientID="A")], place=AT_A)
    tag = by_keyword("StudyInstanceUID").tag
    assert answer(StudyInstanceUID="1.2.34").text(tag) == "1.2.34"

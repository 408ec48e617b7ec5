"""What a probe asks, finds and learns of servers that each do one thing otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import QueryFailedError
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.capability import Feature, Support
from dicomsh.model.charset import UTF8
from dicomsh.model.extended_negotiation import NONE, Extension, Extensions
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.level_keys import LEVEL_KEYS
from dicomsh.model.levels import ROOT_MODELS, Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.query import Matching, Query
from dicomsh.model.row import Row, Source
from dicomsh.model.row_matching import test_of as matcher_of
from dicomsh.query.context import QueryContext
from dicomsh.query.probe.steps import findings
from dicomsh.query.probe.trial import Trial
from tests.query.scripted import ScriptAddress, in_context

Entity = dict[str, str]
NUMBERS = {
    Level.PATIENT: {"NumberOfPatientRelatedStudies": "1"},
    Level.STUDY: {"NumberOfStudyRelatedInstances": "3"},
}


def studies() -> list[Entity]:
    """Twelve, each of a day and a patient of its own; every third in CT and MR."""
    return [
        {
            "PatientID": f"P{n:02}",
            "PatientName": f"Doe{chr(65 + n)}",
            "PatientSex": "F" if n < 4 else "M",
            "StudyInstanceUID": f"1.2.{n:02}",
            "StudyDate": f"202401{n + 1:02}",
            "StudyDescription": "HEAD" if n < 5 else "CHEST",
            "ModalitiesInStudy": ("CT\\MR", "CT", "MR")[n % 3],
        }
        for n in range(12)
    ]


def row(entity: Entity, charset: str = "") -> Row:
    raw = {by_keyword(word).tag: encoded(text, charset) for word, text in entity.items()}
    if charset:
        raw[SPECIFIC_CHARACTER_SET] = charset.encode()
    return Row(b"", Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN], ""), raw)


CODECS = {
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 144": "iso8859-5",
}


def encoded(text: str, charset: str) -> bytes:
    return text.encode(CODECS.get(charset, "utf-8"))


@dataclass
class Server:
    """Matches every key, and names in any case.

    Attributes:
        held: the studies.
        sets: name → character set of the rows with it.
        labels: whether rows name their set unasked; None for never.
        ignores: keys that it does not match.
        rejects: keys whose presence makes it refuse a query.
        refuses: levels that it refuses to answer.
        omits: attributes that it does not return.
        hides: attributes; an entity without one is left out if it is asked for.
        cap: rows after which an answer ends.
        late: keys that it matches among the first `cap` rows alone.
        ending: how an answer is said to end then.
        times: how often each row comes.
        bytewise: whether names are compared as they are encoded, with their case.
        ascii: whether names beyond ASCII are never found.
        stars: whether `*` alone finds anything.
    """

    held: list[Entity] = field(default_factory=studies)
    sets: dict[str, str] = field(default_factory=dict)
    labels: bool | None = True
    ignores: frozenset[str] = frozenset()
    rejects: frozenset[str] = frozenset()
    refuses: frozenset[Level] = frozenset()
    omits: frozenset[str] = frozenset()
    hides: frozenset[str] = frozenset()
    cap: int | None = None
    late: frozenset[str] = frozenset()
    ending: Ending = Ending.CUT_OFF
    times: int = 1
    bytewise: bool = False
    ascii: bool = False
    stars: bool = True

    def __call__(self, query: Query) -> list[Row] | tuple[list[Row], Outcome]:
        assert query.level is not None
        words = {key.keyword for key in query.keys}
        pattern_of_uid = any(
            key.attribute.vr == "UI" and key.matching is Matching.WILDCARD for key in query.keys
        )
        matched = {key.keyword for key in query.keys if key.value}
        # what the models do not have (PS3.4 C.6.1, C.6.2)
        odd = (query.level is Level.PATIENT) != (query.model is Model.PATIENT_ROOT)
        odd = odd and "PatientID" not in matched
        if words & self.rejects or query.level in self.refuses or pattern_of_uid or odd:
            raise QueryFailedError("no", code=0xC000)
        keys = [key for key in query.keys if key.value and key.keyword not in self.ignores]
        late = [matcher_of(key) for key in keys if key.keyword in self.late]
        early = [
            matcher_of(key)
            for key in keys
            if key.keyword not in self.late and key.value != "*" and key.keyword != "PatientName"
        ]
        names = [key.value for key in keys if key.keyword == "PatientName" and key.value != "*"]
        starred = any(key.value == "*" for key in keys) and not self.stars
        found = (
            []
            if starred
            else [
                entity
                for entity in self._entities(query.level)
                if all(fits(row(entity)) is not False for fits in early)
                and all(self._is_named(entity, name, query.charset) for name in names)
                and all(entity.get(word) for word in self.hides & words)
            ]
        )
        return self._answer([one for one in found for _ in range(self.times)], words, late)

    def _answer(
        self, found: list[Entity], words: set[str], late: Sequence[object]
    ) -> tuple[list[Row], Outcome]:
        over = self.cap is not None and len(found) > self.cap
        ending = self.ending if over else Ending.COMPLETE
        labelled = self.labels or (self.labels is False and "SpecificCharacterSet" in words)
        rows = [
            row(
                {word: text for word, text in one.items() if word not in self.omits},
                self.sets.get(one.get("PatientName", ""), "") if labelled else "",
            )
            for one in found[: self.cap]
        ]
        kept = [one for one in rows if all(fits(one) is not False for fits in late)]  # type: ignore[operator]
        return kept, Outcome(ending, 0, 0.5, 0xA700)

    def _entities(self, level: Level) -> list[Entity]:
        if level is not Level.SERIES:
            return [one | NUMBERS[level] for one in self.held]
        return [
            {word: text for word, text in one.items() if word in ("PatientID", "StudyInstanceUID")}
            | {"SeriesInstanceUID": f"{one['StudyInstanceUID']}.{number}", "Modality": modality}
            for one in self.held
            for number, modality in enumerate(one["ModalitiesInStudy"].split("\\"))
        ]

    def _is_named(self, entity: Entity, wanted: str, charset: str) -> bool:
        name = entity.get("PatientName", "")
        if not wanted.isascii() and self.ascii:
            return False
        if self.bytewise:
            held, pattern = encoded(name, self.sets.get(name, "")), encoded(wanted, charset)
            return alike(list(held), list(pattern), ord("?"))
        return alike(list(name.upper()), list(wanted.upper()), "?")


def alike(held: list[Any], pattern: list[Any], any_one: object) -> bool:
    return len(held) == len(pattern) and all(
        one in (other, any_one) for one, other in zip(pattern, held, strict=True)
    )


@dataclass
class Probed:
    rows: list[tuple[str, str, str]]
    trial: Trial
    asked: list[tuple[Query, int | None]]

    @property
    def found(self) -> dict[str, str]:
        return {what: result for what, result, _ in self.rows}

    @property
    def how(self) -> dict[str, str]:
        return {what: how for what, _, how in self.rows}


def probed(
    server: Server, models: Sequence[Model] = ROOT_MODELS, agreed: Extensions = NONE
) -> Probed:
    address = ScriptAddress(server, models)
    plain, extended = (
        Modality("plain", address),
        Modality("all", ScriptAddress(server, models, agreed)),
    )

    async def work(context: QueryContext) -> Probed:
        archives = context.archives
        trial = Trial(plain, await archives.open(plain))
        every = [one async for one in findings(trial, await archives.open(extended))]
        rows = [(one.capability, one.result, one.how) for one in every]
        return Probed(rows, trial, address.asked)

    return in_context(work)


ALL_DAYS = "all studies, 2,000 rows at most; again in 4 ranges of days"


def test_a_server_that_does_everything() -> None:
    done = probed(Server(), agreed=frozenset({Extension.FUZZY}))
    negotiation = "proposed in extended negotiation"
    assert done.trial.found.models == set(ROOT_MODELS)
    assert done.trial.found.extended == {Extension.FUZZY}
    assert done.rows == [
        ("information models", "Patient Root, Study Root", "both were proposed"),
        *(
            (one.title, "agreed" if one is Extension.FUZZY else "not agreed", negotiation)
            for one in Extension
        ),
        ("limit of an answer", "not reached: 12 studies in all", ALL_DAYS),
        ("repeated rows", "none", "in 12 rows"),
        (
            "studies without an optional attribute",
            "returned: 12 rows either way",
            "all studies, with and without optional return keys",
        ),
        ("character set of answers", "none named; all text is ASCII", "as rows name it"),
        *((f"{word} returned", "yes", "in 12 rows") for word in RETURNED),
        ("ModalitiesInStudy matched", "works", "ModalitiesInStudy=CT at study level"),
        ("StudyDate matched", "works", "StudyDate=20240101-20240101 at study level"),
        ("PatientSex matched", "works", "PatientSex=F at study level"),
        ("StudyDescription matched", "works", "StudyDescription=HEAD at study level"),
        ("names in any case", "works", "PatientName=dOEa at study level"),
        ("* for any value", "works", "PatientName=* at study level"),
        ("wildcard in a UID", "refused", "StudyInstanceUID=1.2.* at study level: no"),
        ("keys of upper levels", "works: relational", "PatientID=P00 at series level"),
        ("Modality matched", "works", "Modality=CT at series level"),
        ("patient level", "works, with counts", "a few patients in Patient Root"),
    ]
    # the sample, its four ranges of days, all studies with nothing optional; the others are short
    assert [limit for _, limit in done.asked] == [*[2000] * 6, *[200] * 9, 5]
    # half a second each, but for the one that is refused and the one that ends at its limit
    assert (done.trial.queries, done.trial.seconds) == (16, 14 * 0.5)
    found = done.trial.found
    assert found.matching == dict.fromkeys((*FILTERS, "Modality"), Support.WORKS)
    assert found.returned == dict.fromkeys((*RETURNED, "NumberOfPatientRelatedStudies"), True)
    assert found.features == {
        Feature.COUNTS: Support.WORKS,
        Feature.ANY_CASE: Support.WORKS,
        Feature.ASTERISK: Support.WORKS,
        Feature.UID_WILDCARD: Support.REFUSED,
        Feature.RELATIONAL: Support.WORKS,
    }


RETURNED = (
    "ModalitiesInStudy",
    "PatientSex",
    "StudyDescription",
    "NumberOfStudyRelatedInstances",
)
FILTERS = ("ModalitiesInStudy", "StudyDate", "PatientSex", "StudyDescription")
MULLER, NUNEZ = "Müller", "Núñez"
LATIN = "ISO_IR 100"


def foreign(*names: str) -> list[Entity]:
    """The studies, the first of them of patients with these names."""
    held = studies()
    return [one | {"PatientName": name} for one, name in zip(held, names, strict=False)] + held[
        len(names) :
    ]


PATIENTS = "NumberOfPatientRelatedStudies"
FIVE = dict(zip(("É1", "Ł2", "Ģ3", "Ω4", "Ж5"), CODECS, strict=True))


def many(number: int) -> list[Entity]:
    return [studies()[0] | {"StudyInstanceUID": f"1.3.{n}"} for n in range(number)]


def described() -> list[Entity]:
    """Three of them are not, and two have no sex."""
    without = dict.fromkeys((0, 1, 2), "StudyDescription") | dict.fromkeys((7, 8), "PatientSex")
    return [one | ({without[n]: ""} if n in without else {}) for n, one in enumerate(studies())]


def one_thing(**settings: Any) -> Server:
    """A server that does one thing otherwise; of a set, its only word."""
    sets = ("ignores", "rejects", "omits", "late", "hides")
    given: dict[str, Any] = {
        name: frozenset({value}) if name in sets else value for name, value in settings.items()
    }
    return Server(**given)


DESCRIBED = "StudyDescription matched"


def undescribed(entity: Entity) -> Entity:
    return {word: text for word, text in entity.items() if word != "StudyDescription"}


Case = tuple[Server, dict[str, str | None], dict[str, object]]
"""A server, what is found, and what is learnt."""

NO_VALUE = "unknown: no suitable value among the sampled studies"
REJECTED = "unknown: queries with it are rejected"
IGNORING: list[Case] = [
    (one_thing(ignores=word), {f"{word} matched": "ignored"}, {}) for word in (*FILTERS, "Modality")
]
CASES: list[Case] = [
    *IGNORING,
    (one_thing(ignores="PatientID"), {"keys of upper levels": "ignored: hierarchical"}, {}),
    (one_thing(times=2), {"repeated rows": "12 of 24 rows"}, {}),
    (
        one_thing(held=[]),
        {
            "limit of an answer": "unknown: only 0 studies in all",
            "repeated rows": "unknown: no rows",
            "studies without an optional attribute": "unknown",
            "character set of answers": "unknown: no rows",
            "PatientSex returned": None,
            "StudyDate matched": NO_VALUE,
            "names in any case": NO_VALUE,
            "wildcard in a UID": NO_VALUE,
            "keys of upper levels": NO_VALUE,
            "Modality matched": "unknown: no sampled study has two modalities",
            "* for any value": "finds nothing",
        },
        {"returned": {"NumberOfPatientRelatedStudies": False}},
    ),
    (
        one_thing(held=studies()[:1]),
        {"limit of an answer": "unknown: only 1 study in all", "wildcard in a UID": NO_VALUE},
        {"cap": None},
    ),
    (
        one_thing(omits="PatientSex"),
        {"PatientSex returned": "no", "PatientSex matched": NO_VALUE},
        {"returned": dict.fromkeys((*RETURNED, PATIENTS), True) | {"PatientSex": False}},
    ),
    (
        Server(omits=frozenset({"PatientSex"}), ignores=frozenset({"PatientSex"})),
        {"PatientSex matched": "ignored"},
        {},
    ),
    (one_thing(omits=PATIENTS), {"patient level": "works, without counts"}, {}),
    (
        one_thing(refuses=(Level.PATIENT,)),
        {"patient level": "refused: no", "keys rejected at patient level": "unknown"},
        {"rejected": set()},
    ),
    (one_thing(stars=False), {"* for any value": "finds nothing"}, {}),
    # one that has no description comes with those that match: fewer rows show that it is matched
    (one_thing(held=[undescribed(studies()[0]), *studies()[1:]]), {DESCRIBED: "works"}, {}),
    # fewer series than studies prove nothing
    (one_thing(omits="Modality"), {"Modality matched": "unknown"}, {}),
    (
        one_thing(rejects="IssuerOfPatientID"),
        {
            "keys rejected at patient level": "IssuerOfPatientID",
            "patient level": "works, with counts",
        },
        {"rejected": {"IssuerOfPatientID"}},
    ),
    # what is returned although it was not asked for is not taken for a key that is ignored
    (
        one_thing(rejects="PatientSex"),
        {
            "keys rejected at study level": "PatientSex",
            "PatientSex matched": REJECTED,
            "PatientSex returned": None,
        },
        {"rejected": {"PatientSex"}},
    ),
    (
        one_thing(rejects="PatientName"),
        {"names in any case": REJECTED, "* for any value": REJECTED},
        {"rejected": {"PatientName"}},
    ),
    (one_thing(bytewise=True), {"names in any case": "finds nothing"}, {}),
    # limits
    (
        one_thing(cap=8),
        {
            "limit of an answer": "cut off after 8 rows (0xA700)",
            "repeated rows": "none",
            "studies without an optional attribute": "unknown",
        },
        {"cap": 8},
    ),
    (
        one_thing(cap=8, ending=Ending.COMPLETE),
        {
            "limit of an answer": "cut off after 8 rows, reported as complete",
            "ModalitiesInStudy matched": "works",
            "PatientSex matched": "works",
        },
        {"cap": 8},
    ),
    (
        one_thing(cap=8, ending=Ending.LIMIT),
        {"limit of an answer": "none up to 8 rows"},
        {"cap": None},
    ),
    (
        one_thing(cap=8, ending=Ending.LOST),
        {"limit of an answer": f"unknown: {Ending.LOST.value}"},
        {"cap": None},
    ),
    (
        one_thing(held=[one | {"StudyDate": "20240101"} for one in many(100)]),
        {"limit of an answer": "suspicious: exactly 100 rows, reported as complete"},
        {"cap": 100},
    ),
    (
        one_thing(held=[one | {"StudyDate": "20240101"} for one in many(99)]),
        {"limit of an answer": "unknown: only 99 studies in all"},
        {"cap": None},
    ),
    (
        one_thing(cap=8, ending=Ending.COMPLETE, late="PatientSex"),
        {"PatientSex matched": Support.LATE.value, "StudyDate matched": "works"},
        {},
    ),
    (
        one_thing(hides="StudyDescription", held=described()),
        {
            "studies without an optional attribute": (
                "left out: 9 of 12 rows come with StudyDescription"
            )
        },
        {"hiding": {"StudyDescription"}},
    ),
    (
        Server(hides=frozenset({"StudyDescription", "PatientSex"}), held=described()),
        {
            "studies without an optional attribute": (
                "left out: 7 of 12 rows come with PatientSex, StudyDescription"
            ),
            # the ranges of days are asked with the same keys, and have no others
            "limit of an answer": "not reached: 7 studies in all",
        },
        {"hiding": {"PatientSex", "StudyDescription"}, "cap": None},
    ),
    (
        Server(hides=frozenset({"StudyDescription"}), held=described(), cap=10),
        {"studies without an optional attribute": "unknown"},
        {"hiding": set()},
    ),
    # character sets
    (
        one_thing(held=foreign(MULLER, NUNEZ), sets={MULLER: LATIN, NUNEZ: LATIN}),
        {
            "character set of answers": LATIN,
            f"names in {LATIN}": "works",
            "? for a letter beyond ASCII": "works",
        },
        {"charsets": (LATIN,), "name_charsets": (), "unmatched": ()},
    ),
    (
        one_thing(held=foreign(MULLER), sets={MULLER: LATIN}, bytewise=True),
        {f"names in {LATIN}": f"works, asked in {LATIN}", "? for a letter beyond ASCII": None},
        {"name_charsets": (LATIN,), "unmatched": ()},
    ),
    (
        one_thing(held=foreign(MULLER), sets={MULLER: LATIN}, ascii=True),
        {f"names in {LATIN}": "finds nothing"},
        {"name_charsets": (), "unmatched": (LATIN,)},
    ),
    (
        one_thing(held=foreign(MULLER), sets={MULLER: "ISO_IR 192"}, bytewise=True),
        {"names in ISO_IR 192": "works", "? for a letter beyond ASCII": "finds nothing"},
        {},
    ),
    (
        one_thing(held=foreign(MULLER), sets={MULLER: "ISO_IR 192"}, labels=False),
        {"character set of answers": "ISO_IR 192"},
        {"charsets": ("ISO_IR 192",)},
    ),
    (
        one_thing(held=foreign(MULLER), labels=None),
        {"character set of answers": "none named for text beyond ASCII"},
        {"charsets": ("",)},
    ),
    (
        one_thing(held=foreign("É1", "Ł2", "Ģ3", "Ω4", "Ж5"), sets=FIVE),
        {
            "character set of answers": (
                "ISO_IR 100, ISO_IR 101, ISO_IR 110, ISO_IR 126, and 1 more"
            ),
            "names in ISO_IR 144": "works",
        },
        {"charsets": tuple(CODECS)},
    ),
    (
        one_thing(held=foreign(*tuple(FIVE)[:4]), sets=FIVE),
        {"character set of answers": "ISO_IR 100, ISO_IR 101, ISO_IR 110, ISO_IR 126"},
        {},
    ),
]


@pytest.mark.parametrize(("server", "wanted", "learnt"), CASES)
def test_a_server_that_does_one_thing_otherwise(
    server: Server, wanted: dict[str, str | None], learnt: dict[str, object]
) -> None:
    done = probed(server)
    assert {what: done.found.get(what) for what in wanted} == wanted
    assert {name: getattr(done.trial.found, name) for name in learnt} == learnt


@pytest.mark.parametrize(
    ("server", "feature", "support"),
    [
        (one_thing(omits="NumberOfStudyRelatedInstances"), Feature.COUNTS, Support.IGNORED),
        (one_thing(rejects="NumberOfStudyRelatedInstances"), Feature.COUNTS, None),
        (
            one_thing(held=foreign(MULLER), sets={MULLER: LATIN}),
            Feature.ANY_CHARSET,
            Support.WORKS,
        ),
        (
            one_thing(held=foreign(MULLER), sets={MULLER: LATIN}, ascii=True),
            Feature.ANY_CHARSET,
            None,
        ),
        (one_thing(held=foreign(MULLER), sets={MULLER: UTF8}), Feature.ANY_CHARSET, None),
    ],
)
def test_what_is_learnt_of_a_feature(
    server: Server, feature: Feature, support: Support | None
) -> None:
    assert probed(server).trial.found.features.get(feature) is support


def test_values_are_matched_as_what_they_are() -> None:
    done = probed(Server(held=foreign(MULLER), sets={MULLER: LATIN}))
    keys = {key for query, _ in done.asked for key in query.keys if key.value}
    assert {key.matching for key in keys if key.value in ("M?ller", "*")} == {Matching.WILDCARD}
    assert {key.matching for key in keys if key.keyword == "StudyDate"} == {Matching.RANGE}
    assert {key.matching for key in keys if key.value in ("F", MULLER)} == {Matching.SINGLE_VALUE}


def test_values_are_taken_from_the_first_studies_that_suit() -> None:
    held = studies()
    held[0] |= {"StudyInstanceUID": "1.9.00", "ModalitiesInStudy": "MR\\SR"}
    done = probed(Server(held=held))
    assert done.how["wildcard in a UID"] == "StudyInstanceUID=1.9.* at study level: no"
    assert done.how["Modality matched"] == "Modality=MR at series level"
    (values, _), *_ = sent(done, "Modality")
    assert values["StudyInstanceUID"] == "1.9.00"
    two = probed(Server(held=held[:2]))
    assert two.found["wildcard in a UID"] == "refused"


def sent(done: Probed, keyword: str) -> list[tuple[dict[str, str], int | None]]:
    """The values and the limits of the queries that match on a key."""
    queries = [
        ({key.keyword: key.value for key in query.keys if key.value}, limit)
        for query, limit in done.asked
    ]
    return [one for one in queries if keyword in one[0]]


def test_how_is_empty_where_nothing_was_asked() -> None:
    rejecting = Server(rejects=frozenset({"PatientName", "PatientSex"}))
    for what, result, how in (*probed(Server(held=[])).rows, *probed(rejecting).rows):
        if result in (NO_VALUE, REJECTED) or result.startswith("unknown: no sampled"):
            assert how == "" or how.endswith(", which no study has"), what


def test_the_widest_queries_have_the_widest_limit() -> None:
    late = sent(probed(one_thing(cap=8, ending=Ending.COMPLETE, late="PatientSex")), "PatientSex")
    assert {limit for values, limit in late if "StudyDate" in values} == {2000}
    assert [limit for values, limit in late if "StudyDate" not in values][:2] == [200, 2000]
    labelled = probed(Server(held=foreign(MULLER), labels=None, cap=8))
    assert [
        limit
        for query, limit in labelled.asked
        if any(key.keyword == "SpecificCharacterSet" for key in query.keys)
    ] == [2000]
    assert labelled.how["PatientSex returned"] == "in 12 rows"


def test_patients_are_asked_for_in_the_root_that_has_them() -> None:
    done = probed(Server(rejects=frozenset({"IssuerOfPatientID"})))
    patients = [one for one in done.asked if one[0].level is Level.PATIENT]
    assert {query.model for query, _ in patients} == {Model.PATIENT_ROOT}
    assert (patients[0][1], patients[-1][1]) == (5, 5)


def test_keys_are_rejected_in_the_only_root() -> None:
    done = probed(Server(rejects=frozenset({"StudyDescription"})), [Model.PATIENT_ROOT])
    assert done.found["keys rejected at study level"] == "StudyDescription"
    assert done.trial.place.path == "/P00"


def test_without_a_study_root_a_patient_is_looked_into() -> None:
    held = [one | {"PatientID": "P00"} for one in studies()[:5]] + studies()[5:]
    done = probed(Server(held=held), [Model.PATIENT_ROOT])
    assert done.found["information models"] == "Patient Root"
    assert done.found["limit of an answer"] == "not reached: 5 studies in all"
    assert {query.model for query, _ in done.asked} == {Model.PATIENT_ROOT}
    (first, limit), *others = done.asked
    assert (first.level, limit) == (Level.PATIENT, 1)
    for query, _ in others[:-1]:
        assert [key.value for key in query.keys if key.keyword == "PatientID"] == ["P00"]
    with pytest.raises(QueryFailedError, match="no"):  # there is nobody to look into
        probed(Server(held=[]), [Model.PATIENT_ROOT])


def test_without_a_patient_root_patients_are_not_asked_for() -> None:
    done = probed(Server(), [Model.STUDY_ROOT])
    assert done.found["information models"] == "Study Root"
    assert "patient level" not in done.found
    assert Level.PATIENT not in [query.level for query, _ in done.asked]


def test_without_either_nothing_is_asked() -> None:
    done = probed(Server(), [])
    assert done.found["information models"] == "none accepted"
    assert done.asked == []


def test_each_key_is_tried_alone_if_some_are_rejected() -> None:
    done = probed(Server(rejects=frozenset({"PatientSex", "StudyDescription"})))
    rejected = "keys rejected at study level"
    assert done.found[rejected] == "PatientSex, StudyDescription"
    assert done.how[rejected] == "no; then each key alone"
    assert done.trial.found.rejected == {"PatientSex", "StudyDescription"}
    # all of them, none, then each by itself; one row is enough to know
    (_, first), *alone = done.asked
    assert first == 2000
    optional = {*LEVEL_KEYS[Level.STUDY].default, "PatientSex", "PatientName"}
    tried = 1 + len(optional - {"StudyInstanceUID"})
    assert [limit for _, limit in alone[: tried + 1]] == [*[1] * tried, 2000]


def test_a_server_that_refuses_every_query_fails_with_its_reason() -> None:
    with pytest.raises(QueryFailedError, match="no"):
        probed(Server(refuses=frozenset({Level.STUDY})))


def test_how_it_was_found_is_told_of_a_limit_and_of_hidden_studies() -> None:
    cut = probed(Server(cap=8))
    assert cut.how["limit of an answer"] == "all studies, 2,000 rows at most"
    # the sample has those that only the ranges of days have returned
    assert cut.how["repeated rows"] == "in 12 rows"
    silent = probed(Server(cap=8, ending=Ending.COMPLETE))
    assert silent.how["limit of an answer"] == ALL_DAYS
    assert silent.how["repeated rows"] == "in 12 rows"
    hiding = probed(Server(held=described(), hides=frozenset({"StudyDescription"})))
    assert hiding.how["studies without an optional attribute"] == (
        "all studies, with and without optional return keys; then each key alone"
    )
    both = probed(Server(held=described(), hides=frozenset({"PatientSex"}), cap=7))
    assert both.how["repeated rows"] == "in 10 rows"
    unnamed = probed(Server(held=foreign(MULLER), labels=None))
    told = unnamed.how["character set of answers"]
    assert told == "even if (0008,0005) is requested"
    assert unnamed.trial.found.feature(Feature.LABELS) is Support.IGNORED
    asked = probed(Server(held=foreign(MULLER), sets={MULLER: "ISO_IR 192"}, labels=False))
    assert asked.how["character set of answers"] == "only if (0008,0005) is requested"
    assert asked.trial.found.feature(Feature.LABELS) is Support.WORKS

r"""What is asked again where one query may miss rows, and what is learnt: no server, only bytes.

Whole commands against a server that compares bytes are in `tests/rules/test_insisting.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from dicomsh.archives.rows import row_of as made
from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.errors import QueryFailedError
from dicomsh.frozen import replace
from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.capability import NOTHING_KNOWN, Capabilities, Feature, Support
from dicomsh.model.charset import decoder, encode
from dicomsh.model.extended_negotiation import NONE, Extension, Extensions
from dicomsh.model.keys import PATIENT_ID, PATIENT_NAME, SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.query import Query
from dicomsh.model.row import Row, Source, items_at
from dicomsh.query import insist
from dicomsh.query.ask import ask
from dicomsh.query.context import QueryContext
from tests.model.test_plan import request
from tests.query.scripted import BOTH, CANCELLED, Asked, Reply, ScriptAddress, in_context

SOURCE = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN], "")
LABEL = "SpecificCharacterSet"


@dataclass(frozen=True)
class Bytes:
    """Patients as `(PatientID, PatientName, character set)`; names are compared byte by byte.

    Args:
        held: the patients.
        labels: whether rows name their character set: `always`, `asked` for it, or `never`.
        reads: whether it compares letters instead, whatever set they are in.
        answers: the set of all its answers; empty for that in which each patient is held.
    """

    held: tuple[tuple[str, str, str], ...]
    labels: str = "always"
    reads: bool = False
    answers: str = ""

    def __call__(self, query: Query) -> tuple[list[Row], Outcome]:
        labelled = self.labels == "always" or (self.labels == "asked" and LABEL in values(query))
        rows = [
            row_of(key, name, self.answers or charset, labelled=labelled)
            for key, name, charset in self.held
            if self._fits(query, name, charset)
        ]
        return rows, Outcome(Ending.COMPLETE, 0, 0.0, 0)

    def _fits(self, query: Query, name: str, charset: str) -> bool:
        value = values(query).get("PatientName", "") or "*"
        if self.reads:
            return fits(value, name)
        raw, stored = encode(value, query.charset), encode(name, charset)
        return fits(raw.decode("latin-1"), stored.decode("latin-1"))


def fits(pattern: str, text: str) -> bool:
    wild = {"*": ".*", "?": "."}
    return bool(re.fullmatch("".join(wild.get(one, re.escape(one)) for one in pattern), text))


def values(query: Query) -> dict[str, str]:
    return {key.keyword: key.value for key in query.keys}


def row_of(key: str, name: str, charset: str, *, labelled: bool = True) -> Row:
    raw = {PATIENT_ID: key.encode(), PATIENT_NAME: encode(name, charset)}
    sets = {SPECIFIC_CHARACTER_SET: charset.encode()} if charset and labelled else {}
    decode = decoder(charset.encode() if labelled else b"", "")
    return Row(b"".join(raw.values()), SOURCE, sets | raw, decode)


def named(*patterns: str) -> list[Request]:
    return [request(Level.PATIENT, Place(), *([f"name={one}"] if one else [])) for one in patterns]


def session(
    server: Reply,
    requests: Sequence[Request],
    limit: int | None = None,
    known: Capabilities = NOTHING_KNOWN,
    agreed: Extensions = NONE,
    **settings: Any,
) -> list[Asked]:
    """What comes of requests to one archive, one after the other."""
    address = ScriptAddress(server, BOTH, agreed)
    modality = Modality("scripted", address, **settings)

    async def work(context: QueryContext) -> list[Asked]:
        context.archives.memory.learn(modality, known)
        done = []
        for wanted in requests:
            address.asked.clear()
            listing = await ask(context, modality, wanted, QueryOptions(limit=limit))
            rows = await all_rows(listing.answer)
            done.append(Asked(rows, listing.answer.outcome, listing, list(address.asked)))
        return done

    return in_context(work)


def sent(done: Asked) -> list[tuple[str, str]]:
    return [(query.charset, values(query).get("PatientName", "")) for query, _ in done.queries]


def found(done: Asked) -> list[str]:
    return sorted(text or "" for text in done.texts(PATIENT_ID))


def requests_label(done: Asked) -> list[bool]:
    return [LABEL in values(query) for query, _ in done.queries]


ANNA = ("A1", "Grün^Anna", "ISO_IR 100")
BEN = ("B2", "Brown^Ben", "")
BORIS = ("B3", "GrьN^Boris", "ISO_IR 144")
KIM = ("K4", "Hong^Gildong=洪^吉洞=홍^길동", r"\ISO 2022 IR 149")
YAMADA = ("D4", "Yamada^Tarou=山田^太郎", r"\ISO 2022 IR 87")
MUELLER = ("M1", "Müller^Ute", "ISO_IR 192")
MILLER = ("M2", "Miller^Ann", "")
OTHER_MUELLER = ("M3", "Müller^Max", "ISO_IR 100")
MUELLER_ANN = ("M4", "Mueller^Ann", "")
SMITHS = tuple((f"S{number}", f"Smith^{number}", "") for number in range(4))
PEOPLE = (ANNA, BEN, KIM, YAMADA, MUELLER, MILLER, OTHER_MUELLER, MUELLER_ANN)

UTF8, LATIN, GREEK = "ISO_IR 192", "ISO_IR 100", "ISO_IR 126"
KOREAN, CHINESE = r"\ISO 2022 IR 149", r"\ISO 2022 IR 58"
OTHERS = [LATIN, CHINESE, "GB18030"]
"""The sets that hold `ü` besides UTF-8, as others write it alike."""


def test_plain_ascii_is_one_query() -> None:
    (done,) = session(Bytes(PEOPLE), named("Brown*"))
    assert (found(done), sent(done)) == (["B2"], [("", "Brown*")])
    assert requests_label(done) == [False]
    assert done.outcome.sound


@pytest.mark.parametrize(
    ("held", "pattern", "ids", "charset"),
    [
        (PEOPLE, "Grün*", ["A1"], LATIN),
        (PEOPLE, "Müller*", ["M1", "M3"], LATIN),
        (PEOPLE, "Müllner*", [], ""),
        # 0xFC is a letter of another alphabet there: the bytes match, the text does not
        ((BORIS,), "GrüN*", [], ""),
    ],
)
def test_letters_are_asked_in_each_set_that_writes_them_otherwise(
    held: tuple[tuple[str, str, str], ...], pattern: str, ids: list[str], charset: str
) -> None:
    (done,) = session(Bytes(held), named(pattern))
    assert found(done) == ids
    assert sent(done) == [(term, pattern) for term in (UTF8, *OTHERS)]
    assert done.outcome.sound
    nowhere = note(NoteKind.NO_CHARSET_FINDS, ", ".join(OTHERS))
    assert (nowhere in done.outcome.notes) is (not ids)
    one = note(NoteKind.OTHER_CHARSET, "PatientName", charset, count=1, of=1)
    assert [said for said in done.outcome.notes if said.kind is one.kind] == [one] * bool(charset)
    # rows that name no set are read in the one that found them, and not asked for again
    (unnamed,) = session(Bytes(held, labels="never"), named(pattern))
    assert (found(unnamed), sent(unnamed)) == (ids, sent(done))
    assert not any(requests_label(unnamed))


def test_the_set_of_the_modality_comes_first() -> None:
    (done,) = session(Bytes(PEOPLE), named("Müller*"), charset=LATIN)
    assert [term for term, _ in sent(done)] == [LATIN, UTF8, CHINESE, "GB18030"]
    assert found(done) == ["M1", "M3"]


def test_a_set_that_found_somebody_is_asked_before_the_usual_ones() -> None:
    hanja = [term for term, _ in sent(session(Bytes(PEOPLE), named("*吉洞"))[0])]
    assert hanja.index(r"\ISO 2022 IR 87") < hanja.index(KOREAN)
    _, again = session(Bytes(PEOPLE), named("*길동*", "*吉洞"))
    assert [term for term, _ in sent(again)][:2] == [UTF8, KOREAN]
    assert found(again) == ["K4"]


def test_a_set_that_rows_came_in_is_asked_before_the_usual_ones() -> None:
    _, again = session(Bytes((KIM, YAMADA)), named("Hong*", "*吉洞"))
    assert [term for term, _ in sent(again)][:2] == [UTF8, KOREAN]


def test_a_server_that_reads_a_set_is_not_asked_in_it() -> None:
    server = Bytes(PEOPLE, reads=True)
    first, again = session(server, named("Müller*", "Müller*"))
    assert found(first) == found(again) == ["M1", "M3"]
    assert [term for term, _ in sent(first)] == [UTF8, CHINESE, "GB18030"], "a row was in Latin-1"
    assert [term for term, _ in sent(again)] == [UTF8], "rows were found that have other bytes"
    assert first.outcome.sound
    assert not {NoteKind.OTHER_CHARSET, NoteKind.NO_CHARSET_FINDS} & set(first.kinds)


@pytest.mark.parametrize(
    "held",
    [
        # a patient of two studies, in two sets: that he was found before proves nothing
        (("A1", "Grün^Anna", UTF8), ("A1", "Grün^Anna", LATIN), OTHER_MUELLER),
        # only bytes of a word were sent as Latin-1
        (KIM, OTHER_MUELLER),
    ],
)
def test_rows_that_have_the_bytes_that_were_sent_do_not_show_that_a_set_is_read(
    held: tuple[tuple[str, str, str], ...],
) -> None:
    first = "*길동*" if KIM in held else "Grün*"
    done, again = session(Bytes(held), named(first, "Müller*"))
    assert done.texts(PATIENT_ID)[0] == held[0][0]
    assert LATIN in [term for term, _ in sent(again)]
    assert found(again) == ["M3"]


def test_rows_without_the_attribute_do_not_show_that_a_set_is_read() -> None:
    def reply(query: Query) -> tuple[list[Row], Outcome]:
        row = Row(b"A1", SOURCE, {PATIENT_ID: b"A1"})
        rows = [row] if query.charset in (UTF8, LATIN) else []
        return rows, Outcome(Ending.COMPLETE, 0, 0.0, 0)

    _, again = session(reply, named("Grün*", "Grün*"))
    assert [term for term, _ in sent(again)] == [UTF8, *OTHERS]


def test_rows_in_ascii_do_not_show_that_their_set_is_read() -> None:
    """The server ignores the name; what it returns says nothing of letters."""

    def reply(query: Query) -> tuple[list[Row], Outcome]:
        rows = [row_of("B2", "Brown^Ben", LATIN)] if query.charset == UTF8 else []
        return rows, Outcome(Ending.COMPLETE, 0, 0.0, 0)

    (done,) = session(reply, named("Grün*"))
    assert LATIN in [term for term, _ in sent(done)]


@pytest.mark.parametrize(
    ("known", "pattern", "terms"),
    [
        (Capabilities(features={Feature.ANY_CHARSET: Support.WORKS}), "Grün*", [UTF8]),
        # once probed, sets that no answer came in are asked only if nothing was found
        (Capabilities(probed="2024-03-01", charsets=("GB18030",)), "Müller*", [UTF8, "GB18030"]),
        (Capabilities(probed="2024-03-01"), "Müller*", [UTF8]),
        (Capabilities(probed="2024-03-01"), "Grün*", [UTF8, *OTHERS]),
        (Capabilities(charsets=("GB18030",)), "Grün*", [UTF8, "GB18030", LATIN, CHINESE]),
        (Capabilities(name_charsets=("GB18030",)), "Grün*", [UTF8, "GB18030", LATIN, CHINESE]),
    ],
)
def test_what_is_known_decides_which_sets_are_asked(
    known: Capabilities, pattern: str, terms: list[str]
) -> None:
    (done,) = session(Bytes(PEOPLE), named(pattern), known=known)
    assert [term for term, _ in sent(done)] == terms


@pytest.mark.parametrize("pattern", ["*길동*", "*동*"])
def test_letters_inside_a_word_are_asked_by_their_bytes(pattern: str) -> None:
    (done,) = session(Bytes(PEOPLE), named(pattern))
    assert found(done) == ["K4"]
    assert done.outcome.sound, "the bytes are no name that rows could contradict"
    bare = pattern.replace("길동", "±æµ¿").replace("동", "µ¿")
    assert sent(done) == [(UTF8, pattern), (KOREAN, pattern), (LATIN, bare), ("GB18030", pattern)]


@pytest.mark.parametrize("answers", ["", UTF8])
def test_bytes_inside_a_word_find_what_stands_between_others(answers: str) -> None:
    """`동` follows `길` inside one escape sequence: only the bytes alone find it."""
    (done,) = session(Bytes((KIM,), answers=answers), named("*동"))
    assert found(done) == ["K4"]
    assert done.outcome.sound, "the bytes are no name that rows could contradict"
    assert note(NoteKind.OTHER_CHARSET, "PatientName", KOREAN, count=1, of=1) in done.outcome.notes


@pytest.mark.parametrize(
    ("pattern", "refused", "known", "fails"),
    [
        ("Müller*", UTF8, NOTHING_KNOWN, True),
        ("Müller*", LATIN, NOTHING_KNOWN, False),
        # names were found in it: without an answer in this set, some may be missing
        ("Müller*", LATIN, Capabilities(name_charsets=(LATIN,)), True),
        ("*길동*", LATIN, NOTHING_KNOWN, False),
        ("*길동*", LATIN, Capabilities(name_charsets=(KOREAN,)), False),  # the bytes of a word
    ],
)
def test_a_try_may_be_refused(pattern: str, refused: str, known: Capabilities, fails: bool) -> None:
    def reply(query: Query) -> tuple[list[Row], Outcome]:
        if query.charset == refused:
            raise QueryFailedError("refused", code=0xA900)
        return Bytes(PEOPLE)(query)

    if fails:
        with pytest.raises(QueryFailedError):
            session(reply, named(pattern), known=known)
    else:
        (done,) = session(reply, named(pattern), known=known)
        assert found(done) == (["M1"] if pattern == "Müller*" else ["K4"])
        assert done.outcome.ending is Ending.COMPLETE
        assert "GB18030" in [term for term, _ in sent(done)], "the others are asked in"


@pytest.mark.parametrize(
    ("charset", "status", "ending", "queries"),
    [
        (UTF8, 0xA700, Ending.CUT_OFF, 1),  # the first rows of many: no need to find more
        (LATIN, 0xA700, Ending.CUT_OFF, 4),
        ("GB18030", 0xA700, Ending.COMPLETE, 4),  # a try that found nothing
        (UTF8, None, Ending.COMPLETE, 1),  # a dry run
    ],
)
def test_how_it_ends_when_one_of_the_queries_is_cut_off(
    charset: str, status: int | None, ending: Ending, queries: int
) -> None:
    def reply(query: Query) -> tuple[list[Row], Outcome]:
        rows, outcome = Bytes(PEOPLE)(query)
        ends = Ending.COMPLETE if status is None else Ending.CUT_OFF
        return rows, Outcome(ends, 0, 0.0, status) if query.charset == charset else outcome

    (done,) = session(reply, named("Müller*"))
    assert (done.outcome.ending, len(done.queries)) == (ending, queries)


WIDE = note(NoteKind.WILDCARD_WIDENED, "PatientName=M*ller*")
EVERY_MUELLER = ["M1", "M2", "M3"]


def test_a_question_mark_is_asked_as_an_asterisk_too_and_then_alone() -> None:
    """The first query finds who has one byte there; `*` also finds Mueller, who is left out."""
    first, again = session(Bytes(PEOPLE), named("M?ller*", "M?ller*"))
    assert found(first) == found(again) == EVERY_MUELLER
    assert sent(first) == [("", "M?ller*"), ("", "M*ller*")]
    assert sent(again) == [("", "M*ller*")]
    widened = [one for one in again.outcome.notes if one.kind is WIDE.kind]
    assert widened == [replace(WIDE, count=3, of=4)]
    assert first.outcome.sound
    assert again.outcome.sound


def test_an_asterisk_that_finds_no_more_proves_nothing() -> None:
    first, again = session(Bytes((MILLER, BEN)), named("M?ller*", "M?ller*"))
    assert sent(first) == sent(again) == [("", "M?ller*"), ("", "M*ller*")]


@pytest.mark.parametrize(
    ("known", "agreed"),
    [
        (Capabilities(features={Feature.ONE_LETTER: Support.WORKS}), NONE),
        (NOTHING_KNOWN, frozenset({Extension.FUZZY})),
    ],
)
def test_a_question_mark_that_is_a_letter_is_asked_once(
    known: Capabilities, agreed: Extensions
) -> None:
    (done,) = session(Bytes(PEOPLE), named("M?ller*"), known=known, agreed=agreed)
    assert sent(done) == [("", "M?ller*")]


def test_a_row_shows_that_a_question_mark_is_a_letter() -> None:
    first, again = session(Bytes(PEOPLE, reads=True), named("M?ller*", "M?ller^A*"))
    assert found(first) == EVERY_MUELLER
    assert sent(first) == [("", "M?ller*")]
    assert (found(again), sent(again)) == (["M2"], [("", "M?ller^A*")])


@pytest.mark.parametrize(
    ("widest", "ending"), [(3, Ending.PARTIAL), (4, Ending.COMPLETE), (5, Ending.COMPLETE)]
)
def test_a_question_mark_that_would_take_too_many_rows_is_unsettled(
    widest: int, ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insist, "_WIDEST", widest)
    (done,) = session(Bytes(PEOPLE), named("M?ller*"))
    assert [bound for _, bound in done.queries] == [None, widest]
    assert (done.outcome.ending, done.outcome.detail) == (ending, "")
    told = note(NoteKind.WILDCARD_UNSETTLED, count=widest)
    assert (told in done.outcome.notes) is (ending is Ending.PARTIAL)


def test_a_question_mark_beside_letters_beyond_ascii() -> None:
    (done,) = session(Bytes(PEOPLE), named("Grü?^A*"))
    assert found(done) == ["A1"]
    assert sent(done)[:2] == [(UTF8, "Grü?^A*"), (UTF8, "Grü*^A*")]
    assert (LATIN, "Grü*^A*") in sent(done)
    assert done.outcome.sound


def test_a_question_mark_that_is_a_letter_stays_one_in_other_sets() -> None:
    known = Capabilities(features={Feature.ONE_LETTER: Support.WORKS})
    (done,) = session(Bytes(PEOPLE), named("Grü?^A*"), known=known)
    assert sent(done)[:2] == [(UTF8, "Grü?^A*"), (LATIN, "Grü?^A*")]


def test_an_asterisk_for_a_question_mark_is_filtered_in_every_set() -> None:
    wanted = request(Level.PATIENT, Place(), "name=M?ller*", "PatientComments=ü*")
    (done,) = session(Bytes(PEOPLE), [wanted])
    assert (LATIN, "M*ller*") in sent(done)
    assert "M4" not in found(done)


STEP, STATION = by_keyword("ScheduledProcedureStepSequence"), by_keyword("ScheduledStationAETitle")
STEP_ID = by_keyword("ScheduledProcedureStepID")


@pytest.mark.parametrize("refuses", [False, True])
def test_items_with_several_ae_titles_are_asked_for_among_others(refuses: bool) -> None:
    """The server compares all AE titles of an item as one text."""
    titles = {"S1": ["CT1"], "S2": ["CT1", "MR1"], "S3": ["CT11", "MR1"]}

    def reply(query: Query) -> tuple[list[Row], Outcome]:
        value = values(query)[f"{STEP.keyword}.{STATION.keyword}"]
        if refuses and "*" in value:
            raise QueryFailedError("no wildcards", code=0xA900)
        items = {
            step: {STATION.tag: ("AE", held), STEP_ID.tag: ("SH", [step])}
            for step, held in titles.items()
            if fits(value, "\\".join(held))
        }
        rows = [made({STEP.tag: ("SQ", [held])}) for held in items.values()]
        return rows, Outcome(Ending.COMPLETE, 0, 0.0, 0)

    address = ScriptAddress(reply, [Model.MODALITY_WORKLIST])
    wanted = request(Level.WORKLIST, Place(), "ScheduledStationAETitle=CT1")

    async def work(context: QueryContext) -> tuple[list[Row], Outcome]:
        answer = (await ask(context, Modality("scripted", address), wanted)).answer
        return await all_rows(answer), answer.outcome

    rows, outcome = in_context(work)
    sought = [values(query)[f"{STEP.keyword}.{STATION.keyword}"] for query, _ in address.asked]
    assert sought == ["CT1", "*CT1*"]
    steps = [item.text(STEP_ID.tag) for row in rows for item in items_at(row, [STEP])]
    assert steps == (["S1"] if refuses else ["S1", "S2"])
    told = [one for one in outcome.notes if one.kind is NoteKind.ONE_OF_SEVERAL]
    wide = note(NoteKind.ONE_OF_SEVERAL, f"{STATION.keyword}=*CT1*", count=2, of=3)
    assert told == ([] if refuses else [wide])
    assert outcome.sound


@pytest.mark.parametrize(
    ("pattern", "limit", "ids", "bounds"),
    [
        ("Müller*", 1, ["M1"], [1, None]),
        ("Müller*", 2, ["M1", "M3"], [2, None, None, None]),
        ("M?ller*", 1, ["M2"], [1]),
        ("M?ller*", 2, ["M2", "M3"], [2, 5000]),
        ("M?ller*", 3, ["M2", "M3", "M1"], [3, 5000]),
        ("Brown*", 1, ["B2"], [1]),
    ],
)
def test_the_limit_is_that_of_all_queries(
    pattern: str, limit: int, ids: list[str], bounds: list[int | None]
) -> None:
    (done,) = session(Bytes(PEOPLE), named(pattern), limit)
    assert done.texts(PATIENT_ID) == ids
    assert [bound for _, bound in done.queries] == bounds
    assert done.outcome.complete


@pytest.mark.parametrize("held", [PEOPLE, (BEN, ANNA, *SMITHS[:2])])
def test_a_set_that_is_named_on_request_alone_is_requested(
    held: tuple[tuple[str, str, str], ...],
) -> None:
    first, again = session(Bytes(held, labels="asked"), named("", ""))
    assert requests_label(first) == [False, True]
    assert requests_label(again) == [True]
    everybody = sorted(key for key, _, _ in held)
    assert found(first) == found(again) == everybody
    assert "Grün^Anna" in first.texts(PATIENT_NAME)
    assert note(NoteKind.CHARSET_REQUESTED, "came") in first.outcome.notes
    assert NoteKind.CHARSET_REQUESTED not in again.kinds


def test_a_set_that_is_never_named_is_requested_once() -> None:
    first, again = session(Bytes(PEOPLE, labels="never"), named("", ""))
    assert requests_label(first) == [False, True]
    assert requests_label(again) == [False]
    assert found(first) == found(again)
    assert note(NoteKind.CHARSET_REQUESTED) in first.outcome.notes


@pytest.mark.parametrize(
    ("held", "known", "fallback"),
    [
        ((BEN, MILLER), NOTHING_KNOWN, ""),
        ((BEN, ANNA), Capabilities(rejected=frozenset({LABEL})), ""),
        ((BEN, ANNA), NOTHING_KNOWN, LATIN),
        ((BEN, ANNA), Capabilities(features={Feature.LABELS: Support.IGNORED}), ""),
    ],
)
def test_a_set_is_not_requested_where_that_is_of_no_use(
    held: tuple[tuple[str, str, str], ...], known: Capabilities, fallback: str
) -> None:
    server = Bytes(held, labels="asked")
    (done,) = session(server, named(""), known=known, fallback_charset=fallback)
    assert requests_label(done) == [False]
    assert found(done) == sorted(key for key, _, _ in held)
    assert NoteKind.CHARSET_REQUESTED not in done.kinds


@pytest.mark.parametrize(("most", "labels"), [(5, [False, True]), (4, [False]), (1, [False])])
def test_rows_that_had_been_passed_on_do_not_come_again(
    most: int, labels: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four rows in ASCII come first, two at a time; of many, they are not kept in mind."""
    monkeypatch.setattr(insist, "_MOST", most)
    (done,) = session(Bytes((*SMITHS, ANNA), labels="asked"), named(""))
    assert requests_label(done) == labels
    assert done.texts(PATIENT_ID) == ["S0", "S1", "S2", "S3", "A1"]


@pytest.mark.parametrize(
    ("limit", "ids"), [(3, ["S0", "S1", "S2"]), (5, ["S0", "S1", "S2", "S3", "A1"])]
)
def test_the_limit_is_that_of_the_query_that_requests_the_set(limit: int, ids: list[str]) -> None:
    held = (*SMITHS[:2], ("S2", "Smïth^2", LATIN), SMITHS[3], ANNA, BEN)
    (done,) = session(Bytes(held, labels="asked"), named(""), limit)
    assert [bound for _, bound in done.queries] == [limit, limit]
    assert done.texts(PATIENT_ID) == ids
    assert done.outcome.ending is Ending.LIMIT


def test_a_server_that_names_sets_is_not_asked_for_one_that_it_left_out() -> None:
    def reply(_: Query) -> tuple[list[Row], Outcome]:
        named_rows = [row_of("A1", "Grün^Anna", LATIN), row_of("B2", "Brown^Ben", "")]
        return [*named_rows, row_of(*ANNA, labelled=False)], Outcome(Ending.COMPLETE, 0, 0.0, 0)

    (done,) = session(reply, named(""))
    assert requests_label(done) == [False]


@pytest.mark.parametrize("pattern", ["Müller*", "M?ller*", ""])
def test_left_early_it_leaves_the_query_under_way(pattern: str) -> None:
    address = ScriptAddress(Bytes(PEOPLE))
    modality = Modality("scripted", address)

    async def work(context: QueryContext) -> Outcome:
        (wanted,) = named(pattern)
        listing = await ask(context, modality, wanted)
        batches = aiter(listing.answer)
        await anext(batches)
        await listing.answer.aclose()
        return listing.answer.outcome

    outcome = in_context(work)
    assert len(address.left) == len(address.asked) == 1
    assert (outcome.ending, outcome.detail) == (Ending.CANCELLED, CANCELLED)
    assert outcome.rows > 0
    if pattern:
        assert outcome.status is None

"""An empty answer says what was matched, and one thing to try that can be typed as it stands.

Rivals print nothing: who asks for JOD does not learn that JOD* was meant (OHIF #1114, #12), that
case counts in all but names (Weasis #428), or that ModalitiesInStudy need not be matched
(pynetdicom #522).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.gateway.keys import query_key
from dicomsh.language.analyse import analyse_text
from dicomsh.language.scan import Word
from dicomsh.language.terms import Term, is_term, pattern_key, read_term
from dicomsh.language.words import whole_word
from dicomsh.model.keys import by_keyword, is_named
from dicomsh.model.levels import Level
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.plan import Request
from dicomsh.query.suggest import Phrase, advice, split_line
from tests.harness import practice, run
from tests.language.knowledge import REGISTRY, Known

TODAY = date(2024, 3, 5)
ROOT = Place()
PATIENT = Place((PlaceStep(Level.PATIENT, "0555643F"),))
STUDY = PATIENT.down(PlaceStep(Level.STUDY, "1.2.3"))


ANY_PROCEDURE = "find series RequestAttributesSequence.RequestedProcedureID="


def request(text: str, place: Place = ROOT) -> Request:
    """The request of `find LEVEL …` at a place."""
    (analysis,), _ = analyse_text(text, REGISTRY, Known())
    assert analysis.call is not None, analysis.problem
    level, pattern, *terms = analysis.call.arguments
    keys = [] if pattern is None else [pattern_key(level, pattern, TODAY)]
    keys += [term.query_key(level, TODAY) for term in terms]
    return Request(level, place.above(level), tuple(keys))


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        # text is matched whole
        ("find patient JOD", "find patient JOD*"),
        ("find patient JODOGNE sex=M", "find patient JODOGNE* sex=M"),
        ("find patient 0555643", "find patient 0555643*"),
        ("find patient name=JOD +age", "find patient name=JOD* +age"),
        ("find study desc=thorax", "find study desc=*thorax*"),
        ("find patient comments=pain", "find patient comments=*pain*"),
        ("find study 'name=Doe Jane'", "find study name=Doe^Jane*"),
        ("find patient 'Jodogne, Sebastien'", "find patient Jodogne^Sebastien*"),
        ("find patient 'van der Berg'", "find patient 'van der Berg*'"),
        ("find study 'desc=chest, left'", "find study 'desc=*chest, left*'"),
        ("find patient '-JOD'", "find patient '-JOD*'"),
        # a word that means something else in the language
        ("find study today", "find study date=today"),
        ("find study 2024-03-04", "find study date=2024-03-04"),
        ("find study 2024-02..2024-02-03", "find study date=2024-02..2024-02-03"),
        ("find study 2024-13", "find study 2024-13*"),
        ("find study ct", "find study mod=CT"),
        ("find patient sex", "find patient sex="),
        ("find series RequestAttributesSequence.RequestedProcedureID", ANY_PROCEDURE),
        ("find study date mod=CT", "find study date= mod=CT"),
        ("find patient mod", "find patient mod*"),
        ("find patient SOPClassesInStudy", "find patient SOPClassesInStudy*"),
        ("find patient CT", "find patient CT*"),
        ("find series PROTOCOL", "find series *PROTOCOL*"),
        # dates are too narrow
        ("find study date=2024-03-04", "find study date=2024-03"),
        ("find study date=2024-03", "find study date=2024"),
        ("find study mod=CT date=20240304", "find study mod=CT date=2024-03"),
        ("find patient birth=1975-03-14", "find patient birth=1975-03"),
        ("find study date=2024", "find study date=2023..2025"),
        ("find study time=10:15:30", "find study time=10"),
        ("find study time=10:15..10:30", "find study time=10"),
        # lists of anything but UIDs and codes are optional
        (r"find patient 'id=A1\A2'", "find patient id= --limit 20"),
        ("find study study=1.2.3,1.2.4", "find series series=1.2.3,1.2.4"),
        # nothing better is known: values that there are
        ("find patient sex=MALE", "find patient sex= --limit 20"),
        ("find study date=>=2031", "find study date=2021.."),
        ("find study date=..1912", "find study date=..1922"),
        ("find study date=2044-11..2045", "find study date=2034..2055"),
        ("find study AcquisitionDateTime=>=2044", "find study AcquisitionDateTime= --limit 20"),
        ("find study time=10", "find study time= --limit 20"),
        ("find series number=77", "find series number= --limit 20"),
        ("find instance 99", "find instance InstanceNumber= --limit 20"),
        # case counts outside of names
        ("find patient id=ozp*", "find patient id=OZP*"),
        ("find study desc=*thorax*", "find study desc=*THORAX*"),
        ("find patient id=OZP*", "find patient id=ozp*"),
        # ModalitiesInStudy is optional, Modality of a series is not
        ("find study mod=CT", "find series mod=CT"),
        ("find study JOD* mod=CT", "find series mod=CT PatientName=JOD*"),
        ("find study mod=CT,MR date=2024-01..2024-03", None),
        ("find study mod=ct", "find study mod=CT"),
        ("find series mod=ct,mr date=2009-04-12", "find series mod=CT,MR date=2009-04-12"),
        ("find patient sex=f", "find patient sex=F"),
        ("find study date=>=2024 mod=CT", "find series mod=CT 'StudyDate=>=2024'"),
        # a UID does not tell whose it is
        ("find study study=1.2.3", "find series series=1.2.3"),
        ("find series series=1.2.3", "find study study=1.2.3"),
        ("find instance instance=1.2.3", "find series series=1.2.3"),
        # a pattern that looks like a UID, or like an accession number
        ("find patient 1.2.840.10008.5", "find study study=1.2.840.10008.5"),
        ("find study 1.2.840.10008.5", "find study study=1.2.840.10008.5"),
        ("find series 1.2.840.10008.5", "find series series=1.2.840.10008.5"),
        ("find study 1.2.3", "find study 1.2.3*"),
        ("find study W2611109 mod=CT", "find study acc=W2611109 mod=CT"),
        ("find patient W2611109", "find study acc=W2611109"),
        ("find study A4713", "find study acc=A4713"),
        ("find study A471", "find study A471*"),
        ("find patient 2611109W", "find patient 2611109W*"),
        ("find worklist W2611109", "find worklist acc=W2611109"),
        ("find worklist 1.2.840.10008.5", "find worklist StudyInstanceUID=1.2.840.10008.5"),
        ("find worklist 17", "why"),
        ("find study OZP00SJ", "find study OZP00SJ*"),
        # another attribute
        ("find patient *JOD*", "find patient id=*JOD*"),
        ("find patient 12*", "find study acc=12*"),
        ("find patient JOD*", "find patient *JOD*"),
        # fewer keys, another level
        ("find patient JOD* sex=O", "find patient JOD*"),
        ("find patient name=*X* sex=M", "find patient name=*X*"),
        ("find patient name=*X* sex=M id=77*", "find patient name=*X* sex=M"),
        # counts that a server computes
        (
            "find study *X* +acc NumberOfStudyRelatedInstances=7",
            "find study *X* +acc | where NumberOfStudyRelatedInstances=7",
        ),
        (
            "find patient *X* NumberOfPatientRelatedSeries=0",
            "find patient *X* +NumberOfPatientRelatedSeries | where NumberOfPatientRelatedSeries=0",
        ),
        ("find study", "find patient"),
        ("find patient", "find study"),
        ("find series", "find study"),
    ],
)
def test_one_thing_to_try(typed: str, tried: str | None) -> None:
    line = advice(request(typed), ROOT)
    assert line == (tried or "find series mod=CT,MR StudyDate=2024-01..2024-03")


@pytest.mark.parametrize(
    ("typed", "place", "here", "tried"),
    [
        ("find study name=*X*", PATIENT, PATIENT, "cd /; find study name=*X*"),
        ("find series MR", STUDY, STUDY, "cd /; find series MR"),
        ("find study desc=x", PATIENT, PATIENT, "find study desc=*x*"),
        ("find study desc=x", PATIENT, ROOT, "cd /0555643F; find study desc=*x*"),
        ("find series", STUDY, STUDY, ""),
        ("find worklist", ROOT, ROOT, ""),
    ],
)
def test_the_place_is_part_of_it(typed: str, place: Place, here: Place, tried: str) -> None:
    assert advice(request(typed, place), here) == tried


@pytest.mark.parametrize(
    ("typed", "place", "here", "line"),
    [
        ("find study", ROOT, ROOT, "find study --split"),
        ("find study DOE* mod=CT +acc", ROOT, ROOT, "find study DOE* mod=CT +acc --split"),
        ("find study 'date=>=2024'", PATIENT, PATIENT, "find study 'date=>=2024' --split"),
        ("find study", PATIENT, ROOT, "cd /0555643F; find study --split"),
        ("find series", STUDY, STUDY, ""),
        ("find patient", ROOT, ROOT, ""),
    ],
)
def test_what_was_cut_off_is_asked_for_in_windows(
    typed: str, place: Place, here: Place, line: str
) -> None:
    assert split_line(request(typed, place), here) == line


def test_options_are_part_of_the_line() -> None:
    several = ("--on", "a,b")
    assert advice(request("find patient JOD"), ROOT, several) == "find patient JOD* --on a,b"
    line = advice(request("find patient sex=MALE"), ROOT, several)
    assert line == "find patient sex= --on a,b --limit 20"


def test_a_time_over_midnight_stays_in_the_line() -> None:
    night = read_term(whole_word("time=23:00..01:00"))
    keys = (
        night.query_key(Level.STUDY, TODAY, over_midnight=True),
        read_term(whole_word("desc=x")).query_key(Level.STUDY, TODAY),
    )
    line = advice(Request(Level.STUDY, ROOT, keys), ROOT)
    assert line == "find study time=23:00..01:00 desc=*x*"


TERMS = st.sampled_from(
    ["name=JOD", "id=a", "sex=F", "date=2024-03-04", "mod=CT", "desc='a b'", "acc=7", "+age"]
)


@given(
    st.sampled_from(["patient", "study", "series"]),
    st.sampled_from(["", "X", "*x*", "a7", "'a b'"]),
    st.lists(TERMS, max_size=3, unique_by=lambda term: term[:3]),
)
def test_the_line_can_be_typed_as_it_stands(level: str, pattern: str, terms: list[str]) -> None:
    typed = f"find {level} {pattern} {' '.join(terms)}"
    (analysis,), _ = analyse_text(typed, REGISTRY, Known())
    if analysis.call is None or (re.search(r"name=|id=", typed) and pattern):
        return
    for place in (ROOT, PATIENT):
        line = advice(request(typed, place), place)
        parsed, _ = analyse_text(line, REGISTRY, Known())
        assert line != typed
        assert all(part.problem is None and part.call is not None for part in parsed), line


def test_a_value_that_would_be_too_long_is_not_advised() -> None:
    """An AccessionNumber has 16 characters at most, a PatientID 64 (PS3.5 6.2)."""
    key = pattern_key(Level.PATIENT, whole_word("0000000000000000?"), TODAY)
    line = advice(Request(Level.PATIENT, ROOT, (key,)), ROOT)
    assert line == "find patient PatientID= --limit 20"
    accession = read_term(whole_word("acc=A234567890123456")).query_key(Level.STUDY, TODAY)
    assert "*" not in advice(Request(Level.STUDY, ROOT, (accession,)), ROOT)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1))
def test_any_text_is_quoted_as_needed(text: str) -> None:
    word = whole_word(text)
    if (
        not text.strip()
        or is_term(word)
        or is_named(text)
        or set("\\,") & set(text)
        or len(text) > 30
    ):
        return
    key = pattern_key(Level.PATIENT, word, TODAY)
    line = advice(Request(Level.PATIENT, ROOT, (key,)), ROOT)
    if not line:
        return
    (analysis,), _ = analyse_text(line, REGISTRY, Known())
    assert analysis.problem is None, line
    tried = analysis.call.arguments[1] if analysis.call else None
    value = tried.text if isinstance(tried, Word) else ""
    terms = [term.value for term in (analysis.call.arguments[2:] if analysis.call else ())]
    found = unicodedata.normalize("NFC", value or "".join(filter(None, terms)))
    sent = unicodedata.normalize("NFC", text)
    spoken = (re.sub(parting, "^", sent.strip()) for parting in (", *", " "))
    assert any(form.strip("*").upper() in found.upper() for form in (sent, *spoken))


def test_a_line_too_long_to_be_typed_is_not_told() -> None:
    uids = ",".join(f"1.2.{number}" for number in range(100))
    asked = request(f"find study study={uids} date=2024-03-04")
    assert advice(asked, ROOT) == ""
    assert split_line(asked, ROOT) == ""
    longest = "x" * (160 - len("find study "))
    assert Phrase(Level.STUDY, (longest,), ROOT).line(ROOT) == f"find study {longest}"
    assert Phrase(Level.STUDY, (f"{longest}x",), ROOT).line(ROOT) == ""


def test_terms_remember_what_was_typed() -> None:
    term = read_term(whole_word("date=2024"))
    assert isinstance(term, Term)
    assert term.query_key(Level.STUDY, TODAY).typed == "date=2024"


# Seen by the user


@pytest.mark.parametrize(
    ("query", "matched", "tried"),
    [
        ("find patient JOD", "PatientName=JOD", "find patient JOD*"),
        ("find patient id=OZP00SJX", "PatientID=OZP00SJX", "find patient id=OZP00SJX*"),
        ("find study date=2009-04-11", "StudyDate=20090411", "find study date=2009-04"),
        (
            "cd 0555643F; find study mod=US",
            "ModalitiesInStudy=US in patient 0555643F",
            "find series mod=US",
        ),
    ],
)
def test_the_line_after_an_empty_answer(query: str, matched: str, tried: str) -> None:
    done = run(f"use pacs; {query}")
    assert done.status == 0
    assert done.last.endswith(f" · matched {matched} · try: {tried}")
    again = run(f"use pacs; {query.rpartition('; ')[0] or 'pwd'}; {tried}")
    assert again.status == 0


def test_what_helps_is_tried_first() -> None:
    done = run("use pacs; find patient JOD; find patient JOD*")
    assert "1 patient, complete" in done.last


def test_an_answer_with_rows_has_no_advice() -> None:
    assert "try:" not in run("use pacs; find patient JOD*").err


def test_a_long_list_is_told_by_its_beginning() -> None:
    uids = ",".join(f"2.25.{number}" for number in range(300))
    done = run(f"use pacs; find study study={uids}")
    assert len(done.last) < 300
    assert "(300 values)" in done.last


def test_an_answer_that_was_cut_off_has_no_advice_to_widen(tmp_path: Path) -> None:
    config = practice(tmp_path, cut_off=0)
    done = run("use faulty; find patient JOD*", config=config)
    assert done.status == 5
    assert "try:" not in done.last


EMPTY = (
    *("find patient *zzz*", "find patient sex=X", "find patient birth=1801..1802"),
    *("find patient comments=zz", r"find patient 'id=x\y'", "find patient ==鹿"),
    *("find study date=2031", "find study 'date=>=2031'", "find study time=03:03"),
    *("find study age=099Y", "find study PatientWeight=3", "find study desc=*zz*"),
    *("find study study=1.2.3,1.2.4", "find study zz --split", "find study mod=ZZ"),
    *("find series number=77", "find series BodyPartExamined=ZZ", "find series zz"),
    *("find instance 99999", "find instance instance=1.2.3"),
    *("find study NumberOfStudyRelatedInstances=77", "find patient NumberOfPatientRelatedSeries=0"),
)


@pytest.mark.parametrize("query", EMPTY)
def test_no_empty_answer_is_without_advice_and_the_advice_runs(query: str) -> None:
    done = run(query, modality="pacs", output="ndjson")
    assert done.out == ""
    (line,) = re.findall(r"· try: (.+?)(?: · |$)", done.last)
    assert line != query
    assert "StudyTime" not in line
    assert run(line, modality="pacs", output="ndjson").status == 0


@given(
    st.sampled_from(["StudyDate", "StudyTime", "PatientName", "PatientID", "ModalitiesInStudy"]),
    st.text("0123456789-.^=*?\\ CTä", max_size=20),
    st.sampled_from([Level.STUDY, Level.SERIES]),
)
def test_a_value_that_was_not_checked_has_advice_or_none(
    keyword: str, value: str, level: Level
) -> None:
    """As of a request to the gateway, which sends what it is given."""
    key = query_key(by_keyword(keyword).tag, value)
    assert key
    assert isinstance(advice(Request(level, ROOT, (key,)), ROOT), str)


@pytest.mark.parametrize("value", ["2009-01-01", "-7d", "--", "-", "2009-13-45", "0000-", "-x"])
def test_a_range_that_is_none_has_no_wider_one(value: str) -> None:
    key = query_key(by_keyword("StudyDate").tag, value)
    assert key
    assert ".." not in advice(Request(Level.STUDY, ROOT, (key,)), ROOT)

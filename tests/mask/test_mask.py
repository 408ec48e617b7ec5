"""Made-up values: the same for the same, back again, and no real one left in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import Span
from dicomsh.language.scan import Word, scan
from dicomsh.mask.mask import Mask
from dicomsh.mask.replacements import Replacements
from dicomsh.mask.typed import masked_text, real_word
from dicomsh.model.keys import by_keyword

NAME, ID, UID = map(by_keyword, ("PatientName", "PatientID", "StudyInstanceUID"))
REAL_UID = "1.2.840.113704.1.111.2768.1239195678.57"

TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\\"), min_size=1)


@pytest.fixture
def mask() -> Mask:
    return Mask(b"secret")


@given(TEXTS.filter(lambda text: text.strip(" \0")))
def test_a_value_stays_the_same_and_can_be_typed(real: str) -> None:
    mask = Mask(b"secret")
    for attribute in (NAME, ID):
        made = mask.value(attribute, real)
        assert made == mask.value(attribute, real)
        assert made.isascii()
        assert made != real
        assert mask.real(made) == real.strip(" \0")
        assert mask.value(attribute, made) == made


@given(st.lists(TEXTS, min_size=2, unique_by=lambda text: text.strip(" \0")))
def test_different_values_stay_different(reals: list[str]) -> None:
    mask = Mask(b"secret")
    assert len({mask.value(ID, real) for real in reals}) == len(reals)


def test_another_session_makes_up_others() -> None:
    assert Mask().value(ID, "0555643F") != Mask().value(ID, "0555643F")


def test_made_up_values_are_values_of_their_vr(mask: Mask) -> None:
    assert len(mask.value(ID, "0555643F")) <= 16
    made = mask.value(UID, REAL_UID)
    assert made.startswith("2.25.")
    assert len(made) <= 64
    assert mask.value(NAME, "山田^太郎").count("^") == 1


@pytest.mark.parametrize(
    ("keyword", "real", "shown"),
    [
        ("StudyDescription", "CT THORAX", "CT THORAX"),
        ("StudyDate", "20090412", "20090412"),
        ("PatientBirthDate", "19750314", "19750101"),
        ("PatientBirthDate", "unknown", ""),
        ("PatientSex", "M", "M"),
        ("Modality", "CT", "CT"),
        ("PatientComments", "lives in Bern", "(masked)"),
        ("PatientTelephoneNumbers", "", ""),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2"),
    ],
)
def test_what_is_kept(mask: Mask, keyword: str, real: str, shown: str) -> None:
    assert mask.by_keyword(keyword, real) == shown


@pytest.mark.parametrize(
    "keyword",
    (
        "PatientName PatientID IssuerOfPatientID OtherPatientIDs OtherPatientNames AccessionNumber"
        " StudyID ReferringPhysicianName OperatorsName PerformingPhysicianName InstitutionName"
        " StationName StudyInstanceUID SeriesInstanceUID SOPInstanceUID FrameOfReferenceUID"
        " PatientAddress PatientTelephoneNumbers MilitaryRank EthnicGroup RequestedProcedureID"
        " ScheduledProcedureStepID DeviceSerialNumber AdmissionID PatientMotherBirthName"
    ).split(),
)
def test_what_is_not_kept(mask: Mask, keyword: str) -> None:
    assert "REAL.1" not in mask.by_keyword(keyword, "REAL.1")


def test_private_elements_are_emptied(mask: Mask) -> None:
    assert mask.by_tag(0x00091001, "anything") == ""


def test_each_of_several_values_is_masked(mask: Mask) -> None:
    both = mask.value(ID, "0555643F\\4711")
    assert both == f"{mask.value(ID, '0555643F')}\\{mask.value(ID, '4711')}"


def test_known_values_are_found_in_text(mask: Mask) -> None:
    made, name = mask.value(ID, "0555643F"), mask.value(NAME, "JODOGNE^SEBASTIEN")
    text = "no study of '0555643F' (JODOGNE^SEBASTIEN), 0555643FX, \x1b[31m0555643F\x1b[0m"
    assert mask.text(text) == f"no study of '{made}' ({name}), 0555643FX, \x1b[31m{made}\x1b[0m"


def test_values_are_found_in_any_case(mask: Mask) -> None:
    upper, lower = mask.value(ID, "OZP00SJ"), mask.value(ID, "ozp00sj")
    assert upper != lower
    assert mask.text("ozp00sj OZP00SJ Ozp00sj") == f"{lower} {upper} {upper}"


def test_uids_are_found_in_text_without_being_known(mask: Mask) -> None:
    made = mask.value(UID, REAL_UID)
    assert mask.text(f"…?studyUID={REAL_UID}&x") == f"…?studyUID={made}&x"
    kept = "127.0.0.1:4242 1.2.840.10008.1.1 PS3.4 C.2.2.2.1 version 1.10.1"
    assert mask.text(kept) == kept


def test_short_values_do_not_disturb_text(mask: Mask) -> None:
    mask.value(ID, "1")
    assert mask.text("1 patient, complete") == "1 patient, complete"
    assert mask.word("1") == mask.value(ID, "1")


def test_the_longest_value_wins() -> None:
    replacements = Replacements()
    replacements.add("Doe", "A")
    replacements.add("Doe^John", "B")
    replacements.add("^Jane", "C")
    assert replacements.replace("Doe^John Doe Does ^Jane Doe^Johnny") == "B A Does C A^Johnny"


def test_a_beginning_that_only_one_has_is_enough(mask: Mask) -> None:
    made = mask.value(ID, "0555643F")
    mask.value(UID, REAL_UID)
    assert mask.real(made[:5]) == "0555643F"
    assert mask.real("2.25.") == "2.25."
    assert mask.real(mask.value(UID, REAL_UID)[:12]) == REAL_UID


def word(text: str) -> Word:
    (statement,) = scan(text, {})
    return statement.words[-1]


def test_a_typed_word_keeps_its_places(mask: Mask) -> None:
    made = mask.value(ID, "0555643F")
    typed = word(f"find patient id={made},4711")
    real = real_word(typed, mask)
    assert real.text == "id=0555643F,4711"
    assert len(real.places) == len(real.text) + 1
    assert real.places[:3] == typed.places[:3]
    assert real.places[-5:] == typed.places[-5:]
    assert real_word(word("find study"), mask) == word("find study")


def test_the_place_of_an_error_moves_with_the_text(mask: Mask) -> None:
    made = mask.value(ID, "0555643F")
    text, span = masked_text("cd 0555643F; ls x", Span(16, 17), mask.text)
    assert text == f"cd {made}; ls x"
    assert text[span.start : span.end] == "x"


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("04.07.1991", "01.01.1991"),
        ("7/4/1991", "01/01/1991"),
        ("4-7-1991", "01-01-1991"),
        ("1991/07/04", "1991/01/01"),
        ("1991.7.4", "1991.01.01"),
        ("1991-07", "1991-01"),
        ("4.7.91", "01.01.91"),
        ("4 Jul 1991", "01 Jan 1991"),
        ("July 4, 1991", "Jan 01, 1991"),
        ("July 4th 1991", "Jan 01th 1991"),
        ("04-JUL-1991", "01-JAN-1991"),
        ("04JUL1991", "01JAN1991"),
        ("04-Jul-91", "01-Jan-91"),
        ("1991 Jul 4", "1991 Jan 01"),
        ("July 1991", "Jan 1991"),
        ("4. Juli 1991", "01. Jan 1991"),
        ("4 juillet 1991", "01 Jan 1991"),
        ("le 4 juil. 1991", "le 01 Jan. 1991"),
        ("4 de julio de 1991", "01 de Jan de 1991"),
    ],
)
def test_a_known_date_of_birth_is_found_as_people_write_it(
    mask: Mask, typed: str, seen: str
) -> None:
    assert mask.value(by_keyword("PatientBirthDate"), "19910704") == "19910101"
    assert mask.text(f"born {typed}, seen") == f"born {seen}, seen"
    assert mask.text("05.08.1991 4.7.1990 1.2.3.1991 10.4.7.1991") == (
        "05.08.1991 4.7.1990 1.2.3.1991 10.4.7.1991"
    )
    assert mask.text("4 Jun 1991, Juliane 4, Marburg 1991") == "4 Jun 1991, Juliane 4, Marburg 1991"


def test_letters_that_only_look_like_a_month_are_none(mask: Mask) -> None:
    assert mask.value(by_keyword("PatientBirthDate"), "19910704") == "19910101"
    assert mask.text("4 \u017fep 1991, 4 Jul 1991") == "4 \u017fep 1991, 01 Jan 1991"


def test_a_typed_date_of_birth_is_found_in_other_notations(mask: Mask) -> None:
    assert mask.value(by_keyword("PatientBirthDate"), "4 Jul 1991") == "(masked)"
    assert mask.text("'4 Jul 1991' is 4.7.1991") == "'(masked)' is 01.01.1991"


def test_a_description_is_kept_without_the_names_in_it(mask: Mask) -> None:
    described = by_keyword("StudyDescription")
    made = mask.value(ID, "0555643F")
    mask.value(by_keyword("PatientBirthDate"), "19910704")
    assert mask.value(described, "CT Schädel") == "CT Schädel"
    assert mask.value(described, "CT of 0555643F, 4 JUL 1991") == f"CT of {made}, 01 JAN 1991"


@pytest.mark.parametrize("typed", ["04.07.1991", "7/4/91", "04071991", "1991-7-4", "1991/07/04"])
def test_a_date_of_birth_that_nobody_understands_is_hidden(mask: Mask, typed: str) -> None:
    assert mask.value(by_keyword("PatientBirthDate"), typed) == "(masked)"
    assert mask.text(f"'{typed}' is not a date") == "'(masked)' is not a date"


@pytest.mark.parametrize("typed", ["1991", "today", "-7d", ">=1991", ""])
def test_years_and_words_are_no_dates_of_birth(mask: Mask, typed: str) -> None:
    mask.value(by_keyword("PatientBirthDate"), typed)
    assert mask.text("1991 today -7d") == "1991 today -7d"

"""Keys and patterns as typed, made into keys of the identifier."""

from __future__ import annotations

from datetime import date

import pytest

from dicomsh.errors import UsageError
from dicomsh.language.scan import Word, scan
from dicomsh.language.terms import is_term, pattern_key, query_keys, read_term
from dicomsh.language.words import whole_word
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.query import KeyOrigin, Matching, QueryKey

TODAY = date(2024, 3, 5)
PATIENT, STUDY, SERIES, INSTANCE = HIERARCHY


def word(text: str) -> Word:
    ((found,),) = (statement.words for statement in scan(text, {}))
    return found


@pytest.mark.parametrize(
    ("level", "pattern", "keyword", "value", "kind"),
    [
        (PATIENT, "JOD*", "PatientName", "JOD*", Matching.WILDCARD),
        (PATIENT, "JODOGNE", "PatientName", "JODOGNE", Matching.SINGLE_VALUE),
        (PATIENT, "0555643F", "PatientID", "0555643F", Matching.SINGLE_VALUE),
        (STUDY, "山田*", "PatientName", "山田*", Matching.WILDCARD),
        (STUDY, "A-1*", "PatientID", "A-1*", Matching.WILDCARD),
        (SERIES, "ct", "Modality", "CT", Matching.SINGLE_VALUE),
        (SERIES, "CT,MR", "Modality", "CT\\MR", Matching.MULTIPLE_VALUES),
        (SERIES, "CT\\MR", "Modality", "CT\\MR", Matching.MULTIPLE_VALUES),
        (SERIES, "CT*", "SeriesDescription", "CT*", Matching.WILDCARD),
        (SERIES, "thorax", "SeriesDescription", "thorax", Matching.SINGLE_VALUE),
        (INSTANCE, "7", "InstanceNumber", "7", Matching.SINGLE_VALUE),
        (PATIENT, "*", "PatientName", "", Matching.UNIVERSAL),
    ],
)
def test_what_a_pattern_stands_for(
    level: Level, pattern: str, keyword: str, value: str, kind: Matching
) -> None:
    key = pattern_key(level, whole_word(pattern), TODAY)
    assert (key.keyword, key.value, key.matching) == (keyword, value, kind)
    assert key.origin is KeyOrigin.PATTERN


@pytest.mark.parametrize(
    ("level", "text", "marked"),
    [
        (INSTANCE, "'7?'", "?"),
        (INSTANCE, "seven", "seven"),
        (STUDY, "'a\x1bb'", "\x1b"),
    ],
)
def test_a_pattern_against_the_rules_is_marked_in_the_source(
    level: Level, text: str, marked: str
) -> None:
    with pytest.raises(UsageError) as caught:
        pattern_key(level, word(text), TODAY)
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == marked


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("sex=M", "sex", "M"),
        ("sex=", "sex", ""),
        ("name=Yamada=山田", "name", "Yamada=山田"),
        ("date=>=2024", "date", ">=2024"),
        ("0010,0040=M", "0010,0040", "M"),
        ("(0010,0040)=M", "(0010,0040)", "M"),
        ("(0040,0275).(0008,0060)=CT", "(0040,0275).(0008,0060)", "CT"),
        ("+sex", "sex", None),
        ("+(0010,0040)", "(0010,0040)", None),
    ],
)
def test_the_parts_of_a_key(text: str, key: str, value: str | None) -> None:
    typed = whole_word(text)
    assert is_term(typed)
    term = read_term(typed)
    assert (term.key, term.value) == (key, value)


@pytest.mark.parametrize("text", ["JOD*", "Yamada^Tarou=山田", "山田=1", "=M", "a b=c", ""])
def test_what_is_no_key(text: str) -> None:
    assert not is_term(whole_word(text))
    with pytest.raises(UsageError, match="is not a key"):
        read_term(whole_word(text))


@pytest.mark.parametrize(
    ("text", "value", "kind", "origin"),
    [
        ("sex=m", "m", Matching.SINGLE_VALUE, KeyOrigin.TYPED),
        ("sex=", "", Matching.UNIVERSAL, KeyOrigin.TYPED),
        ("+sex", "", Matching.UNIVERSAL, KeyOrigin.RETURN),
        ("date=2024", "20240101-20241231", Matching.RANGE, KeyOrigin.TYPED),
    ],
)
def test_the_key_of_the_identifier(
    text: str, value: str, kind: Matching, origin: KeyOrigin
) -> None:
    key = read_term(whole_word(text)).query_key(STUDY, TODAY)
    assert (key.value, key.matching, key.origin) == (value, kind, origin)


def test_a_key_of_a_level_below_can_be_asked_for_and_not_be_matched() -> None:
    assert read_term(whole_word("Modality=")).query_key(STUDY, TODAY).value == ""
    assert read_term(whole_word("+Modality")).query_key(STUDY, TODAY).origin is KeyOrigin.RETURN
    with pytest.raises(UsageError, match="a key of the series level"):
        read_term(whole_word("Modality=CT")).query_key(STUDY, TODAY)


def keys(*texts: str) -> list[QueryKey]:
    return query_keys([read_term(word(text)) for text in texts], STUDY, TODAY)


def test_a_private_key_has_the_vr_that_its_creator_defines() -> None:
    """PS3.5 7.8.1: the creator is LO, and what its block holds is known to those who know it."""
    made = keys("0009,0010=GEMS_IDEN_01", "0009,1001=CT01", "+0009,1027", "0011,1001=x")
    assert [key.attribute.vr for key in made] == ["LO", "LO", "SL", "UN"]
    other = keys("0009,0011=GEMS_IDEN_01", "0009,1001=CT01", "0009,1101=CT01")
    assert [key.attribute.vr for key in other] == ["LO", "UN", "LO"]
    unknown = keys("'0009,0010=NOBODY KNOWS'", "0009,1001=CT01")
    assert [key.attribute.vr for key in unknown] == ["LO", "UN"]

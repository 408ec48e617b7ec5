r"""What is typed after `Key=`, by VR: the value that goes out, or a refusal with its place.

Rivals send `SeriesNumber=*`, dates that do not exist, and a list cut at 64 characters.
"""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model.keys import Attribute, by_keyword, by_tag
from dicomsh.model.matching import Matcher, delimiters, is_uid, kind_of, matcher
from dicomsh.model.query import Matching
from dicomsh.model.vr import WILDCARD_VRS
from tests.model.spans import assert_inside

TODAY = date(2024, 3, 5)

SINGLE = Matching.SINGLE_VALUE
LIST = Matching.UID_LIST
UNIVERSAL = Matching.UNIVERSAL
EMPTY = Matching.EMPTY_VALUE
WILDCARD = Matching.WILDCARD
RANGE = Matching.RANGE
MULTIPLE = Matching.MULTIPLE_VALUES

PRIVATE = "0009,1001"


def attribute(name: str) -> Attribute:
    return by_tag(int(name.replace(",", ""), 16)) if "," in name else by_keyword(name)


def match(name: str, typed: str) -> tuple[str, Matching]:
    found = matcher(attribute(name), typed, TODAY)
    return found.value, found.kind


def refusal(name: str, typed: str) -> tuple[str, str]:
    """The part of the text that is marked, and the message with its hint."""
    with pytest.raises(UsageError) as caught:
        matcher(attribute(name), typed, TODAY)
    assert caught.value.span is not None
    start, end = caught.value.span
    return typed[start:end], f"{caught.value.message}\n{caught.value.hint}"


@pytest.mark.parametrize(
    ("name", "typed", "value", "kind"),
    [
        # text: as typed, wildcards where the VR has them
        ("PatientName", "JODOGNE^SEBASTIEN", "JODOGNE^SEBASTIEN", SINGLE),
        ("PatientName", "jod*", "jod*", WILDCARD),
        ("PatientName", "J?D*", "J?D*", WILDCARD),
        ("PatientName", "*山田*", "*山田*", WILDCARD),
        ("PatientName", "Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^太郎", SINGLE),
        ("PatientName", "*=*山田*=*", "*=*山田*=*", WILDCARD),
        ("PatientName", "a" * 64 + "=" + "b" * 64, "a" * 64 + "=" + "b" * 64, SINGLE),
        ("PatientID", "0555643F", "0555643F", SINGLE),
        ("PatientID", "0555*", "0555*", WILDCARD),
        # lists: with a comma where values hardly ever have one, with a backslash everywhere
        ("PatientID", "a,b", r"a\b", MULTIPLE),
        ("PatientID", r"a\b", r"a\b", MULTIPLE),
        ("PatientID", "A1*, B2", r"A1*\ B2", MULTIPLE),
        ("AccessionNumber", "A001,A007", r"A001\A007", MULTIPLE),
        ("AccessionNumber", "A001, A007", r"A001\A007", MULTIPLE),
        ("AccessionNumber", 'A001,""', r'A001\""', MULTIPLE),
        ("PatientName", r"Doe^J*\Roe^*", r"Doe^J*\Roe^*", MULTIPLE),
        ("PatientName", "Doe, Jane", "Doe, Jane", SINGLE),
        ("SeriesNumber", "1, 2", r"1\2", MULTIPLE),
        ("PatientWeight", r"70\7.5", r"70\7.5", MULTIPLE),
        ("PatientAge", "45y,6M", r"045Y\006M", MULTIPLE),
        ("StudyDate", "2024-03-05,2024-04", r"20240305\20240401-20240430", MULTIPLE),
        ("StudyTime", "10,11:15", r"10-105959.999999\1115-111559.999999", MULTIPLE),
        ("StudyDate", '2024-03-05,""', r'20240305\""', MULTIPLE),
        ("SeriesNumber", '"",1', r'""\1', MULTIPLE),
        # without a value
        ("AccessionNumber", '""', '""', EMPTY),
        ("StudyDate", '""', '""', EMPTY),
        ("SeriesNumber", '""', '""', EMPTY),
        # longer than a value may be: wildcards, or what a server should not hold
        ("AccessionNumber", "*2024030500000017*", "*2024030500000017*", WILDCARD),
        ("AccessionNumber", "x" * 17, "x" * 17, SINGLE),
        ("PatientID", "x" * 65, "x" * 65, SINGLE),
        ("PatientID", "x" * 0xFFFE, "x" * 0xFFFE, SINGLE),
        ("PatientName", "a=" + "b" * 65, "a=" + "b" * 65, SINGLE),
        ("Modality", "CT,ABCDEFGHIJKLMNOPQ", r"CT\ABCDEFGHIJKLMNOPQ", MULTIPLE),
        ("StudyDescription", "CT, head", "CT, head", SINGLE),
        ("StudyDescription", "x" * 64, "x" * 64, SINGLE),
        ("AccessionNumber", "A?1", "A?1", WILDCARD),
        ("RetrieveAETitle", "PACS*", "PACS*", WILDCARD),
        ("PatientComments", r"a\b", r"a\b", SINGLE),
        ("PatientComments", "*x*", "*x*", WILDCARD),
        ("RetrieveURL", "http://a/b?c", "http://a/b?c", WILDCARD),
        # accents go out composed
        ("PatientName", "Gru\u0308n*", "Gr\u00fcn*", Matching.WILDCARD),
        ("StudyDescription", "Scha\u0308del", "Sch\u00e4del", Matching.SINGLE_VALUE),
        ("PatientName", "\u1112\u1169\u11bc*", "\ud64d*", Matching.WILDCARD),
        # an ideograph is not replaced by its twin
        ("PatientName", "\ufa19e\u0301*", "\ufa19\u00e9*", Matching.WILDCARD),
        ("PatientName", "\ufa19*", "\ufa19*", Matching.WILDCARD),
        # universal matching, and the difference to a literal asterisk
        ("PatientName", "", "", UNIVERSAL),
        ("PatientName", "*", "", UNIVERSAL),
        ("PatientName", r"\*", "*", WILDCARD),
        ("Modality", "*", "", UNIVERSAL),
        ("Modality", r"\*", "*", WILDCARD),
        ("PatientComments", r"\*", "*", WILDCARD),
        ("StudyDate", "", "", UNIVERSAL),
        ("SeriesNumber", "", "", UNIVERSAL),
        ("StudyInstanceUID", "", "", UNIVERSAL),
        ("RequestAttributesSequence", "", "", UNIVERSAL),
        ("PixelData", "", "", UNIVERSAL),
        # codes: as typed, lists with either delimiter, no spaces around
        ("PatientSex", "m", "m", SINGLE),
        ("Modality", "XA", "XA", SINGLE),
        ("PatientID", "X", "X", SINGLE),
        ("PatientID", "X" * 1000, "X" * 1000, SINGLE),
        (PRIVATE, " ", " ", SINGLE),
        ("BodyPartExamined", "Knee", "Knee", SINGLE),
        ("Modality", "CT,MR", r"CT\MR", MULTIPLE),
        ("Modality", r"CT\MR", r"CT\MR", MULTIPLE),
        ("ModalitiesInStudy", "ct, mr ,PT", r"ct\mr\PT", MULTIPLE),
        ("Modality", "C?", "C?", WILDCARD),
        ("ImageType", "ORIGINAL*", "ORIGINAL*", WILDCARD),
        ("BodyPartExamined", "HEAD_NECK 2", "HEAD_NECK 2", SINGLE),
        # UIDs
        ("StudyInstanceUID", "1.2.840.10008", "1.2.840.10008", SINGLE),
        ("StudyInstanceUID", "1.2,1.3", r"1.2\1.3", LIST),
        ("StudyInstanceUID", r"1.2\1.3", r"1.2\1.3", LIST),
        ("StudyInstanceUID", "1.2, 1.3", r"1.2\1.3", LIST),
        ("StudyInstanceUID", "1." + "2" * 62, "1." + "2" * 62, SINGLE),
        # against the rules, but some archives hold them
        ("StudyInstanceUID", "LOCALIZER1.2.3", "LOCALIZER1.2.3", SINGLE),
        ("StudyInstanceUID", "1.2,x,1.3", r"1.2\x\1.3", LIST),
        ("StudyInstanceUID", "1..2", "1..2", SINGLE),
        ("StudyInstanceUID", "1.02.", "1.02.", SINGLE),
        ("StudyInstanceUID", "1." + "2" * 63, "1." + "2" * 63, SINGLE),
        # dates, times, date-times
        ("StudyDate", "2024-03-05", "20240305", SINGLE),
        ("StudyDate", "20240305", "20240305", SINGLE),
        ("StudyDate", "2024-02", "20240201-20240229", RANGE),
        ("StudyDate", ">=2024", "20240101-", RANGE),
        ("StudyDate", "-7d", "20240227-", RANGE),
        ("PatientBirthDate", "today", "20240305", SINGLE),
        ("StudyTime", "10:15", "1015-101559.999999", RANGE),
        ("StudyTime", "10:15:30.5", "101530.5-101530.500000", RANGE),
        ("AcquisitionDateTime", "2024-03-05", "20240305-20240305235959.999999", RANGE),
        # numbers, ages
        ("SeriesNumber", "4", "4", SINGLE),
        ("SeriesNumber", "-4", "-4", SINGLE),
        ("SeriesNumber", "2147483647", "2147483647", SINGLE),
        ("Rows", "65535", "65535", SINGLE),
        ("PatientWeight", "72.5", "72.5", SINGLE),
        ("PatientWeight", "7.25e1", "7.25e1", SINGLE),
        ("PatientWeight", ".5", ".5", SINGLE),
        ("EventElapsedTimes", "5.", "5.", SINGLE),
        ("PatientAge", "045Y", "045Y", SINGLE),
        ("PatientAge", "45y", "045Y", SINGLE),
        ("PatientAge", "6M", "006M", SINGLE),
        # private: whatever it may be
        (PRIVATE, "any thing", "any thing", SINGLE),
        (PRIVATE, "*", "", UNIVERSAL),
        (PRIVATE, r"\*", "*", WILDCARD),
    ],
)
def test_a_value_goes_out_as_meant(name: str, typed: str, value: str, kind: Matching) -> None:
    assert match(name, typed) == (value, kind)


@pytest.mark.parametrize(
    ("name", "typed", "marked", "told"),
    [
        # wildcards only where the standard allows them
        ("SeriesNumber", "*", "*", "no wildcard in SeriesNumber: its VR is IS (PS3.4 C.2.2.2.4)"),
        ("SeriesNumber", "1?", "?", "no wildcard"),
        ("StudyInstanceUID", "1.2.*", "*", "its VR is UI"),
        ("StudyDate", "2024*", "*", "its VR is DA"),
        ("StudyDate", "*", "*", "its VR is DA"),
        ("StudyTime", "1?:00", "?", "its VR is TM"),
        ("AcquisitionDateTime", "2024*", "*", "its VR is DT"),
        ("PatientAge", "0?5Y", "?", "its VR is AS"),
        ("PatientWeight", "7*", "*", "its VR is DS"),
        ("Rows", "5?*", "?", "its VR is US"),
        # UIDs
        ("StudyInstanceUID", "1.2,,1.3", "", "'' is not a valid StudyInstanceUID"),
        ("StudyInstanceUID", "1.2*,1.3", "*", "its VR is UI"),
        ("AccessionNumber", "A1,", "", "an empty value"),
        ("AccessionNumber", "A1,,A2", "", "an empty value"),
        ("StudyDate", "2024,soon", "soon", "'soon' is not a valid StudyDate"),
        ("StudyDate", "2024,2024-02-30", "2024-02-30", "there is no day 30"),
        ("SeriesNumber", "1,x", "x", "a whole number"),
        ("RequestAttributesSequence", '""', '""', "a sequence has no value of its own"),
        ("PatientID", "x" * 0xFFFF, "x" * 0xFFFF, "too long"),
        ("InstanceAvailability", "ONLINE", "ONLINE", "never part of a query"),
        ("TimezoneOffsetFromUTC", "+0100", "+0100", "cannot be matched"),
        ("StudyInstanceUID", "1.２", "1.２", "ASCII characters only"),
        # repertoire and length
        ("PatientName", "a\x1bb", "\x1b", "a control character"),
        ("PatientName", "a\nb", "\n", "a line break"),
        ("PatientName", "a\rb", "\r", "a line break"),
        ("PatientName", r"x\a=b=c=d", "a=b=c=d", "at most 3 component groups"),
        ("PatientName", "a\x85", "\x85", "a control character"),
        ("PatientName", "ab\ud800", "\ud800", "a control character"),
        ("Modality", "CT,M-R", "M-R", "'M-R' is not a valid Modality"),
        ("Modality", "CT, M-R,MR", "M-R", "capitals, digits, spaces and underscores"),
        ("Modality", "ÇT", "ÇT", "ASCII"),
        ("RetrieveAETitle", "é", "é", "ASCII"),
        ("Modality", "CT,,MR", "", "an empty value"),
        ("Modality", "CT,", "", "an empty value"),
        ("Modality", " ", "", "an empty value"),
        ("PatientID", "  ", "  ", "an empty value"),
        ("PatientName", "\\", "", "an empty value"),
        ("PatientName", "a=b=c=d", "a=b=c=d", "at most 3 component groups"),
        ("PatientName", "x=a^b^c^d^e^f", "x=a^b^c^d^e^f", "at most 5 components"),
        # dates
        ("StudyDate", "2023-02-29", "2023-02-29", "there is no day 29 in 2023-02"),
        ("StudyDate", "2024-13", "2024-13", "there is no month 13 in 2024"),
        ("StudyDate", "2024-03..2024-01", "2024-03..2024-01", "the range is backwards"),
        ("StudyDate", "soon", "soon", "'soon' is not a valid StudyDate (VR DA)"),
        ("StudyDate", "2024..never", "never", "'never' is not a valid end of a range"),
        ("StudyDate", "2024..never", "never", "a date is 2024-03-05"),
        ("StudyTime", "8..10", "8", "a time is 10:15"),
        ("StudyDate", ">=2024-02-30", "2024-02-30", "there is no day 30"),
        # numbers, ages, what cannot be matched
        ("SeriesNumber", "4.5", "4.5", "a whole number"),
        ("SeriesNumber", "1-5", "1-5", "no ranges here"),
        ("SeriesNumber", "2147483648", "2147483648", "to 2147483647"),
        ("SeriesNumber", "0" * 13, "0" * 13, "a whole number"),
        ("SeriesNumber", "9" * 5000, "9" * 5000, "a whole number"),
        ("SeriesNumber", "٣", "٣", "a whole number"),
        ("Rows", "65536", "65536", "from 0 to 65535"),
        ("Rows", "-1", "-1", "from 0"),
        ("Rows", "9" * 5000, "9" * 5000, "a whole number"),
        ("PatientWeight", "heavy", "heavy", "a decimal number"),
        ("PatientWeight", "1.23456789012345678", "1.23456789012345678", "a decimal number"),
        ("PatientWeight", "nan", "nan", "a decimal number"),
        ("FrameAcquisitionDuration", "1e999", "1e999", "a decimal number"),
        ("PatientAge", "old", "old", "045Y"),
        ("PatientAge", "1000Y", "1000Y", "045Y"),
        ("RequestAttributesSequence", "x", "x", "RequestAttributesSequence.Modality=CT"),
        ("PixelData", "x", "x", "only PixelData= (universal matching)"),
        ("FrameIncrementPointer", "00181063", "00181063", "universal matching"),
        # what follows from the query itself is nobody's choice
        ("SpecificCharacterSet", "ISO_IR 100", "ISO_IR 100", "is chosen to suit the text"),
        ("QueryRetrieveLevel", "STUDY", "STUDY", "is set by the level"),
    ],
)
def test_what_is_against_the_rules_is_refused_in_its_place(
    name: str, typed: str, marked: str, told: str
) -> None:
    assert refusal(name, typed)[0] == marked
    assert told in refusal(name, typed)[1]


@pytest.mark.parametrize("count", [6, 10_000])
@pytest.mark.parametrize("delimiter", [",", "\\"])
def test_uid_lists_are_not_cut(count: int, delimiter: str) -> None:
    """A list of 300 characters is no value of 64; rivals cut or refuse it."""
    uids = [f"1.2.840.113704.1.111.2768.1239195678.9876543210.{number}" for number in range(count)]
    text = delimiter.join(uids)
    assert len(text) > 290
    assert match("StudyInstanceUID", text) == ("\\".join(uids), LIST)


def test_the_last_of_many_uids_is_refused_in_its_place() -> None:
    text = "1.2," * 10_000 + "1.*"
    assert refusal("StudyInstanceUID", text)[0] == "*"


@pytest.mark.parametrize(
    ("name", "text", "value", "kind"),
    [
        ("PatientID", "AB*12", "AB*12", SINGLE),
        ("PatientID", "*", "*", SINGLE),
        ("PatientID", "A?", "A?", SINGLE),
        ("PatientID", r"A\B", r"A\B", SINGLE),
        ("PatientID", "A,B", "A,B", SINGLE),
        ("PatientID", "", '""', EMPTY),
        ("PatientID", "  ", '""', EMPTY),
        ("PatientID", '""', '""', EMPTY),
        ("PatientName", "a=b=c=d", "a=b=c=d", SINGLE),
        ("BodyPartExamined", "C-SPINE", "C-SPINE", SINGLE),
        ("StudyDescription", r"\*", r"\*", SINGLE),
        ("ModalitiesInStudy", r"CT\MR", r"CT\MR", MULTIPLE),
        ("StudyDate", "20240305", "20240305", SINGLE),
        ("StudyDate", "", '""', EMPTY),
        ("StudyInstanceUID", "1.2*", "1.2*", SINGLE),
        ("AccessionNumber", "A*,B", "A*,B", SINGLE),
        ("PatientID", "X", "X", SINGLE),
        ("OtherPatientIDs", "AXB", "AXB", SINGLE),
        ("SOPClassesInStudy", r"1.2\1.3", r"1.2\1.3", LIST),
    ],
)
def test_a_value_from_an_answer_is_no_pattern(
    name: str, text: str, value: str, kind: Matching
) -> None:
    found = matcher(attribute(name), text, TODAY, literal=True)
    assert (found.value, found.kind) == (value, kind)


@given(
    st.sampled_from(["PatientID", "AccessionNumber", "StudyDescription", "PatientName"]), st.data()
)
def test_any_value_from_an_answer_goes_out_as_it_is(name: str, data: st.DataObject) -> None:
    text = data.draw(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20))
    found = matcher(attribute(name), text, TODAY, literal=True)
    assert found.value.strip(" ") == (text.strip(" ") or '""')
    assert found.kind is (SINGLE if text.strip(" ") not in ("", '""') else EMPTY)


@given(st.lists(st.sampled_from(["A1", "B*", "C?", "d e", "É"]), min_size=2, max_size=5))
def test_each_value_of_a_list_means_what_it_means_by_itself(values: list[str]) -> None:
    for separator in (",", ", ", "\\"):
        found, kind = match("AccessionNumber", separator.join(values))
        assert (found.split("\\"), kind) == (values, MULTIPLE)
    for value in values:
        assert kind_of("SH", value) is match("AccessionNumber", value)[1]


VR_EXAMPLES = {
    "AE": "RetrieveAETitle",
    "AS": "PatientAge",
    "AT": "FrameIncrementPointer",
    "CS": "Modality",
    "DA": "StudyDate",
    "DS": "PatientWeight",
    "DT": "AcquisitionDateTime",
    "FD": "FrameAcquisitionDuration",
    "FL": "RecommendedDisplayFrameRateInFloat",
    "IS": "SeriesNumber",
    "LO": "PatientID",
    "LT": "PatientComments",
    "OB": "PixelData",
    "PN": "PatientName",
    "SH": "AccessionNumber",
    "SQ": "RequestAttributesSequence",
    "ST": "InstitutionAddress",
    "TM": "StudyTime",
    "UC": "LongCodeValue",
    "UI": "StudyInstanceUID",
    "UL": "SimpleFrameList",
    "UN": PRIVATE,
    "UR": "RetrieveURL",
    "US": "Rows",
    "UT": "TextValue",
}

typed_text = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789-:.<>=TZdwmy+, *?\\", max_size=30),
    st.from_regex(
        r"(>=|<=|>|<)?(\d{4}(-\d{1,2}){0,2}|-\d{1,5}[dwmy]|today)(\.\.)?", fullmatch=True
    ),
)


def test_the_examples_cover_the_vrs() -> None:
    assert {vr: attribute(name).vr for vr, name in VR_EXAMPLES.items()} == {
        vr: vr for vr in VR_EXAMPLES
    }


@given(st.sampled_from(sorted(VR_EXAMPLES.values())), typed_text)
def test_any_text_gives_a_value_or_a_refusal_inside_it(name: str, typed: str) -> None:
    try:
        found = matcher(attribute(name), typed, TODAY)
    except UsageError as error:
        assert_inside(error, typed)
        return
    assert_nothing_is_made_up(attribute(name), typed, found)


def assert_nothing_is_made_up(wanted: Attribute, typed: str, found: Matcher) -> None:
    """Only universal matching is empty, and only what was typed as a wildcard is one."""
    separators = delimiters(wanted)
    assert (found.value == "") == (found.kind is UNIVERSAL)
    assert (found.kind is UNIVERSAL) == (typed in ("", "*"))
    assert found.value.count("*") <= typed.count("*")
    assert found.value.count("?") == typed.count("?") * (found.kind is not UNIVERSAL)
    if wanted.vr in WILDCARD_VRS | {"UN"} and typed not in ("*", r"\*"):
        same = _letters if "," in separators else str
        assert same(found.value) == same(typed)


def _letters(text: str) -> str:
    return text.replace(",", "\\").replace(" ", "")


@pytest.mark.parametrize("name", sorted(VR_EXAMPLES.values()))
@pytest.mark.parametrize("piece", ["1", "1-", "..", "T ", "1.", "-7d", "\\", ",", "9e", "*", "A\n"])
def test_long_nonsense_is_judged_at_once(name: str, piece: str) -> None:
    """No pattern may take more than linear time: these would run for hours otherwise."""
    typed = piece * 50_000 + "!"
    try:
        matcher(attribute(name), typed, TODAY)
    except UsageError as error:
        assert_inside(error, typed)


@pytest.mark.parametrize(
    ("name", "typed", "marked", "told"),
    [
        # in a list only the value that is wrong
        ("SeriesNumber", "1,  x2, 3", "x2", "VR IS"),
        ("StudyDate", "20240101, 2024-13", "2024-13", ""),
        ("SeriesNumber", "1,2?", "?", "SeriesNumber= alone matches any value"),
        # the first wildcard, whichever it is
        ("SeriesNumber", "1?2*3?4*", "?", "no wildcard in SeriesNumber"),
        ("SeriesNumber", "1*2?3*4?", "*", "no wildcard in SeriesNumber"),
        ("StudyDate", "*", "*", "StudyDate= alone matches any value"),
        ("StudyDate", "2024*", "*", "2024-03"),
        # an example of what can be matched inside a sequence
        (
            "ProcedureCodeSequence",
            "X",
            "X",
            "match inside it: ProcedureCodeSequence.CodeValue=T-D1100",
        ),
        ("RequestAttributesSequence", "X", "X", "RequestAttributesSequence.Modality=CT"),
        ("0008,0000", "10", "10", "group length"),
        ("SeriesNumber", "-2147483649", "-2147483649", ""),
        ("PatientName", "a=b=c=d", "a=b=c=d", "alphabetic=ideographic=phonetic"),
        ("PatientName", "a^b^c^d^e^f", "a^b^c^d^e^f", "family^given^middle^prefix^suffix"),
        ("AccessionNumber", " ", "", "AccessionNumber= alone matches any value"),
        ("RetrieveURL", "http://ä", "http://ä", "ASCII characters only"),
    ],
)
def test_what_is_marked_and_what_helps(name: str, typed: str, marked: str, told: str) -> None:
    part, message = refusal(name, typed)
    assert part == marked
    assert told in message


@pytest.mark.parametrize("typed", ["-2147483648", "2147483647"])
def test_the_ends_of_integer_strings(typed: str) -> None:
    assert match("SeriesNumber", typed) == (typed, SINGLE)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("1.2.840", True),
        ("0", True),
        ("1." + "2" * 62, True),
        ("1." + "2" * 63, False),
        ("", False),
        ("1..2", False),
        ("1.2.", False),
        (".1", False),
        ("1.x", False),
        ("1.2\n", False),
    ],
)
def test_what_a_uid_is(text: str, valid: bool) -> None:
    assert is_uid(text) is valid

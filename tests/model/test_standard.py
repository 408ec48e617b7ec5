"""The tables of the standard that dicomsh carries are pydicom's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._uid_dict import UID_dictionary
from pydicom.charset import python_encoding
from pydicom.datadict import get_entry, keyword_dict

from dicomsh.model import standard
from dicomsh.model.charset import CODECS
from dicomsh.model.status import words
from tests import tables

MADE_FROM = tables.ATTRIBUTES.read_text("ascii").splitlines()[0]


same_versions = pytest.mark.skipif(
    tables.VERSIONS != MADE_FROM, reason=f"the tables are those of {MADE_FROM}"
)


@same_versions
def test_the_tables_are_what_the_program_writes() -> None:
    assert tables.ATTRIBUTES.read_text("ascii") == tables.attributes()
    assert tables.PRIVATE.read_text("ascii") == tables.private()
    assert tables.UIDS.read_text("ascii") == tables.uids()


def theirs(tag: int) -> standard.Entry | None:
    try:
        vr, vm, name, retired, keyword = get_entry(tag)
    except KeyError:
        return None
    return standard.Entry(keyword, vr, vm, bool(retired), name)


def test_every_attribute_is_that_of_the_installed_pydicom() -> None:
    """Whatever its version: entries that it does not know, or we do not, are left out."""
    ours = {tag: standard.entry(tag) for tag in DicomDictionary}
    common = [tag for tag, entry in ours.items() if entry is not None]
    assert len(common) > 5000
    assert {tag: ours[tag] for tag in common} == {tag: theirs(tag) for tag in common}


@pytest.mark.parametrize("digit", "02468ace")
def test_repeating_groups_are_found(digit: str) -> None:
    for mask in RepeatersDictionary:
        tag = int(mask.replace("x", digit), 16)
        assert standard.entry(tag) == theirs(tag) is not None


@pytest.mark.parametrize("digit", "13579bdf")
def test_no_private_tag_is_one_of_a_repeating_group(digit: str) -> None:
    """PS3.5 7.8: groups of odd number are private."""
    for group in ("50", "60"):
        assert standard.entry(int(f"{group}0{digit}0010", 16)) is None


@pytest.fixture
def unread() -> None:
    """The tables are read when they are needed, and once."""
    for made in vars(standard).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@pytest.mark.usefixtures("unread")
def test_the_tables_are_read_to_their_ends() -> None:
    first, last = "CommandGroupLength", "SequenceDelimitationItem"
    assert standard.entry(0) == (first, "UL", "1", False, "Command Group Length")
    assert standard.entry(1) == ("CommandLengthToEnd", "UL", "1", True, "Command Length to End")
    assert standard.entry(0xFFFEE0DD) == theirs(0xFFFEE0DD) is not None
    assert (standard.tag_of(first), standard.tag_of(last)) == (0, 0xFFFEE0DD)
    assert standard.private_vr("1.2.840.113663.1", 0x00291001) == "US"
    assert standard.private_vr("syngoDynamics", 0x002110AE) == "OB"
    assert standard.uid_name("1.2.840.10008.1.1") == "Verification SOP Class"
    assert standard.uid_name("1.2.840.10008.8.1.1") == "DICOM Content Mapping Resource"


@pytest.mark.usefixtures("unread")
def test_keywords_are_read_to_the_end() -> None:
    tags = standard.keyword_tags()
    assert (tags["commandgrouplength"], tags["sequencedelimitationitem"]) == (0, 0xFFFEE0DD)
    assert tags["patientname"] == 0x00100010
    assert "overlayrows" not in tags
    assert "" not in tags


@pytest.mark.usefixtures("unread")
def test_a_repeating_group_is_read() -> None:
    assert standard.entry(0x60020010) == ("OverlayRows", "US", "1", False, "Overlay Rows")
    assert standard.entry(0x002804A1) == theirs(0x002804A1) is not None
    assert standard.entry(0x60020013) is None


@pytest.mark.parametrize(
    ("creator", "tag", "vr"),
    [
        ("1.2.840.113681", 0x00191012, "ST"),
        ("1.2.840.113681", 0x0019FF12, "ST"),
        ("1.2.840.113681", 0x00191014, "UN"),
        ("1.2.840.113681", 0x00211012, "UN"),
        ("NOBODY KNOWS", 0x00191012, "UN"),
    ],
)
def test_a_creator_defines_elements_in_whatever_block_it_reserves(
    creator: str, tag: int, vr: str
) -> None:
    """PS3.5 7.8.1."""
    assert standard.private_vr(creator, tag) == vr


@same_versions
@given(tag=st.integers(0, 0xFFFFFFFF))
def test_any_tag_is_known_or_not_as_to_pydicom(tag: int) -> None:
    assert standard.entry(tag) == theirs(tag)


def test_every_keyword_has_its_tag() -> None:
    expected = {keyword.lower(): tag for keyword, tag in keyword_dict.items() if keyword}
    if tables.VERSIONS == MADE_FROM:
        assert standard.keyword_tags() == expected
    for keyword, tag in list(standard.keyword_tags().items())[::50]:
        assert standard.tag_of(keyword) == standard.tag_of(keyword.upper()) == tag


@pytest.mark.parametrize(
    "text",
    [
        *("", "cs", "1", "1-n", "us or ss", "Patient", "R", "OverlayRows", "Ä", "x"),
        *("PatientName\tPN", "00100010:PatientName", "patientname "),
    ],
)
def test_what_is_no_keyword_has_no_tag(text: str) -> None:
    assert standard.tag_of(text) is None
    assert text.lower() not in standard.keyword_tags()


def test_a_long_word_that_somebody_sends_is_not_kept() -> None:
    before = standard._found.cache_info().currsize
    assert standard.tag_of("PatientID" * 100_000) is None
    assert standard._found.cache_info().currsize == before


def test_uids_have_the_names_of_the_standard() -> None:
    common = {uid for uid in UID_dictionary if standard.uid_name(uid) != uid}
    assert len(common) > 450
    assert all(standard.uid_name(uid) == UID_dictionary[uid][0] for uid in common)
    assert standard.uid_name("1.2.3") == "1.2.3"


def test_character_sets_have_pydicoms_codecs() -> None:
    assert python_encoding == CODECS


def test_status_words_are_pynetdicoms() -> None:
    from pynetdicom.status import GENERAL_STATUS, QR_FIND_SERVICE_CLASS_STATUS

    for status, (category, text) in {**GENERAL_STATUS, **QR_FIND_SERVICE_CLASS_STATUS}.items():
        told = f"{category}: {text}" if text else str(category)
        assert words(status) == f"0x{status:04X} {told}"

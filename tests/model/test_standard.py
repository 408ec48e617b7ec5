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

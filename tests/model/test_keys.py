"""Attributes by keyword, alias, tag and path; what is misspelt is refused with a suggestion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.model import keys
from dicomsh.model.keys import (
    ALIASES,
    alias_keyword,
    by_keyword,
    by_tag,
    creator_of,
    find_attribute,
    find_path,
    is_private_creator,
    path_of,
)
from dicomsh.model.level_keys import LEVEL_KEYS, level_of
from dicomsh.model.levels import HIERARCHY, LEVEL_WORDS, ROOT_MODELS, Level
from tests.model.spans import assert_inside

PATIENT, STUDY, SERIES, INSTANCE = HIERARCHY


@pytest.mark.parametrize(
    "typed",
    "PatientName patientname PATIENTNAME name NAME 0010,0010 (0010,0010) 00100010".split(),
)
@pytest.mark.parametrize("level", Level)
def test_an_attribute_has_many_spellings(typed: str, level: Level) -> None:
    found = find_attribute(typed, level)
    assert (found.keyword, found.tag, found.vr, found.vm) == ("PatientName", 0x00100010, "PN", "1")
    assert found.tag_text == "(0010,0010)"


@pytest.mark.parametrize(
    ("alias", "keywords"),
    [
        ("uid", "PatientID StudyInstanceUID SeriesInstanceUID SOPInstanceUID"),
        ("date", "StudyDate StudyDate SeriesDate ContentDate"),
        ("time", "StudyTime StudyTime SeriesTime ContentTime"),
        ("desc", "StudyDescription StudyDescription SeriesDescription SeriesDescription"),
        ("mod", "ModalitiesInStudy ModalitiesInStudy Modality Modality"),
        ("number", "SeriesNumber SeriesNumber SeriesNumber InstanceNumber"),
        ("id", "PatientID PatientID PatientID PatientID"),
        ("sex", "PatientSex PatientSex PatientSex PatientSex"),
        ("birth", "PatientBirthDate PatientBirthDate PatientBirthDate PatientBirthDate"),
        ("acc", "AccessionNumber AccessionNumber AccessionNumber AccessionNumber"),
        ("study", "StudyInstanceUID StudyInstanceUID StudyInstanceUID StudyInstanceUID"),
        ("series", "SeriesInstanceUID SeriesInstanceUID SeriesInstanceUID SeriesInstanceUID"),
    ],
)
def test_an_alias_may_depend_on_the_level(alias: str, keywords: str) -> None:
    assert [find_attribute(alias, level).keyword for level in HIERARCHY] == keywords.split()


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("level", Level)
def test_every_alias_stands_for_an_attribute(alias: str, level: Level) -> None:
    keyword = alias_keyword(alias, level)
    elsewhere = alias == "number" if level is Level.WORKLIST else alias in OF_STEPS
    assert (keyword is None) is elsewhere
    assert keyword is None or by_keyword(keyword).keyword == keyword


OF_STEPS = ("physician", "procedure", "status", "step")


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("mod", "ScheduledProcedureStepSequence.Modality"),
        ("Modality", "ScheduledProcedureStepSequence.Modality"),
        ("0008,0060", "ScheduledProcedureStepSequence.Modality"),
        ("station", "ScheduledProcedureStepSequence.ScheduledStationAETitle"),
        ("scheduledprocedurestepsequence.mod", "ScheduledProcedureStepSequence.Modality"),
        ("date", "ScheduledProcedureStepSequence.ScheduledProcedureStepStartDate"),
        ("procedure", "RequestedProcedureDescription"),
        ("id", "PatientID"),
        ("acc", "AccessionNumber"),
        ("RequestAttributesSequence.Modality",) * 2,
    ],
)
def test_in_a_worklist_attributes_of_the_step_are_inside_its_sequence(
    typed: str, path: str
) -> None:
    assert ".".join(part.keyword for part in find_path(typed, Level.WORKLIST)) == path


@pytest.mark.parametrize(
    ("alias", "level", "levels"),
    [
        ("physician", STUDY, "worklist"),
        ("Number", Level.WORKLIST, "patient, study, series, instance"),
    ],
)
def test_an_alias_of_another_level_is_told_as_such(alias: str, level: Level, levels: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_attribute(alias, level)
    assert caught.value.hint == f"'{alias.lower()}' is an alias at these levels: {levels}"


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("", "write the attribute without a space: +Key, Key=Value"), (".", None), ("a..b", None)],
)
def test_only_an_attribute_that_is_not_there_may_stand_behind_a_space(
    typed: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        find_path(typed, STUDY)
    assert caught.value.hint == hint


def test_keywords_behind_an_alias_are_reached_by_tag() -> None:
    hidden = {keyword.lower() for keyword in keys.keywords()} & set(ALIASES) - {"studyid"}
    assert hidden == {"date", "time", "uid", "status"}
    assert find_attribute("0040,A121", STUDY).keyword == "Date"


def test_a_tag_that_the_dictionary_lacks_is_named_by_itself() -> None:
    private = find_attribute("0009,10AB", STUDY)
    assert (private.keyword, private.vr, private.tag) == ("0009,10ab", "UN", 0x000910AB)


def test_where_the_dictionary_leaves_a_choice_of_vr_the_first_is_taken() -> None:
    assert by_keyword("SmallestImagePixelValue").vr == "US"


@pytest.mark.parametrize(
    ("keyword", "multiple"),
    [
        ("PatientName", False),
        ("ModalitiesInStudy", True),
        ("ImageType", True),
        ("PixelSpacing", True),
        ("SOPClassesInStudy", True),
        ("Modality", False),
    ],
)
def test_which_attributes_may_have_several_values(keyword: str, multiple: bool) -> None:
    assert by_keyword(keyword).multiple is multiple


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("sex", "PatientSex"),
        ("RequestAttributesSequence.ScheduledProcedureStepID",) * 2,
        ("requestattributessequence.mod", "RequestAttributesSequence.Modality"),
        ("(0040,0275).(0040,0009)", "RequestAttributesSequence.ScheduledProcedureStepID"),
        ("0040,0275.00400009", "RequestAttributesSequence.ScheduledProcedureStepID"),
        (
            "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue",
            "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue",
        ),
    ],
)
def test_a_path_leads_into_sequences(typed: str, path: str) -> None:
    assert ".".join(part.keyword for part in find_path(typed, SERIES)) == path


@pytest.mark.parametrize(
    ("typed", "marked", "told", "hint"),
    [
        ("PatientNam", "PatientNam", "no attribute 'PatientNam'", "did you mean 'PatientName'"),
        ("patientsx", "patientsx", "no attribute", "'PatientSex'"),
        ("sx", "sx", "no attribute 'sx'", "did you mean 'sex'?"),
        ("bodypart", "bodypart", "no attribute", "did you mean 'BodyPartExamined'?"),
        ("birthdate", "birthdate", "no attribute", "did you mean 'PatientBirthDate'?"),
        (
            "description",
            "description",
            "no attribute",
            "did you mean 'StudyDescription' or 'SeriesDescription'",
        ),
        ("qqqq", "qqqq", "no attribute", "'help keys'"),
        ("", "", "no attribute ''", "without a space: +Key"),
        (".", ".", "no attribute '.'", ""),
        ("a..b", "a..b", "no attribute", ""),
        (".sex", ".sex", "no attribute", ""),
        ("sex.", "sex.", "no attribute", ""),
        ("0010,001", "0010,001", "no attribute", ""),
        ("0010,00100", "0010,00100", "no attribute", ""),
        ("(0010,0010)x", "(0010,0010)x", "no attribute", ""),
        ("(0040,0275)Modality", "(0040,0275)Modality", "no attribute", ""),
        ("sex.Modality", "sex", "PatientSex is not a sequence (VR CS)", "only a sequence"),
        (
            "RequestAttributesSequence.Modalty",
            "Modalty",
            "no attribute 'Modalty'",
            "did you mean 'Modality'",
        ),
        ("RequestAttributesSeq.mod", "RequestAttributesSeq", "no attribute", "did you mean"),
        # elements of commands, files and sequences, which no identifier may hold
        ("0000,0100", "0000,0100", "CommandField (0000,0100) cannot be in a query", ""),
        ("TransferSyntaxUID", "TransferSyntaxUID", "cannot be in a query", ""),
        ("fffee000", "fffee000", "cannot be in a query", ""),
        ("RequestAttributesSequence.fffee00d", "fffee00d", "cannot be in a query", ""),
        ("RequestAttributesSequence." * 400 + "mod", None, "a path of more than", ""),
    ],
)
def test_what_is_no_attribute_is_refused_in_its_place(
    typed: str, marked: str | None, told: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        find_path(typed, SERIES)
    assert told in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.span is not None
    assert typed[slice(*caught.value.span)] == (typed if marked is None else marked)


known = st.sampled_from(["PatientName", "sex", "0010,0020", "RequestAttributesSequence", "mod"])
paths = st.lists(st.one_of(known, st.text(max_size=6)), max_size=4).map(".".join)


@given(paths, st.sampled_from(Level))
def test_any_text_is_a_path_or_refused_inside_it(typed: str, level: Level) -> None:
    try:
        found = find_path(typed, level)
    except UsageError as error:
        assert_inside(error, typed)
        return
    added = level is Level.WORKLIST and "." not in typed and len(found) > 1  # that of the step
    assert len(found) == typed.count(".") + 1 + added
    assert all(part.vr == "SQ" for part in found[:-1])


@given(st.integers(0, 2**32 - 1))
def test_every_tag_has_an_entry(tag: int) -> None:
    found = by_tag(tag)
    assert found.tag == tag
    assert found.keyword
    assert find_attribute(found.tag_text, STUDY) == found


@pytest.mark.parametrize("level", Level)
def test_the_keys_of_a_level_are_in_the_dictionary(level: Level) -> None:
    words = (*LEVEL_KEYS[level].default, *LEVEL_KEYS[level].more)
    assert [".".join(part.keyword for part in path_of(word)) for word in words] == list(words)
    assert level.unique_keyword in {word.rpartition(".")[2] for word in LEVEL_KEYS[level].default}
    assert len(set(words)) == len(words)


def test_the_level_of_a_key() -> None:
    assert level_of("PatientName") is PATIENT
    assert level_of("ModalitiesInStudy") is STUDY
    assert level_of("Modality") is SERIES
    assert level_of("SOPInstanceUID") is INSTANCE
    assert level_of("PixelData") is None


def test_levels_in_words() -> None:
    assert [level.dicom for level in HIERARCHY] == ["PATIENT", "STUDY", "SERIES", "IMAGE"]
    assert [level.plural for level in HIERARCHY] == ["patients", "studies", "series", "instances"]
    assert LEVEL_WORDS["images"] is LEVEL_WORDS["image"] is LEVEL_WORDS["instances"] is INSTANCE
    assert (PATIENT.above, PATIENT.below, INSTANCE.below) == (None, STUDY, None)
    assert INSTANCE.ancestors == (PATIENT, STUDY, SERIES)
    assert [STUDY.counted(number) for number in (0, 1, 1200)] == [
        "0 studies",
        "1 study",
        "1,200 studies",
    ]
    assert [(model.title, model.top) for model in ROOT_MODELS] == [
        ("Patient Root", PATIENT),
        ("Study Root", STUDY),
    ]


@pytest.mark.parametrize(
    ("tag", "creates", "creator"),
    [
        (0x00090010, True, None),
        (0x000900FF, True, None),
        (0x0009000F, False, None),
        (0x00090100, False, None),
        (0x00080010, False, None),
        (0x00091001, False, 0x00090010),
        (0x000910FF, False, 0x00090010),
        (0x0009FF01, False, 0x000900FF),
        (0x00091000, False, 0x00090010),
        (0x00090FFF, False, None),
        (0x00081001, False, None),
        (0x7FE11234, False, 0x7FE10012),
    ],
)
def test_who_reserves_a_private_element(tag: int, creates: bool, creator: int | None) -> None:
    """PS3.5 7.8.1."""
    assert is_private_creator(tag) is creates
    assert creator_of(tag) == creator


def test_attributes_that_may_have_several_values() -> None:
    assert by_keyword("ImageType").multiple
    assert not by_keyword("PatientID").multiple
    assert not by_tag(0x00090010).multiple
    assert by_tag(0x00091001).multiple, "nobody knows how many"


@pytest.mark.parametrize(
    ("vm", "multiple"), [("1", False), ("1-n", True), ("2", True), ("0-1", False), ("3-3n", True)]
)
def test_the_multiplicity_says_whether_there_may_be_several(vm: str, multiple: bool) -> None:
    assert keys.Attribute(0, "Any", "LO", vm, "Any").multiple is multiple


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        (0x00100010, "PatientName (0010,0010)"),
        (0x00091001, "element (0009,1001)"),
        (0x00090010, "element (0009,0010)"),
    ],
)
def test_an_element_in_messages(tag: int, name: str) -> None:
    assert keys.named(tag) == name


def test_elements_that_the_dictionary_lacks() -> None:
    creator, private = by_tag(0x77770010), by_tag(0x77771001)
    assert (creator.vr, creator.vm, creator.name) == ("LO", "1", "Private Creator")
    assert (private.vr, private.vm, private.name) == ("UN", "1-n", "Unknown")


@pytest.mark.parametrize(
    ("tag", "vrs"),
    [
        (0x00280107, ("US", "SS")),
        (0x77770010, ("LO",)),
        (0x77771001, ("UN",)),
        (0x00100010, ("PN",)),
        (0x00090010, ("LO",)),
        (0x00091001, ("UN",)),
    ],
)
def test_the_vrs_that_the_dictionary_allows(tag: int, vrs: tuple[str, ...]) -> None:
    assert keys.dictionary_vrs(tag) == vrs


@pytest.mark.parametrize(
    ("tag", "retired"), [(0x00100010, False), (0x00080010, True), (0x00091001, False)]
)
def test_what_the_standard_has_retired(tag: int, retired: bool) -> None:
    assert keys.is_retired(tag) is retired


@pytest.mark.parametrize(
    ("text", "exact"), [("PatientName", True), ("patientname", False), ("name", False)]
)
def test_a_keyword_is_spelt_as_in_the_standard(text: str, exact: bool) -> None:
    assert keys.is_keyword(text) is exact


CREATOR, PRIVATE = by_tag(0x00090010), by_tag(0x00091001)
SEQUENCE = by_keyword("RequestAttributesSequence")


@pytest.mark.parametrize(
    ("path", "creators", "vr"),
    [
        ((PRIVATE,), {(CREATOR,): "GEMS_IDEN_01"}, "LO"),
        ((PRIVATE,), {(CREATOR,): "NOBODY"}, "UN"),
        ((PRIVATE,), {}, "UN"),
        ((SEQUENCE, PRIVATE), {(CREATOR,): "GEMS_IDEN_01"}, "UN"),
        ((SEQUENCE, PRIVATE), {(SEQUENCE, CREATOR): "GEMS_IDEN_01"}, "LO"),
        ((by_keyword("PatientID"),), {(CREATOR,): "GEMS_IDEN_01"}, "LO"),
    ],
)
def test_a_creator_defines_the_elements_beside_it(
    path: tuple[keys.Attribute, ...], creators: dict[tuple[keys.Attribute, ...], str], vr: str
) -> None:
    """PS3.5 7.8.1."""
    found = keys.defined(path, creators)
    assert (found[-1].vr, found[-1].tag, found[:-1]) == (vr, path[-1].tag, path[:-1])


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("sex,birth", "separate keys with spaces: sex birth"),
        ("sex,,birth,", "separate keys with spaces: sex birth"),
        ("sex,nonsense", "'help keys'"),
        (",", "'help keys'"),
        ("patientnme", "did you mean 'PatientName' or 'PatientSex' or 'PatientAge'?"),
        # a part of what people usually ask for, unless it is short or there are many
        ("ceui", "'StudyInstanceUID' or 'SeriesInstanceUID' or 'SOPInstanceUID'?"),
        ("ceu", "'help keys'"),
        ("weight", "did you mean 'PatientWeight'?"),
        ("tudyid", "did you mean 'StudyID'?"),
        ("related", "did you mean 'NumberOfPatientRelatedSeries' or"),
        ("operator", "did you mean 'OperatorsName'?"),
    ],
)
def test_what_may_have_been_meant(typed: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_attribute(typed, STUDY)
    assert hint in (caught.value.hint or "")


def test_a_misspelt_attribute_is_marked_whole() -> None:
    with pytest.raises(UsageError) as caught:
        find_attribute("PatientNam", STUDY)
    assert caught.value.span == (0, 10)


@pytest.mark.parametrize("depth", [16, 17])
def test_how_deep_a_path_may_be(depth: int) -> None:
    path = ".".join([*["RequestAttributesSequence"] * (depth - 1), "mod"])
    if depth == 16:
        assert len(find_path(path, SERIES)) == 16
    else:
        with pytest.raises(UsageError, match="more than 16"):
            find_path(path, SERIES)


def test_a_sequence_in_a_query_has_one_item() -> None:
    """PS3.4 C.2.2.2.6."""
    assert find_path("RequestAttributesSequence[0].mod", SERIES) == find_path(
        "RequestAttributesSequence.mod", SERIES
    )
    for typed in ("sex[0]", "RequestAttributesSequence[1].mod"):
        with pytest.raises(UsageError, match="no attribute"):
            find_path(typed, SERIES)


def test_the_alias_of_a_keyword_at_a_level() -> None:
    assert keys.aliases_at(STUDY)["StudyDate"] == "date"
    assert keys.aliases_at(SERIES)["Modality"] == "mod"
    assert "StudyDate" not in keys.aliases_at(SERIES)
    assert "PatientWeight" not in keys.aliases_at(STUDY)

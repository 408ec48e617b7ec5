"""What may keep a device from taking an item of a worklist, and what it then says."""

from __future__ import annotations

import pytest

from dicomsh.archives.rows import Elements, row_of
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.level_keys import STEP, STEP_KEYWORDS
from dicomsh.model.row import Row
from dicomsh.model.worklist_lint import absent, problems

GOOD = {
    "ScheduledStationAETitle": "CT1",
    "ScheduledProcedureStepStartDate": "20240506",
    "ScheduledProcedureStepStartTime": "080000",
    "Modality": "CT",
    "ScheduledProcedureStepDescription": "CT HEAD",
    "ScheduledProcedureStepID": "S01",
    "RequestedProcedureID": "RP1",
    "RequestedProcedureDescription": "CT HEAD",
    "StudyInstanceUID": "1.2.3",
    "PatientName": "DOE^JANE",
    "PatientID": "1001",
    "AccessionNumber": "W001",
}
"""An item that any device takes: keyword → value, those of the step as well."""

NO_VALUE = "no value: required (type 1)"
NO_DESCRIPTION = "no description and no code: one is required (type 1C)"
SAME_STEP = "another item is the same step of the same study"


def item(**values: str | None) -> Row:
    """The good item with other values, None for attributes that are absent."""
    return with_steps(1, **values)


def with_steps(steps: int, /, **values: str | None) -> Row:
    """The same with several steps or none."""
    held = {keyword: value for keyword, value in (GOOD | values).items() if value is not None}
    step = _elements({keyword: held[keyword] for keyword in held if keyword in STEP_KEYWORDS})
    around = _elements({keyword: held[keyword] for keyword in held if keyword not in STEP_KEYWORDS})
    return row_of({**around, by_keyword(STEP).tag: ("SQ", [step] * steps)})


def _elements(values: dict[str, str]) -> Elements:
    attributes = {by_keyword(keyword): value for keyword, value in values.items()}
    return {
        attribute.tag: (attribute.vr, [_elements({"CodeValue": value})] if attribute.vr == "SQ"
                        else [int(value)] if attribute.vr == "US" else [value])
        for attribute, value in attributes.items()
    }  # fmt: skip


def told(*items: Row) -> list[list[tuple[str, str, str]]]:
    return [[(one.keyword, one.value, one.text) for one in of_item] for of_item in problems(items)]


def test_a_good_item_has_no_problems() -> None:
    assert told(item()) == [[]]
    assert told() == []


@pytest.mark.parametrize("value", [None, "", " "])
@pytest.mark.parametrize(
    "keyword",
    [
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime",
        "Modality",
        "ScheduledProcedureStepID",
        "RequestedProcedureID",
        "StudyInstanceUID",
        "PatientName",
        "PatientID",
    ],
)
def test_attributes_of_type_1_have_a_value(keyword: str, value: str | None) -> None:
    assert told(item(**{keyword: value})) == [[(keyword, "", NO_VALUE)]]


def test_a_problem_of_the_step_is_named_by_its_path() -> None:
    ((problem,),) = problems([item(Modality="ct")])
    assert problem.name == "ScheduledProcedureStepSequence.Modality"
    assert problem.keyword == "Modality"


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        (0, "no step: an item has exactly one (K.6.1.2.2)"),
        (2, "2 steps: an item has exactly one (K.6.1.2.2)"),
        (3, "3 steps: an item has exactly one (K.6.1.2.2)"),
    ],
)
def test_an_item_has_one_step(steps: int, text: str) -> None:
    """Without a step, nothing is said about what would be inside it."""
    assert told(with_steps(steps)) == [[(STEP, "", text)]]


@pytest.mark.parametrize("steps", [0, 1])
def test_what_is_to_be_done_is_a_description_or_a_code(steps: int) -> None:
    procedure: dict[str, str | None] = {"RequestedProcedureDescription": None}
    (found,) = told(with_steps(steps, **procedure))
    assert found[-1] == ("RequestedProcedureDescription", "", NO_DESCRIPTION)
    (found,) = told(with_steps(steps, **procedure, RequestedProcedureCodeSequence="C1"))
    assert ("RequestedProcedureDescription", "", NO_DESCRIPTION) not in found


def test_a_step_has_a_description_or_a_code_of_its_own() -> None:
    plain: dict[str, str | None] = {"ScheduledProcedureStepDescription": ""}
    assert told(item(**plain)) == [[("ScheduledProcedureStepDescription", "", NO_DESCRIPTION)]]
    assert told(item(**plain, ScheduledProtocolCodeSequence="C1")) == [[]]


CODE = "a code has capitals, digits, spaces and _ alone"
TITLE = "an AE title is ASCII without backslash"


@pytest.mark.parametrize(
    ("keyword", "value", "text"),
    [
        ("AccessionNumber", "A" * 16, ""),
        ("AccessionNumber", "A" * 17, "17 characters, but SH has 16"),
        ("AccessionNumber", "Ä" * 16, ""),
        ("AccessionNumber", "A=" * 9, "18 characters, but SH has 16"),
        ("RequestedProcedureDescription", "x" * 64, ""),
        ("RequestedProcedureDescription", "x" * 65, "65 characters, but LO has 64"),
        ("PatientName", "=".join(["x" * 64] * 3), ""),
        ("PatientName", "a=" + "x" * 65, "65 characters, but PN has 64"),
        ("StudyInstanceUID", "1." + "2" * 62, ""),
        ("StudyInstanceUID", "1." + "2" * 63, "65 characters, but UI has 64"),
        ("StudyInstanceUID", "1..2", "not a valid UID"),
        ("StudyInstanceUID", "1.2X", "not a valid UID"),
        ("PatientBirthDate", "19700230", "not a date"),
        ("PatientBirthDate", "1970", "not a date"),
        ("PatientBirthDate", "19700228", ""),
        ("Modality", "CT_1 2", ""),
        ("Modality", "ct", CODE),
        ("Modality", "CT-1", CODE),
        ("Modality", "CTÄ", CODE),
        ("PatientSex", "m", CODE),
        ("ScheduledStationAETitle", "CT 1 [~", ""),
        ("ScheduledStationAETitle", "A" * 17, "17 characters, but AE has 16"),
        ("ScheduledStationAETitle", "CTÄ", TITLE),
        ("ScheduledStationAETitle", "CT\x7f1", TITLE),
        ("ScheduledStationAETitle", "CT\t1", TITLE),
        ("ScheduledProcedureStepStartTime", "08", ""),
        ("ScheduledProcedureStepStartTime", "0830", ""),
        ("ScheduledProcedureStepStartTime", "235959.123456", ""),
        ("ScheduledProcedureStepStartTime", "235960", ""),
        ("ScheduledProcedureStepStartTime", "24", "not a time"),
        ("ScheduledProcedureStepStartTime", "0860", "not a time"),
        ("ScheduledProcedureStepStartTime", "08:30", "not a time"),
        ("ScheduledProcedureStepStartTime", "080000.1234567", "not a time"),
        ("ScheduledProcedureStepStartTime", "083", "not a time"),
        ("PatientID", "10\ufffd01", "bytes that are not text in the character set of the item"),
        ("PatientWeight", "heavy", ""),
        ("PregnancyStatus", "4", ""),
    ],
)
def test_each_value_is_as_its_vr_has_it(keyword: str, value: str, text: str) -> None:
    """PS3.5 6.2."""
    assert told(item(**{keyword: value})) == [[(keyword, value, text)] if text else []]


def test_each_of_several_values_is_judged_by_itself() -> None:
    titles = "\\".join(["AA32", "B" * 17, "Ä", "C" * 16])
    assert told(item(ScheduledStationAETitle=titles)) == [
        [
            ("ScheduledStationAETitle", "B" * 17, "17 characters, but AE has 16"),
            ("ScheduledStationAETitle", "Ä", TITLE),
        ]
    ]


def test_values_of_every_step_are_judged() -> None:
    (found,) = told(with_steps(2, Modality="ct"))
    assert [entry for entry in found if entry[0] == "Modality"] == [("Modality", "ct", CODE)] * 2


@pytest.mark.parametrize(
    ("values", "lacks"),
    [
        ({"PatientName": "Müller"}, True),
        ({"ScheduledPerformingPhysicianName": "Röntgen"}, True),
        ({"PatientName": "Mueller"}, False),
    ],
)
def test_text_beyond_ascii_has_a_character_set(values: dict[str, str], lacks: bool) -> None:
    labelled = item(**values)
    bare = labelled.only(set(labelled.elements) - {SPECIFIC_CHARACTER_SET})
    text = "missing, though text is not ASCII"
    assert told(bare) == [[("SpecificCharacterSet", "", text)] if lacks else []]
    assert told(labelled) == [[]]


PATIENT, STUDY, ACCESSION = ({"PatientID": "9"}, {"StudyInstanceUID": "1.9"},
                             {"AccessionNumber": "W9"})  # fmt: skip
OTHER_STEP = {"ScheduledProcedureStepID": "S09"}


def shared(keyword: str, other: str) -> tuple[str, str, str]:
    return keyword, GOOD[keyword], f"shared by items with another {other}"


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (OTHER_STEP, []),
        (OTHER_STEP | PATIENT | STUDY | ACCESSION, []),
        (
            OTHER_STEP | PATIENT,
            [shared("AccessionNumber", "PatientID"), shared("StudyInstanceUID", "PatientID")],
        ),
        # one thing is enough to say about a number
        (OTHER_STEP | PATIENT | STUDY, [shared("AccessionNumber", "PatientID")]),
        (OTHER_STEP | STUDY, [shared("AccessionNumber", "StudyInstanceUID")]),
        (OTHER_STEP | PATIENT | ACCESSION, [shared("StudyInstanceUID", "PatientID")]),
        (OTHER_STEP | ACCESSION, [shared("StudyInstanceUID", "AccessionNumber")]),
        # what is empty contradicts nothing
        (OTHER_STEP | {"AccessionNumber": ""}, []),
    ],
)
def test_numbers_that_items_share_without_being_of_one_procedure(
    other: dict[str, str], found: list[tuple[str, str, str]]
) -> None:
    apart = item(**OTHER_STEP, PatientID="8", StudyInstanceUID="1.8", AccessionNumber="W8")
    assert told(item(), apart, item(**other)) == [found, [], found]


def test_each_number_that_is_shared_is_told() -> None:
    items = [
        item(AccessionNumber=accession, PatientID=patient, StudyInstanceUID=f"1.{patient}")
        for accession, patient in (("W1", "1"), ("W1", "2"), ("W2", "3"), ("W2", "4"))
    ]
    text = "shared by items with another PatientID"
    assert told(*items) == [
        [("AccessionNumber", number, text)] for number in ("W1", "W1", "W2", "W2")
    ]


@pytest.mark.parametrize(
    ("other", "repeated"),
    [({}, True), (PATIENT | STUDY | ACCESSION, False), (OTHER_STEP, False),
     ({"AccessionNumber": None}, False), ({"PatientName": "ROE"}, True)],
)  # fmt: skip
def test_a_step_of_a_study_is_one_item(other: dict[str, str | None], repeated: bool) -> None:
    """The later one is told."""
    step = ("ScheduledProcedureStepID", GOOD["ScheduledProcedureStepID"], SAME_STEP)
    assert told(item(), item(**other)) == [[], [step] if repeated else []]


def test_each_further_item_of_a_step_is_told() -> None:
    apart: dict[str, str | None] = {
        "PatientID": None,
        "StudyInstanceUID": None,
        "AccessionNumber": None,
    }
    found = told(item(), item(**apart), item(), item(**apart))
    assert [SAME_STEP in {text for *_, text in of_item} for of_item in found] == [
        False, False, True, True,
    ]  # fmt: skip


def test_attributes_of_type_2_may_be_empty_but_must_be_there() -> None:
    empty = {"PatientBirthDate": "", "ScheduledStationName": "", "ReferringPhysicianName": ""}
    lacking, with_three = absent(item()), absent(item(**empty))
    gone = [one for one in lacking if one not in with_three]
    assert {one.keyword for one in gone} == set(empty)
    assert {(one.value, one.text) for one in lacking} == {("", "not returned (type 2)")}
    assert "AccessionNumber" not in {one.keyword for one in lacking}
    assert "PatientState" in {one.keyword for one in with_three}


def test_without_a_step_nothing_inside_it_is_missing() -> None:
    inside = {"ScheduledPerformingPhysicianName", "ScheduledStationName",
              "ScheduledProcedureStepLocation"}  # fmt: skip
    one, none = ({found.keyword for found in absent(with_steps(steps))} for steps in (1, 0))
    assert one - none == inside
    assert none < one

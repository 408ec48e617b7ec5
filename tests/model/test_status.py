"""The table of statuses: what pynetdicom's tables say, and their classes (PS3.7 C.1)."""

from __future__ import annotations

import pytest
from pynetdicom.status import GENERAL_STATUS, QR_FIND_SERVICE_CLASS_STATUS

from dicomsh.dimse.command import FIND_RESPONSE, CommandSet
from dicomsh.dimse.status import Meaning, failure, meaning
from dicomsh.model.status import Category, status, words


@pytest.mark.parametrize("table", [GENERAL_STATUS, QR_FIND_SERVICE_CLASS_STATUS])
def test_the_table_says_what_pynetdicom_says(table: dict[int, tuple[str, str]]) -> None:
    for code, (category, text) in table.items():
        known = status(code)
        assert (code, known.category.value, known.text) == (code, str(category), text)


@pytest.mark.parametrize(
    ("code", "category"),
    [
        (0x1001, Category.WARNING),
        (0xB123, Category.WARNING),
        (0xA123, Category.FAILURE),
        (0x0999, Category.FAILURE),
        (0xC123, Category.FAILURE),
    ],
)
def test_a_status_that_no_table_has_is_told_by_its_class(code: int, category: Category) -> None:
    assert status(code).category is category
    assert words(code).startswith(f"0x{code:04X} {category.value}")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0xFF00, Meaning.PENDING),
        (0xFF01, Meaning.PENDING),
        (0x0000, Meaning.SUCCESS),
        (0xFE00, Meaning.CUT_OFF),
        (0xA700, Meaning.CUT_OFF),
        (0xB001, Meaning.CUT_OFF),
        (0xB123, Meaning.WARNING),
        (0x0107, Meaning.WARNING),
        (0x0116, Meaning.WARNING),
        (0x0001, Meaning.WARNING),
        (0xA900, Meaning.FAILURE),
        (0xC001, Meaning.FAILURE),
        (0x0122, Meaning.FAILURE),
    ],
)
def test_what_a_status_means_for_an_answer(code: int, expected: Meaning) -> None:
    assert meaning(code) is expected


PATIENT_ID, STUDY_DATE = 0x00100020, 0x00080020


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (CommandSet(FIND_RESPONSE, 1, status=0x0998), "PACS answered 0x0998: failure"),
        (
            CommandSet(FIND_RESPONSE, 1, status=0x0998, comment="no"),
            "PACS answered 0x0998: failure; the server says: no",
        ),
        (
            CommandSet(FIND_RESPONSE, 1, status=0x0998, offending=(PATIENT_ID, STUDY_DATE)),
            "PACS answered 0x0998: failure; it objects to PatientID, StudyDate",
        ),
    ],
)
def test_a_failure_says_what_the_peer_says_and_no_more(response: CommandSet, message: str) -> None:
    error = failure(response, "PACS")
    assert error.message == message
    assert (error.code, error.comment) == (0x0998, response.comment)

"""Which modality is in use, and where it is."""

from __future__ import annotations

import pytest

from dicomsh.errors import UsageError
from dicomsh.model.modality import DicomAddress, Modality, PracticeAddress, all_in_use, in_use

PACS = Modality("PACS", DicomAddress("ARCHIVE", "10.0.0.1", 104))
RIS = Modality("RIS", DicomAddress("RIS", "::1", 104))


def refused(modalities: list[Modality], how: str = "") -> tuple[str, str | None]:
    with pytest.raises(UsageError) as caught:
        in_use(modalities, how)
    return caught.value.message, caught.value.hint


def test_one_is_in_use() -> None:
    assert in_use([PACS]) is PACS
    assert list(all_in_use([PACS, RIS])) == [PACS, RIS]


def test_none_is_in_use() -> None:
    expected = "no modality is in use", "'modalities' lists them; use NAME"
    assert refused([]) == expected
    with pytest.raises(UsageError, match=expected[0]):
        all_in_use([])


def test_several_are_in_use_where_one_is_needed() -> None:
    message = "this needs one modality, and PACS and RIS are in use"
    assert refused([PACS, RIS]) == (message, "use PACS; 'find' and 'ls' ask all of them")
    assert refused([RIS, PACS], "get --from {}") == (
        "this needs one modality, and RIS and PACS are in use",
        "get --from RIS",
    )


@pytest.mark.parametrize(
    ("address", "title", "short"),
    [
        (PACS.address, "ARCHIVE at 10.0.0.1:104", "ARCHIVE@10.0.0.1:104"),
        (RIS.address, "RIS at ::1:104", "RIS@[::1]:104"),
        (PracticeAddress(), "practice archive", "practice archive"),
    ],
)
def test_an_address_in_words(
    address: DicomAddress | PracticeAddress, title: str, short: str
) -> None:
    assert (address.title, str(address)) == (title, short)


def test_only_an_application_entity_has_its_address() -> None:
    assert PACS.entity is PACS.address
    with pytest.raises(TypeError) as caught:
        _ = Modality("P", PracticeAddress()).entity
    assert str(caught.value) == "practice archive is not an application entity"

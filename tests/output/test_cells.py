import pytest

from dicomsh.output.cells import iso_date, iso_date_time, iso_time, shown, sop_class_name, view
from tests.output.rows import answer, column


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("20090412", "2009-04-12"),
        ("20240229", "2024-02-29"),
        ("20230229", "20230229"),
        ("2009.04.12", "2009.04.12"),
        ("20090412-", "20090412-"),
        ("00000000", "00000000"),
        ("٢٠٠٩٠٤١٢", "٢٠٠٩٠٤١٢"),
        ("", ""),
    ],
)
def test_a_date_is_iso_and_a_malformed_one_as_it_came(text: str, seen: str) -> None:
    assert iso_date(text) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("101530", "10:15:30"),
        ("1015", "10:15"),
        ("101500", "10:15:00"),
        ("101530.000000", "10:15:30"),
        ("101530.120", "10:15:30.12"),
        ("235960", "23:59:60"),
        ("10", "10"),
        ("241500", "241500"),
        ("10:15", "10:15"),
    ],
)
def test_a_time_is_as_precise_as_it_came(text: str, seen: str) -> None:
    assert iso_time(text) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("20090412101530.5+0200", "2009-04-12 10:15:30.5+0200"),
        ("200904121015", "2009-04-12 10:15"),
        ("20090412", "2009-04-12"),
        ("200904", "2009-04"),
        ("20090412991530", "20090412991530"),
    ],
)
def test_a_date_time(text: str, seen: str) -> None:
    assert iso_date_time(text) == seen


def test_a_sop_class_has_a_name() -> None:
    assert sop_class_name("1.2.840.10008.5.1.4.1.1.2") == "CT Image Storage"
    assert sop_class_name("1.2.3") == "1.2.3"
    assert sop_class_name("not a uid") == "not a uid"


def test_a_value_of_a_row() -> None:
    row = answer(
        {
            "StudyDate": "20090412\\2009041",
            "PatientName": "EVIL\x1b[2J",
            "PatientSex": "",
            "Rows": b"\x00\x02",
            "OtherPatientIDsSequence": [{"PatientID": "X"}],
            "SOPClassesInStudy": "1.2.840.10008.5.1.4.1.1.2\\1.2.840.10008.5.1.4.1.1.4",
        }
    )
    assert shown(row, 0x00080020) == "2009-04-12\\2009041"
    assert shown(row, 0x00100010) == "EVIL␛[2J"
    assert shown(row, 0x00100040) == ""
    assert shown(row, 0x00100020) is None
    assert shown(row, 0x00280010) == "512"
    assert shown(row, 0x00101002) == "1 item"
    assert shown(row, 0x00080062) == "CT Image Storage\\MR Image Storage"


def test_a_path_gives_the_values_of_all_items() -> None:
    read = view(column("OtherPatientIDsSequence.PatientID")).read
    items = [{"PatientID": "X"}, {"IssuerOfPatientID": "I"}, {"PatientID": "Y"}]
    assert read(answer({"OtherPatientIDsSequence": items})) == "X\\Y"
    assert read(answer({"OtherPatientIDsSequence": [{}]})) is None
    assert read(answer({})) is None

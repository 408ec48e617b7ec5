import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from dicomsh.errors import UsageError
from tests.output.rows import answer, fields, rendered


def written(elements: dict[str | int, Any]) -> dict[str, Any]:
    text, _ = rendered("dicom-json", (), [answer(elements)])
    found: dict[str, Any] = json.loads(text)[0]
    return found


ELEMENTS: dict[str | int, Any] = {
    "QueryRetrieveLevel": "STUDY",
    "StudyDate": "20090412",
    "AccessionNumber": "",
    "ModalitiesInStudy": "CT\\\\MR",
    "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "NumberOfStudyRelatedSeries": "3",
    "PatientWeight": "70.5",
    "FrameIncrementPointer": b"\xe0\x7f\x10\x00",
    "Rows": b"\x00\x02",
    "OtherPatientIDsSequence": [{"PatientID": "X"}, {}],
    0x00091001: b"\x00\x01",
    0x00100000: b"\x08\0\0\0",
    0x0009100A: b"",
}


def test_every_kind_of_element() -> None:
    assert written(ELEMENTS) == {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080020": {"vr": "DA", "Value": ["20090412"]},
        "00080050": {"vr": "SH"},
        "00080052": {"vr": "CS", "Value": ["STUDY"]},
        "00080061": {"vr": "CS", "Value": ["CT", None, "MR"]},
        "00091001": {"vr": "UN", "InlineBinary": "AAE="},
        "0009100A": {"vr": "UN"},
        "00100010": {
            "vr": "PN",
            "Value": [
                {
                    "Alphabetic": "Yamada^Tarou",
                    "Ideographic": "山田^太郎",
                    "Phonetic": "やまだ^たろう",
                }
            ],
        },
        "00101002": {
            "vr": "SQ",
            "Value": [{"00100020": {"vr": "LO", "Value": ["X"]}}, {}],
        },
        "00101030": {"vr": "DS", "Value": [70.5]},
        "00201206": {"vr": "IS", "Value": [3]},
        "00280009": {"vr": "AT", "Value": ["7FE00010"]},
        "00280010": {"vr": "US", "Value": [512]},
    }


def test_pydicom_reads_it_back() -> None:
    dataset = Dataset.from_json(json.dumps(written(ELEMENTS)))
    assert dataset.PatientName == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert dataset.PatientName.phonetic == "やまだ^たろう"
    assert dataset.StudyDate == "20090412"
    assert list(dataset.ModalitiesInStudy) == ["CT", "", "MR"]
    assert dataset.AccessionNumber == ""
    assert dataset.NumberOfStudyRelatedSeries == 3
    assert dataset.PatientWeight == 70.5
    assert dataset.Rows == 512
    assert dataset.FrameIncrementPointer == 0x7FE00010
    assert [len(item) for item in dataset.OtherPatientIDsSequence] == [1, 0]
    assert dataset[0x00091001].value == b"\x00\x01"


def test_only_the_groups_that_are_there() -> None:
    name = written({"PatientName": "=山田^太郎"})["00100010"]
    assert name == {"vr": "PN", "Value": [{"Ideographic": "山田^太郎"}]}
    assert written({"PatientName": "=="})["00100010"] == {"vr": "PN"}


@given(st.dictionaries(st.sampled_from([*ELEMENTS, "PatientComments"]), st.binary(max_size=16)))
def test_any_bytes_give_json(elements: dict[str | int, bytes]) -> None:
    sequences = {"OtherPatientIDsSequence", 0x00100000, "SpecificCharacterSet"}
    kept = {key: value for key, value in elements.items() if key not in sequences}
    found = written(dict(kept))
    assert list(found) == sorted(found)
    assert len(found) == len(kept) + 1


def test_records_are_no_data_sets() -> None:
    with pytest.raises(UsageError, match="DICOM answers only"):
        rendered("dicom-json", fields("name"), [{"name": "x"}])

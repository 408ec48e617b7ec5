from __future__ import annotations

import contextlib
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from dicomsh.practice.codec import element, item, read


def written(dataset: Dataset, explicit: bool) -> bytes:
    """The data set as pydicom writes it."""
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, not explicit
    write_dataset(out, dataset)
    return out.getvalue()


def sample(undefined: bool) -> Dataset:
    inner = Dataset()
    inner.CodeValue = "X"
    outer = Dataset()
    outer.ScheduledProtocolCodeSequence = Sequence([inner])
    outer.RequestedProcedureID = "RP1"
    whole = Dataset()
    whole.PatientID = "1"
    whole.Rows = 512
    whole.RequestAttributesSequence = Sequence([outer, Dataset()])
    for holder, keyword in ((whole, "RequestAttributesSequence"), (outer, _INNER)):
        holder[keyword].is_undefined_length = undefined
    for one in (inner, outer):
        one.is_undefined_length_sequence_item = undefined
    return whole


_INNER = "ScheduledProtocolCodeSequence"


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
def test_reads_what_pydicom_writes(explicit: bool, undefined: bool) -> None:
    elements = read(written(sample(undefined), explicit), explicit)
    assert elements[0x00100020] == ("LO", b"1 ")
    assert elements[0x00280010] == ("US", b"\x00\x02")
    vr, items = elements[0x00400275]
    assert vr == "SQ"
    assert isinstance(items, tuple)
    assert items[0][0x00401001] == ("SH", b"RP1 ")
    assert items[0][0x00400008] == ("SQ", ({0x00080100: ("SH", b"X ")},))
    assert items[1] == {}


@pytest.mark.parametrize("explicit", [True, False])
def test_pydicom_reads_what_is_written(explicit: bool) -> None:
    code = item(element(0x00080100, "SH", b"X", explicit))
    data = element(0x0020000D, "UI", b"1.2", explicit)
    data += element(0x00280010, "US", b"\x00\x02", explicit)
    data += element(0x00400275, "SQ", code + item(b""), explicit)
    data += element(0x00404001, "UT", "é".encode(), explicit)
    dataset = read_dataset(BytesIO(data), not explicit, True)
    assert dataset.StudyInstanceUID == "1.2"
    assert dataset.Rows == 512
    assert dataset.RequestAttributesSequence[0].CodeValue == "X"
    assert len(dataset.RequestAttributesSequence) == 2


@given(st.binary(max_size=80), st.booleans())
@example(b"\x08\x00\x05\x00SQ\x00\x00\xff\xff\xff\xff", True)
@example(b"\x08\x00\x50\x00\xff\xff\xff\x7f", False)
def test_any_bytes_are_read_or_refused(data: bytes, explicit: bool) -> None:
    with contextlib.suppress(ValueError):
        read(data, explicit)


@given(st.data(), st.booleans(), st.booleans())
def test_a_damaged_data_set_is_read_or_refused(
    data: st.DataObject, explicit: bool, undefined: bool
) -> None:
    raw = bytearray(written(sample(undefined), explicit))
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=4)):
        raw[at] = data.draw(st.integers(0, 255))
    kept = data.draw(st.integers(0, len(raw)))
    with contextlib.suppress(ValueError):
        read(bytes(raw[:kept]), explicit)


def test_nesting_has_an_end() -> None:
    data = b""
    for _ in range(1000):
        data = element(0x00400275, "SQ", item(data), explicit=False)
    with pytest.raises(ValueError, match="nested too deeply"):
        read(data, explicit=False)

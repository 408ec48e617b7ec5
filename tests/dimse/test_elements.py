"""Data sets cut into elements, with pydicom as the oracle."""

from __future__ import annotations

import contextlib
import struct
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from dicomsh.dimse import elements
from dicomsh.dimse.elements import (
    ENCODINGS,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    LittleEndian,
)
from dicomsh.errors import ProtocolViolationError
from dicomsh.model.row import DEEPEST, Irregular, Row, Source
from dicomsh.model.row_faults import fault_of
from tests.dimse.peers import decoded, encoded

IMPLICIT = ENCODINGS[IMPLICIT_LITTLE_ENDIAN]
EXPLICIT = ENCODINGS[EXPLICIT_LITTLE_ENDIAN]
both = pytest.mark.parametrize("encoding", [IMPLICIT, EXPLICIT], ids=["implicit", "explicit"])

SEQUENCE = 0x00400100
ITEM, ITEM_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0" + bytes(4)
SEQUENCE_END = b"\xfe\xff\xdd\xe0" + bytes(4)
UNDEFINED = b"\xff\xff\xff\xff"


def is_explicit(encoding: LittleEndian) -> bool:
    return encoding is EXPLICIT


def open_sequence(encoding: LittleEndian, vr: bytes = b"SQ") -> bytes:
    start = b"\x40\x00\x00\x01"
    return start + (vr + bytes(2) if encoding is EXPLICIT else b"") + UNDEFINED


texts = st.text("ABCdef 0123^", max_size=20).map(str.strip)
leaves = {
    "PatientName": texts,
    "PatientID": texts,
    "StudyDate": st.sampled_from(["", "20240229"]),
    "ModalitiesInStudy": st.lists(st.sampled_from(["CT", "MR", "SR"]), min_size=2, max_size=3),
    "StudyInstanceUID": st.sampled_from(["", "1.2.3", "1.2.34"]),
    "Rows": st.integers(0, 0xFFFF),
    "SelectorFDValue": st.floats(allow_nan=False, allow_infinity=False),
    "PatientComments": texts,
    "LongCodeValue": texts,
    "EncapsulatedDocument": st.binary(max_size=6).filter(lambda raw: len(raw) % 2 == 0),
}


@st.composite
def datasets(draw: st.DrawFn, depth: int = 2) -> Dataset:
    dataset = Dataset()
    for word in draw(st.lists(st.sampled_from(sorted(leaves)), unique=True)):
        setattr(dataset, word, draw(leaves[word]))
    if depth:
        items = draw(st.lists(datasets(depth=depth - 1), max_size=2))
        dataset.ScheduledProcedureStepSequence = Sequence(items)
        dataset["ScheduledProcedureStepSequence"].is_undefined_length = draw(st.booleans())
        for item in items:
            item.is_undefined_length_sequence_item = draw(st.booleans())
    return dataset


def assert_same(row: Row, dataset: Dataset) -> None:
    assert list(row.elements) == [int(element.tag) for element in dataset]
    for element in dataset:
        if element.VR == "SQ":
            items: list[Any] = row.values(int(element.tag)) or []
            assert len(items) == len(element.value)
            for item, expected in zip(items, element.value, strict=True):
                assert_same(item, expected)
        elif element.VR in ("US", "FD"):
            assert row.values(int(element.tag)) == [element.value]
        elif element.VR == "OB":
            assert row.elements[int(element.tag)] == (element.value or b"")
        else:
            assert row.text(int(element.tag)) == text_of(element.value)


def text_of(value: Any) -> str:
    parts = value if isinstance(value, MultiValue) else [value]
    return "\\".join(str(part or "") for part in parts).strip()


@both
@given(dataset=datasets())
def test_elements_are_those_that_pydicom_reads(encoding: LittleEndian, dataset: Dataset) -> None:
    data = encoded(dataset, is_explicit(encoding))
    assert_same(Row(data, Source(encoding)), decoded(data, is_explicit(encoding)))


@both
@given(dataset=datasets())
def test_one_element_is_found_as_all_are_read(encoding: LittleEndian, dataset: Dataset) -> None:
    data = encoded(dataset, is_explicit(encoding))
    read = encoding.read(data)
    for tag in (*read, 0x00080005, 0x00080060, 0x00540081):
        assert encoding.find(data, tag) == read.get(tag)


def regular(encoding: LittleEndian) -> tuple[bytes, bytes]:
    """A data set with lengths of 16 bits, and of 32 bits, known or not, behind them."""
    short = (
        encoding.element(0x00080005, "CS", b"ISO_IR 100")
        + encoding.element(0x00080020, "DA", b"20240229")
        + encoding.element(0x00100030, "DA", b"")
    )
    item = ITEM + UNDEFINED + encoding.element(0x00080060, "CS", b"CT") + ITEM_END
    step = open_sequence(encoding) + item + SEQUENCE_END
    last = step.replace(open_sequence(encoding)[:4], b"\x40\x00\x75\x02", 1)
    between = encoding.element(0x00400254, "LO", b"HEAD")
    return short, encoding.element(0x00287FE0, "UR", b"x:") + step + between + last


@both
def test_what_is_regular_is_read_the_fast_way(
    encoding: LittleEndian, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = regular(encoding)
    expected = encoding.split(short + long)
    assert len(expected) == 7
    monkeypatch.delattr(elements, "_read_slowly")
    assert encoding.read(short + long) == expected
    assert encoding.read(short) == encoding.split(short)
    assert encoding.read(b"") == {}
    monkeypatch.delattr(type(encoding), "read")
    for tag in (0x00080005, 0x00080020, 0x00100030):
        assert encoding.find(short, tag) == expected[tag]
        assert encoding.find(short + long, tag) == expected[tag]
    assert encoding.find(short, SEQUENCE) is None


NAME = 0x00100010
IRREGULAR: dict[str, Callable[[LittleEndian], bytes]] = {
    "nothing": lambda _: b"",
    "sent twice": lambda e: e.element(NAME, "PN", b"DOE^JANE"),
    "sent twice with another value": lambda e: e.element(NAME, "PN", b"DOE^JOHN"),
    "a cut value": lambda e: e.element(0x00100020, "LO", b"4711")[:-1],
    "a cut header": lambda e: e.element(0x00100020, "LO", b"")[:-1],
    "NUL bytes": lambda _: bytes(8),
    "an item": lambda _: ITEM + bytes(4),
    "a delimiter": lambda _: SEQUENCE_END,
    "a sequence without end": open_sequence,
    "another VR": lambda e: e.element(0x00100020, "SH", b"4711"),
    "UN": lambda e: e.element(0x00100020, "UN", b"4711"),
    "private": lambda e: e.element(0x00091001, "LO", b"4711"),
    "private UN": lambda e: e.element(0x00091001, "UN", b"4711"),
}


@both
@pytest.mark.parametrize("name", IRREGULAR)
def test_what_is_irregular_is_not_missed_on_the_fast_way(encoding: LittleEndian, name: str) -> None:
    data = encoding.element(NAME, "PN", b"DOE^JANE") + IRREGULAR[name](encoding)
    assert described(encoding.read(data)) == carefully(data, encoding)


COMMENT, DOCUMENT, PRIVATE, PATIENT_ID = 0x00104000, 0x00420011, 0x00091001, 0x00100020
NO_ITEMS = open_sequence(EXPLICIT, b"UN") + SEQUENCE_END


@pytest.mark.parametrize(
    ("encoding", "data", "vrs", "implicit", "fault"),
    [
        (EXPLICIT, EXPLICIT.element(PATIENT_ID, "LO", b"47"), None, [], ""),
        (EXPLICIT, EXPLICIT.element(PATIENT_ID, "SH", b"47"), {PATIENT_ID: "SH"}, [], ""),
        (EXPLICIT, EXPLICIT.element(PATIENT_ID, "UN", b"47"), {PATIENT_ID: "UN"}, [PATIENT_ID], ""),
        (EXPLICIT, EXPLICIT.element(PRIVATE, "LO", b"47"), {PRIVATE: "LO"}, [], ""),
        (EXPLICIT, NO_ITEMS, {}, [SEQUENCE], ""),
        (EXPLICIT, NO_ITEMS.replace(b"UN", b"OB"), {}, [], "has an undefined length"),
        (EXPLICIT, b"\x42\0\x11\0" + NO_ITEMS[4:], {DOCUMENT: "SQ"}, [DOCUMENT], ""),
        (IMPLICIT, IMPLICIT.element(COMMENT, "LT", b"x" * 0xFFFF), None, [], ""),
        (IMPLICIT, IMPLICIT.element(COMMENT, "LT", bytes(0x10000)), {COMMENT: "OB"}, [], "65,536"),
        (IMPLICIT, IMPLICIT.element(DOCUMENT, "OB", bytes(0x10000)), {DOCUMENT: "OB"}, [], ""),
        (IMPLICIT, IMPLICIT.element(SEQUENCE, "SQ", bytes(0x10000)), None, [], ""),
        (EXPLICIT, EXPLICIT.element(COMMENT, "OB", bytes(0x10000)), {COMMENT: "OB"}, [], ""),
        (
            EXPLICIT,
            EXPLICIT.element(COMMENT, "UN", bytes(0x10000)),
            {COMMENT: "OB"},
            [COMMENT],
            "65,536 bytes is too long to read",
        ),
    ],
)
def test_what_is_not_as_the_dictionary_says_is_noted(
    encoding: LittleEndian, data: bytes, vrs: dict[int, str] | None, implicit: list[int], fault: str
) -> None:
    """`vrs` is None where nothing is."""
    read = encoding.read(data)
    if vrs is None:
        assert type(read) is dict
        return
    assert isinstance(read, Irregular)
    assert (read.vrs, read.encodings) == (vrs, dict.fromkeys(implicit, IMPLICIT))
    assert fault in read.fault
    assert bool(read.fault) == bool(fault)


@pytest.mark.parametrize(
    ("name", "repeated", "fault"),
    [
        ("sent twice", NAME, ""),
        (
            "sent twice with another value",
            0,
            "PatientName (0010,0010) is sent twice, with different",
        ),
    ],
)
@both
def test_of_what_is_sent_twice_the_first_counts(
    encoding: LittleEndian, name: str, repeated: int, fault: str
) -> None:
    read = encoding.read(encoding.element(NAME, "PN", b"DOE^JANE") + IRREGULAR[name](encoding))
    assert isinstance(read, Irregular)
    assert read == {NAME: b"DOE^JANE"}
    assert read.repeated == repeated
    assert fault in read.fault
    assert bool(read.fault) == bool(fault)


@given(dataset=datasets())
def test_vrs_are_those_that_were_sent(dataset: Dataset) -> None:
    expected = {int(element.tag): element.VR for element in dataset}
    for explicit, encoding in ((True, EXPLICIT), (False, IMPLICIT)):
        row = Row(encoded(dataset, explicit), Source(encoding))
        assert {tag: row.vr(tag) for tag in row.elements} == expected


def carefully(data: bytes, encoding: LittleEndian) -> tuple[dict[int, bytes], Any]:
    """What `read` gives without its fast way, and what is irregular about it."""
    return described(elements._read_slowly(data, is_explicit(encoding)))


def described(read: dict[int, bytes]) -> tuple[dict[int, bytes], Any]:
    """The values of a data set, their order, and what is irregular about them."""
    return read, [*read, vars(read) if isinstance(read, Irregular) else None]


def repeats(data: bytes, encoding: LittleEndian) -> bool:
    """Whether a tag is sent twice, or one that no element has."""
    irregular = Row(data, Source(encoding)).irregular
    return irregular is not None and bool(irregular.fault or irregular.repeated)


@both
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(encoding: LittleEndian, data: bytes) -> None:
    with contextlib.suppress(ProtocolViolationError):
        assert encoding.split(data) == dict(encoding.read(data)) or repeats(data, encoding)
    assert described(encoding.read(data)) == carefully(data, encoding)
    assert isinstance(encoding.items(data), tuple)


@both
@given(dataset=datasets(), data=st.data())
def test_damaged_data_sets_are_read_or_refused(
    encoding: LittleEndian, dataset: Dataset, data: st.DataObject
) -> None:
    raw = bytearray(encoded(dataset, is_explicit(encoding)))
    for _ in range(3 if raw else 0):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.sampled_from([0, 1, 0xFE, 0xFF]))
    row = Row(bytes(raw), Source(encoding))
    assert described(row.elements) == carefully(row.data, encoding)
    fault_of(row)
    for tag in row.elements:
        row.values(tag)
        assert isinstance(row.text(tag), str)


@both
@given(dataset=datasets(), data=st.data())
def test_truncated_data_sets_are_never_read_as_whole(
    encoding: LittleEndian, dataset: Dataset, data: st.DataObject
) -> None:
    raw = encoded(dataset, is_explicit(encoding))
    cut = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        whole = encoding.split(cut)
    except ProtocolViolationError:
        return
    assert list(whole.items()) == list(encoding.split(raw).items())[: len(whole)]


@both
def test_an_element_longer_than_its_data_set_is_refused(encoding: LittleEndian) -> None:
    data = encoding.element(0x00100010, "PN", b"DOE^JANE")[:-1]
    with pytest.raises(ProtocolViolationError, match="longer than the rest") as caught:
        encoding.split(data)
    assert "0010,0010" in caught.value.message


@both
@pytest.mark.parametrize("tail", [b"\x10", b"\x10\x00\x10\x00PN\x02"])
def test_a_header_cut_short_is_refused(encoding: LittleEndian, tail: bytes) -> None:
    data = encoding.element(0x00080005, "CS", b"") + tail
    with pytest.raises(ProtocolViolationError, match="ends inside"):
        encoding.split(data)


def test_a_long_header_cut_short_is_refused() -> None:
    with pytest.raises(ProtocolViolationError, match="ends inside"):
        EXPLICIT.split(b"\x40\x00\x00\x01SQ\0\0\x08\0")


def test_what_carries_no_vr_is_refused_in_explicit() -> None:
    with pytest.raises(ProtocolViolationError, match="has no valid VR"):
        EXPLICIT.split(IMPLICIT.element(0x00100010, "PN", b"DOE^JANE"))


def nested(encoding: LittleEndian, depth: int) -> bytes:
    start = open_sequence(encoding) + ITEM + UNDEFINED
    return start * depth + (ITEM_END + SEQUENCE_END) * depth


@both
def test_sequences_may_nest_to_the_bound_and_no_further(encoding: LittleEndian) -> None:
    row: Any = Row(nested(encoding, DEEPEST), Source(encoding))
    for _ in range(DEEPEST):
        [row] = row.values(SEQUENCE)
    assert row.elements == {}
    for depth in (DEEPEST + 1, 10_000):
        with pytest.raises(ProtocolViolationError, match="nested deeper"):
            encoding.split(nested(encoding, depth))


@both
def test_nesting_of_defined_lengths_is_bounded_too(encoding: LittleEndian) -> None:
    data, few, faults = b"", b"", []
    for depth in range(10_000):
        data = encoding.element(SEQUENCE, "SQ", ITEM + struct.pack("<I", len(data)) + data)
        few = data if depth == DEEPEST else few
        if depth in (DEEPEST, 9_999):
            faults.append(fault_of(Row(data, Source(encoding))))
    assert "nested deeper" in faults[0]
    assert "too long to check" in faults[1]
    row: Any = Row(few, Source(encoding))
    for _ in range(DEEPEST):
        [row] = row.values(SEQUENCE)
    assert row.vr(SEQUENCE) == "UN"
    assert [type(value) for value in row.values(SEQUENCE)] == [bytes]


@both
@pytest.mark.parametrize(
    "inside",
    [ITEM_END, SEQUENCE_END[:4], ITEM + UNDEFINED + SEQUENCE_END, ITEM + UNDEFINED + ITEM, b"\x10"],
)
def test_delimiters_out_of_place_are_refused(encoding: LittleEndian, inside: bytes) -> None:
    with pytest.raises(ProtocolViolationError):
        encoding.split(open_sequence(encoding) + inside)


@both
def test_items_end_at_a_delimiter(encoding: LittleEndian) -> None:
    element = encoding.element(0x00080060, "CS", b"CT")
    item = ITEM + struct.pack("<I", len(element)) + element
    assert encoding.items(item + SEQUENCE_END + b"what follows") == ([element], "")
    assert encoding.items(ITEM + UNDEFINED + element + ITEM_END + item) == ([element] * 2, "")
    items, fault = encoding.items(item + element)
    assert items == [element]
    assert "where an item was expected" in fault


def test_a_sequence_sent_as_un_is_implicit_inside() -> None:
    """PS3.5 6.2.2, and what pydicom reads in the same bytes."""
    inner = IMPLICIT.element(0x00080060, "CS", b"CT") + open_sequence(IMPLICIT) + ITEM + UNDEFINED
    inner += IMPLICIT.element(0x00400002, "DA", b"20240229") + ITEM_END + SEQUENCE_END
    data = open_sequence(EXPLICIT, b"UN") + ITEM + UNDEFINED + inner + ITEM_END + SEQUENCE_END
    data += EXPLICIT.element(0x00400102, "DA", b"")
    row: Any = Row(data, Source(EXPLICIT))
    [item] = row.values(SEQUENCE)
    assert item.text(0x00080060) == "CT"
    [innermost] = item.values(SEQUENCE)
    assert innermost.text(0x00400002) == "20240229"
    assert list(row.elements) == [SEQUENCE, 0x00400102]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert decoded(data, explicit=True)[SEQUENCE].value[0].Modality == "CT"


def test_headers_are_written_to_the_byte() -> None:
    """PS3.5 7.1.2, 7.1.3, 7.5.1; reserved bytes are 0."""
    assert IMPLICIT.element(0x00287FE0, "UR", b"x:") == b"\x28\0\xe0\x7f\2\0\0\0x:"
    assert EXPLICIT.element(0x00287FE0, "UR", b"x:") == b"\x28\0\xe0\x7fUR\0\0\2\0\0\0x:"
    assert EXPLICIT.element(0x00287FE0, "CS", b"x:") == b"\x28\0\xe0\x7fCS\2\0x:"
    assert elements.item(b"x:") == ITEM + b"\2\0\0\0x:"


def test_a_value_too_long_for_its_vr_travels_as_un() -> None:
    uids = b"\\".join([b"1.2.840.10008.1.1.10"] * 4000)
    data = EXPLICIT.element(0x0020000D, "UI", uids)
    assert data[4:6] == b"UN"
    assert Row(data, Source(EXPLICIT)).elements[0x0020000D] == uids
    assert EXPLICIT.split(data) == {0x0020000D: uids}
    longest = EXPLICIT.element(0x0020000D, "UI", uids[:0xFFFE])
    assert longest[4:8] == b"UI\xfe\xff"

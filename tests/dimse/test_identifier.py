"""The identifier of a request, with pydicom as the reader."""

from __future__ import annotations

from typing import Any

import pytest

from dicomsh.dimse.elements import (
    ENCODINGS,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    LittleEndian,
)
from dicomsh.dimse.identifier import encode_identifier
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.model.keys import by_keyword, by_tag
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, SOP_CLASSES, Level, Model
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from tests.dimse.peers import decoded, query

both = pytest.mark.parametrize(
    "encoding", ENCODINGS.values(), ids=[type(e).__name__ for e in ENCODINGS.values()]
)


def read(request: Query, encoding: LittleEndian) -> Any:
    explicit = encoding is ENCODINGS[EXPLICIT_LITTLE_ENDIAN]
    return decoded(encode_identifier(request, encoding), explicit)


def key(path: str, value: str = "") -> QueryKey:
    parts = tuple(by_keyword(word) for word in path.split("."))
    return QueryKey(parts, value, Matching.SINGLE_VALUE, KeyOrigin.TYPED)


def keyed(*keys: QueryKey, charset: str = "") -> Query:
    return Query(Model.STUDY_ROOT.find, Level.SERIES, keys, charset)


@both
def test_elements_are_sorted_and_the_level_is_added(encoding: LittleEndian) -> None:
    """(0008,0005) shall not be empty (PS3.4 C.2.2.2), and not be there for ASCII (C.4.1.1.3.1)."""
    dataset = read(query(Level.INSTANCE, SOPInstanceUID="", PatientName="DOE*"), encoding)
    words = [element.keyword for element in dataset]
    assert words == ["SOPInstanceUID", "QueryRetrieveLevel", "PatientName"]
    assert dataset.QueryRetrieveLevel == "IMAGE"


@both
def test_the_character_set_is_named_or_requested(encoding: LittleEndian) -> None:
    requested = query(Level.STUDY, SpecificCharacterSet="", PatientName="DOE*")
    dataset = read(requested, encoding)
    assert dataset["SpecificCharacterSet"].is_empty
    named = replace(requested, charset="ISO_IR 192")
    assert read(named, encoding).SpecificCharacterSet == "ISO_IR 192"


@both
def test_a_query_without_levels_has_no_level(encoding: LittleEndian) -> None:
    step = "ScheduledProcedureStepSequence"
    keys = (key("PatientName", "DOE*"), key(f"{step}.Modality", "CT"))
    worklist = Query(SOP_CLASSES[MODALITY_WORKLIST_FIND], None, keys)
    dataset = read(worklist, encoding)
    words = [element.keyword for element in dataset]
    assert words == ["PatientName", step]
    assert dataset[step].value[0].Modality == "CT"


@both
@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "Müller^*"),
        ("ISO_IR 100", "Müller^*"),
        ("\\ISO 2022 IR 87", "*山田*"),
        ("ISO_IR 126", "Διονυσιος"),
    ],
)
def test_names_are_written_in_the_charset_of_the_query(
    encoding: LittleEndian, charset: str, name: str
) -> None:
    dataset = read(query(charset=charset, PatientName=name), encoding)
    assert dataset.PatientName == name


@both
def test_values_are_padded_to_even_length(encoding: LittleEndian) -> None:
    raw = encoding.split(
        encode_identifier(keyed(key("StudyInstanceUID", "1.2"), key("Modality", "CT\\M")), encoding)
    )
    assert raw[0x0020000D] == b"1.2\0"
    assert raw[0x00080060] == b"CT\\M"
    assert raw[0x00080052] == b"SERIES"
    raw = encoding.split(encode_identifier(query(PatientID="abc"), encoding))
    assert raw[0x00100020] == b"abc "


@both
@pytest.mark.parametrize(
    ("word", "text", "value"),
    [
        ("Rows", "512", 512),
        ("PixelAspectRatio", "1\\1", [1, 1]),
        ("SelectorULValue", "1\\4294967295", [1, 4294967295]),
        ("SelectorSSValue", "-3", -3),
        ("SelectorSLValue", "-70000", -70000),
        ("SelectorFDValue", "0.5\\2", [0.5, 2]),
        ("SelectorFLValue", "1e3", 1000),
        ("SelectorATValue", "0010,0020\\(0020,000d)", [0x00100020, 0x0020000D]),
    ],
)
def test_numbers_are_written_in_binary(
    encoding: LittleEndian, word: str, text: str, value: Any
) -> None:
    assert read(keyed(key(word, text)), encoding)[word].value == value


@both
@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Rows", "*"),
        ("Rows", "65536"),
        ("SelectorFLValue", "1e99"),
        ("SelectorATValue", "PatientID"),
        ("SelectorATValue", "0010,002"),
        ("SelectorATValue", "X00100020"),
        ("StudyDate", "二月"),
        ("RequestAttributesSequence", "x"),
        ("PixelData", "x"),
    ],
)
def test_what_a_vr_cannot_hold_is_refused(encoding: LittleEndian, word: str, text: str) -> None:
    with pytest.raises(UsageError, match=word):
        encode_identifier(keyed(key(word, text)), encoding)


@both
def test_what_a_charset_cannot_hold_is_refused(encoding: LittleEndian) -> None:
    with pytest.raises(UsageError, match="ISO_IR 100"):
        encode_identifier(query(charset="ISO_IR 100", PatientName="山田"), encoding)


@both
def test_keys_that_share_a_sequence_share_its_item(encoding: LittleEndian) -> None:
    step = "ScheduledProcedureStepSequence"
    dataset = read(
        keyed(
            key(step),
            key(f"{step}.Modality", "CT"),
            key("RequestAttributesSequence"),
            key(f"{step}.ScheduledProtocolCodeSequence.CodeValue", "X1"),
            key(f"{step}.ScheduledProcedureStepStartDate"),
            key(f"{step}.ScheduledProtocolCodeSequence"),
        ),
        encoding,
    )
    [item] = dataset[step].value
    assert [element.keyword for element in item] == [
        "Modality",
        "ScheduledProcedureStepStartDate",
        "ScheduledProtocolCodeSequence",
    ]
    assert item.Modality == "CT"
    assert item.ScheduledProtocolCodeSequence[0].CodeValue == "X1"
    assert not dataset.RequestAttributesSequence


@both
def test_a_long_list_of_uids_is_written_whole(encoding: LittleEndian) -> None:
    uids = [f"1.2.840.113704.1.111.{number}" for number in range(10_000)]
    data = encode_identifier(query(StudyInstanceUID="\\".join(uids)), encoding)
    assert encoding.split(data)[0x0020000D].decode().rstrip("\0").split("\\") == uids


@pytest.mark.parametrize(("text", "raw"), [("abc", b"abc\0"), ("Maß!", b"Ma\xdf!")])
def test_an_attribute_that_no_dictionary_has_travels_as_text(text: str, raw: bytes) -> None:
    private = QueryKey((by_tag(0x00091001),), text, Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    encoding = ENCODINGS[IMPLICIT_LITTLE_ENDIAN]
    data = encode_identifier(keyed(private, charset="ISO_IR 100"), encoding)
    assert encoding.split(data)[0x00091001] == raw

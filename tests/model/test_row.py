"""Rows: values by VR from bytes that pydicom wrote, in both encodings; odd values are shown."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from dicomsh.dimse.elements import (
    ENCODINGS,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
)
from dicomsh.frozen import replace
from dicomsh.model.keys import by_keyword
from dicomsh.model.row import (
    DEEPEST,
    Irregular,
    NamedRows,
    Row,
    Source,
    items_at,
    text_at,
    weight,
)
from tests.model.rows import answer

IMPLICIT, EXPLICIT = "implicit", "explicit"
_SYNTAX = {IMPLICIT: IMPLICIT_LITTLE_ENDIAN, EXPLICIT: EXPLICIT_LITTLE_ENDIAN}


def written(data_set: Dataset, encoding: str) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = encoding == IMPLICIT
    write_dataset(buffer, data_set)
    return buffer.getvalue()


def row(data_set: Dataset, encoding: str = EXPLICIT, fallback: str = "") -> Row:
    source = Source(ENCODINGS[_SYNTAX[encoding]], fallback)
    return Row(written(data_set, encoding), source)


def tag(keyword: str) -> int:
    return by_keyword(keyword).tag


@pytest.fixture(params=[IMPLICIT, EXPLICIT])
def encoding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def sample() -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientName = "Yamada^Tarou=山田^太郎"
    made.PatientID = "0555643F"
    made.StudyDate = "20090412"
    made.StudyTime = "101530"
    made.AccessionNumber = ""
    made.ModalitiesInStudy = ["CT", "MR"]
    made.StudyInstanceUID = "1.2.3"
    made.NumberOfStudyRelatedSeries = "3"
    made.PatientWeight = "72.5"
    made.Rows = 512
    made.SmallestImagePixelValue = 7
    made.PixelAspectRatio = ["1", "2"]
    made.FrameAcquisitionDuration = 1.5
    made.SimpleFrameList = [1, 2]
    made.FrameIncrementPointer = 0x00181063
    made.PatientComments = "first\\second "
    made.PatientAge = "045Y"
    made.TextValue = "a\\b"
    return made


@pytest.mark.parametrize(
    ("keyword", "text", "values"),
    [
        ("PatientName", "Yamada^Tarou=山田^太郎", ["Yamada^Tarou=山田^太郎"]),
        ("PatientID", "0555643F", ["0555643F"]),
        ("StudyDate", "20090412", ["20090412"]),
        ("AccessionNumber", "", []),
        ("ModalitiesInStudy", "CT\\MR", ["CT", "MR"]),
        ("StudyInstanceUID", "1.2.3", ["1.2.3"]),
        ("NumberOfStudyRelatedSeries", "3", [3]),
        ("PatientWeight", "72.5", [72.5]),
        ("Rows", "512", [512]),
        ("PixelAspectRatio", "1\\2", [1, 2]),
        ("FrameAcquisitionDuration", "1.5", [1.5]),
        ("SimpleFrameList", "1\\2", [1, 2]),
        ("FrameIncrementPointer", "0018,1063", ["0018,1063"]),
        ("PatientComments", "first\\second", ["first\\second"]),
        ("PatientAge", "045Y", ["045Y"]),
        ("TextValue", "a\\b", ["a\\b"]),
        ("StudyDescription", None, None),
    ],
)
def test_values_by_vr(
    encoding: str, keyword: str, text: str | None, values: list[object] | None
) -> None:
    answer = row(sample(), encoding)
    assert answer.text(tag(keyword)) == text
    assert answer.values(tag(keyword)) == values
    assert answer.compact().text(tag(keyword)) == text


def test_a_plain_value_is_that_of_a_row_as_the_dictionary_says(encoding: str) -> None:
    made = Dataset()
    made.StudyDate, made.PatientID, made.StudyInstanceUID = "20090412", "0555643F", "1.2.3"
    answer = row(made, encoding)
    raw = answer.elements[tag("PatientID")]
    for one in (answer, answer.compact(), answer.compact().compact(), row(made, encoding)):
        assert one.plain(tag("PatientID")) == raw
        assert one.plain(tag("StudyDescription")) is None
    compact = answer.compact()
    assert compact.plain(tag("PatientID")) == raw
    assert not compact.is_split
    odd = Row(answer.data[:-3], answer.source)
    assert odd.irregular
    assert odd.plain(tag("PatientID")) is None
    assert odd.compact().plain(tag("PatientID")) is None


def test_the_elements_are_in_the_order_received(encoding: str) -> None:
    answer = row(sample(), encoding)
    assert list(answer.elements) == sorted(int(element.tag) for element in sample())


def with_items(*names: str, charset: str | None = None) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 100"
    items = []
    for name in names:
        item = Dataset()
        if charset is not None:
            item.SpecificCharacterSet = charset
        item.PatientName = name
        items.append(item)
    made.ReferencedPatientSequence = items
    return made


def names_of(answer: Row) -> list[str | None]:
    items = answer.values(tag("ReferencedPatientSequence"))
    assert items is not None
    return [item.text(tag("PatientName")) for item in items if isinstance(item, Row)]


def test_items_inherit_the_character_set(encoding: str) -> None:
    answer = row(with_items("Müller", "Jérôme"), encoding)
    assert names_of(answer) == ["Müller", "Jérôme"]
    assert answer.text(tag("ReferencedPatientSequence")) == (
        "<item of 1 elements>\\<item of 1 elements>"
    )


def test_items_may_have_their_own_character_set(encoding: str) -> None:
    answer = row(with_items("山田", "Διο", charset="ISO_IR 192"), encoding)
    assert names_of(answer) == ["山田", "Διο"]


def test_an_empty_sequence_has_no_items(encoding: str) -> None:
    assert row(with_items(), encoding).values(tag("ReferencedPatientSequence")) == []


def test_of_a_malformed_sequence_the_items_are_read_that_can_be(encoding: str) -> None:
    source = Source(ENCODINGS[_SYNTAX[encoding]])
    sequence = tag("ReferencedPatientSequence")
    item = source.encoding.items(row(with_items("Jane"), encoding).elements[sequence])[0][0]
    whole = pack("<HHI", 0xFFFE, 0xE000, len(item)) + item
    answer = Row(b"", source, {sequence: whole + pack("<HHI", 0xFFFE, 0xE000, 500)})
    assert names_of(answer) == ["Jane"]
    assert "longer than the rest" in answer.items(sequence)[1]


@pytest.mark.parametrize("name", ["chrSQEncoding.dcm", "chrSQEncoding1.dcm"])
def test_items_of_pydicoms_files(name: str, encoding: str) -> None:
    path = Path(pydicom.__file__).parent / "data" / "charset_files" / name
    read = pydicom.dcmread(path)
    data_set = Dataset({element.tag: element for element in read if element.tag.group != 2})
    (item,) = row(data_set, encoding).values(tag("RequestedProcedureCodeSequence")) or []
    assert isinstance(item, Row)
    assert item.text(tag("PatientName")) == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"


def test_the_fallback_is_for_answers_without_a_label() -> None:
    raw = "Люк".encode("iso8859-5")
    source = ENCODINGS[IMPLICIT_LITTLE_ENDIAN]
    name = tag("PatientName")
    assert Row(b"", Source(source, "ISO_IR 144"), {name: raw}).text(name) == "Люк"
    assert Row(b"", Source(source), {name: raw}).text(name) == raw.decode("latin-1")
    labelled = {tag("SpecificCharacterSet"): b"ISO_IR 192", name: "Люк".encode()}
    assert Row(b"", Source(source, "ISO_IR 144"), labelled).text(name) == "Люк"


def test_a_private_element_has_the_vr_that_was_sent() -> None:
    made = Dataset()
    made.add_new(0x00091001, "US", 5)
    made.add_new(0x00091002, "LO", ["a", "b"])
    assert row(made, EXPLICIT).values(0x00091001) == [5]
    assert row(made, EXPLICIT).text(0x00091002) == "a\\b"
    assert row(made, IMPLICIT).vr(0x00091001) == "UN"
    assert row(made, IMPLICIT).values(0x00091001) == [b"\x05\x00"]
    assert row(made, IMPLICIT).text(0x00091001) == "<2 bytes>"


def raw_values(keyword: str, raw: bytes) -> list[object] | None:
    source = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN])
    found = Row(b"", source, {tag(keyword): raw}).values(tag(keyword))
    return None if found is None else list(found)


@pytest.mark.parametrize(
    ("keyword", "raw", "values"),
    [
        # a number that cannot be read stays text
        ("SeriesNumber", b"4 ", [4]),
        ("SeriesNumber", b"+04", [4]),
        ("SeriesNumber", b"four", ["four"]),
        ("SeriesNumber", b"1_000", ["1_000"]),
        ("SeriesNumber", b"4.0", ["4.0"]),
        ("SeriesNumber", b"3\\\\5", [3, "", 5]),
        ("SeriesNumber", b"9" * 5000, ["9" * 5000]),
        ("SeriesNumber", b"9" * 64, [int("9" * 64)]),
        ("PatientWeight", b"nan ", ["nan"]),
        ("PatientWeight", b"inf ", ["inf"]),
        ("PatientWeight", b"1e999", ["1e999"]),
        ("PatientWeight", b"1_0", ["1_0"]),
        ("PatientWeight", b"7.25e1", [72.5]),
        ("PatientWeight", b"-1e999", ["-1e999"]),
        ("PatientWeight", b"7.5\\\\8", [7.5, "", 8]),
        ("PatientWeight", b"7.5\\abc\\1e999", [7.5, "abc", "1e999"]),
        ("PatientWeight", b"1" * 100_001 + b"x", ["1" * 100_001 + "x"]),
        # what does not fit its VR
        ("Rows", b"\x00\x02\x01", [512]),
        ("Rows", b"\x01", []),
        ("FrameIncrementPointer", b"\x18\x00\x63\x10\x01", ["0018,1063"]),
        # padding
        ("StudyInstanceUID", b"1.2\0", ["1.2"]),
        ("Modality", b" CT ", ["CT"]),
        ("StudyDescription", b"  ", []),
        ("PatientComments", b"  as typed  ", ["  as typed"]),
        ("PatientComments", b"XAX", ["XAX"]),
        ("OtherPatientIDs", b"XA\\AX ", ["XA", "AX"]),
        ("PixelData", b"\x01\x02", [b"\x01\x02"]),
    ],
)
def test_odd_values_are_shown(keyword: str, raw: bytes, values: list[object]) -> None:
    assert raw_values(keyword, raw) == values


KEYWORDS = (
    "PatientName SeriesNumber PatientWeight StudyDate Modality PatientComments Rows"
    " FrameAcquisitionDuration FrameIncrementPointer PixelData StudyInstanceUID"
).split()


@given(st.sampled_from(KEYWORDS), st.binary(max_size=60), st.binary(max_size=20))
def test_any_bytes_have_a_text(keyword: str, raw: bytes, charset: bytes) -> None:
    elements = {tag("SpecificCharacterSet"): charset, tag(keyword): raw}
    answer = Row(b"", Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN]), elements)
    assert isinstance(answer.text(tag(keyword)), str)
    assert isinstance(answer.values(tag(keyword)), list)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(
        lambda text: text.replace("\\", "").strip()
    ),
    st.integers(-(2**31), 2**31 - 1),
)
def test_what_pydicom_writes_is_read_back(text: str, number: int) -> None:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.add_new(tag("PatientComments"), "LT", text)
    made.add_new(tag("SeriesNumber"), "IS", number)
    for encoding in (IMPLICIT, EXPLICIT):
        answer = row(made, encoding)
        assert answer.text(tag("PatientComments")) == text
        assert answer.values(tag("SeriesNumber")) == [number]


PADDING, SIGN, PIXEL_ROWS = 0x00280120, 0x00280103, 0x00280010


def raw_row(elements: dict[int, bytes]) -> Row:
    """In implicit VR."""
    return Row(b"", answer().source, elements)


@pytest.mark.parametrize(
    ("sign", "raw", "vr", "value", "unknown"),
    [
        (b"\x01\0", b"\x30\xf8", "SS", -2000, False),
        (b"\0\0", b"\x30\xf8", "US", 63536, False),
        (None, b"\x30\xf8", "US", 63536, True),
        (None, b"\x30\x08", "US", 2096, False),
        (None, b"\xff\x00", "US", 255, False),
        (b"\x01\0", b"\x10\0", "SS", 16, False),
        (b"\x01\0\x01\0", b"\x10\0", "SS", 16, False),
        (None, b"\xff\x01", "US", 511, False),
    ],
)
def test_us_or_ss_follows_from_pixel_representation(
    sign: bytes | None, raw: bytes, vr: str, value: int, unknown: bool
) -> None:
    row = raw_row({PADDING: raw} | ({} if sign is None else {SIGN: sign}))
    assert row.vr(PADDING) == vr
    assert row.values(PADDING) == [value]
    assert row.sign_is_unknown(PADDING) is unknown


def test_only_what_may_be_signed_is() -> None:
    row = raw_row({PIXEL_ROWS: b"\x30\xf8", SIGN: b"\x01\0"})
    assert row.values(PIXEL_ROWS) == [63536]


@pytest.mark.parametrize(
    ("raw", "vr", "values"),
    [
        (b"512 ", "IS", [512]),
        (b"51", "US", [0x3135]),
        (b"\0\x02", "US", [512]),
        (b"5x2 ", "US", None),
    ],
)
def test_a_number_that_came_as_text(raw: bytes, vr: str, values: list[int] | None) -> None:
    row = raw_row({PIXEL_ROWS: raw})
    assert row.vr(PIXEL_ROWS) == vr
    assert values is None or row.values(PIXEL_ROWS) == values


@pytest.mark.parametrize(
    ("creator", "vr"), [(b"GEMS_IDEN_01", "LO"), (b"NOBODY KNOWS", "UN"), (b"", "UN"), (None, "UN")]
)
def test_the_creator_gives_a_private_element_its_vr(creator: bytes | None, vr: str) -> None:
    held = {} if creator is None else {0x00090010: creator}
    assert raw_row({0x00091001: b"GE_GENESIS_FF "} | held).vr(0x00091001) == vr


@pytest.mark.parametrize(
    ("raw", "vr"), [(b"", "SQ"), (b"\xfe\xff\x00\xe0\0\0\0\0", "SQ"), (b"TEXT", "UN")]
)
def test_a_sequence_holds_items(raw: bytes, vr: str) -> None:
    assert raw_row({0x00400275: raw}).vr(0x00400275) == vr


def test_a_nested_sequence_is_read_down_to_a_depth() -> None:
    source, elements = answer().source, {0x00400275: b""}
    assert Row(b"", source, elements, None, DEEPEST - 1).vr(0x00400275) == "SQ"
    assert Row(b"", source, elements, None, DEEPEST).vr(0x00400275) == "UN"


def test_tags_as_values() -> None:
    row = raw_row({0x00280009: b"\x18\0\x63\x10\x18\0\x65\x10\x01"})
    assert row.values(0x00280009) == ["0018,1063", "0018,1065"]


@pytest.mark.parametrize(("raw", "unknown"), [(b"\0\0\0\x80", True), (b"\0\0\xff\0", False)])
def test_one_of_several_numbers_may_be_negative(raw: bytes, unknown: bool) -> None:
    assert raw_row({PADDING: raw}).sign_is_unknown(PADDING) is unknown


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"XABCX", "XABCX"),
        (b" ABC \0", "ABC"),
        (b"A" * 1024, "A" * 1024),
        (b"A" * 1025, "<1025 bytes>"),
        (b"A\x01", "<2 bytes>"),
        (b"A\xe4", "<2 bytes>"),
    ],
)
def test_bytes_are_shown_where_they_are_plain_text(raw: bytes, text: str) -> None:
    assert raw_row({0x00091001: raw}).text(0x00091001) == text


def test_escape_sequences_are_read_though_each_byte_is_ascii() -> None:
    charset, name = tag("SpecificCharacterSet"), tag("PatientName")
    held = {charset: b"\\ISO 2022 IR 87", name: b"Yamada=\x1b$B;3ED\x1b(B"}
    assert raw_row(held).text(name) == "Yamada=山田"


def test_the_text_of_a_vr_that_was_sent_keeps_its_letters() -> None:
    elements = Irregular({PIXEL_ROWS: b" XLX "})
    elements.vrs[PIXEL_ROWS] = "LO"
    assert raw_row(elements).text(PIXEL_ROWS) == "XLX"


def test_a_part_of_a_malformed_row_is_as_malformed_and_as_deep() -> None:
    elements = Irregular({PIXEL_ROWS: b"512 ", SIGN: b"\0\0"}, fault="cut off")
    elements.vrs[PIXEL_ROWS] = "LO"
    part = Row(b"", answer().source, elements, depth=2).only([PIXEL_ROWS])
    assert part.irregular is not None
    assert (part.irregular.fault, part.vr(PIXEL_ROWS), part.depth) == ("cut off", "LO", 2)
    assert list(part.elements) == [PIXEL_ROWS]


def test_an_item_is_one_deeper_and_laid_out_as_its_sequence_is() -> None:
    """PS3.5 6.2.2 note 2: items of a sequence that came as UN are in implicit VR."""
    outer, inner = tag("ReferencedStudySequence"), tag("StudyID")
    item = pack("<HHL", 0x0020, 0x0010, 2) + b"7 "
    sequence = b"\xfe\xff\x00\xe0" + pack("<L", len(item)) + item
    data = pack("<HH2sHL", outer >> 16, outer & 0xFFFF, b"UN", 0, len(sequence)) + sequence
    around = Row(data, Source(ENCODINGS[EXPLICIT_LITTLE_ENDIAN]), depth=3)
    ((found,), fault) = around.items(outer)
    assert (found.text(inner), found.depth, fault) == ("7", 4, "")
    assert not found.irregular


def test_a_row_that_is_not_as_the_dictionary_says_has_sequences_like_any_other() -> None:
    made = with_items("Jane")
    made.add_new(PIXEL_ROWS, "IS", "512")
    found = row(made, EXPLICIT)
    assert found.irregular
    assert names_of(found) == ["Jane"]


@pytest.mark.parametrize(
    ("keyword", "vr"),
    [
        ("Rows", "US"),
        ("PixelPaddingValue", "US"),
        ("ReferencedPatientSequence", "SQ"),
        ("PatientName", "PN"),
    ],
)
def test_an_element_that_is_absent_has_the_vr_of_the_dictionary(keyword: str, vr: str) -> None:
    found = answer(PatientID="A")
    assert found.vr(tag(keyword)) == vr
    assert found.values(tag(keyword)) is None
    assert not found.sign_is_unknown(tag(keyword))


@pytest.mark.parametrize(
    ("depth", "most"), [(0, 32768), (1, 16384), (4, 2048), (5, 1024), (6, 1024), (15, 1024)]
)
def test_the_sequences_of_a_row_are_read_up_to_a_length(depth: int, most: int) -> None:
    """Half at each depth, as each is read again; 1 KiB at any."""
    source, sequence = answer().source, tag("ReferencedPatientSequence")
    whole, longer = (Row(bytes(size), source, {}, None, depth) for size in (most, most + 1))
    assert (whole.is_long, whole.vr(sequence)) == (False, "SQ")
    assert (longer.is_long, longer.vr(sequence)) == (True, "UN")


def test_letters_beyond_ascii_have_padding_too() -> None:
    assert answer(PatientName=" XÄX \0").text(tag("PatientName")) == "XÄX"


def test_a_row_with_other_properties_has_the_same_elements() -> None:
    plain = Row(b"", answer().source, {tag("PatientID"): b"A"}, None, 3)
    named = plain.of(replace(plain.source, archive="PACS", error="no route"))
    assert (named.archive, named.error, named.depth) == ("PACS", "no route", 3)
    assert named.elements is plain.elements
    assert (plain.archive, plain.error) == ("", "")


def test_a_part_of_a_row_has_nothing_else() -> None:
    part = answer(PatientID="A", PatientName="Müller").only([tag("PatientName")])
    assert list(part.elements) == [tag("PatientName")]
    assert part.text(tag("PatientName")) == "Müller"
    assert not part.irregular


def test_rows_are_named_and_stay_as_they_were_sent() -> None:
    implicit, explicit = (row(sample(), encoding) for encoding in (IMPLICIT, EXPLICIT))
    named = NamedRows("PACS")
    found = [*named.of([implicit, implicit]), *named.of([explicit, implicit])]
    assert {one.archive for one in found} == {"PACS"}
    assert [one.source.encoding for one in found] == [
        one.source.encoding for one in (implicit, implicit, explicit, implicit)
    ]
    # one for all of them, as there may be millions
    assert found[0].source is found[1].source


def test_the_index_of_a_row_has_a_weight() -> None:
    source = answer().source
    plain, split = Row(bytes(100), source), Row(bytes(100), source, {1: b"", 2: b""})
    assert weight([plain, plain]) == 200
    assert weight([]) == 0
    assert weight([split]) > weight([plain])


SEQUENCE, NAME = map(by_keyword, ("ReferencedPatientSequence", "PatientName"))


@pytest.mark.parametrize(
    ("names", "text"), [(["Doe", "Roe"], "Doe\\Roe"), (["Doe"], "Doe"), ([""], ""), ([], None)]
)
def test_the_text_at_a_path_is_that_of_all_items(names: list[str], text: str | None) -> None:
    around = row(with_items(*names))
    assert text_at(around, (SEQUENCE, NAME)) == text
    assert text_at(around, (SEQUENCE, by_keyword("PatientID"))) is None
    assert [one.text(NAME.tag) for one in items_at(around, (SEQUENCE,))] == names
    assert text_at(around, (NAME,)) is None
    assert items_at(around, ()) == [around]
    assert items_at(around, (NAME, SEQUENCE)) == []


def test_the_text_at_a_path_leaves_out_the_items_that_lack_it() -> None:
    made = with_items("Doe", "", "Roe")
    del made.ReferencedPatientSequence[0].PatientName
    assert text_at(row(made), (SEQUENCE, NAME)) == "\\Roe"


def test_the_text_at_a_longer_path() -> None:
    outer, inner = map(by_keyword, ("RequestAttributesSequence", "ScheduledProtocolCodeSequence"))
    code = by_keyword("CodeValue")
    made, around = Dataset(), Dataset()
    codes = []
    for value in ("C1", "C2"):
        codes.append(Dataset())
        codes[-1].CodeValue = value
    made.ScheduledProtocolCodeSequence = codes
    around.RequestAttributesSequence = [made, Dataset(), made]
    assert text_at(row(around), (outer, inner, code)) == "C1\\C2\\C1\\C2"
    assert text_at(row(around), (outer, code)) is None

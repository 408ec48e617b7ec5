"""Plain values: the fast way for what is usual gives what the general way gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dicomsh.dimse.elements import ENCODINGS, IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.columns import AttributeColumn
from dicomsh.model.keys import by_keyword
from dicomsh.model.row import Irregular, Row, Source
from dicomsh.output.plain import element, members

SOURCE = Source(ENCODINGS[IMPLICIT_LITTLE_ENDIAN], "ISO_IR 192")
KEYWORDS = (
    "PatientID PatientName ModalitiesInStudy NumberOfStudyRelatedInstances SeriesNumber"
    " ReferencedFrameNumber StudyDate PatientComments PatientWeight"
).split()
raws = st.one_of(
    st.binary(max_size=14),
    st.text("0123456789-+ \0\\", max_size=14).map(str.encode),
    st.text("aÄ山 \0\\\x1b", max_size=8).map(str.encode),
)


@given(keyword=st.sampled_from(KEYWORDS), raw=raws)
def test_a_value_is_the_same_whether_its_row_is_regular_or_not(keyword: str, raw: bytes) -> None:
    tag = by_keyword(keyword).tag
    regular = Row(b"", SOURCE, {tag: raw})
    odd = Row(b"", SOURCE, Irregular({tag: raw}, fault="something else is malformed"))
    assert element(regular, tag) == element(odd, tag)


def test_members_are_those_of_columns_then_all_others() -> None:
    columns = [AttributeColumn(by_keyword(word), word) for word in ("StudyDate", "PatientID")]
    sent = {by_keyword(word).tag: b"1" for word in ("PatientID", "Modality", "StudyDate")}
    many = {0x00110100 + number: b"" for number in range(100)}
    found = members(columns)
    assert list(dict(found(Row(b"", SOURCE, sent)))) == ["StudyDate", "PatientID", "Modality"]
    keys = list(dict(found(Row(b"", SOURCE, {**sent, **many}))))
    assert keys[:3] == ["StudyDate", "PatientID", "Modality"]
    assert keys[3:] == [f"0011,{0x100 + number:04x}" for number in range(100)]

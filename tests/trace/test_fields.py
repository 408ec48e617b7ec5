from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomsh.dimse.associate import Abort, write_abort, write_release_request, write_request
from dicomsh.dimse.command import find_request
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.negotiation import associate_request
from dicomsh.dimse.pdu import write_message
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.trace.conversation import Conversation, Noise, TracedMessage, TracedPdu, proposals
from dicomsh.trace.fields import fields_of
from dicomsh.trace.lines import as_typed, lines_of

ADDRESS = DicomAddress("PEER", "127.0.0.1", 104)
REQUEST = write_request(associate_request(Modality("p", ADDRESS)))
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
AGREED = {1: (FIND, IMPLICIT_LITTLE_ENDIAN), 3: (FIND, EXPLICIT_LITTLE_ENDIAN)}


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


def texts(raw: bytes) -> dict[str, str]:
    return {field.name: field.text for field in fields_of(raw, AGREED)}


@given(st.integers(0, 255), st.binary(max_size=200))
@example(1, REQUEST[6:])
@example(1, REQUEST[6:-3])
@example(4, write_message(3, find_request(1, FIND), b"\x10\x00\x10\x00PN\x02\x00A ", 0)[6:])
def test_the_fields_cover_every_byte_once_and_in_order(kind: int, body: bytes) -> None:
    raw = pdu(kind, body)
    assert b"".join(field.raw for field in fields_of(raw, AGREED)) == raw


def test_an_association_request() -> None:
    found = texts(REQUEST)
    assert found["Called-AE-title"] == "PEER"
    assert found["Calling-AE-title"] == "DICOMSH"
    assert found["Maximum-length-received"] == "65536"
    contexts = proposals(fields_of(REQUEST, {}))
    assert [context.id for context in contexts] == [1, 3, 5, 7]
    assert contexts[2].abstract == FIND
    assert contexts[2].transfer == (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN)


@pytest.mark.parametrize(
    ("raw", "name", "text"),
    [
        (pdu(3, b"\0\1\1\3"), "Reason/Diag.", "3 calling-AE-title-not-recognized"),
        (pdu(3, b"\0\2\3\1"), "Reason/Diag.", "1 temporary-congestion"),
        (pdu(3, b"\0\2\3\x63"), "Reason/Diag.", "99 unknown"),
        (pdu(7, b"\0\0\2\2"), "Reason/Diag.", "2 unexpected-PDU"),
        (write_release_request(), "PDU-type", "A-RELEASE-RQ"),
        (REQUEST[:30], "Calling-AE-title", "cut short: 4 of 16 bytes"),
        (pdu(3, b"\0\1\1\3more"), "Not expected here", ""),
    ],
)
def test_a_field_says(raw: bytes, name: str, text: str) -> None:
    assert texts(raw)[name] == text


def test_elements_are_named_in_both_encodings() -> None:
    for context, element in (
        (1, b"\x10\x00\x10\x00\x02\x00\x00\x00A "),
        (3, b"\x10\x00\x10\x00PN\x02\x00A "),
    ):
        raw = pdu(4, struct.pack(">IBB", len(element) + 2, context, 2) + element)
        fields = list(fields_of(raw, AGREED))
        assert ("Tag", "(0010,0010) PatientName") in [(f.name, f.text) for f in fields]
        assert [f.raw for f in fields if f.name == "Value"] == [b"A "]


MESSAGE = write_message(3, find_request(7, FIND), b"\x10\x00\x10\x00PN\x06\x00JODO* ", 30)


@given(st.lists(st.integers(0, len(MESSAGE)), max_size=8))
def test_pieces_cut_anywhere_give_the_same_messages(cuts: list[int]) -> None:
    talk = Conversation(AGREED)
    ends = [0, *sorted(cuts), len(MESSAGE)]
    pieces = [MESSAGE[a:b] for a, b in pairwise(ends)]
    events = [event for piece in pieces for event in talk.sent(piece)]
    (message,) = [event for event in events if isinstance(event, TracedMessage)]
    assert message.command == find_request(7, FIND)
    assert message.identifier.endswith(b"JODO* ")
    assert message.syntaxes == AGREED[3]
    assert b"".join(event.raw for event in events if isinstance(event, TracedPdu)) == MESSAGE


def test_what_is_no_pdu_is_told_once() -> None:
    talk = Conversation()
    events = list(talk.received(b"HTTP/1.1 400 Bad Request\r\n"))
    assert [type(event) for event in events] == [Noise]
    assert list(talk.received(b"more")) == []
    told = lines_of(events[0], hexadecimal=False)
    assert told
    assert told[0] == "26 bytes that are not DICOM:"


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=120)), max_size=4), st.booleans())
@example([(True, REQUEST), (False, write_abort(Abort(2)))], True)
@example([(True, MESSAGE[:-8])], False)
def test_a_trace_never_raises_and_shows_nothing_that_acts(
    pieces: list[tuple[bool, bytes]], hexadecimal: bool
) -> None:
    talk = Conversation(AGREED)
    for sent, data in pieces:
        for piece in (data, pdu(4, struct.pack(">IBB", len(data) + 2, 3, 2) + data), pdu(1, data)):
            for event in talk.sent(piece) if sent else talk.received(piece):
                told = lines_of(event, hexadecimal=hexadecimal)
                assert told is None or all(line.isprintable() for line in (told[0], *told[1]))


def masked(tag: int, text: str) -> str:
    assert text
    return f"<{tag:08x}>"


def test_values_can_be_hidden_in_words_and_in_bytes() -> None:
    events = list(Conversation(AGREED).sent(MESSAGE))
    hidden = [lines_of(e, hexadecimal=True, shown=masked) for e in events]
    text = "\n".join(line for told in hidden if told for line in told[1])
    assert "<00100010>" in text
    assert "JODO" not in text
    assert b"JODO".hex(" ") not in text
    plain = [lines_of(e, hexadecimal=True, shown=as_typed) for e in events]
    text = "\n".join(line for told in plain if told for line in told[1])
    assert "JODO*" in text
    assert b"JODO".hex(" ") in text

"""The byte stream as PDUs and messages, with pynetdicom as the oracle."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import P_DATA_TF

from dicomsh.dimse import command
from dicomsh.dimse.command import CommandSet, read_command
from dicomsh.dimse.pdu import (
    MAX_PDU,
    SHORTEST_PDU,
    Message,
    MessageReader,
    Pdu,
    PduReader,
    write_message,
    write_part,
)
from dicomsh.errors import ProtocolViolationError
from tests.dimse.peers import decoded, element, pdu, pdv, response

CONTEXT = 3
PENDING = response(7, 0xFF00, data_set=True)
FINAL = response(7, 0, data_set=False)


def reader() -> PduReader:
    made = PduReader()
    made.messages.contexts = frozenset({1, CONTEXT})
    return made


def messages_in(pieces: list[bytes]) -> list[Message]:
    pdus = reader()
    return [
        message for piece in pieces for part in pdus.feed(piece) for message in messages_of(part)
    ]


def messages_of(part: Pdu | list[Message]) -> list[Message]:
    assert not isinstance(part, Pdu)
    return part


def answer(*identifiers: bytes) -> bytes:
    """The usual form: command and identifier in a PDU each."""
    parts = [
        pdu(4, pdv(CONTEXT, 3, PENDING)) + pdu(4, pdv(CONTEXT, 2, identifier))
        for identifier in identifiers
    ]
    return b"".join(parts) + pdu(4, pdv(CONTEXT, 3, FINAL))


@st.composite
def fragmented(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """Identifiers, and a stream with their messages cut into values and PDUs anywhere."""
    identifiers = draw(st.lists(st.binary(max_size=60), max_size=5))
    values = []
    for data, flags in [
        *((part, flags) for row in identifiers for part, flags in ((PENDING, 1), (row, 0))),
        (FINAL, 1),
    ]:
        cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=2)))
        parts = [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        values += [pdv(CONTEXT, flags, part) for part in parts[:-1]]
        values.append(pdv(CONTEXT, flags | 2, parts[-1]))
    stream = b""
    while values:
        count = draw(st.integers(1, 3))
        stream += pdu(4, b"".join(values[:count]))
        values = values[count:]
    return identifiers, stream


@given(case=fragmented(), data=st.data())
def test_fragments_and_pieces_make_no_difference(
    case: tuple[list[bytes], bytes], data: st.DataObject
) -> None:
    identifiers, stream = case
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[i:j] for i, j in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = [(CONTEXT, read_command(PENDING), row) for row in identifiers]
    assert messages_in(pieces) == [*expected, (CONTEXT, read_command(FINAL), b"")]


def test_one_byte_at_a_time() -> None:
    stream = answer(b"one!", b"", b"three!")
    assert messages_in([stream[i : i + 1] for i in range(len(stream))]) == messages_in([stream])


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ProtocolViolationError):
        list(reader().feed(data))


@given(stream=st.just(answer(b"one!", b"two!")), data=st.data())
def test_damaged_streams_are_read_or_refused(stream: bytes, data: st.DataObject) -> None:
    raw = bytearray(stream)
    for _ in range(2):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolViolationError):
        list(reader().feed(bytes(raw)))


@given(data=st.binary(max_size=200))
def test_any_command_set_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ProtocolViolationError):
        read_command(data)


def test_what_came_before_a_violation_is_delivered() -> None:
    parts = reader().feed(answer(b"one!", b"two!") + pdu(0x55, b""))
    messages = next(parts)
    assert isinstance(messages, list)
    assert [identifier for _, _, identifier in messages] == [b"one!", b"two!", b""]
    with pytest.raises(ProtocolViolationError, match="type 0x55"):
        next(parts)


def test_nothing_of_a_pdu_whose_values_do_not_fit_is_delivered() -> None:
    """One byte of a length makes a part of a data set look like all of it."""
    row = pdv(CONTEXT, 3, PENDING) + pdv(CONTEXT, 2, b"four") + b"rest of it"
    with pytest.raises(ProtocolViolationError, match="does not fit"):
        next(reader().feed(pdu(4, row)))


def test_other_pdus_keep_their_place() -> None:
    parts = list(reader().feed(answer(b"one!") + pdu(7, bytes(4)) + answer()))
    assert [type(part) for part in parts] == [list, Pdu, list]


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (struct.pack(">BxI", 4, 0xFFFFFFFF), "4294967295 bytes"),
        (struct.pack(">BxI", 4, MAX_PDU + 1), "at most"),
        (struct.pack(">BxI", 7, 5), "at most 4"),
        (struct.pack(">BxI", 2, 1 << 20), "at most"),
        (pdu(4, b""), "without a complete value"),
        (pdu(4, b"\0\0\0"), "without a complete value"),
        (pdu(4, struct.pack(">IBB", 0xFFFFFFFF, CONTEXT, 3)), "does not fit"),
        (pdu(4, struct.pack(">IBB", 1, CONTEXT, 3) + b"ab"), "does not fit"),
        (pdu(4, pdv(9, 3, FINAL)), "context 9"),
        (pdu(4, pdv(CONTEXT, 2, b"data")), "out of order"),
        (pdu(4, pdv(CONTEXT, 3, PENDING) + pdv(1, 2, b"data")), "changes its presentation"),
        (pdu(4, pdv(CONTEXT, 3, b"")), "Command Field"),
        (pdu(4, pdv(CONTEXT, 3, element(0x0100, b"\x20"))), "Command Field"),
        (pdu(4, pdv(CONTEXT, 1, bytes(60_000))) * 2, "longer than"),
    ],
)
def test_violations_are_refused(stream: bytes, words: str) -> None:
    with pytest.raises(ProtocolViolationError, match=words):
        list(reader().feed(stream))


def test_an_identifier_without_end_is_refused() -> None:
    pdus = reader()
    list(pdus.feed(pdu(4, pdv(CONTEXT, 3, PENDING))))
    fragment = pdu(4, pdv(CONTEXT, 0, bytes(MAX_PDU - 6)))
    with pytest.raises(ProtocolViolationError, match="an identifier longer than 1,048,576 bytes"):
        list(chain.from_iterable(pdus.feed(fragment) for _ in range(17)))


def test_fragments_without_bytes_are_not_endless_either() -> None:
    pdus = reader()
    list(pdus.feed(pdu(4, pdv(CONTEXT, 3, PENDING))))
    nothing = pdu(4, pdv(CONTEXT, 0, b"") * 10_000)
    with pytest.raises(ProtocolViolationError, match="an identifier longer than 1,048,576 bytes"):
        list(chain.from_iterable(pdus.feed(nothing) for _ in range(2)))


@pytest.mark.parametrize("accepts", [False, True])
def test_only_an_acceptor_takes_a_request_for_an_association(accepts: bool) -> None:
    pdus = PduReader(accepts=accepts)
    with contextlib.nullcontext() if accepts else pytest.raises(ProtocolViolationError):
        assert list(pdus.feed(pdu(1, bytes(68)))) == [Pdu(1, bytes(68))]


# The usual form of a row, and what is like it

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "usual": lambda data: pdu(4, pdv(CONTEXT, 3, PENDING)) + pdu(4, pdv(CONTEXT, 2, data)),
    "one PDU": lambda data: pdu(4, pdv(CONTEXT, 3, PENDING) + pdv(CONTEXT, 2, data)),
    "command in values": lambda data: (
        pdu(4, pdv(CONTEXT, 1, PENDING[:9]) + pdv(CONTEXT, 3, PENDING[9:]))
        + pdu(4, pdv(CONTEXT, 2, data))
    ),
    "command in PDUs": lambda data: (
        pdu(4, pdv(CONTEXT, 1, PENDING[:9]))
        + pdu(4, pdv(CONTEXT, 3, PENDING[9:]))
        + pdu(4, pdv(CONTEXT, 2, data))
    ),
    "identifier begins with command": lambda data: (
        pdu(4, pdv(CONTEXT, 3, PENDING) + pdv(CONTEXT, 0, b"be"))
        + pdu(4, pdv(CONTEXT, 2, data[2:]))
    ),
    "identifier in values": lambda data: (
        pdu(4, pdv(CONTEXT, 3, PENDING))
        + pdu(4, pdv(CONTEXT, 0, data[:2]) + pdv(CONTEXT, 2, data[2:]))
    ),
    "identifier in PDUs": lambda data: (
        pdu(4, pdv(CONTEXT, 3, PENDING))
        + pdu(4, pdv(CONTEXT, 0, data[:2]))
        + pdu(4, pdv(CONTEXT, 2, data[2:]))
    ),
    "no identifier": lambda _: pdu(4, pdv(CONTEXT, 3, PENDING)),
}


@pytest.mark.parametrize("name", FORMS)
def test_rows_of_any_form_follow_each_other(name: str) -> None:
    usual, form = FORMS["usual"], FORMS[name]
    rows = [usual(b"one!"), form(b"best"), form(b"bend"), usual(b"ten!"), usual(b"")]
    expected = [b"one!", b"best", b"bend", b"ten!", b"", b""]
    if name == "no identifier":
        expected[1:3] = [b"", b""]
    whole = b"".join(rows) + pdu(4, pdv(CONTEXT, 3, FINAL))
    for pieces in ([whole], [*rows, whole[-len(FINAL) - 12 :]]):
        assert [data for _, _, data in messages_in(pieces)] == expected


def test_rows_of_the_usual_form_are_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as have arrived, up to the longest that a PDU can hold."""
    fed: list[bytes] = []
    feed = MessageReader.feed

    def counted(self: MessageReader, body: bytes, messages: list[Message]) -> None:
        fed.append(body)
        feed(self, body, messages)

    monkeypatch.setattr(MessageReader, "feed", counted)
    rows = [b"one!", b"", bytes(MAX_PDU - 6), b"x" * 50, b""]
    whole = b"".join(map(FORMS["usual"], rows))
    assert [data for _, _, data in messages_in([whole, whole])] == [*rows, *rows]
    assert len(fed) == 4, "the first command and identifier of each piece"


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        (pdu(4, pdv(1, 2, b"two!")), "changes its presentation"),
        (pdu(4, pdv(CONTEXT, 3, b"two!")), "the data set ends inside"),
        (pdu(4, bytes(MAX_PDU + 1)), "at most"),
        (pdu(4, struct.pack(">IBB", 1, CONTEXT, 2)), "does not fit"),
        (pdu(4, pdv(CONTEXT, 2, b"two!")[:-1]), "does not fit"),
        (pdu(4, pdv(CONTEXT, 2, b"two!") + b"more"), "without a complete value"),
        (pdu(0x44, pdv(CONTEXT, 2, b"two!")), "of type 0x44"),
    ],
)
def test_what_only_looks_like_a_row_is_refused(identifier: bytes, words: str) -> None:
    """After a row of the usual form, whose command is repeated."""
    stream = FORMS["usual"](b"one!") + pdu(4, pdv(CONTEXT, 3, PENDING)) + identifier
    found: list[Message] = []
    with pytest.raises(ProtocolViolationError, match=words):
        found.extend(message for part in reader().feed(stream) for message in messages_of(part))
    assert found[0] == (CONTEXT, read_command(PENDING), b"one!")
    assert {data for _, _, data in found[1:]} <= {b""}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([(2, b"")], None),
        ([(0, b""), (2, b"")], None),
        ([(2, b""), (2, b"")], "out of order"),
        ([(2, b"x")], "a data set after the final response"),
        ([(0, b""), (2, b"x")], "a data set after the final response"),
    ],
)
def test_an_empty_data_set_after_the_final_response_is_none(
    values: list[tuple[int, bytes]], words: str | None
) -> None:
    """Some servers announce one, and some of them send it."""
    stream = answer() + b"".join(pdu(4, pdv(CONTEXT, flags, data)) for flags, data in values)
    refused = pytest.raises(ProtocolViolationError, match=words)
    with refused if words else contextlib.nullcontext():
        assert messages_in([stream]) == [(CONTEXT, read_command(FINAL), b"")]


@pytest.mark.parametrize("parts", [[b"the row"], [b"the", b"", b" row"], [bytes(60_000)] * 17])
def test_a_cancelled_answer_may_end_with_a_row_that_is_not_one(parts: list[bytes]) -> None:
    """Orthanc's, if the C-CANCEL arrives while it is about to send a row."""
    end = response(7, 0xFE00, data_set=True)
    row = [pdu(4, pdv(CONTEXT, 0, part)) for part in parts[:-1]]
    row.append(pdu(4, pdv(CONTEXT, 2, parts[-1])))
    stream = pdu(4, pdv(CONTEXT, 3, end)) + b"".join(row) + answer(b"next")
    expected = [read_command(command) for command in (end, PENDING, FINAL)]
    assert [command for _, command, _ in messages_in([stream])] == expected


def test_a_row_after_a_cancelled_answer_is_bounded() -> None:
    end = pdu(4, pdv(CONTEXT, 3, response(7, 0xFE00, data_set=True)))
    part = pdu(4, pdv(CONTEXT, 0, bytes(60_000)))
    with pytest.raises(ProtocolViolationError, match="a data set after the final response"):
        messages_in([end, *[part] * 18])


def test_tls_where_none_is_spoken_is_recognised() -> None:
    with pytest.raises(ProtocolViolationError) as caught:
        list(reader().feed(b"\x15\x03\x01\x00\x02\x02\x28"))
    assert "tls: true" in (caught.value.hint or "")


@pytest.mark.parametrize("max_pdu", [0, SHORTEST_PDU, 9, 50, 16384])
def test_messages_are_written_within_the_longest_pdu_of_the_peer(max_pdu: int) -> None:
    identifier = bytes(range(250)) * 80
    stream = write_message(CONTEXT, FINAL, identifier, max_pdu)
    parts = {1: b"", 0: b""}
    lasts = []
    while stream:
        length = struct.unpack_from(">I", stream, 2)[0]
        assert not max_pdu or length <= max_pdu
        read = P_DATA_TF()
        read.decode(stream[: 6 + length])
        [item] = read.presentation_data_value_items
        assert item.presentation_context_id == CONTEXT
        value = item.presentation_data_value or b""
        flags = value[0]
        parts[flags & 1] += value[1:]
        lasts += [flags] if flags & 2 else []
        stream = stream[6 + length :]
    assert parts == {1: FINAL, 0: identifier}
    assert lasts == [3, 2]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            command.echo_request(1, "1.2.840.10008.1.1"),
            {"AffectedSOPClassUID": "1.2.840.10008.1.1", "CommandField": 0x30, "MessageID": 1},
        ),
        (
            command.find_request(2, "1.2.840.10008.5.1.4.1.2.2.1"),
            {"CommandField": 0x20, "MessageID": 2, "Priority": 0},
        ),
        (
            command.cancel_request(2),
            {"CommandField": 0xFFF, "MessageIDBeingRespondedTo": 2, "CommandDataSetType": 0x101},
        ),
    ],
)
def test_requests_are_what_pydicom_reads(data: bytes, expected: dict[str, object]) -> None:
    dataset = decoded(data)
    assert {word: dataset[word].value for word in expected} == expected
    assert dataset.CommandGroupLength == len(data) - 12
    assert (dataset.CommandDataSetType == 0x101) == (dataset.CommandField != 0x20)


def test_comment_and_offending_elements_are_read() -> None:
    data = response(5, 0xA900, data_set=False)
    data += element(0x0901, b"\x10\x00\x20\x00") + element(0x0902, b"no such key ")
    assert read_command(data) == CommandSet(
        0x8020,
        5,
        False,
        0xA900,
        "no such key",
        (0x00100020,),
        "1.2.840.10008.5.1.4.1.2.2.1",
    )


def test_a_data_set_without_elements_is_sent_as_such() -> None:
    """PS3.8 annex E: its one fragment is empty; a peer waits for whatever was announced."""
    stream = write_part(CONTEXT, b"", MAX_PDU, last=True)
    assert stream == bytes.fromhex("04000000000600000002") + bytes([CONTEXT, 2])
    assert write_part(CONTEXT, b"", MAX_PDU, last=False) == b""

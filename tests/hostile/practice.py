"""Hostile clients of the practice archive: a recorded request, cut or with one byte changed."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dicomsh.dimse.associate import write_release_request, write_request
from dicomsh.dimse.command import find_request, store_request
from dicomsh.dimse.elements import ENCODINGS, EXPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.identifier import encode_identifier
from dicomsh.dimse.negotiation import Proposal, associate_request
from dicomsh.dimse.pdu import write_message
from dicomsh.model.levels import Model
from dicomsh.model.modality import DicomAddress, Modality, PracticeAddress
from dicomsh.practice.holdings import Capacity
from dicomsh.practice.server import _NEGOTIATION, PracticeServer, start
from tests.dimse.peers import pdu, pdv, query
from tests.practice.scu import find

Client = Callable[[socket.socket], None]

_PATIENCE = 20


def _request() -> tuple[bytes, bytes]:
    """What dicomsh sends: A-ASSOCIATE-RQ, and then a query with the release."""
    asked = associate_request(Modality("practice", DicomAddress("ORTHANC", "127.0.0.1", 1)))
    numbers = {context.abstract_syntax: context.id for context in asked.contexts}
    identifier = encode_identifier(query(PatientID="0555643F"), ENCODINGS[EXPLICIT_LITTLE_ENDIAN])
    command = find_request(1, Model.STUDY_ROOT.value)
    message = write_message(numbers[Model.STUDY_ROOT.value], command, identifier, 16_384)
    return write_request(asked), message + write_release_request()


ASSOCIATE, FIND = _request()
RECORDED = ASSOCIATE + FIND


def cut(place: int, end: str) -> Client:
    """Send the request up to a byte; then close, or reset, or say nothing for a while."""

    def client(connection: socket.socket) -> None:
        _send(connection, RECORDED[:place])
        if end == "reset":
            linger = struct.pack("ii" if hasattr(socket, "SO_REUSEPORT") else "hh", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return client


def flipped(place: int, change: int) -> Client:
    """Send the request with one byte changed."""
    data = RECORDED[:place] + bytes((RECORDED[place] ^ change,)) + RECORDED[place + 1 :]
    return lambda connection: _send(connection, data)


def trickled(connection: socket.socket) -> None:
    """Send the request one byte at a time, and take the whole answer."""
    for place in range(len(ASSOCIATE)):
        connection.sendall(ASSOCIATE[place : place + 1])
    assert connection.recv(1) == b"\x02"
    for place in range(len(FIND)):
        connection.sendall(FIND[place : place + 1])
    while connection.recv(65_536):
        pass


def _send(connection: socket.socket, data: bytes) -> None:
    """Send the A-ASSOCIATE-RQ, and the rest when it was answered."""
    connection.sendall(data[: len(ASSOCIATE)])
    if len(data) > len(ASSOCIATE) and data[: len(ASSOCIATE)] == ASSOCIATE:
        connection.recv(65_536)
    with suppress(OSError):
        connection.sendall(data[len(ASSOCIATE) :])


def flood(data: bytes, start: bytes = b"") -> Client:
    """Send something again and again, until the archive has had enough of it."""

    def client(connection: socket.socket) -> None:
        connection.sendall(ASSOCIATE)
        connection.recv(65_536)
        connection.sendall(start)
        block = data * max((1 << 16) // len(data), 1)
        while True:
            connection.sendall(block)

    return client


def _announced() -> tuple[int, bytes]:
    """The presentation context of the recorded query, and the PDU with its command set."""
    length = 6 + int(struct.unpack_from(">I", FIND, 2)[0])
    return FIND[10], FIND[:length]


CONTEXT, COMMAND = _announced()

FLOODS: dict[str, Client] = {
    "empty fragments": flood(pdu(4, pdv(CONTEXT, 0, b"")), COMMAND),
    "fragments of two bytes": flood(pdu(4, pdv(CONTEXT, 0, b"xx")), COMMAND),
    "an endless identifier": flood(pdu(4, pdv(CONTEXT, 0, bytes(16_000))), COMMAND),
    "an endless command": flood(pdu(4, pdv(CONTEXT, 1, bytes(16_000)))),
    "a PDU of 4 GiB": flood(bytes(1 << 16), struct.pack(">BxI", 4, 0xFFFFFFFF)),
    "requests without end": flood(FIND[:-10]),
}


def keys(number: int) -> bytes:
    """A query with so many keys."""
    tags = range(0x00110100, 0x00110100 + number)
    data = b"".join(struct.pack("<HH2sH", t >> 16, t & 0xFFFF, b"LO", 0) for t in tags)
    return COMMAND + b"".join(
        pdu(4, pdv(CONTEXT, 2 if at + 16_000 >= len(data) else 0, data[at : at + 16_000]))
        for at in range(0, len(data), 16_000)
    )


def storing(data: bytes) -> Client:
    """Begin to store an object, and go on for ever with the same data."""
    sop_class = "1.2.840.10008.5.1.4.1.1.2"
    asked = associate_request(
        Modality("practice", DicomAddress("ORTHANC", "127.0.0.1", 1)), (Proposal(sop_class),)
    )
    number = asked.contexts[0].id
    command = store_request(1, sop_class, "1.2.3")

    def client(connection: socket.socket) -> None:
        connection.sendall(write_request(asked))
        connection.recv(65_536)
        connection.sendall(pdu(4, pdv(number, 3, command)))
        while True:
            connection.sendall(pdu(4, pdv(number, 0, data)))

    return client


@contextmanager
def archive(capacity: Capacity | None = None) -> Iterator[tuple[PracticeServer, list[str]]]:
    """A practice archive, and the errors that its threads end with."""
    errors: list[str] = []
    before = threading.excepthook

    def note(problem: Any) -> None:
        errors.append(f"{problem.exc_type.__name__}: {problem.exc_value}")

    threading.excepthook = note
    try:
        with start(PracticeAddress("ORTHANC"), capacity=capacity) as server:
            yield server, errors
    finally:
        threading.excepthook = before


def attack(server: PracticeServer, client: Client) -> None:
    """One hostile client; that the archive ends the conversation is no fault."""
    address = "127.0.0.1", server.port
    with suppress(ConnectionError), socket.create_connection(address, _PATIENCE) as connection:
        client(connection)


def still_answers(server: PracticeServer) -> bool:
    """Whether a well-meaning client gets its studies."""
    return len(find(server.port, "STUDY", PatientID="0555643F", StudyInstanceUID="").rows) == 2


def left_over(server: PracticeServer) -> int:
    """Threads that have not ended soon after their clients: half as long as a slow one gets."""
    associations = server._server.active_associations
    for association in associations:
        begun: threading.Event = association._started  # type: ignore[attr-defined]
        begun.wait(_NEGOTIATION / 2)  # one is listed before its thread runs
        association.join(_NEGOTIATION / 2)
    return sum(association.is_alive() for association in associations)

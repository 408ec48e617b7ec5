"""A C-FIND server that answers any query with the same rows, encoded beforehand.

    python -m tests.benchmarks.canned PORT ROWS

It negotiates for real with pynetdicom's PDU classes, then plays bytes, so that what is measured is
the client. Only Explicit VR Little Endian is accepted, so that every client reads the same bytes.
"""

from __future__ import annotations

import socketserver
import struct
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache

from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import build_context, negotiate_as_acceptor

from dicomsh.model.levels import VERIFICATION, Model
from tests.processes import HOST

_ASSOCIATE_RQ, _P_DATA, _RELEASE_RQ = 0x01, 0x04, 0x05
_RELEASE_RP = bytes.fromhex("06 00 00000004 00000000")
_C_FIND_RQ, _C_ECHO_RQ, _RESPONSE = 0x0020, 0x0030, 0x8000
_PENDING, _SUCCESS = 0xFF00, 0x0000
_NO_DATA_SET = 0x0101
_LAST, _COMMAND = 2, 1

_NAMES = (
    "Müller^Jürgen",
    "Διονυσίου^Ελένη",
    "Чайка^Нина",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "Smith^Jane^M",
)


def identifier(number: int) -> bytes:
    """The study answer of that number, in Explicit VR Little Endian and ISO_IR 192."""
    year, month, day = 1990 + number % 35, number % 12 + 1, number % 28 + 1
    elements = (
        (0x0008, 0x0005, "CS", "ISO_IR 192"),
        (0x0008, 0x0020, "DA", f"{year:04}{month:02}{day:02}"),
        (0x0008, 0x0030, "TM", f"{number % 24:02}{number % 60:02}{number % 59:02}"),
        (0x0008, 0x0050, "SH", f"A{number:07}"),
        (0x0008, 0x0052, "CS", "STUDY"),
        (0x0008, 0x0061, "CS", ("CT", "MR\\SR", "CR")[number % 3]),
        (0x0008, 0x1030, "LO", f"CT Thorax über Kontrast {number % 1000}"),
        (0x0010, 0x0010, "PN", _NAMES[number % len(_NAMES)]),
        (0x0010, 0x0020, "LO", f"PID{number:07}"),
        (0x0020, 0x000D, "UI", f"1.2.826.0.1.3680043.10.1338.{number + 1}.{number * 7919 + 1}"),
        (0x0020, 0x1206, "IS", str(number % 9 + 1)),
        (0x0020, 0x1208, "IS", str(number % 900 + 1)),
    )
    return b"".join(_element(*element) for element in elements)


def _element(group: int, element: int, vr: str, text: str) -> bytes:
    value = text.encode()
    value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", group, element, vr.encode(), len(value)) + value


def stream(rows: int, sop_class: str, context_id: int, message_id: int) -> bytes:
    """Every response to one query as it goes over the wire, each with PDUs of its own."""
    pending = _command_pdu(sop_class, context_id, message_id, _PENDING)
    final = _command_pdu(sop_class, context_id, message_id, _SUCCESS)
    answers = (pending + _pdata(context_id, _LAST, identifier(row)) for row in range(rows))
    return b"".join((*answers, final))


def _command_pdu(
    sop_class: str, context_id: int, message_id: int, status: int, request: int = _C_FIND_RQ
) -> bytes:
    uid = sop_class.encode() + b"\0" * (len(sop_class) % 2)
    data_set = 0x0102 if status == _PENDING else _NO_DATA_SET
    elements = struct.pack("<HHI", 0, 0x0002, len(uid)) + uid
    numbers = {0x0100: request | _RESPONSE, 0x0120: message_id, 0x0800: data_set, 0x0900: status}
    for element, number in numbers.items():
        elements += struct.pack("<HHIH", 0, element, 2, number)
    length = struct.pack("<HHII", 0, 0, 4, len(elements))
    return _pdata(context_id, _COMMAND | _LAST, length + elements)


def _pdata(context_id: int, control: int, payload: bytes) -> bytes:
    length = len(payload) + 2
    return struct.pack(">BBIIBB", _P_DATA, 0, length + 4, length, context_id, control) + payload


def accept(request: bytes) -> tuple[bytes, dict[int, str]]:
    """The A-ASSOCIATE-AC to an A-ASSOCIATE-RQ, and context ID → SOP class of what is accepted."""
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(request)
    primitive = pdu.to_primitive()
    classes = (*(model.value for model in Model), VERIFICATION)
    supported = [build_context(uid, ExplicitVRLittleEndian) for uid in classes]
    contexts, _ = negotiate_as_acceptor(primitive.presentation_context_definition_list, supported)
    reply = A_ASSOCIATE()
    reply.application_context_name = primitive.application_context_name
    reply.calling_ae_title = primitive.calling_ae_title
    reply.called_ae_title = primitive.called_ae_title
    reply.result, reply.result_source = 0, 1
    reply.presentation_context_definition_results_list = contexts
    reply.user_information = primitive.user_information
    answer = A_ASSOCIATE_AC()
    answer.from_primitive(reply)
    accepted = {context.context_id or 0: str(context.abstract_syntax) for context in contexts}
    return answer.encode(), accepted


class _Association(socketserver.StreamRequestHandler):
    """One association; whatever is not understood ends it."""

    server: CannedServer

    def handle(self) -> None:
        contexts: dict[int, str] = {}
        for kind, pdu in self._pdus():
            if kind == _ASSOCIATE_RQ:
                answer, contexts = accept(pdu)
                self.wfile.write(answer)
            elif kind == _P_DATA:
                self._answer(pdu[6:], contexts)
            elif kind == _RELEASE_RQ:
                self.wfile.write(_RELEASE_RP)
            else:
                return

    def _pdus(self) -> Iterator[tuple[int, bytes]]:
        while len(head := self.rfile.read(6)) == 6:
            kind, _, length = struct.unpack(">BBI", head)
            yield kind, head + self.rfile.read(length)

    def _answer(self, pdvs: bytes, contexts: Mapping[int, str]) -> None:
        """Answers each command at once; the identifier that follows changes nothing."""
        while pdvs:
            length, context_id, control = struct.unpack(">IBB", pdvs[:6])
            if control & _COMMAND:
                self._execute(pdvs[6 : length + 4], context_id, contexts[context_id])
            pdvs = pdvs[length + 4 :]

    def _execute(self, command: bytes, context_id: int, sop_class: str) -> None:
        numbers = dict(_numbers(command))
        message_id, request = numbers[0x0110], numbers[0x0100]
        if request == _C_FIND_RQ:
            for part in self.server.parts(sop_class, context_id, message_id):
                self.wfile.write(part)
        elif request == _C_ECHO_RQ:
            self.wfile.write(_command_pdu(sop_class, context_id, message_id, _SUCCESS, _C_ECHO_RQ))


def _numbers(command: bytes) -> Iterator[tuple[int, int]]:
    """Element → value of the two-byte elements of a command set (PS3.7 6.3.1)."""
    offset = 0
    while offset < len(command):
        _, element, length = struct.unpack_from("<HHI", command, offset)
        if length == 2:
            yield element, struct.unpack_from("<H", command, offset + 8)[0]
        offset += 8 + length


class CannedServer(socketserver.ThreadingTCPServer):
    """The server; streams are kept, so that only the first query of a kind waits for encoding."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, rows: int) -> None:
        super().__init__((HOST, port), _Association)
        self.stream = lru_cache(maxsize=8)(
            lambda sop_class, context_id, message_id: stream(
                rows, sop_class, context_id, message_id
            )
        )

    def parts(self, sop_class: str, context_id: int, message_id: int) -> Iterator[bytes]:
        """The responses to one query, in as many writes as there are parts."""
        yield self.stream(sop_class, context_id, message_id)


if __name__ == "__main__":
    with CannedServer(int(sys.argv[1]), int(sys.argv[2])) as running:
        running.serve_forever()

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from typing import Any, NoReturn

import pytest
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import evt

from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.practice.archive import HELD, PracticeArchive, StoredEntity, vr_of
from dicomsh.practice.server import PracticeServer, start
from tests.practice.conftest import Start
from tests.practice.scu import PATIENT, STUDY, Answer, ask, associated, find, findscu, identifier

WAIT = 20.0
_RESET = struct.pack("ii" if sys.platform != "win32" else "hh", 1, 0)


@pytest.mark.parametrize("status", [0xFE00, 0xA700, 0xB001])
def test_cut_off(faulty: Start, status: int) -> None:
    port = faulty(Faults(cut_off=3, cut_off_status=status)).port
    with associated(port) as association:
        for _ in range(2):
            answer = ask(association, identifier("STUDY", StudyInstanceUID=""))
            assert answer.statuses == [0xFF00] * 3 + [status]
            assert answer.comment == ("" if status == 0xFE00 else "More than 3 matches")
        short = ask(association, identifier("STUDY", PatientID="0555643F"))
        assert short.statuses == [0xFF00, 0xFF00, 0x0000]
        assert association.send_c_echo().Status == 0x0000


def test_as_many_as_the_limit_is_complete(faulty: Start) -> None:
    port = faulty(Faults(cut_off=2)).port
    assert find(port, "STUDY", PatientID="0555643F").final == 0x0000


def test_cut_off_at_once(faulty: Start) -> None:
    port = faulty(Faults(cut_off=0, cut_off_status=0xA700)).port
    assert find(port, "STUDY", PatientID="").statuses == [0xA700]


def test_cut_off_with_findscu(faulty: Start) -> None:
    port = faulty(Faults(cut_off=3, cut_off_status=0xA700)).port
    printed = findscu(port, "QueryRetrieveLevel=STUDY", "PatientID")
    assert len(printed.rows) == 3
    assert "OutOfResources" in printed.final


def test_failing_levels(faulty: Start) -> None:
    port = faulty(Faults(fail={Level.SERIES: 0xC000, Level.INSTANCE: 0xA701})).port
    assert find(port, "STUDY", PatientID="0555643F").final == 0x0000
    series = find(port, "SERIES", PatientID="0555643F")
    assert series.statuses == [0xC000]
    assert series.comment == "Practice fault: no answers at SERIES level"
    assert find(port, "IMAGE", PatientID="0555643F").statuses == [0xA701]


def test_patient_root_refused(faulty: Start) -> None:
    port = faulty(Faults(refuse_patient_root=True)).port
    with associated(port) as association:
        accepted = {context.abstract_syntax for context in association.accepted_contexts}
        assert PATIENT.value not in accepted
        assert STUDY.value in accepted
    printed = findscu(port, "QueryRetrieveLevel=PATIENT", "PatientID", root="-P")
    assert "No Acceptable Presentation Contexts" in printed.text


def test_no_counts(faulty: Start) -> None:
    port = faulty(Faults(no_counts=True)).port
    counted = "NumberOfStudyRelatedSeries"
    wanted = identifier("STUDY", PatientID="0555643F", ModalitiesInStudy="", **{counted: ""})
    with associated(port) as association:
        answer = ask(association, wanted)
    assert answer.column(counted) == ["(absent)"] * 2
    assert answer.column("ModalitiesInStudy") == ["CT", "['MR', 'SR']"]
    assert answer.final == 0x0000


def test_no_charset(faulty: Start) -> None:
    port = faulty(Faults(no_charset=True)).port
    printed = findscu(port, "QueryRetrieveLevel=PATIENT", "PatientName", "PatientID", root="-P")
    assert len(printed.rows) == 40
    assert not any("0008,0005" in row for row in printed.rows)
    assert "Yamada^Tarou=山田^太郎=やまだ^たろう" in [row["0010,0010"] for row in printed.rows]


@pytest.mark.parametrize("after", [0, 2, 120])
@pytest.mark.parametrize("fault", ["abort_after", "close_after"])
def test_broken_off_after_rows(faulty: Start, fault: str, after: int) -> None:
    port = faulty(Faults(**{fault: after})).port  # type: ignore[arg-type]
    answer, closed, aborted = _until_lost(port)
    assert len(answer.rows) == after
    assert closed.wait(WAIT)
    assert aborted.is_set() is (fault == "abort_after")


@pytest.mark.parametrize("fault", ["abort_after", "close_after"])
def test_not_broken_off_when_there_are_fewer_rows(faulty: Start, fault: str) -> None:
    port = faulty(Faults(**{fault: 5})).port  # type: ignore[arg-type]
    assert find(port, "STUDY", PatientID="0555643F").statuses == [0xFF00, 0xFF00, 0x0000]


def test_stalled_after_rows_until_it_is_cancelled(faulty: Start) -> None:
    port = faulty(Faults(stall_after=2)).port
    with associated(port) as association:
        answer = _cancelled(association, 2)
        assert answer.statuses == [0xFF00, 0xFF00, 0xFE00]
        again = ask(association, identifier("STUDY", PatientID="0555643F"))
        assert again.statuses == [0xFF00, 0xFF00, 0x0000]


def test_stalled_it_may_ignore_that_it_is_cancelled(faulty: Start) -> None:
    """The thread that answers ends with the association."""
    port = faulty(Faults(stall_after=2, ignore_cancel=True)).port
    with associated(port) as association:
        association.dimse_timeout = 0.5
        answer = _cancelled(association, 2)
    assert answer.statuses == [0xFF00, 0xFF00, -1]


def test_abort_on_find(faulty: Start) -> None:
    port = faulty(Faults(abort_on_find=True)).port
    with associated(port) as association:
        assert association.send_c_echo().Status == 0x0000
    answer, closed, aborted = _until_lost(port)
    assert answer.rows == []
    assert closed.wait(WAIT)
    assert aborted.is_set()
    printed = findscu(port, "QueryRetrieveLevel=STUDY", "PatientID")
    assert "Peer aborted Association" in printed.text


def _until_lost(port: int) -> tuple[Answer, threading.Event, threading.Event]:
    """All studies until the association is lost: what came, whether it closed, by A-ABORT."""
    closed, aborted = threading.Event(), threading.Event()

    def received(event: Any) -> None:
        if event.pdu.pdu_type == 0x07:
            aborted.set()

    with associated(port) as association:
        association.bind(evt.EVT_PDU_RECV, received)
        association.bind(evt.EVT_CONN_CLOSE, lambda _: closed.set())
        answer = ask(association, identifier("STUDY", StudyInstanceUID=""))
    return answer, closed, aborted


def _cancelled(association: Any, after: int) -> Answer:
    """All studies, with a C-CANCEL sent after some rows."""
    answer = Answer()
    wanted = identifier("STUDY", StudyInstanceUID="")
    for status, row in association.send_c_find(wanted, STUDY.value, msg_id=7):
        answer.statuses.append(status.get("Status", -1))
        if row is not None:
            answer.rows.append(row)
        if row is not None and len(answer.rows) == after:
            association.send_c_cancel(7, query_model=STUDY.value)
    return answer


def test_cancel_ends_a_slow_answer(faulty: Start) -> None:
    port = faulty(Faults(row_delay=0.05)).port
    with associated(port) as association:
        answer = _cancelled(association, 2)
        assert answer.final == 0xFE00
        assert len(answer.rows) < 20
        again = ask(association, identifier("STUDY", PatientID="0555643F"))
        assert again.statuses == [0xFF00, 0xFF00, 0x0000]


def test_cancel_interrupts_the_wait(faulty: Start) -> None:
    port = faulty(Faults(row_delay=3600)).port
    ended = threading.Event()

    def cancel(association: Any) -> None:
        while not ended.wait(0.05):  # one that comes before the query is not for it
            association.send_c_cancel(9, query_model=STUDY.value)

    with associated(port) as association:
        canceller = threading.Thread(target=cancel, args=(association,))
        canceller.start()
        statuses = [
            status.get("Status", -1)
            for status, _ in association.send_c_find(identifier("STUDY"), STUDY.value, msg_id=9)
        ]
        ended.set()
        canceller.join(WAIT)
    assert statuses == [0xFE00]


def test_cancel_ignored(faulty: Start) -> None:
    port = faulty(Faults(row_delay=0.005, ignore_cancel=True)).port
    with associated(port) as association:
        answer = _cancelled(association, 2)
    assert len(answer.rows) == 120
    assert answer.final == 0x0000


def test_rows_arrive_one_by_one_when_slow(faulty: Start) -> None:
    port = faulty(Faults(row_delay=3600)).port
    with associated(port) as association:
        association.dimse_timeout = 0.5
        assert ask(association, identifier("STUDY")).rows == []
        association.abort()


def test_stop_ends_a_slow_answer(faulty: Start) -> None:
    server = faulty(Faults(row_delay=3600))
    with associated(server.port) as association:
        timer = threading.Timer(0.2, server.stop)
        timer.start()
        answer = ask(association, identifier("STUDY"))
        timer.join()
        assert answer.rows == []
        assert answer.final == -1


def test_stop_ends_an_answer_that_nobody_reads(faulty: Start) -> None:
    server = faulty(Faults())
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(_request())
        assert _pdu_type(connection) == 0x02
        connection.sendall(_find())
        _wait_until_blocked()
        server.stop()


def _wait_until_blocked() -> None:
    """Return once an answering thread has been inside `Outlet.flush` for a while."""
    deadline = time.monotonic() + WAIT
    seen = 0
    while seen < 10:
        assert time.monotonic() < deadline
        top = [frame.f_code.co_name for frame in sys._current_frames().values()]
        seen = seen + 1 if "flush" in top else 0
        threading.Event().wait(0.02)


def test_a_peer_that_vanishes_while_rows_are_sent(faulty: Start) -> None:
    server = faulty(Faults())
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) as connection:
            connection.sendall(_request())
            assert _pdu_type(connection) == 0x02
            connection.sendall(_find())
            assert [_pdu_type(connection) for _ in range(20)] == [0x04] * 20
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    assert find(server.port, "STUDY", PatientID="0555643F").final == 0x0000


def _pdu_type(connection: socket.socket) -> int:
    """Read one PDU; its type."""
    with connection.makefile("rb", buffering=0) as stream:
        head = stream.read(6)
        left = int.from_bytes(head[2:])
        while left:
            left -= len(stream.read(left))
    return int(head[0])


def test_an_error_of_our_own_is_answered() -> None:
    class Broken:
        def __iter__(self) -> NoReturn:
            raise KeyError("no such patient")

    patient = StoredEntity({by_keyword("PatientID").tag: "1"}, Broken())
    archive = PracticeArchive((patient,))
    with (
        start(PracticeAddress(), archive=archive) as server,
        associated(server.port) as association,
    ):
        answer = ask(association, identifier("STUDY"))
        assert answer.statuses == [0xC000]
        assert answer.comment == "Internal error of the practice archive"
        assert ask(association, identifier("PATIENT"), PATIENT).statuses == [0xFF00, 0x0000]


def _request() -> bytes:
    """An A-ASSOCIATE-RQ for Study Root, presentation context 1."""
    from pynetdicom import AE, build_context
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        MaximumLengthNotification,
    )

    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16382
    implementation.implementation_class_uid = AE().implementation_class_uid
    context = build_context(STUDY.value, ImplicitVRLittleEndian)
    context.context_id = 1
    request = A_ASSOCIATE()
    request.application_context_name = "1.2.840.10008.3.1.1.1"
    request.calling_ae_title = "TESTER"
    request.called_ae_title = "FAULTY"
    request.user_information = [length, implementation]
    request.presentation_context_definition_list = [context]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(request)
    encoded: bytes = pdu.encode()
    return encoded


def _find() -> bytes:
    """C-FIND for all instances, in implicit VR little endian."""
    from io import BytesIO

    from pynetdicom.dimse_messages import C_FIND_RQ
    from pynetdicom.dimse_primitives import C_FIND
    from pynetdicom.dsutils import encode
    from pynetdicom.pdu import P_DATA_TF

    wanted = Dataset()
    wanted.QueryRetrieveLevel = "IMAGE"
    for level in HIERARCHY:
        for tag in HELD[level] - {by_keyword("Rows").tag, by_keyword("Columns").tag}:
            wanted.add_new(tag, vr_of(tag), None)
    request = C_FIND()
    request.MessageID = 1
    request.AffectedSOPClassUID = STUDY.value
    request.Priority = 2
    request.Identifier = BytesIO(encode(wanted, True, True) or b"")
    message = C_FIND_RQ()
    message.primitive_to_message(request)
    data = b""
    for primitive in message.encode_msg(1, 16382):
        pdu = P_DATA_TF()
        pdu.from_primitive(primitive)
        data += pdu.encode()
    return data


def test_a_peer_that_aborts_in_the_middle(faulty: Start) -> None:
    server = faulty(Faults(row_delay=0.01))
    with associated(server.port) as association:
        rows = association.send_c_find(identifier("STUDY"), STUDY.value)
        next(rows)
        association.abort()
    assert find(server.port, "STUDY", PatientID="0555643F").final in (0x0000,)


def test_stop_twice_and_a_free_port_each() -> None:
    with start(PracticeAddress()) as one, start(PracticeAddress()) as two:
        assert one.port != two.port
        one.stop()
        one.stop()
        with pytest.raises(OSError, match=r".+"):
            socket.create_connection(("127.0.0.1", one.port), timeout=WAIT)
        assert find(two.port, "STUDY", PatientID="0555643F").final == 0x0000


def test_a_port_in_use(faulty: Start) -> None:
    server: PracticeServer = faulty(Faults())
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match=r".+"):
        start(PracticeAddress("PRACTICE"), port=taken.getsockname()[1])
    assert server.port

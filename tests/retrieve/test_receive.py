"""receive: objects of real senders become files, and nobody is told more than is true."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
import tracemalloc
import zlib
from collections.abc import Iterable
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association

from dicomsh.archives.open_archives import OpenArchives
from dicomsh.config import KnownPeers
from dicomsh.dimse.acceptor import Caller
from dicomsh.dimse.command import STORE_REQUEST, CommandSet, write_command
from dicomsh.dimse.pdu import write_message
from dicomsh.model.commitment import CommitmentReport
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.storage import Announced
from dicomsh.model.tap import Tap
from dicomsh.retrieve.layout import DEFAULT, read_layout
from dicomsh.retrieve.part10 import file_header
from dicomsh.retrieve.receive import Admission, Receive, ReceiveOptions
from dicomsh.retrieve.values import values_of
from tests.dimse import peers
from tests.dimse.peers import Reports, encoded, scp
from tests.harness import run
from tests.processes import HOST, free_ports
from tests.retrieve.giving import image, ledger
from tests.retrieve.receiving import LIMIT, receiving, storescu
from tests.retrieve.storing import data_set, file_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")

COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "sent"
    folder.mkdir()
    return [file_of(folder, number) for number in (1, 2, 3)]


def test_objects_of_storescu_are_files_named_by_their_values(
    files: list[Path], tmp_path: Path
) -> None:
    with receiving(tmp_path / "in") as receiver:
        assert storescu(receiver.port, *files).returncode == 0
        assert receiver.interrupted() == 130
    for number, path in enumerate(files, 1):
        got = tmp_path / f"in/P1/20240101_1.2.1/1_CT/1.2.1.1.{number}.dcm"
        assert data_set(got) == data_set(path)
        assert dcmread(got).file_meta.SourceApplicationEntityTitle == "SENDER"
    assert [one["state"] for one in receiver.records] == ["arrived"] * 3
    assert receiver.records[0]["source"] == "SENDER"
    assert receiver.last.startswith("3 instances, ")
    assert len(ledger(tmp_path / "in")) == 3
    assert not list((tmp_path / "in").rglob("*.part"))


def test_a_count_ends_it(files: list[Path], tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--from SENDER --count 3") as receiver:
        assert storescu(receiver.port, *files).returncode == 0
        assert receiver.ended() == 0
    assert ", complete" in receiver.last


def test_unknown_callers_are_refused_and_named(files: list[Path], tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--from CT1,SENDER") as receiver:
        refused = storescu(receiver.port, *files, calling="EVIL")
        assert "Calling AE Title Not Recognized" in refused.stderr + refused.stdout
        assert storescu(receiver.port, *files, called="OTHER").returncode != 0
        assert storescu(receiver.port, files[0]).returncode == 0
        receiver.interrupted()
    first, second, third = receiver.records
    assert (first["state"], first["reason"]) == ("refused", "unknown caller EVIL from 127.0.0.1")
    assert (second["state"], third["state"]) == ("refused", "arrived")
    assert "EVIL from 127.0.0.1" in receiver.err


def test_it_says_at_once_that_it_listens(tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--from CT1,SENDER") as receiver:
        assert receiver.process.stderr is not None
        limit = Timer(LIMIT, receiver.process.kill)
        limit.start()
        first = receiver.process.stderr.readline()
        limit.cancel()
        assert f"listening on port {receiver.port} as DICOMSH, for " in first
        assert "SENDER · into " in first
        receiver.interrupted()
    assert not (tmp_path / "in/arriving").exists()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It is told as by `dicomsh practice` and `dicomsh gateway`, with the same status."""
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(f"receive --port {port} --to '{tmp_path / 'inbox'}'")
    assert done.status == 3
    assert f"cannot listen on port {port}: {os.strerror(errno.EADDRINUSE)}\n" in done.err
    assert "choose another port with --port" in done.err


def test_callers_of_another_title_and_for_another_service_are_told(tmp_path: Path) -> None:
    find = "1.2.840.10008.5.1.4.1.2.2.1"
    with receiving(tmp_path / "in", "--from any") as receiver:
        for _ in range(2):  # each is told once
            for title, proposed in (("OTHER", CTImageStorage), ("DICOMSH", find)):
                entity = AE("SENDER")
                entity.add_requested_context(proposed)
                entity.associate(HOST, receiver.port, ae_title=title).release()
        receiver.interrupted()
    assert [one["reason"] for one in receiver.records] == [
        "SENDER from 127.0.0.1 called 'OTHER'; this is DICOMSH",
        "SENDER from 127.0.0.1 proposed what is not offered here: "
        "Study Root Query/Retrieve Information Model - FIND",
    ]


def test_a_report_that_is_not_delivered_is_sent_again(tmp_path: Path) -> None:
    reports = Reports()

    def configure(entity: AE) -> None:
        entity.add_supported_context(COMMITMENT, scu_role=False, scp_role=True)

    (port,) = free_ports(1)
    address = DicomAddress("ARCHIVE", HOST, port)
    admission = Admission(("DICOMSH",), None, {"ARCHIVE": Modality("sender", address)})
    options = ReceiveOptions(0, tmp_path / "in", read_layout(DEFAULT), 0, (0.05,) * 1000)
    job = Receive(admission, options, OpenArchives(Tap(), KnownPeers(None)))

    async def work() -> str:
        async for _ in job.records():
            pass
        caller = Caller("ARCHIVE", "DICOMSH", HOST)
        sending = asyncio.create_task(job.deliver(caller, CommitmentReport("1.2.3", (), ())))
        while not (said := [one for one in job.remarks() if "ARCHIVE" in one]):  # noqa: ASYNC110
            await asyncio.sleep(0)
        with scp(
            abstract_syntaxes=(),
            handlers=[reports.handler],
            configure=configure,
            port=port,
        ):
            await sending
            assert reports.next()[1].TransactionUID == "1.2.3"
        return said[0]

    said = peers.run(work())
    assert "the storage commitment report to ARCHIVE was not delivered" in said
    assert said.endswith("it is sent again in 0.05 s")


def test_the_same_again_is_stored_and_other_bytes_are_not(
    files: list[Path], tmp_path: Path
) -> None:
    other = file_of(files[0].parent, 1, "Roe^Jane")
    with receiving(tmp_path / "in") as receiver:
        assert storescu(receiver.port, files[0]).returncode == 0
        assert storescu(receiver.port, files[0]).returncode == 0
        assert "0x0111" in storescu(receiver.port, other, more=["-d"]).stderr
        receiver.interrupted()
    assert [one["state"] for one in receiver.records] == ["arrived", "duplicate", "duplicate"]
    (path,) = (tmp_path / "in").rglob("*.dcm")
    assert data_set(path) == data_set(files[0])
    assert "1 were sent again and are the same" in receiver.err


def test_objects_come_on_several_associations_at_once(tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--from any --count 20") as receiver:
        entity = AE("SENDER")
        entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        open_ = [entity.associate(HOST, receiver.port, ae_title="DICOMSH") for _ in range(4)]
        for number in range(20):
            assert open_[number % 4].send_c_store(image(number)).Status == 0
        for one in open_:
            one.release()
        assert receiver.ended() == 0
    assert len(list((tmp_path / "in").rglob("*.dcm"))) == 20


def test_a_name_that_would_leave_the_folder_does_not(tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--from any --count 1") as receiver:
        entity = AE("SENDER")
        entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        association = entity.associate(HOST, receiver.port, ae_title="DICOMSH")
        evil = image(1, PatientID="../../x", StudyDate="")
        assert association.send_c_store(evil).Status == 0
        association.release()
        receiver.ended()
    (path,) = tmp_path.rglob("*.dcm")
    assert path.is_relative_to(tmp_path / "in")


@pytest.mark.parametrize("stays", [True, False])
def test_storage_commitment_on_the_same_association_or_a_new_one(
    files: list[Path], tmp_path: Path, stays: bool
) -> None:
    reports = Reports()

    def configure(entity: AE) -> None:
        entity.add_supported_context(COMMITMENT, scu_role=False, scp_role=True)

    handlers = [reports.handler]
    with scp(abstract_syntaxes=(), handlers=handlers, configure=configure) as archive:
        where = archive.entity
        configuration = tmp_path / "modalities.yaml"
        configuration.write_text(
            f"modalities:\n  sender: {{aet: {where.aet}, host: {where.host}, port: {where.port}}}\n"
        )
        with receiving(tmp_path / "in", "", options=("-f", str(configuration))) as receiver:
            assert storescu(receiver.port, files[0], calling=where.aet).returncode == 0
            entity = AE(where.aet)
            entity.add_requested_context(COMMITMENT)
            association = entity.associate(
                HOST, receiver.port, ae_title="DICOMSH", evt_handlers=handlers if stays else []
            )
            request = _request([image(1), image(9)])
            status, _ = association.send_n_action(request, 1, COMMITMENT, COMMITMENT_INSTANCE)
            assert status.Status == 0
            if not stays:
                association.release()
            kind, said = reports.next()
            if stays:
                association.release()
            receiver.interrupted()
    assert kind == 2
    assert said.TransactionUID == "1.2.3"
    assert [one.ReferencedSOPInstanceUID for one in said.ReferencedSOPSequence] == ["1.2.1.1.1"]
    (failed,) = said.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2.1.1.9", 0x0112)


def _request(objects: Iterable[Dataset]) -> Dataset:
    made = Dataset()
    made.TransactionUID = "1.2.3"
    made.ReferencedSOPSequence = []
    for one in objects:
        item = Dataset()
        item.ReferencedSOPClassUID = one.SOPClassUID
        item.ReferencedSOPInstanceUID = one.SOPInstanceUID
        made.ReferencedSOPSequence.append(item)
    return made


def test_an_object_that_breaks_off_leaves_nothing_and_can_be_sent_again(tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--from any --count 1") as receiver:
        entity = AE("SENDER")
        entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        association = entity.associate(HOST, receiver.port, ae_title="DICOMSH")
        raw: Any = association.dul.socket.socket  # type: ignore[union-attr]
        whole = sent_by(association, image(1, size=100_000))
        raw.sendall(whole[: len(whole) // 2])
        raw.close()
        again = entity.associate(HOST, receiver.port, ae_title="DICOMSH")
        assert again.send_c_store(image(1, size=100_000)).Status == 0
        again.release()
        assert receiver.ended() == 5
    assert [one["state"] for one in receiver.records] == ["failed", "arrived"]
    assert receiver.records[0]["reason"] == "the connection was lost"
    assert not list((tmp_path / "in").rglob("*.part"))


def test_a_data_set_that_goes_on_like_file_meta_information_is_kept_as_it_is(
    tmp_path: Path,
) -> None:
    odd = bytes.fromhex("0200ffff4c4f0400") + b"abcd" + encoded(image(1), explicit=True)
    with receiving(tmp_path / "in", "--from any") as receiver:
        for _ in range(2):
            entity = AE("SENDER")
            entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
            association = entity.associate(HOST, receiver.port, ae_title="DICOMSH")
            raw: Any = association.dul.socket.socket  # type: ignore[union-attr]
            answered = Event()
            association.bind(evt.EVT_DATA_RECV, lambda _, answered=answered: answered.set())
            raw.sendall(sent_by(association, image(1), odd))
            assert answered.wait(LIMIT)
            association.abort()
        receiver.interrupted()
    assert receiver.records[0]["state"] == "arrived"
    (path,) = (tmp_path / "in").rglob("*.dcm")
    assert path.read_bytes().endswith(odd)
    assert "Traceback" not in receiver.err


def sent_by(association: Association, made: Dataset, data: bytes = b"") -> bytes:
    """The bytes of a C-STORE request."""
    (context,) = association.accepted_contexts
    assert context.context_id is not None
    command = CommandSet(
        STORE_REQUEST, 1, True, sop_class=made.SOPClassUID, sop_instance=made.SOPInstanceUID
    )
    data = data or encoded(made, explicit=True)
    return write_message(context.context_id, write_command(command), data, 16_384)


def test_values_are_read_from_deflated_data_that_never_ends(tmp_path: Path) -> None:
    announced = Announced(CTImageStorage, "1.2.3", DeflatedExplicitVRLittleEndian)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    made = image(1)
    del made.PixelData
    made.add_new(0x00091001, "OB", bytes(50 << 20))
    data = packer.compress(encoded(made, explicit=True)) + packer.flush()
    path = tmp_path / "bomb.dcm"
    path.write_bytes(file_header(announced, "TEST") + data)
    tracemalloc.start()
    found = values_of(path, ("StudyDate", "PatientID", "Modality"))
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()
    assert found == {"StudyDate": "20240101", "Modality": "CT"}


def test_values_are_decoded_in_the_character_set_of_the_object(tmp_path: Path) -> None:
    announced = Announced(CTImageStorage, "1.2.3", ExplicitVRLittleEndian)
    made = image(1, SpecificCharacterSet="ISO_IR 100", PatientID="Grün")
    path = tmp_path / "one.dcm"
    path.write_bytes(file_header(announced, "TEST") + encoded(made, explicit=True))
    assert values_of(path, ("PatientID", "StudyID")) == {"PatientID": "Grün"}

"""C-STORE and storage commitment of the practice archive, asked by others, and their faults."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE

from dicomsh.model.commitment import PUSH_MODEL, PUSH_MODEL_INSTANCE
from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.practice.holdings import Capacity
from dicomsh.practice.people import PEOPLE
from dicomsh.practice.server import PracticeServer, start
from tests.dimse.peers import Reports, encoded, scp
from tests.harness import run
from tests.practice.conftest import Start
from tests.practice.retrieving import fetched
from tests.practice.scu import PATIENT, find, keep_answers
from tests.processes import find_program, free_ports
from tests.retrieve.giving import image
from tests.retrieve.storing import data_set, file_of

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
BRAIN = "1.2.840.113704.1.111.2768.1239195678.91"


@pytest.fixture
def archive(faulty: Start) -> PracticeServer:
    return faulty(Faults())


@contextmanager
def storing(port: int, **handlers: Any) -> Iterator[Any]:
    """An association for images and storage commitment, released at the end."""
    entity = AE("TESTER")
    entity.acse_timeout = entity.dimse_timeout = entity.connection_timeout = 20
    for sop_class in (CTImageStorage, MRImageStorage, PUSH_MODEL):
        entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port, evt_handlers=list(handlers.values()))
    assert association.is_established
    keep_answers(association)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def stored(port: int, *objects: Dataset) -> list[tuple[int, str]]:
    """The status and Error Comment of each C-STORE."""
    with storing(port) as association:
        answers = [association.send_c_store(with_meta(one)) for one in objects]
    return [(answer.get("Status", -1), answer.get("ErrorComment", "")) for answer in answers]


def with_meta(one: Dataset) -> Dataset:
    one.file_meta = pydicom.dataset.FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return one


def images(count: int, **more: str) -> list[Dataset]:
    made = [image(number) for number in range(1, count + 1)]
    for one in made:
        for keyword, value in more.items():
            setattr(one, keyword, value)
    return made


def commitment(port: int, objects: list[Dataset]) -> tuple[int, Dataset]:
    """The event type and the information of the report on the same association."""
    reports = Reports()
    with storing(port, report=reports.handler) as association:
        assert _asked(association, objects) == 0x0000
        return reports.next()


def unreported(port: int, objects: list[Dataset]) -> int:
    """The status of a request for commitment."""
    with storing(port) as association:
        return _asked(association, objects)


def _asked(association: Any, objects: list[Dataset]) -> int:
    wanted = Dataset()
    wanted.TransactionUID = "2.25.7"
    wanted.ReferencedSOPSequence = []
    for one in objects:
        reference = Dataset()
        reference.ReferencedSOPClassUID = one.SOPClassUID
        reference.ReferencedSOPInstanceUID = one.SOPInstanceUID
        wanted.ReferencedSOPSequence.append(reference)
    answer, _ = association.send_n_action(wanted, 1, PUSH_MODEL, PUSH_MODEL_INSTANCE)
    return int(answer.get("Status", -1))


def test_storescu_stores_what_is_found_and_comes_back_as_it_was(
    archive: PracticeServer, tmp_path: Path
) -> None:
    path = file_of(tmp_path / "files", 7)
    command = [find_program("storescu"), "127.0.0.1", str(archive.port), str(path)]
    subprocess.run(command, check=True, timeout=60)
    rows = find(archive.port, "STUDY", PatientID="P1", PatientName="", StudyInstanceUID="").rows
    assert [row.PatientName for row in rows] == ["Doe^Jane"]
    got = fetched(archive.port, "STUDY", StudyInstanceUID=rows[0].StudyInstanceUID)
    assert list(got.objects.values()) == [data_set(path)]


def test_what_is_stored_joins_its_patient_study_and_series(archive: PracticeServer) -> None:
    (series,) = find(
        archive.port, "SERIES", StudyInstanceUID=BRAIN, SeriesNumber="1", SeriesInstanceUID=""
    ).rows
    more = images(3, StudyInstanceUID=BRAIN, PatientID="0555643F")
    more[0].SeriesInstanceUID = series.SeriesInstanceUID
    assert stored(archive.port, *more) == [(0x0000, "")] * 3
    keys: dict[str, Any] = dict.fromkeys(
        ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "ModalitiesInStudy"), ""
    )
    (study,) = find(
        archive.port, "STUDY", PatientID="0555643F", StudyInstanceUID=BRAIN, **keys
    ).rows
    assert study.NumberOfStudyRelatedInstances == 183
    assert study.NumberOfStudyRelatedSeries == 6
    assert list(study.ModalitiesInStudy) == ["MR", "SR", "CT"]
    (localizer,) = find(
        archive.port,
        "SERIES",
        SeriesInstanceUID=series.SeriesInstanceUID,
        NumberOfSeriesRelatedInstances="",
    ).rows
    assert localizer.NumberOfSeriesRelatedInstances == 4
    counted = find(archive.port, "PATIENT", PATIENT, PatientID="0555643F", **_COUNTS).rows
    assert [row.NumberOfPatientRelatedInstances for row in counted] == [595]


_COUNTS: dict[str, Any] = {"NumberOfPatientRelatedInstances": ""}


def test_other_bytes_of_an_object_that_is_here_are_refused(archive: PracticeServer) -> None:
    first, again = image(1, PatientName="First^Name"), image(1, PatientName="Other^Name")
    again.SOPInstanceUID = first.SOPInstanceUID
    refused = (0x0111, "other bytes are here already")
    assert stored(archive.port, first, again, first) == [(0x0000, ""), refused, (0x0000, "")]
    rows = find(
        archive.port,
        "PATIENT",
        PATIENT,
        PatientID="P1",
        PatientName="",
        NumberOfPatientRelatedInstances="",
    ).rows
    assert [(row.PatientName, row.NumberOfPatientRelatedInstances) for row in rows] == [
        ("First^Name", 1)
    ]


def test_made_up_objects_sent_back_are_not_doubled(tmp_path: Path) -> None:
    there, (port,) = f"'{tmp_path / 'here'}'", free_ports(1)
    done = run(
        f"use pacs; cd 0555643F; ls; cd 2; ls; get 1 5 --to {there}",
        f"store {there} --commit --port {port}",
        "cd /",
        "find patient 0555643F +NumberOfPatientRelatedInstances | to json",
    )
    assert done.status == 0, done.err
    assert "4 of 4 committed" in done.err
    assert '"NumberOfPatientRelatedInstances": 592' in done.out


def test_a_made_up_object_is_not_replaced_by_other_bytes(tmp_path: Path) -> None:
    there = tmp_path / "here"
    done = run(f"use pacs; cd 0555643F; ls; cd 2; ls; get 5 --to '{there}'")
    assert done.status == 0, done.err
    (path,) = there.rglob("*.dcm")
    with dcmread(path) as read:
        read.StudyDescription = "Another one"
        read.save_as(path)
    done = run(f"use pacs; store '{path}'")
    assert done.status == 5
    told = "0x0111, the server has an object of this UID already: other bytes are here already"
    assert f"1 failed: {told}" in done.err


def test_a_stub_is_not_taken_for_the_whole_object(archive: PracticeServer, tmp_path: Path) -> None:
    """storescu sends a truncated file as it is."""
    path = file_of(tmp_path / "files", 7)
    stub = tmp_path / "stub.dcm"
    cut = dcmread(path)
    del cut.PixelData
    cut.save_as(stub)
    command = [find_program("storescu"), "127.0.0.1", str(archive.port), str(stub)]
    subprocess.run(command, check=True, timeout=60)
    done = run(f"store '{path}' --to PRACTICE@127.0.0.1:{archive.port} --commit")
    assert done.status == 5
    assert "1 failed: 0x0111, " in done.err


KINDS = "CT_small MR_small_RLE JPEG2000 SC_rgb_jpeg_gdcm rtplan waveform_ecg examples_palette"
"""Files of pydicom in several transfer syntaxes, with and without an image."""


def test_files_of_every_kind_come_back_byte_by_byte(tmp_path: Path) -> None:
    paths = [SAMPLES / f"{name}.dcm" for name in KINDS.split()]
    there, known = tmp_path / "here", {one.patient_id for one in PEOPLE}
    stored_ones = " ".join(f"'{path}'" for path in paths)
    ids = [str(dcmread(path, specific_tags=["PatientID"]).PatientID) for path in paths]
    assert not known & set(ids)
    fetching = "; ".join(f"get '/{one}' --to '{there}'" for one in dict.fromkeys(ids))
    (port,) = free_ports(1)
    done = run(f"use pacs; store {stored_ones} --commit --port {port}; {fetching}")
    assert done.status == 0, done.err
    assert f"{len(paths)} of {len(paths)} committed" in done.err
    assert {data_set(path) for path in there.rglob("*.dcm")} == {data_set(path) for path in paths}


BAD = {
    "no StudyInstanceUID": {"StudyInstanceUID": ""},
    "no SeriesInstanceUID": {"SeriesInstanceUID": ""},
}


@pytest.mark.parametrize(("said", "values"), BAD.items())
def test_what_cannot_be_found_again_is_refused(
    archive: PracticeServer, said: str, values: dict[str, str]
) -> None:
    assert stored(archive.port, *images(1, **values)) == [(0xA900, f"Data set: {said}")]


def test_a_full_archive_refuses_and_goes_on() -> None:
    size = len(encoded(image(1), explicit=True))
    with start(PracticeAddress(), capacity=Capacity(3 * size, 10)) as server:
        refused = (0xA700, "The practice archive is full")
        said = stored(server.port, *images(5))
        assert said == [(0x0000, "")] * 3 + [refused] * 2
        large = image(6, size=1_000_000)
        assert stored(server.port, large) == [refused]
        rows = find(server.port, "PATIENT", PATIENT, PatientID="P1", **_COUNTS).rows
        assert [row.NumberOfPatientRelatedInstances for row in rows] == [3]
    with start(PracticeAddress(), capacity=Capacity(1 << 20, 2)) as server:
        assert [status for status, _ in stored(server.port, *images(3))] == [0, 0, 0xA700]


def test_storage_commitment_reports_on_the_same_association(archive: PracticeServer) -> None:
    held = images(2)
    stored(archive.port, *held)
    kind, report = commitment(archive.port, held)
    assert (kind, report.TransactionUID) == (1, "2.25.7")
    assert len(report.ReferencedSOPSequence) == 2
    assert "FailedSOPSequence" not in report


def test_what_is_not_here_or_of_another_class_is_not_committed(archive: PracticeServer) -> None:
    held, other, absent = images(3)
    stored(archive.port, held, other)
    other.SOPClassUID = MRImageStorage
    kind, report = commitment(archive.port, [held, other, absent])
    assert kind == 2
    assert [one.ReferencedSOPInstanceUID for one in report.ReferencedSOPSequence] == [
        held.SOPInstanceUID
    ]
    assert [one.FailureReason for one in report.FailedSOPSequence] == [0x0119, 0x0112]


def test_made_up_objects_are_committed_too(archive: PracticeServer) -> None:
    (row, *_) = find(
        archive.port, "IMAGE", StudyInstanceUID=BRAIN, SOPInstanceUID="", SOPClassUID=""
    ).rows
    kind, _ = commitment(archive.port, [row])
    assert kind == 1


def test_a_request_without_objects_is_refused(archive: PracticeServer) -> None:
    assert unreported(archive.port, []) == 0x0115


def test_a_fault_refuses_every_second(faulty: Start) -> None:
    said = stored(faulty(Faults(refuse_every=2)).port, *images(4))
    refused = (0xA700, "Practice fault: this object is refused")
    assert said == [(0x0000, ""), refused] * 2


def test_a_fault_forgets_what_it_said_it_stored(faulty: Start) -> None:
    server, made = faulty(Faults(forget_every=2)), images(4)
    assert stored(server.port, *made) == [(0x0000, "")] * 4
    kind, report = commitment(server.port, made)
    assert kind == 2
    assert [one.FailureReason for one in report.FailedSOPSequence] == [0x0112] * 2
    rows = find(server.port, "PATIENT", PATIENT, PatientID="P1", **_COUNTS).rows
    assert [row.NumberOfPatientRelatedInstances for row in rows] == [2]


def test_an_archive_can_begin_empty(faulty: Start) -> None:
    server = faulty(Faults(empty=True))
    assert find(server.port, "PATIENT", PATIENT, PatientID="").rows == []
    stored(server.port, *images(2))
    rows = find(server.port, "PATIENT", PATIENT, PatientID="", **_COUNTS).rows
    assert [row.NumberOfPatientRelatedInstances for row in rows] == [2]


def test_a_fault_never_reports(faulty: Start) -> None:
    server, made = faulty(Faults(no_commitment_report=True)), images(1)
    stored(server.port, *made)
    assert unreported(server.port, made) == 0x0000


def test_a_fault_reports_on_an_association_of_its_own(faulty: Start) -> None:
    server, made = faulty(Faults(separate_report=True)), images(1)
    stored(server.port, *made)
    reports = Reports()
    with scp(
        abstract_syntaxes=(PUSH_MODEL,),
        handlers=(reports.handler,),
        configure=_impatient,
    ) as listening:
        server.destinations["TESTER"] = ("127.0.0.1", listening.entity.port)
        assert unreported(server.port, made) == 0x0000
        kind, _ = reports.next()
        assert kind == 1


def _impatient(entity: AE) -> None:
    """For a connection that only shows that somebody listens."""
    entity.acse_timeout = 0.5

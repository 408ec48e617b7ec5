"""C-GET and C-MOVE of the practice archive, asked by others, and their faults."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydicom import dcmread

from dicomsh.model.levels import Model
from dicomsh.model.modality import Faults
from dicomsh.model.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.practice.archive import practice_archive
from dicomsh.practice.objects import PracticeObject
from dicomsh.practice.protocols import JPEG_BASELINE
from dicomsh.practice.server import PracticeServer
from tests.practice.conftest import Start
from tests.practice.retrieving import Asking, fetched, first_of
from tests.processes import find_program, free_ports

STUDY = "1.2.840.113704.1.111.2768.1239195678.57"
OTHER = "1.2.840.113704.1.111.2768.1239195678.91"


def series_of(study: str, number: int) -> str:
    """Series Instance UID of a series of patient 0555643F."""
    return next(
        str(series.attributes[0x0020000E])
        for patient in practice_archive().patients
        for held in patient.children
        if held.attributes[0x0020000D] == study
        for series in held.children
        if series.attributes[0x00200011] == str(number)
    )


LOCALIZER = {"StudyInstanceUID": OTHER, "SeriesInstanceUID": series_of(OTHER, 1)}
FLAIR = {"StudyInstanceUID": OTHER, "SeriesInstanceUID": series_of(OTHER, 4)}


def test_a_series(server: PracticeServer) -> None:
    got = fetched(server.port, "SERIES", **LOCALIZER)
    assert [response.Status for response in got.responses] == [0xFF00] * 3 + [0x0000]
    assert got.counted(0) == (2, 1, 0, 0)
    assert got.counted() == (None, 3, 0, 0)
    assert len(got.objects) == 3
    made = PracticeObject(first_of("MR"))
    assert got.objects[made.uid] == b"".join(made.pieces(EXPLICIT_LITTLE_ENDIAN))


def test_instances_by_a_list_of_uids(server: PracticeServer) -> None:
    uids = list(fetched(server.port, "SERIES", **LOCALIZER).objects)
    got = fetched(server.port, "IMAGE", **LOCALIZER, SOPInstanceUID=uids[1:])
    assert list(got.objects) == uids[1:]


def test_patient_root_needs_the_patient(server: PracticeServer) -> None:
    asking = Asking(Model.PATIENT_ROOT)
    assert fetched(server.port, "SERIES", asking, **LOCALIZER).status == 0xA900
    got = fetched(server.port, "SERIES", asking, PatientID="0555643F", **LOCALIZER)
    assert got.counted() == (None, 3, 0, 0)


def test_what_is_not_there_is_success_and_nothing(server: PracticeServer) -> None:
    got = fetched(server.port, "STUDY", StudyInstanceUID="1.2.3")
    assert (got.status, got.counted(), got.objects) == (0x0000, (None, 0, 0, 0), {})


@pytest.mark.parametrize("uid", ["", "*", "1.2.840.113704*"])
def test_incomplete_keys_are_refused(server: PracticeServer, uid: str) -> None:
    got = fetched(server.port, "STUDY", StudyInstanceUID=uid)
    assert (got.status, got.objects) == (0xA900, {})
    assert got.responses[-1].ErrorComment == "No complete StudyInstanceUID"


def test_compressed_images_are_sent_as_they_are_held_if_the_peer_takes_them(
    server: PracticeServer,
) -> None:
    *_, study, series, one = first_of("US")
    keys = {
        "StudyInstanceUID": study.attributes[0x0020000D],
        "SeriesInstanceUID": series.attributes[0x0020000E],
        "SOPInstanceUID": one.attributes[0x00080018],
    }
    for syntaxes in [(JPEG_BASELINE,), (IMPLICIT_LITTLE_ENDIAN,), (EXPLICIT_LITTLE_ENDIAN,)]:
        got = fetched(server.port, "IMAGE", Asking(syntaxes=syntaxes, modalities=["US"]), **keys)
        assert tuple(got.syntaxes.values()) == syntaxes


def test_objects_that_the_peer_did_not_offer_to_take_fail(server: PracticeServer) -> None:
    got = fetched(server.port, "STUDY", Asking(modalities=["SR"]), StudyInstanceUID=OTHER)
    assert (got.status, got.counted(), len(got.objects)) == (0xB000, (None, 1, 179, 0), 1)
    assert len(got.failed) == 179


def test_the_answers_of_the_peer_are_counted(server: PracticeServer) -> None:
    answers = {1: 0xB000, 2: 0xA700, 3: 0x0000}
    got = fetched(server.port, "SERIES", Asking(answer=answers.__getitem__), **LOCALIZER)
    assert (got.status, got.counted()) == (0xB000, (None, 1, 1, 1))
    assert got.failed == [list(got.objects)[1]]
    got = fetched(server.port, "SERIES", Asking(answer=lambda _: 0xC000), **LOCALIZER)
    assert (got.status, got.counted(), len(got.failed)) == (0xA702, (None, 0, 3, 0), 3)


def test_a_cancelled_retrieval_says_what_remains(server: PracticeServer) -> None:
    got = fetched(server.port, "SERIES", Asking(cancel_after=4), **FLAIR)
    remaining, completed, failed, _ = got.counted()
    assert got.status == 0xFE00
    assert remaining is not None
    assert completed == len(got.objects)
    assert (remaining + completed, failed) == (56, 0)


def test_a_cancelled_retrieval_may_go_on(faulty: Start) -> None:
    port = faulty(Faults(ignore_cancel=True)).port
    got = fetched(port, "SERIES", Asking(cancel_after=4), **FLAIR)
    assert (got.status, len(got.objects)) == (0x0000, 56)


def test_every_nth_fails(faulty: Start) -> None:
    port = faulty(Faults(fail_every=10)).port
    got = fetched(port, "SERIES", **FLAIR)
    assert (got.status, got.counted(), len(got.failed)) == (0xB000, (None, 51, 5, 0), 5)
    assert not set(got.failed) & got.objects.keys()
    assert fetched(port, "SERIES", **FLAIR).failed == got.failed


def test_every_nth_is_left_out_and_counted(faulty: Start) -> None:
    got = fetched(faulty(Faults(skip_every=10)).port, "SERIES", **FLAIR)
    assert (got.status, got.counted(), got.failed) == (0x0000, (None, 56, 0, 0), [])
    assert len(got.objects) == 51


def test_success_and_nothing_sent(faulty: Start) -> None:
    got = fetched(faulty(Faults(nothing_sent=True)).port, "SERIES", **FLAIR)
    assert (got.status, got.counted(), got.objects) == (0x0000, (None, 0, 0, 0), {})


def test_no_numbers_and_no_list(faulty: Start) -> None:
    port = faulty(Faults(no_suboperations=True, no_failed_list=True, fail_every=10)).port
    got = fetched(port, "SERIES", **FLAIR)
    assert (got.status, got.failed) == (0xB000, [])
    assert {got.counted(number) for number in range(len(got.responses))} == {(None,) * 4}


def test_an_empty_key_sends_what_is_below_the_others(faulty: Start) -> None:
    port = faulty(Faults(empty_key_sends_all=True)).port
    got = fetched(port, "SERIES", StudyInstanceUID=OTHER, SeriesInstanceUID="")
    assert len(got.objects) == 180


def test_aborted_after_some_objects(faulty: Start) -> None:
    got = fetched(faulty(Faults(abort_after_objects=2)).port, "SERIES", **FLAIR)
    assert (got.status, len(got.objects)) == (-1, 2)


def test_one_transfer_syntax_only(faulty: Start) -> None:
    port = faulty(Faults(storage_syntax=IMPLICIT_LITTLE_ENDIAN)).port
    got = fetched(port, "SERIES", **LOCALIZER)
    assert set(got.syntaxes.values()) == {IMPLICIT_LITTLE_ENDIAN}


def test_without_the_role_every_object_fails(faulty: Start) -> None:
    got = fetched(faulty(Faults(no_scp_role=True)).port, "SERIES", **LOCALIZER)
    assert (got.status, got.counted(), got.objects) == (0xA702, (None, 0, 3, 0), {})


def test_a_large_object_comes_whole(faulty: Start) -> None:
    got = fetched(faulty(Faults(padding=3_000_000)).port, "SERIES", **LOCALIZER)
    assert min(map(len, got.objects.values())) > 3_000_000


def moved(port: int, *options: str, title: str = "MOVESCU") -> str:
    """What movescu says; the objects go to a port of its own."""
    program = find_program("movescu")
    keys = [word for key, value in LOCALIZER.items() for word in ("-k", f"{key}={value}")]
    command = [program, "-v", "-S", "-aet", title, "-aem", title, *options]
    level = ["-k", "QueryRetrieveLevel=SERIES"]
    done = subprocess.run(
        [*command, *level, *keys, "127.0.0.1", str(port)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_c_move_to_a_known_destination(server: PracticeServer, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    server.destinations["ELSEWHERE"] = "127.0.0.1", port
    said = moved(server.port, "+P", str(port), "-od", str(tmp_path), title="ELSEWHERE")
    assert "Received Final Move Response (Success)" in said
    files = list(tmp_path.iterdir())
    assert len(files) == 3
    assert {dcmread(file).SeriesInstanceUID for file in files} == {LOCALIZER["SeriesInstanceUID"]}


def test_c_move_where_nobody_listens(server: PracticeServer) -> None:
    (port,) = free_ports(1)
    server.destinations["NOBODY"] = "127.0.0.1", port
    said = moved(server.port, title="NOBODY")
    assert "Final Move Response (Refused: OutOfResourcesSubOperations)" in said


def test_c_move_to_an_unknown_destination(server: PracticeServer, faulty: Start) -> None:
    knowing = faulty(Faults(unknown_destination=True))
    knowing.destinations["KNOWN"] = "127.0.0.1", 1
    for said in (
        moved(server.port, "-aem", "UNKNOWN", title="KNOWN"),
        moved(knowing.port, title="KNOWN"),
    ):
        assert "MoveDestinationUnknown" in said

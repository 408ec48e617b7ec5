"""Why a server does not answer, with real servers: the reason in words, and what to do.

Guards against rivals' failures: Orthanc accepts the association of an unknown AE title and aborts
its first query, which findscu reports as "Peer aborted Association (or never connected)" with exit
status 0 (pynetdicom 567, 751, 109, 1); "No presentation context accepted" explains nothing (898).
"""

from __future__ import annotations

import pytest

from tests.conftest import Start
from tests.harness import run
from tests.servers import Orthanc, Server, dcmqrscp, orthanc


@pytest.mark.parametrize(
    "text", ["find patient", "ls", "echo --find", "probe", "find study +StudyID"]
)
def test_an_orthanc_that_does_not_know_us(start_server: Start[Orthanc], text: str) -> None:
    server = start_server(orthanc(known=()))
    done = run(f"use {server.address}; {text}")
    assert done.status == 3
    assert "C-ECHO" in done.err.splitlines()[0]
    assert "aborted the association" in done.err
    assert "does it know our AE title DICOMSH? (Orthanc: DicomModalities, AllowFind)" in done.last


def test_an_orthanc_of_another_name(start_server: Start[Orthanc]) -> None:
    server = start_server(orthanc(settings={"DicomCheckCalledAet": True}))
    done = run(f"use WRONG@{server.host}:{server.port}")
    assert done.status == 3
    assert "rejected the association: Called AE title not recognised" in done.err
    assert done.last.startswith("is the server's AE title WRONG?")
    assert "is our AE title DICOMSH in their configuration?" in done.last


def test_the_web_server_of_orthanc(orthanc_server: Orthanc) -> None:
    done = run(f"use ANY@{orthanc_server.host}:{orthanc_server.http_port}")
    assert done.status == 3
    assert "the server answered in HTTP (a web server), not in DICOM" in done.err
    assert done.last.startswith("is this the DICOM port?")


def test_a_dcmqrscp_of_another_name(dcmqrscp_server: Server) -> None:
    done = run(f"use WRONG@{dcmqrscp_server.host}:{dcmqrscp_server.port}")
    assert done.status == 3
    assert done.last.startswith("is the server's AE title WRONG?")
    assert "is our AE title DICOMSH in their configuration?" in done.last


def test_a_rejection_without_a_reason(start_server: Start[Server]) -> None:
    server = start_server(dcmqrscp(options=["--refuse"]))
    done = run(f"use {server.address}")
    assert done.status == 3
    assert "rejected the association: No reason given" in done.err
    assert done.last == "does the server know our AE title DICOMSH and our address?"


def test_a_model_that_is_not_accepted(start_server: Start[Server]) -> None:
    server = start_server(dcmqrscp(options=["--no-patient-root"]))
    assert run("find patient", modality=server.address).status == 0
    done = run("find patient --model patient", modality=server.address)
    assert done.status == 3
    assert "accepted no presentation context for Patient Root FIND" in done.err
    assert done.last == "it accepts Study Root, which is used if no model is set"


def test_no_model_is_accepted(start_server: Start[Server]) -> None:
    server = start_server(dcmqrscp(options=["--no-patient-root", "--no-study-root"]))
    done = run(f"use {server.address}; find patient")
    assert done.status == 3
    assert done.err.splitlines()[0].endswith("no query model accepted")
    assert "ask its administrator to enable C-FIND (Query/Retrieve SCP)" in done.last

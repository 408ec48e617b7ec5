"""get on the practice archive: what it says where the archive does not tell the truth."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.harness import Done, run
from tests.processes import free_ports
from tests.retrieve.giving import ledger

FLAIR = "cd 0555643F; ls; cd 2; ls | where number=4 | get"
"""56 images of a series."""


def got(folder: Path, faults: str, text: str = f"{FLAIR} --to here") -> Done:
    """What a retrieval from a practice archive with these faults says."""
    config = folder / "modalities.yaml"
    config.write_text(
        f"modalities:\n  p:\n    practice: true\n    faults: {{{faults}}}\n", encoding="utf-8"
    )
    there = f"--to '{folder / 'here'}'"
    return run(f"use p; {text.replace('--to here', there)}", config=config)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "here").rglob("*.dcm"))


def test_the_walk_ends_with_images(tmp_path: Path) -> None:
    done = got(tmp_path, "", "cd 0555643F; ls; cd 1; ls; get 1 --to here")
    assert (done.status, done.last.split(" instances")[0]) == (0, "2 of 2")
    images = [dcmread(file) for file in files(tmp_path)]
    assert [(one.PatientID, one.Modality, one.Rows) for one in images] == [
        ("0555643F", "CT", 512)
    ] * 2


def test_a_whole_patient_comes_by_several_sop_classes(tmp_path: Path) -> None:
    done = got(tmp_path, "", "find series mod=US,SR,DOC,SEG,NM | get --to here")
    assert done.status == 0, done.err
    assert {line["transfer_syntax"] for line in ledger(tmp_path / "here")} == {
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.4.50",
    }


SAID = {
    "fail_every: 10": "51 of 56 instances|5 failed: the server reports that it failed",
    "fail_every: 10, no_failed_list: true": "51 of 56 instances|5 ",
    "fail_every: 1": "0 of 56 instances|56 failed",
    "skip_every: 10": "51 of 56 instances|5 did not arrive: the server said 0x0000 Success",
    "skip_every: 56": "55 of 56 instances|1 did not arrive: the server said 0x0000 Success",
    "nothing_sent: true": "0 of 56 instances|56 did not arrive: the server said 0x0000 Success",
    "no_suboperations: true, skip_every: 10": "51 of 56 instances|5 did not arrive",
    "no_scp_role: true": "0 of 56 instances|56 failed: the server does not send MR Image Storage",
    "storage_syntax: jpeg": "0 of 56 instances|56 failed: the server reports that it failed",
    "abort_after_objects: 0": "aborted the association",
}


@pytest.mark.parametrize(("faults", "said"), SAID.items())
def test_what_did_not_come_is_said(tmp_path: Path, faults: str, said: str) -> None:
    done = got(tmp_path, faults)
    assert done.status == (3 if "abort" in faults else 5)
    for words in said.split("|"):
        assert words in done.err
    count = int(said.split(" of ", maxsplit=1)[0]) if " of " in said else 0
    assert len(files(tmp_path)) == count


WHOLE = [
    "",
    "no_suboperations: true",
    "no_failed_list: true",
    "empty_key_sends_all: true",
    "storage_syntax: implicit",
    "storage_syntax: explicit",
    "abort_after_objects: 20",
    "object_delay: 0.001",
    "no_counts: true",
    "ignore_cancel: true",
]


@pytest.mark.parametrize("faults", WHOLE)
def test_what_came_whole_is_complete(tmp_path: Path, faults: str) -> None:
    done = got(tmp_path, faults)
    assert done.status == 0, done.err
    assert done.last.startswith("56 of 56 instances, ")
    assert ", complete" in done.last
    assert len(files(tmp_path)) == 56


def test_what_is_missing_comes_from_an_archive_that_has_it(tmp_path: Path) -> None:
    assert got(tmp_path, "skip_every: 10").status == 5
    done = got(tmp_path, "")
    assert (done.status, done.last.split(" instances")[0]) == (0, "56 of 56")
    assert "51 of them were already here" in done.last


@pytest.mark.parametrize("faults", ["", "no_get: true", "no_scp_role: true"])
def test_by_c_move(tmp_path: Path, faults: str) -> None:
    (port,) = free_ports(1)
    via = "" if "no_get" in faults else " --via move"
    done = got(tmp_path, faults, f"{FLAIR} --to here --port {port}{via}")
    assert (done.status, done.last.split(" instances")[0]) == (0, "56 of 56")


def test_the_practice_archive_is_told_a_port_that_is_free(tmp_path: Path) -> None:
    with socket.socket() as usual:
        with suppress(OSError):  # if something else has it, that is as good
            usual.bind(("", 11112))
            usual.listen()
        came = got(tmp_path, "", f"{FLAIR} --to here --via move")
        faults = "empty: true, separate_report: true"
        stored = got(tmp_path, faults, f"store '{tmp_path / 'here'}' --commit")
    assert (came.status, came.last.split(" instances")[0]) == (0, "56 of 56")
    assert (stored.status, stored.last.split(" files")[0]) == (0, "56 of 56")


@pytest.mark.parametrize("named", ["b", "OTHER"])
def test_practice_archives_send_to_each_other(tmp_path: Path, named: str) -> None:
    config = tmp_path / "two.yaml"
    config.write_text(
        "modalities:\n  a:\n    practice: true\n"
        "  b:\n    practice: true\n    aet: OTHER\n    faults: {empty: true}\n",
        encoding="utf-8",
    )
    line = f"use a; cd 0555643F; ls; cd 1; ls; move 1 --to {named}; use b; find patient"
    done = run(line, config=config, output="csv")
    assert done.status == 0, done.err
    assert "2 of 2 instances, complete" in done.err
    assert "verified by asking b" in done.err
    assert "0555643F" in done.out


def test_what_the_archive_has_to_know_is_said_only_if_nothing_came(tmp_path: Path) -> None:
    done = got(tmp_path, "skip_every: 2", f"{FLAIR} --to here --via move --retries 0")
    assert done.status == 5
    assert "has to know" not in done.last


def test_by_c_move_to_a_destination_that_the_archive_does_not_know(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    text = f"{FLAIR} --to here --port {port} --via move"
    done = got(tmp_path, "unknown_destination: true", text)
    assert done.status == 5
    assert "0xA801" in done.last
    assert f"has to know DICOMSH as this computer's address with port {port}" in done.last


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_an_object_of_any_size_takes_no_memory(tmp_path: Path) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = got(tmp_path, "padding: 200000000", "cd 0555643F; ls; cd 1; ls; get 1 --to here")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert done.status == 0
    assert min(file.stat().st_size for file in files(tmp_path)) > 200_000_000
    assert after - before < 100_000, "in kilobytes"

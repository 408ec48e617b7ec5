"""get: what arrives, what does not, and what is said about it."""

from __future__ import annotations

import hashlib
import stat
import sys
from collections import Counter
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests import servers
from tests.conftest import Start
from tests.dimse.peers import encoded
from tests.harness import run
from tests.processes import free_ports
from tests.retrieve.giving import IMAGES, Faults, Giver, giving, got, image, image_files, ledger


def asked(keys: Dataset) -> tuple[str, int]:
    """Level and number of SOP Instance UIDs of a C-GET request."""
    uids = keys.get("SOPInstanceUID", [])
    return keys.QueryRetrieveLevel, 1 if isinstance(uids, str) else len(uids)


def test_every_object_is_a_file_of_the_bytes_received(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 0
    assert done.last.startswith("6 of 6 instances, ")
    assert ", complete" in done.last
    files = sorted(tmp_path.rglob("*.dcm"))
    assert len(files) == 6
    for path in files:
        read = dcmread(path)
        number = f"{read.SeriesNumber}.{read.InstanceNumber}"
        made = next(one for one in IMAGES if one.SOPInstanceUID.endswith(f".{number}"))
        assert path.read_bytes().endswith(encoded(made, explicit=True))
        assert read.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID
        assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert [asked(keys) for keys in giver.requests] == [("SERIES", 0), ("SERIES", 0)]


def test_a_list_with_a_row_for_each_instance_at_every_level_is_certain(tmp_path: Path) -> None:
    """pynetdicom's qrscp makes such lists."""
    with giving(Giver(IMAGES[:3], Faults(rows_repeat=True))) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 0
    assert done.last.startswith("3 of 3 instances, ")
    assert ", complete" in done.last


def test_a_series_of_a_thousand_instances(
    start_server: Start[servers.Server], tmp_path: Path
) -> None:
    made, got_there = tmp_path / "made", tmp_path / "got"
    made.mkdir()
    peer = start_server(servers.dcmqrscp(image_files(made, 1000)))
    done = run(f"use {peer.address}; get P1 --to '{got_there}'")
    assert done.status == 0, done.err
    assert done.last.startswith("1,000 of 1,000 instances, ")
    assert len(list(got_there.rglob("*.dcm"))) == len(ledger(got_there)) == 1000


def test_the_layout_is_that_of_the_patient_study_and_series(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults())) as modality:
        got(modality, f"get P1 --to '{tmp_path}'")
        flat = tmp_path / "flat"
        got(modality, f"get P1 --to '{flat}' --layout '{{Modality}}-{{SOPInstanceUID}}.dcm'")
    assert (tmp_path / "P1/20240101_1.2.1/1_CT/1.2.1.1.1.dcm").is_file()
    assert (flat / "CT-1.2.1.2.3.dcm").is_file()


def test_the_ledger_holds_every_file_with_its_digest(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults())) as modality:
        got(modality, f"get P1 --to '{tmp_path}'")
    lines = ledger(tmp_path)
    assert len(lines) == 6
    for line in lines:
        data = (tmp_path / line["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == line["sha256"]
        assert len(data) == line["bytes"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes of files")
def test_files_are_for_the_user_alone(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults())) as modality:
        got(modality, f"get P1 --to '{tmp_path / 'here'}'")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "here").rglob("*")}
    assert modes == {0o600, 0o700}


def test_a_second_run_asks_only_for_what_is_not_there(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver) as modality:
        got(modality, f"get P1 --to '{tmp_path}'")
        giver.requests.clear()
        done = got(modality, f"get P1 --to '{tmp_path}'")
        assert (done.status, giver.requests) == (0, [])
        assert "6 of them were already here" in done.last
        gone = next(tmp_path.rglob("1.2.1.2.3.dcm"))
        gone.unlink()
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 0
    assert [asked(keys) for keys in giver.requests] == [("IMAGE", 1)]
    assert gone.is_file()


def test_success_that_is_none(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults(status=0x0000))) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 5
    assert done.last.startswith("0 of 6 instances, INCOMPLETE")
    assert "6 did not arrive: the server said 0x0000 Success" in done.last
    assert done.out.count("missing") == 6


@pytest.mark.parametrize(
    ("status", "said", "requests"),
    [
        (0xA900, "6 failed: the server answered 0xA900 Failure", 2),
        # each series, then a list that brings nothing, and so each instance by itself, twice
        (0xA702, "6 failed: the server answered 0xA702 Failure: Refused: Out of", 2 + (1 + 3) + 6),
        (0xC000, "6 failed: the server answered 0xC000 Failure", 2 + (1 + 3) + 6),
    ],
)
def test_only_what_can_change_is_asked_for_again(
    tmp_path: Path, status: int, said: str, requests: int
) -> None:
    giver = Giver(IMAGES, Faults(status=status))
    with giving(giver) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 5
    assert said in done.last
    assert len(giver.requests) == requests


def test_a_missing_object_is_asked_for_again(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults(keeps=frozenset({"1.2.1.1.2"}), once=True))
    with giving(giver) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 0
    assert Counter(asked(keys) for keys in giver.requests) == {("SERIES", 0): 2, ("IMAGE", 1): 1}


def test_one_by_one_where_lists_find_nothing(tmp_path: Path) -> None:
    kept = frozenset({"1.2.1.1.2", "1.2.1.1.3"})
    giver = Giver(IMAGES, Faults(keeps=kept, once=True, refused_lists=True))
    with giving(giver) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 0
    found = Counter(asked(keys) for keys in giver.requests)
    assert found == {("SERIES", 0): 2, ("IMAGE", 2): 1, ("IMAGE", 1): 2}


def test_what_never_comes_is_named(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults(keeps=frozenset({"1.2.1.1.2"})))
    with giving(giver) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
        kept = got(modality, f"get P1 --to '{tmp_path}' | where state=missing", output="json")
    assert done.status == 5
    assert done.last.startswith("5 of 6 instances")
    assert "1.2.1.1.2" in done.out
    assert [row["SOPInstanceUID"] for row in kept.json] == ["1.2.1.1.2"]


def test_objects_that_nobody_asked_for_go_aside(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults(extra=(image(9, study=7),)))
    with giving(giver) as modality:
        done = got(modality, f"get P1/1.2.1/1.2.1.1 --to '{tmp_path}'")
    assert done.status == 0
    assert done.last.startswith("3 of 3 instances")
    assert "1 arrived that were not requested" in done.last
    assert (tmp_path / "unexpected/1.2.7.1.9.dcm").is_file()


def test_objects_that_come_twice_are_counted(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults(repeats=True))) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert done.status == 0
    assert done.last.startswith("6 of 6 instances")
    assert "6 arrived more than once" in done.last


def test_an_association_that_breaks_off_is_opened_again(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults(aborts=2))) as modality:
        done = got(modality, f"get P1/1.2.1/1.2.1.1 --to '{tmp_path}'")
    assert (done.status, done.last.split(" instances")[0]) == (0, "3 of 3")


def test_a_role_that_is_not_granted_is_said_before_anything_moves(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver, no_role=True) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}'")
    assert (done.status, giver.requests) == (5, [])
    assert (
        "6 failed: the server does not send CT Image Storage by C-GET: try --via move" in done.last
    )


def test_nothing_is_retrieved_at_the_root(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver) as modality:
        done = got(modality, f"get --to '{tmp_path}'")
    assert (done.status, giver.requests) == (2, [])
    assert "an archive is not fetched whole" in done.err


@pytest.mark.parametrize(
    ("targets", "instances"),
    [("1-3", 412), ("2-3", 410), ("1 3-3", 330), ("1-2 3", 412), ("2-2", 82)],
)
def test_a_range_is_rows_of_the_last_listing(targets: str, instances: int) -> None:
    done = run(f"use pacs; cd 0555643F; ls; cd 1; ls; get {targets} --dry-run | count")
    assert done.status == 0, done.err
    assert done.out.split()[-1] == str(instances)


def test_a_range_that_is_a_key_too_is_refused(tmp_path: Path) -> None:
    text = f"find patient; get 1-2 --to '{tmp_path}'"
    other = image(1, study=2)
    other.PatientID = "1-2"
    with giving(Giver([IMAGES[0], other], Faults())) as modality:
        done = got(modality, text)
    assert done.status == 2
    assert "'1-2' is a range of rows and a unique key" in done.err
    assert "/1-2 is the patient" in done.err


def test_a_dry_run_retrieves_nothing(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver) as modality:
        done = got(modality, f"get P1 --to '{tmp_path}' --dry-run", output="json")
    assert (done.status, giver.requests, list(tmp_path.iterdir())) == (0, [], [])
    assert {row["state"] for row in done.json} == {"listed"}
    assert len(done.json) == 6


def test_a_check_reads_the_files(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver) as modality:
        got(modality, f"get P1 --to '{tmp_path}'")
        giver.requests.clear()
        assert got(modality, f"get P1 --to '{tmp_path}' --check").status == 0
        changed = next(tmp_path.rglob("1.2.1.1.1.dcm"))
        data = changed.read_bytes()
        changed.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        done = got(modality, f"get P1 --to '{tmp_path}' --check")
    assert (done.status, giver.requests) == (5, [])
    assert "5 of 6 instances" in done.last
    assert "its file is gone or was changed" in done.last


def test_rows_of_a_query_are_retrieved(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults())) as modality:
        done = got(modality, f"find series study=1.2.1 | where number=2 | get --to '{tmp_path}'")
        again = got(modality, f"find study; last | get --to '{tmp_path}'")
    assert (done.status, done.last.split(" instances")[0]) == (0, "3 of 3")
    assert again.last.startswith("6 of 6 instances")
    assert "3 of them were already here" in again.last


@pytest.mark.parametrize("option", ["", "--dry-run", "--check"])
def test_of_no_rows_nothing_is_retrieved(option: str, tmp_path: Path) -> None:
    there = tmp_path / "here"
    with giving(Giver(IMAGES, Faults())) as modality:
        done = got(modality, f"find series study=9.9 | get --to '{there}' {option}")
    assert done.status == 0, done.err
    assert done.last.startswith("no instances, complete")
    assert "nothing to get" in done.last
    assert str(there) not in done.last
    assert not there.exists()


def test_masks_do_not_reach_into_files(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults())) as modality:
        done = got(modality, f"set mask on; get P1 --to '{tmp_path}'")
    assert done.status == 2
    assert "masking does not reach into files" in done.err


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    from dicomsh.retrieve.ledger import Ledger

    held = Ledger(tmp_path)
    try:
        with giving(Giver(IMAGES, Faults())) as modality:
            done = got(modality, f"get P1 --to '{tmp_path}'")
    finally:
        held.close()
    assert done.status == 1
    assert "another dicomsh is retrieving into this folder" in done.err


@pytest.mark.parametrize("jobs", [1, 3])
def test_everything_that_orthanc_holds(
    orthanc_server: servers.Orthanc, tmp_path: Path, jobs: int
) -> None:
    address = orthanc_server.address
    rows = run(f"use {address}; find instance", output="json").json
    count = len({row["SOPInstanceUID"] for row in rows})
    done = run(f"use {address}; find study | get --jobs {jobs} --to '{tmp_path}'")
    assert done.status == 0, done.err
    assert done.last.startswith(f"{count} of {count} instances")
    uids = {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in files(tmp_path)}
    assert len(uids) == count


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.dcm"))


def test_compressed_objects_come_as_they_are_stored(
    orthanc_server: servers.Orthanc, tmp_path: Path
) -> None:
    run(f"use {orthanc_server.address}; find study | get --to '{tmp_path}'")
    found = {line["transfer_syntax"] for line in ledger(tmp_path)}
    assert {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.91"} <= found


def test_orthanc_sends_by_c_move_to_a_port_of_ours(
    start_server: Start[servers.Orthanc], sample_files: list[Path], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    known = {"DicomModalities": {"us": [servers.AET, "127.0.0.1", port]}}
    server = start_server(servers.orthanc(settings=known))
    server.upload(sample_files[:40])
    listed = run(f"use {server.address}; find study | get --dry-run", output="json").json
    line = f"use {server.address}; find study | get --via move --port {port} --to '{tmp_path}'"
    done = run(line)
    assert (done.status, done.last.split(" instances")[0]) == (0, f"{len(listed)} of {len(listed)}")
    assert {entry["uid"] for entry in ledger(tmp_path)} >= {row["SOPInstanceUID"] for row in listed}


def test_a_c_move_that_goes_nowhere_says_what_the_server_has_to_know(
    orthanc_server: servers.Orthanc, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    rows = f"use {orthanc_server.address}; find study | head 1"
    done = run(f"{rows} | get --via move --port {port} --to '{tmp_path}'")
    assert done.status == 5
    assert f"has to know DICOMSH as this computer's address with port {port}" in done.last


def test_c_move_where_the_server_offers_no_c_get(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    giver = Giver(IMAGES, Faults())
    with giving(giver, move_to=port) as modality:
        done = got(modality, f"get P1 --port {port} --to '{tmp_path}'")
    assert (done.status, done.last.split(" instances")[0]) == (0, "6 of 6")
    assert [asked(keys) for keys in giver.requests] == [("SERIES", 0), ("SERIES", 0)]


def test_a_time_of_day_can_be_set(tmp_path: Path) -> None:
    always = "get P1 --between 00:00..00:00"
    with giving(Giver(IMAGES, Faults())) as modality:
        done = got(modality, f"{always} --to '{tmp_path}'")
        wrong = got(modality, f"get P1 --between 7pm --to '{tmp_path}'")
    assert (done.status, done.last.split(" instances")[0]) == (0, "6 of 6")
    assert wrong.status == 2
    assert "'7pm' is not a time of day from and to" in wrong.err


def test_one_instance_is_asked_for_by_itself(tmp_path: Path) -> None:
    giver = Giver(IMAGES, Faults())
    with giving(giver) as modality:
        one = got(modality, f"get P1/1.2.1/1.2.1.1/1.2.1.1.2 --to '{tmp_path / 'a'}'")
        assert [asked(keys) for keys in giver.requests] == [("IMAGE", 1)]
        giver.requests.clear()
        line = f"find instance study=1.2.1 series=1.2.1.1 | head 2 | get --to '{tmp_path / 'b'}'"
        two = got(modality, line)
        assert [asked(keys) for keys in giver.requests] == [("IMAGE", 2)]
        giver.requests.clear()
        got(modality, f"get P1/1.2.1/1.2.1.1/1.2.1.1.2 P1/1.2.1/1.2.1.1 --to '{tmp_path / 'c'}'")
        assert [asked(keys) for keys in giver.requests] == [("SERIES", 0)]
    assert (one.last.split(" instance")[0], two.last.split(" instance")[0]) == ("1 of 1", "2 of 2")
    assert "not requested" not in one.last + two.last


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_does_not_exist_is_refused(port: str) -> None:
    done = run(f"receive --port {port}")
    assert done.status == 2
    assert "expected a port, 1 to 65535" in done.err


def test_what_a_lost_association_leaves_is_missing_and_says_why(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults(aborts=1))) as modality:
        done = got(modality, f"get P1 --retries 0 --to '{tmp_path}'")
    assert done.status == 5
    assert done.out.count("missing") == done.out.count("\n")
    assert "did not arrive: " in done.last
    assert "aborted the association" in done.last


def test_a_server_that_agreed_to_uncompressed_objects_only_is_named(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults(status=0xA702))) as modality:
        done = got(modality, f"get P1 --retries 0 --to '{tmp_path}'")
    assert done.status == 5
    assert "it sends objects of this type uncompressed only" in done.last


def test_stages_choose_rows_of_the_account_and_change_nothing_about_it(tmp_path: Path) -> None:
    with giving(Giver(IMAGES, Faults())) as modality:
        for number, stages in enumerate(("head 1", "head 1 | count", "where state=missing")):
            folder = tmp_path / str(number)
            done = got(modality, f"get P1 --to '{folder}' | {stages}")
            assert done.status == 0, done.err
            assert len(list(folder.rglob("*.dcm"))) == len(IMAGES)
            if "count" not in stages:
                assert done.last.startswith("6 of 6 instances, ")
                assert ", complete" in done.last
        done = got(modality, f"get P1 --to '{tmp_path / 'n'}' | head 2", output="ndjson")
    assert done.out.count('"state": "arrived"') == 2

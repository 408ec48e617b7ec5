"""store: what is sent arrives as it is, and what does not is named with the server's words."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from pathlib import Path
from threading import Barrier
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import MRImageStorage

from dicomsh.retrieve.sources import Source, Unusable, sources_of
from tests import servers
from tests.conftest import Start
from tests.harness import run
from tests.processes import HOST, free_ports
from tests.retrieve.receiving import receiving
from tests.retrieve.storing import data_set, file_of, storescp, taking

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three objects and something else."""
    made = tmp_path / "files"
    for number in (1, 2, 3):
        file_of(made, number)
    (made / "notes.txt").write_text("not DICOM")
    return made


def test_files_in_every_transfer_syntax_arrive_as_they_are(
    start_server: Start[servers.Server], tmp_path: Path
) -> None:
    server = start_server(storescp(tmp_path / "got", "+xa"))
    done = run(f"store '{SAMPLES}' --to {server.address} --retries 0", output="json")
    sent = [one for one in sources_of(SAMPLES) if isinstance(one, Source)]
    got = {digest(data_set(path)) for path in (tmp_path / "got").iterdir()}
    missing = {
        one.path.name
        for one in sent
        # a deflated data set gets the padding that PS3.5 A.5 requires
        if not {digest(data_set(one.path)), digest(data_set(one.path) + b"\0")} & got
    }
    assert not missing
    failed = {Path(one["file"]).name for one in done.json if one["state"] == "failed"}
    assert failed == {"MR_truncated.dcm", "rtplan_truncated.dcm"}
    assert len({one.head.transfer_syntax for one in sent}) > 10


def test_orthanc_has_what_was_stored_and_commits_to_it(
    start_server: Start[servers.Orthanc], folder: Path
) -> None:
    (port,) = free_ports(1)
    settings = {"DicomModalities": {"dicomsh": ["DICOMSH", HOST, port]}}
    server = start_server(servers.orthanc(settings=settings))
    done = run(f"store '{folder}' --to {server.address} --commit --port {port}")
    assert done.status == 0, done.err
    assert done.last.startswith("3 of 3 files, ")
    assert "3 of 3 committed" in done.last
    for one in server.rest("GET", "/instances?expand"):
        tags = server.rest("GET", f"/instances/{one['ID']}/simplified-tags")
        assert (tags["PatientName"], tags["PatientID"]) == ("Doe^Jane", "P1")
        _, whole = server._exchange("GET", f"/instances/{one['ID']}/file", None)
        number = tags["InstanceNumber"]
        (path,) = folder.glob(f"{number}-*.dcm")
        assert whole.endswith(data_set(path))


def test_commitment_of_receive_comes_on_the_same_association(folder: Path, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with receiving(tmp_path / "in") as receiver:
        address = f"DICOMSH@{HOST}:{receiver.port}"
        done = run(f"store '{folder}' --to {address} --commit --port {port}")
        receiver.interrupted()
    assert done.status == 0, done.err
    assert "3 of 3 committed" in done.last


def test_a_dry_run_sends_nothing_and_names_what_is_not_dicom(folder: Path) -> None:
    done = run(f"store '{folder}' --to ARCHIVE@{HOST}:1 --dry-run")
    assert done.status == 0
    assert done.out.count("sendable") == 3
    assert "1 file left out, not DICOM: " in done.last
    assert "notes.txt" in done.last


def cut(path: Path) -> None:
    """Cut off the end of a file, as a copy that broke off does."""
    path.write_bytes(path.read_bytes()[:-10])


def test_a_truncated_file_is_not_sent(folder: Path) -> None:
    cut(next(folder.glob("2-*.dcm")))
    came: list[str] = []

    def answer(event: Any) -> int:
        came.append(event.request.AffectedSOPInstanceUID[-1])
        return 0

    told = "not sent, truncated: PixelData (7fe0,0010) of 64 bytes is longer than the rest of its"
    dry = run(f"store '{folder}' --to ARCHIVE@{HOST}:1 --dry-run")
    with taking(answer) as server:
        done = run(f"store '{folder}' --to {server.address}")
    assert (dry.status, done.status, sorted(came)) == (5, 5, ["1", "3"])
    assert dry.last.startswith("3 files, INCOMPLETE")
    assert done.last.startswith("2 of 3 files, ")
    for one in (dry, done):
        assert told in one.out
        assert f"1 failed: {told}" in one.last


def test_a_truncated_file_by_itself_is_not_sent(folder: Path) -> None:
    path = next(folder.glob("2-*.dcm"))
    cut(path)
    with taking(lambda _: 0) as server:
        done = run(f"store '{path}' --to {server.address} --commit")
    assert done.status == 5
    assert done.last.startswith("0 of 1 file, INCOMPLETE")


@pytest.mark.parametrize("name", ["MR_truncated.dcm", "rtplan_truncated.dcm", "image_dfl.dcm"])
def test_truncated_files_of_every_encoding(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes((SAMPLES / name).read_bytes()[:-16])
    (found,) = sources_of(path)
    assert isinstance(found, Unusable)
    assert found.reason.startswith("not sent, truncated: ")


def test_whole_files_are_not_damaged() -> None:
    found = [one for one in sources_of(SAMPLES) if isinstance(one, Unusable)]
    damaged = {Path(one.name).name for one in found if "truncated" in one.reason}
    assert damaged == {"MR_truncated.dcm", "rtplan_truncated.dcm"}


@pytest.mark.parametrize("zeros", [1, 7, 500])
def test_zeros_that_fill_up_a_block_are_not_a_cut(folder: Path, zeros: int) -> None:
    path = next(folder.glob("1-*.dcm"))
    path.write_bytes(path.read_bytes() + bytes(zeros))
    (found,) = sources_of(path)
    assert isinstance(found, Source)


def test_a_run_in_which_every_file_failed_has_its_line(folder: Path) -> None:
    def answer(event: Any) -> int:
        event.assoc.abort()
        return 0

    with taking(answer) as server:
        done = run(f"store '{folder}' --to {server.address} --retries 0")
    assert done.status == 5
    assert done.last.startswith("0 of 3 files, ")
    assert "3 failed: " in done.last


def test_refusals_are_listed_with_the_words_of_the_server(folder: Path) -> None:
    def answer(event: Any) -> Dataset:
        made = Dataset()
        made.Status = 0xC123 if event.request.AffectedSOPInstanceUID.endswith("2") else 0
        made.ErrorComment = "no such study" if made.Status else None
        return made

    with taking(answer) as server:
        done = run(f"store '{folder}' --to {server.address}")
    assert done.status == 5
    assert done.last.startswith("2 of 3 files, ")
    assert "INCOMPLETE" in done.last
    said = "0xC123, the server cannot understand it: no such study"
    assert said in done.out
    assert f"1 failed: {said}" in done.last


@pytest.mark.parametrize(("status", "times"), [(0xA700, 3), (0xA900, 1), (0x0122, 1), (0xB000, 1)])
def test_only_what_can_change_is_sent_again(folder: Path, status: int, times: int) -> None:
    asked: Counter[str] = Counter()

    def answer(event: Any) -> int:
        asked[event.request.AffectedSOPInstanceUID] += 1
        return status

    with taking(answer) as server:
        done = run(f"store '{folder}' --to {server.address}")
    assert set(asked.values()) == {times}
    assert done.status == (0 if status == 0xB000 else 5)


def test_what_was_refused_once_is_stored_when_sent_again(folder: Path) -> None:
    seen: set[str] = set()

    def answer(event: Any) -> int:
        uid = event.request.AffectedSOPInstanceUID
        first = uid not in seen
        seen.add(uid)
        return 0xA700 if first else 0

    with taking(answer) as server:
        done = run(f"store '{folder}' --to {server.address}")
    assert (done.status, done.last.split(" files")[0]) == (0, "3 of 3")


def test_a_class_that_is_not_accepted_is_named(folder: Path) -> None:
    with taking(lambda _: 0, [MRImageStorage]) as server:
        done = run(f"store '{folder}' --to {server.address}")
    assert done.status != 0
    assert "the server does not take CT Image Storage in Explicit VR Little Endian" in done.out


def test_after_an_aborted_association_the_rest_is_sent(folder: Path) -> None:
    def answer(event: Any) -> int:
        if event.request.AffectedSOPInstanceUID.endswith("1"):
            event.assoc.abort()
        return 0

    with taking(answer) as server:
        done = run(f"store '{folder}' --to {server.address}")
    assert (done.status, done.last.split(" files")[0]) == (5, "2 of 3")
    assert "aborted the association" in done.out


def test_several_associations_share_the_work(folder: Path) -> None:
    both = Barrier(2, timeout=60)  # neither object is taken before the other one is there, too
    next(folder.glob("3-*.dcm")).unlink()

    def answer(event: Any) -> int:
        del event
        both.wait()
        return 0

    with taking(answer) as server:
        done = run(f"store '{folder}' --to {server.address} --jobs 2 --retries 0")
    assert done.status == 0


def test_more_contexts_than_an_association_has_take_several(tmp_path: Path) -> None:
    from dicomsh.retrieve.part10 import FileHead
    from dicomsh.retrieve.store import Item, _batches

    heads = [FileHead(f"1.2.{number}", "1.2.3", "1.2.840.10008.1.2", 200) for number in range(300)]
    items = [Item("x", Source(tmp_path, "", head, 1)) for head in heads * 2]
    made = list(_batches(items, 128))
    assert [len({one.source.pair for one in batch if one.source}) for batch in made] == [
        128,
        128,
        44,
    ]
    assert sum(map(len, made)) == 600


def test_zip_files_are_read_without_unpacking(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(sorted(folder.glob("*.dcm"))):
            archive.write(file, f"../../out/{number}.dcm")
        archive.writestr("__MACOSX/._x", b"junk")
    got: list[bytes] = []

    def answer(event: Any) -> int:
        got.append(event.request.DataSet.getvalue())
        return 0

    with taking(answer) as server:
        done = run(f"store '{path}' --to {server.address}")
    assert done.status == 0, done.err
    assert sorted(got) == sorted(data_set(file) for file in folder.glob("*.dcm"))
    assert {one.name for one in tmp_path.iterdir()} == {"files", "study.zip"}


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.dcm", b"x")
    whole = bytearray(path.read_bytes())
    place = whole.index(b"PK\1\2") + 24
    whole[place : place + 4] = (0xF0000000).to_bytes(4, "little")
    path.write_bytes(whole)
    done = run(f"store '{path}' --to ARCHIVE@{HOST}:1 --dry-run")
    assert "expands to 4,026,531,840" in done.out


def test_the_files_that_a_dicomdir_lists_are_sent(folder: Path, tmp_path: Path) -> None:
    files = FileSet()
    for number in (1, 2):
        made = pydicom.dcmread(next(folder.glob(f"{number}-*.dcm")))
        made.StudyID, made.StudyTime, made.AccessionNumber = "1", "120000", ""
        files.add(made)
    media = tmp_path / "media"
    files.write(media)
    files._stage["t"].cleanup()  # which pydicom leaves to the garbage collector, with a warning
    gone = next(path for path in media.rglob("*") if path.is_file() and path.name != "DICOMDIR")
    gone.unlink()
    done = run(f"store '{media / 'DICOMDIR'}' --to ARCHIVE@{HOST}:1 --dry-run", output="json")
    assert sorted(one["state"] for one in done.json) == ["failed", "sendable"]


def test_a_ledger_says_what_to_send(folder: Path, tmp_path: Path) -> None:
    with receiving(tmp_path / "in") as receiver:
        run(f"store '{folder}' --to DICOMSH@{HOST}:{receiver.port}")
        receiver.interrupted()
    next((tmp_path / "in").rglob("1.2.1.1.2.dcm")).write_bytes(b"cut")
    with taking(lambda _: 0) as server:
        done = run(f"store --from-ledger '{tmp_path / 'in'}' --to {server.address}")
    assert (done.status, done.last.split(" files")[0]) == (5, "2 of 3")
    assert "its file is gone or was changed" in done.out


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = file_of(tmp_path / "files", 1)
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + (100 << 20))
    with receiving(tmp_path / "in") as receiver:
        tracemalloc.start()
        done = run(f"store '{path}' --to DICOMSH@{HOST}:{receiver.port}")
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
        tracemalloc.stop()
        receiver.interrupted()
    assert done.status == 0, done.err


def test_a_missing_path_and_no_path_are_told() -> None:
    assert "no such file: /no/where" in run(f"store /no/where --to A@{HOST}:1").err
    assert "nothing to send" in run(f"store --to A@{HOST}:1").err

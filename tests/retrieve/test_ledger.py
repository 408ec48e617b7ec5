"""The ledger: whole means whole, whenever the program died."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from dicomsh.errors import DicomshError
from dicomsh.model.storage import Announced, StoreReply
from dicomsh.retrieve.ledger import NAME, Ledger, LedgerEntry, file_digest, read_ledger
from dicomsh.retrieve.object_file import Kept, ObjectFile, ObjectName, known_place
from tests.dimse.peers import encoded, run
from tests.retrieve.giving import image

SYNTAX = "1.2.840.10008.1.2.1"


def entry_of(folder: Path, uid: str, data: bytes, name: str = "a.dcm") -> LedgerEntry:
    (folder / name).write_bytes(data)
    digest = file_digest(folder / name)
    return LedgerEntry(uid, "1.2.3", name, len(data), digest, SYNTAX)


def test_a_torn_line_is_left_out_and_the_next_begins_anew(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(entry_of(tmp_path, "1.1", b"abc"))
    ledger.close()
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"uid": "1.2", "sop_cl')
    ledger = Ledger(tmp_path)
    ledger.add(entry_of(tmp_path, "1.3", b"abcd", "b.dcm"))
    ledger.close()
    assert [entry.uid for entry in read_ledger(tmp_path)] == ["1.1", "1.3"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x"])
def test_a_ledger_from_elsewhere_names_no_files_outside(tmp_path: Path, path: str) -> None:
    line = (
        f'{{"uid":"1","sop_class":"1","file":"{path}","bytes":1,"sha256":"","transfer_syntax":""}}'
    )
    (tmp_path / NAME).write_text(line + "\n", "utf-8")
    assert list(read_ledger(tmp_path)) == []


def test_a_file_that_was_whole_but_not_named_gets_its_name(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    entry = entry_of(tmp_path, "1.1", b"abc")
    ledger.add(entry)
    (tmp_path / "a.dcm").rename(tmp_path / "a.dcm.part")
    assert ledger.whole("1.1") == entry
    assert (tmp_path / "a.dcm").read_bytes() == b"abc"
    ledger.close()


@pytest.mark.parametrize("data", [b"", b"ab", b"abd", b"abcd"])
def test_a_file_with_other_bytes_is_not_whole(tmp_path: Path, data: bytes) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(entry_of(tmp_path, "1.1", b"abc"))
    (tmp_path / "a.dcm").rename(tmp_path / "a.dcm.part")
    (tmp_path / "a.dcm.part").write_bytes(data)
    assert ledger.whole("1.1") is None
    assert not (tmp_path / "a.dcm").exists()
    ledger.close()


def test_only_one_process_has_a_folder(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with pytest.raises(DicomshError, match="another dicomsh"):
        Ledger(tmp_path)
    ledger.close()
    Ledger(tmp_path).close()


def incoming(ledger: Ledger, found: list[Kept], uid: str = "1.2.1.1.1") -> ObjectFile:
    """An object that is announced under a UID; what becomes of it goes into `found`."""

    def done(kept: Kept) -> StoreReply:
        found.append(kept)
        return kept.reply

    announced = Announced("1.2.840.10008.5.1.4.1.1.2", uid, SYNTAX)
    name = ObjectName(announced, "PEER", *known_place(PurePosixPath("x/a.dcm")))
    return ObjectFile(ledger, name, done)


def stored(folder: Path, data: bytes, uid: str = "1.2.1.1.1") -> tuple[StoreReply, list[Kept]]:
    """What becomes of an object that is announced under a UID."""
    found: list[Kept] = []
    ledger = Ledger(folder)
    file = incoming(ledger, found, uid)
    for start in range(0, len(data), 7):
        file.write(data[start : start + 7])
    file.close()
    reply = run(file.keep())
    ledger.close()
    return reply, found


def test_an_object_is_kept_with_its_line(tmp_path: Path) -> None:
    reply, (kept,) = stored(tmp_path, encoded(image(1), explicit=True))
    assert reply.status == 0
    assert kept.entry is not None
    assert list(read_ledger(tmp_path)) == [kept.entry]
    assert file_digest(tmp_path / "x/a.dcm") == kept.entry.sha256


def test_an_object_that_is_another_one_inside_is_refused(tmp_path: Path) -> None:
    reply, (kept,) = stored(tmp_path, encoded(image(2), explicit=True))
    assert (reply.status, kept.entry) == (0xA900, None)
    assert "another SOP Instance UID" in reply.comment
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [NAME]


def test_an_object_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a file where the folder should be")
    reply, (kept,) = stored(tmp_path, encoded(image(1), explicit=True))
    assert (reply.status, kept.entry) == (0xA700, None)


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """No file may become longer, as on a disk that is full for a while."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_object_with_a_part_that_could_not_be_written_is_refused(tmp_path: Path) -> None:
    found: list[Kept] = []
    ledger = Ledger(tmp_path)
    file = incoming(ledger, found)
    data = encoded(image(1, size=1_000_000), explicit=True)
    with longest_file(400_000):
        for start in range(0, 900_000, 65_536):
            file.write(data[start : start + 65_536])
    file.write(data[start + 65_536 :])
    file.close()
    reply = run(file.keep())
    ledger.close()
    assert (reply.status, found[0].entry) == (0xA700, None)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [NAME]

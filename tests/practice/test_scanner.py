"""Images that a practice archive sends unasked."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread

from dicomsh.practice.archive import PracticeArchive, practice_archive
from dicomsh.practice.scanner import new_images
from tests.harness import run
from tests.processes import free_ports

SCANNER = """
modalities:
  scanner: {practice: true, aet: CT1, faults: {sends: 3}}
  other: {practice: true, aet: CT2}
"""


def test_the_images_are_of_one_new_series_each_time() -> None:
    first, again = (new_images(practice_archive(), 3, seed) for seed in ("1", "2"))
    assert [one.number for one in first] == [1, 2, 3]
    assert len({one.uid for one in (*first, *again)}) == 6
    assert {one.path[:3] == first[0].path[:3] for one in first} == {True}
    assert first[0].path[0] == again[0].path[0]
    assert first[0].path[1] != again[0].path[1]


def test_an_archive_without_patients_sends_nothing() -> None:
    assert new_images(PracticeArchive(()), 3, "1") == []


def test_they_come_once_we_receive(tmp_path: Path) -> None:
    (tmp_path / "modalities.yaml").write_text(SCANNER)
    (port,) = free_ports(1)
    text = f"receive --from CT1 --count 3 --port {port} --to '{tmp_path / 'in'}'"
    for count in (3, 6):
        done = run(text, config=tmp_path / "modalities.yaml")
        assert done.status == 0
        files = [*(tmp_path / "in").rglob("*.dcm")]
        assert len(files) == count
    assert {dcmread(file).file_meta.SourceApplicationEntityTitle for file in files} == {"CT1"}

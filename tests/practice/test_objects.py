"""The objects of the practice archive: readable for others, and just what C-FIND says of them."""

from __future__ import annotations

import io
import subprocess
from itertools import chain
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID

from dicomsh.model.keys import by_tag
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.storage import Announced
from dicomsh.model.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.practice.archive import COUNTERS, HELD, practice_archive
from dicomsh.practice.objects import PracticeObject
from dicomsh.practice.protocols import COMPRESSED, DEVICES, JPEG_BASELINE
from dicomsh.retrieve.part10 import file_header
from tests import servers
from tests.conftest import Start
from tests.practice.retrieving import first_of
from tests.processes import find_program

COMPUTED = {"ModalitiesInStudy", "SOPClassesInStudy", *chain(*COUNTERS.values())}
KINDS = sorted(DEVICES)


def file_of(modality: str, syntax: str = EXPLICIT_LITTLE_ENDIAN) -> bytes:
    """A whole file of the first object of a modality."""
    one = PracticeObject(first_of(modality))
    head = file_header(Announced(one.sop_class, one.uid, syntax), "PRACTICE")
    return head + b"".join(one.pieces(syntax))


def read(modality: str, syntax: str = EXPLICIT_LITTLE_ENDIAN) -> Dataset:
    return dcmread(io.BytesIO(file_of(modality, syntax)))


def test_there_is_an_object_of_each_kind() -> None:
    held = {
        series.attributes[0x00080060]
        for patient in practice_archive().patients
        for study in patient.children
        for series in study.children
    }
    assert held == set(DEVICES)


@pytest.mark.parametrize("modality", KINDS)
def test_an_object_says_what_c_find_says(modality: str) -> None:
    made = read(modality)
    for level, entity in zip(HIERARCHY, first_of(modality), strict=True):
        for tag in HELD[level] & entity.attributes.keys():
            attribute = by_tag(tag)
            if attribute.keyword in COMPUTED:
                assert tag not in made
            elif attribute.vr != "SQ":
                value = made[tag].value
                text = "\\".join(map(str, value)) if made[tag].VM > 1 else str(value or "")
                assert text == entity.attributes[tag], attribute.keyword


@pytest.mark.parametrize("modality", KINDS)
def test_elements_are_in_order_and_values_valid(
    modality: str, recwarn: pytest.WarningsRecorder
) -> None:
    made = read(modality)
    tags = [element.tag for element in made]
    assert tags == sorted(tags)
    assert [element.value for element in made.iterall()]
    assert not recwarn.list
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    assert buffer.getvalue().endswith(file_of(modality)[-64:])


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN])
@pytest.mark.parametrize("modality", sorted(set(KINDS) - {"SR", "DOC"}))
def test_pixels_are_as_many_as_the_attributes_say(modality: str, syntax: str) -> None:
    made = read(modality, syntax)
    bits = made.Rows * made.Columns * int(made.get("NumberOfFrames", 1)) * made.BitsAllocated
    assert len(made.PixelData) == bits // 8
    assert len(set(made.PixelData[: bits // 8 : 7])) > 1


@pytest.mark.parametrize("modality", sorted(COMPRESSED))
def test_compressed_images_decode_to_the_uncompressed_ones(modality: str, tmp_path: Path) -> None:
    (tmp_path / "jpeg.dcm").write_bytes(file_of(modality, JPEG_BASELINE))
    program = find_program("dcmdjpeg")
    subprocess.run([program, tmp_path / "jpeg.dcm", tmp_path / "plain.dcm"], check=True)
    assert dcmread(tmp_path / "plain.dcm").PixelData == read(modality).PixelData
    held = dcmread(tmp_path / "jpeg.dcm")
    assert held.file_meta.TransferSyntaxUID == JPEG_BASELINE
    assert held.LossyImageCompression == "01"


@pytest.mark.parametrize("modality", KINDS)
def test_the_same_object_has_the_same_bytes_each_time(modality: str) -> None:
    first, again = file_of(modality), file_of(modality)
    assert first == again


def test_images_of_a_series_differ() -> None:
    patient, study, series, _ = first_of("CT")
    made = [
        b"".join(PracticeObject((patient, study, series, one)).pieces(EXPLICIT_LITTLE_ENDIAN))
        for one in series.children
    ]
    assert len(made) == 2
    assert made[0][-512 * 1024 :] != made[1][-512 * 1024 :]


def test_a_report_is_a_tree_of_text() -> None:
    made = read("SR")
    assert [item.ValueType for item in made.ContentSequence] == ["TEXT"] * 3
    assert "MR BRAIN" in made.ContentSequence[2].TextValue


def test_a_document_is_a_pdf_file() -> None:
    made = read("DOC")
    document = made.EncapsulatedDocument.rstrip(b"\0")
    assert document.startswith(b"%PDF-1.4\n")
    assert document.endswith(b"%%EOF\n")
    table = int(document.split(b"startxref\n")[1].split()[0])
    assert document[table:].startswith(b"xref\n0 6\n")
    for number, line in enumerate(document[table:].splitlines()[3:8], 1):
        assert document[int(line[:10]) :].startswith(b"%d 0 obj" % number)


@pytest.mark.parametrize("padding", [0, 1, 1_000_000])
def test_padding_makes_an_object_large(padding: int) -> None:
    plain = b"".join(PracticeObject(first_of("SR")).pieces(EXPLICIT_LITTLE_ENDIAN))
    pieces = list(PracticeObject(first_of("SR"), padding).pieces(EXPLICIT_LITTLE_ENDIAN))
    more = padding + padding % 2 + 12 if padding else 0
    assert sum(map(len, pieces)) == len(plain) + more
    assert max(map(len, pieces)) <= 256 * 1024


def test_orthanc_takes_one_of_each_kind_and_reads_it_alike(
    start_server: Start[servers.Orthanc], tmp_path: Path
) -> None:
    server, uids = start_server(servers.orthanc()), {}
    for modality in KINDS:
        one = PracticeObject(first_of(modality))
        path = tmp_path / f"{modality}.dcm"
        path.write_bytes(file_of(modality, one.syntaxes[0]))
        assert server.upload([path]) == 1, modality
        uids[modality] = one.uid
    for modality, uid in uids.items():
        (found,) = server.find(Level.INSTANCE, {"SOPInstanceUID": uid})
        assert found["InstanceNumber"] == "1", modality
        assert UID(uid).is_valid

"""The header of a DICOM file, read by pydicom; the UID inside a data set."""

from __future__ import annotations

import zlib
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from dicomsh.model.storage import Announced
from dicomsh.model.transfer_syntaxes import STORED
from dicomsh.retrieve.part10 import file_header, sop_instance_uid
from tests.dimse.peers import encoded
from tests.retrieve.giving import image

BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT = "1.2.840.10008.1.2"


def data_set(syntax: str) -> bytes:
    if syntax == BIG_ENDIAN:
        out = DicomBytesIO()
        out.is_little_endian, out.is_implicit_VR = False, False
        made = image(7)
        made.file_meta = None  # type: ignore[assignment]
        write_dataset(out, made)
        return out.getvalue()
    plain = encoded(image(7), explicit=syntax != IMPLICIT)
    if syntax != DEFLATED:
        return plain
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


@pytest.mark.parametrize("syntax", [STORED[0], IMPLICIT, DEFLATED])
def test_pydicom_reads_the_file(syntax: str) -> None:
    announced = Announced("1.2.840.10008.5.1.4.1.1.2", "1.2.1.1.7", syntax)
    read = dcmread(BytesIO(file_header(announced, "PEER") + data_set(syntax)))
    assert read.SOPInstanceUID == read.file_meta.MediaStorageSOPInstanceUID == "1.2.1.1.7"
    assert read.file_meta.MediaStorageSOPClassUID == announced.sop_class
    assert read.file_meta.TransferSyntaxUID == syntax
    assert read.file_meta.SourceApplicationEntityTitle == "PEER"


@pytest.mark.parametrize("syntax", [STORED[0], IMPLICIT, DEFLATED, BIG_ENDIAN])
def test_the_uid_inside_is_found(syntax: str) -> None:
    assert sop_instance_uid(data_set(syntax)[:4096], syntax) == "1.2.1.1.7"


@pytest.mark.parametrize("syntax", [STORED[0], IMPLICIT, DEFLATED, BIG_ENDIAN])
@pytest.mark.parametrize("head", [b"", b"\x08\x00", b"\xff" * 4096, bytes(4096)])
def test_what_is_not_a_data_set_has_no_uid(syntax: str, head: bytes) -> None:
    assert sop_instance_uid(head, syntax) is None

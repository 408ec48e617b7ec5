"""An archive whose answers hold values of every kind, chosen by PatientID."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.dimse.peers import study


def _texts() -> Dataset:
    row = study(1, SpecificCharacterSet="ISO_IR 192", PatientName="A^B^^^=山田^太郎= ")
    row.OtherPatientIDs = ["a", "b"]
    row.StudyTime = ""
    row.StudyDescription = 'said "yes" \\ no \t 100 % '
    row.PatientComments = "line\r\nline 2 \x1b[31m  "
    row.ModalitiesInStudy = ["CT", "MR"]
    row.RetrieveURL = "x" * 300
    return row


def _numbers() -> Dataset:
    row = study(1, SpecificCharacterSet="ISO_IR 192", Rows=512, PixelSpacing=["0.5", "0.25"])
    row.ReferencedFrameNumber = [1, 2]
    row.FrameIncrementPointer = 0x00181063
    row.EffectiveDuration = 0.5
    row.SelectorSLValue = -5
    return row


def _fraction() -> Dataset:
    return study(1, SpecificCharacterSet="ISO_IR 192", DiffusionBValue=0.1)


def _latin() -> Dataset:
    return study(1, SpecificCharacterSet="ISO_IR 100", PatientName="Grün")


def _several() -> Dataset:
    charsets = ["", "ISO 2022 IR 87"]
    return study(1, SpecificCharacterSet=charsets, PatientName="Yamada^Tarou=山田^太郎")


def _undeclared() -> Dataset:
    return study(1, PatientName="JOD")


def _structured() -> Dataset:
    row = study(1, SpecificCharacterSet="ISO_IR 192", ReferencedStudySequence=[])
    item = Dataset()
    item.Modality = "CT"
    row.RequestAttributesSequence = [item, Dataset()]
    private = row.private_block(0x0009, "ACME", create=True)
    private.add_new(0x01, "LO", "text")
    private.add_new(0x02, "UN", b"\0\1")
    row.PixelData = b"\0\1"
    row["PixelData"].VR = "OW"
    return row


ROWS: dict[str, Callable[[], Dataset]] = {
    "texts": _texts,
    "numbers": _numbers,
    "fraction": _fraction,
    "latin": _latin,
    "several": _several,
    "undeclared": _undeclared,
    "structured": _structured,
}
"""What each PatientID brings."""


def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
    """Answer a query."""
    patient = event.identifier.PatientID
    row = ROWS[patient]()
    row.PatientID = patient
    row.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
    yield 0xFF00, row

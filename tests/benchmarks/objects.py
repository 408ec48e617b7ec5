"""Makes the objects of one study for the benchmark of retrieval: `objects FOLDER COUNT BYTES`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

STUDY = "1.2.826.0.1.3680043.8.498.1"
FRAME = 512 * 1024
"""Bytes of the largest frame: an object of more pixels has several."""


def main(folder: Path, count: int, size: int) -> None:
    """Write `count` files with `size` bytes of pixels each; large ones are multi-frame."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import (
        CTImageStorage,
        ExplicitVRLittleEndian,
        NuclearMedicineImageStorage,
    )

    frames = max(size // FRAME, 1)
    sop_class = NuclearMedicineImageStorage if frames > 1 else CTImageStorage
    modality = "NM" if frames > 1 else "CT"
    for number in range(1, count + 1):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID = sop_class
        made.SOPInstanceUID = f"{STUDY}.1.{number}"
        made.StudyDate, made.StudyTime, made.Modality = "20240305", "101500", modality
        made.PatientName, made.PatientID = "Bench^Mark", "BENCH"
        made.StudyInstanceUID, made.SeriesInstanceUID = STUDY, f"{STUDY}.1"
        made.StudyID, made.AccessionNumber = "1", "A1"
        made.SeriesNumber, made.InstanceNumber = "1", str(number)
        made.BitsAllocated, made.Rows, made.Columns = 8, 1024, size // frames // 1024
        made.SamplesPerPixel, made.BitsStored, made.HighBit = 1, 8, 7
        made.PixelRepresentation, made.PhotometricInterpretation = 0, "MONOCHROME2"
        if frames > 1:
            made.NumberOfFrames = frames
        made.add_new("PixelData", "OB", os.urandom(size))
        made.save_as(folder / f"{number:05}.dcm", enforce_file_format=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""DICOM files to fill a real server with: those that pydicom ships, and made-up patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom.data
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ComprehensiveSRStorage,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

_SOP_CLASSES = {
    "CR": ComputedRadiographyImageStorage,
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "SR": ComprehensiveSRStorage,
}


@dataclass(frozen=True, slots=True)
class Series:
    modality: str
    description: str
    instances: int
    body_part: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    date: str
    time: str
    description: str
    series: tuple[Series, ...]
    accession: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as written to files; None leaves the attribute out."""

    id: str
    name: str
    sex: str | None
    birth_date: str | None
    studies: tuple[Study, ...]
    charset: str = ""


_CHEST = Study(
    "20150311",
    "091500",
    "CT CHEST",
    (
        Series("CT", "SCOUT", 1, "CHEST"),
        Series("CT", "AXIAL 5.0", 4, "CHEST"),
        Series("CT", "AXIAL LUNG 1.0", 3, "CHEST"),
    ),
    "A1001",
)
_BRAIN = Study(
    "20160229",
    "140230.5",
    "MR BRAIN",
    (
        Series("MR", "T1 SAG", 2, "HEAD"),
        Series("MR", "T2 AX", 3, "HEAD"),
        Series("SR", "REPORT", 1),
    ),
    "A1002",
)
_HAND = Study("20191231", "235959", "HAND LEFT", (Series("CR", "AP", 2, "HAND"),), "A1003")
_BARE = Study("", "", "", (Series("CR", "", 1),))


def _one(study: Study, accession: str) -> tuple[Study, ...]:
    return (replace(study, accession=accession),)


PATIENTS = (
    Patient("0555643F", "JODOT^MARC", "M", "19690412", (_CHEST, _BRAIN, _HAND)),
    Patient("0555644F", "JODOIN^ANNE", "F", "19820730", _one(_CHEST, "A1011")),
    Patient("0555645F", "JODL^KARL^^DR", "M", "19500101", _one(_HAND, "A1021")),
    Patient("DE-1", "Müller^Jürgen", "M", "19701003", _one(_BRAIN, "A1031"), "ISO_IR 100"),
    Patient("GR-1", "Διονυσιος", "M", "19610615", _one(_CHEST, "A1041"), "ISO_IR 126"),
    Patient("RU-1", "Чайка^Нина", "F", "19750505", _one(_HAND, "A1051"), "ISO_IR 144"),
    Patient(
        "JP-1",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "M",
        "19640110",
        (*_one(_BRAIN, "A1061"), replace(_HAND, accession="A1062")),
        "ISO_IR 192",
    ),
    Patient(
        "KR-1", "Hong^Gildong=洪^吉洞=홍^길동", "M", "19900909", _one(_HAND, "A1071"), "ISO_IR 192"
    ),
    Patient("AR-1", "قباني^لنزار", "O", None, _one(_HAND, "A1081"), "ISO_IR 127"),
    Patient("NO-NAME", "", None, "", (_BARE,)),
)
"""The made-up patients. `find patient JOD* sex=M` finds 0555643F among two."""


def bundled() -> list[Path]:
    """Every file inside the installed pydicom that begins as a DICOM file; nothing is downloaded.

    The folders are read directly: pydicom's own look-up functions fetch what is missing.
    """
    data = Path(pydicom.data.__file__).parent
    folders = (data / "test_files", data / "charset_files")
    return sorted(path for folder in folders for path in folder.rglob("*") if _is_part10(path))


def _is_part10(path: Path) -> bool:
    """Whether it has the preamble and prefix of PS3.10 7.1 and is no DICOMDIR."""
    if not path.is_file() or path.name.startswith("DICOMDIR"):
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def write_made_up(folder: Path) -> list[Path]:
    """Writes one file per instance of `PATIENTS` into the folder and returns their paths."""
    paths = []
    for number, dataset in enumerate(_instances()):
        path = folder / f"made-up-{number:03}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_studies(folder: Path, studies: int, instances: int) -> list[Path]:
    """Writes so many made-up studies, of one series with so many instances each."""
    paths = []
    for number in range(studies):
        day = f"{2009 + number % 12}{number % 12 + 1:02}{number % 28 + 1:02}"
        series = (Series("CT", "Thorax", instances),)
        study = Study(day, "101500", "CT CHEST", series, f"A{number:05}")
        patient = Patient(f"P{number:05}", f"Made^Up{number}", "F", "19700101", (study,))
        for instance in range(1, instances + 1):
            path = folder / f"study-{number:05}-{instance}.dcm"
            dataset = _instance(patient, study, series[0], 1, instance)
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def _instances() -> Iterator[Dataset]:
    for patient in PATIENTS:
        for study in patient.studies:
            for number, series in enumerate(study.series, start=1):
                for instance in range(1, series.instances + 1):
                    yield _instance(patient, study, series, number, instance)


def _instance(
    patient: Patient, study: Study, series: Series, number: int, instance: int
) -> Dataset:
    names = [patient.id, study.accession, str(number), str(instance)]
    dataset = Dataset()
    if patient.charset:
        dataset.SpecificCharacterSet = patient.charset
    dataset.SOPClassUID = _SOP_CLASSES[series.modality]
    dataset.SOPInstanceUID = _uid(*names)
    _add_patient(dataset, patient)
    _add_study(dataset, study, _uid(*names[:2]))
    _add_series(dataset, series, number, _uid(*names[:3]))
    dataset.InstanceNumber = instance
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _uid(*names: str) -> str:
    """The same UID for the same names in every run."""
    return generate_uid(entropy_srcs=["dicomsh tests", *names])


def _add_patient(dataset: Dataset, patient: Patient) -> None:
    dataset.PatientID = patient.id
    dataset.PatientName = patient.name
    if patient.sex is not None:
        dataset.PatientSex = patient.sex
    if patient.birth_date is not None:
        dataset.PatientBirthDate = patient.birth_date


def _add_study(dataset: Dataset, study: Study, uid: str) -> None:
    dataset.StudyInstanceUID = uid
    dataset.StudyDate = study.date
    dataset.StudyTime = study.time
    dataset.StudyDescription = study.description
    dataset.AccessionNumber = study.accession


def _add_series(dataset: Dataset, series: Series, number: int, uid: str) -> None:
    dataset.SeriesInstanceUID = uid
    dataset.SeriesNumber = number
    dataset.Modality = series.modality
    dataset.SeriesDescription = series.description
    dataset.BodyPartExamined = series.body_part

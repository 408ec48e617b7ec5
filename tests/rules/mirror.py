"""A part of the practice archive as DICOM files, so that a real server can hold the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from pydicom import DataElement
from pydicom.config import IGNORE
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicomsh.model.keys import by_keyword, tag_pair
from dicomsh.model.vr import BINARY_NUMBERS
from dicomsh.practice.archive import (
    COUNTERS,
    Attributes,
    StoredEntity,
    Value,
    practice_archive,
    vr_of,
)

PATIENTS = (
    *("0555643F", "10002", "10004", "10005", "ozp00sj", "OZP00SJ", "MUC-0001", "MUC-0005"),
    *("PAR-0003", "TYO-0001", "TYO-0002", "NGT-0001"),
)
"""No two that share a PatientID: Orthanc takes those for one patient."""

_PER_SERIES = 2
_COMPUTED = frozenset(
    by_keyword(word).tag
    for word in (
        *("ModalitiesInStudy", "SOPClassesInStudy"),
        *(word for words in COUNTERS.values() for word in words),
    )
)


def write_files(folder: Path) -> list[Path]:
    """Writes at most two instances of each series into the folder, and returns their paths."""
    paths = []
    for number, dataset in enumerate(_instances()):
        paths.append(folder / f"mirror-{number:03}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def _instances() -> Iterator[Dataset]:
    for patient in practice_archive().patients:
        if patient.attributes[by_keyword("PatientID").tag] in PATIENTS:
            for study in patient.children:
                for series in study.children:
                    for instance in islice(series.children, _PER_SERIES):
                        yield _dataset(patient, study, series, instance)


def _dataset(*entities: StoredEntity) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for entity in entities:
        _fill(dataset, entity.attributes)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _fill(dataset: Dataset, attributes: Attributes) -> None:
    for tag, value in attributes.items():
        if tag not in _COMPUTED:
            vr = vr_of(tag)
            element = DataElement(tag, vr, _value(vr, value), validation_mode=IGNORE)
            dataset[f"{tag_pair(tag).replace(',', '')}"] = element


def _value(vr: str, value: Value) -> object:
    if isinstance(value, str):
        return int(value) if vr in BINARY_NUMBERS and value else value
    return [_item(item) for item in value]


def _item(attributes: Mapping[int, Value]) -> Dataset:
    dataset = Dataset()
    _fill(dataset, attributes)
    return dataset

"""An archive that gives objects by C-GET, and does it wrong on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import build_context, evt

from dicomsh.model.levels import HIERARCHY, ROOT_MODELS
from dicomsh.model.modality import Modality
from tests.dimse.peers import ABSTRACT_SYNTAXES, scp
from tests.harness import Done, run

_UNIQUE = {level.dicom: level.unique_keyword for level in HIERARCHY}


@dataclass(frozen=True)
class Faults:
    """What goes wrong.

    Args:
        keeps: SOP Instance UIDs of objects that are listed, but never sent.
        refused_lists: whether a list of SOP Instance UIDs finds nothing.
        status: the final status, instead of that of pynetdicom.
        extra: objects that are sent though nobody asked for them.
        repeats: whether each object is sent twice.
        once: whether what is kept back is kept back the first time only.
        aborts: number of objects after which the association is aborted, each time.
        rows_repeat: whether there is a row for each instance at every level, as from qrscp.
    """

    keeps: frozenset[str] = frozenset()
    refused_lists: bool = False
    status: int | None = None
    extra: tuple[Dataset, ...] = ()
    repeats: bool = False
    once: bool = False
    aborts: int | None = None
    rows_repeat: bool = False


_PIXELS = bytes(range(256))


def image(number: int, series: int = 1, study: int = 1, size: int = 64, **more: str) -> Dataset:
    """A small object of a series of a study of the patient `P1`."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = CTImageStorage
    made.SOPInstanceUID = f"1.2.{study}.{series}.{number}"
    made.StudyDate = f"2024010{study}"
    made.Modality = "CT"
    made.PatientName = "Doe^Jane"
    made.PatientID = "P1"
    made.StudyInstanceUID = f"1.2.{study}"
    made.SeriesInstanceUID = f"1.2.{study}.{series}"
    made.SeriesNumber = str(series)
    made.InstanceNumber = str(number)
    made.PixelData = (_PIXELS * (size // len(_PIXELS) + 2))[number % len(_PIXELS) :][:size]
    made["PixelData"].VR = "OW"
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


def image_files(folder: Path, count: int, size: int = 64) -> list[Path]:
    """Files of so many images of one series, each made of the bytes of the first.

    pydicom would take 1 ms to write each.
    """
    first = 1001  # all numbers are as long, and are nothing else in the file
    paths = [folder / f"{number}.dcm" for number in range(first, first + count)]
    image(first, size=size).save_as(paths[0], enforce_file_format=True)
    data = paths[0].read_bytes()
    for path in paths[1:]:
        path.write_bytes(data.replace(str(first).encode(), path.stem.encode()))
    return paths


IMAGES = tuple(image(number, series) for series in (1, 2) for number in (1, 2, 3))


class Giver:
    """Answers C-FIND and C-GET from a list of objects.

    Attributes:
        requests: the identifiers of the C-GET requests.
    """

    def __init__(self, objects: Sequence[Dataset], faults: Faults) -> None:
        self._objects = objects
        self._faults = faults
        self._kept: set[str] = set()
        self.requests: list[Dataset] = []

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        keys = event.identifier
        unique = _UNIQUE[keys.QueryRetrieveLevel]
        found = [one for one in self._objects if _matches(one, keys)]
        rows = {str(one[unique].value): one for one in found}
        for one in found if self._faults.rows_repeat else rows.values():
            row = Dataset()
            for element in keys:
                row[element.tag] = one.get(element.tag, element)
            row.QueryRetrieveLevel = keys.QueryRetrieveLevel
            yield 0xFF00, row

    def get(self, event: evt.Event) -> Iterator[Any]:
        keys, faults = event.identifier, self._faults
        self.requests.append(keys)
        found = [one for one in self._objects if _matches(one, keys)]
        if faults.refused_lists and len(_values(keys, "SOPInstanceUID")) > 1:
            found = []
        found = [one for one in found if not self._keeps(one.SOPInstanceUID)]
        found = [*found, *faults.extra] * (2 if faults.repeats else 1)
        yield len(found)
        if faults.status is not None:
            yield faults.status, None
            return
        for number, one in enumerate(found, 1):
            yield 0xFF00, one
            if number == faults.aborts:
                event.assoc.abort()
                return

    def _keeps(self, uid: str) -> bool:
        first = uid not in self._kept
        self._kept.add(uid)
        return uid in self._faults.keeps and (first or not self._faults.once)


def _values(keys: Dataset, keyword: str) -> list[str]:
    value = keys.get(keyword)
    if value in (None, ""):
        return []
    return [value] if isinstance(value, str) else list(value)


def _matches(one: Dataset, keys: Dataset) -> bool:
    return all(
        not (wanted := _values(keys, keyword)) or str(one[keyword].value) in wanted
        for keyword in _UNIQUE.values()
    )


def giving(
    giver: Giver, *, no_role: bool = False, move_to: int | None = None
) -> AbstractContextManager[Modality]:
    """It runs, on loopback; with a port to send to, it offers C-MOVE and no C-GET."""

    def configure(entity: Any) -> None:
        for model in ROOT_MODELS:
            entity.add_supported_context((model.move if move_to else model.get).uid)
        entity.requested_contexts = [build_context(CTImageStorage, [ExplicitVRLittleEndian])]
        syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
        entity.add_supported_context(
            CTImageStorage, syntaxes, scu_role=not no_role, scp_role=not no_role
        )

    def move(event: evt.Event) -> Iterator[Any]:
        yield "127.0.0.1", move_to
        yield from giver.get(event)

    return scp(
        giver.find,
        abstract_syntaxes=ABSTRACT_SYNTAXES,
        handlers=((evt.EVT_C_GET, giver.get), (evt.EVT_C_MOVE, move)),
        configure=configure,
    )


def got(modality: Modality, text: str, **options: Any) -> Done:
    """What a command line did with an archive."""
    address = modality.address
    return run(f"use {address}; {text}", **options)


def ledger(folder: Path) -> list[dict[str, Any]]:
    """The lines of a folder's ledger."""
    text = (folder / "dicomsh-ledger.ndjson").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def new_uid() -> str:
    """A UID that nothing else has."""
    return str(generate_uid())

"""Two independent clients for the practice archive: pynetdicom's SCU and DCMTK's findscu."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from dicomsh.model.levels import MODALITY_WORKLIST_FIND, VERIFICATION, Model
from tests.processes import find_program

PATIENT = Model.PATIENT_ROOT
STUDY = Model.STUDY_ROOT


@contextmanager
def associated(port: int, syntax: str = ExplicitVRLittleEndian, pdu: int = 16382) -> Iterator[Any]:
    """An association with all SOP classes of the archive, released at the end."""
    entity = AE("TESTER")
    entity.acse_timeout = entity.dimse_timeout = entity.connection_timeout = 20
    for sop_class in (VERIFICATION, PATIENT.value, STUDY.value, MODALITY_WORKLIST_FIND):
        entity.add_requested_context(sop_class, [syntax])
    association: Association = entity.associate("127.0.0.1", port, max_pdu=pdu)
    assert association.is_established
    keep_answers(association)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def keep_answers(association: Association) -> None:
    """Leave messages to the one who waits for them.

    pynetdicom's reactor says that it is paused before it is, so that a look at the queue may still
    follow the first request, and the answer it finds there is lost. An SCU needs no such look.
    """
    take = association.dimse.get_msg
    association.dimse.get_msg = (  # type: ignore[method-assign]
        lambda block=False: take(block) if block else (None, None)
    )


@dataclass
class Answer:
    """Statuses in the order received, the last being the final one, and the rows."""

    statuses: list[int] = field(default_factory=list)
    rows: list[Dataset] = field(default_factory=list)
    comment: str = ""

    @property
    def final(self) -> int:
        return self.statuses[-1]

    def column(self, keyword: str) -> list[str]:
        return [str(row.get(keyword, "(absent)")) for row in self.rows]


def identifier(level: str, **keys: Any) -> Dataset:
    """An identifier; keys in another character set than ASCII go out in ISO_IR 192."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        element = DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE)
        dataset[keyword] = element
    return dataset


def ask(association: Any, dataset: Dataset, model: Model = STUDY) -> Answer:
    answer = Answer()
    for status, row in association.send_c_find(dataset, model.value):
        answer.statuses.append(status.get("Status", -1))
        answer.comment = status.get("ErrorComment", "")
        if row is not None:
            answer.rows.append(row)
    return answer


def find(port: int, level: str, model: Model = STUDY, **keys: Any) -> Answer:
    """One query on an association of its own."""
    with associated(port) as association:
        return ask(association, identifier(level, **keys), model)


@dataclass
class Printed:
    """What findscu printed: each row as values by tag, and the words for the final status."""

    rows: list[dict[str, str]]
    final: str
    text: str


_ELEMENT = re.compile(r"^I: +\((\w{4},\w{4})\) \S+ (?:\[(.*?)\]|\((no value available)\))")


def findscu(port: int, *keys: str, root: str = "-S", options: tuple[str, ...] = ()) -> Printed:
    """Run DCMTK's findscu."""
    program = find_program("findscu")
    arguments = [word for key in keys for word in ("-k", key)]
    command = [program, "-v", root, *options, "127.0.0.1", str(port), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    _, *parts = text.split("I: Find Response: ")
    rows = [_row(part) for part in parts]
    final = re.search(r"Received Final Find Response \((.*)\)", text)
    return Printed(rows, final[1] if final else "", text)


def _row(text: str) -> dict[str, str]:
    found = (_ELEMENT.match(line) for line in text.splitlines())
    return {match[1].lower(): (match[2] or "").strip(" \0") for match in found if match}

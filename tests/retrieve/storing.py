"""Archives that take objects, and what is sent to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import evt

from dicomsh.model.modality import Modality
from dicomsh.model.storage import Announced
from dicomsh.retrieve.part10 import file_header, read_head
from tests.dimse.peers import encoded, scp
from tests.processes import find_program, free_ports, running
from tests.retrieve.giving import image
from tests.servers import Server, is_listening


def file_of(folder: Path, number: int, name: str = "Doe^Jane", size: int = 64, **more: Any) -> Path:
    """A DICOM file with a small object; `more` as for `image`."""
    folder.mkdir(exist_ok=True)
    made = image(number, PatientName=name, size=size, **more)
    announced = Announced(CTImageStorage, made.SOPInstanceUID, ExplicitVRLittleEndian)
    path = folder / f"{number}-{len(list(folder.iterdir()))}.dcm"
    path.write_bytes(file_header(announced, "TEST") + encoded(made, explicit=True))
    return path


def data_set(path: Path) -> bytes:
    """The bytes behind the file meta information."""
    with path.open("rb") as file:
        return path.read_bytes()[read_head(file).offset :]


@contextmanager
def storescp(folder: Path, *options: str) -> Iterator[Server]:
    """DCMTK's storescp, which writes what it gets as it is into a folder."""
    program = find_program("storescp")
    folder.mkdir(exist_ok=True)

    def launch(_: Path) -> tuple[list[str], Server]:
        (port,) = free_ports(1)
        command = [program, "-aet", "ARCHIVE", "-od", str(folder), "+B", "+uf", *options]
        return [*command, str(port)], Server(aet="ARCHIVE", port=port)

    with running(launch, is_listening) as server:
        yield server


def taking(
    answer: Callable[[Any], int | Dataset], sop_classes: Sequence[str] = (CTImageStorage,)
) -> AbstractContextManager[Modality]:
    """An archive that answers each C-STORE as a function says."""
    return scp(
        abstract_syntaxes=sop_classes,
        transfer_syntaxes=(ExplicitVRLittleEndian,),
        handlers=((evt.EVT_C_STORE, answer),),
    )

"""Four archives that hold the made-up studies."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydicom import config
from pydicom.datadict import tag_for_keyword

from dicomsh.model.modality import PracticeAddress
from dicomsh.practice.archive import PracticeArchive, StoredEntity
from dicomsh.practice.server import start
from tests import servers
from tests.oracle.studies import ODD_IDS, SHARED_ID, Study, Values, datasets, write
from tests.processes import (
    HOST,
    MissingProgramError,
    find_program,
    free_ports,
    running,
    scratch,
)
from tests.servers import Server

Peer = Callable[[Sequence[Study]], AbstractContextManager[Server]]


@contextmanager
def orthanc(studies: Sequence[Study]) -> Iterator[Server]:
    """Orthanc, filled by its REST interface."""
    with scratch() as folder, servers.orthanc() as server:
        files = write(studies, folder)
        assert server.upload(files) == len(files)
        yield server


@contextmanager
def dcmqrscp(studies: Sequence[Study]) -> Iterator[Server]:
    """DCMTK's archive, filled by its index tool."""
    with scratch() as folder, servers.dcmqrscp(write(studies, folder)) as server:
        yield server


@contextmanager
def qrscp(studies: Sequence[Study]) -> Iterator[Server]:
    """pynetdicom's archive, its database filled as it does itself.

    Raises:
        MissingProgramError: SQLAlchemy, which it needs, is not installed.
    """
    if find_spec("sqlalchemy") is None:
        raise MissingProgramError("sqlalchemy")

    def launch(folder: Path) -> tuple[list[str], Server]:
        (port,) = free_ports(1)
        database = folder / "instances.sqlite"
        _fill(f"sqlite:///{database}", studies)
        options = {
            "ae_title": "QRSCP",
            "port": str(port),
            "max_pdu": "16382",
            **dict.fromkeys(("acse_timeout", "dimse_timeout", "network_timeout"), "60"),
            "bind_address": HOST,
            "instance_location": str(folder / "instances"),
            "database_location": str(database),
            "log_identifier": "False",
        }
        file = folder / "qrscp.ini"
        lines = ["[DEFAULT]", *(f"{name}: {value}" for name, value in options.items())]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [sys.executable, "-c", _QRSCP, "-q", "-c", str(file)], Server("QRSCP", port)

    with running(launch, servers.is_listening) as server:
        yield server


_QRSCP = """
import sys
from functools import cache
from pydicom import config
from pynetdicom import _config
from pynetdicom.apps.qrscp import handlers
from pynetdicom.apps.qrscp.qrscp import main
_config.LOG_HANDLER_LEVEL = "none"
config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.IGNORE
handlers.create_engine = cache(handlers.create_engine)
main(sys.argv[1:])
"""
"""The program without what takes most of its time and changes no answer.

60 % goes into putting each message into words for its log; 15 % of the rest into warnings of odd
values and a new SQL engine for each query, which translates every query anew.
"""


def _fill(database: str, studies: Sequence[Study]) -> None:
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    db: Any = import_module("pynetdicom.apps.qrscp.db")  # without types
    engine = db.create(database)
    event.listen(engine, "connect", _without_sync)
    with Session(engine) as session, config.disable_value_validation():
        for dataset in datasets(studies):
            db.add_instance(dataset, session)
    engine.dispose()


def _without_sync(connection: object, record: object) -> None:
    """A database that only this test reads need not survive a power failure."""
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]


@contextmanager
def practice(studies: Sequence[Study]) -> Iterator[Server]:
    """The practice archive with other patients."""
    archive = PracticeArchive(tuple(_patients(studies)))
    with start(PracticeAddress("PRACTICE"), archive=archive) as server:
        yield Server(aet=server.aet, port=server.port)


def _patients(studies: Sequence[Study]) -> Iterator[StoredEntity]:
    by_id: dict[str, list[Study]] = defaultdict(list)
    for study in studies:
        by_id[study.person.id].append(study)
    for own in by_id.values():
        person = own[0].person
        values = {
            "PatientID": person.id,
            "PatientName": person.name,
            "PatientSex": person.sex,
            "PatientBirthDate": person.birth,
            "NumberOfPatientRelatedStudies": str(len(own)),
        }
        yield StoredEntity(_tagged(values), tuple(map(_study, own)))


def _study(study: Study) -> StoredEntity:
    kinds = dict.fromkeys(str(series.values["Modality"]) for series in study.series)
    values = {
        **study.values,
        "ModalitiesInStudy": "\\".join(kinds),
        "NumberOfStudyRelatedSeries": str(len(study.series)),
        "NumberOfStudyRelatedInstances": str(sum(len(one.instances) for one in study.series)),
    }
    series = tuple(
        StoredEntity(
            _tagged({**one.values, "NumberOfSeriesRelatedInstances": str(len(one.instances))}),
            tuple(StoredEntity(_tagged(instance)) for instance in one.instances),
        )
        for one in study.series
    )
    return StoredEntity(_tagged(values), series)


def _tagged(values: Values) -> Mapping[int, str]:
    tags = ((tag_for_keyword(word), value) for word, value in values.items() if value is not None)
    return {tag: value for tag, value in tags if tag is not None}


PEERS: Mapping[str, Peer] = {
    "Orthanc": orthanc,
    "dcmqrscp": dcmqrscp,
    "qrscp": qrscp,
    "practice archive": practice,
}


def title(name: str) -> str:
    """A peer with its version."""
    if name == "practice archive":
        return name.capitalize()
    if name == "qrscp":
        return f"qrscp of pynetdicom {version('pynetdicom')}"
    shown = subprocess.run(
        [find_program(name), "--version"], capture_output=True, text=True, check=True
    ).stdout
    number = re.search(r"\d+\.\d+\.\d+", shown)
    return f"{name} {number[0]}" if number else name


_SLOW = ("qrscp",)

_TELLING = frozenset((0, 51, 77, 81, 90, 95, 99, 113, 138, 156, 209))
"""Numbers of studies that have, with those of odd patients, values of every kind.

Each row costs milliseconds there, so they are chosen: these 31 have more of what is asked for than
twice as many taken by chance.
"""


def held(name: str, studies: Sequence[Study]) -> tuple[Study, ...]:
    """The studies that a peer holds: all, or a telling few where each row takes milliseconds."""
    if name not in _SLOW:
        return tuple(studies)
    return tuple(
        study
        for number, study in enumerate(studies)
        if number in _TELLING or study.person.id in (*ODD_IDS, SHARED_ID)
    )

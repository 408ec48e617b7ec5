"""Real DICOM servers on free loopback ports, and two oracles for what they answer.

    with servers.orthanc() as server:
        server.upload(samples.bundled())
        server.query(Level.STUDY, {"PatientName": "JOD*"})      # Orthanc asks itself
        servers.findscu(server, Level.STUDY, {"PatientName": "JOD*"})  # DCMTK asks it

Servers are Debian's `orthanc` and `dcmtk`; whatever they write goes to a folder in memory that is
gone afterwards. In tests use the fixtures of `conftest.py`, which skip where a program is missing.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import config, dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from dicomsh.model.levels import Level, Model
from tests.processes import (
    HOST,
    ServerError,
    find_library,
    find_program,
    free_ports,
    listens,
    running,
    scratch,
)

AET = "DICOMSH"
"""Our own AE title, known to the servers unless a test wants otherwise."""

_REST_LIMIT = 30.0
_FINDSCU_LIMIT = 60.0

_REFUSED_LATE = "SC_rgb_jpeg.dcm"
"""A file of pydicom that Orthanc 1.10 reads for 0.7 s before it refuses it: it is not sent."""

Identifier = dict[str, Any]
"""Keyword → value as text, several values joined by a backslash; a sequence is a list of these.

Values are without padding, and person names without empty component groups at the end.
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running DICOM server."""

    aet: str
    port: int
    host: str = HOST

    @property
    def address(self) -> str:
        """`AET@HOST:PORT`, as dicomsh takes it."""
        return f"{self.aet}@{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthanc(Server):
    """A running Orthanc; its REST interface is at `http_port`, without a password."""

    http_port: int

    def upload(self, paths: Iterable[Path]) -> int:
        """Stores files and returns how many were taken; Orthanc refuses what is not DICOM."""
        return sum(self._store(path) for path in paths if path.name != _REFUSED_LATE)

    def _store(self, path: Path) -> bool:
        status, _ = self._exchange("POST", "/instances", path.read_bytes())
        return status == 200

    def query(self, level: Level, query: Mapping[str, str]) -> list[Identifier]:
        """What Orthanc's own C-FIND SCU gets from Orthanc for this query, values as text.

        It asks at patient level in Patient Root and below in Study Root. Orthanc adds the unique
        keys of the level and of those above, and drops none of the given ones.
        """
        body = {"Level": level.dicom, "Query": dict(query), "Normalize": False}
        path = self.rest("POST", "/modalities/self/query", body)["Path"]
        answers: list[Identifier] = self.rest("GET", f"{path}/answers?expand&simplify")
        self.rest("DELETE", path)
        return [_canonical(answer) for answer in answers]

    def worklist(self, query: Mapping[str, Any], modality: str = "self") -> list[Identifier]:
        """What Orthanc's worklist SCU gets from a modality; sequences are nested in the query."""
        route = f"/modalities/{modality}/find-worklist"
        found: list[Identifier] = self.rest("POST", route, {"Query": query, "Simplify": True})
        return found

    def find(self, level: Level, query: Mapping[str, str]) -> list[Identifier]:
        """What is in Orthanc's index for this query, without any C-FIND: its main DICOM tags."""
        body = {"Level": level.dicom, "Query": dict(query), "Expand": True}
        found = self.rest("POST", "/tools/find", body)
        return [
            _canonical(entry.get("PatientMainDicomTags", {}) | entry["MainDicomTags"])
            for entry in found
        ]

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """One REST request with JSON both ways.

        Raises:
            ServerError: Orthanc refused it.
        """
        payload = None if body is None else json.dumps(body).encode()
        status, answer = self._exchange(method, path, payload)
        if status >= 400:
            raise ServerError(f"Orthanc: {method} {path}: HTTP {status}: {answer.decode()}")
        return json.loads(answer) if answer else None

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, self.http_port, timeout=_REST_LIMIT)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _canonical(answer: Mapping[str, Any]) -> Identifier:
    """The form of `Identifier`, without the group 2 that Orthanc 1.10 mixes into instances."""
    return {
        keyword: _without_padding(keyword, value) if isinstance(value, str) else value
        for keyword, value in answer.items()
        if not keyword.startswith("MediaStorage")
    }


def _without_padding(keyword: str, value: str) -> str:
    is_name = dictionary_has_tag(keyword) and dictionary_VR(keyword) == "PN"
    return value.rstrip(" =" if is_name else " ")


@contextmanager
def orthanc(
    *,
    aet: str = "ORTHANC",
    known: Sequence[str] = (AET,),
    encoding: str = "Utf8",
    limit_results: int = 0,
    limit_instances: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Iterator[Orthanc]:
    """An empty Orthanc.

    Args:
        aet: its AE title; it answers to any called one.
        known: calling AE titles that it serves. It accepts the association of an unknown one and
            aborts it at the first C-FIND.
        encoding: `DefaultEncoding`, the character set of its answers.
        limit_results: `LimitFindResults`, most answers at patient, study and series level.
        limit_instances: `LimitFindInstances`, most answers at instance level; 0 is no limit.
        settings: further settings of its configuration file, or others than these.

    Raises:
        MissingProgramError: Orthanc is not installed.
        ServerError: it did not start.
    """
    program = find_program("Orthanc")

    def launch(folder: Path) -> tuple[list[str], Orthanc]:
        port, http_port = free_ports(2)
        peers = {"self": aet, **{name.lower(): name for name in known}}
        configuration = {
            "Name": folder.name,
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "SyncStorageArea": False,
            "SaveJobs": False,
            "Plugins": [],
            "HttpPort": http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAet": aet,
            "DicomPort": port,
            "DicomCheckCalledAet": False,
            "DicomModalities": {name: [peer, HOST, port] for name, peer in peers.items()},
            "DefaultEncoding": encoding,
            "LimitFindResults": limit_results,
            "LimitFindInstances": limit_instances,
            **(settings or {}),
        }
        file = folder / "orthanc.json"
        file.write_text(json.dumps(configuration), encoding="utf-8")
        return [program, str(file)], Orthanc(aet=aet, port=port, http_port=http_port)

    with running(launch, _orthanc_is_ready) as server:
        yield server


def _orthanc_is_ready(server: Orthanc, folder: Path) -> bool:
    """Whether this very Orthanc answers, and not another that took the port before."""
    try:
        system = server.rest("GET", "/system")
    except (OSError, http.client.HTTPException, ServerError):
        return False
    return bool(system["Name"] == folder.name) and is_listening(server, folder)


@contextmanager
def worklist_orthanc(folder: Path) -> Iterator[Orthanc]:
    """An Orthanc that serves the worklist files (`.wl`) of a folder, with its plugin.

    Args:
        folder: the files; they may change while it runs.

    Raises:
        MissingProgramError: Orthanc or its plugin is not installed.
        ServerError: it did not start.
    """
    plugin = find_library("libModalityWorklists.so")
    worklists = {"Enable": True, "Database": str(folder), "FilterIssuerAet": False}
    with orthanc(settings={"Plugins": [plugin], "Worklists": worklists}) as server:
        yield server


@contextmanager
def wlmscpfs(
    files: Path, *, aet: str = "WLMSCPFS", options: Sequence[str] = ("--keep-char-set",)
) -> Iterator[Server]:
    """DCMTK's worklist server with copies of the files (`.wl`) of a folder.

    Args:
        files: the files.
        aet: its AE title, which is that of a folder there; it rejects others.
        options: further options; by default it returns text in the character set of its file.

    Raises:
        MissingProgramError: DCMTK is not installed.
        ServerError: it did not start.
    """
    program = find_program("wlmscpfs")

    def launch(folder: Path) -> tuple[list[str], Server]:
        (port,) = free_ports(1)
        shutil.copytree(files, folder / "data" / aet)
        (folder / "data" / aet / "lockfile").touch()
        given = ["--disable-file-reject", *options, "-dfp", str(folder / "data"), str(port)]
        return [program, *given], Server(aet=aet, port=port)

    with running(launch, is_listening) as server:
        yield server


@contextmanager
def dcmqrscp(
    files: Iterable[Path] = (),
    *,
    aet: str = "DCMQRSCP",
    options: Sequence[str] = (),
    tables: str | None = None,
) -> Iterator[Server]:
    """DCMTK's archive holding copies of the files, for any calling AE title.

    Args:
        files: DICOM files; those that `dcmqridx` cannot read are left out.
        aet: its AE title; it refuses others.
        options: further options, such as `--no-patient-root`.
        tables: those of its configuration, in which `/var/lib/dcmtk/db` is where its files are.

    Raises:
        MissingProgramError: DCMTK is not installed.
        ServerError: it did not start.
    """
    program, index = find_program("dcmqrscp"), find_program("dcmqridx")
    sources = tuple(files)

    def launch(folder: Path) -> tuple[list[str], Server]:
        (port,) = free_ports(1)
        _fill_storage(index, folder / "storage", sources)
        given = tables or dcmqrscp_tables(aet=aet)
        file = folder / "dcmqrscp.cfg"
        lines = [f"NetworkTCPPort = {port}", "MaxPDUSize = 16384", "MaxAssociations = 16", given]
        text = "\n".join(lines).replace(_DATABASE, str(folder / "storage"))
        file.write_text(f"{text}\n", encoding="utf-8")
        return [program, "-c", str(file), *options], Server(aet=aet, port=port)

    with running(launch, is_listening) as server:
        yield server


_DATABASE = "/var/lib/dcmtk/db"
"""Where a dcmqrscp usually has its files."""


def dcmqrscp_tables(access: str = "R", target: Server | None = None, aet: str = "DCMQRSCP") -> str:
    """The tables of a dcmqrscp that lets everybody in.

    Args:
        access: `R`, or `RW` if it takes objects, too.
        target: where it can send to by C-MOVE; None for nowhere.
        aet: its AE title.
    """
    entity = f"{aet} {_DATABASE} {access} (1000, 1024mb) ANY"
    hosts = [] if target is None else [f"target = ({target.aet}, {target.host}, {target.port})"]
    lines = []
    for table, rows in (("HostTable", hosts), ("VendorTable", []), ("AETable", [entity])):
        lines += [f"{table} BEGIN", *rows, f"{table} END"]
    return "\n".join(lines)


def _fill_storage(index: str, storage: Path, files: Sequence[Path]) -> None:
    storage.mkdir()
    copies = [storage / f"{number:05}.dcm" for number in range(len(files))]
    for source, copy in zip(files, copies, strict=True):
        shutil.copyfile(source, copy)
    subprocess.run([index, storage, *copies], check=True, capture_output=True)


def findscu(
    server: Server,
    level: Level,
    query: Mapping[str, str],
    *,
    model: Model | None = None,
    calling_aet: str = AET,
) -> list[Identifier]:
    """What DCMTK's `findscu` gets from the server for this query, values as text.

    Args:
        server: whom to ask.
        level: the Query/Retrieve level.
        query: keyword or path of findscu → matching value; non-ASCII text is sent as ISO_IR 192.
        model: the information model; None is Patient Root at patient level, else Study Root.
        calling_aet: our AE title.

    Raises:
        MissingProgramError: DCMTK is not installed.
        ServerError: the query did not end with Success.
    """
    chosen = model or (Model.PATIENT_ROOT if level is Level.PATIENT else Model.STUDY_ROOT)
    keys = {"QueryRetrieveLevel": level.dicom, **query}
    if not all(value.isascii() for value in query.values()):
        keys.setdefault("SpecificCharacterSet", "ISO_IR 192")
    command = [
        *(find_program("findscu"), "-v", "--hide-responses", "--extract"),
        *("-P" if chosen is Model.PATIENT_ROOT else "-S", "-aet", calling_aet),
        *("-aec", server.aet, server.host, str(server.port)),
        *(part for key, value in keys.items() for part in ("-k", f"{key}={value}")),
    ]
    with scratch() as folder:
        _run_findscu(command, folder)
        return [as_identifier(path) for path in sorted(folder.glob("rsp*.dcm"))]


def _run_findscu(command: list[str], folder: Path) -> None:
    """Its exit status is 0 even for a refused query; only the log tells how the query ended."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, timeout=_FINDSCU_LIMIT, check=False
    )
    log = (done.stdout + done.stderr).decode(errors="replace")
    if "Received Final Find Response (Success)" not in log:
        raise ServerError(f"findscu: {log.strip()}")


def as_identifier(answer: Path | Dataset) -> Identifier:
    """The answer in a file, or a data set, as text.

    Real files hold values that break the rules of their VR; an oracle reports them as is.
    """
    with config.disable_value_validation():
        return _as_identifier(dcmread(answer) if isinstance(answer, Path) else answer)


def _as_identifier(dataset: Dataset) -> Identifier:
    return {element.keyword or str(element.tag): _as_text(element) for element in dataset}


def _as_text(element: DataElement) -> str | list[Identifier]:
    if element.VR == "SQ":
        return [_as_identifier(item) for item in element.value]
    values = element.value if isinstance(element.value, MultiValue) else [element.value]
    return "\\".join("" if value is None else str(value) for value in values)


def is_listening(server: Server, folder: Path) -> bool:
    """Whether a server accepts connections."""
    del folder
    return listens(server.port, server.host)

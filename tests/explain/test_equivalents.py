"""What `explain --as TOOL` writes is run as it is, on a real Orthanc: the same rows come back."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from pydicom.dataset import Dataset

from dicomsh.errors import ExitStatus
from dicomsh.explain.tools import GATEWAY, ORTHANC
from tests.gateway.gateways import Service
from tests.gateway.gateways import gateway as running_gateway
from tests.harness import run
from tests.processes import HOST, find_program
from tests.servers import Orthanc, as_identifier

LIMIT = 30.0


@dataclass(frozen=True)
class Case:
    """A query at a place.

    Args:
        command: the query.
        place: what `cd` goes to before.
        rest: whether Orthanc's REST interface can say it.
    """

    command: str
    place: str = "/"
    rest: bool = True


CASES = (
    Case("find patient"),
    Case("find patient JOD* sex=M"),
    Case("find patient name='*山田*' +OtherPatientIDs"),
    Case("find patient name=Müller*"),
    Case("find patient name='*Чайка*'"),
    Case("find patient id='055564?F' +NumberOfPatientRelatedStudies"),
    Case('find patient name="O\'Neil*"'),
    Case("find study"),
    Case("find study date=2016"),
    Case("find study date=..2010 +StudyTime"),
    Case("find study 'date=>=2020' +AccessionNumber"),
    Case("find study time=09:00..12:00"),
    Case("find study mod=SR,CR"),
    Case("find study id=0555643F +ReferringPhysicianName"),
    Case("find study --model patient", "0555643F"),
    Case("ls", "0555643F"),
    Case("ls mod=CT,MR", "JP-1"),
    Case("find series CT"),
    Case("find series desc='T? *'"),
    Case("find series MR", "0555643F"),
    Case("find series number=1", "0555643F"),
    Case("find instance", "0555643F"),
    Case("find instance 1 +Rows +0009,1001", "0555643F"),
    Case("find series RequestAttributesSequence.RequestedProcedureID='*'", rest=False),
    Case("find series RequestAttributesSequence.RequestedProcedureID=X1", rest=False),
    Case("find series +RequestAttributesSequence"),
)

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def config(orthanc_server: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orthanc under the name that it has in its own DicomModalities."""
    path = tmp_path_factory.mktemp("config") / "modalities.yaml"
    entry = {"aet": orthanc_server.aet, "host": HOST, "port": orthanc_server.port}
    path.write_text(yaml.safe_dump({"modalities": {"self": entry}}), "utf-8")
    return path


def rows_of(case: Case, config: Path) -> Rows:
    done = run(f"cd {case.place}; {case.command}", modality="self", config=config, output="csv")
    doubtful = ", IN DOUBT" in done.last  # a server may ignore a key, for these tools as for us
    assert done.status == (ExitStatus.INCOMPLETE if doubtful else ExitStatus.DONE), done.err
    assert doubtful or ", complete" in done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def written(case: Case, config: Path, tool: str) -> str:
    text = f"cd {case.place}; explain --as {tool} {case.command}"
    done = run(text, modality="self", config=config)
    assert done.status == 0, done.err
    return done.out


def same(found: Iterable[dict[str, object]], expected: Rows) -> None:
    """Whether the rows hold the same in what both have; sequences count by presence."""
    rows = [{name: _text(value) for name, value in row.items()} for row in found]
    names = [name for name in (expected or [{}])[0] if not name.startswith(IGNORED)]
    names = [name for name in names if "." not in name and any(name in row for row in rows)]
    assert len(names) > 1 or not expected
    assert _table(rows, names) == _table(expected, names)


IGNORED = ("RequestAttributesSequence", "0009")


def _table(rows: Iterable[dict[str, str]], names: list[str]) -> list[tuple[str, ...]]:
    """Rows once each: of a list, there is one query for each value, and an entity may match two."""
    return sorted({tuple((row.get(name) or "").rstrip(" =") for name in names) for row in rows})


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def shell(text: str, folder: Path) -> str:
    """Run lines as a person who pastes them into a shell."""
    folders = os.environ["PATH"].split(os.pathsep)
    path = os.pathsep.join(f for f in folders if Path(f) != Path(sys.executable).parent)
    done = subprocess.run(
        ["sh", "-eu", "-c", text],
        capture_output=True,
        timeout=LIMIT,
        cwd=folder,
        env={"PATH": path, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_findscu(case: Case, config: Path, tmp_path: Path) -> None:
    find_program("findscu")
    text = written(case, config, "findscu")
    _, *commands = re.split("^findscu ", text, flags=re.M)
    assert commands
    for number, command in enumerate(commands):
        folder = tmp_path / str(number)
        folder.mkdir()
        shell(f"findscu --extract {command}", folder)
    found = [as_identifier(path) for path in sorted(tmp_path.glob("*/rsp*.dcm"))]
    same(found, rows_of(case, config))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pynetdicom(case: Case, config: Path) -> None:
    answers: list[Dataset] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(written(case, config, "pynetdicom"), {"print": answers.append})
    assert all(isinstance(answer, Dataset) for answer in answers)
    same([as_identifier(answer) for answer in answers], rows_of(case, config))


def test_pynetdicom_is_a_whole_program(config: Path, tmp_path: Path) -> None:
    text = written(Case("find patient JOD* sex=M"), config, "pynetdicom")
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, timeout=LIMIT, check=True, cwd=tmp_path
    )
    assert done.stdout.count(b"(0010,0010) Patient's Name") == 2


@pytest.fixture(scope="module")
def service(orthanc_server: Orthanc) -> Iterator[Service]:
    address = f"aet: {orthanc_server.aet}, host: {HOST}, port: {orthanc_server.port}"
    with running_gateway(f"self: {{{address}}}") as running:
        yield running


@pytest.mark.parametrize("case", [case for case in CASES if case.rest][::4], ids=str)
def test_gateway(case: Case, config: Path, service: Service, tmp_path: Path) -> None:
    find_program("curl")
    text = written(case, config, "gateway").replace(GATEWAY, service.url)
    same(_arrays(shell(text, tmp_path)), rows_of(case, config))


@pytest.mark.parametrize("case", [case for case in CASES if case.rest], ids=str)
def test_orthanc(case: Case, config: Path, orthanc_server: Orthanc, tmp_path: Path) -> None:
    find_program("curl")
    text = written(case, config, "orthanc")
    same(_arrays(shell(_at(orthanc_server, text), tmp_path)), rows_of(case, config))


def _arrays(text: str) -> list[dict[str, object]]:
    """The members of all the arrays in a text, one after another."""
    members: list[dict[str, object]] = []
    while text := text.lstrip():
        array, end = json.JSONDecoder().raw_decode(text)
        members += array
        text = text[end:]
    return members


def _at(server: Orthanc, text: str) -> str:
    assert ORTHANC in text
    return text.replace(ORTHANC, f"http://{HOST}:{server.http_port}")


@pytest.mark.parametrize("case", [case for case in CASES if not case.rest], ids=str)
def test_what_orthanc_cannot_be_asked_is_said(case: Case, config: Path) -> None:
    done = run(f"explain --as orthanc {case.command}", modality="self", config=config)
    assert (done.status, done.out) == (2, "")
    assert "has no sequences (RequestAttributesSequence.RequestedProcedureID)" in done.err


OLD = (
    (Case("find patient JOD* sex=M"), ()),
    (Case("find patient name='*山田*'"), ()),
    (Case("find study id=0555643F"), ()),
    (Case("find study date=2016 mod=SR", "0555643F"), ()),
    (Case("find series", "0555643F"), ("ls", "cd %1")),
    (Case("find instance", "0555643F"), ("ls", "cd %1", "ls", "cd %1")),
)
"""The four requests of the deprecated interface, each with what goes before it in its place."""


@pytest.mark.parametrize(("case", "steps"), OLD, ids=str)
def test_orthanc_deprecated(
    case: Case, steps: tuple[str, ...], config: Path, orthanc_server: Orthanc, tmp_path: Path
) -> None:
    find_program("curl")
    walk = "; ".join([f"cd {case.place}", *steps, "print ROWS"])
    done = run(f"{walk}; {case.command}", modality="self", config=config, output="csv")
    expected = list(csv.DictReader(io.StringIO(done.out.split("ROWS\n")[1])))
    told = run(f"{walk}; explain --as orthanc-find {case.command}", modality="self", config=config)
    text = told.out.split("ROWS\n")[1]
    answers = json.loads(shell(_at(orthanc_server, text), tmp_path))
    assert answers
    same(answers, expected)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("find study JOD*", "silently drops PatientName"),
        ("find study date=2016", "needs AccessionNumber or PatientID of 3 characters or more"),
        ("find series id=0555643F", "needs StudyInstanceUID of 3 characters or more"),
    ],
)
def test_what_the_deprecated_interface_refuses_is_said(
    command: str, reason: str, config: Path
) -> None:
    done = run(f"explain --as orthanc-find {command}", modality="self", config=config)
    assert done.status == 2
    assert reason in done.err


def test_dcmtk_knows_every_name_that_is_written(config: Path, tmp_path: Path) -> None:
    """findscu refuses a key that its dictionary lacks before it connects."""
    from dicomsh.model.level_keys import LEVEL_KEYS

    find_program("findscu")
    for level, asked in LEVEL_KEYS.items():
        keys = " ".join(f"+{word}" for word in (*asked.default, *asked.more))
        text = written(Case(f"find {level.word} {keys}"), config, "findscu")
        text = re.sub(r"(127\.0\.0\.1) \d+", r"\1 1", text)
        done = subprocess.run(
            ["sh", "-c", text.replace("\nfindscu ", "\nfindscu -v ")],
            capture_output=True,
            timeout=LIMIT,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            cwd=tmp_path,
        )
        assert b"Connection refused" in done.stderr + done.stdout, done.stderr.decode()

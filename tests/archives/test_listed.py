"""A new kind of archive is one module: every command works with it unchanged."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from types import MappingProxyType

import pytest
from pydicom.dataset import Dataset

from dicomsh import batch
from dicomsh.archives.kinds import KINDS
from dicomsh.config import Config
from dicomsh.model.modality import Modality
from dicomsh.output.sink import Sink
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests.archives.listed import ListAddress, ListKind
from tests.harness import Done


def instances() -> Iterator[Dataset]:
    """Two patients, of whom one has two studies, with Japanese and a sequence among the values."""
    for patient, study, day in (("A1", "1.2.1", "20090412"), ("B2", "1.2.2", "20110930")):
        for number in range(3):
            made = Dataset()
            made.SpecificCharacterSet = "ISO_IR 192"
            made.PatientID, made.PatientName = patient, f"{patient}^山田"
            made.StudyInstanceUID, made.StudyDate, made.StudyTime = study, day, "101500"
            made.StudyDescription, made.ModalitiesInStudy = "THORAX", ["CT", "SR"]
            made.SeriesInstanceUID, made.Modality = f"{study}.{number // 2}", "CT"
            made.SOPInstanceUID, made.InstanceNumber = f"{study}.{number // 2}.{number}", number
            inner = Dataset()
            inner.ScheduledProcedureStepID = "SPS1"
            made.RequestAttributesSequence = [inner]
            made.Rows = 512
            yield made


def asked(instances: Iterable[Dataset], text: str, output: str | None = None) -> Done:
    """What commands give on an archive that holds these instances."""
    out, err = io.StringIO(), io.StringIO()
    listed = Modality("listed", ListAddress(tuple(instances)))
    session = Session(Config(modalities=MappingProxyType({"listed": listed})))
    if output:
        session.override("output", output)
    kinds = {**KINDS, ListAddress: ListKind}
    shell = Shell(session, Sink(out, err), ShellOptions(kinds=kinds), {"DICOMSH_TRACEBACK": "1"})
    status = batch.run(shell, batch.commands([f"use listed; {text}"]))
    return Done(out.getvalue(), err.getvalue(), int(status))


def run(text: str, output: str | None = None) -> Done:
    return asked(instances(), text, output)


@pytest.mark.parametrize(
    ("text", "shown", "told"),
    [
        ("modalities", "a list of data sets", "1 modality"),
        ("find patient A1*", "A1^山田", "1 patient, complete"),
        ("find study date=2009", "2009-04-12", "1 study, complete"),
        ("find study date=2009.. --split month", "2011-09-30", "2 studies, complete"),
        ("find series RequestAttributesSequence.ScheduledProcedureStepID=SPS1", "CT", "4 series"),
        ("find study | where date=2011 | select id desc", "THORAX", "1 of 2 studies"),
        ("cd A1; ls; cd 1; ls", "1.2.1.1", "2 series, complete"),
        ("cd A1/1.2.1/1.2.1.0; ls", "1.2.1.0.1", "2 instances, complete"),
        ("tree", "└─", "4 entities"),
        ("show A1/1.2.1/1.2.1.0/1.2.1.0.1", "RequestAttributesSequence", ""),
        ("wado A1", "objectUID=1.2.1.0.1", "3 instances"),
        ("find study | each ls", "1.2.2.1", "4 series"),
        ("compare find study", "", "no differences"),
        ("echo listed --find", "listed", ""),
        ("probe listed", "information models", ""),
    ],
)
def test_commands(text: str, shown: str, told: str) -> None:
    done = run(text)
    assert shown in done.out
    assert told in done.err
    assert done.status in (0, 5), done.err


def test_explain() -> None:
    done = run("explain find study date=2009")
    assert "a list of data sets" in done.out
    assert "20090101-20091231" in done.out
    assert done.status == 0, done.err


def test_values_of_every_kind_come_through() -> None:
    (row,) = run("find instance number=2 id=A1 +Rows", "json").json
    assert (row["PatientID"], row["InstanceNumber"], row["Rows"]) == ("A1", 2, 512)

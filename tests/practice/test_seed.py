"""The chain of Orthanc's C-FIND samples, step by step, on the practice archive."""

from __future__ import annotations

from typing import Any

import pytest

from dicomsh.model.levels import Model
from dicomsh.practice.server import PracticeServer
from tests.practice.scu import PATIENT, STUDY, ask, associated, findscu, identifier

STUDY_UID = "1.2.840.113704.1.111.2768.1239195678.57"
OTHER_UID = "1.2.840.113704.1.111.2768.1239195678.91"


@pytest.mark.parametrize("below", [PATIENT, STUDY])
def test_the_chain_with_pynetdicom(server: PracticeServer, below: Model) -> None:
    with associated(server.port) as association:
        wanted = identifier("PATIENT", PatientName="JOD*", PatientSex="M", PatientID="")
        patients = ask(association, wanted, PATIENT)
        assert patients.column("PatientID") == ["0555643F"]

        wanted = identifier("STUDY", PatientID="0555643F", StudyInstanceUID="", StudyDate="")
        studies = ask(association, wanted, below)
        assert studies.column("StudyInstanceUID") == [STUDY_UID, OTHER_UID]
        assert studies.column("StudyDate") == ["20090412", "20110930"]

        keys = {"PatientID": "0555643F", "StudyInstanceUID": STUDY_UID}
        wanted = identifier("SERIES", **keys, SeriesInstanceUID="", SeriesNumber="", Modality="")
        series = ask(association, wanted, below)
        assert series.column("SeriesNumber") == ["1", "2", "3"]
        assert series.column("Modality") == ["CT", "CT", "CT"]

        wanted = identifier(
            "IMAGE", **keys, SeriesInstanceUID="", SOPInstanceUID="", InstanceNumber=""
        )
        instances = ask(association, wanted, below)
        assert len(set(instances.column("SOPInstanceUID"))) == 412
        uids = instances.column("SeriesInstanceUID")
        assert list(dict.fromkeys(uids)) == series.column("SeriesInstanceUID")

        wanted.SeriesInstanceUID = uids[-1]
        last = ask(association, wanted, below)
        assert last.column("InstanceNumber") == [str(number) for number in range(1, 329)]


@pytest.mark.parametrize("root", ["-P", "-S"])
def test_the_chain_with_findscu(server: PracticeServer, root: str) -> None:
    keys = ["PatientName=JOD*", "PatientSex=M", "PatientID"]
    patients = findscu(server.port, "QueryRetrieveLevel=PATIENT", *keys, root="-P")
    assert [row["0010,0020"] for row in patients.rows] == ["0555643F"]

    keys = ["PatientID=0555643F", "StudyInstanceUID"]
    studies = findscu(server.port, "QueryRetrieveLevel=STUDY", *keys, root=root)
    assert [row["0020,000d"] for row in studies.rows] == [STUDY_UID, OTHER_UID]

    keys = ["PatientID=0555643F", f"StudyInstanceUID={STUDY_UID}", "SeriesInstanceUID"]
    series = findscu(server.port, "QueryRetrieveLevel=SERIES", *keys, root=root)
    assert len(series.rows) == 3

    instances = findscu(server.port, "QueryRetrieveLevel=IMAGE", *keys, "SOPInstanceUID", root=root)
    assert len({row["0008,0018"] for row in instances.rows}) == 412
    assert instances.final == "Success"


PATIENT_COLUMNS = "PatientID PatientName PatientSex PatientBirthDate NumberOfPatientRelatedStudies"
STUDY_COLUMNS = (
    "StudyDate ModalitiesInStudy StudyDescription NumberOfStudyRelatedSeries "
    "NumberOfStudyRelatedInstances StudyInstanceUID"
)


def test_the_screen_of_the_design(server: PracticeServer) -> None:
    with associated(server.port) as association:
        asked: dict[str, Any] = dict.fromkeys(PATIENT_COLUMNS.split(), "")
        wanted = identifier("PATIENT", **asked | {"PatientName": "JOD*"})
        patients = ask(association, wanted, PATIENT)
        assert [[str(row[keyword].value) for keyword in asked] for row in patients.rows] == [
            ["0555643F", "JODOGNE^SEBASTIEN", "M", "19750314", "2"]
        ]
        asked = dict.fromkeys(STUDY_COLUMNS.split(), "")
        studies = ask(association, identifier("STUDY", PatientID="0555643F", **asked))
        assert [[row[keyword].value for keyword in asked] for row in studies.rows] == [
            ["20090412", "CT", "CT THORAX", 3, 412, STUDY_UID],
            ["20110930", ["MR", "SR"], "MR BRAIN", 5, 180, OTHER_UID],
        ]

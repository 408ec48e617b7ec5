"""The worklist of the practice archive, asked by pynetdicom and by DCMTK's findscu."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE, disable_value_validation
from pydicom.datadict import dictionary_VR

from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Faults
from dicomsh.practice.server import PracticeServer
from tests.practice.conftest import Start
from tests.practice.scu import Answer, ask, associated, findscu

TODAY, TOMORROW = "<today>", "<tomorrow>"
"""Stand for the days on which a test runs, which may be another than when it was collected."""


def dated(text: str) -> str:
    """A text with dates for `TODAY` and `TOMORROW`."""
    today = date.today()
    days = {TODAY: today, TOMORROW: today + timedelta(days=1)}
    for word, day in days.items():
        text = text.replace(word, f"{day:%Y%m%d}")
    return text


def wanted(step: dict[str, Any] | None = None, **keys: Any) -> Dataset:
    """An identifier that also requests what the tests look at."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"):
        put(dataset, keyword, keys.pop(keyword, ""))
    for keyword, value in keys.items():
        put(dataset, keyword, value)
    inner = Dataset()
    for keyword in STEP_KEYS:
        put(inner, keyword, "")
    for keyword, value in (step or {}).items():
        put(inner, keyword, value)
    dataset.ScheduledProcedureStepSequence = [inner]
    return dataset


STEP_KEYS = (
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "Modality",
    "ScheduledPerformingPhysicianName",
)


def put(dataset: Dataset, keyword: str, value: str) -> None:
    """A value that need not be valid for its VR."""
    value = dated(value)
    dataset[keyword] = DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE)


def worklist(port: int, step: dict[str, Any] | None = None, **keys: Any) -> Answer:
    with associated(port) as association:
        return ask(association, wanted(step, **keys), Model.MODALITY_WORKLIST)


def stations(answer: Answer) -> list[str]:
    return [row.ScheduledProcedureStepSequence[0].ScheduledStationAETitle for row in answer.rows]


def test_the_worklist_is_around_today(server: PracticeServer) -> None:
    everything = worklist(server.port)
    assert len(everything.rows) == 32
    assert everything.final == 0x0000
    days = [
        row.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate
        for row in everything.rows
    ]
    assert (days.count(dated(TODAY)), days.count(dated(TOMORROW))) == (25, 4)
    assert len({row.StudyInstanceUID for row in everything.rows}) == 30


@pytest.mark.parametrize(
    ("step", "keys", "number"),
    [
        ({"Modality": "MR"}, {}, 6),
        ({"ScheduledStationAETitle": "CT1"}, {}, 11),
        ({"ScheduledStationAETitle": "CT1", "ScheduledProcedureStepStartDate": TODAY}, {}, 7),
        ({"ScheduledStationAETitle": "NOBODY"}, {}, 0),
        ({"ScheduledProcedureStepStartDate": f"{TODAY}-{TOMORROW}"}, {}, 29),
        ({"ScheduledPerformingPhysicianName": "magnet*"}, {}, 5),
        ({}, {"PatientName": "Doe*"}, 3),
        ({}, {"PatientID": "SEL-0001"}, 3),
        ({"Modality": "PT"}, {"PatientID": "SEL-0001"}, 1),
        ({"Modality": "ct"}, {}, 0),
    ],
)
def test_all_keys_must_match(
    server: PracticeServer, step: dict[str, Any], keys: dict[str, Any], number: int
) -> None:
    assert len(worklist(server.port, step, **keys).rows) == number


def test_dates_and_times_are_one_period(server: PracticeServer) -> None:
    """From today at 12 to tomorrow at 8:30 (PS3.4 K.6.1.2.2): at eight only tomorrow."""
    step = {
        "ScheduledProcedureStepStartDate": f"{TODAY}-{TOMORROW}",
        "ScheduledProcedureStepStartTime": "120000-083000",
    }
    found = worklist(server.port, step)
    starts = [row.ScheduledProcedureStepSequence[0] for row in found.rows]
    moments = [
        s.ScheduledProcedureStepStartDate + s.ScheduledProcedureStepStartTime for s in starts
    ]
    assert len(moments) == 6
    first, last = dated(f"{TODAY}120000"), dated(f"{TOMORROW}083000")
    assert all(first <= moment <= last for moment in moments)


def test_what_has_no_value_matches_no_key(server: PracticeServer) -> None:
    """Empty is not any (PS3.4 K.2.2.1.1.1), unlike in C.2.2.1.2."""
    everything = worklist(server.port)
    nobody = [
        row
        for row in everything.rows
        if not row.ScheduledProcedureStepSequence[0].ScheduledPerformingPhysicianName
    ]
    assert len(nobody) == 8
    named = worklist(server.port, {"ScheduledPerformingPhysicianName": "?*"})
    assert len(named.rows) == 32 - 8


def test_a_sequence_without_an_item_returns_all_of_it(server: PracticeServer) -> None:
    with associated(server.port) as association:
        dataset = wanted(PatientID="0555643F")
        dataset.ScheduledProcedureStepSequence = []
        dataset.RequestedProcedureCodeSequence = []
        (row,) = ask(association, dataset, Model.MODALITY_WORKLIST).rows
    assert row.ScheduledProcedureStepSequence[0].ScheduledProcedureStepLocation == "Radiology"
    assert row.RequestedProcedureCodeSequence[0].CodeValue == "MRBRN"


def test_an_attribute_that_it_lacks_is_unsupported(server: PracticeServer) -> None:
    answer = worklist(server.port, PatientID="0555643F", PatientComments="")
    assert answer.statuses == [0xFF01, 0x0000]
    assert "PatientComments" not in answer.rows[0]


def test_a_value_that_cannot_be_matched_is_refused(server: PracticeServer) -> None:
    assert worklist(server.port, StudyInstanceUID="1.2.*").statuses == [0xC000]


def test_dcmtk_gets_the_same(server: PracticeServer) -> None:
    found = findscu(
        server.port,
        "PatientID",
        "ScheduledProcedureStepSequence[0].Modality=MR",
        "ScheduledProcedureStepSequence[0].ScheduledStationAETitle",
        root="-W",
    )
    assert found.final == "Success"
    assert len(found.rows) == 6


def test_a_station_may_be_misspelt(faulty: Start) -> None:
    port = faulty(Faults(wrong_station=True)).port
    assert stations(worklist(port, {"ScheduledProcedureStepStartDate": TODAY})).count("CT_1") == 7
    ct1 = worklist(port, {"ScheduledStationAETitle": "CT1"})
    assert len(ct1.rows) == 4


def test_the_day_may_be_wrong(faulty: Start) -> None:
    port = faulty(Faults(other_day=True)).port
    assert len(worklist(port, {"ScheduledProcedureStepStartDate": TODAY}).rows) == 2
    assert len(worklist(port, {"ScheduledProcedureStepStartDate": TOMORROW}).rows) == 25


def test_what_a_device_needs_may_be_missing_or_too_long(faulty: Start) -> None:
    rows = worklist(faulty(Faults(missing_type_1=True, long_accession=True)).port).rows
    assert sum(not row.StudyInstanceUID for row in rows) == 10
    with disable_value_validation():
        assert sum(len(row.AccessionNumber) > 16 for row in rows) == 8


def test_the_station_may_be_that_of_the_caller(faulty: Start) -> None:
    answer = worklist(
        faulty(Faults(station_of_caller=True)).port, {"ScheduledStationAETitle": "CT1"}
    )
    assert stations(answer) == ["TESTER"] * 32


def test_keys_of_the_step_may_be_ignored(faulty: Start) -> None:
    port = faulty(Faults(ignore_step_keys=True)).port
    assert len(worklist(port, {"Modality": "MR"}).rows) == 32
    assert len(worklist(port, {"Modality": "MR"}, PatientID="0555643F").rows) == 1


def test_single_keys_may_be_ignored_or_rejected(faulty: Start) -> None:
    port = faulty(Faults(ignore_keys=frozenset({"Modality"}))).port
    assert len(worklist(port, {"Modality": "MR"}).rows) == 32
    port = faulty(Faults(reject_keys=frozenset({"Modality"}))).port
    assert worklist(port).statuses == [0xC000]


def test_the_worklist_alone_may_fail(faulty: Start) -> None:
    answer = worklist(faulty(Faults(fail={Level.WORKLIST: 0xA700})).port)
    assert answer.statuses == [0xA700]
    assert answer.comment == "Practice fault: no answers from the worklist"

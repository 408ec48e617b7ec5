"""The worklist of the practice archive: steps that are scheduled around the day of the query.

Thirty-two steps of thirty requested procedures at nine stations; those of two procedures are at
different times, or on different devices. Everything follows from the table and the day.
"""

from __future__ import annotations

from datetime import date, timedelta

from dicomsh.frozen import frozen, replace
from dicomsh.model.keys import by_keyword
from dicomsh.model.modality import Faults
from dicomsh.practice.archive import Attributes, Value, made_uid
from dicomsh.practice.people import PEOPLE, Person
from dicomsh.practice.protocols import PROTOCOLS, Protocol

# day | start | AE title | Modality | PatientID | protocol | status | physician | step of several
_TABLE = """
-1 | 0900 | CT1 | CT | 10002 | thorax | DEPARTED | Radiologist^Rita |
-1 | 1400 | MR1 | MR | PAR-0003 | spine | DEPARTED | Magnet^Max |
0 | 0730 | CT1 | CT | 10001 | thorax | DEPARTED | Radiologist^Rita |
0 | 0800 | CT1 | CT | MUC-0001 | head | DEPARTED | Radiologist^Rita |
0 | 0845 | CT1 | CT | SPB-0001 | thorax | STARTED | Radiologist^Rita |
0 | 0930 | CT1 | CT | PAR-0002 | aorta | READY | Radiologist^Rita |
0 | 1015 | CT1 | CT | 10003 | head | ARRIVED | Überall^Ulrike |
0 | 1100 | CT1 | CT | RTN-0001 | thorax | SCHEDULED | Überall^Ulrike | 1 of 2: native
0 | 1130 | CT1 | CT | RTN-0001 | thorax | SCHEDULED | Überall^Ulrike | 2 of 2: contrast
0 | 0745 | CT2 | CT | TYO-0001 | head | DEPARTED | Radiologist^Rita |
0 | 0900 | CT2 | CT | 10004 | thorax | STARTED | Radiologist^Rita |
0 | 1000 | CT2 | CT | CAI-0002 | head | READY | |
0 | 1330 | CT2 | CT | PEK-0001 | thorax | SCHEDULED | |
0 | 2350 | CT2 | CT | NGT-0001 | head | SCHEDULED | |
0 | 0800 | MR1 | MR | 0555643F | brain | STARTED | Magnet^Max |
0 | 0900 | MR1 | MR | ATH-0001 | liver | ARRIVED | Magnet^Max |
0 | 1000 | MR1 | MR | SEL-0001 | spine | SCHEDULED | Magnet^Max |
0 | 1300 | MR1 | MR | MUC-0005 | brain | SCHEDULED | |
0 | 0815 | US1 | US | 10007 | abdomen | ARRIVED | Sound^Sina |
0 | 0900 | US1 | US | IST-0001 | abdomen | SCHEDULED | Sound^Sina |
0 | 1400 | US2 | US | MUC-0003 | echo | SCHEDULED | Heart^Hanna |
0 | 0810 | DX1 | DX | PRG-0001 | ankle | READY | |
0 | 1120 | DX1 | DX | TYO-0003 | knee | SCHEDULED | |
0 | 0900 | PT1 | CT | SEL-0001 | petct | SCHEDULED | Tracer^Tom | 1 of 2: CT
0 | 0910 | PT1 | PT | SEL-0001 | petct | SCHEDULED | Tracer^Tom | 2 of 2: PET
0 | 1030 | MG1 | MG | LIS-0001 | mammography | SCHEDULED | Radiologist^Rita |
0 | 1200 | XA1 | XA | ROM-0001 | angiography | SCHEDULED | Heart^Hanna |
1 | 0800 | CT1 | CT | 10006 | thorax | SCHEDULED | Radiologist^Rita |
1 | 0845 | CT1 | CT | BIG-0001 | aorta | SCHEDULED | Radiologist^Rita |
1 | 1000 | CT1 | CT | SPB-0002 | head | SCHEDULED | |
1 | 0900 | MR1 | MR | ROM-0001 | liver | SCHEDULED | Magnet^Max |
3 | 0900 | MG1 | MG | MUC-0002 | mammography | SCHEDULED | |
"""


@frozen
class Scheduled:
    """A step: where and when, for whom, and of which requested procedure.

    `day` counts from the day of the query; `procedure` from 1; `part` describes a step of several.
    """

    number: int
    procedure: int
    day: int
    time: str
    station: str
    modality: str
    person: Person
    protocol: Protocol
    status: str
    physician: str
    part: str


def _steps() -> tuple[Scheduled, ...]:
    people = {person.patient_id: person for person in PEOPLE}
    steps: list[Scheduled] = []
    procedure = 0
    for number, line in enumerate(_TABLE.strip().splitlines(), 1):
        day, time, station, modality, who, what, status, physician, part = (
            cell.strip() for cell in line.split("|")
        )
        procedure += not part.startswith("2 of")
        person, protocol = people[who], PROTOCOLS[what]
        place = int(day), f"{time}00", station, modality
        steps.append(
            Scheduled(number, procedure, *place, person, protocol, status, physician, part)
        )
    return tuple(steps)


STEPS = _steps()
"""All steps, in the order in which they are listed."""


def schedule(today: date, faults: Faults, caller: str) -> tuple[Attributes, ...]:
    """The items of the worklist.

    Args:
        today: the day that the schedule is around.
        faults: what is wrong with it.
        caller: the AE title that asks.
    """
    return tuple(
        _faulty(_item(_misplaced(step, faults, caller), today), step, faults) for step in STEPS
    )


def _misplaced(step: Scheduled, faults: Faults, caller: str) -> Scheduled:
    """The step as a RIS with these faults schedules it."""
    if faults.other_day:
        step = replace(step, day=step.day + 1)
    if faults.wrong_station and step.station == "CT1" and step.day == 0:
        step = replace(step, station="CT_1")
    return replace(step, station=caller) if faults.station_of_caller else step


_LEFT_OUT = ("StudyInstanceUID", "RequestedProcedureID")


def _faulty(item: dict[int, Value], step: Scheduled, faults: Faults) -> Attributes:
    """The item, and of some what a device does not accept."""
    if faults.missing_type_1 and step.number % 3 == 0:
        item |= {by_keyword(word).tag: "" for word in _LEFT_OUT}
    if faults.long_accession and step.number % 4 == 0:
        tag = by_keyword("AccessionNumber").tag
        item[tag] = f"NORTHCLINIC-{item[tag]}"
    return item


def _item(step: Scheduled, today: date) -> dict[int, Value]:
    person, protocol = step.person, step.protocol
    start = today + timedelta(days=step.day)
    code = _tagged(
        CodeValue=protocol.code,
        CodingSchemeDesignator="99PRACTICE",
        CodeMeaning=protocol.meaning,
    )
    return _tagged(
        AccessionNumber=f"W{start:%y%m}{100 + step.procedure}",
        ReferringPhysicianName="Welby^Marcus",
        RequestingPhysician="Welby^Marcus",
        ReferencedStudySequence="",
        ReferencedPatientSequence="",
        PatientName=person.name,
        PatientID=person.patient_id,
        IssuerOfPatientID=person.issuer,
        PatientBirthDate=person.birth_date or "",
        PatientSex=person.sex or "",
        PatientWeight=f"{55 + step.number}.5",
        MedicalAlerts="",
        Allergies="Iodine" if step.number % 7 == 0 else "",
        PregnancyStatus="",
        StudyInstanceUID=made_uid(f"worklist/{start:%Y%m%d}/{step.procedure}"),
        RequestedProcedureID=f"RP{step.procedure:04}",
        RequestedProcedureDescription=protocol.description,
        RequestedProcedureCodeSequence=(code,),
        RequestedProcedurePriority="HIGH" if step.number % 5 == 0 else "ROUTINE",
        PatientTransportArrangements="",
        AdmissionID="",
        CurrentPatientLocation="",
        ConfidentialityConstraintOnPatientDataDescription="",
        PatientState="",
        SpecialNeeds="",
        ScheduledProcedureStepSequence=(_step(step, start, code),),
    )


def _step(step: Scheduled, start: date, code: Attributes) -> Attributes:
    described = f"{step.protocol.name}, {step.part.partition(': ')[2]}".removesuffix(", ")
    return _tagged(
        ScheduledStationAETitle=step.station,
        ScheduledProcedureStepStartDate=f"{start:%Y%m%d}",
        ScheduledProcedureStepStartTime=step.time,
        Modality=step.modality,
        ScheduledPerformingPhysicianName=step.physician,
        ScheduledProcedureStepDescription=described,
        ScheduledStationName=f"{step.station} room",
        ScheduledProcedureStepLocation="Radiology",
        ScheduledProtocolCodeSequence=(code,),
        PreMedication="",
        ScheduledProcedureStepID=f"SPS{step.number:04}",
        RequestedContrastAgent="",
        ScheduledProcedureStepStatus=step.status,
    )


def _tagged(**values: Value | None) -> dict[int, Value]:
    return {by_keyword(word).tag: value for word, value in values.items() if value is not None}

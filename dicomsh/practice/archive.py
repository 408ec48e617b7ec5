"""The content of the practice archive: patients, studies, series, and instances made on demand.

40 patients, 120 studies, 278 series and 12,313 instances. Everything follows from the tables
in `people` and `protocols`; two archives are always equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, count
from uuid import UUID, uuid5

from dicomsh.frozen import frozen
from dicomsh.model.keys import by_keyword, by_tag
from dicomsh.model.levels import Level
from dicomsh.practice.people import PEOPLE, Person
from dicomsh.practice.protocols import DEVICES, PROTOCOLS, PlannedSeries, Protocol

Value = str | tuple[Mapping[int, "Value"], ...]
"""A value in DICOM text form, `\\` between several (numbers in decimal); a sequence's items."""

Attributes = Mapping[int, Value]
"""Values by tag; an absent attribute is left out, an empty one is the empty string."""


@frozen
class Content:
    """The data set of an object as a client sent it, in its transfer syntax."""

    syntax: str
    data: bytes


@frozen
class StoredEntity:
    """A patient, study, series or instance: its attributes and children.

    `content` is None for everything but an instance that a client has stored.
    """

    attributes: Attributes
    children: Iterable[StoredEntity] = ()
    content: Content | None = None


@frozen
class PracticeArchive:
    """All patients, in the order listed."""

    patients: tuple[StoredEntity, ...]


PRIVATE_CREATOR = 0x00090010
PRIVATE_REMARK = 0x00091001
_PRIVATE_VRS = {PRIVATE_CREATOR: "LO", PRIVATE_REMARK: "LO"}

COUNTERS = {
    Level.PATIENT: (
        "NumberOfPatientRelatedStudies",
        "NumberOfPatientRelatedSeries",
        "NumberOfPatientRelatedInstances",
    ),
    Level.STUDY: ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
    Level.SERIES: ("NumberOfSeriesRelatedInstances",),
    Level.INSTANCE: (),
}
"""Counters of each level (PS3.4 C.3.4); they are returned only at their own level."""

COMPUTED = frozenset(
    by_keyword(word).tag
    for word in (*chain(*COUNTERS.values()), "ModalitiesInStudy", "SOPClassesInStudy")
)
"""Attributes that are computed for answers (PS3.4 C.3.4); an object has none of them."""

_ATTRIBUTES = {
    Level.PATIENT: """PatientID IssuerOfPatientID PatientName PatientSex PatientBirthDate
        PatientComments""",
    Level.STUDY: """StudyInstanceUID StudyDate StudyTime StudyID AccessionNumber StudyDescription
        ReferringPhysicianName PatientAge PatientWeight ModalitiesInStudy SOPClassesInStudy
        ProcedureCodeSequence""",
    Level.SERIES: """SeriesInstanceUID SeriesNumber Modality SeriesDescription SeriesDate SeriesTime
        BodyPartExamined ProtocolName StationName InstitutionName Manufacturer OperatorsName
        Laterality RequestAttributesSequence""",
    Level.INSTANCE: """SOPInstanceUID SOPClassUID InstanceNumber ContentDate ContentTime
        AcquisitionDateTime SliceLocation ImageType Rows Columns NumberOfFrames
        ConceptNameCodeSequence""",
}

HELD: Mapping[Level, frozenset[int]] = {
    level: frozenset(
        {by_keyword(word).tag for word in (*words.split(), *COUNTERS[level])}
        | ({PRIVATE_CREATOR, PRIVATE_REMARK} if level is Level.STUDY else set())
    )
    for level, words in _ATTRIBUTES.items()
}
"""Tags of the attributes that the archive holds at each level, whether or not all have a value."""


def vr_of(tag: int) -> str:
    """VR of an attribute in this archive: the dictionary's, or our own for private ones."""
    return _PRIVATE_VRS.get(tag) or by_tag(tag).vr


@cache
def practice_archive() -> PracticeArchive:
    """The archive; made once, which takes a few milliseconds."""
    number = count()
    return PracticeArchive(tuple(_patient(person, number) for person in PEOPLE))


_CROWDED_DAY = datetime(2024, 3, 5, 7, 0)
_FIRST_DAY = datetime(2005, 1, 3, 7, 0)
_DAYS = 7800
_STRIDE = 4817  # coprime to _DAYS: dates are spread without two studies on one

_EXCEPTIONS: Mapping[str, dict[str, Value | None]] = {
    "0555643F/1": {"StudyInstanceUID": "1.2.840.113704.1.111.2768.1239195678.57"},
    "0555643F/2": {"StudyInstanceUID": "1.2.840.113704.1.111.2768.1239195678.91"},
    "10001/1": {"AccessionNumber": ""},
    "10001/5": {"StudyDescription": None},
    "10002/1": {"StudyDate": "", "StudyTime": ""},
    "10003/1": {"ReferringPhysicianName": None, "StudyDescription": ""},
    "10005/1": {"AccessionNumber": None},
    "MUC-0001/1": {"StudyDescription": "CT SCHÄDEL nativ"},
    "PAR-0001/1": {"StudyDescription": "Transit œsophagien"},
    "ATH-0001/3": {"StudyDescription": "MRI εγκεφάλου"},
    "SPB-0002/1": {"StudyDescription": "УЗИ брюшной полости"},
    "TYO-0001/1": {"StudyDescription": "胸部CT"},
    "CAI-0001/2": {"StudyTime": None},
}
"""Differences from the protocol, by patient and study number; None leaves an attribute out."""

_REFERRERS = ("Welby^Marcus", "Überall^Ulrike", "Médecin^Aimée", "Практиков^Пётр", "Nobody^No^^Dr.")
_OPERATORS = ("Tech^Tina", "Tech^Tom\\Trainee^Tess", "")
_INSTITUTION = "PRACTICE HOSPITAL"


def _patient(person: Person, number: Iterator[int]) -> StoredEntity:
    made = [
        _study(person, place, word, next(number))
        for place, word in enumerate(person.studies, start=1)
    ]
    studies = tuple(sorted(made, key=_moment))
    own = _tagged(
        PatientID=person.patient_id,
        IssuerOfPatientID=person.issuer,
        PatientName=person.name,
        PatientSex=person.sex,
        PatientBirthDate=person.birth_date,
        PatientComments=person.comments,
        NumberOfPatientRelatedStudies=str(len(studies)),
        NumberOfPatientRelatedSeries=_total(studies, "NumberOfStudyRelatedSeries"),
        NumberOfPatientRelatedInstances=_total(studies, "NumberOfStudyRelatedInstances"),
    )
    return StoredEntity(own, studies)


def _moment(study: StoredEntity) -> tuple[str, str]:
    date, time = (study.attributes.get(by_keyword(word).tag, "") for word in _STUDY_MOMENT)
    return str(date), str(time)


_STUDY_MOMENT = ("StudyDate", "StudyTime")


def _total(entities: Iterable[StoredEntity], keyword: str) -> str:
    tag = by_keyword(keyword).tag
    return str(sum(int(str(entity.attributes[tag])) for entity in entities))


@frozen
class _Visit:
    """Attributes shared by the series of one study; `number` counts the archive's studies."""

    protocol: Protocol
    start: datetime
    number: int
    seed: str


def _study(person: Person, place: int, word: str, number: int) -> StoredEntity:
    name, _, moment = word.partition("@")
    start = datetime.strptime(moment, "%Y%m%dT%H%M%S") if moment else _start(number)
    seed = f"{person.patient_id}/{person.issuer}/{place}"
    visit = _Visit(PROTOCOLS[name], start, number, seed)
    exceptions = _EXCEPTIONS.get(f"{person.patient_id}/{place}", {})
    own = _tagged(**(_study_values(person, visit) | exceptions))
    if number % 6 == 0:
        own |= {PRIVATE_CREATOR: "DICOMSH PRACTICE", PRIVATE_REMARK: f"Shelf {number // 6 + 1}"}
    return StoredEntity(
        own, tuple(_series(visit, *plan) for plan in enumerate(visit.protocol.series, 1))
    )


def _start(number: int) -> datetime:
    """The start of the study with this number: every ninth on one busy day, the others spread."""
    if number % 9 == 0:
        return _CROWDED_DAY + timedelta(minutes=41 * (number // 9), seconds=number % 60)
    days = number * _STRIDE % _DAYS
    return _FIRST_DAY + timedelta(days=days, minutes=number * 37 % 660, seconds=number * 13 % 60)


def _study_values(person: Person, visit: _Visit) -> dict[str, Value | None]:
    protocol, start, number = visit.protocol, visit.start, visit.number
    return {
        "StudyInstanceUID": made_uid(visit.seed),
        "StudyDate": f"{start:%Y%m%d}",
        "StudyTime": f"{start:%H%M%S}",
        "StudyID": f"S{number + 1:04d}",
        "AccessionNumber": f"A{start:%y}{1000 + number}",
        "StudyDescription": protocol.description,
        "ReferringPhysicianName": _REFERRERS[number % len(_REFERRERS)],
        "PatientAge": _age(person.birth_date, start),
        "PatientWeight": f"{55 + number % 40}.5",
        "ModalitiesInStudy": "\\".join(protocol.modalities),
        "SOPClassesInStudy": "\\".join(DEVICES[word].sop_class for word in protocol.modalities),
        "NumberOfStudyRelatedSeries": str(len(protocol.series)),
        "NumberOfStudyRelatedInstances": str(protocol.instances),
        "ProcedureCodeSequence": (_code(protocol.code, protocol.meaning),),
    }


def _age(birth_date: str | None, start: datetime) -> str | None:
    return f"{start.year - int(birth_date[:4]):03d}Y" if birth_date else None


def _code(value: str, meaning: str) -> Attributes:
    return _tagged(CodeValue=value, CodingSchemeDesignator="99PRACTICE", CodeMeaning=meaning)


def _series(visit: _Visit, place: int, plan: PlannedSeries) -> StoredEntity:
    begun = visit.start + timedelta(minutes=4 * (place - 1), seconds=15)
    device = DEVICES[plan.modality]
    seed = f"{visit.seed}/{place}"
    own = _tagged(
        SeriesInstanceUID=made_uid(seed),
        SeriesNumber=str(place),
        Modality=plan.modality,
        SeriesDescription=plan.description,
        SeriesDate=f"{begun:%Y%m%d}",
        SeriesTime=f"{begun:%H%M%S}.500",
        BodyPartExamined=visit.protocol.body_part if device.rows else None,
        ProtocolName=visit.protocol.name if device.rows else None,
        StationName=device.station,
        InstitutionName=_INSTITUTION,
        Manufacturer=device.manufacturer,
        OperatorsName=_OPERATORS[visit.number % len(_OPERATORS)],
        Laterality=plan.laterality,
        NumberOfSeriesRelatedInstances=str(plan.instances),
        RequestAttributesSequence=(_request(visit),) if device.rows else None,
    )
    return StoredEntity(own, Instances(plan, seed, begun))


def _request(visit: _Visit) -> Attributes:
    protocol, number = visit.protocol, visit.number
    return _tagged(
        RequestedProcedureID=f"RP{number + 1:04d}",
        ScheduledProcedureStepID=f"SPS{number + 1:04d}",
        RequestedProcedureDescription=protocol.meaning,
        ScheduledProtocolCodeSequence=(_code(protocol.code, protocol.meaning),),
    )


@frozen
class Instances:
    """The instances of one series, made during iteration."""

    plan: PlannedSeries
    seed: str
    begun: datetime

    def __iter__(self) -> Iterator[StoredEntity]:
        return (StoredEntity(self._instance(place)) for place in range(1, self.plan.instances + 1))

    def _instance(self, place: int) -> Attributes:
        device = DEVICES[self.plan.modality]
        taken = self.begun + timedelta(seconds=place)
        sliced = self.plan.modality in ("CT", "MR", "PT")
        return _tagged(
            SOPInstanceUID=made_uid(f"{self.seed}/{place}"),
            SOPClassUID=device.sop_class,
            InstanceNumber=str(place),
            ContentDate=f"{taken:%Y%m%d}",
            ContentTime=f"{taken:%H%M%S}",
            AcquisitionDateTime=f"{taken:%Y%m%d%H%M%S}.250000" if sliced else None,
            SliceLocation=f"{2.5 * place:.1f}" if sliced else None,
            ImageType="ORIGINAL\\PRIMARY" if device.rows else None,
            Rows=str(device.rows) if device.rows else None,
            Columns=str(device.columns) if device.columns else None,
            NumberOfFrames=str(device.frames) if device.frames else None,
            ConceptNameCodeSequence=None if device.rows else (_code("REPORT", "Report"),),
        )


def _tagged(**values: Value | None) -> dict[int, Value]:
    return {by_keyword(word).tag: value for word, value in values.items() if value is not None}


_NAMESPACE = UUID("5a6e3d52-0f0a-5c1e-9a53-0d1c0a5e11e5")


def made_uid(seed: str) -> str:
    """A UID made from a name-based UUID (PS3.5 B.2)."""
    return f"2.25.{uuid5(_NAMESPACE, seed).int}"

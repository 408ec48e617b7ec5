"""Made-up studies with what real archives hold: scripts, gaps, old forms, odd cases, shared IDs."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

SEED = 20251128
ROOT = "1.2.826.0.1.3680043.10.999"
"""Prefix of all UIDs."""

Values = Mapping[str, str | None]
"""Values by keyword in DICOM text form; an absent attribute is None or missing."""

LEVELS = ("patient", "study", "series", "instance")
UNIQUE = {
    "patient": "PatientID",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "instance": "SOPInstanceUID",
}


@dataclass(frozen=True)
class Person:
    """A patient as one modality wrote them."""

    id: str
    name: str
    sex: str | None
    birth: str | None
    charset: str = ""


@dataclass(frozen=True)
class Series:
    """A series: its own values, and those of its instances."""

    values: Values
    instances: tuple[Values, ...]


@dataclass(frozen=True)
class Study:
    """A study of a person: its own values and its series."""

    person: Person
    values: Values
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Entity:
    """What an archive holds at a level.

    Args:
        level: its level.
        keys: the unique keys of its ancestors, then its own.
        stored: all values it may have by keyword, its ancestors' too. There are several where two
            people share an ID: which one an archive keeps is not said by the standard.
    """

    level: str
    keys: tuple[str, ...]
    stored: Mapping[str, tuple[str, ...]]


_ASCII = """SMITH^JOHN smith^john Smith^John^Q^Dr.^Jr. SMITHSON^JANE SMYTHE^ANNE mcDonald^Ann
    MCDONALD^ANN O'NEIL^SEAN VAN^DEN^BERG DOE^JANE^^ DOE^JANE Doe Nobody^No^^Dr. LEE^S.-H. A^B AB^C
    PUBLIC^JOHN^Q PHANTOM TEST^TEST LONG^NAME-WITH-DASHES X-RAY^MAN [BOX]^TOM 100%^SURE
    UNDER_SCORE^U UNDERXSCORE^U Adams^John^Robert^Rev.^B.A. TESTER^T""".split()

_SCRIPTS: Mapping[str, Sequence[str]] = {
    "ISO_IR 100": """Müller^Jürgen MÜLLER^JÜRGEN Muller^Jurgen Mueller^Juergen Möller^Jan Grün^Änne
        Groß^Änne Gross^Anne Fuß^Karl Ångström^Anders Núñez^José Çelik^Zoë Ëuvre^Noël Sørensen^Åse
        """.split(),
    "ISO_IR 126": "Διονυσιος ΔΙΟΝΥΣΙΟΣ Παπαδόπουλος^Γιώργος".split(),
    "ISO_IR 144": "Чайка^Нина чайка^нина Иванов^Пётр Иванова^Анна Люкceмбypг".split(),
    "\\ISO 2022 IR 87": """Yamada^Tarou=山田^太郎=やまだ^たろう
        Suzuki^Hanako=鈴木^花子=すずき^はなこ""".split(),
    "\\ISO 2022 IR 149": """Hong^Gildong=洪^吉洞=홍^길동 Kim^Hiecheol=金^喜哲=김^희철
        Park^Ji=朴^智=박^지""".split(),
    "GB18030": "Wang^XiaoDong=王^小东 Zhang^XiaoDong=张^小东".split(),
    "ISO_IR 192": """Yamamoto^Ken=山本^健=やまもと^けん 王^小明 Tanaka^Yuki=田中^由紀 Şahin^Ömer
        Dvořák^Antonín Mu\u0308nch^Zerlegt Lim^Soo=林^秀=임^수 Ελένη^Σωφός Ωμέγα^Άλφα""".split(),
}

ODD_IDS = (
    "AB12",
    "AB*12",
    "AB_12",
    "AB?12",
    "ABX12",
    "AB",
    "A*",
    "*",
    "ozp00sj",
    "OZP00SJ",
    "007",
    "7",
)
SHARED_ID = "SHARED-1"

_DESCRIPTIONS = (
    "CT CHEST", "CT Chest", "CT CHEST W/O", "MR BRAIN", "MR BRAIN W/WO", "HAND LEFT", "HAND RIGHT",
    "CT ABDOMEN-PELVIS", "50% DOSE", "KNEE_2", "KNEEX2", "T", "US ABDOMEN", "RÖNTGEN HAND",
    "胸部CT",
)  # fmt: skip
_BODY_PARTS = ("CHEST", "HEAD", "HAND", "Knee", "KNEE", "ABDOMEN", "", None)
_TIMES = ("10", "1015", "101500", "101500.5", "101530", "101559.999999", "1030", "11", "0000",
          "000000.000000", "235959", "2359", "09", "140230.5", "1200", "120000", "",
          None)  # fmt: skip
_SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "SR": "1.2.840.10008.5.1.4.1.1.88.33",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
}
_SERIES_WORDS = ("AXIAL 5.0", "Axial 5.0", "SCOUT", "T1 SAG", "T2 AX", "REPORT", "AP", "")


def made_up() -> tuple[Study, ...]:
    """The studies, the same in every run: 330 of some 190 people."""
    chance = random.Random(SEED)
    people = list(_people(chance))
    number = 0
    studies = []
    for person in people:
        for _ in range(1 if person.id in ODD_IDS else chance.choice((1, 1, 2, 2, 3))):
            number += 1
            studies.append(_study(person, number, chance))
    while len(studies) < 330:
        number += 1
        studies.append(_study(chance.choice(people), number, chance))
    return tuple(studies)


def _people(chance: random.Random) -> Iterator[Person]:
    number = 0
    for charset, names in {"": _ASCII, **_SCRIPTS}.items():
        for name in names:
            number += 1
            yield _person(f"P{number:04}", name, charset, chance)
    for identity in ODD_IDS:
        yield _person(identity, f"ODD^{len(identity)}{number}", "", chance)
    for name in ("TWIN^ONE", "TWIN^TWO"):
        yield Person(SHARED_ID, name, "O", "19800101")
    yield Person("NO-NAME-1", "", None, None)
    yield Person("NO-NAME-2", "", "", "")
    for extra in range(90):
        yield _person(f"X{extra:03}-{chance.randrange(10)}", f"PERSON^NR{extra:02}", "", chance)


def _person(identity: str, name: str, charset: str, chance: random.Random) -> Person:
    birth = (
        f"{chance.randrange(1930, 2015)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    )
    return Person(
        identity, name, chance.choice(("M", "F", "M", "F", "O", "", None)),
        chance.choice((birth, birth, birth, "", None)), charset,
    )  # fmt: skip


def _study(person: Person, number: int, chance: random.Random) -> Study:
    uid = f"{ROOT}.1.{number}"
    date = f"{chance.choice((2009, 2020, 2023, 2024, 2024))}{chance.randrange(1, 13):02}"
    date += f"{chance.choice((1, 5, 5, 15, 28)):02}"
    usable = [text for text in _DESCRIPTIONS if _fits(text, person.charset)]
    values: dict[str, str | None] = {
        "StudyInstanceUID": uid,
        "StudyDate": chance.choice((*[date] * 14, "", None)),
        "StudyTime": chance.choice(_TIMES),
        "StudyID": chance.choice((f"S{number:03}", f"s{number:03}", "1", "")),
        "AccessionNumber": chance.choice((*[f"A{number:03}"] * 6, f"a{number:03}", "", None)),
        "StudyDescription": chance.choice((*usable, "", None)),
        "ReferringPhysicianName": chance.choice(
            ("Welby^Marcus", "WELBY^MARCUS", "Nobody^No^^Dr.", "House^Gregory", "", None)
        ),
    }
    kinds = chance.choice((("CT",), ("CT",), ("MR",), ("CR",), ("CT", "SR"), ("MR", "SR"), ("US",)))
    series = tuple(
        _series(f"{uid}.{place}", kind, place, chance) for place, kind in enumerate(kinds, 1)
    )
    return Study(person, values, series)


def _fits(text: str, charset: str) -> bool:
    """Whether a description can be written in the character set of a person's studies."""
    latin, any_script = charset in ("ISO_IR 100", "ISO_IR 192"), charset == "ISO_IR 192"
    return text.isascii() or any_script or (latin and text.startswith("R"))


def _series(uid: str, kind: str, place: int, chance: random.Random) -> Series:
    values: dict[str, str | None] = {
        "SeriesInstanceUID": uid,
        "Modality": kind,
        "SeriesNumber": chance.choice((str(place), str(place), "10", "04", None)),
        "SeriesDescription": chance.choice(_SERIES_WORDS),
        "BodyPartExamined": chance.choice(_BODY_PARTS),
        "ProtocolName": chance.choice(("Thorax", "THORAX", "Head/Neck", None)),
    }
    instances = tuple(
        {
            "SOPInstanceUID": f"{uid}.{number}",
            "SOPClassUID": _SOP_CLASSES[kind],
            "InstanceNumber": str(number),
            "ContentDate": chance.choice(("20240305", "20240306", "")),
        }
        for number in range(1, chance.choice((1, 1, 2)) + 1)
    )
    return Series(values, instances)


def entities(studies: Sequence[Study]) -> Iterator[Entity]:
    """What an archive with these studies holds, level by level."""
    by_id: dict[str, list[Study]] = defaultdict(list)
    for study in studies:
        by_id[study.person.id].append(study)
    for identity, own in by_id.items():
        shared = _together([_of_person(study.person) for study in own])
        yield Entity("patient", (identity,), shared)
        for study in own:
            yield from _below(study, shared)


def _below(study: Study, patient: Mapping[str, tuple[str, ...]]) -> Iterator[Entity]:
    kinds = "\\".join(dict.fromkeys(series.values["Modality"] or "" for series in study.series))
    upper = dict(patient) | _together([{**study.values, "ModalitiesInStudy": kinds}])
    keys = (study.person.id, study.values["StudyInstanceUID"] or "")
    yield Entity("study", keys, upper)
    for series in study.series:
        held = upper | _together([series.values])
        path = (*keys, series.values["SeriesInstanceUID"] or "")
        yield Entity("series", path, held)
        for instance in series.instances:
            own = (*path, instance["SOPInstanceUID"] or "")
            yield Entity("instance", own, held | _together([instance]))


def _of_person(person: Person) -> Values:
    return {
        "PatientID": person.id,
        "PatientName": person.name,
        "PatientSex": person.sex,
        "PatientBirthDate": person.birth,
    }


def _together(several: Sequence[Values]) -> dict[str, tuple[str, ...]]:
    """Each keyword with its different values; an absent one is empty."""
    words = {word for values in several for word in values}
    return {
        word: tuple(dict.fromkeys(values.get(word) or "" for values in several)) for word in words
    }


def datasets(studies: Sequence[Study]) -> Iterator[Dataset]:
    """One data set for each instance."""
    for study in studies:
        for series in study.series:
            for instance in series.instances:
                yield _dataset(study, series, instance)


def _dataset(study: Study, series: Series, instance: Values) -> Dataset:
    dataset = Dataset()
    if study.person.charset:
        dataset.SpecificCharacterSet = study.person.charset.split("\\")
    values = {**_of_person(study.person), **study.values, **series.values, **instance}
    with config.disable_value_validation():  # what is against the rules of a VR is meant
        for keyword, value in values.items():
            if value is not None:
                setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def write(studies: Sequence[Study], folder: Path) -> list[Path]:
    """Writes one file for each instance and returns their paths."""
    paths = []
    for number, dataset in enumerate(datasets(studies)):
        path = folder / f"{number:04}.dcm"
        with config.disable_value_validation():
            dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths

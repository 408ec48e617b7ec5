"""Made-up worklist items as values, and as the files that Orthanc and DCMTK read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

STEP = "ScheduledProcedureStepSequence"


@dataclass(frozen=True)
class Item:
    """One item: values by path, as in a query; the charset is a defined term, or empty."""

    step: str
    values: Mapping[str, str]
    charset: str = ""


# step | name | ID | accession | date | time | AE | Modality | physician | procedure | status
# @ is a name from the table below
_TABLE = """
S01 | @ | DE-1 | W001 | 20240506 | 080000 | CT1 | CT | @ | CT THORAX | SCHEDULED
S02 | @ | DE-2 | W002 | 20240506 | 084500 | CT1 | CT | @ | CT HEAD | ARRIVED
S03 | SMITH^JOHN^Q | 1001 | W003 | 20240506 | 0930 | CT2 | CT | WELBY^MARCUS | CT ABDOMEN | READY
S04 | Smith^Jane | 1002 | W004 | 20240506 | 101500 | CT_1 | CT | WELBY^MARCUS | CT HEAD | SCHEDULED
S05 | Smithers^Al | 1003 | W005 | 20240507 | 080000 | CT1 | CT |  | CT HEAD | SCHEDULED
S06 | @ | RU-1 | W006 | 20240506 | 110000 | MR1 | MR | @ | MR BRAIN | STARTED
S07 | @ | GR-1 | W007 | 20240506 | 113000 | MR1 | MR | @ | MR SPINE | SCHEDULED
S08 | @ | CN-1 | W008 | 20240507 | 110000 | MR1 | MR | @ | MR LIVER | SCHEDULED
S09 | @ | JP-1 | W009 | 20240506 | 130000 | MR2 | MR | @ | MR BRAIN | SCHEDULED
S10 | @ | JP-2 | W010 | 20240506 | 140000 | US1 | US | @ | US ABDOMEN | SCHEDULED
S11 | DOE^JANE | 1004 | W011 | 20240506 | 150000 | US1 | US | SOUND^SINA | US ABDOMEN | SCHEDULED
S12 | DOE^JANE | 1005 | W012 | 20240508 | 090000 | US1 | US | SOUND^SINA | US THYROID | SCHEDULED
S13 | ROE^RICHARD | 1006 | W013 | 20240506 | 160000 | XA1 | XA | HEART^HANNA | ANGIO | SCHEDULED
S14 | ROE^RICHARD | 1006 | W013 | 20240506 | 163000 | XA1 | XA | HEART^HANNA | ANGIO | SCHEDULED
S15 | ROE^R | 1007 | W014 | 20240430 | 090000 | XA1 | XA | HEART^HANNA | ANGIO | DEPARTED
S16 | MULTI^STATION | 1008 | W015 | 20240506 | 070000 | AA32\\AA33 | DX |  | DX KNEE | SCHEDULED
S17 | NIGHT^NILS | 1009 | W016 | 20240506 | 235900 | DX1 | DX |  | DX HAND | SCHEDULED
S18 | NIGHT^NORA | 1010 | W017 | 20240507 | 000000 | DX1 | DX |  | DX HAND | SCHEDULED
S19 | LOWER^CASE | ozp00sj | W018 | 20240506 | 120000 | MG1 | MG |  | MG SCREENING | SCHEDULED
S20 | UPPER^CASE | OZP00SJ | W019 | 20240506 | 121500 | MG1 | MG |  | MG SCREENING | SCHEDULED
S21 | NOBODY^NO | 1011 |  | 20240506 | 170000 | NM1 | NM |  | BONE SCAN |
S22 | PLUS^TWO | 1012 | W021 | 20240509 | 093000 | NM1 | NM |  | BONE SCAN | SCHEDULED
S23 | DOE^JOHN | 1013 | W022 | 20240506 | 093000 | CT1 | CT | WELBY^MARCUS | CT THORAX | SCHEDULED
S24 | DOE^J | 1014 | W023 | 20240506 | 094500 | CT1 | CT | WELBY^MARC | CT HEAD | SCHEDULED
"""

# step | character set | name | physician
_NAMES = """
S01 | ISO_IR 100 | Müller^Jürgen | Röntgen^Rita
S02 | ISO_IR 100 | Größe^Käthe |
S06 | ISO_IR 192 | Чайка^Нина | Магнит^Макс
S07 | ISO_IR 192 | Παράδειγμα^Ελένη |
S08 | ISO_IR 192 | 张^三 |
S09 | \\ISO 2022 IR 87 | Yamada^Tarou=山田^太郎=やまだ^たろう | Rei^Ichirou=例^一郎
S10 | ISO_IR 13 | ﾔﾏﾀﾞ^ﾊﾅｺ |
"""

_PATHS = (
    "PatientName",
    "PatientID",
    "AccessionNumber",
    f"{STEP}.ScheduledProcedureStepStartDate",
    f"{STEP}.ScheduledProcedureStepStartTime",
    f"{STEP}.ScheduledStationAETitle",
    f"{STEP}.Modality",
    f"{STEP}.ScheduledPerformingPhysicianName",
    "RequestedProcedureDescription",
    f"{STEP}.ScheduledProcedureStepStatus",
)


_PHYSICIAN = "ScheduledPerformingPhysicianName"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _items() -> tuple[Item, ...]:
    named = {step: names for step, *names in map(_cells, _NAMES.strip().splitlines())}
    found = []
    for line in _TABLE.strip().splitlines():
        step, *values = _cells(line)
        charset, *names = named.get(step, [""])
        held = dict(zip(_PATHS, values, strict=True))
        if names:
            held |= dict(zip(("PatientName", f"{STEP}.{_PHYSICIAN}"), names, strict=True))
        held[f"{STEP}.ScheduledProcedureStepID"] = step
        found.append(Item(step, held, charset))
    return tuple(found)


ITEMS = _items()
"""All items, in the order of their steps."""


def write(items: Iterable[Item], folder: Path) -> None:
    """One file an item; a worklist file has a meta header without a SOP class of its own."""
    for item in items:
        dataset(item).save_as(folder / f"{item.step}.wl", enforce_file_format=True)


def dataset(item: Item) -> Dataset:
    """The item as a data set."""
    made, step = Dataset(), Dataset()
    if item.charset:
        terms = item.charset.split("\\")
        made.SpecificCharacterSet = terms if len(terms) > 1 else terms[0]
    for path, value in item.values.items():
        *around, keyword = path.split(".")
        values = value.split("\\")
        setattr(step if around else made, keyword, values if len(values) > 1 else value)
    step.ScheduledProcedureStepDescription = f"{made.RequestedProcedureDescription} routine"
    step.ScheduledStationName = "ROOM"
    made.ScheduledProcedureStepSequence = [step]
    made.PatientBirthDate, made.PatientSex = "19700101", "O"
    made.RequestedProcedureID = f"RP{made.AccessionNumber or item.step}"
    procedure = made.RequestedProcedureID
    made.StudyInstanceUID = generate_uid(entropy_srcs=["worklist", procedure])
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
    made.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[item.step])
    return made

"""Examinations: the series of each type of study, and values that depend on the modality."""

from __future__ import annotations

from collections.abc import Mapping

from dicomsh.frozen import frozen


@frozen
class PlannedSeries:
    """One series of a protocol; `instances` is its number of SOP instances."""

    modality: str
    description: str
    instances: int
    laterality: str | None = None


@frozen
class Protocol:
    """A type of study.

    `code` and `meaning` are its procedure code, in a local coding scheme.
    """

    description: str
    body_part: str
    name: str
    code: str
    meaning: str
    series: tuple[PlannedSeries, ...]

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities of the study, each once, in the order of its series."""
        return tuple(dict.fromkeys(series.modality for series in self.series))

    @property
    def instances(self) -> int:
        """SOP instances of the whole study."""
        return sum(series.instances for series in self.series)


def _plan(text: str) -> tuple[PlannedSeries, ...]:
    """The series of a text with one `modality | description | instances [| laterality]` a line."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return tuple(PlannedSeries(row[0], row[1], int(row[2]), *row[3:]) for row in lines)


PROTOCOLS: Mapping[str, Protocol] = {
    "thorax": Protocol(
        "CT THORAX",
        "CHEST",
        "Thorax Routine",
        "CTTHX",
        "CT of thorax",
        _plan("""CT | Topogram | 2
                 CT | Thorax 5.0 soft | 82
                 CT | Thorax 1.0 lung | 328"""),
    ),
    "brain": Protocol(
        "MR BRAIN",
        "BRAIN",
        "Brain Standard",
        "MRBRN",
        "MR of brain",
        _plan("""MR | Localizer | 3
                 MR | T1 SE sag | 60
                 MR | T2 TSE tra | 60
                 MR | FLAIR cor | 56
                 SR | Report | 1"""),
    ),
    "aorta": Protocol(
        "CTA AORTA",
        "AORTA",
        "Aorta Angio",
        "CTAAO",
        "CT angiography of aorta",
        _plan("""CT | Topogram | 2
                 CT | Angio 3.0 | 398
                 CT | Angio 0.6 | 800"""),
    ),
    "head": Protocol(
        "CT HEAD",
        "HEAD",
        "Head Native",
        "CTHED",
        "CT of head",
        _plan("""CT | Topogram | 1
                 CT | Head 4.0 native | 36"""),
    ),
    "spine": Protocol(
        "MR LUMBAR SPINE",
        "LSPINE",
        "L-Spine",
        "MRLSP",
        "MR of lumbar spine",
        _plan("""MR | Localizer | 9
                 MR | T2 TSE sag | 15
                 MR | T1 TSE sag | 15
                 MR | T2 TSE tra | 30"""),
    ),
    "liver": Protocol(
        "MR LIVER",
        "LIVER",
        "Liver Dynamic",
        "MRLIV",
        "MR of liver",
        _plan("""MR | Localizer | 3
                 MR | T1 VIBE dynamic | 72
                 MR | DWI | 40
                 SEG | Liver segments | 1"""),
    ),
    "petct": Protocol(
        "PET/CT WHOLE BODY",
        "WHOLEBODY",
        "FDG Whole Body",
        "PTCWB",
        "PET/CT of whole body",
        _plan("""CT | Low dose CT | 96
                 PT | PET AC | 96
                 DOC | Dose report | 1"""),
    ),
    "bone": Protocol(
        "BONE SCINTIGRAPHY",
        "WHOLEBODY",
        "Bone Whole Body",
        "NMBON",
        "Bone scintigraphy",
        _plan("""NM | Whole body early | 2
                 NM | Whole body late | 2"""),
    ),
    "abdomen": Protocol(
        "US ABDOMEN",
        "ABDOMEN",
        "Abdomen",
        "USABD",
        "Ultrasound of abdomen",
        _plan("US | Abdomen | 24"),
    ),
    "echo": Protocol(
        "ECHOCARDIOGRAPHY",
        "HEART",
        "Adult Echo",
        "USECH",
        "Transthoracic echocardiography",
        _plan("""US | Echo loops | 14
                 SR | Measurements | 1"""),
    ),
    "chest": Protocol(
        "CHEST PA/LAT",
        "CHEST",
        "Chest 2 views",
        "CRCHE",
        "Radiography of chest",
        _plan("CR | Chest PA and lateral | 2"),
    ),
    "knee": Protocol(
        "KNEE 2 VIEWS",
        "KNEE",
        "Knee AP/LAT",
        "DXKNE",
        "Radiography of knee",
        _plan("DX | Knee AP | 1 | L\nDX | Knee lateral | 1 | L"),
    ),
    "ankle": Protocol(
        "ANKLE 2 VIEWS",
        "ANKLE",
        "Ankle AP/LAT",
        "DXANK",
        "Radiography of ankle",
        _plan("DX | Ankle AP | 1 | R\nDX | Ankle lateral | 1 | R"),
    ),
    "mammography": Protocol(
        "MAMMOGRAPHY SCREENING",
        "BREAST",
        "Screening 4 views",
        "MGSCR",
        "Screening mammography",
        _plan("""MG | R CC and MLO | 2 | R
                 MG | L CC and MLO | 2 | L
                 SR | CAD | 1"""),
    ),
    "coronary": Protocol(
        "CORONARY ANGIOGRAPHY",
        "HEART",
        "Coronaries",
        "XACOR",
        "Coronary angiography",
        _plan("""XA | Left coronary | 6
                 XA | Right coronary | 3"""),
    ),
    "angiography": Protocol(
        "ANGIOGRAPHY LOWER LIMB",
        "LEG",
        "DSA Leg",
        "XALEG",
        "Angiography of lower limb",
        _plan("XA | DSA pelvis | 2\nXA | DSA leg | 4 | L"),
    ),
    "swallow": Protocol(
        "BARIUM SWALLOW",
        "ESOPHAGUS",
        "Esophagus",
        "RFSWL",
        "Fluoroscopy of esophagus",
        _plan("RF | Swallow | 6"),
    ),
}


@frozen
class Device:
    """Attributes shared by the instances of a modality.

    `rows` and `columns` are 0 for objects without pixels; `frames` is 0 for single-frame ones.
    """

    sop_class: str
    station: str
    manufacturer: str
    rows: int = 0
    columns: int = 0
    frames: int = 0


_STORAGE = "1.2.840.10008.5.1.4.1.1."

DEVICES: Mapping[str, Device] = {
    "CT": Device(_STORAGE + "2", "CT01", "Practice Imaging", 512, 512),
    "MR": Device(_STORAGE + "4", "MR02", "Practice Imaging", 320, 320),
    "PT": Device(_STORAGE + "128", "PETCT1", "Practice Imaging", 200, 200),
    "NM": Device(_STORAGE + "20", "NM01", "Example Nuclear", 1024, 256, 2),
    "US": Device(_STORAGE + "6.1", "US05", "Übungssonographie", 600, 800),
    "CR": Device(_STORAGE + "1", "CR01", "Sample X-Ray", 2140, 1760),
    "DX": Device(_STORAGE + "1.1", "DX03", "Sample X-Ray", 2992, 2402),
    "MG": Device(_STORAGE + "1.2", "MG01", "Sample X-Ray", 3328, 2560),
    "XA": Device(_STORAGE + "12.1", "XA01", "Practice Imaging", 1024, 1024, 48),
    "RF": Device(_STORAGE + "12.2", "RF01", "Practice Imaging", 1024, 1024, 30),
    "SR": Device(_STORAGE + "88.22", "WS07", "Example Reports"),
    "DOC": Device(_STORAGE + "104.1", "WS07", "Example Reports"),
    "SEG": Device(_STORAGE + "66.4", "WS07", "Example Reports", 320, 320, 72),
}
"""SOP class and equipment of each modality."""

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"

COMPRESSED = frozenset(("US", "XA", "RF"))
"""Modalities whose images are held in JPEG Baseline."""

WORDS = frozenset(("CT", "MR", "PT", "NM", "CR", "DX", "MG"))
"""Modalities whose images have 16 bits a pixel."""

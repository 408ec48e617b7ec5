"""Names and folders for files: nothing that a server sends leads out of the folder."""

from __future__ import annotations

import ntpath
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.retrieve.layout import DEFAULT, Paths, read_layout, safe_name

HOSTILE = [
    "..",
    ".",
    "",
    " ",
    "/etc/passwd",
    "..\\..\\evil",
    "C:\\evil",
    "a/b",
    "CON",
    "nul.dcm",
    "COM1",
    "lpt9.txt",
    "-rf",
    ".ssh",
    "a" * 300,
    "é" * 200,
    "a\x00b",
    "a\nb",
    "a\u202eb",
    "\ud800",
    "name.",
    "name ",
    "a:b",
    "~root",
]


def is_reserved(name: str) -> bool:
    """Whether Windows takes a name for a device."""
    if sys.version_info >= (3, 13):
        return ntpath.isreserved(name)
    return PureWindowsPath(name).is_reserved()


def is_safe(name: str) -> bool:
    return (
        name not in ("", ".", "..")
        and len(name.encode()) <= 255
        and not set(name) & set('<>:"/\\|?*\0\n')
        and name[0] not in ".-"
        and name[-1] not in ". "
        and not is_reserved(name)
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_made_safe(text: str, tmp_path: Path) -> None:
    name = safe_name(text)
    assert is_safe(name)
    (tmp_path / name).write_text("x")


@given(st.text(st.characters(exclude_categories=())))
def test_every_name_is_safe(text: str) -> None:
    name = safe_name(text)
    assert is_safe(name)
    assert safe_name(name) == name


@pytest.mark.parametrize("text", ["JODOGNE^SEBASTIEN", "0555643F", "1.2.840.113704.1", "山田^太郎"])
def test_a_harmless_name_stays(text: str) -> None:
    assert safe_name(text) == text


@given(st.dictionaries(st.sampled_from(["PatientID", "StudyDate"]), st.text()), st.text())
def test_every_path_stays_in_the_folder(values: dict[str, str], uid: str) -> None:
    path = Paths(read_layout(DEFAULT)).path({**values, "SOPInstanceUID": uid})
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert len(path.parts) == 4


def test_two_instances_never_share_a_file() -> None:
    paths = Paths(read_layout("{SOPInstanceUID}.dcm"))
    found = [paths.path({"SOPInstanceUID": uid}) for uid in ("1.2/3", "1.2?3", "1.2_3", "A", "a")]
    assert len({str(path).casefold() for path in found}) == 5


def test_two_patients_never_share_a_folder() -> None:
    paths = Paths(read_layout("{PatientID}/{SOPInstanceUID}.dcm"))
    folders = [
        paths.path({"PatientID": patient, "SOPInstanceUID": "1"}).parts[0].casefold()
        for patient in ("AB", "ab", "A/B", "A_B")
    ]
    assert len(set(folders)) == 4


def test_the_same_patient_has_one_folder() -> None:
    paths = Paths(read_layout("{PatientID}/{SOPInstanceUID}.dcm"))
    first = paths.path({"PatientID": "A/B", "SOPInstanceUID": "1"})
    assert paths.path({"PatientID": "A/B", "SOPInstanceUID": "2"}) == first.with_name("2.dcm")
    assert first == PurePosixPath("A_B/1.dcm")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/tmp/{SOPInstanceUID}.dcm", "below the folder"),
        ("../{SOPInstanceUID}.dcm", "would leave the folder"),
        ("~/x/{SOPInstanceUID}", "below the folder"),
        ("a\\{SOPInstanceUID}", "below the folder"),
        ("{SOPInstanceUID", "without its partner"),
        ("{Nonsense}/{SOPInstanceUID}", "'Nonsense' is not an attribute"),
        ("{PixelData}/{SOPInstanceUID}", "'PixelData' is not an attribute"),
        ("{PatientID}.dcm", "no {SOPInstanceUID}"),
        ("", "is not a layout"),
    ],
)
def test_what_is_not_a_layout_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("{", r"\{").replace("}", r"\}")):
        read_layout(text)

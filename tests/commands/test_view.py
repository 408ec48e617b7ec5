"""view and show --text: what is in an object, fetched for a moment, or read from a file."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from tests.harness import Done, practice, run

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
THORAX = "use pacs; cd 0555643F; ls; cd 1; ls"
BRAIN = "use pacs; cd 0555643F; ls; cd 2; ls"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary folders; nothing may be left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def viewed(folder: Path, text: str) -> tuple[Done, Image.Image]:
    file = folder / "seen.png"
    done = run(f"{text} > '{file}'")
    assert done.status == 0, done.err
    return done, Image.open(BytesIO(file.read_bytes()))


def test_the_middle_of_a_series(tmp_path: Path, temporary: Path) -> None:
    done, seen = viewed(tmp_path, f"{THORAX}; view 3")
    assert done.last == "CT #164 · 512 × 512 · window 40/400 of the object · not for diagnosis"
    assert (seen.mode, seen.size) == ("L", (512, 512))
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--instance first", "CT #1 · 512 × 512 · window 40/400 of the object"),
        ("--instance last", "CT #82 · 512 × 512 · window 40/400 of the object"),
        ("--instance 10 --window bone", "CT #10 · 512 × 512 · window 400/1800 (bone)"),
        ("--window 40/400", "CT #41 · 512 × 512 · window 40/400"),
        ("--window -600,1500", "CT #41 · 512 × 512 · window -600/1500"),
    ],
)
def test_options(options: str, said: str, tmp_path: Path) -> None:
    done, _ = viewed(tmp_path, f"{THORAX}; view 2 {options}")
    assert done.last.startswith(said)


def test_an_instance_of_the_last_listing_in_jpeg(tmp_path: Path) -> None:
    done, _ = viewed(tmp_path, "use pacs; find series mod=XA | head 1; cd 1; ls; view 2 --frame 5")
    assert "XA #2 · frame 5 of 48 · 1024 × 1024 · window 128/256 of the object" in done.last
    assert "JPEG Baseline (Process 1), lossy" in done.last


def test_a_file_needs_no_archive(tmp_path: Path) -> None:
    done, seen = viewed(tmp_path, f"view '{SAMPLES / 'examples_palette.dcm'}'")
    assert done.last == "US #24 · 800 × 350 · not for diagnosis"
    assert (seen.mode, seen.size) == ("RGB", (800, 350))


BAD = {
    f"{THORAX}; view 2": "the output is not a terminal",
    f"{THORAX}; view 1 --instance 3": "there is no instance 3: there are 2",
    f"{THORAX}; view 1 --frame 2": "there is no frame 2: there are 1",
    f"{THORAX}; view 1 --window 40/0": "the width of a window is at least 1, not 0",
    f"{THORAX}; view 1 --frame 0": "expected first, middle, last or a number from 1, found '0'",
    f"{THORAX}; view 7": "row 7",
    "use pacs; view 0555643F": "this needs an instance or a series",
    f"{BRAIN}; view 5": "there is no image in it (Enhanced SR Storage)",
    "use pacs; view ./absent.dcm": "there is no file './absent.dcm'",
    f"{THORAX}; set mask on; view 2": "masking does not reach into the pixels of an image",
    f"{BRAIN}; set mask on; show --text 5": "masking does not reach into the text of a report",
    f"{BRAIN}; show --text 1 --limit 3": "show has no option '--limit'",
    f"{THORAX}; show --text 3": "this series has 328 instances",
    f"{THORAX}; cd 1; ls; show --text 1": "there is no text in it (CT Image Storage)",
}


@pytest.mark.parametrize(("text", "said"), BAD.items())
def test_what_cannot_be_shown_is_said(text: str, said: str, temporary: Path) -> None:
    done = run(text)
    assert said in done.err
    assert done.status in (1, 2)
    assert list(temporary.iterdir()) == []


def test_an_object_that_does_not_come_is_missing(tmp_path: Path, temporary: Path) -> None:
    config = practice(tmp_path, skip_every=1)
    done = run("cd 0555643F; ls; cd 1; ls; view 2", config=config, modality="faulty")
    assert "the object did not come: the server said 0x0000 Success" in done.err
    assert done.status == 1
    assert list(temporary.iterdir()) == []


def test_the_text_of_a_report(temporary: Path) -> None:
    done = run(f"{BRAIN}; show --text 5")
    assert done.status == 0
    *_, what, whose, empty, history, findings, conclusions = done.out.splitlines()
    assert what == "SR #1 · Report · 2011-09-30 · complete, unverified"
    assert (whose, empty) == ("JODOGNE^SEBASTIEN · 0555643F", "")
    assert history.startswith("History: This patient is made up")
    assert findings == "Findings: An ellipse in an ellipse, as expected."
    assert conclusions.startswith("Conclusions: No abnormality in MR BRAIN.")
    assert list(temporary.iterdir()) == []


def test_the_text_of_a_pdf_document() -> None:
    done = run("use pacs; find series mod=DOC | head 1; show --text 1")
    assert done.out.endswith(
        "Practice report\nStudyDescription: PET/CT WHOLE BODY\nPatientID: 4711\n"
        "StudyDate: 20220721\n"
    )


def test_control_characters_of_a_report_do_not_reach_the_terminal(tmp_path: Path) -> None:
    made = pydicom.dcmread(SAMPLES / "reportsi.dcm")
    made.ContentSequence[-1].ContentSequence[0].TextValue = "red \x1b[31m"
    made.save_as(tmp_path / "report.dcm")
    assert "\x1b" not in run(f"show --text '{tmp_path / 'report.dcm'}'").out

"""Text from a server stays one visible line of bounded length, in a pipe and in files too."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from dicomsh.errors import DicomshError, Span
from dicomsh.output.error_text import TextOrigin, problem
from dicomsh.output.theme import Theme
from tests.dimse.peers import scp, study
from tests.harness import run

FORGED = "ok\n500 patients, complete\x1b[2J\x1b[31m"


def final(comment: str, status: int) -> Dataset:
    made = Dataset()
    made.Status = status
    made.add(DataElement(0x00000902, "LO", comment, validation_mode=IGNORE))
    return made


@pytest.mark.parametrize("status", [0x0000, 0xA700, 0xC001])
def test_a_server_cannot_forge_lines(status: int, tmp_path: Path) -> None:
    path = tmp_path / "said.txt"
    answers: list[tuple[int | Dataset, Dataset | None]] = [
        (0xFF00, study(1)),
        (final(FORGED, status), None),
    ]
    with scp(lambda _: iter(answers)) as peer:
        text = f"use {peer.address}; find study; explain last; explain last > '{path}'"
        done = run(text, keep_going=True)
    said = done.out + done.err + (path.read_text("utf-8") if path.exists() else "")
    assert "ok␊500 patients" in said
    assert not [line for line in said.splitlines() if line.startswith("500 patients")]
    assert "\x1b" not in said


def test_an_error_is_bounded() -> None:
    error = DicomshError("x" * 60_000, hint="\x1b[31m" * 9_000)
    text = problem(error, "find", Span(0, 4), TextOrigin(), Theme.plain())
    assert len(text) < 5_000
    assert "\x1b" not in text

"""What is in the repository: sources and documents, nothing downloaded or built."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

TOP = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "dicomsh",
    "docs",
    "modalities.yaml",
    "pyproject.toml",
    "tests",
}

KINDS = set(".css .csv .dsh .html .ipynb .md .py .pyi .svg .toml .txt .typed .yaml".split()) | {""}
"""Suffixes of what is written here."""

LARGEST = 400_000
"""Bytes; the largest file is the table of attributes of the standard."""


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")  # an unpacked release: there is nothing to look after
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [Path(name) for name in done.stdout.split("\0") if name]


def test_nothing_else_is_at_the_top() -> None:
    assert {path.parts[0] for path in tracked()} <= TOP


def test_only_sources_and_documents() -> None:
    assert [path for path in tracked() if path.suffix not in KINDS] == []


def test_nothing_is_large() -> None:
    there = [path for path in tracked() if (ROOT / path).exists()]
    assert [path for path in there if (ROOT / path).stat().st_size > LARGEST] == []

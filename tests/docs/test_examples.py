"""Everything shown in README and docs is seen when it is typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.sessions import PAGES, refreshed
from tests.harness import ROOT, run

_COMMANDS = re.compile(r"^```dsh\n(.*?)^```$", re.M | re.S)

EXAMPLES = [
    (page.relative_to(ROOT).as_posix(), block)
    for page in PAGES
    if page.parent.name != "reference"  # those are the examples of the commands, run elsewhere
    for block in _COMMANDS.findall(page.read_text("utf-8"))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_sessions_are_what_is_seen(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m tests.docs.sessions` writes what is seen today."""
    monkeypatch.chdir(tmp_path)
    text = page.read_text("utf-8")
    assert refreshed(text) == text


@pytest.mark.parametrize(("page", "text"), EXAMPLES)
def test_commands_run(
    page: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block ```dsh is a script that ends well on the practice archive."""
    monkeypatch.chdir(tmp_path)
    done = run(text, modality="pacs")
    assert done.status == 0, f"{page}: {done.err}"

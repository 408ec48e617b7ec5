"""Sessions shown in README and docs are what is seen when they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.sessions import PAGES, refreshed
from tests.harness import ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_sessions_are_what_is_seen(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m tests.docs.sessions` writes what is seen today."""
    monkeypatch.chdir(tmp_path)
    text = page.read_text("utf-8")
    assert refreshed(text) == text

"""What several tests of rules fill a real server with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.mirror import write_files


@pytest.fixture(scope="session")
def mirror_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A part of the practice archive as files, written once: that takes 0.3 s."""
    return write_files(tmp_path_factory.mktemp("mirror"))

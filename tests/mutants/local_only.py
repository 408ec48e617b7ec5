"""A pytest plugin: skips tests that start a program, which is slow and would be no mutant."""

from __future__ import annotations

import subprocess
from typing import NoReturn

import pytest


def _start(*arguments: object, **options: object) -> NoReturn:
    pytest.skip("it starts a program")


@pytest.fixture(autouse=True, scope="session")
def no_programs() -> None:
    """Of a server or a terminal every mutant would start its own."""
    pytest.MonkeyPatch().setattr(subprocess.Popen, "__init__", _start)

"""A pytest plugin: tests whose program is not installed are skipped and counted in a closing line.

A test lets `MissingProgramError` pass, wherever it comes up. In continuous integration (`CI` is
set) it is an error, so that no test is skipped there unnoticed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

from tests.processes import MissingProgramError, package_of

_PROPERTY = "missing program"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Skip where a fixture misses its program."""
    yield from _skipping(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Skip where the test itself misses a program."""
    yield from _skipping(item)


def _skipping(item: pytest.Item) -> Generator[None]:
    try:
        yield
    except MissingProgramError as error:
        if os.environ.get("CI"):
            raise
        item.user_properties.append((_PROPERTY, error.program))
        pytest.skip(str(error))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was skipped, however many tests and programs that concerns."""
    skipped = terminalreporter.stats.get("skipped", [])
    missing = Counter(
        program
        for report in skipped
        for name, program in getattr(report, "user_properties", ())
        if name == _PROPERTY
    )
    if missing:
        terminalreporter.write_line(closing_line(missing), yellow=True)


def closing_line(missing: Counter[str]) -> str:
    """What was skipped, for programs and the number of tests that need them."""
    needs = [
        f"{number:,} {'test needs' if number == 1 else 'tests need'} {program}"
        for program, number in missing.most_common()
    ]
    packages = sorted({package_of(program) for program in missing})
    return (
        f"skipped because a program is not installed: {', '.join(needs)}"
        f" (Debian: apt install {' '.join(packages)})"
    )
